"""`extractor restore`: put a backup in the place of the store and of the files that were handed in."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from extractor.cli import console, options


def add(commands: Any) -> None:
    """Add the `restore` command to the command line."""
    command = options.add_command(
        commands, "restore", _restore, "put a backup in the place of the store and of the files handed in"
    )
    command.add_argument("file", metavar="FILE", help="a file that `extractor backup` made")
    command.add_argument("--store", metavar="PLACE", help=options.STORE)


def _restore(arguments: argparse.Namespace) -> int:
    from extractor.review.backups import restore_backup

    store, aside, files = restore_backup(arguments.store, Path(arguments.file))
    kept = f"; what the store was before is kept in {aside}" if aside else ""
    console.print_message(f"{store} is restored, and {files:,} files{kept}")
    return 0
