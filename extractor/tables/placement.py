"""Cells of a flattened table as they are being placed on a grid, and what could not be reconciled."""

from __future__ import annotations

from dataclasses import dataclass, field

from extractor.problems import ProblemKind
from extractor.tables.cells import PlacedCell, UnplacedCell
from extractor.types import Problem


@dataclass(slots=True)
class CellPlacement:
    """A cell on its place, which may still grow; `is_marked` when the source itself marks it as a header."""

    cell: UnplacedCell
    row: int
    column: int
    row_span: int = 1
    column_span: int = 1
    is_marked: bool = False


@dataclass(slots=True)
class GridPlacement:
    """Cells on a grid, and problems that name the rows whose number of cells could not be reconciled with the others.

    `may_end_early` says that rows of this table may lack blank cells at their end.
    """

    may_end_early: bool = False
    placed: list[CellPlacement] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def cells(self) -> list[PlacedCell]:
        """Return the cells with their final places."""
        return [
            PlacedCell(p.cell.start, p.cell.end, p.row, p.column, p.row_span, p.column_span, p.is_marked)
            for p in self.placed
        ]


def count_problem(row: int, found: int, expected: int) -> Problem:
    """Return the problem of a row, counted from 0, whose number of cells is not that of the other rows."""
    message = f"row {row + 1} has {found} cells where {expected} are expected; check its values' columns"
    return Problem((), ProblemKind.TABLE_ROWS, message)
