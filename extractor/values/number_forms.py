"""The digits of a number in their many groupings, Chinese numerals, and number words, before anything around them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from extractor.values import chinese_numerals, units

_NARROW_SPACE = "[\u00a0\u2007\u2009\u202f]"
_LONGEST_PLAIN = 30
"""Digits; a longer run is a code."""

# The alternatives are tried in order; every repetition is bounded, which keeps the scan linear in the text.
_DIGIT_FORMS = re.compile(
    rf"""
    (?P<comma_groups>(?!0,)\d{{1,3}}(?:,\d{{3}}){{1,8}}(?:\.\d{{1,30}})?(?!,?\d)(?!\.\d))
  | (?P<wide_comma_groups>\d{{1,3}}(?:，\d{{3}}){{1,8}}(?:\.\d{{1,30}})?(?!，?\d))
  | (?P<indian_groups>\d{{1,2}}(?:,\d\d){{1,6}},\d{{3}}(?:\.\d{{1,30}})?(?!,?\d))
  | (?P<point_groups>\d{{1,3}}(?:\.\d{{3}}){{1,8}},\d{{1,4}}(?![\d.,]\d|\d)|\d{{1,3}}(?:\.\d{{3}}){{2,8}}(?![.,]?\d))
  | (?P<apostrophe_groups>\d{{1,3}}(?:'\d{{3}}){{1,8}}(?:[.,]\d{{1,4}})?(?!'?\d))
  | (?P<narrow_space_groups>\d{{1,3}}(?:{_NARROW_SPACE}\d{{3}}){{1,8}}(?:[.,]\d{{1,4}})?(?!\d))
  | (?P<magnitude_chain>\d{{1,4}}(?:\.\d{{1,8}})?[亿億万萬千](?:零?\d{{1,4}}(?:[千百]?[亿億万萬]|[千百])){{1,4}}(?!\d))
  | (?P<section>\d{{1,6}}(?:\.\d{{1,6}}){{2,12}}(?!\d))
  | (?P<decimal_point>\d{{1,40}}\.\d{{1,40}}(?!\d))
  | (?P<decimal_comma>\d{{1,40}},(?:\d{{1,2}}|\d{{4,30}})(?!,?\d)(?!\.\d))
  | (?P<zero_comma>0,\d{{1,30}}(?!,?\d))
  | (?P<leading_point>(?<![\d.])\.\d{{1,30}}(?![\d.]))
  | (?P<plain>\d+)
    """,
    re.VERBOSE,
)
_SPACE_GROUPS = re.compile(r"(?<![\d.,])\d{1,3}(?: \d{3}){1,5}(?:[.,]\d{1,4})?(?![\d]|[.,]\d| \d)")
_FRACTION = re.compile("[¼-¾⅐-⅞↉]")
_ALONE = re.compile(r"\s*([¼-¾⅐-⅞↉①-⑳⓪❶-❿㉑-㉟㊱-㊿])\s*")
"""A fraction, or a number in a circle, which counts only where nothing else stands: elsewhere it numbers a list."""
_POINT_MAY_GROUP = re.compile(r"[1-9]\d{0,2}\.\d{3}")
_COUNTED = re.compile(r"[个件条人次项份名位家户起宗种类篇章年天届期批岁套台辆所间座处场只张本册块]|小时|分钟|倍|成")
"""What a single Chinese numeral may count; before anything else it is the character of a word."""


@dataclass(slots=True)
class NumberCore:
    """The digits or numerals of a number at `text[start:end]`, without sign and unit.

    `other` is the second reading of an ambiguous form such as `1.234`; `weak` ones are more likely part of a name,
    `from_digits` ones written in digits, `scaled` ones hold a magnitude of their own (`2万3千`).
    """

    start: int
    end: int
    value: Decimal
    other: Decimal | None = None
    weak: bool = False
    from_digits: bool = True
    scaled: bool = False


def find_number_cores(folded: str, text: str) -> Iterator[NumberCore]:
    """Yield the numbers of `text` by their beginnings, the longer first; `folded` is `fold(text)`."""
    cores: list[NumberCore] = []
    for match in _DIGIT_FORMS.finditer(folded):
        cores += _read_digits(match, text)
    if " " in folded:
        for match in _SPACE_GROUPS.finditer(folded):
            cores.append(NumberCore(*match.span(), Decimal(match.group().replace(" ", "").replace(",", "."))))
    if not folded.isascii():
        cores = _with_fractions(cores, folded)
        for match in chinese_numerals.CHINESE_NUMERALS.finditer(folded):
            core = _read_chinese(match, folded)
            if core is not None:
                cores.append(core)
    for match in chinese_numerals.NUMBER_WORDS.finditer(folded):
        value = chinese_numerals.parse_number_words(match.group())
        if value is not None:
            weak = match.group().lower() == "one"
            cores.append(NumberCore(*match.span(), value, weak=weak, from_digits=False))
    cores.sort(key=lambda core: (core.start, -core.end))
    return iter(cores)


def _with_fractions(cores: list[NumberCore], folded: str) -> list[NumberCore]:
    """Return the numbers with the fractions behind them (`3½`), and that of a text of one such character (`½`, `①`)."""
    for core in cores:
        if _FRACTION.match(folded, core.end) and core.value == core.value.to_integral_value():
            core.value += Decimal(unicodedata.numeric(folded[core.end])).quantize(Decimal("0.0001")).normalize()
            core.end, core.other = core.end + 1, None
    alone = _ALONE.fullmatch(folded)
    if alone:
        value = Decimal(unicodedata.numeric(alone[1])).quantize(Decimal("0.0001")).normalize()
        cores.append(NumberCore(alone.start(1), alone.end(1), value, from_digits=False))
    return cores


def _read_digits(match: re.Match[str], text: str) -> list[NumberCore]:
    """Return the number that a run of digits is, and those that it may be instead."""
    digits = match.group()
    start, end = match.span()
    other = None
    parts: list[NumberCore] = []
    match match.lastgroup:
        case "comma_groups" | "indian_groups":
            value = digits.replace(",", "")
        case "wide_comma_groups":
            value = digits.replace("，", "")
            if text[start].isascii():  # in Chinese prose as likely a list of numbers as one grouped number
                parts = _read_parts(r"[\d.]+", digits, start)
        case "point_groups":
            value = digits.replace(".", "").replace(",", ".")
        case "apostrophe_groups":
            value = digits.replace("'", "").replace(",", ".")
        case "narrow_space_groups":
            value = re.sub(_NARROW_SPACE, "", digits).replace(",", ".")
        case "magnitude_chain":
            chained = _parse_magnitude_chain(digits)
            if chained is not None:
                return [NumberCore(start, end, chained, scaled=True)]
            return _read_parts(r"\d+(?:\.\d+)?", digits, start)
        case "section":
            return _read_parts(r"\d+", digits, start, weak=True)
        case "decimal_point":
            value = digits
            if _POINT_MAY_GROUP.fullmatch(digits):
                other = Decimal(digits.replace(".", ""))
        case "decimal_comma" | "zero_comma":
            value = digits.replace(",", ".")
            parts = _read_parts(r"\d+", digits, start)
        case _:
            value = digits
            if len(digits) > _LONGEST_PLAIN:
                return []
    return [NumberCore(start, end, Decimal(value), other), *parts]


def _read_parts(pattern: str, digits: str, offset: int, weak: bool = False) -> list[NumberCore]:
    return [
        NumberCore(offset + part.start(), offset + part.end(), Decimal(part.group()), weak=weak)
        for part in re.finditer(pattern, digits)
    ]


def _parse_magnitude_chain(digits: str) -> Decimal | None:
    """Return the value of `3亿5千万` or `2万3千`, piece by piece; None for a list such as `10万20万`."""
    total = section = piece = Decimal(0)
    smallest = smallest_of_section = Decimal("Infinity")
    for number, character in re.findall(r"([\d.]+)|([^\d.零])", digits):
        if number:
            piece = Decimal(number)
            continue
        factor = units.MAGNITUDES[character]
        if character in "万萬亿億":
            if factor >= smallest:
                return None
            total += (section + piece) * factor
            section, smallest, smallest_of_section = Decimal(0), factor, factor
        else:
            if factor >= smallest_of_section:
                return None
            section += piece * factor
            smallest_of_section = factor
        piece = Decimal(0)
    return total + section


def _read_chinese(match: re.Match[str], folded: str) -> NumberCore | None:
    """Return the number that a run of Chinese numerals is, None where it belongs to digits or to a word."""
    run, start, end = match.group(), match.start(), match.end()
    before, behind = folded[start - 1 : start], folded[end : end + 1]
    if before.isdigit() or before == "." or behind.isdigit() or not chinese_numerals.is_numeral(run):
        return None  # among them the magnitude of Arabic digits: `75647.67万`
    value = chinese_numerals.parse_chinese_number(run)
    if value is None:
        return None
    weak = before == "第" or (behind == "、" and before in tuple("\n \t("))
    tail = chinese_numerals.parse_currency_tail(folded, end)
    if tail is not None:
        return NumberCore(start, tail[0], value + tail[1], weak=weak, from_digits=False)
    if chinese_numerals.count_digits(run) == 1 and not _COUNTED.match(folded, end):
        if (before.isalpha() and before not in "增减") or behind.isalpha():
            return None  # a character of a word: `统一`, `一般`
        weak = weak or behind in tuple("、).")
    return NumberCore(start, end, value, weak=weak, from_digits=False)
