"""Whether the text that a file has for a page is what the page shows.

Text that does not read like text (codes of a font's own, a table of characters that is off by some places) is only
suspected here; it is a sample of its lines, read by OCR in the picture of the page, that decides.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image

from extractor.geometry import PlacedWord, Rect, union
from extractor.readers.scanned import Shown, recognised
from extractor.types import Problem

ENOUGH = 20
"""So many characters at least are needed to say anything of a font."""

SAMPLED = 8
"""Lines of a page that are compared with its picture."""

_FREQUENT = frozenset("etaoinsr")
"""Two letters in three are one of these in English, French, German, Italian or Spanish, three in ten by chance."""


def doubtful(text: str, unmapped: int) -> bool:
    """Whether what a font sets does not read like text; `unmapped` of its characters have no known meaning.

    Wrong of a list of codes or a formula, now and then, and right of no cipher that keeps to frequent characters.
    """
    letters = [character for character in text.casefold() if character.isalpha()]
    if unmapped > 0.5 * len(text) and unmapped >= ENOUGH:
        return True
    if unmapped > 0.05 * len(text) and unmapped >= 5 and len(set(text)) > 3:  # of fewer signs there are but bullets
        return True
    chinese = [character for character in letters if "\u3400" <= character <= "\u9fff"]
    if len(chinese) >= ENOUGH and sum(character in _common() for character in chinese) < 0.8 * len(chinese):
        return True
    latin = [character for character in letters if character < "\u0250"]
    if len(latin) < 2 * ENOUGH or len(latin) < 0.5 * len(letters):
        return False
    return sum(character in _FREQUENT for character in latin) < 0.45 * len(latin)


@cache
def _common() -> frozenset[str]:
    """The characters that make up 99 in 100 of written Chinese: the first levels of GB 2312 and of Big5."""
    found = set()
    for encoding, leads in (("gb2312", range(0xB0, 0xD8)), ("big5", range(0xA4, 0xC7))):
        for lead in leads:
            for trail in range(0x40, 0xFF):
                found.update(bytes((lead, trail)).decode(encoding, "ignore"))
    return frozenset(found)


def is_known_script(text: str) -> bool:
    """Whether OCR can read most of it: Latin letters, Chinese and Japanese, and figures."""
    letters = [c for c in text if c.isalpha()]
    known = sum(c < "\u0250" or "\u3040" <= c <= "\u30ff" or "\u3400" <= c <= "\u9fff" for c in letters)
    return not letters or known >= 0.5 * len(letters)


@dataclass(frozen=True, slots=True)
class Strip:
    """Words on one line, as the file has them: where they stand on the page, and the quarter turns they are set at."""

    text: str
    box: Rect
    turn: int


def strips(words: Sequence[tuple[PlacedWord, int]]) -> list[Strip]:
    """The lines of some words, given with their turns, in the order of the file."""
    found: list[list[tuple[PlacedWord, int]]] = []
    for word, turn in words:
        if found:
            before, last = found[-1][-1]
            size = max(before.font_size, word.font_size)
            on_line = turn == last and abs(word.baseline - before.baseline) < 0.3 * size
            if on_line and -0.5 * size < word.box.x0 - before.box.x1 < 2 * size:
                found[-1].append((word, turn))
                continue
        found.append([(word, turn)])
    return [
        Strip("".join(word.text for word, _ in line), union(word.page_box or word.box for word, _ in line), line[0][1])
        for line in found
    ]


def agreement(shown: Shown, lines: Sequence[Strip]) -> float | None:
    """How far some lines are what the picture shows at their places, in 0..1; None where OCR cannot tell.

    Of many lines a few are compared, spread over the page, those with most to compare.
    """
    telling = sorted(lines, key=lambda line: len(_compared(line.text)), reverse=True)[: max(SAMPLED, len(lines) // 2)]
    chosen = [telling[at * len(telling) // SAMPLED] for at in range(SAMPLED)] if len(telling) > SAMPLED else telling
    chosen = [line for line in chosen if _compared(line.text)]
    crops = [_cut_out(shown, line) for line in chosen]
    if not crops:
        return None
    gap = 24
    sheet = Image.new("RGB", (max(c.width for c in crops) + 2 * gap, sum(c.height + gap for c in crops) + gap), "white")
    tops = []
    y = gap
    for crop in crops:
        sheet.paste(crop, (gap, y))
        tops.append(y)
        y += crop.height + gap
    page = recognised(Shown(shown.number, sheet, shown.dpi))
    if isinstance(page, Problem) or page.confidence is None or page.confidence < 0.7 or abs(page.turn) > 15:
        return None
    seen = ["" for _ in chosen]
    for word in sorted(page.words, key=lambda word: word.box.x0):
        middle = (word.box.top + word.box.bottom) / 2 * shown.dpi / 72
        at = max(sum(top - gap / 2 <= middle for top in tops) - 1, 0)
        seen[at] += word.text
    weights = [len(_compared(line.text)) for line in chosen]
    alike = [_alike(line.text, text) for line, text in zip(chosen, seen, strict=True)]
    return sum(each * weight for each, weight in zip(alike, weights, strict=True)) / sum(weights)


def _cut_out(shown: Shown, line: Strip) -> Image.Image:
    scale = shown.dpi / 72
    margin = 0.15 * min(line.box.x1 - line.box.x0, line.box.bottom - line.box.top)
    sides = (line.box.x0 - margin, line.box.top - margin, line.box.x1 + margin, line.box.bottom + margin)
    left, top, right, bottom = (round(side * scale) for side in sides)
    box = max(left, 0), max(top, 0), min(right, shown.picture.width), min(bottom, shown.picture.height)
    crop = shown.picture.crop(box) if box[0] < box[2] and box[1] < box[3] else Image.new("RGB", (8, 8), "white")
    return crop.rotate(90 * line.turn, expand=True) if line.turn else crop


def _compared(text: str) -> str:
    """What of a text is compared: letters and figures, and signs without a meaning, which are never right."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(c for c in folded if c.isalnum() or c == "\ufffd" or "\ue000" <= c < "\uf900")


def _alike(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, _compared(one), _compared(other), autojunk=False).ratio()


def has_ink(gray: np.ndarray, box: Rect, scale: float) -> bool:
    """Whether anything stands out in a box, in points, of a gray picture with `scale` pixels to the point."""
    part = gray[
        max(int(box.top * scale), 0) : max(int(np.ceil(box.bottom * scale)), 0),
        max(int(box.x0 * scale), 0) : max(int(np.ceil(box.x1 * scale)), 0),
    ]
    return part.size > 0 and stands_out(part) > 0.01


def stands_out(gray: np.ndarray) -> float:
    """The share of pixels that are far from the most usual shade, as ink is from paper."""
    ground = int(np.bincount((gray >> 3).ravel(), minlength=32).argmax()) * 8 + 4
    return float((np.abs(gray.astype(np.int16) - ground) > 40).mean())
