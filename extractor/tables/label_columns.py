"""Find the columns that label the rows of a body, and the rows in them that head the rows after them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from extractor.settings import Settings, rule, threshold
from extractor.tables.grid import CellGrid, GridSettings
from extractor.values.enumeration import enumeration_style
from extractor.values.years import is_year


@dataclass(frozen=True)
class LabelColumnSettings(Settings):
    """What makes a column a column of row labels."""

    texts_per_value: float = threshold(4, meaning="A label column has at least so many texts for each value.")
    skip_row_numbers: bool = rule(
        True, meaning="A first column that only numbers the rows is no label if the next one is."
    )
    years_down_the_side: bool = rule(
        True, meaning="Years that are all different label the rows, though they are values."
    )
    group_headings: bool = rule(True, meaning="A label beside blanks can head the rows after it.")


@dataclass(frozen=True, slots=True)
class LabelColumns:
    """The label columns: from `first` to the one before `end`; none where both are 0.

    `first` is 1 behind a column of row numbers.
    """

    first: int = 0
    end: int = 0


def find_label_columns(grid: CellGrid, header_rows: list[int], body: list[int]) -> LabelColumns:
    """Return which columns label the rows of the body."""
    if not body or grid.columns < 2:
        return LabelColumns()
    first = 0
    if _numbers_rows(grid, body) and _is_label_column(grid, body, 1, header_rows):
        first = 1
    if not _is_label_column(grid, body, first, header_rows):
        return LabelColumns()
    end = first + 1
    while end < grid.columns - 1 and _has_inner_labels(grid, header_rows, body, first, end):
        end += 1
    return LabelColumns(first, end)


def find_group_headings(grid: CellGrid, body: list[int], labels: LabelColumns) -> set[int]:
    """Return the rows that have a label and else blank cells, and that head the rows after them.

    A row of blank values looks the same, so more evidence is needed: a colon, another enumeration style in the row
    below, or a table without blanks but for several such rows, each with filled rows under it.
    """
    if labels.end != labels.first + 1 or not LabelColumnSettings.current().group_headings:
        return set()
    sampled = 4 * GridSettings.current().sampled_rows
    lone = []
    is_dense = True
    for position, row in enumerate(body):
        filled = grid.filled_from(row)
        if len(filled) == 1 and grid.cells[filled[0]].column == labels.first and len(grid.places[row]) > 1:
            lone.append(position)
        elif is_dense and position < sampled:
            is_dense = all(grid.text_at(row, column) for column in range(labels.end, grid.columns))
    set_of_lone = set(lone)
    followed = [position for position in lone if position + 1 < len(body) and position + 1 not in set_of_lone]
    are_apart = len(followed) == len(lone)
    found = set()
    for position in followed:
        label = grid.text_at(body[position], labels.first)
        style = enumeration_style(label)
        style_below = enumeration_style(grid.text_at(body[position + 1], labels.first))
        changes_style = style and style_below and style != style_below
        if label.endswith((":", "：")) or changes_style or (is_dense and are_apart and len(lone) > 1):
            found.add(body[position])
    return found


def _numbers_rows(grid: CellGrid, body: list[int]) -> bool:
    """Return whether the first column only numbers the rows, and a label column may follow it."""
    if not LabelColumnSettings.current().skip_row_numbers:
        return False
    texts = [text for row in body[: GridSettings.current().sampled_rows] if (text := grid.text_at(row, 0))]
    return (
        len(texts) >= 2
        and all(text.isdigit() and len(text) < 5 for text in texts)
        and all(int(after) == int(before) + 1 for before, after in pairwise(texts))
    )


def _is_label_column(grid: CellGrid, body: list[int], column: int, header_rows: list[int]) -> bool:
    """Return whether a column labels the rows: texts prevail, it alone is marked by the source, or it has years."""
    if column >= grid.columns:
        return False
    if _has_mostly_texts(grid, body, column):
        return True
    sampled = body[: GridSettings.current().sampled_rows]
    filled = [index for row in sampled if (index := grid.cell_at(row, column)) is not None and grid.texts[index]]
    if not filled:
        return False
    in_column = set(filled)
    others = [grid.cells[index].header for row in sampled for index in grid.filled_from(row) if index not in in_column]
    if all(grid.cells[index].header for index in filled) and not all(others):
        return True
    if column or not header_rows or not LabelColumnSettings.current().years_down_the_side:
        return False
    texts = [grid.texts[index] for index in filled]
    return len(texts) > 1 and all(is_year(text) for text in texts) and len(set(texts)) == len(texts)


def _has_mostly_texts(grid: CellGrid, body: Sequence[int], column: int) -> bool:
    profile = grid.profile(body, column)
    return profile.texts > 0 and profile.texts >= LabelColumnSettings.current().texts_per_value * profile.values


def _has_inner_labels(grid: CellGrid, header_rows: list[int], body: list[int], first: int, column: int) -> bool:
    """Return whether `column` has inner labels: texts, tied to the label columns before it by spans or blanks."""
    profile = grid.profile(body, column)
    has_few_values = profile.texts >= LabelColumnSettings.current().texts_per_value * profile.values
    for row in header_rows:
        index = grid.cell_at(row, first)
        if index is None:
            continue
        corner = grid.cells[index]
        is_tall = corner.row_span == len(header_rows) and corner.row == header_rows[0]
        if corner.column + corner.column_span > column and (is_tall or has_few_values):
            return True
    if not profile.texts or not has_few_values:
        return False
    sampled = body[: GridSettings.current().sampled_rows]
    for row in sampled:
        index = grid.cell_at(row, column - 1)
        if index is None or not grid.texts[index]:
            continue
        outer = grid.cells[index]
        if outer.column + outer.column_span > column or (outer.row_span > 1 and grid.text_at(row, column)):
            return True
    has_blank_outer = any(not grid.text_at(row, column - 1) and grid.text_at(row, column) for row in sampled)
    if has_blank_outer and grid.text_at(sampled[0], column - 1):
        return True
    if header_rows and not any(grid.text_at(row, column) for row in header_rows):
        return True
    outer_labels = {tuple(grid.text_at(row, inner) for inner in range(first, column)) for row in sampled}
    all_labels = {tuple(grid.text_at(row, inner) for inner in range(first, column + 1)) for row in sampled}
    return len(outer_labels) < len(sampled) and len(all_labels) > len(outer_labels)
