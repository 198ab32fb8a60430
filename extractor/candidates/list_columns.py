"""A list's items matched with the columns of a table: by names, by kinds of value, one to one and by a margin."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from extractor.candidates.column_assignment import assign, margins
from extractor.candidates.column_names import header_similarity, names_in_header
from extractor.candidates.entry_grids import EntryGrid, PlacedText, whole_name
from extractor.candidates.range_ends import columns_of_ranges
from extractor.schemas.subschemas import readable_name
from extractor.settings import Settings, rule, threshold
from extractor.tables import counts_up, is_period, is_value
from extractor.types import Field
from extractor.values import normalisation
from extractor.values.years import is_of_current_period, is_of_previous_period, latest_periods


@dataclass(frozen=True)
class ListColumnSettings(Settings):
    """When the columns of a table are the items of a list. Similarities are in 0..1."""

    min_similarity: float = threshold(0.74, meaning="The least similarity of a column's header and an item's name.")
    min_margin: float = threshold(
        0.06, meaning="How far the best assignment is above the best one that gives an item another column."
    )
    same_name: float = threshold(
        0.9, meaning="The least similarity at which a header is the item's name, not just like it."
    )
    max_concession: float = threshold(
        0.1,
        meaning="How much worse a column may be than the item's best one, which another item may have.",
    )
    needed_bonus: float = threshold(
        0.1, meaning="What an item that every element has is ahead of others where two go by the same header."
    )
    min_fit: float = threshold(0.6, meaning="The least share of a column's cells that are values of the item's kind.")
    min_columns: int = threshold(
        2, unit="columns", meaning="So many items at least have a column, where there are so many."
    )
    min_column_share: float = threshold(
        0.5, meaning="The least share of the table's named columns, or of the items where those are fewer, that match."
    )
    date_by_elimination: bool = rule(
        True, meaning="The only column of dates is that of the only item that is a date and has no column yet."
    )
    choice_by_elimination: bool = rule(
        True, meaning="The only column of which every cell is one of an item's few allowed values is that item's."
    )
    name_by_elimination: bool = rule(
        True,
        meaning="The first column of texts is the only item of text that every element has and no column goes by.",
        chosen="17 documents by structure alone: 32 values of a till receipt are lost without it",
    )
    label_by_elimination: bool = rule(
        True,
        meaning="The first column, of texts and without a header, is the item of text that is named for a label, or "
        "the only one that no column goes by.",
    )
    latest_period: bool = rule(
        True,
        meaning="Of columns headed by years or dates, the latest is the only item of number, or that of the current "
        "period; the one before it is that of the previous period.",
    )
    rest_similarity: float = threshold(
        0.5,
        meaning="The least similarity of a header and an item that have nobody else, where others have come together.",
    )
    rest_margin: float = threshold(0.1, meaning="How far such a pair is above every other one with either of them.")
    elimination_score: float = threshold(0.75, meaning="What such a pair counts.")
    join_captions: bool = rule(
        True, meaning="A table's caption may be part of the name of its columns: `Line` over `ID` is the line ID."
    )
    inner_name: float = threshold(
        0.85,
        meaning="What the last name of a header that is a path counts by itself, for every name before it.",
    )
    max_unfit_share: float = threshold(
        0.2, meaning="So great a share of a row's cells may be of another kind than their items; people look at those."
    )
    sampled_rows: int = threshold(40, unit="rows", meaning="So many rows are looked at to judge a column.")


@dataclass(frozen=True)
class ColumnMatch:
    """The columns of a grid that are a list's items, by the items' positions, with the similarity of each pair.

    `doubtful` are the items whose column another item, or another column, claims as well: they are left open. `heading`
    is the item that headings over the rows hold, if any is known to.
    """

    field: Field
    grid: EntryGrid
    columns: Mapping[int, int]
    similarity: Mapping[int, float]
    doubtful: frozenset[int]
    score: float
    heading: int | None = None

    @property
    def is_certain(self) -> bool:
        """Decide whether enough items have a column for the rows to be the list's elements."""
        settings = ListColumnSettings.current()
        found = len(self.columns)
        items = [n for n, item in enumerate(self.field.items) if is_column_item(item)]
        least = settings.min_column_share * min(self.grid.named_columns, len(items))
        return (
            found >= min(settings.min_columns, len(items))
            and found >= least
            and needed_items(self.field) <= set(self.columns)
        )


def is_column_item(item: Field) -> bool:
    """Decide whether a cell can answer an item: it is no list or object, and has no fixed value."""
    return item.path != () and item.type not in ("array", "json") and "const" not in item.schema


