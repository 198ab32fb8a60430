"""Numbers as printed: digits in their many groupings, Chinese numerals, number words, signs, money and percentages.

`scan` finds them in running text, `parse` reads one. Decimal arithmetic throughout: `75647.67万` is exactly 756476700.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache

from extractor.values import numerals, units
from extractor.values.characters import SPACES, fold
from extractor.values.currencies import currency_prefixes

_S = f"[{SPACES}]"
_NARROW = "[\u00a0\u2007\u2009\u202f]"
_END = r"(?!\d)"
# The alternatives are tried in order; every repetition is bounded, which keeps the scan linear in the text.
_FORMS = re.compile(
    rf"""
    (?P<comma>\d{{1,3}}(?:,\d{{3}}){{1,8}}(?:\.\d{{1,30}})?(?!,?\d)(?!\.\d))
  | (?P<wide>\d{{1,3}}(?:，\d{{3}}){{1,8}}(?:\.\d{{1,30}})?(?!，?\d))
  | (?P<indian>\d{{1,2}}(?:,\d\d){{1,6}},\d{{3}}(?:\.\d{{1,30}})?(?!,?\d))
  | (?P<dot>\d{{1,3}}(?:\.\d{{3}}){{1,8}},\d{{1,4}}(?![\d.,]\d|\d)|\d{{1,3}}(?:\.\d{{3}}){{2,8}}(?![.,]?\d))
  | (?P<quote>\d{{1,3}}(?:'\d{{3}}){{1,8}}(?:[.,]\d{{1,4}})?(?!'?\d))
  | (?P<narrow>\d{{1,3}}(?:{_NARROW}\d{{3}}){{1,8}}(?:[.,]\d{{1,4}})?{_END})
  | (?P<chain>\d{{1,4}}(?:\.\d{{1,8}})?[亿億万萬千](?:零?\d{{1,4}}(?:[千百]?[亿億万萬]|[千百])){{1,4}}(?!\d))
  | (?P<section>\d{{1,6}}(?:\.\d{{1,6}}){{2,12}}{_END})
  | (?P<decimal>\d{{1,40}}\.\d{{1,40}}{_END})
  | (?P<decimal_comma>\d{{1,40}},(?:\d{{1,2}}|\d{{4,30}})(?!,?\d)(?!\.\d))
  | (?P<leading_zero>0,\d{{1,30}}(?!,?\d))
  | (?P<point>(?<![\d.])\.\d{{1,30}}(?![\d.]))
  | (?P<plain>\d+)
    """,
    re.VERBOSE,
)
_SPACED = re.compile(r"(?<![\d.,])\d{1,3}(?: \d{3}){1,5}(?:[.,]\d{1,2})?(?![\d]|[.,]\d| \d)")
_EXPONENT = re.compile(r"[eE][-+]?\d{1,3}(?![A-Za-z0-9])")
_POWER = re.compile(r"10\^?([-+]?\d{1,3}|[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,3})$|10\*\*(\d{1,3})$")

_WINDOW = 28
"""How far before the digits a sign word and a currency may begin."""

# Signs.

_FALL = "减少|减|下降|降低|下跌|下滑|缩减|回落|跌|降|负|減少|減"
_RISE = "增加|增长|增|上升|提高|上涨|提升|涨|升|新增"
_FALL_EN = (
    "minus|negative|down(?: by)?|lower by|(?:decreased|declined|dropped|fell|reduced|shrank)(?: by)?"
    "|(?:decrease|decline|drop|fall|reduction)s? (?:of|by)"
)
_RISE_EN = (
    "plus|positive|up(?: by)?|higher by|(?:increased|rose|grew|gained|climbed)(?: by)?"
    "|(?:increase|rise|growth|gain)s? (?:of|by)"
)
_FALLING = re.compile(rf"(?:{_FALL})|\b(?:{_FALL_EN}|decreas\w*|declin\w*|reduc\w*|drop\w*|fall\w*|loss\w*)\b", re.I)
_RISING = re.compile(rf"(?:{_RISE})|\b(?:{_RISE_EN}|increas\w*|growth|rise|gain\w*|change)\b|变化|变动", re.I)


@cache
def _before_number() -> re.Pattern[str]:
    lettered = [name for name in currency_prefixes() if name[0].isascii() and name[0].isalpha()]
    symbols = [name for name in currency_prefixes() if name not in set(lettered)]
    money = rf"(?<![A-Za-z]){units.alternation(lettered)}|{units.alternation(symbols)}"
    return re.compile(
        rf"(?:(?<![/增减増減或])(?:(?P<fall>(?:{_FALL})了?|\b(?:{_FALL_EN})|↓)"
        rf"|(?P<rise>(?:{_RISE})了?|\b(?:{_RISE_EN})|↑)))?"
        rf"{_S}{{0,2}}(?P<sign>[-+](?=\S))?"
        rf"(?:(?P<money>{money}){_S}{{0,3}})?"
        rf"(?P<inner>\()?(?P<sign2>[-+])?(?P<fraction>百分之|千分之|万分之)?$",
        re.IGNORECASE,
    )


_COUNTER = re.compile(r"[个件条人次项份名位家户起宗种类篇章年天届期批岁套台辆所间座处场只张本册块]|小时|分钟|倍|成")


@dataclass(frozen=True, slots=True)
class Number:
    """A number read: `value` carries sign and magnitude but no unit; `text[start:end]` is the stretch.

    `other` is the second reading of an ambiguous form such as `1.234`. `weak` marks digits that are more likely part
    of a name (`A4`, `1.2.3`, `第三`), to be offered only where nothing better stands. `prefixed` is money with its
    symbol in front, `scaled` a number with its own `万` or `million`, `worded` one whose sign is a word (`减114`).
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


