"""The lessons of a store: what approved documents taught, by layout, and how they are found for another document.

Each layout keeps an index of a few hashes of its newest lessons' fingerprints, so that a look-up reads a few hundred
rows however many lessons there are.
"""

from __future__ import annotations

import functools
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace

import sqlalchemy as sa

from extractor.errors import InputError
from extractor.lessons import Lesson, ValueRule, attach_rules, parse_lesson, parse_rule
from extractor.lessons.fingerprint import FingerprintSettings, fingerprint, similarity
from extractor.lessons.tokens import DocumentTokens
from extractor.settings import Settings, threshold
from extractor.store import database_tables as tables
from extractor.store.audit import append_lines
from extractor.store.database import Database, now
from extractor.types import Document


@dataclass(frozen=True)
class LessonStoreSettings(Settings):
    """How many lessons are looked at for a document."""

    index_hashes: int = threshold(48, unit="hashes", meaning="Of a fingerprint, the smallest, by which it is found.")
    index_lessons: int = threshold(20, unit="lessons", meaning="Of a layout, the newest, by which it is found.")
    min_common_hashes: int = threshold(2, unit="hashes", meaning="A layout with fewer in common is not looked at.")
    layouts: int = threshold(4, unit="layouts", meaning="So many, the most similar ones, are looked at.")
    lessons_per_layout: int = threshold(15, unit="lessons", meaning="The newest of a layout that count.")
    other_lessons: int = threshold(16, unit="lessons", meaning="The newest of the schema that count too.")


@dataclass(frozen=True, slots=True)
class StoredLesson:
    """A lesson in a store: its number, its layout, the record it is from (None for a gold set), whether it counts."""

    id: int
    layout: int
    record: int | None
    enabled: bool
    lesson: Lesson


@dataclass(frozen=True, slots=True)
class StoredLayout:
    """A layout of a schema: its number, the name of its first document, its lessons, and when the newest came.

    Of the `lessons`, so many are `enabled`: they count.
    """

    id: int
    schema: str
    name: str
    lessons: int
    newest: str
    enabled: int


