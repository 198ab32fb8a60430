"""Words into segments, and segments into lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from extractor.geometry import PlacedWord, on_one_baseline, overlap, overlaps_in_height, union
from extractor.layout.blocks import TextSegment
from extractor.settings import Settings, threshold
from extractor.values.characters import CLOSING_PUNCTUATION, OPENING_PUNCTUATION
from extractor.values.scripts import is_wide


@dataclass(frozen=True)
class SegmentSettings(Settings):
    """Distances that keep words together. An em is the larger font size of the two words compared."""

    touching_gap: float = threshold(
        0.15, unit="em", meaning="words without white space between them in the file touch below this gap"
    )
    wide_touching_gap: float = threshold(
        0.12, unit="em", meaning="full-width characters touch below this gap, though the file has white space there"
    )
    gap_in_run: float = threshold(1.1, unit="em", meaning="widest space between two words of one text run")
    gap_between_runs: float = threshold(0.8, unit="em", meaning="widest space between words of different text runs")
    blank_half: float = threshold(
        0.5, unit="em", meaning="added to these at full-width punctuation, whose half is blank"
    )
    overlap_in_run: float = threshold(
        0.3, unit="em", meaning="how far a word may reach back over the one before it in the file"
    )
    spaced_gap: float = threshold(0.7, unit="em", meaning="widest space between the figures of a spaced-out number")
    spaced_pitch: float = threshold(
        0.08, meaning="by what share the steps from figure to figure of a spaced-out number may differ"
    )
    spaced_figures: int = threshold(6, unit="figures", meaning="so many figures are a number without a point or comma")
    gap_on_line: float = threshold(
        0.5, unit="em", meaning="widest space over which strings that stand apart in the file are joined"
    )
    overlap_on_line: float = threshold(0.1, unit="em", meaning="how far such strings may overlap")
    script_rise: float = threshold(
        0.6, unit="em", meaning="most by which the baseline of a superscript or subscript differs"
    )
    script_gap: float = threshold(
        0.2, unit="em", meaning="widest space or overlap between a word and its superscript or subscript"
    )
    script_overlap: float = threshold(
        0.3, meaning="share of the smaller font size that a superscript has in common with the height of its word"
    )
    line_overlap: float = threshold(
        0.6, meaning="share of the lower box's height that segments of one line share where their baselines differ"
    )
    lines_looked_back: int = threshold(
        4, meaning="lines that a segment is compared with, in the order of their baselines", others=(2, 8)
    )


def separator_before(before: PlacedWord | None, word: PlacedWord, settings: SegmentSettings | None = None) -> str:
    """Return what is written between two words of a segment: nothing where they touch or are Chinese, else a space."""
    if before is None:
        return ""
    settings = settings or SegmentSettings.current()
    gap, size = word.box.x0 - before.box.x1, max(before.font_size, word.font_size)
    if not word.space_before and gap < settings.touching_gap * size:
        return ""
    both_wide = is_wide(before.text[-1]) and is_wide(word.text[0])
    if both_wide and (not word.space_before or gap < settings.wide_touching_gap * size):
        return ""
    return " "


def build_segments(words: Iterable[PlacedWord]) -> list[TextSegment]:
    """Join words into segments: first those that follow each other in the file, then what stands close on a line.

    `words` come in the order of the file. The segments come line by line from the top, each line left to right.
    """
    settings = SegmentSettings.current()
    strings: list[list[PlacedWord]] = []
    for word in _join_spaced_numbers(words, settings):
        if strings and follows_in_run(strings[-1][-1], word, settings):
            strings[-1].append(word)
        else:
            strings.append([word])
    result: list[TextSegment] = []
    for line in group_into_lines([make_segment(string, settings) for string in strings]):
        joined = [line[0]]
        for segment in line[1:]:
            before = joined[-1]
            gap, size = segment.box.x0 - before.box.x1, max(before.font_size, segment.font_size)
            near = -settings.overlap_on_line * size <= gap <= settings.gap_on_line * size
            if near and not segment.words[0].starts_column:
                joined[-1] = make_segment([*before.words, *segment.words], settings)
            else:
                joined.append(segment)
        result += joined
    return result


def _join_spaced_numbers(words: Iterable[PlacedWord], settings: SegmentSettings) -> list[PlacedWord]:
    """Return the words with spaced-out numbers, as in the boxes of a form (`7 , 2 7 4`), as one word each."""
    result: list[PlacedWord] = []
    run: list[PlacedWord] = []
    for word in words:
        if run and not _continues_number(run, word, settings):
            result += _as_number(run, settings)
            run = []
        run.append(word)
    return result + _as_number(run, settings)


def _continues_number(run: Sequence[PlacedWord], word: PlacedWord, settings: SegmentSettings) -> bool:
    before = run[-1]
    if word.starts_column or not (_is_figure(before) and _is_figure(word)):
        return False
    size = max(before.font_size, word.font_size)
    step = word.box.x0 - before.box.x0
    first = run[1].box.x0 - run[0].box.x0 if len(run) > 1 else step
    return (
        on_one_baseline(word.baseline, before.baseline, size)
        and 0 < word.box.x0 - before.box.x1 < settings.spaced_gap * size
        and abs(step - first) <= settings.spaced_pitch * first
    )


def _is_figure(word: PlacedWord) -> bool:
    return len(word.text) == 1 and word.text in "0123456789.,"


def _as_number(run: Sequence[PlacedWord], settings: SegmentSettings) -> list[PlacedWord]:
    """Return the words of a run as one, if they are a number: with a mark among figures, or with many figures."""
    if len(run) < 3:
        return list(run)
    text = "".join(word.text for word in run)
    figures = [word.text for word in run if word.text.isdigit()]
    is_marked = re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+(?:[.,]\d+)?|\d+[.,]\d{2}", text) is not None
    is_count = all(int(b) == int(a) + 1 for a, b in pairwise(figures))  # `1 2 3 4 5 6` numbers columns
    if not (is_marked or (len(figures) >= settings.spaced_figures and not is_count)):
        return list(run)
    on_page = union(word.page_box or word.box for word in run) if run[0].page_box is not None else None
    return [replace(run[0], text=text, box=union(word.box for word in run), page_box=on_page)]


def follows_in_run(before: PlacedWord, word: PlacedWord, settings: SegmentSettings) -> bool:
    """Decide whether a word goes on with the segment of the one before it in the file."""
    if word.starts_column:
        return False
    size = max(before.font_size, word.font_size)
    gap = word.box.x0 - before.box.x1
    if not on_one_baseline(word.baseline, before.baseline, size):
        return _is_script_of(before, word, settings)
    limit = settings.gap_between_runs
    if word.space_before and word.text_run == before.text_run:
        limit = settings.gap_in_run
    # A font may leave the blank half out of the box of such a mark.
    if before.text[-1] in CLOSING_PUNCTUATION or word.text[0] in OPENING_PUNCTUATION:
        limit += settings.blank_half
    return -settings.overlap_in_run * size < gap < limit * size


def _is_script_of(before: PlacedWord, word: PlacedWord, settings: SegmentSettings) -> bool:
    """Decide whether a word is a superscript or subscript of the one before it, or the other way round."""
    size = max(before.font_size, word.font_size)
    gap, rise = word.box.x0 - before.box.x1, abs(word.baseline - before.baseline)
    shared = overlap(before.box.top, before.box.bottom, word.box.top, word.box.bottom)
    return (
        rise < settings.script_rise * size
        and abs(gap) < settings.script_gap * size
        and shared > settings.script_overlap * min(before.font_size, word.font_size)
    )


def make_segment(words: Sequence[PlacedWord], settings: SegmentSettings | None = None) -> TextSegment:
    """Return some words of one line, in the order given, as a segment."""
    largest = max(words, key=lambda word: word.font_size)
    text, before = "", None
    for word in words:
        text += separator_before(before, word, settings) + word.text
        before = word
    bold = sum(len(word.text) for word in words if word.bold) * 2 > sum(len(word.text) for word in words)
    return TextSegment(tuple(words), text, union(word.box for word in words), largest.baseline, largest.font_size, bold)


def group_into_lines(segments: Sequence[TextSegment]) -> list[list[TextSegment]]:
    """Gather segments into lines, from the top down, each line from left to right."""
    settings = SegmentSettings.current()
    lines: list[list[TextSegment]] = []
    for segment in sorted(segments, key=lambda segment: segment.baseline):
        for line in reversed(lines[-settings.lines_looked_back :]):
            if all(_are_on_one_line(segment, other, settings) for other in line):
                line.append(segment)
                break
        else:
            lines.append([segment])
    for line in lines:
        line.sort(key=lambda segment: segment.box.x0)
    return lines


def _are_on_one_line(one: TextSegment, other: TextSegment, settings: SegmentSettings) -> bool:
    if on_one_baseline(one.baseline, other.baseline, min(one.font_size, other.font_size)):
        return True
    if overlap(one.box.x0, one.box.x1, other.box.x0, other.box.x1) > 0:
        return False
    # Labels and values in different type stand side by side on different baselines.
    return overlaps_in_height(one.box, other.box, settings.line_overlap)
