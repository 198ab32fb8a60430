"""PDF: the text layer of a page where it is what the page shows, and OCR of the page's picture where it is not.

What the file says is read from its characters and ruled lines. A page is drawn only where a look at it is needed: where
it has no text, or text that is not painted, as the text layer over a scan; where its characters do not read like text;
where pictures or shapes stand beside its words that may hold words too.

pdfium must never be used by two threads at once: PDFIUM is held wherever it is, also from other rooms' threads.
"""

from __future__ import annotations

import hashlib
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from statistics import median
from typing import TYPE_CHECKING

from extractor.errors import InputError
from extractor.geometry import PlacedWord, Rect, overlap, union
from extractor.layout import LayoutBlock, TableBlock, find_grids, order_page
from extractor.readers import MAX_CHARACTERS, text_layer
from extractor.readers.image import MAX_SIDE
from extractor.readers.missing_glyphs import Unplaced
from extractor.readers.page_writer import PageWriter
from extractor.readers.pdf_content import Content, Glyphs, cut_at_walls, main_turn, words
from extractor.readers.scanned import (
    Shown,
    blank,
    moved,
    problems_of,
    recognised,
    side_by_side,
    too_slow,
)
from extractor.readers.text_layer import stands_out
from extractor.types import Document, Problem

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

    from extractor.ocr import ScannedPage

PDFIUM = threading.RLock()

MAX_PAGES = 2000
MAX_PIXELS = 16_000_000
"""A page is drawn with no more pixels than this: A4 at 410 dots per inch, A0 at 100."""

USUAL_DPI = 200.0
LARGEST_SCAN = 300.0
"""Dots per inch at which pages are drawn for OCR: the usual, and the most where a scan has more of its own."""

TRUSTED, REFUSED = 0.85, 0.5
"""How far unpainted text must agree with the picture to be taken as read, and painted text not to be read anew."""

SURE = 0.7
"""What OCR is less sure of is passed over where the page has text of its own: it is mostly in photographs."""


def read(data: bytes, source: str) -> Document:
    """The document in a PDF, page by page as this module says; a Problem for a page that says nothing.

    Raises InputError for a file that is broken, needs a password, or has more than MAX_PAGES pages.
    """
    import pypdfium2

    with PDFIUM:
        document = _open(pypdfium2, data, source)
    unplaced = Unplaced(data)
    try:
        with PDFIUM:
            count = len(document)
        if count > MAX_PAGES:
            raise InputError(
                f"{source} has {count:,} pages; the limit is {MAX_PAGES:,}.", "Split it into smaller files."
            )
        if count == 0:
            raise InputError(f"{source} is a PDF without pages.", "Check that it was saved or downloaded in full.")
        writer, problems = PageWriter(), []
        sheets = (_sheet(pypdfium2, document, number, unplaced) for number in range(1, count + 1))
        for sheet, reading in side_by_side(sheets, _reading, _given_up):
            problems += _write(writer, sheet, reading)
            if writer.length > MAX_CHARACTERS:
                raise InputError(
                    f"{source} holds more than {MAX_CHARACTERS:,} characters, the limit for text.",
                    "Split it into smaller files.",
                )
        return writer.document(hashlib.sha256(data).hexdigest(), source, problems)
    finally:
        unplaced.close()
        with PDFIUM:
            document.close()


def picture(data: bytes, source: str, number: int, dpi: float) -> Image.Image:
    """Page `number` before OCR turned it, at `dpi` or at what the limits leave of it; raises InputError."""
    import pypdfium2

    with PDFIUM:
        document = _open(pypdfium2, data, source)
        try:
            if not 1 <= number <= len(document):
                raise InputError(f"{source} has no page {number}.", f"It has {len(document):,} pages.")
            page = _with_form_values(pypdfium2.raw, document, document[number - 1], number)
            try:
                return _drawn(page, number, dpi).picture
            finally:
                page.close()
        except (pypdfium2.PdfiumError, MemoryError, ValueError) as error:
            raise InputError(
                f"Page {number} of {source} cannot be drawn: {error}", "Open it in a PDF viewer and save it again."
            ) from None
        finally:
            document.close()


def _open(pypdfium2, data: bytes, source: str):
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        code = getattr(error, "err_code", None)
        if code == pypdfium2.raw.FPDF_ERR_PASSWORD or "password" in str(error).lower():
            raise InputError(
                f"{source} is protected by a password.", "Save a copy without the password, and give that."
            ) from None
        if code == pypdfium2.raw.FPDF_ERR_SECURITY or "security" in str(error).lower():
            raise InputError(
                f"{source} is encrypted in a way that cannot be read.", "Print it to a new PDF, and give that."
            ) from None
        raise InputError(
            f"{source} is a broken PDF: {error}", "Open it in a PDF viewer and save it again, or download it again."
        ) from None
    return document


