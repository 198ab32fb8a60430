"""Headings in text without layout: what a line has to look like to be one, and how deep it is."""

from __future__ import annotations

import re
from dataclasses import dataclass

from extractor.settings import Settings, threshold
from extractor.values.scripts import has_han

_NUMBERED = (
    (1, re.compile(r"(?:第?[一二三四五六七八九十百]+[、．.章节編编]|[IVX]{1,5}[.、])\s*\S")),
    (2, re.compile(r"[（(][一二三四五六七八九十百]+[)）]\s*\S")),
    (1, re.compile(r"\d{1,2}[.、．]\s+[^\W\d]")),
    (2, re.compile(r"\d{1,2}[.．]\d{1,2}[.．]?\s+[^\W\d]")),
    (3, re.compile(r"\d{1,2}(?:[.．]\d{1,2}){2,}[.．]?\s+[^\W\d]")),
)
"""The level that a section number stands for, and the number with the first character behind it."""
_MARKDOWN = re.compile(r"(#{1,6})\s+\S")
_SENTENCE_END = re.compile(r"[。！？；，、：.!?;,:…]$")
_VALUE_OR_LABEL = re.compile(r"\d\s*$|^[\W\d_]|[:：=|]|\s{3,}")


@dataclass(frozen=True)
class LineHeadingSettings(Settings):
    """How long a heading may be."""

    longest_chinese: int = threshold(40, unit="characters", meaning="longest heading with Chinese characters")
    longest: int = threshold(80, unit="characters", meaning="longest heading without Chinese characters")
    most_words: int = threshold(10, unit="words", meaning="longest heading without a section number")


def heading_level(line: str, *, alone: bool = False) -> int:
    """Return how deep a heading the line is, 1 the outermost; 0 for a line that is not a heading.

    `alone` says that blank lines stand around it: only then can a short line without a section number be a heading.
    """
    line = line.strip()
    if not line:
        return 0
    if match := _MARKDOWN.match(line):
        return len(match.group(1))
    settings = LineHeadingSettings.current()
    chinese = has_han(line)
    short = len(line) <= (settings.longest_chinese if chinese else settings.longest)
    if not short or "\t" in line or _SENTENCE_END.search(line):
        return 0
    for level, pattern in _NUMBERED:
        if (match := pattern.match(line)) and not match.group()[-1].islower():
            return level
    if (
        alone
        and len(line) >= 2
        and not _VALUE_OR_LABEL.search(line)
        and (chinese or (len(line.split()) <= settings.most_words and line[0].isupper()))
    ):
        return 1
    return 0
