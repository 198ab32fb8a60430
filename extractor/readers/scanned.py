"""Pictures of pages are read by OCR and become pages of a document; what is wrong with a page becomes a Problem.

Each page ends as words, or as a Problem of one of these kinds, or as both:

    broken_page      the page, or the frame of a picture file, cannot be decoded or rendered
    blank_page       there is nothing on the page
    no_text          there is something on the page, but no text was found in it
    ocr_failed       OCR failed, or took longer than `page_pool.PAGE_SECONDS`
    not_read         the pages before took all the time that there was for the document (`page_pool.TimeBudget`)
    low_confidence   OCR is not sure of the page
    poor_text_layer  the file's text for the page is not what the page shows; it was read by OCR instead
    cut_off          a part of the page is over a limit and was left out
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from extractor.geometry import Rect
from extractor.layout import find_grids, order_page
from extractor.problems import ProblemKind
from extractor.readers.limits import describe_library_error
from extractor.readers.page_pool import PAGE_SECONDS
from extractor.readers.page_writer import PageWriter
from extractor.settings import Settings, rule, threshold
from extractor.types import Problem

if TYPE_CHECKING:
    from PIL import Image

    from extractor.geometry import PlacedWord
    from extractor.ocr import ScannedPage


@dataclass(frozen=True)
class ScannedPageSettings(Settings):
    """What is done with what OCR read on a page."""

    align_baselines: bool = rule(
        True, meaning="give the words of one line one baseline", chosen="eval/LOG.md, 2026-11-25, forms as pictures"
    )
    sure_page: float = threshold(
        0.75, meaning="a page of which OCR is less sure than this, on average, should be looked at by a person"
    )
    baseline_tolerance: float = threshold(
        0.25,
        unit="font sizes",
        meaning="baselines of words on one line differ by less from one to the next, and by twice this in all",
        chosen="eval/LOG.md, 2026-11-25, forms as pictures",
    )


@dataclass(frozen=True, slots=True)
class PageImage:
    """A picture of page `number`; `dpi` is how many of its pixels make an inch."""

    number: int
    picture: Image.Image
    dpi: float

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in points."""
        return self.picture.width * 72 / self.dpi, self.picture.height * 72 / self.dpi

    @property
    def scale(self) -> float:
        """Pixels to the point."""
        return self.dpi / 72


def read_page_image(image: PageImage) -> ScannedPage | Problem:
    """Return the page as OCR reads it, or a Problem where OCR fails."""
    from extractor import ocr

    aligns = ScannedPageSettings.current().align_baselines
    try:
        page = ocr.read_page(image.picture, image.dpi)
        return replace(page, words=align_baselines(page.words)) if aligns else page
    except Exception as error:  # what a recognition library raises on one page must not cost the others
        message = (
            f"Page {image.number}: OCR failed on it ({type(error).__name__}: {describe_library_error(error)}); "
            "enter its values by hand, or scan it again."
        )
        return Problem((), ProblemKind.OCR_FAILED, message)


def align_baselines(words: Sequence[PlacedWord]) -> tuple[PlacedWord, ...]:
    """Return the words, those on one line with one baseline: the median, each word weighted by its length.

    The baseline that OCR finds for a word is off by a pixel or two, and by more for a word of dashes or of one
    character; the cells of a row must not seem to stand on several lines for that.
    """
    tolerance = ScannedPageSettings.current().baseline_tolerance
    lines: list[list[PlacedWord]] = []
    for word in sorted(words, key=lambda word: word.baseline):
        line = lines[-1] if lines else []
        near = tolerance * min([word.font_size, *(other.font_size for other in line)])
        if line and word.baseline - line[-1].baseline <= near and word.baseline - line[0].baseline <= 2 * near:
            line.append(word)
        else:
            lines.append([word])
    baselines = {id(word): _median_baseline(line) for line in lines for word in line}
    return tuple(replace(word, baseline=baselines[id(word)]) for word in words)


def _median_baseline(line: Sequence[PlacedWord]) -> float:
    """Return the weighted median of the baselines of words that are sorted by them."""
    counted, half = 0, sum(len(word.text) for word in line) / 2
    for word in line:
        counted += len(word.text)
        if counted >= half:
            return word.baseline
    return line[-1].baseline


def write_scanned_page(writer: PageWriter, image: PageImage, page: ScannedPage | Problem) -> list[Problem]:
    """Write a page that was read by OCR, an empty one where that failed, and return its problems."""
    if isinstance(page, Problem):
        writer.write_page(image.number, *image.size, [])
        return [page]
    blocks = order_page(page.words, find_grids(page.horizontal_lines, page.vertical_lines), page.horizontal_lines)
    writer.write_page(image.number, page.width, page.height, blocks, turn=page.turn)
    return scanned_page_problems(page, image.number)


def scanned_page_problems(page: ScannedPage, number: int) -> list[Problem]:
    """Return what a person should know about a page that was read by OCR alone."""
    if not page.words and not page.has_ink:
        return [blank_page(number)]
    if not any(character.isalnum() for word in page.words for character in word.text):  # boxes and rules are no text
        message = f"Page {number} is a picture in which no text was found; look at it, or scan it again more sharply."
        return [Problem((), ProblemKind.NO_TEXT, message)]
    if page.confidence is not None and page.confidence < ScannedPageSettings.current().sure_page:
        message = (
            f"Page {number} is hard to read: OCR is {page.confidence:.0%} sure of it; check its values, or scan it "
            "again more sharply."
        )
        return [Problem((), ProblemKind.LOW_CONFIDENCE, message)]
    return []


def blank_page(number: int) -> Problem:
    """Return the problem of a page with nothing on it, which does no harm where it is the back of a sheet."""
    return Problem((), ProblemKind.BLANK_PAGE, f"Page {number} is blank.")


def page_took_too_long(number: int) -> Problem:
    """Return the problem of a page that was given up."""
    message = (
        f"Page {number}: OCR took longer than {PAGE_SECONDS:.0f} seconds and was stopped; enter its values by hand, or "
        "scan it again at a lower resolution."
    )
    return Problem((), ProblemKind.OCR_FAILED, message)


def pages_without_time(numbers: Sequence[int]) -> list[Problem]:
    """Return the problem of pages that OCR had no time left for; nothing where there are none."""
    if not numbers:
        return []
    first, last = numbers[0], numbers[-1]
    which = f"Page {first} was" if first == last else f"{len(numbers):,} pages from {first} to {last} were"
    message = f"{which} not read by OCR, as the pages before took too long; split the file and read the rest by itself."
    return [Problem((), ProblemKind.NOT_READ, message)]


def rotate_box(box: Rect, turn: float, size: tuple[float, float], new_size: tuple[float, float]) -> Rect:
    """Return where a box comes to lie when a page of `size` is turned clockwise by `turn` degrees into `new_size`.

    The page turns about its middle. A box follows whole quarter turns; with a small skew only its middle moves, for
    what is in it was skewed as the page was.
    """
    x, y = (box.x0 + box.x1 - size[0]) / 2, (box.top + box.bottom - size[1]) / 2
    sine, cosine = math.sin(math.radians(turn)), math.cos(math.radians(turn))
    x, y = x * cosine - y * sine + new_size[0] / 2, x * sine + y * cosine + new_size[1] / 2
    half_width, half_height = box.width / 2, box.height / 2
    if round(turn / 90) % 2:
        half_width, half_height = half_height, half_width
    return Rect(x - half_width, y - half_height, x + half_width, y + half_height)
