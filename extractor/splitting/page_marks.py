"""What a page says about its place in a document: its number, its first and last lines, its numbers, its shape."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from extractor.types import Document, Page

EDGE_LINES = 3
"""Lines at the top and at the bottom of a page in which a page number or a repeated header may stand."""
MAX_NUMBER = 2000
"""A higher number is a year or an amount."""
_OF = r"(?:of|/|von|de|sur|共|⁄)"
_NUMBERED = (
    re.compile(rf"\b(?:page|pg\.?|seite|página|p\.)\s*:?\s*(\d{{1,4}})(?:\s*{_OF}\s*(\d{{1,4}}))?", re.IGNORECASE),
    re.compile(r"第\s*(\d{1,4})\s*页(?:\s*[,，/]?\s*共\s*(\d{1,4})\s*页)?"),
)
_BARE_NUMBER = re.compile(rf"[-–—\s]*(\d{{1,4}})(?:\s*{_OF}\s*(\d{{1,4}}))?[-–—\s]*", re.IGNORECASE)
_IDENTIFIER = re.compile(r"(?=[^\s]*\d{3})[A-Za-z0-9][A-Za-z0-9/-]{4,}")
_WORD = re.compile(r"\w+")
_LABELLED = re.compile(r"([^:：]{2,60})[:：]\s*(\S.*)")


@dataclass(frozen=True, slots=True)
class PageMarks:
    """One page: `number` and `count` as printed, None where they are not; the letters of its first and last lines.

    `lines` are the letters of all its lines, of those with a label and a value only the label's; `labelled` has the
    values by the letters of their labels. `identifiers` are its longer numbers and codes, which the pages of one
    document share; `words` counts its words;
    `bottom` is where its last word ends, as a share of the page's height; `opening` is the height of its tallest words
    at the top against the median of the page.
    """

    number: int | None
    count: int | None
    head: frozenset[str]
    foot: frozenset[str]
    lines: frozenset[str]
    labelled: Mapping[str, str]
    identifiers: frozenset[str]
    words: Counter[str]
    shape: tuple[int, int] | None
    bottom: float
    opening: float
    starts_midway: bool


def page_marks(document: Document) -> list[PageMarks]:
    """Return the marks of every page."""
    return [_marks(document.text[page.start : page.end], page) for page in document.pages]


def _marks(text: str, page: Page) -> PageMarks:
    lines = [line.strip() for line in unicodedata.normalize("NFKC", text).split("\n") if line.strip()]
    head, foot = lines[:EDGE_LINES], lines[-EDGE_LINES:]
    number, count = _printed_number([*foot, *head])
    words = _WORD.findall(" ".join(lines).casefold())
    shape = (round(page.width), round(page.height)) if page.width and page.height else None
    bottoms = [word.box.bottom for word in page.words if word.box]
    bottom = max(bottoms) / page.height if bottoms and page.height else 1.0
    return PageMarks(
        number,
        count,
        _letters(head),
        _letters(foot),
        _letters(match[1] if (match := _LABELLED.fullmatch(line)) else line for line in lines),
        _labelled(lines),
        frozenset(_IDENTIFIER.findall(" ".join(lines))),
        Counter(word for word in words if not word.isdigit()),
        shape,
        bottom,
        _opening(page),
        bool(lines) and lines[0][0].islower(),
    )


def _printed_number(lines: Iterable[str]) -> tuple[int | None, int | None]:
    """Return the page number that one of the lines prints, and the number of pages if it says that too."""
    for line in lines:
        found = next((match for pattern in _NUMBERED if (match := pattern.search(line))), None)
        found = found or _BARE_NUMBER.fullmatch(line)
        if found is None:
            continue
        number, count = int(found[1]), int(found[2]) if found[2] else None
        if 1 <= number <= MAX_NUMBER and (count is None or number <= count):
            return number, count
    return None, None


def _letters(lines: Iterable[str]) -> frozenset[str]:
    """Return lines as compared with those of other pages: without digits, spaces and case."""
    spelt = ("".join(c for c in line.casefold() if c.isalpha()) for line in lines)
    return frozenset(line for line in spelt if len(line) > 2)


def _labelled(lines: Iterable[str]) -> dict[str, str]:
    """Return what stands behind labels with a colon, by the letters of the label; of equal labels, the first."""
    found: dict[str, str] = {}
    for match in filter(None, map(_LABELLED.fullmatch, lines)):
        for label in _letters([match[1]]):
            found.setdefault(label, "".join(match[2].split()))
    return found


def _opening(page: Page) -> float:
    heights = [word.box.bottom - word.box.top for word in page.words if word.box]
    if not heights or not page.height:
        return 1.0
    top = [w.box.bottom - w.box.top for w in page.words if w.box and w.box.top < page.height / 4]
    median = sorted(heights)[len(heights) // 2]
    return max(top, default=median) / median if median else 1.0
