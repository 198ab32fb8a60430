"""Whether people at one store lose anything to each other, and whether the review service is quick enough for them.

python -m eval.editors many [--editors 8] [--saves 100]   editors, a process each, on shared records
python -m eval.editors time [--records 10000]             a record of 280 fields from 60 pages, and a long queue
"""

from __future__ import annotations

import argparse
import gc
import json
import multiprocessing
import random
import statistics
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from extractor.review import QueueQuery, ReviewService
from extractor.schemas import Schema, load_schema
from extractor.store import Conflict, RecordFilter, Store, Version
from extractor.store import database_tables as tables
from extractor.store.review_status import assess_record

SHARED = 3
"""Records that the editors share."""
FIELDS = 12
_MADE = Version("made for editors", "none")


def schema() -> Schema:
    """Return a schema with some plain fields, and a list with a total."""
    properties: dict[str, Any] = {f"f{n}": {"type": ["string", "null"], "title": f"Field {n}"} for n in range(FIELDS)}
    row = {"name": {"type": ["string", "null"]}, "amount": {"type": ["number", "null"]}}
    properties["rows"] = {"type": "array", "items": {"type": "object", "properties": row}}
    properties["total"] = {"type": ["number", "null"]}
    check = {"expr": "sum(this.rows.map(r, r.amount)) == this.total", "message": "the rows make the total"}
    return load_schema({"title": "shared", "type": "object", "properties": properties, "x-checks": [check]})


def result(document: str, own: Schema) -> dict[str, Any]:
    """Return an extraction under the schema, a third of whose fields are doubtful."""
    values = [_value([f"f{n}"], f"text {n}", 0.5 if n % 3 == 0 else 0.95) for n in range(FIELDS)]
    for n in range(5):
        values += [_value(["rows", n, "name"], f"row {n}", 0.9), _value(["rows", n, "amount"], n, 0.9)]
    values.append(_value(["total"], 10, 0.9))
    data = {f"f{n}": f"text {n}" for n in range(FIELDS)} | {"total": 10}
    data["rows"] = [{"name": f"row {n}", "amount": n} for n in range(5)]
    extraction = {"document": {"id": document, "source": f"{document[:6]}.txt", "pages": None}, "data": data}
    return extraction | {"values": values, "problems": [], "run": {"schema": own.id, "confidence": "uncalibrated"}}


def _value(path: list[str | int], value: Any, confidence: float) -> dict[str, Any]:
    evidence = {"text": str(value), "start": 0, "end": len(str(value)), "boxes": None}
    entry = {"path": path, "value": value, "evidence": evidence, "confidence": confidence}
    return entry | {"method": "model", "problems": []}


# Many at once.


def fill(place: str, number: int = SHARED) -> list[int]:
    """Add `number` records to a new store and return their numbers."""
    own = schema()
    with Store(place) as store:
        store.add_schema(own)
        return [store.records.add(result(f"{n:064x}", own), _MADE, who="machine").id for n in range(1, number + 1)]


def edit(place: str, who: str, records: list[int], saves: int, seed: int) -> list[tuple[str, int, Any, float]]:
    """Save so many times and return for each: saved or conflict, the record, what was saved, and the seconds.

    An editor views a record, thinks for a moment, and saves; others may have saved theirs in the meantime.
    """
    draw = random.Random(seed)
    outcomes: list[tuple[str, int, Any, float]] = []
    with Store(place) as store, ReviewService(store) as service:
        for n in range(saves):
            record = draw.choice(records)
            view = service.view(record, who=who)
            time.sleep(draw.random() * 0.01)
            how, path, given = _act(draw, view, f"{who} {n}")
            start = time.perf_counter()
            try:
                answer = service.edit(record, who=who, revision=view["revision"], how=how, path=path, **given)
                outcomes.append(("saved", record, [answer["revision"], how, list(path)], time.perf_counter() - start))
            except Conflict:
                outcomes.append(("conflict", record, None, time.perf_counter() - start))
    return outcomes


