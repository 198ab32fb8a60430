"""Processes that do one call after another for the main one, each with a pipe of its own.

A call that does not return in time is ended with its process; a process that dies takes only its own call with it,
for nothing is shared between processes that could be left half written or locked.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any, NoReturn

FORK_FROM = ("extractor.jobs.children",)
"""What every new process finds imported already; it is loaded once, in the process they are all forked from."""


START_SECONDS = 300.0
"""How long a process may take to start and to begin with a call."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call to be made in a worker: `ticket` is handed back with what it returned, `seconds` how long it may take."""

    ticket: Any
    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Died:
    """What comes back for a call whose process ended: by its time limit, or by itself (`status` as of `Process`)."""

    timed_out: bool
    status: int | None = None


class Workers:
    """Up to `number` processes, started when there is work; each begins with `begin(*arguments)`.

    One is replaced after `recycle` calls, so that what a parser leaks does not pile up.
    """

    def __init__(
        self, number: int, begin: Callable[..., None], arguments: tuple[Any, ...] = (), recycle: int | None = None
    ) -> None:
        self.number = number
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(list(FORK_FROM))
        self._begin = (begin, arguments)
        self._recycle = recycle
        self._processes: list[_Process] = []
        self._calls: deque[Call] = deque()

    def give(self, call: Call) -> None:
        """Have the call made as soon as a process is free."""
        self._calls.append(call)
        self._hand_out()

    @property
    def waiting(self) -> int:
        """How many calls no process has begun."""
        return len(self._calls)

    @property
    def busy(self) -> int:
        """How many calls are being made."""
        return sum(p.call is not None for p in self._processes)

    def connections(self) -> list[Connection]:
        return [p.connection for p in self._processes if p.call is not None]

    def results(self) -> Iterator[tuple[Any, Any, float]]:
        """Ticket, result and seconds of every call that has ended by now."""
        for process in list(self._processes):
            if process.call is None:
                continue
            ticket, began, result = process.call.ticket, process.began, process.result()
            if result is process:
                continue  # still at it
            if isinstance(result, Died) or process.calls == self._recycle:
                process.end()
                self._processes.remove(process)
            self._hand_out()
            yield ticket, result, time.monotonic() - began

    def stop(self) -> None:
        """End all processes, whatever they are at."""
        self._calls.clear()
        for process in self._processes:
            process.end()
        self._processes.clear()

    def _hand_out(self) -> None:
        while self._calls:
            free = next((p for p in self._processes if p.call is None), None)
            if free is None:
                if len(self._processes) == self.number:
                    return
                free = _Process(self._context, self._begin)
                self._processes.append(free)
            free.make(self._calls.popleft())


def wait_for(workers: Iterable[Workers], seconds: float) -> None:
    """Return when a call of any of the workers has ended, and at the latest after so many seconds."""
    connections = [connection for w in workers for connection in w.connections()]
    if connections:
        wait(connections, seconds)
    else:
        time.sleep(seconds)


class _Process:
    def __init__(self, context: Any, begin: tuple[Callable[..., None], tuple[Any, ...]]) -> None:
        self.connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, begin), daemon=True)
        self._process.start()
        theirs.close()
        self.call: Call | None = None
        self.calls = 0
        self.began = 0.0
        self._begun = self._broken = False

    def make(self, call: Call) -> None:
        self.call = call
        self.calls += 1
        self.began = time.monotonic()
        self._begun = False
        try:
            self.connection.send((call.function, call.arguments))
        except OSError:
            self._broken = True

    def result(self) -> Any:
        """What the call returned, Died, or this very object while it is still being made."""
        while not self._broken and self.connection.poll():
            try:
                result = self.connection.recv()
            except (EOFError, OSError):
                self._broken = True
                break
            if self._begun:
                self.call = None
                return result
            self._begun, self.began = True, time.monotonic()  # only now: a new process takes a while to start
        if self._broken:
            self._process.join(1)
            return Died(False, self._process.exitcode)
        most = self.call.seconds if self._begun and self.call else START_SECONDS
        return Died(True) if most and time.monotonic() - self.began > most else self

    def end(self) -> None:
        self.call = None
        self.connection.close()
        self._process.kill()
        self._process.join()
        self._process.close()


def _serve(connection: Connection, begin: tuple[Callable[..., None], tuple[Any, ...]]) -> NoReturn:
    """What a process does: begin, then call after call until the main process is gone."""
    function, arguments = begin
    function(*arguments)
    while True:
        try:
            call, given = connection.recv()
        except (EOFError, OSError):
            os._exit(0)
        try:
            connection.send(None)  # begun
            connection.send(call(*given))
        except Exception:  # not printed: what it says may quote a document
            os._exit(os.EX_SOFTWARE)
