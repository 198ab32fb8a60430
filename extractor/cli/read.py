"""`extractor read`: what the machine sees of a document."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from extractor.cli import arguments as given
from extractor.cli import console
from extractor.errors import InputError, OutputError
from extractor.types import Document


def add(commands: Any) -> None:
    command = given.command(commands, "read", _read, "show what the machine sees of a document: text, blocks, tables")
    command.add_argument("paths", nargs="+", metavar="PATH", help=given.PATH)
    whole = "everything as JSON, a document a line: words and their boxes on the page too"
    command.add_argument("--json", action="store_true", help=whole)
    drawn = "also write each page there as a PNG file, with the boxes of words and tables drawn on it"
    command.add_argument("--pictures", metavar="FOLDER", help=drawn)


def _read(arguments: argparse.Namespace) -> int:
    from extractor.cli import tables
    from extractor.readers import read_bytes

    codes = []
    for path in arguments.paths:
        try:
            data, source = given.bytes_of(path)
            document = read_bytes(data, source)
            if arguments.pictures:
                _write_pictures(data, document, Path(arguments.pictures))
        except InputError as error:
            if len(arguments.paths) == 1:
                raise
            codes.append(console.told(error))
            continue
        console.out(
            json.dumps(asdict(document), ensure_ascii=False) + "\n" if arguments.json else tables.document(document)
        )
    return codes[0] if codes else 0


def _write_pictures(data: bytes, document: Document, folder: Path) -> None:
    from extractor.readers.page_pictures import draw_boxes

    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number, picture in draw_boxes(data, document.source, document):
            file = folder / f"{Path(document.source).name}.page-{number:04}.png"
            picture.save(file, format="PNG")
            console.say(f"wrote {file}")
    except OSError as error:
        raise OutputError(
            f"Cannot write pictures to {folder}: {error}", "Name a folder that you may write to."
        ) from None
