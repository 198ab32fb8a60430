"""Recognise forms: rows that read label, value, label, value, and have no columns under headers."""

from __future__ import annotations

from dataclasses import dataclass

from extractor.settings import Settings, rule, threshold
from extractor.tables.grid import CellGrid, GridSettings


@dataclass(frozen=True)
class FormSettings(Settings):
    """When rows of label and value in turn are a form."""

    recognise: bool = rule(True, meaning="Rows that read label, value, label, value are a form, not a table.")
    colon_share: float = threshold(0.5, meaning="Share of the labels that end in a colon, from which on it is a form.")
    least_labels: int = threshold(2, unit="labels", meaning="Fewer labels are no evidence of a form.")


def is_form(grid: CellGrid, rows: list[int]) -> bool:
    """Return whether the rows read label, value, label, value, and are not columns under headers.

    Every row needs an even number of cells, no text may stand twice as a label, and one of these must hold: labels with
    colons; labels alone marked as headers by the source; values or blanks, beside the first labels or in wide cells.
    """
    settings = FormSettings.current()
    if grid.columns < 4 or not settings.recognise:
        return False
    sampled = rows[: GridSettings.current().sampled_rows]
    pairs: list[tuple[int, int]] = []
    has_two_pairs = False
    for row in sampled:
        cells = grid.cells_from(row)
        if len(cells) % 2:
            return False
        has_two_pairs = has_two_pairs or len(cells) >= 4
        pairs += zip(cells[::2], cells[1::2], strict=True)
    labelled: list[tuple[int, int]] = []
    seen: set[str] = set()
    for label, value in pairs:
        text = grid.texts[label]
        if grid.is_value[label] or (not text and grid.texts[value]):
            return False
        if not text:
            continue
        if text in seen and not text.endswith((":", "：")):
            return False
        seen.add(text)
        labelled.append((label, value))
    if not has_two_pairs or len(labelled) < settings.least_labels:
        return False
    colons = sum(grid.texts[label].endswith((":", "：")) for label, _ in labelled)
    if colons >= settings.colon_share * len(labelled):
        return True
    if all(grid.cells[label].header and not grid.cells[value].header for label, value in labelled):
        return True
    first = grid.cells_from(rows[0])
    has_wide_value = any(grid.cells[index].column_span > 1 for row in sampled for index in grid.cells_from(row)[1::2])
    begins_with_values = any(grid.is_value[index] or not grid.texts[index] for index in first[1::2])
    has_values = any(grid.is_value[value] or not grid.texts[value] for _, value in labelled)
    return (begins_with_values or has_wide_value) and has_values
