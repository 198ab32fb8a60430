"""Blocks side by side, told from the rules or shades that head them: level with each other, with white between.

    READINGS                        HISTORY
    -----------------------------   -----------------------------
           1 March   31 March         Jan    Feb    Mar
    Peak     18.24      18.33         288    301    377

What stands under each rule, down to what goes across the white, is a column by itself, though its lines may be level
with those beside it.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from extractor.geometry import RulingLine, union
from extractor.layout.blocks import GridRegion, LayoutItem
from extractor.settings import Settings, rule, threshold


@dataclass(frozen=True)
class LevelRuleSettings(Settings):
    """When two rules head two columns. An em is the font size of the text."""

    read_columns: bool = rule(True, meaning="what stands under two level rules is read one column after the other")
    level: float = threshold(1.0, unit="points", meaning="how far two level rules may differ in height")
    least_width: float = threshold(0.3, meaning="least width of each, as a share of the width of the text")
    covered: float = threshold(0.85, meaning="share of the width of the text that both cover together")
    edge: float = threshold(3.0, unit="points", meaning="how far a block may reach over the ends of its rule")
    least_gap: float = threshold(0.7, unit="em", meaning="narrowest white between two such rules")
    lines: int = threshold(2, meaning="fewest lines under the caption over each of them")
    caption: float = threshold(2.0, unit="em", meaning="how high over its rule the line is that it underlines")


@dataclass(frozen=True)
class _Pair:
    """Two level rules, and the white between them."""

    y: float
    left: float
    right: float


def split_under_level_rules(
    items: Sequence[LayoutItem], rules: Sequence[RulingLine], em: float
) -> list[list[LayoutItem]]:
    """Return the items in groups that are read one after the other; one group where no two rules head columns."""
    settings = LevelRuleSettings.current()
    if not settings.read_columns or len(items) < 2 * settings.lines:
        return [list(items)]
    box = union(item.box for item in items)
    for pair in _find_pairs(rules, box.x0, box.x1, em, settings):
        middle = (pair.left + pair.right) / 2
        heads = [item for item in items if pair.y - settings.caption * em <= item.box.top <= pair.y + 1]
        is_inside_box = any(isinstance(i, GridRegion) and i.box.top + 1 < pair.y < i.box.bottom - 1 for i in items)
        captions = [item for item in heads if not isinstance(item, GridRegion)] or heads
        if is_inside_box or sorted(item.box.x0 > middle for item in captions) != [False, True]:
            continue  # each of the rules has one caption over it, or a box under it
        top = min(item.box.top for item in heads)
        bottom = _find_end(items, rules, pair, em, settings)
        inside = [item for item in items if item.box.top >= top - 1 and item.box.bottom <= bottom + 1]
        left = [item for item in inside if item.box.x1 <= middle]
        right = [item for item in inside if item.box.x0 >= middle]
        if len(left) + len(right) < len(inside) or not (_are_block(left, settings) and _are_block(right, settings)):
            continue
        taken = {id(item) for item in inside}
        above = [item for item in items if id(item) not in taken and item.box.top < top]
        below = [item for item in items if id(item) not in taken and item.box.top >= top]
        return [group for group in (above, left, right, below) if group]
    return [list(items)]


def _are_block(items: Sequence[LayoutItem], settings: LevelRuleSettings) -> bool:
    """Decide whether items are more than the head of a column: a caption and lines, or a box."""
    return len(items) > settings.lines or any(isinstance(item, GridRegion) for item in items)


def _find_pairs(
    rules: Sequence[RulingLine], left: float, right: float, em: float, settings: LevelRuleSettings
) -> list[_Pair]:
    """Return the pairs of level rules that together go over most of a width, from the top down."""
    long = sorted(each for each in rules if each.length >= settings.least_width * (right - left))
    found = []
    for one, two in itertools.combinations(long, 2):
        first, second = sorted((one, two), key=lambda each: each.start)
        if (
            abs(one.position - two.position) <= settings.level
            and second.start - first.end >= settings.least_gap * em
            and first.length + second.length >= settings.covered * (right - left)
            and first.start <= left + settings.edge + em
            and second.end >= right - settings.edge - em
        ):
            found.append(_Pair(min(one.position, two.position), first.end, second.start))
    return sorted(found, key=lambda pair: pair.y)


def _find_end(
    items: Sequence[LayoutItem], rules: Sequence[RulingLine], pair: _Pair, em: float, settings: LevelRuleSettings
) -> float:
    """Return how far down nothing goes across the white between two rules; a rule that does has a caption over it."""
    across = [item.box.top for item in items if item.box.top > pair.y and _crosses(item.box.x0, item.box.x1, pair)]
    for each in rules:
        if each.position > pair.y + em and _crosses(each.start, each.end, pair):
            over = [i for i in items if 0 <= each.position - i.box.bottom <= em and i.box.top > pair.y + em]
            is_caption = len({item.box.x0 > pair.left for item in over}) == 1  # else the last lines of both columns
            across.append(min((item.box.top for item in over), default=0.0) if is_caption else each.position)
    return min(across, default=float("inf"))


def _crosses(left: float, right: float, pair: _Pair) -> bool:
    return left < pair.right - 1 and right > pair.left + 1