def is_list_of_values(item: Field) -> bool:
    """Decide whether an item is a list of plain values, which a cell may hold with commas or lines between them."""
    return item.type == "array" and item.path != () and len(item.items) == 1 and item.items[0].path == ()


def is_free_text(item: Field) -> bool:
    """Decide whether an item is any text that is copied, and of no kind that code can tell."""
    return item.type == "string" and item.copied and normalisation.value_kind(item) is None


def needed_items(field: Field) -> frozenset[int]:
    """Return the items that every element has: those required, unless all are and may be null, which says nothing."""
    required = {n for n, item in enumerate(field.items) if item.required and is_column_item(item)}
    if sum(is_column_item(item) for item in field.items) > len(required):
        return frozenset(required)
    return frozenset(n for n in required if not field.items[n].nullable)


def _similarity_to_column(item: Field, names: Sequence[str], caption: Sequence[str]) -> float:
    """Return how well a column's headers name the item: alone, together, or with words of the table's caption.

    Under the caption `Order line`, `ID` is the line's ID, and `Order line reason` is the reason. A header with slashes
    is a path, as of data: in `Item / Name`, the last name alone says less than all of them.
    """
    settings = ListColumnSettings.current()
    whole = " ".join(names)
    found = [*names, whole]
    if caption and whole and settings.join_captions:
        over = caption[-1].split()
        found += [" ".join((*over[n:], whole)) for n in range(len(over))]
        if whole.casefold().startswith(caption[-1].casefold() + " "):
            found.append(whole[len(caption[-1]) :].strip())
    paths = [name.split(" / ") for name in names if " / " in name]
    return max(
        max((header_similarity(item, name) for name in found), default=0.0),
        max((settings.inner_name ** len(path[1:]) * header_similarity(item, path[-1]) for path in paths), default=0.0),
    )


def match_columns(field: Field, grid: EntryGrid, text: str) -> ColumnMatch | None:
    """Return the items of the list `field` that columns of the grid go by; None where not one does."""
    settings = ListColumnSettings.current()
    scores: dict[tuple[int, int], float] = {}
    for i, item in enumerate(field.items):
        if not (is_column_item(item) or is_list_of_values(item)):
            continue
        for column, names in enumerate(grid.names):
            score = _similarity_to_column(item, names, grid.caption)
            if score < settings.min_similarity:
                continue
            is_named = column > 0 and score >= settings.same_name
            if column_fit(item, grid, column, text, is_named) >= settings.min_fit:
                scores[i, column] = score
    best = {item: max(s for (i, _), s in scores.items() if i == item) for item, _ in scores}
    scores = {(i, c): s for (i, c), s in scores.items() if s >= best[i] - settings.max_concession}
    needed = needed_items(field)
    preferred = {(i, c): s + settings.needed_bonus * (i in needed) for (i, c), s in scores.items()}
    columns = assign(preferred)
    lead = margins(preferred, columns)
    doubtful = frozenset(
        i for i, c in columns.items() if lead[i] < settings.min_margin or _has_rival_column(i, c, scores, settings)
    )
    certain = {i: column for i, column in columns.items() if i not in doubtful}
    similarity = {i: scores[i, column] for i, column in certain.items()}

    def settle(pairs: Iterable[tuple[int, int]]) -> None:
        for item, column in pairs:
            certain[item] = column
            similarity[item] = settings.elimination_score

    settle(_ends_of_ranges(field, grid, certain))
    if settings.date_by_elimination and len(certain) >= settings.min_columns - 1 and not doubtful:
        settle(_only_date(field, grid, certain, text))
    if settings.latest_period:
        settle(_items_of_periods(field, grid, certain, text))
    if settings.name_by_elimination and len(certain) >= settings.min_columns:
        settle(_only_name(field, grid, certain))
    if settings.choice_by_elimination and len(certain) >= settings.min_columns:
        settle(_only_choices(field, grid, certain, text))
    if len(certain) >= settings.min_columns:
        settle(_rest_by_likeness(field, grid, certain, text).items())
    if settings.label_by_elimination and len(certain) >= settings.min_columns:
        settle(_row_label(field, grid, certain))
    if not certain and not doubtful:
        return None
    mean = sum(similarity.values()) / len(similarity) if similarity else 0.0
    items = sum(is_column_item(item) for item in field.items)
    return ColumnMatch(field, grid, certain, similarity, doubtful, mean * (0.5 + 0.5 * len(certain) / items))


