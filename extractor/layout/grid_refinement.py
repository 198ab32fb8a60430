"""Rows and columns that a ruled table leaves undrawn: its cells are cut where their words stand in rows and columns.

Many tables are ruled around and under their head only, or have walls in some of their rows.
"""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from statistics import median

from extractor.geometry import PlacedWord, Rect, union
from extractor.layout.blocks import TextSegment
from extractor.layout.figures import reads_as_figure
from extractor.layout.line_rows import CellsLine, group_rows
from extractor.layout.ruled_grids import RuledCell, RuledGrid
from extractor.layout.segments import build_segments, group_into_lines
from extractor.layout.white_columns import column_edges, find_white_columns, is_leader
from extractor.settings import Settings, rule, threshold

WordsByCell = dict[RuledCell, list[PlacedWord]]


@dataclass(frozen=True)
class GridRefinementSettings(Settings):
    """When the cells of a grid are cut."""

    cut_columns: bool = rule(
        True,
        meaning="a ruled column in which figures stand in several columns is cut",
        chosen="5 reports of the ICDAR 2013 table competition: 503 pairs of cells of one are lost without it, 6 gained",
    )
    cut_rows: bool = rule(
        True,
        meaning="a ruled row in which figures stand line by line beside labels is cut",
        chosen="13 reports of the ICDAR 2013 table competition: one loses 0.90 of its F1 without it",
    )
    cut_merged_cells: bool = rule(
        True,
        meaning="a cell without walls is cut at those of other rows, where its words stand between these",
        chosen="13 reports of the ICDAR 2013 table competition: three lose 0.90 to 0.95 of their F1 without it",
    )
    figures: float = threshold(0.7, meaning="share of words of a column found between lines that must be figures")
    lines: int = threshold(2, unit="lines", meaning="fewest lines of figures that cut a row or a column")
    filled_columns: int = threshold(
        4, unit="columns", meaning="lines with words in all of so many columns are rows, even if only two of them are"
    )
    wall_slack: float = threshold(1.5, unit="points", meaning="how far words may reach over a wall that was not drawn")
    level_share: float = threshold(
        0.7, meaning="share of the lines in a cell over several drawn rows that must be level with others, to be rows"
    )
    figure_gap: float = threshold(
        0.35, unit="em", meaning="a figure nearer to the word before it than this is not parted from it"
    )
    white_gap: float = threshold(
        0.5, unit="em", meaning="by how much the white between two rows of texts is wider than that between their lines"
    )
    broken_lines: float = threshold(
        0.5, meaning="share of the lines of a row that break a word or a number, above which they are one row"
    )
    baseline_slack: float = threshold(0.3, unit="em", meaning="by how much the baselines of one row may differ")


def refine_grid(grid: RuledGrid, words: WordsByCell) -> tuple[RuledGrid, WordsByCell]:
    """Return the grid with its cells cut where their words stand in rows or columns, and the words by the new cells."""
    settings = GridRefinementSettings.current()
    lines = {cell: _lines_of(found) for cell, found in words.items()}
    xs = _refine_columns(grid, lines, settings) if settings.cut_columns else list(grid.column_edges)
    ys = _refine_rows(grid, lines, xs, settings) if settings.cut_rows else list(grid.row_edges)
    cells: WordsByCell = {}
    for cell in grid.cells:
        cells.update(_cut_cell(cell, lines[cell], words[cell], xs, ys, set(grid.row_edges), settings))
    placed = {
        replace(
            cell,
            row=bisect_right(ys, cell.box.top) - 1,
            column=bisect_right(xs, cell.box.x0) - 1,
            row_span=bisect_right(ys, cell.box.bottom) - bisect_right(ys, cell.box.top),
            column_span=bisect_right(xs, cell.box.x1) - bisect_right(xs, cell.box.x0),
        ): found
        for cell, found in cells.items()
    }
    ordered = sorted(placed, key=lambda cell: (cell.row, cell.column))
    return replace(grid, column_edges=tuple(xs), row_edges=tuple(ys), cells=tuple(ordered)), placed


