"""Rows of tables with a column for each period: which of their cells a field is about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from extractor.tables import is_period
from extractor.types import Cell, Field
from extractor.values.years import find_years, is_of_current_period, is_of_previous_period, latest_periods

_PLANNED = re.compile(
    r"\b(?:budget\w*|plan\w*|forecast\w*|estimate\w*|projected|projection\w*|target\w*|outlook|guidance)\b|\d\s?[EF]$|"
    r"预算|预测|计划|目标|予想|見込",
    re.IGNORECASE,
)


def is_of_period(cell: Cell) -> bool:
    """Decide whether a cell stands under a year or a date."""
    return any(map(is_period, cell.column_path)) and bool(find_years(" ".join(cell.column_path)))


def _is_planned(cell: Cell) -> bool:
    """Decide whether a cell stands under a period that is yet to come: a plan, a forecast, an estimate."""
    return any(map(_PLANNED.search, cell.column_path))


def choose_period(field: Field, row: Iterable[Cell]) -> Cell | None:
    """Return the cell of the period that the field is about, None where fewer than two cells stand under periods.

    A field that names a year has the cell of that year; one that says nothing of periods has the latest, and one of the
    previous period the one before that.
    """
    cells = {cell.column: cell for cell in row if cell.text and is_of_period(cell) and not _is_planned(cell)}
    columns: Sequence[int] = latest_periods({column: cell.column_path for column, cell in cells.items()})
    if len(columns) < 2:
        return None
    about = f"{field.name} {field.title} {' '.join(field.labels)} {field.description}"
    if named := find_years(about):
        found = [c for c in columns if max(find_years(" ".join(cells[c].column_path))) in named]
        return cells[found[0]] if len(found) == 1 else None
    is_previous = is_of_previous_period(about) and not is_of_current_period(about)
    return cells[columns[1 if is_previous else 0]]
