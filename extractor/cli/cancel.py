"""`extractor cancel`: stop a job and drop its remaining documents."""

from __future__ import annotations

import argparse
from typing import Any

from extractor.cli import console, options
from extractor.cli.run import current_user, format_job_summary


def add(commands: Any) -> None:
    """Add the `cancel` command to the command line."""
    command = options.add_command(
        commands, "cancel", _cancel, "stop a job, wherever it runs, and drop what is left of it"
    )
    command.add_argument("job", metavar="JOB", help="the job's name")
    command.add_argument("--store", metavar="PLACE", help=options.STORE)


def _cancel(arguments: argparse.Namespace) -> int:
    with options.open_store(arguments.store) as store:
        counts = store.jobs.cancel(arguments.job, who=current_user())
        console.print_result(format_job_summary(arguments.job, "cancelled", counts))
    return 0
