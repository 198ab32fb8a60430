"""What a single cell is: where it stands, how it reads on one line, and whether it looks like a value or a label."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from extractor.types import BBox


@dataclass(frozen=True, slots=True)
class PlacedCell:
    """A cell as a reader found it: its stretch of the text, its place and spans in the grid, whether it was `th`."""

    text_start: int
    text_end: int
    row: int
    column: int
    row_span: int = 1
    column_span: int = 1
    header: bool = False
    box: BBox | None = None


INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
BLANKS = " \t\r\n\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + INVISIBLE
BLANKS += "".join(chr(code) for code in range(0x2000, 0x200B))

_LINE_BREAK = re.compile(r"\s*[\r\n\x0b\x0c\x85\u2028\u2029]\s*")
_HIDDEN = re.compile(f"[{INVISIBLE}]")
_RUN = re.compile(r"\s+")


def _closes_up(character: str) -> bool:
    """Whether lines broken next to this character join without a space: Han, kana and full-width punctuation."""
    return (
        "\u2e80" <= character <= "\u312f"
        or "\u31a0" <= character <= "\ua4cf"
        or "\uf900" <= character <= "\ufaff"
        or "\ufe30" <= character <= "\ufe4f"
        or "\uff01" <= character <= "\uff60"
        or "\U00020000" <= character <= "\U0003ffff"
        or character in "“”‘’…—·"
    )


def collapse_whitespace(text: str) -> str:
    """The text on one line: a line break closes up between CJK characters and is one space elsewhere.

    Other runs of blanks (also full-width and no-break ones) become one space; the ends are stripped.
    """
    text = text.strip(BLANKS)
    if not text:
        return ""
    if text.isascii() and text.isprintable() and "  " not in text:
        return text
    text = _HIDDEN.sub("", text)
    pieces = _LINE_BREAK.split(text)
    line = pieces[0]
    for piece in pieces[1:]:
        closed = line and piece and _closes_up(line[-1]) and _closes_up(piece[0])
        line += piece if closed or not line else " " + piece
    return _RUN.sub(" ", line)


def trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """`(start, end)` without the blanks at both ends; an empty stretch at `start` when only blanks are there."""
    stretch = text[start:end]
    left = len(stretch) - len(stretch.lstrip(BLANKS))
    if left == len(stretch):
        return start, start
    return start + left, start + len(stretch.rstrip(BLANKS))


# A value: a numeral with at most a sign word before and a unit behind, a date, a range, or a mark for "nothing".
_NUMBER = r"\d+(?:[,.' ]\d+)*"  # one way to match only: no catastrophe on long runs of digits and dots
_VALUE = re.compile(
    rf"""
      [(\[<>≤≥≈~±+\-−–—*#约近共计增减升降涨跌盈亏正负合]{{0,3}}\s*          # signs, sign words
      (?:[^\W\d_]{{0,3}}[$€£¥₩₹]|[A-Z]{{3}}(?=\s?\d))?\s*[+\-−]?        # a currency
      (?:{_NUMBER})
      (?:\s*[-–—~/:×xX*年月日时分秒至到]\s*[$€£¥]?\s*[+\-−]?{_NUMBER})*   # ranges, dates, times, ratios
      \s*(?:%|‰|[^\W\d_]{{1,4}}(?:[/·.][^\W\d_]{{1,5}}\d?)?[²³]?|°[CF]?|[$€£¥])?  # a unit
      [)\]*†‡+\-]{{0,3}}
    """,
    re.VERBOSE,
)
_MONTH_NAME = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_DATE = re.compile(
    rf"(?:\d{{1,2}}(?:st|nd|rd|th)?[\s\-/.]*{_MONTH_NAME}|{_MONTH_NAME}[\s\-/.]*\d{{1,2}}(?:st|nd|rd|th)?)"
    r"(?:[\s\-/,.]*\d{2,4})?",
    re.IGNORECASE,
)
_NOTHING = re.compile(r"[-–—−―/\\.·*√✓✔×✗○●■□☑☐]{1,4}|n\.?/?a\.?|nil|无|null", re.IGNORECASE)
_NUMBERED = re.compile(r"\d{1,3}(?:[.、．)）]\s*[^\W\d_]|\s+[^\W\d_]{4})")


@lru_cache(maxsize=1 << 16)
def is_value(text: str) -> bool:
    """Whether a cell's text reads as a measured or counted value rather than as a label or prose."""
    if not text or len(text) > 60:
        return False
    plain = unicodedata.normalize("NFKC", text).strip()
    if _NUMBERED.match(plain):
        return False
    return bool(_VALUE.fullmatch(plain) or _DATE.fullmatch(plain) or _NOTHING.fullmatch(plain))


def dress(text: str) -> str:
    """What sort of value the text is, as far as its signs tell: money, percent, date, or number."""
    if any(sign in text for sign in "$€£¥₩₹"):
        return "money"
    if text.endswith(("%", "‰", "％")):
        return "percent"
    if _DATE.fullmatch(text) or sum(text.count(sign) for sign in "-/.年月日:：") > 1:
        return "date"
    return "number"


_YEAR = re.compile(r"(?:FY\s?)?(?:1[89]|20|21)\d\d(?:\s?[-/–]\s?\d{2,4})?(?:年|年度|E|A|F)?")
_COUNTED = re.compile(r"(\D{0,4})(\d{1,2})(\D{0,4})")


def is_period(text: str) -> bool:
    """Whether the text is a year, as it stands over a column of figures."""
    return bool(_YEAR.fullmatch(unicodedata.normalize("NFKC", text)))


def are_counted(texts: list[str]) -> bool:
    """Whether three texts or more count on by one in the same dress: `1 2 3`, `1月 2月 3月`, `(4) (5) (6)`."""
    if len(texts) < 3:
        return False
    matches = [_COUNTED.fullmatch(unicodedata.normalize("NFKC", text)) for text in texts]
    if not all(matches) or len({(match[1], match[3]) for match in matches}) > 1:
        return False
    numbers = [int(match[2]) for match in matches]
    return all(after == before + 1 for before, after in pairwise(numbers))


# The general conventions of numbering, from the outermost to the innermost as a rule; only sameness of style is used.
_MARKERS = (
    ("han", re.compile(r"[一二三四五六七八九十百]{1,4}\s*[、.．,，:：]")),
    ("han-parenthesis", re.compile(r"[(（〔]\s*[一二三四五六七八九十百]{1,4}\s*[)）〕]")),
    ("decimal-3", re.compile(r"\d{1,3}\.\d{1,3}\.\d{1,3}(?=\D)")),
    ("decimal-2", re.compile(r"\d{1,3}\.\d{1,3}\.?(?=\s*[^\W\d])")),
    ("decimal", re.compile(r"\d{1,3}\s*[.、．](?=\s*[^\W\d])")),
    ("decimal-parenthesis", re.compile(r"[(（]\s*\d{1,3}\s*[)）](?=\s*\S)")),
    ("decimal-half", re.compile(r"\d{1,3}\s*[)）](?=\s*[^\W\d])")),
    ("circled", re.compile(r"[①-⑳㈠-㈩⑴-⒇]")),
    ("letter-parenthesis", re.compile(r"[(（]\s*[a-z]\s*[)）](?=\s*\S)")),
    ("letter-half", re.compile(r"[a-z]\s*[)）](?=\s*\S)")),
    ("letter", re.compile(r"[A-Z]\s*[.、．](?=\s*[^\W\d]{2})")),
    ("roman", re.compile(r"[IVXⅠ-Ⅻ]{1,5}\s*[.、．)）](?=\s*[^\W\d])")),
)


_COUNTED_WORD = re.compile(r"([^\W\d_]{2,})\s+(?:\d{1,3}|[IVX]{1,5}|[A-Z])\b")
_COUNTED_HAN = re.compile(r"第\s*[一二三四五六七八九十百零\d]{1,5}\s*(\w)")


def marker(text: str) -> str:
    """The style of numbering the text begins with, or the empty string.

    `（三）其他` is `han-parenthesis`; a counted word keeps the word (`Part B` is `word:Part`, `第二条` is `han:条`).
    """
    for style, pattern in _MARKERS:
        if pattern.match(text):
            return style
    if match := _COUNTED_HAN.match(text):
        return f"han:{match[1]}"
    if match := _COUNTED_WORD.match(text):
        return f"word:{match[1]}"
    return ""
