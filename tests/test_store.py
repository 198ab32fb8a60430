"""The store on SQLite and on a real PostgreSQL: identity, corrections, conflicts, and an audit of every change."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from waiting import TIMEOUT

from eval.postgres_server import serve_postgres
from extractor.cli import main
from extractor.errors import InputError, UsageError
from extractor.review import QueueQuery, ReviewService
from extractor.schemas import load_schema
from extractor.store import (
    Conflict,
    RecordFilter,
    SourceFile,
    Store,
    StoreError,
    TaskOutcome,
    Version,
    current_approvals,
    open_flag,
)
from extractor.store import database_tables as tables
from extractor.store.database import Database
from extractor.store.migrations import MIGRATIONS
from extractor.store.record_data import replace_value

SCHEMA = load_schema(
    {
        "title": "bill",
        "type": "object",
        "properties": {"total": {"type": "number"}, "lines": {"type": "array", "items": {"type": "string"}}},
    }
)
FIRST, SECOND = Version("extractor 1", "p1"), Version("extractor 2", "p1")


def result(document: str = "a" * 64, total: object = 5, source: str = "a.txt", **run: object) -> dict:
    """An extraction as `extract` prints it."""
    problem = {"path": "total", "kind": "no_evidence", "message": "look"}
    value = {"path": ["total"], "value": total, "evidence": None, "confidence": 0.5, "method": "model"}
    return {
        "document": {"id": document, "source": source, "pages": None},
        "data": {"total": total, "lines": ["one", "two"]},
        "values": [value | {"problems": [problem]}],
        "problems": [],
        "run": {"schema": SCHEMA.id} | run,
    }


@pytest.fixture(scope="module")
def postgres():
    """A PostgreSQL of our own; where it is not installed, the tests fail."""
    with serve_postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request, tmp_path):
    """Where an empty store can be made."""
    if request.param == "sqlite":
        yield str(tmp_path / "own" / "store.db")
        return
    server = request.getfixturevalue("postgres")
    yield server.url
    server.empty()


@pytest.fixture
def store(place):
    with Store(place) as opened:
        opened.add_schema(SCHEMA)
        yield opened


def raw(store: Store, sql: str) -> None:
    """Change the database as somebody would who goes around the store."""
    with store._database.writing() as connection:
        connection.exec_driver_sql(sql)


def no_triggers(store: Store) -> None:
    """Take away what blocks changes, as somebody who may write the database can."""
    with store._database.writing() as connection:
        if store._database.dialect == "sqlite":
            names = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars().all()
            for name in names:
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
        else:
            for migration in MIGRATIONS:
                for table in migration.append_only:
                    connection.exec_driver_sql(f"DROP FUNCTION {table}_unchanging() CASCADE")


# The database.


def test_migrations_make_the_tables_in_the_code(store):
    with store._database.reading() as connection:
        there = sa.inspect(connection)
        for table in tables.metadata.sorted_tables:
            assert {c["name"] for c in there.get_columns(table.name)} == set(table.c.keys()), table.name
        assert set(there.get_table_names()) == {*tables.metadata.tables, "migrations"}


def test_sqlite_file_is_private_and_commits_are_durable(tmp_path):
    with Store(tmp_path / "new" / "store.db") as store:
        store.add_schema(SCHEMA)
        with store._database.reading() as connection:
            for name, value in (("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)):
                assert connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() == value
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "new" / "store.db").stat().st_mode) == 0o600


def test_place_that_is_no_store_is_refused(tmp_path):
    (tmp_path / "text.db").write_text("no database, but long enough to be looked at " * 100)
    with pytest.raises(StoreError, match="not a database"):
        Store(tmp_path / "text.db")
    with sqlite3.connect(tmp_path / "other.db") as other:
        other.execute("CREATE TABLE songs (title TEXT)")
    with pytest.raises(StoreError, match="something else"):
        Store(tmp_path / "other.db")
    with pytest.raises(StoreError, match="not a store"):
        Store("mysql://somewhere/else")
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="Cannot create"):
        Store(tmp_path / "file" / "store.db")


def test_store_of_a_newer_version_is_refused(store, place):
    raw(store, f"INSERT INTO migrations VALUES ({MIGRATIONS[-1].number + 1}, 'later', 'then')")
    with pytest.raises(StoreError, match="newer version"):
        Store(place)


def test_failed_migration_leaves_nothing(tmp_path, monkeypatch):
    from extractor.store import database

    broken = (*MIGRATIONS, type(MIGRATIONS[0])(99, "broken", ("CREATE TABLE half (id TEXT)", "CREATE NONSENSE")))
    monkeypatch.setattr(database, "MIGRATIONS", broken)
    with pytest.raises(StoreError):
        Store(tmp_path / "store.db")
    monkeypatch.undo()
    with Store(tmp_path / "store.db") as store, store._database.reading() as connection:
        assert "half" not in sa.inspect(connection).get_table_names()


def test_backup_is_whole_while_others_write(tmp_path):
    with Store(tmp_path / "store.db") as store:
        store.add_schema(SCHEMA)
        stop = threading.Event()

        def write():
            n = 0
            while not stop.is_set():
                store.records.add(result(f"{n:064x}"), FIRST, who="m")
                n += 1

        writer = threading.Thread(target=write)
        writer.start()
        for n in range(3):
            store.backup(tmp_path / f"copy{n}.db")
        stop.set()
        writer.join()
        with pytest.raises(StoreError, match="exists"):
            store.backup(tmp_path / "copy0.db")
    for n in range(3):
        with Store(tmp_path / f"copy{n}.db") as copy:
            assert copy.audit.verify() == []


# Records.


def test_record_is_found_again_with_all_its_sources(store):
    kept = store.records.add(result(), FIRST, who="machine")
    again = store.records.add(result(source="copy of a.txt"), FIRST, who="machine")
    assert again.id == kept.id and again.revision == 1
    assert again.sources == ("a.txt", "copy of a.txt")
    assert (again.status, again.problems, again.confidence, again.schema_name) == ("needs_review", 1, 0.5, "bill")
    assert store.records.find("b" * 64, SCHEMA.id) is None
    assert [r.id for r in store.records.select(schema="bill", status="needs_review")] == [kept.id]
    assert list(store.records.select(status="approved")) == []
    assert store.records.count_by_status() == {"needs_review": 1}
    with pytest.raises(InputError, match="no record"):
        store.records.get(99)


@pytest.mark.parametrize("text", ["金额\0减", "half \ud800 a pair", "'; DROP TABLE records; --", "\u2028\r\n"])
def test_any_text_survives_storage(store, text):
    kept = store.records.add(result(total=text), FIRST, who="machine")
    assert kept.data["total"] == text
    assert store.records.correct(kept.id, ("lines", 0), text, who="ann", revision=1).data["lines"][0] == text
    assert store.audit.verify() == []


def test_numbers_of_any_size_survive_storage(store):
    kept = store.records.add(result(total=10**40), FIRST, who="machine")
    changed = store.records.correct(kept.id, ("total",), 10**40 + 1, who="ann", revision=1)
    assert changed.data["total"] == 10**40 + 1 and kept.data["total"] == 10**40
    assert store.audit.verify() == []


def test_correction_leaves_the_extraction_unchanged(store):
    kept = store.records.add(result(), FIRST, who="machine")
    changed = store.records.correct(kept.id, ("total",), 7, who="ann", revision=1, reason="misread")
    changed = store.records.correct(kept.id, ("lines", 2), "three", who="ann", revision=changed.revision)
    assert changed.data == {"total": 7, "lines": ["one", "two", "three"]}
    assert changed.result["data"] == {"total": 5, "lines": ["one", "two"]}
    first = changed.corrections[0]
    assert (first.path, first.old, first.new, first.who, first.reason) == (("total",), 5, 7, "ann", "misread")
    assert store.records.correct(kept.id, ("total",), 7, who="ann", revision=3).revision == 3  # no change, no line
    with pytest.raises(InputError, match="no place"):
        store.records.correct(kept.id, ("total", "more"), 1, who="ann", revision=3)


def test_later_extraction_never_replaces_what_a_person_did(store):
    touched = store.records.add(result("a" * 64), FIRST, who="machine")
    approved = store.records.add(result("b" * 64), FIRST, who="machine")
    claimed = store.records.add(result("c" * 64), FIRST, who="machine")
    store.records.correct(touched.id, ("total",), 7, who="ann", revision=1)
    store.records.approve(approved.id, who="ann", revision=1)
    store.records.claim(claimed.id, who="ann")
    for document in "abc":
        store.records.add(result(document * 64, total=6), SECOND, who="machine")
    assert store.records.get(touched.id).data["total"] == 7
    assert store.records.get(touched.id).extraction == touched.extraction
    assert store.records.get(approved.id).data["total"] == 5
    assert store.records.get(claimed.id).data["total"] == 6 and store.records.get(claimed.id).revision == 2
    assert [e.result["data"]["total"] for e in store.records.extractions(touched.id)] == [5, 6]
    assert [e.version for e in store.records.extractions(touched.id)] == [FIRST, SECOND]


def test_change_at_an_old_revision_conflicts(store):
    kept = store.records.add(result(), FIRST, who="machine")
    store.records.correct(kept.id, ("total",), 7, who="ann", revision=1)
    for late in (
        lambda: store.records.correct(kept.id, ("total",), 8, who="bob", revision=1),
        lambda: store.records.approve(kept.id, who="bob", revision=1),
    ):
        with pytest.raises(Conflict) as told:
            late()
        assert told.value.current.data["total"] == 7 and told.value.current.revision == 2


def _edit(place: str, record: int, name: str, told: list[bool]) -> None:
    with Store(place) as store:
        for n in range(10):
            seen = store.records.get(record)
            try:
                store.records.correct(record, ("total",), f"{name} {n}", who=name, revision=seen.revision)
                told.append(True)
            except Conflict:
                told.append(False)


def test_eight_editors_never_overwrite_each_other(store, place):
    kept = store.records.add(result(), FIRST, who="machine")
    told: list[bool] = []
    editors = [threading.Thread(target=_edit, args=(place, kept.id, f"e{n}", told)) for n in range(8)]
    for editor in editors:
        editor.start()
    for editor in editors:
        editor.join()
    ok = sum(told)
    assert len(told) == 80 and ok < 80
    final = store.records.get(kept.id)
    assert final.revision == 1 + ok == 1 + len(final.corrections)
    assert sum(e.action == "corrected" for e in store.audit.entries()) == ok
    assert all(a.new == b.old for a, b in zip(final.corrections, final.corrections[1:], strict=False))
    assert store.audit.verify() == []


def test_claimed_record_is_not_given_to_anybody_else(store):
    first = store.records.add(result("a" * 64), FIRST, who="machine")
    second = store.records.add(result("b" * 64), FIRST, who="machine")
    wanted = RecordFilter("open")
    ann = store.records.claim(store.records.next_id(wanted, who="ann"), who="ann")
    bob = store.records.claim(store.records.next_id(wanted, who="bob"), who="bob")
    assert {ann.id, bob.id} == {first.id, second.id}
    assert store.records.next_id(wanted, who="cat") is None
    with pytest.raises(Conflict, match="ann is working"):
        store.records.claim(ann.id, who="bob")
    store.records.release(ann.id, who="ann")
    assert store.records.claim(ann.id, who="bob", seconds=0).claimed_by == "bob"
    assert store.records.claim(ann.id, who="ann").claimed_by == "ann"  # a claim that has lapsed holds nobody
    flagged = store.records.flag(ann.id, who="ann", revision=1, note="which currency?")
    assert store.records.reject(ann.id, who="ann", revision=flagged.revision).status == "rejected"
    acts = [(review.action, review.note) for review in store.records.review_actions(ann.id)]
    assert ("flagged", "which currency?") in acts and acts[-1][0] == "rejected"


def test_confirmation_is_stored_although_nothing_changes(store):
    kept = store.records.add(result(), FIRST, who="machine")
    same = store.records.correct(kept.id, ("total",), "whatever", who="ann", revision=1, how="accepted")
    (made,) = same.corrections
    assert (same.revision, made.how, made.old, made.new) == (2, "accepted", 5, 5) and same.data == kept.data
    none = store.records.correct(kept.id, ("absent",), None, who="ann", revision=2, how="absent")
    assert none.revision == 3 and none.data == kept.data
    assert store.audit.verify() == []


def test_correction_stores_its_evidence_and_what_it_undoes(store):
    kept = store.records.add(result(), FIRST, who="machine")
    evidence = {"start": 3, "end": 5, "text": "減7", "boxes": None}
    store.records.correct(kept.id, ("total",), -7, who="ann", revision=1, how="word", evidence=evidence)
    back = store.records.correct(kept.id, ("total",), 5, who="ann", revision=2, how="undo", undoes=2)
    assert [(c.evidence, c.undoes) for c in back.corrections] == [(evidence, None), (None, 2)]
    assert store.audit.verify() == []
    no_triggers(store)
    raw(store, "UPDATE corrections SET evidence = NULL")
    assert any("correction 1" in sentence for sentence in store.audit.verify())


def test_absent_value_is_null_if_nullable_and_left_out_if_not(store):
    schema = load_schema(
        {
            "type": "object",
            "properties": {"may": {"type": ["string", "null"]}, "never": {"type": "string"}, "in": {"type": "object"}},
        }
    )
    store.add_schema(schema)
    said = result() | {"data": {"may": "a", "never": "b", "in": {}}, "values": []}
    said["run"] = {"schema": schema.id}
    kept = store.records.add(said, FIRST, who="machine")
    store.records.correct(kept.id, ("may",), None, who="ann", revision=1, how="absent")
    changed = store.records.correct(kept.id, ("never",), None, who="ann", revision=2, how="absent")
    assert changed.data == {"may": None, "in": {}}


def test_claim_can_be_taken_over_and_that_is_noted(store):
    kept = store.records.add(result(), FIRST, who="machine")
    store.records.claim(kept.id, who="ann")
    assert store.records.claim(kept.id, who="bob", take=True).claimed_by == "bob"
    assert [(r.action, r.who, r.note) for r in store.records.review_actions(kept.id)] == [
        ("claimed", "ann", ""),
        ("taken", "bob", "from ann"),
    ]
    later = store.records.add(result(total=6), SECOND, who="machine")
    assert later.data["total"] == 6  # to hold a record is not to work on it


def test_approvals_end_when_the_record_is_reopened(store):
    kept = store.records.add(result(), FIRST, who="machine")
    store.records.approve(kept.id, who="ann", revision=1)
    assert store.records.approve(kept.id, who="ann", revision=2).revision == 2
    both = store.records.approve(kept.id, who="bob", revision=2)
    assert (both.approvals, both.approved_by, both.revision) == (2, "ann", 3)
    changed = store.records.correct(kept.id, ("total",), 7, who="cat", revision=3)
    assert (changed.status, changed.approvals, changed.approved_by) == ("needs_review", 0, None)
    acts = store.records.review_actions(kept.id)
    assert [a.action for a in acts] == ["approved", "approved", "reopened"] and current_approvals(acts) == []
    flagged = store.records.flag(kept.id, who="cat", revision=4, note="?")
    assert flagged.flagged == 1 and open_flag(store.records.review_actions(kept.id)).note == "?"
    assert store.records.approve(kept.id, who="ann", revision=5).flagged == 0
    assert open_flag(store.records.review_actions(kept.id)) is None and store.audit.verify() == []


def test_filters_select_the_summaries_they_describe(store):
    sure = result("b" * 64, total=6, source="/in/100% sure.txt")
    sure["values"][0] |= {
        "problems": [],
        "confidence": 0.9,
        "evidence": {"text": "6", "start": 0, "end": 1, "boxes": None},
    }
    unsure = store.records.add(result("a" * 64, source="/in/报告_A.txt"), FIRST, who="machine")
    calm = store.records.add(sure, FIRST, who="machine")
    assert (unsure.status, unsure.to_check, unsure.doubts) == (
        "needs_review",
        1,
        {"low_confidence": 1, "no_evidence": 1},
    )
    assert (calm.status, calm.to_check, set(calm.doubts) - {"sample"}) == ("new", 0, set())

    def numbers(who: str = "ann", sort: str = "risk", after: int = 0, limit: int = 100, **wanted: object) -> list[int]:
        rows, total = store.records.list_summaries(RecordFilter(**wanted), who=who, sort=sort, after=after, limit=limit)
        assert total >= len(rows)
        return [row.id for row in rows]

    assert numbers() == [unsure.id, calm.id] and numbers(after=1) == [calm.id] and numbers(limit=1) == [unsure.id]
    assert numbers(reason="no_evidence") == [unsure.id] and numbers(reason="failed_check") == []
    assert (
        numbers(search="报告_a") == [unsure.id] and numbers(search="100% S") == [calm.id] and numbers(search="_%") == []
    )
    assert numbers(schema="bill") == numbers(schema=SCHEMA.id) == numbers(status="open") and numbers(schema="x") == []
    assert numbers(sort="name") == [calm.id, unsure.id] and numbers(sort="new") == [calm.id, unsure.id]
    store.records.approve(calm.id, who="ann", revision=1)
    assert numbers(status="second") == [] and numbers("bob", status="second") == [calm.id]
    store.records.flag(unsure.id, who="ann", revision=1, note="?")
    (row,), total = store.records.list_summaries(RecordFilter("flagged"))
    assert (row.id, row.flag.note, row.approvals, row.sources, total) == (unsure.id, "?", (), ("/in/报告_A.txt",), 1)
    counts = store.records.count_by_queue(RecordFilter(), who="bob")
    assert counts == {"needs_review": 1, "approved": 1, "flagged": 1, "second": 1}
    assert store.records.next_id(RecordFilter("open"), who="bob") == unsure.id
    store.records.claim(unsure.id, who="ann")
    assert store.records.next_id(RecordFilter("open"), who="bob") is None
    assert store.records.next_id(RecordFilter("open"), who="ann", but=unsure.id) is None


@pytest.mark.parametrize("status", ["open", "approved", None])
@pytest.mark.parametrize("sort", ["risk", "new", "old", "name"])
def test_pages_of_a_queue_are_in_order_across_statuses(store, status, sort):
    for n in range(12):
        number = store.records.add(result(f"{n:064x}", source=f"/in/{n * 7 % 12:02}.txt"), FIRST, who="m").id
        raw(store, f"UPDATE records SET risk = {n % 5}, created = '2026-01-{28 - n}' WHERE id = {number}")
        if n % 3:
            raw(store, f"UPDATE records SET status = '{('new', 'approved')[n % 3 - 1]}' WHERE id = {number}")
    wanted = RecordFilter(status)
    keys = {"risk": lambda r: (-r.risk, r.id), "new": lambda r: (r.created, r.id), "old": lambda r: (r.created, r.id)}
    keys["name"] = lambda r: (r.sources[0], r.id)
    everything, total = store.records.list_summaries(wanted, sort=sort)
    assert total == len(everything) == {"open": 8, "approved": 4, None: 12}[status]
    assert everything == sorted(everything, key=keys[sort], reverse=sort == "new")
    pages = [store.records.list_summaries(wanted, sort=sort, after=after, limit=3)[0] for after in range(0, 12, 3)]
    assert [row.id for page in pages for row in page] == [row.id for row in everything]
    assert store.records.next_id(wanted, who="ann", sort=sort, but=everything[0].id) == everything[1].id


def test_rows_for_programs_are_those_of_the_queue(store, tmp_path):
    for n in range(5):
        store.records.add(result(f"{n:064x}", source=f"/in/{n}.txt"), FIRST, who="m")
    store.records.approve(2, who="ann", revision=1)
    store.records.delete([5], who="ann")
    with ReviewService(store, folder=tmp_path) as service:
        for status in ("open", "approved", "all", "bin"):
            query = QueueQuery(status, sort="new")
            page = service.queue(query, who="ann", limit=2)
            assert service.list_rows(query, who="ann", limit=2) == (page["rows"], page["total"])


def test_summaries_are_found_by_number_also_in_the_bin(store):
    for n in range(4):
        store.records.add(result(f"{n:064x}", source=f"/in/{n}.txt"), FIRST, who="m")
    store.records.delete([3], who="ann")
    raw(store, "UPDATE records SET replaced_by = 1 WHERE id = 4")
    found = store.records.summaries([3, 1, 4, 99])
    assert {number: each.sources for number, each in found.items()} == {3: ("/in/2.txt",), 1: ("/in/0.txt",)}


def test_all_jobs_are_listed_with_their_versions(store):
    store.add_schema(SCHEMA)
    for name in ("first", "second"):
        store.jobs.start(name, SCHEMA.id, {"model": "none"}, who="ann")
    versioned = store.jobs.set_version(store.jobs.get("first"), FIRST)
    assert store.jobs.all() == [store.jobs.get("second"), versioned] and versioned.version == FIRST


@pytest.mark.parametrize("status", ["open", "approved", "new", "flagged", "second", "bin", None])
def test_queue_is_its_page_with_its_counts(store, status):
    numbers = [store.records.add(result(f"{n:064x}"), FIRST, who="m").id for n in range(9)]
    for n in numbers[:3]:
        store.records.approve(n, who="ann", revision=1)
    store.records.flag(numbers[3], who="ann", revision=1, note="?")
    store.records.delete(numbers[4:6], who="ann")
    wanted = RecordFilter(status)
    page, total, counts = store.records.load_queue(wanted, who="bob", limit=2)
    assert (page, total) == store.records.list_summaries(wanted, who="bob", limit=2)
    assert counts == store.records.count_by_queue(RecordFilter(), who="bob")


@pytest.mark.parametrize("few", [0, 3, 400])
def test_search_finds_the_same_however_many_records_it_finds(store, monkeypatch, few):
    from extractor.store import listing

    monkeypatch.setattr(listing, "_FEW", few)
    for n in range(6):
        store.records.add(result(f"{n:064x}", total=100 + n, source=f"/in/{n}.txt"), FIRST, who="m")
    for search, expected in (("10", 6), ("103", 1), ("/in/4", 1), ("nothing", 0)):
        for sort in ("risk", "new", "old", "name"):
            page, total, counts = store.records.load_queue(RecordFilter("open", search=search), who="ann", sort=sort)
            assert len(page) == total == counts.get("new", 0) + counts.get("needs_review", 0) == expected
            first = store.records.next_id(RecordFilter("open", search=search), who="ann", sort=sort)
            assert first == (page[0].id if page else None)


def test_record_is_listed_by_the_first_name_of_its_document(store):
    first = store.records.add(result("a" * 64, source="/in/m.txt"), FIRST, who="m")
    store.records.add(result("b" * 64, source="/in/k.txt"), FIRST, who="m")
    store.records.add(result("a" * 64, source="/in/a.txt"), Version("newer", "none"), who="m")
    assert [row.sources[0] for row in store.records.list_summaries(RecordFilter(), sort="name")[0]] == [
        "/in/k.txt",
        "/in/m.txt",
    ]
    assert first.sources == ("/in/m.txt",)


def test_pages_and_counts_of_a_long_queue_are_read_from_indexes(tmp_path):
    with Store(tmp_path / "store.db") as store:
        said = []
        sa.event.listen(store._database._engine, "before_cursor_execute", lambda *a: said.append((a[2], a[3])))
        for status in ("open", "approved", None):
            for sort in ("risk", "new", "old", "name"):
                store.records.list_summaries(RecordFilter(status), sort=sort)
                store.records.next_id(RecordFilter(status), who="ann", sort=sort)
            store.records.count_by_queue(RecordFilter(status), who="ann")
        store.records.count_by_status()
        queries = [(sql, values) for sql, values in said if "FROM records" in sql and "JOIN" not in sql]
        with contextlib.closing(sqlite3.connect(store.place)) as connection:
            plans = [
                [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", values)] for sql, values in queries
            ]
    assert len(plans) > 20
    for (sql, _), plan in zip(queries, plans, strict=True):
        steps = [step for step in plan if " records " in f"{step} "]
        wanted = "COVERING INDEX records_counts" if "count(*)" in sql else "INDEX records_by_"
        assert steps and all(wanted in step for step in steps), (sql, plan)


def test_records_of_a_job_are_listed(store):
    job, (task, _) = begun(store, "a", "b")
    store.jobs.record_outcomes(job, "me", [TaskOutcome(task, "done", result=result())], who="ann")
    other = store.records.add(result("b" * 64), FIRST, who="machine")
    raw(store, f"UPDATE tasks SET document = '{'a' * 64}' WHERE name = 'a'")
    assert [row.id for row in store.records.list_summaries(RecordFilter(job=job.id))[0]] == [other.id - 1]


def test_approved_and_exported_or_rejected_documents_are_completed(store):
    one = store.records.add(result("a" * 64), FIRST, who="machine")
    two = store.records.add(result("b" * 64), FIRST, who="machine")
    store.records.approve(one.id, who="ann", revision=1)
    documents = ["a" * 64, "b" * 64, "c" * 64]
    assert store.records.completed_documents(documents) == {"a" * 64: False, "b" * 64: False}
    assert store.records.mark_exported(who="ann", schema=None, status="approved", job=None, what="a.csv") == 1
    store.records.reject(two.id, who="ann", revision=1)
    assert store.records.completed_documents(documents) == {"a" * 64: True, "b" * 64: True}
    assert store.records.ids_by_document(SCHEMA.id, documents) == {"a" * 64: one.id, "b" * 64: two.id}
    assert store.records.get(one.id).revision == 2 and store.audit.verify() == []


def test_records_are_hidden_restored_and_erased_with_all_that_was_entered(store):
    one = store.records.add(result("a" * 64), FIRST, who="machine")
    two = store.records.add(result("b" * 64), FIRST, who="machine")
    for record in (one, two):
        store.records.correct(record.id, ("total",), 7, who="ann", revision=1)
        store.records.approve(record.id, who="ann", revision=2)
    store.records.delete([one.id], who="ann")
    assert [record.id for record in store.records] == [two.id]
    assert store.records.count_by_status() == {"approved": 1}
    store.records.restore([one.id], who="ann")
    assert len(list(store.records)) == 2
    assert store.records.erase(one.id, who="ann") == "a" * 64
    assert [record.id for record in store.records] == [two.id] and len(store.sources()) == 1
    with pytest.raises(InputError):
        store.records.get(one.id)
    with pytest.raises(StoreError, match="never changed or deleted"):
        raw(store, f"DELETE FROM corrections WHERE record = {two.id}")
    assert store.audit.verify() == []


def test_figures_count_what_each_person_did(store):
    record = store.records.add(result("a" * 64), FIRST, who="machine")
    store.records.correct(record.id, ("total",), 7, who="ann", revision=1)
    store.records.correct(record.id, ("total",), None, who="bob", revision=2, how="accepted")
    store.records.approve(record.id, who="bob", revision=3)
    rows = {row["who"]: row for row in store.records.figures()}
    assert set(rows) == {"ann", "bob"} and rows["ann"]["corrected"] == 1
    assert (rows["bob"]["accepted"], rows["bob"]["approved"]) == (1, 1)


def test_a_search_finds_values_whatever_their_letters(store):
    given = result("a" * 64)
    record = store.records.add(given, FIRST, who="machine")
    store.records.correct(record.id, ("total",), 7654, who="ann", revision=1)
    for search, expected in (("7654", 1), ("765", 1), ("9999", 0), (given["document"]["source"][-6:].upper(), 1)):
        assert store.records.list_summaries(RecordFilter(search=search))[1] == expected, search


def undo_later_migrations(store: Store) -> None:
    """Take away what the migrations after the second added, and what they allowed."""
    if store._database.dialect == "sqlite":
        for table in ("corrections", "reviews", "extractions"):
            raw(store, f"DROP TRIGGER {table}_no_delete")
            raw(store, f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} BEGIN SELECT RAISE(ABORT, ''); END")
    later = ("records_counts", "records_by_risk", "records_by_time", "records_by_name")
    for index in (*later, "tasks_handin", "handins_who", "deletions_record", "deletions_document"):
        raw(store, f"DROP INDEX {index}")
    dropped = (
        "value_rules",
        "handins",
        "deletions",
        "review_rules",
        "report_kinds",
        "lesson_hashes",
        "lessons",
        "layouts",
    )
    for table in (*dropped, "tokens", "webhooks"):
        raw(store, f"DROP TABLE {table}")
        if store._database.dialect != "sqlite":
            raw(store, f"DROP FUNCTION IF EXISTS {table}_unchanging() CASCADE")
    added = {
        "tasks": ("handin", "replaces"),
        "records": ("base", "replaced_by", "deleted", "assigned", "words", "name"),
        "reviews": ("how",),
        "documents": ("profile",),
    }
    for table, columns in added.items():
        for column in columns:
            raw(store, f"ALTER TABLE {table} DROP COLUMN {column}")
    raw(store, "DELETE FROM migrations WHERE number >= 3")


def test_store_of_the_first_version_is_migrated_with_its_queue(place, monkeypatch):
    from extractor.store import database

    with Store(place) as new:
        new.add_schema(SCHEMA)
        for n, document in enumerate("abc", 1):
            new.records.add(result(document * 64), FIRST, who="machine")
            assert new.records.get(n).to_check == 1
        new.records.correct(1, ("total",), 7, who="ann", revision=1)
        new.records.approve(1, who="ann", revision=2)
        new.records.flag(2, who="ann", revision=1, note="?")
        undo_later_migrations(new)
        for table, columns in (
            ("records", ("doubts", "to_check", "risk", "approvals", "approved_by", "flagged", "exported")),
            ("corrections", ("evidence", "undoes")),
        ):
            raw(new, "DROP INDEX IF EXISTS records_risk")
            for column in columns:
                raw(new, f"ALTER TABLE {table} DROP COLUMN {column}")
        raw(new, "DELETE FROM migrations WHERE number = 2")
    monkeypatch.setattr(database, "MIGRATIONS", MIGRATIONS)
    with Store(place) as store:
        settled, flagged, left = (store.records.get(n) for n in (1, 2, 3))
        assert (settled.to_check, settled.doubts, settled.approvals, settled.approved_by) == (0, {}, 1, "ann")
        assert (flagged.flagged, flagged.to_check) == (1, 1)
        assert (left.doubts, left.to_check) == ({"low_confidence": 1, "no_evidence": 1}, 1)
        assert store.audit.verify() == []


@pytest.mark.parametrize(
    ("path", "new", "expected"),
    [
        ((), {"x": 1}, {"x": 1}),
        (("a", "b"), 1, {"a": {"b": 1}, "l": [1], "n": None}),
        (("n", 0), 1, {"l": [1], "n": [1]}),
        (("l", 1), 2, {"l": [1, 2], "n": None}),
        (("l", 1, "x"), 2, {"l": [1, {"x": 2}], "n": None}),
    ],
)
def test_value_is_replaced_at_its_path(path, new, expected):
    data = {"l": [1], "n": None}
    assert replace_value(data, path, new)[0] == expected
    assert data == {"l": [1], "n": None}


@pytest.mark.parametrize("path", [("l", 3), ("l", "x"), (0,), ("l", 0, "x"), ("l", -1)])
def test_path_that_does_not_fit_is_refused(path):
    with pytest.raises(InputError, match="no place"):
        replace_value({"l": [1]}, path, 1)


def test_review_works_on_either_database(store, tmp_path):
    kept = store.records.add(result(), FIRST, who="machine")
    with ReviewService(store, folder=tmp_path / "desk") as desk:
        (row,) = desk.queue(QueueQuery(reason="no_evidence", search="A.TXT"), who="ann")["rows"]
        assert (row["id"], row["left"], row["name"]) == (kept.id, 1, "a.txt")
        told = desk.edit(kept.id, who="ann", revision=1, how="typed", path=("total",), text="１,２３４")
        assert told["left"] == 0 and desk.undo(kept.id, who="ann", revision=2)["left"] == 1
        desk.edit(kept.id, who="bob", revision=3, how="row_deleted", path=("lines",), at=0)
        assert store.records.get(kept.id).data == {"total": 5, "lines": ["two"]}
        assert [line["what"] for line in desk.history(kept.id)] == ["row_deleted", "undo", "typed", "extracted"]
        assert desk.approve(kept.id, who="ann", revision=4, force=True)["status"] == "approved"
        assert desk.queue(QueueQuery(status="second"), who="bob")["counts"]["second"] == 1
    assert store.audit.verify() == []


# The audit log.


def test_append_only_tables_refuse_changes(store):
    kept = store.records.add(result(), FIRST, who="machine")
    store.records.correct(kept.id, ("total",), 7, who="ann", revision=1)
    for sql in (
        "UPDATE audit SET who = 'nobody'",
        "DELETE FROM audit",
        "UPDATE extractions SET result = '{}'",
        "DELETE FROM corrections",
        "UPDATE corrections SET new = '8'",
    ):
        with pytest.raises(StoreError, match="never changed"):
            raw(store, sql)


def test_any_single_change_of_the_audit_log_is_found(tmp_path):
    draw = random.Random(7)
    with Store(tmp_path / "store.db") as store:
        store.add_schema(SCHEMA)
        for n in range(20):
            store.records.add(result(f"{n:064x}"), FIRST, who="machine")
            store.records.correct(n + 1, ("total",), n + 100, who="ann", revision=1)
        head = store.audit.head()
        no_triggers(store)
    lines = head[0]
    columns = ("at", "who", "action", "subject", "old", "new", "reason", "previous", "hash")
    for number in range(40):
        one, other = draw.sample(range(1, lines + 1), 2)
        kind = draw.choice(("edit", "delete", "swap", "insert"))
        sql = {
            "edit": f"UPDATE audit SET {draw.choice(columns)} = 'x' WHERE seq = {one}",
            "delete": f"DELETE FROM audit WHERE seq = {min(one, other)}",
            "swap": f"UPDATE audit SET seq = CASE seq WHEN {one} THEN -{other} ELSE -{one} END"
            f" WHERE seq IN ({one}, {other}); UPDATE audit SET seq = -seq WHERE seq < 0",
            "insert": f"INSERT INTO audit SELECT {lines + 1}, {', '.join(columns)} FROM audit WHERE seq = {one}",
        }[kind]
        copy = tmp_path / f"changed{number}.db"
        shutil.copy(tmp_path / "store.db", copy)
        with contextlib.closing(sqlite3.connect(copy)) as connection:
            connection.executescript(sql)
        with Store(copy) as changed:
            assert changed.audit.verify(), sql


def test_lines_cut_off_the_end_are_found_with_a_head(store):
    for n in range(3):
        store.records.add(result(f"{n:064x}"), FIRST, who="machine")
    head = store.audit.head()
    assert store.audit.verify(head) == []
    no_triggers(store)
    raw(store, "DELETE FROM audit WHERE seq = 3")
    assert any("newest lines" in sentence for sentence in store.audit.verify(head))


def test_changes_that_bypass_the_audit_log_are_found(store):
    kept = store.records.add(result(), FIRST, who="machine")
    store.records.correct(kept.id, ("total",), 7, who="ann", revision=1)
    no_triggers(store)
    raw(store, "UPDATE corrections SET new = '9'")
    assert any("correction 1" in sentence for sentence in store.audit.verify())
    raw(store, "DELETE FROM corrections")
    assert any("correction of record 1 is missing" in sentence for sentence in store.audit.verify())
    raw(store, "UPDATE extractions SET result = REPLACE(result, ':5', ':6')")
    assert any("extraction" in sentence for sentence in store.audit.verify())


def test_audit_log_says_who_did_what_and_why(store):
    kept = store.records.add(result(), FIRST, who="machine")
    store.records.correct(kept.id, ("total",), 7, who="ann", revision=1, reason="misread")
    store.records.approve(kept.id, who="bob", revision=2, note="fine")
    told = [(e.who, e.action, e.subject, e.reason) for e in store.audit.entries()]
    assert told == [
        ("machine", "extracted", f"document {'a' * 64}", ""),
        ("ann", "corrected", "record 1", "misread"),
        ("bob", "approved", "record 1", "fine"),
    ]
    assert [e.old for e in store.audit.entries("record 1")] == [{"path": ["total"], "value": 5}, "needs_review"]


# Jobs.


def begun(store: Store, *names: str) -> tuple:
    job = store.jobs.start("j", SCHEMA.id, {"model": "none"}, who="ann")
    job = store.jobs.set_version(job, FIRST)
    store.jobs.add(job, [SourceFile(name, "s") for name in names])
    return job, store.jobs.claim(job, "me", 10)


def test_leased_task_belongs_to_one_owner_until_it_is_released(store):
    job, mine = begun(store, "a", "b", "c")
    assert [task.name for task in mine] == ["a", "b", "c"] and store.jobs.claim(job, "you", 10) == []
    store.jobs.release_leases("me")
    yours = store.jobs.claim(job, "you", 2)
    assert [(task.name, task.tries) for task in yours] == [("a", 1), ("b", 1)]
    store.jobs.expire_leases("you")
    assert [task.name for task in store.jobs.claim(job, "me", 10)] == ["c", "a", "b"]  # those tried least come first


def test_lapsed_lease_can_be_claimed_by_another_owner(store, monkeypatch):
    job, mine = begun(store, "a")
    later = time.time() + 1000
    monkeypatch.setattr(Database, "clock", lambda database, connection: later)
    assert [task.id for task in store.jobs.claim(job, "you", 10)] == [mine[0].id]
    store.jobs.record_outcomes(job, "me", [TaskOutcome(mine[0], "done", result=result())], who="ann")
    assert store.jobs.counts(job).left == 1 and store.records.count_by_status() == {}  # too late: it is no longer mine


def test_lease_of_a_clock_that_was_wrong_does_not_last_for_years(store, monkeypatch):
    job = store.jobs.start("j", SCHEMA.id, {"model": "none"}, who="ann")
    store.jobs.add(job, [SourceFile("a", "s"), SourceFile("b", "s")])
    with monkeypatch.context() as wrong:
        wrong.setattr(Database, "clock", lambda database, connection: time.time() + 10 * 365 * 86400)
        (mine,) = store.jobs.claim(job, "me", 1)
    assert {task.name for task in store.jobs.claim(job, "you", 10)} == {"a", "b"}
    assert mine.name == "a" and store.jobs.claim(job, "me", 10) == []


def test_time_of_leases_is_that_of_the_server(postgres, monkeypatch):
    monkeypatch.setattr("extractor.store.database.time.time", lambda: 5.0)
    with Store(postgres.url) as store, store._database.reading() as connection:
        assert store._database.clock(connection) > 1_000_000
    postgres.empty()


def test_result_and_task_state_are_stored_together(store):
    job, (task,) = begun(store, "a")
    with pytest.raises((TypeError, ValueError)):
        store.jobs.record_outcomes(job, "me", [TaskOutcome(task, "done", result=result(total=object()))], who="ann")
    assert store.jobs.counts(job).left == 1 and store.sources() == []
    store.jobs.record_outcomes(
        job, "me", [TaskOutcome(task, "done", result=result(), size=3, document_kind="text")], who="ann"
    )
    assert store.jobs.counts(job).done == 1
    assert [(s.name, s.document) for s in store.sources()] == [("a", "a" * 64)]


def test_copies_of_a_document_are_extracted_once(store):
    job, tasks = begun(store, "a", "b", "c")
    same = {task.id: ("a" * 64, "s") for task in tasks}
    verdicts = store.jobs.begin_tasks(job, "me", same)
    assert sorted(verdicts.values()) == ["elsewhere", "elsewhere", "extract"]
    first = next(task for task in tasks if verdicts[task.id] == "extract")
    store.jobs.record_outcomes(job, "me", [TaskOutcome(first, "done", result=result(source="a"))], who="ann")
    raw(store, "UPDATE tasks SET until = 0 WHERE state = 'waiting'")
    rest = store.jobs.claim(job, "me", 10)
    assert set(store.jobs.begin_tasks(job, "me", {task.id: ("a" * 64, "s") for task in rest}).values()) == {"reused"}
    assert store.jobs.counts(job).reused == 2 and len(store.sources("a" * 64)) == 3
    assert store.records.count_by_status() == {"needs_review": 1}


def test_only_the_changed_file_waits_again(store):
    job, tasks = begun(store, "a", "b")
    store.jobs.begin_tasks(job, "me", {t.id: (t.name * 64, "s") for t in tasks})
    store.jobs.record_outcomes(
        job, "me", [TaskOutcome(t, "done", result=result(t.name * 64)) for t in tasks], who="ann"
    )
    assert store.jobs.add(job, [SourceFile("a", "s"), SourceFile("b", "changed")]) == 1
    assert [task.name for task in store.jobs.claim(job, "me", 10)] == ["b"]


def test_job_keeps_its_schema_settings_and_version(store):
    job, _ = begun(store, "a")
    with pytest.raises(UsageError, match="other settings"):
        store.jobs.start("j", SCHEMA.id, {"model": "another"}, who="ann")
    with pytest.raises(UsageError, match="another version"):
        store.jobs.set_version(job, SECOND)
    with pytest.raises(InputError, match="no job"):
        store.jobs.get("x")


def test_failures_are_counted_by_kind_and_retried(store):
    job, tasks = begun(store, "a", "b", "c")
    kinds = ("time_limit", "unreadable", "unreadable")
    outcomes = [TaskOutcome(t, "failed", kind, "why\0") for t, kind in zip(tasks, kinds, strict=True)]
    store.jobs.record_outcomes(job, "me", outcomes, who="ann")
    counts = store.jobs.counts(job)
    assert counts.failures == {"unreadable": 2, "time_limit": 1} and counts.found == counts.failed == 3
    assert [t.message for t in store.jobs.tasks(job, "failed", kind="time_limit")] == ["why"]
    assert store.jobs.retry("j", who="ann", kind="unreadable") == 2
    assert store.jobs.counts(job).left == 2
    assert store.jobs.cancel("j", who="ann").cancelled == 2
    assert store.jobs.get("j").state == "cancelled"


# Damage and write protection of the file.


def filled_store(place: Path, records: int) -> None:
    with Store(place) as store:
        store.add_schema(SCHEMA)
        for n in range(records):
            store.records.add(result(f"{n:064x}"), FIRST, who="m")


@pytest.fixture(scope="module")
def full_store(tmp_path_factory):
    """Return a store of 300 records, for tests to copy."""
    place = tmp_path_factory.mktemp("full") / "store.db"
    filled_store(place, 300)
    return place


def zero_page_of(place: Path, index: str) -> None:
    """Write zeros over the first page of an index, as a failing disk does."""
    with contextlib.closing(sqlite3.connect(place)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (index,)).fetchone()
    with open(place, "r+b") as file:
        file.seek((page - 1) * size)
        file.write(bytes(size))


def test_damaged_index_is_found_by_verify_and_a_backup_restores_the_store(full_store, tmp_path, capsys):
    place, copy = Path(shutil.copy(full_store, tmp_path)), tmp_path / "copy.db"
    with Store(place) as store:
        store.backup(copy)
    assert main(["store", "verify", "--store", str(place)]) == 0
    zero_page_of(place, "corrections_record")
    assert main(["store", "verify", "--store", str(place)]) == 6
    error = capsys.readouterr().err
    assert "damaged: restore a backup" in error and "extractor store restore BACKUP" in error
    with Store(place) as store, pytest.raises(StoreError, match="damaged: restore a backup"):
        store.backup(tmp_path / "copy of the damage.db")
    assert not (tmp_path / "copy of the damage.db").exists()
    assert main(["store", "restore", str(copy), "--store", str(place)]) == 0
    assert main(["store", "verify", "--store", str(place)]) == 0
    assert len(list(tmp_path.glob("store.db.damaged-*"))) == 1
    assert stat.S_IMODE(place.stat().st_mode) == 0o600


@pytest.mark.parametrize("damage", ["truncated", "overwritten"])
def test_store_that_cannot_be_opened_for_damage_is_not_called_safe(full_store, damage, tmp_path, capsys):
    place = Path(shutil.copy(full_store, tmp_path))
    data = place.read_bytes()
    place.write_bytes(data[: len(data) // 3] if damage == "truncated" else b"not a database " * 1000)
    for arguments in (["status"], ["store", "verify"], ["export", "--output", str(tmp_path / "out.jsonl")]):
        code = main([*arguments, "--store", str(place)])
        error = capsys.readouterr().err
        if code != 0 or arguments != ["status"]:
            assert code in (6, 7) and "damaged: restore a backup" in error and "safe" not in error, arguments


def test_only_a_whole_store_is_restored(tmp_path):
    place = tmp_path / "store.db"
    filled_store(place, 3)
    with contextlib.closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE something (id)")
    (tmp_path / "text.db").write_text("no database at all, and long enough to be looked at as one" * 20)
    for backup in ("missing.db", "other.db", "text.db"):
        with pytest.raises(StoreError):
            Store.restore(place, tmp_path / backup)
    with Store(place) as store:
        assert store.audit.verify() == [] and store.records.count_by_status()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["other.db", "store.db", "text.db"]


def test_store_on_a_write_protected_disk_is_read_and_left_as_it_is(tmp_path, monkeypatch, capsys):
    folder = tmp_path / "disk"
    folder.mkdir()
    place = folder / "store.db"
    filled_store(place, 3)
    monkeypatch.setattr("extractor.store.database._is_writable", lambda file: False)
    before = place.read_bytes()
    for arguments in (["status"], ["store", "verify"], ["store", "head"], ["store", "backup", str(tmp_path / "c.db")]):
        assert main([*arguments, "--store", str(place)]) == 0
    assert main(["export", "--output", str(tmp_path / "out.jsonl"), "--store", str(place)]) == 0
    assert "does not note this export" in capsys.readouterr().err
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == 3
    with Store(place) as store, pytest.raises(StoreError, match="can only be read"):
        store.records.add(result("f" * 64), FIRST, who="m")
    assert place.read_bytes() == before


def test_write_protection_is_noticed(tmp_path):
    place = tmp_path / "store.db"
    filled_store(place, 1)
    os.chmod(place, 0o400)
    code = (
        "import os, sys; from extractor.store import database as d; from pathlib import Path; "
        "os.geteuid() or os.setresuid(65534, 65534, 65534); "
        "sys.exit(d._is_writable(Path(sys.argv[1])))"
    )
    assert subprocess.run([sys.executable, "-c", code, str(place)], timeout=TIMEOUT).returncode == 0


def test_log_that_a_write_protected_disk_hides_is_named(tmp_path, monkeypatch):
    place = tmp_path / "store.db"
    filled_store(place, 1)
    with contextlib.closing(sqlite3.connect(place)) as writer:
        writer.execute("PRAGMA wal_autocheckpoint = 0")
        writer.execute("CREATE TABLE more (id)")
        writer.commit()
        log = place.with_name("store.db-wal").read_bytes()
        other = tmp_path / "other"
        other.mkdir()
        (other / "store.db").write_bytes(place.read_bytes())
    (other / "store.db-wal").write_bytes(log)

    def refuse(*_, **__):
        raise sqlite3.OperationalError("unable to open database file")

    monkeypatch.setattr("extractor.store.database._is_writable", lambda file: False)
    monkeypatch.setattr("extractor.store.database.sqlite3.connect", refuse)
    with pytest.raises(StoreError, match=r"still in store\.db-wal"):
        Store(other / "store.db")
