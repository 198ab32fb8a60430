"""Pictures of pages, read by OCR, become pages of a document; what is to be said of pages that say little is said here.

Each page ends as words, or as a Problem of one of these kinds, or as both:

    broken_page      the page, or the frame of a picture file, cannot be decoded or drawn
    blank_page       there is nothing on the page
    no_text          there is something on the page, but no text was found in it
    ocr_failed       OCR broke down, or took longer than PAGE_SECONDS
    low_confidence   OCR is less sure of the page than FLOOR
    poor_text_layer  the file's text for the page is not what the page shows; it was read by OCR instead
    cut_off          a part of the page is over a limit and was left out
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from extractor.geometry import Rect
from extractor.layout import find_grids, order_page
from extractor.readers.page_writer import PageWriter
from extractor.types import Problem

if TYPE_CHECKING:
    from PIL import Image

    from extractor.geometry import PlacedWord
    from extractor.ocr import ScannedPage

PAGE_SECONDS = 120.0
"""A page is not waited for longer than this; a crowded A4 page takes some seconds. `_spent` says which count."""

AT_ONCE = 2
"""Pages that are worked on at a time. OCR has all cores for the lines of one page; the other is drawn and compared."""

FLOOR = 0.75
"""A page of which OCR is less sure than this, on average, should be looked at by a person."""

Job, Result = TypeVar("Job"), TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture of page `number`; `dpi` is how many of its pixels make an inch."""

    number: int
    picture: Image.Image
    dpi: float

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in points."""
        return self.picture.width * 72 / self.dpi, self.picture.height * 72 / self.dpi


def recognised(shown: Shown) -> ScannedPage | Problem:
    """The page as OCR reads it, or a Problem where OCR breaks down."""
    from extractor import ocr

    try:
        page = ocr.read_page(shown.picture, shown.dpi)
        return replace(page, words=on_common_baselines(page.words))
    except Exception as error:  # whatever a recognition library raises on one page must not cost the others
        return Problem((), "ocr_failed", f"Page {shown.number}: OCR failed on it ({type(error).__name__}: {error}).")


def on_common_baselines(words: Sequence[PlacedWord]) -> tuple[PlacedWord, ...]:
    """The words, those on one level with one baseline: the middle one, each word counting by its length.

    What OCR takes for a word's baseline is off by a pixel or two, and more for one of dashes or of one character; for
    that the cells of a row must not seem to stand on several lines.
    """
    levels: list[list[PlacedWord]] = []
    for word in sorted(words, key=lambda word: word.baseline):
        held = levels[-1] if levels else []
        near = 0.25 * min([word.font_size, *(other.font_size for other in held)])
        if held and word.baseline - held[-1].baseline <= near and word.baseline - held[0].baseline <= 2 * near:
            held.append(word)
        else:
            levels.append([word])
    bases = {id(word): _middle(level) for level in levels for word in level}
    return tuple(replace(word, baseline=bases[id(word)]) for word in words)


def _middle(level: Sequence[PlacedWord]) -> float:
    reached, half = 0, sum(len(word.text) for word in level) / 2
    for word in level:  # in the order of their baselines
        reached += len(word.text)
        if reached >= half:
            return word.baseline
    return level[-1].baseline


def write_page(writer: PageWriter, shown: Shown, page: ScannedPage | Problem) -> list[Problem]:
    """Writes one page that was read by OCR, an empty one where that failed; what is to be said of it."""
    if isinstance(page, Problem):
        writer.page(shown.number, *shown.size, [])
        return [page]
    parts = order_page(page.words, find_grids(page.horizontal_lines, page.vertical_lines))
    writer.page(shown.number, page.width, page.height, parts, turn=page.turn)
    return problems_of(page, shown.number)


def problems_of(page: ScannedPage, number: int) -> list[Problem]:
    """What a person should know of a page that was read by OCR alone."""
    if not page.words and not page.has_ink:
        return [blank(number)]
    if not any(character.isalnum() for word in page.words for character in word.text):  # boxes and rules are no text
        message = f"Page {number} is a picture in which no text was found; look at it, or scan it again more sharply."
        return [Problem((), "no_text", message)]
    if page.confidence is not None and page.confidence < FLOOR:
        message = f"Page {number} is hard to read: OCR is {page.confidence:.0%} sure of it; scan it again more sharply."
        return [Problem((), "low_confidence", message)]
    return []


def blank(number: int) -> Problem:
    """That there is nothing on a page: no harm where it is the back of a sheet."""
    return Problem((), "blank_page", f"Page {number} is blank.")


def too_slow(number: int) -> Problem:
    """That a page was given up."""
    return Problem((), "ocr_failed", f"Page {number}: OCR took longer than {PAGE_SECONDS:.0f} seconds.")


def moved(box: Rect, turn: float, size: tuple[float, float], new_size: tuple[float, float]) -> Rect:
    """Where a box comes to stand when a page of `size` is turned clockwise by `turn` degrees into one of `new_size`.

    The page turns about its middle. A box follows whole quarter turns; of a small skew only its middle does, for what
    is in it was as askew as the page.
    """
    x, y = (box.x0 + box.x1 - size[0]) / 2, (box.top + box.bottom - size[1]) / 2
    sine, cosine = math.sin(math.radians(turn)), math.cos(math.radians(turn))
    x, y = x * cosine - y * sine + new_size[0] / 2, x * sine + y * cosine + new_size[1] / 2
    wide, high = (box.x1 - box.x0) / 2, (box.bottom - box.top) / 2
    if round(turn / 90) % 2:
        wide, high = high, wide
    return Rect(x - wide, y - high, x + wide, y + high)


def side_by_side(
    jobs: Iterable[Job], work: Callable[[Job], Result], late: Callable[[Job], Result], limit: float = PAGE_SECONDS
) -> Iterator[tuple[Job, Result]]:
    """Each job with what `work` makes of it, in order; AT_ONCE are worked on at a time, each in a thread of its own.

    Jobs are made in the thread that asks, and only a few ahead, so that neither their pictures fill the memory nor
    pdfium sees two threads. A job that takes longer than `limit` seconds ends as `late` has it.
    """
    started: dict[int, tuple[float, float]] = {}

    def timed(number: int, job: Job) -> Result:
        started[number] = time.monotonic(), time.process_time()
        return work(job)

    pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="page")
    waiting: deque = deque()

    def first() -> tuple[Job, Result]:
        number, job, future = waiting.popleft()
        while True:
            try:
                return job, future.result(timeout=min(limit, 1.0))
            except NotYet:
                if future.done():
                    return job, future.result()
                if number in started and _spent(started[number]) > limit:
                    return job, late(job)

    try:
        for number, job in enumerate(jobs):
            waiting.append((number, job, pool.submit(timed, number, job)))
            if len(waiting) > AT_ONCE:
                yield first()
        while waiting:
            yield first()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _spent(since: tuple[float, float]) -> float:
    """Seconds since then that count: on a machine with much else to do, those in which this process got to work.

    A tenth of all seconds is the least, so that what hangs without working ends too.
    """
    passed, worked = time.monotonic() - since[0], time.process_time() - since[1]
    return max(min(passed, worked), passed / 10)
