"""What runs in separate processes: documents are read and drawn there, and regions of pages read again by OCR.

What a screen needs of a document is written into its folder of the cache; only small plain data is returned, and an
error is returned as `{"error": MESSAGE}`.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import Any

from extractor import lessons
from extractor.errors import ExtractorError, InputError
from extractor.extraction.planning import match_structure
from extractor.jobs import archives
from extractor.jobs.sources import UnusableFile, split_name
from extractor.readers import detect_format, page_image, read_bytes
from extractor.review.selectable_values import find_selectable_values
from extractor.schemas import load_schema
from extractor.settings import Settings, threshold
from extractor.types import Block, Document, Page, Table, Word

ABOUT, TEXT = "about.json", "text.json"
WEBP_QUALITY = 80
_POINTS_PER_INCH = 72
_FORMATS_WITH_PAGES = ("pdf", "image")


@dataclass(frozen=True)
class RegionReadingSettings(Settings):
    """How a region of a page that a person has drawn is read again by OCR."""

    dpi: float = threshold(220.0, unit="dots per inch", meaning="The resolution in which the region is drawn.")
    margin: float = threshold(
        2.0, unit="points", meaning="What is read with the region on each side: nobody draws a box exactly."
    )


_last_document: tuple[str, tuple[int, int], str, bytes] | None = None
"""The document that was used last: SHA-256, stamp of its file, name, bytes."""


def failure(message: str) -> dict[str, Any]:
    """Return what stands for the result of a task that failed."""
    return {"error": message}


def start_process() -> None:
    """Do nothing: a process that has done so was started and is ready."""


def read_document(names: Sequence[str], sha: str, folder: str) -> dict[str, Any]:
    """Read a document and write what a screen needs of it into the folder, all at once; returns its description.

    `names` are the places where the document may be, `sha` its SHA-256.
    """
    try:
        name, data = load_bytes(names, sha)
        document = read_bytes(data, name)
        kind = detect_format(data, name)
        target = FilePath(folder)
        partial = target.with_name(f".{target.name}-{secrets.token_hex(4)}.part")
        partial.mkdir(mode=0o700, parents=True)
        try:
            description = _write_document(document, kind, partial)
            os.replace(partial, target)
        except OSError:
            if not (target / ABOUT).exists():  # else another process was faster
                raise
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        return description
    except Exception as error:
        return failure(explain(error))


def draw_page(names: Sequence[str], sha: str, folder: str, page: int, dpi: int) -> dict[str, Any]:
    """Draw a page of a document that was read, as a WebP picture in its folder; returns an empty result."""
    try:
        name, data = load_bytes(names, sha)
        target = FilePath(folder) / image_name(page, dpi)
        partial = target.with_name(f".{target.name}-{secrets.token_hex(4)}.part")
        picture = page_image(data, name, _load_pages(FilePath(folder)), page, float(dpi)).convert("RGB")
        try:
            picture.save(partial, "WEBP", quality=WEBP_QUALITY, method=1)
            os.replace(partial, target)
        finally:
            partial.unlink(missing_ok=True)
        return {}
    except Exception as error:
        return failure(explain(error))


def read_region(
    names: Sequence[str], sha: str, folder: str, page: int, box: tuple[float, float, float, float]
) -> dict[str, Any]:
    """Return the `text` that OCR reads in a box (x0, top, x1, bottom, in points) of a page, and its `confidence`."""
    from extractor import ocr

    try:
        name, data = load_bytes(names, sha)
        settings = RegionReadingSettings.current()
        picture = page_image(data, name, _load_pages(FilePath(folder)), page, settings.dpi)
        scale = settings.dpi / _POINTS_PER_INCH
        x0, top = (round((side - settings.margin) * scale) for side in box[:2])
        x1, bottom = (round((side + settings.margin) * scale) for side in box[2:])
        region = picture.crop((max(0, x0), max(0, top), min(picture.width, x1), min(picture.height, bottom)))
        if min(region.size) < 1:
            return failure("The box is not on the page.")
        text, confidence = ocr.read_region(region)
        return {"text": text, "confidence": confidence}
    except Exception as error:
        return failure(explain(error))


def make_lesson(
    names: Sequence[str], sha: str, schema: Mapping[str, Any], approved: Sequence[lessons.ApprovedValue], at: str
) -> dict[str, Any]:
    """Return what approved values of a document teach, as `Lesson.as_dict` writes it, or a failure."""
    try:
        name, data = load_bytes(names, sha)
        document = replace(read_bytes(data, name), id=sha)
        loaded = load_schema(schema)
        matches = match_structure(document, loaded)
        return lessons.make_lesson(document, loaded, approved, matches, name=name, at=at).as_dict()
    except Exception as error:
        return failure(explain(error))


def image_name(page: int, dpi: int) -> str:
    """Return the name of the file with a page's picture."""
    return f"page-{page}-{dpi}.webp"


