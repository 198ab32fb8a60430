"""Numbers as printed: digits in their many groupings, Chinese numerals, number words, signs, money and percentages.

`find_numbers` finds them in running text, `parse_number` reads one. Decimal arithmetic throughout: `75647.67万` is
exactly 756476700. The digits are found in `number_forms`, what belongs to them in `number_context`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from extractor.values import units
from extractor.values.characters import fold
from extractor.values.number_context import NumberInContext, read_context
from extractor.values.number_forms import find_number_cores
from extractor.values.trends import trend_direction

__all__ = ["Number", "find_numbers", "parse_number", "trend_direction"]


@dataclass(frozen=True, slots=True)
class Number:
    """A number at `text[start:end]`; `value` carries sign and magnitude but no unit.

    `other` is the second reading of an ambiguous form such as `1.234`. `weak` marks digits that are more likely part
    of a name (`A4`, `1.2.3`, `第三`), to be offered only where nothing better stands. `prefixed` is money with its
    symbol in front, `scaled` a number with its own `万` or `million`, `worded` one whose sign is a word (`减114`).
    `ambiguous_sign` is one that means different things in different places: `▲`, `△`, `CR` or `DR`, `-(` for `-(5)` and
    `- ` for a hyphen apart from its number.
    """

    value: Decimal
    start: int
    end: int
    unit: units.Unit | None = None
    other: Decimal | None = None
    weak: bool = False
    prefixed: bool = False
    scaled: bool = False
    worded: bool = False
    ambiguous_sign: str = ""


def parse_number(text: str) -> Number | None:
    """Return the number that `text` is, or the only one in it; None where there is none, or several that differ.

    Digits against a letter, `l50` or `1O5`, may be a misread number and are not taken for another one.
    """
    found = list(find_numbers(text))
    first, last = len(text) - len(text.lstrip()), len(text.rstrip())
    for number in found:
        if number.start == first and number.end == last:
            return number
    # Of a text without a likely number, those that do not begin with a digit: not the 50 of `l50`.
    likely = [number for number in found if not number.weak]
    likely = likely or [number for number in found if not text[number.start].isdecimal()]
    outermost: list[Number] = []
    for number in likely:
        # Sorted by start, the longer reading first: one that begins inside the last is a part of it.
        if not outermost or number.start >= outermost[-1].end:
            outermost.append(number)
    return outermost[0] if outermost and len({number.value for number in outermost}) == 1 else None


def find_numbers(text: str) -> Iterator[Number]:
    """Yield every number of `text` in order of appearance, with its sign word, currency and unit.

    Readings may overlap where the print allows two: `1 234` is also 1 and 234, `1,5` is also 1 and 5.
    """
    folded = fold(text)
    last_end = end_of_power = -1
    for core in find_number_cores(folded, text):
        if core.start < end_of_power:
            continue
        found = read_context(folded, text, core, last_end)
        number = _as_number(found)
        last_end = max(last_end, number.end)
        if found.has_power:
            end_of_power = number.end
        yield number
        if text[number.start] == "(" and text[number.end - 1] == ")":
            is_share = number.unit is not None and number.unit.dimensions == {"ratio"}
            if is_share or (number.unit is None and text[core.start : core.end].isdecimal()):
                # `(5)` is a loss in a ledger and a label in a list, `(5%)` as often a share.
                yield replace(number, value=number.value.copy_negate(), start=number.start + 1, end=number.end - 1)


def _as_number(found: NumberInContext) -> Number:
    return Number(
        found.value,
        found.start,
        found.end,
        found.unit,
        found.other,
        found.weak,
        found.prefixed,
        found.scaled,
        found.worded,
        found.ambiguous_sign,
    )
