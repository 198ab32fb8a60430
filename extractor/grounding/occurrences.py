"""Where in the document an answer stands: every place it could have been copied from, and the likeliest one."""

from __future__ import annotations

import re
from collections.abc import Sequence

from extractor.geometry import overlap
from extractor.types import BBox, Document, Evidence, Field, Passages
from extractor.values import normalization
from extractor.values.terms import search_terms

REACH = 160
"""How many characters before a value its label is looked for."""


def find_occurrences(answer: str, passages: Passages, kind: str | None) -> list[tuple[int, int]]:
    """All `(start, end)` in the document where `answer` stands, white space aside.

    A typed answer only counts where it is a whole stretch of its kind, so that 10 is not found inside 2010.
    """
    pattern = r"\s*".join(re.escape(c) for c in answer if not c.isspace())
    if not pattern:
        return []
    found = [(m.start(), m.end()) for m in re.finditer(pattern, passages.text)]
    if kind:
        whole = set(normalization.find_spans(kind, passages.text))
        found = [place for place in found if place in whole] or found
    mapped = (passages.to_document(start, end) for start, end in found)
    return [place for place in mapped if place is not None]


def best_occurrence(found: Sequence[tuple[int, int]], field: Field, document: Document) -> tuple[int, int] | None:
    """The place whose surroundings speak most of the field: its own label just before, then its other words nearby."""
    if not found:
        return None
    return max(found, key=lambda place: (label_proximity(place, field, document.text), -place[0]))


def label_proximity(place: tuple[int, int], field: Field, text: str) -> float:
    """How much the text just around a place speaks of the field, most where its label stands right before it."""
    before = text[max(0, place[0] - REACH) : place[0]]
    line_end = text.find("\n", place[1])
    after = text[place[1] : min(place[1] + 40, line_end if line_end >= 0 else place[1] + 40)]
    folded = before.casefold()
    score = 0.0
    for label in field.labels:
        at = folded.rfind(label.casefold())
        if at >= 0:
            gap = len(before) - at - len(label)
            score = max(score, (1 + 0.1 * min(len(label), 10)) / (1 + gap / 12))
    wanted = set(search_terms(" ".join(field.labels)))
    for group in field.parents[1:] or field.parents:
        wanted |= set(search_terms(" ".join(group[:1])))
    near = search_terms(before[-60:]) + search_terms(after)
    return score + 0.5 * len(wanted & set(near)) / (len(wanted) or 1)


def make_evidence(document: Document, start: int, end: int) -> Evidence:
    """The stretch with its boxes on the page: one box for each line of words it covers."""
    return Evidence(start, end, document.text[start:end], locate_boxes(document, start, end))


def locate_boxes(document: Document, start: int, end: int) -> tuple[BBox, ...]:
    """The rectangles of `text[start:end]`, words on one line joined; none for documents without pages."""
    lines: list[BBox] = []
    for page in document.pages:
        if page.end < start or page.start > end:
            continue
        for word in page.words:
            if word.box is None or word.end <= start or word.start >= end:
                continue
            box = word.box
            last = lines[-1] if lines else None
            if (
                last
                and last.page == box.page
                and overlap(last.top, last.bottom, box.top, box.bottom) > 0.5 * (box.bottom - box.top)
            ):
                lines[-1] = BBox(
                    box.page,
                    min(last.x0, box.x0),
                    min(last.top, box.top),
                    max(last.x1, box.x1),
                    max(last.bottom, box.bottom),
                )
            else:
                lines.append(box)
    return tuple(lines)
