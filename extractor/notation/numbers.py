"""Numbers as printed: digits in their many groupings, Chinese numerals, number words, signs, money and percentages.

`scan` finds them in running text, `parse` reads one. Decimal arithmetic throughout: `75647.67万` is exactly 756476700.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from extractor.notation import units
from extractor.notation.characters import SPACES, fold

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

# Signs.

_FALL = "减少|减|下降|降低|下跌|下滑|缩减|回落|跌|降|负|減少|減"
_RISE = "增加|增长|增|上升|提高|上涨|提升|涨|升|新增"
_FALL_EN = (
    "minus|negative|down|(?:decreased|declined|dropped|fell|reduced|shrank|lower)(?: by)?|(?:decrease|decline|drop|fall"
    "|reduction)s? (?:of|by)"
)
_RISE_EN = (
    "plus|positive|up|(?:increased|rose|grew|gained|climbed|higher)(?: by)?|(?:increase|rise|growth|gain)s? (?:of|by)"
)
_FALLING = re.compile(rf"(?:{_FALL})|\b(?:{_FALL_EN}|decreas\w*|declin\w*|reduc\w*|drop\w*|fall\w*|loss\w*)\b", re.I)
_RISING = re.compile(rf"(?:{_RISE})|\b(?:{_RISE_EN}|increas\w*|growth|rise|gain\w*|change)\b|变化|变动", re.I)


@cache
def _before_number() -> re.Pattern[str]:
    money = "|".join(
        (r"(?<![A-Za-z])" if name[0].isalpha() and name[0].isascii() else "") + re.escape(name)
        for name in units.money_prefixes()
    )
    return re.compile(
        rf"(?P<open>\()?{_S}?"
        rf"(?:(?P<fall>(?:{_FALL})了?|\b(?:{_FALL_EN})|↓)|(?P<rise>(?:{_RISE})了?|\b(?:{_RISE_EN})|↑))?"
        rf"{_S}{{0,2}}(?P<sign>[-+](?=\S))?"
        rf"(?:(?P<money>{money}){_S}{{0,3}})?"
        rf"(?P<inner>\()?(?P<sign2>[-+])?(?P<fraction>百分之|千分之|万分之)?$",
        re.IGNORECASE,
    )


# Chinese numerals.

_CN_DIGITS = {
    c: i
    for i, group in enumerate(
        ["零〇○", "一壹弌", "二贰贰貳两兩", "三叁參", "四肆", "五伍", "六陆陸", "七柒", "八捌", "九玖"]
    )
    for c in group
}
_CN_TENS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_CN_GREAT = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}
_CN_SHORT = {"廿": 20, "卅": 30}
_CN_DIGIT = "[" + "".join(_CN_DIGITS) + "]"
_CN_ANY = "[" + "".join([*_CN_DIGITS, *_CN_TENS, *_CN_GREAT, *_CN_SHORT]) + "]"
_CN_RUN = re.compile(rf"{_CN_ANY}{{1,40}}(?:点{_CN_DIGIT}{{1,20}})?")
_CN_MONEY = re.compile(rf"(?:[元圆圓](?:整|正|(?:零|{_CN_DIGIT}角)?(?:{_CN_DIGIT}角)?(?:{_CN_DIGIT}分)?))")
_COUNTER = re.compile(r"[个件条人次项份名位家户起宗种类篇章年天届届期批岁套台辆所间座处场只张本册块]|小时|分钟|倍|成")

# Number words.

_WORDS = {
    word: value
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
        " seventeen eighteen nineteen".split()
    )
} | {
    word: 10 * value
    for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2)
}
_WORD_POWERS = {"hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9}
_WORD = "(?:" + "|".join(sorted([*_WORDS, *_WORD_POWERS], key=len, reverse=True)) + ")"
_WORD_RUN = re.compile(rf"(?<![A-Za-z-])(?:{_WORD})(?:(?:-| (?:and )?){_WORD}){{0,12}}(?![A-Za-z]|-[A-Za-z])", re.I)


@dataclass(frozen=True, slots=True)
class Number:
    """A number read: `value` carries sign and magnitude but no unit; `text[start:end]` is the stretch.

    `other` is the second reading of an ambiguous form such as `1.234`. `weak` marks digits that are more likely part of
    a name (`A4`, `1.2.3`, `第三`), to be offered only where nothing better stands. `prefixed` is money with its symbol in
    front, `scaled` a number with its own `万` or `million`, `worded` one whose sign is a word (`减114`).
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


