"""`extractor watch`: extract a record from every document that arrives in a folder."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from extractor.cli import console, options
from extractor.cli.run import add_extraction_options, add_job_options, current_user, format_job_summary, start_runner
from extractor.errors import InputError, UsageError
from extractor.files.atomic_files import write_text_atomically


def add(commands: Any) -> None:
    """Add the `watch` command to the command line."""
    command = options.add_command(
        commands, "watch", _watch, "extract a record from every document that arrives in a folder"
    )
    command.add_argument("folder", metavar="FOLDER", help="the folder, subfolders included")
    command.add_argument(
        "out", nargs="?", metavar="OUT", help="a folder to write each result to, as JSON (default: the store alone)"
    )
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


class ResultFolder:
    """The folder OUT: a file of JSON for each document that was worked on, under its name with `.json` behind it."""

    def __init__(self, folder: str, watched: str, schemas: Sequence[Any]) -> None:
        from extractor.jobs import name_of

        self._folder, self._watched = Path(folder), f"{name_of(watched)}/"
        if self._folder.resolve().is_relative_to(Path(watched).resolve()):
            raise UsageError(f"{folder} is in the folder that is watched.", "Name another folder for the results.")
        self._folder.mkdir(parents=True, exist_ok=True)
        self._written: dict[int, str] = {}
        self._schemas = schemas

    def write(self, store: Any, job: Any) -> None:
        """Write what became of each document since the last time: its record, or the kind of its failure and why."""
        for task in store.jobs.tasks(job):
            stamp = f"{task.state} {task.stamp}"
            if task.state not in ("done", "reused", "failed", "set_aside") or self._written.get(task.id) == stamp:
                continue
            result = {"document": task.name, "state": task.state, "failure": task.kind, "message": task.message}
            if task.state in ("done", "reused"):
                record = self._find_record(store, task)
                result |= {"record": record.id, "kind": record.schema_name, "status": record.status}
                result |= {"data": record.data, "values": record.result["values"]}
            name = task.name.removeprefix(self._watched).replace("!/", "/")
            target = self._folder.joinpath(*(part for part in name.split("/") if part not in ("", ".", "..")))
            target.parent.mkdir(parents=True, exist_ok=True)
            text = json.dumps(result, ensure_ascii=True, indent=2, allow_nan=False)
            write_text_atomically(f"{target}.json", f"{text}\n")
            self._written[task.id] = stamp

    def _find_record(self, store: Any, task: Any) -> Any:
        """Return the record of a task, under the newest of the schemas that the document may have been read with."""
        found = [store.records.find(task.document, schema.id) for schema in self._schemas]
        return max((record for record in found if record is not None), key=lambda record: record.updated)


def _watch(arguments: argparse.Namespace) -> int:
    from extractor import jobs
    from extractor.classification import is_kind_set, kinds_in

    if not os.path.isdir(arguments.folder):
        raise InputError(f"There is no folder {arguments.folder}.", "Create it first, or check the path.")
    schema = options.load_chosen_schema(arguments, with_saved=True)
    schemas = kinds_in(schema.document) if is_kind_set(schema.document) else [schema]
    out = ResultFolder(arguments.out, arguments.folder, schemas) if arguments.out else None
    model = options.chosen_model(arguments)
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
                    if out:
                        out.write(store, job)
                    console.print_message(format_job_summary(job.name, "running", report.counts).rstrip())
                if stop.is_set() or store.jobs.get(job.name).state == "cancelled":
                    break
        store.jobs.end(job, "stopped", who=current_user())
        console.print_result(format_job_summary(job.name, "stopped", store.jobs.counts(job)))
    return 0
