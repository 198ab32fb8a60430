"""Splits what a PDF runs together: columns that touch, Chinese beside figures, and text across the walls of cells."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, product

from extractor.geometry import Rect, on_one_baseline
from extractor.layout import RuledGrid
from extractor.readers.pdf_glyphs import Glyph, GlyphRun
from extractor.settings import Settings, rule, threshold
from extractor.values.scripts import is_wide

_OPENS_WORD = frozenset("$€£¥￥#(")
_ENDS_WORD = frozenset(".,;:)!?")
_NO_LINES: frozenset[int] = frozenset()


@dataclass(frozen=True)
class PdfWordSettings(Settings):
    """Where a run of characters is split. Sizes are in parts of the font size."""

    same_place: float = threshold(1.5, unit="points", meaning="a run drawn again as near as this is drawn twice")
    shadow: float = threshold(0.2, meaning="... and as near as this: it casts a shadow")
    split_columns: bool = rule(True, meaning="split a run where other lines show the start of a column")
    split_scripts: bool = rule(True, meaning="split Chinese from figures and Latin words, and at its punctuation")
    split_at_walls: bool = rule(True, meaning="split a run where the wall of a cell stands between two characters")
    most_objects: float = threshold(
        0.4, meaning="text objects for each character from which objects say nothing about columns"
    )
    few_characters: int = threshold(200, meaning="... unless the page has fewer characters than these")
    wide_gap: float = threshold(1.0, meaning="a text object after a wider gap may begin a column")
    other_line: float = threshold(0.3, meaning="a text object whose baseline differs by more begins a line")
    column_reach: float = threshold(25.0, meaning="how far above and below other lines are evidence of a column")
    lines_after_gap: int = threshold(3, meaning="fewest lines that begin a text object there after a wide gap")
    lines_at_all: int = threshold(1, meaning="... or begin one there at all, if letters also change to figures")
    wall_margin: float = threshold(1.0, unit="points", meaning="a wall nearer than this to the end of a run is outside")
    touching: float = threshold(0.1, meaning="letters or digits nearer than this are not parted by a wall")
    wall_slack: float = threshold(
        0.25, unit="widths of a character", meaning="how far a character may reach over a wall"
    )


ColumnStarts = dict[int, set[int]]
"""Where text objects begin: for each position across, in whole points, the baselines, in whole points."""


def dominant_turn(runs: Sequence[GlyphRun]) -> int:
    """Return the quarter turns at which most characters of a page are set; 0 without any."""
    lengths: Counter[int] = Counter()
    for run in runs:
        lengths[run.style.turn] += len(run.glyphs)
    return lengths.most_common(1)[0][0] if lengths else 0


def split_words(runs: Sequence[GlyphRun]) -> list[GlyphRun]:
    """Return the runs of one turn as words: repeated ones once, split at columns and scripts, column starts marked."""
    settings = PdfWordSettings.current()
    runs = _remove_repeated(runs)
    starts, starts_after_gap = _find_column_starts(runs, settings)
    characters = sum(len(run.glyphs) for run in runs)
    objects = {run.style.text_object for run in runs}
    objects |= {glyph.style.text_object for run in runs if not run.is_one_object for glyph in run.glyphs}
    # Where every character is an object of its own, objects say nothing about columns.
    objects_matter = len(objects) < settings.most_objects * characters or characters < settings.few_characters
    split_columns = objects_matter and settings.split_columns
    words: list[GlyphRun] = []
    for run in runs:
        may_split = split_columns and not _is_set_by_character(run)
        for piece in _split_at_columns(run, starts, starts_after_gap, settings) if may_split else (run,):
            first, before = piece.glyphs[0], words[-1].glyphs[-1] if words else None
            if (
                may_split
                and before
                and not piece.starts_column
                and before.style is not first.style
                and not (is_wide(before.text) or is_wide(first.text))
            ):
                recurs = _count_lines(starts_after_gap, first, settings) >= settings.lines_after_gap
                piece = replace(piece, starts_column=recurs)
            words += _split_at_scripts(piece) if settings.split_scripts else (piece,)
    return words


_SQUARE = 12.0
"""Side, in points, of the squares in which runs of the same text are looked for: a page may have thousands of them."""


def _remove_repeated(runs: Sequence[GlyphRun]) -> list[GlyphRun]:
    """Return the runs without those drawn a second time at the same place, to look bold or with a shadow."""
    settings = PdfWordSettings.current()
    seen: dict[str, dict[tuple[int, int], list[Rect]]] = defaultdict(dict)
    result = []
    for run in runs:
        near, box = max(settings.same_place, settings.shadow * run.style.font_size), run.box
        column, row, reach = int(box.x0 // _SQUARE), int(box.top // _SQUARE), math.ceil(near / _SQUARE)
        squares = seen[run.text]
        around: Iterable[tuple[int, int]] = squares
        if len(squares) > (2 * reach + 1) ** 2:
            around = product(range(column - reach, column + reach + 1), range(row - reach, row + reach + 1))
        others = chain.from_iterable(squares.get(square, ()) for square in around)
        if squares and any(abs(other.x0 - box.x0) <= near and abs(other.top - box.top) <= near for other in others):
            continue
        squares.setdefault((column, row), []).append(box)
        result.append(run)
    return result


def _is_set_by_character(run: GlyphRun) -> bool:
    """Decide whether every character is a text object of its own, so that objects say nothing about columns."""
    if run.is_one_object or len(run.glyphs) <= 2:
        return False
    return len({glyph.style.text_object for glyph in run.glyphs}) == len(run.glyphs)


def _find_column_starts(runs: Sequence[GlyphRun], settings: PdfWordSettings) -> tuple[ColumnStarts, ColumnStarts]:
    """Return where text objects begin: all of them, and those that begin a line or follow a wide gap."""
    starts: ColumnStarts = defaultdict(set)
    after_gap: ColumnStarts = defaultdict(set)
    previous = None
    for run in runs:
        style = None
        is_one = run.is_one_object or _is_set_by_character(run)
        for position, glyph in enumerate(run.glyphs[:1] if is_one else run.glyphs):
            if glyph.style is style:
                continue
            style = glyph.style
            x, baseline = round(glyph.box.x0), round(style.baseline)
            starts[x].add(baseline)
            if position == 0 and (
                previous is None
                or not on_one_baseline(previous.style.baseline, style.baseline, style.font_size, settings.other_line)
                or glyph.box.x0 - previous.box.x1 > settings.wide_gap * style.font_size
                or glyph.box.x0 < previous.box.x0
            ):
                after_gap[x].add(baseline)
        previous = run.glyphs[-1]
    return starts, after_gap


def _count_lines(starts: ColumnStarts, glyph: Glyph, settings: PdfWordSettings) -> int:
    """Return how many other lines nearby have a start at the position across where this character begins."""
    x, baseline = round(glyph.box.x0), round(glyph.style.baseline)
    reach = settings.column_reach * glyph.style.font_size
    near = starts.get(x, _NO_LINES) | starts.get(x - 1, _NO_LINES) | starts.get(x + 1, _NO_LINES)
    return sum(0 < abs(other - baseline) <= reach for other in near)


def _split_at_columns(
    run: GlyphRun, starts: ColumnStarts, after_gap: ColumnStarts, settings: PdfWordSettings
) -> Iterator[GlyphRun]:
    """Yield a run split where another text object begins that other lines show to be the start of a column.

    Where the others follow a wide gap that is enough; where they only begin, letters must change to figures, or the
    weight of the type, as well.
    """
    for at in range(1, len(run.glyphs)) if not run.is_one_object else ():
        before, glyph = run.glyphs[at - 1], run.glyphs[at]
        is_raised = glyph.text.isdigit() and not glyph.text.isdecimal()
        if before.style is glyph.style or is_wide(before.text) or is_wide(glyph.text) or is_raised:
            continue
        one, other = before.text, glyph.text
        changes = (one.isalpha() and other.isdigit()) or (one.isdigit() and other.isalpha())
        changes = changes or (before.style.bold != glyph.style.bold and one.isalnum() and other.isalnum())
        opens_word = (one.isalnum() or one in _ENDS_WORD) and (other.isalnum() or other in _OPENS_WORD)
        if (opens_word and _count_lines(after_gap, glyph, settings) >= settings.lines_after_gap) or (
            changes and _count_lines(starts, glyph, settings) >= settings.lines_at_all
        ):
            first, rest = run.split_at(at, starts_column=True)
            yield first
            yield from _split_at_columns(rest, starts, after_gap, settings)
            return
    yield run


def _split_at_scripts(run: GlyphRun) -> Iterator[GlyphRun]:
    """Yield Chinese apart from figures and Latin words, and split at its punctuation, so that a value has its box."""
    rest, at = run, 1 if not run.text.isascii() else len(run.glyphs)
    while at < len(rest.glyphs):
        before, text = rest.glyphs[at - 1].text, rest.glyphs[at].text
        if is_wide(before) != is_wide(text) or (is_wide(text) and not (before.isalnum() and text.isalnum())):
            first, rest = rest.split_at(at, starts_column=False)
            yield first
            at = 1
        else:
            at += 1
    yield rest


class CellWalls:
    """The right walls of the cells of a ruled grid, found by the rows in which they stand: a page may have many."""

    def __init__(self, grid: RuledGrid) -> None:
        self.box = grid.box
        edges = {edge for cell in grid.cells for edge in (cell.box.top, cell.box.bottom)}
        self._edges = sorted(edges)
        self._walls: list[list[float]] = [[] for _ in self._edges]
        for cell in grid.cells:
            first, last = bisect_left(self._edges, cell.box.top), bisect_left(self._edges, cell.box.bottom)
            for row in range(first, last):
                self._walls[row].append(cell.box.x1)
        for walls in self._walls:
            walls.sort()

    def between(self, y: float, x0: float, x1: float) -> list[float]:
        """Return the walls at the height `y` that stand between `x0` and `x1`, from left to right."""
        row = bisect_right(self._edges, y) - 1
        if row < 0:
            return []
        walls = self._walls[row]
        return walls[bisect_right(walls, x0) : bisect_left(walls, x1)]


def split_at_walls(run: GlyphRun, grids: Sequence[CellWalls]) -> Iterator[GlyphRun]:
    """Yield a word split where the wall of a cell stands between two of its characters."""
    settings = PdfWordSettings.current()
    if not settings.split_at_walls:
        yield run
        return
    box = run.box
    _, y = box.center
    for grid in grids:
        if not (grid.box.top <= y <= grid.box.bottom and grid.box.x0 < box.x1 and box.x0 < grid.box.x1):
            continue
        for wall in grid.between(y, box.x0 + settings.wall_margin, box.x1 - settings.wall_margin):
            for at in range(1, len(run.glyphs)):
                before, glyph = run.glyphs[at - 1], run.glyphs[at]
                slack = settings.wall_slack * glyph.box.width
                # A new text object behind the wall is a cell of its own, even if the one before ran over into it.
                start = before.box.x0 if before.style is not glyph.style else before.box.x1 - slack
                if start <= wall <= glyph.box.x0 + slack and not _goes_on_over_wall(before, glyph, settings):
                    first, rest = run.split_at(at, starts_column=True)
                    yield first
                    yield from split_at_walls(rest, grids)
                    return
    yield run


def _goes_on_over_wall(before: Glyph, glyph: Glyph, settings: PdfWordSettings) -> bool:
    """Decide whether two characters are of one Latin word or number that is too long for its cell."""
    gap = glyph.box.x0 - before.box.x1
    if before.style is not glyph.style or gap > settings.touching * glyph.style.font_size:
        return False
    return (before.text.isdecimal() and glyph.text.isdecimal()) or (
        before.text.isalpha() and glyph.text.islower() and not is_wide(before.text)
    )
