"""`extractor extract`: extract a record from each document."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from extractor.cli import console, options
from extractor.errors import InputError, UsageError
from extractor.types import Document, Extraction


def add(commands: Any) -> None:
    """Add the `extract` command to the command line."""
    command = options.add_command(commands, "extract", _extract, "extract a record from each document")
    command.add_argument("paths", nargs="+", metavar="PATH", help=options.PATH)
    options.add_schema_options(command)
    options.add_model_options(command)
    command.add_argument(
        "--output", "-o", metavar="FILE", help="write to FILE (complete or not at all) instead of stdout"
    )
    format_help = (
        "json: one document; jsonl: one per line; table: for people (default: json for one document, else jsonl)"
    )
    command.add_argument("--format", "-f", choices=("table", "json", "jsonl"), help=format_help)
    command.add_argument("--split", action="store_true", help=options.SPLIT)
    command.add_argument("--passage-tokens", type=options.positive_integer, metavar="N", help=options.PASSAGES)
    command.add_argument("--lessons", type=Path, metavar="FILE", help=options.LESSONS)
    command.add_argument("--store", metavar="PLACE", help="a store, to extract with what its approved records taught")
    command.add_argument("--threads", type=options.positive_integer, metavar="N", help=options.THREADS)


def _extract(arguments: argparse.Namespace) -> int:
    from extractor.files.atomic_files import check_writable, write_text_atomically

    several = len(arguments.paths) > 1 or arguments.split
    output_format = arguments.format or ("jsonl" if several else "json")
    if output_format == "json" and several:
        raise UsageError("--format json holds one document, but several were given.", "Use --format jsonl.")
    if arguments.paths.count("-") > 1:
        raise UsageError("stdin (-) was given more than once.", "Give each document once.")
    if arguments.output:
        check_writable(arguments.output)
        if os.path.realpath(arguments.output) in map(os.path.realpath, arguments.paths):
            raise UsageError(f"{arguments.output} is one of the documents.", "Name another file for the result.")
    if arguments.lessons and arguments.store:
        raise UsageError("--lessons and --store both say where lessons are.", "Give one of them.")
    schema = options.load_chosen_schema(arguments, with_saved=arguments.store is not None)
    codes: list[int] = []
    parts: list[str] = []
    colour = sys.stdout.isatty() and not arguments.output
    with _lesson_finder(arguments) as find:
        for text in _results(arguments, schema, find, lambda result: _formatted(result, output_format, colour), codes):
            if arguments.output:
                parts.append(text)
            else:
                console.print_result(text)
    if parts:
        write_text_atomically(arguments.output, "".join(parts))
    return codes[0] if codes else 0


@contextlib.contextmanager
def _lesson_finder(arguments: argparse.Namespace) -> Iterator[Callable[[Document, str], Sequence[Any]]]:
    """Yield what returns the lessons for a document under a schema (its id): of the store, the file, or none."""
    if arguments.store:
        with options.open_store(arguments.store) as store:
            yield store.lessons.find
    elif arguments.lessons:
        yield options.load_lessons(arguments.lessons).find
    else:
        yield lambda document, schema: ()


def _results(
    arguments: argparse.Namespace,
    schema: Any,
    find_lessons: Callable[[Document, str], Sequence[Any]],
    format_result: Callable[[Extraction], str],
    codes: list[int],
) -> Iterator[str]:
    """Yield what is printed of every document that can be extracted.

    Those that cannot are reported on stderr and their exit codes appended to `codes`; with --debug the first ends it.
    """
    from extractor.classification import choice_json, choose_schema, is_kind_set
    from extractor.extraction.pipeline import extract
    from extractor.models import load_model

    count = len(arguments.paths)
    automatic = is_kind_set(schema.document)
    named = options.chosen_model(arguments)
    model = None
    waiting = list(arguments.paths)
    n = 0
    while waiting:
        path = waiting.pop(0)
        start = time.perf_counter()
        try:
            if arguments.split and (parts := _parts_of(path, schema)):
                console.print_message(f"{path}: {len(parts)} documents")
                waiting[:0] = parts
                count += len(parts) - 1
                continue
            n += 1
            document = _read_part(path) if arguments.split else options.read_document(path)
        except Exception as error:
            if arguments.debug:
                raise
            codes.append(console.report_document_error(path, error))
            continue
        read_seconds = time.perf_counter() - start
        if model is None and named != "none":  # not before there is a document for it
            model = load_model(named, threads=arguments.threads)
            console.print_message(f"model {model.name} ready in {time.perf_counter() - start - read_seconds:.1f} s")
        start = time.perf_counter()
        try:
            chosen, kind = choose_schema(document, schema.document) if automatic else (schema, None)
            lessons = find_lessons(document, chosen.id)
            result = extract(document, chosen, model, passage_tokens=arguments.passage_tokens, lessons=lessons)
            if kind is not None:
                result.run["kind"] = choice_json(kind)
            result.run["seconds"].setdefault("read", round(read_seconds, 3))
            text = format_result(result)
        except Exception as error:
            if arguments.debug:
                raise
            codes.append(console.report_document_error(path, error))
            continue
        position = f"[{n}/{count}] " if count > 1 else ""
        doubtful = sum(any(p.kind != "not_asked" for p in v.problems) for v in result.values)
        seconds = time.perf_counter() - start + read_seconds
        said = f"{chosen.name} ({kind.confidence:.0%}), " if kind is not None else ""
        console.print_message(f"{position}{path}: {said}{seconds:.1f} s, {doubtful} fields with problems")
        yield text


def _parts_of(path: str, schema: Any) -> list[str]:
    """Return the names of the documents in a file that holds several; nothing for one that is a single document."""
    from extractor.jobs import name_of
    from extractor.jobs.parts import split_part
    from extractor.jobs.worker_tasks import SingleDocument, TaskFailure, split_file

    if path == "-" or split_part(path)[1]:
        return []
    found = split_file(name_of(path), schema.document)
    if isinstance(found, TaskFailure):
        raise InputError(found.message, "Leave out --split to extract the file as one document.")
    return [] if isinstance(found, SingleDocument) else [member.name for member in found]


def _read_part(path: str) -> Any:
    """Return the document at a path, or that of a part of a file."""
    from extractor.jobs.archives import read_document_bytes
    from extractor.jobs.parts import split_part
    from extractor.readers import read_bytes

    if not split_part(path)[1]:
        return options.read_document(path)
    data, sha = read_document_bytes(path)
    return replace(read_bytes(data, path), id=sha)


def _formatted(result: Extraction, output_format: str, colour: bool) -> str:
    from extractor.cli import tables
    from extractor.extraction.serialization import as_dict

    if output_format == "table":
        return tables.format_record(result, console.terminal_width(), colour) + "\n"
    indent = 2 if output_format == "json" else None
    return json.dumps(as_dict(result), ensure_ascii=False, indent=indent, allow_nan=False) + "\n"
