"""Rows of labels over one row of values, as forms have them, into a block for each label."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from extractor.geometry import Rect, overlap
from extractor.layout.blocks import TextBlock, TextLine, TextSegment
from extractor.settings import Settings, rule, threshold

DIGIT = re.compile(r"\d")
_FRACTION = re.compile(r"\b\d/\d\b")


@dataclass(frozen=True)
class LabelRowSettings(Settings):
    """When a row of labels stands over a row of values. An em is the smaller font size of the two rows' first parts."""

    split_label_rows: bool = rule(True, meaning="a row of labels over one row of values is read label by label")
    label_length: int = threshold(40, unit="characters", meaning="longest label")
    gap: float = threshold(1.2, unit="em", meaning="widest gap between the labels and their values")
    gap_below: float = threshold(
        0.8, unit="em", meaning="a row that follows the values nearer than this makes them line items, unless of labels"
    )
    rows_searched: int = threshold(14, meaning="rows below in which another row like the values shows line items")
    edge_tolerance: float = threshold(2.0, unit="points", meaning="difference of left, right or middle in one column")
    columns_in_line: float = threshold(0.6, meaning="share of the segments of two rows that stand in the same columns")
    label_offset: float = threshold(1.0, unit="em", meaning="difference of the left edges of a label and its value")
    other_type: float = threshold(0.08, meaning="share of the font size by which labels of one row may differ")


def split_label_row(lines: Sequence[TextLine], at: int) -> list[TextBlock]:
    """Return a block for each label of line `at`, with its value from the line below; none where that is not a form.

    A header over several rows of data is left whole: the row after the values must be labels again, or far off.
    """
    settings = LabelRowSettings.current()
    if not settings.split_label_rows or at + 1 >= len(lines):
        return []
    upper, lower = lines[at], lines[at + 1]
    if len(upper.segments) < 2 or not _are_labels(upper, settings):
        return []
    if _have_same_type(upper, lower, settings) and (
        # a second row of labels under the first, or one beside its values
        _are_labels(lower, settings) or not DIGIT.search(lower.segments[0].text)
    ):
        return []
    size = min(upper.segments[0].font_size, lower.segments[0].font_size)
    if lower.box.top - upper.box.bottom > settings.gap * size:
        return []
    if at + 2 < len(lines):
        after = lines[at + 2]
        near = after.box.top - lower.box.bottom <= settings.gap_below * size
        if near and not (_are_labels(after, settings) and _have_same_type(upper, after, settings)):
            return []
    # Another row like the values further down shows a header over line items.
    below = lines[at + 2 : at + 2 + settings.rows_searched]
    if any(_stand_in_same_columns(lower, other, settings) for other in below):
        return []
    values = _match_values(upper, lower, settings.label_offset * size)
    if not values or (len(values) < 2 and len(upper.segments) > 2):
        return []
    return [
        TextBlock((TextLine((label,)), TextLine((values[number],))) if number in values else (TextLine((label,)),))
        for number, label in enumerate(upper.segments)
    ]


def _match_values(labels: TextLine, values: TextLine, offset: float) -> dict[int, TextSegment]:
    """Return each value by the number of the one label over it; empty where a value has none, or several."""
    matched: dict[int, TextSegment] = {}
    for value in values.segments:
        above = [
            number
            for number, label in enumerate(labels.segments)
            if overlap(label.box.x0, label.box.x1, value.box.x0, value.box.x1) > 0
            or abs(label.box.x0 - value.box.x0) < offset
        ]
        if len(above) != 1 or above[0] in matched:
            return {}
        matched[above[0]] = value
    return matched


def _stand_in_same_columns(line: TextLine, other: TextLine, settings: LabelRowSettings) -> bool:
    """Decide whether most segments of two lines stand in the same columns, set to the left, the right or the middle."""
    if len(other.segments) < 2:
        return False
    tolerance = settings.edge_tolerance
    shared = sum(any(_are_aligned(one.box, two.box, tolerance) for two in other.segments) for one in line.segments)
    return shared >= settings.columns_in_line * max(len(line.segments), len(other.segments))


def _are_aligned(one: Rect, other: Rect, tolerance: float) -> bool:
    return (
        abs(one.x0 - other.x0) < tolerance
        or abs(one.x1 - other.x1) < tolerance
        or abs(one.x0 + one.x1 - other.x0 - other.x1) < 2 * tolerance
    )


def _are_labels(line: TextLine, settings: LabelRowSettings) -> bool:
    """Decide whether a line may be a row of labels: short, without digits but those of a fraction, and no colons."""
    return all(
        len(segment.text) <= settings.label_length
        and segment.text[-1:] not in (":", "：")
        and not DIGIT.search(_FRACTION.sub("", segment.text))
        for segment in line.segments
    )


def _have_same_type(line: TextLine, other: TextLine, settings: LabelRowSettings) -> bool:
    one, two = line.segments[0], other.segments[0]
    return one.bold == two.bold and abs(one.font_size - two.font_size) < settings.other_type * one.font_size
