"""`extractor schemas`: list the shipped schemas, or show the fields of one."""

from __future__ import annotations

import argparse
from typing import Any

from extractor.cli import console, options


def add(commands: Any) -> None:
    """Add the `schemas` command to the command line."""
    command = options.add_command(commands, "schemas", _schemas, "list the shipped schemas, or show the fields of one")
    command.add_argument("schema", nargs="?", metavar="NAME|FILE", help=options.SCHEMA)


def _schemas(arguments: argparse.Namespace) -> int:
    from extractor.cli import tables
    from extractor.schemas import load_schema, shipped_schemas
    from extractor.validation import find_rule_errors

    if not arguments.schema:
        console.print_result("".join(f"{name:28} {title}\n" for name, title in shipped_schemas()))
        return 0
    schema = load_schema(arguments.schema)
    problems = find_rule_errors(schema)
    console.print_result(tables.format_schema(schema) + "".join(f"{tables.format_problem(p)}\n" for p in problems))
    return 4 if problems else 0
