"""Blocks that stand side by side, as two addresses on an invoice, told from the columns of rows.

Where a page is set on a grid of lines, the lines of two blocks are level with each other as the cells of a row are.
The cells of a column are of one sort, and the column beside it is of another; the lines of a block change from one to
the next (a caption, a name, a street, a telephone number), and those of the block beside it change with them. A block
beside a form of labels with values has none of the labels.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from extractor.geometry import on_one_baseline
from extractor.layout.blocks import TextSegment
from extractor.layout.figures import FIGURE
from extractor.settings import Settings, rule, threshold


@dataclass(frozen=True)
class SideBySideSettings(Settings):
    """When two sides that share their lines are two blocks nevertheless."""

    read_apart: bool = rule(True, meaning="blocks that stand side by side are read one after the other")
    lines: int = threshold(3, meaning="fewest lines that are level with each other")
    alike: float = threshold(0.75, meaning="share of these lines whose two sides are of one sort")
    labelled: float = threshold(0.7, meaning="share of the lines of a form that have a label of their own")
    with_digits: float = threshold(0.3, meaning="share of the lines of a block beside a form that have digits")


_LABEL = re.compile(r"([^\W\d_][^:：\d]{0,40}?)\s*(?:[.#]?\s*[:：]|(?:no|nr|nº|#)\.?\s*\d)", re.IGNORECASE)


def are_side_by_side(left: Sequence[TextSegment], right: Sequence[TextSegment]) -> bool:
    """Decide whether two sides of a gutter are blocks by themselves, though their lines are level with each other."""
    settings = SideBySideSettings.current()
    if not settings.read_apart:
        return False
    return _change_alike(_level_lines(left, right), settings) or _is_beside_form(left, right, settings)


def is_beside_pairs(left: Sequence[TextSegment], labels: Sequence[TextSegment], values: Sequence[TextSegment]) -> bool:
    """Decide whether a block stands beside two columns that are labels with their values, and is none of the labels.

    The labels are texts without digits, each another one; the values level with them are no column of amounts.
    """
    settings = SideBySideSettings.current()
    pairs = _level_lines(labels, values)
    names = {label.text.casefold() for label, _ in pairs}
    if not settings.read_apart or len(pairs) < settings.lines or len(names) < len(labels):
        return False
    if any(map(str.isdigit, "".join(names))) or all(FIGURE.fullmatch(value.text) for _, value in pairs):
        return False
    digits = sum(_has_digits(value) for _, value in pairs)
    return digits >= settings.with_digits * len(pairs) and _is_block(left, settings)


def _level_lines(left: Sequence[TextSegment], right: Sequence[TextSegment]) -> list[tuple[TextSegment, TextSegment]]:
    """Return the pairs of segments on one baseline, from the top down; none where a line has more than two."""
    pairs: list[tuple[TextSegment, TextSegment]] = []
    for segment in sorted(left, key=lambda segment: segment.box.top):
        level = [
            other
            for other in right
            if on_one_baseline(segment.baseline, other.baseline, min(segment.font_size, other.font_size))
        ]
        if len(level) > 1 or (level and pairs and pairs[-1][1] is level[0]):
            return []
        pairs += [(segment, other) for other in level]
    return pairs


def _change_alike(pairs: Sequence[tuple[TextSegment, TextSegment]], settings: SideBySideSettings) -> bool:
    """Decide whether the two sides of most lines are of one sort, and the sort changes from line to line."""
    if len(pairs) < settings.lines or any(FIGURE.fullmatch(each.text) for pair in pairs for each in pair):
        return False
    sorts = [(_sort(one), _sort(other)) for one, other in pairs]
    alike = [one for one, other in sorts if one == other]
    if len(alike) < settings.alike * len(pairs):
        return False
    # The first line may be the head of a column, and tells nothing.
    body = [one for one, other in sorts[1:] if one == other]
    return len(set(body)) > 1 or any((label := _label(one)) and label == _label(other) for one, other in pairs[1:])


def _is_beside_form(left: Sequence[TextSegment], right: Sequence[TextSegment], settings: SideBySideSettings) -> bool:
    """Decide whether the right side are labels, each another one and most with values, and the left side has none."""
    labels = [label for label in map(_label, right) if label]
    if len(labels) < settings.lines or len(labels) < settings.labelled * len(right) or len(set(labels)) < len(labels):
        return False
    return _is_block(left, settings)


def _is_block(lines: Sequence[TextSegment], settings: SideBySideSettings) -> bool:
    """Decide whether lines may be an address: without labels, and some of them with digits and no figures."""
    if any(_label(each) or each.text[-1] in ":：" or FIGURE.fullmatch(each.text) for each in lines):
        return False
    digits = sum(map(_has_digits, lines))
    return len(lines) >= 2 and digits >= max(1.0, settings.with_digits * len(lines))


def _sort(segment: TextSegment) -> tuple[bool, bool]:
    """Return what sort of line a segment is: whether it has digits, and a label of its own."""
    return _has_digits(segment), bool(_label(segment))


def _has_digits(segment: TextSegment) -> bool:
    return any(map(str.isdigit, segment.text))


def _label(segment: TextSegment) -> str:
    """Return the label that a segment begins with, in lower case; empty where it has none."""
    found = _LABEL.match(segment.text)
    return " ".join(found.group(1).casefold().split()) if found else ""
