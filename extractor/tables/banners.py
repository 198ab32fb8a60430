"""Cut a grid into sections at its banners: rows with one cell that stands over the rows below it."""

from __future__ import annotations

from dataclasses import dataclass, field

from extractor.settings import Settings, threshold
from extractor.tables.grid import CellGrid
from extractor.values.enumeration import enumeration_style


@dataclass(frozen=True)
class BannerSettings(Settings):
    """What makes a cell that does not fill its row a banner."""

    header_distance: int = threshold(
        3, unit="rows", meaning="Within so many rows below it a header row and a body row must follow."
    )


@dataclass(slots=True)
class Section:
    """Rows under one stack of banners: the banners' texts, outermost first, and the numbers of the rows.

    `opened_by` is the banner that the section begins with, as an index of the grid's cells; None before any banner.
    """

    banners: tuple[str, ...]
    opened_by: int | None = None
    rows: list[int] = field(default_factory=list)


def split_sections(grid: CellGrid) -> list[Section]:
    """Return the sections of the grid from top to bottom; that of a banner right above another one has no rows."""
    sections: list[Section] = []
    stack: list[str] = []
    section = Section(())
    follows_banner = False
    for row in range(len(grid.places)):
        banner = find_banner(grid, row)
        if banner is None:
            if grid.filled_from(row) or section.rows:
                section.rows.append(row)
                follows_banner = False
            continue
        sections.append(section)
        is_above_banner = row + 1 < len(grid.places) and find_banner(grid, row + 1) is not None
        stack = _open_banner(stack, grid.texts[banner], follows_banner, is_above_banner)
        section = Section(tuple(stack), banner)
        follows_banner = True
    sections.append(section)
    return [section for section in sections if section.rows or section.opened_by is not None]


def _open_banner(stack: list[str], text: str, follows_banner: bool, is_above_banner: bool) -> list[str]:
    """Return the open banners, outermost first, once `text` opens one.

    A banner closes the open one whose enumeration style it shares and all that are inside that. A banner right under
    another one is inside it, and so is one of a new style under one of another style. Without enumeration it takes the
    place of the innermost, or of all where it is right above another banner.
    """
    style = enumeration_style(text)
    if style:
        for level, outer in enumerate(stack):
            if enumeration_style(outer) == style:
                return [*stack[:level], text]
    if follows_banner or (style and stack and enumeration_style(stack[-1])):
        return [*stack, text]
    return [text] if is_above_banner else [*stack[:-1], text]


def find_banner(grid: CellGrid, row: int) -> int | None:
    """Return the cell that alone fills the row and stands over what follows, or None."""
    if grid.columns < 2:
        return None
    filled = grid.filled_from(row)
    if len(filled) != 1:
        return None
    index = filled[0]
    cell = grid.cells[index]
    if grid.is_value[index] or cell.row_span > 1:
        return None
    from_above = {place for place in grid.places[row].values() if place != index and grid.cells[place].row < row}
    if any(grid.texts[place] for place in from_above):
        return None
    if cell.column_span >= grid.columns or (cell.column == 0 and len(grid.places[row]) == cell.column_span == 1):
        return index
    # A cell over the first column only, or over all but the last one, is a banner if header rows follow it. Otherwise
    # it is a label, beside blank values.
    is_nearly_full = cell.column_span > 1 and cell.column_span >= grid.columns - 1 and grid.columns > 2
    if cell.column == 0 and (cell.column_span == 1 or is_nearly_full) and _header_row_follows(grid, row):
        return index
    return None


def _header_row_follows(grid: CellGrid, row: int) -> bool:
    """Return whether the next row with text is a header row: texts only, one of them over a value in the row below."""
    end = min(row + 1 + BannerSettings.current().header_distance, len(grid.places))
    following = [after for after in range(row + 1, end) if grid.filled_from(after)]
    if len(following) < 2:
        return False
    head, body = following[:2]
    filled = grid.filled_from(head)
    if len(filled) < 2 or grid.has_value(filled):
        return False
    values = [index for index in grid.filled_from(body) if grid.is_value[index]]
    return any(grid.text_at(head, grid.cells[index].column) for index in values)