def words_name(page: int) -> str:
    """Return the name of the file with a page's words."""
    return f"words-{page}.json"


def load_bytes(names: Sequence[str], sha: str) -> tuple[str, bytes]:
    """Return the document's name and bytes, from the first place where they are unchanged; raises UnusableFile."""
    global _last_document
    if _last_document is not None:
        last_sha, stamp, name, data = _last_document
        if last_sha == sha and name in names and _stamp(split_name(name)[0]) == stamp:
            return name, data
    for name in names:
        try:
            stamp = _stamp(split_name(name)[0])
            data, found = archives.read_document_bytes(name)
        except (OSError, InputError):
            continue
        if found == sha:
            _last_document = (sha, stamp, name, data)
            return name, data
    raise UnusableFile("missing", "The file was moved, deleted or changed since it was read.")


def _stamp(path: str) -> tuple[int, int]:
    """Return the size and the time of change of a file, (0, 0) where there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return 0, 0
    return found.st_size, found.st_mtime_ns


def explain(error: Exception) -> str:
    """Return what people are told; of an unforeseen error only its type, as its message may quote the document."""
    if isinstance(error, ExtractorError):
        return error.message
    if isinstance(error, MemoryError):
        return "The document takes too much memory to show."
    return f"The document cannot be shown: {type(error).__name__}."


def _write_document(document: Document, kind: str, folder: FilePath) -> dict[str, Any]:
    """Write the words of each page, the text and the description of a document; returns the description."""
    pages = [page for page in document.pages if page.width and page.height] if kind in _FORMATS_WITH_PAGES else []
    description = {
        "kind": "pages" if pages else "text",
        "pages": [{"n": p.number, "width": p.width, "height": p.height, "turn": p.turn} for p in pages],
        "unread": not document.text.strip(),
    }
    for page in pages:
        _write_json(folder / words_name(page.number), _page_json(document, page))
    text = {
        "text": document.text,
        "blocks": [_block_json(block) for block in document.blocks],
        "tables": [_table_json(table) for table in document.tables],
        "values": [] if pages else find_selectable_values(document.text),  # those of pages are with their words
    }
    _write_json(folder / TEXT, text)
    _write_json(folder / ABOUT, description)
    return description


def _page_json(document: Document, page: Page) -> dict[str, Any]:
    values = find_selectable_values(document.text[page.start : page.end])
    return {
        "words": [_word_json(word) for word in page.words if word.box],
        "values": [(page.start + start, page.start + end) for start, end in values],
    }


def _word_json(word: Word) -> list[Any]:
    return [word.text, word.box.x0, word.box.top, word.box.x1, word.box.bottom, word.start, word.end]


def _block_json(block: Block) -> dict[str, Any]:
    return {"kind": block.kind, "start": block.start, "end": block.end, "level": block.level}


def _table_json(table: Table) -> dict[str, Any]:
    keys = ("start", "end", "row", "column", "row_span", "column_span", "header")
    cells = [{key: getattr(cell, key) for key in keys} for cell in table.cells]
    return {"start": table.start, "end": table.end, "rows": table.rows, "columns": table.columns, "cells": cells}


def _write_json(file: FilePath, data: Any) -> None:
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        json.dump(data, out)  # as ASCII, in which a lone surrogate survives


def _load_pages(folder: FilePath) -> Document:
    """Return a document with nothing but its pages' sizes and turns, which is all that drawing them takes."""
    description = json.loads((folder / ABOUT).read_text("utf-8"))
    pages = (Page(p["n"], 0, 0, p["width"], p["height"], turn=p["turn"]) for p in description["pages"])
    return Document("", "", "", tuple(pages))
