"""A pool of processes for the calls of this one's threads: each call gets a future, and one that hangs is ended."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from multiprocessing.connection import wait
from typing import Any

from extractor.jobs.worker_tasks import init_reader
from extractor.jobs.workers import Call, ProcessPool, WorkerDied
from extractor.review.errors import RefusalKind, ReviewError

MAX_CALLS = 200
"""A process is replaced after this many calls, so that memory which a parser leaks does not pile up."""
POLL_SECONDS = 0.5
JOIN_SECONDS = 10
NICE = 5
"""By how much the processes lower their priority: requests are answered first, uploads are extracted last."""


class WorkerPool:
    """Up to `number` processes with `memory` MB each, started when there is work and kept."""

    def __init__(self, number: int, memory: int) -> None:
        self._workers = ProcessPool(number, init_reader, (memory, os.getpid(), NICE), MAX_CALLS)
        self._calls: deque[Call] = deque()
        self._stopped = False
        self._lock = threading.Lock()
        self._wake_receiver, self._wake_sender = multiprocessing.Pipe(duplex=False)
        self._thread = threading.Thread(target=self._run, name="worker-pool", daemon=True)
        self._thread.start()

    def submit(self, function: Callable[..., Any], *arguments: Any, seconds: float) -> Future[Any]:
        """Return a future of what the call returns.

        It gets a ReviewError (`gone`) where the process ends before the call returns, or the call takes longer than
        `seconds`. Raises ReviewError (`busy`) where the pool is closed.
        """
        future: Future[Any] = Future()
        with self._lock:
            if self._stopped:
                raise ReviewError(RefusalKind.BUSY, "The server is shutting down.")
            self._calls.append(Call(future, function, arguments, seconds))
            self._wake_sender.send_bytes(b"1")
        return future

    def close(self) -> None:
        """End all processes; the futures of calls that have not ended get a ReviewError (`busy`)."""
        with self._lock:
            self._stopped = True
            with contextlib.suppress(OSError):
                self._wake_sender.send_bytes(b"1")
        self._thread.join(JOIN_SECONDS)

    def _run(self) -> None:
        open_calls: set[Future[Any]] = set()
        try:
            while not self._stopped:
                self._hand_out(open_calls)
                wait([self._wake_receiver, *self._workers.connections()], POLL_SECONDS)
                while self._wake_receiver.poll():
                    self._wake_receiver.recv_bytes()
                for future, result, _ in self._workers.results():
                    open_calls.discard(future)
                    if isinstance(result, WorkerDied):
                        future.set_exception(_process_ended(result))
                    else:
                        future.set_result(result)
        finally:
            self._workers.stop()
            with self._lock:
                self._stopped = True
                open_calls |= {call.ticket for call in self._calls}
            for future in open_calls:
                future.set_exception(ReviewError(RefusalKind.BUSY, "The server is shutting down."))

    def _hand_out(self, open_calls: set[Future[Any]]) -> None:
        with self._lock:
            calls = list(self._calls)
            self._calls.clear()
        for call in calls:
            open_calls.add(call.ticket)
            self._workers.submit(call)


def _process_ended(died: WorkerDied) -> ReviewError:
    """Return the refusal for a call whose process ended before it returned."""
    if died.timed_out:
        return ReviewError(RefusalKind.GONE, "The document took too long to show.")
    return ReviewError(RefusalKind.GONE, "The document cannot be shown: the process reading it ended unexpectedly.")
