"""What extracts uploads: one thread that works through their jobs, each in processes that stay for a while."""

from __future__ import annotations

import contextlib
import functools
import os
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from extractor.errors import ExtractorError
from extractor.jobs import JobLimits, JobRunner, model_loader
from extractor.jobs.runner import ModelLoader
from extractor.models import Model
from extractor.store import Job, Store
from extractor.store.corrections import load_stored_schema

KEEP_SECONDS = 300.0
"""How long the processes of a job are kept when it has nothing left, so that its model stays loaded."""
CLEAN_SECONDS = 86400.0
AGAIN_SECONDS = 120.0
"""After so long a job is tried again whose model could not be had: somebody may have fetched it."""
STOP_SECONDS = 10.0
NICE = 10
"""By so much the model's process gives way to others."""
WHO = "upload"
"""Who stands in the audit for what is extracted in the background."""


class Engine:
    """The thread; `jobs` gives the jobs that are its own, `clean` is called at the start and once a day."""

    def __init__(self, store: Store, jobs: Callable[[], list[Job]], clean: Callable[[], object]) -> None:
        self._store, self._jobs, self._clean = store, jobs, clean
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stop, self._wake = threading.Event(), threading.Event()
        self._trouble: dict[str, tuple[str, float]] = {}
        self._work: tuple[str, JobRunner] | None = None
        self._used = self._cleaned = 0.0

    def start(self) -> None:
        """Begin, if that was not done yet."""
        with self._lock:
            if self._thread is None and not self._stop.is_set():
                self._thread = threading.Thread(target=self._run, name="uploads", daemon=True)
                self._thread.start()

    def go(self, job: str) -> None:
        """There is something to do in the job, also where it failed before."""
        with self._lock:
            self._trouble.pop(job, None)
        self.start()
        self._wake.set()

    def close(self) -> None:
        """Stop: what has come out is stored, the rest waits for the next start."""
        self._stop.set()
        self._wake.set()
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join(STOP_SECONDS)

    def trouble(self, job: str) -> str:
        """Why nothing of the job can be done; empty where all is well."""
        with self._lock:
            return self._trouble.get(job, ("", 0.0))[0]

    def _rests(self, job: str) -> bool:
        """Whether the job failed so lately that it is not tried again yet."""
        with self._lock:
            return time.monotonic() < self._trouble.get(job, ("", 0.0))[1]

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self._wake.clear()
                with contextlib.suppress(ExtractorError):
                    self._clean_daily()
                job = self._next()
                if job is not None:
                    self._do(job)
                    continue
                if self._work is not None and time.monotonic() - self._used > KEEP_SECONDS:
                    self._end_work()
                self._wake.wait(30.0)
        finally:
            self._end_work()

    def _clean_daily(self) -> None:
        if not self._cleaned or time.monotonic() - self._cleaned > CLEAN_SECONDS:
            self._cleaned = time.monotonic()
            self._clean()

    def _next(self) -> Job | None:
        """A job with something left to do: that of the processes at hand first, then the oldest."""
        try:
            jobs = [job for job in reversed(self._jobs()) if job.state != "cancelled" and not self._rests(job.name)]
            left = [job for job in jobs if self._store.jobs.counts(job).left]
        except ExtractorError:
            return None
        at_hand = self._work[0] if self._work else ""
        return next((job for job in left if job.name == at_hand), left[0] if left else None)

    def _do(self, job: Job) -> None:
        try:
            job = self._store.jobs.start(job.name, job.schema, job.settings, who=WHO)
            report = self._work_on(job).drain()
            self._store.jobs.end(job, report.state, who=WHO)
            with self._lock:
                self._trouble.pop(job.name, None)
        except ExtractorError as error:
            self._told(job, f"{error.message} {error.hint}".strip())
        except Exception as error:  # the tool's own fault; the other jobs go on
            self._told(job, f"An error of the tool itself: {type(error).__name__}.")
        self._used = time.monotonic()

    def _told(self, job: Job, message: str) -> None:
        with self._lock:
            self._trouble[job.name] = (message, time.monotonic() + AGAIN_SECONDS)
        self._end_work()
        with contextlib.suppress(ExtractorError):
            self._store.jobs.end(job, "stopped", who=WHO)

    def _work_on(self, job: Job) -> JobRunner:
        if self._work is not None and self._work[0] == job.name:
            return self._work[1]
        self._end_work()
        name, document = self._store.schemas()[job.schema]
        schema = load_stored_schema(document)
        if schema is None:
            raise ExtractorError(f"The schema {name} cannot be used by this version.", "Hand the files in again.")
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        make = model_loader(str(job.settings["model"]))
        work = JobRunner(
            self._store,
            job,
            replace(schema, name=name),
            make and functools.partial(_aside, make),
            who=WHO,
            limits=JobLimits(workers=max(1, cores - 1)),  # somebody is at the screen
            stop=self._stop,
        )
        self._work = (job.name, work)
        return work

    def _end_work(self) -> None:
        if self._work is not None:
            self._work[1].__exit__(None, None, None)
            self._work = None


def _aside(make: ModelLoader) -> Model:
    """The model, loaded in a process that gives way to others: somebody is at the screen."""
    with contextlib.suppress(OSError, AttributeError):
        os.nice(NICE)
    return make()
