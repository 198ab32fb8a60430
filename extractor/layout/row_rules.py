"""Tables with a line drawn under every row, and walls in few rows or none.

    No.  Date      Amount
    ----------------------
     1   3 March    214.60
    ----------------------
    Total           214.60      the row of the sum alone is shaded, cell by cell
    ----------------------

The lines say what the rows are; white that runs down the rows, or the walls of some of them, parts the columns. Shaded
rows would otherwise be grids of their own, which cut the table in pieces.
"""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from statistics import median

from extractor.geometry import PlacedWord, Rect, RulingLine, overlap
from extractor.layout.blocks import TextLine, TextSegment
from extractor.layout.line_rows import may_be_one_row
from extractor.layout.line_tables import place_words
from extractor.layout.ruled_grids import RuledCell, RuledGrid, make_grid
from extractor.layout.segments import build_segments, group_into_lines
from extractor.layout.white_columns import Column, find_white_columns, fits_columns
from extractor.settings import Settings, rule, threshold


@dataclass(frozen=True)
class RowRuleSettings(Settings):
    """What it takes for the stretches between some lines to be the rows of a table. An em is their font size."""

    read_ruled_rows: bool = rule(True, meaning="stretches between equally long lines, in columns, are rows of a table")
    end_tolerance: float = threshold(3.0, unit="points", meaning="difference of the ends of equally long lines")
    most_rules: int = threshold(400, unit="lines", meaning="a page with more is a drawing")
    rows: int = threshold(4, unit="rows", meaning="fewest rows of such a table", others=(3, 5))
    columns: int = threshold(3, unit="columns", meaning="fewest columns of such a table")
    lines: int = threshold(3, unit="lines", meaning="most lines of the usual row")
    off: float = threshold(0.8, unit="em", meaning="text this much farther under its line than others is no row of it")
    full: float = threshold(0.8, meaning="share of the texts of the fuller rows that a row has which shows the columns")
    filled: float = threshold(0.4, meaning="share of the columns that the usual row has words in")
    fitting: float = threshold(0.85, meaning="share of the lines without text that lies across columns")
    labelled: float = threshold(0.3, meaning="share of texts with a colon from which rows are labels with values")
    narrow_gap: float = threshold(0.45, unit="em", meaning="narrowest white between two columns that both have a name")
    wall_slack: float = threshold(4.0, unit="points", meaning="walls of two rows nearer than this are one")
    head_gap: float = threshold(1.2, unit="em", meaning="widest gap between the lines of a head, and under it")
    head_lines: int = threshold(4, unit="lines", meaning="most lines of a head above the first line drawn")


@dataclass(slots=True)
class _Band:
    """A stretch between two lines that are drawn, with its words, and the grid that it is where it has walls."""

    box: Rect
    words: Sequence[PlacedWord]
    grid: RuledGrid | None = None
    lines: list[TextLine] = field(init=False)
    """Those of its text, from the top down."""

    def __post_init__(self) -> None:
        self.lines = [TextLine(tuple(line)) for line in group_into_lines(build_segments(self.words))]

    def text(self) -> str:
        """Return its words."""
        return " ".join(word.text for word in self.words)

    def is_lone(self) -> bool:
        """Decide whether it has no walls, and a single text."""
        return self.grid is None and all(len(line.segments) == 1 for line in self.lines)


def join_ruled_rows(
    grids: Sequence[RuledGrid], words: Sequence[PlacedWord], rules: Sequence[RulingLine]
) -> list[RuledGrid]:
    """Return the grids with those that are rows of a table ruled row by row replaced by the grid of this table.

    `words` are those of the page in the order of the file, `rules` its horizontal lines, merged where they touch.
    """
    settings = RowRuleSettings.current()
    if not settings.read_ruled_rows or len(rules) > settings.most_rules:
        return list(grids)
    result = list(grids)
    for group in equally_long(rules, settings.end_tolerance, settings.rows):
        for bands in _stacks(group, rules, grids, words, settings):
            for whole in _build_grids(bands, words, settings):
                inside = [grid for grid in result if _lies_in(grid.box, whole.box, settings.end_tolerance)]
                rest = [grid for grid in result if grid not in inside]
                if not any(len(grid.cells) > 1 and _overlap(grid.box, whole.box) for grid in rest):
                    result = [*rest, whole]
    return result


