"""The numbers of list items in a Word document, counted and formatted as Word shows them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lxml import etree

from extractor.readers.docx_xml import attribute, child, local_name

_LEVELS = 9
_MAX_NUMBER = 1_000_000
_HAN_DIGITS = "〇一二三四五六七八九"
_ROMAN = (
    (1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"),
    (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
)  # fmt: skip
_HAN_FORMATS = frozenset({
    "chinesecounting", "chinesecountingthousand", "japanesecounting", "ideographdigital", "taiwanesecounting",
    "taiwanesecountingthousand",
})  # fmt: skip


@dataclass(slots=True)
class _ListLevel:
    format: str = "decimal"
    text: str = ""
    """The pattern of the number; `%1` to `%9` stand for the numbers of the levels."""
    start: int = 1


@dataclass(slots=True)
class ListNumbering:
    """Counts the items of a document's lists in order; lists that share an outline continue each other's count."""

    _levels: dict[str, list[_ListLevel]] = field(default_factory=dict)
    _outlines: dict[str, str] = field(default_factory=dict)
    _counts: dict[str, list[int | None]] = field(default_factory=dict)

    @staticmethod
    def parse(root: etree._Element | None) -> ListNumbering:
        """Return the lists of a document's numbering part, none for a document without one."""
        numbering = ListNumbering()
        if root is None:
            return numbering
        outlines = {attribute(each, "abstractNumId"): each for each in root if local_name(each) == "abstractNum"}
        for element in root:
            if local_name(element) != "num":
                continue
            identifier, outline = attribute(element, "numId"), attribute(child(element, "abstractNumId"))
            levels = [_ListLevel() for _ in range(_LEVELS)]
            for level in outlines.get(outline, ()):
                _parse_level(levels, level)
            for override in element:
                start = attribute(child(override, "startOverride"))
                place = _parse_number(attribute(override, "ilvl"))
                if local_name(override) == "lvlOverride" and place < _LEVELS:
                    inner = child(override, "lvl")
                    if inner is not None:
                        _parse_level(levels, inner)
                    if start is not None:
                        levels[place].start = _parse_number(start)
                        outline = f"{outline} of {identifier}"  # counts by itself
            numbering._levels[identifier] = levels
            numbering._outlines[identifier] = outline
        return numbering

    def next_number(self, list_id: str, level: int) -> str | None:
        """Count the list's next item at a level from 0 and return its number.

        A bullet is an empty string; None where there is no such list.
        """
        levels = self._levels.get(list_id)
        if levels is None or not 0 <= level < _LEVELS:
            return None
        counts = self._counts.setdefault(self._outlines[list_id], [None] * _LEVELS)
        counts[level] = levels[level].start if counts[level] is None else counts[level] + 1
        counts[level + 1 :] = [None] * (_LEVELS - 1 - level)
        if levels[level].format in ("bullet", "none"):
            return ""

        def formatted(match: re.Match[str]) -> str:
            place = int(match[1]) - 1
            count = counts[place] if counts[place] is not None else levels[place].start
            return format_list_number(count, levels[place].format)

        return re.sub(r"%([1-9])", formatted, levels[level].text)


def _parse_level(levels: list[_ListLevel], element: etree._Element) -> None:
    place = _parse_number(attribute(element, "ilvl"))
    if local_name(element) != "lvl" or place >= _LEVELS:
        return
    level = levels[place]
    level.format = attribute(child(element, "numFmt")) or "decimal"
    level.text = attribute(child(element, "lvlText")) or ""
    level.start = _parse_number(attribute(child(element, "start")) or "1")


def _parse_number(text: str | None) -> int:
    return min(int(text), _MAX_NUMBER) if text and text.isascii() and text.isdigit() and len(text) < 10 else 0


def format_list_number(number: int, format: str) -> str:
    """Return a number in one of Word's list formats; in Arabic numerals where the format is not known."""
    kind = format.lower()
    if kind == "decimalzero":
        return f"{number:02}"
    if kind in ("lowerletter", "upperletter") and 0 < number < 1000:
        letter = chr(97 + (number - 1) % 26) * ((number - 1) // 26 + 1)
        return letter if kind == "lowerletter" else letter.upper()
    if kind in ("lowerroman", "upperroman") and 0 < number < 5000:
        text = ""
        for amount, sign in _ROMAN:
            text += sign * (number // amount)
            number %= amount
        return text.lower() if kind == "lowerroman" else text
    if kind in _HAN_FORMATS and 0 < number < 100:
        tens, ones = divmod(number, 10)
        tens_text = ("" if tens < 2 else _HAN_DIGITS[tens]) + ("十" if tens else "")
        return tens_text + (_HAN_DIGITS[ones] if ones else "")
    if kind.startswith("decimalenclosedcircle") and 0 < number < 21:
        return chr(0x2460 + number - 1)
    if kind == "decimalfullwidth":
        return "".join(chr(ord(digit) + 0xFEE0) for digit in str(number))
    return str(number)
