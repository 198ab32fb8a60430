"""`extractor read`: show what is read from a document."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from extractor.cli import console, options
from extractor.errors import OutputError
from extractor.types import Document


def add(commands: Any) -> None:
    """Add the `read` command to the command line."""
    command = options.add_command(commands, "read", _read, "show what is read from a document: text, blocks, tables")
    command.add_argument("paths", nargs="+", metavar="PATH", help=options.PATH)
    json_help = "print everything as JSON, one document per line, with words and their boxes"
    command.add_argument("--json", action="store_true", help=json_help)
    pictures_help = (
        "also write each page to FOLDER as a PNG file with words, tables, header paths and reading order drawn on it"
    )
    command.add_argument("--pictures", metavar="FOLDER", help=pictures_help)


def _read(arguments: argparse.Namespace) -> int:
    from extractor.cli import tables
    from extractor.readers import read_bytes

    codes = []
    for path in arguments.paths:
        try:
            data, source = options.read_input(path)
            document = read_bytes(data, source)
            if arguments.pictures:
                _write_pictures(data, document, Path(arguments.pictures))
            text = (
                json.dumps(asdict(document), ensure_ascii=False) + "\n"
                if arguments.json
                else tables.format_document(document)
            )
        except OutputError:  # the folder for pictures cannot be written, for the next document as little
            raise
        except Exception as error:
            if arguments.debug:
                raise
            codes.append(console.report_document_error(path, error))
            continue
        console.print_result(text)
    return codes[0] if codes else 0


def _write_pictures(data: bytes, document: Document, folder: Path) -> None:
    """Write each page as a PNG file, with what was read drawn on it."""
    from extractor.readers.page_pictures import draw_boxes

    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number, picture in draw_boxes(data, document.source, document):
            file = folder / f"{Path(document.source).name}.page-{number:04}.png"
            picture.save(file, format="PNG")
            console.print_message(f"wrote {file}")
    except OSError as error:
        raise OutputError(
            f"Cannot write pictures to {folder}: {error}", "Name a folder that you may write to."
        ) from None
