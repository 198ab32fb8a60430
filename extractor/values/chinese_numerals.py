"""Numbers in Chinese numerals and in English words."""

from __future__ import annotations

import re
from decimal import Decimal

_DIGITS = {
    character: digit
    for digit, group in enumerate(
        ["零〇○", "一壹弌", "二贰貳两兩", "三叁參", "四肆", "五伍", "六陆陸", "七柒", "八捌", "九玖"]
    )
    for character in group
}
_TENS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_POWERS_OF_TEN_THOUSAND = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}
_CONTRACTED = {"廿": 20, "卅": 30}
_DIGIT = f"[{''.join(_DIGITS)}]"
CHINESE_NUMERALS = re.compile(
    rf"[{''.join([*_DIGITS, *_TENS, *_POWERS_OF_TEN_THOUSAND, *_CONTRACTED])}]{{1,40}}(?:点{_DIGIT}{{1,20}})?"
)
"""A run of Chinese numerals, whether or not it is a number (`is_numeral`)."""
_CURRENCY_TAIL = re.compile(rf"[元圆圓](?:整|正|零?(?:{_DIGIT}角)?(?:{_DIGIT}分)?)")

_SMALL_NUMBERS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_DECADES = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_WORDS = dict(zip(_SMALL_NUMBERS, range(20), strict=True)) | dict(zip(_DECADES, range(20, 100, 10), strict=True))
_POWERS = {"thousand": 10**3, "million": 10**6, "billion": 10**9}
_WORD = "(?:" + "|".join(sorted([*_WORDS, "hundred", *_POWERS], key=len, reverse=True)) + ")"
NUMBER_WORDS = re.compile(
    rf"(?<![A-Za-z-]){_WORD}(?:(?:-| (?:and )?){_WORD}){{0,12}}(?![A-Za-z]|-[A-Za-z])", re.IGNORECASE
)
"""A run of English number words, such as `two hundred and five`."""


def count_digits(run: str) -> int:
    """Return how many characters of Chinese numerals are digits or tens; the powers 万 and 亿 are not counted."""
    return sum(character in _DIGITS or character in _TENS for character in run)


def is_numeral(run: str) -> bool:
    """Return whether a run of Chinese numerals is a number: `千万` alone is a word or the heading of a column."""
    return any(character in _DIGITS or character in _CONTRACTED or character in "十拾" for character in run)


def parse_currency_tail(text: str, start: int) -> tuple[int, Decimal] | None:
    """Return where `元整` or `元五角二分` at `start` ends and what it adds; None where there is only the unit."""
    match = _CURRENCY_TAIL.match(text, start)
    if match is None or len(match.group()) == 1:
        return None
    parts = re.findall(rf"({_DIGIT})([角分])", match.group())
    added = (_DIGITS[digit] * Decimal("0.1" if unit == "角" else "0.01") for digit, unit in parts)
    return match.end(), sum(added, Decimal(0))


def parse_chinese_number(text: str) -> Decimal | None:
    """Return the value of Chinese numerals: `三百二十一`, `二〇二〇`, `两万三`, `十二点五`.

    None when they do not add up. A last digit straight behind a power counts tenths of it: `两万三` is 23000.
    """
    whole, _, fraction = text.partition("点")
    if fraction:
        value = parse_chinese_number(whole)
        digits = "".join(str(_DIGITS[c]) for c in fraction) if all(c in _DIGITS for c in fraction) else ""
        return value + Decimal(f"0.{digits}") if value is not None and digits else None
    if not whole:
        return None
    if all(c in _DIGITS for c in whole):
        return Decimal("".join(str(_DIGITS[c]) for c in whole))
    total = section = 0  # finished groups of four digits, and the group being read
    digit: int | None = None
    last_power = 0
    for character in whole:
        if character in _DIGITS:
            if digit not in (None, 0):
                return None
            digit = _DIGITS[character]
            if digit == 0:
                last_power = 0
        elif character in _CONTRACTED:
            section, digit, last_power = section + _CONTRACTED[character], None, 10
        elif character in _TENS:
            last_power = _TENS[character]
            section += (1 if digit is None else digit) * last_power
            digit = None
        else:
            last_power = _POWERS_OF_TEN_THOUSAND[character]
            section += digit or 0
            digit = None
            if last_power == 10**8:
                total = (total + section) * last_power
            elif total == 0 or total % last_power == 0:
                total += section * last_power
            else:
                return None
            section = 0
    if digit is not None:
        section += digit * (last_power // 10 if last_power > 10 else 1)
    return Decimal(total + section)


def parse_number_words(text: str) -> Decimal | None:
    """Return the value of `two hundred and five`; None for a power alone (`million`)."""
    total = group = 0
    lowered = text.lower()
    if lowered in _POWERS or lowered == "hundred":
        return None
    for word in re.split(r"-| (?:and )?", lowered):
        if word in _WORDS:
            group += _WORDS[word]
        elif word == "hundred":
            group = (group or 1) * 100
        elif word in _POWERS:
            total += (group or 1) * _POWERS[word]
            group = 0
    return Decimal(total + group)