def _rest_by_likeness(field: Field, grid: EntryGrid, taken: Mapping[int, int], text: str) -> dict[int, int]:
    """Return the columns of items without one that share most of a name with them, and with no other by a margin."""
    settings = ListColumnSettings.current()
    scores: dict[tuple[int, int], float] = {}
    of_several = {c for c, names in enumerate(grid.names) if names_in_header(field.items, whole_name(names))}
    for i, item in enumerate(field.items):
        if i in taken or not is_column_item(item) or "x-part" in item.schema:
            continue
        is_of_previous = is_of_previous_period(f"{item.name} {item.title} {item.description}")
        alike = {c: _similarity_to_column(item, names, grid.caption) for c, names in enumerate(grid.names)}
        least = max(settings.rest_similarity, max(alike.values(), default=0.0) - settings.max_concession)
        for column, score in alike.items():
            is_free = column not in taken.values() and column not in of_several and score >= least
            if not is_of_previous and any(map(is_of_previous_period, grid.names[column])):
                continue
            if is_free and column_fit(item, grid, column, text) >= settings.min_fit:
                scores[i, column] = score
    return {i: c for i, c in assign(scores).items() if _is_alone(i, c, scores, settings)}


def _is_alone(item: int, column: int, scores: Mapping[tuple[int, int], float], settings: ListColumnSettings) -> bool:
    """Decide whether no other pair with the item or the column is nearly as alike."""
    rivals = [s for (i, c), s in scores.items() if (i == item) != (c == column)]
    return max(rivals, default=0.0) <= scores[item, column] - settings.rest_margin


def _has_rival_column(
    item: int, column: int, scores: Mapping[tuple[int, int], float], settings: ListColumnSettings
) -> bool:
    """Decide whether an item's column is a likeness that another column has too, whichever item that one goes to."""
    own = scores[item, column]
    others = [s for (i, c), s in scores.items() if i == item and c != column]
    return own < settings.same_name and max(others, default=0.0) > own - settings.min_margin


def _ends_of_ranges(field: Field, grid: EntryGrid, taken: Mapping[int, int]) -> list[tuple[int, int]]:
    """Return the items named for the lower end of a range, with the free column of ranges that has their name."""
    open_items = [i for i in range(len(field.items)) if i not in taken and is_column_item(field.items[i])]
    cells = {c: [cell.text for cell in _sample(grid, c)] for c in range(len(grid.names)) if c not in taken.values()}
    found = columns_of_ranges([field.items[i] for i in open_items], cells, grid.names)
    return [(open_items[n], column) for n, column in found]


def _only_date(field: Field, grid: EntryGrid, taken: Mapping[int, int], text: str) -> list[tuple[int, int]]:
    items = [
        i
        for i, item in enumerate(field.items)
        if is_column_item(item) and i not in taken and normalisation.value_kind(item) == "date"
    ]
    if len(items) != 1:
        return []
    free = [c for c in range(len(grid.names)) if c not in taken.values()]
    columns = [c for c in free if date_share(grid, c, text) >= ListColumnSettings.current().min_fit]
    return [(items[0], columns[0])] if len(columns) == 1 else []


def _only_choices(field: Field, grid: EntryGrid, taken: Mapping[int, int], text: str) -> Iterator[tuple[int, int]]:
    """Yield the items of a closed list of texts with the one free column whose cells are all of it."""
    free = [c for c in range(len(grid.names)) if c not in taken.values() and len(_sample(grid, c)) > 1]
    for i, item in enumerate(field.items):
        if i in taken or item.enum is None or item.type != "string" or not is_column_item(item):
            continue
        columns = [c for c in free if all(cell_fits(item, cell, text) for cell in _sample(grid, c))]
        columns = [c for c in columns if any(re.search(r"\w", cell.text) for cell in _sample(grid, c))]
        if len(columns) == 1:
            yield i, columns[0]


def _items_of_periods(field: Field, grid: EntryGrid, taken: Mapping[int, int], text: str) -> Iterator[tuple[int, int]]:
    """Yield the items that the latest columns headed by a year or a date are, by the words that describe them."""
    latest = latest_periods(
        {
            column: names
            for column, names in enumerate(grid.names)
            if any(map(is_period, names)) and column not in taken.values()
        }
    )
    if len(latest) < 2:
        return
    open_items = [
        i
        for i, item in enumerate(field.items)
        if is_column_item(item) and i not in taken and item.type in normalisation.NUMERIC_TYPES
    ]
    about = {i: f"{field.items[i].name} {field.items[i].title} {field.items[i].description}" for i in open_items}
    previous = [i for i in open_items if is_of_previous_period(about[i]) and not is_of_current_period(about[i])]
    current = [i for i in open_items if i not in previous and is_of_current_period(about[i])]
    if not current and len(open_items) - len(previous) == 1:
        current = [i for i in open_items if i not in previous]
    for items, column in ((current, latest[0]), (previous, latest[1])):
        if len(items) == 1 and column_fit(field.items[items[0]], grid, column, text) >= (
            ListColumnSettings.current().min_fit
        ):
            yield items[0], column


