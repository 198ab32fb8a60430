"""What approved records taught, for the screen: layouts, labels, value forms and corrections of a schema."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from extractor.errors import ExtractorError, InputError
from extractor.lessons import FieldSummary, count_labels, summarise_lessons
from extractor.review.display_names import display_name
from extractor.review.documents import READ_SECONDS, Documents
from extractor.review.lessons import learn_from_approval
from extractor.schemas import Schema
from extractor.settings import Settings, threshold
from extractor.store import Record, Store
from extractor.store.corrections import load_stored_schema
from extractor.store.lessons import StoredLesson
from extractor.types import field_name


@dataclass(frozen=True)
class LessonOverviewSettings(Settings):
    """How much of what was learnt is listed."""

    documents: int = threshold(50, unit="documents", meaning="Of a layout, the newest that are listed.")
    groups: int = threshold(20, unit="groups", meaning="Of documents, in the curve of corrections over time.")


class LessonOverview:
    """What the approved records of a store taught, and what people do about it. Safe for many threads.

    Its methods return JSON data; they raise InputError for a schema or a lesson that is not there.
    """

    def __init__(self, store: Store, documents: Documents) -> None:
        self._store, self._documents = store, documents
        self._lock = threading.Lock()
        self._learning: Counter[int] = Counter()
        """How often each record (its number) is being learnt from."""
        self._again: set[str] = set()
        """The schemas whose records are being learnt from again."""
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Learn from no further records in the background."""
        self._stopping.set()

    # While records are reviewed.

    def learn(self, record: Record, *, who: str) -> list[str]:
        """Have an approved record teach, in the background, and return the names of the fields that it teaches."""
        with self._lock:
            self._learning[record.id] += 1
        names: list[str] = []
        try:
            names = learn_from_approval(
                self._store, self._documents, record, who=who, on_done=lambda: self._end_learning(record.id)
            )
        finally:
            if not names:
                self._end_learning(record.id)
        return names

    def _end_learning(self, record: int) -> None:
        with self._lock:
            self._learning[record] -= 1
            if self._learning[record] <= 0:
                del self._learning[record]

    def of_record(self, record: int) -> dict[str, Any]:
        """Return what a record taught: `learning` while it is being learnt from, `learnt`, or `nothing`.

        Of what was learnt: the `schema` (its id), the `name` of the document, the number of `fields` it was about
        and of `labels` beside their values, and in how many `records` the layout is known, this one included.
        """
        with self._lock:
            if record in self._learning:
                return {"state": "learning"}
        kept = self._store.lessons.of_record(record)
        if kept is None:
            return {"state": "nothing"}
        layouts = self._store.lessons.layouts(kept.lesson.schema)
        return {
            "state": "learnt",
            "schema": kept.lesson.schema,
            "name": display_name(kept.lesson.name),
            "fields": len(kept.lesson.fields),
            "labels": count_labels(kept.lesson),
            "records": next((layout.lessons for layout in layouts if layout.id == kept.layout), 1),
        }

    # The page.

    def schemas(self) -> dict[str, Any]:
        """Return the schemas that something was learnt of, or has records to learn from, by title."""
        schemas = []
        for id_, (name, document) in self._store.schemas().items():
            count = self._store.lessons.count(id_)
            approved = self._store.records.count_by_status(schema=id_).get("approved", 0)
            if count or approved:
                title = str(document.get("title") or name)
                schemas.append({"id": id_, "name": name, "title": title, "lessons": count, "approved": approved})
        return {"schemas": sorted(schemas, key=lambda each: (each["title"].casefold(), each["id"]))}

    def show(self, schema: str) -> dict[str, Any]:
        """Return what was learnt of a schema (its id): `layouts`, `fields`, the `curve` of corrections over time."""
        loaded = self._schema(schema)
        kept = list(self._store.lessons.select(schema))
        titles = {field_name(field.path): field.title or field.name for field in loaded.fields}
        counted = summarise_lessons(each.lesson for each in kept if each.enabled)
        return {
            "id": schema,
            "title": loaded.title or loaded.name,
            "lessons": len(kept),
            "learning": schema in self._again,
            "layouts": [self._layout_json(own) for own in _by_layout(kept)],
            "fields": [_field_json(each, titles.get(each.field, each.field)) for each in counted],
            "curve": _curve(self._store.records.correction_counts(schema)),
        }

    def _layout_json(self, kept: Sequence[StoredLesson]) -> dict[str, Any]:
        """Return a layout with its newest documents; `picture` is the record whose document is shown for it."""
        newest = kept[::-1]
        documents = [
            {
                "id": each.id,
                "record": each.record,
                "name": display_name(each.lesson.name),
                "at": each.lesson.at,
                "enabled": each.enabled,
                "fields": len(each.lesson.fields),
                "corrected": sum(field.corrected for field in each.lesson.fields),
            }
            for each in newest
        ]
        return {
            "id": kept[0].layout,
            "name": documents[-1]["name"],
            "lessons": len(kept),
            "enabled": sum(each.enabled for each in kept),
            "picture": next((each.record for each in newest if each.record is not None), None),
            "documents": documents[: LessonOverviewSettings.current().documents],
        }

    def delete(self, schema: str, *, who: str, layout: int | None = None, lesson: int | None = None) -> dict[str, Any]:
        """Delete what was learnt of a schema: all, or of one layout, or one lesson. Returns how many were `deleted`."""
        self._schema(schema)
        return {"deleted": self._store.lessons.delete(who=who, schema=schema, layout=layout, lesson=lesson)}

    def enable(
        self, schema: str, enabled: bool, *, who: str, layout: int | None = None, lesson: int | None = None
    ) -> dict[str, Any]:
        """Let what was learnt of a schema (all, a layout, one lesson) count or not; returns how many `changed`."""
        self._schema(schema)
        chosen = [
            each.id
            for each in self._store.lessons.select(schema, layout)
            if lesson in (None, each.id) and each.enabled != enabled
        ]
        for number in chosen:
            self._store.lessons.enable(number, enabled, who=who)
        return {"changed": len(chosen)}

    def learn_again(self, schema: str, *, who: str) -> dict[str, Any]:
        """Learn anew from the approved records of a schema, in the background, one after the other.

        Lessons that were switched off stay so. Returns from how many records it will be learnt.
        """
        self._schema(schema)
        off = {each.record for each in self._store.lessons.select(schema) if not each.enabled}
        approved = self._store.records.select(schema=schema, status="approved")
        numbers = [each.id for each in approved if each.id not in off]
        with self._lock:
            if schema in self._again:
                return {"records": 0}
            self._again.add(schema)
        threading.Thread(target=self._learn_all, args=(schema, numbers, who), name="learn-again", daemon=True).start()
        return {"records": len(numbers)}

    def _learn_all(self, schema: str, numbers: Sequence[int], who: str) -> None:
        try:
            for number in numbers:
                if self._stopping.is_set():
                    return
                with contextlib.suppress(ExtractorError):  # the record or its document is gone
                    done = threading.Event()
                    record = self._store.records.get(number)
                    if learn_from_approval(self._store, self._documents, record, who=who, on_done=done.set):
                        done.wait(READ_SECONDS)
        finally:
            with self._lock:
                self._again.discard(schema)

    def _schema(self, schema: str) -> Schema:
        found = self._store.schemas().get(schema)
        loaded = load_stored_schema(found[1]) if found else None
        if loaded is None:
            raise InputError("There is no such kind of document.", "Choose one from the list.")
        return loaded


def _by_layout(kept: Sequence[StoredLesson]) -> Iterator[list[StoredLesson]]:
    """Yield the lessons of each layout, the layouts with the most first."""
    layouts: dict[int, list[StoredLesson]] = {}
    for each in kept:
        layouts.setdefault(each.layout, []).append(each)
    yield from sorted(layouts.values(), key=lambda own: (-len(own), own[0].layout))


def _field_json(summary: FieldSummary, title: str) -> dict[str, Any]:
    return summary.as_dict() | {"title": title, "never": summary.is_never_there}


def _curve(counts: Sequence[int]) -> list[dict[str, Any]]:
    """Return the mean number of corrected fields in groups of documents that follow one another, with their numbers."""
    size = max(1, -(-len(counts) // LessonOverviewSettings.current().groups))
    groups = [(first, counts[first : first + size]) for first in range(0, len(counts), size)]
    return [{"first": n + 1, "last": n + len(own), "mean": sum(own) / len(own)} for n, own in groups]
