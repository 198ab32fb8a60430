"""Tables that only place things on the page, told from tables of data; the same rule for HTML, Word and mail."""

from __future__ import annotations

from dataclasses import dataclass

from extractor.settings import Settings, rule, threshold


@dataclass(frozen=True)
class LayoutTableSettings(Settings):
    """What a table looks like that is only there for page layout."""

    find_layout_tables: bool = rule(True, meaning="read tables that only place things on the page as text")
    long_cell: int = threshold(
        300, unit="characters", meaning="a cell with more text holds a part of the page, not data"
    )
    many_blocks: int = threshold(12, unit="blocks", meaning="so does a cell with more blocks")
    heading_blocks: int = threshold(5, unit="blocks", meaning="how many blocks a heading in a cell counts for")
    long_share: float = threshold(0.5, meaning="share of such cells over which a table without headers is page layout")
    most_cells: int = threshold(6, unit="cells", meaning="... if it has no more filled cells than these")
    nesting_share: float = threshold(
        0.25, meaning="share of the filled cells with a table inside over which the outer table is page layout"
    )
    nesting_share_with_headers: float = threshold(
        0.5, meaning="under this share, a table with headers is data whatever is in it"
    )
    nested_text: int = threshold(
        3000,
        unit="characters",
        meaning="so much text for each cell with a table inside makes the outer one page layout",
    )
    short_cell: int = threshold(
        120, unit="characters", meaning="cells of page layout beside each other, no longer than this, make one line"
    )


@dataclass(frozen=True, slots=True)
class TableShape:
    """What is counted of a table: its rows, the cells of its widest row, and its cells of various kinds."""

    rows: int
    widest_row: int
    filled_cells: int
    header_cells: int
    long_cells: int
    nesting_cells: int
    """Cells with a table inside."""
    characters: int


def is_long_cell(characters: int, blocks: int) -> bool:
    """Decide whether a cell holds so much that it is a part of the page rather than a value."""
    settings = LayoutTableSettings.current()
    return characters > settings.long_cell or blocks > settings.many_blocks


def is_layout_table(shape: TableShape) -> bool:
    """Decide whether a table only places things on the page: one column, one row without headers, or cells of page."""
    settings = LayoutTableSettings.current()
    filled, headers = shape.filled_cells, shape.header_cells
    if filled < 2 or shape.widest_row < 2 or (shape.rows < 2 and not headers):
        return True
    if not settings.find_layout_tables:
        return False
    nesting = shape.nesting_cells
    if nesting and (not headers or nesting > settings.nesting_share_with_headers * filled):
        return nesting > settings.nesting_share * filled or shape.characters > settings.nested_text * nesting
    return not headers and shape.long_cells > settings.long_share * filled and filled <= settings.most_cells
