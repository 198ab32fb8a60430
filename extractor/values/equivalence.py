"""When two values count as the same, and what that makes of a pair of gold and prediction.

Every comparison comes in two kinds: `is_identical` compares what is printed, `is_equivalent` what is meant. An absent
value is None or blank text; absent on both sides is no evidence of anything and is not counted.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from extractor.settings import Settings, threshold
from extractor.values import dates, numbers
from extractor.values.characters import collapse_spaces, comparison_key, fold


@dataclass(frozen=True)
class EquivalenceSettings(Settings):
    """How far apart two numbers may lie and still be the same; both bounds must hold."""

    absolute_tolerance: float = threshold(0.01, meaning="the largest difference, a cent", others=(0.0, 1.0))
    relative_tolerance: float = threshold(
        0.001,
        meaning="the largest difference as a share of the larger number, so that 0.004 is not 0.001",
        others=(0.0, 0.01),
    )


_LONGEST_DATE, _LONGEST_AMOUNT = 40, 80
"""Characters; a longer text is not looked at as a date or an amount, because finding out that it is none takes long."""

_WORD = re.compile(r"[^\W\d_]{2,}")
_LIKE_A_DATE = re.compile(
    r"\d ?[-/.] ?\d{1,2} ?[-/.] ?\d|[年月]|\d{8}|/\d{4}|\d{4}[-/.]\d{1,2}$"
    r"|(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
)
_NUMERIC_KINDS = frozenset({"number", "integer"})
_DATE_KINDS = frozenset({"date", "date-time"})


def is_absent(value: Any) -> bool:
    """Return whether `value` says nothing: None, blank text, or an empty list or object."""
    return value is None or (isinstance(value, str) and not value.strip()) or value in ([], {})


def is_identical(gold: Any, predicted: Any) -> bool:
    """Return whether the two are written alike: a number equals its JSON text, and runs of white space are one."""
    if is_absent(gold) or is_absent(predicted):
        return is_absent(gold) and is_absent(predicted)
    return _as_written(gold) == _as_written(predicted)


def is_equivalent(gold: Any, predicted: Any, kind: str | None = None) -> bool:
    """Return whether the two mean the same: numbers as numbers, dates as dates, text by its letters and digits.

    `kind` names what the field holds (`number`, `date`, ...); without it each pair is taken for what both sides can be
    read as in full: `$16,350.00` equals 16350, `10/27/20` equals 2020-10-27, `Feb13/20` equals 2020-02-13. A date that
    can be read two ways equals either reading. Numbers may differ within `EquivalenceSettings`. Lists are compared
    without regard to order, objects by their members.
    """
    if is_absent(gold) or is_absent(predicted):
        return is_absent(gold) and is_absent(predicted)
    if isinstance(gold, bool) or isinstance(predicted, bool):
        return gold is predicted or _as_written(gold).lower() == _as_written(predicted).lower()
    if isinstance(gold, list) and isinstance(predicted, list):
        return len(gold) == len(predicted) and _all_have_partners(gold, predicted, kind)
    if isinstance(gold, Mapping) and isinstance(predicted, Mapping):
        return all(is_equivalent(gold.get(name), predicted.get(name), kind) for name in {*gold, *predicted})
    if isinstance(gold, list | Mapping) or isinstance(predicted, list | Mapping):
        return False
    if isinstance(gold, int | float) and isinstance(predicted, int | float):
        return gold == predicted or _is_close(Decimal(str(gold)), Decimal(str(predicted)))
    left, right = _as_written(gold), _as_written(predicted)
    if left == right:
        return True
    if kind is None or kind in _DATE_KINDS:
        left_dates = _possible_dates(left)
        right_dates = _possible_dates(right) if left_dates else left_dates
        if right_dates:
            return bool(left_dates & right_dates)
    if kind is None or kind in _NUMERIC_KINDS:
        left_amount = _amount(left, only_number=kind is not None)
        right_amount = _amount(right, only_number=kind is not None)
        if left_amount is not None and right_amount is not None and _are_amounts(gold, predicted, kind):
            return _is_close(left_amount, right_amount)
    return _letters_and_digits(left) == _letters_and_digits(right)


def _is_close(amount: Decimal, other: Decimal) -> bool:
    settings = EquivalenceSettings.current()
    absolute, relative = Decimal(str(settings.absolute_tolerance)), Decimal(str(settings.relative_tolerance))
    return abs(amount - other) <= min(absolute, relative * max(abs(amount), abs(other)))


def _are_amounts(gold: Any, predicted: Any, kind: str | None) -> bool:
    """Decide whether two values that can be read as numbers are compared as numbers.

    Digits alone may be a name (`0012` is not 12): two texts are amounts only where one is written as an amount.
    """
    if kind in _NUMERIC_KINDS or not (isinstance(gold, str) and isinstance(predicted, str)):
        return True
    return any(re.search(r"[^\d\s-]", _as_written(value)) is not None for value in (gold, predicted))


def _all_have_partners(gold: Sequence[Any], predicted: Sequence[Any], kind: str | None) -> bool:
    """Return whether every element of `gold` has an equivalent of its own in `predicted`."""
    rest = list(predicted)
    for element in gold:
        partner = next((i for i, other in enumerate(rest) if is_equivalent(element, other, kind)), None)
        if partner is None:
            return False
        del rest[partner]
    return True


def _as_written(value: Any) -> str:
    if isinstance(value, str):
        return collapse_spaces(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # JSON writes the same number as 5 or as 5.0
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


@lru_cache(maxsize=100_000)
def _letters_and_digits(text: str) -> str:
    return comparison_key(text) or text


@lru_cache(maxsize=100_000)
def _possible_dates(text: str) -> frozenset[tuple[int | None, int | None, int | None]]:
    """Return the (year, month, day) that the whole of `text` can mean; none where it is no date."""
    if len(text) > _LONGEST_DATE or not _LIKE_A_DATE.search(fold(text)):
        return frozenset()
    printed = dates.parse_date(text)
    if printed is None or printed.weak or text[: printed.start].strip() or text[printed.end :].strip(" .,"):
        return frozenset()
    return frozenset((r.year, r.month, r.day) for r in printed.readings if r.month is not None)


@lru_cache(maxsize=100_000)
def _amount(text: str, only_number: bool) -> Decimal | None:
    """Return the number that the whole of `text` is; with `only_number`, the only number in it."""
    if len(text) > _LONGEST_AMOUNT:
        return None
    if not only_number and len(_WORD.findall(text)) > 2 and any(map(str.isdigit, text)):
        return None  # digits among words, as in an address
    number = numbers.parse_number(text)
    if number is None or number.weak:
        return None
    is_whole = not text[: number.start].strip() and not text[number.end :].strip(" .,")
    return number.value if is_whole or only_number else None


def clear_caches() -> None:
    """Forget the texts that have been read, so that a measurement of speed starts afresh."""
    for remembered in (_letters_and_digits, _possible_dates, _amount):
        remembered.cache_clear()


# Counting outcomes.


@dataclass(frozen=True, slots=True)
class OutcomeCounts:
    """How many fields came out right, wrong (both there, not the same), missing, spurious, or rightly `absent`."""

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
        """The share of right values among those given; None where none was given."""
        return self.correct / self.predicted if self.predicted else None

    @property
    def recall(self) -> float | None:
        """The share of right values among those to be found; None where there was nothing to find."""
        return self.correct / self.gold if self.gold else None

    @property
    def f1(self) -> float | None:
        """The harmonic mean of precision and recall; None where there was nothing to find and nothing given."""
        total = self.gold + self.predicted
        return 2 * self.correct / total if total else None


def classify_outcome(
    gold: Any, predicted: Any, kind: str | None = None, equal: Callable[..., bool] | None = None
) -> str:
    """Return `correct`, `wrong`, `missing`, `spurious` or `absent` for a pair of gold and prediction.

    `equal` compares the two instead of `is_equivalent` with `kind`.
    """
    if is_absent(gold):
        return "absent" if is_absent(predicted) else "spurious"
    if is_absent(predicted):
        return "missing"
    is_correct = equal(gold, predicted) if equal else is_equivalent(gold, predicted, kind)
    return "correct" if is_correct else "wrong"


def count_outcomes(outcomes: Iterable[str]) -> OutcomeCounts:
    """Return the counts of a run of outcomes."""
    return OutcomeCounts(**Counter(outcomes))
