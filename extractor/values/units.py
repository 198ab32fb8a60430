"""Units as printed beside numbers, and the conversion between two of one dimension.

Money, percentages, counts in thousands, laboratory and everyday units. Amounts of substance are not turned into masses,
nor one currency into another.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from extractor.values.characters import SPACES, fold
from extractor.values.currencies import currency_names
from extractor.values.unit_table import (
    LINEAR_UNITS,
    MAGNITUDES,
    MAGNITUDES_OF_MONEY,
    NOT_BESIDE_NUMBERS,
    ONLY_BEHIND_SLASH,
    TEMPERATURE_SCALES,
    TEMPERATURES,
)

__all__ = [
    "MAGNITUDES",
    "DeclaredUnit",
    "Unit",
    "alternation",
    "convert_amount",
    "find_declarations",
    "find_declared_units",
    "parse_exponent",
    "parse_magnitude",
    "parse_unit",
    "suffix_pattern",
]


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: `magnitude` times a base of one of `dimensions` (several for `$` or `¥`, none for a bare `万`).

    `scale` and `offset` turn an amount in the base into the first unit of the dimension: (amount + offset) * scale. A
    unit that is not `known` is a dimension of its own.
    """

    magnitude: Decimal = Decimal(1)
    scale: Decimal = Decimal(1)
    dimensions: frozenset[str] = frozenset()
    offset: Decimal = Decimal(0)
    known: bool = True
    text: str = ""

    @property
    def factor(self) -> Decimal:
        """What an amount in this unit is multiplied by to be in the first unit of the dimension."""
        return self.magnitude * self.scale


@cache
def _base_units() -> dict[str, Unit]:
    """Return every unit that has a name of its own, by the name."""
    bases = {name: Unit(dimensions=codes, text=name) for name, codes in currency_names().items()}
    for dimension, entries in LINEAR_UNITS.items():
        for entry in entries.split(","):
            name, factor = entry.strip().rsplit(" ", 1)
            name = name.strip("'")
            bases[name] = Unit(scale=Decimal(factor), dimensions=frozenset([dimension]), text=name)
    for name in ONLY_BEHIND_SLASH:
        bases[name] = Unit(dimensions=frozenset([name]), text=name)
    for scale_name, names in TEMPERATURES.items():
        scale, offset = TEMPERATURE_SCALES[scale_name]
        for name in names:
            bases[name] = Unit(scale=scale, offset=offset, dimensions=frozenset(["temperature"]), text=name)
    return bases


# Units beside a number.


def alternation(names: Iterable[str]) -> str:
    """Return an alternation of `names` that prefers the longest, with one branch for each first character.

    The regular expression engine tries the branches one by one, and there are hundreds of names.
    """
    by_first: dict[str, list[str]] = {}
    for name in sorted(names, key=len, reverse=True):
        by_first.setdefault(name[0], []).append(re.escape(name[1:]))
    branches = (f"{re.escape(first)}(?:{'|'.join(rest)})" for first, rest in by_first.items())
    return f"(?:{'|'.join(branches)})"


def _whole_names(names: Iterable[str]) -> str:
    """Return an alternation in which a name that ends in a Latin letter is not the beginning of a longer word."""
    names = list(names)
    latin = [name for name in names if re.search(r"[A-Za-zµμł]$", name)]
    other = [name for name in names if name not in set(latin)]
    return rf"(?:(?:{alternation(latin)})(?![A-Za-z0-9µμ])|(?:{alternation(other)}))"