def _lies_in(box: Rect, outer: Rect, slack: float) -> bool:
    return (
        outer.x0 - slack <= box.x0
        and box.x1 <= outer.x1 + slack
        and outer.top - slack <= box.top
        and box.bottom <= outer.bottom + slack
    )


def _overlap(one: Rect, other: Rect) -> bool:
    """Decide whether two boxes have more than their borders in common."""
    return overlap(one.x0, one.x1, other.x0, other.x1) > 1 and overlap(one.top, one.bottom, other.top, other.bottom) > 1


def equally_long(rules: Sequence[RulingLine], tolerance: float, least: int) -> list[list[RulingLine]]:
    """Return the rules in groups of at least `least` that begin and end at the same x, each from the top down."""
    groups: list[list[RulingLine]] = []
    for each in sorted(rules, key=lambda each: each.position):
        for group in groups:
            if max(abs(each.start - group[0].start), abs(each.end - group[0].end)) <= tolerance:
                group.append(each)
                break
        else:
            groups.append([each])
    return [group for group in groups if len(group) >= least]


def _stacks(
    group: Sequence[RulingLine],
    rules: Sequence[RulingLine],
    grids: Sequence[RuledGrid],
    words: Sequence[PlacedWord],
    settings: RowRuleSettings,
) -> Iterator[list[_Band]]:
    """Yield the stretches between equally long lines that follow one another as rows do."""
    left, right = min(each.start for each in group), max(each.end for each in group)
    others = [each for each in rules if each not in group and overlap(each.start, each.end, left, right) > 0]
    near = [word for word in words if overlap(word.box.x0, word.box.x1, left, right) > 0]
    stack: list[_Band] = []
    at = 0
    while at + 1 < len(group):
        top = group[at].position
        grid, below = _grid_from(group, at, grids, settings)
        bottom = group[below].position
        band = _Band(Rect(left, top, right, bottom), [w for w in near if top < w.box.center[1] < bottom], grid)
        at = below
        is_cut = grid is None and any(top < each.position < bottom for each in others)
        reaches_over = any(
            word.box.x0 < left - settings.end_tolerance or word.box.x1 > right + settings.end_tolerance
            for word in band.words
        )
        if band.words and not is_cut and not reaches_over:
            stack.append(band)
        elif stack:
            yield from _split_stack(stack, settings)
            stack = []
    if stack:
        yield from _split_stack(stack, settings)


def _grid_from(
    group: Sequence[RulingLine], at: int, grids: Sequence[RuledGrid], settings: RowRuleSettings
) -> tuple[RuledGrid | None, int]:
    """Return the grid with walls that begins at one of some lines and is as wide, or None, and the line it ends at."""
    first, slack = group[at], settings.end_tolerance
    for grid in grids:
        box = grid.box
        is_as_wide = max(abs(box.x0 - first.start), abs(box.x1 - first.end)) <= slack
        if is_as_wide and len(grid.column_edges) > 2 and abs(box.top - first.position) <= slack:
            for below in range(at + 1, len(group)):
                if abs(group[below].position - box.bottom) <= slack:
                    return grid, below
    return None, at + 1


def _split_stack(stack: Sequence[_Band], settings: RowRuleSettings) -> Iterator[list[_Band]]:
    """Yield the stretches before and after those whose text is set off from the line over it: something else begins."""
    offsets = [min(word.box.top for word in band.words) - band.box.top for band in stack]
    most = median(offsets) + settings.off * median(word.font_size for band in stack for word in band.words)
    for is_off, found in itertools.groupby(zip(stack, offsets, strict=True), key=lambda each: each[1] > most):
        if not is_off:
            yield [band for band, _ in found]


