"""Check that jobs end and lose nothing, whatever happens to them; each check prints its figures and fails loudly.

python -m eval.endurance bad FOLDER         every file of a folder ends as a result or as a named error, in time
python -m eval.endurance kill               kill -9 at random moments: no document is lost, none is stored twice
python -m eval.endurance full               a disk that fills up: nothing that was reported as done is gone
python -m eval.endurance clock              a system clock that jumps by days while two processes share a job
python -m eval.endurance many               10,000 documents: rate, memory, open files, cost of bookkeeping
python -m eval.endurance compare PATH...    seconds per document: a job against `extract`, one after the other
"""

from __future__ import annotations

import argparse
import functools
import json
import math
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
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil

from extractor import jobs
from extractor.models.scripted import ScriptedModel
from extractor.schemas import load_schema
from extractor.store import JobCounts, Store, database
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
DAY_SECONDS = 86400.0
CLOCK_JUMPS = ((-math.inf, 0.0), (1.0, DAY_SECONDS), (2.0, -DAY_SECONDS), (4.0, 365 * DAY_SECONDS), (6.0, 0.0))
"""From how many seconds on a clock that jumps is wrong, and by how many seconds."""
FINISH_SECONDS = 300
"""How long a job that nothing stops may take."""


def scripted(seconds: float = 0.005) -> ScriptedModel:
    """Return a model that takes `seconds` for each answer and finds nothing."""

    def answer(row: FieldGroup, request: Request) -> str:
        time.sleep(seconds)
        return json.dumps({key: None for key in re.findall(r"^- ([^:\n]+):", row.question, re.MULTILINE)})

    return ScriptedModel(answer)


def make_documents(folder: Path, number: int) -> None:
    """Write `number` small texts, no two alike, a thousand to a folder."""
    for n in range(number):
        place = folder / f"{n // 1000:03d}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{n:06d}.txt").write_text(f"Note {n}\nTotal: {n}.50\nIt went as it always goes, said number {n}.\n")


# A process that runs a job, as the checks start it.


def work(arguments: argparse.Namespace) -> None:
    """Run a job until it is finished; print the number of finished documents whenever the runner reports it."""
    if arguments.clock is not None:
        make_clock_jump(arguments.clock)
    if arguments.file_size:
        resource.setrlimit(resource.RLIMIT_FSIZE, (arguments.file_size, arguments.file_size))
    schema = load_schema(SCHEMA)
    with Store(arguments.store) as store:
        job = jobs.start_job(store, schema, "endurance", model="scripted", who="endurance")
        store.jobs.add(job, jobs.find_files([arguments.folder]))
        with jobs.JobRunner(
            store, job, schema, scripted, who="endurance", on_progress=lambda c: print(c.done, flush=True)
        ) as runner:
            report = runner.drain()
        store.jobs.end(job, report.state, who="endurance")


def make_clock_jump(began: float) -> None:
    """Make this process's clock jump as CLOCK_JUMPS says, counted from a time in seconds since 1970."""
    seconds = time.time

    class JumpingDate(datetime):
        @classmethod
        def now(cls, zone: Any = None) -> datetime:
            return datetime.fromtimestamp(time.time(), zone)

    def jumping() -> float:
        passed = seconds() - began
        return seconds() + next(offset for since, offset in reversed(CLOCK_JUMPS) if passed >= since)

    time.time = jumping
    database.datetime = JumpingDate


def start_work(store: Path, folder: Path, *options: str) -> subprocess.Popen[str]:
    """Start a process that runs a job on the folder, in a process group of its own."""
    command = [sys.executable, "-m", "eval.endurance", "work", str(store), str(folder), *options]
    quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, start_new_session=True, **quiet)


def last_reported(process: subprocess.Popen[str]) -> int:
    """Return the last number of finished documents that a process printed; 0 if it printed none."""
    counts = process.communicate()[0].split()
    return int(counts[-1]) if counts else 0


def verify(place: Path, number: int) -> dict[str, int]:
    """Return what a finished store holds; raise AssertionError if a document is missing or twice."""
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
    """Kill jobs with all their processes at random moments, `kills` times in all, until each is done."""
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
                    process.wait(draw.uniform(0.3, longest) if done["kills"] < kills else FINISH_SECONDS)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)
                    done["kills"] += 1
                reported = max(known, last_reported(process))
                if store.exists() and reported:
                    with Store(store) as opened:
                        known = opened.jobs.counts(opened.jobs.get("endurance")).done
                    assert known >= reported, f"{reported} documents were reported as done, {known} are"
                if process.returncode == 0:
                    break
                assert process.returncode == -signal.SIGKILL, process.returncode
            done["jobs"] += 1
            done["most_tries"] = max(done["most_tries"], verify(store, number)["most_tries"])
    return done