def parse_number(text: str) -> Number | None:
    """The number that `text` is, or the only one in it; None where there is none, or several of different value.

    Digits against a letter, `l50` or `1O5`, may be a misread number and are not taken for another one.
    """
    found = list(find_numbers(text))
    stripped_start = len(text) - len(text.lstrip())
    stripped_end = len(text.rstrip())
    for number in found:
        if number.start == stripped_start and number.end == stripped_end:
            return number
    outer: list[Number] = []
    named = [number for number in found if not text[number.start].isdecimal()]  # not the 50 of `l50`
    for number in [number for number in found if not number.weak] or named:
        # Sorted by start, the longer reading first: one that begins inside the last is a part of it.
        if not outer or number.start >= outer[-1].end:
            outer.append(number)
    return outer[0] if outer and len({number.value for number in outer}) == 1 else None


def find_numbers(text: str) -> Iterator[Number]:
    """Every number of `text` in order of appearance, with its sign word, currency and unit.

    Readings may overlap where the print allows two: `1 234` is also 1 and 234, `1,5` is also 1 and 5.
    """
    folded = fold(text)
    last_end = consumed = -1
    for core in _cores(folded, text):
        if core.start < consumed:
            continue
        number, powered = _read(folded, text, core, last_end)
        last_end = max(last_end, number.end)
        if powered:
            consumed = number.end
        yield number
        if text[number.start] == "(" and text[number.end - 1] == ")":
            share = number.unit is not None and number.unit.dimensions == {"ratio"}
            if share or (number.unit is None and text[core.start : core.end].isdecimal()):
                # `(5)` is a loss in a ledger and a label in a list, `(5%)` as often a share.
                yield replace(number, value=number.value.copy_negate(), start=number.start + 1, end=number.end - 1)


@dataclass(slots=True)
class _Core:
    start: int
    end: int
    value: Decimal
    other: Decimal | None = None
    weak: bool = False
    arabic: bool = True
    scaled: bool = False


def _cores(folded: str, text: str) -> Iterator[_Core]:
    cores: list[_Core] = []
    for match in _FORMS.finditer(folded):
        cores += _arabic(match, text)
    if " " in folded:
        for match in _SPACED.finditer(folded):
            cores.append(_Core(*match.span(), Decimal(match.group().replace(" ", "").replace(",", "."))))
    if not folded.isascii():
        for match in numerals.CHINESE_NUMERALS.finditer(folded):
            core = _chinese(match, folded)
            if core is not None:
                cores.append(core)
    for match in numerals.NUMBER_WORDS.finditer(folded):
        value = numerals.parse_number_words(match.group())
        if value is not None:
            cores.append(_Core(*match.span(), value, weak=match.group().lower() == "one", arabic=False))
    cores.sort(key=lambda core: (core.start, -core.end))
    return iter(cores)


