"""Where an approved value stands: its surroundings as a lesson keeps them, and values without evidence found."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from extractor.grounding import best_occurrence, label_proximity
from extractor.lessons.models import ValuePlace
from extractor.lessons.tokens import DocumentTokens, plain_words, shape_of
from extractor.settings import Settings, threshold
from extractor.types import Document, Field
from extractor.values import normalisation

Span = tuple[int, int]


@dataclass(frozen=True)
class PlaceSettings(Settings):
    """How much of a value's surroundings is kept."""

    words: int = threshold(5, unit="words", meaning="Before and after a value, kept with it.")
    line_words: int = threshold(3, unit="words", meaning="Of the lines above and below, and left on its own line.")
    anchors: int = threshold(24, unit="words", meaning="Of its page, the nearest that the page has once.")
    max_places: int = threshold(
        12, unit="places", meaning="Of a value that stands in more places the first ones are looked at."
    )


def describe_place(
    tokens: DocumentTokens, start: int, end: int, others: Mapping[str, Span] | None = None
) -> ValuePlace | None:
    """Return how the stretch stands in its document; None where it has no word or number.

    `others` are the first and last tokens of other fields' values, by their names.
    """
    first, last = tokens.first_at(start), tokens.first_at(end) - 1
    if last < first or first >= len(tokens.tokens):
        return None
    settings = PlaceSettings.current()
    text = tokens.document.text[start:end]
    row, column = cell_headers(tokens.document, start, end)
    return ValuePlace(
        text,
        tokens.words_before(first, settings.words),
        tokens.words_left(first, settings.line_words),
        tokens.words_above(first, settings.line_words),
        tokens.words_after(last, settings.words),
        tokens.words_below(last, settings.line_words),
        tokens.separator_before(first),
        tokens.separator_after(last),
        row,
        column,
        _nearest_anchors(tokens, first, last, settings.anchors),
        shape_of(text),
        last - first + 1,
        text.strip().count("\n") + 1,
        tokens.edges_of(first, last),
        tokens.printed_before(first),
        tokens.printed_above(first),
        tokens.gaps_in(first, last),
        tokens.field_before(first, others or {}),
        tokens.field_above(first, others or {}),
    )


def cell_headers(document: Document, start: int, end: int) -> tuple[str, str]:
    """Return the innermost row header and column header of the table cell around a stretch, in plain words."""
    for table in document.tables:
        if table.start <= start and end <= table.end:
            for cell in table.cells:
                if cell.start <= start and end <= cell.end and not cell.header:
                    paths = (cell.row_path, cell.column_path)
                    return tuple(" ".join(plain_words(path[-1])) if path else "" for path in paths)  # type: ignore[return-value]
    return "", ""


def _nearest_anchors(tokens: DocumentTokens, first: int, last: int, limit: int) -> tuple[tuple[str, float, float], ...]:
    """Return the words near the value that its page has once, nearest first, with the way to the value."""
    place = tokens.place(first)
    if place is None:
        return ()
    found = []
    for word, n in tokens.anchors.get(place.page, {}).items():
        anchor = tokens.place(n)
        if anchor is not None and not first <= n <= last:
            right, down = place.x - anchor.x, place.y - anchor.y
            found.append((math.hypot(right, down), word, right, down))
    return tuple((word, round(right, 4), round(down, 4)) for _, word, right, down in sorted(found)[:limit])


def locate_value(value: Any, field: Field, tokens: DocumentTokens) -> list[Span]:
    """Return the stretches of the document that mean what an approved value does, in order; none of hidden text.

    A text counts where its letters and digits stand, whatever the spaces, cases and marks between them; a number, date
    or time where a stretch of its kind means the same.
    """
    if value is None or isinstance(value, bool | list | dict):
        return []
    kind = normalisation.value_kind(field)
    text = tokens.document.text
    found: list[Span] = []
    if kind is not None and kind != "boolean":
        found = tokens.spans_equal_to(value, kind)
    if not found and isinstance(value, str):
        found = _find_letters_and_digits(value, text)
    hidden = [(b.start, b.end) for b in tokens.document.blocks if b.kind == "hidden"]
    found = [(s, e) for s, e in found if not any(s < last and first < e for first, last in hidden)]
    return found[: PlaceSettings.current().max_places]


def _find_letters_and_digits(value: str, text: str) -> list[Span]:
    """Return where the letters and digits of a value stand as whole words, whatever stands between them."""
    wanted = "".join(c for c in value.casefold() if c.isalnum())
    if not wanted:
        return []
    places = [n for n, c in enumerate(text) if c.isalnum()]
    compact = "".join(text[n] for n in places).casefold()
    if len(compact) != len(places):  # a letter that folds to two, as ß does
        compact = "".join(text[n].lower()[:1] for n in places)
    found, at = [], compact.find(wanted)
    while at >= 0:
        start, end = places[at], places[at + len(wanted) - 1] + 1
        if _is_boundary(text, start) and _is_boundary(text, end):
            found.append((start, end))
        at = compact.find(wanted, at + 1)
    return found


def _is_boundary(text: str, at: int) -> bool:
    """Decide whether no word goes on over a position; Chinese and Japanese words may end anywhere."""
    if at <= 0 or at >= len(text):
        return True
    before, after = text[at - 1], text[at]
    if not (before.isalnum() and after.isalnum()):
        return True
    return not (before.isascii() and after.isascii()) or before.isdigit() != after.isdigit()


def choose_place(spans: Sequence[Span], field: Field, document: Document) -> Span | None:
    """Return the only stretch, or the one that the field's labels stand by; None where neither tells."""
    if not spans:
        return None
    if len(spans) == 1:
        return spans[0]
    best = best_occurrence(spans, field, document)
    return best if best is not None and label_proximity(best, field, document.text) > 0 else None