def cut_at_undrawn_rows(grid: RuledGrid, words: WordsByCell) -> tuple[RuledGrid, WordsByCell]:
    """Return the grid with the cells beside broken walls cut where these end, if their lines are level with others."""
    if not grid.undrawn_rows:
        return grid, words
    settings = GridRefinementSettings.current()
    lines = {cell: _lines_of(found) for cell, found in words.items()}
    cells: WordsByCell = {}
    for cell in grid.cells:
        inner = [y for y in sorted(grid.undrawn_rows) if cell.box.top < y < cell.box.bottom]
        others = [line[0].baseline for other, own in lines.items() if other is not cell for line in own]
        level = sum(_is_level(line, others, settings) for line in lines[cell])
        if not inner or level < settings.level_share * len(lines[cell]):
            cells[cell] = words[cell]
            continue
        for top, bottom in itertools.pairwise([cell.box.top, *inner, cell.box.bottom]):
            row = grid.row_edges.index(top)
            box = Rect(cell.box.x0, top, cell.box.x1, bottom)
            piece = replace(cell, box=box, row=row, row_span=grid.row_edges.index(bottom) - row)
            cells[piece] = [word for word in words[cell] if top <= word.box.center[1] < bottom]
    ordered = sorted(cells, key=lambda cell: (cell.row, cell.column))
    return replace(grid, cells=tuple(ordered), undrawn_rows=frozenset()), cells


def _is_level(line: Sequence[TextSegment], baselines: Sequence[float], settings: GridRefinementSettings) -> bool:
    return any(abs(line[0].baseline - other) < settings.baseline_slack * line[0].font_size for other in baselines)


def _lines_of(words: Sequence[PlacedWord]) -> list[list[TextSegment]]:
    return group_into_lines(build_segments(words))


def _words_of(line: Sequence[TextSegment]) -> list[PlacedWord]:
    return sorted((word for segment in line for word in segment.words), key=lambda word: word.box.x0)


def _refine_columns(
    grid: RuledGrid, lines: dict[RuledCell, list[list[TextSegment]]], settings: GridRefinementSettings
) -> list[float]:
    """Return the column edges with those between columns of figures that share a ruled column."""
    xs = list(grid.column_edges)
    for column in range(len(grid.column_edges) - 1):
        found = [
            _words_of(line)
            for cell in grid.cells
            if cell.column == column and cell.column_span == 1
            for line in lines[cell]
        ]
        found = [line for line in found if sum(reads_as_figure(word.text) for word in line) >= 2]
        columns = find_white_columns(found) if len(found) >= settings.lines else []
        if len(columns) < 2:
            continue
        edges = column_edges(columns)
        beside = [word for line in found for word in line if word.box.x0 > edges[1] and not is_leader(word)]
        if sum(reads_as_figure(word.text) for word in beside) >= settings.figures * len(beside):
            xs += edges[1:-1]
    return sorted(xs)


def _refine_rows(
    grid: RuledGrid,
    lines: dict[RuledCell, list[list[TextSegment]]],
    xs: Sequence[float],
    settings: GridRefinementSettings,
) -> list[float]:
    """Return the row edges with those between rows of figures that share a ruled row."""
    ys = list(grid.row_edges)
    for first, last in uncrossed_bands(grid):
        band = {cell: lines[cell] for cell in grid.cells if first <= cell.row < last}
        table = _cells_lines(_lines_of_rows(band, settings), xs, settings)
        parting = _white_between_rows(table, grid.row_edges[first : last + 1], settings)
        ys += parting
        level = [line for line in table if _is_row_of_figures(line)]
        if len(level) > 1 and len({bisect_right(parting, line.box.center[1]) for line in level}) == len(level):
            continue  # the white parts them, and other lines go on with theirs
        figures = min((len(line.figure_columns()) for line in level), default=0)
        labelled = sum(min(line.cells) not in line.figure_columns() for line in level)
        # A number that a narrow column breaks in two is no two rows, unless all columns go on in both lines.
        least = settings.lines + (figures < 2) + (labelled < len(level))
        if _fill_all_columns(level, table, settings):
            least = settings.lines
        if (
            len(level) < least
            or _is_one_row(band, settings)
            or sum(bool(line.figure_columns()) for line in table) > len(level) * 2
        ):
            continue
        drawn = grid.row_edges[first : last + 1]
        shared = [
            at for at, count in Counter(bisect_right(drawn, line.box.center[1]) for line in level).items() if count > 1
        ]
        groups = group_rows(table, min(min(line.cells) for line in level))
        rows = [union(table[at].box for at in each) for each in groups]
        for above, below in itertools.pairwise(rows):
            at = bisect_right(drawn, above.center[1])
            is_cut = any(above.bottom <= y <= below.top for y in ys)
            if at in shared and bisect_right(drawn, below.center[1]) == at and not is_cut:
                ys.append((above.bottom + below.top) / 2)
    return sorted(ys)


