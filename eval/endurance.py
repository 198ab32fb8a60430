"""Whether jobs lose nothing and end, whatever happens to them; each check prints what it found and fails loudly.

python -m eval.endurance bad FOLDER         every file of a folder ends as a result or as a named error, in time
python -m eval.endurance kill               kill -9 at random moments: no document is lost, none is stored twice
python -m eval.endurance full               a disk that fills up: nothing that was reported as done is gone
python -m eval.endurance many               10,000 documents: rate, memory, open files, the cost of the books
python -m eval.endurance compare PATH...    seconds a document: a job against `extract`, one after the other
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import random
import re
import resource
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from extractor import jobs
from extractor.models.scripted import ScriptedModel
from extractor.schemas import load_schema
from extractor.store import JobCounts, Store
from extractor.types import FieldGroup, Request

SCHEMA = {
    "title": "note",
    "type": "object",
    "properties": {
        "total": {"type": "number", "title": "Total"},
        "remark": {"type": "string", "title": "Remark", "description": "what the writer thought of it"},
    },
}
MB = 2**20


def scripted(seconds: float = 0.005) -> ScriptedModel:
    """A model that takes a moment and knows nothing."""

    def answer(row: FieldGroup, request: Request) -> str:
        time.sleep(seconds)
        return json.dumps({key: None for key in re.findall(r"^- ([^:\n]+):", row.question, re.MULTILINE)})

    return ScriptedModel(answer)


def make_documents(folder: Path, number: int) -> None:
    """Small texts, no two alike, a thousand to a folder."""
    for n in range(number):
        place = folder / f"{n // 1000:03d}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{n:06d}.txt").write_text(f"Note {n}\nTotal: {n}.50\nIt went as it always goes, said number {n}.\n")


# One process at work, as the others start it.


def work(arguments: argparse.Namespace) -> None:
    """Run a job until it is finished; print the number of finished documents whenever the runner reports it."""
    if arguments.file_size:
        resource.setrlimit(resource.RLIMIT_FSIZE, (arguments.file_size, arguments.file_size))
    schema = load_schema(SCHEMA)
    with Store(arguments.store) as store:
        job = jobs.start_job(store, schema, "endurance", model="scripted", who="endurance")
        store.jobs.add(job, jobs.find_files([arguments.folder]))
        with jobs.JobRunner(
            store, job, schema, scripted, who="endurance", tell=lambda c: print(c.done, flush=True)
        ) as at:
            report = at.drain()
        store.jobs.end(job, report.state, who="endurance")


def start_work(store: Path, folder: Path, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "eval.endurance", "work", str(store), str(folder), *options]
    quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, start_new_session=True, **quiet)


def last_told(process: subprocess.Popen[str]) -> int:
    """The last count that a process printed; 0 when it printed none."""
    told = process.communicate()[0].split()
    return int(told[-1]) if told else 0


def verify(place: Path, number: int) -> dict[str, int]:
    """What a finished store holds; AssertionError where a document is missing, twice, or the store is not whole."""
    with Store(place) as store:
        job = store.jobs.get("endurance")
        counts = store.jobs.counts(job)
        documents = [record.document for record in store.records]
        tries = max(task.tries for task in store.jobs.tasks(job))
        assert store.audit.verify() == []
        extracted = sum(entry.action == "extracted" for entry in store.audit.entries())
    with sqlite3.connect(place) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("SELECT COUNT(*) FROM extractions").fetchone() == (number,)
    assert counts.done == counts.found == number, counts
    assert len(documents) == len(set(documents)) == extracted == number
    return {"documents": number, "most_tries": tries}


# The checks.


def kill(number: int, kills: int, seed: int, longest: float) -> dict[str, int]:
    """Kill a job with all its processes at random moments, and again, until it is done; and another job, and so on."""
    draw = random.Random(seed)
    done = {"jobs": 0, "kills": 0, "most_tries": 0}
    while done["kills"] < kills:
        with tempfile.TemporaryDirectory() as temporary:
            folder, store = Path(temporary, "in"), Path(temporary, "store.db")
            make_documents(folder, number)
            known = 0
            while True:
                process = start_work(store, folder)
                try:
                    process.wait(draw.uniform(0.3, longest) if done["kills"] < kills else 120)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)
                    done["kills"] += 1
                told = max(known, last_told(process))
                if store.exists() and told:
                    with Store(store) as opened:
                        known = opened.jobs.counts(opened.jobs.get("endurance")).done
                    assert known >= told, f"{told} documents were told to be done, {known} are"
                if process.returncode == 0:
                    break
                assert process.returncode == -signal.SIGKILL, process.returncode
            done["jobs"] += 1
            done["most_tries"] = max(done["most_tries"], verify(store, number)["most_tries"])
    return done


def full(number: int, file_size: int) -> dict[str, int]:
    """Let the store's files grow no further than so many bytes, then lift the limit."""
    with tempfile.TemporaryDirectory() as temporary:
        folder, store = Path(temporary, "in"), Path(temporary, "store.db")
        make_documents(folder, number)
        process = start_work(store, folder, "--file-size", str(file_size))
        told = last_told(process)
        assert process.returncode not in (0, -signal.SIGXFSZ), "the limit was never reached"
        with sqlite3.connect(store) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            there = connection.execute("SELECT COUNT(*) FROM extractions").fetchone()[0]
        assert there >= told, f"{told} documents were told to be done, {there} are there"
        assert start_work(store, folder).wait(300) == 0
        verify(store, number)
        return {"told": told, "there": there, "documents": number}