def _act(draw: random.Random, view: Mapping[str, Any], text: str) -> tuple[str, tuple[str | int, ...], dict[str, Any]]:
    grid = next(node for node in view["form"]["children"] if node["kind"] == "grid")
    kind = draw.random()
    if kind < 0.6:
        return "typed", (f"f{draw.randrange(FIELDS)}",), {"text": text}
    if kind < 0.7:
        return "accepted", (f"f{draw.randrange(FIELDS)}",), {}
    if kind < 0.85 or grid["rows"] < 2:
        return "row_added", ("rows",), {"at": draw.randrange(grid["rows"] + 1)}
    return "row_deleted", ("rows",), {"at": draw.randrange(grid["rows"])}


def many(editors: int, saves: int, processes: bool = True, place: str | None = None) -> dict[str, Any]:
    """Return how many saves succeeded and conflicted; raise AssertionError if anything is lost or does not add up."""
    with tempfile.TemporaryDirectory() as folder:
        place = place or f"{folder}/store.db"
        records = fill(place)
        start = time.perf_counter()
        jobs = [(place, f"editor {n}", records, saves, n) for n in range(editors)]
        outcomes = [outcome for one in (_by_processes if processes else _by_threads)(jobs) for outcome in one]
        seconds = time.perf_counter() - start
        figures = {"attempts": len(outcomes)} | Counter(what for what, *_ in outcomes)
        assert len(outcomes) == editors * saves == figures["saved"] + figures.get("conflict", 0), figures
        _check_losses(place, records, outcomes)
        taken = sorted(took * 1000 for _, _, _, took in outcomes)
        figures |= {"seconds": round(seconds, 1), "save_ms_median": round(statistics.median(taken), 1)}
        return figures | {"save_ms_p95": round(taken[int(0.95 * len(taken))], 1)}


