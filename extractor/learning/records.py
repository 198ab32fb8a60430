"""Approved records and gold records into lessons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from extractor.extraction.planning import match_structure
from extractor.lessons import ApprovedValue, Lesson, gold_as_approved, make_lesson
from extractor.schemas import Schema
from extractor.store import Record, Store
from extractor.store.lessons import StoredLesson
from extractor.store.record_data import equal_json, value_at
from extractor.store.value_origins import trace_origins
from extractor.types import Document


def approved_values(schema: Schema, record: Record) -> list[ApprovedValue]:
    """Return the values of a record that a person accepted, corrected or entered, with where they stand.

    A value that nobody looked at is not among them. One that was entered without pointing at it has no place.
    """
    found = []
    for path, origin in trace_origins(schema, record.result, record.corrections).items():
        correction = origin.correction
        if correction is None:
            continue
        value = value_at(record.data, path)
        is_corrected = correction.how != "accepted"
        evidence = correction.evidence if is_corrected else (origin.extracted or {}).get("evidence")
        span = (evidence["start"], evidence["end"]) if evidence and "start" in evidence else None
        if is_corrected and span is None and origin.extracted is not None:
            own = origin.extracted.get("evidence")
            if own and equal_json(origin.extracted.get("value"), value):
                span = own["start"], own["end"]
        taken = (origin.extracted or {}).get("evidence")
        machine = (taken["start"], taken["end"]) if taken and "start" in taken else None
        is_changed = is_corrected and not equal_json((origin.extracted or {}).get("value"), value)
        found.append(ApprovedValue(path, value, span if value is not None else None, is_changed, machine))
    return found


def learn_record(store: Store, schema: Schema, record: Record, document: Document, *, who: str) -> StoredLesson | None:
    """Store what an approved record teaches, and return it; None where it is not approved, or nobody looked at a value.

    `document` is the record's, read again; its evidence is places in this text. An earlier lesson from it is replaced.
    """
    approved = approved_values(schema, record)
    if record.status != "approved" or not approved:
        return None
    known = store.lessons.find(document, schema.id)
    name = record.sources[0] if record.sources else document.source
    matches = match_structure(document, schema)
    lesson = make_lesson(document, schema, approved, matches, known, name=name, at=record.updated)
    return store.lessons.add(lesson, who=who, record=record.id) if not lesson.is_empty else None


def learn_gold(
    document: Document, schema: Schema, gold: Mapping[str, Any], known: Sequence[Lesson] = (), *, at: str = ""
) -> Lesson:
    """Return what a gold record teaches; values are looked for in the document (see `lessons.make_lesson`)."""
    approved = gold_as_approved(schema, gold)
    return make_lesson(document, schema, approved, match_structure(document, schema), known, at=at)
