"""What was read, drawn on the pictures of the pages: boxes of words, cells and tables, for a person to look at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from extractor.errors import InputError
from extractor.readers.registry import page_image
from extractor.settings import Settings, threshold
from extractor.types import BBox, Document

if TYPE_CHECKING:
    from PIL import Image

WORD, SCANNED, UNSURE, CELL, TABLE = (46, 110, 220), (20, 150, 70), (235, 120, 0), (190, 150, 220), (200, 30, 60)
"""Colours: words of the file, words that OCR read, those of them that OCR is not sure of, cells, tables."""


@dataclass(frozen=True)
class PagePictureSettings(Settings):
    """Which words are marked."""

    sure_ocr_word: float = threshold(0.85, meaning="a word of which OCR is less sure is drawn in another colour")


def draw_boxes(data: bytes, source: str, document: Document, dpi: float = 110.0) -> Iterator[tuple[int, Image.Image]]:
    """Yield the pages of a document by their numbers, each with the boxes of its words and tables drawn on it.

    Pages that cannot be shown are skipped; they have a Problem. Raises InputError for a format without pages.
    """
    from PIL import ImageDraw

    if not any(page.width for page in document.pages):
        raise InputError(f"{source} has no pages to be shown as pictures.", "Give a PDF or a picture.")
    sure_word = PagePictureSettings.current().sure_ocr_word
    boxes = [(cell.box, CELL) for table in document.tables for cell in table.cells]
    boxes += [(block.box, TABLE) for block in document.blocks if block.kind == "table"]
    for page in document.pages:
        if not page.width:
            continue
        picture = page_image(data, source, document, page.number, dpi).convert("RGB")
        pen = ImageDraw.Draw(picture)
        for word in page.words:
            is_sure = word.confidence is None or word.confidence >= sure_word
            _draw_outline(pen, word.box, dpi, (SCANNED if word.from_ocr else WORD) if is_sure else UNSURE)
        for box, colour in boxes:
            if box is not None and box.page == page.number:
                _draw_outline(pen, box, dpi, colour, width=2)
        yield page.number, picture


def _draw_outline(pen, box: BBox | None, dpi: float, colour: tuple[int, int, int], width: int = 1) -> None:
    if box is not None:
        x0, top, x1, bottom = (side * dpi / 72 for side in (box.x0, box.top, box.x1, box.bottom))
        pen.rectangle((x0, top, max(x0, x1), max(top, bottom)), outline=colour, width=width)
