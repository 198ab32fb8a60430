"""Count how many rows at the top of a section are column headers.

The evidence: cells that the source marks as headers, texts over columns of values, spans over several columns, years
and counts over other values, and rows that number the columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from extractor.settings import Settings, rule, threshold
from extractor.tables.cell_kinds import counts_up, is_period, is_value, value_format
from extractor.tables.forms import is_form
from extractor.tables.grid import CellGrid, GridSettings

_PARENTHESES = "()（）"


@dataclass(frozen=True)
class HeaderRowSettings(Settings):
    """What makes a row a header row."""

    values_per_text: float = threshold(
        2, meaning="A column counts as values under a header where it has so many values for each text."
    )
    turning_share: float = threshold(
        0.5, meaning="Share of the columns with values, in which values must prevail under a first header row."
    )
    reach_over_blanks: int = threshold(
        40, unit="columns", meaning="How far a header is thought to go on over blanks to its right."
    )
    reach_to_group: int = threshold(
        20, unit="columns", meaning="How far to the left the header of a group is looked for over a blank."
    )
    skipped_text_rows: int = threshold(
        4, unit="rows", meaning="So many rows of texts are passed over as deeper header rows when looking for values."
    )
    headers_over_banner: int = threshold(
        3, unit="rows", meaning="Longest section that can consist of header rows, which govern the section after it."
    )
    shortest_column_count: int = threshold(
        4, unit="columns", meaning="So many numbers that go up by one make a row that numbers the columns."
    )
    longest_column_name: int = threshold(
        2, unit="characters", meaning="Texts in such a row are no longer (`A`, `甲`); the label below is longer."
    )
    filled_share: float = threshold(
        0.5, meaning="A first row with more of its columns filled is a header row, if nothing else tells."
    )
    rows_under_banner: int = threshold(
        2,
        unit="rows",
        meaning="So many values of one format under the second of two texts, which a row with a blank stands above, "
        "make them headers; else they are a label and its value, as are those of the row above.",
    )
    years_under_years: float = threshold(
        0.25, meaning="Share of the values under a row of years that may read as years themselves, as 2019 pieces do."
    )
    numeric_headers: bool = rule(
        True, meaning="Years, dates and counts over other values are headers, though they are numerals."
    )
    column_count_rows: bool = rule(True, meaning="A row `1 2 3 4` between headers and values numbers the columns.")


def count_header_rows(grid: CellGrid, rows: list[int], rows_after: list[int], governing: list[int]) -> int:
    """Return how many of the section's first rows are column headers.

    `rows_after` are those of the section after it, `governing` the header rows of the section before it.
    """
    # A section that is all header rows governs the section after it, unless that one has header rows of its own.
    if rows_after and (
        len(rows) > HeaderRowSettings.current().headers_over_banner
        or _is_first_header(grid, rows_after[0], rows_after, [])
    ):
        rows_after = []
    depth = 0
    while depth < (len(rows) if rows_after else len(rows) - 1):
        row, below = rows[depth], rows[depth + 1 :] + rows_after
        if depth == 0:
            if not _is_first_header(grid, row, rows + rows_after, governing):
                break
        elif not _is_further_header(grid, row, rows[:depth], below):
            break
        depth += 1
    return depth


def starts_new_headers(grid: CellGrid, header_rows: list[int], row: int, below: list[int]) -> bool:
    """Return whether a header row begins in the middle of a body.

    It has the same corner as the one header row above, other texts beside it, and values below.
    """
    corner = grid.text_at(row, 0)
    if not corner or corner != grid.text_at(header_rows[0], 0) or len(header_rows) > 1:
        return False
    filled = grid.filled_from(row)
    if len(filled) < 2 or grid.has_value(filled):
        return False
    if all(grid.texts[index] == grid.text_at(header_rows[0], grid.cells[index].column) for index in filled):
        return False
    return any(_is_over_values(grid, index, below) for index in filled[1:])


def numbers_columns(grid: CellGrid, row: int) -> bool:
    """Return whether the row numbers the columns (`1 2 3 4`, often after `A` or `甲`), as in statistical tables."""
    settings = HeaderRowSettings.current()
    if not settings.column_count_rows:
        return False
    texts = [grid.texts[index] for index in grid.filled_from(row)]
    numerals = [text for text in texts if text.strip(_PARENTHESES).isdigit()]
    others = [text for text in texts if not text.strip(_PARENTHESES).isdigit()]
    if len(numerals) < settings.shortest_column_count or not counts_up(numerals):
        return False
    if numerals[0].strip(_PARENTHESES) not in "012" or any(len(text) > settings.longest_column_name for text in others):
        return False
    below = grid.text_at(row + 1, 0) if row + 1 < len(grid.places) else ""
    return len(below) > settings.longest_column_name and grid.cell_at(row + 1, 0) != grid.cell_at(row, 0)


# The first header row.


def _is_first_header(grid: CellGrid, row: int, rows: list[int], governing: list[int]) -> bool:
    """Return whether `row`, the first of `rows`, is a header row."""
    below = rows[1:]
    filled = grid.filled_from(row)
    if not any(grid.cells[index].column > 0 or grid.cells[index].column_span > 1 for index in filled):
        return False
    if _are_marked(grid, filled) and not _is_every_row_marked(grid, below):
        return True
    if governing:
        earlier = {grid.text_at(above, column) for above in governing for column in grid.places[above]} - {""}
        if earlier & {grid.texts[index] for index in filled}:
            return not grid.has_value(filled)
    if grid.has_value(filled):
        return _is_numeric_header(grid, filled, below)
    if is_form(grid, rows) or _begins_with_row_label(grid, filled, below):
        return False
    beside_corner = [index for index in filled if grid.cells[index].column > 0]
    for lower in (below, _skip_text_rows(grid, below)) if grid.columns > 2 else (below,):
        turning = sum(_is_over_values(grid, index, lower) for index in beside_corner)
        over_any_value = sum(grid.profile(lower, grid.cells[index].column).values > 0 for index in beside_corner)
        if turning and turning >= HeaderRowSettings.current().turning_share * over_any_value:
            is_enough = row == 0 or len(lower) >= HeaderRowSettings.current().rows_under_banner
            return grid.columns > 2 or (is_enough and _has_one_format(grid, lower, 1))
    if any(grid.cells[index].column_span > 1 and grid.cells[index].column != 0 for index in filled):
        return True
    if beside_corner and all(_is_over_blanks(grid, index, below) for index in beside_corner):
        return True
    first = grid.cell_at(row, 0)
    if first is not None and grid.cells[first].row_span > 1 and grid.cells[first].column_span == 1:
        return False  # a label over several rows, and no group beside it that would need a second header row
    if governing or grid.columns == 2:
        return False  # two columns of text are read as label and value
    return len(filled) >= 2 and len(filled) > HeaderRowSettings.current().filled_share * grid.columns


def _begins_with_row_label(grid: CellGrid, filled: list[int], below: Sequence[int]) -> bool:
    """Return whether the row's first cell can only be a row label.

    It alone is marked as a header, or it reaches down beside values.
    """
    first = grid.cells[filled[0]]
    if first.column == 0 and first.header and not any(grid.cells[index].header for index in filled[1:]):
        return True
    beside = below[: min(first.row_span - 1, GridSettings.current().sampled_rows)]
    for position, row in enumerate(beside):
        filled_beside = grid.filled_from(row)
        if row < first.row + first.row_span and grid.has_value(filled_beside):
            return not _is_numeric_header(grid, filled_beside, below[position + 1 :])
    return False


def _has_one_format(grid: CellGrid, rows: Sequence[int], column: int) -> bool:
    """Return whether a column has values of one format only, as under a header, and not as in a form."""
    rows = rows[: GridSettings.current().sampled_rows]
    texts = [text for row in rows if (text := grid.text_at(row, column))]
    return (
        bool(texts)
        and all(is_value(text) for text in texts)
        and len({value_format(text) for text in texts}) == 1
        and not any(grid.text_at(row, 0).endswith((":", "：")) for row in rows)
    )


# Further header rows.


def _is_further_header(grid: CellGrid, row: int, header_rows: list[int], below: list[int]) -> bool:
    """Return whether the row right under `header_rows` is a header row too."""
    filled = grid.filled_from(row)
    from_above = {index for index in grid.places[row].values() if grid.cells[index].row < row}
    if not filled:
        return bool(from_above) and from_above == set(grid.places[row].values())
    if _are_marked(grid, filled) and not _is_every_row_marked(grid, below):
        return True
    if numbers_columns(grid, row):
        return True
    first = grid.cell_at(row, 0)
    if grid.has_value(filled):
        has_corner = any(grid.text_at(above, 0) for above in header_rows)
        is_unlabelled = not grid.text_at(row, 0) or first in from_above or not has_corner  # or it names the row labels
        return is_unlabelled and _is_numeric_header(grid, filled, below)
    has_no_label = first is None or first in from_above or not grid.texts[first]
    if has_no_label and any(grid.texts[index] for index in from_above):
        return True
    turning = any(
        _is_over_values(grid, index, below) for index in filled if grid.cells[index].column > 0 or len(filled) > 2
    )
    in_group = [index for index in filled if _is_under_group(grid, header_rows, index)]
    if in_group:
        deeper = _skip_text_rows(grid, below)
        if has_no_label or turning or any(_is_over_values(grid, index, deeper) for index in in_group):
            return True
        if all(_is_over_blanks(grid, index, deeper) for index in filled):
            return True
    beside = [index for index in filled if grid.cells[index].column > 0]
    has_corner = any(grid.text_at(above, 0) for above in header_rows)
    if not has_corner and len(beside) > 1 and all(_is_over_values(grid, index, below) for index in beside):
        return True  # the second line of headers, with the one over the row labels
    return has_no_label and turning


def _is_under_group(grid: CellGrid, header_rows: list[int], index: int) -> bool:
    """Return whether a cell is under a wider one, or under a blank that belongs to a group whose span was lost."""
    cell = grid.cells[index]
    above = grid.cell_at(header_rows[-1], cell.column)
    if above is not None and grid.cells[above].column_span > cell.column_span and grid.texts[above]:
        return True
    if grid.text_at(header_rows[-1], cell.column):
        return False
    leftmost = max(0, cell.column - HeaderRowSettings.current().reach_to_group)
    return any(grid.text_at(row, column) for row in header_rows for column in range(leftmost, cell.column))


# What stands below a cell.


def _is_over_values(grid: CellGrid, index: int, below: Sequence[int]) -> bool:
    """Return whether a text cell stands over values: values prevail below it in one of its columns.

    Its columns go on over the blanks to its right, where a span may have been lost.
    """
    settings = HeaderRowSettings.current()
    cell = grid.cells[index]
    edge = cell.column + cell.column_span
    limit = min(grid.columns, cell.column + settings.reach_over_blanks)
    while edge < limit and not grid.text_at(cell.row, edge):
        edge += 1
    for column in range(cell.column, edge):
        profile = grid.profile(below, column)
        if profile.values and profile.values >= settings.values_per_text * profile.texts:
            return True
    return False


def _is_over_blanks(grid: CellGrid, index: int, below: Sequence[int]) -> bool:
    """Return whether there are rows below a cell, and nothing in them under it."""
    cell = grid.cells[index]
    columns = range(cell.column, cell.column + cell.column_span)
    profiles = (grid.profile(below, column) for column in columns)
    return bool(below) and all(profile.texts == profile.values == 0 for profile in profiles)


def _is_numeric_header(grid: CellGrid, filled: list[int], below: Sequence[int]) -> bool:
    """Return whether a row with numerals is a header all the same: years or dates, or a count, over other values."""
    numerals = [index for index in filled if grid.is_value[index]]
    texts = [grid.texts[index] for index in numerals]
    if len(numerals) < 2 or not below or not HeaderRowSettings.current().numeric_headers:
        return False
    are_periods = all(is_period(text) for text in texts) and _recur_by_group(texts)
    if not are_periods and (not counts_up(texts) or all(text.isdigit() for text in texts)):
        return False
    columns = [grid.cells[index].column for index in numerals]
    if columns[0] == 0:
        return False
    sampled = below[: GridSettings.current().sampled_rows]
    under = [text for row in sampled for column in columns if (text := grid.text_at(row, column))]
    least = HeaderRowSettings.current().years_under_years * len(under)
    return not are_periods or sum(map(is_period, under)) <= least


def _recur_by_group(texts: list[str]) -> bool:
    """Return whether all texts differ, or the same two or more follow one another under each group of columns."""
    different = len(set(texts))
    return different > 1 and texts == (texts[:different] * len(texts))[: len(texts)]


def _skip_text_rows(grid: CellGrid, rows: list[int]) -> list[int]:
    """Return the rows without the first few that have several texts and no value: these may be deeper header rows."""
    for skipped, row in enumerate(rows[: HeaderRowSettings.current().skipped_text_rows]):
        filled = grid.filled_from(row)
        if len(filled) < 2 or grid.has_value(filled):
            return rows[skipped:]
    return rows


# Cells that the source marks as headers (`th` in HTML).


def _are_marked(grid: CellGrid, filled: list[int]) -> bool:
    return bool(filled) and all(grid.cells[index].header for index in filled)


def _is_every_row_marked(grid: CellGrid, rows: Sequence[int]) -> bool:
    """Return whether all cells of all rows are marked, so that the mark says nothing."""
    sampled = rows[: GridSettings.current().sampled_rows]
    filled_rows = [filled for row in sampled if (filled := grid.filled_from(row))]
    return bool(filled_rows) and all(_are_marked(grid, filled) for filled in filled_rows)
