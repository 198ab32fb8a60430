"""Working through a job: claim, read, extract, store, until nothing is left.

The main process only keeps the books. Readers run in processes of their own, and the model in another, so that the
next documents are read while it answers; no more documents are held than keep both busy.
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
from extractor.errors import ModelError
from extractor.extraction import prompts
from extractor.jobs import lease_owner, worker_tasks
from extractor.jobs.sources import MEMBER_SEPARATOR, UnusableFile, fingerprint, is_archive, path_of
from extractor.jobs.worker_tasks import Extracted, Failure, Read
from extractor.jobs.workers import Call, Died, Workers, wait_for
from extractor.models import Model
from extractor.schemas import Schema
from extractor.store import Job, JobCounts, Store, Task, TaskOutcome, Version

ModelLoader = Callable[[], Model]

RECYCLE = 50
"""After so many files a reading process is replaced."""
MOST_DEATHS = 3
"""A file that ends its process so often is set aside."""
MOST_TRIES = 3
"""How often a file is begun that changes while it is read, or that the model fails at."""
MOST_LEASES = 50
"""A file that was begun so often and never came to an end, not even by its process dying, is set aside."""
MOST_MODEL_FAILURES = 10
"""So many failures of the model in a row, and the job stops: it is not the documents."""
BATCH = 16
_AGAIN = ("changed", "model")
_PAUSE = 0.2
_RENEW = 30.0
_LOOK = 1.0


def _cores() -> int:
    """The cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class JobLimits:
    """What a job may use: reading processes and models side by side, documents that a model answers at a time, seconds
    for reading and for answering a document, MB of memory for a reading process.
    """

    workers: int = field(default_factory=_cores)
    models: int = 1
    batch: int = 4
    timeout: float = 300.0
    model_timeout: float = 1800.0
    memory: int = 4096


@dataclass(frozen=True, slots=True)
class JobReport:
    """How far a job came: its state and counts, the seconds by the clock, and those spent in each stage.

    Stages run side by side, so theirs can add up to more. `ocr` is the reading of documents with scanned pages,
    `prefill` and `decode` the model's reading and writing, `bookkeeping` what the main process spent on the store.
    """

    state: str
    counts: JobCounts
    seconds: float
    stages: Mapping[str, float]


