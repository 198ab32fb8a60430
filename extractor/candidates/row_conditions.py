"""Which rows of a table a list has: the conditions of its description, as a model writes them down and code applies.

A small model reads `only debits of 100 or more` well enough to say which column is compared with what. It does not tell
row by row, without a mistake, which of two hundred amounts are at least 100.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from extractor.candidates.entry_grids import EntryGrid, PlacedText
from extractor.candidates.list_columns import filled_cells
from extractor.decoding import Slot
from extractor.settings import Settings, threshold
from extractor.types import Field, path_text
from extractor.values import numbers


@dataclass(frozen=True)
class RowConditionSettings(Settings):
    """How a table is shown whose rows a description chooses among, and which conditions are believed."""

    sample_cells: int = threshold(3, unit="cells", meaning="So many cells of each column are shown.")
    longest_sample: int = threshold(32, unit="characters", meaning="A longer cell is cut.")
    max_conditions: int = threshold(3, unit="conditions", meaning="A list has no more that hold together.")


_COMPARISONS: Mapping[str, Callable[[Decimal, Decimal], bool]] = {
    "<": lambda value, limit: value < limit,
    "<=": lambda value, limit: value <= limit,
    ">": lambda value, limit: value > limit,
    ">=": lambda value, limit: value >= limit,
    "==": lambda value, limit: value == limit,
    "!=": lambda value, limit: value != limit,
}
_TEXT_TESTS = ("contains", "does not contain")


@dataclass(frozen=True)
class RowCondition:
    """A condition that a row meets: the cell of `column` compared with a number, or asked for a text."""

    column: int
    operator: str
    value: Decimal | str

    def holds(self, row: Mapping[int, PlacedText]) -> bool:
        """Decide whether a row meets the condition; a row without the cell, or without a number in it, does not."""
        cell = row.get(self.column)
        text = cell.text if cell is not None else ""
        if isinstance(self.value, str):
            has_text = self.value.casefold() in text.casefold()
            return has_text if self.operator == "contains" else not has_text
        number = numbers.parse_number(text)
        return number is not None and _COMPARISONS[self.operator](number.value, self.value)


@dataclass(frozen=True)
class ConditionQuestion:
    """A question about the rows of a grid; `columns` are the columns that the letters stand for."""

    text: str
    slots: tuple[Slot, ...]
    columns: Mapping[str, int]


def make_condition_question(field: Field, grid: EntryGrid) -> ConditionQuestion:
    """Return the question which rows of the grid the list's description means."""
    settings = RowConditionSettings.current()
    columns = dict(zip(string.ascii_uppercase, range(len(grid.names)), strict=False))
    lines = ["A table has these columns:"]
    for letter, column in columns.items():
        header = " ".join(dict.fromkeys(grid.names[column])) or "(no header)"
        cells = [cell.text[: settings.longest_sample] for cell in filled_cells(grid, column)[: settings.sample_cells]]
        lines.append(f"{letter}: {header} | {'; '.join(cells)}")
    lines.append(f"Only some of its rows are wanted, as {path_text(field.path)}: {field.description}")
    lines.append(
        "Which conditions does a wanted row meet, all of them together? Write for each the letter of the column, how "
        f"its cell is compared ({', '.join(_COMPARISONS)} with a number; {', '.join(_TEXT_TESTS)} a text), and with "
        "what, with the sign that the cells have."
    )
    condition = {
        "type": "object",
        "properties": {
            "column": {"enum": list(columns)},
            "operator": {"enum": [*_COMPARISONS, *_TEXT_TESTS]},
            "value": {"type": ["number", "string"]},
        },
        "required": ["column", "operator", "value"],
        "additionalProperties": False,
    }
    schema = {"type": "array", "items": condition, "minItems": 1, "maxItems": settings.max_conditions}
    return ConditionQuestion("\n".join(lines), (Slot("conditions", "json", schema=schema, nullable=False),), columns)


def read_conditions(question: ConditionQuestion, answer: Any, field: Field, grid: EntryGrid) -> list[RowCondition]:
    """Return the conditions of an answer; none where one of them is not grounded.

    A number has to be in the list's description, its sign aside, or 0; a text in the description or in a cell of its
    column. Nothing else would tell a condition that the model made up.
    """
    conditions = []
    said = {abs(n.value) for m in re.findall(r"\d[\d.,]*\d|\d", field.description) if (n := numbers.parse_number(m))}
    for written in answer if isinstance(answer, list) else ():
        column, operator, value = question.columns[written["column"]], written["operator"], written["value"]
        if isinstance(value, str) and operator in _COMPARISONS and (number := numbers.parse_number(value)):
            value = number.value
        if isinstance(value, str):
            cells = [cell.text.casefold() for cell in filled_cells(grid, column)]
            operator = {"==": "contains", "!=": "does not contain"}.get(operator, operator)
            known = value.casefold() in field.description.casefold() or any(value.casefold() in c for c in cells)
            if not value.strip() or operator in _COMPARISONS or not known:
                return []
            conditions.append(RowCondition(column, operator, value))
        else:
            limit = Decimal(str(value))
            if operator in _TEXT_TESTS or (limit and abs(limit) not in said):
                return []
            conditions.append(RowCondition(column, operator, limit))
    return conditions


def select_rows(grid: EntryGrid, conditions: Sequence[RowCondition]) -> tuple[Mapping[int, PlacedText], ...]:
    """Return the rows of a grid that meet all conditions."""
    return tuple(row for row in grid.rows if all(condition.holds(row) for condition in conditions))
