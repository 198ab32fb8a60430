"""Lessons from approved values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from extractor.candidates.matches import StructuralMatch
from extractor.lessons.choices import choice_text, is_chosen
from extractor.lessons.edits import line_below
from extractor.lessons.fingerprint import fingerprint, word_hashes
from extractor.lessons.lists import ApprovedItem, make_list_lesson
from extractor.lessons.models import BLANK, NOTHING, RIGHT, WRONG, FieldLesson, Lesson, ListLesson, ValuePlace
from extractor.lessons.places import choose_place, describe_place, locate_value
from extractor.lessons.proposals import choose_places, is_placed
from extractor.lessons.tokens import DocumentTokens
from extractor.schemas import Schema
from extractor.types import Document, Field, Path, path_text
from extractor.values import equivalence, normalisation
from extractor.values.characters import comparison_key

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class ApprovedValue:
    """A field's value as a person left it; None says that there is none. The path of a list's item names the element.

    `span` is where in the document it stands, None where nobody pointed at it. `corrected` says that the machine had
    another value; `machine` is where its value stood.
    """

    path: Path
    value: Any
    span: Span | None = None
    corrected: bool = False
    machine: Span | None = None


def make_lesson(
    document: Document,
    schema: Schema,
    approved: Sequence[ApprovedValue],
    matches: Mapping[Path, StructuralMatch],
    known: Sequence[Lesson] = (),
    *,
    name: str = "",
    at: str = "",
) -> Lesson:
    """Return what the approved values of a document teach; fields that are not among them teach nothing.

    `matches` is what structure alone answers (`extraction.planning.match_structure`). A value without a span is looked
    for: where it stands in several places, the one that structure answers with counts, or that stands as in the lessons
    that are `known`, or that its labels stand by; else it teaches no place.
    """
    tokens = DocumentTokens(document)
    fields = {f.path: f for f in schema.fields}
    wanted = [(fields[a.path], a) for a in approved if a.path in fields and is_placed(fields[a.path])]
    spans = {a.path: [a.span] if a.span else locate_value(a.value, field, tokens) for field, a in wanted}
    confirmed = {path: (m.start, m.end) for path, m in matches.items() if (m.start, m.end) in spans.get(path, ())}
    several = {path: places for path, places in spans.items() if len(places) > 1 and path not in confirmed}
    chosen = {**choose_places(tokens, several, schema.fields, known), **confirmed}
    places = {
        each.path: chosen.get(each.path) or choose_place(spans[each.path], field, document) for field, each in wanted
    }
    placed = {path_text(path): tokens.tokens_of(*span) for path, span in places.items() if span}
    found = []
    for field, each in wanted:
        span = places[each.path]
        others = {name: own for name, own in placed.items() if name != path_text(each.path)}
        place = describe_place(tokens, *span, others) if span else None
        outcome, instead = _judge_match(each, field, matches.get(each.path), span, document)
        is_present = not equivalence.is_absent(each.value)
        lesson = FieldLesson(each.path, is_present, place if is_present else None, outcome, instead, each.corrected)
        kind = normalisation.value_kind(field)
        printed = len(tokens.spans_of_kind(kind)) if kind and kind != "boolean" else None
        found.append(replace(lesson, printed=printed, **_describe_edit(document, field, each, place)))
    chosen_values = [a for a in approved if a.path in fields and is_chosen(fields[a.path])]
    found += (_chosen_lesson(each) for each in chosen_values)
    return Lesson(
        document.id,
        schema.id,
        fingerprint(tokens),
        tuple(found),
        name or document.source,
        at,
        lists=tuple(_list_lessons(document, schema, approved)),
        words=word_hashes(tokens) if chosen_values else (),
    )


def _chosen_lesson(approved: ApprovedValue) -> FieldLesson:
    """Return what a chosen value teaches: itself."""
    is_present = not equivalence.is_absent(approved.value)
    choice = choice_text(approved.value) if is_present else ""
    return FieldLesson(approved.path, is_present, corrected=approved.corrected, choice=choice)


def _describe_edit(
    document: Document, field: Field, approved: ApprovedValue, place: ValuePlace | None
) -> dict[str, str]:
    """Return what the machine had taken, and the line below it, by the names of a `FieldLesson`."""
    if approved.machine is None:
        return {}
    below = line_below(document, *approved.machine)
    is_text = isinstance(approved.value, str) and normalisation.value_kind(field) is None
    is_printed = is_text and place is not None and " ".join(place.text.split()) == " ".join(approved.value.split())
    return {
        "machine": document.text[slice(*approved.machine)],
        "below": document.text[slice(*below)] if below else "",
        "entered": approved.value if is_text and not is_printed else "",
    }


def _list_lessons(document: Document, schema: Schema, approved: Sequence[ApprovedValue]) -> Iterator[ListLesson]:
    """Yield what the approved elements of each list of objects teach."""
    for field in schema.fields:
        size = len(field.path)
        items = [
            ApprovedItem(int(each.path[size]), each.path[size + 1 :], each.value, each.span)
            for each in approved
            if field.type == "array" and each.path[:size] == field.path and len(each.path) > size + 1
        ]
        if items and (lesson := make_list_lesson(document, field, items)) is not None:
            yield lesson


def _judge_match(
    approved: ApprovedValue, field: Field, match: StructuralMatch | None, span: Span | None, document: Document
) -> tuple[str, str]:
    """Return how structure's answer compares with the approved value, and its text where it is another."""
    if match is None or match.end <= match.start:
        return NOTHING if match is None else BLANK, ""
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
    """Return what a gold record names, fields and items of lists, as approved values without places."""
    found: list[ApprovedValue] = []
    for field in schema.fields:
        value = _look_up(gold, field.path)
        if field.type == "array" and isinstance(value, list) and any(item.path for item in field.items):
            found += (
                ApprovedValue((*field.path, n, *item.path), inner)
                for n, element in enumerate(value)
                for item in field.items
                if (inner := _look_up(element, item.path)) is not _LEFT_OUT
            )
        elif value is not _LEFT_OUT:
            found.append(ApprovedValue(field.path, value))
    return found


_LEFT_OUT = object()


def _look_up(data: Any, path: Path) -> Any:
    """Return the value at a path, `_LEFT_OUT` where there is no such place, None below a null."""
    for step in path:
        if data is None:
            return None
        if not isinstance(data, Mapping) or step not in data:
            return _LEFT_OUT
        data = data[step]
    return data
