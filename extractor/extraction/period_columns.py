"""Figures of tables with a column for each period: a field has that of the current one, if it says nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from extractor.candidates.period_cells import choose_period, is_of_period
from extractor.extraction.field_values import ExtractionContext, move_value
from extractor.schemas import Schema
from extractor.settings import Settings, rule
from extractor.types import Cell, Field, FieldValue, Table
from extractor.values import normalisation


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
            found = move_value(v, field, cell.start, cell.end, context, " ".join(cell.column_path))
            v = found if isinstance(found.value, int | float) else v
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
        if own is None or not is_of_period(own):
            return None
        return choose_period(field, (cell for cell in table.cells if cell.row == own.row))
    return None
