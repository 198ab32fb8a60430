"""What approved records taught, for the screen: layouts, labels, value forms and corrections of a schema."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from extractor.errors import ExtractorError, InputError
from extractor.lessons import FieldSummary, correction_curve, count_labels, offer_rules, summarise_lessons
from extractor.lessons.edits import judge_rule
from extractor.review.display_names import display_name
from extractor.review.documents import READ_SECONDS, Documents
from extractor.review.lessons import learn_from_approval
from extractor.schemas import Schema
from extractor.settings import Settings, threshold
from extractor.store import Record, Store
from extractor.store.corrections import load_stored_schema
from extractor.store.lessons import StoredLayout, StoredLesson
from extractor.types import field_name


@dataclass(frozen=True)
class LessonOverviewSettings(Settings):
    """How much of what was learnt is listed."""

    documents: int = threshold(20, unit="documents", meaning="Of a layout, the newest that are listed.")
    layouts: int = threshold(60, unit="layouts", meaning="Those with the most documents, which are listed.")
    lessons: int = threshold(1000, unit="lessons", meaning="The newest, from which fields are summarised.")


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
        """Return what was learnt of a schema (its id): `layouts`, `fields`, `rules`, the `curve` of corrections."""
        loaded = self._schema(schema)
        settings, lessons = LessonOverviewSettings.current(), self._store.lessons
        layouts = lessons.layouts(schema)
        titles = {
            field_name(tuple(0 if step == "*" else step for step in path)): field.title or field.name
            for path, field in loaded.all_fields()
        }
        counted = summarise_lessons(
            each.lesson for each in lessons.select(schema, newest=settings.lessons) if each.enabled
        )
        return {
            "id": schema,
            "title": loaded.title or loaded.name,
            "lessons": sum(layout.lessons for layout in layouts),
            "learning": schema in self._again,
            "layouts": [self._layout_json(layout) for layout in layouts[: settings.layouts]],
            "more": len(layouts[settings.layouts :]),
            "fields": [_field_json(each, titles.get(each.field, each.field)) for each in counted],
            "rules": self._rules(schema, titles),
            "curve": [asdict(group) for group in correction_curve(self._store.records.correction_counts(schema))],
        }

    def _rules(self, schema: str, titles: Mapping[str, str]) -> list[dict[str, Any]]:
        """Return the rules that are applied to values, then those that are offered, each with examples."""
        newest = LessonOverviewSettings.current().lessons
        known = [each.lesson for each in self._store.lessons.select(schema, newest=newest) if each.enabled]
        enabled = self._store.lessons.rules(schema)
        pairs = [(lesson, field) for lesson in known for field in lesson.fields]
        judged = [(judge_rule(rule, pairs), True) for rule in enabled]
        judged += [(each, False) for each in offer_rules(known) if each.rule not in enabled]
        return [
            {
                "key": each.rule.key,
                "title": titles.get(field_name(each.rule.path), field_name(each.rule.path)),
                "kind": each.rule.kind,
                "argument": each.rule.argument,
                "enabled": is_on,
                "saved": each.saved,
                "spoilt": each.spoilt,
                "examples": [asdict(example) | {"name": display_name(example.name)} for example in each.examples],
            }
            for each, is_on in judged
        ]

    def switch_rule(self, schema: str, key: str, enabled: bool, *, who: str) -> dict[str, Any]:
        """Apply a rule (its key) to values from now on, or no longer; raise InputError for one that is not offered."""
        self._schema(schema)
        newest = LessonOverviewSettings.current().lessons
        known = [each.lesson for each in self._store.lessons.select(schema, newest=newest) if each.enabled]
        rules = [*self._store.lessons.rules(schema), *(each.rule for each in offer_rules(known))]
        rule = next((each for each in rules if each.key == key), None)
        if rule is None:
            raise InputError("There is no such rule any more.", "Look at the page again.")
        self._store.lessons.switch_rule(schema, rule, enabled, who=who)
        return {"enabled": enabled}

    def _layout_json(self, layout: StoredLayout) -> dict[str, Any]:
        """Return a layout with its newest documents; `picture` is the record whose document is shown for it."""
        newest = LessonOverviewSettings.current().documents
        kept = list(self._store.lessons.select(layout.schema, layout.id, newest))[::-1]
        return {
            "id": layout.id,
            "name": display_name(layout.name),
            "lessons": layout.lessons,
            "enabled": layout.enabled,
            "picture": next((each.record for each in kept if each.record is not None), None),
            "documents": [_document_json(each) for each in kept],
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
        changed = self._store.lessons.enable_many(schema, enabled, who=who, layout=layout, lesson=lesson)
        return {"changed": changed}

    def learn_again(self, schema: str, *, who: str) -> dict[str, Any]:
        """Learn anew from the approved records of a schema, in the background, one after the other.

        Lessons that were switched off stay so. Returns from how many records it will be learnt.
        """
        self._schema(schema)
        off = self._store.lessons.switched_off_records(schema)
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


def _document_json(kept: StoredLesson) -> dict[str, Any]:
    return {
        "id": kept.id,
        "record": kept.record,
        "name": display_name(kept.lesson.name),
        "at": kept.lesson.at,
        "enabled": kept.enabled,
        "fields": len(kept.lesson.fields),
        "corrected": sum(field.corrected for field in kept.lesson.fields),
    }


def _field_json(summary: FieldSummary, title: str) -> dict[str, Any]:
    return summary.as_dict() | {"title": title, "never": summary.is_never_there}
