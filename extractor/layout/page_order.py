"""The words of a page and its ruled grids into blocks in reading order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from extractor.geometry import PlacedWord, Rect, RulingLine, on_one_baseline, overlap, overlaps_in_height, union
from extractor.layout.blocks import (
    GridRegion,
    LayoutBlock,
    LayoutItem,
    TableBlock,
    TextBlock,
    TextLine,
    TextSegment,
    only_segments,
)
from extractor.layout.columns import find_gutters
from extractor.layout.grid_regions import assign_words, goes_on_outside, read_grid
from extractor.layout.head_grids import extend_head
from extractor.layout.headings import mark_headings
from extractor.layout.reading_order import find_body_size, order_items
from extractor.layout.row_rules import join_ruled_rows
from extractor.layout.ruled_grids import RuledGrid, merge_collinear_lines
from extractor.layout.segments import build_segments
from extractor.settings import Settings, rule, threshold


@dataclass(frozen=True)
class PageOrderSettings(Settings):
    """What is taken off a page before its reading order is found."""

    set_watermarks_apart: bool = rule(True, meaning="a watermark is read after everything else, not where it stands")
    watermark_size: float = threshold(2.2, unit="parts of the body size", meaning="least font size of a watermark")
    watermark_overlap: float = threshold(
        0.6, meaning="share of the lower one's height that a watermark has in common with a line it crosses"
    )
    page_frame: float = threshold(
        0.6, meaning="share of the page's words from which a grid of one cell is a page frame"
    )
    whole_table_columns: int = threshold(
        3, meaning="a grid of so many filled columns is a table by itself, not the shaded part of a wider one"
    )
    shade_slack: float = threshold(
        2.0, unit="points", meaning="how far the walls of a grid may be off the sides of a shaded column that they are"
    )
    split_spreads: bool = rule(True, meaning="two pages printed side by side are read one after the other")
    spread_aspect: float = threshold(1.2, meaning="least ratio of width to height of two pages side by side")
    spread_middle: float = threshold(
        0.1, meaning="how far from the middle the gutter between the two may be, as a share of the width"
    )


def order_page(
    words: Sequence[PlacedWord], grids: Sequence[RuledGrid] = (), rules: Sequence[RulingLine] = ()
) -> list[LayoutBlock]:
    """Return the blocks of a page in reading order.

    `words` come in the order of the file, which settles what belongs together where words overlap; `grids` are those
    that the page's ruling lines form (`find_grids`), `rules` its horizontal ruling lines.
    """
    lines = merge_collinear_lines(rules)
    regions, rest = _read_grids(words, join_ruled_rows(grids, words, lines), lines)
    items: list[LayoutItem] = [*build_segments(rest), *regions]
    body_size = find_body_size(items)
    watermarks = _find_watermarks(items, body_size)
    if watermarks:
        items = [item for item in items if item not in watermarks]
    blocks = [block for page in _split_spread(items, body_size) for block in order_items(page, body_size, rules=lines)]
    blocks += [TextBlock((TextLine((watermark,)),)) for watermark in watermarks]
    return mark_headings(blocks, body_size)


def _read_grids(
    words: Sequence[PlacedWord], grids: Sequence[RuledGrid], rules: Sequence[RulingLine]
) -> tuple[list[GridRegion], list[PlacedWord]]:
    """Return what the grids of a page hold, the smaller grids first, and the words in none of them."""
    frame = PageOrderSettings.current().page_frame * len(words)
    rest = list(words)
    found: list[tuple[GridRegion, RuledGrid, list[PlacedWord]]] = []
    columns: list[tuple[Rect, list[PlacedWord]]] = []
    for grid in sorted(grids, key=lambda grid: grid.box.area):
        assigned = assign_words(grid, rest)
        if len(grid.cells) == 1 and (
            len(assigned[grid.cells[0]]) > frame
            or any(grid.box.contains(*region.box.center) for region, _, _ in found)
            or (len(assigned[grid.cells[0]]) > 1 and _lies_in_a_cell(grid, grids))
        ):
            continue  # a frame around the page, or a shade behind the text of a cell
        whole = extend_head(grid, assigned, rest, grids, rules)
        if whole is not grid:
            grid, assigned = whole, assign_words(whole, rest)
        region = read_grid(grid, assigned)
        if region is not None:
            inside = {id(word) for each in assigned.values() for word in each}
            found.append((region, grid, [word for word in rest if id(word) in inside]))
            rest = [word for word in rest if id(word) not in inside]
        elif len(grid.column_edges) == 2:
            columns.append((grid.box, [word for each in assigned.values() for word in each]))
    regions: list[GridRegion] = []
    shades = [box for box, inside in columns if goes_on_outside(inside, rest)]
    for region, grid, inside in found:
        if _is_part_of_shade(grid, shades) or (not _is_whole_table(region) and goes_on_outside(inside, rest)):
            rest += inside
            shades += [grid.box] if len(grid.column_edges) == 2 else []
        else:
            regions.append(region)
    return regions, rest


def _is_part_of_shade(grid: RuledGrid, shades: Sequence[Rect]) -> bool:
    """Decide whether the walls of a grid are the sides of a shaded column of a table, which rules go across."""
    slack = PageOrderSettings.current().shade_slack
    walls = grid.column_edges[1:-1]
    return bool(walls) and any(
        all(min(abs(wall - shade.x0), abs(wall - shade.x1)) <= slack for wall in walls) for shade in shades
    )


def _lies_in_a_cell(grid: RuledGrid, grids: Sequence[RuledGrid]) -> bool:
    """Decide whether a grid is in one cell of another that has several columns."""
    box = grid.box
    return any(
        cell.box.contains(box.x0, box.top) and cell.box.contains(box.x1, box.bottom)
        for other in grids
        if len(other.column_edges) > 2 and other.box.contains(*box.center)
        for cell in other.cells
    )


def _is_whole_table(region: GridRegion) -> bool:
    """Decide whether a grid is a table by itself, whatever stands level with its rows beside it."""
    least = PageOrderSettings.current().whole_table_columns
    return any(
        isinstance(block, TableBlock) and len({cell.column for cell in block.cells if cell.lines}) >= least
        for block in region.blocks
    )


def _split_spread(items: list[LayoutItem], body_size: float) -> list[list[LayoutItem]]:
    """Return the items of each of two pages printed side by side; all of them in one list where there is one page.

    The two print the same line level with each other, as a heading or at the foot, but for numbers.
    """
    settings = PageOrderSettings.current()
    if not items or not settings.split_spreads:
        return [items]
    box = union(item.box for item in items)
    if box.width < settings.spread_aspect * box.height:
        return [items]
    middle, reach = (box.x0 + box.x1) / 2, settings.spread_middle * box.width
    gutters = [(x0, x1) for x0, x1 in find_gutters(items, body_size) if x0 - reach <= middle <= x1 + reach]
    for _, right_edge in gutters:
        left = [item for item in items if item.box.x0 < right_edge]
        right = [item for item in items if item.box.x0 >= right_edge]
        if _repeats_a_line(only_segments(left), only_segments(right)):
            return [left, right]
    return [items]


def _repeats_a_line(left: Sequence[TextSegment], right: Sequence[TextSegment]) -> bool:
    """Decide whether a text of several words stands level on both sides, but for its numbers."""
    texts = [(_without_digits(segment.text), segment) for segment in left if " " in segment.text]
    return any(
        text == _without_digits(segment.text)
        and on_one_baseline(other.baseline, segment.baseline, min(other.font_size, segment.font_size))
        for segment in right
        for text, other in texts
        if any(map(str.isalpha, text))
    )


def _without_digits(text: str) -> str:
    return "".join(character for character in text if not character.isdigit())


def _find_watermarks(items: Sequence[LayoutItem], body_size: float) -> list[TextSegment]:
    """Return the segments that are far larger than the text, and stand across it."""
    settings = PageOrderSettings.current()
    if not settings.set_watermarks_apart:
        return []
    return [
        item
        for item in items
        if isinstance(item, TextSegment)
        and item.font_size >= settings.watermark_size * body_size
        and any(
            other is not item
            and overlap(item.box.x0, item.box.x1, other.box.x0, other.box.x1) > 0
            and overlaps_in_height(item.box, other.box, settings.watermark_overlap)
            for other in items
        )
    ]
