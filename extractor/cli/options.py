"""Options that several commands share, and the inputs that they name."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from extractor.errors import InputError, UsageError
from extractor.types import Document

PATH = "a document: PDF, picture, Word, Excel, mail, HTML, XML, JSON or text; - is stdin"
SCHEMA = "the name of a shipped schema, or a JSON Schema file; auto finds out the kind of each document"
SAVED = "; or a kind of report that was saved in the store"
KINDS = "with --schema auto: a kind to choose from, or a folder of them; may be given again (default: all there are)"
SPLIT = "take a PDF of several documents apart by its pages, and a mail with attachments into these"
PASSAGES = "the most tokens of the document that a prompt holds"
MODEL = "a known model, a hub id, a folder, a .gguf file, openai:URL, or none (structure alone)"
ADAPTER = "an adapter of the model that `extractor learn --adapter` has trained"
STORE = "where records are kept: a file, or postgresql://USER@HOST/DATABASE (default: EXTRACTOR_STORE, else one file)"
LESSONS = "a file of lessons, which `extractor learn --export` writes, to extract with"
NO_LESSONS = "extract without what approved records taught"
THREADS = "threads for the model (default: one per physical core)"


def add_command(commands: Any, name: str, run: Any, help_text: str) -> argparse.ArgumentParser:
    """Add a command of that name; `run` takes the parsed arguments and returns the exit code."""
    added = commands.add_parser(name, help=help_text, description=help_text[0].upper() + help_text[1:] + ".")
    added.set_defaults(run=run)
    return added


def add_model_options(command: argparse.ArgumentParser) -> None:
    """Add the options that name a model and its adapter."""
    command.add_argument("--model", "-m", metavar="NAME", help=MODEL)
    command.add_argument("--adapter", metavar="HASH|FOLDER", help=ADAPTER)


def chosen_model(arguments: argparse.Namespace) -> str:
    """Return the name of the model that the options, `EXTRACTOR_MODEL`, or else the default name, with its adapter.

    Raises UsageError for an adapter without a model.
    """
    from extractor.models import DEFAULT, with_adapter

    name = arguments.model or os.environ.get("EXTRACTOR_MODEL") or DEFAULT
    if arguments.adapter and name == "none":
        raise UsageError("--adapter is for a model.", "Leave it out, or name the model.")
    return with_adapter(name, arguments.adapter)


def positive_integer(text: str) -> int:
    """Parse an integer of 1 or more; argparse reports any other text."""
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not an integer of 1 or more")
    return int(text)


def load_checked_schema(source: str) -> Any:
    """Return the schema with its rules compiled, so that a broken rule is reported before a document is read.

    Raises SchemaError.
    """
    from extractor.schemas import load_schema

    return check_rules(load_schema(source))


def add_schema_options(command: argparse.ArgumentParser) -> None:
    """Add the options that say which schema to use, or which ones to choose from."""
    command.add_argument("--schema", "-s", required=True, metavar="NAME|FILE|auto", help=SCHEMA + SAVED)
    command.add_argument("--kinds", action="append", metavar="NAME|FILE|FOLDER", help=KINDS)


def load_chosen_schema(arguments: argparse.Namespace, *, with_saved: bool) -> Any:
    """Return the schema that the options name, or for `auto` the set of kinds to choose from, with checked rules.

    `with_saved` adds the kinds of report that people saved in the store. Raises SchemaError, or UsageError for
    `--kinds` without `auto`.
    """
    from extractor.classification import AUTO

    saved = _saved_kinds(arguments.store) if with_saved and _may_be_saved(arguments) else {}
    if arguments.schema != AUTO:
        if arguments.kinds:
            raise UsageError("--kinds is for --schema auto alone.", "Leave it out, or give --schema auto.")
        return saved.get(arguments.schema) or load_checked_schema(arguments.schema)
    return load_kinds(arguments.kinds, saved)


def _may_be_saved(arguments: argparse.Namespace) -> bool:
    """Decide whether the options name something that is neither a file nor a shipped schema, or all kinds there are."""
    from extractor.classification import AUTO
    from extractor.schemas import shipped_schemas

    named = [arguments.schema] if arguments.schema != AUTO else arguments.kinds
    known = {name for name, _ in shipped_schemas()}
    plain = [name for name in named or () if Path(name).name == name and not Path(name).suffix and name not in known]
    return named is None or any(not Path(name).exists() for name in plain)


def _saved_kinds(store: str | None) -> dict[str, Any]:
    """Return name -> schema of the kinds of report that people saved in a store, with checked rules."""
    from extractor.schemas import load_schema

    with open_store(store) as opened:
        kinds = opened.report_kinds.all()
    return {kind.name: check_rules(replace(load_schema(kind.document), name=kind.name)) for kind in kinds}


def load_kinds(named: Sequence[str] | None, saved: Mapping[str, Any] | None = None) -> Any:
    """Return the set of the kinds that were named, or of all shipped and `saved` ones.

    Raises SchemaError or UsageError.
    """
    from extractor.classification import make_kind_set
    from extractor.schemas import shipped_schemas

    places: list[str] = []
    saved = saved or {}
    for given in named or [*(name for name, _ in shipped_schemas()), *saved]:
        folder = Path(given)
        places += [str(file) for file in sorted(folder.glob("*.json"))] if folder.is_dir() else [given]
    return make_kind_set([saved.get(place) or load_checked_schema(place) for place in places])


def check_rules(schema: Any) -> Any:
    """Return the same schema once its rules have been compiled; raises SchemaError."""
    from extractor.validation import compile_checks

    compile_checks(schema)
    return schema


def open_store(place: str | None) -> Any:
    """Return the store at a place, or the default store; raises StoreError."""
    from extractor.store import Store

    return Store(place)


def load_lessons(file: Path) -> Any:
    """Return the lessons of a file that `extractor learn --export` wrote; raises InputError."""
    from extractor.lessons import parse_lessons

    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"Cannot read {file}: {error}", "Give a file that `extractor learn --export` wrote.") from None
    return parse_lessons(text, str(file))


def read_input(path: str) -> tuple[bytes, str]:
    """Return the bytes of the file at `path`, or of stdin for `-`, and the name of the document; raises InputError."""
    from extractor import readers

    if path == "-":
        return sys.stdin.buffer.read(readers.MAX_BYTES + 1), "stdin"
    return readers.read_file_bytes(path), path


def read_document(path: str) -> Document:
    """Return the document at `path`, or on stdin for `-`; raises InputError."""
    from extractor.readers import read_bytes

    return read_bytes(*read_input(path))
