"""Two columns that a reader took for one: a header that names two items over cells that hold a value of each.

`Load Vehicle` over `1 KX19 LDO` is `Load` over `1` and `Vehicle` over `KX19 LDO`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from extractor.candidates.column_names import place_names
from extractor.candidates.entry_grids import EntryGrid, PlacedText
from extractor.candidates.list_columns import is_column_item, is_list_of_values
from extractor.settings import Settings, rule, threshold
from extractor.tables import collapse_whitespace
from extractor.types import Field
from extractor.values import normalisation


@dataclass(frozen=True)
class JoinedColumnSettings(Settings):
    """When a column is two."""

    part_joined: bool = rule(True, meaning="A header of two names over cells of two values is of two columns.")
    min_share: float = threshold(0.8, meaning="Least share of the cells that have a value of each item.")


def part_joined_columns(items: Sequence[Field], grid: EntryGrid, text: str) -> EntryGrid:
    """Return the grid with two columns in the place of each that has two names, as the items are called.

    A cell is parted before its last word if the second item is a number, else behind its first one.
    """
    settings = JoinedColumnSettings.current()
    own = [item for item in items if is_column_item(item) or is_list_of_values(item)]
    column = 0
    while settings.part_joined and column < len(grid.names):
        names = grid.names[column]
        named = place_names(own, names[-1]) if names else []
        cells = [row[column] for row in grid.rows if column in row and row[column].text and len(row) > 1]
        parted = {cell: pieces for cell in cells if len(named) == 2 and (pieces := _part(cell, named, text))}
        if len(parted) > 1 and len(parted) >= settings.min_share * len(cells):
            grid = _with_two(grid, column, named, parted)
            column += 1
        column += 1
    return grid


def _part(cell: PlacedText, named: Sequence[Field], text: str) -> tuple[PlacedText, PlacedText] | None:
    """Return the two values in a cell; None where it has one word, or a number would be none."""
    words = [m.span() for m in re.finditer(r"\S+", text[cell.start : cell.end])]
    first, second = (normalisation.value_kind(item) in normalisation.NUMERIC_TYPES for item in named)
    if len(words) < 2 or (first == second and len(words) > 2):
        return None
    at = len(words) - 1 if second else 1
    before = _piece(cell, words[0][0], words[at - 1][1], text)
    behind = _piece(cell, words[at][0], words[-1][1], text)
    for item, piece in zip(named, (before, behind), strict=True):
        kind = normalisation.value_kind(item)
        if kind is not None and not normalisation.find_spans(kind, piece.text):
            return None
    return before, behind


def _piece(cell: PlacedText, start: int, end: int, text: str) -> PlacedText:
    start, end = cell.start + start, cell.start + end
    return replace(cell, start=start, end=end, text=collapse_whitespace(text[start:end]))


def _with_two(
    grid: EntryGrid,
    column: int,
    named: Sequence[Field],
    parted: dict[PlacedText, tuple[PlacedText, PlacedText]],
) -> EntryGrid:
    """Return the grid with the pieces of a column's cells in two columns; a cell that is whole stays in the second."""
    over = grid.names[column][:-1]
    names = (*grid.names[:column], *((*over, item.labels[0]) for item in named), *grid.names[column + 1 :])
    rows = []
    for row in grid.rows:
        moved = {c + (c > column): cell for c, cell in row.items() if c != column}
        if column in row:
            pieces = parted.get(row[column])
            moved |= {column: pieces[0], column + 1: pieces[1]} if pieces else {column + 1: row[column]}
        rows.append(moved)
    return replace(grid, names=names, rows=tuple(rows))
