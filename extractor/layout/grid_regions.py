"""Ruled grids with the words in them: tables, the boxes of a form, or frames that hold whatever they hold."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from extractor.geometry import PlacedWord, on_one_baseline, union
from extractor.layout.blocks import GridRegion, LayoutBlock, LayoutCell, TableBlock, TextBlock, TextLine
from extractor.layout.columns import printed_width
from extractor.layout.figures import FIGURE
from extractor.layout.grid_refinement import WordsByCell, cut_at_undrawn_rows, refine_grid
from extractor.layout.grid_sections import GridSection, join_boxes_of_tables, split_sections
from extractor.layout.reading_order import find_body_size, order_items
from extractor.layout.ruled_grids import RuledCell, RuledGrid
from extractor.layout.segments import SegmentSettings, build_segments, follows_in_run, group_into_lines
from extractor.settings import Settings, rule, threshold
from extractor.values.scripts import has_han

LinesByCell = dict[RuledCell, tuple[TextLine, ...]]


@dataclass(frozen=True)
class GridRegionSettings(Settings):
    """What a grid is taken for."""

    split_forms: bool = rule(True, meaning="the boxes of a form are read one by one, not as a table")
    long_cell_lines: int = threshold(
        25, meaning="a grid with a cell of more lines than this, and few cells, is a frame around paragraphs"
    )
    long_cell_cells: int = threshold(12, meaning="most filled cells of such a frame")
    several_lines: float = threshold(0.4, meaning="share of filled cells of a form that have two lines or more")
    several_lines_of_part: float = threshold(
        0.8, meaning="the same from which one of several sections of a grid is a form, whatever its labels look like"
    )
    spanning: float = threshold(0.35, meaning="share of merged cells from which a grid of such cells is a form")
    labelled: float = threshold(0.6, meaning="share of such cells whose first line looks like a label")
    label_size: float = threshold(0.1, meaning="share of the font size by which a label differs from its value")
    box_lines: int = threshold(4, meaning="a box of a form with more lines than this is laid out like a page")
    frame_columns: int = threshold(4, meaning="fewest columns of a table that a page frame is looked for around")
    frame_lines: int = threshold(6, meaning="fewest lines in a cell of a page frame")
    frame_width: float = threshold(0.4, meaning="share of the columns that such a cell goes over")
    frame_top: float = threshold(1 / 3, meaning="share of the rows, from the top, that a page frame's head may be in")
    caption_width: int = threshold(
        60,
        unit="characters",
        meaning="text in a cell over all columns, at the top or the bottom, is a caption or a note from this width on",
    )
    word_overrun: float = threshold(
        0.3, unit="em", meaning="by how much a word must pass the right side of its cell to run over"
    )
    space_over_wall: float = threshold(
        0.35, unit="em", meaning="a wall in a narrower gap between two words of one text run is run over by them"
    )
    overrun_hold: float = threshold(
        0.5, unit="em", meaning="where in such a word, from its left, the cell that it belongs to is looked for"
    )
    drawing_lines: int = threshold(4, meaning="fewest rows and columns of a chart", others=(3, 6))
    drawing_share: float = threshold(
        0.5,
        meaning="a grid is a chart if no row and no column has words in more of its cells, and less of all cells has",
    )
    continuing_rows: int = threshold(3, meaning="fewest lines in a grid that go on beside it, for it to be no table")
    continuing_share: float = threshold(0.4, meaning="share of its lines that must go on beside it")
    continuing_gap: float = threshold(60.0, unit="points", meaning="how near beside the grid they go on")
    continuing_figures: float = threshold(
        0.6, meaning="share of its lines that are figures, from which they go on however far beside the grid"
    )


def assign_words(grid: RuledGrid, words: Sequence[PlacedWord]) -> WordsByCell:
    """Return the words that stand in each cell of a grid, in the order given.

    Text that ran over the right side of its cell goes on outside of it, and still belongs to the cell.
    """
    settings, run_settings = GridRegionSettings.current(), SegmentSettings.current()
    assigned: WordsByCell = {cell: [] for cell in grid.cells}
    before: PlacedWord | None = None
    held: RuledCell | None = None  # the cell of the word before
    overrun: RuledCell | None = None
    for word in words:
        if overrun is not None and word.text_run == before.text_run and follows_in_run(before, word, run_settings):
            assigned[overrun].append(word)
            before = word
            continue
        overrun = None
        is_behind = held is not None and word.box.center[0] >= held.box.x1
        if is_behind and _runs_on(before, word, settings, run_settings):
            assigned[held].append(word)
            before, overrun = word, held
            continue
        x, y = word.box.center
        for cell in grid.cells:
            if not cell.box.top <= y < cell.box.bottom:
                continue
            runs_over = word.box.x1 > cell.box.x1 + settings.word_overrun * word.font_size
            at = min(x, word.box.x0 + settings.overrun_hold * word.font_size) if runs_over else x
            if cell.box.x0 <= at < cell.box.x1:
                assigned[cell].append(word)
                before, held, overrun = word, cell, cell if runs_over else None
                break
    return assigned


def _runs_on(before: PlacedWord, word: PlacedWord, settings: GridRegionSettings, run_settings: SegmentSettings) -> bool:
    """Decide whether two words are parted by no more than a space, less than two cells leave free at their wall."""
    return (
        word.text_run == before.text_run
        and word.box.x0 - before.box.x1 < settings.space_over_wall * word.font_size
        and follows_in_run(before, word, run_settings)
    )


def read_grid(grid: RuledGrid, words: WordsByCell) -> GridRegion | None:
    """Return what a grid with these words is (a table, a form, a frame); None where it is nothing of the kind."""
    settings = GridRegionSettings.current()
    sections = split_sections(*cut_at_undrawn_rows(grid, words))
    if len(sections) == 1:
        blocks = _read_section(sections[0], settings)
        return GridRegion(tuple(blocks), grid.box) if blocks else None
    sections = join_boxes_of_tables(sections)
    read = [_read_section(section, settings, is_part=True) if section.walls else [] for section in sections]
    if not any(read):
        return None
    parts = [found or _read_boxes(section, settings) for section, found in zip(sections, read, strict=True)]
    return GridRegion(tuple(block for blocks in parts for block in blocks), grid.box)


def _read_boxes(section: GridSection, settings: GridRegionSettings) -> list[LayoutBlock]:
    """Return the blocks of the boxes of a form, as they were drawn."""
    return [block for cell in section.grid.cells for block in _read_box(section.words[cell], settings)]


def _read_box(words: Sequence[PlacedWord], settings: GridRegionSettings) -> list[LayoutBlock]:
    """Return the blocks of one box: one for a few lines, else as a page is laid out."""
    lines = tuple(TextLine(tuple(line)) for line in group_into_lines(build_segments(words)))
    if not lines:
        return []
    if _is_set_vertically(lines):
        return [TextBlock((*(replace(line, wraps=True) for line in lines[:-1]), lines[-1]))]
    return [TextBlock(lines)] if len(lines) <= settings.box_lines else _order_words(words)


def _is_set_vertically(lines: Sequence[TextLine]) -> bool:
    """Decide whether the characters of one label stand one under the other, as in narrow boxes of Chinese forms."""
    texts = [segment.text for line in lines for segment in line.segments]
    return len(texts) > 1 and all(len(text) == 1 and has_han(text) for text in texts)


def _read_section(section: GridSection, settings: GridRegionSettings, is_part: bool = False) -> list[LayoutBlock]:
    """Return the blocks of a grid that is a table, a form or a frame; empty where it is nothing of the kind."""
    grid, words = refine_grid(section.grid, section.words)
    lines: LinesByCell = {
        cell: tuple(TextLine(tuple(line)) for line in group_into_lines(build_segments(words[cell])))
        for cell in grid.cells
    }
    filled = [cell for cell in grid.cells if lines[cell]]
    rows, columns = len(grid.row_edges) - 1, len(grid.column_edges) - 1
    if len(grid.cells) == 1 and filled and len(lines[filled[0]]) >= 2:
        # A frame around a few lines: what stands in it is read together.
        return _order_words(words[filled[0]])
    if len(filled) < 2:
        return []
    if columns >= 2 and _is_form(filled, lines, settings, is_part):
        return _read_boxes(section, settings)
    if rows < 2 or columns < 2 or _is_drawing(filled, settings):
        return []
    framed = _find_table_rows(grid, lines, settings)
    first, last = _leave_out_captions(grid, lines, *framed, settings)
    table = [cell for cell in grid.cells if first <= cell.row < last]
    blocks: list[LayoutBlock] = []
    for cell in filled:
        if cell.row < first:
            blocks += _order_words(words[cell])
    filled_rows = {cell.row for cell in table if lines[cell]}
    if len(filled_rows) > ((first, last) != framed):
        blocks.append(_build_table(table, lines, grid))
    else:
        blocks += _order_words([word for cell in table for word in words[cell]])
    for cell in filled:
        if cell.row >= last:
            blocks += _order_words(words[cell])
    return blocks


def _is_drawing(filled: Sequence[RuledCell], settings: GridRegionSettings) -> bool:
    """Decide whether a grid is that of a chart: words here and there, but no row and no column full of them."""
    rows, columns = len({cell.row for cell in filled}), len({cell.column for cell in filled})
    if min(rows, columns) < settings.drawing_lines:
        return False
    in_rows, in_columns = Counter(cell.row for cell in filled), Counter(cell.column for cell in filled)
    return (
        max(in_rows.values()) <= settings.drawing_share * columns
        and max(in_columns.values()) <= settings.drawing_share * rows
        and len(filled) < settings.drawing_share * rows * columns
    )


def _order_words(words: Sequence[PlacedWord]) -> list[LayoutBlock]:
    segments = build_segments(words)
    return order_items(segments, find_body_size(segments), depth=1)


def _find_table_rows(grid: RuledGrid, lines: LinesByCell, settings: GridRegionSettings) -> tuple[int, int]:
    """Return the first row of the table proper and the one after its last.

    A page frame may enclose a letterhead above the table, or notes below. Such a row holds a cell that goes over much
    of the width and has many lines.
    """
    rows, columns = len(grid.row_edges) - 1, len(grid.column_edges) - 1
    if columns < settings.frame_columns:
        return 0, rows
    framed = {
        row
        for cell in grid.cells
        if len(lines[cell]) >= settings.frame_lines and cell.column_span >= settings.frame_width * columns
        for row in range(cell.row, cell.row + cell.row_span)
    }
    top = settings.frame_top * rows
    first = max((row + 1 for row in framed if row < top), default=0)
    last = min((row for row in framed if row >= top), default=rows)
    if any(cell.row < edge < cell.row + cell.row_span for cell in grid.cells for edge in (first, last)):
        return 0, rows
    return first, last


def _leave_out_captions(
    grid: RuledGrid, lines: LinesByCell, first: int, last: int, settings: GridRegionSettings
) -> tuple[int, int]:
    """Return the rows, as first and after last, without a caption above and notes below in cells over all columns."""
    columns = len(grid.column_edges) - 1
    captions = {
        cell.row
        for cell in grid.cells
        if cell.row_span == 1
        and cell.column_span == columns
        and sum(printed_width(segment.text) for line in lines[cell] for segment in line.segments)
        >= settings.caption_width
    }
    while first < last and first in captions:
        first += 1
    while last > first and last - 1 in captions:
        last -= 1
    return first, last


def _build_table(cells: Sequence[RuledCell], lines: LinesByCell, grid: RuledGrid) -> TableBlock:
    """Return the table of a grid, without the rows and columns in which no text begins (shading, double rules)."""
    rows = sorted({cell.row for cell in cells if lines[cell]})
    columns = sorted({cell.column for cell in cells if lines[cell]})
    placed = []
    for cell in cells:
        row, column = bisect_left(rows, cell.row), bisect_left(columns, cell.column)
        row_span = bisect_left(rows, cell.row + cell.row_span) - row
        column_span = bisect_left(columns, cell.column + cell.column_span) - column
        if row_span and column_span:
            placed.append(LayoutCell(row, column, lines[cell], cell.box, row_span, column_span))
    edges = (*(grid.column_edges[column] for column in columns), grid.column_edges[-1])
    return TableBlock(tuple(placed), union(cell.box for cell in cells), edges)


def _is_form(filled: Sequence[RuledCell], lines: LinesByCell, settings: GridRegionSettings, is_part: bool) -> bool:
    """Decide whether each box of a grid holds a label above a value, or paragraphs: a form, not a table of data."""
    if not settings.split_forms:
        return False
    most = max(len(lines[cell]) for cell in filled)
    if most > settings.long_cell_lines and len(filled) <= settings.long_cell_cells:
        return True
    several = [lines[cell] for cell in filled if len(lines[cell]) >= 2]
    if len(several) < settings.several_lines * len(filled):
        return False
    if is_part and len(several) >= settings.several_lines_of_part * len(filled):
        return True
    spanning = sum(cell.column_span > 1 or cell.row_span > 1 for cell in filled)
    labelled = sum(_begins_with_label(each, settings) for each in several)
    return spanning >= settings.spanning * len(filled) or labelled >= settings.labelled * len(several)


def _begins_with_label(lines: Sequence[TextLine], settings: GridRegionSettings) -> bool:
    """Decide whether the first line of a cell is set apart from the next in size or weight, as a label is."""
    # A bullet is set in type of its own.
    first, second = (
        next((segment for segment in line.segments if any(map(str.isalnum, segment.text))), line.segments[0])
        for line in lines[:2]
    )
    larger = max(first.font_size, second.font_size)
    return first.bold != second.bold or abs(first.font_size - second.font_size) > settings.label_size * larger


def goes_on_outside(inside: Sequence[PlacedWord], outside: Sequence[PlacedWord]) -> bool:
    """Decide whether the lines in a grid go on beside it, as where only some columns of a table are shaded.

    A shaded column of figures belongs to the lines beside it however far they are; a box of text beside other text may
    be level with it by chance.
    """
    settings = GridRegionSettings.current()
    lines = group_into_lines(build_segments(inside))
    if len(lines) < settings.continuing_rows:
        return False
    box = union(word.box for word in inside)
    figures = sum(all(FIGURE.fullmatch(segment.text) for segment in line) for line in lines)
    gap = math.inf if figures >= settings.continuing_figures * len(lines) else settings.continuing_gap
    near = [word for word in outside if 0 < word.box.x0 - box.x1 < gap or 0 < box.x0 - word.box.x1 < gap]
    beside = sum(
        any(on_one_baseline(line[0].baseline, word.baseline, min(line[0].font_size, word.font_size)) for word in near)
        for line in lines
    )
    return beside >= max(settings.continuing_rows, settings.continuing_share * len(lines))
