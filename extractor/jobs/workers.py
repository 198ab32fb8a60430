"""A pool of worker processes that survive whatever a document does to them, each with a pipe of its own.

A call that runs longer than its timeout ends together with its process; a process that dies takes only its own calls
with it. Nothing is shared between the workers, so none of them can leave a lock held or a message half written for the
others.

Libraries that were tried instead: Pebble 5.2 sends the calls and results of all workers through one pair of pipes with
locks. A worker that is killed while it sends a result (out of memory, a segmentation fault) keeps the lock, and every
other call fails a minute later with BrokenProcessPool; so does a worker that is killed while it is idle. loky gives up
every pending call when one worker dies, and has no timeout for each call. Neither lets one process make several calls
at a time, which a model needs to answer several documents in one pass.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any, NoReturn

PRELOADED_MODULES = ("extractor.jobs.worker_tasks",)
"""Modules that every new process finds imported: the fork server, from which all are forked, loads them once."""
START_SECONDS = 300.0
"""Time limit for a process to start and to begin with a call."""


@dataclass(frozen=True, slots=True)
class Call:
    """A function call to be made in a worker.

    `ticket` is handed back with the result. `timeout` is in seconds, None for no limit. An `exclusive` call has its
    process to itself.
    """

    ticket: Any
    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    timeout: float | None = None
    exclusive: bool = False


@dataclass(frozen=True, slots=True)
class WorkerDied:
    """The result of a call whose process was ended for exceeding the timeout, or ended by itself.

    `exit_code` is that of `multiprocessing.Process`: negative for a signal, None where it is not known.
    """

    timed_out: bool
    exit_code: int | None = None


class ProcessPool:
    """Up to `size` worker processes, started when there is work; each of them first calls `initializer(*arguments)`.

    A worker is replaced after `recycle_after` calls, so that memory that a parser leaks does not pile up. Each makes up
    to `concurrency` calls at a time, in threads; when it dies, all of these calls end with WorkerDied.
    """

    def __init__(
        self,
        size: int,
        initializer: Callable[..., None],
        arguments: tuple[Any, ...] = (),
        recycle_after: int | None = None,
        concurrency: int = 1,
    ) -> None:
        self.size = size
        self.concurrency = concurrency
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(list(PRELOADED_MODULES))
        self._initializer = (initializer, arguments)
        self._recycle_after = recycle_after
        self._workers: list[_Worker] = []
        self._queue: deque[Call] = deque()

    def submit(self, call: Call) -> None:
        """Queue the call; it is made as soon as a worker is free."""
        self._queue.append(call)
        self._dispatch()

    @property
    def queued(self) -> int:
        """The number of calls that no worker has been given yet."""
        return len(self._queue)

    @property
    def running(self) -> int:
        """The number of calls that workers are making."""
        return sum(len(worker.calls) for worker in self._workers)

    def connections(self) -> list[Connection]:
        """Return the pipes of the workers that are making calls, to wait for."""
        return [worker.connection for worker in self._workers if worker.calls]

    def results(self) -> Iterator[tuple[Any, Any, float]]:
        """Yield ticket, result (or WorkerDied) and seconds of every call that has ended by now."""
        for worker in list(self._workers):
            ended = worker.results()
            died = worker.broken or any(isinstance(result, WorkerDied) for _, result, _ in ended)
            if died or (self._is_worn_out(worker) and not worker.calls):
                self._queue.extendleft(reversed(worker.calls.values()))  # another call timed out; these are made again
                worker.end()
                self._workers.remove(worker)
            self._dispatch()
            yield from ((call.ticket, result, seconds) for call, result, seconds in ended)

    def stop(self) -> None:
        """Kill all workers, whatever they are doing, and forget the queued calls."""
        self._queue.clear()
        for worker in self._workers:
            worker.end()
        self._workers.clear()

    def _dispatch(self) -> None:
        """Give queued calls to the least busy workers, and start workers while there are too few."""
        for worker in [worker for worker in self._workers if self._queue and not worker.calls and worker.has_exited()]:
            worker.end()
            self._workers.remove(worker)
        while self._queue:
            candidates = (worker for worker in self._workers if self._accepts(worker, self._queue[0]))
            free = min(candidates, key=lambda worker: len(worker.calls), default=None)
            if (free is None or free.calls) and len(self._workers) < self.size:
                free = _Worker(self._context, self._initializer, self.concurrency)
                self._workers.append(free)
            if free is None:
                return
            free.make(self._queue.popleft())

    def _accepts(self, worker: _Worker, call: Call) -> bool:
        """Decide whether the worker can begin with the call now."""
        if self._is_worn_out(worker):
            return False
        if call.exclusive or any(other.exclusive for other in worker.calls.values()):
            return not worker.calls
        return len(worker.calls) < self.concurrency

    def _is_worn_out(self, worker: _Worker) -> bool:
        return self._recycle_after is not None and worker.made >= self._recycle_after


def wait_for_results(pools: Iterable[ProcessPool], seconds: float) -> None:
    """Return when a call in any of the pools has ended, and after `seconds` at the latest."""
    connections = [connection for pool in pools for connection in pool.connections()]
    if connections:
        wait(connections, seconds)
    else:
        time.sleep(seconds)


class _Worker:
    """The main process's side of one worker process: its pipe, its calls and their clocks."""

    def __init__(
        self, context: Any, initializer: tuple[Callable[..., None], tuple[Any, ...]], concurrency: int
    ) -> None:
        self.connection, remote = context.Pipe()
        self._process = context.Process(target=_serve, args=(remote, initializer, concurrency), daemon=True)
        self._process.start()
        remote.close()
        self.calls: dict[int, Call] = {}
        self.made = 0
        self.broken = False
        self._sent: dict[int, float] = {}
        self._began: dict[int, float] = {}

    def make(self, call: Call) -> None:
        """Send the call to the process."""
        number, self.made = self.made, self.made + 1
        self.calls[number] = call
        self._sent[number] = time.monotonic()
        try:
            self.connection.send((number, call.function, call.arguments))
        except OSError:
            self.broken = True

    def results(self) -> list[tuple[Call, Any, float]]:
        """Return the calls that have ended, with what each returned (or WorkerDied) and its seconds."""
        ended: list[tuple[Call, Any, float]] = []
        while not self.broken and self.connection.poll():
            try:
                number, has_begun, result = self.connection.recv()
            except (EOFError, OSError):
                self.broken = True
                break
            if has_begun:  # the clock starts only now: a new process takes a while to start
                self._began[number] = time.monotonic()
            else:
                ended.append(self._ended(number, result))
        if self.broken and self.calls:
            self._process.join(1)
            ended += [self._ended(number, WorkerDied(False, self._process.exitcode)) for number in list(self.calls)]
        ended += [self._ended(number, WorkerDied(True)) for number in list(self.calls) if self._is_overdue(number)]
        return ended

    def has_exited(self) -> bool:
        """Decide whether the process of a worker without calls has ended: nothing but its end comes through its pipe.

        The fork server tells of an end later, on a busy machine much later, and a call sent until then would be lost.
        """
        return self.connection.poll() or not self._process.is_alive()

    def _is_overdue(self, number: int) -> bool:
        since, limit = self._began.get(number), self.calls[number].timeout
        if since is None:
            since, limit = self._sent[number], START_SECONDS
        return limit is not None and time.monotonic() - since > limit

    def _ended(self, number: int, result: Any) -> tuple[Call, Any, float]:
        sent = self._sent.pop(number)
        return self.calls.pop(number), result, time.monotonic() - self._began.pop(number, sent)

    def end(self) -> None:
        """Kill the process and wait until it is gone."""
        self.calls.clear()
        self.connection.close()
        self._process.kill()
        self._process.join()
        self._process.close()


def _serve(
    connection: Connection, initializer: tuple[Callable[..., None], tuple[Any, ...]], concurrency: int
) -> NoReturn:
    """Run a worker process: initialize it, then make call after call until the main process is gone."""
    initialize, arguments = initializer
    initialize(*arguments)
    sending = threading.Lock()

    def make(number: int, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        try:
            with sending:
                connection.send((number, True, None))
            result = function(*arguments)
            with sending:
                connection.send((number, False, result))
        except BaseException:  # not printed: its message may quote a document
            os._exit(os.EX_SOFTWARE)

    while True:
        try:
            call = connection.recv()
        except (EOFError, OSError):
            os._exit(0)
        if concurrency == 1:
            make(*call)
        else:
            threading.Thread(target=make, args=call, daemon=True).start()
