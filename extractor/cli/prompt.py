"""`extractor prompt`: the very words a model is sent."""

from __future__ import annotations

import argparse
from typing import Any

from extractor.cli import arguments as given
from extractor.cli import console


def add(commands: Any) -> None:
    command = given.command(
        commands, "prompt", _prompt, "print the very words a model is sent for a document; needs no model"
    )
    command.add_argument("path", metavar="PATH", help=given.PATH)
    command.add_argument("--schema", "-s", required=True, metavar="NAME|FILE", help=given.SCHEMA)
    command.add_argument("--passage-tokens", type=given.positive, metavar="N", help=given.PASSAGES)
    command.add_argument("--grammar", action="store_true", help="print the grammar of each answer too")


def _prompt(arguments: argparse.Namespace) -> int:
    from extractor.extraction import plan

    schema = given.schema(arguments.schema)
    planned = plan(given.document(arguments.path), schema, arguments.passage_tokens)
    request = planned.request
    count = len(request.groups)
    console.say(
        f"{planned.matched_count} fields settled by structure, {planned.asked_count} asked in {count} questions"
    )
    parts = [f"=== system\n{request.system}", f"=== document\n{request.prompt}"]
    for n, group in enumerate(request.groups, 1):
        parts.append(f"=== question {n} of {count}\n{group.question}")
        if arguments.grammar:
            parts.append(f"=== grammar {n}\n{group.grammar}")
    console.out("\n".join(parts) + "\n" if count else "Structure settles every field: a model is sent nothing.\n")
    return 0
