"""`extractor backup`: the store and the files that people handed in, as one file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from extractor.cli import console, options


def add(commands: Any) -> None:
    """Add the `backup` command to the command line."""
    command = options.add_command(
        commands, "backup", _backup, "write the store and the files that were handed in to one file"
    )
    command.add_argument("file", metavar="FILE", help="a new file (tar)")
    command.add_argument("--store", metavar="PLACE", help=options.STORE)


def _backup(arguments: argparse.Namespace) -> int:
    from extractor.review.backups import write_backup

    about = write_backup(arguments.store, Path(arguments.file))
    console.print_message(f"{arguments.file}: the store and {about['files']:,} files that were handed in")
    return 0