def _arabic(match: re.Match[str], text: str) -> list[_Core]:
    form, digits = match.lastgroup, match.group()
    start, end = match.span()
    other = None
    parts: list[_Core] = []
    match form:
        case "comma" | "indian":
            value = digits.replace(",", "")
        case "wide":
            value = digits.replace("，", "")
            if text[start].isascii():  # a list of numbers in Chinese prose as likely as one grouped number
                parts = [
                    _Core(start + m.start(), start + m.end(), Decimal(m.group()))
                    for m in re.finditer(r"[\d.]+", digits)
                ]
        case "dot":
            value = digits.replace(".", "").replace(",", ".")
        case "quote":
            value = digits.replace("'", "").replace(",", ".")
        case "narrow":
            value = re.sub(_NARROW, "", digits).replace(",", ".")
        case "chain":
            chained = _chained(digits)
            if chained is not None:
                return [_Core(start, end, chained, scaled=True)]
            return [
                _Core(start + m.start(), start + m.end(1), Decimal(m[1]))
                for m in re.finditer(r"(\d+(?:\.\d+)?)", digits)
            ]
        case "section":
            return [
                _Core(start + m.start(), start + m.end(), Decimal(m.group()), weak=True)
                for m in re.finditer(r"\d+", digits)
            ]
        case "decimal":
            value = digits
            if re.fullmatch(r"[1-9]\d{0,2}\.\d{3}", digits):
                other = Decimal(digits.replace(".", ""))
        case "decimal_comma" | "leading_zero":
            value = digits.replace(",", ".")
            parts = [_Core(start + m.start(), start + m.end(), Decimal(m.group())) for m in re.finditer(r"\d+", digits)]
        case _:
            value = digits
            if len(digits) > 30:
                return []
    return [_Core(start, end, Decimal(value), other), *parts]


def _chained(digits: str) -> Decimal | None:
    """`3亿5千万` or `2万3千`, piece by piece; None for a list such as `10万20万`."""
    total = section = Decimal(0)
    small = great = Decimal("Infinity")
    for number, power in re.findall(r"([\d.]+)|([^\d.零])", digits):
        if number:
            piece = Decimal(number)
            continue
        factor = units.MAGNITUDES[power]
        if power in "万萬亿億":
            section += piece
            if factor >= great:
                return None
            total, section, great, small = total + section * factor, Decimal(0), factor, factor
        else:
            if factor >= small:
                return None
            section, small = section + piece * factor, factor
        piece = Decimal(0)
    return total + section


def _chinese(match: re.Match[str], folded: str) -> _Core | None:
    run, start, end = match.group(), match.start(), match.end()
    before, after = folded[start - 1 : start], folded[end : end + 1]
    if before.isdigit() or before == "." or after.isdigit() or not numerals.is_numeral(run):
        return None  # among them the magnitude of Arabic digits: `75647.67万`
    value = numerals.parse_chinese_number(run)
    if value is None:
        return None
    weak = before == "第" or (after == "、" and before in tuple("\n \t("))
    coins = numerals.parse_coins(folded, end)
    if coins is not None:
        return _Core(start, coins[0], value + coins[1], weak=weak, arabic=False)
    if numerals.count_digits(run) == 1 and not _COUNTER.match(folded, end):
        if (before.isalpha() and before not in "增减") or after.isalpha():
            return None  # a character of a word: `统一`, `一般`
        weak = weak or after in tuple("、).")
    return _Core(start, end, value, weak=weak, arabic=False)


@dataclass(slots=True)
class _Draft:
    """A number whose surroundings are being taken in."""

    value: Decimal
    start: int
    end: int
    other: Decimal | None
    weak: bool
    scaled: bool
    unit: units.Unit | None = None
    negative: bool = False
    prefixed: bool = False
    worded: bool = False
    powered: bool = False


