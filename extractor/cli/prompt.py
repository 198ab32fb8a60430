"""`extractor prompt`: print the exact prompts that a model is sent."""

from __future__ import annotations

import argparse
from typing import Any

from extractor.cli import console, options


def add(commands: Any) -> None:
    """Add the `prompt` command to the command line."""
    command = options.add_command(
        commands, "prompt", _prompt, "print the exact prompts that a model is sent for a document; no model is needed"
    )
    command.add_argument("path", metavar="PATH", help=options.PATH)
    command.add_argument("--schema", "-s", required=True, metavar="NAME|FILE", help=options.SCHEMA)
    command.add_argument("--passage-tokens", type=options.positive_integer, metavar="N", help=options.PASSAGES)
    command.add_argument("--grammar", action="store_true", help="print the grammar of each answer too")


def _prompt(arguments: argparse.Namespace) -> int:
    from extractor.extraction import plan

    schema = options.load_checked_schema(arguments.schema)
    planned = plan(options.read_document(arguments.path), schema, arguments.passage_tokens)
    request = planned.request
    count = len(request.groups)
    console.print_message(
        f"{planned.matched_count} fields answered by structure, {planned.asked_count} asked in {count} questions"
    )
    parts = [f"=== system\n{request.system}", f"=== document\n{request.prompt}"]
    for n, group in enumerate(request.groups, 1):
        parts.append(f"=== question {n} of {count}\n{group.question}")
        if arguments.grammar:
            parts.append(f"=== grammar {n}\n{group.grammar}")
    console.print_result(
        "\n".join(parts) + "\n" if count else "Structure answers every field: nothing is sent to a model.\n"
    )
    return 0
