"""Works on several pages at a time, each in a thread of its own, and gives up what takes too long: pages, documents."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from contextvars import copy_context
from dataclasses import dataclass
from typing import TypeVar

from extractor.settings import Settings, threshold

PAGE_SECONDS = 120.0
"""The longest time for a page; a crowded A4 page takes some seconds. `_seconds_that_count` says which seconds count."""

CONCURRENT_PAGES = 2
"""Pages that are worked on at a time. OCR uses all cores for the lines of one page; the other is drawn and compared."""

_POLL_SECONDS = 1.0

Job, Result = TypeVar("Job"), TypeVar("Result")


@dataclass(frozen=True)
class ReadingTimeSettings(Settings):
    """How long a document may be read by OCR, all of its pages together."""

    seconds_at_work: float = threshold(
        1800.0,
        unit="seconds",
        meaning="after so many of this process at work, no further page is read by OCR; a page takes two to five",
    )
    seconds: float = threshold(
        math.inf, unit="seconds", meaning="... and after so many on the clock; a job has a time limit", others=()
    )


class TimeBudget:
    """The time that OCR may take for the pages of one document, from now on."""

    def __init__(self) -> None:
        self._began = time.monotonic(), time.process_time()
        self._settings = ReadingTimeSettings.current()

    @property
    def is_spent(self) -> bool:
        """Whether no further page is to be read by OCR."""
        is_late = time.monotonic() - self._began[0] > self._settings.seconds
        return is_late or _seconds_that_count(self._began) > self._settings.seconds_at_work


def map_pages(
    jobs: Iterable[Job], work: Callable[[Job], Result], give_up: Callable[[Job], Result], limit: float = PAGE_SECONDS
) -> Iterator[tuple[Job, Result]]:
    """Yield each job with what `work` makes of it, in order; one that takes longer than `limit` seconds with `give_up`.

    Jobs are made in the calling thread and only a few ahead, so that their pictures do not fill the memory and pdfium
    does not see two threads.
    """
    started: dict[int, tuple[float, float]] = {}

    def run(number: int, job: Job) -> Result:
        started[number] = time.monotonic(), time.process_time()
        return work(job)

    pool = ThreadPoolExecutor(CONCURRENT_PAGES, thread_name_prefix="page")
    waiting: deque = deque()

    def take_first() -> tuple[Job, Result]:
        number, job, future = waiting.popleft()
        while True:
            try:
                return job, future.result(timeout=min(limit, _POLL_SECONDS))
            except NotYet:
                if future.done():
                    return job, future.result()
                if number in started and _seconds_that_count(started[number]) > limit:
                    return job, give_up(job)

    try:
        for number, job in enumerate(jobs):
            # Threads of a pool do not inherit the context, in which replaced settings are.
            waiting.append((number, job, pool.submit(copy_context().run, run, number, job)))
            if len(waiting) > CONCURRENT_PAGES:
                yield take_first()
        while waiting:
            yield take_first()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _seconds_that_count(since: tuple[float, float]) -> float:
    """Return the seconds since then in which this process was at work, on a machine that may have much else to do.

    At least a tenth of all seconds count, so that a page on which a thread hangs without working ends too.
    """
    passed, worked = time.monotonic() - since[0], time.process_time() - since[1]
    return max(min(passed, worked), passed / 10)
