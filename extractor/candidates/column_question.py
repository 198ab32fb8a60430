"""One short question about a table whose columns code alone does not match with a list's items: which column is which.

The answer is an item for each column, so that a model points at columns and code reads the rows.
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from extractor.candidates import list_rows
from extractor.candidates.column_names import header_similarity, names_in_header
from extractor.candidates.entry_grids import EntryGrid, whole_name
from extractor.candidates.line_runs import find_runs, is_label
from extractor.candidates.list_columns import (
    ColumnMatch,
    ListColumnSettings,
    cell_fits,
    column_fit,
    date_share,
    filled_cells,
    filled_count,
    is_column_item,
    is_free_text,
    is_list_of_values,
)
from extractor.candidates.list_elements import heading_above
from extractor.candidates.matches import OVER_ROWS
from extractor.candidates.table_likeness import is_form, is_unlike, likeness
from extractor.decoding import Slot
from extractor.settings import Settings, rule, threshold
from extractor.tables import is_value, value_format
from extractor.types import Document, Field, Path, path_text
from extractor.values import normalisation
from extractor.values.characters import shorten
from extractor.values.label_similarity import normalise_label


@dataclass(frozen=True)
class ColumnQuestionSettings(Settings):
    """How a table is shown, and which tables are worth a question."""

    sample_cells: int = threshold(2, unit="cells", meaning="So many cells of each column are shown.")
    longest_sample: int = threshold(32, unit="characters", meaning="A longer cell is cut.")
    longest_description: int = threshold(90, unit="characters", meaning="A longer description of an item is cut.")
    longest_list_description: int = threshold(
        160, unit="characters", meaning="A longer description of the list is cut."
    )
    max_columns: int = threshold(26, unit="columns", meaning="A table with more is not asked about.")
    min_rows: int = threshold(2, unit="rows", meaning="A table has at least so many rows with two filled cells.")
    longest_heading: int = threshold(60, unit="characters", meaning="A longer heading over the rows is cut.")
    min_headings: int = threshold(
        2, unit="headings", meaning="So many different ones say that they are of sections, and not of the document."
    )
    min_names: int = threshold(
        2, unit="columns", meaning="A table with fewer headers is looked at after runs of lines that are built alike."
    )
    ask_for_headings: bool = rule(True, meaning="What is printed over the rows is asked about like a column.")
    ask_for_runs: bool = rule(
        True,
        meaning="Runs of lines that are built alike are asked about like tables.",
        chosen="17 documents by structure alone: 32 values of a till receipt are lost without it",
    )
    max_tables: int = threshold(
        3, unit="tables", meaning="So many tables, or groups of alike ones, are asked about for one list."
    )
    min_figures: float = threshold(0.8, meaning="A column with this share of amounts holds no free text.")
    same_headers: float = threshold(
        0.5, meaning="Tables with more than this share of their headers in common have the same columns."
    )
    answered_score: float = threshold(0.8, meaning="What a pair of an item and a column counts that was answered.")


@dataclass(frozen=True)
class ColumnQuestion:
    """A question about one table: `text` as a model reads it, and a slot for each column that it is asked about.

    `columns` are the columns that the letters stand for, `OVER_ROWS` for the headings over the rows; `match` are the
    pairs that code has found already.
    """

    text: str
    slots: tuple[Slot, ...]
    columns: Mapping[str, int]
    match: ColumnMatch


def find_uncertain_tables(
    field: Field, document: Document, fields: Sequence[Field] = (), is_in_words: bool = False
) -> list[ColumnMatch]:
    """Return the tables, or lines read as one, that may hold the list `field` but are not certain to, likeliest first.

    Each with the pairs that code has found. Of tables that overlap only the likeliest, those with headers first; none
    that is a form of the other `fields` of the schema, nor, where the document `is_in_words` of it (`prints_names`),
    one that is unlike the list.
    """
    settings = ColumnQuestionSettings.current()
    kept: list[ColumnMatch] = []
    runs = find_runs(document) if settings.ask_for_runs and _has_values(field) else ()
    tables = [
        m
        for m in list_rows.find_open_matches(field, document)
        if not (is_form(m.grid, fields) or (is_in_words and is_unlike(m)))
    ]
    least = settings.min_names  # one name over one column may be any line above the rows
    named, nameless = ([m for m in tables if (m.grid.named_columns >= least) is told] for told in (True, False))
    for matches in (named, [list_rows.match_open(field, run, document.text) for run in runs], nameless):
        for match in _likeliest_first(matches, document.text):
            if not any(match.grid.start < k.grid.end and k.grid.start < match.grid.end for k in kept):
                kept.append(match)
    return kept


def group_alike(matches: Sequence[ColumnMatch]) -> list[tuple[ColumnMatch, ...]]:
    """Return the matches in groups that have their headers in common, which one question answers, likeliest first."""
    groups: list[list[ColumnMatch]] = []
    for match in matches:
        group = next((g for g in groups if _have_same_headers(g[0].grid, match.grid)), None)
        if group is None:
            groups.append([match])
        else:
            group.append(match)
    return [tuple(group) for group in groups]


def _have_same_headers(one: EntryGrid, other: EntryGrid) -> bool:
    if len(one.names) != len(other.names) or not one.named_columns:
        return False
    same = sum(
        bool({*map(normalise_label, a)} & {*map(normalise_label, b)})
        for a, b in zip(one.names, other.names, strict=True)
    )
    return same > ColumnQuestionSettings.current().same_headers * one.named_columns


def _likeliest_first(matches: Sequence[ColumnMatch], text: str) -> list[ColumnMatch]:
    """Return the matches that are worth a question, those with the most columns and rows first."""
    settings = ColumnQuestionSettings.current()
    likely = []
    for match in matches:
        grid = match.grid
        rows = [row for row in grid.rows if filled_count(row) > 1]
        if len(rows) < settings.min_rows or len(grid.names) > settings.max_columns or _is_form(grid):
            continue
        fitting = _count_fitting(match, text)
        if fitting >= min(2, sum(map(is_column_item, match.field.items))):
            likely.append((len(match.columns), likeness(match), fitting, len(rows), match))
    likely.sort(key=lambda t: (-t[0], -t[1], -t[2], -t[3], t[4].grid.start))
    return [match for *_, match in likely]


def _is_form(grid: EntryGrid) -> bool:
    """Decide whether the rows of a grid without names are labels, with colons, beside their values."""
    if grid.named_columns:
        return False
    labelled = sum(any(is_label(cell.text) for cell in row.values()) for row in grid.rows)
    return 2 * labelled > len(grid.rows)


def _has_values(field: Field) -> bool:
    """Decide whether a list has items of text and items of a kind that code can tell in a line."""
    kinds = [normalisation.value_kind(item) for item in field.items if is_column_item(item)]
    return None in kinds and any(kind is not None for kind in kinds)


def _count_fitting(match: ColumnMatch, text: str) -> int:
    """Return how many items have a column, or may have one whose cells are all of their kind; each counts once."""
    free = set(range(len(match.grid.names))) - set(match.columns.values())
    found = len(match.columns)
    items = [item for i, item in enumerate(match.field.items) if is_column_item(item) and i not in match.columns]
    for item in sorted(items, key=lambda item: item.type == "string" and item.enum is None and not item.format):
        column = next((c for c in sorted(free) if _has_only(item, match, c, text)), None)
        if column is not None:
            free.discard(column)
            found += 1
    return found


def _has_only(item: Field, match: ColumnMatch, column: int, text: str) -> bool:
    cells = filled_cells(match.grid, column)
    return bool(cells) and all(cell_fits(item, cell, text) for cell in cells[:10])


def make_column_question(match: ColumnMatch, text: str) -> ColumnQuestion:
    """Return the question what each column of the matched table holds that has no item yet, of the items without one.

    A column may hold an item that its cells are values of; a column that can hold none is shown and not asked about.
    """
    settings = ColumnQuestionSettings.current()
    taken = set(match.columns.values())
    free = [
        item
        for i, item in enumerate(match.field.items)
        if (is_column_item(item) or is_list_of_values(item)) and i not in match.columns
    ]
    letters = dict(
        zip(string.ascii_uppercase, (c for c in range(len(match.grid.names)) if c not in taken), strict=False)
    )
    about = shorten(match.field.description or match.field.title, settings.longest_list_description)
    of_several = {i.path: c for c in letters.values() for i in _named_together(free, match.grid, c)}
    lines = [f"A table has these columns (it is to be read as {path_text(match.field.path)}: {about}):"]
    slots = []
    for letter, column in letters.items():
        header = whole_name(match.grid.names[column]) or "(no header)"
        shown = filled_cells(match.grid, column)[: settings.sample_cells]
        samples = "; ".join(shorten(cell.text, settings.longest_sample) for cell in shown)
        lines.append(f"{letter}: {header} | {samples}" if samples else f"{letter}: {header}")
        fitting = [item for item in free if _may_hold(item, match.grid, column, text)]
        if any(map(_is_number, fitting)) and _holds_quantities(match.grid, column):
            fitting = [item for item in fitting if _is_number(item) or item.enum is not None]
        held = [
            path_text(item.path) for item in fitting if _is_named_nowhere_else(item, column, of_several, match.grid)
        ]
        if held:
            slots.append(Slot(letter, "literals", tuple(held)))
    headings = list(dict.fromkeys(_find_headings(match.grid, text))) if settings.ask_for_headings else []
    texts = [path_text(item.path) for item in free if is_free_text(item) and item.enum is None]
    if len(headings) >= settings.min_headings and texts and len(letters) < len(string.ascii_uppercase):
        letter = string.ascii_uppercase[len(letters)]
        letters[letter] = OVER_ROWS
        shown_headings = [shorten(heading, settings.longest_heading) for heading in headings[: settings.sample_cells]]
        lines.append(f"{letter}: (printed over the rows) | {'; '.join(shown_headings)}")
        slots.append(Slot(letter, "literals", tuple(texts)))
    lines.append("Which of these does each column hold? Answer null for a column that holds none of them.")
    for item in free:
        description = shorten(item.description, settings.longest_description)
        lines.append(f"- {path_text(item.path)}: {description}" if description else f"- {path_text(item.path)}")
    return ColumnQuestion("\n".join(lines), tuple(slots), letters, match)


def _named_together(items: Sequence[Field], grid: EntryGrid, column: int) -> list[Field]:
    """Return the items that the header of a column names together, if it names several."""
    return names_in_header(items, whole_name(grid.names[column]))


def _is_named_nowhere_else(item: Field, column: int, of_several: Mapping[Path, int], grid: EntryGrid) -> bool:
    """Decide whether no header of several names has the item's, or this column's header is like the item as well."""
    alike = ListColumnSettings.current().rest_similarity
    is_like = any(header_similarity(item, name) >= alike for name in grid.names[column])
    return of_several.get(item.path, column) == column or is_like


def _find_headings(grid: EntryGrid, text: str) -> list[str]:
    """Return the texts that may be headings of sections: right above the header, or alone in a row over others."""
    above = heading_above(grid, text)
    found = [text[slice(*above)]] if above else []
    for row, below in pairwise(grid.rows):
        alone = [cell.text for cell in row.values() if cell.text]
        if len(alone) == 1 and re.search(r"[^\W\d_]", alone[0]) and filled_count(below) > 1:
            found += alone
    return found


def _may_hold(item: Field, grid: EntryGrid, column: int, text: str) -> bool:
    """Decide whether a column's cells are of the item's kind; dates and amounts are no free text."""
    if column_fit(item, grid, column, text) < ListColumnSettings.current().min_fit:
        return False
    kind = normalisation.value_kind(item)
    if kind in normalisation.NUMERIC_TYPES and date_share(grid, column, text) >= ListColumnSettings.current().min_fit:
        return False
    if kind is not None or item.enum is not None or not item.copied:
        return True
    cells = filled_cells(grid, column)
    figures = sum(is_value(cell.text) and _is_amount(cell.text) for cell in cells)
    if cells and figures >= ColumnQuestionSettings.current().min_figures * len(cells):
        return False
    return date_share(grid, column, text) < ListColumnSettings.current().min_fit


def _is_number(item: Field) -> bool:
    return normalisation.value_kind(item) in normalisation.NUMERIC_TYPES


_QUANTITY = re.compile(r"[<>≤≥~]?\s*[-+−]?\d[\d.,]*\s*(?:[^\W\d_]{1,4}[²³]?|[%‰])")


def _holds_quantities(grid: EntryGrid, column: int) -> bool:
    """Decide whether most cells of a column are a number with its unit."""
    cells = filled_cells(grid, column)
    found = sum(_QUANTITY.fullmatch(cell.text) is not None for cell in cells)
    return bool(cells) and found >= ColumnQuestionSettings.current().min_figures * len(cells)


def _is_amount(text: str) -> bool:
    """Decide whether a value reads as an amount: with a currency, with decimals, or with thousands grouped."""
    return value_format(text) == "money" or re.search(r"\d[.,]\d{1,2}%?$|\d[.,'’ ]\d{3}(?!\d)", text) is not None


def _filled_share(grid: EntryGrid, column: int) -> float:
    """Return the share of rows in which a column is filled; 1 for what is printed over them."""
    rows = sum(filled_count(row) > 1 for row in grid.rows)
    return 1.0 if column == OVER_ROWS else len(filled_cells(grid, column)) / max(1, rows)


def apply_column_answer(
    question: ColumnQuestion, answer: Mapping[str, str | None], probability: Mapping[str, float], text: str
) -> ColumnMatch:
    """Return the match with the answered columns added; `answer` has the key of an item, or None, for each slot.

    Of two columns that are said to hold the same item, the one with the higher `probability` does, times the share of
    rows that it fills: of debits and credits, the items are in the column that nearly every row has. A column whose
    cells are not of the item's kind is left out.
    """
    match = question.match
    columns, similarity, heading = dict(match.columns), dict(match.similarity), match.heading
    items = {
        path_text(item.path): i
        for i, item in enumerate(match.field.items)
        if is_column_item(item) or is_list_of_values(item)
    }
    known = [letter for letter in answer if letter in question.columns]
    weight = {
        letter: probability.get(letter, 0.0) * _filled_share(match.grid, question.columns[letter]) for letter in known
    }
    for letter in sorted(known, key=lambda letter: -weight[letter]):
        i, column = items.get(answer[letter] or ""), question.columns[letter]
        if i is None or i in columns:
            continue
        if column == OVER_ROWS:
            heading = i if heading is None else heading
            continue
        if _may_hold(match.field.items[i], match.grid, column, text):
            columns[i] = column
            similarity[i] = ColumnQuestionSettings.current().answered_score
    mean = sum(similarity.values()) / len(similarity) if similarity else 0.0
    score = mean * (0.5 + 0.5 * len(columns) / len(items))
    if heading in columns:
        heading = None
    return replace(match, columns=columns, similarity=similarity, doubtful=frozenset(), score=score, heading=heading)
