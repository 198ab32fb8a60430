"""Arguments that several commands take, and what they stand for."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from extractor.types import Document

PATH = "a document: PDF, picture, Word, Excel, mail, HTML or text; - is stdin"
SCHEMA = "the name of a shipped schema, or a JSON Schema file"
PASSAGES = "how many tokens of the document a prompt carries at most"
MODEL = "a known model, a hub id, a folder, a .gguf file, openai:URL, or none (structure alone answers)"
STORE = "where records are kept: a file, or postgresql://USER@HOST/DATABASE (default: EXTRACTOR_STORE, else one file)"
THREADS = "threads for the model (default: one for each physical core)"


def command(commands: Any, name: str, run: Any, help_text: str) -> argparse.ArgumentParser:
    """A new command of that name; `run` takes the parsed arguments and returns the exit code."""
    added = commands.add_parser(name, help=help_text, description=help_text[0].upper() + help_text[1:] + ".")
    added.set_defaults(run=run)
    return added


def positive(text: str) -> int:
    """A whole number from 1 up; argparse tells of any other text."""
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 up")
    return int(text)


def schema(source: str) -> Any:
    """The schema, its rules compiled: a broken one is told before a document is read."""
    from extractor.schemas import load_schema

    return compiled(load_schema(source))


def compiled(schema: Any) -> Any:
    """The same schema, when its rules can be compiled; raises SchemaError."""
    from extractor.validation import compile_checks

    compile_checks(schema)
    return schema


def store(place: str | None) -> Any:
    """The store at a place, or the one that is meant where none is given; raises StoreError."""
    from extractor.store import Store

    return Store(place)


def bytes_of(path: str) -> tuple[bytes, str]:
    """What is in the file at `path`, or on stdin for `-`, and the name it goes by; raises InputError."""
    from extractor import readers

    if path == "-":
        return sys.stdin.buffer.read(readers.MAX_BYTES + 1), "stdin"
    return readers.read_file_bytes(path), path


def document(path: str) -> Document:
    """The document at `path`, or on stdin for `-`; raises InputError."""
    from extractor.readers import read_bytes

    return read_bytes(*bytes_of(path))