class JobRunner:
    """One process's share in a job; several may work on one job, or on one store. To be used with `with`.

    `make` loads the model, in a process of its own; None has structure alone answer. `tell` is given the counts about
    once a second. Setting `stop` ends the work within seconds.
    """

    def __init__(
        self,
        store: Store,
        job: Job,
        schema: Schema,
        make: ModelLoader | None,
        *,
        who: str,
        passage_tokens: int | None = None,
        limits: JobLimits | None = None,
        tell: Callable[[JobCounts], None] = lambda counts: None,
        stop: threading.Event | None = None,
    ) -> None:
        self._jobs, self._job, self._schema, self._make, self._who = store.jobs, job, schema, make, who
        self._passage_tokens = passage_tokens
        self._limits = limits or JobLimits()
        self._tell = tell
        self._stop = stop or threading.Event()
        self._owner = lease_owner.me()
        own = self._limits
        # names are small, read documents may not be: of those, with a model, only as many as keep it busy
        self._least = own.workers + own.models * (own.batch + 1) if make else BATCH * own.workers
        self._most = self._least
        self._backlog: deque[tuple[Task, str]] = deque()
        self._ended = 0
        memory, main = self._limits.memory, os.getpid()
        reading = (memory, main, worker_tasks.BEHIND if make else 0)
        self._readers = Workers(self._limits.workers, worker_tasks.begin_reading, reading, RECYCLE)
        self._models = Workers(own.models, worker_tasks.begin_answering, (main,), abreast=own.batch)
        self._ready = make is None
        self._held: dict[int, Task] = {}
        self._outcomes: list[TaskOutcome] = []
        self._model_failures = 0
        self._stages: dict[str, float] = {"bookkeeping": 0.0}
        self._seen = self._renewed = self._settled = 0.0

    def __enter__(self) -> JobRunner:
        return self

    def __exit__(self, *_: object) -> None:
        self._readers.stop()
        self._models.stop()

    def drain(self) -> JobReport:
        """The report once nothing of the job is left to be done, or it was stopped or cancelled.

        Raises ModelError where the model cannot be had, StoreError where the store cannot be written; what was stored
        stays stored, and the rest is done by the next run.
        """
        start = time.monotonic()
        self._renewed = start
        try:
            state = self._work()
        finally:
            if self._held:
                self._readers.stop()
                self._models.stop()
            self._settle()
            self._jobs.release_leases(self._owner)
            self._held.clear()
            self._backlog.clear()
        counts = self._jobs.counts(self._job)
        self._tell(counts)
        stages = {stage: round(seconds, 3) for stage, seconds in self._stages.items()}
        return JobReport(state, counts, time.monotonic() - start, stages)

    def _work(self) -> str:
        self._free_the_dead()
        while not self._stop.is_set():
            claimed = self._claim()
            wait_for((self._readers, self._models), _PAUSE if self._held else 0.0 if claimed else _LOOK)
            self._collect()
            if self._due():
                self._settle()
            state = self._look(idle=not claimed and not self._held)
            if state is not None:
                return state
        return "stopped"

    def _look(self, idle: bool) -> str | None:
        """Tell how far the job is, from time to time; its state if there is no more to do."""
        moment = time.monotonic()
        if moment - self._renewed > _RENEW:
            self._jobs.renew_leases(self._owner)
            self._renewed = moment
        if not idle and moment - self._seen < _LOOK:
            return None
        self._seen = moment
        # where documents are done quickly, more are taken at a time, so that the store is not asked for each
        self._most, self._ended = max(self._least, min(BATCH * self._limits.workers, self._ended)), 0
        if self._jobs.get(self._job.name).state == "cancelled":
            return "cancelled"
        counts = self._jobs.counts(self._job)
        self._tell(counts)
        if idle and counts.left:
            self._free_the_dead()  # what is left is somebody else's, or a copy of something that is
        return "finished" if idle and not counts.left else None

    def _free_the_dead(self) -> None:
        for owner in self._jobs.lease_owners():
            if owner != self._owner and lease_owner.is_dead(owner):
                self._jobs.expire_leases(owner)

    # Giving out.

    def _claim(self) -> int:
        """How many tasks were claimed; those that are new work are now with the readers."""
        room = self._most - len(self._held)
        if room < (1 if self._make and self._most == self._least else max(1, self._most // 2)):
            return 0
        with self._timed():
            tasks = self._jobs.claim(self._job, self._owner, room)
        self._held |= {task.id: task for task in tasks}
        self._begin(tasks)
        return len(tasks)

    def _begin(self, tasks: list[Task]) -> None:
        documents: dict[int, tuple[str, str]] = {}
        for task in tasks:
            if task.tries > MOST_LEASES:
                message = f"It was begun {MOST_LEASES} times and never ended."
                self._end(TaskOutcome(task, "set_aside", "never_finished", message))
            elif MEMBER_SEPARATOR in task.name and task.document:
                documents[task.id] = (task.document, task.stamp)
            elif is_archive(task.name):
                self._readers.give(Call(task, worker_tasks.members, (task.name,), self._limits.timeout))
            else:
                try:
                    documents[task.id] = fingerprint(path_of(task.name))
                except UnusableFile as error:
                    self._end(TaskOutcome(task, "failed", error.kind, error.message))
        if not documents:
            return
        self._make_ready()
        if self._job.version is None:
            return  # stopped before the model was there
        with self._timed():
            verdicts = self._jobs.begin_tasks(self._job, self._owner, documents)
        for number, (document, _) in documents.items():
            if verdicts.get(number) != "extract":
                del self._held[number]
                continue
            self._backlog.append((self._held[number], document))
        self._feed()

    def _feed(self) -> None:
        """Have as many documents read as keep everybody busy."""
        while self._backlog and len(self._held) - len(self._backlog) - len(self._outcomes) < self._least:
            self._give_to_read(*self._backlog.popleft())

    def _give_to_read(self, task: Task, document: str) -> None:
        if self._make is None:
            function, arguments = worker_tasks.read_and_extract, (task.name, document, self._schema.document)
        else:
            function, arguments = worker_tasks.read, (task.name, document)
        self._readers.give(Call(task, function, arguments, self._limits.timeout))

    def _make_ready(self) -> None:
        """Note what extracts for this job; the model is loaded for it where that is not known yet."""
        if self._make is not None and not self._ready:
            self._models.give(Call(None, worker_tasks.load, (self._make,)))
            if self._job.version is None:
                while not self._ready and not self._stop.is_set():
                    wait_for([self._models], _PAUSE)
                    self._collect()
                if self._stop.is_set():
                    return
            self._ready = True
        elif self._make is None and self._job.version is None:
            self._job = self._jobs.set_version(self._job, self._version(None, None))

    def _version(self, model: str | None, weights: str | None) -> Version:
        options = {} if self._passage_tokens is None else {"passage_tokens": self._passage_tokens}
        return Version(f"extractor {__version__}", prompts.prompt_id(), model, weights, options)

    # Taking back.

    def _collect(self) -> None:
        for task, result, seconds in self._readers.results():
            self._take(task, result, seconds, reading=True)
        for task, result, seconds in self._models.results():
            if task is not None:
                self._take(task, result, seconds, reading=False)
            elif isinstance(result, Failure):
                message, _, hint = result.message.partition("\n  ")
                raise ModelError(message, hint or "Try `extractor models show`, or another --model.")
            elif isinstance(result, Died):
                raise ModelError("The model's process died while it was loaded.", "Look at the memory it needs.")
            else:
                self._job = self._jobs.set_version(self._job, self._version(*result))
                self._ready = True
                self._stages["load"] = seconds
        self._feed()

    def _take(self, task: Task, result: Any, seconds: float, reading: bool) -> None:
        if isinstance(result, Read):
            arguments = (self._make, result, self._schema.document, self._passage_tokens)
            alone = task.deaths > 0  # so that only one that kills the process dies with it again
            self._models.give(Call(task, worker_tasks.answer, arguments, self._limits.model_timeout, alone))
        elif isinstance(result, Extracted):
            self._model_failures = 0
            said = json.loads(result.text)
            for stage, took in result.stages.items():
                self._stages[stage] = self._stages.get(stage, 0.0) + took
            file = {"document_kind": result.kind, "size": result.size}
            self._end(TaskOutcome(task, "done", result=said, seconds=result.seconds, **file))
        elif isinstance(result, Failure):
            self._model_failures += result.kind == "model"
            if self._model_failures >= MOST_MODEL_FAILURES:
                raise ModelError(f"The model fails at every document: {result.message}", "Run the job again later.")
            again = result.kind in _AGAIN and task.tries < MOST_TRIES
            state = "waiting" if again else "failed"
            self._end(TaskOutcome(task, state, result.kind, result.message, seconds=seconds))
        elif isinstance(result, Died):
            self._died(task, result, seconds, reading)
        else:
            self._end(TaskOutcome(task, "unpacked", members=result, seconds=seconds))

    def _died(self, task: Task, died: Died, seconds: float, reading: bool) -> None:
        limits = self._limits
        if died.timed_out:
            option, most = ("--timeout", limits.timeout) if reading else ("--model-timeout", limits.model_timeout)
            message = f"It took more than {most:g} s ({option})."
            self._end(TaskOutcome(task, "failed", "time_limit", message, seconds=seconds))
            return
        why = "by itself"
        if died.status is not None and died.status < 0:
            why = f"by {signal.Signals(-died.status).name}"
            if reading and -died.status in (signal.SIGABRT, signal.SIGKILL):
                why += ", perhaps for want of memory (--memory)"
        last = task.deaths + 1 >= MOST_DEATHS
        message = f"The process at work on it ended {why}."
        state = "set_aside" if last else "waiting"
        self._end(TaskOutcome(task, state, "crashed", message, seconds=seconds, died=True))

    def _end(self, outcome: TaskOutcome) -> None:
        if not self._outcomes:
            self._settled = time.monotonic()
        self._outcomes.append(outcome)

    def _due(self) -> bool:
        """Whether what has ended is to be stored now: it is enough, or old enough, or nothing else is going on."""
        ended = len(self._outcomes)
        return bool(ended) and (ended >= BATCH or ended == len(self._held) or time.monotonic() - self._settled > _PAUSE)

    def _settle(self) -> None:
        if self._outcomes:
            outcomes, self._outcomes = self._outcomes, []
            with self._timed():
                self._jobs.record_outcomes(self._job, self._owner, outcomes, who=self._who)
            self._ended += len(outcomes)
            for outcome in outcomes:
                self._held.pop(outcome.task.id, None)

    @contextlib.contextmanager
    def _timed(self) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self._stages["bookkeeping"] += time.perf_counter() - start


@contextlib.contextmanager
def stop_on_signals() -> Iterator[threading.Event]:
    """An event that Ctrl-C and SIGTERM set, instead of ending this process where it stands."""
    stop = threading.Event()
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda *_: stop.set()) for number in numbers]
    try:
        yield stop
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