def _build_grids(bands: Sequence[_Band], words: Sequence[PlacedWord], settings: RowRuleSettings) -> list[RuledGrid]:
    """Return the grids of the tables with these rows, from the top down: a head that recurs begins another one."""
    bands = list(bands)
    while bands and bands[0].is_lone():
        bands.pop(0)  # a title, or a head that is shaded in the full width
    for at in (-1, 0):
        if len(bands) > 1 and _is_block(bands[at], bands, settings):
            bands.pop(at)
    if len(bands) < settings.rows:
        return []
    texts = [band.text() for band in bands]
    if texts[0] in texts[1:]:
        again = texts.index(texts[0], 1)
        return _build_grids(bands[:again], words, settings) + _build_grids(bands[again:], words, settings)
    found = _find_columns(bands, words, settings)
    if found is None:
        return []
    columns, edges, head = found
    for number, band in enumerate(bands):
        if number and not _has_walls_between(band, columns, settings):
            return _build_grids(bands[:number], words, settings) + _build_grids(bands[number + 1 :], words, settings)
    if not _is_row(bands[0], edges):
        return _build_grids(bands[1:], words, settings)
    if bands[-1].is_lone() or not _is_row(bands[-1], edges):
        return _build_grids(bands[:-1], words, settings)
    if not _are_rows(bands, edges, settings):
        return []
    rows = [*head, *bands]
    names = [segment for line in rows[0].lines for segment in line.segments] if rows[0].grid is None else []
    if any(_edges_in_text(segment, edges, settings) for segment in names):
        return []  # a head of several levels
    return [make_grid([cell for band in rows for cell in _cells_of(band, edges, band is rows[0], settings)])]


def _is_block(band: _Band, bands: Sequence[_Band], settings: RowRuleSettings) -> bool:
    """Decide whether a stretch has far more lines than any other: what stands over a table or under it."""
    most = max((len(other.lines) for other in bands if other is not band and other.grid is None), default=0)
    return band.grid is None and len(band.lines) > max(settings.lines, 2 * most)


def _has_walls_between(band: _Band, columns: Sequence[Column], settings: RowRuleSettings) -> bool:
    """Decide whether the walls of a row, if it has any, stand between the columns of others: else it is no row."""
    slack = settings.wall_slack
    return band.grid is None or all(
        any(one[1] - slack <= wall <= two[0] + slack for one, two in itertools.pairwise(columns))
        for wall in band.grid.column_edges[1:-1]
    )


def _find_columns(
    bands: Sequence[_Band], words: Sequence[PlacedWord], settings: RowRuleSettings
) -> tuple[list[Column], tuple[float, ...], list[_Band]] | None:
    """Return the columns in which rows stand, their edges, and the lines above them that head these; None without any.

    They are as drawn where the first row is drawn as cells. Narrow white parts columns that all have a name.
    """
    left, right = bands[0].box.x0, bands[0].box.x1
    if bands[0].grid is not None and len(bands[0].grid.column_edges) > settings.columns:
        edges = tuple(_nearest(x, (left, right), settings) for x in bands[0].grid.column_edges)
        return list(itertools.pairwise(edges)), edges, []
    usual = _usual_texts(bands)
    rows = [_words_of(line) for line in _lines_of_columns(bands, usual, settings)]
    above = _lines_above(bands[0], words, settings)
    first = [] if bands[0].grid is not None else bands[0].lines
    names = [word for line in (*above, *first) for word in _words_of(line)]
    narrow = find_white_columns(rows, settings.narrow_gap)
    edges = _edges_between(narrow, names, bands)
    head = _find_head(bands[0], above, edges, settings)
    columns = _join_unnamed(narrow, find_white_columns(rows), edges, (head or bands)[0])
    if len(columns) < max(settings.columns, settings.full * usual):
        return None
    edges = _edges_between(columns, names, bands)
    return columns, edges, _find_head(bands[0], above, edges, settings)


