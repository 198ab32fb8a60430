"""Worksheets of any spreadsheet format: what each shows becomes a heading and elements, what it hides hidden text."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from extractor.errors import InputError
from extractor.problems import ProblemKind
from extractor.readers.flow_writer import FlowElement, FlowParagraph
from extractor.readers.limits import SPLIT_FILE
from extractor.readers.sheet_regions import SheetCell, split_sheet
from extractor.types import Problem

MAX_CELLS = 500_000
MAX_ROWS = 1_048_576
MAX_COLUMNS = 16_384
"""The size of a sheet in Excel's newer formats, and in LibreOffice; a cell outside is a mistake in the file."""


@dataclass(slots=True)
class Worksheet:
    """The texts of one sheet by row and column, from 0, and what of it is hidden.

    `merged` are `(row, column, row span, column span)`; `hidden` are texts that are hidden cell by cell, and notes.
    """

    name: str
    visible: bool
    texts: dict[tuple[int, int], str] = field(default_factory=dict)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    hidden: list[str] = field(default_factory=list)


def too_many_cells(source: str) -> InputError:
    """Return the error for a workbook of more than MAX_CELLS cells."""
    return InputError(f"{source} has more than {MAX_CELLS:,} cells.", SPLIT_FILE)


def worksheet_elements(sheets: Iterable[Worksheet], problems: list[Problem]) -> Iterator[FlowElement]:
    """Yield the name of each visible sheet as a heading, what it shows, and as one hidden paragraph what it hides.

    Cells at places that no sheet has, such as row 0, are left out, with a Problem.
    """
    for sheet in sheets:
        _drop_places_outside(sheet, problems)
        shown, hidden = _split_hidden(sheet)
        if sheet.visible and shown:
            yield FlowParagraph(sheet.name, "heading", 1)
            yield from split_sheet(shown, level=2)
        elif shown:
            hidden = [cell.text for cell in shown] + hidden
        if hidden:
            yield FlowParagraph(f"{sheet.name}: " + " ".join(hidden), "hidden")


def _drop_places_outside(sheet: Worksheet, problems: list[Problem]) -> None:
    outside = [place for place in sheet.texts if not _is_on_sheet(*place)]
    for place in outside:
        del sheet.texts[place]
    sheet.merged = [
        (row, column, down, right)
        for row, column, down, right in sheet.merged
        if down > 0 and right > 0 and _is_on_sheet(row, column)
    ]
    if outside:
        row, column = outside[0]
        message = (
            f"{len(outside):,} cells of sheet {sheet.name} were not read: they stand where no sheet has a cell "
            f"(the first in row {row + 1:,}, column {column + 1:,})."
        )
        problems.append(Problem((), ProblemKind.NOT_READ, message))


def _is_on_sheet(row: int, column: int) -> bool:
    return 0 <= row < MAX_ROWS and 0 <= column < MAX_COLUMNS


def _split_hidden(sheet: Worksheet) -> tuple[list[SheetCell], list[str]]:
    """Return the cells that are shown, counted without hidden rows and columns, and the texts of the others."""
    hidden = list(sheet.hidden)
    spans = {(row, column): (down, right) for row, column, down, right in sheet.merged}
    hidden_rows, hidden_columns = sorted(sheet.hidden_rows), sorted(sheet.hidden_columns)
    cells = []
    for (row, column), text in sheet.texts.items():
        down, right = spans.get((row, column), (1, 1))
        top, height = _skip_hidden(hidden_rows, row, down)
        left, width = _skip_hidden(hidden_columns, column, right)
        if height and width:
            cells.append(SheetCell(text, top, left, height, width))
        else:
            hidden.append(text)
    return cells, hidden


def _skip_hidden(hidden: list[int], start: int, span: int) -> tuple[int, int]:
    """Return the start and length of a range of rows or columns, counted without the hidden ones."""
    before, inside = bisect_left(hidden, start), bisect_left(hidden, start + span)
    return start - before, span - (inside - before)
