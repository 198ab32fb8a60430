"""The same job on Ray: Ray Data hands documents to a pool of readers and on to one of models, here or on a cluster.

This process keeps track as ever: it claims documents, and stores results as they come. Inside Ray's actors, files are
read and models answer in child processes with the same limits, so that no file can end an actor.
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
from extractor.jobs.runner import JobLimits, JobRunner, ModelLoader
from extractor.jobs.settings import JobSettings
from extractor.jobs.worker_tasks import ReadResult
from extractor.jobs.workers import Call, ProcessPool, WorkerDied, wait_for_results
from extractor.store import Task

ROUND = 500
"""Documents that Ray is given at a time; each round begins with new actors, which load the model."""
STORE_BYTES = 256 * 2**20
"""Memory on this machine for what is passed between actors; the rest goes to the disk."""


class RayRunner(JobRunner):
    """One process's share in a job, done by Ray: on this machine, or by the cluster at `address`."""

    def __init__(self, *arguments: Any, address: str | None = None, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._min_held = self._max_held = ROUND
        self._rows: list[dict[str, Any]] = []
        self._messages: queue.SimpleQueue[tuple[int, bytes] | BaseException | None] = queue.SimpleQueue()
        self._streaming = False
        self._ray = start_ray(address, self._limits.workers + (self._limits.models if self._load_model else 0))

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        self._ray.shutdown()

    def _claim(self) -> int:
        if self._streaming:
            return 0
        claimed = super()._claim()
        if self._rows:
            self._streaming = True
            threading.Thread(target=self._stream, args=(self._rows,), daemon=True).start()
            self._rows = []
        return claimed

    def _submit_reading(self, task: Task, document: str) -> None:
        self._rows.append({"task": task.id, "name": task.name, "document": document})

    def _ensure_version(self) -> None:
        super()._ensure_version()
        self._models.stop()  # the model was loaded here for its name and its weights; actors have their own

    def _stream(self, rows: list[dict[str, Any]]) -> None:
        """Queue what Ray makes of the rows as it comes, then None, or the error that stopped it."""
        try:
            ray = self._ray
            arguments = (self._schema.document, self._limits, self._load_model is not None)
            data = ray.data.from_items(rows, override_num_blocks=len(rows))
            readers = ray.data.ActorPoolStrategy(size=self._limits.workers)
            data = data.map(ReaderActor, fn_constructor_args=arguments, compute=readers, num_cpus=1)
            if self._load_model is not None:
                arguments = (self._schema.document, self._limits, self._load_model, self._passage_tokens)
                models = ray.data.ActorPoolStrategy(size=self._limits.models)
                gpus = 1 if ray.cluster_resources().get("GPU") else 0
                options = {"fn_constructor_args": arguments, "compute": models, "num_cpus": 1, "num_gpus": gpus}
                data = data.map_batches(ModelActor, batch_size=self._limits.batch, **options)
            for row in data.iter_rows():
                self._messages.put((row["task"], row["result"]))
            self._messages.put(None)
        except BaseException as error:
            self._messages.put(error)

    def _collect(self) -> None:
        super()._collect()
        while not self._messages.empty():
            message = self._messages.get()
            if message is None:
                self._streaming = False
            elif isinstance(message, BaseException):
                hint = "Look at Ray's logs, and run the job again."
                raise ModelError(f"Ray failed: {type(message).__name__}.", hint) from message
            else:
                number, packed = message
                result, seconds, reading = pickle.loads(packed)
                self._take(self._held[number], result, seconds, reading)


def start_ray(address: str | None, actors: int) -> Any:
    """Connect to the cluster at `address`, or start Ray on this machine for so many actors, closed to others.

    Returns the module. Raises UsageError where Ray is not installed or the cluster cannot be reached.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ["RAY_ENABLE_AUTO_CONNECT"] = "0"  # a thread that outlives a job must not start another Ray
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # the rest is in Ray's own logs
    if address is None and "ray" not in sys.modules:  # read once, when Ray is imported
        os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    try:
        import ray
        import ray.data
    except ModuleNotFoundError as error:
        raise UsageError(f"This engine needs {error.name}.", "Run `pip install 'extractor[ray]'`.") from error
    quiet = {"log_to_driver": False, "logging_level": "ERROR"}
    with _keep_signal_handlers(), _silence_stderr():
        if address is None:
            local = {"num_cpus": actors, "include_dashboard": False, "object_store_memory": STORE_BYTES}
            ray.init("local", **local, **quiet, _node_ip_address="127.0.0.1")
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
def _keep_signal_handlers() -> Iterator[None]:
    """Restore this process's signal handlers: Ray installs its own, which end the process on the spot."""
    numbers = (signal.SIGINT, signal.SIGTERM) if threading.current_thread() is threading.main_thread() else ()
    before = [(number, signal.getsignal(number)) for number in numbers]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)