@cache
def suffix_pattern() -> re.Pattern[str]:
    """Return the pattern of what stands right behind digits: the groups `ten` (a power), `magnitude` and `unit`.

    All three are optional, so that it always matches, if need be nothing.
    """
    spaces = f"[{SPACES}]"
    latin_magnitudes = [m for m in MAGNITUDES if m.isascii() and len(m) > 1 and m[0].isalpha()]
    chinese_magnitudes = [m for m in MAGNITUDES if not m.isascii() and m[0].isalpha()]
    unit = _whole_names(name for name in _base_units() if name not in NOT_BESIDE_NUMBERS | ONLY_BEHIND_SLASH)
    denominator = _whole_names(name for name, unit in _base_units().items() if not unit.offset and name != "%")
    return re.compile(
        rf"(?P<ten>{spaces}?[×xX*]{spaces}?10(?:\^?(?:[-+]?\d{{1,3}})(?=[/{SPACES}]|$)|\^[-+]?\d{{1,3}}|\*\*\d{{1,3}}"
        r"|[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,3}))?"
        rf"(?:{spaces}?(?P<magnitude>(?:{alternation(chinese_magnitudes)})"
        rf"|(?i:{alternation(latin_magnitudes)})(?![A-Za-z0-9])|(?<=[0-9])[kK](?![A-Za-z0-9])"
        r"|(?<=[0-9])(?:[mMbB])(?![A-Za-z0-9/²³^])))?"
        rf"(?:{spaces}{{0,2}}(?P<unit>{unit}(?:{spaces}?/{spaces}?{denominator})?"
        rf"|(?<=[0-9⁰¹²³⁴⁵⁶⁷⁸⁹])/{denominator}))?"
    )


