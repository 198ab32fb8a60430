"""Arrays of objects answered by rows whose columns go by the items' names: of tables, and of lines of text."""

from __future__ import annotations

import bisect
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from extractor.candidates import entry_grids, record_blocks
from extractor.candidates.column_assignment import assign, margins
from extractor.candidates.column_names import header_similarity, place_names, shared_words
from extractor.candidates.entry_grids import EntryGrid, LineRows, PlacedText, Row, whole_name
from extractor.candidates.entry_rows import (
    TOTALS_LEFT_OUT,
    Entry,
    ReadRows,
    lists_subtotals,
    read_rows,
    without_subtotal,
)
from extractor.candidates.joined_columns import part_joined_columns
from extractor.candidates.line_runs import find_runs
from extractor.candidates.list_columns import (
    ColumnMatch,
    ListColumnSettings,
    cells_fit,
    column_fit,
    filled_cells,
    is_column_item,
    is_free_text,
    is_list_of_values,
    match_columns,
)
from extractor.candidates.matches import OVER_ROWS, EntryCell, StructuralMatch, TableRowsMatch
from extractor.candidates.table_cells import pair_names
from extractor.settings import Settings, rule, threshold
from extractor.tables import is_value
from extractor.types import Document, Field, Path
from extractor.values import normalisation
from extractor.values.label_similarity import best_similarity, normalise_label
from extractor.values.terms import search_terms


@dataclass(frozen=True)
class ListRowSettings(Settings):
    """When the rows of a document are the elements of an array."""

    min_similarity: float = threshold(
        0.78, meaning="The least similarity of a header and an item, of a row and another field's label, of a caption."
    )
    min_margin: float = threshold(
        0.1, meaning="How far one list's score is above that of another one that claims the same rows."
    )
    max_lost_share: float = threshold(
        0.15,
        meaning="The most rows between entries that may be unlike entries; with more the columns are not read right.",
    )
    max_heading_share: float = threshold(0.6, meaning="The most headings for one entry; with more they are its lines.")
    share_out: bool = rule(
        True, meaning="Tables of several kinds that several lists claim go to them as they fit best together."
    )
    join_tables: bool = rule(True, meaning="Tables with the same columns are one list: one for each section or page.")
    read_lines: bool = rule(True, meaning="Rows are looked for in lines of text, too.")
    read_groups: bool = rule(True, meaning="Of columns under several headers, a list has those under its own name.")
    stop_at_tables: bool = rule(True, meaning="Lines under a header end where a table with other headers begins.")
    unmarked_headers: bool = rule(True, meaning="A row of a table may be its header though nothing marks it.")
    leave_conditions: bool = rule(
        True, meaning="A list whose description says which rows count is left to be asked for."
    )
    read_headings: bool = rule(True, meaning="A heading over rows is the value of the item that is named for one.")
    shortest_term: int = threshold(
        4, unit="letters", meaning="Shortest word that a heading shares with the description of the item that it holds."
    )
    prefer_runs: bool = rule(
        True,
        meaning="Tables are not the list's where lines that are built alike have more of its items, or where each is "
        "of one row and stands between two such lines.",
    )
    tell_details: bool = rule(True, meaning="A header that recurs below a longer one is that of details of entries.")
    fewest_details: int = threshold(3, unit="tables", meaning="So many tables of one row at least are details.")
    read_dashes: bool = rule(True, meaning="A cell of texts that has a dash alone is blank.")
    read_dittos: bool = rule(True, meaning="A ditto mark stands for the cell above it.")
    carry_dates: bool = rule(True, meaning="A blank in a first column of dates is the date above it.")
    read_blocks: bool = rule(True, meaning="Two lists may have blocks of columns side by side in one table.")
    drop_rows_of_other_fields: bool = rule(True, meaning="A row that has another field's label is none of the list.")
    read_spread_lists: bool = rule(
        True, meaning="Columns side by side that no item goes by are the elements of the only list of plain values."
    )
    spread_score: float = threshold(0.75, meaning="What such an element counts.")


