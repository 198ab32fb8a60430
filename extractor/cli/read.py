"""`extractor read`: what the machine sees of a document."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import Any

from extractor.cli import arguments as given
from extractor.cli import console
from extractor.errors import InputError


def add(commands: Any) -> None:
    command = given.command(commands, "read", _read, "show what the machine sees of a document: text, blocks, tables")
    command.add_argument("paths", nargs="+", metavar="PATH", help=given.PATH)
    whole = "everything as JSON, a document a line: words and their boxes on the page too"
    command.add_argument("--json", action="store_true", help=whole)


def _read(arguments: argparse.Namespace) -> int:
    from extractor import show

    codes = []
    for path in arguments.paths:
        try:
            document = given.document(path)
        except InputError as error:
            if len(arguments.paths) == 1:
                raise
            codes.append(console.told(error))
            continue
        console.out(
            json.dumps(asdict(document), ensure_ascii=False) + "\n" if arguments.json else show.document(document)
        )
    return codes[0] if codes else 0
