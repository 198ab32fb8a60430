"""Sections of the rows of a table: those under each heading among them, with the heading and the row of their totals.

    Order 118   North depot
    Screws   40   3.20
    Nails    15   1.10
    Order total   4.30
    Order 119   East depot
    ...

A list within a list is printed so: each heading opens an element, its rows are the inner list, and its totals are the
element's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from extractor.candidates.entry_grids import EntryGrid, PlacedText, whole_name
from extractor.candidates.entry_rows import FoundRows, RowRole
from extractor.candidates.list_elements import entry_cells, heading_above, make_element
from extractor.candidates.matches import OVER_ROWS, EntryCell, StructuralMatch
from extractor.settings import Settings, threshold
from extractor.tables import is_value

Span = tuple[int, int]


@dataclass(frozen=True)
class RowSectionSettings(Settings):
    """What opens a section."""

    longest_heading: int = threshold(
        200, unit="characters", meaning="A longer text alone in its row opens no section of the rows under it."
    )


@dataclass
class RowSection:
    """The rows under a heading: their values, all cells of each, where the heading stands, and the cells of the total.

    `total_label` is the first text of the row of totals; the names of its cells are those of their columns.
    """

    heading: list[Span] = field(default_factory=list)
    rows: list[tuple[StructuralMatch, ...]] = field(default_factory=list)
    cells: list[tuple[EntryCell, ...]] = field(default_factory=list)
    total: tuple[EntryCell, ...] = ()
    total_label: str = ""

    def outer_cells(self) -> tuple[EntryCell, ...]:
        """Return the cells that say what the section is about: its heading, and its totals, which its label names."""
        heading = EntryCell(OVER_ROWS, "", tuple(self.heading))
        totals = (EntryCell(cell.column, f"{self.total_label} {cell.name}".strip(), cell.spans) for cell in self.total)
        return (heading, *totals)


def find_row_sections(tables: Sequence[FoundRows], text: str) -> list[RowSection]:
    """Return the sections of the rows of a list's tables, in order; none where no heading is among the rows.

    Nor where the first rows are under no heading. A section may go on in the next table.
    """
    sections: list[RowSection] = []
    waiting: list[Span] = []
    is_told = False
    for table in tables:
        grid = table.match.grid
        entries = {_filled(entry.lines[0])[0].start: entry for entry in table.rows.entries}
        roles = {start: role for start, _, role in table.rows.left_out}
        for row in grid.rows:
            filled = _filled(row)
            start = filled[0].start if filled else -1
            if start in entries:
                if not waiting and not sections:  # the first heading stands above the header
                    waiting = [span for span in [heading_above(grid, text)] if span]
                    if not waiting:
                        return []
                if waiting:
                    sections.append(RowSection(waiting))
                    waiting = []
                sections[-1].rows.append(make_element(entries[start], table.match, text))
                sections[-1].cells.append(entry_cells(entries[start], grid))
            elif roles.get(start) in (RowRole.HEADING, RowRole.OTHER) and (_may_head(filled) or _may_be_wide(filled)):
                waiting.append((filled[0].start, filled[-1].end))
                is_told = is_told or _may_head(filled)
            elif start in roles:
                waiting = []
                if roles[start] is RowRole.TOTAL and sections and not sections[-1].total:
                    sections[-1].total = tuple(
                        EntryCell(column, whole_name(grid.names[column]), ((cell.start, cell.end),))
                        for column, cell in sorted(row.items())
                        if is_value(cell.text) and not cell.inherited
                    )
                    sections[-1].total_label = "" if is_value(filled[0].text) else filled[0].text
    return sections if is_told else []


def may_have_sections(grid: EntryGrid) -> bool:
    """Decide whether some row of a grid may be a heading: a text alone, over a row of several."""
    rows = [filled for row in grid.rows if (filled := _filled(row))]
    return any(_may_head(one) and len(other) > 1 for one, other in pairwise(rows))


def _filled(row: Mapping[int, PlacedText]) -> list[PlacedText]:
    """Return the texts that begin in a row, in the order of the document."""
    return sorted((cell for cell in row.values() if cell.text and not cell.inherited), key=lambda cell: cell.start)


def _may_be_wide(filled: Sequence[PlacedText]) -> bool:
    """Decide whether a row may be a heading with a wide space in it, where others are of one text."""
    return len(filled) == 2 and not any(is_value(cell.text) for cell in filled) and all(map(_has_letters, filled))


def _has_letters(cell: PlacedText) -> bool:
    return re.search(r"[^\W\d_]", cell.text) is not None


def _may_head(filled: Sequence[PlacedText]) -> bool:
    """Decide whether a row is one text, with letters, that may be the heading of a section."""
    longest = RowSectionSettings.current().longest_heading
    return len(filled) == 1 and len(filled[0].text) <= longest and _has_letters(filled[0])