class Watcher:
    """What the main process takes while a job goes on: MB of memory and open files, by the documents done."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self.seen: list[tuple[int, float, int]] = []

    def __call__(self, counts: JobCounts) -> None:
        self.seen.append((counts.found - counts.left, self._process.memory_info().rss / MB, self._process.num_fds()))

    def growth(self, after: int) -> tuple[float, int]:
        """By how much memory and open files grew at most since so many documents were done."""
        base = next(seen for seen in self.seen if seen[0] >= after)
        later = self.seen[self.seen.index(base) :]
        return max(s[1] for s in later) - base[1], max(s[2] for s in later) - base[2]


def many(number: int, model: bool = True) -> dict[str, float]:
    """JobRunner through many small documents in this process, with a model that answers at once, or structure alone."""
    schema = load_schema(SCHEMA)
    watcher = Watcher()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary, "in")
        make_documents(folder, number)
        with Store(Path(temporary, "store.db")) as store:
            start, used = time.perf_counter(), time.process_time()
            make = functools.partial(scripted, 0.0) if model else None
            job = jobs.start_job(store, schema, "endurance", model="scripted" if model else "none", who="endurance")
            store.jobs.add(job, jobs.find_files([str(folder)]))
            found = time.perf_counter() - start
            with jobs.JobRunner(store, job, schema, make, who="endurance", tell=watcher) as at:
                report = at.drain()
            used = time.process_time() - used
        verify(Path(temporary, "store.db"), number)
    memory, files = watcher.growth(number // 10)
    cost = 1000 * (report.stages["bookkeeping"] + found) / number
    assert memory < 50 and files <= 5, (memory, files)
    return {
        "documents": number,
        "a_second": round(number / report.seconds, 1),
        "bookkeeping_ms": round(cost, 2),
        "main_process_cpu_ms": round(1000 * used / number, 2),
        "memory_growth_mb": round(memory, 1),
        "open_files_growth": files,
    }


def bad(folder: str, timeout: float, place: str | None) -> dict[str, object]:
    """JobRunner through files that nobody should have to read, with structure alone."""
    schema = load_schema("receipt")
    watcher = Watcher()
    with tempfile.TemporaryDirectory() as temporary, Store(place or Path(temporary, "store.db")) as store:
        job = jobs.start_job(store, schema, "bad", model="none", who="endurance")
        store.jobs.add(job, jobs.find_files([folder], store.files()))
        limits = jobs.JobLimits(timeout=timeout)
        with jobs.JobRunner(store, job, schema, None, who="endurance", limits=limits, tell=watcher) as at:
            report = at.drain()
        tasks = list(store.jobs.tasks(job))
    counts = report.counts
    assert counts.left == 0 and counts.done + counts.reused + counts.failed + counts.set_aside == counts.found
    assert all(task.kind and task.message for task in tasks if task.state in ("failed", "set_aside"))
    slowest = max(tasks, key=lambda task: task.seconds or 0)
    assert (slowest.seconds or 0) < timeout + 2, slowest
    return {
        "found": counts.found,
        "done": counts.done,
        "reused": counts.reused,
        "failed": dict(counts.failures),
        "seconds": round(report.seconds, 1),
        "slowest": (slowest.seconds, os.path.basename(slowest.name)),
        "memory_growth_mb": round(watcher.growth(0)[0], 1),
    }


def compare(paths: list[str], schema_name: str, model: str) -> dict[str, object]:
    """A job, then `extract` on the same documents one after the other; loading the model is counted apart."""
    os.environ["EXTRACTOR_OCR_CACHE"] = "off"  # else the second way would find its pages read
    schema = load_schema(schema_name)
    with tempfile.TemporaryDirectory() as temporary, Store(Path(temporary, "store.db")) as store:
        job = jobs.start_job(store, schema, "compare", model=model, who="endurance")
        store.jobs.add(job, jobs.find_files(paths))
        with jobs.JobRunner(store, job, schema, jobs.model_loader(model), who="endurance") as at:
            report = at.drain()
        done = [task.name for task in store.jobs.tasks(job, "done")]
    in_job = report.seconds - report.stages.get("load", 0.0)
    alone = list(_one_by_one(done, schema_name, model))
    return {
        "documents": len(done),
        "failed": dict(report.counts.failures),
        "job_seconds_a_document": round(in_job / len(done), 2),
        "alone_seconds_a_document": round(sum(alone) / len(done), 2),
        "stages_of_the_job": dict(report.stages),
    }


def _one_by_one(names: list[str], schema_name: str, model: str) -> Iterator[float]:
    from extractor.extraction.pipeline import extract
    from extractor.jobs.sources import path_of
    from extractor.models import load_model
    from extractor.readers import read

    schema = load_schema(schema_name)
    loaded = None if model == "none" else load_model(model)
    for name in names:
        start = time.perf_counter()
        extract(read(path_of(name)), schema, loaded)
        yield time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    checks = parser.add_subparsers(dest="check", required=True)
    check = checks.add_parser("bad")
    check.add_argument("folder")
    check.add_argument("--timeout", type=float, default=60)
    check.add_argument("--store", help="keep the store there")
    check.set_defaults(run=lambda a: bad(a.folder, a.timeout, a.store))
    check = checks.add_parser("kill")
    check.add_argument("--documents", type=int, default=500)
    check.add_argument("--kills", type=int, default=200)
    check.add_argument("--seed", type=int, default=1)
    check.add_argument("--longest", type=float, default=6, help="seconds that a job lives at most (default: 6)")
    check.set_defaults(run=lambda a: kill(a.documents, a.kills, a.seed, a.longest))
    check = checks.add_parser("full")
    check.add_argument("--documents", type=int, default=500)
    check.add_argument("--file-size", type=int, default=MB)
    check.set_defaults(run=lambda a: full(a.documents, a.file_size))
    check = checks.add_parser("many")
    check.add_argument("--documents", type=int, default=10_000)
    check.add_argument("--structure", action="store_true", help="with structure alone, no model")
    check.set_defaults(run=lambda a: many(a.documents, not a.structure))
    check = checks.add_parser("compare")
    check.add_argument("paths", nargs="+")
    check.add_argument("--schema", default="receipt")
    check.add_argument("--model", default=jobs.resolve_model_name(None))
    check.set_defaults(run=lambda a: compare(a.paths, a.schema, a.model))
    check = checks.add_parser("work")
    check.add_argument("store")
    check.add_argument("folder")
    check.add_argument("--file-size", type=int)
    check.set_defaults(run=work)
    arguments = parser.parse_args()
    found = arguments.run(arguments)
    if found is not None:
        print(json.dumps(found, ensure_ascii=False, indent=2))


if __name__ == "__main__":
    main()
