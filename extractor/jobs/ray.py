"""The same work on Ray: Ray Data hands documents to a pool of readers and on to one of models, here or on a cluster.

This process keeps the books as it always does: it claims, and stores what comes back as it comes. In Ray's actors,
files are read and models answer in child processes of their own, with the same limits, so that no file ends an actor.
"""

from __future__ import annotations

import contextlib
import logging
import os
import pickle
import queue
import secrets
import signal
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from extractor.errors import ModelError, UsageError
from extractor.jobs import worker_tasks
from extractor.jobs.runner import RECYCLE, JobLimits, JobRunner, ModelLoader
from extractor.jobs.worker_tasks import Failure, Read
from extractor.jobs.workers import Call, Died, Workers, wait_for
from extractor.store import Task

ROUND = 500
"""Documents that Ray is given at a time; each round begins with new actors, which load the model."""
STORE_BYTES = 256 * 2**20
"""Memory for what is between the actors on this machine; more goes to the disk."""


class RayRunner(JobRunner):
    """One process's share in a job, done by Ray: on this machine, or at `address` with its cluster."""

    def __init__(self, *given: Any, address: str | None = None, **options: Any) -> None:
        super().__init__(*given, **options)
        self._least = self._most = ROUND
        self._rows: list[dict[str, Any]] = []
        self._told: queue.SimpleQueue[tuple[int, bytes] | BaseException | None] = queue.SimpleQueue()
        self._running = False
        self._ray = begin(address, self._limits.workers + (self._limits.models if self._make else 0))

    def __exit__(self, *given: object) -> None:
        super().__exit__(*given)
        self._ray.shutdown()

    def _claim(self) -> int:
        if self._running:
            return 0
        claimed = super()._claim()
        if self._rows:
            self._running = True
            threading.Thread(target=self._stream, args=(self._rows,), daemon=True).start()
            self._rows = []
        return claimed

    def _give_to_read(self, task: Task, document: str) -> None:
        self._rows.append({"task": task.id, "name": task.name, "document": document})

    def _make_ready(self) -> None:
        super()._make_ready()
        self._models.stop()  # it was loaded here for its name and its weights; the actors have their own

    def _stream(self, rows: list[dict[str, Any]]) -> None:
        """Put what Ray makes of the rows into the queue as it comes, then None, or what stopped it."""
        try:
            ray = self._ray
            given = (self._schema.document, self._limits, self._make is not None)
            data = ray.data.from_items(rows, override_num_blocks=len(rows))
            readers = ray.data.ActorPoolStrategy(size=self._limits.workers)
            data = data.map(Reader, fn_constructor_args=given, compute=readers, num_cpus=1)
            if self._make is not None:
                given = (self._schema.document, self._limits, self._make, self._passage_tokens)
                models = ray.data.ActorPoolStrategy(size=self._limits.models)
                gpus = 1 if ray.cluster_resources().get("GPU") else 0
                own = {"fn_constructor_args": given, "compute": models, "num_cpus": 1, "num_gpus": gpus}
                data = data.map_batches(Answerer, batch_size=self._limits.batch, **own)
            for row in data.iter_rows():
                self._told.put((row["task"], row["told"]))
            self._told.put(None)
        except BaseException as error:
            self._told.put(error)

    def _collect(self) -> None:
        super()._collect()
        while not self._told.empty():
            told = self._told.get()
            if told is None:
                self._running = False
            elif isinstance(told, BaseException):
                raise ModelError(f"Ray failed: {type(told).__name__}.", "Look at its logs, and run it again.") from told
            else:
                number, packed = told
                result, seconds, reading = pickle.loads(packed)
                self._take(self._held[number], result, seconds, reading)