def _usual_texts(bands: Sequence[_Band]) -> int:
    """Return how many texts stand side by side in the fuller of some rows: more than three quarters have no more."""
    counts = sorted(max(len(line.segments) for line in band.lines) for band in bands if band.grid is None)
    return counts[len(counts) * 3 // 4]


def _lines_of_columns(bands: Sequence[_Band], usual: int, settings: RowRuleSettings) -> list[TextLine]:
    """Return the lines that say where columns are: those of titles and sums run over blank cells, and do not."""
    return [
        line
        for band in bands
        if band.grid is None and max(len(line.segments) for line in band.lines) >= settings.full * usual
        for line in band.lines[: settings.lines]
    ]


def _join_unnamed(
    narrow: Sequence[Column], wide: Sequence[Column], edges: Sequence[float], head: _Band
) -> list[Column]:
    """Return columns without those that only narrow white parts and that have no name in the head of their own."""
    lines = [] if head.grid is not None or _has_figures(head, edges) else head.lines
    names = [segment for line in lines if fits_columns(line, edges) for segment in line.segments]
    named = {column for segment in names for column in _columns_of(segment, edges)}
    columns = list(narrow[:1])
    for number, (one, two) in enumerate(itertools.pairwise(narrow)):
        is_wide = any(one[1] <= before[1] and after[0] <= two[0] for before, after in itertools.pairwise(wide))
        if is_wide or {number, number + 1} <= named:
            columns.append(two)
        else:
            columns[-1] = (columns[-1][0], two[1])
    return columns


def _is_row(band: _Band, edges: Sequence[float]) -> bool:
    """Decide whether what stands between two lines may be one row of some columns."""
    lines = band.lines
    placed = [place_words(line, edges) for line in lines]
    return may_be_one_row(placed, 0) and any(fits_columns(line, edges) for line in lines)


def _words_of(line: TextLine) -> list[PlacedWord]:
    return [word for segment in line.segments for word in segment.words]


def _edges_between(columns: Sequence[Column], names: Sequence[PlacedWord], bands: Sequence[_Band]) -> tuple[float, ...]:
    """Return the edges of some columns: walls that rows have in the white between two, or its middle.

    A name may be wider than all that stands under it: of the white, what names leave counts.
    """
    walls = [x for band in bands if band.grid is not None for x in band.grid.column_edges[1:-1]]
    inner = []
    for (_, left), (right, _) in itertools.pairwise(columns):
        drawn = next((wall for wall in walls if left <= wall <= right), None)
        free = [(left, right)]
        for name in names:
            pieces = [(x0, min(x1, name.box.x0)) for x0, x1 in free] + [(max(x0, name.box.x1), x1) for x0, x1 in free]
            free = [(x0, x1) for x0, x1 in pieces if x0 < x1] or free
        widest = max(free, key=lambda piece: piece[1] - piece[0])
        inner.append(sum(widest) / 2 if drawn is None else drawn)
    return (bands[0].box.x0, *inner, bands[0].box.x1)


def _are_rows(bands: Sequence[_Band], edges: Sequence[float], settings: RowRuleSettings) -> bool:
    """Decide whether stretches between lines are rows with these columns: no form, and no several rows in one."""
    plain = [band for band in bands if band.grid is None]
    lines = [line for band in plain for line in band.lines]
    if len(plain) < settings.rows - 1 or median(len(band.lines) for band in plain) > settings.lines:
        return False
    if sum(fits_columns(line, edges) for line in lines) < settings.fitting * len(lines):
        return False
    placed = [[place_words(line, edges) for line in band.lines] for band in plain]
    filled = [len({column for line in found for column in line.cells}) for found in placed]
    if median(filled) < max(2, settings.filled * (len(edges) - 1)):
        return False
    texts = [segment.text for line in lines for segment in line.segments]
    if sum(text[-1] in ":：" or ": " in text or "：" in text for text in texts) > settings.labelled * len(texts):
        return False
    return sum(may_be_one_row(found, 0) for found in placed) >= settings.fitting * len(placed)


def _lines_above(band: _Band, words: Sequence[PlacedWord], settings: RowRuleSettings) -> list[TextLine]:
    """Return the lines of several texts right above the first row, as wide as it or less, from the lowest up."""
    left, top, right, _ = band.box
    above = [word for word in words if word.box.center[1] < top and overlap(word.box.x0, word.box.x1, left, right) > 0]
    found: list[TextLine] = []
    for line in reversed([TextLine(tuple(line)) for line in group_into_lines(build_segments(above))]):
        is_near = top - line.box.bottom <= settings.head_gap * line.segments[0].font_size
        reaches_over = line.box.x0 < left - settings.end_tolerance or line.box.x1 > right + settings.end_tolerance
        if not is_near or reaches_over or len(line.segments) < 2 or len(found) == settings.head_lines:
            break
        found.append(line)
        top = line.box.top
    return found


def _find_head(
    first: _Band, above: Sequence[TextLine], edges: Sequence[float], settings: RowRuleSettings
) -> list[_Band]:
    """Return the lines above the first row, from the lowest up, as a head, and a row each where they have figures.

    Empty where the first row is the head.
    """
    if first.grid is not None or not _has_figures(first, edges):
        return []
    found: list[_Band] = []
    lines = list(itertools.takewhile(lambda line: fits_columns(line, edges), above))
    bottom = first.box.top
    while lines and place_words(lines[0], edges).figure_columns():
        found.insert(0, _band_of(lines[:1], edges, bottom))
        bottom = found[0].box.top
        lines.pop(0)
    named = {column for line in lines for column in place_words(line, edges).cells}
    if len(named) >= max(2, settings.filled * (len(edges) - 1)):
        found.insert(0, _band_of(lines, edges, bottom))
    return found


def _band_of(lines: Sequence[TextLine], edges: Sequence[float], bottom: float) -> _Band:
    """Return lines, from the lowest up, as a stretch down to a y."""
    box = Rect(edges[0], min(line.box.top for line in lines) - 1, edges[-1], bottom)
    return _Band(box, [word for line in reversed(lines) for word in _words_of(line)])


def _has_figures(band: _Band, edges: Sequence[float]) -> bool:
    return any(place_words(line, edges).figure_columns() for line in band.lines)


def _cells_of(band: _Band, edges: Sequence[float], is_first: bool, settings: RowRuleSettings) -> list[RuledCell]:
    """Return the cells of a row: those drawn, or one for each column, merged where a text goes over several."""
    box = band.box
    if band.grid is not None:
        found = []
        for cell in band.grid.cells:
            top = box.top if abs(cell.box.top - band.grid.box.top) < 1 else cell.box.top
            bottom = box.bottom if abs(cell.box.bottom - band.grid.box.bottom) < 1 else cell.box.bottom
            x0, x1 = (_nearest(x, edges, settings) for x in (cell.box.x0, cell.box.x1))
            found.append(replace(cell, box=Rect(x0, top, x1, bottom)))
        return found
    lines = band.lines
    segments = [segment for line in lines for segment in line.segments]
    joined: set[int] = set()
    for segment in segments if not is_first or _has_figures(band, edges) else ():
        if len(segments) == 1 or not fits_columns(TextLine((segment,)), edges):
            at = _columns_of(segment, edges)
            joined.update(range(min(at) + 1, max(at) + 1))
        joined |= _edges_in_text(segment, edges, settings)
    xs = [x for number, x in enumerate(edges) if number not in joined]
    return [RuledCell(Rect(x0, box.top, x1, box.bottom), 0, 0) for x0, x1 in itertools.pairwise(xs)]


def _columns_of(segment: TextSegment, edges: Sequence[float]) -> list[int]:
    """Return the column in which each word of a text stands."""
    return [min(max(bisect_right(edges, word.box.center[0]) - 1, 0), len(edges) - 2) for word in segment.words]


def _edges_in_text(segment: TextSegment, edges: Sequence[float], settings: RowRuleSettings) -> set[int]:
    """Return the numbers of the edges over which a text goes on without more than a space."""
    pairs = zip(itertools.pairwise(_columns_of(segment, edges)), itertools.pairwise(segment.words), strict=True)
    return {
        edge
        for (one, two), (before, after) in pairs
        if after.box.x0 - before.box.x1 < settings.narrow_gap * after.font_size
        for edge in range(one + 1, two + 1)
    }


def _nearest(x: float, edges: Sequence[float], settings: RowRuleSettings) -> float:
    return min(
        (each for each in edges if abs(each - x) <= settings.wall_slack), key=lambda each: abs(each - x), default=x
    )
