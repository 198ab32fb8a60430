"""Run a job: claim its documents, read them, extract, store the results, until nothing is left.

The main process only keeps track. Readers run in processes of their own, and the model in another one, so that the next
documents are read while the model answers; no more documents are held than keep both busy.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from extractor import __version__
from extractor.classification import add_examples, is_kind_set, kinds_in
from extractor.errors import ModelError
from extractor.extraction import prompts
from extractor.files.file_names import MEMBER_SEPARATOR
from extractor.jobs import lease_owner, worker_tasks
from extractor.jobs.parts import split_part
from extractor.jobs.settings import JobSettings
from extractor.jobs.sources import UnusableFile, fingerprint, is_archive, path_of
from extractor.jobs.worker_tasks import ExtractionResult, ReadResult, SingleDocument, TaskFailure
from extractor.jobs.workers import Call, ProcessPool, WorkerDied, wait_for_results
from extractor.models import Model
from extractor.schemas import Schema
from extractor.store import Job, JobCounts, Store, Task, TaskOutcome, Version

ModelLoader = Callable[[], Model]
"""Loads the model, in the process that calls it; picklable."""

_RETRIED = ("changed", "model")
"""Kinds of failure after which a document is tried again."""
_POLL_SECONDS = 0.2
"""How long to wait for results at a time, and how old a result may get before it is stored."""
_PROGRESS_SECONDS = 1.0
"""How often the state of the job is read and progress reported."""
_RENEW_SECONDS = 30.0
"""How often leases are renewed; a quarter of the time for which they last."""


def available_cores() -> int:
    """Return the number of CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class JobLimits:
    """What a job may use.

    `workers` are reading processes, `models` processes with a model, `batch` the documents that a model answers at a
    time. `timeout` and `model_timeout` are seconds for reading and for answering one document, `memory` MB of address
    space for a reading process, `niceness` what is added to its nice value where no model answers.
    """

    workers: int = field(default_factory=available_cores)
    models: int = 1
    batch: int = 4
    timeout: float = 300.0
    model_timeout: float = 1800.0
    memory: int = 4096
    niceness: int = 0


@dataclass(frozen=True, slots=True)
class JobReport:
    """How far a job came: its state and counts, the elapsed seconds, and the seconds spent in each stage.

    Stages run side by side, so that they can add up to more than the elapsed time. `ocr` is the reading of documents
    with scanned pages, `prefill` and `decode` the model's reading and writing, `bookkeeping` the main process's time in
    the store.
    """

    state: str
    counts: JobCounts
    seconds: float
    stages: Mapping[str, float]


