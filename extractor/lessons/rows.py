"""Items of a list that are chosen, not copied: what approved rows say of them, such as a mark for values out of range.

Such an item depends on what else its row has: on a sign beside a number, on the text of a column that no item names, or
on which of two numbers is greater. Approved rows tell rules `what the row has -> value`; the surest rule that a row
fits gives its value (a list of decisions by association: Liu, Hsu and Ma, Integrating Classification and Association
Rule Mining, 1998). Rules hold over layouts: nothing in them is a place.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from extractor.lessons.choices import choice_text, is_chosen
from extractor.lessons.models import Lesson, RowLesson
from extractor.settings import Settings, rule, threshold
from extractor.types import Field, Path, path_text
from extractor.values.characters import collapse_spaces
from extractor.values.label_similarity import normalise_label


@dataclass(frozen=True)
class RowChoiceSettings(Settings):
    """From when on approved rows decide about a chosen item of another row."""

    use_row_choices: bool = rule(True, meaning="Approved rows propose values of the chosen items of lists.")
    rows_of_document: float = threshold(
        3.0, unit="rows", meaning="So many rows of one document count for a rule at most: they are much alike."
    )
    min_precision: float = threshold(
        0.8, meaning="Least share of right rows among those that fit a rule, two doubtful ones added (Laplace)."
    )
    min_left_out: int = threshold(
        2, unit="rows", meaning="So many rows, left out by people, have what tells other rows to leave out."
    )
    outvoting_documents: int = threshold(
        4, unit="documents", meaning="Where so many bear a value out, the one that speaks most against it is ignored."
    )
    longest_text: int = threshold(24, unit="characters", meaning="A cell with a longer text tells no rule.")


@dataclass(frozen=True, slots=True)
class RowChoice:
    """A value for a chosen item: None for none. `documents` is how many approved ones bear its rule out."""

    value: Any
    probability: float
    documents: int


_Fact = tuple[str, ...]
_Rules = Mapping[_Fact, Mapping[str, Mapping[str, float]]]
"""For each fact the values of rows that have it, with the weight of each document's rows."""


class RowRules:
    """The rules that lessons teach for the chosen items of one list."""

    def __init__(self, field: Field, lessons: Sequence[Lesson], document: str) -> None:
        """Learn from the lessons of other documents than `document` (its id)."""
        self._field = field
        self.items = [item for item in field.items if is_chosen(item)]
        self._numbers = [path_text(i.path) for i in field.items if i.type in ("number", "integer") and i.enum is None]
        rows = [
            (lesson.document, row)
            for lesson in lessons
            if lesson.document != document
            for each in lesson.lists
            if each.path == field.path
            for row in each.rows
        ]
        is_used = bool(self.items and rows) and RowChoiceSettings.current().use_row_choices
        facts = [(document, row, list(self._facts(_parse(row), row.cells))) for document, row in rows if is_used]
        self._rules = {item.path: _learn(path_text(item.path), facts) for item in self.items}

    def choose(self, item: Field, values: Mapping[str, Any], cells: Sequence[tuple[str, str]]) -> RowChoice | None:
        """Return the value of the surest rule that a row fits; None where none is sure enough.

        `values` are the row's by the names of the items, `cells` its headers and texts.
        """
        rules = self._rules.get(item.path, {})
        found = [each for fact in self._facts(values, cells) if (each := _surest(rules.get(fact, {})))]
        best = max(found, key=lambda each: each.probability, default=None)
        if best is None or best.probability < RowChoiceSettings.current().min_precision:
            return None
        return best if best.value is None or item.enum is None or best.value in item.enum else None

    def _facts(self, values: Mapping[str, Any], cells: Sequence[tuple[str, str]]) -> Iterator[_Fact]:
        """Yield what a row has that a rule may begin with."""
        yield ("any",)
        for header, text in cells:
            if len(text) <= RowChoiceSettings.current().longest_text:
                form = _form(text)
                yield ("cell", normalise_label(header), form)
        yield from self._texts(values, cells)
        signs = [
            (f"{one} {other}", _compare(values.get(one), values.get(other)))
            for one, other in combinations(self._numbers, 2)
        ]
        told = [(pair, sign) for pair, sign in signs if sign]
        yield from (("compared", pair, sign) for pair, sign in told)
        yield from (("compared", *one, *other) for one, other in combinations(signs, 2) if one[1] or other[1])

    def _texts(self, values: Mapping[str, Any], cells: Sequence[tuple[str, str]]) -> Iterator[_Fact]:
        """Yield the form of the cell that an item's number stands in: `3.1 H` is `0 h`, whatever its header."""
        for name in self._numbers:
            value = values.get(name)
            if isinstance(value, int | float) and not isinstance(value, bool):
                for _, text in cells:
                    if len(text) <= RowChoiceSettings.current().longest_text and _begins_with(text, value):
                        yield ("beside", name, _form(text))
                        break


