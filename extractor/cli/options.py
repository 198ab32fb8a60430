"""Options that several commands share, and the inputs that they name."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from extractor.types import Document

PATH = "a document: PDF, picture, Word, Excel, mail, HTML, XML, JSON or text; - is stdin"
SCHEMA = "the name of a shipped schema, or a JSON Schema file"
PASSAGES = "the most tokens of the document that a prompt holds"
MODEL = "a known model, a hub id, a folder, a .gguf file, openai:URL, or none (structure alone)"
STORE = "where records are kept: a file, or postgresql://USER@HOST/DATABASE (default: EXTRACTOR_STORE, else one file)"
THREADS = "threads for the model (default: one per physical core)"


def add_command(commands: Any, name: str, run: Any, help_text: str) -> argparse.ArgumentParser:
    """Add a command of that name; `run` takes the parsed arguments and returns the exit code."""
    added = commands.add_parser(name, help=help_text, description=help_text[0].upper() + help_text[1:] + ".")
    added.set_defaults(run=run)
    return added


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


def check_rules(schema: Any) -> Any:
    """Return the same schema once its rules have been compiled; raises SchemaError."""
    from extractor.validation import compile_checks

    compile_checks(schema)
    return schema


def open_store(place: str | None) -> Any:
    """Return the store at a place, or the default store; raises StoreError."""
    from extractor.store import Store

    return Store(place)


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
