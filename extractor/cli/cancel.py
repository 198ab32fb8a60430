"""`extractor cancel`: no more of a job."""

from __future__ import annotations

import argparse
from typing import Any

from extractor.cli import arguments as given
from extractor.cli import console
from extractor.cli.run import summary, who


def add(commands: Any) -> None:
    command = given.command(commands, "cancel", _cancel, "stop a job, wherever it runs, and drop what is left of it")
    command.add_argument("job", metavar="JOB", help="the job's name")
    command.add_argument("--store", metavar="PLACE", help=given.STORE)


def _cancel(arguments: argparse.Namespace) -> int:
    with given.store(arguments.store) as store:
        counts = store.jobs.cancel(arguments.job, who=who())
        console.out(summary(arguments.job, "cancelled", counts))
    return 0
