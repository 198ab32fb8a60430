"""`extractor watch`: extract a record from every document that arrives in a folder."""

from __future__ import annotations

import argparse
import os
from typing import Any

from extractor.cli import console, options
from extractor.cli.run import add_extraction_options, add_job_options, current_user, format_job_summary, start_runner
from extractor.errors import InputError


def add(commands: Any) -> None:
    """Add the `watch` command to the command line."""
    command = options.add_command(
        commands, "watch", _watch, "extract a record from every document that arrives in a folder"
    )
    command.add_argument("folder", metavar="FOLDER", help="the folder, subfolders included")
    add_extraction_options(command)
    command.add_argument("--job", "-j", metavar="NAME", help="the job's name (default: from schema, model and FOLDER)")
    command.add_argument(
        "--settle",
        type=options.positive_integer,
        default=5,
        metavar="SECONDS",
        help="take a file once it has not changed for so long (default: 5)",
    )
    add_job_options(command)


def _watch(arguments: argparse.Namespace) -> int:
    from extractor import jobs

    if not os.path.isdir(arguments.folder):
        raise InputError(f"There is no folder {arguments.folder}.", "Create it first, or check the path.")
    schema = options.load_chosen_schema(arguments)
    model = jobs.resolve_model_name(arguments.model)
    tokens = arguments.passage_tokens
    name = arguments.job or jobs.default_job_name(schema, model, [arguments.folder], tokens, arguments.split)
    with jobs.stop_on_signals() as stop, options.open_store(arguments.store) as store:
        job = jobs.start_job(
            store, schema, name, model=model, who=current_user(), passage_tokens=tokens, split=arguments.split
        )
        console.print_message(f"job {job.name}: watching {arguments.folder}; Ctrl-C stops")
        report = None
        with start_runner(store, job, schema, arguments, stop, lambda counts: None) as workers:
            for found in jobs.watch_folder(arguments.folder, arguments.settle, stop, store.files()):
                if store.jobs.add(job, found) or report is None:
                    report = workers.drain()
                    console.print_message(format_job_summary(job.name, "running", report.counts).rstrip())
                if stop.is_set() or store.jobs.get(job.name).state == "cancelled":
                    break
        store.jobs.end(job, "stopped", who=current_user())
        console.print_result(format_job_summary(job.name, "stopped", store.jobs.counts(job)))
    return 0
