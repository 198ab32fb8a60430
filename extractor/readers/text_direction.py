"""Right-to-left writing (Hebrew, Arabic): which characters run to the left, and the order of the words of a line."""

from __future__ import annotations

import re
from collections.abc import Sequence

from extractor.geometry import PlacedWord
from extractor.layout import TextLine

_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_LEFT_TO_RIGHT = re.compile("[A-Za-z\u00c0-\u024f\u0370-\u052f\u4e00-\u9fff]")
_ARABIC_NUMBER = re.compile("[\u0660-\u066c\u06f0-\u06f9.,/:%-]+")


def runs_to_the_left(text: str) -> bool:
    """Decide whether the text has letters that are written from right to left; digits are not, in any script."""
    return _RIGHT_TO_LEFT.search(text) is not None and _ARABIC_NUMBER.fullmatch(text) is None


def words_in_order(line: TextLine) -> list[list[tuple[PlacedWord, tuple[PlacedWord, PlacedWord] | None]]]:
    """Return the words of a line, segment by segment, in the order in which they are read.

    Each comes with the two words, left and right on the page, between which the space before it is; the first of a
    segment with None. In a line of right-to-left writing the segments and words are read from the right, and Latin
    words and numbers that stand together among them from the left.
    """
    segments = [list(segment.words) for segment in line.segments]
    words = [word for segment in segments for word in segment]
    leftward = sum(runs_to_the_left(word.text) for word in words)
    if not leftward or leftward <= sum(_LEFT_TO_RIGHT.search(word.text) is not None for word in words):
        return [_with_neighbours(segment) for segment in segments]
    return [_with_neighbours(_reversed(segment)) for segment in reversed(segments)]


def _reversed(words: Sequence[PlacedWord]) -> list[PlacedWord]:
    result: list[PlacedWord] = []
    together: list[PlacedWord] = []
    for word in reversed(words):
        if runs_to_the_left(word.text):
            result += [*reversed(together), word]
            together = []
        else:
            together.append(word)
    return [*result, *reversed(together)]


def _with_neighbours(
    words: Sequence[PlacedWord],
) -> list[tuple[PlacedWord, tuple[PlacedWord, PlacedWord] | None]]:
    found: list[tuple[PlacedWord, tuple[PlacedWord, PlacedWord] | None]] = []
    for position, word in enumerate(words):
        before = words[position - 1] if position else None
        pair = None if before is None else (before, word) if before.box.x0 <= word.box.x0 else (word, before)
        found.append((word, pair))
    return found