def begin(address: str | None, actors: int) -> Any:
    """Ray, connected to the cluster at an address, or started on this machine for so many actors and closed to others.

    Raises UsageError where it is not installed or the cluster is not there.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ["RAY_ENABLE_AUTO_CONNECT"] = "0"  # a thread that outlives a job must not start another Ray
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # what it has to say is in its own logs
    if address is None and "ray" not in sys.modules:  # read once, when Ray is imported
        os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    try:
        import ray
        import ray.data
    except ModuleNotFoundError as error:
        raise UsageError(f"This engine needs {error.name}.", "Run `pip install 'extractor[ray]'`.") from error
    quiet = {"log_to_driver": False, "logging_level": "ERROR"}
    with _own_signals(), _unheard():
        if address is None:
            own = {"num_cpus": actors, "include_dashboard": False, "object_store_memory": STORE_BYTES}
            ray.init("local", **own, **quiet, _node_ip_address="127.0.0.1")
        else:
            try:
                ray.init(address, **quiet)
            except ConnectionError as error:
                hint = "Start one with `ray start --head`."
                raise UsageError(f"There is no Ray cluster at {address}.", hint) from error
    ray.data.DataContext.get_current().enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    return ray


@contextlib.contextmanager
def _own_signals() -> Iterator[None]:
    """Keep what this process does on a signal: Ray puts its own in the place, which ends it where it stands."""
    numbers = (signal.SIGINT, signal.SIGTERM) if threading.current_thread() is threading.main_thread() else ()
    before = [(number, signal.getsignal(number)) for number in numbers]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)


@contextlib.contextmanager
def _unheard() -> Iterator[None]:
    """Keep Ray from writing on top of a progress bar while it starts, about its own settings."""
    heard, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(heard, 2)
        os.close(heard)
        os.close(nowhere)


class Reader:
    """An actor that has documents read; without a model also has structure answer."""

    def __init__(self, schema: dict[str, Any], limits: JobLimits, to_be_asked: bool) -> None:
        _no_main()
        self._schema, self._limits, self._to_be_asked = schema, limits, to_be_asked
        self._workers = Workers(
            1,
            worker_tasks.begin_reading,
            (limits.memory, os.getpid(), worker_tasks.BEHIND if to_be_asked else 0),
            RECYCLE,
        )

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        name, document = row["name"], row["document"]
        if self._to_be_asked:
            call = Call(None, worker_tasks.read, (name, document), self._limits.timeout)
        else:
            call = Call(None, worker_tasks.read_and_extract, (name, document, self._schema), self._limits.timeout)
        return {"task": row["task"], "told": pickle.dumps((*_made(self._workers, call), True))}


class Answerer:
    """An actor that has a model answer."""

    def __init__(
        self, schema: dict[str, Any], limits: JobLimits, make: ModelLoader, passage_tokens: int | None
    ) -> None:
        _no_main()
        self._schema, self._limits, self._make, self._passage_tokens = schema, limits, make, passage_tokens
        self._workers = Workers(1, worker_tasks.begin_answering, (os.getpid(),), abreast=limits.batch)

    def __call__(self, rows: dict[str, Any]) -> dict[str, list[Any]]:
        tasks, told = [int(task) for task in rows["task"]], list(rows["told"])
        calls: dict[int, Call] = {}
        for n, packed in enumerate(told):
            read, _, _ = pickle.loads(packed)
            if isinstance(read, Read):
                arguments = (self._make, read, self._schema, self._passage_tokens)
                call = Call(n, worker_tasks.answer, arguments, self._limits.model_timeout)
                calls[n] = call
                self._workers.give(call)
        for n, result, seconds in _results(self._workers):
            if isinstance(result, Died) and not result.timed_out and len(calls) > 1 and not calls[n].alone:
                calls[n] = replace(calls[n], alone=True)  # only the one that killed the process dies with it again
                self._workers.give(calls[n])
            else:
                told[n] = pickle.dumps((result, seconds, False))
        return {"task": tasks, "told": told}


def _made(workers: Workers, call: Call) -> tuple[Any | Failure | Died, float]:
    """What a call returned, and its seconds."""
    workers.give(call)
    [(_, result, seconds)] = _results(workers)
    return result, seconds


def _results(workers: Workers) -> Iterator[tuple[Any, Any, float]]:
    """The results of all calls, as they come."""
    while workers.busy or workers.waiting:
        wait_for([workers], 1.0)
        yield from workers.results()


def _no_main() -> None:
    """Keep child processes from importing Ray's own main module, which is none of theirs."""
    sys.modules["__main__"].__file__ = None
