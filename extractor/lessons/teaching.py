"""Lessons from approved values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from extractor.candidates.matches import StructuralMatch
from extractor.lessons.fingerprint import fingerprint
from extractor.lessons.models import NOTHING, RIGHT, WRONG, FieldLesson, Lesson
from extractor.lessons.places import choose_place, describe_place, locate_value
from extractor.lessons.proposals import choose_places, is_placed
from extractor.lessons.tokens import DocumentTokens
from extractor.schemas import Schema
from extractor.types import Document, Field, Path
from extractor.values import equivalence, normalisation
from extractor.values.characters import comparison_key

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class ApprovedValue:
    """A field's value as a person left it; None says that there is none.

    `span` is where in the document it stands, None where nobody pointed at it. `corrected` says that the machine had
    another value.
    """

    path: Path
    value: Any
    span: Span | None = None
    corrected: bool = False


def make_lesson(
    document: Document,
    schema: Schema,
    approved: Iterable[ApprovedValue],
    matches: Mapping[Path, StructuralMatch],
    known: Sequence[Lesson] = (),
    *,
    name: str = "",
    at: str = "",
) -> Lesson:
    """Return what the approved values of a document teach; fields that are not among them teach nothing.

    `matches` is what structure alone answers (`extraction.planning.match_structure`). A value without a span is looked
    for: where it stands in several places, the one that its labels stand by counts, or that stands as in the lessons
    that are `known`; else it teaches no place.
    """
    tokens = DocumentTokens(document)
    fields = {f.path: f for f in schema.fields}
    wanted = [(fields[a.path], a) for a in approved if a.path in fields and is_placed(fields[a.path])]
    spans = {a.path: [a.span] if a.span else locate_value(a.value, field, document) for field, a in wanted}
    several = {path: places for path, places in spans.items() if len(places) > 1}
    chosen = choose_places(tokens, several, schema.fields, known)
    found = []
    for field, each in wanted:
        span = chosen.get(each.path) or choose_place(spans[each.path], field, document)
        place = describe_place(tokens, *span) if span else None
        outcome, instead = _judge_match(each, field, matches.get(each.path), span, document)
        is_present = not equivalence.is_absent(each.value)
        found.append(
            FieldLesson(each.path, is_present, place if is_present else None, outcome, instead, each.corrected)
        )
    return Lesson(document.id, schema.id, fingerprint(tokens), tuple(found), name or document.source, at)


def _judge_match(
    approved: ApprovedValue, field: Field, match: StructuralMatch | None, span: Span | None, document: Document
) -> tuple[str, str]:
    """Return how structure's answer compares with the approved value, and its text where it is another."""
    if match is None or match.end <= match.start:
        return NOTHING, ""
    text = document.text[match.start : match.end]
    if equivalence.is_absent(approved.value):
        return WRONG, text
    if span is not None and comparison_key(text) == comparison_key(document.text[slice(*span)]):
        return RIGHT, ""
    kind = normalisation.value_kind(field)
    compared = "number" if kind in normalisation.NUMERIC_TYPES else kind
    value = normalisation.normalise_value(field, text, match.context).value
    is_right = equivalence.is_equivalent(approved.value, value if value is not None else text, compared)
    return (RIGHT, "") if is_right else (WRONG, text)


def gold_as_approved(schema: Schema, gold: Mapping[str, Any]) -> Sequence[ApprovedValue]:
    """Return the single fields that a gold record names as approved values without places."""
    found = []
    for field in schema.fields:
        value: Any = gold
        for step in field.path:
            if value is None:
                break
            if not isinstance(value, Mapping) or step not in value:
                value = _LEFT_OUT
                break
            value = value[step]
        if value is not _LEFT_OUT:
            found.append(ApprovedValue(field.path, value))
    return found


_LEFT_OUT = object()
