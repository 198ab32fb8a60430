"""A day in the life of an office, faster: uploads, reviews, jobs and exports. `python -m eval.long_run`.

    python -m eval.long_run                              24 hours at 20 times the speed, which takes 72 minutes
    python -m eval.long_run --minutes 10                 what fits into ten minutes of it

In an hour of the office, 120 files are handed in (short texts, every fourth for a scripted model), each record is
opened, changed and approved, a job of 40 files runs, and all approved records are exported. One process does all of it,
as the server does. Its memory and file handles are noted every quarter of an hour of the office. At the end the memory
may have grown by 50 MB since the first tenth, handles by 10; the store has to have the size that its first half lets
expect (a tenth more or less); the integrity check and the audit log have to be clean.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import json
import random
import sqlite3
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import psutil

from eval import endurance
from extractor import jobs
from extractor.exports import export
from extractor.review import ReviewService, upload_worker
from extractor.review.errors import ReviewError
from extractor.schemas import load_schema
from extractor.store import Conflict, Store

SCHEMA = load_schema(endurance.SCHEMA)
UPLOADS_PER_HOUR, FILES_PER_JOB = 120, 40
QUARTER = 900.0
"""Seconds of the office between two samples."""
MAX_MEMORY_MB, MAX_HANDLES, MAX_SIZE_ERROR = 50.0, 10, 0.1
SETTLE_SECONDS = 120.0
"""How long the work that is left at the end may take."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What the process and the store took when so many records were stored."""

    records: int
    memory: float
    handles: int
    size: int


@dataclass(slots=True)
class Office:
    """The work that is going on, and what was counted."""

    store: Store
    service: ReviewService
    folder: Path
    draw: random.Random
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("uploads", "approved", "jobs", "exports"), 0))

    def hand_in(self) -> None:
        """Hand in a file, every fourth for the model."""
        number = self.counts["uploads"]
        source = self.folder / f"upload-{number}.txt"
        source.write_text(f"Note {number}\nTotal: {number}.50\nIt went as it always goes, said number {number}.\n")
        model = "scripted" if number % 4 == 0 else "none"
        self.service.upload(who="ann", files=[(source.name, source)], schema=SCHEMA, model=model)
        source.unlink()
        self.counts["uploads"] += 1

    def review(self) -> None:
        """Open the next record, change a value and approve it."""
        page = self.service.queue(who="bob", limit=1)
        if not page["rows"]:
            return
        record = page["rows"][0]["id"]
        with contextlib.suppress(Conflict, ReviewError):
            view = self.service.claim(record, who="bob")
            given = {"text": f"{self.draw.randint(1, 999)}.25"}
            made = self.service.edit(
                record, who="bob", revision=view["revision"], how="typed", path=("total",), **given
            )
            self.service.approve(record, who="bob", revision=made["revision"], force=True)
            self.service.release(record, who="bob")
            self.counts["approved"] += 1

    def run_job(self) -> None:
        """Run a job on new files to its end, in this process and its workers."""
        number = self.counts["jobs"]
        source = self.folder / f"job-{number}"
        source.mkdir()
        for n in range(FILES_PER_JOB):
            (source / f"{n}.txt").write_text(f"Job {number}, note {n}\nTotal: {n}.75\n")
        job = jobs.start_job(self.store, SCHEMA, f"job-{number}", model="none", who="ann")
        self.store.jobs.add(job, jobs.find_files([str(source)]))
        limits = jobs.JobLimits(workers=1)
        with jobs.JobRunner(self.store, job, SCHEMA, None, who="ann", limits=limits) as runner:
            report = runner.drain()
        self.store.jobs.end(job, report.state, who="ann")
        assert report.counts.done == FILES_PER_JOB, report.counts
        self.counts["jobs"] += 1

    def export(self) -> None:
        """Export the approved records."""
        export(self.store, str(self.folder / "approved.csv"), schema=SCHEMA.id, status="approved", who="ann")
        self.counts["exports"] += 1

    def sample(self) -> Sample:
        """Return what is taken now."""
        process = psutil.Process()
        records = sum(self.store.records.count_by_status().values())
        size = sum(file.stat().st_size for file in self.folder.glob("store.db*"))
        return Sample(records, process.memory_info().rss / endurance.MB, process.num_fds(), size)