def parse(text: str) -> Number | None:
    """The number that `text` is, or the only one in it; None where there is none, or several of different value."""
    found = list(scan(text))
    stripped_start = len(text) - len(text.lstrip())
    stripped_end = len(text.rstrip())
    for number in found:
        if number.start == stripped_start and number.end == stripped_end:
            return number
    strong = [number for number in found if not number.weak] or found
    outer = [
        number
        for number in strong
        if not any(
            other is not number and other.start <= number.start and number.end <= other.end
            and (other.end - other.start) > (number.end - number.start)
            for other in strong
        )
    ] if len(strong) < 50 else strong  # fmt: skip
    return outer[0] if outer and len({number.value for number in outer}) == 1 else None


def scan(text: str) -> Iterator[Number]:
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
        if text[number.start] == "(" and number.end - number.start - 2 == core.end - core.start and core.whole:
            yield Number(core.value, core.start, core.end)  # `(5)` is a loss in a ledger and a label in a list


@dataclass(slots=True)
class _Core:
    start: int
    end: int
    value: Decimal
    other: Decimal | None = None
    weak: bool = False
    arabic: bool = True
    scaled: bool = False

    @property
    def whole(self) -> bool:
        return self.value == self.value.to_integral_value()


def _cores(folded: str, text: str) -> Iterator[_Core]:
    cores: list[_Core] = []
    for match in _FORMS.finditer(folded):
        cores += _arabic(match, text)
    if " " in folded:
        for match in _SPACED.finditer(folded):
            cores.append(_Core(*match.span(), Decimal(match.group().replace(" ", "").replace(",", "."))))
    if not folded.isascii():
        for match in _CN_RUN.finditer(folded):
            core = _chinese(match, folded)
            if core is not None:
                cores.append(core)
    for match in _WORD_RUN.finditer(folded):
        core = _words(match)
        if core is not None:
            cores.append(core)
    cores.sort(key=lambda core: (core.start, -core.end))
    return iter(cores)


def _arabic(match: re.Match[str], text: str) -> list[_Core]:
    form, digits = match.lastgroup, match.group()
    start, end = match.span()
    other = None
    weak = False
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
            weak = len(digits) > 30
    if weak:
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
        if power in _CN_GREAT:
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
    before = folded[start - 1] if start else ""
    if before.isdigit() or before == ".":
        return None  # the magnitude of Arabic digits: `75647.67万`
    if end < len(folded) and folded[end].isdigit():
        return None
    if not any(c in _CN_DIGITS or c in _CN_SHORT or c in "十拾" for c in run):
        return None
    value = chinese_number(run)
    if value is None:
        return None
    after = folded[end : end + 2]
    money = _CN_MONEY.match(folded, end)
    alone = sum(c in _CN_DIGITS or c in _CN_TENS for c in run) == 1
    weak = before == "第" or (before != "" and after[:1] in {"、"} and before in "\n \t（(")
    if alone and not money and not _COUNTER.match(folded, end):
        isolated = not (before.isalpha() or after[:1].isalpha())
        if not isolated and (not before or before not in "增减"):
            return None
        weak = weak or after[:1] in {"、", ")", "）", "."}
    if money and len(money.group()) > 1:
        for digit, name in re.findall(rf"({_CN_DIGIT})([角分])", money.group()):
            value += Decimal(_CN_DIGITS[digit]) * (Decimal("0.1") if name == "角" else Decimal("0.01"))
        return _Core(start, money.end(), value, weak=weak, arabic=False)
    return _Core(start, end, value, weak=weak, arabic=False)