def _fill_all_columns(level: Sequence[CellsLine], table: Sequence[CellsLine], settings: GridRefinementSettings) -> bool:
    """Decide whether each of some lines has words in all of the columns of a band, and these are many."""
    columns = {column for line in table for column in line.cells}
    return len(columns) >= settings.filled_columns and all(columns == set(line.cells) for line in level)


def _white_between_rows(
    table: Sequence[CellsLine], drawn: Sequence[float], settings: GridRefinementSettings
) -> list[float]:
    """Return the y between rows of texts in one ruled row, where white runs through all columns over the next label."""
    if not table:
        return []
    stub = min(column for line in table for column in line.cells)
    spaces, bottom = [], table[0].box.bottom
    for line in table[1:]:
        spaces.append((bottom, line.box.top))
        bottom = max(bottom, line.box.bottom)
    usual = median(max(0.0, top - bottom) for bottom, top in spaces) if spaces else 0.0
    found = []
    for line, (bottom, top) in zip(table[1:], spaces, strict=True):
        em = next(iter(line.cells.values()))[0].font_size
        is_wide = top - bottom > usual + settings.white_gap * em
        is_drawn = bisect_right(drawn, bottom) != bisect_right(drawn, top)
        if is_wide and not is_drawn and stub in line.cells and len(line.cells) > 1:
            found.append((bottom + top) / 2)
    return found


def _is_one_row(band: dict[RuledCell, list[list[TextSegment]]], settings: GridRefinementSettings) -> bool:
    """Decide whether most lines of a band go on in the next one of their cell: a hyphen or a decimal mark ends them."""
    pairs = [pair for lines in band.values() for pair in itertools.pairwise(lines)]
    broken = 0
    for line, following in pairs:
        before, after = line[-1].words[-1].text, following[0].words[0].text
        is_hyphen = before[-1] in "-\u2010" and len(before) > 1 and after[0].isalnum()
        broken += is_hyphen or (before[-1] in ".,/" and before[-2:-1].isdigit() and after[0].isdigit())
    return broken > settings.broken_lines * len(pairs)


def uncrossed_bands(grid: RuledGrid) -> list[tuple[int, int]]:
    """Return the stretches of rows, as first and after last, whose ends no cell goes across."""
    crossed = {row for cell in grid.cells for row in range(cell.row + 1, cell.row + cell.row_span)}
    ends = [row for row in range(len(grid.row_edges)) if row not in crossed]
    return list(itertools.pairwise(ends))


def _lines_of_rows(
    band: dict[RuledCell, list[list[TextSegment]]], settings: GridRefinementSettings
) -> list[list[TextSegment]]:
    """Return the lines of a band, without those of cells that were drawn to span rows that others have."""
    baselines = {cell: [line[0].baseline for line in lines] for cell, lines in band.items()}
    found: list[list[TextSegment]] = []
    for cell, lines in band.items():
        others = [baseline for other, own in baselines.items() if other is not cell for baseline in own]
        level = sum(_is_level(line, others, settings) for line in lines)
        if cell.row_span == 1 or (len(lines) > cell.row_span and level >= settings.level_share * len(lines)):
            found += lines
    return found


def _is_row_of_figures(line: CellsLine) -> bool:
    """Decide whether a line is a row: a label with figures beside it, or a figure with several beside it."""
    figures = line.figure_columns()
    return len(figures) >= 1 + (min(line.cells) in figures) * 2


