"""`extractor status`: how far jobs are, and which documents of one failed."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import Any

from extractor.cli import arguments as given
from extractor.cli import console
from extractor.cli.run import lines, summary


def add(commands: Any) -> None:
    command = given.command(commands, "status", _status, "show how far jobs are, and which documents of one failed")
    command.add_argument("job", nargs="?", metavar="JOB", help="one job, with its failures; without it all of them")
    command.add_argument("--kind", metavar="KIND", help="only failures of this kind")
    command.add_argument("--json", action="store_true", help="as JSON, a job a line")
    command.add_argument("--store", metavar="PLACE", help=given.STORE)


def _status(arguments: argparse.Namespace) -> int:
    with given.store(arguments.store) as store:
        for job in [store.jobs.get(arguments.job)] if arguments.job else store.jobs.all():
            counts = store.jobs.counts(job)
            if arguments.json:
                told = {"job": job.name, "state": job.state, "found": counts.found} | asdict(counts)
                told |= {"schema": job.schema, "settings": job.settings, "created": job.created, "updated": job.updated}
                console.out(json.dumps(told, ensure_ascii=False) + "\n")
            else:
                console.out(summary(job.name, job.state, counts))
            if arguments.job and not arguments.json:
                for line in lines(store.jobs.tasks(job, "failed", "set_aside", kind=arguments.kind)):
                    console.out(f"  {line}")
    return 0
