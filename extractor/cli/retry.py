"""`extractor retry`: try the failed documents of a job again."""

from __future__ import annotations

import argparse
from typing import Any

from extractor.cli import console, options
from extractor.cli.run import add_job_options, current_user, run_job


def add(commands: Any) -> None:
    """Add the `retry` command to the command line."""
    command = options.add_command(
        commands, "retry", _retry, "try documents of a job again that failed, were set aside or cancelled"
    )
    command.add_argument("job", metavar="JOB", help="the job's name")
    command.add_argument("--kind", metavar="KIND", help="only failures of this kind, such as time_limit")
    add_job_options(command)


def _retry(arguments: argparse.Namespace) -> int:
    from extractor.schemas import load_schema

    with options.open_store(arguments.store) as store:
        job = store.jobs.get(arguments.job)
        number = store.jobs.retry(job.name, who=current_user(), kind=arguments.kind)
        console.print_message(f"job {job.name}: trying {number:,} documents again")
        _, document = store.schemas()[job.schema]
        schema = options.check_rules(load_schema(document))
        job = store.jobs.start(job.name, job.schema, job.settings, who=current_user())
        return run_job(store, job, schema, arguments)
