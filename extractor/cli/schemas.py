"""`extractor schemas`: the shipped schemas, and the fields of one."""

from __future__ import annotations

import argparse
from typing import Any

from extractor.cli import arguments as given
from extractor.cli import console


def add(commands: Any) -> None:
    command = given.command(commands, "schemas", _schemas, "list the shipped schemas, or show the fields of one")
    command.add_argument("schema", nargs="?", metavar="NAME|FILE", help=given.SCHEMA)


def _schemas(arguments: argparse.Namespace) -> int:
    from extractor.cli import tables
    from extractor.schemas import load_schema, shipped_schemas
    from extractor.validation import find_rule_errors

    if not arguments.schema:
        console.out("".join(f"{name:28} {title}\n" for name, title in shipped_schemas()))
        return 0
    schema = load_schema(arguments.schema)
    problems = find_rule_errors(schema)
    console.out(tables.schema(schema) + "".join(f"{tables.problem(p)}\n" for p in problems))
    return 4 if problems else 0
