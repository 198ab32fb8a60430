"""What runs beside the process that serves: documents are read and drawn there, and parts of pages read again.

What a screen needs of a document is written into a folder of the cache; only small plain data goes back.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path as FilePath
from typing import Any

from extractor.errors import ExtractorError
from extractor.jobs import archives
from extractor.jobs.sources import UnusableFile, split_name
from extractor.readers import detect_format, page_image, read_bytes
from extractor.types import Block, Document, Page, Table

ABOUT, TEXT = "about.json", "text.json"
QUALITY = 80
OCR_DPI = 220.0
"""At so many dots per inch a part of a page is read again."""
MARGIN = 2.0
"""Points around what a person marked that are read with it: nobody marks exactly."""
_PAGED = ("pdf", "image")
_held: tuple[str, tuple[int, int], str, bytes] | None = None
"""SHA-256, size and time of change of its file, name and bytes of the document that was asked for last."""


def gone(message: str) -> dict[str, Any]:
    """What comes back instead of a result, and why."""
    return {"error": message}


def begin_again() -> None:
    """Nothing; a process that did it has been started and is ready."""


def read(names: Sequence[str], sha: str, folder: str) -> dict[str, Any]:
    """Read the document and write down what a screen needs of it, all at once; what `about.json` says comes back."""
    try:
        name, data = _bytes(names, sha)
        document = read_bytes(data, name)
        kind = detect_format(data, name)
        target = FilePath(folder)
        partial = target.with_name(f".{target.name}-{secrets.token_hex(4)}.part")
        partial.mkdir(mode=0o700, parents=True)
        try:
            about = _written(document, kind, partial)
            os.replace(partial, target)
        except OSError:
            if not (target / ABOUT).exists():  # else another process was faster
                raise
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        return about
    except Exception as error:
        return gone(_why(error))


def draw(names: Sequence[str], sha: str, folder: str, page: int, dpi: int) -> dict[str, Any]:
    """Draw a page of a document that was read, as a WebP picture in its folder of the cache."""
    try:
        name, data = _bytes(names, sha)
        target = FilePath(folder) / picture_name(page, dpi)
        partial = target.with_name(f".{target.name}-{secrets.token_hex(4)}.part")
        picture = page_image(data, name, _pages(FilePath(folder)), page, float(dpi)).convert("RGB")
        try:
            picture.save(partial, "WEBP", quality=QUALITY, method=1)
            os.replace(partial, target)
        finally:
            partial.unlink(missing_ok=True)
        return {}
    except Exception as error:
        return gone(_why(error))


def read_again(
    names: Sequence[str], sha: str, folder: str, page: int, box: tuple[float, float, float, float]
) -> dict[str, Any]:
    """What OCR reads in a box (x0, top, x1, bottom, in points) of a page, and how sure it is."""
    from extractor.ocr import read_region

    try:
        name, data = _bytes(names, sha)
        picture = page_image(data, name, _pages(FilePath(folder)), page, OCR_DPI)
        scale = OCR_DPI / 72
        x0, top, x1, bottom = (round(side * scale) for side in _grown(box))
        part = picture.crop((max(0, x0), max(0, top), min(picture.width, x1), min(picture.height, bottom)))
        if min(part.size) < 1:
            return gone("The box is not on the page.")
        text, confidence = read_region(part)
        return {"text": text, "confidence": confidence}
    except Exception as error:
        return gone(_why(error))


def _grown(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    return box[0] - MARGIN, box[1] - MARGIN, box[2] + MARGIN, box[3] + MARGIN


def picture_name(page: int, dpi: int) -> str:
    return f"page-{page}-{dpi}.webp"


def words_name(page: int) -> str:
    return f"words-{page}.json"


# Bytes.


def _bytes(names: Sequence[str], sha: str) -> tuple[str, bytes]:
    """The document's name and bytes, from the first of its places where they are still the same; else UnusableFile."""
    global _held
    if _held is not None and _held[0] == sha and _held[2] in names and _stamp(split_name(_held[2])[0]) == _held[1]:
        return _held[2:]
    for name in names:
        try:
            stamp, data = _stamp(split_name(name)[0]), archives.read_source(name)
        except (OSError, UnusableFile):
            continue
        if hashlib.sha256(data).hexdigest() == sha:
            _held = (sha, stamp, name, data)
            return name, data
    raise UnusableFile("missing", "The file is no longer where it was, or it was changed since.")


def _stamp(path: str) -> tuple[int, int]:
    """What changes when the file does; (0, 0) where there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return 0, 0
    return found.st_size, found.st_mtime_ns


def _why(error: Exception) -> str:
    """What a person is told; never the message of an error that nobody foresaw, which may quote the document."""
    if isinstance(error, ExtractorError):
        return error.message
    if isinstance(error, MemoryError):
        return "It takes too much memory to be shown."
    return f"It cannot be shown: {type(error).__name__}."


# What is written down.


def _written(document: Document, kind: str, folder: FilePath) -> dict[str, Any]:
    pages = [page for page in document.pages if page.width and page.height] if kind in _PAGED else []
    about = {
        "kind": "pages" if pages else "text",
        "pages": [{"n": p.number, "width": p.width, "height": p.height, "turn": p.turn} for p in pages],
        "unread": not document.text.strip(),
    }
    for page in pages:
        _write(folder / words_name(page.number), {"words": [_word(word) for word in page.words if word.box]})
    said = {"text": document.text}
    said["blocks"] = [_block(block) for block in document.blocks]
    said["tables"] = [_table(table) for table in document.tables]
    _write(folder / TEXT, said)
    _write(folder / ABOUT, about)
    return about


def _word(word: Any) -> list[Any]:
    return [word.text, word.box.x0, word.box.top, word.box.x1, word.box.bottom, word.start, word.end]


def _block(block: Block) -> dict[str, Any]:
    return {"kind": block.kind, "start": block.start, "end": block.end, "level": block.level}


def _table(table: Table) -> dict[str, Any]:
    keys = ("start", "end", "row", "column", "row_span", "column_span", "header")
    cells = [{key: getattr(cell, key) for key in keys} for cell in table.cells]
    return {"start": table.start, "end": table.end, "rows": table.rows, "columns": table.columns, "cells": cells}


def _write(file: FilePath, data: Any) -> None:
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        json.dump(data, out)  # ASCII: half a surrogate pair survives


def _pages(folder: FilePath) -> Document:
    """A document of nothing but its pages, by their sizes and turns: all that drawing them takes."""
    about = json.loads((folder / ABOUT).read_text("utf-8"))
    pages = (Page(p["n"], 0, 0, p["width"], p["height"], turn=p["turn"]) for p in about["pages"])
    return Document("", "", "", tuple(pages))
