"""Which rows of the region that a list was read from no element accounts for, though they look like entries."""

from __future__ import annotations

import re
from dataclasses import dataclass

from extractor.candidates.entry_rows import RowRole
from extractor.candidates.matches import TableRowsMatch
from extractor.settings import Settings, threshold
from extractor.tables import collapse_whitespace, is_value


@dataclass(frozen=True)
class ListCoverageSettings(Settings):
    """When a row that was left out looks like an entry."""

    min_cells: int = threshold(2, unit="cells", meaning="It has so many cells at least, one of them a value.")


def unaccounted_rows(match: TableRowsMatch, text: str) -> list[tuple[int, int]]:
    """Return where rows stand that look like entries and were taken for nothing else, in order.

    Headings, totals, balances brought forward and repeated headers are accounted for.
    """
    covered = [(m.start, m.end) for row in match.rows for m in row if m.end > m.start]
    found = []
    for start, end, role in match.left_out:
        if role != RowRole.OTHER or any(s < end and start < e for s, e in covered):
            continue
        cells = [cell for part in re.split(r"\t|\n| {2,}", text[start:end]) if (cell := collapse_whitespace(part))]
        if len(cells) >= ListCoverageSettings.current().min_cells and any(map(is_value, cells)):
            found.append((start, end))
    return sorted(found)


def coverage(match: TableRowsMatch, text: str) -> float:
    """Return the share of the rows that look like entries which are elements of the list, 0..1."""
    lost = len(unaccounted_rows(match, text))
    return len(match.rows) / (len(match.rows) + lost)
