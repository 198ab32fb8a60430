"""Tables whose entries have several lines: a full line under the names of a head, then details at places of their own.

Orders and declarations print them so: number, item and amounts on the first line of an entry, and what describes the
item below, over the columns of the amounts, which none of the other finders takes for a row.
"""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from extractor.geometry import Rect, RulingLine, union
from extractor.layout.blocks import LayoutCell, TableBlock, TextLine, TextSegment
from extractor.layout.figures import reads_as_figure
from extractor.layout.head_cells import build_head
from extractor.layout.head_lines import heads_table
from extractor.layout.line_tables import LineTable, place_head_cell, place_words, runs_along
from extractor.layout.segments import make_segment
from extractor.layout.white_columns import column_edges, find_white_columns, fits_columns
from extractor.settings import Settings, rule, threshold


@dataclass(frozen=True)
class EntryTableSettings(Settings):
    """What it takes for lines to be entries of several lines. An em is the font size of a line's first words."""

    find_entries: bool = rule(True, meaning="full lines under a head, with details between them, are a table")
    names: int = threshold(4, meaning="fewest names of the head", others=(3, 5))
    filled: float = threshold(0.6, meaning="share of the names of the head that a full line has texts for")
    entries: int = threshold(2, meaning="fewest entries")
    with_details: float = threshold(0.5, meaning="share of the entries that have details")
    details: int = threshold(4, unit="lines", meaning="most details of an entry")
    gap: float = threshold(1.2, unit="em", meaning="widest gap between two lines of one entry")
    entry_gap: float = threshold(3.0, unit="em", meaning="widest gap between two entries")
    same_place: float = threshold(2.5, unit="points", meaning="difference of the ends of texts of one column")
    loose_texts: int = threshold(
        2, meaning="most texts of a line of details that may stand anywhere; of more, each is under a text of its entry"
    )
    labelled: float = threshold(0.3, meaning="share of texts with a colon from which full lines are label and value")


@dataclass(slots=True)
class _Entries:
    """The lines `start` to `end` under a head that are entries, each begun by one of the `full` ones."""

    start: int
    end: int
    full: list[int]


def find_entry_tables(
    lines: Sequence[TextLine], rules: Sequence[RulingLine], *, across: bool = False
) -> list[LineTable]:
    """Return the tables of entries of several lines, from the top down.

    With `across`, only those whose details stand across the columns, so that they are no rows of an ordinary table.
    """
    settings = EntryTableSettings.current()
    found: list[LineTable] = []
    at = 0
    while settings.find_entries and at < len(lines):
        made = None
        if len(lines[at].segments) >= settings.names and heads_table(lines, at, rules):
            made = _make_table(lines, at, rules, across, settings)
        if made is None:
            at += 1
        else:
            found.append(made)
            at = made.end
    return found


def _make_table(
    lines: Sequence[TextLine], head: int, rules: Sequence[RulingLine], across: bool, settings: EntryTableSettings
) -> LineTable | None:
    entries = _find_entries(lines, head, rules, settings)
    if entries is None:
        return None
    full = [lines[number] for number in entries.full]
    words = [[word for segment in line.segments for word in segment.words] for line in (lines[head], *full)]
    columns = find_white_columns(words)
    edges = list(column_edges(columns)) if columns else []
    if len(columns) < settings.names or not all(fits_columns(line, edges) for line in full):
        return None
    details = [lines[number] for number in range(entries.start, entries.end) if number not in entries.full]
    crossing = sum(not fits_columns(line, edges) for line in details)
    if across and crossing < settings.with_details * len(full):
        return None
    box = union(line.box for line in lines[head : entries.end])
    edges[0], edges[-1] = min(edges[0], box.x0), max(edges[-1], box.x1)
    inside = [each for each in rules if each.start < box.x1 and each.end > box.x0]
    cells = [place_head_cell(cell, edges) for cell in build_head(lines[head : entries.start], columns, edges, inside)]
    base = 1 + max(cell.row + cell.row_span - 1 for cell in cells)
    placed = [place_words(line, edges) for line in full]
    lefts = {
        column: median(line.cells[column][0].box.x0 for line in placed if column in line.cells)
        for column in range(len(columns))
        if any(column in line.cells for line in placed)
    }
    for row, (number, after) in enumerate(itertools.pairwise([*entries.full, entries.end])):
        texts: dict[int, list[TextLine]] = defaultdict(list)
        for column, own in placed[row].cells.items():
            texts[column].append(TextLine((make_segment(own),)))
        for line in lines[number + 1 : after]:
            for column, segments in _place_details(line, lefts, edges, settings).items():
                texts[column].append(TextLine(tuple(segments)))
        extent = union(line.box for line in lines[number:after])
        for column, (left, right) in enumerate(itertools.pairwise(edges)):
            place = Rect(left, extent.top, right, extent.bottom)
            cells.append(LayoutCell(base + row, column, tuple(texts[column]), place))
    return LineTable(head, entries.end, TableBlock(tuple(cells), box, tuple(edges)))


