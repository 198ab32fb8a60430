"""Gutters, and which of them separate columns: whether two sides are read one after the other, or line by line.

Columns of prose, and an address beside a form, are read one after the other. Where both sides share their lines, as
line items do and pairs of label and value, a row stays a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from extractor.geometry import on_one_baseline, overlaps_in_height
from extractor.layout.blocks import GridRegion, LayoutItem, TextSegment, only_segments
from extractor.layout.figures import FIGURE
from extractor.layout.segments import group_into_lines
from extractor.layout.side_by_side import are_side_by_side, is_beside_pairs
from extractor.settings import Settings, rule, threshold
from extractor.values.scripts import is_wide

Gutter = tuple[float, float]
"""A white stretch between items that runs down all of them: the x where it begins and where it ends."""


@dataclass(frozen=True)
class ColumnSettings(Settings):
    """When two sides of a gutter are read line by line. Widths of text count full-width characters as two."""

    gutter_width: float = threshold(0.7, unit="parts of the body size", meaning="narrowest gutter")
    join_over_column: bool = rule(
        True,
        meaning="values are read with the labels two columns to the left, if the column between shares no lines with"
        " them",
        chosen="scanned receipts, 2026-11-25: a heading between amounts and their labels had taken them apart",
    )
    shared_lines: float = threshold(
        0.6, meaning="share of the shorter side's lines that must be level with the other's"
    )
    drop_spread: float = threshold(
        0.25, unit="em", meaning="by how much a pair's difference in baseline may deviate from the usual one"
    )
    figure_overlap: float = threshold(
        0.6, meaning="share of the lower box's height that a figure has in common with its label, if not quite level"
    )
    label_length: int = threshold(
        40, unit="characters", meaning="longest label beside a value that is not level with it"
    )
    other_type: float = threshold(
        0.08,
        unit="parts of the larger size",
        meaning="difference in size by which a label and its value differ in type",
    )
    prose_lines: int = threshold(4, meaning="fewest lines of a column of prose")
    prose_width: int = threshold(28, unit="characters", meaning="narrowest column of prose, as the median of its lines")
    prose_single: float = threshold(0.8, meaning="share of the lines of prose that are one segment")


def find_gutters(items: Sequence[LayoutItem], body_size: float) -> list[Gutter]:
    """Return the white stretches that run down between items and are wide enough to separate columns, left to right."""
    least = ColumnSettings.current().gutter_width * body_size
    gutters: list[Gutter] = []
    right = float("-inf")
    for item in sorted(items, key=lambda item: item.box.x0):
        if right > float("-inf") and item.box.x0 - right >= least:
            gutters.append((right, item.box.x0))
        right = max(right, item.box.x1)
    return gutters


def split_columns(items: Sequence[LayoutItem], gutters: Sequence[Gutter]) -> list[list[LayoutItem]]:
    """Cut items at the gutters whose two sides are read one after the other; one list where they read in rows."""
    join_over_column = ColumnSettings.current().join_over_column
    groups: list[list[LayoutItem]] = [[] for _ in range(len(gutters) + 1)]
    for item in items:
        groups[sum(item.box.x0 >= gutter[1] - 0.01 for gutter in gutters)].append(item)
    columns = [groups[0]]
    aside: list[LayoutItem] = []
    for number, group in enumerate(groups[1:], 1):
        beyond = only_segments(groups[number + 1]) if number + 1 < len(groups) else []
        regions = [item for item in group if isinstance(item, GridRegion)]
        segments = only_segments(group)
        # What stands between labels and their values in other lines (a heading, a small table) separates them no more
        # than the gutter does.
        joined = 0
        for count in (1, 2) if join_over_column else (1,):
            if count <= len(columns) and _are_rows(only_segments(columns[-count]), segments, beyond):
                joined = count
                break
        if joined:
            columns[-joined:] = [[item for column in columns[-joined:] for item in column] + segments]
            aside += regions
        else:
            columns.append(group)
    return [*columns, aside] if aside else columns


def _are_rows(left: list[TextSegment], right: list[TextSegment], beyond: list[TextSegment]) -> bool:
    """Decide whether two neighbours are read line by line; `beyond` is what stands right of them."""
    return _share_lines(left, right) and not (are_side_by_side(left, right) or is_beside_pairs(left, right, beyond))


def _share_lines(left: list[TextSegment], right: list[TextSegment]) -> bool:
    """Decide whether two neighbours share their lines, as the columns of a table do, and are not columns of prose."""
    settings = ColumnSettings.current()
    if not left or not right or (_is_prose(left, settings) and _is_prose(right, settings)):
        return False
    beyond = min(segment.box.x0 for segment in right)
    drops: list[float] = []
    for line in group_into_lines([*left, *right]):
        names = [segment for segment in line if segment.box.x0 < beyond]
        values = [segment for segment in line if segment.box.x0 >= beyond]
        pairs = [(name, value) for name in names for value in values if _is_pair(name, value, settings)]
        if pairs:
            drops.append(min((value.baseline - name.baseline for name, value in pairs), key=abs))
    if not drops:
        return False
    # Lines that belong together stand in the same way to each other all down the page; by chance they do not.
    usual, size = median(drops), median(segment.font_size for segment in (*left, *right))
    shared = sum(abs(drop - usual) <= settings.drop_spread * size for drop in drops)
    return shared >= settings.shared_lines * min(len(group_into_lines(left)), len(group_into_lines(right)))


def _is_pair(name: TextSegment, value: TextSegment, settings: ColumnSettings) -> bool:
    """Decide whether two segments on about one line belong together: exactly level, or the left one names the other.

    Forms set a label and its value in different type, and then not quite level.
    """
    if on_one_baseline(name.baseline, value.baseline, min(name.font_size, value.font_size)):
        return True
    # Scanned, a figure stands a little higher or lower than its label.
    if FIGURE.fullmatch(value.text) and overlaps_in_height(name.box, value.box, settings.figure_overlap):
        return True
    larger = max(name.font_size, value.font_size)
    differs = name.bold != value.bold or abs(name.font_size - value.font_size) > settings.other_type * larger
    return len(name.text) <= settings.label_length and (differs or name.text[-1] in ":：")


def _is_prose(segments: list[TextSegment], settings: ColumnSettings) -> bool:
    lines = group_into_lines(segments)
    if len(lines) < settings.prose_lines:
        return False
    widths = [sum(printed_width(segment.text) for segment in line) for line in lines]
    single = sum(len(line) == 1 for line in lines)
    return median(widths) >= settings.prose_width and single >= settings.prose_single * len(lines)


def printed_width(text: str) -> int:
    """Return the width of `text` in characters of Latin print: a full-width character is as wide as two."""
    return len(text) if text.isascii() else sum(2 if is_wide(character) else 1 for character in text)
