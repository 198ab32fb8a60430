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
    from extractor.extraction.pipeline import plan

    schema = given.schema(arguments.schema)
    todo = plan(given.document(arguments.path), schema, arguments.passage_tokens)
    settled, asked = len(todo.settled) + len(todo.rows), sum(map(len, todo.groups))
    console.say(f"{settled} fields settled by structure, {asked} asked in {len(todo.groups)} questions")
    parts = [f"=== system\n{todo.request.system}", f"=== document\n{todo.request.prompt}"]
    for n, row in enumerate(todo.request.groups, 1):
        parts.append(f"=== question {n} of {len(todo.request.groups)}\n{row.question}")
        if arguments.grammar:
            parts.append(f"=== grammar {n}\n{row.grammar}")
    console.out("\n".join(parts) + "\n" if todo.groups else "Structure settles every field: a model is sent nothing.\n")
    return 0