@dataclass(frozen=True, slots=True)
class _Sheet:
    """One page as the file has it; `shown` is its picture where that is needed."""

    number: int
    content: Content | None = None
    shown: Shown | None = None
    beyond: tuple[Rect, ...] = ()
    """Where pictures and shapes stand that may hold words."""
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class _Reading:
    """What stands on a page: words of the file, shown and hidden, and what OCR read of the whole or of parts of it."""

    shown: Sequence[Glyphs] = ()
    hidden: Sequence[Glyphs] = ()
    page: ScannedPage | None = None
    parts: Sequence[tuple[Rect, ScannedPage]] = ()
    problems: Sequence[Problem] = ()


# In the thread that may use pdfium.


def _sheet(pypdfium2, document, number: int, unplaced: Unplaced) -> _Sheet:
    with PDFIUM:
        try:
            page = document[number - 1]
        except pypdfium2.PdfiumError as error:
            return _Sheet(number, problems=(_broken(number, error),))
        content = None
        try:
            page = _with_form_values(pypdfium2.raw, document, page, number)
            content = Content(pypdfium2.raw, page, lambda origins: unplaced.at(number, origins))
            beyond = tuple(_beyond_words(content))
            if content.shown and not content.unpainted and not beyond and not _doubted(content):
                return _Sheet(number, content)
            return _Sheet(number, content, _drawn(page, number, _resolution(content)), beyond)
        except (pypdfium2.PdfiumError, MemoryError, ValueError) as error:  # ValueError: a page too thin for a pixel
            return _Sheet(number, content, problems=(_broken(number, error),))
        finally:
            page.close()


def _broken(number: int, error: BaseException) -> Problem:
    return Problem((), "broken_page", f"Page {number} cannot be read: {error or type(error).__name__}")


def _drawn(page, number: int, dpi: float) -> Shown:
    """The page's picture at `dpi`, or at the most that the limits allow."""
    width, height = (max(side / 72, 1e-3) for side in page.get_size())
    dpi = min(dpi, MAX_SIDE / max(width, height), (MAX_PIXELS / (width * height)) ** 0.5)
    bitmap = page.render(scale=dpi / 72, rev_byteorder=True)
    try:
        return Shown(number, bitmap.to_pil().convert("RGB"), dpi)
    finally:
        bitmap.close()


def _resolution(content: Content) -> float:
    """Dots per inch for OCR: those of the scan where the page is one, else the usual."""
    area = content.width * content.height
    scans = [picture.dpi for picture in content.pictures if _area(_on_page(picture.box, content)) > 0.5 * area]
    long = max(content.width, content.height, 1) / 72
    # A scan of which nobody noted the resolution may be a page of two metres: enough pixels are what counts.
    least = min(USUAL_DPI, 2400 / long)
    return max(least, min(max(scans, default=0.0), max(LARGEST_SCAN, least), 4000 / long))


def _with_form_values(raw, document, page, number: int):
    """The page with what was filled into its form fields drawn on it, where it has fields."""
    wanted = (raw.FPDF_ANNOT_WIDGET, raw.FPDF_ANNOT_FREETEXT)
    for position in range(min(raw.FPDFPage_GetAnnotCount(page), 5000)):
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


# What may be on the page beside its words.


def _beyond_words(content: Content) -> list[Rect]:
    """Where pictures and shapes stand that are large enough to hold words, those that touch as one."""
    pictures = [_on_page(picture.box, content) for picture in content.pictures]
    shapes = list(content.outlines)
    if shapes:
        held = _by_cell([word.spot(content) for word in content.shown])
        shapes = [box for box in shapes if not _covered(box, held.get(_cell(box), ()))]
    # A few shapes are bullets, arrows and ticks; a word has letters.
    return [
        union(group)
        for group in _together([*pictures, *shapes])
        if len(group) >= 8 or any(_area(box) > 100 for box in group if box in pictures)
    ]


_REACH = 12.0
"""Boxes nearer than about this, in points, belong together."""


