"""The lines of a document's text around a stretch, and whether a line holds something else than the value."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from extractor.settings import Settings, rule, threshold
from extractor.types import Field
from extractor.values import normalisation
from extractor.values.terms import search_terms

Span = tuple[int, int]
"""Start and end of a stretch of the document's text, in characters."""


@dataclass(frozen=True)
class LineSettings(Settings):
    """When a line holds another value than the one that is being placed."""

    labelled_lines: bool = rule(True, meaning="A line that begins with a label and a colon holds another value.")
    max_label_length: int = threshold(
        23, unit="characters", meaning="The longest label, after its first character, that a colon may end."
    )
    identifier_digits: int = threshold(
        5, unit="digits", meaning="One word with so many digits, and half as many letters at most, is an identifier."
    )
    figures_digits: int = threshold(
        7, unit="digits", meaning="A line with so many digits, fewer letters and no comma is an identifier or number."
    )


_WORD = re.compile(r"[^\s,，;；]+")


def find_lines(start: int, end: int, text: str) -> list[Span]:
    """Return the lines of `text[start:end]` that are not blank, without the white space around them."""
    return [m.span() for m in re.compile(r"[^\s](?:[^\n]*\S)?").finditer(text, start, end)]


def find_line_above(start: int, text: str) -> Span | None:
    """Return the line right above; None where text stands before `start` on its own line, or that line is blank."""
    line = text.rfind("\n", 0, start) + 1
    above = max(line - 1, 0)
    found = find_lines(text.rfind("\n", 0, above) + 1, above, text)
    return found[0] if found and not text[line:start].strip() else None


def find_line_below(end: int, text: str) -> Span | None:
    """Return the line right below; None where more than punctuation follows `end`, or the line below is blank."""
    stop = text.find("\n", end)
    if stop < 0 or text[end:stop].strip(" ,，."):
        return None
    following = text.find("\n", stop + 1)
    found = find_lines(stop + 1, len(text) if following < 0 else following, text)
    return found[0] if found else None


def rest_of_lines(start: int, end: int, text: str, separator: re.Pattern[str]) -> tuple[str, str]:
    """Return what stands before and after the stretch on its first and last line, up to the nearest separator.

    A separator is a match of the pattern's group `separator`. A short remark in brackets next to it, `(UK)`, is left
    out.
    """
    line = text.rfind("\n", 0, start) + 1
    stop = text.find("\n", end)
    stop = len(text) if stop < 0 else stop
    left = max((m.end() for m in separator.finditer(text, line, start) if m["separator"]), default=line)
    right = next((m.start() for m in separator.finditer(text, end, stop) if m["separator"]), stop)
    before, after = text[left:start].lstrip(), text[end:right].rstrip()
    return re.sub(r"^\(\w{1,3}\.?\)\s*", "", before), re.sub(r"\s*\(\w{1,3}\.?\)$", "", after)


def holds_other_value(line: str) -> bool:
    """Decide whether the line holds another value than a free text: it is labelled, or hardly more than figures.

    A line of figures that ends with a comma goes on, and is none.
    """
    settings = LineSettings.current()
    for kind in ("date", "time"):
        for start, end in reversed(normalisation.find_spans(kind, line)):
            line = line[:start] + " " * (end - start) + line[end:]
    if settings.labelled_lines and is_labelled(line):
        return True
    if line.rstrip().endswith((",", "，")):
        return False
    return not re.search(r"[^\W\d_]", line) or _is_mostly_figures(line)


def is_labelled(line: str) -> bool:
    """Decide whether a line begins with a label and a colon, and something follows."""
    longest = LineSettings.current().max_label_length
    return re.match(rf"\s*[(（]?[^\W\d][^\n:：]{{0,{longest}}}[:：]\s*\S", line) is not None


def _is_mostly_figures(line: str) -> bool:
    """Decide whether a line is hardly more than an identifier or a telephone number: `Tel 01632 960018`."""
    settings = LineSettings.current()
    letters, digits = sum(map(str.isalpha, line)), sum(map(str.isdigit, line))
    if len(_WORD.findall(line)) == 1 and digits >= settings.identifier_digits and 2 * letters <= digits:
        return True
    return digits >= settings.figures_digits and digits > letters and not re.search(r"[,，]", line)


@lru_cache(maxsize=4096)
def _label_terms(labels: tuple[str, ...]) -> frozenset[str]:
    return frozenset(term for label in labels for term in search_terms(label))


def other_label_terms(field: Field, fields: Iterable[Field]) -> frozenset[str]:
    """Return the search terms of the labels of the other fields: a line that has one of them may be theirs."""
    own = _label_terms(field.labels)
    others: set[str] = set()
    for other in fields:
        if other.path != field.path:
            others |= _label_terms(other.labels)
    return frozenset(term for term in others - own if len(term) > 1 and not term.isdigit())
