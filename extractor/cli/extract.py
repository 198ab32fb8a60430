"""`extractor extract`: a record from each document."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from typing import Any

from extractor.cli import arguments as given
from extractor.cli import console
from extractor.errors import InputError, UsageError
from extractor.types import Extraction


def add(commands: Any) -> None:
    command = given.command(commands, "extract", _extract, "extract a record from each document")
    command.add_argument("paths", nargs="+", metavar="PATH", help=given.PATH)
    command.add_argument("--schema", "-s", required=True, metavar="NAME|FILE", help=given.SCHEMA)
    command.add_argument("--model", "-m", metavar="NAME", help=given.MODEL)
    command.add_argument("--output", "-o", metavar="FILE", help="write there, whole or not at all, instead of stdout")
    forms = (
        "json: one document; jsonl: a document a line; table: for people (default: json for one document, else jsonl)"
    )
    command.add_argument("--format", "-f", choices=("table", "json", "jsonl"), help=forms)
    command.add_argument("--passage-tokens", type=given.positive, metavar="N", help=given.PASSAGES)
    command.add_argument("--threads", type=given.positive, metavar="N", help=given.THREADS)


def _extract(arguments: argparse.Namespace) -> int:
    from extractor.atomic_files import check_writable, write_text_atomically

    several = len(arguments.paths) > 1
    form = arguments.format or ("jsonl" if several else "json")
    if form == "json" and several:
        raise UsageError("--format json holds one document, and several were given.", "Use --format jsonl.")
    if arguments.paths.count("-") > 1:
        raise UsageError("stdin (-) was given more than once.", "Give each document once.")
    if arguments.output:
        check_writable(arguments.output)
        if os.path.realpath(arguments.output) in map(os.path.realpath, arguments.paths):
            raise UsageError(f"{arguments.output} is one of the documents.", "Name another file for the result.")
    schema = given.schema(arguments.schema)
    codes: list[int] = []
    parts: list[str] = []
    for result in _results(arguments, schema, codes):
        parts.append(_formed(result, form, sys.stdout.isatty() and not arguments.output))
        if not arguments.output:
            console.out(parts.pop())
    if parts:
        write_text_atomically(arguments.output, "".join(parts))
    return codes[0] if codes else 0


def _results(arguments: argparse.Namespace, schema: Any, codes: list[int]) -> Iterator[Extraction]:
    """The extraction of every document that can be had; those of several that cannot are told, their codes kept."""
    from extractor.extraction.pipeline import extract
    from extractor.models import load_model

    count = len(arguments.paths)
    named = arguments.model or os.environ.get("EXTRACTOR_MODEL")
    model = None
    for n, path in enumerate(arguments.paths, 1):
        start = time.perf_counter()
        try:
            document = given.document(path)
        except InputError as error:
            if count == 1:
                raise
            codes.append(console.told(error))
            continue
        read_seconds = time.perf_counter() - start
        if model is None and named != "none":  # not before there is a document for it
            model = load_model(named, threads=arguments.threads)
            console.say(f"model {model.name} ready in {time.perf_counter() - start - read_seconds:.1f} s")
        start = time.perf_counter()
        try:
            result = extract(document, schema, model, passage_tokens=arguments.passage_tokens)
        except Exception as error:
            if count == 1 or arguments.debug:
                raise
            console.say(f"extractor: {path} could not be done:")
            codes.append(console.told(error))
            continue
        result.run["seconds"].setdefault("read", round(read_seconds, 3))
        counted = f"[{n}/{count}] " if count > 1 else ""
        doubtful = sum(any(p.kind != "not_asked" for p in v.problems) for v in result.values)
        seconds = time.perf_counter() - start + read_seconds
        console.say(f"{counted}{path}: {seconds:.1f} s, {doubtful} fields with problems")
        yield result


def _formed(result: Extraction, form: str, colour: bool) -> str:
    from extractor.cli import tables
    from extractor.extraction.serialization import as_dict

    if form == "table":
        return tables.record(result, console.width(), colour) + "\n"
    indent = 2 if form == "json" else None
    return json.dumps(as_dict(result), ensure_ascii=False, indent=indent, allow_nan=False) + "\n"
