"""A Word document's styles and list numbers: what is said of a paragraph elsewhere than in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

_DEPTH = 20  # styles based on styles: longer chains are circles
_MOST = 1_000_000  # list numbers beyond it are printed as they are


def local(element: etree._Element) -> str:
    """The element's name without its namespace: strict and transitional documents differ in that only."""
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def child(element: etree._Element | None, *names: str) -> etree._Element | None:
    """The element reached by first children of these names; None where one is missing."""
    for name in names:
        if element is None:
            return None
        element = next((each for each in element if local(each) == name), None)
    return element


def value(element: etree._Element | None, name: str = "val") -> str | None:
    """The attribute of that name, in whichever namespace; None where there is none."""
    if element is None:
        return None
    return next((text for key, text in element.attrib.items() if etree.QName(key).localname == name), None)


def is_on(element: etree._Element | None) -> bool:
    """Whether a property that is on by being there is on: `<w:vanish/>`, but not `<w:vanish w:val="0"/>`."""
    return element is not None and value(element) not in ("0", "false", "off", "none")


class Styles:
    """The styles by their identifiers, properties looked up through the styles they are based on."""

    def __init__(self, root: etree._Element | None) -> None:
        self._styles = {}
        self._default = {}
        self._found: dict[tuple[str | None, str, str, str], etree._Element | None] = {}
        for style in root if root is not None else ():
            if local(style) == "style":
                self._styles[value(style, "styleId")] = style
                if value(style, "default") in ("1", "true"):
                    self._default[value(style, "type")] = value(style, "styleId")

    def chain(self, identifier: str | None, kind: str) -> Iterator[etree._Element]:
        """The style, or the default one of its kind, and those it is based on."""
        identifier = identifier if identifier in self._styles else self._default.get(kind)
        for _ in range(_DEPTH):
            style = self._styles.get(identifier)
            if style is None:
                return
            yield style
            identifier = value(child(style, "basedOn"))

    def property(self, identifier: str | None, kind: str, group: str, name: str) -> etree._Element | None:
        """The property, of `pPr` or `rPr`, that holds by a style; None where none says anything of it."""
        asked = (identifier, kind, group, name)
        if asked not in self._found:
            found = (child(style, group, name) for style in self.chain(identifier, kind))
            self._found[asked] = next((each for each in found if each is not None), None)
        return self._found[asked]

    def heading_level(self, identifier: str | None) -> int:
        """The level of a heading style, 0 for another style; told by the outline, then by the built-in names."""
        for style in self.chain(identifier, "paragraph"):
            outline = value(child(style, "pPr", "outlineLvl"))
            if outline is not None:
                return int(outline) + 1 if outline in "012345678" and outline else 0
            name = (value(child(style, "name")) or "").lower()
            if found := re.fullmatch(r"(?:heading|标题|titre|überschrift) ?([1-9])", name):
                return int(found[1])
            if name in ("title", "标题"):
                return 1
        return 0


@dataclass(slots=True)
class _Level:
    format: str = "decimal"
    text: str = ""
    start: int = 1


@dataclass(slots=True)
class ListNumbers:
    """Counts the items of a document's lists, in order, and prints their numbers as Word does."""

    levels: dict[str, list[_Level]] = field(default_factory=dict)
    abstract: dict[str, str] = field(default_factory=dict)
    counts: dict[str, list[int | None]] = field(default_factory=dict)

    @staticmethod
    def read(root: etree._Element | None) -> ListNumbers:
        """The lists of a document's numbering part."""
        numbers = ListNumbers()
        outlines = (
            {value(each, "abstractNumId"): each for each in root if local(each) == "abstractNum"}
            if (root is not None)
            else {}
        )
        for number in root if root is not None else ():
            if local(number) != "num":
                continue
            identifier, abstract = value(number, "numId"), value(child(number, "abstractNumId"))
            levels = [_Level() for _ in range(9)]
            for level in outlines.get(abstract, ()):
                _read_level(levels, level)
            for override in number:
                start = value(child(override, "startOverride"))
                place = _whole(value(override, "ilvl"))
                if local(override) == "lvlOverride" and place < 9:
                    inner = child(override, "lvl")
                    if inner is not None:
                        _read_level(levels, inner)
                    if start is not None:
                        levels[place].start = _whole(start)
                        abstract = f"{abstract} of {identifier}"
            numbers.levels[identifier] = levels
            # Lists that share an outline go on counting where the one before stopped, unless one starts anew.
            numbers.abstract[identifier] = abstract
        return numbers

    def next(self, list_id: str, level: int) -> str | None:
        """The number of the list's next item at a level, "" for a bullet; None where there is no such list."""
        levels = self.levels.get(list_id)
        if levels is None or not 0 <= level < 9:
            return None
        counts = self.counts.setdefault(self.abstract[list_id], [None] * 9)
        counts[level] = levels[level].start if counts[level] is None else counts[level] + 1
        counts[level + 1 :] = [None] * (8 - level)
        if levels[level].format in ("bullet", "none"):
            return ""

        def printed(match: re.Match[str]) -> str:
            place = int(match[1]) - 1
            count = counts[place] if counts[place] is not None else levels[place].start
            return number_text(count, levels[place].format)

        return re.sub(r"%([1-9])", printed, levels[level].text)


def _read_level(levels: list[_Level], element: etree._Element) -> None:
    place = _whole(value(element, "ilvl"))
    if local(element) != "lvl" or place > 8:
        return
    found = levels[place]
    found.format = value(child(element, "numFmt")) or "decimal"
    found.text = value(child(element, "lvlText")) or ""
    found.start = _whole(value(child(element, "start")) or "1")


def _whole(text: str | None) -> int:
    return min(int(text), _MOST) if text and text.isascii() and text.isdigit() and len(text) < 10 else 0


_HAN = "〇一二三四五六七八九"
_ROMAN = (
    (1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"),
    (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
)  # fmt: skip


def number_text(number: int, format: str) -> str:
    """A list's number in one of Word's formats; Arabic numerals for a format that is not known here."""
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
    if kind in (
        "chinesecounting", "chinesecountingthousand", "japanesecounting", "ideographdigital", "taiwanesecounting",
        "taiwanesecountingthousand",
    ) and 0 < number < 100:  # fmt: skip
        tens, ones = divmod(number, 10)
        return ("" if tens < 2 else _HAN[tens]) + ("十" if tens else "") + (_HAN[ones] if ones else "")
    if kind.startswith("decimalenclosedcircle") and 0 < number < 21:
        return chr(0x2460 + number - 1)
    if kind == "decimalfullwidth":
        return "".join(chr(ord(digit) + 0xFEE0) for digit in str(number))
    return str(number)
