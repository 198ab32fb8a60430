"""Calls made in processes beside this one, for any of its threads: each gets a future; one that hangs is ended."""

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

from extractor.jobs.worker_tasks import begin_reading
from extractor.jobs.workers import Call, Died, Workers
from extractor.review.errors import ReviewError

RECYCLE = 200
"""After so many calls a process is replaced: what a parser leaks does not pile up."""
_TICK = 0.5


class Pool:
    """Up to `number` processes with `memory` MB each, started when there is work and kept."""

    def __init__(self, number: int, memory: int) -> None:
        self._workers = Workers(number, begin_reading, (memory, os.getpid()), RECYCLE)
        self._calls: deque[Call] = deque()
        self._stopped = False
        self._lock = threading.Lock()
        self._woken, self._wake = multiprocessing.Pipe(duplex=False)
        self._thread = threading.Thread(target=self._work, name="pool", daemon=True)
        self._thread.start()

    def submit(self, function: Callable[..., Any], *arguments: Any, seconds: float) -> Future[Any]:
        """Return a future of what the call returns; ReviewError where its process died or was too slow."""
        future: Future[Any] = Future()
        with self._lock:
            if self._stopped:
                raise ReviewError("busy", "The program is being ended.")
            self._calls.append(Call(future, function, arguments, seconds))
            self._wake.send_bytes(b"1")
        return future

    def close(self) -> None:
        """End all processes; calls that have not ended are told so."""
        with self._lock:
            self._stopped = True
            with contextlib.suppress(OSError):
                self._wake.send_bytes(b"1")
        self._thread.join(10)

    def _work(self) -> None:
        open_calls: set[Future[Any]] = set()
        try:
            while not self._stopped:
                self._hand_out(open_calls)
                wait([self._woken, *self._workers.connections()], _TICK)
                while self._woken.poll():
                    self._woken.recv_bytes()
                for future, result, _ in self._workers.results():
                    open_calls.discard(future)
                    if isinstance(result, Died):
                        future.set_exception(_died(result))
                    else:
                        future.set_result(result)
        finally:
            self._workers.stop()
            with self._lock:
                self._stopped = True
                open_calls |= {call.ticket for call in self._calls}
            for future in open_calls:
                future.set_exception(ReviewError("busy", "The program is being ended."))

    def _hand_out(self, open_calls: set[Future[Any]]) -> None:
        with self._lock:
            calls = list(self._calls)
            self._calls.clear()
        for call in calls:
            open_calls.add(call.ticket)
            self._workers.give(call)


def _died(died: Died) -> ReviewError:
    if died.timed_out:
        return ReviewError("gone", "It took too long to be shown.")
    return ReviewError("gone", "It cannot be shown: the process that was to do so ended by itself.")
