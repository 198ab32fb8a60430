"""When two values count as the same, and what that makes of a pair of gold and prediction.

Two readings of every figure: `strict` compares what is printed, `same` what is meant. An absent value is None or
blank text; absent on both sides is no evidence of anything and is not counted.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from extractor.values import dates, numbers
from extractor.values.characters import collapse_spaces, comparison_key, fold

_CENT, _THOUSANDTH = Decimal("0.01"), Decimal("0.001")
_WORDS = re.compile(r"[^\W\d_]{2,}")
_LIKE_A_DATE = re.compile(
    r"\d ?[-/.] ?\d{1,2} ?[-/.] ?\d|[年月]|\d{8}|/\d{4}|\d{4}[-/.]\d{1,2}$"
    r"|(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
)
_NUMERIC = frozenset({"number", "integer"})
_TEMPORAL = frozenset({"date", "date-time"})


def is_absent(value: Any) -> bool:
    """Whether `value` says nothing: None, blank text, or an empty list or object."""
    return value is None or (isinstance(value, str) and not value.strip()) or value in ([], {})


def is_identical(gold: Any, predicted: Any) -> bool:
    """Whether the two are equal as written; numbers and their JSON text are the same, runs of white space are one."""
    if is_absent(gold) or is_absent(predicted):
        return is_absent(gold) and is_absent(predicted)
    return _written(gold) == _written(predicted)


def is_equivalent(gold: Any, predicted: Any, kind: str | None = None) -> bool:
    """Whether the two mean the same: numbers as numbers, dates as dates, text without case, width and punctuation.

    `kind` names what the field holds (`number`, `date`, ...); without it each pair is taken for what both sides can be
    read as in full: `$16,350.00` equals 16350, `10/27/20` equals 2020-10-27, `Feb13/20` equals 2020-02-13. A date that
    can be read two ways equals either reading. Numbers may differ by a cent, but by no more than a thousandth of
    themselves: 0.004 is not 0.001. Lists are compared as sets of parts, objects by their members.
    """
    if is_absent(gold) or is_absent(predicted):
        return is_absent(gold) and is_absent(predicted)
    if isinstance(gold, bool) or isinstance(predicted, bool):
        return gold is predicted or _written(gold).lower() == _written(predicted).lower()
    if isinstance(gold, list) and isinstance(predicted, list):
        return len(gold) == len(predicted) and _pairs_off(gold, predicted, kind)
    if isinstance(gold, Mapping) and isinstance(predicted, Mapping):
        return all(is_equivalent(gold.get(name), predicted.get(name), kind) for name in {*gold, *predicted})
    if isinstance(gold, list | Mapping) or isinstance(predicted, list | Mapping):
        return False
    if isinstance(gold, int | float) and isinstance(predicted, int | float):
        return gold == predicted or _near(Decimal(str(gold)), Decimal(str(predicted)))
    left, right = _written(gold), _written(predicted)
    if left == right:
        return True
    if kind is None or kind in _TEMPORAL:
        days = _days(left)
        others = _days(right) if days else days
        if others:
            return bool(days & others)
    if kind is None or kind in _NUMERIC:
        amount, other = _amount(left, kind is not None), _amount(right, kind is not None)
        if amount is not None and other is not None and _numeric_pair(gold, predicted, kind, left, right):
            return _near(amount, other)
    return _text(left) == _text(right)


def _near(amount: Decimal, other: Decimal) -> bool:
    return abs(amount - other) <= min(_CENT, _THOUSANDTH * max(abs(amount), abs(other)))


def _numeric_pair(gold: Any, predicted: Any, kind: str | None, left: str, right: str) -> bool:
    """Digits alone may be a name (`0012` is not 12): two texts are amounts only where one is written as an amount."""
    if kind in _NUMERIC or not (isinstance(gold, str) and isinstance(predicted, str)):
        return True
    return any(re.search(r"[^\d\s-]", text) is not None for text in (left, right))


def _pairs_off(gold: Sequence[Any], predicted: Sequence[Any], kind: str | None) -> bool:
    rest = list(predicted)
    for element in gold:
        found = next((i for i, other in enumerate(rest) if is_equivalent(element, other, kind)), None)
        if found is None:
            return False
        del rest[found]
    return True


def _written(value: Any) -> str:
    if isinstance(value, str):
        return collapse_spaces(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # JSON writes the same number as 5 or as 5.0
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


@lru_cache(maxsize=100_000)
def _text(text: str) -> str:
    return comparison_key(text) or text


@lru_cache(maxsize=100_000)
def _days(text: str) -> frozenset[tuple[int | None, int | None, int | None]]:
    """The dates that the whole of `text` can be."""
    if len(text) > 40 or not _LIKE_A_DATE.search(fold(text)):
        return frozenset()
    printed = dates.parse_date(text)
    if printed is None or printed.weak or text[: printed.start].strip() or text[printed.end :].strip(" .,"):
        return frozenset()
    return frozenset((r.year, r.month, r.day) for r in printed.readings if r.month is not None)


@lru_cache(maxsize=100_000)
def _amount(text: str, loose: bool) -> Decimal | None:
    """The number that the whole of `text` is; with `loose`, the only number in it."""
    if len(text) > 80 or (not loose and len(_WORDS.findall(text)) > 2 and any(map(str.isdigit, text))):
        return None  # digits among words, as in an address: no number, and finding that out takes long
    number = numbers.parse_number(text)
    if number is None or number.weak:
        return None
    whole = not text[: number.start].strip() and not text[number.end :].strip(" .,")
    return number.value if whole or loose else None


# Counting.


@dataclass(frozen=True, slots=True)
class OutcomeCounts:
    """Outcomes of fields: right, wrong (both there, not the same), missing, spurious; `absent` is rightly empty."""

    correct: int = 0
    wrong: int = 0
    missing: int = 0
    spurious: int = 0
    absent: int = 0

    def __add__(self, other: OutcomeCounts) -> OutcomeCounts:
        return OutcomeCounts(
            self.correct + other.correct,
            self.wrong + other.wrong,
            self.missing + other.missing,
            self.spurious + other.spurious,
            self.absent + other.absent,
        )

    @property
    def gold(self) -> int:
        """How many values there were to be found."""
        return self.correct + self.wrong + self.missing

    @property
    def predicted(self) -> int:
        """How many values were given."""
        return self.correct + self.wrong + self.spurious

    @property
    def precision(self) -> float | None:
        return self.correct / self.predicted if self.predicted else None

    @property
    def recall(self) -> float | None:
        return self.correct / self.gold if self.gold else None

    @property
    def f1(self) -> float | None:
        """The harmonic mean of precision and recall; None where there was nothing to find and nothing given."""
        total = self.gold + self.predicted
        return 2 * self.correct / total if total else None


def classify_outcome(
    gold: Any, predicted: Any, kind: str | None = None, equal: Callable[..., bool] | None = None
) -> str:
    """One of correct, wrong, missing, spurious, absent; `equal` takes the place of `same` with `kind`."""
    if is_absent(gold):
        return "absent" if is_absent(predicted) else "spurious"
    if is_absent(predicted):
        return "missing"
    return "correct" if (equal(gold, predicted) if equal else is_equivalent(gold, predicted, kind)) else "wrong"


def count_outcomes(outcomes: Iterable[str]) -> OutcomeCounts:
    """The counts of a run of outcomes."""
    tally: dict[str, int] = defaultdict(int)
    for name in outcomes:
        tally[name] += 1
    return OutcomeCounts(**tally)
