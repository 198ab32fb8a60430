"""Gold compared with a record, field by field: elements of lists are paired first, and every pair gets an outcome."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from extractor.schemas import Schema
from extractor.types import Field, Path, field_name
from extractor.values import equivalence

CORRECT, WRONG, MISSING, SPURIOUS, ABSENT = "correct", "wrong", "missing", "spurious", "absent"
OUTCOMES = (CORRECT, WRONG, MISSING, SPURIOUS, ABSENT)

_LEFT_OUT = object()
_ISO = re.compile(r"\d{4}-\d\d-\d\d(?:[Tt ].*)?")
_TYPES_OTHER_THAN_TEXT = frozenset({"number", "integer", "boolean"})
_TEMPORAL = frozenset({"date", "date-time"})


@dataclass(frozen=True, slots=True)
class Match:
    """One field of one document: gold, the record's value, and the outcome of comparing them.

    `outcome` compares the meaning, `strict` the writing; both are one of `OUTCOMES`. `gold_path` is None inside a list
    element that gold does not have, `record_path` inside one that the record does not have. `kind` is number, date,
    date-time, boolean, text or json. `printed` is the evidence as printed, where gold is text rather than a value of
    the field's type.
    """

    gold_path: Path | None
    record_path: Path | None
    kind: str
    gold: Any
    predicted: Any
    outcome: str
    strict: str
    printed: str | None = None

    @property
    def path(self) -> Path:
        """Return the field's path in gold, or in the record where gold has no place for it."""
        found = self.gold_path if self.gold_path is not None else self.record_path
        assert found is not None
        return found

    @property
    def field(self) -> str:
        """Return the field's name in metrics, without list positions: `items[].amount`."""
        return field_name(self.path)

    @property
    def is_zero(self) -> bool:
        """Decide whether gold is the number zero, which records full of zeros get right without reading."""
        return self.kind == "number" and equivalence.is_equivalent(0, self.gold, "number")


def match_record(
    schema: Schema, gold: Mapping[str, Any], record: Any, printed: Mapping[Path, str] | None = None
) -> tuple[Match, ...]:
    """Return a match for every field that `gold` names, in the schema's order.

    A field that gold leaves out is not scored; null, blank text and an empty list say that there is no value. Elements
    of lists are paired so that most fields are right; elements without a partner are missing or spurious. `printed` is
    the evidence behind the record's values: where gold is text as printed rather than a value (`$1,234.00` for a
    number), a value whose evidence has that text is right too.
    """
    return tuple(_match_object(schema.fields, gold, record, (), (), printed or {}))


def match_failed_document(schema: Schema, gold: Mapping[str, Any]) -> tuple[Match, ...]:
    """Return the matches of a document that failed: all of gold is missing, and rightly empty fields earn nothing."""
    return tuple(m for m in match_record(schema, gold, None) if m.outcome == MISSING)


def unknown_fields(schema: Schema, gold: Mapping[str, Any]) -> list[str]:
    """Return the names of gold's fields that the schema does not have, which are therefore not scored."""
    leaves = (path for path, f in schema.all_fields() if not (f.type == "array" and f.items))
    known = {tuple("[]" if step == "*" else str(step) for step in path) for path in leaves}
    parents = {path[:n] for path in known for n in range(len(path))}

    def unknown(value: Any, path: tuple[str, ...]) -> Iterator[str]:
        if path in known or (path in parents and equivalence.is_absent(value)):
            return
        if path in parents and isinstance(value, Mapping):
            for name, inner in value.items():
                yield from unknown(inner, (*path, name))
        elif path in parents and isinstance(value, list):
            for inner in value:
                yield from unknown(inner, (*path, "[]"))
        else:
            yield ".".join(path).replace(".[]", "[]")

    return list(dict.fromkeys(unknown(gold, ())))


def _match_object(
    fields: Sequence[Field],
    gold: Any,
    record: Any,
    gold_path: Path | None,
    record_path: Path | None,
    printed: Mapping[Path, str],
) -> Iterator[Match]:
    """Yield the matches of one object, or of one list element; a path of None says that its side does not have it."""
    for f in fields:
        wanted = _value_at(gold, f.path)
        if wanted is _LEFT_OUT:
            continue
        found = _value_at(record, f.path)
        found = None if found is _LEFT_OUT else found
        path_in_gold = None if gold_path is None else gold_path + f.path
        path_in_record = None if record_path is None else record_path + f.path
        if f.type == "array" and f.items:
            yield from _match_list(f, _elements(wanted), _elements(found), path_in_gold, path_in_record, printed)
        elif not (path_in_gold is None or path_in_record is None) or not (
            equivalence.is_absent(wanted) and equivalence.is_absent(found)
        ):
            yield _match_value(f, wanted, found, path_in_gold, path_in_record, printed)


def _value_at(value: Any, path: Path) -> Any:
    """Return the value at a path, None below an absent object, `_LEFT_OUT` where the key is not there."""
    for step in path:
        if equivalence.is_absent(value):
            return None  # an absent object has no parts either
        if not isinstance(value, Mapping) or step not in value:
            return _LEFT_OUT
        value = value[step]
    return value


