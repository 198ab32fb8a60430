"""`extractor retry`: the documents of a job that failed, once more."""

from __future__ import annotations

import argparse
from typing import Any

from extractor.cli import arguments as given
from extractor.cli import console
from extractor.cli.run import add_limits, carry_on, who


def add(commands: Any) -> None:
    command = given.command(
        commands, "retry", _retry, "try the documents of a job again that failed, were set aside or cancelled"
    )
    command.add_argument("job", metavar="JOB", help="the job's name")
    command.add_argument("--kind", metavar="KIND", help="only those that failed in this way, such as time_limit")
    add_limits(command)


def _retry(arguments: argparse.Namespace) -> int:
    from extractor.schemas import load_schema

    with given.store(arguments.store) as store:
        job = store.jobs.get(arguments.job)
        number = store.jobs.retry(job.name, who=who(), kind=arguments.kind)
        console.say(f"job {job.name}: {number:,} documents are tried again")
        _, document = store.schemas()[job.schema]
        schema = given.compiled(load_schema(document))
        job = store.jobs.start(job.name, job.schema, job.settings, who=who())
        return carry_on(store, job, schema, arguments)