def _find_entries(
    lines: Sequence[TextLine], head: int, rules: Sequence[RulingLine], settings: EntryTableSettings
) -> _Entries | None:
    """Return the entries under a head; None where what stands there are no entries of several lines."""
    least = settings.filled * len(lines[head].segments)
    start = next((at for at in range(head + 1, len(lines)) if _is_full(lines[at], least)), None)
    if start is None or start - head > settings.details or any(map(_has_figure, lines[head + 1 : start])):
        return None
    first, left, right = lines[start], lines[head].box.x0, lines[head].box.x1
    along = [each.position for each in rules if runs_along(each, left, right)]
    full, end = [start], start + 1
    while end < len(lines):
        line, before = lines[end], lines[end - 1]
        em, gap = before.segments[0].font_size, line.box.top - before.box.bottom
        if _is_full(line, least) and _begins_like(first, line, settings):
            if gap > settings.entry_gap * em:
                break
            full.append(end)
        elif (
            gap > settings.gap * em
            or end - full[-1] > settings.details
            or line.box.x0 < left - settings.same_place
            or line.box.x1 > right + settings.same_place
            or not _may_be_details(lines[full[-1]], line, settings)
            or any(before.box.center[1] < y < line.box.center[1] for y in along)
        ):
            break
        end += 1
    details = [after - at - 1 for at, after in itertools.pairwise([*full, end])]
    if len(full) > 1:
        end -= max(0, details[-1] - max(details[:-1]))  # what stands under the table is no detail of its last entry
    texts = [segment.text for at in full for segment in lines[at].segments]
    is_form = sum(text[-1] in ":：" or ": " in text for text in texts) > settings.labelled * len(texts)
    if is_form or len(full) < settings.entries or sum(map(bool, details)) < settings.with_details * len(full):
        return None
    return _Entries(start, end, full)


def _is_full(line: TextLine, least: float) -> bool:
    """Decide whether a line may begin an entry: texts for most names of the head, a figure among them."""
    return len(line.segments) >= max(3.0, least) and _has_figure(line)


def _has_figure(line: TextLine) -> bool:
    """Decide whether a line has a figure that is not in its first text."""
    return any(reads_as_figure(word.text) for segment in line.segments[1:] for word in segment.words)


def _may_be_details(entry: TextLine, line: TextLine, settings: EntryTableSettings) -> bool:
    """Decide whether a line under the full line of an entry may be details of it, and no row of another table in it."""
    if len(line.segments) <= settings.loose_texts:
        return True
    return all(any(_are_aligned(segment, above, settings) for above in entry.segments[1:]) for segment in line.segments)


def _begins_like(first: TextLine, line: TextLine, settings: EntryTableSettings) -> bool:
    """Decide whether a line begins where the first entry does, set to the left, the right or the middle."""
    return _are_aligned(first.segments[0], line.segments[0], settings)


def _are_aligned(one: TextSegment, other: TextSegment, settings: EntryTableSettings) -> bool:
    a, b = one.box, other.box
    differences = (a.x0 - b.x0, a.x1 - b.x1, a.center[0] - b.center[0])
    return min(map(abs, differences)) <= settings.same_place


def _place_details(
    line: TextLine, lefts: dict[int, float], edges: Sequence[float], settings: EntryTableSettings
) -> dict[int, list[TextSegment]]:
    """Return the texts of a line of details by column.

    A text is in the column with which it begins or in which it fits; else it goes on with the text before it.
    """
    cells: dict[int, list[TextSegment]] = {}
    before = None
    for segment in line.segments:
        box, slack = segment.box, settings.same_place
        begun = [column for column, left in lefts.items() if abs(left - box.x0) <= slack]
        own = min(max(bisect_right(edges, box.center[0]) - 1, 0), len(edges) - 2)
        if begun:
            column = begun[0]
        elif (edges[own] - slack <= box.x0 and box.x1 <= edges[own + 1] + slack) or before is None:
            column = own
        else:
            column = before
        cells.setdefault(column, []).append(segment)
        before = column
    return cells