def _read(folded: str, text: str, core: _Core, last_end: int) -> tuple[Number, bool]:
    """The number around `core`, and whether a power of ten behind it took in more digits."""
    draft = _Draft(core.value, core.start, core.end, core.other, core.weak, core.scaled)
    prefix = _prefix(folded[max(0, core.start - _WINDOW) : core.start])
    _take_behind(draft, folded, core, money=prefix is not None and bool(prefix["money"]))
    if prefix is not None:
        _take_before(draft, folded, core, prefix, last_end)
    if core.arabic:
        draft.weak = draft.weak or _in_a_name(draft, folded, core)
    _take_brackets(draft, folded, text, core)
    value, other = draft.value, draft.other
    if draft.negative:
        value, other = value.copy_negate(), None if other is None else other.copy_negate()
    number = Number(
        value, draft.start, draft.end, draft.unit, other, draft.weak, draft.prefixed, draft.scaled, draft.worded
    )
    return number, draft.powered


def _take_behind(draft: _Draft, folded: str, core: _Core, money: bool) -> None:
    exponent = _EXPONENT.match(folded, draft.end) if core.arabic else None
    if exponent:
        draft.value *= Decimal(1).scaleb(int(exponent.group()[1:]))
        draft.end, draft.other, draft.powered = exponent.end(), None, True
    tail = units.suffix_pattern().match(folded, draft.end)
    if tail is None or tail.end() == draft.end:
        return
    power = _POWER.search(tail["ten"].strip()) if tail["ten"] else None
    if power:
        draft.value *= Decimal(1).scaleb(units.parse_exponent(power[1] or power[2]))
        draft.end, draft.other, draft.powered = tail.end("ten"), None, True
    name, magnitude = tail["unit"], tail["magnitude"]
    if magnitude:
        alone = tail.end("magnitude") == tail.end()
        scale = units.parse_magnitude(magnitude, money or bool(name) or (magnitude in "MB" and alone))
        if scale is None and magnitude == "m":
            name = magnitude
        elif scale is not None:
            draft.value, draft.other, draft.scaled = draft.value * scale, None, True
            draft.end = tail.end("magnitude")
    year = name in ("年", "周年") and re.fullmatch(r"(?:19|20)\d\d", folded[core.start : core.end])
    if name and not year and not _opens_next(folded, tail):
        draft.unit = units.parse_unit(name.strip())
        draft.end = tail.end()


def _opens_next(folded: str, tail: re.Match[str]) -> bool:
    """Whether the currency behind a space belongs to the next amount: `5 $2,925.00`."""
    if tail["unit"] not in currency_prefixes() or not folded[tail.start("unit") - 1].isspace():
        return False
    return folded[tail.end() : tail.end() + 4].lstrip(SPACES + "-(")[:1].isdigit()


def _take_before(draft: _Draft, folded: str, core: _Core, prefix: re.Match[str], last_end: int) -> None:
    offset = core.start - len(prefix.string)
    if prefix["inner"]:
        if not prefix["money"] or folded[draft.end : draft.end + 1] != ")":
            return
        draft.negative, draft.end = True, draft.end + 1  # `$(5.00)`
    if prefix["fraction"]:
        draft.start, draft.unit, draft.other = offset + prefix.start("fraction"), units.parse_unit("%"), None
        draft.value /= {"百": 1, "千": 10, "万": 100}[prefix["fraction"][0]]
    if prefix["money"]:
        draft.start, draft.prefixed = offset + prefix.start("money"), True
        draft.unit = draft.unit or units.parse_unit(_named(prefix["money"]))
    signed = False
    for name in ("sign2", "sign"):
        if not prefix[name]:
            continue
        place = offset + prefix.start(name)
        left = folded[place - 1 : place]
        joined = place == last_end or (left.isascii() and left.isalnum()) or left in tuple(")]%")
        if joined and not (name == "sign2" and prefix["money"]):
            if not prefix["money"]:
                return  # a hyphen, or the dash of a range
            continue
        signed, draft.start = True, min(draft.start, place)
        draft.negative = draft.negative or prefix[name] == "-"
    for name in ("fall", "rise"):
        word = prefix[name]
        # `down 5%` is a fall; in `broke down 5 pumps` nothing falls.
        if word and not (word.lower() in ("down", "up") and draft.unit is None):
            draft.negative = draft.negative or (name == "fall" and not signed)
            draft.worded, draft.start = True, min(draft.start, offset + prefix.start(name))


