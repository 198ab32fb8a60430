"""Reads one rendered PDF page, without pdfium: which words of the file the picture confirms, and what OCR reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from extractor.geometry import PlacedWord, Rect, intersection_area, union
from extractor.problems import ProblemKind
from extractor.readers import text_layer
from extractor.readers.pdf_content import PageContent
from extractor.readers.pdf_glyphs import GlyphRun
from extractor.readers.pdf_page import PageReading, PdfPage, suspect_fonts
from extractor.readers.pdf_regions import area, group_touching
from extractor.readers.scanned import (
    PageImage,
    blank_page,
    page_took_too_long,
    read_page_image,
    scanned_page_problems,
)
from extractor.settings import Settings, threshold
from extractor.types import Problem
from extractor.values.marks import PEN

if TYPE_CHECKING:
    import numpy as np

    from extractor.ocr import ScannedPage


@dataclass(frozen=True)
class PdfReadingSettings(Settings):
    """How far the text of the file is trusted, and when OCR reads instead of it or besides it."""

    unpainted_agreement: float = threshold(
        0.85, meaning="agreement with the picture from which unpainted text is taken as the text of the page"
    )
    painted_agreement: float = threshold(
        0.5, meaning="agreement under which painted text is not taken, but read by OCR: it is trusted more"
    )
    sure_word: float = threshold(
        0.7, meaning="beside text of the file, what OCR is less sure of is left out: it is mostly in photographs"
    )
    inked_share: float = threshold(
        0.6, meaning="share of unpainted words with ink at their place under which none counts"
    )
    overlap_share: float = threshold(0.6, meaning="share of the smaller word over which two words are on one another")
    few_overlaps: int = threshold(2, unit="pairs", meaning="so many overlapping pairs are chance")
    overlapping_share: float = threshold(0.03, unit="pairs for each word", meaning="... and so are so many")
    lost_share: float = threshold(
        0.1, meaning="share of characters over which text that is read anew is worth a warning; formulas have a few"
    )
    scan_share: float = threshold(0.5, meaning="share of the page in regions over which it may be a scan with a stamp")
    scan_ink_share: float = threshold(0.6, meaning="... if this share of its ink is outside the words of the file")


def read_page(page: PdfPage) -> PageReading:
    """Return what is on a page. May run in any thread: pdfium is not used."""
    content, image = page.content, page.image
    if content is None:
        return PageReading(problems=page.problems)
    if image is None:
        return PageReading(content.shown, [*content.hidden, *content.unpainted], problems=page.problems)
    import numpy as np

    from extractor import ocr

    gray = np.asarray(image.picture.convert("L"))
    if text_layer.ink_share(gray) == 0:
        hidden = [*content.hidden, *content.unpainted, *content.shown]
        return PageReading(hidden=hidden, problems=[blank_page(page.number)])
    settings = PdfReadingSettings.current()
    confirmed, unconfirmed = _confirm_unpainted(content, image, gray, settings)
    refused, unread = _refuse_fonts(content, image, settings)
    hidden = [*content.hidden, *unconfirmed, *(run for run in content.shown if run.style.font in refused)]
    kept = [*(run for run in content.shown if run.style.font not in refused), *confirmed]
    refused_characters = sum(len(content.fonts[font].text) for font in refused)
    characters = sum(len(use.text) for use in content.fonts.values())
    is_poor = refused_characters > settings.lost_share * characters or len(unconfirmed) > len(confirmed)
    problems = [_poor_text_layer(page.number)] if is_poor else []
    if not kept:
        return _read_whole_page(page, image, hidden, problems)
    rest = _paint_over(image, [run.page_box(content.frame) for run in kept])
    rest_gray = np.asarray(rest.picture.convert("L"))
    regions = [union(group) for group in group_touching([*page.regions, *unread])]
    regions = [box for box in regions if text_layer.has_ink(rest_gray, box, image.scale)]
    if sum(map(area, regions)) > settings.scan_share * content.area and text_layer.ink_share(
        rest_gray
    ) > settings.scan_ink_share * text_layer.ink_share(gray):
        # A scan with a line of text of its own, such as a stamp or a page number.
        return replace(_read_whole_page(page, image, hidden, problems), shown=kept)
    parts = []
    for box in regions:
        picture = _cut_out(rest, box)
        with_ink = ocr.with_seal_ink(picture.picture, _cut_out(image, box).picture, image.dpi)
        part = read_page_image(replace(picture, picture=with_ink))
        if isinstance(part, Problem):
            problems.append(part)
        elif part.words and (part.confidence or 0) >= settings.sure_word:
            parts.append((box, part))
        elif ocr.is_pen_writing(picture.picture, image.dpi):
            parts.append((box, _pen_mark(box)))
    return PageReading(kept, hidden, None, parts, problems)


def read_without_ocr(page: PdfPage) -> PageReading:
    """Return what is left of a page on which OCR took too long: the words of the file that are painted."""
    content, problems = page.content, [*page.problems, page_took_too_long(page.number)]
    if content is None:
        return PageReading(problems=problems)
    return PageReading(content.shown, [*content.hidden, *content.unpainted], problems=problems)


def _read_whole_page(
    page: PdfPage, image: PageImage, hidden: Sequence[GlyphRun], problems: Sequence[Problem]
) -> PageReading:
    scanned: ScannedPage | Problem = read_page_image(image)
    if isinstance(scanned, Problem):
        return PageReading(hidden=hidden, problems=[*problems, scanned])
    return PageReading(hidden=hidden, page=scanned, problems=[*problems, *scanned_page_problems(scanned, page.number)])


def _confirm_unpainted(
    content: PageContent, image: PageImage, gray: np.ndarray, settings: PdfReadingSettings
) -> tuple[list[GlyphRun], list[GlyphRun]]:
    """Return the unpainted words that the picture shows, and the others.

    A word without ink at its place is not seen, whatever the others are. The rest is judged together: by whether each
    has a place of its own, and by a sample of the lines.
    """
    unpainted, frame = content.unpainted, content.frame
    inked = [run for run in unpainted if text_layer.has_ink(gray, run.page_box(frame), image.scale)]
    is_inked = {id(run) for run in inked}
    rest = [run for run in unpainted if id(run) not in is_inked]
    if not inked or len(inked) < settings.inked_share * len(unpainted) or _overlap_each_other(inked, content, settings):
        return [], list(unpainted)
    if text_layer.is_known_script("".join(run.text for run in inked)):
        agreement = text_layer.measure_agreement(image, _layer_lines(inked, content))
        if agreement is None or agreement < settings.unpainted_agreement:
            return [], list(unpainted)
    return inked, rest


def _refuse_fonts(content: PageContent, image: PageImage, settings: PdfReadingSettings) -> tuple[set[int], list[Rect]]:
    """Return the fonts whose characters are not what the page shows, and where those characters are."""
    fonts, boxes = set(), []
    for font in suspect_fonts(content):
        runs = [run for run in content.shown if run.style.font == font]
        agreement = text_layer.measure_agreement(image, _layer_lines(runs, content)) if runs else 0.0
        if agreement is not None and agreement < settings.painted_agreement:
            fonts.add(font)
            boxes += [*(run.page_box(content.frame) for run in runs), *content.fonts[font].unmapped]
    return fonts, boxes


def _layer_lines(runs: Sequence[GlyphRun], content: PageContent) -> list[text_layer.LayerLine]:
    return text_layer.join_lines([(run.to_word(content.frame), run.style.turn) for run in runs])


def _overlap_each_other(runs: Sequence[GlyphRun], content: PageContent, settings: PdfReadingSettings) -> bool:
    """Decide whether words lie on one another, as two texts for the same place do."""
    boxes = sorted((run.page_box(content.frame) for run in runs), key=lambda box: box.top)
    overlaps = 0
    for at, box in enumerate(boxes):
        for other in boxes[at + 1 :]:
            if other.top > box.bottom:
                break
            overlaps += intersection_area(box, other) > settings.overlap_share * min(area(box), area(other))
    return overlaps > max(settings.few_overlaps, settings.overlapping_share * len(boxes))


def _paint_over(image: PageImage, boxes: Sequence[Rect]) -> PageImage:
    """Return the picture with some boxes filled with the colour around them, so that their words are not read twice."""
    import numpy as np
    from PIL import Image

    pixels, scale = np.array(image.picture), image.scale
    for box in boxes:
        left, top = max(int(box.x0 * scale) - 1, 0), max(int(box.top * scale) - 1, 0)
        part = pixels[top : int(box.bottom * scale) + 2, left : int(box.x1 * scale) + 2]
        if part.size:
            rim = np.concatenate([part[0], part[-1], part[:, 0], part[:, -1]])
            part[:] = np.median(rim, axis=0)
    return PageImage(image.number, Image.fromarray(pixels), image.dpi)


def _cut_out(image: PageImage, box: Rect) -> PageImage:
    scale, smallest = image.scale, 8
    left, top = int(box.x0 * scale), int(box.top * scale)
    width, height = max(int(box.width * scale), smallest), max(int(box.height * scale), smallest)
    return PageImage(image.number, image.picture.crop((left, top, left + width, top + height)), image.dpi)


def _pen_mark(box: Rect) -> ScannedPage:
    """Return a part of a page, at `box`, that a pen has written."""
    from extractor.ocr import ScannedPage

    place = Rect(0.0, 0.0, box.width, box.height)
    word = PlacedWord(PEN, place, box.height, box.height, confidence=1.0)
    return ScannedPage(box.width, box.height, (word,), (), (), 0.0, 1.0, True)


def _poor_text_layer(number: int) -> Problem:
    message = (
        f"Page {number}: the text in the file is not what the page shows, so it was read by OCR instead; check its "
        "values against the picture."
    )
    return Problem((), ProblemKind.POOR_TEXT_LAYER, message)
