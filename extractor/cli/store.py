"""`extractor store`: verify the store, back it up, restore a backup, or print the head of its audit log."""

from __future__ import annotations

import argparse
from typing import Any

from extractor.cli import console, options
from extractor.errors import CheckFailed, UsageError


def add(commands: Any) -> None:
    """Add the `store` command to the command line."""
    command = options.add_command(
        commands, "store", _store, "verify the store, back it up, restore a backup, or print the head of its audit log"
    )
    command.add_argument(
        "action",
        choices=("verify", "head", "backup", "restore"),
        help="verify the store, print the head (keep it elsewhere), make a backup, or restore one",
    )
    command.add_argument(
        "target",
        nargs="?",
        metavar="HEAD|FILE",
        help="verify: a head printed before; backup: a new file; restore: the backup",
    )
    command.add_argument("--store", metavar="PLACE", help=options.STORE)


def _store(arguments: argparse.Namespace) -> int:
    if arguments.action == "restore":
        return _restore(arguments.store, arguments.target)
    with options.open_store(arguments.store) as store:
        if arguments.action == "backup":
            if not arguments.target:
                raise UsageError("A backup needs a FILE.", "Name a new file: extractor store backup copy.db")
            store.backup(arguments.target)
            console.print_message(f"{store.name} is copied to {arguments.target}")
        elif arguments.action == "head":
            console.print_result("{}:{}\n".format(*store.audit.head()))
        else:
            if damage := store.find_damage():
                console.print_result("".join(f"{sentence}\n" for sentence in damage))
                raise CheckFailed(
                    f"The store {store.name} is damaged: restore a backup.",
                    f"Run `extractor store restore BACKUP --store {store.name}`; the damaged file is kept beside it.",
                )
            errors = store.audit.verify(_head(arguments.target))
            console.print_result("".join(f"{sentence}\n" for sentence in errors) or "everything is as it was written\n")
            return CheckFailed.code if errors else 0
    return 0


def _restore(place: str | None, backup: str | None) -> int:
    from extractor.store import Store

    if not backup:
        raise UsageError("No backup is named.", "Name a file that was made before: extractor store restore copy.db")
    file, aside = Store.restore(place, backup)
    console.print_message(
        f"{file} is now a copy of {backup}" + (f"; what it was before is kept in {aside}" if aside else "")
    )
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
