"""What stands around the digits of a number and belongs to it: sign words, currency, exponent, unit, brackets."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from extractor.values import units
from extractor.values.characters import SPACES
from extractor.values.currencies import currency_prefixes
from extractor.values.number_forms import NumberCore
from extractor.values.trends import ENGLISH_FALLS, ENGLISH_RISES, FALLS, RISES

_S = f"[{SPACES}]"
_WINDOW = 28
"""How many characters before the digits a sign word and a currency may begin; no phrase of `trends` is longer."""
_EXPONENT = re.compile(r"[eE][-+]?\d{1,3}(?![A-Za-z0-9])")
_POWER_OF_TEN = re.compile(r"10\^?([-+]?\d{1,3}|[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,3})$|10\*\*(\d{1,3})$")
_YEAR = re.compile(r"(?:19|20)\d\d")
_LAST_WORD = re.compile(rf"([A-Za-z]+)[{SPACES}]*$")
_LETTERS = re.compile(r"[A-Za-z]{1,12}")
_WORD_AT_END = re.compile(r"(?:^|[^A-Za-z0-9])[A-Za-z]{3,}$")
_RISING_OR_MINUS = "▲△"
"""A minus in the accounts of Japan and Korea, a rise in the charts of the rest of the world."""
_TRIANGLES = _RISING_OR_MINUS + "▼▽"
_TRAILING_MINUS = re.compile(rf"-(?={_S}?(?:[€£$¥]|[A-Z]{{3}}\b)?{_S}?(?:$|[\n\t|]))")
_SPACED_TRAILING_MINUS = re.compile(rf"{_S}{{1,2}}-(?=$|[\n\t|])")
_MINUS_BEFORE_WORD = re.compile(rf"-{_S}+(?![\d{SPACES}])")
_MINUS_AND_BRACKET = re.compile(rf"(?:^|[^\w)\]%])-{_S}?\($")
_LEDGER_SIDE = re.compile(rf"{_S}?(CR|Cr|DR|Dr|OD)\b\.?")
_AMOUNT = re.compile(r"[\d,.' ]*[,.]\d\d|\d{1,3}(?:[,.' ]\d{3})+(?:[,.]\d+)?")
_SHARES = {"百": 1, "千": 10, "万": 100}
"""What `百分之`, `千分之` and `万分之` divide a percentage by."""


@dataclass(slots=True)
class NumberInContext:
    """A number at `text[start:end]` to which its surroundings are being added; see `numbers.Number`.

    `has_power` says that a power of ten behind the digits took in more digits; `ambiguous_sign` is a sign that not
    everybody means alike: `▲` or `△` before it, `CR` or `DR` behind it, a minus before a bracket or a space.
    """

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
    has_power: bool = False
    ambiguous_sign: str = ""


def read_context(folded: str, text: str, core: NumberCore, last_end: int) -> NumberInContext:
    """Return the number around `core`; `last_end` is where the number before it ends, `folded` is `fold(text)`."""
    number = NumberInContext(core.value, core.start, core.end, core.other, core.weak, core.scaled)
    prefix = _match_prefix(folded[max(0, core.start - _WINDOW) : core.start])
    _add_suffix(number, folded, core, is_money=prefix is not None and bool(prefix["money"]))
    if prefix is not None:
        _add_prefix(number, folded, core, prefix, last_end)
    if core.from_digits:
        number.weak = number.weak or _is_part_of_name(number, folded, core)
    _add_brackets(number, folded, text, core)
    _add_ledger_side(number, folded, core)
    if number.negative:
        number.value = number.value.copy_negate()
        number.other = None if number.other is None else number.other.copy_negate()
    return number


# Behind the digits.


def _add_suffix(number: NumberInContext, folded: str, core: NumberCore, is_money: bool) -> None:
    """Take in the exponent, the power of ten, the magnitude and the unit behind the digits."""
    exponent = _EXPONENT.match(folded, number.end) if core.from_digits else None
    if exponent:
        number.value *= Decimal(1).scaleb(int(exponent.group()[1:]))
        number.end, number.other, number.has_power = exponent.end(), None, True
    suffix = units.suffix_pattern().match(folded, number.end)
    if suffix is None or suffix.end() == number.end:
        return
    power = _POWER_OF_TEN.search(suffix["ten"].strip()) if suffix["ten"] else None
    if power:
        number.value *= Decimal(1).scaleb(units.parse_exponent(power[1] or power[2]))
        number.end, number.other, number.has_power = suffix.end("ten"), None, True
    name, magnitude = suffix["unit"], suffix["magnitude"]
    if magnitude and name and _is_prefix_of_unit(whole := folded[suffix.start("magnitude") : suffix.end("unit")]):
        name, magnitude = whole, ""
    if magnitude:
        is_alone = suffix.end("magnitude") == suffix.end()
        scale = units.parse_magnitude(magnitude, is_money or bool(name) or (magnitude in "MB" and is_alone))
        if scale is None and magnitude == "m":
            name = magnitude
        elif scale is not None:
            number.value, number.other, number.scaled = number.value * scale, None, True
            number.end = suffix.end("magnitude")
    is_year = name in ("年", "周年") and _YEAR.fullmatch(folded, core.start, core.end)
    if name and not is_year and not _belongs_to_next_amount(folded, suffix):
        number.unit = units.parse_unit(name.strip())
        number.end = suffix.end()


def _is_prefix_of_unit(name: str) -> bool:
    """Decide whether a magnitude and the unit behind it are one unit: `千克` is a kilogram, not thousands of grams."""
    unit = units.parse_unit(name)
    return unit is not None and unit.known and unit.magnitude == 1


def _belongs_to_next_amount(folded: str, suffix: re.Match[str]) -> bool:
    """Return whether the currency behind a space is that of the next amount: `5 $2,925.00`."""
    if suffix["unit"] not in currency_prefixes() or not folded[suffix.start("unit") - 1].isspace():
        return False
    return folded[suffix.end() : suffix.end() + 4].lstrip(SPACES + "-(")[:1].isdigit()


# Before the digits.


@cache
def _prefix_pattern() -> re.Pattern[str]:
    """Return the pattern of a sign word, a sign, a currency, a bracket, a sign and a share, each of them optional."""
    lettered = [name for name in currency_prefixes() if name[0].isascii() and name[0].isalpha()]
    symbols = [name for name in currency_prefixes() if name not in set(lettered)]
    money = rf"(?<![A-Za-z]){units.alternation(lettered)}|{units.alternation(symbols)}"
    return re.compile(
        rf"(?:(?<![/增减増減或])(?:(?P<fall>(?:{FALLS})了?|\b(?:{ENGLISH_FALLS})|↓)"
        rf"|(?P<rise>(?:{RISES})了?|\b(?:{ENGLISH_RISES})|↑)))?"
        rf"{_S}{{0,2}}(?P<outer_sign>[-+](?=\S)|[{_TRIANGLES}]{_S}?)?"
        rf"(?:(?P<money>{money}){_S}{{0,3}})?"
        rf"(?P<bracket>\()?(?P<inner_sign>[-+—]|[{_TRIANGLES}]{_S}?)?(?P<share>百分之|千分之|万分之)?$",
        re.IGNORECASE,
    )


def _match_prefix(window: str) -> re.Match[str] | None:
    """Return the longest prefix that ends where the digits begin, the end of `window`."""
    last = window.rstrip(SPACES)[-1:]
    if not last or last in "\n\t|,;:。，、；：" or last.isdigit():
        return None
    if last.isascii() and last.isalpha():
        word = _LAST_WORD.search(window)
        if word is None or word[1].lower() not in _prefix_words():
            return None
    elif last not in _prefix_end_characters():
        return None
    for match in _prefix_pattern().finditer(window):
        if match.group().strip():
            return match
    return None


@cache
def _prefix_words() -> frozenset[str]:
    """Return the last words, in lower case, of everything that may stand before a number and belong to it."""
    phrases = re.findall(r"[a-z]+", f"{ENGLISH_FALLS} {ENGLISH_RISES}")
    money = [re.search(r"[A-Za-z]+$", name) for name in currency_prefixes()]
    return frozenset(phrases) | {match.group().lower() for match in money if match}


@cache
def _prefix_end_characters() -> frozenset[str]:
    return frozenset("-+—(↓↑之了" + _TRIANGLES + FALLS + RISES) | {name[-1] for name in currency_prefixes()}


@cache
def _currency_as_named(printed: str) -> str:
    """Return the currency's name in its own case: `rm` is `RM`."""
    by_lower_case = {name.lower(): name for name in currency_prefixes()}
    return printed if printed in by_lower_case.values() else by_lower_case.get(printed.lower(), printed)


