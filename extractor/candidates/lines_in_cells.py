"""Lines within the cells of a list: one for each name of a stacked header, or one for each element of an inner list.

CAS No.      Classification
EC No.
141-78-6     Flam. Liq. 2
205-500-4    Eye Irrit. 2
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from extractor.candidates.cell_parts import lines_of
from extractor.candidates.column_names import place_names
from extractor.candidates.list_columns import is_column_item, is_list_of_values
from extractor.candidates.matches import EntryCell, StructuralMatch, TableRowsMatch
from extractor.schemas.subschemas import readable_name
from extractor.settings import Settings, rule, threshold
from extractor.types import Field, Path
from extractor.values import normalisation

Span = tuple[int, int]


@dataclass(frozen=True)
class CellLineSettings(Settings):
    """When the lines of a cell are values of their own."""

    read_stacked_headers: bool = rule(
        True, meaning="Where a header names as many items as its cells have lines, each line is one of them."
    )
    read_listed_lines: bool = rule(True, meaning="The lines of a cell are the elements of a list of plain values.")
    read_units: bool = rule(
        True, meaning="An item that is named for a unit and has no column is what stands behind the numbers of another."
    )
    min_share: float = threshold(0.6, meaning="Least share of the rows whose cells have so many lines.")
    score: float = threshold(0.75, meaning="What a line counts.")


def read_lines_of_cells(field: Field, match: TableRowsMatch, text: str) -> TableRowsMatch:
    """Return the rows with what single lines of their cells hold; the cells are by lines (`cells_by_lines`)."""
    settings = CellLineSettings.current()
    rows = match.rows
    if len(match.cells) != len(rows):
        return match
    if settings.read_stacked_headers:
        for column, name in _columns(match.cells).items():
            rows = _by_stacked_header(field, rows, match.cells, column, name, text)
    if settings.read_listed_lines:
        for item in field.items:
            if is_list_of_values(item):
                rows = _by_listed_lines(item.path, rows, match.cells, text)
    if settings.read_units:
        rows = _with_units(field, rows, match.cells, text)
    return replace(match, rows=rows)


Rows = tuple[tuple[StructuralMatch, ...], ...]
Cells = Sequence[tuple[EntryCell, ...]]


def _columns(cells: Cells) -> dict[int, str]:
    return {cell.column: cell.name for row in cells for cell in row if cell.name}


def _by_stacked_header(field: Field, rows: Rows, cells: Cells, column: int, name: str, text: str) -> Rows:
    """Return the rows with a line of each cell of a column for each item that its header names, in their order."""
    items = place_names([item for item in field.items if is_column_item(item)], name)
    by_row = [next((lines_of(c, text) for c in own if c.column == column), []) for own in cells]
    filled = [lines for lines in by_row if lines]
    stacked = sum(len(lines) == len(items) for lines in filled)
    if len(items) < 2 or stacked < max(2, CellLineSettings.current().min_share * len(filled)):
        return rows
    named = {item.path for item in items}
    read = []
    for row, lines in zip(rows, by_row, strict=True):
        if len(lines) != len(items):
            read.append(row)
            continue
        kept = tuple(m for m in row if m.path not in named or not lines[0][0] <= m.start < lines[-1][1])
        own = (_line(item.path, line, name, text) for item, line in zip(items, lines, strict=True))
        read.append((*kept, *own))
    return tuple(read)


def _line(path: Path, line: Span, name: str, text: str) -> StructuralMatch:
    """Return a line as the value at a path; one without a word or a figure is blank."""
    start, end = line if re.search(r"\w", text[slice(*line)]) else (line[0], line[0])
    return StructuralMatch(path, start, end, CellLineSettings.current().score, name)


def _by_listed_lines(path: Path, rows: Rows, cells: Cells, text: str) -> Rows:
    """Return the rows with the lines of a cell as the elements of an inner list, where no line goes on in the next."""
    found = [_lines_of_list(path, row, own, text) for row, own in zip(rows, cells, strict=True)]
    filled = [lines for lines in found if lines]
    several = sum(len(lines) > 1 and not _goes_on(lines, text) for lines in filled)
    if not filled or several < CellLineSettings.current().min_share * len(filled):
        return rows
    read = []
    for row, lines in zip(rows, found, strict=True):
        score = next((m.score for m in row if m.path[: len(path)] == path), 0.0)
        kept = tuple(m for m in row if not lines or m.path[: len(path)] != path)
        read.append((*kept, *(StructuralMatch((*path, n), *line, score) for n, line in enumerate(lines))))
    return tuple(read)


def _lines_of_list(path: Path, row: Sequence[StructuralMatch], cells: Sequence[EntryCell], text: str) -> list[Span]:
    """Return the lines of the one cell that the elements of a list stand in."""
    elements = [m for m in row if m.path[: len(path)] == path]
    for cell in cells if elements else ():
        lines = lines_of(cell, text)
        if lines and all(lines[0][0] <= m.start and m.end <= lines[-1][1] for m in elements):
            return lines
    return []


def _goes_on(lines: Sequence[Span], text: str) -> bool:
    """Decide whether a line after the first one goes on with the one before: in lower case, or after a comma."""
    return any(text[start].islower() for start, _ in lines[1:]) or any(_ends_open(line, text) for line in lines[:-1])


def _ends_open(line: Span, text: str) -> bool:
    return text[line[1] - 1] in ",，、;；-/"


_UNIT_NAMES = frozenset(
    {"unit", "units", "uom", "unit of measure", "einheit", "unité", "unidad", "unità", "单位", "単位"}
)
_BEHIND_NUMBER = re.compile(r"\s*(?P<unit>[^\W\d_]{1,5}[²³]?(?:/[^\W\d_]{1,3})?|%|‰)\s*$")


def _with_units(field: Field, rows: Rows, cells: Cells, text: str) -> Rows:
    """Return the rows with the unit behind the first number that has one, for an item named for it without a column."""
    held = {m.path for row in rows for m in row}
    wanted = [i for i in field.items if readable_name(i.name).casefold() in _UNIT_NAMES and i.path not in held]
    numbers = [i.path for i in field.items if normalisation.value_kind(i) in normalisation.NUMERIC_TYPES]
    if len(wanted) != 1 or wanted[0].type != "string":
        return rows
    units = [_unit_behind(row, own, numbers, text) for row, own in zip(rows, cells, strict=True)]
    if not rows or sum(unit is not None for unit in units) < CellLineSettings.current().min_share * len(rows):
        return rows
    path, score = wanted[0].path, CellLineSettings.current().score
    found = (StructuralMatch(path, *unit, score) if unit else None for unit in units)
    return tuple((*row, unit) if unit else row for row, unit in zip(rows, found, strict=True))


def _unit_behind(
    row: Sequence[StructuralMatch], cells: Sequence[EntryCell], numbers: Sequence[Path], text: str
) -> Span | None:
    """Return where the unit stands behind one of the numbers of a row, at the end of its line; None without one."""
    for m in row:
        line = next(
            (line for cell in cells for line in lines_of(cell, text) if line[0] <= m.start and m.end <= line[1]), None
        )
        if m.path in numbers and line and m.end > m.start:
            number = re.compile(r"[\d.,]+").match(text, m.start, line[1])
            found = number and _BEHIND_NUMBER.match(text, number.end(), line[1])
            if found:
                return found.span("unit")
    return None