def _by_threads(jobs: list[tuple[Any, ...]]) -> list[Any]:
    found: list[Any] = [None] * len(jobs)

    def work(n: int) -> None:
        found[n] = edit(*jobs[n])

    threads = [threading.Thread(target=work, args=(n,)) for n in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert None not in found, "an editor failed"
    return found


def _by_processes(jobs: list[tuple[Any, ...]]) -> list[Any]:
    with multiprocessing.get_context("spawn").Pool(len(jobs)) as pool:
        return pool.starmap(edit, jobs, chunksize=1)


def _check_losses(place: str, records: list[int], outcomes: list[tuple[str, int, Any, float]]) -> None:
    """Check that exactly the reported saves are stored, in the order of revisions, and that the audit log is sound."""
    own = schema()
    with Store(place) as store:
        assert store.audit.verify() == []
        for number in records:
            record = store.records.get(number)
            reported = sorted(what for outcome, of, what, _ in outcomes if outcome == "saved" and of == number)
            stored = [[c.revision, c.how, list(c.path)] for c in record.corrections]
            # `how` may differ: who types the present value again accepts it
            assert [each[0] for each in reported] == [each[0] for each in stored], number
            assert [each[2] for each in reported] == [each[2] for each in stored], number
            assert record.revision == 1 + len(reported) and len({each[0] for each in reported}) == len(reported)
            data = record.result["data"]
            for c in record.corrections:
                old = data[c.path[0]]
                assert c.old == old, (number, c.revision)
                data = {**data, c.path[0]: c.new}
            assert record.data == data
            again = assess_record(own, record.result, record.data, record.corrections)
            assert (record.doubts, record.to_check, record.risk) == (again.doubts, again.to_check, again.risk), number


# Time.


def timed(call: Callable[[], Any], times: int) -> list[float]:
    """Return the milliseconds of each of so many calls."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        found.append((time.perf_counter() - start) * 1000)
    return found


def times(records: int) -> Iterator[tuple[str, list[float]]]:
    """Yield what was timed, and its milliseconds."""
    from eval.making.screen_records import make_long_report

    with tempfile.TemporaryDirectory() as folder, Store(f"{folder}/store.db") as store:
        _, own, said = make_long_report(Path(folder))
        store.add_schema(own)
        number = store.records.add(said, _MADE, who="machine").id
        with ReviewService(store) as service:
            gc.collect()
            gc.freeze()  # as `ReviewService.start` does
            yield "record, first time", timed(lambda: service.view(number, who="ann"), 1)
            yield "record, again", timed(lambda: service.view(number, who="ann"), 100)
            paths = [field["path"] for field in service.view(number, who="ann")["fields"].values()]
            texts = [tuple(p) for p in paths if len(p) == 2][:100]
            revision = 1

            def save(how: str, path: tuple[str | int, ...], **given: Any) -> None:
                nonlocal revision
                revision = service.edit(number, who="ann", revision=revision, how=how, path=path, **given)["revision"]

            yield "accept", [timed(lambda p=p: save("accepted", p), 1)[0] for p in texts]
            yield "mark as absent", [timed(lambda p=p: save("absent", p), 1)[0] for p in texts]
            grid = next(tuple(p) for p in paths if isinstance(service.store.records.get(number).data.get(p[0]), list))
            yield "add a row", timed(lambda: save("row_added", grid[:1], at=0), 20)
            yield "delete a row", timed(lambda: save("row_deleted", grid[:1], at=0), 20)

            def undo() -> None:
                nonlocal revision
                revision = service.undo(number, who="ann", revision=revision)["revision"]

            yield "undo", timed(undo, 20)
            _many_records(store, records)
            for what, given in (
                ("queue", {}),
                ("queue by name", {"query": QueueQuery(sort="name")}),
                ("queue, one reason", {"query": QueueQuery(reason="low_confidence")}),
                ("queue, searched", {"query": QueueQuery(search="0abc")}),
                ("queue, page 50", {"after": 4900}),
            ):
                yield f"{what}, of {records:,}", timed(lambda given=given: service.queue(who="ann", **given), 20)
            yield (
                f"the next one, of {records:,}",
                timed(lambda: store.records.next_id(RecordFilter("open"), who="ann"), 20),
            )


def _many_records(store: Store, number: int) -> None:
    """Insert copies of a small record straight into the tables, which is quick."""
    own = schema()
    store.add_schema(own)
    first = store.records.add(result(f"{0:064x}", own), _MADE, who="machine")
    with store._database.writing() as connection:
        row = connection.execute(sa.select(tables.records).where(tables.records.c.id == first.id)).one()
        kept = {key: value for key, value in row._mapping.items() if key != "id"}
        documents = [f"{n:06x}".rjust(64, "f") for n in range(1, number)]
        connection.execute(
            tables.documents.insert(),
            [{"id": d, "size": 1, "kind": "text", "seen": row.created} for d in documents],
        )
        connection.execute(
            tables.sources.insert(),
            [{"name": f"/in/report {d[-6:]}.txt", "document": d, "seen": row.created} for d in documents],
        )
        draw = random.Random(5)
        rows = [
            kept | {"document": d, "risk": draw.random() * 5, "doubts": draw.choice([{}, {"low_confidence": 2}])}
            for d in documents
        ]
        connection.execute(tables.records.insert(), rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("many", "time"))
    parser.add_argument("--editors", type=int, default=8)
    parser.add_argument("--saves", type=int, default=100)
    parser.add_argument("--records", type=int, default=10_000)
    given = parser.parse_args()
    if given.what == "many":
        print(json.dumps(many(given.editors, given.saves)))
        return
    print("| | median ms | 95th percentile | most |\n|---|---|---|---|")
    for what, found in times(given.records):
        found = sorted(found)
        p95 = found[max(0, int(0.95 * len(found)) - 1)]
        print(f"| {what} | {statistics.median(found):.1f} | {p95:.1f} | {found[-1]:.1f} |", flush=True)


if __name__ == "__main__":
    main()
