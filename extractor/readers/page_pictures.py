"""What was read, drawn on the picture of its page: boxes of words, cells and tables, for a person to look at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from extractor.errors import InputError
from extractor.readers import page_image
from extractor.types import BBox, Document

if TYPE_CHECKING:
    from PIL import Image

WORD, SCANNED, UNSURE, CELL, TABLE = (46, 110, 220), (20, 150, 70), (235, 120, 0), (190, 150, 220), (200, 30, 60)
"""Colours: words of the file, words that OCR read, those of which it is less sure than DOUBTFUL, cells, tables."""

DOUBTFUL = 0.85


def pages_with_boxes(
    data: bytes, source: str, document: Document, dpi: float = 110.0
) -> Iterator[tuple[int, Image.Image]]:
    """The pages of a document by their numbers, each with the boxes of its words and tables drawn on it.

    Pages that cannot be shown are passed over; they have a Problem. Raises InputError for a format without pages.
    """
    from PIL import ImageDraw

    if not any(page.width for page in document.pages):
        raise InputError(f"{source} has no pages to be shown as pictures.", "Only PDFs and pictures have.")
    tables = [(cell.box, CELL) for table in document.tables for cell in table.cells]
    tables += [(block.box, TABLE) for block in document.blocks if block.kind == "table"]
    for page in document.pages:
        if not page.width:
            continue
        picture = page_image(data, source, document, page.number, dpi).convert("RGB")
        pen = ImageDraw.Draw(picture)
        for word in page.words:
            sure = word.confidence is None or word.confidence >= DOUBTFUL
            _outline(pen, word.box, dpi, (SCANNED if word.from_ocr else WORD) if sure else UNSURE)
        for box, colour in tables:
            if box is not None and box.page == page.number:
                _outline(pen, box, dpi, colour, width=2)
        yield page.number, picture


def _outline(pen, box: BBox | None, dpi: float, colour: tuple[int, int, int], width: int = 1) -> None:
    if box is not None:
        sides = [side * dpi / 72 for side in (box.x0, box.top, box.x1, box.bottom)]
        pen.rectangle((*sides[:2], max(sides[0], sides[2]), max(sides[1], sides[3])), outline=colour, width=width)
