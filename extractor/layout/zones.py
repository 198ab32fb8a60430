"""Zones: stretches of a page, from the top down, in which the same gutters run, or whose lines are rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from extractor.geometry import BASELINE_TOLERANCE
from extractor.layout.blocks import GridRegion, LayoutItem, height_gap
from extractor.layout.columns import Gutter, find_gutters, split_columns
from extractor.layout.figures import FIGURE
from extractor.settings import Settings, rule, threshold

Band = list[LayoutItem]
"""Items that overlap in height."""


@dataclass(frozen=True)
class ZoneSettings(Settings):
    """How a page is cut from the top down."""

    band_overlap: float = threshold(
        0.25, meaning="share of their heights by which an item and the band above it may overlap and still be two bands"
    )
    band_overlap_height: float = threshold(
        12.0, unit="points", meaning="height as which a higher item counts where a later item reaches up into it"
    )
    peeled_gap: float = threshold(
        0.9, unit="parts of the body size", meaning="gap beyond which bands on one side of the gutters leave their zone"
    )
    pull_in: bool = rule(
        True, meaning="lines that reach down into a zone and stand on one side of its gutters are of its columns"
    )
    lines_between_rows: int = threshold(
        3, meaning="two rows belong together if the second is at most so many bands below the first", others=(1, 6)
    )
    rows: int = threshold(2, meaning="fewest rows of a stretch of rows")
    many_segments: int = threshold(4, meaning="segments by which a single line is a row, without a second one")
    figures_in_rows: bool = rule(
        True, meaning="within columns of text, lines that are level by chance are no rows: none of them has a figure"
    )
    very_many_segments: int = threshold(
        5, meaning="segments by which a line is a row, though its columns could be read one after the other"
    )


def find_zones(items: Sequence[LayoutItem], body_size: float) -> list[tuple[list[LayoutItem], list[Gutter]]]:
    """Cut a page into zones, from the top down; return the items of each with the gutters that run through it.

    A zone without gutters reads line by line.
    """
    zones: list[tuple[list[Band], list[Gutter]]] = []
    for band in _find_bands(items):
        own = find_gutters(band, body_size)
        if zones:
            bands, gutters = zones[-1]
            if gutters:
                shared = find_gutters([item for each in [*bands, band] for item in each], body_size)
                if shared:
                    zones[-1] = ([*bands, band], shared)
                    continue
            elif not own:
                bands.append(band)
                continue
        zones.append(_pull_in(zones, band, own, body_size))
    result: list[tuple[list[LayoutItem], list[Gutter]]] = []
    for bands, gutters in zones:
        for piece in _peel(bands, gutters, body_size):
            for stretch, is_rows in _split_at_rows(piece, body_size):
                flat = [item for band in stretch for item in band]
                result.append((flat, [] if is_rows or not gutters else find_gutters(flat, body_size)))
    return result


def _pull_in(
    zones: list[tuple[list[Band], list[Gutter]]], band: Band, gutters: list[Gutter], body_size: float
) -> tuple[list[Band], list[Gutter]]:
    """Return the zone that a band begins, with the bands that reach down into it; they leave the zone above.

    Beside a text whose lines stand a little higher or lower, the first line of a column makes a band of its own.
    """
    settings = ZoneSettings.current()
    bands = [band]
    if not settings.pull_in or not gutters or not zones or zones[-1][1]:
        return bands, gutters
    above = zones[-1][0]
    while above and height_gap(above[-1], bands[0]) < 0:
        shared = find_gutters([item for each in (above[-1], *bands) for item in each], body_size)
        if len(shared) < len(gutters) or any(isinstance(item, GridRegion) for item in above[-1]):
            break
        bands.insert(0, above.pop())
        gutters = shared
    if not above:
        zones.pop()
    return bands, gutters


def _find_bands(items: Sequence[LayoutItem]) -> list[Band]:
    settings = ZoneSettings.current()
    bands: list[Band] = []
    bottom = float("-inf")
    for item in sorted(items, key=lambda item: item.box.top):
        if bands and item.box.top + settings.band_overlap * item.box.height < bottom:
            bands[-1].append(item)
        else:
            bands.append([item])
            bottom = float("-inf")
        height = min(settings.band_overlap_height, item.box.height)
        bottom = max(bottom, item.box.bottom - settings.band_overlap * height)
    return bands


def _split_at_rows(bands: list[Band], body_size: float) -> list[tuple[list[Band], bool]]:
    """Split bands into stretches, each with whether it is made of rows: lines that go across the gutters.

    Line items under the head of a form share gutters with it by accident; as rows they are read by themselves.
    """
    settings = ZoneSettings.current()
    counts = [_segments_of_row(band) for band in bands]
    result: list[tuple[list[Band], bool]] = []
    are_columns: bool | None = None
    done = number = 0
    while number < len(bands):
        if counts[number] < 2:
            number += 1
            continue
        last = ahead = number
        # Between two rows there may be lines that stand on one side only.
        while ahead + 1 < len(bands) and counts[ahead + 1] and ahead - last < settings.lines_between_rows:
            ahead += 1
            if counts[ahead] >= 2:
                last = ahead
        rows = sum(count >= 2 for count in counts[number : last + 1])
        most = max(counts[number : last + 1])
        flat = [item for band in bands[number : last + 1] for item in band]
        if settings.figures_in_rows and not any(map(_has_figure, flat)):
            if are_columns is None:  # of all bands, and so the same for every stretch
                are_columns = _are_columns(bands, body_size)
            if are_columns:
                number = last + 1
                continue
        # Many segments make line items; with few it may be a block of text level with a form by chance.
        if (rows >= settings.rows or most >= settings.many_segments) and (
            most >= settings.very_many_segments or len(split_columns(flat, find_gutters(flat, body_size))) == 1
        ):
            if done < number:
                result.append((bands[done:number], False))
            result.append((bands[number : last + 1], True))
            done = last + 1
        number = last + 1
    if done < len(bands):
        result.append((bands[done:], False))
    return result


def _are_columns(bands: list[Band], body_size: float) -> bool:
    """Decide whether all of some bands together are read one column after the other."""
    items = [item for band in bands for item in band]
    return len(split_columns(items, find_gutters(items, body_size))) > 1


def _has_figure(item: LayoutItem) -> bool:
    return not isinstance(item, GridRegion) and FIGURE.fullmatch(item.text) is not None


def _segments_of_row(band: Band) -> int:
    """Return how many segments stand on the one baseline of a band; 0 with several baselines or a grid in it."""
    if any(isinstance(item, GridRegion) for item in band):
        return 0
    baselines = [item.baseline for item in band]
    spread = max(baselines) - min(baselines)
    return len(band) if spread <= BASELINE_TOLERANCE * min(item.font_size for item in band) else 0


def _peel(bands: list[Band], gutters: list[Gutter], body_size: float) -> list[list[Band]]:
    """Take the bands at either end off a zone that stand on one side of its gutters only, and at a distance."""
    if not gutters or len(bands) < 2:
        return [bands]
    least = ZoneSettings.current().peeled_gap * body_size
    first, last = 0, len(bands)
    for number in range(1, len(bands)):
        if find_gutters(bands[number - 1], body_size):
            break
        if height_gap(bands[number - 1], bands[number]) > least:
            first = number
    for number in range(len(bands) - 1, first, -1):
        if find_gutters(bands[number], body_size):
            break
        if height_gap(bands[number - 1], bands[number]) > least:
            last = number
    return [piece for piece in (bands[:first], bands[first:last], bands[last:]) if piece]
