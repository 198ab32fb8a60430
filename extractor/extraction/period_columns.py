"""Figures of tables with a column for each period: a field has that of the current one, if it says nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from extractor.extraction.field_values import ExtractionContext, value_from_evidence
from extractor.grounding.occurrences import make_evidence
from extractor.schemas import Schema
from extractor.settings import Settings, rule
from extractor.tables import is_period
from extractor.types import Cell, Field, FieldValue, Table
from extractor.values import normalisation
from extractor.values.years import find_years, is_of_current_period, is_of_previous_period, latest_periods


@dataclass(frozen=True)
class PeriodColumnSettings(Settings):
    """Whether the period that a field is about decides between the columns of a row."""

    follow_periods: bool = rule(
        True,
        meaning="A model's figure moves along its row, from under 2029 to under 2030: the latest period is the current "
        "one, and the one before it the previous period.",
    )


def move_to_period(values: Sequence[FieldValue], schema: Schema, context: ExtractionContext) -> list[FieldValue]:
    """Return the values, with each figure of a model in the column of the period that its field is about.

    A field that names a year has the column of that year, where there is one; one that says nothing has the latest.
    """
    if not PeriodColumnSettings.current().follow_periods:
        return list(values)
    fields = {f.path: f for f in schema.fields if f.type in normalisation.NUMERIC_TYPES and f.copied}
    moved = []
    for v in values:
        field = fields.get(v.path)
        cell = _find_cell_of_period(v, field, context.document.tables) if field is not None else None
        if field is not None and cell is not None and v.evidence is not None and v.evidence.start != cell.start:
            evidence = make_evidence(context.document, cell.start, cell.end)
            surroundings = " ".join(cell.column_path)
            found = value_from_evidence(field, v.path, evidence, surroundings, v.confidence or 0.0, v.method, context)
            if isinstance(found.value, int | float):
                v = replace(v, value=found.value, evidence=found.evidence, problems=found.problems)
        moved.append(v)
    return moved


def _find_cell_of_period(value: FieldValue, field: Field, tables: Sequence[Table]) -> Cell | None:
    """Return the cell, in the row that the value is from, of the period that the field is about."""
    if value.method != "model" or value.evidence is None:
        return None
    start, end = value.evidence.start, value.evidence.end
    for table in tables:
        if not table.start <= start < table.end:
            continue
        own = next((cell for cell in table.cells if cell.start <= start and end <= cell.end and cell.text), None)
        if own is None or not _is_of_period(own):
            return None
        row = {cell.column: cell for cell in table.cells if cell.row == own.row and cell.text and _is_of_period(cell)}
        columns = latest_periods({column: cell.column_path for column, cell in row.items()})
        return row[column] if (column := _choose(field, columns, row)) is not None else None
    return None


def _is_of_period(cell: Cell) -> bool:
    return any(map(is_period, cell.column_path)) and bool(find_years(" ".join(cell.column_path)))


def _choose(field: Field, columns: Sequence[int], row: dict[int, Cell]) -> int | None:
    """Return the column that a field is about, of those of a row from the latest period on."""
    about = f"{field.name} {field.title} {' '.join(field.labels)} {field.description}"
    if len(columns) < 2:
        return None
    if named := find_years(about):
        found = [c for c in columns if max(find_years(" ".join(row[c].column_path))) in named]
        return found[0] if len(found) == 1 else None
    is_previous = is_of_previous_period(about) and not is_of_current_period(about)
    return columns[1] if is_previous else columns[0]
