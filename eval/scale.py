"""A store of a million records: how long people wait for it. `python -m eval.scale --records 1000000`.

    python -m eval.scale                                             20,000 records in SQLite
    python -m eval.scale --records 1000000 --database postgresql     a PostgreSQL of our own
    python -m eval.scale --store FILE                                keep the store, or measure one that was kept
    python -m eval.scale --all                                       also export and verify the whole store

The records are made, not extracted: by the store's own code, five values each, with tasks, corrections, approvals, and
a lesson for every twentieth record. Printed are the median and the 95th percentile of each action in milliseconds; what
it needs of the store is in memory, as in use. On a busy machine the CPU time says more.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from eval.postgres_server import serve_postgres
from extractor.exports import export
from extractor.lessons import Lesson
from extractor.lessons.fingerprint import fingerprint
from extractor.lessons.tokens import DocumentTokens
from extractor.readers import read_bytes
from extractor.review import QueueQuery, ReviewService
from extractor.schemas import Schema, load_schema
from extractor.store import Store, Version
from extractor.store import database_tables as tables
from extractor.store.audit import digest
from extractor.store.writes import PreparedResult, add_extractions, add_sources, add_version
from extractor.types import Document

MADE = Version("made for scale", "none")
CHUNK = 500
SMALL = 2000
"""Records of a second kind, which are exported by themselves."""
RECORDS_PER_LESSON, LESSONS_PER_LAYOUT = 20, 10
PEOPLE = ("ann", "bob", "cleo", "dan")
_FIELDS = ("number", "customer", "date", "total", "place")
_WORDS = ("north", "harbour", "mill", "orchard", "summit", "quarry", "lantern", "willow", "copper", "meadow")


@dataclass(frozen=True, slots=True)
class Timing:
    """How long an action took on the clock, and of this process's CPU time (`cpu`, the median), in milliseconds."""

    action: str
    median: float
    p95: float
    cpu: float


def schema(name: str) -> Schema:
    """Return a schema of five plain fields under a name."""
    properties = {key: {"type": ["string", "null"], "title": key.title()} for key in _FIELDS}
    return replace(load_schema({"title": name, "type": "object", "properties": properties}), name=name)


# Making.