def _cells(box: Rect) -> Iterator[tuple[int, int]]:
    for row in range(int(box.top // _REACH), int(box.bottom // _REACH) + 1):
        for column in range(int(box.x0 // _REACH), int(box.x1 // _REACH) + 1):
            yield row, column


def _cell(box: Rect) -> tuple[int, int]:
    return int((box.top + box.bottom) / 2 // _REACH), int((box.x0 + box.x1) / 2 // _REACH)


def _by_cell(boxes: Sequence[Rect]) -> dict[tuple[int, int], list[Rect]]:
    held: dict[tuple[int, int], list[Rect]] = defaultdict(list)
    for box in boxes:
        for cell in _cells(box):
            held[cell].append(box)
    return held


def _together(boxes: Sequence[Rect]) -> list[list[Rect]]:
    """Boxes in groups of those that touch or nearly do, directly or by way of others."""
    held = _by_cell([box for box in boxes if box.x1 > box.x0 and box.bottom > box.top])
    groups = []
    while held:
        waiting, group = [next(iter(held))], {}
        while waiting:
            row, column = waiting.pop()
            group.update(dict.fromkeys(held.pop((row, column), ())))
            near = ((row + down, column + right) for down in (-1, 0, 1) for right in (-1, 0, 1))
            waiting += [cell for cell in near if cell in held]
        groups.append(list(group))
    return groups


def _doubted(content: Content) -> set[int]:
    """The fonts of which the characters do not read like text."""
    return {font for font, use in content.fonts.items() if text_layer.doubtful("".join(use.text), len(use.unmapped))}


# In a thread of the page's own, without pdfium.


def _reading(sheet: _Sheet) -> _Reading:
    content, shown = sheet.content, sheet.shown
    if content is None:
        return _Reading(problems=sheet.problems)
    if shown is None:
        return _Reading(content.shown, [*content.hidden, *content.unpainted], problems=sheet.problems)
    import numpy as np

    gray = np.asarray(shown.picture.convert("L"))
    if stands_out(gray) == 0:
        return _Reading(hidden=[*content.hidden, *content.unpainted, *content.shown], problems=[blank(sheet.number)])
    good, bad = _confirmed(content.unpainted, content, shown, gray)
    refused, unread = _refused(content, shown)
    hidden = [*content.hidden, *bad, *(word for word in content.shown if word.font in refused)]
    kept = [*(word for word in content.shown if word.font not in refused), *good]
    lost = sum(len(content.fonts[font].text) for font in refused)
    # A few signs that mean nothing to anyone, as of formulas, are no reason to warn of a page.
    poor = lost > 0.1 * sum(len(use.text) for use in content.fonts.values()) or len(bad) > len(good)
    problems = [_poor(sheet.number)] if poor else []
    if not kept:
        page = recognised(shown)
        return _read_whole(sheet, hidden, page, problems)
    boxes = [word.spot(content) for word in kept]
    rest = _blanked(shown, boxes)
    beyond = [union(group) for group in _together([*sheet.beyond, *unread])]
    left = np.asarray(rest.picture.convert("L"))
    beyond = [box for box in beyond if text_layer.has_ink(left, box, shown.dpi / 72)]
    if sum(_area(box) for box in beyond) > 0.5 * content.width * content.height and stands_out(left) > 0.6 * stands_out(
        gray
    ):
        # A scan with a line of text of its own, such as a stamp or a page number.
        page = recognised(shown)
        return replace(_read_whole(sheet, hidden, page, problems), shown=kept)
    parts = []
    for box in beyond:
        page = recognised(_cut_out(rest, box))
        if isinstance(page, Problem):
            problems.append(page)
        elif page.words and (page.confidence or 0) >= SURE:
            parts.append((box, page))
    return _Reading(kept, hidden, None, parts, problems)


def _read_whole(
    sheet: _Sheet, hidden: Sequence[Glyphs], page: ScannedPage | Problem, problems: Sequence[Problem]
) -> _Reading:
    if isinstance(page, Problem):
        return _Reading(hidden=hidden, problems=[*problems, page])
    return _Reading(hidden=hidden, page=page, problems=[*problems, *problems_of(page, sheet.number)])


def _given_up(sheet: _Sheet) -> _Reading:
    """What is left of a page on which OCR took too long: the words of the file that are painted."""
    content, problems = sheet.content, [*sheet.problems, too_slow(sheet.number)]
    if content is None:
        return _Reading(problems=problems)
    return _Reading(content.shown, [*content.hidden, *content.unpainted], problems=problems)


def _confirmed(
    unpainted: Sequence[Glyphs], content: Content, shown: Shown, gray: np.ndarray
) -> tuple[list[Glyphs], list[Glyphs]]:
    """Unpainted words that the picture shows, and the others.

    Where there is no ink a word is not to be seen, whatever the others are. The rest stands or falls together: by
    whether each has a place of its own, and by a sample of the lines.
    """
    inked = [word for word in unpainted if text_layer.has_ink(gray, word.spot(content), shown.dpi / 72)]
    taken = {id(word) for word in inked}
    rest = [word for word in unpainted if id(word) not in taken]
    if not inked or len(inked) < 0.6 * len(unpainted) or _doubled(inked, content):
        return [], list(unpainted)
    if text_layer.is_known_script("".join(word.text for word in inked)):
        agreed = text_layer.agreement(shown, _lines(inked, content))
        if agreed is None or agreed < TRUSTED:
            return [], list(unpainted)
    return inked, rest


def _refused(content: Content, shown: Shown) -> tuple[set[int], list[Rect]]:
    """The fonts of which the characters are not what the page shows, and where those stand."""
    fonts, places = set(), []
    for font in _doubted(content):
        found = [word for word in content.shown if word.font == font]
        agreed = text_layer.agreement(shown, _lines(found, content)) if found else 0.0
        if agreed is not None and agreed < REFUSED:
            fonts.add(font)
            places += [*(word.spot(content) for word in found), *content.fonts[font].unmapped]
    return fonts, places


def _lines(found: Sequence[Glyphs], content: Content) -> list[text_layer.Strip]:
    return text_layer.strips([(word.placed(content), word.turn) for word in found])


def _doubled(found: Sequence[Glyphs], content: Content) -> bool:
    """Whether words stand on one another, as two texts for one place do."""
    boxes = sorted((word.spot(content) for word in found), key=lambda box: box.top)
    upon = 0
    for at, box in enumerate(boxes):
        for other in boxes[at + 1 :]:
            if other.top > box.bottom:
                break
            upon += _shared(box, other) > 0.6 * min(_area(box), _area(other))
    return upon > max(2, 0.03 * len(boxes))


def _blanked(shown: Shown, boxes: Sequence[Rect]) -> Shown:
    """The picture with the ground painted over what stands in some boxes, so that it is not read twice."""
    import numpy as np
    from PIL import Image

    pixels, scale = np.array(shown.picture), shown.dpi / 72
    for box in boxes:
        left, top = max(int(box.x0 * scale) - 1, 0), max(int(box.top * scale) - 1, 0)
        part = pixels[top : int(box.bottom * scale) + 2, left : int(box.x1 * scale) + 2]
        if part.size:
            rim = np.concatenate([part[0], part[-1], part[:, 0], part[:, -1]])
            part[:] = np.median(rim, axis=0)
    return Shown(shown.number, Image.fromarray(pixels), shown.dpi)


def _cut_out(shown: Shown, box: Rect) -> Shown:
    scale = shown.dpi / 72
    left, top = int(box.x0 * scale), int(box.top * scale)
    size = max(int((box.x1 - box.x0) * scale), 8), max(int((box.bottom - box.top) * scale), 8)
    return Shown(shown.number, shown.picture.crop((left, top, left + size[0], top + size[1])), shown.dpi)


def _poor(number: int) -> Problem:
    message = f"Page {number}: the text in the file is not what the page shows; the page was read by OCR instead."
    return Problem((), "poor_text_layer", message)


# Written out, page by page.


def _write(writer: PageWriter, sheet: _Sheet, reading: _Reading) -> list[Problem]:
    content, number = sheet.content, sheet.number
    if content is None:
        writer.page(number, 0.0, 0.0, [])
        return list(reading.problems)
    hidden = [word.placed(content) for word in words(list(reading.hidden), content)]
    problems = list(reading.problems)
    if content.dropped:
        message = f"Page {number}: {content.dropped:,} characters over the limit were left out."
        problems.append(Problem((), "cut_off", message))
    if reading.page is None:
        writer.page(number, content.width, content.height, _parts(content, reading), hidden)
        return problems
    page, turn = reading.page, reading.page.turn
    size, straight = (content.width, content.height), (page.width, page.height)

    def straightened(word: PlacedWord) -> PlacedWord:
        place = moved(word.page_box or word.box, turn, size, straight)
        return replace(word, box=place, page_box=None) if round(turn / 90) % 4 == 0 else replace(word, page_box=place)

    own = [straightened(word.placed(content)) for word in words(list(reading.shown), content)]
    seen = [word for word in page.words if not _covered(word.box, [each.page_box or each.box for each in own])]
    across, upright = list(page.horizontal_lines), list(page.vertical_lines)
    if turn == 0:
        across, upright = across + content.edges(0)[0], upright + content.edges(0)[1]
    parts = order_page([*seen, *(word for word in own if word.page_box is None)], find_grids(across, upright))
    parts += order_page([word for word in own if word.page_box is not None])
    hidden = [straightened(word) for word in hidden]
    writer.page(number, page.width, page.height, parts, hidden, turn=turn)
    return problems


def _parts(content: Content, reading: _Reading) -> list[LayoutBlock]:
    """The page in reading order: words of the file, and those that OCR read in parts of its picture.

    A picture of one line stands among the words around it, as a number does that was put in as a picture; what is in a
    larger one stays together, and stands where it begins.
    """
    turn = main_turn(reading.shown)
    by_turn: dict[int, list[Glyphs]] = defaultdict(list)
    for glyphs in reading.shown:
        by_turn[glyphs.turn].append(glyphs)
    ruled = find_grids(*content.edges(turn))
    main = words(by_turn.pop(turn, []), content)
    if ruled:
        main = [piece for word in main for piece in cut_at_walls(word, ruled)]
    placed = [word.placed(content) for word in main]
    usual = median(word.font_size for word in placed) if placed else 0.0
    taken = [glyphs.spot(content) for glyphs in reading.shown]
    apart: list[tuple[Rect, list[LayoutBlock]]] = []
    for number, (box, page) in enumerate(reading.parts, start=1):
        found = _in_part(box, page, taken, number)
        level = not turn and round(page.turn / 90) % 4 == 0
        if level and box.bottom - box.top < 2.5 * usual:
            placed += [_levelled(word) for word in found]
        elif found:
            inside = order_page(found, find_grids(page.horizontal_lines, page.vertical_lines))
            apart.append((box, [_replaced(part, partial(_from_part, page=page, onto=box)) for part in inside]))
    parts = [_replaced(part, partial(content.unturned, turn=turn)) for part in order_page(placed, ruled)]
    for aside, group in by_turn.items():
        inside = order_page([word.placed(content) for word in words(group, content)])
        parts += [_replaced(part, partial(content.unturned, turn=aside)) for part in inside]
    for box, inside in apart:
        at = next((at for at, part in enumerate(parts) if _top(part) >= box.top), len(parts))
        parts[at:at] = inside
    return parts


def _in_part(box: Rect, page: ScannedPage, taken: Sequence[Rect], number: int) -> list[PlacedWord]:
    """The words that OCR read in a part of a page, each with its place on the page; none where the file has words."""
    found = []
    for word in page.words:
        place = _from_part(word.box, page, box)
        if (word.confidence or 0) >= SURE and not _covered(place, taken):
            found.append(replace(word, page_box=place, text_run=-1 - word.text_run - 10_000 * number))
    return found


def _levelled(word: PlacedWord) -> PlacedWord:
    """The word with its place on the page as its box, and its baseline there."""
    return replace(
        word, box=word.page_box, page_box=None, baseline=word.baseline - word.box.bottom + word.page_box.bottom
    )


def _from_part(box: Rect, page: ScannedPage, onto: Rect) -> Rect:
    """Where a box of a straightened part stands on the page of which `onto` was cut out."""
    place = moved(box, -page.turn, (page.width, page.height), (onto.x1 - onto.x0, onto.bottom - onto.top))
    return Rect(place.x0 + onto.x0, place.top + onto.top, place.x1 + onto.x0, place.bottom + onto.top)


def _replaced(part: LayoutBlock, move: Callable[[Rect], Rect]) -> LayoutBlock:
    """The part with the boxes of its table and cells moved; words keep their own place."""
    if not isinstance(part, TableBlock):
        return part
    cells = tuple(replace(cell, box=move(cell.box)) for cell in part.cells)
    return replace(part, box=move(part.box), cells=cells)


def _top(part: LayoutBlock) -> float:
    if isinstance(part, TableBlock):
        return part.box.top
    held = (word for line in part.lines for segment in line.segments for word in segment.words)
    return min((word.page_box or word.box).top for word in held)


# Boxes.


def _on_page(box: Rect, content: Content) -> Rect:
    """The part of a box that is on the page."""
    x0, x1 = (min(max(x, 0.0), content.width) for x in (box.x0, box.x1))
    top, bottom = (min(max(y, 0.0), content.height) for y in (box.top, box.bottom))
    return Rect(x0, top, x1, bottom)


def _area(box: Rect) -> float:
    return max(box.x1 - box.x0, 0.0) * max(box.bottom - box.top, 0.0)


def _shared(one: Rect, other: Rect) -> float:
    wide, high = overlap(one.x0, one.x1, other.x0, other.x1), overlap(one.top, one.bottom, other.top, other.bottom)
    return wide * high if wide > 0 and high > 0 else 0.0


def _covered(box: Rect, others: Sequence[Rect]) -> bool:
    """Whether half of a box, or more, is under one of the others."""
    return any(_shared(box, other) > 0.5 * _area(box) for other in others)
