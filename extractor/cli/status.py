"""`extractor status`: show the progress of jobs and the failures of one."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import Any

from extractor.cli import console, options
from extractor.cli.run import failure_lines, format_job_summary


def add(commands: Any) -> None:
    """Add the `status` command to the command line."""
    command = options.add_command(
        commands, "status", _status, "show the progress of jobs, and the failed documents of one"
    )
    command.add_argument("job", nargs="?", metavar="JOB", help="one job, with its failures (default: all jobs)")
    command.add_argument("--kind", metavar="KIND", help="only failures of this kind")
    command.add_argument("--json", action="store_true", help="print JSON, one job per line")
    command.add_argument("--store", metavar="PLACE", help=options.STORE)


def _status(arguments: argparse.Namespace) -> int:
    with options.open_store(arguments.store) as store:
        for job in [store.jobs.get(arguments.job)] if arguments.job else store.jobs.all():
            counts = store.jobs.counts(job)
            if arguments.json:
                state = {"job": job.name, "state": job.state, "found": counts.found} | asdict(counts)
                state |= {
                    "schema": job.schema,
                    "settings": job.settings,
                    "created": job.created,
                    "updated": job.updated,
                }
                console.print_result(json.dumps(state, ensure_ascii=False) + "\n")
            else:
                console.print_result(format_job_summary(job.name, job.state, counts))
            if arguments.job and not arguments.json:
                for line in failure_lines(store.jobs.tasks(job, "failed", "set_aside", kind=arguments.kind)):
                    console.print_result(f"  {line}")
    return 0
