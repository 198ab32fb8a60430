"""Writes a PDF page that was read: words of the file, and those that OCR read, in reading order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from statistics import median
from typing import TYPE_CHECKING

from extractor.geometry import PlacedWord, Rect
from extractor.layout import LayoutBlock, TableBlock, find_grids, order_page
from extractor.problems import ProblemKind
from extractor.readers.page_writer import PageWriter
from extractor.readers.pdf_content import PageContent
from extractor.readers.pdf_glyphs import GlyphRun
from extractor.readers.pdf_page import PageReading, PdfPage
from extractor.readers.pdf_reading import PdfReadingSettings
from extractor.readers.pdf_regions import is_covered
from extractor.readers.pdf_words import CellWalls, dominant_turn, split_at_walls, split_words
from extractor.readers.scanned import rotate_box
from extractor.settings import Settings, threshold
from extractor.types import Problem

if TYPE_CHECKING:
    from extractor.ocr import ScannedPage

_RUNS_OF_A_PART = 10_000
"""Text runs are numbered apart from those of the file, and from those of other parts of the page."""


@dataclass(frozen=True)
class PdfLayoutSettings(Settings):
    """Where words in pictures are put among the words of the file."""

    inline_height: float = threshold(
        2.5,
        unit="median font sizes",
        meaning="a picture lower than this is one line, among the words around it",
    )


def write_pdf_page(writer: PageWriter, page: PdfPage, reading: PageReading) -> list[Problem]:
    """Write a page, an empty one where it is broken, and return its problems."""
    content, number = page.content, page.number
    if content is None:
        writer.write_page(number, 0.0, 0.0, [])
        return list(reading.problems)
    hidden = [run.to_word(content.frame) for run in split_words(list(reading.hidden))]
    problems = list(reading.problems)
    if content.dropped:
        message = f"Page {number}: {content.dropped:,} characters over the limit were left out; split the page."
        problems.append(Problem((), ProblemKind.CUT_OFF, message))
    if reading.page is None:
        writer.write_page(number, *content.size, _order_parts(content, reading), hidden)
    else:
        _write_scan(writer, number, content, reading, reading.page, hidden)
    return problems


def _write_scan(
    writer: PageWriter,
    number: int,
    content: PageContent,
    reading: PageReading,
    page: ScannedPage,
    hidden: Sequence[PlacedWord],
) -> None:
    """Write a page that OCR read as a whole, with the words of the file among those of OCR."""
    straight_size = page.width, page.height

    def straighten(word: PlacedWord) -> PlacedWord:
        box = rotate_box(word.page_box or word.box, page.turn, content.size, straight_size)
        is_level = round(page.turn / 90) % 4 == 0
        return replace(word, box=box, page_box=None) if is_level else replace(word, page_box=box)

    own = [straighten(run.to_word(content.frame)) for run in split_words(list(reading.shown))]
    own_boxes = [word.page_box or word.box for word in own]
    scanned = [word for word in page.words if not is_covered(word.box, own_boxes)]
    horizontal, vertical = list(page.horizontal_lines), list(page.vertical_lines)
    if page.turn == 0:
        own_lines = content.ruling_lines(0)
        horizontal, vertical = horizontal + own_lines[0], vertical + own_lines[1]
    level = [word for word in own if word.page_box is None]
    blocks = order_page([*scanned, *level], find_grids(horizontal, vertical), horizontal)
    blocks += order_page([word for word in own if word.page_box is not None])
    hidden = [straighten(word) for word in hidden]
    writer.write_page(number, page.width, page.height, blocks, hidden, turn=page.turn)


def _order_parts(content: PageContent, reading: PageReading) -> list[LayoutBlock]:
    """Return the blocks of a page in reading order, with the words that OCR read in parts of its picture.

    A picture of one line belongs among the words around it, like a number that was put in as a picture; what is in a
    larger one stays together, at the place where it begins.
    """
    frame, turn = content.frame, dominant_turn(reading.shown)
    by_turn: dict[int, list[GlyphRun]] = defaultdict(list)
    for run in reading.shown:
        by_turn[run.style.turn].append(run)
    horizontal, vertical = content.ruling_lines(turn)
    grids = find_grids(horizontal, vertical)
    main = split_words(by_turn.pop(turn, []))
    if grids:
        walls = [CellWalls(grid) for grid in grids]
        main = [piece for run in main for piece in split_at_walls(run, walls)]
    words = [run.to_word(frame) for run in main]
    inline_height = PdfLayoutSettings.current().inline_height
    tallest = inline_height * median(word.font_size for word in words) if words else 0.0
    taken = [run.page_box(frame) for run in reading.shown]
    separate: list[tuple[Rect, list[LayoutBlock]]] = []
    for number, (box, page) in enumerate(reading.parts, start=1):
        found = _place_part_words(box, page, taken, number)
        is_level = not turn and round(page.turn / 90) % 4 == 0
        if is_level and box.height < tallest:
            words += [_put_on_page(word) for word in found]
        elif found:
            blocks = order_page(found, find_grids(page.horizontal_lines, page.vertical_lines), page.horizontal_lines)
            separate.append((box, [_move_block(block, partial(_from_part, page=page, onto=box)) for block in blocks]))
    blocks = order_page(words, grids, horizontal)
    ordered = [_move_block(block, partial(frame.from_reading, turn=turn)) for block in blocks]
    for other_turn, runs in by_turn.items():
        blocks = order_page([run.to_word(frame) for run in split_words(runs)])
        ordered += [_move_block(block, partial(frame.from_reading, turn=other_turn)) for block in blocks]
    for box, blocks in separate:
        at = next((at for at, block in enumerate(ordered) if _block_top(block) >= box.top), len(ordered))
        ordered[at:at] = blocks
    return ordered


def _place_part_words(box: Rect, page: ScannedPage, taken: Sequence[Rect], number: int) -> list[PlacedWord]:
    """Return the words that OCR read in a part of a page, with their places on it, except where the file has words."""
    least = PdfReadingSettings.current().sure_word
    found = []
    for word in page.words:
        place = _from_part(word.page_box or word.box, page, box)
        if (word.confidence or 0) >= least and not is_covered(place, taken):
            found.append(replace(word, page_box=place, text_run=-1 - word.text_run - _RUNS_OF_A_PART * number))
    return found


def _put_on_page(word: PlacedWord) -> PlacedWord:
    """Return the word with its place on the page as its box, and its baseline there."""
    baseline = word.baseline - word.box.bottom + word.page_box.bottom
    return replace(word, box=word.page_box, page_box=None, baseline=baseline)


def _from_part(box: Rect, page: ScannedPage, onto: Rect) -> Rect:
    """Return where a box of a straightened part is on the page from which `onto` was cut out."""
    place = rotate_box(box, -page.turn, (page.width, page.height), (onto.width, onto.height))
    return Rect(place.x0 + onto.x0, place.top + onto.top, place.x1 + onto.x0, place.bottom + onto.top)


def _move_block(block: LayoutBlock, move: Callable[[Rect], Rect]) -> LayoutBlock:
    """Return the block with the boxes of its table and cells moved; words have a place of their own."""
    if not isinstance(block, TableBlock):
        return block
    cells = tuple(replace(cell, box=move(cell.box)) for cell in block.cells)
    return replace(block, box=move(block.box), cells=cells)


def _block_top(block: LayoutBlock) -> float:
    if isinstance(block, TableBlock):
        return block.box.top
    words = (word for line in block.lines for segment in line.segments for word in segment.words)
    return min((word.page_box or word.box).top for word in words)
