"""Lines that head a table: names without figures, in bold or over a drawn rule, above lines that stand in columns."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from extractor.geometry import RulingLine, overlap
from extractor.layout.blocks import TextLine
from extractor.layout.figures import is_sign_of_figure, reads_as_figure
from extractor.layout.line_tables import runs_along
from extractor.settings import Settings, rule, threshold


@dataclass(frozen=True)
class HeadLineSettings(Settings):
    """What tells a head from the lines about it. An em is the font size of the line's first words."""

    begin_at_head: bool = rule(True, meaning="a table begins at a line that heads it, though others stand over that")
    names: int = threshold(3, meaning="fewest names of a head that lines with figures stand over", others=(2, 4))
    lines_below: int = threshold(6, unit="lines", meaning="so many lines under a head tell what it heads")
    head_lines: int = threshold(2, unit="lines", meaning="most lines of a head between its names and the rule under it")
    rows_below: int = threshold(2, unit="lines", meaning="fewest of them with a figure under a name")
    gap: float = threshold(2.5, unit="em", meaning="widest gap between a head and the line under it")
    size_change: float = threshold(0.08, meaning="share of the font size by which another type differs")


def heads_table(lines: Sequence[TextLine], at: int, rules: Sequence[RulingLine]) -> bool:
    """Decide whether line `at` heads the lines under it: set apart by bold type, or by a rule drawn under it alone."""
    settings = HeadLineSettings.current()
    line, below = lines[at], lines[at + 1 : at + 1 + settings.lines_below]
    if not settings.begin_at_head or len(line.segments) < settings.names or not below or _has_figures(line):
        return False
    if below[0].box.top - line.box.bottom > settings.gap * line.segments[0].font_size:
        return False
    if not (_is_bold_over(line, below) or _is_over_a_rule(lines, at, rules)):
        return False
    return sum(_has_figure_under(line, row) for row in below) >= settings.rows_below


def have_one_type(line: TextLine, other: TextLine) -> bool:
    """Decide whether two lines are set in the same type: as bold, and as large."""
    one, two = line.segments[0], other.segments[0]
    largest = HeadLineSettings.current().size_change * max(one.font_size, two.font_size)
    return one.bold == two.bold and abs(one.font_size - two.font_size) <= largest


def _has_figures(line: TextLine) -> bool:
    return any(reads_as_figure(segment.words[-1].text) for segment in line.segments)


def _is_bold_over(line: TextLine, below: Sequence[TextLine]) -> bool:
    plain = sum(not any(segment.bold for segment in row.segments) for row in below)
    return all(segment.bold for segment in line.segments) and 2 * plain > len(below)


def _is_over_a_rule(lines: Sequence[TextLine], at: int, rules: Sequence[RulingLine]) -> bool:
    """Decide whether a rule runs under a line, and none over it: where rules part all rows they tell no head."""
    settings, box = HeadLineSettings.current(), lines[at].box
    along = [each.position for each in rules if runs_along(each, box.x0, box.x1)]
    above = lines[at - 1].box.center[1] if at else float("-inf")
    if any(above < y < box.center[1] for y in along):
        return False
    for upper, lower in itertools.pairwise(lines[at : at + settings.head_lines + 2]):
        if any(upper.box.center[1] < y < lower.box.center[1] for y in along):
            return True
        if _has_figures(lower):
            return False
    return False


def _has_figure_under(head: TextLine, row: TextLine) -> bool:
    """Decide whether some figure of a row stands under a name of its head that is not the first."""
    for segment in row.segments:
        last = [word for word in segment.words if not is_sign_of_figure(word.text)]
        if not last or not (reads_as_figure(last[-1].text) or reads_as_figure(segment.words[0].text)):
            continue
        if any(overlap(segment.box.x0, segment.box.x1, name.box.x0, name.box.x1) > 0 for name in head.segments[1:]):
            return True
    return False
