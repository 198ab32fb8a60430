"""What was read, drawn on the pictures of the pages for a person: words, cells, header paths, reading order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from extractor.errors import InputError
from extractor.readers.registry import page_image
from extractor.settings import Settings, threshold
from extractor.types import BBox, Block, Document, Table

if TYPE_CHECKING:
    from PIL import Image

WORD, SCANNED, UNSURE, CELL, TABLE = (46, 110, 220), (20, 150, 70), (235, 120, 0), (190, 150, 220), (200, 30, 60)
"""Colours: words of the file, words that OCR read, those of them that OCR is not sure of, cells, tables."""
ORDER = (90, 60, 160)
"""The colour of the numbers and lines of the reading order."""
PATHS = (
    *((255, 210, 60), (90, 190, 250), (150, 220, 90), (250, 140, 140), (200, 150, 250), (250, 180, 90)),
    *((110, 220, 200), (220, 220, 120), (240, 150, 210), (160, 180, 240), (190, 200, 150), (230, 190, 180)),
)
"""Tints of header paths, in turn."""


@dataclass(frozen=True)
class PagePictureSettings(Settings):
    """Which words are marked, and how header paths are tinted."""

    sure_ocr_word: float = threshold(0.85, meaning="a word of which OCR is less sure is drawn in another colour")
    column_tint: int = threshold(70, unit="of 255", meaning="how opaque the tint of a column's path is")
    row_tint: int = threshold(200, unit="of 255", meaning="how opaque the bar in the tint of a row's path is")
    row_bar: float = threshold(4.0, unit="points", meaning="width of that bar, at the left side of a cell")
    number: float = threshold(9.0, unit="points", meaning="size of the numbers of the reading order")


def draw_boxes(data: bytes, source: str, document: Document, dpi: float = 110.0) -> Iterator[tuple[int, Image.Image]]:
    """Yield the pages of a document by their numbers, each with what was read drawn on it.

    Words and tables have boxes. Each cell is tinted by its column path, with a bar by its row path at its left, and so
    are the headers that these paths end in: a cell in another tint than the header over it has a wrong path, one
    without a tint none. Blocks are numbered in reading order. Pages that cannot be shown are skipped; they have a
    Problem. Raises InputError for a format without pages.
    """
    from PIL import Image, ImageDraw

    if not any(page.width for page in document.pages):
        raise InputError(f"{source} has no pages to be shown as pictures.", "Give a PDF or a picture.")
    sure_word = PagePictureSettings.current().sure_ocr_word
    boxes = [(cell.box, CELL) for table in document.tables for cell in table.cells]
    boxes += [(block.box, TABLE) for block in document.blocks if block.kind == "table"]
    for page in document.pages:
        if not page.width:
            continue
        picture = page_image(data, source, document, page.number, dpi).convert("RGB")
        tints = Image.new("RGBA", picture.size, (0, 0, 0, 0))
        for table in document.tables:
            _tint_paths(ImageDraw.Draw(tints), table, page.number, dpi)
        picture = Image.alpha_composite(picture.convert("RGBA"), tints).convert("RGB")
        pen = ImageDraw.Draw(picture)
        for word in page.words:
            is_sure = word.confidence is None or word.confidence >= sure_word
            _draw_outline(pen, word.box, dpi, (SCANNED if word.from_ocr else WORD) if is_sure else UNSURE)
        for box, colour in boxes:
            if box is not None and box.page == page.number:
                _draw_outline(pen, box, dpi, colour, width=2)
        _number_blocks(pen, [b for b in document.blocks if b.box and b.box.page == page.number], dpi)
        yield page.number, picture


def _tint_paths(pen, table: Table, page: int, dpi: float) -> None:
    """Tint the cells of a table by their column paths, and bars at their left sides by their row paths."""
    settings = PagePictureSettings.current()
    columns, rows = (
        {path: number for number, path in enumerate(dict.fromkeys(paths)) if path}
        for paths in (
            [cell.column_path for cell in table.cells if not cell.header],
            [cell.row_path for cell in table.cells if not cell.header],
        )
    )
    for cell in table.cells:
        if cell.box is None or cell.box.page != page:
            continue
        column = (*cell.column_path, cell.text) if cell.header else cell.column_path
        row = (*cell.row_path, cell.text) if cell.header else cell.row_path
        x0, top, x1, bottom = _pixels(cell.box, dpi)
        if column in columns:
            colour = PATHS[columns[column] % len(PATHS)]
            pen.rectangle((x0, top, x1, bottom), fill=(*colour, settings.column_tint))
        if row in rows:
            colour, wide = PATHS[rows[row] % len(PATHS)], settings.row_bar * dpi / 72
            pen.rectangle((x0, top, min(x1, x0 + wide), bottom), fill=(*colour, settings.row_tint))


def _number_blocks(pen, blocks: Sequence[Block], dpi: float) -> None:
    """Draw the numbers of a page's blocks in reading order, with a line from each to the next."""
    from PIL import ImageFont

    size = PagePictureSettings.current().number * dpi / 72
    font = ImageFont.load_default(size)
    corners = [_pixels(block.box, dpi)[:2] for block in blocks if block.box]
    for one, other in pairwise(corners):
        pen.line((*one, *other), fill=ORDER, width=1)
    for number, (x, y) in enumerate(corners, start=1):
        left, top, right, bottom = pen.textbbox((x, y), str(number), font=font, anchor="mm")
        pen.rectangle((left - 3, top - 2, right + 3, bottom + 2), fill=ORDER)
        pen.text((x, y), str(number), fill=(255, 255, 255), font=font, anchor="mm")


def _draw_outline(pen, box: BBox | None, dpi: float, colour: tuple[int, int, int], width: int = 1) -> None:
    if box is not None:
        pen.rectangle(_pixels(box, dpi), outline=colour, width=width)


def _pixels(box: BBox, dpi: float) -> tuple[float, float, float, float]:
    """Return a box in pixels, no side before the other."""
    x0, top, x1, bottom = (side * dpi / 72 for side in (box.x0, box.top, box.x1, box.bottom))
    return x0, top, max(x0, x1), max(top, bottom)