def fill(store: Store, records: int, seed: int = 1) -> None:
    """Add so many records of the kind `large`, and SMALL of the kind `small`, with all that belongs to them."""
    large, small = schema("large"), schema("small")
    for own in (large, small):
        store.add_schema(own)
    draw = random.Random(seed)
    job = store.jobs.start("scale", large.id, {"model": "none"}, who="scale")
    for number in range(0, records, CHUNK):
        _add(store, large, range(number, min(records, number + CHUNK)), draw, job.id)
    for number in range(0, SMALL, CHUNK):
        _add(store, small, range(records + number, records + number + CHUNK), draw, None)
    _review(store, records)
    _teach(store, large, records // RECORDS_PER_LESSON, draw)


def _add(store: Store, own: Schema, numbers: range, draw: random.Random, job: int | None) -> None:
    """Add records by the code that stores extractions, and the tasks by which they were made."""
    prepared = [_prepared(n, own, draw) for n in numbers]
    task = {"job": job, "stamp": "s", "state": "done", "message": "", "tries": 1, "deaths": 0, "until": 0.0}
    with store._database.writing() as connection:
        add_version(connection, store._database, MADE)
        add_extractions(connection, store._database, prepared, MADE.id, job, "scale")
        sources = [(each.result["document"]["source"], each.result["document"]["id"]) for each in prepared]
        add_sources(connection, store._database, sources)
        if job is not None:
            connection.execute(tables.tasks.insert(), [task | {"name": n, "document": d} for n, d in sources])


def _prepared(number: int, own: Schema, draw: random.Random) -> PreparedResult:
    document = hashlib.sha256(f"{own.name} {number}".encode()).hexdigest()
    words = " ".join(draw.choices(_WORDS, k=2))
    data = {"number": f"N-{number:07}", "customer": f"{words} {number % 997}", "date": "2024-05-06"}
    data |= {"total": f"{draw.randint(1, 99_999) / 100:.2f}", "place": draw.choice(_WORDS)}
    confidence = round(draw.random(), 3)
    values = [
        {"path": [key], "value": value, "evidence": {"text": value, "start": n, "end": n + len(value), "boxes": None}}
        | {"confidence": confidence, "method": "structure", "problems": []}
        for n, (key, value) in enumerate(data.items())
    ]
    source = f"/in/{number // 1000:04}/report-{number:07}.txt"
    result = {"document": {"id": document, "source": source, "pages": None}, "data": data, "values": values}
    result |= {"problems": [], "run": {"schema": own.id, "confidence": "uncalibrated"}}
    doubted = confidence < 0.5
    columns = {"problems": 0, "confidence": confidence, "status": "needs_review" if doubted else "new", "flagged": 0}
    columns |= {"approvals": 0, "doubts": {"low_confidence": 1} if doubted else {}, "to_check": int(doubted)}
    columns |= {"risk": round(1 - confidence, 4) if doubted else 0.0, "words": " ".join(data.values()).casefold()}
    return PreparedResult(result, 1000, "text", None, digest(result), columns)


def _review(store: Store, records: int) -> None:
    """Approve three records in ten, one in fifty after a correction, over the last sixty days."""
    day = datetime.now(UTC)
    with store._database.writing() as connection:
        approved = tables.records.c.id % 10 < 3
        columns = {"status": "approved", "approvals": 1, "approved_by": "ann"}
        connection.execute(tables.records.update().where(approved).values(**columns))
        for first in range(1, records + 1, CHUNK):
            numbers = [n for n in range(first, first + CHUNK) if n % 10 < 3 and n <= records]
            at = {n: (day - timedelta(days=n % 60)).isoformat() for n in numbers}
            common = {"revision": 2, "note": "", "how": "opened", "action": "approved"}
            rows = [common | {"record": n, "who": PEOPLE[n % 4], "at": at[n]} for n in numbers]
            connection.execute(tables.reviews.insert(), rows)
            typed = {"revision": 2, "path": ["total"], "old": "1.00", "new": "2.00", "how": "typed", "reason": ""}
            rows = [typed | {"record": n, "who": PEOPLE[n % 4], "at": at[n]} for n in numbers if n % 50 < 3]
            if rows:
                connection.execute(tables.corrections.insert(), rows)


def _teach(store: Store, own: Schema, lessons: int, draw: random.Random) -> None:
    """Add lessons, some of a layout each, straight into their tables: adding one looks for its layout first."""
    at = datetime.now(UTC).isoformat()
    known = fingerprint(DocumentTokens(_document()))
    with store._database.writing() as connection:
        for layout in range(1, lessons // LESSONS_PER_LAYOUT + 1):
            row = {"id": layout, "schema": own.id, "name": f"layout {layout}", "at": at}
            connection.execute(tables.layouts.insert(), row)
            hashes = {draw.getrandbits(50) for _ in range(120)}
            base = sorted(hashes | set(known[::2] if layout % 50 == 1 else ()))
            rows, index = [], []
            for n in range(LESSONS_PER_LAYOUT):
                number = (layout - 1) * LESSONS_PER_LAYOUT + n + 1
                document = hashlib.sha256(f"large {number}".encode()).hexdigest()
                taught = Lesson(document, own.id, tuple(base), (), f"report {number}", at)
                row = {"id": number, "document": document, "schema": own.id, "layout": layout, "enabled": 1, "at": at}
                rows.append(row | {"lesson": taught.as_dict()})
                index += [{"schema": own.id, "hash": h, "lesson": number, "layout": layout} for h in base[:48]]
            connection.execute(tables.lessons.insert(), rows)
            connection.execute(tables.lesson_hashes.insert(), index)


def _document() -> Document:
    """Return a document for which lessons are looked up: one layout in fifty is like it."""
    lines = "".join(f"{word.title()} {n}: {word} of the {_WORDS[n - 3]}\n" for n, word in enumerate(_WORDS))
    return read_bytes(lines.encode(), "report.txt")


# Measuring.


def actions(store: Store, service: ReviewService, folder: Path) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield what people and programs do with a store, by name."""
    document = _document()
    large = next(key for key, (name, _) in store.schemas().items() if name == "large")
    job = store.jobs.get("scale")
    yield "page of the queue, most doubtful first", lambda: service.queue(who="ann")
    yield "page of the queue, newest first", lambda: service.queue(QueueQuery(sort="new"), who="ann")
    yield "page of the queue, by name", lambda: service.queue(QueueQuery(sort="name"), who="ann")
    yield "page of approved records", lambda: service.queue(QueueQuery(status="approved"), who="ann")
    yield "tenth page of the queue", lambda: service.queue(who="ann", after=900)
    yield "search for one record's value", lambda: service.queue(QueueQuery(search="N-0001234"), who="ann")
    yield "search for a frequent word", lambda: service.queue(QueueQuery(search="harbour"), who="ann")
    yield "search for nothing that there is", lambda: service.queue(QueueQuery(search="zebra"), who="ann")
    yield "the next record", lambda: service.next(7, who="ann")
    yield "open a record", lambda: service.view(random.randrange(1, 1000), who="ann")
    yield "statistics of people", lambda: store.records.figures()
    yield "corrections over time", lambda: store.records.correction_counts(large)
    yield "counts of the statuses", lambda: store.records.count_by_status()
    yield "counts of a job", lambda: store.jobs.counts(job)
    yield "claim of tasks", lambda: store.jobs.claim(job, "scale", 8)
    yield "look-up of lessons", lambda: store.lessons.find(document, large)
    yield f"export of {SMALL:,} records", lambda: export(store, str(folder / "small.jsonl"), schema="small")


def measure(action: Callable[[], Any], name: str, times: int) -> Timing:
    """Return how long an action takes; the first time, which fills caches, is not counted where there are more."""
    if times > 1:
        action()
    passed, used = [], []
    for _ in range(times):
        start, worked = time.perf_counter(), time.process_time()
        action()
        passed.append(1000 * (time.perf_counter() - start))
        used.append(1000 * (time.process_time() - worked))
    late = sorted(passed)[min(times - 1, int(0.95 * times))]
    return Timing(name, statistics.median(passed), late, statistics.median(used))


def run(place: str, records: int, times: int, whole: bool) -> Iterator[Timing]:
    """Fill the store where it is empty, and yield the timings."""
    with Store(place) as store, tempfile.TemporaryDirectory() as folder:
        if not store.schemas():
            fill(store, records)
        with ReviewService(store, folder=folder) as service:
            for name, action in actions(store, service, Path(folder)):
                yield measure(action, name, times)
            if whole:
                once = {"export of all records": lambda: export(store, f"{folder}/all.jsonl", schema="large")}
                once["verification of the audit log"] = store.audit.verify
                for name, action in once.items():
                    yield measure(action, name, 1)


def main(argv: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m eval.scale", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--records", type=int, default=20_000, help="how many (default: 20,000)")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--store", help="keep the SQLite store there, or measure the one that is there")
    parser.add_argument("--times", type=int, default=20, help="how often each action is timed (default: 20)")
    parser.add_argument("--all", action="store_true", help="also export and verify the whole store")
    arguments = parser.parse_args(argv)
    with contextlib.ExitStack() as stack:
        if arguments.database == "postgresql":
            place = stack.enter_context(serve_postgres()).url
        else:
            place = arguments.store or f"{stack.enter_context(tempfile.TemporaryDirectory())}/store.db"
        print("| action | median, ms | 95th percentile, ms | CPU time, ms |\n|---|---|---|---|")
        for timing in run(place, arguments.records, arguments.times, arguments.all):
            row = (timing.action, *(f"{ms:,.0f}" for ms in (timing.median, timing.p95, timing.cpu)))
            print(f"| {' | '.join(row)} |", flush=True)
        if "://" not in place:
            print(f"\nThe store has {os.path.getsize(place) / 2**20:,.0f} MB.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