def run(hours: float, speed: float, seed: int = 1) -> dict[str, Any]:
    """Work for so many hours of the office at that speed; raise AssertionError where something grew or is wrong."""
    with tempfile.TemporaryDirectory() as temporary, contextlib.ExitStack() as stack:
        folder = Path(temporary)
        load = functools.partial(endurance.scripted, 0.0)
        stack.enter_context(
            mock.patch.object(upload_worker, "model_loader", lambda name: load if name != "none" else None)
        )
        store = stack.enter_context(Store(folder / "store.db"))
        service = stack.enter_context(ReviewService(store, folder=folder / "web"))
        service.start()
        office = Office(store, service, folder, random.Random(seed))
        samples = _work(office, hours, speed)
        deadline = time.monotonic() + SETTLE_SECONDS
        while _open_tasks(store) and time.monotonic() < deadline:
            time.sleep(0.5)
        left = _open_tasks(store)
        assert not left, f"{left} documents were not done"
        samples.append(office.sample())
        assert store.audit.verify() == []
        with contextlib.closing(sqlite3.connect(folder / "store.db")) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    children = [
        child for child in psutil.Process().children(recursive=True) if "extractor" in " ".join(child.cmdline())
    ]
    return _judge(samples, office.counts) | {"processes left": len(children), "hours": hours, "speed": speed}


def _work(office: Office, hours: float, speed: float) -> list[Sample]:
    """Do what falls due, hour by hour of the office, and return the samples."""
    began, samples = time.monotonic(), []
    due = dict.fromkeys(("hand_in", "review", "run_job", "export", "sample"), 0.0)
    every = {"hand_in": 3600 / UPLOADS_PER_HOUR, "review": 3600 / UPLOADS_PER_HOUR, "run_job": 3600.0, "export": 3600.0}
    every["sample"] = QUARTER
    while (at := (time.monotonic() - began) * speed) < hours * 3600:
        late = [name for name, when in due.items() if when <= at]
        if not late:
            time.sleep(min(0.2, (min(due.values()) - at) / speed))
        for name in late:
            due[name] += every[name]
            found = getattr(office, name)()
            samples += [found] if name == "sample" else []
    return samples


def _open_tasks(store: Store) -> int:
    return sum(store.jobs.counts(job).left for job in store.jobs.all())


def _judge(samples: list[Sample], counts: dict[str, int]) -> dict[str, Any]:
    """Return the figures; raise AssertionError where memory, handles or the store grew more than they may."""
    first, half, last = samples[len(samples) // 10], samples[len(samples) // 2], samples[-1]
    memory = max(sample.memory for sample in samples[len(samples) // 10 :]) - first.memory
    handles = max(sample.handles for sample in samples[len(samples) // 10 :]) - first.handles
    each = (half.size - first.size) / max(1, half.records - first.records)
    expected = half.size + each * (last.records - half.records)
    figures = counts | {"records": last.records, "memory growth, MB": round(memory, 1), "handles growth": handles}
    figures |= {"store, MB": round(last.size / endurance.MB, 1), "expected, MB": round(expected / endurance.MB, 1)}
    assert memory <= MAX_MEMORY_MB and handles <= MAX_HANDLES, figures
    assert abs(last.size - expected) <= MAX_SIZE_ERROR * expected + endurance.MB, figures
    return figures


def main(argv: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m eval.long_run", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--hours", type=float, default=24.0, help="hours of the office (default: 24)")
    parser.add_argument("--speed", type=float, default=20.0, help="how many times faster (default: 20)")
    parser.add_argument("--minutes", type=float, help="so many minutes, instead of --hours")
    arguments = parser.parse_args(argv)
    hours = arguments.hours if arguments.minutes is None else arguments.minutes * arguments.speed / 60
    print(json.dumps(run(hours, arguments.speed)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
