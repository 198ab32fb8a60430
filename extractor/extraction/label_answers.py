"""Answers that are the label of a value rather than the value: small models point at the right line and stop too early.

The value is then what stands at the label, where that is no other field's; else the label is printed without one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from extractor.extraction.conflicts import withdraw
from extractor.extraction.field_values import ExtractionContext, move_value
from extractor.schemas import Schema
from extractor.schemas.subschemas import readable_name
from extractor.settings import Settings, rule, threshold
from extractor.types import Field, FieldValue, Path
from extractor.values.label_similarity import normalise_label
from extractor.values.normalisation import is_any_text
from extractor.values.terms import search_terms

Span = tuple[int, int]


@dataclass(frozen=True)
class LabelAnswerSettings(Settings):
    """When an answer is taken for a label."""

    replace_labels: bool = rule(True, meaning="An answer that is a label becomes the value that stands at it.")
    longest_label: int = threshold(40, unit="characters", meaning="Longer answers are no labels.")
    longest_description: int = threshold(40, unit="characters", meaning="A description so short may be a label.")


_BEGINS = re.compile(r"(?:\A|[\n\t]| {3,})[ \u3000]*\Z")
_COLON = re.compile(r"[ \u3000]*[:：](?!//)[ \t\u3000]*")
_ENDS = re.compile(r"[ \u3000]*(?:[\n\t]|\Z| {3,})")
_PART = re.compile(r"[^\n\t]*?(?= {3,}|[\n\t]|\Z)")
_BLANK = re.compile(r"[\s_.…·\-–—/|]*")
_NAMED_FOR_WORDS = frozenset({"type", "kind", "title", "category", "class", "heading"})
"""Last words of the names of fields that a word of the name may answer: a `documentType` may be `Document`."""


def replace_label_answers(values: Sequence[FieldValue], schema: Schema, context: ExtractionContext) -> list[FieldValue]:
    """Return the values, each answer of a model that is a label moved to the value at that label, or withdrawn."""
    if not LabelAnswerSettings.current().replace_labels:
        return list(values)
    fields = {f.path: f for f in schema.fields}
    taken = [(v.evidence.start, v.evidence.end) for v in values if v.evidence is not None]
    single = [(v.evidence.start, v.evidence.end) for v in values if v.evidence is not None and v.path in fields]
    names = {normalise_label(name): f.path for f in schema.fields for name in (*f.labels, readable_name(f.name))}
    found = []
    for v in values:
        f = fields.get(v.path)
        if f is not None and v.evidence is not None and v.method == "model" and is_any_text(f):
            v = _replace(v, f, names, taken, single, context)
        found.append(v)
    return found


def _replace(
    value: FieldValue,
    field: Field,
    names: Mapping[str, Path],
    taken: Sequence[Span],
    single: Sequence[Span],
    context: ExtractionContext,
) -> FieldValue:
    assert value.evidence is not None
    span = (value.evidence.start, value.evidence.end)
    text = context.document.text
    label = text[slice(*span)]
    is_part = _BEGINS.search(text, 0, span[0]) and (_COLON.match(text, span[1]) or _ENDS.match(text, span[1]))
    if not is_part or "\n" in label or len(label) > LabelAnswerSettings.current().longest_label:
        return value
    others = [other for other in taken if other != span]
    has_colon = _COLON.match(text, span[1]) is not None
    own = _own_name(label, field)
    is_label = bool(own) or has_colon or _stands_where_labels_do(span, single, text)
    is_whole = own == set(search_terms(label))
    place = _value_at(span, text, below=is_whole)
    if not is_label and names.get(normalise_label(label), field.path) != field.path:
        is_label = place is None or any(_overlap(place, other) for other in others)
        place = _value_at(span, text, below=True) if not is_label else None
        is_label = is_label or (place is not None and any(_overlap(place, other) for other in others))
    if not is_label:
        return value
    is_free = is_whole or (place is not None and not any(_overlap(place, other) for other in others))
    if is_free and place is not None and normalise_label(text[slice(*place)]) not in names:
        return move_value(value, field, *place, context)
    return withdraw(value, "is a label without a value of its own")


def _own_name(label: str, field: Field) -> set[str]:
    """Return the words of the field's shortest name that has all words of a text, `Warranty` of `warranty_status`.

    No words where there is none.
    """
    words = set(search_terms(label))
    named = readable_name(field.name)
    is_short = len(field.description) <= LabelAnswerSettings.current().longest_description
    if not words or set(search_terms(named)[-1:]) & _NAMED_FOR_WORDS:
        return set()
    names = (*field.labels, named, field.description if is_short else "", *(field.parents[-1] if field.parents else ()))
    return min((own for name in names if words <= (own := set(search_terms(name)))), key=len, default=set())


def _stands_where_labels_do(span: Span, others: Iterable[Span], text: str) -> bool:
    """Decide whether a cell stands in a column without any field's value, left of one that has some on other lines.

    The columns are those of the lines around it that have cells, by the number of the cell on its line. Labels have no
    digits.
    """
    if any(map(str.isdigit, text[slice(*span)])):
        return False
    begin, end = _rows_around(span, text)
    within = [other for other in others if begin <= other[0] < end and other != span]
    line = text.rfind("\n", 0, span[0]), _end_of_line(span[1], text)
    own = _column(span[0], text)
    on_other_lines = {_column(start, text) for start, _ in within if not line[0] < start < line[1]}
    return own + 1 in on_other_lines and all(_column(start, text) != own for start, _ in within)


def _rows_around(span: Span, text: str) -> Span:
    """Return the lines above and below a stretch that have cells, without a line between that has none."""
    begin, end = text.rfind("\n", 0, span[0]) + 1, _end_of_line(span[1], text)
    if "\t" not in text[begin:end]:
        return begin, begin
    while begin and "\t" in text[(above := text.rfind("\n", 0, begin - 1) + 1) : begin]:
        begin = above
    while end < len(text) and "\t" in text[end : (below := _end_of_line(end + 1, text))]:
        end = below
    return begin, end


def _end_of_line(position: int, text: str) -> int:
    end = text.find("\n", position)
    return end if end >= 0 else len(text)


def _column(position: int, text: str) -> int:
    return text.count("\t", text.rfind("\n", 0, position) + 1, position)


def _value_at(span: Span, text: str, below: bool) -> Span | None:
    """Return what stands at a label: behind its colon, in the next cell, or, if `below`, on the next line."""
    if colon := _COLON.match(text, span[1]):
        return _part_at(colon.end(), text)
    end = _ENDS.match(text, span[1])
    if end is None or (end[0].endswith("\n") and not below):
        return None
    return _part_at(end.end(), text)


def _part_at(start: int, text: str) -> Span | None:
    match = _PART.match(text, start)
    if match is None or _BLANK.fullmatch(match[0]):
        return None
    begin = match.start() + len(match[0]) - len(match[0].lstrip())
    return begin, match.start() + len(match[0].rstrip())


def _overlap(span: Span, other: Span) -> bool:
    return span[0] < other[1] and other[0] < span[1]
