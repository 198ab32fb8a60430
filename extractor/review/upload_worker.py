"""The extraction of uploads: threads that work through their jobs, each in processes that are kept for a while.

What needs no model is done by a thread of its own, so that it does not wait behind what does. The jobs of one thread
take turns, so that a small one does not wait for a large one to end.
"""

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
from extractor.jobs.runner import ModelLoader, available_cores, model_processes
from extractor.jobs.workers import ProcessPool
from extractor.models import Model
from extractor.store import Job, Store
from extractor.store.corrections import load_stored_schema

KEEP_RUNNER_SECONDS = 300.0
"""How long the processes of a job are kept when it has nothing left to do, so that its model stays loaded."""
CLEAN_SECONDS = 3600.0
TURN_SECONDS = 20.0
"""How long a job is worked on while another one waits that the same processes can do."""
MODEL_TURN_SECONDS = 300.0
"""The same where another model has to be loaded for it."""
RETRY_SECONDS = 120.0
"""After which a failed job is tried again: somebody may have fetched its model."""
POLL_SECONDS = 30.0
STOP_SECONDS = 10.0
NICE = 10
"""By how much processes that read and extract lower their priority: somebody is working at the screen."""
ACTOR = "upload"
"""Who the audit log names for what is extracted in the background."""


class UploadWorker:
    """The thread. `jobs` returns the jobs to work on, newest first; `clean` is called at the start and every hour."""

    def __init__(self, store: Store, jobs: Callable[[], list[Job]], clean: Callable[[], object] = lambda: None) -> None:
        self._store, self._jobs, self._clean = store, jobs, clean
        workers = max(1, available_cores() - 1)  # one is left for the screen
        self._limits = JobLimits(workers=workers, niceness=NICE)
        self._served: dict[str, float] = {}
        """When a job was last worked on, by its name, in seconds of the monotonic clock."""
        self._models: tuple[str, ProcessPool] | None = None
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

    def current_stages(self) -> dict[int, str]:
        """Return what is being done with which task (by its number): `reading` or `extracting`."""
        runner = self._runner
        return runner[1].current_stages() if runner is not None else {}

    def line(self) -> list[Job]:
        """Return the jobs with something left to do, in the order in which they get their turns."""
        jobs = [job for job in reversed(self._jobs()) if job.state != "cancelled" and not self._is_paused(job.name)]
        unfinished = [job for job in jobs if self._store.jobs.counts(job).left]
        return sorted(unfinished, key=lambda job: self._served.get(job.name, 0.0))

    def _is_paused(self, job: str) -> bool:
        """Decide whether the job failed so recently that it is not tried again yet."""
        with self._lock:
            return time.monotonic() < self._failures.get(job, ("", 0.0))[1]

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self._wake.clear()
                with contextlib.suppress(ExtractorError):
                    self._clean_hourly()
                job = self._next_job()
                if job is not None:
                    self._work_on(job)
                    continue
                if self._runner is not None and time.monotonic() - self._runner_used > KEEP_RUNNER_SECONDS:
                    self._close_runner()
                self._wake.wait(POLL_SECONDS)
        finally:
            self._close_runner()

    def _clean_hourly(self) -> None:
        if not self._cleaned or time.monotonic() - self._cleaned > CLEAN_SECONDS:
            self._cleaned = time.monotonic()
            self._clean()

    def _next_job(self) -> Job | None:
        """Return a job with something left to do: the one that has waited longest for its turn."""
        try:
            return next(iter(self.line()), None)
        except ExtractorError:
            return None

    def _turn_is_over(self, job: Job, began: float) -> Callable[[], bool]:
        """Return a function that says whether another job is to be worked on; it is asked often, and looks seldom."""
        looked = began

        def is_over() -> bool:
            nonlocal looked
            moment = time.monotonic()
            if moment - began < TURN_SECONDS or moment - looked < 1.0:
                return False
            looked = moment
            others = [other for other in self.line() if other.name != job.name]
            is_same_model = any(other.settings["model"] == job.settings["model"] for other in others)
            return bool(others) and (is_same_model or moment - began > MODEL_TURN_SECONDS)

        return is_over

    def _work_on(self, job: Job) -> None:
        try:
            job = self._store.jobs.start(job.name, job.schema, job.settings, who=ACTOR)
            self._served[job.name] = time.monotonic()
            report = self._runner_of(job).drain(self._turn_is_over(job, time.monotonic()))
            self._served[job.name] = time.monotonic()
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
        self._close_runner(keep_model=str(job.settings["model"]))
        name, document = self._store.schemas()[job.schema]
        schema = load_stored_schema(document)
        if schema is None:
            raise ExtractorError(f"The schema {name} cannot be used by this version.", "Upload the files again.")
        model = str(job.settings["model"])
        loader = model_loader(model)
        if loader is not None and self._models is None:
            self._models = (model, model_processes(self._limits))
        runner = JobRunner(
            self._store,
            job,
            replace(schema, name=name),
            functools.partial(_load_nicely, loader) if loader else None,
            who=ACTOR,
            limits=self._limits,
            stop=self._stop,
            models=self._models[1] if loader is not None and self._models is not None else None,
        )
        self._runner = (job.name, runner)
        return runner

    def _close_runner(self, keep_model: str | None = None) -> None:
        """End the processes of the runner, but not those with the model of that name."""
        if self._runner is not None:
            self._runner[1].__exit__(None, None, None)
            self._runner = None
        if self._models is not None and self._models[0] != keep_model:
            self._models[1].stop()
            self._models = None


def _load_nicely(loader: ModelLoader) -> Model:
    """Return the model, in a process with a lower priority."""
    with contextlib.suppress(OSError, AttributeError):
        os.nice(NICE)
    return loader()