def full(number: int, file_size: int) -> dict[str, int]:
    """Limit the store's files to `file_size` bytes until the job fails, then lift the limit and finish."""
    with tempfile.TemporaryDirectory() as temporary:
        folder, store = Path(temporary, "in"), Path(temporary, "store.db")
        make_documents(folder, number)
        process = start_work(store, folder, "--file-size", str(file_size))
        reported = last_reported(process)
        assert process.returncode not in (0, -signal.SIGXFSZ), "the limit was never reached"
        with sqlite3.connect(store) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            stored = connection.execute("SELECT COUNT(*) FROM extractions").fetchone()[0]
        assert reported, "the disk was full before a document was done, which shows nothing"
        assert stored >= reported, f"{reported} documents were reported as done, {stored} are stored"
        assert start_work(store, folder).wait(FINISH_SECONDS) == 0
        verify(store, number)
        return {"reported": reported, "stored": stored, "documents": number}


def clock(number: int) -> dict[str, int]:
    """Have two processes share a job while the clock jumps, and check that nothing is lost or stored twice."""
    with tempfile.TemporaryDirectory() as temporary:
        folder, store = Path(temporary, "in"), Path(temporary, "store.db")
        make_documents(folder, number)
        both = [start_work(store, folder, "--clock", str(time.time())) for _ in range(2)]
        for process in both:
            process.communicate(timeout=FINISH_SECONDS)
        assert [process.returncode for process in both] == [0, 0], [process.returncode for process in both]
        return verify(store, number)


class ResourceMonitor:
    """Memory in MB and open files of the main process during a job, by the number of documents done."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self.samples: list[tuple[int, float, int]] = []

    def __call__(self, counts: JobCounts) -> None:
        self.samples.append((counts.found - counts.left, self._process.memory_info().rss / MB, self._process.num_fds()))

    def growth(self, after: int) -> tuple[float, int]:
        """Return the most that memory and open files grew after `after` documents were done."""
        base = next(sample for sample in self.samples if sample[0] >= after)
        later = self.samples[self.samples.index(base) :]
        return max(s[1] for s in later) - base[1], max(s[2] for s in later) - base[2]


def many(number: int, model: bool = True) -> dict[str, float]:
    """Run a job on many small documents in this process, with a model that answers at once or without a model."""
    schema = load_schema(SCHEMA)
    monitor = ResourceMonitor()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary, "in")
        make_documents(folder, number)
        with Store(Path(temporary, "store.db")) as store:
            start, used = time.perf_counter(), time.process_time()
            load_model = functools.partial(scripted, 0.0) if model else None
            job = jobs.start_job(store, schema, "endurance", model="scripted" if model else "none", who="endurance")
            store.jobs.add(job, jobs.find_files([str(folder)]))
            found = time.perf_counter() - start
            with jobs.JobRunner(store, job, schema, load_model, who="endurance", on_progress=monitor) as runner:
                report = runner.drain()
            used = time.process_time() - used
        verify(Path(temporary, "store.db"), number)
    memory, files = monitor.growth(number // 10)
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
    """Run a job without a model on hostile files, and check that each ends as a result or a named error in time."""
    schema = load_schema("receipt")
    monitor = ResourceMonitor()
    with tempfile.TemporaryDirectory() as temporary, Store(place or Path(temporary, "store.db")) as store:
        job = jobs.start_job(store, schema, "bad", model="none", who="endurance")
        store.jobs.add(job, jobs.find_files([folder], store.files()))
        limits = jobs.JobLimits(timeout=timeout)
        with jobs.JobRunner(store, job, schema, None, who="endurance", limits=limits, on_progress=monitor) as runner:
            report = runner.drain()
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
        "memory_growth_mb": round(monitor.growth(0)[0], 1),
    }


def compare(paths: list[str], schema_name: str, model: str) -> dict[str, object]:
    """Time a job, then `extract` on the same documents one after the other; loading the model is not counted."""
    os.environ["EXTRACTOR_OCR_CACHE"] = "off"  # else the second run would find its pages in the cache
    schema = load_schema(schema_name)
    with tempfile.TemporaryDirectory() as temporary, Store(Path(temporary, "store.db")) as store:
        job = jobs.start_job(store, schema, "compare", model=model, who="endurance")
        store.jobs.add(job, jobs.find_files(paths))
        with jobs.JobRunner(store, job, schema, jobs.model_loader(model), who="endurance") as runner:
            report = runner.drain()
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
    """Yield the seconds that reading and extracting each document takes."""
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
    check.add_argument("--file-size", type=int, default=1_500_000)
    check.set_defaults(run=lambda a: full(a.documents, a.file_size))
    check = checks.add_parser("clock")
    check.add_argument("--documents", type=int, default=500)
    check.set_defaults(run=lambda a: clock(a.documents))
    check = checks.add_parser("many")
    check.add_argument("--documents", type=int, default=10_000)
    check.add_argument("--structure", action="store_true", help="without a model")
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
    check.add_argument("--clock", type=float, metavar="SECONDS", help="have the clock jump, from that time on")
    check.set_defaults(run=work)
    arguments = parser.parse_args()
    found = arguments.run(arguments)
    if found is not None:
        print(json.dumps(found, ensure_ascii=False, indent=2))


if __name__ == "__main__":
    main()
