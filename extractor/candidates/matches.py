"""The nouns of the proposers: places in a document that answer a field, or may."""

from __future__ import annotations

from dataclasses import dataclass

from extractor.types import Path, Table


@dataclass(frozen=True, slots=True)
class StructuralMatch:
    """A place in the document that answers a field: `text[start:end]`, empty for a blank cell.

    `context` is what stands around the value and may tell its unit (headers, captions); `score` is 0..1. `more` are
    further stretches that the value goes on with: the lines of a wrapped cell, where other cells stand between them.
    """

    path: Path
    start: int
    end: int
    score: float
    context: str = ""
    more: tuple[tuple[int, int], ...] = ()


OVER_ROWS = -1
"""In place of a column: what is printed over the rows, once for all or for each section."""


@dataclass(frozen=True, slots=True)
class EntryCell:
    """A cell of an entry: its column, the header over it (empty for none), and the stretches of text in it.

    The column is `OVER_ROWS` for the heading over the rows of which the entry is one.
    """

    column: int
    name: str
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class TableRowsMatch:
    """The rows that answer an array; the paths in a row are those of the array's items, within an element.

    `tables` are the tables they are in, none where they are lines of text. `left_out` are rows of the same region that
    are no elements: `(start, end, role)`, the role as in `entry_rows.RowRole`. `cells` are all cells of each row, those
    that answer nothing too; empty where nobody has told them apart.
    """

    path: Path
    rows: tuple[tuple[StructuralMatch, ...], ...]
    tables: tuple[Table, ...]
    score: float
    left_out: tuple[tuple[int, int, str], ...] = ()
    cells: tuple[tuple[EntryCell, ...], ...] = ()
    inner: tuple[tuple[tuple[EntryCell, ...], ...], ...] = ()


@dataclass(frozen=True, slots=True)
class LayoutCandidate:
    """A stretch of the document that stands where a label's value would stand; `score` is 0..1."""

    start: int
    end: int
    score: float