def chinese_number(text: str) -> Decimal | None:
    """The value of Chinese numerals, `三百二十一`, `二〇二〇`, `两万三`, `十二点五`; None when they do not add up."""
    whole, _, fraction = text.partition("点")
    if fraction:
        value = chinese_number(whole)
        digits = "".join(str(_CN_DIGITS[c]) for c in fraction) if all(c in _CN_DIGITS for c in fraction) else ""
        return value + Decimal(f"0.{digits}") if value is not None and digits else None
    if not whole:
        return None
    if all(c in _CN_DIGITS for c in whole):
        return Decimal("".join(str(_CN_DIGITS[c]) for c in whole))
    total = section = 0
    digit: int | None = None
    last_power = 0
    for character in whole:
        if character in _CN_DIGITS:
            if digit not in (None, 0):
                return None
            digit = _CN_DIGITS[character]
            if digit == 0:
                last_power = 0
        elif character in _CN_SHORT:
            section, digit, last_power = section + _CN_SHORT[character], None, 10
        elif character in _CN_TENS:
            last_power = _CN_TENS[character]
            section += (1 if digit is None else digit) * last_power
            digit = None
        else:
            last_power = _CN_GREAT[character]
            section += digit or 0
            digit = None
            if last_power == 10**8 or total == 0 or total % last_power == 0:
                if last_power == 10**8:
                    total = (total + section) * last_power
                else:
                    total += section * last_power
            else:
                return None
            section = 0
    if digit is not None:
        # `两万三` is 23000, `一百二` is 120: a last digit straight behind a power counts tenths of it.
        section += digit * (last_power // 10 if last_power > 10 else 1)
    return Decimal(total + section)


def _words(match: re.Match[str]) -> _Core | None:
    total = group = 0
    for word in re.split(r"-| (?:and )?", match.group().lower()):
        if word in _WORDS:
            group += _WORDS[word]
        elif word == "hundred":
            group = (group or 1) * 100
        elif word in _WORD_POWERS:
            total += (group or 1) * _WORD_POWERS[word]
            group = 0
    if match.group().lower() in _WORD_POWERS:
        return None
    return _Core(*match.span(), Decimal(total + group), weak=match.group().lower() == "one", arabic=False)


def _read(folded: str, text: str, core: _Core, last_end: int) -> tuple[Number, bool]:
    start, end, value, weak = core.start, core.end, core.value, core.weak
    other = core.other
    before = folded[start - 1] if start else ""
    prefix = None
    if before and before not in "\n\t|":
        window = folded[max(0, start - 28) : start]
        prefix = _prefix(window)
    powered = worded = False
    scaled = core.scaled
    # What stands behind.
    exponent = _EXPONENT.match(folded, end) if core.arabic else None
    if exponent:
        value *= Decimal(1).scaleb(int(exponent.group()[1:]))
        end, other, powered = exponent.end(), None, True
    tail = units.after_number().match(folded, end)
    unit: units.Unit | None = None
    money = prefix["money"] if prefix else None
    if tail is not None and tail.end() > end:
        if tail["ten"]:
            power = _POWER.search(tail["ten"].strip())
            value *= Decimal(1).scaleb(units.exponent(power[1] or power[2])) if power else 1
            end, powered = tail.end("ten"), True
        name = tail["unit"]
        year = name in ("年", "周年") and core.arabic and re.fullmatch(r"(?:19|20)\d\d", folded[core.start : core.end])
        magnitude = tail["magnitude"]
        scale = None
        if magnitude:
            scale = units.short_magnitude(magnitude, bool(money) or bool(name))
            if scale is None and magnitude in "mMbB":
                name = magnitude if magnitude == "m" else None
                if magnitude != "m" and tail.end("magnitude") == tail.end():
                    scale = units.short_magnitude(magnitude, True)
            if scale is not None:
                value, end, other = value * scale, tail.end("magnitude"), None
                scaled = True
        if name and not year:
            unit = units.parse(name.strip())
            end = tail.end("unit") if tail["unit"] else tail.end()
    # A run of letters against the digits makes them part of a name: `3f2a`, `A4`.
    following = folded[end : end + 1]
    if core.arabic and following.isascii() and following.isalpha() and unit is None:
        run = re.match(r"[A-Za-z]+", folded[end : end + 12])
        behind = folded[end + len(run.group()) : end + len(run.group()) + 1]
        weak = weak or behind.isdigit()
    negative = False
    stretch = core.start
    prefixed = False
    if prefix is not None and prefix.group():
        offset = start - len(prefix.string)
        stretch, negative, prefixed, unit = _signed(folded, core, prefix, offset, last_end, unit)
        worded = bool(prefix["fall"] or prefix["rise"])
        if prefixed and prefix["inner"]:
            end += folded[end : end + 1] == ")"
        fraction = prefix["fraction"]
        if fraction:
            value /= {"百": 1, "千": 10, "万": 100}[fraction[0]]
            unit = units.parse("%")
            other = None
    if (
        stretch == core.start
        and core.arabic
        and before.isascii()
        and before.isalpha()
        and not re.search(r"(?:^|[^A-Za-z0-9])[A-Za-z]{3,}$", folded[max(0, start - 28) : start])
    ):
        weak = True
    # Accounting brackets around nothing but the number.
    if stretch > 0 and folded[stretch - 1] == "(" and folded[end : end + 1] == ")" and not negative:
        bare = core.arabic and (unit is not None or prefixed or "," in folded[start:end] or "." in folded[start:end])
        percent = unit is not None and unit.dimensions == {"ratio"}
        left, right = folded[max(0, stretch - 3) : stretch - 1], folded[end + 1 : end + 3]
        cell = (left == "" or left[-1] in "\n\t|" or left == "  ") and (
            right == "" or right[0] in "\n\t|" or right == "  "
        )
        if (bare and not percent) or (cell and core.arabic and text[stretch - 1] == "("):
            stretch, end, negative = stretch - 1, end + 1, True
            if folded[end : end + 1] == "%":
                unit, end = units.parse("%"), end + 1
    elif not negative and folded[end : end + 1] == "-" and re.fullmatch(r"[\d,]+\.\d\d", folded[start:end]):
        if folded[end + 1 : end + 2] in ("", " ", "\n", "\t", "|"):
            end, negative = end + 1, True
    elif folded[end : end + 1] in ("↓", "↑"):
        negative, end = folded[end] == "↓", end + 1
    if negative:
        value, other = value.copy_negate(), None if other is None else other.copy_negate()
    return Number(value, stretch, end, unit, other, weak, prefixed, scaled, worded), powered


def _signed(folded, core, prefix, offset, last_end, unit):
    """Where the stretch begins once what stands before the digits is taken in, and whether it makes them negative."""
    start = stretch = core.start
    negative = prefixed = False
    if prefix["fraction"]:
        stretch = offset + prefix.start("fraction")
    if prefix["inner"]:
        if not prefix["money"] or folded[core.end : core.end + 1] != ")":
            return start, False, False, unit
        negative = True
    if prefix["money"]:
        stretch, prefixed = offset + prefix.start("money"), True
        unit = unit or units.parse(_named(prefix["money"]))
    signed = False
    for name in ("sign2", "sign"):
        if not prefix[name]:
            continue
        place = offset + prefix.start(name)
        left = folded[place - 1] if place else ""
        behind_money = name == "sign2" and prefix["money"]
        if not behind_money and (place == last_end or (left.isascii() and left.isalnum()) or left in tuple(")]%")):
            if not prefix["money"]:
                return stretch, False, prefixed, unit  # a hyphen or the dash of a range
            continue
        signed, negative, stretch = True, prefix[name] == "-" or negative, min(stretch, place)
    for name in ("fall", "rise"):
        if prefix[name]:
            negative = negative or (name == "fall" and not signed)
            stretch = min(stretch, offset + prefix.start(name))
    return stretch, negative, prefixed, unit


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
    money = [re.search(r"[A-Za-z]+$", name) for name in units.money_prefixes()]
    return frozenset(phrases) | {match.group().lower() for match in money if match}


@cache
def _prefix_ends() -> frozenset[str]:
    return frozenset("-+(↓↑之了" + _FALL + _RISE) | {name[-1] for name in units.money_prefixes()}


@cache
def _named(money: str) -> str:
    lowered = {name.lower(): name for name in units.money_prefixes()}
    return money if money in lowered.values() else lowered.get(money.lower(), money)


def direction(text: str) -> int:
    """-1 where `text` speaks of a fall alone (`降幅`, `decrease in stock`), 1 of a rise alone, else 0."""
    falling, rising = bool(_FALLING.search(text) or "降幅" in text), bool(_RISING.search(text))
    return rising - falling