class Lessons:
    """What approved documents taught. Every change is in the audit log."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # Finding.

    def find(self, document: Document, schema: str) -> list[Lesson]:
        """Return the lessons that matter for a document: of the layouts most like it, and the newest of its schema."""
        settings = LessonStoreSettings.current()
        lesson = tables.lessons.c
        with self._database.reading() as connection:
            if connection.execute(sa.select(lesson.id).where(lesson.schema == schema).limit(1)).first() is None:
                return []
            wanted = fingerprint(DocumentTokens(document))
            found: dict[int, str] = {}
            newest = sa.select(lesson.id, sa.type_coerce(lesson.lesson, sa.Text)).where(lesson.enabled == 1)
            newest = newest.order_by(lesson.id.desc())
            for layout in _similar_layouts(connection, schema, wanted)[: settings.layouts]:
                query = newest.where(lesson.layout == layout).limit(settings.lessons_per_layout)
                found |= {number: text for number, text in connection.execute(query)}
            query = newest.where(lesson.schema == schema).limit(settings.other_lessons)
            found |= {number: text for number, text in connection.execute(query)}
            rules = _enabled_rules(connection, schema)
        return attach_rules([_parse(text) for _, text in sorted(found.items())], rules)

    def rules(self, schema: str) -> list[ValueRule]:
        """Return the rules that people switched on for a schema (its id), in that order."""
        with self._database.reading() as connection:
            return _enabled_rules(connection, schema)

    def switch_rule(self, schema: str, rule: ValueRule, enabled: bool, *, who: str) -> None:
        """Switch a rule on or off for a schema (its id)."""
        with self._database.writing() as connection:
            _switch_rule(connection, schema, rule, enabled, who)

    def select(
        self, schema: str | None = None, layout: int | None = None, newest: int | None = None
    ) -> Iterator[StoredLesson]:
        """Yield the lessons of all schemas, of one (its id), or of a layout, oldest first; only so many `newest`."""
        lesson = tables.lessons.c
        query = sa.select(
            lesson.id, lesson.layout, lesson.record, lesson.enabled, sa.type_coerce(lesson.lesson, sa.Text)
        )
        query = query.where(
            *([lesson.schema == schema] if schema else ()), *([lesson.layout == layout] if layout else ())
        )
        after = 0
        if newest is not None:
            numbers = query.with_only_columns(lesson.id).order_by(lesson.id.desc()).limit(newest)
            with self._database.reading() as connection:
                after = min(connection.execute(numbers).scalars(), default=1) - 1
        while True:
            with self._database.reading() as connection:
                rows = connection.execute(query.where(lesson.id > after).order_by(lesson.id).limit(200)).all()
            if not rows:
                return
            for number, place, record, enabled, text in rows:
                yield StoredLesson(number, place, record, bool(enabled), _parse(text))
            after = rows[-1][0]

    def layouts(self, schema: str | None = None) -> list[StoredLayout]:
        """Return the layouts of all schemas or of one (its id), those with the most lessons first."""
        layout, lesson = tables.layouts.c, tables.lessons.c
        counted = (sa.func.count(), sa.func.max(lesson.at), sa.func.sum(lesson.enabled))
        query = (
            sa.select(layout.id, layout.schema, layout.name, *counted)
            .join(tables.lessons, lesson.layout == layout.id)
            .group_by(layout.id, layout.schema, layout.name)
        )
        with self._database.reading() as connection:
            rows = connection.execute(query.where(layout.schema == schema) if schema else query)
            found = [StoredLayout(*row) for row in rows]
        return sorted(found, key=lambda each: (-each.lessons, each.id))

    def of_record(self, record: int) -> StoredLesson | None:
        """Return the lesson of a record; None where it taught nothing, or what it taught was deleted."""
        lesson = tables.lessons.c
        query = sa.select(lesson.id, lesson.layout, lesson.enabled, sa.type_coerce(lesson.lesson, sa.Text))
        with self._database.reading() as connection:
            row = connection.execute(query.where(lesson.record == record)).first()
        return None if row is None else StoredLesson(row[0], row[1], record, bool(row[2]), _parse(row[3]))

    def switched_off_records(self, schema: str) -> set[int]:
        """Return the records of a schema (its id) whose lessons do not count."""
        lesson = tables.lessons.c
        query = sa.select(lesson.record).where(lesson.schema == schema, lesson.enabled == 0, lesson.record.is_not(None))
        with self._database.reading() as connection:
            return set(connection.execute(query).scalars())

    def has_any(self, schema: str) -> bool:
        """Decide whether there are lessons for a schema (its id)."""
        lesson = tables.lessons.c
        query = sa.select(lesson.id).where(lesson.schema == schema, lesson.enabled == 1).limit(1)
        with self._database.reading() as connection:
            return connection.execute(query).first() is not None

    def count(self, schema: str | None = None) -> int:
        """Return the number of lessons, of all schemas or of one (its id)."""
        query = sa.select(sa.func.count()).select_from(tables.lessons)
        with self._database.reading() as connection:
            return connection.execute(query.where(tables.lessons.c.schema == schema) if schema else query).scalar_one()

    # Changing.

    def add(self, lesson: Lesson, *, who: str, record: int | None = None) -> StoredLesson | None:
        """Store a lesson in place of the document's earlier one under the schema, and return it with its layout.

        The schema must have been added before (`Store.add_schema`). A lesson from a `record` is stored only while that
        record is approved; None where it is not.
        """
        with self._database.writing() as connection:
            if record is not None:
                status = sa.select(tables.records.c.status).where(tables.records.c.id == record)
                if connection.execute(status).scalar_one_or_none() != "approved":
                    return None
            same = (tables.lessons.c.document == lesson.document) & (tables.lessons.c.schema == lesson.schema)
            forget_lessons(connection, same)
            layout = _layout_of(connection, lesson)
            row = {"document": lesson.document, "schema": lesson.schema, "layout": layout, "record": record}
            row |= {"enabled": 1, "at": lesson.at or now(), "lesson": replace(lesson, rules=()).as_dict()}
            number = connection.execute(tables.lessons.insert().returning(tables.lessons.c.id), row).scalar_one()
            _index_layout(connection, layout)
            learnt = {"lesson": number, "layout": layout, "fields": len(lesson.fields)}
            append_lines(connection, who, [("learnt", f"document {lesson.document}", None, learnt, "")])
            for rule in lesson.rules:  # those of a file that is imported
                _switch_rule(connection, lesson.schema, rule, True, who)
        return StoredLesson(number, layout, record, True, lesson)

    def delete(
        self,
        *,
        who: str,
        lesson: int | None = None,
        layout: int | None = None,
        document: str | None = None,
        schema: str | None = None,
    ) -> int:
        """Delete one lesson, those of a layout, a document (its SHA-256) or a schema (its id), and return how many.

        Several conditions must all hold; at least one must be given.
        """
        columns = tables.lessons.c
        given = {columns.id: lesson, columns.layout: layout, columns.document: document, columns.schema: schema}
        conditions = [column == value for column, value in given.items() if value is not None]
        if not conditions:
            raise InputError(
                "Nothing says which lessons to delete.", "Name a lesson, a layout, a document or a schema."
            )
        with self._database.writing() as connection:
            number = forget_lessons(connection, sa.and_(*conditions))
            if schema is not None and len(conditions) == 1:  # all of it: the rules that came of it, too
                connection.execute(tables.value_rules.delete().where(tables.value_rules.c.schema == schema))
            what = {column.name: value for column, value in given.items() if value is not None}
            append_lines(connection, who, [("forgot", "lessons", what, {"lessons": number}, "")])
        return number

    def enable(self, lesson: int, enabled: bool, *, who: str) -> None:
        """Let a lesson count, or not; raise InputError where there is none of that number."""
        with self._database.writing() as connection:
            changed = tables.lessons.update().where(tables.lessons.c.id == lesson).values(enabled=int(enabled))
            if not connection.execute(changed).rowcount:
                raise InputError(f"There is no lesson {lesson}.", "`extractor learn --show` lists them.")
            append_lines(connection, who, [("switched", f"lesson {lesson}", None, {"enabled": enabled}, "")])

    def enable_many(
        self, schema: str, enabled: bool, *, who: str, layout: int | None = None, lesson: int | None = None
    ) -> int:
        """Let the lessons of a schema (its id), of a layout, or one lesson count, or not; return how many changed."""
        columns = tables.lessons.c
        given = {columns.schema: schema, columns.layout: layout, columns.id: lesson}
        conditions = [column == value for column, value in given.items() if value is not None]
        changed = tables.lessons.update().where(*conditions, columns.enabled != int(enabled))
        with self._database.writing() as connection:
            number = connection.execute(changed.values(enabled=int(enabled))).rowcount
            what = {column.name: value for column, value in given.items() if value is not None}
            append_lines(connection, who, [("switched", "lessons", what, {"enabled": enabled, "lessons": number}, "")])
        return number


def _enabled_rules(connection: sa.Connection, schema: str) -> list[ValueRule]:
    rule = tables.value_rules.c
    query = sa.select(sa.type_coerce(rule.rule, sa.Text)).where(rule.schema == schema).order_by(rule.id)
    return [parse_rule(json.loads(text)) for text in connection.execute(query).scalars()]


def _switch_rule(connection: sa.Connection, schema: str, rule: ValueRule, enabled: bool, who: str) -> None:
    if (rule in _enabled_rules(connection, schema)) == enabled:
        return
    table = tables.value_rules
    if enabled:
        connection.execute(table.insert(), {"schema": schema, "key": rule.key, "rule": asdict(rule), "at": now()})
    else:
        connection.execute(table.delete().where(table.c.schema == schema, table.c.key == rule.key))
    append_lines(connection, who, [("switched", f"rule {rule.key}", None, {"enabled": enabled}, "")])


def forget_record(connection: sa.Connection, record: int) -> None:
    """Delete what a record taught, because it is no longer approved as it was."""
    forget_lessons(connection, tables.lessons.c.record == record)


def forget_document(connection: sa.Connection, document: str, schema: str) -> None:
    """Delete what a document (its SHA-256) taught under a schema (its id), because it is deleted itself."""
    forget_lessons(connection, (tables.lessons.c.document == document) & (tables.lessons.c.schema == schema))


def forget_lessons(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> int:
    """Delete the lessons that meet a condition, and layouts without any; return how many lessons."""
    rows = connection.execute(sa.select(tables.lessons.c.id, tables.lessons.c.layout).where(condition)).all()
    for number, _ in rows:
        connection.execute(tables.lesson_hashes.delete().where(tables.lesson_hashes.c.lesson == number))
        connection.execute(tables.lessons.delete().where(tables.lessons.c.id == number))
    for layout in {layout for _, layout in rows}:
        _index_layout(connection, layout)
    return len(rows)


def _similar_layouts(connection: sa.Connection, schema: str, wanted: Sequence[int]) -> list[int]:
    """Return the layouts that have hashes in common with a fingerprint, those with the most in one lesson first."""
    settings = LessonStoreSettings.current()
    column = tables.lesson_hashes.c
    query = (
        sa.select(column.layout, column.lesson, sa.func.count())
        .where(column.schema == schema, column.hash.in_(wanted[: settings.index_hashes]))
        .group_by(column.layout, column.lesson)
    )
    most: Counter[int] = Counter()
    for layout, _, common in connection.execute(query):
        most[layout] = max(most[layout], common)
    return [layout for layout, common in most.most_common() if common >= settings.min_common_hashes]


def _layout_of(connection: sa.Connection, lesson: Lesson) -> int:
    """Return the layout that a lesson belongs to; a new one where none is like its document."""
    settings, least = LessonStoreSettings.current(), FingerprintSettings.current().min_similarity
    best: tuple[float, int] = (0.0, 0)
    for layout in _similar_layouts(connection, lesson.schema, lesson.fingerprint)[: settings.layouts]:
        query = sa.select(sa.type_coerce(tables.lessons.c.lesson, sa.Text)).where(tables.lessons.c.layout == layout)
        newest = query.order_by(tables.lessons.c.id.desc()).limit(settings.lessons_per_layout)
        for (text,) in connection.execute(newest):
            best = max(best, (similarity(lesson.fingerprint, _parse(text).fingerprint), layout))
    if best[0] >= least:
        return best[1]
    row = {"schema": lesson.schema, "name": lesson.name, "at": lesson.at or now()}
    return connection.execute(tables.layouts.insert().returning(tables.layouts.c.id), row).scalar_one()


def _index_layout(connection: sa.Connection, layout: int) -> None:
    """Bring the hashes by which a layout is found up to date; delete a layout without lessons."""
    settings, hashes, lesson = LessonStoreSettings.current(), tables.lesson_hashes, tables.lessons.c
    newest = sa.select(lesson.id, lesson.schema).where(lesson.layout == layout)
    rows = connection.execute(newest.order_by(lesson.id.desc()).limit(settings.index_lessons)).all()
    if not rows:
        connection.execute(tables.layouts.delete().where(tables.layouts.c.id == layout))
        return
    indexed = set(connection.execute(sa.select(hashes.c.lesson).where(hashes.c.layout == layout).distinct()).scalars())
    wanted = {number: schema for number, schema in rows}
    if outdated := indexed - wanted.keys():
        connection.execute(hashes.delete().where(hashes.c.lesson.in_(outdated)))
    for number in wanted.keys() - indexed:
        text = connection.execute(
            sa.select(sa.type_coerce(lesson.lesson, sa.Text)).where(lesson.id == number)
        ).scalar_one()
        own = {"schema": wanted[number], "lesson": number, "layout": layout}
        found = [own | {"hash": h} for h in _parse(text).fingerprint[: settings.index_hashes]]
        if found:
            connection.execute(hashes.insert(), found)


@functools.lru_cache(maxsize=2048)
def _parse(text: str) -> Lesson:
    return parse_lesson(json.loads(text))
