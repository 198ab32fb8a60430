"""One page of a PDF on its way into a document: loaded under pdfium's lock, then read without it, then written."""

from __future__ import annotations

import threading
from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING

from extractor.geometry import Rect
from extractor.problems import ProblemKind
from extractor.readers import text_layer
from extractor.readers.image import MAX_SIDE
from extractor.readers.limits import describe_library_error
from extractor.readers.missing_glyphs import MissingGlyphFinder
from extractor.readers.pdf_content import PageContent, read_content
from extractor.readers.pdf_forms import read_form_fields
from extractor.readers.pdf_geometry import PageFrame
from extractor.readers.pdf_glyphs import GlyphRun
from extractor.readers.pdf_regions import area, find_regions
from extractor.readers.scanned import PageImage
from extractor.settings import Settings, threshold
from extractor.types import Problem

if TYPE_CHECKING:
    from extractor.ocr import ScannedPage

PDFIUM = threading.RLock()
"""pdfium must never be used by two threads at once: hold this lock around every use, from other rooms too."""

MAX_PIXELS = 16_000_000
"""A page is rendered with no more pixels than this: A4 at 410 dots per inch, A0 at 100."""
_MAX_ANNOTATIONS = 5000


@dataclass(frozen=True)
class RenderingSettings(Settings):
    """At which resolution pages are rendered for OCR."""

    usual_dpi: float = threshold(200.0, unit="dots per inch", meaning="resolution for pages with text of their own")
    largest_dpi: float = threshold(300.0, unit="dots per inch", meaning="most for a scan, even if it has more itself")
    scan_share: float = threshold(0.5, meaning="share of the page over which a picture is a scan of it")
    enough_pixels: float = threshold(
        2400.0,
        unit="pixels",
        meaning="longer side that is enough at a lower resolution: a scan of unknown size may be a page of metres",
    )
    most_pixels: float = threshold(4000.0, unit="pixels", meaning="longest side that is rendered for a finer scan")


@dataclass(frozen=True, slots=True)
class PdfPage:
    """One page as the file has it; `image` is its rendering where that is needed."""

    number: int
    content: PageContent | None = None
    image: PageImage | None = None
    regions: tuple[Rect, ...] = ()
    """Where pictures and shapes are that may hold words."""
    problems: tuple[Problem, ...] = ()
    lacks_time: bool = False
    """Whether it would have been rendered if there had been time for OCR."""


@dataclass(frozen=True, slots=True)
class PageReading:
    """What is on a page: words of the file, shown and hidden, and what OCR read of the whole page or of parts of it."""

    shown: Sequence[GlyphRun] = ()
    hidden: Sequence[GlyphRun] = ()
    page: ScannedPage | None = None
    parts: Sequence[tuple[Rect, ScannedPage]] = ()
    problems: Sequence[Problem] = ()


def load_page(
    pypdfium2,
    document,
    number: int,
    glyphs: MissingGlyphFinder,
    layers: Set[str] = frozenset(),
    with_picture: bool = True,
) -> PdfPage:
    """Return page `number`, rendered where its text alone does not tell what it shows; a Problem for a broken one.

    It is rendered where it has no text, or text that is not painted; where characters do not read like text; and where
    pictures or shapes beside its words may hold words too, but never unless `with_picture`. `layers` are those of the
    file that are switched off.
    """
    with PDFIUM:
        try:
            page = document[number - 1]
        except pypdfium2.PdfiumError as error:
            return PdfPage(number, problems=(_broken_page(number, error),))
        content = None
        try:
            fields = read_form_fields(pypdfium2.raw, document.formenv, page, PageFrame(pypdfium2.raw, page))
            page = flatten_form_fields(pypdfium2.raw, document, page, number)
            content = read_content(pypdfium2.raw, page, lambda origins: glyphs.find(number, origins), layers, fields)
            regions = tuple(find_regions(content))
            if content.shown and not content.unpainted and not regions and not suspect_fonts(content):
                return PdfPage(number, content)
            if not with_picture:
                return PdfPage(number, content, lacks_time=True)
            return PdfPage(number, content, render(page, number, _ocr_resolution(content)), regions)
        except (pypdfium2.PdfiumError, MemoryError, ValueError) as error:  # ValueError: a page too thin for a pixel
            return PdfPage(number, content, problems=(_broken_page(number, error),))
        finally:
            page.close()


def _broken_page(number: int, error: BaseException) -> Problem:
    message = (
        f"Page {number} cannot be read ({describe_library_error(error)}); open it in a PDF viewer and save it again."
    )
    return Problem((), ProblemKind.BROKEN_PAGE, message)


def suspect_fonts(content: PageContent) -> set[int]:
    """Return the fonts whose characters do not read like text."""
    return {
        font for font, use in content.fonts.items() if text_layer.is_suspect_text("".join(use.text), len(use.unmapped))
    }


def render(page, number: int, dpi: float) -> PageImage:
    """Return the picture of a page at `dpi`, or at the most that the limits allow."""
    width, height = (max(side / 72, 1e-3) for side in page.get_size())
    dpi = min(dpi, MAX_SIDE / max(width, height), (MAX_PIXELS / (width * height)) ** 0.5)
    bitmap = page.render(scale=dpi / 72, rev_byteorder=True)
    try:
        return PageImage(number, bitmap.to_pil().convert("RGB"), dpi)
    finally:
        bitmap.close()


def _ocr_resolution(content: PageContent) -> float:
    """Return the dots per inch for OCR: those of the scan where the page is one, else the usual ones."""
    settings = RenderingSettings.current()
    clip = content.frame.clip
    scans = [
        picture.dpi for picture in content.pictures if area(clip(picture.box)) > settings.scan_share * content.area
    ]
    longest_side = max(*content.size, 1) / 72
    least = min(settings.usual_dpi, settings.enough_pixels / longest_side)
    most = max(settings.largest_dpi, least)
    return max(least, min(max(scans, default=0.0), most, settings.most_pixels / longest_side))


def flatten_form_fields(raw, document, page, number: int):
    """Return the page with what was filled into its form fields drawn on it, where it has fields."""
    wanted = (raw.FPDF_ANNOT_WIDGET, raw.FPDF_ANNOT_FREETEXT)
    for position in range(min(raw.FPDFPage_GetAnnotCount(page), _MAX_ANNOTATIONS)):
        annotation = raw.FPDFPage_GetAnnot(page, position)
        kind = raw.FPDFAnnot_GetSubtype(annotation) if annotation else None
        raw.FPDFPage_CloseAnnot(annotation)
        if kind in wanted:
            break
    else:
        return page
    if raw.FPDFPage_Flatten(page, raw.FLAT_NORMALDISPLAY) == raw.FLATTEN_SUCCESS:
        page.close()
        page = document[number - 1]
    return page
