"""Kill a process before and after every commit of the store: `python -m eval.kill_points`.

    python -m eval.kill_points                        SQLite
    python -m eval.kill_points --database postgresql  a PostgreSQL of our own, whose client is killed
    python -m eval.kill_points --database postgresql --crash   the server is killed as well, and starts again
    python -m eval.kill_points --list                 the points: every function of the store that commits

A process works through a scenario in which every function of the store that commits does so. It is run once to the
end, and what the store holds is noted after each commit. Then it is run again for each commit, twice: killed (SIGKILL)
when all statements were made and the commit is next, and killed when the commit has just returned. The store must then
hold exactly what it held after the commit before, or after this one; SQLite's integrity check and the audit log must be
clean. The scenario begins with the migration of a store of the first version.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import hashlib
import json
import os
import shutil
import signal
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import FrameType
from typing import Any
from unittest import mock

import sqlalchemy as sa

from eval.postgres_server import PostgresServer, serve_postgres
from extractor.lessons import Lesson, ValueRule
from extractor.schemas import load_schema
from extractor.store import SourceFile, Store, TaskOutcome, Version, database
from extractor.store.audit import append_lines, digest
from extractor.store.database import Database
from extractor.store.migrations import MIGRATIONS
from extractor.store.review_rule import ReviewRules

STORE_ROOM = Path(database.__file__).parent
SCHEMA = load_schema({"title": "bill", "type": "object", "properties": {"total": {"type": ["number", "null"]}}})
MACHINE = Version("kill points", "none")
LATER = Version("kill points, later", "none")
_PASSING = ("at", "seen", "created", "updated", "hash", "previous", "secret", "until", "claimed_until", "deleted")
_PASSING += ("exported", "used", "revoked", "due")
"""Columns with times and secrets, which differ from run to run; of some of them it matters whether they are empty."""


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit of the scenario: the function of the store that makes it, and a hash of what the store holds then."""

    point: str
    content: str


def all_points() -> list[str]:
    """Return the functions of the store that commit, as module and name."""
    found = []
    for file in sorted(STORE_ROOM.glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef) and any(map(_is_writing, ast.walk(node))):
                found.append(f"{file.stem}.{node.name}")
    return sorted(found)


def _is_writing(node: ast.AST) -> bool:
    return isinstance(node, ast.withitem) and ast.unparse(node.context_expr).endswith(".writing()")


def point_of(frame: FrameType | None) -> str:
    """Return the function of the store in whose transaction a frame is."""
    while frame is not None:
        file = Path(frame.f_code.co_filename)
        if file.parent == STORE_ROOM and frame.f_code.co_name != "writing":
            return f"{file.stem}.{frame.f_code.co_name}"
        frame = frame.f_back
    return "?"


def extraction(name: str, total: float) -> dict[str, Any]:
    """Return an extraction of a document of that name, as `extract` prints it."""
    value = {"path": ["total"], "value": total, "evidence": None, "confidence": 0.5, "method": "model"}
    return {
        "document": {"id": hashlib.sha256(name.encode()).hexdigest(), "source": name, "pages": None},
        "data": {"total": total},
        "values": [value | {"problems": [{"path": "total", "kind": "no_evidence", "message": "look"}]}],
        "problems": [],
        "run": {"schema": SCHEMA.id},
    }


# The scenario.


def make_first_store(place: str) -> None:
    """Make a store as the first version of the tool left it, with a record, for the migrations to have work."""
    with mock.patch.object(database, "MIGRATIONS", MIGRATIONS[:1]):
        made = Database(place)
    result, at = extraction("old.txt", 1.0), "2026-01-01T00:00:00.000000Z"
    document, version = result["document"]["id"], MACHINE
    rows: dict[str, dict[str, Any]] = {
        "documents": {"id": document, "size": 3, "kind": "text", "seen": at},
        "sources": {"name": "old.txt", "document": document, "seen": at},
        "schemas": {"id": SCHEMA.id, "name": "bill", "document": json.dumps(dict(SCHEMA.document)), "seen": at},
        "versions": {"id": version.id, "tool": version.tool, "prompt": version.prompt, "options": "{}"},
        "jobs": {"name": "old", "schema": SCHEMA.id, "version": version.id, "state": "finished"}
        | {"settings": json.dumps({"uploads": "folder", "model": "none"}), "created": at, "updated": at},
        "extractions": {"id": "e", "document": document, "schema": SCHEMA.id, "version": version.id, "job": 1}
        | {"at": at, "result": json.dumps(result), "digest": digest(result)},
        "records": {"document": document, "schema": SCHEMA.id, "extraction": "e", "status": "approved", "revision": 3}
        | {"problems": 1, "confidence": 0.5, "created": at, "updated": at},
        "corrections": {"record": 1, "revision": 2, "path": '["total"]', "old": "1.0", "new": "2", "how": "typed"}
        | {"who": "ann", "at": at, "reason": ""},
        "reviews": {"record": 1, "revision": 3, "action": "approved", "who": "ann", "at": at, "note": ""},
        "tasks": {"job": 1, "name": "/in/of-ann/x/old.txt", "stamp": "s", "state": "done", "document": document}
        | {"message": "", "tries": 1, "deaths": 0, "until": 0.0},
    }
    corrected = {"revision": 2, "path": ["total"], "value": 2, "how": "typed"}
    lines = [("extracted", f"document {document}", None, {"extraction": "e", "digest": digest(result)}, "")]
    lines += [("corrected", "record 1", 1.0, corrected, ""), ("approved", "record 1", "new", "approved", "")]
    with made.writing() as connection:
        for table, row in rows.items():
            columns = ", ".join(row)
            values = ", ".join(f":{key}" for key in row)
            connection.execute(sa.text(f"INSERT INTO {table} ({columns}) VALUES ({values})"), row)
        append_lines(connection, "machine", lines)
    made.close()