_CONDITION = re.compile(
    r"\b(?:only|whose|exceed\w*|(?:more|less|greater|fewer|larger|smaller|higher|lower|older) than|"
    r"at (?:least|most)|top (?:\d+|two|three|four|five|six|eight|ten)|largest|smallest|highest|lowest|latest)\b|\b(?:"
    r"(?:over|above|below|under|since|after|before)\s+[$€£¥]?\d)|[<>≥≤]=?\s*[$€£¥]?\d|"
    r"仅|只[有列取]|超过|大于|小于|\d\s*[元万]?以[上下]|最[大高低近]",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class FoundRows:
    """A matched grid with its rows."""

    match: ColumnMatch
    rows: ReadRows

    @property
    def span(self) -> tuple[int, int]:
        """Return where the grid begins and ends."""
        return self.match.grid.start, self.match.grid.end

    @property
    def weight(self) -> float:
        """Return the score of the match."""
        return self.match.score

    @property
    def claim(self) -> float:
        """Return how well the list fits the grid, both ways: its items have columns, and the columns have its items."""
        return self.weight + len(self.match.columns) / max(1, self.match.grid.named_columns)

    def overlaps(self, other: FoundRows) -> bool:
        """Decide whether two grids share a stretch of the document."""
        return self.span[0] < other.span[1] and other.span[0] < self.span[1]


def match_rows(fields: Sequence[Field], document: Document) -> dict[Path, TableRowsMatch]:
    """Return the arrays of objects that rows answer with certainty, by path."""
    lists = [f for f in fields if f.type == "array" and any(is_column_item(item) for item in f.items)]
    found: dict[Path, list[FoundRows]] = {}
    for field in lists:
        if not limits_rows(field):
            candidates = _find_rows(field, document)
            if selected := _select_tables(field, candidates, lists, document.text):
                found[field.path] = selected
    if ListRowSettings.current().prefer_runs:
        _leave_to_runs(found, document)
    _share_out(found, lists, document.text)
    _drop_shared(found, lists, document.text)
    _part_blocks(found, document.text)
    return {path: _join(path, parts, document.text) for path, parts in found.items()}


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
    found = [m for grid in _grids(field, document) if (m := match_columns(field, grid, document.text))]
    return sorted(found, key=lambda m: -m.score)


def find_open_matches(field: Field, document: Document) -> list[ColumnMatch]:
    """Return the matches of every grid, those without a single matched column too, best first."""
    grids = _grids(field, document)
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
    return _join(matches[0].field.path, found, text) if found else None


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
        if best is not None and _item_paths(f) != _item_paths(best) and f.match.grid.names == best.match.grid.names:
            match = replace(best.match, grid=f.match.grid)
            f = FoundRows(match, read_rows(match, document.text))
        if best is not None and f.rows.entries and _item_paths(f) == _item_paths(best):
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


def _grids(field: Field, document: Document) -> Iterator[EntryGrid]:
    """Yield the grids that the list may be read from, with what stands side by side or too close put in its columns."""
    for found in _find_grids(field, document):
        grid = _own_group(field, found)
        joined = entry_grids.part_shared_names(entry_grids.join_side_by_side(grid))
        parted = entry_grids.part_brackets(entry_grids.part_counts(joined, document.text), document.text)
        yield part_joined_columns(field.items, parted, document.text)


def _own_group(field: Field, grid: EntryGrid) -> EntryGrid:
    """Return the grid with the columns under the one header that is named for the list, and those under none.

    As it is where no header over several columns, or more than one, has all words of the list's name.
    """
    groups: dict[str, list[int]] = {}
    for column, names in enumerate(grid.names):
        groups.setdefault(names[0] if len(names) > 1 else "", []).append(column)
    titles = [title for title, columns in groups.items() if title and len(columns) > 1]
    own = [title for title in titles if shared_words(field, title) == 1.0]
    if len(titles) < 2 or len(own) != 1 or not ListRowSettings.current().read_groups:
        return grid
    columns = sorted(groups.get("", []) + groups[own[0]])
    names = tuple(grid.names[c][1:] if c in groups[own[0]] else grid.names[c] for c in columns)
    rows = tuple({n: row[c] for n, c in enumerate(columns) if c in row} for row in grid.rows)
    return replace(grid, names=names, rows=tuple(row for row in rows if any(cell.text for cell in row.values())))


def _find_grids(field: Field, document: Document) -> Iterator[EntryGrid]:
    settings = ListRowSettings.current()
    yield from entry_grids.table_grids(document)
    for table in document.tables:
        if settings.unmarked_headers:
            rows = entry_grids.table_rows(table)
            marked = entry_grids.header_row_numbers(table)
            for at in _header_rows(field, rows):
                if at not in marked:
                    yield from entry_grids.grids_at_row(table, rows, at)
    yield from record_blocks.find_blocks(document)
    if settings.read_lines:
        lines = LineRows(document)
        headers = _header_rows(field, lines.rows)
        for at, following in _header_stretches(headers, lines.rows):
            following = min(following, _next_table(document, lines.rows, at))
            if stop := _last_row(field, lines, at, following, document.text):
                yield lines.grid(at, stop)


def _header_rows(field: Field, rows: Sequence[Row]) -> list[int]:
    """Return the rows that have the names of two items at least, in cells of their own or together in one."""
    least = ListRowSettings.current().min_similarity
    items = [item for item in field.items if is_column_item(item)]
    found = []
    for n, row in enumerate(rows):
        if len(row) < 2:
            continue
        similar = [
            (score, i, cell)
            for cell, text in entry_grids.header_cells(row)
            for i, item in enumerate(items)
            if (score := header_similarity(item, text)) >= least
        ]
        named = len(similar) >= 2 and len(pair_names(similar, [1.0] * len(items))) >= min(2, len(items))
        if named or _names_several(field, row):
            found.append(n)
    return found


def _names_several(field: Field, row: Row) -> bool:
    """Decide whether a row of texts has one that is the names of two items, as of two columns that were read as one."""
    items = [item for item in field.items if is_column_item(item) or is_list_of_values(item)]
    return not any(is_value(cell.text) for cell in row) and any(len(place_names(items, c.text)) > 1 for c in row)


def _header_stretches(headers: Sequence[int], rows: Sequence[Row]) -> list[tuple[int, int]]:
    """Return each header row with where its rows end at the latest: at the next one that is no head of details.

    Of a head of details, at the next of any kind.
    """
    details = _detail_headers(headers, rows)
    stretches = []
    following = main = len(rows)
    for at in reversed(headers):
        stretches.append((at, following if at in details else main))
        following = at
        main = main if at in details else at
    return stretches[::-1]


def _next_table(document: Document, rows: Sequence[Row], at: int) -> int:
    """Return the first line below a header that is of a table with other headers; the number of lines without one.

    A table right under the header has its rows; what a reader took for its header is one of them.
    """
    header = {cell.text for cell in rows[at]}
    below = rows[at + 1][-1].end if at + 1 < len(rows) else rows[at][-1].end
    starts = []
    for table in document.tables:
        marked = entry_grids.header_row_numbers(table)
        names = {c.text for c in table.cells if c.row in marked and c.text}
        is_other = len(names) > 1 and 2 * len(names & header) < len(names) and table.rows - len(marked) > 1
        if table.start > below and is_other and ListRowSettings.current().stop_at_tables:
            starts.append(table.start)
    first = min(starts, default=None)
    return next((n for n in range(at + 1, len(rows)) if first is not None and rows[n][0].start >= first), len(rows))


def _detail_headers(headers: Sequence[int], rows: Sequence[Row]) -> frozenset[int]:
    """Return the header rows that recur under a longer one: they head the details of each of its entries."""
    if not ListRowSettings.current().tell_details:
        return frozenset()
    printed = {n: tuple(cell.text for cell in rows[n]) for n in headers}
    often = Counter(printed.values())
    recurring = {n for n, texts in printed.items() if often[texts] >= ListRowSettings.current().fewest_details}
    longest_above = 0
    details = set()
    for n in headers:
        if n in recurring and len(printed[n]) < longest_above:
            details.add(n)
        longest_above = max(longest_above, len(printed[n]))
    return frozenset(details)


def _last_row(field: Field, lines: LineRows, at: int, following: int, text: str) -> int | None:
    """Return the line after the last one that fits under the header; None where not one does."""
    settings = entry_grids.EntryGridSettings.current()
    header = lines.rows[at]
    match = match_columns(field, replace(lines.grid(at, at + 1), rows=()), text)
    if match is None or len(match.columns) < 2:
        return None
    last, unfit, gaps = None, 0, []
    for n in range(at + 1, following):
        row = lines.align(header, lines.rows[n])
        cells = [(field.items[i], row[c]) for i, c in match.columns.items() if c in row]
        if len(cells) >= max(2, len(match.columns) / 2) and cells_fit(cells, text):
            gaps += [unfit] if last is not None else []
            last, unfit = n, 0
        elif (unfit := unfit + 1) > settings.lines_skipped:
            break
    if last is None:
        return None
    more = sorted(gaps)[len(gaps) // 2] if gaps else 0
    return min(last + 1 + more, following)


# Which of the matched grids are the list.


def caption_similarity(field: Field, grid: EntryGrid, text: str) -> float:
    """Return how well the heading of a grid, or the line above it, names the list, 0..1."""
    names = [*grid.caption[-1:], *_lines_above(grid, text)]
    return max((best_similarity(field.labels, name) for name in names), default=0.0)


def _lines_above(grid: EntryGrid, text: str) -> list[str]:
    before = text[max(0, grid.lead - 400) : grid.lead].splitlines()
    lines = [line.strip() for line in before if line.strip()]
    return [part.strip() for part in lines[-1].split("\t")] if lines else []


def _select_tables(field: Field, found: Sequence[FoundRows], lists: Sequence[Field], text: str) -> list[FoundRows]:
    """Return the grids that make the list together: those with the best one's columns.

    Where some have the list's own heading, those only; none that has the heading of another list.
    """
    settings = ListRowSettings.current()
    others = [f for f in lists if f.path != field.path]
    own = {id(f): caption_similarity(field, f.match.grid, text) for f in found}
    found = [
        f
        for f in found
        if not any(
            caption_similarity(o, f.match.grid, text) >= max(settings.min_similarity, own[id(f)] + settings.min_margin)
            for o in others
        )
    ]
    if not found:
        return []
    named = [f for f in found if own[id(f)] >= settings.min_similarity]
    if named and len(named) < len(found):
        found = named
    best = found[0]
    same = [f for f in found if _have_like_columns(f, best)] if settings.join_tables else [best]
    return sorted(same, key=lambda f: f.span)


def _have_like_columns(one: FoundRows, best: FoundRows) -> bool:
    """Decide whether a table has the items of the best one, but for one of them that no column of its own goes by."""
    own, wanted = _item_paths(one), _item_paths(best)
    return own == wanted or (own < wanted and len(wanted) - len(own) == 1 and len(own) > 1)


def _item_paths(found: FoundRows) -> set[int]:
    return set(found.match.columns)


def _share_out(found: dict[Path, list[FoundRows]], lists: Sequence[Field], text: str) -> None:
    """Leave of several kinds of table that several lists claim one to each, as they fit best together.

    Tables are of one kind that have the same headers. Where another way to share them out is nearly as good, nothing is
    decided.
    """
    settings = ListRowSettings.current()
    fields = {f.path: f for f in lists}
    paths = [p for p in found if _is_contested(p, found) and not lists_subtotals(fields[p])]
    kinds = list(dict.fromkeys(part.match.grid.names for p in paths for part in found[p]))
    scores: dict[tuple[int, int], float] = {}
    for n, path in enumerate(paths):
        for part in found[path]:
            kind = kinds.index(part.match.grid.names)
            claim = part.claim + caption_similarity(fields[path], part.match.grid, text)
            scores[n, kind] = max(scores.get((n, kind), 0.0), claim)
    if len(kinds) < 2 or not settings.share_out:
        return
    best = assign(scores)
    lead = margins(scores, best)
    for n, kind in best.items():
        if lead[n] >= settings.min_margin:
            found[paths[n]] = [part for part in found[paths[n]] if part.match.grid.names == kinds[kind]]


def _is_contested(path: Path, found: Mapping[Path, Sequence[FoundRows]]) -> bool:
    """Decide whether another list claims one of a list's tables."""
    return any(
        a.overlaps(b) and not _stand_side_by_side(a, b)
        for other, parts in found.items()
        if other != path
        for b in parts
        for a in found[path]
    )


def _drop_shared(found: dict[Path, list[FoundRows]], lists: Sequence[Field], text: str) -> None:
    """Leave a grid that two lists claim to the one that it fits by far better; else neither list is certain."""
    settings = ListRowSettings.current()
    by_path = {f.path: f for f in lists}
    for path, parts in list(found.items()):
        for other_path, other_parts in list(found.items()):
            if path == other_path or path not in found or other_path not in found:
                continue
            if lists_subtotals(by_path[path]) != lists_subtotals(by_path[other_path]):
                continue  # each has rows that the other one leaves out
            pairs = [(a, b) for a in parts for b in other_parts if a.overlaps(b) and not _stand_side_by_side(a, b)]
            if not pairs:
                continue
            ours = max(a.claim + caption_similarity(by_path[path], a.match.grid, text) for a, _ in pairs)
            theirs = max(b.claim + caption_similarity(by_path[other_path], b.match.grid, text) for _, b in pairs)
            if ours < theirs + settings.min_margin:
                del found[path]
            if theirs < ours + settings.min_margin:
                del found[other_path]


def _stand_side_by_side(one: FoundRows, other: FoundRows) -> bool:
    """Decide whether two lists have blocks of columns beside one another, with a column for each of their items."""
    if not ListRowSettings.current().read_blocks:
        return False
    blocks = []
    for found in (one, other):
        columns = sorted(found.match.columns.values())
        items = sum(is_column_item(item) for item in found.match.field.items)
        if len(columns) < max(2, items) or columns != list(range(columns[0], columns[-1] + 1)):
            return False
        blocks.append(columns)
    return blocks[0][-1] < blocks[1][0] or blocks[1][-1] < blocks[0][0]


def _part_blocks(found: dict[Path, list[FoundRows]], text: str) -> None:
    """Read the rows of lists that stand side by side anew, each from its own columns: one may have more rows."""
    whole = {path: list(parts) for path, parts in found.items()}
    for path, parts in whole.items():
        others = [part for other, parts in whole.items() if other != path for part in parts]
        for n, part in enumerate(parts):
            if any(part.overlaps(other) and _stand_side_by_side(part, other) for other in others):
                own = set(part.match.columns.values())
                cells = [{c: cell for c, cell in row.items() if c in own} for row in part.match.grid.rows]
                filled = tuple(row for row in cells if any(cell.text for cell in row.values()))
                match = replace(part.match, grid=replace(part.match.grid, rows=filled))
                found[path][n] = FoundRows(match, read_rows(match, text))


def _join(path: Path, parts: Sequence[FoundRows], text: str) -> TableRowsMatch:
    match = parts[0].match
    is_told = match.heading is not None
    headings = _headings(parts, text, is_told) if ListRowSettings.current().read_headings else {}
    texts = [text[slice(*span)] for span in headings.values()]
    item = match.field.items[match.heading] if match.heading is not None else _heading_item(match, texts)
    is_open = any(
        is_column_item(each) and each.copied and i not in match.columns for i, each in enumerate(match.field.items)
    )
    rows, cells = [], []
    dated: StructuralMatch | None = None
    above: dict[Path, StructuralMatch] = {}
    for f in parts:
        carries = ListRowSettings.current().carry_dates and f.match.grid.has_header
        date = _leading_date(f.match) if carries else None
        for entry in f.rows.entries:
            own = make_element(entry, f.match, text)
            element = tuple(above[m.path] if _is_ditto(m, text, above) else m for m in own)
            above = {m.path: m for m in element}
            if date is not None:
                element = _with_date(element, date, dated)
                dated = next((m for m in element if m.path == date), None)
            span = headings.get(id(entry))
            if item is not None and span is not None:
                element = (*element, StructuralMatch(item.path, *span, f.weight, ""))
            rows.append(element)
            over = [EntryCell(OVER_ROWS, "", (span,))] if is_open and span is not None else []
            cells.append((*over, *entry_cells(entry, f.match.grid)))
    left_out = tuple((start, end, str(role)) for f in parts for start, end, role in f.rows.left_out)
    tables = tuple(f.match.grid.table for f in parts if f.match.grid.table is not None)
    return TableRowsMatch(path, tuple(rows), tables, max(f.weight for f in parts), left_out, tuple(cells))


_DITTO = re.compile(r"[\"“”″〃]|''|,,|-?\s*(?:do|dto|ditto|idem)\.?\s*-?|同上|上同", re.IGNORECASE)


def _is_ditto(match: StructuralMatch, text: str, above: Mapping[Path, StructuralMatch]) -> bool:
    """Decide whether a cell says that it is the same as the one above, which is there."""
    is_mark = _DITTO.fullmatch(text[match.start : match.end].strip()) is not None
    return is_mark and ListRowSettings.current().read_dittos and match.path in above


def _leading_date(match: ColumnMatch) -> Path | None:
    """Return the item that is a date in the first column of a table: in a ledger it is printed once for a day."""
    first = min(match.columns.values(), default=None)
    return next(
        (
            match.field.items[i].path
            for i, c in match.columns.items()
            if c == first and normalisation.value_kind(match.field.items[i]) == "date"
        ),
        None,
    )


def _with_date(
    element: tuple[StructuralMatch, ...], date: Path, above: StructuralMatch | None
) -> tuple[StructuralMatch, ...]:
    """Return an entry with the date of the one above, where it has none of its own."""
    if above is None or any(m.path == date and m.end > m.start for m in element):
        return element
    return (above, *(m for m in element if m.path != date))


def entry_cells(entry: Entry, grid: EntryGrid) -> tuple[EntryCell, ...]:
    """Return all cells of an entry from left to right, each with its lines."""
    spans: dict[int, list[tuple[int, int]]] = {}
    for line in entry.lines:
        for column, cell in line.items():
            own = spans.setdefault(column, [])
            if cell.text and (cell.start, cell.end) not in own:  # a cell over several rows is in each
                own.append((cell.start, cell.end))
    return tuple(EntryCell(c, whole_name(grid.names[c]), tuple(found)) for c, found in sorted(spans.items()) if found)


_NAMED_FOR_HEADING = re.compile(
    r"\b(?:heading|section|categor(?:y|ies)|group|class|department|division|chapter|panel)s?\b|标题|分类|类别|部门|章节|组合|栏目",
    re.IGNORECASE,
)
"""Words in the names of items that may be printed once, above the rows that they hold for."""


def _heading_item(match: ColumnMatch, headings: Sequence[str]) -> Field | None:
    """Return the one item of free text without a column that is named for a heading, or described with its words."""
    free = [
        item
        for i, item in enumerate(match.field.items)
        if is_column_item(item) and i not in match.columns and i not in match.doubtful and item.copied
    ]
    named = [
        item
        for item in free
        if is_free_text(item)
        and _NAMED_FOR_HEADING.search(" ".join((*item.labels, item.name.replace("_", " "), item.description)))
    ]
    if len(free) == 1 and not named and is_free_text(free[0]):
        about = {*search_terms(free[0].description), *(term for x in free[0].labels for term in search_terms(x))}
        shared = {term for heading in headings for term in search_terms(heading)} & about
        least = ListRowSettings.current().shortest_term
        named = free if any(len(term) >= (least if term.isascii() else 2) for term in shared) else []
    return named[0] if len(named) == 1 else None


def _headings(parts: Sequence[FoundRows], text: str, is_told: bool) -> dict[int, tuple[int, int]]:
    """Return where the heading of each entry is printed, by the entry's `id`.

    The first section's heading stands above the column headers, where other sections have headings among the rows; or
    every one of several tables has its own there, and any one where `is_told` that an item is printed over its rows. A
    section goes on in the next table.
    """
    found = {
        id(entry): (entry.heading.start, entry.heading.end)
        for f in parts
        for entry in f.rows.entries
        if entry.heading is not None
    }
    above = [heading_above(f.match.grid, text) for f in parts]
    texts = {text[slice(*span)] for span in above if span}
    if not found and len(texts) == len(parts) > 1:
        return {id(e): span for f, span in zip(parts, above, strict=True) for e in f.rows.entries if span}
    last = above[0]
    for f, over in zip(parts, above, strict=True) if found or is_told else ():
        last = over if is_told and over else last
        for entry in f.rows.entries:
            last = found.get(id(entry), last)
            if last:
                found[id(entry)] = last
    return found


def heading_above(grid: EntryGrid, text: str) -> tuple[int, int] | None:
    """Return where the last line above a grid stands, if it is short and no label with a value."""
    before = text[: grid.lead].rstrip()
    start = before.rfind("\n") + 1
    line = before[start:].strip()
    longest = entry_grids.EntryGridSettings.current().longest_header
    if (
        not re.search(r"[^\W\d_]", line)
        or len(line) > longest
        or "\t" in line
        or re.search(r"[:：]\s*\S|\d\s*$|[.。]$", line)
    ):
        return None
    start += len(before[start:]) - len(before[start:].lstrip())
    return start, start + len(line)


def make_element(entry: Entry, match: ColumnMatch, text: str) -> tuple[StructuralMatch, ...]:
    """Return the values of an entry, with the paths of the list's items."""
    element = []
    for i, cells in sorted(entry.cells.items()):
        item, names = match.field.items[i], match.grid.names[match.columns[i]]
        if is_list_of_values(item):
            element += _listed(item, cells[0], match.similarity[i], text)
            continue
        start, end = _value_span(item, cells[0], text)
        if lists_subtotals(match.field) and is_free_text(item):
            start, end = without_subtotal(text, start, end)
        more: tuple[tuple[int, int], ...] = ()
        if len(cells) > 1:
            start, (end, more) = cells[0].start, _join_cells(cells, text)
        element.append(StructuralMatch(item.path, start, end, match.similarity[i], " ".join(names), more))
    spread, columns = _spread_list(match, text)
    for n, c in enumerate(columns):
        if spread is not None and c in entry.row:
            start, end = _value_span(spread.items[0], entry.row[c], text)
            if start < end:
                score = ListRowSettings.current().spread_score
                element.append(StructuralMatch((*spread.path, n), start, end, score))
    return tuple(element)


_BETWEEN_LISTED = re.compile(r"\s*(?:[,;，；、\n]\s*)+")


def _listed(item: Field, cell: PlacedText, score: float, text: str) -> Iterator[StructuralMatch]:
    """Yield the values in the cell of an item that is a list of plain values, with commas or lines between them."""
    at, number = cell.start, 0
    for piece in _BETWEEN_LISTED.split(text[cell.start : cell.end]):
        start = text.index(piece, at, cell.end) if piece else at
        at = start + len(piece)
        if re.search(r"\w", piece):
            yield StructuralMatch((*item.path, number), start, at, score)
            number += 1


def _spread_list(match: ColumnMatch, text: str) -> tuple[Field | None, list[int]]:
    """Return the one item that is a list of plain values and has the columns, side by side, that no other item goes by.

    `Test | 1 | 2 | 3` has three values in each row. Not where another item is without a column that these may be.
    """
    lists = [item for n, item in enumerate(match.field.items) if is_list_of_values(item) and n not in match.columns]
    if len(lists) != 1 or not ListRowSettings.current().read_spread_lists:
        return None, []
    value = lists[0].items[0]
    least = ListColumnSettings.current().min_fit

    def fits(item: Field, column: int) -> bool:
        return bool(filled_cells(match.grid, column)) and column_fit(item, match.grid, column, text) >= least

    columns = [c for c in range(len(match.grid.names)) if c not in match.columns.values() and fits(value, c)]
    is_run = len(columns) > 1 and columns == list(range(columns[0], columns[-1] + 1))
    others = [i for n, i in enumerate(match.field.items) if is_column_item(i) and n not in match.columns]
    is_open = any(i.copied and any(fits(i, c) for c in columns) for i in others)
    return (lists[0], columns) if is_run and not is_open else (None, [])


def _join_cells(cells: Sequence[PlacedText], text: str) -> tuple[int, tuple[tuple[int, int], ...]]:
    """Return the end of the first stretch and the further ones; stretches with only white space between are one."""
    spans = [(cell.start, cell.end) for cell in cells]
    joined = [spans[0]]
    for start, end in spans[1:]:
        if text[joined[-1][1] : start].strip():
            joined.append((start, end))
        else:
            joined[-1] = (joined[-1][0], end)
    return joined[0][1], tuple(joined[1:])


_DASHES = re.compile(r"[\s\-－–—−―─/／]+")
"""What is printed in a cell that has nothing to say."""


def _value_span(item: Field, cell: PlacedText, text: str) -> tuple[int, int]:
    """Return where in the cell the value stands; a blank, or a dash, is the empty stretch at its start."""
    kind = normalisation.value_kind(item)
    raw = text[cell.start : cell.end]
    if not cell.text:
        return cell.start, cell.start
    if kind is None:
        is_text = item.enum is None and "x-values" not in item.schema
        is_blank = is_text and ListRowSettings.current().read_dashes and _DASHES.fullmatch(raw) is not None
        return cell.start, cell.start if is_blank else cell.end
    spans = normalisation.find_spans(kind, raw)
    if len(spans) == 1:
        return cell.start + spans[0][0], cell.start + spans[0][1]
    if not spans and not re.search(r"\w", raw) and item.type != "boolean":
        return cell.start, cell.start
    return cell.start, cell.end


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
    labels = tuple(label for f in fields if f.type != "array" for label in f.labels if len(normalise_label(label)) > 1)

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
