"""Gold against a record, field by field: lists are paired off first, and every pair keeps what came of it."""

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
_TYPED = frozenset({"number", "integer", "boolean"})
_TEMPORAL = frozenset({"date", "date-time"})


@dataclass(frozen=True, slots=True)
class Match:
    """One field of one document: what gold says, what the record holds, and what came of comparing them.

    `outcome` compares what is meant, `strict` what is written; both are one of `OUTCOMES`. `gold_path` is None inside a
    list element that gold does not have, `record_path` inside one that the record does not have. `kind` is number,
    date, date-time, boolean, text or json. `printed` is the evidence as printed, where gold is print rather than a
    value of the field's type.
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
        """Where the field stands: in gold, or in the record where gold has no place for it."""
        found = self.gold_path if self.gold_path is not None else self.record_path
        assert found is not None
        return found

    @property
    def field(self) -> str:
        """The field's name in figures, list positions dropped: `items[].amount`."""
        return field_name(self.path)

    @property
    def zero(self) -> bool:
        """Whether gold is the number zero, which records full of zeros get right without reading."""
        return self.kind == "number" and equivalence.is_equivalent(0, self.gold, "number")


def match(
    schema: Schema, gold: Mapping[str, Any], record: Any, printed: Mapping[Path, str] | None = None
) -> tuple[Match, ...]:
    """Every field that `gold` names, paired with the record's, in the schema's order.

    A field that gold leaves out is not scored; null, blank text and an empty list say that there is none. Elements of
    lists are paired so that most fields are right, and the rest of either side is missing or spurious. `printed` is the
    evidence behind the record's values: where gold is print rather than a value (`$1,234.00` for a number), a value
    with the same print is right too.
    """
    return tuple(_object(schema.fields, gold, record, (), (), printed or {}))


def unanswered(schema: Schema, gold: Mapping[str, Any]) -> tuple[Match, ...]:
    """The matches of a document that failed: all that gold has is missing, and rightly empty fields earn nothing."""
    return tuple(m for m in match(schema, gold, None) if m.outcome == MISSING)


def unknown_fields(schema: Schema, gold: Mapping[str, Any]) -> list[str]:
    """The names of gold's fields that the schema does not have, which are therefore not scored."""
    leaves = (path for path, f in schema.all_fields() if not (f.type == "array" and f.items))
    known = {tuple("[]" if step == "*" else str(step) for step in path) for path in leaves}
    above = {path[:n] for path in known for n in range(len(path))}

    def unknown(value: Any, path: tuple[str, ...]) -> Iterator[str]:
        if path in known or (path in above and equivalence.is_absent(value)):
            return
        if path in above and isinstance(value, Mapping):
            for name, inner in value.items():
                yield from unknown(inner, (*path, name))
        elif path in above and isinstance(value, list):
            for inner in value:
                yield from unknown(inner, (*path, "[]"))
        else:
            yield ".".join(path).replace(".[]", "[]")

    return list(dict.fromkeys(unknown(gold, ())))


def _object(
    fields: Sequence[Field],
    gold: Any,
    record: Any,
    gold_path: Path | None,
    record_path: Path | None,
    printed: Mapping[Path, str],
) -> Iterator[Match]:
    """The fields of one object, or of one list element; a path of None says that its side does not have it."""
    for f in fields:
        wanted = _at(gold, f.path)
        if wanted is _LEFT_OUT:
            continue
        found = _at(record, f.path)
        found = None if found is _LEFT_OUT else found
        here = None if gold_path is None else gold_path + f.path
        there = None if record_path is None else record_path + f.path
        if f.type == "array" and f.items:
            yield from _list(f, _elements(wanted), _elements(found), here, there, printed)
        elif not (here is None or there is None) or not (
            equivalence.is_absent(wanted) and equivalence.is_absent(found)
        ):
            yield _leaf(f, wanted, found, here, there, printed)


def _at(value: Any, path: Path) -> Any:
    for step in path:
        if equivalence.is_absent(value):
            return None  # the object is not there, and so are its parts
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


def _is_print(f: Field, gold: Any) -> bool:
    if not isinstance(gold, str):
        return False
    return f.type in _TYPED or (f.format in _TEMPORAL and not _ISO.fullmatch(gold.strip()))


