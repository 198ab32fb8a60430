"""What an approval teaches: made in the background, and kept in the store, which takes it back with the approval."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from extractor.errors import ExtractorError
from extractor.learning import approved_values
from extractor.lessons import parse_lesson
from extractor.review.documents import Documents
from extractor.store import Record, Store
from extractor.store.corrections import load_stored_schema


def learn_from_approval(
    store: Store, documents: Documents, record: Record, *, who: str, on_done: Callable[[], None] = lambda: None
) -> list[str]:
    """Have an approved record teach, in the background, and return the names of the fields that it teaches.

    Only what people accepted, corrected or entered teaches. Where the document is gone, or somebody opens the record
    again meanwhile, nothing is kept. `on_done` is called at the end, if there is anything to learn.
    """
    found = store.schemas().get(record.schema)
    schema = load_stored_schema(found[1]) if found else None
    approved = approved_values(schema, record) if schema is not None else []
    if schema is None or not approved or store.is_read_only:
        return []

    def keep(done: Future[Any]) -> None:
        try:
            with contextlib.suppress(ExtractorError):
                plain = done.result()
                if "fingerprint" in plain and not (lesson := parse_lesson(plain)).is_empty:
                    store.lessons.add(lesson, who=who, record=record.id)
        finally:
            on_done()

    future = documents.make_lesson(record.document, dict(schema.document), approved, record.updated)
    future.add_done_callback(keep)
    fields = [schema.field(each.path) for each in approved]
    return list(dict.fromkeys(field.title or field.name for field in fields if field is not None))
