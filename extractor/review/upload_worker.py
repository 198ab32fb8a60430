"""The extraction of uploads: one thread that works through their jobs, each in processes that are kept for a while."""

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
from extractor.jobs.runner import ModelLoader, available_cores
from extractor.models import Model
from extractor.store import Job, Store
from extractor.store.corrections import load_stored_schema

KEEP_RUNNER_SECONDS = 300.0
"""How long the processes of a job are kept when it has nothing left to do, so that its model stays loaded."""
CLEAN_SECONDS = 86400.0
RETRY_SECONDS = 120.0
"""After which a failed job is tried again: somebody may have fetched its model."""
POLL_SECONDS = 30.0
STOP_SECONDS = 10.0
NICE = 10
"""By how much the model's process lowers its priority: somebody is working at the screen."""
ACTOR = "upload"
"""Who the audit log names for what is extracted in the background."""


class UploadWorker:
    """The thread. `jobs` returns the jobs to work on, newest first; `clean` is called at the start and once a day."""

    def __init__(self, store: Store, jobs: Callable[[], list[Job]], clean: Callable[[], object]) -> None:
        self._store, self._jobs, self._clean = store, jobs, clean
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stop, self._wake = threading.Event(), threading.Event()
        self._failures: dict[str, tuple[str, float]] = {}
        self._runner: tuple[str, JobRunner] | None = None
        self._runner_used = self._cleaned = 0.0

    def start(self) -> None:
        """Start the thread, if that has not been done yet."""
        with self._lock:
            if self._thread is None and not self._stop.is_set():
                self._thread = threading.Thread(target=self._run, name="uploads", daemon=True)
                self._thread.start()

    def wake(self, job: str) -> None:
        """Have the job worked on now, also where it failed before."""
        with self._lock:
            self._failures.pop(job, None)
        self.start()
        self._wake.set()

    def close(self) -> None:
        """Stop within seconds: finished extractions are stored, the rest is done after the next start."""
        self._stop.set()
        self._wake.set()
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join(STOP_SECONDS)

    def failure(self, job: str) -> str:
        """Return why nothing of the job can be done; empty where all is well."""
        with self._lock:
            return self._failures.get(job, ("", 0.0))[0]

    def _is_paused(self, job: str) -> bool:
        """Decide whether the job failed so recently that it is not tried again yet."""
        with self._lock:
            return time.monotonic() < self._failures.get(job, ("", 0.0))[1]

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self._wake.clear()
                with contextlib.suppress(ExtractorError):
                    self._clean_daily()
                job = self._next_job()
                if job is not None:
                    self._work_on(job)
                    continue
                if self._runner is not None and time.monotonic() - self._runner_used > KEEP_RUNNER_SECONDS:
                    self._close_runner()
                self._wake.wait(POLL_SECONDS)
        finally:
            self._close_runner()

    def _clean_daily(self) -> None:
        if not self._cleaned or time.monotonic() - self._cleaned > CLEAN_SECONDS:
            self._cleaned = time.monotonic()
            self._clean()

    def _next_job(self) -> Job | None:
        """Return a job with something left to do: first that of the running processes, then the oldest."""
        try:
            jobs = [job for job in reversed(self._jobs()) if job.state != "cancelled" and not self._is_paused(job.name)]
            unfinished = [job for job in jobs if self._store.jobs.counts(job).left]
        except ExtractorError:
            return None
        running = self._runner[0] if self._runner else ""
        return next((job for job in unfinished if job.name == running), unfinished[0] if unfinished else None)

    def _work_on(self, job: Job) -> None:
        try:
            job = self._store.jobs.start(job.name, job.schema, job.settings, who=ACTOR)
            report = self._runner_of(job).drain()
            self._store.jobs.end(job, report.state, who=ACTOR)
            with self._lock:
                self._failures.pop(job.name, None)
        except ExtractorError as error:
            self._fail(job, f"{error.message} {error.hint}".strip())
        except Exception as error:  # a fault of the tool; the other jobs go on
            self._fail(job, f"Internal error: {type(error).__name__}.")
        self._runner_used = time.monotonic()

    def _fail(self, job: Job, message: str) -> None:
        with self._lock:
            self._failures[job.name] = (message, time.monotonic() + RETRY_SECONDS)
        self._close_runner()
        with contextlib.suppress(ExtractorError):
            self._store.jobs.end(job, "stopped", who=ACTOR)

    def _runner_of(self, job: Job) -> JobRunner:
        """Return the runner of a job: the current one where it is its, else a new one."""
        if self._runner is not None and self._runner[0] == job.name:
            return self._runner[1]
        self._close_runner()
        name, document = self._store.schemas()[job.schema]
        schema = load_stored_schema(document)
        if schema is None:
            raise ExtractorError(f"The schema {name} cannot be used by this version.", "Upload the files again.")
        loader = model_loader(str(job.settings["model"]))
        runner = JobRunner(
            self._store,
            job,
            replace(schema, name=name),
            functools.partial(_load_nicely, loader) if loader else None,
            who=ACTOR,
            limits=JobLimits(workers=max(1, available_cores() - 1)),  # one is left for the screen
            stop=self._stop,
        )
        self._runner = (job.name, runner)
        return runner

    def _close_runner(self) -> None:
        if self._runner is not None:
            self._runner[1].__exit__(None, None, None)
            self._runner = None


def _load_nicely(loader: ModelLoader) -> Model:
    """Return the model, in a process with a lower priority."""
    with contextlib.suppress(OSError, AttributeError):
        os.nice(NICE)
    return loader()
