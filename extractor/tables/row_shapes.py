"""Tell what sort of row a row of unplaced cells is, and how many of its cells are labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from extractor.settings import Settings, threshold
from extractor.tables.cells import CellRow
from extractor.values.years import is_year


@dataclass(frozen=True)
class RowShapeSettings(Settings):
    """What makes a row without values a body row."""

    most_texts: int = threshold(
        3, unit="cells", meaning="A row of more texts, with blanks after them, has headers and not labels."
    )


class BodyShape(NamedTuple):
    """How many label columns and value columns a body has."""

    labels: int
    values: int

    @property
    def width(self) -> int:
        """Return the number of columns."""
        return self.labels + self.values


def is_banner(row: CellRow) -> bool:
    """Return whether the row is one text, which stands over the rows after it."""
    return len(row) == 1 and row[0].kind == "text"


def is_body(row: CellRow) -> bool:
    """Return whether the row has values (years beside a corner are headers), or blanks after its labels."""
    kinds = [cell.kind for cell in row]
    if "value" in kinds:
        values = [cell.text for cell in row if cell.kind == "value"]
        are_years = all(is_year(text) for text in values) and len(set(values)) == len(values)
        return not (are_years and kinds[0] != "value" and len(values) > 1)
    texts = kinds.count("text")
    if not texts:
        return len(kinds) > 1
    after_labels = len(row) - count_labels(row)
    return texts <= RowShapeSettings.current().most_texts and after_labels >= texts


def count_labels(row: CellRow) -> int:
    """Return how many first cells are labels: up to the last text before the first value."""
    labels = 0
    for position, cell in enumerate(row):
        if cell.kind == "value":
            break
        if cell.kind == "text":
            labels = position + 1
    return labels


def find_body_shape(body: Sequence[CellRow], header_rows: Sequence[CellRow] = ()) -> BodyShape:
    """Return how many label columns and value columns the rows of a body have.

    Rows that are short of cells have lost spans of their labels, so the most frequent number of values decides.
    """
    if len({len(row) for row in body}) == 1:
        counts = Counter(count_labels(row) for row in body)
        labels = max(counts, key=lambda n: (counts[n], -n))
        return BodyShape(labels, len(body[0]) - labels)
    with_values = [row for row in body if any(cell.kind == "value" for cell in row)] or body
    counts = Counter(len(row) - count_labels(row) for row in with_values)
    values = max(counts, key=lambda n: (counts[n], n))
    labels = max(count_labels(row) for row in with_values if len(row) - count_labels(row) == values)
    if len(header_rows) == 1 and all(cell.kind == "text" for cell in header_rows[0]):
        values = max(values, len(header_rows[0]) - labels)  # every body row lost the blanks at its end
    return BodyShape(labels, values)