def parse_exponent(text: str) -> int:
    """Return the whole number written as an exponent, plain or superscript: `^-3`, `⁻³`."""
    return int(text.translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")).lstrip("^*"))


def parse_magnitude(text: str, is_money: bool) -> Decimal | None:
    """Return what a magnitude behind a number multiplies by; `m` and `b` count only behind an amount of money."""
    if is_money and text in MAGNITUDES_OF_MONEY:
        return MAGNITUDES_OF_MONEY[text]
    return MAGNITUDES.get(text) or MAGNITUDES.get(text.lower())


# Units declared in headings.

_LIST_MARKS = frozenset("十百千ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
_IN_BRACKETS = re.compile(r"[((（\[【]\s*([^()（）\[\]【】]{1,120}?)\s*[)）\]】]")
_UNIT_LABEL = re.compile(r"(?:单位|單位|単位|단위|units?)\s*[:：]\s*", re.IGNORECASE)
_BEHIND_LABEL = re.compile(_UNIT_LABEL.pattern + r"([^\s,，;；。)）\]】]{1,24}(?: [A-Za-z]{2,12})?)", re.IGNORECASE)
_IN_THOUSANDS = re.compile(
    r"\b(?:in|expressed in)\s+((?:thousands?|millions?|billions?)(?:\s+of)?(?:\s+[A-Za-z$€£¥.]{1,8}(?:\s+dollars)?)?)",
    re.IGNORECASE,
)
_LABEL_IN_BRACKETS = re.compile(
    r"^(?:[^:：]{0,12}[:：]|(?:all |amounts? |figures? |stated |expressed )*in\b)\s*", re.IGNORECASE
)
_LAST_WORD_OF_HEADING = re.compile(r"(?:^|[\s/])([^\s/()（）]{1,12}(?:/[A-Za-zµμ]{1,4})?)\s*$")


@dataclass(frozen=True, slots=True)
class DeclaredUnit:
    """A unit declared at `context[start:end]`; `explicit` where it is more than the last word of a heading."""

    unit: Unit
    start: int
    end: int
    explicit: bool = True


def find_declared_units(context: str) -> list[Unit]:
    """Return the units declared in headings, in order: `金额（万元）`, `单位：元`, `(in thousands)`, `Weight kg`."""
    return [declared.unit for declared in find_declarations(context)]


def find_declarations(context: str) -> list[DeclaredUnit]:
    """Return where `context` declares units, in order and without overlaps; the longer of two wins.

    Money and its magnitude are found in either order: `EUR thousands`, `Mio. EUR`, `€m`, `milliers d'euros`.
    """
    found: list[DeclaredUnit] = []

    def add(name: str, start: int, end: int, explicit: bool = True) -> None:
        unit = parse_unit(name)
        if unit is not None and unit.known and (explicit or unit.dimensions):
            found.append(DeclaredUnit(unit, start, end, explicit))

    for match in _IN_BRACKETS.finditer(context):
        if not _is_list_mark(match[1], match, context):
            for content in (match[1], re.split(r"[,，;；]", match[1])[0]):
                add(_LABEL_IN_BRACKETS.sub("", content), match.start(), match.end())
    for pattern in (_BEHIND_LABEL, _IN_THOUSANDS, _scaled_money()):
        for match in pattern.finditer(context):
            add(next(group for group in match.groups() if group), match.start(), match.end())
    for line in re.finditer(r"[^\n|\t]+", context):
        last_word = _LAST_WORD_OF_HEADING.search(line.group())
        if last_word and (len(last_word[1]) > 1 or last_word[1] == "%"):
            add(last_word[1], line.start() + last_word.start(), line.start() + last_word.end(), explicit=False)
    found.sort(key=lambda d: (not d.explicit, -(d.unit.factor != 1), d.start - d.end))
    kept: list[DeclaredUnit] = []
    for declared in found:
        if not any(declared.start < other.end and other.start < declared.end for other in kept):
            kept.append(declared)
    return sorted(kept, key=lambda d: d.end)


@cache
def _scaled_money() -> re.Pattern[str]:
    """Return the pattern of a currency with a magnitude before or behind it, neither of them beside digits."""
    money = _whole_names(currency_names())
    words = alternation(m for m in MAGNITUDES if len(m) > 2 and m[0].isalpha() and m.isascii())
    return re.compile(
        rf"(?<![A-Za-z0-9])((?i:{words})\s*(?:of |de |d['’])?\s*{money})"
        rf"|(?<![A-Za-z0-9])({money}\s?(?:in\s)?(?:(?i:{words})(?![A-Za-z])|['’]?000s?(?!\d)|(?:m|k|bn|K|M)(?![A-Za-z])))"
        rf"|(?<![A-Za-z0-9])([TkK](?:[A-Z]{{3}}(?![A-Za-z])|[€£$]))"
    )


def _is_list_mark(name: str, match: re.Match[str], context: str) -> bool:
    """Return whether a bracketed character numbers a line instead of naming a unit: `(A) Revenue`, `（十）`."""
    if len(name) != 1 or name not in _LIST_MARKS or match[0][1:-1].strip() != name:
        return False
    return not context[: match.start()].rpartition("\n")[2].strip() or name in "十百千"


# Reading the name of a unit.

_POWER_OF_TEN = re.compile(r"^(?:[×xX*]\s?)?10(?:\^|\*\*)?([-+]?\d{1,3}|[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,3})(?=/|\s|$)\s*")
_RATIO_NAMES = frozenset({"1", "ratio", "fraction", "比例", "比率"})


@cache
def parse_unit(text: str) -> Unit | None:
    """Return the unit written as `text`: `万元`, `USD thousands`, `mg/dL`, `10^9/L`; None when nothing is written.

    An unknown name is a unit of its own (`known` False), so that `件` fits `件` and nothing else.
    """
    text = fold(text).strip(" \t\n:.()[]") if text not in _base_units() else text
    if not text:
        return None
    if text in _RATIO_NAMES:
        return Unit(dimensions=frozenset(["ratio"]), text=text)
    magnitude, rest = Decimal(1), text
    power = _POWER_OF_TEN.match(rest)
    if power:
        magnitude, rest = Decimal(1).scaleb(parse_exponent(power[1])), rest[power.end() :]
    if rest not in _base_units():
        factor, rest = _split_magnitude(rest)
        magnitude *= factor
    if not rest:
        return Unit(magnitude=magnitude, text=text)
    base = _parse_base(rest)
    return Unit(magnitude * base.magnitude, base.scale, base.dimensions, base.offset, base.known, text)


_LETTER_BEHIND_MONEY = re.compile(r"(?P<money>.+?)\s?(?P<magnitude>m|M|b|B|bn|k|K|['’]?000s?)")
_LETTER_BEFORE_MONEY = re.compile(r"[TkK](?P<money>[A-Z]{3}|[€£$])")


def _split_magnitude(name: str) -> tuple[Decimal, str]:
    """Return the magnitude that `name` begins or ends with, 1 without one, and the rest: `万元`, `USD thousands`."""
    letter = _LETTER_BEHIND_MONEY.fullmatch(name) or _LETTER_BEFORE_MONEY.fullmatch(name)
    if letter and letter["money"] in currency_names():
        magnitude = letter.groupdict().get("magnitude", "k")
        return parse_magnitude(magnitude, is_money=True) or Decimal(1000), letter["money"]
    for magnitude in sorted(MAGNITUDES, key=len, reverse=True):
        match = re.fullmatch(
            rf"(?:(?:{re.escape(magnitude)})(?:\s+(?:of|de|d['’](?=\S)))?\s*(?P<behind>.*)"
            rf"|(?P<before>.+?)\s*(?:in\s+)?{re.escape(magnitude)})",
            name,
            re.IGNORECASE if len(magnitude) > 2 else 0,
        )
        if match is None:
            continue
        stands_first = match["behind"] is not None
        rest = match["behind"] if stands_first else match["before"]
        if stands_first and rest and magnitude.isascii() and magnitude[0].isalpha():
            is_joined = name[len(magnitude) : len(magnitude) + 1].isalpha()
            if is_joined and name[len(magnitude) :] not in _base_units():
                continue  # the beginning of another word
        if not stands_first and rest not in _base_units() and magnitude.isascii() and len(magnitude) < 4:
            continue  # the end of another word
        is_long_word = len(magnitude) > 3 and stands_first
        if rest in _base_units() or not rest or not magnitude.isascii() or is_long_word:
            return MAGNITUDES[magnitude], rest.strip()
    return Decimal(1), name


def _parse_base(name: str) -> Unit:
    """Return the unit of a name without a magnitude; a quotient such as `mg/dL` is one unit over another."""
    bases = _base_units()
    if name in bases:
        return bases[name]
    numerator, slash, denominator = name.partition("/")
    if slash and denominator.strip():
        above = _parse_base(numerator.strip()) if numerator.strip() else Unit()
        below = _parse_base(denominator.strip())
        dimensions = frozenset(f"{a}/{b}" for a in above.dimensions or {""} for b in below.dimensions)
        known = above.known and below.known
        return Unit(scale=above.scale / below.scale, dimensions=dimensions, known=known, text=name)
    if name.lower() in _base_units_by_lower_case():
        return _base_units_by_lower_case()[name.lower()]
    currency = re.match(r"人民币|人民幣|RMB|CNY|新台[币幣]|新臺幣|NT\$|港[币幣]|HK\$|日本円", name)
    if currency and currency.end() < len(name):
        unit = parse_unit(name[currency.end() :].strip())
        if unit is not None and (not unit.dimensions or unit.dimensions & {"CNY", "JPY"}):
            dimensions = bases[currency[0]].dimensions if currency[0] in bases else frozenset(["CNY"])
            return Unit(magnitude=unit.factor, dimensions=dimensions, text=name)
    return Unit(dimensions=frozenset([name.lower()]), known=False, text=name)


@cache
def _base_units_by_lower_case() -> dict[str, Unit]:
    return {name.lower(): unit for name, unit in _base_units().items() if len(name) > 2}


def convert_amount(amount: Decimal, given: Unit, wanted: Unit) -> Decimal | None:
    """Return `amount` of the unit `given` in the unit `wanted`; None when they measure different things.

    A bare magnitude (`万`) takes the wanted base: `3.5亿` in `万元` is 35000.
    """
    if not given.dimensions or not wanted.dimensions:
        return amount * given.magnitude / wanted.magnitude
    if not given.dimensions & wanted.dimensions:
        return None
    if given.factor == wanted.factor and given.offset == wanted.offset:
        return amount
    return (amount * given.magnitude + given.offset) * given.scale / wanted.factor - wanted.offset
