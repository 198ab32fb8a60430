"""What an approval teaches: made in the background, and kept in the store, which takes it back with the approval."""

from __future__ import annotations

import contextlib
from concurrent.futures import Future
from typing import Any

from extractor.errors import ExtractorError
from extractor.learning import approved_values
from extractor.lessons import FieldSummary, parse_lesson, summarise_lessons
from extractor.review.documents import Documents
from extractor.store import Record, Store
from extractor.store.corrections import load_stored_schema
from extractor.store.lessons import StoredLayout


def learn_from_approval(store: Store, documents: Documents, record: Record, *, who: str) -> list[str]:
    """Have an approved record teach, in the background, and return the names of the fields that it teaches.

    Only what people accepted, corrected or entered teaches. Where the document is gone, or somebody opens the record
    again meanwhile, nothing is kept.
    """
    found = store.schemas().get(record.schema)
    schema = load_stored_schema(found[1]) if found else None
    approved = approved_values(schema, record) if schema is not None else []
    if schema is None or not approved or store.is_read_only:
        return []

    def keep(done: Future[Any]) -> None:
        with contextlib.suppress(ExtractorError):
            plain = done.result()
            if "fingerprint" in plain and plain["fields"]:
                store.lessons.add(parse_lesson(plain), who=who, record=record.id)

    future = documents.make_lesson(record.document, dict(schema.document), approved, record.updated)
    future.add_done_callback(keep)
    fields = [schema.field(each.path) for each in approved]
    return [field.title or field.name for field in fields if field is not None]


def learnt(store: Store, schema: str) -> tuple[list[StoredLayout], list[FieldSummary]]:
    """Return what was learnt of a schema (its id): its layouts, and a summary of each field."""
    lessons = (kept.lesson for kept in store.lessons.select(schema) if kept.enabled)
    return store.lessons.layouts(schema), summarise_lessons(lessons)
