"""Arrays of objects answered by rows whose columns go by the items' names: of tables, and of lines of text."""

from __future__ import annotations

import bisect
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from extractor.candidates.entry_grids import EntryGrid
from extractor.candidates.entry_rows import TOTALS_LEFT_OUT, FoundRows, read_rows
from extractor.candidates.line_runs import find_runs
from extractor.candidates.list_columns import ColumnMatch, is_column_item, match_columns
from extractor.candidates.list_elements import join_tables
from extractor.candidates.list_grids import find_grids
from extractor.candidates.list_tables import drop_shared, item_columns, part_blocks, select_tables, share_out
from extractor.candidates.matches import TableRowsMatch
from extractor.candidates.table_likeness import labels_of_single_fields
from extractor.settings import Settings, rule, threshold
from extractor.types import Document, Field, Path
from extractor.values.label_similarity import best_similarity


@dataclass(frozen=True)
class ListRowSettings(Settings):
    """When the rows of a document are the elements of an array."""

    min_similarity: float = threshold(0.78, meaning="The least similarity of a row and another field's label.")
    max_lost_share: float = threshold(
        0.15,
        meaning="The most rows between entries that may be unlike entries; with more the columns are not read right.",
    )
    max_heading_share: float = threshold(0.6, meaning="The most headings for one entry; with more they are its lines.")
    leave_conditions: bool = rule(
        True, meaning="A list whose description says which rows count is left to be asked for."
    )
    prefer_runs: bool = rule(
        True,
        meaning="Tables are not the list's where lines that are built alike have more of its items, or where each is "
        "of one row and stands between two such lines.",
    )
    fewest_details: int = threshold(3, unit="tables", meaning="So many tables of one row at least are details.")
    drop_rows_of_other_fields: bool = rule(True, meaning="A row that has another field's label is none of the list.")


_CONDITION = re.compile(
    r"\b(?:only|whose|exceed\w*|(?:more|less|greater|fewer|larger|smaller|higher|lower|older) than|"
    r"at (?:least|most)|top (?:\d+|two|three|four|five|six|eight|ten)|largest|smallest|highest|lowest|latest)\b|\b(?:"
    r"(?:over|above|below|under|since|after|before)\s+[$€£¥]?\d)|[<>≥≤]=?\s*[$€£¥]?\d|"
    r"仅|只[有列取]|超过|大于|小于|\d\s*[元万]?以[上下]|最[大高低近]",
    re.IGNORECASE,
)


def match_rows(fields: Sequence[Field], document: Document) -> dict[Path, TableRowsMatch]:
    """Return the arrays of objects that rows answer with certainty, by path."""
    lists = [f for f in fields if f.type == "array" and any(is_column_item(item) for item in f.items)]
    found: dict[Path, list[FoundRows]] = {}
    for field in lists:
        if not limits_rows(field):
            candidates = _find_rows(field, document)
            if selected := select_tables(field, candidates, lists, document.text):
                found[field.path] = selected
    if ListRowSettings.current().prefer_runs:
        _leave_to_runs(found, document)
    share_out(found, lists, document.text)
    drop_shared(found, lists, document.text)
    part_blocks(found, document.text)
    return {path: join_tables(path, parts, document.text) for path, parts in found.items()}


def _leave_to_runs(found: dict[Path, list[FoundRows]], document: Document) -> None:
    """Take the tables away of each list for which lines that are built alike are better."""
    runs = list(find_runs(document)) if found else []
    for path, selected in list(found.items()):
        if _are_details(selected, runs) or _say_less(selected, runs, document.text):
            del found[path]


def _are_details(selected: Sequence[FoundRows], runs: Sequence[EntryGrid]) -> bool:
    """Decide whether tables of one row each stand between the lines of a run, which are what they are details of."""
    settings = ListRowSettings.current()
    entries = sum(len(found.rows.entries) for found in selected)
    if len(selected) < settings.fewest_details or entries >= 2 * len(selected):
        return False
    starts = [found.span[0] for found in selected]
    widest = max(len(found.match.grid.names) for found in selected)
    for run in runs:
        lines = [min(cell.start for cell in row.values()) for row in run.rows]
        between = {bisect.bisect(starts, line) for line in lines}
        if len(run.names) > widest and len(between) == len(lines) >= settings.fewest_details:
            return True
    return False


def _say_less(selected: Sequence[FoundRows], runs: Sequence[EntryGrid], text: str) -> bool:
    """Decide whether lines that are built alike have more of the items, by what they hold, than the tables have."""
    field, most = selected[0].match.field, max(len(found.match.columns) for found in selected)
    for run in runs:
        is_apart = not any(run.start < found.span[1] and found.span[0] < run.end for found in selected)
        if is_apart and (match := match_columns(field, run, text)) and len(match.columns) > most:
            return True
    return False


_OF_COLUMNS = re.compile(r"\bcolumns?\s+only\b|\bonly\s+(?:the\s+)?[^.;,()]{0,40}\bcolumns?\b", re.IGNORECASE)
"""Which columns count, and not which rows."""


