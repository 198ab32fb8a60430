"""Tables that continue on the next page are joined into one, without the header rows that it repeats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from extractor import tables
from extractor.settings import Settings, rule, threshold
from extractor.tables import PlacedCell
from extractor.types import Table


@dataclass(frozen=True)
class ContinuedTableSettings(Settings):
    """When a table on the next page is the same one."""

    join: bool = rule(True, meaning="join a table that ends a page and one with the same columns that begins the next")
    column_tolerance: float = threshold(4.0, unit="points", meaning="column lines of both pages differ by no more")
    same_head_share: float = threshold(
        0.8, meaning="share of the lines above a table that the page before must have too: all but a page number or so"
    )
    continue_labels: bool = rule(
        True, meaning="a merged label whose rest at the top of the next page is blank goes on over the page break"
    )
    most_repeated_rows: int = threshold(6, unit="rows", meaning="most header rows that are repeated")


@dataclass(frozen=True, slots=True)
class WrittenTable:
    """A table on one page, its cells at their places in the text; `xs` are the lines between its columns.

    `begins_page` and `ends_page` say that only running heads or feet are above or below it; `lines_above` are the
    lines above it on its page.
    """

    cells: tuple[PlacedCell, ...]
    page: int
    xs: tuple[float, ...]
    begins_page: bool
    ends_page: bool
    caption: tuple[str, ...]
    lines_above: tuple[str, ...]


def group_continued_tables(written: Sequence[WrittenTable]) -> list[list[WrittenTable]]:
    """Return the tables in groups that make one table: one ends a page, the next begins it with the same columns."""
    join = ContinuedTableSettings.current().join
    groups: list[list[WrittenTable]] = []
    for table in written:
        if groups and join:
            before = groups[-1][-1]
            follows = before.ends_page and table.page == before.page + 1 and _have_same_columns(before.xs, table.xs)
            if follows and (table.begins_page or _has_same_head(groups[-1][0].lines_above, table.lines_above)):
                groups[-1].append(table)
                continue
        groups.append([table])
    return groups


def build_joined_table(text: str, group: Sequence[WrittenTable]) -> Table:
    """Return the Table of the parts of a group, their columns counted in those of the part with the most."""
    first = group[0]
    xs = _offsets(max((table.xs for table in group), key=len))
    first_cells = cells = _align_columns(first.cells, first.xs, xs)
    for following in group[1:]:
        height = max(cell.row + cell.row_span for cell in cells)
        more = _align_columns(following.cells, following.xs, xs)
        repeated = _count_repeated_rows(text, first_cells, more)
        more = [replace(cell, row=cell.row - repeated + height) for cell in more if cell.row >= repeated]
        if ContinuedTableSettings.current().continue_labels:
            cells, more = _continue_labels(text, cells, more, height)
        cells = cells + more
    return tables.build_table(text, cells, first.caption, tuple(table.page for table in group))


def _continue_labels(
    text: str, cells: Sequence[PlacedCell], more: Sequence[PlacedCell], height: int
) -> tuple[list[PlacedCell], list[PlacedCell]]:
    """Return the cells before and after a page break, with a label that goes on over it as one cell.

    Its rest, at the top of the page, is blank; it begins in row `height`. A blank among the values is none of these.
    """
    first_value = min(
        (cell.column for cell in more if tables.is_value(_words(text, cell))), default=max(c.column for c in more) + 1
    )
    rests = {
        (cell.column, cell.column_span): cell
        for cell in more
        if cell.row == height and not _words(text, cell) and cell.column + cell.column_span <= first_value
    }
    joined = []
    for cell in cells:
        is_last = cell.row + cell.row_span == height
        rest = rests.get((cell.column, cell.column_span)) if is_last and _words(text, cell) else None
        if rest is not None:
            more = [other for other in more if other is not rest]
            cell = replace(cell, row_span=cell.row_span + rest.row_span)
        joined.append(cell)
    return joined, list(more)


def _words(text: str, cell: PlacedCell) -> str:
    return tables.collapse_whitespace(text[cell.text_start : cell.text_end])


def _has_same_head(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Decide whether a page begins with the lines of the page before, except a few: its number, the title."""
    shared = sum(line in one for line in other)
    return bool(other) and shared >= ContinuedTableSettings.current().same_head_share * len(other)


def _have_same_columns(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    """Decide whether two tables are equally wide, and the column lines of one are all column lines of the other."""
    tolerance = ContinuedTableSettings.current().column_tolerance
    fewer, more = sorted((_offsets(one), _offsets(other)), key=len)
    # Two columns of equal width are too little to recognise a table by, unless both have no more.
    return (
        abs(fewer[-1] - more[-1]) <= tolerance
        and (len(fewer) > 2 or len(more) == len(fewer))
        and all(any(abs(x - line) <= tolerance for line in more) for x in fewer)
    )


def _offsets(xs: tuple[float, ...]) -> list[float]:
    """Return column lines from the left edge: a page may be shifted sideways, as in a book, but not stretched."""
    return [x - xs[0] for x in xs]


def _align_columns(cells: Sequence[PlacedCell], xs: tuple[float, ...], all_xs: list[float]) -> list[PlacedCell]:
    """Return the cells with their columns counted in those between `all_xs`."""
    places = [min(range(len(all_xs)), key=lambda at: abs(all_xs[at] - x)) for x in _offsets(xs)]
    return [
        replace(
            cell,
            column=places[cell.column],
            column_span=max(1, places[cell.column + cell.column_span] - places[cell.column]),
        )
        for cell in cells
    ]


def _count_repeated_rows(text: str, first: Sequence[PlacedCell], following: Sequence[PlacedCell]) -> int:
    """Return how many rows at the top of the following page only repeat those at the top of the table."""

    def row(cells: Sequence[PlacedCell], number: int) -> list[tuple[int, int, int, str]]:
        return [
            (
                cell.column,
                cell.row_span,
                cell.column_span,
                _words(text, cell),
            )
            for cell in cells
            if cell.row == number
        ]

    rows = max((cell.row for cell in following), default=-1) + 1
    most = min(rows, ContinuedTableSettings.current().most_repeated_rows)
    repeated = 0
    while repeated < most and row(first, repeated) and row(first, repeated) == row(following, repeated):
        repeated += 1
    return repeated
