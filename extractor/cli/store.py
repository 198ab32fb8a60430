"""`extractor store`: verify the store, back it up, or print the head of its audit log."""

from __future__ import annotations

import argparse
from typing import Any

from extractor.cli import console, options
from extractor.errors import CheckFailed, UsageError


def add(commands: Any) -> None:
    """Add the `store` command to the command line."""
    command = options.add_command(
        commands, "store", _store, "verify the store, back it up, or print the head of its audit log"
    )
    command.add_argument(
        "action",
        choices=("verify", "head", "backup"),
        help="verify the store, print the head (keep it elsewhere), or make a backup",
    )
    command.add_argument(
        "target", nargs="?", metavar="HEAD|FILE", help="verify: a head printed before; backup: a new file"
    )
    command.add_argument("--store", metavar="PLACE", help=options.STORE)


def _store(arguments: argparse.Namespace) -> int:
    with options.open_store(arguments.store) as store:
        if arguments.action == "backup":
            if not arguments.target:
                raise UsageError("A backup needs a FILE.", "Name a new file: extractor store backup copy.db")
            store.backup(arguments.target)
            console.print_message(f"{store.name} is copied to {arguments.target}")
        elif arguments.action == "head":
            console.print_result("{}:{}\n".format(*store.audit.head()))
        else:
            errors = store.audit.verify(_head(arguments.target))
            console.print_result("".join(f"{sentence}\n" for sentence in errors) or "everything is as it was written\n")
            return CheckFailed.code if errors else 0
    return 0


def _head(text: str | None) -> tuple[int, str] | None:
    if text is None:
        return None
    number, _, hashed = text.partition(":")
    if not number.isdigit() or not hashed:
        raise UsageError(
            f"{text} is not a head.", "Give what `extractor store head` printed: a number, a colon, a hash."
        )
    return int(number), hashed