def limits_rows(field: Field) -> bool:
    """Decide whether a list's description says that some rows count and others do not, totals and headers aside."""
    description = _OF_COLUMNS.sub(" ", TOTALS_LEFT_OUT.sub(" ", field.description))
    return ListRowSettings.current().leave_conditions and _CONDITION.search(description) is not None


def find_column_matches(field: Field, document: Document) -> list[ColumnMatch]:
    """Return every grid of the document that has a column for an item of the list, best first, certain or not."""
    found = [m for grid in find_grids(field, document) if (m := match_columns(field, grid, document.text))]
    return sorted(found, key=lambda m: -m.score)


def find_open_matches(field: Field, document: Document) -> list[ColumnMatch]:
    """Return the matches of every grid, those without a single matched column too, best first."""
    grids = find_grids(field, document)
    found = [match_open(field, grid, document.text) for grid in grids if len(grid.names) > 1]
    return sorted(found, key=lambda m: -m.score)


def match_open(field: Field, grid: EntryGrid, text: str) -> ColumnMatch:
    """Return the match of the list with a grid, with no columns where none goes by its name."""
    return match_columns(field, grid, text) or ColumnMatch(field, grid, {}, {}, frozenset(), 0.0)


def rows_of_matches(matches: Sequence[ColumnMatch], text: str) -> TableRowsMatch | None:
    """Return the rows under columns that were matched otherwise, as by an answer; None where none are entries.

    The matches are of one list, with its rows in their order.
    """
    found = read_matches(matches, text)
    return join_tables(matches[0].field.path, found, text) if found else None


def read_matches(matches: Sequence[ColumnMatch], text: str) -> list[FoundRows]:
    """Return the rows of those of the matches that have entries."""
    return [FoundRows(match, rows) for match in matches if (rows := read_rows(match, text)).entries]


def find_alike_tables(field: Field, document: Document) -> list[FoundRows]:
    """Return the rows of every table that has the list's columns, in the order of the document.

    Of tables with different columns matched, those like the best one, and those with its very headers.
    """
    found = _find_rows(field, document)
    best = found[0] if found else None
    alike = []
    for f in found:
        if best is not None and item_columns(f) != item_columns(best) and f.match.grid.names == best.match.grid.names:
            match = replace(best.match, grid=f.match.grid)
            f = FoundRows(match, read_rows(match, document.text))
        if best is not None and f.rows.entries and item_columns(f) == item_columns(best):
            alike.append(f)
    return sorted(alike, key=lambda f: f.span)


def _find_rows(field: Field, document: Document) -> list[FoundRows]:
    """Return the matched grids of the list that have entries, best first; of overlapping ones only the best."""
    settings = ListRowSettings.current()
    found = []
    for match in find_column_matches(field, document):
        if match.is_certain:
            rows = read_rows(match, document.text)
            are_told = rows.lost_share <= settings.max_lost_share and rows.heading_share <= settings.max_heading_share
            if rows.entries and are_told:
                found.append(FoundRows(match, rows))
    found.sort(key=lambda f: (-round(f.weight, 3), -len(f.rows.entries), f.match.grid.table is None))
    kept: list[FoundRows] = []
    for candidate in found:
        if not any(candidate.overlaps(other) for other in kept):
            kept.append(candidate)
    return kept


def drop_rows_of_other_fields(
    matches: Mapping[Path, TableRowsMatch], fields: Sequence[Field], text: str
) -> dict[Path, TableRowsMatch]:
    """Return the matches without rows of another field: a total printed under the items, a form printed above them.

    Such a row has fewer cells than the others and begins with a label of the other field, or has a label and a colon
    within a cell. What it holds is left to be found by that label.
    """
    settings = ListRowSettings.current()
    if not settings.drop_rows_of_other_fields:
        return dict(matches)
    labels = labels_of_single_fields(fields)

    def begins_with_label(cell: str) -> bool:
        return best_similarity(labels, re.sub(r"[\d.,]+\s*%?|[:：]", " ", cell)) >= settings.min_similarity

    def is_labelled_value(cell: str) -> bool:
        label, colon, value = cell.replace("：", ":").partition(":")
        return bool(colon and value.strip()) and best_similarity(labels, label) >= settings.min_similarity

    kept = {}
    for path, match in matches.items():
        most = max(sum(s.end > s.start for s in row) for row in match.rows)
        own = []
        for n, row in enumerate(match.rows):
            cells = [text[s.start : s.end] for s in sorted(row, key=lambda s: s.start) if s.end > s.start]
            is_other = 0 < len(cells) < most and begins_with_label(cells[0])
            if not is_other and not any(map(is_labelled_value, cells)):
                own.append(n)
        if own:
            left = tuple(match.cells[n] for n in own) if match.cells else ()
            kept[path] = replace(match, rows=tuple(match.rows[n] for n in own), cells=left)
    return kept
