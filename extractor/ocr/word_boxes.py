"""Recognised lines into words with boxes, baselines and font sizes, as a PDF would have them."""

from __future__ import annotations

import itertools
import re
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from extractor.geometry import PlacedWord, Rect, union
from extractor.ocr.line_ink import blank_between, find_ink, ink_box
from extractor.ocr.models import RecognisedCharacter
from extractor.settings import Settings, rule, threshold
from extractor.values.characters import CLOSING_PUNCTUATION, OPENING_PUNCTUATION
from extractor.values.scripts import is_cjk, is_wide

# How high characters stand above the baseline and reach below it, in parts of the font size; usual in fonts for print.
X_HEIGHT, CAPITAL_HEIGHT, IDEOGRAPH_HEIGHT = 0.53, 0.72, 0.90
IDEOGRAPH_DEPTH, DESCENDER_DEPTH = 0.08, 0.21
# What a font sets aside for a line above and below the baseline, as the boxes of words in a PDF have it.
LINE_ASCENT, LINE_DESCENT = 0.9, 0.21


@dataclass(frozen=True)
class WordBoxSettings(Settings):
    """Where a line is cut into words, and how large it is taken to be. An em is the font size of the line."""

    confidence: float = threshold(
        0.5, meaning="mean confidence below which a line is specks or stains more often than text"
    )
    gap: float = threshold(
        0.45,
        unit="em",
        meaning="gap beyond which letters belong to two words: a space is a quarter of the size at least, and in a"
        " typewriter's face narrow letters stand far apart",
    )
    gap_usual: float = threshold(2.5, meaning="the same in parts of the line's usual gap, `gap_added` added")
    gap_added: float = threshold(0.1, unit="em", meaning="see `gap_usual`")
    gap_beside_wide: float = threshold(0.7, unit="em", meaning="the same between a full-width character and a letter")
    gap_cjk: float = threshold(0.9, unit="em", meaning="the same between Chinese characters")
    gap_wide: float = threshold(
        1.4, unit="em", meaning="the same between full-width marks, of which half of the square is blank"
    )
    gap_wide_usual: float = threshold(
        2.0, meaning="the last three in parts of the line's usual gap, which may be large"
    )
    join_split_amounts: bool = rule(
        True,
        meaning="an amount with two decimals at the end of a line is not cut at its point, which printers that give all"
        " characters one width set with space around it",
    )
    amount_gap: float = threshold(1.0, unit="em", meaning="gap beside such a point from which it is cut all the same")
    blank_half: float = threshold(
        0.45, unit="em", meaning="by how much a word's box is wider than the ink of full-width marks at its ends"
    )
    capitals: int = threshold(3, meaning="capitals and digits from which they alone tell the font size")
    size_in_height: float = threshold(
        0.62, meaning="font size in parts of the line's height, where no character tells it"
    )
    baseline_in_height: float = threshold(0.8, meaning="the same for the baseline, of a line without ink")
    size_least: float = threshold(0.4, meaning="least font size in parts of the line's height")
    size_most: float = threshold(1.1, meaning="greatest font size in parts of the line's height")


def place_words(
    gray: np.ndarray, box: Rect, characters: Sequence[RecognisedCharacter], walls: Sequence[float] = ()
) -> list[PlacedWord]:
    """Return the words of one line, in pixels of the page; `gray` is the line's picture, standing at `box` on the page.

    A word ends at a recognised space, where a gap is wide for the characters around it, for the recogniser leaves
    spaces out, and at the `walls`: the x in the picture where a ruling line runs down through it. No words come of a
    line that is too unsure on average; an unsure word of a better line is kept, with its confidence.
    """
    settings = WordBoxSettings.current()
    solid = [character for character in characters if not character.text.isspace()]
    if not solid or sum(character.confidence for character in solid) < settings.confidence * len(solid):
        return []
    ink = find_ink(gray)
    for wall in walls:
        ink[:, max(0, int(wall) - 1) : int(wall) + 2] = False
    blanks = [blank_between(ink, before.x, after.x) for before, after in itertools.pairwise(solid)]
    cuts = [0.0, *((start + end) / 2 for start, end in blanks), float(ink.shape[1])]
    boxes = [ink_box(ink, int(start), int(np.ceil(end))) for start, end in itertools.pairwise(cuts)]
    baseline, size = _measure_type([character.text for character in solid], boxes, ink.shape[0], settings)
    words: list[PlacedWord] = []
    gaps = [end - start for start, end in blanks]
    for start, end in _split_words(characters, gaps, size, walls, settings):
        confidence = sum(character.confidence for character in solid[start:end]) / (end - start)
        inked = [each for each in boxes[start:end] if each is not None]
        part = union(inked) if inked else Rect(cuts[start], 0.0, cuts[end], float(ink.shape[0]))
        text = "".join(character.text for character in solid[start:end])
        part = _with_line_height(_with_blank_halves(part, text, settings.blank_half * size), baseline, size)
        words.append(
            PlacedWord(
                text,
                Rect(box.x0 + part.x0, box.top + part.top, box.x0 + part.x1, box.top + part.bottom),
                box.top + baseline,
                size,
                confidence=round(min(1.0, confidence), 4),
            )
        )
    return words