def _add_prefix(number: NumberInContext, folded: str, core: NumberCore, prefix: re.Match[str], last_end: int) -> None:
    """Take in the share, the currency, the signs and the sign word before the digits, as far as they belong to them."""
    offset = core.start - len(prefix.string)
    if prefix["bracket"]:
        if not prefix["money"] or folded[number.end : number.end + 1] != ")":
            return
        number.negative, number.end = True, number.end + 1  # `$(5.00)`
    if prefix["share"]:
        number.start, number.unit, number.other = offset + prefix.start("share"), units.parse_unit("%"), None
        number.value /= _SHARES[prefix["share"][0]]
    if prefix["money"]:
        number.start, number.prefixed = offset + prefix.start("money"), True
        number.unit = number.unit or units.parse_unit(_currency_as_named(prefix["money"]))
    has_sign = False
    for name in ("inner_sign", "outer_sign"):
        if not prefix[name]:
            continue
        position = offset + prefix.start(name)
        left = folded[position - 1 : position]
        is_joined = position == last_end or (left.isascii() and left.isalnum()) or left in tuple(")]%")
        sign = prefix[name][0]
        if sign == "—" and left not in ("", "\n", "\t", "|"):
            continue  # a dash in a sentence
        if is_joined and not (name == "inner_sign" and prefix["money"]):
            if not prefix["money"]:
                return  # a hyphen, or the dash of a range
            continue
        has_sign, number.start = True, min(number.start, position)
        number.negative = number.negative or sign in "-—" + _TRIANGLES
        number.ambiguous_sign = sign if sign in _RISING_OR_MINUS else number.ambiguous_sign
    for name in ("fall", "rise"):
        word = prefix[name]
        # `down 5%` is a fall; in `broke down 5 pumps` nothing falls.
        if word and not (word.lower() in ("down", "up") and number.unit is None):
            number.negative = number.negative or (name == "fall" and not has_sign)
            number.worded, number.start = True, min(number.start, offset + prefix.start(name))


