"""Tables of a sample as lists: their columns, with the values that stand in them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from extractor.candidates.entry_rows import is_total_name
from extractor.schema_design.draft import FieldType
from extractor.schema_design.labelled_values import LabelledValue, is_label
from extractor.schema_design.value_types import type_of_value, type_of_values
from extractor.settings import Settings, rule, threshold
from extractor.types import Cell, Document, Table
from extractor.values.label_similarity import normalise_label


@dataclass(frozen=True)
class SampleTableSettings(Settings):
    """Which tables of a sample are lists."""

    most_columns: int = threshold(30, unit="columns", meaning="Of a wider table, only so many columns are proposed.")
    pairs_in_two_columns: bool = rule(
        True, meaning="A table of names and values of several types is labels and values, not a list."
    )


@dataclass(frozen=True, slots=True)
class SampleColumn:
    """A column: the texts of its header, joined, and its cells in entries; `first` is the first that is not blank."""

    header: str
    cells: tuple[Cell, ...]

    @property
    def first(self) -> Cell | None:
        """Return the first cell that has a text."""
        return next((cell for cell in self.cells if cell.text.strip()), None)


@dataclass(frozen=True, slots=True)
class SampleTable:
    """A table with headers over its columns; `caption` is the heading above it, empty where that is none."""

    caption: str
    columns: tuple[SampleColumn, ...]
    start: int


def find_sample_tables(document: Document) -> tuple[list[SampleTable], list[LabelledValue]]:
    """Return the lists among the tables of a document, and the labelled values in others and in rows of totals."""
    lists: list[SampleTable] = []
    values: list[LabelledValue] = []
    for table in document.tables:
        columns = _columns(table)
        if not columns:
            continue
        if len(columns) == 2 and SampleTableSettings.current().pairs_in_two_columns and _are_pairs(columns):
            values += [
                LabelledValue(name.text, name.start, cell.start, cell.end)
                for name, cell in zip(*(column.cells for column in columns), strict=False)
                if is_label(name.text) and name.row == cell.row
            ]
            continue
        lists.append(SampleTable(_caption(table), columns, table.start))
        values += _totals(table)
    return lists, values


def _columns(table: Table) -> tuple[SampleColumn, ...]:
    """Return the columns under headers with their cells in entries, from left to right; none where a table has none."""
    cells: dict[int, list[Cell]] = defaultdict(list)
    headers: dict[int, str] = {}
    totals = _total_rows(table)
    for cell in table.cells:
        if cell.column_path and cell.row not in totals:
            names = dict.fromkeys(name.strip() for name in cell.column_path if name.strip())
            headers.setdefault(cell.column, " ".join(names))
            cells[cell.column].append(cell)
    columns = [SampleColumn(headers[n], tuple(cells[n])) for n in sorted(cells) if normalise_label(headers[n])]
    return tuple(columns[: SampleTableSettings.current().most_columns])


def _total_rows(table: Table) -> set[int]:
    """Return the numbers of the rows that a total begins."""
    rows: dict[int, list[Cell]] = defaultdict(list)
    for cell in table.cells:
        if cell.column_path:
            rows[cell.row].append(cell)
    firsts = ((n, next((c.text for c in row if c.text.strip()), "")) for n, row in rows.items())
    return {n for n, first in firsts if is_total_name(first)}


def _totals(table: Table) -> list[LabelledValue]:
    """Return the last value of each row of totals with the row's name."""
    found = []
    for n in sorted(_total_rows(table)):
        row = [cell for cell in table.cells if cell.row == n and cell.text.strip()]
        if len(row) > 1 and is_label(row[0].text) and type_of_value(row[-1].text).type is not FieldType.TEXT:
            found.append(LabelledValue(row[0].text.strip().rstrip(":："), row[0].start, row[-1].start, row[-1].end))
    return found


def _are_pairs(columns: tuple[SampleColumn, ...]) -> bool:
    """Decide whether two columns are names and values: no name twice, and values of several types."""
    names, values = ([cell.text.strip() for cell in column.cells] for column in columns)
    if len(set(names)) < len(names) or not all(map(is_label, names)):
        return False
    types = {type_of_value(text).type for text in values if text}
    return len(types) > 1 and type_of_values(values).type is FieldType.TEXT


def _caption(table: Table) -> str:
    """Return the heading right above the table, where it is a heading and no labelled line."""
    last = table.caption[-1].strip() if table.caption else ""
    return last if is_label(last) and not any(colon in last for colon in ":：") else ""
