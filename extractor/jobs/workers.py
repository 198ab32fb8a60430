"""Processes that do one call after another for the main one, each with a pipe of its own.

A call that does not return in time is ended with its process; a process that dies takes only its own calls with it,
for nothing is shared between processes that could be left half written or locked.
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

FORK_FROM = ("extractor.jobs.worker_tasks",)
"""What every new process finds imported already; it is loaded once, in the process they are all forked from."""


START_SECONDS = 300.0
"""How long a process may take to start and to begin with a call."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call to be made in a worker: `ticket` is handed back with what it returned, `seconds` how long it may take;
    while one that is to be made `alone` is made, its process makes no other.
    """

    ticket: Any
    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    seconds: float | None = None
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Died:
    """What comes back for a call whose process ended: by its time limit, or by itself (`status` as of `Process`)."""

    timed_out: bool
    status: int | None = None


class Workers:
    """Up to `number` processes, started when there is work; each begins with `begin(*arguments)`.

    One is replaced after `recycle` calls, so that what a parser leaks does not pile up. Each makes up to `abreast`
    calls at a time, in threads; when it dies, that is what all of them come to.
    """

    def __init__(
        self,
        number: int,
        begin: Callable[..., None],
        arguments: tuple[Any, ...] = (),
        recycle: int | None = None,
        abreast: int = 1,
    ) -> None:
        self.number = number
        self.abreast = abreast
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
        return sum(len(p.calls) for p in self._processes)

    def connections(self) -> list[Connection]:
        return [p.connection for p in self._processes if p.calls]

    def results(self) -> Iterator[tuple[Any, Any, float]]:
        """Ticket, result and seconds of every call that has ended by now."""
        for process in list(self._processes):
            ended = process.results()
            died = process.broken or any(isinstance(result, Died) for _, result, _ in ended)
            if died or (self._recycle is not None and process.made >= self._recycle and not process.calls):
                self._calls.extendleft(reversed(process.calls.values()))  # another one was too slow, and they are not
                process.end()
                self._processes.remove(process)
            self._hand_out()
            yield from ((call.ticket, result, seconds) for call, result, seconds in ended)

    def stop(self) -> None:
        """End all processes, whatever they are at."""
        self._calls.clear()
        for process in self._processes:
            process.end()
        self._processes.clear()

    def _hand_out(self) -> None:
        while self._calls:
            free = min(
                (p for p in self._processes if self._takes(p, self._calls[0])), key=lambda p: len(p.calls), default=None
            )
            if (free is None or free.calls) and len(self._processes) < self.number:
                free = _Process(self._context, self._begin, self.abreast)
                self._processes.append(free)
            if free is None:
                return
            free.make(self._calls.popleft())

    def _takes(self, process: _Process, call: Call) -> bool:
        """Whether the process can begin with the call."""
        if self._recycle is not None and process.made >= self._recycle:
            return False
        if call.alone or any(other.alone for other in process.calls.values()):
            return not process.calls
        return len(process.calls) < self.abreast


def wait_for(workers: Iterable[Workers], seconds: float) -> None:
    """Return when a call of any of the workers has ended, and at the latest after so many seconds."""
    connections = [connection for w in workers for connection in w.connections()]
    if connections:
        wait(connections, seconds)
    else:
        time.sleep(seconds)


class _Process:
    def __init__(self, context: Any, begin: tuple[Callable[..., None], tuple[Any, ...]], abreast: int) -> None:
        self.connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, begin, abreast), daemon=True)
        self._process.start()
        theirs.close()
        self.calls: dict[int, Call] = {}
        self.made = 0
        self._began: dict[int, float] = {}
        self._given: dict[int, float] = {}
        self.broken = False

    def make(self, call: Call) -> None:
        number, self.made = self.made, self.made + 1
        self.calls[number] = call
        self._given[number] = time.monotonic()
        try:
            self.connection.send((number, call.function, call.arguments))
        except OSError:
            self.broken = True

    def results(self) -> list[tuple[Call, Any, float]]:
        """The calls that have ended, with what each returned or Died, and its seconds."""
        ended: list[tuple[Call, Any, float]] = []
        while not self.broken and self.connection.poll():
            try:
                number, begun, result = self.connection.recv()
            except (EOFError, OSError):
                self.broken = True
                break
            if begun:  # its time runs only from now: a new process takes a while to start
                self._began[number] = time.monotonic()
            else:
                ended.append(self._ended(number, result))
        if self.broken and self.calls:
            self._process.join(1)
            ended += [self._ended(number, Died(False, self._process.exitcode)) for number in list(self.calls)]
        ended += [self._ended(number, Died(True)) for number in list(self.calls) if self._too_long(number)]
        return ended

    def _too_long(self, number: int) -> bool:
        began, most = self._began.get(number), self.calls[number].seconds
        if began is None:
            began, most = self._given[number], START_SECONDS
        return most is not None and time.monotonic() - began > most

    def _ended(self, number: int, result: Any) -> tuple[Call, Any, float]:
        given = self._given.pop(number)
        return self.calls.pop(number), result, time.monotonic() - self._began.pop(number, given)

    def end(self) -> None:
        self.calls.clear()
        self.connection.close()
        self._process.kill()
        self._process.join()
        self._process.close()


def _serve(connection: Connection, begin: tuple[Callable[..., None], tuple[Any, ...]], abreast: int) -> NoReturn:
    """What a process does: begin, then call after call until the main process is gone."""
    function, arguments = begin
    function(*arguments)
    turn = threading.Lock()

    def make(number: int, call: Callable[..., Any], given: tuple[Any, ...]) -> None:
        try:
            with turn:
                connection.send((number, True, None))
            result = call(*given)
            with turn:
                connection.send((number, False, result))
        except BaseException:  # not printed: what it says may quote a document
            os._exit(os.EX_SOFTWARE)

    while True:
        try:
            call = connection.recv()
        except (EOFError, OSError):
            os._exit(0)
        if abreast == 1:
            make(*call)
        else:
            threading.Thread(target=make, args=call, daemon=True).start()