# Around the number.


def _add_ledger_side(number: NumberInContext, folded: str, core: NumberCore) -> None:
    """Take in `CR` or `OD` (overdrawn), which make an amount negative, or `DR` behind it."""
    side = _LEDGER_SIDE.match(folded, number.end)
    if side and core.from_digits and _AMOUNT.fullmatch(folded, core.start, core.end):
        number.end = side.end()
        number.ambiguous_sign = side[1].upper() if side[1] != "OD" else number.ambiguous_sign
        number.negative = number.negative or side[1].upper() in ("CR", "OD")


def _is_part_of_name(number: NumberInContext, folded: str, core: NumberCore) -> bool:
    """Return whether letters against the digits make them part of a name: `A4`, `3f2a`; `Total16.00` lost a space."""
    if number.unit is None:
        letters = _LETTERS.match(folded, number.end)
        if letters and folded[letters.end() : letters.end() + 1].isdigit():
            return True
    before = folded[max(0, core.start - _WINDOW) : core.start]
    if number.start != core.start or not (before[-1:].isascii() and before[-1:].isalpha()):
        return False
    return not _WORD_AT_END.search(before)


def _add_brackets(number: NumberInContext, folded: str, text: str, core: NumberCore) -> None:
    """Take in accounting brackets around nothing but an amount, a trailing minus, and arrows."""
    start, end = number.start, number.end
    behind = folded[end : end + 1]
    if core.from_digits and not number.negative and behind == ")" and _MINUS_AND_BRACKET.search(folded[:start][-4:]):
        # `-(5)`: twice a loss, or the loss of a loss
        number.start, number.end = folded.rindex("-", 0, start), end + 1
        number.negative, number.ambiguous_sign = True, "-("
    elif start > 0 and folded[start - 1] == "(" and behind == ")" and core.from_digits and not number.negative:
        is_share = number.unit is not None and number.unit.dimensions == {"ratio"}
        is_amount = number.unit is not None or any(mark in folded[core.start : core.end] for mark in ",.")
        if (is_amount and not is_share) or (_stands_alone(folded, start - 1, end + 1) and text[start - 1] == "("):
            number.start, number.end, number.negative = start - 1, end + 1, True
            if folded[number.end : number.end + 1] == "%":
                number.unit, number.end = units.parse_unit("%"), number.end + 1
    elif behind == "-" and not number.negative and core.from_digits:
        printed = folded[core.start : end]
        is_amount = _AMOUNT.fullmatch(printed) is not None
        is_followed = _TRAILING_MINUS.match(folded, end) or _MINUS_BEFORE_WORD.match(folded, end)
        if (is_amount and is_followed) or (printed.isdecimal() and _stands_alone(folded, start, end + 1)):
            number.end, number.negative = end + 1, True
    elif not number.negative and core.from_digits and (dash := _SPACED_TRAILING_MINUS.match(folded, end)):
        if _AMOUNT.fullmatch(folded, core.start, core.end):
            number.end, number.negative, number.ambiguous_sign = dash.end(), True, "- "
    elif core.from_digits and not number.negative and _is_enclosed(folded, start, end):
        number.start, number.end, number.negative = _enclosure(folded, start, end)
    elif core.from_digits and not number.negative and (minus := _spaced_minus(folded, start, end)) is not None:
        number.start, number.negative = minus, True
        number.ambiguous_sign = "" if text[minus] == "−" else "- "
    elif behind in ("↓", "↑") and not number.worded:
        number.end, number.negative, number.worded = end + 1, behind == "↓", True