@contextlib.contextmanager
def _silence_stderr() -> Iterator[None]:
    """Keep Ray from writing about its settings across a progress bar while it starts."""
    stderr, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(null)


class ReaderActor:
    """An actor that reads documents and, where no model follows, extracts from them."""

    def __init__(self, schema: dict[str, Any], limits: JobLimits, with_model: bool) -> None:
        _forget_main_module()
        settings = JobSettings.current()
        self._schema, self._limits, self._with_model = schema, limits, with_model
        niceness = settings.reader_niceness if with_model else limits.niceness
        arguments = (limits.memory, os.getpid(), niceness, limits.timeout)
        self._workers = ProcessPool(1, worker_tasks.init_reader, arguments, settings.recycle_after)

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        """Return the row's task with the pickled result, seconds and whether it is a reader's."""
        name, document = row["name"], row["document"]
        if self._with_model:
            call = Call(None, worker_tasks.read_document, (name, document), self._limits.timeout)
        else:
            arguments = (name, document, self._schema)
            call = Call(None, worker_tasks.read_and_extract, arguments, self._limits.timeout)
        self._workers.submit(call)
        [(_, result, seconds)] = _all_results(self._workers)
        return {"task": row["task"], "result": pickle.dumps((result, seconds, True))}


class ModelActor:
    """An actor that has a model answer several documents at a time."""

    def __init__(
        self, schema: dict[str, Any], limits: JobLimits, load_model: ModelLoader, passage_tokens: int | None
    ) -> None:
        _forget_main_module()
        self._schema, self._limits, self._load_model = schema, limits, load_model
        self._passage_tokens = passage_tokens
        self._workers = ProcessPool(1, worker_tasks.init_model_worker, (os.getpid(),), concurrency=limits.batch)

    def __call__(self, rows: dict[str, Any]) -> dict[str, list[Any]]:
        """Return the rows with the model's results in the place of the documents that were read."""
        tasks, results = [int(task) for task in rows["task"]], list(rows["result"])
        calls: dict[int, Call] = {}
        for n, packed in enumerate(results):
            read, _, _ = pickle.loads(packed)
            if isinstance(read, ReadResult):
                arguments = (self._load_model, read, self._schema, self._passage_tokens)
                calls[n] = Call(n, worker_tasks.extract_with_model, arguments, self._limits.model_timeout)
                self._workers.submit(calls[n])
        for n, result, seconds in _all_results(self._workers):
            has_crashed = isinstance(result, WorkerDied) and not result.timed_out
            if has_crashed and len(calls) > 1 and not calls[n].exclusive:
                calls[n] = replace(calls[n], exclusive=True)  # only the one that killed the process dies with it again
                self._workers.submit(calls[n])
            else:
                results[n] = pickle.dumps((result, seconds, False))
        return {"task": tasks, "result": results}


def _all_results(workers: ProcessPool) -> Iterator[tuple[Any, Any, float]]:
    """Yield ticket, result and seconds of all calls, as they end."""
    while workers.running or workers.queued:
        wait_for_results([workers], 1.0)
        yield from workers.results()


def _forget_main_module() -> None:
    """Keep child processes from importing Ray's own main module, which they do not need."""
    sys.modules["__main__"].__file__ = None
