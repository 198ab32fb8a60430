"""`extractor watch`: a record from every document that comes into a folder."""

from __future__ import annotations

import argparse
import os
from typing import Any

from extractor.cli import arguments as given
from extractor.cli import console
from extractor.cli.run import add_limits, add_what, summary, who, work
from extractor.errors import InputError


def add(commands: Any) -> None:
    command = given.command(commands, "watch", _watch, "extract a record from every document that comes into a folder")
    command.add_argument("folder", metavar="FOLDER", help="the folder, with all below it")
    add_what(command)
    command.add_argument(
        "--job", "-j", metavar="NAME", help="the job's name (default: made of schema, model and FOLDER)"
    )
    command.add_argument(
        "--settle",
        type=given.positive,
        default=5,
        metavar="SECONDS",
        help="a file is done growing when it has not changed for so long (default: 5)",
    )
    add_limits(command)


def _watch(arguments: argparse.Namespace) -> int:
    from extractor import jobs

    if not os.path.isdir(arguments.folder):
        raise InputError(f"There is no folder {arguments.folder}.", "Make it first, or check the path.")
    schema = given.schema(arguments.schema)
    model = jobs.resolve_model_name(arguments.model)
    tokens = arguments.passage_tokens
    name = arguments.job or jobs.default_job_name(schema, model, [arguments.folder], tokens)
    with jobs.stop_on_signals() as stop, given.store(arguments.store) as store:
        job = jobs.start_job(store, schema, name, model=model, who=who(), passage_tokens=tokens)
        console.say(f"job {job.name}: watching {arguments.folder}; Ctrl-C ends it")
        report = None
        with work(store, job, schema, arguments, stop, lambda counts: None) as workers:
            for found in jobs.watch_folder(arguments.folder, arguments.settle, stop, store.files()):
                if store.jobs.add(job, found) or report is None:
                    report = workers.drain()
                    console.say(summary(job.name, "running", report.counts).rstrip())
                if stop.is_set() or store.jobs.get(job.name).state == "cancelled":
                    break
        store.jobs.end(job, "stopped", who=who())
        console.out(summary(job.name, "stopped", store.jobs.counts(job)))
    return 0