def _spaced_minus(folded: str, start: int, end: int) -> int | None:
    """Return where the minus stands that a space parts from the only number of its line or cell; None without one."""
    before = folded[:start].rstrip(SPACES)
    if len(before) == start or before[-1:] != "-" or folded[end : end + 1] not in ("", "\n", "\t", "|"):
        return None
    return len(before) - 1 if before[:-1].rstrip(SPACES)[-1:] in ("", "\n", "\t", "|", ":") else None


def _is_enclosed(folded: str, start: int, end: int) -> bool:
    """Return whether a number is in brackets with spaces inside, `( 1,234 )`, or in pointed ones, `<1,234>`."""
    left, right, _ = _enclosure(folded, start, end)
    marks = folded[left : left + 1] + folded[right - 1 : right]
    is_amount = _AMOUNT.fullmatch(folded, start, end) is not None
    has_spaces = left < start - 1 or right > end + 1
    return (
        left < start
        and ((marks == "()" and has_spaces) or (marks == "<>" and is_amount))
        and (is_amount or _stands_alone(folded, left, right))
    )


def _enclosure(folded: str, start: int, end: int) -> tuple[int, int, bool]:
    """Return where the marks around a number begin and end, spaces between left out; True is that it is negative."""
    left, right = start, end
    while left > 0 and folded[left - 1] in SPACES:
        left -= 1
    while right < len(folded) and folded[right] in SPACES:
        right += 1
    return max(0, left - 1), min(len(folded), right + 1), True


def _stands_alone(folded: str, start: int, end: int) -> bool:
    """Return whether nothing stands beside `folded[start:end]` in its line or cell."""
    left, right = folded[max(0, start - 2) : start], folded[end : end + 2]
    breaks = ("", "\n", "\t", "|")
    return (left[-1:] in breaks or left in ("  ", ": ")) and (right[:1] in breaks or right == "  ")
