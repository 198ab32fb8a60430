"""Find tables in plain text whose cells stand one to a line, as pages that are copied out of a browser have them.

    Arms
    Arm            <- the names of the columns, one under another
    Dose
    Patients
    A              <- the first row
    40 mg
    118
    ...

Nothing shows where a row ends but what repeats: with the right number of columns, the lines of each column are values
in every row, or texts in every row.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from extractor.settings import Settings, rule, threshold
from extractor.tables.cells import PlacedCell, UnplacedCell
from extractor.tables.text_lines import SENTENCE_END, LineKind, SourceLine, TextTable, TextTableSettings


@dataclass(frozen=True)
class StackedCellSettings(Settings):
    """When lines of a text are the cells of a table."""

    read_stacked: bool = rule(True, meaning="Lines that repeat in kind every so many lines are the cells of a table.")
    fewest_columns: int = threshold(3, unit="columns", meaning="Pairs of lines are labels with their values.")
    most_columns: int = threshold(12, unit="columns", meaning="A table with more is not looked for.")
    fewest_rows: int = threshold(2, unit="rows", meaning="Rows under the names of the columns.")
    most_lines: int = threshold(600, unit="lines", meaning="A longer stretch is not searched.")
    most_titles: int = threshold(
        2, unit="lines", meaning="Lines over the names of the columns, and under the last row."
    )


def read_stacked_cells(text: str, lines: Sequence[SourceLine], first: int) -> TextTable:
    """Return the table that the lines from `first` to the next blank one are, if they are one; else an empty one."""
    settings = StackedCellSettings.current()
    end = first
    while end < len(lines) and lines[end].kind is LineKind.TEXT:
        end += 1
    begins = first == 0 or lines[first - 1].kind is not LineKind.TEXT
    if not settings.read_stacked or not begins or not 0 < end - first <= settings.most_lines:
        return TextTable(first, end if begins else first + 1)
    cells = [UnplacedCell.from_span(text, line.start, line.end) for line in lines[first:end]]
    own = len(cells)
    while own and len(cells) - own < settings.most_titles and _is_prose(cells[own - 1]):
        own -= 1
    cells = cells[:own]
    if any(map(_is_prose, cells[settings.most_titles :])):
        return TextTable(first, end)
    for columns in range(settings.fewest_columns, settings.most_columns + 1):
        titles = len(cells) % columns
        if titles <= settings.most_titles and _is_grid(cells[titles:], columns):
            placed = [
                PlacedCell(cell.start, cell.end, n // columns, n % columns, header=n < columns)
                for n, cell in enumerate(cells[titles:])
            ]
            return TextTable(first + titles, end, placed=placed)
    return TextTable(first, end)


def _is_prose(cell: UnplacedCell) -> bool:
    return len(cell.text) > TextTableSettings.current().longest_caption or cell.text.endswith(SENTENCE_END)


def _is_grid(cells: Sequence[UnplacedCell], columns: int) -> bool:
    """Decide whether so many names are followed by rows, in which some columns are all values and some all texts."""
    header, body = cells[:columns], cells[columns:]
    if len(body) < StackedCellSettings.current().fewest_rows * columns or any(map(_is_figure, header)):
        return False
    kinds = [{_is_figure(cell) for cell in body[column::columns]} for column in range(columns)]
    return all(len(kind) == 1 for kind in kinds) and {True} in kinds and {False} in kinds


def _is_figure(cell: UnplacedCell) -> bool:
    """Decide whether a cell is a value, or figures with a unit or others in brackets: `61.2 (9.8)`, `40 mg`."""
    begins = re.match(r"[-+−<>≤≥~±]?\s*[$€£¥]?\d", cell.text) is not None
    return cell.kind == "value" or (begins and re.search(r"[^\W\d_]{3}", cell.text) is None)