def _parse(row: RowLesson) -> dict[str, Any]:
    return {name: json.loads(value) for name, value in row.values}


_NUMBER = re.compile(r"\d[\d.,]*")


def _form(text: str) -> str:
    """Return a cell's text with every number as 0, in lower case."""
    return _NUMBER.sub("0", collapse_spaces(text)).casefold()


def _begins_with(text: str, value: float) -> bool:
    """Decide whether the first number of a cell is the value."""
    found = _NUMBER.search(text)
    try:
        return found is not None and float(found.group().replace(",", "")) == abs(value)
    except ValueError:
        return False


def _compare(one: Any, other: Any) -> str:
    """Return how two numbers compare, as a sign; nothing where one of them is missing."""
    if not all(isinstance(each, int | float) and not isinstance(each, bool) for each in (one, other)):
        return ""
    return "<" if one < other else ">" if one > other else "="


def _learn(item: str, rows: Sequence[tuple[str, RowLesson, Sequence[_Fact]]]) -> _Rules:
    """Return the values of an item by what its rows have; many rows of one document count as few."""
    found: dict[_Fact, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for document, row, facts in rows:
        value = dict(row.values).get(item)
        if value is not None:
            for fact in facts:
                found[fact][value][document] += 1
    most = RowChoiceSettings.current().rows_of_document
    rules: dict[_Fact, dict[str, dict[str, float]]] = {}
    for fact, values in found.items():
        counts: Counter[str] = Counter()
        for own in values.values():
            counts.update(own)
        rules[fact] = {
            value: {document: n * min(1.0, most / counts[document]) for document, n in own.items()}
            for value, own in values.items()
        }
    return rules


def _surest(values: Mapping[str, Mapping[str, float]]) -> RowChoice | None:
    """Return the value that most rows of a rule have, with its share, two doubtful rows added.

    One document against many is taken for a mistake.
    """
    if not values:
        return None
    weights = {value: sum(own.values()) for value, own in values.items()}
    best = max(weights, key=lambda value: weights[value])
    against: Counter[str] = Counter()
    for value, own in values.items():
        if value != best:
            against.update(own)
    if len(values[best]) >= RowChoiceSettings.current().outvoting_documents and against:
        against.pop(max(against, key=lambda document: against[document]))
    probability = (weights[best] + 1) / (weights[best] + sum(against.values()) + 2)
    return RowChoice(json.loads(best), probability, len(values[best]))


def plain_facts(cells: Sequence[tuple[str, str]]) -> Iterator[_Fact]:
    """Yield which cells of a row are blank, and which have a text without figures; `cells` are headers and texts."""
    for header, text in cells:
        if len(text) <= RowChoiceSettings.current().longest_text and not any(map(str.isdigit, text)):
            yield ("cell", normalise_label(header), _form(text))


def left_out_signs(rows: Sequence[tuple[str, RowLesson]]) -> set[_Fact]:
    """Return what only rows have that people left out of a list, of one layout; `rows` with their documents."""
    kept: set[_Fact] = set()
    left_out: Counter[_Fact] = Counter()
    for _, row in rows:
        facts = set(plain_facts(row.cells))
        if row.values:
            kept |= facts
        else:
            left_out.update(facts)
    least = RowChoiceSettings.current().min_left_out
    return {fact for fact, count in left_out.items() if count >= least and fact not in kept}


def row_values(values: Mapping[Path, Any]) -> tuple[tuple[str, str], ...]:
    """Return an approved row's values as a lesson keeps them."""
    return tuple((path_text(path), choice_text(value)) for path, value in sorted(values.items()))