class JobRunner:
    """One process's share in a job, to be used with `with`; several may run one job, or jobs of one store.

    `load_model` is called in a process of its own; with None, documents are extracted without a model. With
    `use_lessons`, they are extracted with what the store's approved records taught. `on_progress` gets the counts about
    once a second. Setting `stop` ends the run within seconds. `models` are processes with a model that several runners
    use one after the other, each until it has drained its job; None for processes of its own.
    """

    def __init__(
        self,
        store: Store,
        job: Job,
        schema: Schema,
        load_model: ModelLoader | None,
        *,
        who: str,
        passage_tokens: int | None = None,
        use_lessons: bool = True,
        limits: JobLimits | None = None,
        on_progress: Callable[[JobCounts], None] = lambda counts: None,
        stop: threading.Event | None = None,
        models: ProcessPool | None = None,
    ) -> None:
        if is_kind_set(schema.document):
            schema = add_examples(
                schema, store.records.approved_profiles(kind.id for kind in kinds_in(schema.document))
            )
        self._jobs, self._job, self._schema, self._load_model, self._who = store.jobs, job, schema, load_model, who
        self._passage_tokens = passage_tokens
        self._split = bool(job.settings.get("split"))
        self._store, self._use_lessons = store, use_lessons
        self._limits = own = limits or JobLimits()
        self._settings = JobSettings.current()
        self._on_progress = on_progress
        self._stop = stop or threading.Event()
        self._owner = lease_owner.new_owner()
        # Names are small, documents that were read may not be: of those, a model gets only as many as keep it busy.
        needed = own.workers + own.models * (own.batch + 1)
        self._min_held = needed if load_model else self._settings.batch * own.workers
        self._max_held = self._min_held
        main = os.getpid()
        niceness = self._settings.reader_niceness if load_model else own.niceness
        arguments = (own.memory, main, niceness, own.timeout)
        self._readers = ProcessPool(own.workers, worker_tasks.init_reader, arguments, self._settings.recycle_after)
        self._models = models or model_processes(own)
        self._owns_models = models is None
        self._model_is_ready = load_model is None
        self._held: dict[int, Task] = {}
        """The tasks that are leased to this process, by number, until their outcomes are stored."""
        self._backlog: deque[tuple[Task, str]] = deque()
        """Tasks with the SHA-256 of their document that the readers have not been given yet."""
        self._outcomes: list[TaskOutcome] = []
        """How tasks ended, not stored yet."""
        self._stage_of: dict[int, str] = {}
        """What is being done with a task that was begun, by its number."""
        self._stored_since_progress = 0
        self._model_failures = 0
        self._stages: dict[str, float] = {"bookkeeping": 0.0}
        self._progress_at = self._renewed_at = self._first_outcome_at = 0.0

    @property
    def _lessons(self) -> str | None:
        """The place of the store whose lessons are used; None where it has none for the schema, or none are wanted."""
        schemas = [self._schema.id]
        if is_kind_set(self._schema.document):
            schemas = [kind.id for kind in kinds_in(self._schema.document)]
        is_taught = self._use_lessons and any(map(self._store.lessons.has_any, schemas))
        return self._store.place if is_taught else None

    def __enter__(self) -> JobRunner:
        return self

    def __exit__(self, *_: object) -> None:
        self._readers.stop()
        if self._owns_models:
            self._models.stop()

    def current_stages(self) -> dict[int, str]:
        """Return what is being done with which task: `reading` or `extracting`. May be called from other threads."""
        return dict(self._stage_of)

    def drain(self, pause: Callable[[], bool] = lambda: False) -> JobReport:
        """Work until nothing of the job is left, or it is stopped or cancelled, and return the report.

        Where `pause` says so, no more documents are begun, and the run ends when those that were begun are done.

        Raises ModelError where the model cannot be loaded, StoreError where the store cannot be written. What was
        stored stays stored; the next run does the rest.
        """
        start = time.monotonic()
        self._renewed_at = start
        try:
            state = self._run(pause)
        finally:
            self._stage_of.clear()
            if self._held:
                self._readers.stop()
                self._models.stop()
            self._store_outcomes()
            self._jobs.release_leases(self._owner)
            self._held.clear()
            self._backlog.clear()
        counts = self._jobs.counts(self._job)
        self._on_progress(counts)
        stages = {stage: round(seconds, 3) for stage, seconds in self._stages.items()}
        return JobReport(state, counts, time.monotonic() - start, stages)

    def _run(self, pause: Callable[[], bool]) -> str:
        """Work until the job has a final state, or `stop` is set, or it is paused; return the state."""
        self._expire_dead_leases()
        while not self._stop.is_set():
            is_paused = pause()
            if is_paused and not self._held:
                return "stopped"
            claimed = 0 if is_paused else self._claim()
            patience = _POLL_SECONDS if self._held else 0.0 if claimed else _PROGRESS_SECONDS
            wait_for_results((self._readers, self._models), patience)
            self._collect()
            if self._has_outcomes_due():
                self._store_outcomes()
            state = self._report_progress(idle=not claimed and not self._held)
            if state is not None:
                return state
        return "stopped"

    def _report_progress(self, idle: bool) -> str | None:
        """Renew leases and report progress, from time to time; return the job's state if there is no more to do."""
        moment = time.monotonic()
        if moment - self._renewed_at > _RENEW_SECONDS:
            self._jobs.renew_leases(self._owner)
            self._renewed_at = moment
        if not idle and moment - self._progress_at < _PROGRESS_SECONDS:
            return None
        self._progress_at = moment
        # Where documents are done quickly, more are claimed at a time, so that the store is not asked for each.
        most = self._settings.batch * self._limits.workers
        self._max_held = max(self._min_held, min(most, self._stored_since_progress))
        self._stored_since_progress = 0
        if self._jobs.get(self._job.name).state == "cancelled":
            return "cancelled"
        counts = self._jobs.counts(self._job)
        self._on_progress(counts)
        if idle and counts.left:
            self._expire_dead_leases()  # what is left belongs to others, or is a copy of something that does
        return "finished" if idle and not counts.left else None

    def _expire_dead_leases(self) -> None:
        for owner in self._jobs.lease_owners():
            if owner != self._owner and lease_owner.is_dead(owner):
                self._jobs.expire_leases(owner)

    # Handing out.

    def _claim(self) -> int:
        """Claim as many tasks as there is room for, begin with them, and return their number."""
        room = self._max_held - len(self._held)
        least = 1 if self._load_model and self._max_held == self._min_held else max(1, self._max_held // 2)
        if room < least:
            return 0
        with self._bookkeeping():
            tasks = self._jobs.claim(self._job, self._owner, room)
        # Where the system clock was set forward, leases lapse that are held here.
        tasks = [task for task in tasks if task.id not in self._held]
        self._held |= {task.id: task for task in tasks}
        self._begin(tasks)
        return len(tasks)

    def _begin(self, tasks: list[Task]) -> None:
        """Have archives listed and new documents read; end the tasks that cannot be begun or need not be."""
        documents: dict[int, tuple[str, str]] = {}
        most = self._settings.max_leases
        for task in tasks:
            if task.tries > most:
                self._end(
                    TaskOutcome(task, "set_aside", "never_finished", f"It was begun {most} times and never ended.")
                )
            elif self._split and not is_archive(task.name) and not split_part(task.name)[1]:
                self._readers.submit(
                    Call(task, worker_tasks.split_file, (task.name, self._schema.document), self._limits.timeout)
                )
            elif MEMBER_SEPARATOR in task.name and task.document:
                documents[task.id] = (task.document, task.stamp)
            elif is_archive(task.name):
                self._readers.submit(Call(task, worker_tasks.list_members, (task.name,), self._limits.timeout))
            else:
                try:
                    documents[task.id] = fingerprint(path_of(task.name))
                except UnusableFile as error:
                    self._end(TaskOutcome(task, "failed", error.kind, error.message))
        self._begin_documents(documents)

    def _begin_documents(self, documents: dict[int, tuple[str, str]]) -> None:
        """Have new documents read, given as the number of their task -> (SHA-256, stamp), and end the others' tasks."""
        if not documents:
            return
        self._ensure_version()
        if self._job.version is None:
            return  # stopped before the model was loaded
        with self._bookkeeping():
            verdicts = self._jobs.begin_tasks(self._job, self._owner, documents)
        for number, (document, _) in documents.items():
            if verdicts.get(number) != "extract":
                del self._held[number]
                continue
            self._backlog.append((self._held[number], document))
        self._submit_backlog()

    def _submit_backlog(self) -> None:
        """Have as many documents read as keep everybody busy."""
        while self._backlog and len(self._held) - len(self._backlog) - len(self._outcomes) < self._min_held:
            self._submit_reading(*self._backlog.popleft())

    def _submit_reading(self, task: Task, document: str) -> None:
        if self._load_model is None:
            function: Callable[..., Any] = worker_tasks.read_and_extract
            arguments: tuple[Any, ...] = (task.name, document, self._schema.document, self._lessons)
        else:
            function, arguments = worker_tasks.read_document, (task.name, document)
        self._stage_of[task.id] = "reading"
        self._readers.submit(Call(task, function, arguments, self._limits.timeout))

    def _ensure_version(self) -> None:
        """Note the version that extracts for this job; where it is not known yet, wait for the model to be loaded."""
        if self._load_model is not None and not self._model_is_ready:
            self._models.submit(Call(None, worker_tasks.load_shared_model, (self._load_model,)))
            if self._job.version is None:
                while not self._model_is_ready and not self._stop.is_set():
                    wait_for_results([self._models], _POLL_SECONDS)
                    self._collect()
                if self._stop.is_set():
                    return
            self._model_is_ready = True
        elif self._load_model is None and self._job.version is None:
            self._job = self._jobs.set_version(self._job, self._version(None, None))

    def _version(self, model: str | None, weights: str | None) -> Version:
        options = {} if self._passage_tokens is None else {"passage_tokens": self._passage_tokens}
        return Version(f"extractor {__version__}", prompts.prompt_id(), model, weights, options)

    # Taking back.

    def _collect(self) -> None:
        """Take the results that are there; raise ModelError where the model could not be loaded."""
        for task, result, seconds in self._readers.results():
            self._take(task, result, seconds, reading=True)
        for task, result, seconds in self._models.results():
            if task is not None:
                self._take(task, result, seconds, reading=False)
            elif isinstance(result, TaskFailure):
                message, _, hint = result.message.partition("\n  ")
                raise ModelError(message, hint or "Try `extractor models show`, or another --model.")
            elif isinstance(result, WorkerDied):
                raise ModelError(
                    "The process that was loading the model died.", "Check that there is enough free memory for it."
                )
            else:
                self._job = self._jobs.set_version(self._job, self._version(*result))
                self._model_is_ready = True
                self._stages["load"] = seconds
        self._submit_backlog()

    def _take(self, task: Task, result: Any, seconds: float, reading: bool) -> None:
        """Pass a document that was read on to the model, or end its task."""
        if isinstance(result, ReadResult):
            arguments = (self._load_model, result, self._schema.document, self._passage_tokens, self._lessons)
            exclusive = task.deaths > 0  # so that only the document that kills the process dies with it again
            timeout = self._limits.model_timeout
            self._stage_of[task.id] = "extracting"
            self._models.submit(Call(task, worker_tasks.extract_with_model, arguments, timeout, exclusive))
        elif isinstance(result, ExtractionResult):
            self._model_failures = 0
            extraction = json.loads(result.text)
            for stage, spent in result.stages.items():
                self._stages[stage] = self._stages.get(stage, 0.0) + spent
            file = {"document_kind": result.kind, "size": result.size}
            self._end(TaskOutcome(task, "done", result=extraction, seconds=result.seconds, **file))
        elif isinstance(result, TaskFailure):
            self._model_failures += result.kind == "model"
            if self._model_failures >= self._settings.max_model_failures:
                raise ModelError(f"The model fails at every document: {result.message}", "Run the job again later.")
            again = result.kind in _RETRIED and task.tries < self._settings.max_attempts
            state = "waiting" if again else "failed"
            self._end(TaskOutcome(task, state, result.kind, result.message, seconds=seconds))
        elif isinstance(result, SingleDocument):
            self._begin_documents({task.id: (result.sha, result.stamp)})
        elif isinstance(result, WorkerDied):
            self._take_death(task, result, seconds, reading)
        else:
            self._end(TaskOutcome(task, "unpacked", members=result, seconds=seconds))

    def _take_death(self, task: Task, death: WorkerDied, seconds: float, reading: bool) -> None:
        """End a task whose process was killed at its timeout, or died; the second is tried again a few times."""
        limits = self._limits
        if death.timed_out:
            option, most = ("--timeout", limits.timeout) if reading else ("--model-timeout", limits.model_timeout)
            message = f"It took more than {most:g} s ({option})."
            self._end(TaskOutcome(task, "failed", "time_limit", message, seconds=seconds))
            return
        cause = "by itself"
        if death.exit_code is not None and death.exit_code < 0:
            cause = f"by {signal.Signals(-death.exit_code).name}"
            if reading and -death.exit_code in (signal.SIGABRT, signal.SIGKILL):
                cause += ", perhaps for lack of memory (--memory)"
        state = "set_aside" if task.deaths + 1 >= self._settings.max_deaths else "waiting"
        message = f"The process that was working on it ended {cause}."
        self._end(TaskOutcome(task, state, "crashed", message, seconds=seconds, died=True))

    def _end(self, outcome: TaskOutcome) -> None:
        self._stage_of.pop(outcome.task.id, None)
        if not self._outcomes:
            self._first_outcome_at = time.monotonic()
        self._outcomes.append(outcome)

    def _has_outcomes_due(self) -> bool:
        """Decide whether to store outcomes now: there are enough, or old ones, or nothing else is going on."""
        ended = len(self._outcomes)
        is_old = time.monotonic() - self._first_outcome_at > _POLL_SECONDS
        return bool(ended) and (ended >= self._settings.batch or ended == len(self._held) or is_old)

    def _store_outcomes(self) -> None:
        if self._outcomes:
            outcomes, self._outcomes = self._outcomes, []
            with self._bookkeeping():
                self._jobs.record_outcomes(self._job, self._owner, outcomes, who=self._who)
            self._stored_since_progress += len(outcomes)
            for outcome in outcomes:
                self._held.pop(outcome.task.id, None)

    @contextlib.contextmanager
    def _bookkeeping(self) -> Iterator[None]:
        """Count the time of the block as time in the store."""
        start = time.perf_counter()
        yield
        self._stages["bookkeeping"] += time.perf_counter() - start


def model_processes(limits: JobLimits) -> ProcessPool:
    """Return processes that answer with a model, which each loads when it is first needed."""
    return ProcessPool(limits.models, worker_tasks.init_model_worker, (os.getpid(),), concurrency=limits.batch)


@contextlib.contextmanager
def stop_on_signals() -> Iterator[threading.Event]:
    """Yield an event that Ctrl-C and SIGTERM set, instead of ending this process on the spot.

    Both signals are heard even where they were ignored when the process started, as in a background job of a shell.
    """
    stop = threading.Event()
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda *_: stop.set()) for number in numbers]
    try:
        yield stop
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
