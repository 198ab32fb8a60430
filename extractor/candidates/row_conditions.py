"""Which rows of a table a list has: the conditions of its description, as a model writes them down and code applies.

A small model reads `only debits of 100 or more` well enough to say which column is compared with what. It does not tell
row by row, without a mistake, which of two hundred amounts are at least 100.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import product

from extractor.candidates.entry_grids import EntryGrid, PlacedText
from extractor.candidates.list_columns import ColumnMatch, filled_cells
from extractor.decoding import Slot
from extractor.settings import Settings, threshold
from extractor.values import normalisation, numbers


@dataclass(frozen=True)
class RowConditionSettings(Settings):
    """How a table is shown whose rows a description chooses among, and which conditions there may be."""

    sample_cells: int = threshold(3, unit="cells", meaning="So many cells of each column are shown.")
    longest_sample: int = threshold(32, unit="characters", meaning="A longer cell is cut.")
    min_figures: float = threshold(0.8, meaning="A column with this share of numbers can be compared with one.")
    max_texts: int = threshold(30, unit="texts", meaning="A column is asked for no more different texts.")


_COMPARISONS: Mapping[str, Callable[[Decimal, Decimal], bool]] = {
    "<": lambda value, limit: value < limit,
    "<=": lambda value, limit: value <= limit,
    ">": lambda value, limit: value > limit,
    ">=": lambda value, limit: value >= limit,
    "==": lambda value, limit: value == limit,
}
_NUMBER = re.compile(r"(?<![A-Za-z\d.,_-])[-−]?(?:\d[\d.,]*\d|\d)")
_IS_TEXT: Mapping[str, bool] = {"is": True, "is not": False}


@dataclass(frozen=True)
class RowCondition:
    """A condition that a row meets: the cell of `column` compared with a number, or equal to a text or not."""

    column: int
    operator: str
    value: Decimal | str

    def holds(self, row: Mapping[int, PlacedText]) -> bool:
        """Decide whether a row meets the condition; a row without a number to compare does not."""
        cell = row.get(self.column)
        text = cell.text if cell is not None else ""
        if isinstance(self.value, str):
            return (self.value.casefold() == text.casefold()) is _IS_TEXT[self.operator]
        number = numbers.parse_number(text)
        return number is not None and _COMPARISONS[self.operator](number.value, self.value)


@dataclass(frozen=True)
class ConditionQuestion:
    """A question about the rows of a grid; `conditions` are those that the slots choose among, as they are written."""

    text: str
    slots: tuple[Slot, ...]
    conditions: Mapping[str, RowCondition]


def make_condition_question(match: ColumnMatch) -> ConditionQuestion | None:
    """Return the question which rows of a grid the list's description means; None where it names nothing to compare.

    Conditions are written out for a model to choose one, and another where the description names more than one thing.
    A cell is compared with a number of the description, with either sign if it is printed without a minus, or with 0 if
    there are none, in a column that an item has; or with a text that is both in the description and in its column.
    """
    description, grid, own = match.field.description, match.grid, set(match.columns.values())
    settings = RowConditionSettings.current()
    said = _numbers_in(description)
    signed = {n for n in said if n < 0}
    unsigned = {n for n in said if n > 0 and -n not in signed}
    limits = sorted({*signed, *unsigned, *(-n for n in unsigned)} or {Decimal(0)})
    comparisons = {limit: _said_comparisons(limit, description) or tuple(_COMPARISONS) for limit in limits}
    lines = ["A table has these columns:"]
    conditions: dict[str, RowCondition] = {}
    named = len(signed | unsigned)
    for column, names in enumerate(grid.names):
        header = " ".join(dict.fromkeys(names)) or f"column {column + 1}"
        cells = [cell.text for cell in filled_cells(grid, column)]
        samples = "; ".join(text[: settings.longest_sample] for text in cells[: settings.sample_cells])
        lines.append(f"{header} | {samples}")
        figures = sum(numbers.parse_number(text) is not None for text in cells)
        if column in own and cells and figures >= settings.min_figures * len(cells) and not _are_dates(cells):
            for limit, operators in comparisons.items():
                for operator in operators:
                    conditions[f"{header} {operator} {limit:f}"] = RowCondition(column, operator, limit)
        texts = sorted({text for text in cells if len(text) > 1 and _names(text, description)})
        named += bool(texts)
        for operator, text in product(_IS_TEXT, texts[: settings.max_texts]):
            conditions[f"{header} {operator} {text}"] = RowCondition(column, operator, text)
    if not conditions:
        return None
    lines.append(f"Only these rows are wanted: {description}")
    lines.append("Which condition does a wanted row meet?")
    schema = {"enum": list(conditions)}
    slots = [Slot("condition", "json", schema=schema, nullable=False)]
    if named > 1:
        slots.append(Slot("and", "json", schema={"enum": [*conditions, None]}))
    return ConditionQuestion("\n".join(lines), tuple(slots), conditions)


def _numbers_in(description: str) -> set[Decimal]:
    """Return the numbers that a description has, without needless decimals; those after a minus are negative."""
    found = (numbers.parse_number(m) for m in _NUMBER.findall(description))
    return {number.value.normalize() + 0 for number in found if number is not None}


_SAID_AFTER: Mapping[str, str] = {
    ">=": r"(?:[%\w$€£¥]+\s+)?(?:(?:or|and) (?:more|higher|greater|larger|above|over|up|later)\b|\+)"
    r"|[^\W\d_]{0,2}?(?:及)?以上",
    "<=": r"(?:[%\w$€£¥]+\s+)?(?:or|and) (?:less|lower|smaller|fewer|below|under|earlier)\b|[^\W\d_]{0,2}?(?:及)?以下",
}
_SAID_BEFORE: Mapping[str, str] = {
    ">=": r"at least|no(?:t)? less than|minimum(?: of)?|>=|≥|不少于|不低于|至少",
    "<=": r"at most|no(?:t)? more than|up to|maximum(?: of)?|<=|≤|不超过|不高于|至多|最多",
    ">": r"(?<!no )(?<!not )(?:more|greater|higher|larger|older) than|over|above|exceed\w*|>|(?<!不)超过|大于|高于",
    "<": r"(?<!no )(?<!not )(?:less|lower|smaller|fewer|younger) than|under|below|<|小于|(?<!不)低于|少于",
}
_MIRRORED = {">=": "<=", "<=": ">=", ">": "<", "<": ">"}
_LEFT_OUT = re.compile(r"\b(?:exclud\w+|except|but not|without)\b[^.;]*|(?:不含|排除|除)[^。；]*", re.IGNORECASE)


def _said_comparisons(limit: Decimal, description: str) -> tuple[str, ...]:
    """Return the comparisons that words beside a number of the description say, none where they say nothing of it.

    What is excluded is not read. Of a number that is there without its minus the comparisons are the other way round.
    """
    wanted = _LEFT_OUT.sub(" ", description)
    for sign, mirrored in ((limit, False), (-limit, True)):
        said = {_MIRRORED[c] if mirrored else c for c in _comparisons_at(sign, wanted)}
        if said:
            return tuple(sorted(said))
    return ()


def _comparisons_at(number: Decimal, text: str) -> Iterator[str]:
    for found in _NUMBER.finditer(text):
        value = numbers.parse_number(found[0])
        if value is None or value.value != number:
            continue
        for comparison, words in _SAID_AFTER.items():
            if re.match(rf"\s*(?:{words})", text[found.end() :], re.IGNORECASE):
                yield comparison
        before = text[: found.start()].rstrip(" $€£¥")
        for comparison, words in _SAID_BEFORE.items():
            if re.search(rf"(?:{words})\Z", before, re.IGNORECASE):
                yield comparison


def _are_dates(cells: Sequence[str]) -> bool:
    return 2 * sum(bool(normalisation.find_spans("date", text)) for text in cells) > len(cells)


def _names(text: str, description: str) -> bool:
    """Decide whether a description has the text as words of its own."""
    return re.search(rf"(?<!\w){re.escape(text.casefold())}(?!\w)", description.casefold()) is not None


def select_rows(
    grid: EntryGrid, question: ConditionQuestion, answers: Sequence[object]
) -> tuple[Mapping[int, PlacedText], ...]:
    """Return the rows of a grid that meet all conditions of an answer; none where it chooses none of them."""
    chosen = [question.conditions[answer] for answer in answers if answer in question.conditions]
    return tuple(row for row in grid.rows if chosen and all(condition.holds(row) for condition in chosen))
