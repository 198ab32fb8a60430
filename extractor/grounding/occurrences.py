"""Where in the document an answer stands: every place it could have been copied from, and the best one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from extractor.geometry import overlaps_in_height
from extractor.settings import Settings, threshold
from extractor.types import BBox, Document, Evidence, Field, Passages
from extractor.values import normalisation, numbers
from extractor.values.terms import search_terms


@dataclass(frozen=True)
class OccurrenceSettings(Settings):
    """What speaks for one of several places that read the same; lengths in characters."""

    label_distance: int = threshold(160, unit="characters", meaning="A label is looked for so far before a value.")
    half_distance: float = threshold(
        12.0, unit="characters", meaning="At this distance a label counts half as much as right before the value."
    )
    max_label_bonus: int = threshold(10, unit="characters", meaning="Up to this length a longer label counts for more.")
    bonus_per_character: float = threshold(0.1, meaning="What every character of the label adds to its weight of 1.")
    terms_weight: float = threshold(0.5, meaning="The weight of the field's words near the value, all of them found.")
    terms_before: int = threshold(60, unit="characters", meaning="Those words are looked for so far before the value.")
    terms_after: int = threshold(40, unit="characters", meaning="The same after the value, on its line.")


def find_occurrences(answer: str, passages: Passages, kind: str | None) -> list[tuple[int, int]]:
    """Return every `(start, end)` in the document where `answer` stands, white space aside.

    The case of letters is ignored where the answer stands nowhere as it is. A typed answer only counts where it is a
    whole stretch of its kind, so that 10 is not found inside 2010, unless it is such a stretch nowhere; a part of a
    date stands where the dates do that it is a part of.
    """
    pattern = r"\s*".join(re.escape(c) for c in answer if not c.isspace())
    if not pattern:
        return []
    found: list[tuple[int, int]] = []
    for flags in (re.NOFLAG, re.IGNORECASE):
        found = found or [(m.start(), m.end()) for m in re.finditer(pattern, passages.text, flags)]
    if kind:
        of_kind = normalisation.find_spans(kind, passages.text)
        whole = [span for span in found if span in of_kind]
        if not whole and kind in normalisation.TEMPORAL_KINDS:
            whole = [(a, b) for a, b in of_kind if any(a <= start and end <= b for start, end in found)]
        found = whole or found
    return _in_document(found, passages)


def find_equal_values(answer: str, field: Field, passages: Passages) -> list[tuple[int, int]]:
    """Return every `(start, end)` in the document where a number, date or time stands that means what `answer` means.

    Models write `1,234.50`, `(1234.50)` and `$1234.5` as `1234.5`; signs, units and separators are read afterwards,
    from the text of the document. None for fields of other kinds.
    """
    kind = normalisation.value_kind(field)
    if kind in normalisation.NUMERIC_TYPES:
        number = numbers.parse_number(answer)
        spans = _spans_by_magnitude(passages.text, kind).get(abs(number.value), ()) if number else ()
        return _in_document(spans, passages)
    if kind not in normalisation.TEMPORAL_KINDS:
        return []
    wanted = normalisation.normalise_value(field, answer).value
    if wanted is None:
        return []
    spans = [
        (start, end)
        for start, end in normalisation.find_spans(kind, passages.text)
        if normalisation.normalise_value(field, passages.text[start:end]).value == wanted
    ]
    return _in_document(spans, passages)


def _in_document(spans: Sequence[tuple[int, int]], passages: Passages) -> list[tuple[int, int]]:
    mapped = (passages.to_document(start, end) for start, end in spans)
    return [span for span in mapped if span is not None]


@lru_cache(maxsize=8)
def _spans_by_magnitude(text: str, kind: str) -> Mapping[Decimal, Sequence[tuple[int, int]]]:
    """Return the spans of the text's numbers of that kind, by their magnitude."""
    spans: dict[Decimal, list[tuple[int, int]]] = {}
    for start, end in normalisation.find_spans(kind, text):
        number = numbers.parse_number(text[start:end])
        if number is not None:
            spans.setdefault(abs(number.value), []).append((start, end))
    return spans


def best_occurrence(found: Sequence[tuple[int, int]], field: Field, document: Document) -> tuple[int, int] | None:
    """Return the place with the highest `label_proximity`, the first of several; None where there is none."""
    if not found:
        return None
    return max(found, key=lambda span: (label_proximity(span, field, document.text), -span[0]))


def label_proximity(span: tuple[int, int], field: Field, text: str) -> float:
    """Return how near a place the field's names stand: 0 for none, up to 2.5 for a long label right before it.

    The sum of the nearest label before it, weighted by distance and length, and of the share of the words of the
    field's labels, and of the objects around it, that stand nearby.
    """
    settings = OccurrenceSettings.current()
    before = text[max(0, span[0] - settings.label_distance) : span[0]]
    line_end = text.find("\n", span[1])
    stop = span[1] + settings.terms_after
    after = text[span[1] : min(stop, line_end if line_end >= 0 else stop)]
    folded = before.casefold()
    score = 0.0
    for label in field.labels:
        at = folded.rfind(label.casefold())
        if at >= 0:
            gap = len(before) - at - len(label)
            weight = 1 + settings.bonus_per_character * min(len(label), settings.max_label_bonus)
            score = max(score, weight / (1 + gap / settings.half_distance))
    wanted = set(search_terms(" ".join(field.labels)))
    for group in field.parents[1:] or field.parents:
        wanted |= set(search_terms(" ".join(group[:1])))
    near = search_terms(before[-settings.terms_before :]) + search_terms(after)
    return score + settings.terms_weight * len(wanted & set(near)) / (len(wanted) or 1)


def make_evidence(document: Document, start: int, end: int) -> Evidence:
    """Return the stretch with its boxes on the page: one box for each line of words it covers."""
    return Evidence(start, end, document.text[start:end], locate_boxes(document, start, end))


def locate_boxes(document: Document, start: int, end: int) -> tuple[BBox, ...]:
    """Return the rectangles of `text[start:end]`, words on one line joined; none for documents without pages."""
    lines: list[BBox] = []
    for page in document.pages:
        if page.end < start or page.start > end:
            continue
        for word in page.words:
            if word.box is None or word.end <= start or word.start >= end:
                continue
            box = word.box
            if lines and lines[-1].page == box.page and overlaps_in_height(lines[-1], box):
                lines[-1] = _union(lines[-1], box)
            else:
                lines.append(box)
    return tuple(lines)


def _union(one: BBox, other: BBox) -> BBox:
    return BBox(
        one.page,
        min(one.x0, other.x0),
        min(one.top, other.top),
        max(one.x1, other.x1),
        max(one.bottom, other.bottom),
    )