def work_through(place: str) -> None:
    """Migrate the store at `place`, and commit at every point at least once."""
    with Store(place) as store:
        _work_on_records(store)
        _work_on_jobs(store)
        _work_on_the_rest(store)


def _work_on_records(store: Store) -> None:
    records = store.records
    store.add_schema(SCHEMA)
    for n in range(3):
        records.add(extraction(f"{n}.txt", n + 0.5), MACHINE, who="machine")
    one, two, three = (record.id for record in records.select() if record.sources[0] != "old.txt")
    records.correct(one, ("total",), 7, who="ann", revision=1)
    records.approve(one, who="ann", revision=2)
    records.correct(one, ("total",), 8, who="bob", revision=3)
    records.approve(one, who="bob", revision=4)
    records.flag(two, who="ann", revision=1, note="?")
    records.claim(two, who="ann")
    records.claim(two, who="bob", take=True)
    records.release(two, who="bob")
    records.assign([two, three], "bob", who="ann")
    records.mark_exported(who="ann", schema=None, status="approved", job=None, what="out.csv")
    store.set_review_rules("bill", ReviewRules(thresholds={"total": 0.4}), who="ann")
    lesson = Lesson(records.get(one).document, SCHEMA.id, (1, 2, 3, 4), (), "0.txt")
    learnt = store.lessons.add(lesson, who="ann", record=one)
    assert learnt is not None
    store.lessons.enable(learnt.id, False, who="ann")
    store.lessons.enable_many(SCHEMA.id, True, who="ann")
    store.lessons.switch_rule(SCHEMA.id, ValueRule(("total",), "drop_end", "."), True, who="ann")
    records.add(extraction("2.txt", 9.5), LATER, who="machine")
    records.delete([three], who="ann")
    records.restore([three], who="ann")
    records.delete([three], who="ann")
    records.erase(three, who="ann")
    store.lessons.delete(who="ann", schema=SCHEMA.id)


def _work_on_jobs(store: Store) -> None:
    jobs = store.jobs
    job = jobs.start("j", SCHEMA.id, {"model": "none"}, who="ann")
    jobs.add(job, [SourceFile(f"/in/{n}.txt", "s") for n in range(6)])
    job = jobs.set_version(job, MACHINE)
    handin = store.hand_ins.add("ann", "/in/5.txt", "5.txt", SCHEMA.id, "none")
    jobs.add_again(job, [SourceFile("/in/5.txt", "s", handin=handin.id)])
    store.hand_ins.change(handin.id, schema=SCHEMA.id, model="default")
    tasks = jobs.claim(job, "me", 3)
    results = [extraction(f"new {task.id}", 1.0) for task in tasks]
    documents = {task.id: (result["document"]["id"], "s") for task, result in zip(tasks, results, strict=True)}
    jobs.begin_tasks(job, "me", documents)
    jobs.renew_leases("me")
    outcomes = [TaskOutcome(task, "done", result=result) for task, result in zip(tasks[:2], results, strict=False)]
    jobs.record_outcomes(job, "me", [*outcomes, TaskOutcome(tasks[2], "failed", "unreadable", "why")], who="ann")
    jobs.retry("j", who="ann", kind="unreadable")
    jobs.claim(job, "me", 1)
    jobs.release_leases("me")
    jobs.claim(job, "dead", 1)
    jobs.expire_leases("dead")
    store.hand_ins.cancel(handin.id, who="ann")
    store.hand_ins.retry(handin.id, who="ann")
    store.hand_ins.delete([handin.id], who="ann")
    store.hand_ins.restore([handin.id], who="ann")
    store.hand_ins.forget(handin.id)
    jobs.withdraw(list(jobs.tasks(job, "done"))[:1])
    jobs.end(job, "stopped", who="ann")
    jobs.cancel("j", who="ann")


def _work_on_the_rest(store: Store) -> None:
    secret, token = store.tokens.add("program", ["read"], who="ann")
    assert store.tokens.find(secret) is not None
    store.tokens.revoke(token.id, who="ann")
    webhook = store.webhooks.add("https://host.example/told", who="ann")
    store.webhooks.note_failure(webhook, "no answer", 5.0)
    store.webhooks.note_delivery(webhook, webhook.seq)
    store.webhooks.delete(webhook.id, who="ann")
    store.report_kinds.save("own-bill", dict(SCHEMA.document), who="ann")
    store.report_kinds.remove("own-bill", who="ann")


