"""Whether the text that a file has for a page is what the page shows.

Text that does not read like text (codes private to a font, a character table that is shifted) is only suspected here;
a sample of its lines, read by OCR in the picture of the page, decides.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from extractor.geometry import PlacedWord, Rect, on_one_baseline, union
from extractor.readers.encoding import is_level_1
from extractor.readers.scanned import PageImage, read_page_image
from extractor.settings import Settings, threshold
from extractor.types import Problem
from extractor.values.scripts import is_cjk, is_han

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

_FREQUENT_LETTERS = frozenset("etaoinsr")
"""Two letters in three are one of these in English, French, German, Italian or Spanish, three in ten by chance."""
_LAST_LATIN = "\u0250"


@dataclass(frozen=True)
class TextLayerSettings(Settings):
    """When text is suspected, and how its lines are compared with the picture of the page."""

    enough_characters: int = threshold(20, meaning="fewest characters of a font that say anything about it")
    unmapped_share: float = threshold(0.5, meaning="share of characters without a meaning over which text is suspected")
    some_unmapped_share: float = threshold(0.05, meaning="... or over this share, if they are not only a few signs:")
    some_unmapped: int = threshold(5, meaning="fewest such characters")
    most_bullets: int = threshold(3, meaning="a font with no more different characters than these has only bullets")
    common_han_share: float = threshold(
        0.8, meaning="share of common characters in Chinese text under which it is suspected; 99 in 100 are usual"
    )
    latin_share: float = threshold(0.5, meaning="share of Latin letters under which text says nothing about them")
    frequent_letter_share: float = threshold(
        0.45, meaning="share of the eight most frequent letters in Latin text under which it is suspected"
    )
    known_script_share: float = threshold(0.5, meaning="share of letters that OCR knows from which lines are compared")
    line_tolerance: float = threshold(0.3, unit="font sizes", meaning="words on one line differ less in baseline")
    line_step_back: float = threshold(0.5, unit="font sizes", meaning="a word farther back begins another line")
    line_gap: float = threshold(2.0, unit="font sizes", meaning="a word after a wider gap begins another line")
    lines_compared: int = threshold(8, unit="lines", meaning="lines of a page that are compared with its picture")
    crop_margin: float = threshold(0.15, unit="heights of the line", meaning="margin that is cut out around a line")
    crop_gap: int = threshold(24, unit="pixels", meaning="space between the lines on the sheet that OCR reads")
    least_confidence: float = threshold(0.7, meaning="OCR that is less sure of the lines cannot tell")
    largest_turn: float = threshold(15.0, unit="degrees", meaning="OCR that turned the sheet by more cannot tell")
    ink_contrast: int = threshold(40, unit="of 255", meaning="a pixel farther from the most usual shade is ink")
    least_ink: float = threshold(0.01, meaning="share of ink over which a box is not empty")


def is_suspect_text(text: str, unmapped: int) -> bool:
    """Decide whether what a font sets does not read like text; `unmapped` of its characters have no known meaning.

    A list of codes or a formula is suspected now and then without reason, and a substitution cipher that keeps to
    frequent characters is not.
    """
    settings = TextLayerSettings.current()
    letters = [character for character in text.casefold() if character.isalpha()]
    if unmapped > settings.unmapped_share * len(text) and unmapped >= settings.enough_characters:
        return True
    some_unmapped = unmapped > settings.some_unmapped_share * len(text) and unmapped >= settings.some_unmapped
    if some_unmapped and len(set(text)) > settings.most_bullets:
        return True
    chinese = list(filter(is_han, letters))
    common = sum(map(is_level_1, chinese))
    if len(chinese) >= settings.enough_characters and common < settings.common_han_share * len(chinese):
        return True
    latin = [character for character in letters if character < _LAST_LATIN]
    if len(latin) < 2 * settings.enough_characters or len(latin) < settings.latin_share * len(letters):
        return False
    frequent = sum(character in _FREQUENT_LETTERS for character in latin)
    return frequent < settings.frequent_letter_share * len(latin)


def is_known_script(text: str) -> bool:
    """Decide whether OCR can read most of a text: Latin letters, Chinese, Japanese, and figures."""
    letters = [c for c in text if c.isalpha()]
    known = sum(c < _LAST_LATIN or is_cjk(c) for c in letters)
    return not letters or known >= TextLayerSettings.current().known_script_share * len(letters)


@dataclass(frozen=True, slots=True)
class LayerLine:
    """Words of the file on one line: their text, where they are on the page, and the quarter turns they are set at."""

    text: str
    box: Rect
    turn: int


def join_lines(words: Sequence[tuple[PlacedWord, int]]) -> list[LayerLine]:
    """Return the lines of some words, given with their quarter turns, in the order of the file."""
    settings = TextLayerSettings.current()
    lines: list[list[tuple[PlacedWord, int]]] = []
    for word, turn in words:
        if lines:
            before, last_turn = lines[-1][-1]
            size = max(before.font_size, word.font_size)
            level = on_one_baseline(word.baseline, before.baseline, size, settings.line_tolerance)
            on_line = turn == last_turn and level
            gap = word.box.x0 - before.box.x1
            if on_line and -settings.line_step_back * size < gap < settings.line_gap * size:
                lines[-1].append((word, turn))
                continue
        lines.append([(word, turn)])
    return [
        LayerLine(
            "".join(word.text for word, _ in line), union(word.page_box or word.box for word, _ in line), line[0][1]
        )
        for line in lines
    ]


def measure_agreement(image: PageImage, lines: Sequence[LayerLine]) -> float | None:
    """Return how far lines are what the picture shows at their places, in 0..1; None where OCR cannot tell.

    Of many lines a few are compared, spread over the page, those with the most to compare. The measure is the mean
    ratio of `difflib.SequenceMatcher` (2 x matches / total length), weighted by the length of the lines.
    """
    settings = TextLayerSettings.current()
    chosen = [line for line in _choose_lines(lines, settings.lines_compared) if _comparable(line.text)]
    if not chosen:
        return None
    sheet, tops = _make_sheet(image, chosen, settings)
    page = read_page_image(PageImage(image.number, sheet, image.dpi))
    if isinstance(page, Problem) or page.confidence is None:
        return None
    if page.confidence < settings.least_confidence or abs(page.turn) > settings.largest_turn:
        return None
    read = ["" for _ in chosen]
    for word in sorted(page.words, key=lambda word: word.box.x0):
        _, y = word.box.center
        at = max(sum(top - settings.crop_gap / 2 <= y * image.scale for top in tops) - 1, 0)
        read[at] += word.text
    weights = [len(_comparable(line.text)) for line in chosen]
    ratios = [_similarity(line.text, text) for line, text in zip(chosen, read, strict=True)]
    return sum(ratio * weight for ratio, weight in zip(ratios, weights, strict=True)) / sum(weights)


def _choose_lines(lines: Sequence[LayerLine], count: int) -> list[LayerLine]:
    """Return `count` of the longer half of the lines, evenly spread; all of them where there are fewer."""
    longest = sorted(lines, key=lambda line: len(_comparable(line.text)), reverse=True)[: max(count, len(lines) // 2)]
    return [longest[at * len(longest) // count] for at in range(count)] if len(longest) > count else longest


def _make_sheet(
    image: PageImage, lines: Sequence[LayerLine], settings: TextLayerSettings
) -> tuple[Image.Image, list[int]]:
    """Return the lines, cut out of the page, below one another on one sheet, and where each begins, in pixels."""
    from PIL import Image

    crops = [_cut_out_line(image, line, settings.crop_margin) for line in lines]
    gap = settings.crop_gap
    size = max(crop.width for crop in crops) + 2 * gap, sum(crop.height + gap for crop in crops) + gap
    sheet = Image.new("RGB", size, "white")
    tops, y = [], gap
    for crop in crops:
        sheet.paste(crop, (gap, y))
        tops.append(y)
        y += crop.height + gap
    return sheet, tops


def _cut_out_line(image: PageImage, line: LayerLine, margin: float) -> Image.Image:
    """Return the part of the picture in which a line is, turned so that it runs to the right."""
    from PIL import Image

    margin *= min(line.box.width, line.box.height)
    sides = (line.box.x0 - margin, line.box.top - margin, line.box.x1 + margin, line.box.bottom + margin)
    left, top, right, bottom = (round(side * image.scale) for side in sides)
    box = max(left, 0), max(top, 0), min(right, image.picture.width), min(bottom, image.picture.height)
    crop = image.picture.crop(box) if box[0] < box[2] and box[1] < box[3] else Image.new("RGB", (8, 8), "white")
    return crop.rotate(90 * line.turn, expand=True) if line.turn else crop


def _comparable(text: str) -> str:
    """Return what of a text is compared: letters and figures, and signs without a meaning, which are never right."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(c for c in folded if c.isalnum() or c == "\ufffd" or "\ue000" <= c < "\uf900")


def _similarity(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, _comparable(one), _comparable(other), autojunk=False).ratio()


# Ink.


def has_ink(gray: np.ndarray, box: Rect, scale: float) -> bool:
    """Decide whether anything stands out in a box, in points, of a gray picture with `scale` pixels to the point."""
    import numpy as np

    part = gray[
        max(int(box.top * scale), 0) : max(int(np.ceil(box.bottom * scale)), 0),
        max(int(box.x0 * scale), 0) : max(int(np.ceil(box.x1 * scale)), 0),
    ]
    return part.size > 0 and ink_share(part) > TextLayerSettings.current().least_ink


def ink_share(gray: np.ndarray) -> float:
    """Return the share of pixels that are far from the most usual shade, as ink is from paper."""
    import numpy as np

    paper = int(np.bincount((gray >> 3).ravel(), minlength=32).argmax()) * 8 + 4
    contrast = np.abs(gray.astype(np.int16) - paper)
    return float((contrast > TextLayerSettings.current().ink_contrast).mean())