def _leaf(
    f: Field, gold: Any, found: Any, gold_path: Path | None, record_path: Path | None, printed: Mapping[Path, str]
) -> Match:
    kind = _kind(f)
    loose = equivalence.classify_outcome(gold, found, None if kind in ("text", "json", "boolean") else kind)
    strict = equivalence.classify_outcome(gold, found, equal=equivalence.is_identical)
    text = printed.get(record_path) if record_path is not None and _is_print(f, gold) else None
    if text is not None and loose == WRONG and equivalence.is_equivalent(gold, text):
        loose = CORRECT
    if text is not None and strict == WRONG and equivalence.is_identical(gold, text):
        strict = CORRECT
    return Match(gold_path, record_path, kind, gold, found, loose, strict, text)


# Lists.


def _list(
    f: Field,
    golds: Sequence[Any],
    found: Sequence[Any],
    gold_path: Path | None,
    record_path: Path | None,
    printed: Mapping[Path, str],
) -> Iterator[Match]:
    items = [item for item in f.items if not golds or any(_at(g, item.path) is not _LEFT_OUT for g in golds)]
    pairs = dict(_pairs(items, golds, found))
    for n, element in enumerate(golds):
        here = None if gold_path is None else (*gold_path, n)
        if n in pairs:
            there = None if record_path is None else (*record_path, pairs[n])
            yield from _object(items, element, found[pairs[n]], here, there, printed)
        else:
            yield from _object(items, element, None, here, None, printed)
    taken = set(pairs.values())
    for n, element in enumerate(found):
        if n not in taken:
            there = None if record_path is None else (*record_path, n)
            yield from _object(items, None, element, None, there, printed)


def _pairs(items: Sequence[Field], golds: Sequence[Any], found: Sequence[Any]) -> list[tuple[int, int]]:
    """The elements that belong together: the assignment with most fields right (Kuhn 1955, as scipy solves it).

    Of assignments that are equally good the one nearest to the printed order is taken.
    """
    if not golds or not found:
        return []
    if len(golds) == len(found) == 1:
        return [(0, 0)]
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    right = np.zeros((len(golds), len(found)))
    for item in items:
        right += _right(item, [_at(g, item.path) for g in golds], [_at(e, item.path) for e in found])
    apart = np.subtract.outer(np.arange(len(golds)), np.arange(len(found))) ** 2.0
    rows, columns = linear_sum_assignment(right - apart / (4 * len(apart) * (apart.max() + 1)), maximize=True)
    return list(zip(rows.tolist(), columns.tolist(), strict=True))


def _right(item: Field, golds: Sequence[Any], found: Sequence[Any]) -> Any:
    """For every pair of elements, how many of the item's values are right.

    Values written alike are right and are compared with no others: that leaves few pairs of two long lists.
    """
    import numpy as np

    right = np.zeros((len(golds), len(found)))
    wanted, given = _places(golds), _places(found)
    alike = wanted.keys() & given.keys() if item.type != "array" else set()
    for key in alike:
        right[np.ix_(wanted[key][1], given[key][1])] = 1
    for gold, rows in (wanted[key] for key in wanted if key not in alike):
        for value, columns in (given[key] for key in given if key not in alike):
            if item.type == "array" and item.items:
                inner = _list(item, _elements(gold), _elements(value), (), (), {})
                count = sum(m.outcome == CORRECT for m in inner)
            else:
                count = int(_leaf(item, gold, value, (), (), {}).outcome == CORRECT)
            if count:
                right[np.ix_(rows, columns)] = count
    return right


def _places(values: Sequence[Any]) -> dict[str, tuple[Any, list[int]]]:
    """Each different value with the positions it stands at; absent ones are left out."""
    places: dict[str, tuple[Any, list[int]]] = {}
    grouped: dict[str, list[int]] = defaultdict(list)
    for n, value in enumerate(values):
        if value is not _LEFT_OUT and not equivalence.is_absent(value):
            text = json.dumps(value, sort_keys=True).casefold()
            grouped[text].append(n)
            places[text] = (value, grouped[text])
    return places