def _elements(value: Any) -> list[Any]:
    if equivalence.is_absent(value):
        return []
    return value if isinstance(value, list) else [value]


def _kind(f: Field) -> str:
    if f.type in ("number", "integer"):
        return "number"
    if f.type == "string":
        return f.format if f.format in _TEMPORAL else "text"
    return f.type


def _is_printed_text(f: Field, gold: Any) -> bool:
    """Decide whether gold is text as printed where the field's type is another."""
    if not isinstance(gold, str):
        return False
    return f.type in _TYPES_OTHER_THAN_TEXT or (f.format in _TEMPORAL and not _ISO.fullmatch(gold.strip()))


def _match_value(
    f: Field, gold: Any, found: Any, gold_path: Path | None, record_path: Path | None, printed: Mapping[Path, str]
) -> Match:
    """Return the match of one value."""
    kind = _kind(f)
    outcome = equivalence.classify_outcome(gold, found, None if kind in ("text", "json", "boolean") else kind)
    strict = equivalence.classify_outcome(gold, found, equal=equivalence.is_identical)
    text = printed.get(record_path) if record_path is not None and _is_printed_text(f, gold) else None
    if text is not None and outcome == WRONG and equivalence.is_equivalent(gold, text):
        outcome = CORRECT
    if text is not None and strict == WRONG and equivalence.is_identical(gold, text):
        strict = CORRECT
    return Match(gold_path, record_path, kind, gold, found, outcome, strict, text)


# Lists.


def _match_list(
    f: Field,
    golds: Sequence[Any],
    found: Sequence[Any],
    gold_path: Path | None,
    record_path: Path | None,
    printed: Mapping[Path, str],
) -> Iterator[Match]:
    """Yield the matches of two lists, their elements paired."""
    items = [item for item in f.items if not golds or any(_value_at(g, item.path) is not _LEFT_OUT for g in golds)]
    pairs = dict(_pair_elements(items, golds, found))
    for n, element in enumerate(golds):
        path_in_gold = None if gold_path is None else (*gold_path, n)
        if n in pairs:
            path_in_record = None if record_path is None else (*record_path, pairs[n])
            yield from _match_object(items, element, found[pairs[n]], path_in_gold, path_in_record, printed)
        else:
            yield from _match_object(items, element, None, path_in_gold, None, printed)
    paired = set(pairs.values())
    for n, element in enumerate(found):
        if n not in paired:
            path_in_record = None if record_path is None else (*record_path, n)
            yield from _match_object(items, None, element, None, path_in_record, printed)


def _pair_elements(items: Sequence[Field], golds: Sequence[Any], found: Sequence[Any]) -> list[tuple[int, int]]:
    """Return the pairs of elements as positions: the assignment with most fields right (Kuhn 1955, solved by scipy).

    Among equally good assignments the one nearest to the printed order is taken.
    """
    if not golds or not found:
        return []
    if len(golds) == len(found) == 1:
        return [(0, 0)]
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    right = np.zeros((len(golds), len(found)))
    for item in items:
        right += _count_right(item, [_value_at(g, item.path) for g in golds], [_value_at(e, item.path) for e in found])
    distance = np.subtract.outer(np.arange(len(golds)), np.arange(len(found))) ** 2.0
    rows, columns = linear_sum_assignment(right - distance / (4 * len(distance) * (distance.max() + 1)), maximize=True)
    return list(zip(rows.tolist(), columns.tolist(), strict=True))


def _count_right(item: Field, golds: Sequence[Any], found: Sequence[Any]) -> Any:
    """Return gold elements × record elements: how many of the item's values are right in each pair.

    Values written alike are right and are compared with no others, which leaves few comparisons for two long lists.
    """
    import numpy as np

    right = np.zeros((len(golds), len(found)))
    wanted, given = _positions_by_value(golds), _positions_by_value(found)
    identical = wanted.keys() & given.keys() if item.type != "array" else set()
    for key in identical:
        right[np.ix_(wanted[key][1], given[key][1])] = 1
    for gold, rows in (wanted[key] for key in wanted if key not in identical):
        for value, columns in (given[key] for key in given if key not in identical):
            if item.type == "array" and item.items:
                inner = _match_list(item, _elements(gold), _elements(value), (), (), {})
                count = sum(m.outcome == CORRECT for m in inner)
            else:
                count = int(_match_value(item, gold, value, (), (), {}).outcome == CORRECT)
            if count:
                right[np.ix_(rows, columns)] = count
    return right


def _positions_by_value(values: Sequence[Any]) -> dict[str, tuple[Any, list[int]]]:
    """Return each different value with the positions at which it stands; absent values are left out."""
    positions: dict[str, tuple[Any, list[int]]] = {}
    grouped: dict[str, list[int]] = defaultdict(list)
    for n, value in enumerate(values):
        if value is not _LEFT_OUT and not equivalence.is_absent(value):
            text = json.dumps(value, sort_keys=True).casefold()
            grouped[text].append(n)
            positions[text] = (value, grouped[text])
    return positions
