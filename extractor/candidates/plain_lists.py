"""Lists of plain texts that stand under a heading of their name, one a line, or after it, between commas."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from extractor.candidates.matches import StructuralMatch, TableRowsMatch
from extractor.settings import Settings, rule, threshold
from extractor.types import Document, Field, Path
from extractor.values.label_similarity import normalise_label
from extractor.values.normalisation import is_any_text


@dataclass(frozen=True)
class PlainListSettings(Settings):
    """When lines under a heading, or the parts of a line after it, are the elements of a list."""

    read_plain_lists: bool = rule(True, meaning="Lists of texts are read under, or after, a heading of their name.")
    longest_element: int = threshold(60, unit="characters", meaning="A longer line is prose and no element.")
    min_elements: int = threshold(2, unit="elements", meaning="Fewer are not known to be a list.")
    max_elements: int = threshold(60, unit="elements", meaning="More are not read: the end was not found.")
    score: float = threshold(0.86, meaning="The score of each element.")


_BULLET = re.compile(r"[•▪◦‣·●○■□*–—-]\s+|\(?\d{1,2}[.)]\s+")
_SEPARATOR = re.compile(r"\s*[;；、|•·]\s*|\s*,\s+|\s*，\s*")
_Span = tuple[int, int]


def match_plain_lists(fields: Sequence[Field], document: Document) -> dict[Path, TableRowsMatch]:
    """Return the lists of plain texts that one place in the document answers with certainty, by path."""
    settings = PlainListSettings.current()
    found: dict[Path, TableRowsMatch] = {}
    lines = [m.span() for m in re.finditer(r"[^\n]*\S[^\n]*", document.text)]
    lines = [_trim(document.text, *line) for line in lines]
    hidden = [(b.start, b.end) for b in document.blocks if b.kind == "hidden"]
    headings = {b.start for b in document.blocks if b.kind == "heading"}
    for field in fields if settings.read_plain_lists else ():
        if not is_plain_list(field):
            continue
        places = [p for n in range(len(lines)) if (p := _elements(field, n, lines, document.text, headings))]
        places = [p for p in places if not any(s < p[-1][1] and p[0][0] < e for s, e in hidden)]
        if len(places) == 1 and settings.min_elements <= len(places[0]) <= settings.max_elements:
            rows = tuple((StructuralMatch((), s, e, settings.score),) for s, e in places[0])
            found[field.path] = TableRowsMatch(field.path, rows, (), settings.score)
    return found


def is_plain_list(field: Field) -> bool:
    """Decide whether a field is a list of any texts that are copied, of no kind that code can tell."""
    if field.type != "array" or [item.path for item in field.items] != [()]:
        return False
    return is_any_text(field.items[0])


def _trim(text: str, start: int, end: int) -> _Span:
    line = text[start:end]
    return start + len(line) - len(line.lstrip()), start + len(line.rstrip())


def _elements(field: Field, n: int, lines: Sequence[_Span], text: str, headings: set[int]) -> list[_Span]:
    """Return the elements under or after the line `n`, if it begins with the list's name; else none."""
    start, end = lines[n]
    label, colon, rest = text[start:end].replace("：", ":").partition(":")
    if normalise_label(label) not in {normalise_label(name) for name in field.labels}:
        return []
    if colon and rest.strip():
        return _split(text, *_trim(text, start + len(label) + 1, end))
    return _lines_below(n, lines, text, headings)


def _split(text: str, start: int, end: int) -> list[_Span]:
    """Return the parts of a line between its separators; none where a bracket holds a separator."""
    stop = end - (text[end - 1] in ".。")
    if re.search(r"[(（\[][^)）\]]*[,，;；、][^(（\[]*[)）\]]", text[start:stop]):
        return []
    spans, at = [], start
    for m in re.finditer(_SEPARATOR, text[start:stop]):
        spans.append((at, start + m.start()))
        at = start + m.end()
    spans.append((at, stop))
    longest = PlainListSettings.current().longest_element
    return spans if all(0 < e - s <= longest for s, e in spans) else []


def _lines_below(n: int, lines: Sequence[_Span], text: str, headings: set[int]) -> list[_Span]:
    """Return the lines under a heading: up to an empty line, another heading, or a line written as the heading is."""
    settings = PlainListSettings.current()
    is_capital = text[slice(*lines[n])].isupper()
    found: list[_Span] = []
    bullets: set[bool] = set()
    for (_, previous), (start, end) in zip(lines[n:], lines[n + 1 :], strict=False):
        line = text[start:end]
        gap = text[previous:start].count("\n") > 1
        if (gap and found) or start in headings or (is_capital and line.isupper()):
            break
        if len(line) > settings.longest_element or "\t" in line or re.search(r"[:：]|[.。]$", line):
            return []
        mark = _BULLET.match(line)
        bullets.add(mark is not None)
        found.append((start + (mark.end() if mark else 0), end))
    return found if len(bullets) == 1 else []