def copy_store(place: str, target: Path) -> str:
    """Copy a store in SQLite that nothing has open, and return where the copy is."""
    shutil.copyfile(place, target)
    return str(target)


# Looking at a store.


def hash_content(place: str) -> str:
    """Return a hash of what a store holds, whatever the times and secrets in it; its tables are not changed."""
    with _opened(place) as connection:
        content = hashlib.sha256()
        for table in sorted(sa.inspect(connection).get_table_names()):
            rows = []
            for row in connection.execute(sa.text(f"SELECT * FROM {table}")).mappings():
                rows.append(sorted((k, v is None if k in _PASSING else v) for k, v in row.items()))
            content.update(f"{table} {sorted(map(repr, rows))}\n".encode())
        return content.hexdigest()


@contextlib.contextmanager
def _opened(place: str) -> Iterator[sa.Connection]:
    url = place.replace("postgresql:", "postgresql+psycopg:") if "://" in place else f"sqlite:///{place}"
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def find_faults(place: str) -> list[str]:
    """Return what is wrong with a store that was just killed, nothing where it is whole."""
    if "://" not in place:
        with contextlib.closing(sqlite3.connect(place)) as connection:
            if connection.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
                return ["the integrity check finds damage"]
    with Store(place) as store:  # which migrates what is left to migrate
        return store.audit.verify()


# Killing.


def note_commits(place: str) -> list[Commit]:
    """Run the scenario on the store at `place`, and return its commits."""
    commits: list[Commit] = []

    def note(moment: str) -> None:
        if moment == "after":
            commits.append(Commit(point_of(sys._getframe()), hash_content(place)))

    with mock.patch.object(Database, "at_commit", staticmethod(note)):
        work_through(place)
    return commits


def kill_at(place: str, number: int, moment: str) -> bool:
    """Run the scenario in a process that kills itself before or after its commit of that number; say whether it did."""
    child = os.fork()
    if child == 0:
        seen = 0

        def end(now: str) -> None:
            nonlocal seen
            if now == moment:
                if seen == number:
                    os.kill(os.getpid(), signal.SIGKILL)
                seen += 1

        with contextlib.suppress(BaseException):
            Database.at_commit = staticmethod(end)
            work_through(place)
        os._exit(1)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def kill_everywhere(
    first_store: Callable[[], str], crash: Callable[[], None] = lambda: None, every: int = 1
) -> dict[str, int]:
    """Kill the scenario at every commit, or at each `every`-th; return the numbers of commits, points and kills.

    `first_store` returns where a store of the first version is; `crash` is called after each kill. Raises
    AssertionError where a store holds something else than before or after the commit, and where a function of the store
    was not reached.
    """
    place = first_store()
    before = hash_content(place)
    commits = note_commits(place)
    unreached = set(all_points()) - {commit.point for commit in commits}
    assert not unreached, f"the scenario does not commit in {sorted(unreached)}"
    kills = 0
    for number, commit in list(enumerate(commits))[::every]:
        for moment in ("before", "after"):
            killed = f"killed {moment} commit {number} in {commit.point}"
            place = first_store()
            assert kill_at(place, number, moment), f"{commit.point}: the process was not killed"
            crash()
            expected = commit.content if moment == "after" else commits[number - 1].content if number else before
            assert hash_content(place) == expected, f"{killed}: another state"
            faults = find_faults(place)
            assert not faults, f"{killed}: {faults}"
            kills += 1
    return {"points": len({commit.point for commit in commits}), "commits": len(commits), "kills": kills}


def on_sqlite(every: int = 1) -> dict[str, int]:
    """Kill at the commits of a store in SQLite."""
    with tempfile.TemporaryDirectory() as folder:
        first = f"{folder}/first.db"
        make_first_store(first)
        numbers = count()
        return kill_everywhere(lambda: copy_store(first, Path(folder, f"{next(numbers)}.db")), every=every)


def on_postgresql(server: PostgresServer, every: int = 1, crash: bool = False) -> dict[str, int]:
    """Kill at the commits of a store in PostgreSQL; with `crash`, the server too."""

    def first_store() -> str:
        server.empty()
        make_first_store(server.url)
        return server.url

    return kill_everywhere(first_store, server.crash if crash else lambda: None, every)


def main(argv: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m eval.kill_points", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--crash", action="store_true", help="kill the PostgreSQL server too, and start it again")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="kill at each N-th commit only")
    parser.add_argument("--list", action="store_true", help="print the points, and do nothing")
    arguments = parser.parse_args(argv)
    if arguments.list:
        print("\n".join(all_points()))
        return 0
    if arguments.database == "sqlite":
        figures = on_sqlite(arguments.every)
    else:
        with serve_postgres(fsync=arguments.crash) as server:
            figures = on_postgresql(server, arguments.every, arguments.crash)
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