def _with_blank_halves(box: Rect, text: str, half: float) -> Rect:
    """Return the box of a word with the blank half of the square of full-width marks at its ends, as fonts have it.

    Without it `二、` seems to stand apart from what follows, and `（三）` to be indented.
    """
    left = half if text[0] in OPENING_PUNCTUATION else 0.0
    right = half if text[-1] in CLOSING_PUNCTUATION else 0.0
    return Rect(max(0.0, box.x0 - left), box.top, box.x1 + right, box.bottom)


def _with_line_height(box: Rect, baseline: float, size: float) -> Rect:
    """Return the box of a word with the height of its line, as fonts have it.

    By its ink alone a line seems to stand farther from the next than it is set, and one without letters that reach up
    or down, or of a dash, farther still.
    """
    top, bottom = baseline - LINE_ASCENT * size, baseline + LINE_DESCENT * size
    return Rect(box.x0, min(box.top, top), box.x1, max(box.bottom, bottom))


# Where words end.


def _split_words(
    characters: Sequence[RecognisedCharacter],
    gaps: Sequence[float],
    size: float,
    walls: Sequence[float],
    settings: WordBoxSettings,
) -> list[tuple[int, int]]:
    """Return the words as stretches (start, end) of the characters that are not blank; `gaps` are between those."""
    solid = [character for character in characters if not character.text.isspace()]
    after_space, number = set(), 0
    for character in characters:
        if character.text.isspace():
            after_space.add(number)
        else:
            number += 1
    inner = [gap for number, gap in enumerate(gaps, 1) if number not in after_space]
    usual = median(inner) if inner else 0.0
    starts = [0]
    for number, gap in enumerate(gaps, 1):
        limit = _widest_gap(solid[number - 1].text, solid[number].text, size, usual, settings)
        if number in after_space or gap > limit:
            starts.append(number)
    if settings.join_split_amounts:
        text = "".join(character.text[0] for character in solid)
        starts = _without_cuts_in_amounts(text, starts, gaps, settings.amount_gap * size)
    at_walls = {bisect([character.x for character in solid], wall) for wall in walls}
    return list(itertools.pairwise(sorted({*starts, *at_walls, len(solid)})))


def _widest_gap(before: str, after: str, size: float, usual: float, settings: WordBoxSettings) -> float:
    """Return the gap between two characters beyond which they belong to two words; `usual` is that of the line."""
    wide = is_wide(before) + is_wide(after)
    if wide == 2:
        gap = settings.gap_cjk if is_cjk(before) and is_cjk(after) else settings.gap_wide
        return max(gap * size, settings.gap_wide_usual * usual)
    if wide == 1:
        return max(settings.gap_beside_wide * size, settings.gap_wide_usual * usual)
    return max(settings.gap * size, settings.gap_usual * usual + settings.gap_added * size)


_AMOUNT_POINT = re.compile(r"\d[.,](?=\d\d\W{0,2}\Z)")
"""The decimal point of an amount in a currency of two decimals (ISO 4217: most are) that ends its line, but for marks
such as a percent sign or a parenthesis. Elsewhere a point with space behind it may end a sentence or a list number."""


def _without_cuts_in_amounts(text: str, starts: Sequence[int], gaps: Sequence[float], widest: float) -> list[int]:
    """Return where words begin without the cuts beside the decimal point of an amount, as in `170. 00`."""
    points = [match.end() - 1 for match in _AMOUNT_POINT.finditer(text)]
    beside = {cut for point in points for cut in (point, point + 1) if gaps[cut - 1] < widest}
    return [start for start in starts if start not in beside]


# How large the type is.

_FLAT_IDEOGRAPHS = "一二三丶丿卜口曰日"
"""Chinese characters that do not fill their square, by which the font size would be taken for too small."""
_FULL_HEIGHT = "ABCDEFGHIKLMNOPRSTUVWXYZ0123456789bdfhkl"
_X_HEIGHT_LETTERS = "aceimnorstuvwxz"
_WITHOUT_X_HEIGHT = "it"
"""Of those the ones that reach higher, and tell the baseline only."""
_DESCENDING = "gpqy"


def _measure_type(
    texts: Sequence[str], boxes: Sequence[Rect | None], height: int, settings: WordBoxSettings
) -> tuple[float, float]:
    """Return the baseline and the font size of a line in pixels, by the ink of characters of known form."""
    baselines, sizes, full_sizes = [], [], []
    for text, box in zip(texts, boxes, strict=True):
        if box is None:
            continue
        if is_cjk(text) and text not in _FLAT_IDEOGRAPHS:
            sizes.append(box.height / IDEOGRAPH_HEIGHT)
            baselines.append(box.bottom - IDEOGRAPH_DEPTH * box.height / IDEOGRAPH_HEIGHT)
        elif text in _FULL_HEIGHT:
            full_sizes.append(box.height / CAPITAL_HEIGHT)
            baselines.append(box.bottom)
        elif text in _X_HEIGHT_LETTERS:
            if text not in _WITHOUT_X_HEIGHT:
                sizes.append(box.height / X_HEIGHT)
            baselines.append(box.bottom)
        elif text in _DESCENDING:
            sizes.append(box.height / (X_HEIGHT + DESCENDER_DEPTH))
    sizes = [*full_sizes, *sizes] if len(full_sizes) < settings.capitals else full_sizes
    inked = [box for box in boxes if box is not None]
    size = median(sizes) if sizes else settings.size_in_height * height
    baseline = (
        median(baselines)
        if baselines
        else max((box.bottom for box in inked), default=settings.baseline_in_height * height)
    )
    return float(baseline), float(min(max(size, settings.size_least * height), settings.size_most * height))
