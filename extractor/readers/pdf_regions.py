"""Where pictures and shapes on a PDF page may hold words beside those of the file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from extractor.geometry import Rect, intersection_area, union
from extractor.readers.pdf_content import PageContent
from extractor.settings import Settings, rule, threshold

_Tile = tuple[int, int]


@dataclass(frozen=True)
class PdfRegionSettings(Settings):
    """Which groups of pictures and shapes are large enough to hold words."""

    read_pictures: bool = rule(True, meaning="read pictures and shapes beside the words of a page by OCR")
    tile: float = threshold(12.0, unit="points", meaning="boxes nearer than about this belong together")
    fewest_shapes: int = threshold(
        8, meaning="a group of fewer boxes without a picture is bullets, arrows or ticks: a word has letters"
    )
    smallest_picture: float = threshold(
        100.0, unit="square points", meaning="a smaller picture does not make its group large enough"
    )
    covered_share: float = threshold(0.5, meaning="a box counts as covered from more than this share of its area")


def area(box: Rect) -> float:
    """Return the area of a box, 0 for one without extent."""
    return max(box.width, 0.0) * max(box.height, 0.0)


def is_covered(box: Rect, others: Sequence[Rect]) -> bool:
    """Decide whether more than half of a box is under one of the others."""
    least = PdfRegionSettings.current().covered_share * area(box)
    return any(intersection_area(box, other) > least for other in others)


def find_regions(content: PageContent) -> list[Rect]:
    """Return where pictures and shapes are that are large enough to hold words, those that touch as one."""
    settings = PdfRegionSettings.current()
    if not settings.read_pictures:
        return []
    pictures = [content.frame.clip(picture.box) for picture in content.pictures]
    shapes = list(content.letter_shapes)
    if shapes:
        words = _by_tile([run.page_box(content.frame) for run in content.shown])
        shapes = [box for box in shapes if not is_covered(box, words.get(_middle_tile(box), ()))]
    return [
        union(group)
        for group in group_touching([*pictures, *shapes, *content.seals])
        if len(group) >= settings.fewest_shapes
        or any(box in content.seals for box in group)
        or any(area(box) > settings.smallest_picture for box in group if box in pictures)
    ]


def group_touching(boxes: Sequence[Rect]) -> list[list[Rect]]:
    """Return boxes in groups of those that touch or nearly do, directly or through others."""
    tiles = _by_tile([box for box in boxes if box.x1 > box.x0 and box.bottom > box.top])
    groups = []
    while tiles:
        waiting, group = [next(iter(tiles))], {}
        while waiting:
            row, column = waiting.pop()
            group.update(dict.fromkeys(tiles.pop((row, column), ())))
            near = ((row + down, column + right) for down in (-1, 0, 1) for right in (-1, 0, 1))
            waiting += [tile for tile in near if tile in tiles]
        groups.append(list(group))
    return groups


def _by_tile(boxes: Sequence[Rect]) -> dict[_Tile, list[Rect]]:
    """Return the boxes by the tiles of the page that they touch."""
    size = PdfRegionSettings.current().tile
    tiles: dict[_Tile, list[Rect]] = defaultdict(list)
    for box in boxes:
        for tile in _iterate_tiles(box, size):
            tiles[tile].append(box)
    return tiles


def _iterate_tiles(box: Rect, size: float) -> Iterator[_Tile]:
    for row in range(int(box.top // size), int(box.bottom // size) + 1):
        for column in range(int(box.x0 // size), int(box.x1 // size) + 1):
            yield row, column


def _middle_tile(box: Rect) -> _Tile:
    size, (x, y) = PdfRegionSettings.current().tile, box.center
    return int(y // size), int(x // size)
