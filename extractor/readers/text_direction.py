"""Right-to-left writing (Hebrew, Arabic): which characters run to the left, and the order of the words of a line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from extractor.geometry import PlacedWord
from extractor.layout import LayoutCell, TextLine
from extractor.values.scripts import HAN

_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_LEFT_TO_RIGHT = re.compile(f"[A-Za-z\u00c0-\u024f\u0370-\u052f{HAN}]")
_BRACKETS = frozenset("()[]{}")
_ARABIC_NUMBER = re.compile("[\u0660-\u066c\u06f0-\u06f9.,/:%-]+")


def runs_to_the_left(text: str) -> bool:
    """Decide whether the text has letters that are written from right to left; digits are not, in any script."""
    return not text.isascii() and _RIGHT_TO_LEFT.search(text) is not None and _ARABIC_NUMBER.fullmatch(text) is None


def is_written_leftward(words: Iterable[str]) -> bool:
    """Decide whether most words of a page, figures aside, are written from right to left."""
    leftward = rightward = 0
    for word in words:
        if runs_to_the_left(word):
            leftward += 1
        else:
            rightward += _LEFT_TO_RIGHT.search(word) is not None
    return leftward > rightward


def words_in_order(
    line: TextLine, page_is_leftward: bool = False
) -> list[list[tuple[PlacedWord, tuple[PlacedWord, PlacedWord] | None]]]:
    """Return the words of a line, segment by segment, in the order in which they are read.

    Each comes with the two words, left and right on the page, between which the space before it is; the first of a
    segment with None. In a line of right-to-left writing, or of figures on such a page, the segments and words are read
    from the right, and Latin words and numbers that stand together among them from the left.
    """
    segments = [list(segment.words) for segment in line.segments]
    words = [word.text for segment in segments for word in segment]
    has_letters = any(_LEFT_TO_RIGHT.search(word) or runs_to_the_left(word) for word in words)
    if not (is_written_leftward(words) if has_letters else page_is_leftward):
        return [_with_neighbours(segment) for segment in segments]
    return [_with_neighbours(_reversed(segment)) for segment in reversed(_with_brackets(segments))]


def mirror_columns(cells: Iterable[LayoutCell]) -> list[LayoutCell]:
    """Return the cells of a table with its columns counted from the right, as right-to-left writing has them."""
    cells = list(cells)
    columns = max((cell.column + cell.column_span for cell in cells), default=0)
    return [replace(cell, column=columns - cell.column - cell.column_span) for cell in cells]


def _with_brackets(segments: Sequence[list[PlacedWord]]) -> list[list[PlacedWord]]:
    """Return the segments, a bracket that stands alone joined with the figure to its right that has the other one."""
    joined: list[list[PlacedWord]] = []
    for segment in segments:
        is_alone = bool(joined) and [word.text for word in joined[-1]] == [")"]
        if is_alone and segment[-1].text.endswith("("):
            joined[-1] = [*joined[-1], *segment]
        else:
            joined.append(segment)
    return joined


def _reversed(words: Sequence[PlacedWord]) -> list[PlacedWord]:
    """Return the words from the right; Latin words and numbers between keep their order, brackets alone do not."""
    result: list[PlacedWord] = []
    together: list[PlacedWord] = []
    for word in reversed(words):
        if runs_to_the_left(word.text) or word.text in _BRACKETS:
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
