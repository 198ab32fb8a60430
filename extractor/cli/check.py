"""`extractor check`: validate records against a schema and its rules."""

from __future__ import annotations

import argparse
from typing import Any

from extractor.cli import console, options
from extractor.errors import CheckFailed, InputError


def add(commands: Any) -> None:
    """Add the `check` command to the command line."""
    command = options.add_command(commands, "check", _check, "check records against a schema and its rules")
    command.add_argument(
        "record", metavar="RECORD", help="records, or what `extract` wrote; JSON, JSON Lines, or - for stdin"
    )
    command.add_argument("--schema", "-s", required=True, metavar="NAME|FILE", help=options.SCHEMA)


def _check(arguments: argparse.Namespace) -> int:
    from extractor.extraction.serialization import parse_records
    from extractor.types import path_text
    from extractor.validation import find_problems

    schema = options.load_checked_schema(arguments.schema)
    try:
        with open(0 if arguments.record == "-" else arguments.record, "rb", closefd=arguments.record != "-") as file:
            records = parse_records(file.read(), arguments.record)
    except OSError as error:
        raise InputError(f"Cannot read {arguments.record}: {error.strerror}", "Name a JSON file, or -.") from error
    count = 0
    for n, record in enumerate(records, 1):
        where = f"record {n}: " if len(records) > 1 else ""
        for p in find_problems(schema, record):
            count += 1
            console.print_result(f"{where}{path_text(p.path)}: {p.kind}: {p.message}\n")
    if count:
        summary = f"{count} problem{'s' if count > 1 else ''} in {arguments.record}."
        raise CheckFailed(summary, "Each line above names the field and what is wrong with it.")
    console.print_result("fine\n")
    return 0
