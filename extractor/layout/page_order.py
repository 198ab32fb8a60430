"""The words of a page and its ruled grids into blocks in reading order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from extractor.geometry import PlacedWord, overlap, overlaps_in_height
from extractor.layout.blocks import GridRegion, LayoutBlock, LayoutItem, TextBlock, TextLine, TextSegment
from extractor.layout.grid_regions import assign_words, goes_on_outside, read_grid
from extractor.layout.headings import mark_headings
from extractor.layout.reading_order import find_body_size, order_items
from extractor.layout.ruled_grids import RuledGrid
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


def order_page(words: Sequence[PlacedWord], grids: Sequence[RuledGrid] = ()) -> list[LayoutBlock]:
    """Return the blocks of a page in reading order.

    `words` come in the order of the file, which settles what belongs together where words overlap; `grids` are those
    that the page's ruling lines form (`find_grids`).
    """
    regions, rest = _read_grids(words, grids)
    items: list[LayoutItem] = [*build_segments(rest), *regions]
    body_size = find_body_size(items)
    watermarks = _find_watermarks(items, body_size)
    if watermarks:
        items = [item for item in items if item not in watermarks]
    blocks = order_items(items, body_size)
    blocks += [TextBlock((TextLine((watermark,)),)) for watermark in watermarks]
    return mark_headings(blocks, body_size)


def _read_grids(words: Sequence[PlacedWord], grids: Sequence[RuledGrid]) -> tuple[list[GridRegion], list[PlacedWord]]:
    """Return what the grids of a page hold, the smaller grids first, and the words in none of them."""
    frame = PageOrderSettings.current().page_frame * len(words)
    rest = list(words)
    found: list[tuple[GridRegion, list[PlacedWord]]] = []
    for grid in sorted(grids, key=lambda grid: grid.box.area):
        assigned = assign_words(grid, rest)
        if len(grid.cells) == 1 and (
            len(assigned[grid.cells[0]]) > frame or any(grid.box.contains(*region.box.center) for region, _ in found)
        ):
            continue  # a frame around the page
        region = read_grid(grid, assigned)
        if region is not None:
            inside = {id(word) for each in assigned.values() for word in each}
            found.append((region, [word for word in rest if id(word) in inside]))
            rest = [word for word in rest if id(word) not in inside]
    regions: list[GridRegion] = []
    for region, inside in found:
        if goes_on_outside(inside, rest):
            rest += inside
        else:
            regions.append(region)
    return regions, rest


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