def _only_name(field: Field, grid: EntryGrid, taken: Mapping[int, int]) -> list[tuple[int, int]]:
    needed = [i for i in needed_items(field) if i not in taken]
    if len(needed) != 1 or field.items[needed[0]].type != "string" or field.items[needed[0]].enum is not None:
        return []
    for column in range(len(grid.names)):
        cells = _sample(grid, column)
        if not cells or all(is_value(cell.text) for cell in cells):
            continue
        is_own = normalisation.value_kind(field.items[needed[0]]) is None and column not in taken.values()
        return [(needed[0], column)] if is_own and _is_full_of_texts(grid, cells) else []
    return []


def _is_full_of_texts(grid: EntryGrid, cells: Sequence[PlacedText]) -> bool:
    """Decide whether the sampled cells of a column are all texts, and most rows have one."""
    settings = ListColumnSettings.current()
    rows = [row for row in grid.rows if filled_count(row) > 1][: settings.sampled_rows]
    return not any(is_value(cell.text) for cell in cells) and len(cells) >= settings.min_fit * len(rows)


_NAMED_FOR_LABEL = re.compile(r"\b(?:label|name|item|description|title|caption)\b|名称|项目|科目", re.IGNORECASE)


def _row_label(field: Field, grid: EntryGrid, taken: Mapping[int, int]) -> list[tuple[int, int]]:
    """Return the item of text that the labels of the rows are, with their column: the first one, without a header."""
    column = next((c for c in range(len(grid.names)) if _sample(grid, c)), None)
    if column is None or any(grid.names[column]) or column in taken.values():
        return []
    if not _is_full_of_texts(grid, _sample(grid, column)):
        return []
    left = [i for i, item in enumerate(field.items) if i not in taken and is_column_item(item) and is_free_text(item)]
    named = [i for i in left if _NAMED_FOR_LABEL.search(readable_name(field.items[i].name))]
    found = named if len(named) == 1 else left
    return [(found[0], column)] if len(found) == 1 else []


def date_share(grid: EntryGrid, column: int, text: str) -> float:
    """Return the share of a column's filled cells that are mostly a date."""
    cells = _sample(grid, column)
    spans = [normalisation.find_spans("date", text[c.start : c.end]) for c in cells]
    whole = sum(any(2 * (e - s) > c.end - c.start for s, e in found) for found, c in zip(spans, cells, strict=True))
    return whole / len(cells) if cells else 0.0


def filled_cells(grid: EntryGrid, column: int) -> list[PlacedText]:
    """Return the filled cells of a column in rows with another one: banners and notes stand alone."""
    return [row[column] for row in grid.rows if column in row and row[column].text and filled_count(row) > 1]


def _sample(grid: EntryGrid, column: int) -> list[PlacedText]:
    return filled_cells(grid, column)[: ListColumnSettings.current().sampled_rows]


def filled_count(row: Mapping[int, PlacedText]) -> int:
    """Return how many cells of a row have text."""
    return sum(bool(cell.text) for cell in row.values())


def column_fit(item: Field, grid: EntryGrid, column: int, text: str, is_named: bool = False) -> float:
    """Return the share of a column's filled cells that are values of the item's kind, 1 for free text.

    The numbers of the rows measure nothing, unless a column behind others has the item's very name.
    """
    cells = _sample(grid, column)
    if not cells:
        return 1.0
    if is_list_of_values(item):
        item = item.items[0]
    if item.type == "number" and not is_named and counts_up([cell.text for cell in cells]):
        return 0.0
    return sum(cell_fits(item, cell, text) for cell in cells) / len(cells)


def cells_fit(cells: Sequence[tuple[Field, PlacedText]], text: str) -> bool:
    """Decide whether the filled cells of a row are values of their items' kinds, all or, of many, nearly all."""
    unfit = sum(not cell_fits(item, cell, text) for item, cell in cells)
    return unfit <= ListColumnSettings.current().max_unfit_share * len(cells)


def cell_fits(item: Field, cell: PlacedText, text: str) -> bool:
    """Decide whether a filled cell has a value of the item's kind, or shows by a dash that it has none."""
    if is_list_of_values(item):
        item = item.items[0]
    printed = text[cell.start : cell.end]
    if not re.search(r"\w", printed) and item.type != "boolean":
        return True
    if item.enum is not None or item.type == "boolean":
        return normalisation.normalise_value(item, printed).value is not None
    kind = normalisation.value_kind(item)
    if kind is None:
        return True
    return bool(normalisation.find_spans(kind, printed))
