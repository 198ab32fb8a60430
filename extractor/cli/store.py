"""`extractor store`: is it as it was written, a copy of it, and what shows later that nothing was cut off."""

from __future__ import annotations

import argparse
from typing import Any

from extractor.cli import arguments as given
from extractor.cli import console
from extractor.errors import CheckFailed, UsageError


def add(commands: Any) -> None:
    command = given.command(commands, "store", _store, "verify the store, copy it, or print the head of its audit")
    command.add_argument("act", choices=("verify", "head", "backup"), help="verify; head, to be kept elsewhere; backup")
    command.add_argument(
        "target", nargs="?", metavar="HEAD|FILE", help="verify: a head kept before; backup: a new file"
    )
    command.add_argument("--store", metavar="PLACE", help=given.STORE)


def _store(arguments: argparse.Namespace) -> int:
    with given.store(arguments.store) as store:
        if arguments.act == "backup":
            if not arguments.target:
                raise UsageError("A copy needs a FILE.", "Name a new one: extractor store backup copy.db")
            store.backup(arguments.target)
            console.say(f"{store.name} is copied to {arguments.target}")
        elif arguments.act == "head":
            console.out("{}:{}\n".format(*store.audit.head()))
        else:
            wrong = store.audit.verify(_head(arguments.target))
            console.out("".join(f"{sentence}\n" for sentence in wrong) or "all is as it was written\n")
            return CheckFailed.code if wrong else 0
    return 0


def _head(text: str | None) -> tuple[int, str] | None:
    if text is None:
        return None
    number, _, hashed = text.partition(":")
    if not number.isdigit() or not hashed:
        raise UsageError(f"{text} is no head.", "Give what `extractor store head` printed: a number, a colon, a hash.")
    return int(number), hashed