def _in_a_name(draft: _Draft, folded: str, core: _Core) -> bool:
    """Whether letters against the digits make them part of a name, `A4` or `3f2a`; `Total16.00` is a lost space."""
    if draft.unit is None:
        letters = re.compile(r"[A-Za-z]{1,12}").match(folded, draft.end)
        if letters and folded[letters.end() : letters.end() + 1].isdigit():
            return True
    before = folded[max(0, core.start - _WINDOW) : core.start]
    if draft.start != core.start or not (before[-1:].isascii() and before[-1:].isalpha()):
        return False
    return not re.search(r"(?:^|[^A-Za-z0-9])[A-Za-z]{3,}$", before)


def _take_brackets(draft: _Draft, folded: str, text: str, core: _Core) -> None:
    """Accounting brackets around nothing but an amount, a trailing minus, and arrows."""
    start, end = draft.start, draft.end
    behind = folded[end : end + 1]
    if start > 0 and folded[start - 1] == "(" and behind == ")" and core.arabic and not draft.negative:
        percent = draft.unit is not None and draft.unit.dimensions == {"ratio"}
        amount = draft.unit is not None or any(mark in folded[core.start : core.end] for mark in ",.")
        if (amount and not percent) or (_stands_alone(folded, start - 1, end + 1) and text[start - 1] == "("):
            draft.start, draft.end, draft.negative = start - 1, end + 1, True
            if folded[draft.end : draft.end + 1] == "%":
                draft.unit, draft.end = units.parse_unit("%"), draft.end + 1
    elif behind == "-" and not draft.negative and re.fullmatch(r"[\d,]+\.\d\d", folded[core.start : end]):
        if folded[end + 1 : end + 2] in ("", " ", "\n", "\t", "|"):
            draft.end, draft.negative = end + 1, True
    elif behind in ("↓", "↑") and not draft.worded:
        draft.end, draft.negative, draft.worded = end + 1, behind == "↓", True


def _stands_alone(folded: str, start: int, end: int) -> bool:
    left, right = folded[max(0, start - 2) : start], folded[end : end + 2]
    breaks = ("", "\n", "\t", "|")
    return (left[-1:] in breaks or left == "  ") and (right[:1] in breaks or right == "  ")


def _prefix(window: str) -> re.Match[str] | None:
    """The longest sign word, sign and currency that end where the digits begin."""
    last = window.rstrip(SPACES)[-1:]
    if not last or last in "\n\t|,;:。，、；：" or last.isdigit():
        return None
    if last.isascii() and last.isalpha():
        word = _LAST_WORD.search(window)
        if word is None or word[1].lower() not in _prefix_words():
            return None
    elif last not in _prefix_ends():
        return None
    for match in _before_number().finditer(window):
        if match.group().strip():
            return match
    return None


_LAST_WORD = re.compile(rf"([A-Za-z]+)[{SPACES}]*$")


@cache
def _prefix_words() -> frozenset[str]:
    """The last words, in lower case, of everything that may stand before a number and belong to it."""
    phrases = re.findall(r"[a-z]+", f"{_FALL_EN} {_RISE_EN}")
    money = [re.search(r"[A-Za-z]+$", name) for name in currency_prefixes()]
    return frozenset(phrases) | {match.group().lower() for match in money if match}


@cache
def _prefix_ends() -> frozenset[str]:
    return frozenset("-+(↓↑之了" + _FALL + _RISE) | {name[-1] for name in currency_prefixes()}


@cache
def _named(money: str) -> str:
    lowered = {name.lower(): name for name in currency_prefixes()}
    return money if money in lowered.values() else lowered.get(money.lower(), money)


def trend_direction(text: str) -> int:
    """-1 where `text` speaks of a fall alone (`降幅`, `decrease in stock`), 1 of a rise alone, else 0."""
    falling, rising = bool(_FALLING.search(text) or "降幅" in text), bool(_RISING.search(text))
    return rising - falling