def _cells_lines(
    lines: Sequence[Sequence[TextSegment]], xs: Sequence[float], settings: GridRefinementSettings
) -> list[CellsLine]:
    """Return lines of several cells by their baselines, from the top down, their words by column."""
    rows: list[tuple[float, dict[int, list[PlacedWord]]]] = []
    for line in sorted(lines, key=lambda line: line[0].baseline):
        baseline, em = line[0].baseline, line[0].font_size
        if not rows or baseline - rows[-1][0] > settings.baseline_slack * em:
            rows.append((baseline, defaultdict(list)))
        for word in _words_of(line):
            rows[-1][1][max(0, bisect_right(xs, word.box.center[0]) - 1)].append(word)
    return [CellsLine(dict(sorted(cells.items()))) for _, cells in rows]


def _cut_cell(
    cell: RuledCell,
    lines: Sequence[Sequence[TextSegment]],
    words: list[PlacedWord],
    xs: Sequence[float],
    ys: Sequence[float],
    drawn: Set[float],
    settings: GridRefinementSettings,
) -> WordsByCell:
    """Return what a cell is cut into, with the words of each piece."""
    box = cell.box
    inner_xs = [x for x in xs if box.x0 < x < box.x1]
    inner_ys = [y for y in ys if box.top < y < box.bottom]
    if drawn.issuperset(inner_ys):
        inner_ys = []  # it was drawn to span these rows
    if inner_xs and not stands_between(lines, inner_xs, cell.column_span == 1):
        inner_xs = []
    if not _stands_in_rows(lines, inner_ys):
        inner_ys = []
    if not inner_xs and not inner_ys:
        return {cell: words}
    pieces: WordsByCell = {}
    across, down = [box.x0, *inner_xs, box.x1], [box.top, *inner_ys, box.bottom]
    for top, bottom in itertools.pairwise(down):
        for left, right in itertools.pairwise(across):
            piece = replace(cell, box=Rect(left, top, right, bottom))
            pieces[piece] = [
                word
                for word in words
                if bisect_right(inner_ys, word.box.center[1]) == bisect_right(inner_ys, top)
                and bisect_right(inner_xs, word.box.center[0]) == bisect_right(inner_xs, left)
            ]
    return pieces


def _stands_in_rows(lines: Sequence[Sequence[TextSegment]], inner_ys: Sequence[float]) -> bool:
    """Decide whether the lines of a tall cell belong to rows of it, rather than to all of its rows at once.

    What stands for several rows is printed in the middle of them, or, if it is a text, at the top.
    """
    rows = {bisect_right(inner_ys, line[0].box.center[1]) for line in lines}
    if len(rows) != 1:
        return True
    row, last = rows.pop(), len(inner_ys)
    is_text = not all(reads_as_figure(word.text) for line in lines for word in _words_of(line))
    return abs(2 * row - last) > 1 and not (is_text and row == 0)


def stands_between(lines: Sequence[Sequence[TextSegment]], walls: Sequence[float], is_one_column: bool) -> bool:
    """Decide whether the segments of some lines stand between walls, on both sides of one at least in some line.

    In a cell of one ruled column, which other rows showed to be several, a figure may also stand alone.
    """
    settings = GridRefinementSettings.current()
    if not settings.cut_merged_cells or not lines:
        return False
    is_parted = False
    for line in lines:
        places = set()
        for word in _words_of(line):
            left = bisect_right(walls, word.box.x0 + settings.wall_slack)
            if left != bisect_right(walls, word.box.x1 - settings.wall_slack):
                return False
            places.add(left)
        for before, word in (pair for segment in line for pair in itertools.pairwise(segment.words)):
            is_apart = word.box.x0 - before.box.x1 > settings.figure_gap * word.font_size
            if bisect_right(walls, before.box.center[0]) != bisect_right(walls, word.box.center[0]) and not (
                is_apart and reads_as_figure(word.text)
            ):
                return False
        is_figure = is_one_column and all(reads_as_figure(word.text) for segment in line for word in segment.words)
        is_parted = is_parted or len(places) > 1 or is_figure
    return is_parted
