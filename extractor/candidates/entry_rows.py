"""What each row of a matched table is: an entry of the list, more lines of one, a heading, a total, and so on."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise

from extractor.candidates.entry_grids import PlacedText
from extractor.candidates.list_columns import ColumnMatch, cell_fits, cells_fit, is_free_text, needed_items
from extractor.schemas.subschemas import readable_name
from extractor.settings import Settings, rule, threshold
from extractor.tables import is_value, trim_span
from extractor.types import Field
from extractor.values import normalisation, numbers, units
from extractor.values.label_similarity import normalise_label
from extractor.values.terms import search_terms


@dataclass(frozen=True)
class EntryRowSettings(Settings):
    """How rows are told apart."""

    join_wrapped_rows: bool = rule(True, meaning="A row that only goes on with the texts of the row above joins it.")
    drop_totals: bool = rule(True, meaning="Rows of totals and of balances brought forward are no entries.")
    obey_exclusions: bool = rule(
        True, meaning="Totals, and rows that begin with words in quotes, are no entries where the description says so."
    )
    join_labels_above: bool = rule(
        True, meaning="A lone text above a row whose text begins in lower case or with a bracket is its first line."
    )
    repeated_header: float = threshold(
        0.6, meaning="The least share of a row's cells that repeat their column's header in a repeated header."
    )
    min_filled: float = threshold(
        0.5,
        meaning="An entry fills more than this share of the matched columns that entries mostly fill.",
    )
    total_words: int = threshold(5, unit="words", meaning="A text with more words is not the name of a total.")
    longest_heading: int = threshold(80, unit="characters", meaning="A longer text is no heading of rows.")
    banner_share: float = threshold(
        0.6, meaning="A lone cell over so great a share of a table's columns is a heading of rows."
    )
    indent: float = threshold(
        6.0, unit="points or characters", meaning="A line begins so near under the text that it goes on with."
    )
    tell_details: bool = rule(
        True, meaning="Of rows of two builds that take turns, those that fill far fewer columns are details."
    )
    fewest_turns: int = threshold(3, unit="rows", meaning="Rows that take turns do so at least so often.")
    detail_share: float = threshold(0.67, meaning="A detail fills at most this share of the columns of an entry.")
    own_cells: int = threshold(
        3, unit="cells", meaning="A row under marked headers that fills so many columns, its text too, is an entry."
    )
    read_sparse_rows: bool = rule(
        True, meaning="Where many rows have a text and one number, in one column or another, these are entries."
    )
    read_subtotals: bool = rule(True, meaning="A list that is named for subtotals has these rows as its elements.")
    often: float = threshold(0.3, meaning="Lone texts after so great a share of entries are lines of them, not heads.")


class RowRole(StrEnum):
    """What a row is to a list."""

    ENTRY = "entry"
    CONTINUATION = "continuation"
    FIRST_LINE = "first line of the next entry"
    HEADING = "heading"
    TOTAL = "total"
    CARRIED = "carried forward"
    HEADER = "repeated header"
    EXCLUDED = "excluded by the description"
    DETAIL = "detail of an entry"
    OTHER = "other"


@dataclass
class Entry:
    """One element of a list: the cells of each item, the first and those that go on with it, and its heading.

    `lines` are the rows of the grid that it is made up of.
    """

    cells: dict[int, list[PlacedText]]
    row: Mapping[int, PlacedText]
    heading: PlacedText | None = None
    lines: list[Mapping[int, PlacedText]] = field(default_factory=list)


@dataclass
class ReadRows:
    """The entries of a matched table, and the rows left out, each with its role.

    `lost` counts the rows between entries that have several cells, one a value at least, and are nothing known.
    """

    entries: list[Entry] = field(default_factory=list)
    left_out: list[tuple[int, int, RowRole]] = field(default_factory=list)
    lost: int = 0

    @property
    def heading_share(self) -> float:
        """Return how many headings there are for an entry: with one for each, they are lines of the entries."""
        headings = sum(role is RowRole.HEADING for _, _, role in self.left_out)
        return headings / (len(self.entries) or 1) if headings > 1 else 0.0

    @property
    def lost_share(self) -> float:
        """Return the share of rows with several cells that could be read neither as entries nor as anything else."""
        return self.lost / (self.lost + len(self.entries) or 1)


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


_TOTAL = re.compile(
    r"\b(?:(?:sub|grand|net)[\s-]?)?(?:totals?|summe|gesamt(?:summe|betrag)?|zwischensumme|somme|totale|totaal|suma|"
    r"balance due|amount due)\b|小计|合计|总计|共计|累计|小計|合計|総計",
    re.IGNORECASE,
)
_TOTAL_LABEL = re.compile(r"(?:(?:sub|grand)[\s-]?)?totals?\s*[:：]|(?:合计|总计|小计|合計)\s*[:：]", re.IGNORECASE)
_CARRIED = re.compile(
    r"\b(?:(?:carried|brought|balance|bal\.?)\s+(?:over|forward|down|fwd)|[bc]/[fd]|(?:opening|closing|beginning|ending|"
    r"previous|starting)\s+balance|übertrag|saldovortrag|anfangsbestand|report(?:er)?\s+à\s+nouveau|suma\s+y\s+sigue)\b|"
    r"承前|过次页|转下页|接上页|上[期月年页]结[转余]|本[期月]结转|期[初末]余额|繰越",
    re.IGNORECASE,
)


_LABELLED = re.compile(r"[^\W\d_][:：]\s*\S")
TOTALS_LEFT_OUT = re.compile(
    r"\b(?:(?:do )?not (?:includ\w+ )?|exclud\w+|without|except(?: for)?)\s*[^.;]*?"
    r"\b(?:(?:sub|grand|section)?[- ]?totals?|headers?|footers?|headings?|sums?|summary)\b[^.;]*|"
    r"(?:不含|排除|除)[^。；]*(?:合计|小计|总计|表头)[^。；]*",
    re.IGNORECASE,
)
"""What a list's description says of rows that are no entries anyway."""
_EXCLUSION = re.compile(
    r"(?:\b(?:exclud\w+|without|except(?: for)?|omit\w*|ignor\w+|not includ\w+)\b|不含|不包括|排除|除外?)[^.;。；]*",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"(?<!\w)['\"“‘「]([^'\"“”‘’「」]{2,30})['\"”’」](?!\w)")


def excluded_words(description: str) -> tuple[str, ...]:
    """Return the words in quotes that a description says rows begin with that do not count, in lower case."""
    return tuple(
        quoted.strip().casefold() for said in _EXCLUSION.findall(description) for quoted in _QUOTED.findall(said)
    )


_LEFT_OUT_BEFORE = re.compile(
    r"\b(?:exclud\w+|except(?: for)?|without|omit\w*|ignor\w+|not includ\w+)\s+(?P<what>[^.,;()]{3,40})|"
    r"(?P<whose>(?:[^\W\d_][\w-]*\s+){1,3})(?:is |are )?(?:excluded|left out|omitted|ignored|not included)\b|"
    r"(?:不含|不包括|排除)(?P<which>[^。；，,;（）()]{2,12})",
    re.IGNORECASE,
)
_COMMON = frozenset(
    search_terms(
        "row line item entry total subtotal header footer heading amount column sum summary record element value"
        " and or the any all of other page those one with 合计 小计 总计 表头"
    )
)


def excluded_terms(description: str) -> frozenset[str]:
    """Return the words for the rows that a description leaves out (`pending items excluded`), but for common ones."""
    said = [m["what"] or m["whose"] or m["which"] for m in _LEFT_OUT_BEFORE.finditer(description)]
    terms = {term for phrase in said for term in search_terms(phrase)}
    return frozenset(term for term in terms if term.isalpha() and len(term) > (2 if term.isascii() else 1)) - _COMMON


_SUBTOTAL = re.compile(r"\bsub[\s-]?totals?\b|zwischensumme|sous[\s-]total|subtotal(?:es)?\b|小计|小計", re.IGNORECASE)


def lists_subtotals(field: Field) -> bool:
    """Decide whether a list is named for subtotals: its elements are rows that are none of other lists."""
    words = " ".join((readable_name(field.name), *field.labels))
    return EntryRowSettings.current().read_subtotals and _SUBTOTAL.search(words) is not None


def without_subtotal(text: str, start: int, end: int) -> tuple[int, int]:
    """Return a stretch without the word for a subtotal at its beginning or its end: `Subtotal LN-22` is of `LN-22`."""
    said = _SUBTOTAL.search(text, start, end)
    if said is None:
        return start, end
    pieces = [(start, said.start()), (said.end(), end)]
    longest = max(pieces, key=lambda piece: len(text[slice(*piece)].strip(" :：-–")))
    first, last = trim_span(text, *longest, " \n:：-–")
    return (first, last) if first < last else (start, end)


def is_total_name(text: str) -> bool:
    """Decide whether a text is the name of a total, such as `Grand total` or `合计`."""
    words = re.sub(r"[(（][^()（）]*[)）]", " ", text).split()  # `Sum A (I + II + III)`
    return bool(_TOTAL.search(text)) and len(words) <= EntryRowSettings.current().total_words


def read_rows(match: ColumnMatch, text: str) -> ReadRows:
    """Return the entries of the matched grid in the order of its rows."""
    settings = EntryRowSettings.current()
    reader = _RowReader(match, text)
    found = ReadRows()
    heading: PlacedText | None = None
    open_entry: Entry | None = None
    roles = reader.roles()
    between = 0
    first_line: Mapping[int, PlacedText] = {}
    for row, role in zip(match.grid.rows, roles, strict=True):
        if role is RowRole.ENTRY:
            found.lost += between if found.entries else 0
            between = 0
            lines = [first_line, row]
            cells = {i: [r[c] for r in lines if c in r and (r is row or r[c].text)] for i, c in match.columns.items()}
            held = {i: found_cells for i, found_cells in cells.items() if found_cells}
            open_entry = Entry(held, row, heading, [line for line in lines if line])
            found.entries.append(open_entry)
            first_line = {}
        elif role is RowRole.FIRST_LINE:
            first_line = row
        elif role is RowRole.CONTINUATION and open_entry is not None and settings.join_wrapped_rows:
            open_entry.lines.append(row)
            for i, c in match.columns.items():
                if c in row and row[c].text and not row[c].inherited:
                    known = [cell for cell in open_entry.cells.get(i, ()) if cell.text]
                    open_entry.cells[i] = [*known, row[c]]
        else:
            filled = [cell for cell in row.values() if cell.text]
            if role is RowRole.OTHER and len(filled) > 1 and any(is_value(cell.text) for cell in filled):
                between += 1
            if role is RowRole.HEADING:
                heading = filled[-1] if _is_numbered(filled) else filled[0]
            if role is not RowRole.HEADER:
                open_entry = None
            if filled:
                found.left_out.append((min(c.start for c in filled), max(c.end for c in filled), role))
    return found


class _RowReader:
    def __init__(self, match: ColumnMatch, text: str) -> None:
        self._match, self._text = match, text
        self._rows = match.grid.rows
        self._settings = EntryRowSettings.current()
        self._is_marked, self._has_header = match.grid.is_marked, match.grid.has_header
        self._items = {c: match.field.items[i] for i, c in match.columns.items()}
        needed = needed_items(match.field)
        self._needed = {c for i, c in match.columns.items() if i in needed}
        likely = [row for row in self._rows if len(self._filled(row)) >= 2 or len(self._items) < 2]
        counts = {c: sum(c in self._filled(row) for row in likely) for c in self._items}
        self._usual = {c for c, n in counts.items() if 2 * n > len(likely)}
        if not self._has_header:
            self._needed &= self._usual
        self._label = next(
            (c for c in sorted(self._usual) if is_free_text(self._items[c]) and 5 * counts[c] >= 4 * len(likely)), -1
        )
        sparse = [row for row in likely if self._is_sparse(row) and 2 * len(self._filled(row)) < len(self._items)]
        enough = max(self._settings.fewest_turns, self._settings.often * len(likely))
        self._are_sparse = self._settings.read_sparse_rows and self._has_header and len(sparse) >= enough
        in_grid: dict[int, int] = {}
        for row in likely:
            for c, cell in row.items():
                in_grid[c] = in_grid.get(c, 0) + bool(cell.text)
        self._usual_cells = {c for c, n in in_grid.items() if 5 * n >= 4 * len(likely)}
        self._wide_entries = sum(
            any(2 * (cell.right - cell.left) >= len(match.grid.names) for cell in row.values() if cell.text)
            for row in likely
        )
        self._usual_cells |= {c for row in likely[:1] for c, cell in row.items() if cell.text}
        description = match.field.description if self._settings.obey_exclusions else ""
        self._excluded = excluded_words(description)
        self._excluded_terms = self._rare_terms(excluded_terms(description))
        self._counts_no_totals = TOTALS_LEFT_OUT.search(description) is not None

    def _filled(self, row: Mapping[int, PlacedText]) -> set[int]:
        return {c for c in self._items if c in row and row[c].text}

    def _name(self, row: Mapping[int, PlacedText]) -> str:
        """Return the text that says what a row is about: the first of a free text, or a lone one."""
        texts = [row[c].text for c in sorted(self._items) if c in row and is_free_text(self._items[c]) and row[c].text]
        filled = [cell.text for cell in row.values() if cell.text]
        return next(iter(texts), filled[0] if len(filled) == 1 else "")

    def _rare_terms(self, terms: frozenset[str]) -> frozenset[str]:
        """Return the terms that at most every second row has: what all rows have tells none of them apart."""
        rows = [set(search_terms(self._name(row))) for row in self._rows if terms]
        return frozenset(term for term in terms if 2 * sum(term in row for row in rows) <= len(rows))

    def roles(self) -> list[RowRole]:
        found = [self._first_role(row) for row in self._rows]
        self._mark_numbered_headings(found)
        if self._settings.join_labels_above:
            self._mark_first_lines(found)
        if self._settings.tell_details:
            self._mark_details(found)
        if self._settings.drop_totals:
            self._mark_sums(found)
            self._mark_foot(found)
        self._settle_lone_texts(found)
        return self._only_subtotals(found) if lists_subtotals(self._match.field) else found

    def _mark_numbered_headings(self, roles: list[RowRole]) -> None:
        """Mark rows of a number and a text under which the numbers of rows begin with it: `2 | Tiling` over `2.1`."""
        filled = [[cell for cell in row.values() if cell.text and not cell.inherited] for row in self._rows]
        for n, (cells, below) in enumerate(pairwise(filled)):
            if _is_numbered(cells) and below and below[0].text.startswith(f"{cells[0].text.strip(' .')}."):
                roles[n] = RowRole.HEADING

    def _only_subtotals(self, roles: Sequence[RowRole]) -> list[RowRole]:
        """Return the roles of rows in a list of subtotals: these are its entries, and nothing else is."""
        are_named = [
            role is RowRole.TOTAL and any(_SUBTOTAL.search(cell.text) for cell in row.values())
            for row, role in zip(self._rows, roles, strict=True)
        ]
        others = (RowRole.ENTRY, RowRole.CONTINUATION, RowRole.FIRST_LINE)
        return [
            RowRole.ENTRY if is_named else RowRole.DETAIL if role in others else role
            for is_named, role in zip(are_named, roles, strict=True)
        ]

    def _first_role(self, row: Mapping[int, PlacedText]) -> RowRole:
        cells = [row[c] for c in sorted(row) if row[c].text and not row[c].inherited]
        if not cells:
            return RowRole.OTHER
        if self._repeats_header(row):
            return RowRole.HEADER
        missing = self._usual_cells - {c for c in row if row[c].text and not row[c].inherited}
        texts = [c.text for c in cells if re.search(r"[^\W\d_]", c.text)]
        if any(text.casefold().startswith(self._excluded) for text in texts[:1]):
            return RowRole.EXCLUDED
        if self._excluded_terms and not self._excluded_terms.isdisjoint(search_terms(self._name(row))):
            return RowRole.EXCLUDED
        if self._settings.drop_totals and any(_TOTAL_LABEL.match(text) for text in texts[:1]):
            return RowRole.TOTAL
        if self._settings.drop_totals and (missing or self._counts_no_totals):
            if any(_CARRIED.search(t) for t in texts[:2]):
                return RowRole.CARRIED
            if any(map(is_total_name, texts[:2])):
                return RowRole.TOTAL
        if self._names_units(row):
            return RowRole.HEADING
        if self._is_entry(row):
            return RowRole.ENTRY
        return RowRole.CONTINUATION if self._may_continue(row) else RowRole.OTHER

    def _names_units(self, row: Mapping[int, PlacedText]) -> bool:
        """Decide whether a row has units where others have numbers: `Assets | EUR | EUR thousand`."""
        numeric = [c for c, item in self._items.items() if item.type in normalisation.NUMERIC_TYPES and c in row]
        shown = [row[c].text for c in numeric if row[c].text]
        parsed = [units.parse_unit(text) for text in shown if not is_value(text)]
        return bool(shown) and len(parsed) == len(shown) and all(unit is not None and unit.known for unit in parsed)

    def _mark_first_lines(self, roles: list[RowRole]) -> None:
        """Mark lone texts whose sentence the row below goes on with; it is excluded where its first line is."""
        for n in range(1, len(self._rows)):
            above = [(c, x) for c, x in self._rows[n - 1].items() if x.text and not x.inherited]
            if roles[n] is not RowRole.ENTRY or len(above) != 1 or roles[n - 1] is RowRole.ENTRY:
                continue
            [(column, _)] = above
            first = min((c for c, x in self._rows[n].items() if x.text), default=-1)
            if column == first and column in self._items and _goes_on(self._rows[n][column].text):
                excluded = roles[n - 1] is RowRole.EXCLUDED
                roles[n - 1 : n + 1] = [RowRole.EXCLUDED] * 2 if excluded else [RowRole.FIRST_LINE, RowRole.ENTRY]

    def _repeats_header(self, row: Mapping[int, PlacedText]) -> bool:
        cells = {c: cell for c, cell in row.items() if cell.text}
        plain = {
            c: {normalise_label(n) for n in self._match.grid.names[c]} for c in cells if c < len(self._match.grid.names)
        }
        same = sum(normalise_label(cells[c].text) in names for c, names in plain.items() if names)
        return same >= 2 and same >= self._settings.repeated_header * len(cells)

    def _is_entry(self, row: Mapping[int, PlacedText]) -> bool:
        filled = self._filled(row)
        if not filled or not self._needed <= filled:
            return False
        if self._are_sparse and self._is_sparse(row):
            return cells_fit([(self._items[c], row[c]) for c in filled], self._text)
        if self._is_marked:
            present = [c for c in self._items if c in row]
            own = sum(not row[c].inherited for c in filled)
            is_full = 2 * len(filled) > len(present) - 1 or (own >= self._settings.own_cells and self._label in filled)
            return is_full and (own > 1 or len(self._usual) < 2)
        # Rows without a header are built alike, but for what goes without saying.
        if self._has_header and len(filled & self._usual) <= self._settings.min_filled * len(self._usual):
            return False
        if sum(not row[c].inherited for c in filled) < min(2, len(self._items)):
            return False
        return cells_fit([(self._items[c], row[c]) for c in filled], self._text)

    def _is_sparse(self, row: Mapping[int, PlacedText]) -> bool:
        """Decide whether a row has the text that every row has, and a number in one of several columns."""
        filled = {c for c in self._filled(row) if not row[c].inherited}
        return self._label in filled and any(
            self._items[c].type in normalisation.NUMERIC_TYPES for c in filled - {self._label}
        )

    def _may_continue(self, row: Mapping[int, PlacedText]) -> bool:
        """Decide whether a row has only texts, or values for columns that the row above may have left blank."""
        filled = self._filled(row)
        return bool(filled) and all(cell_fits(self._items[c], row[c], self._text) for c in filled)

    def _mark_details(self, roles: list[RowRole]) -> None:
        """Mark the rows of a build that always stands beside a fuller one: `week 14` above each spot of the week.

        And those that are no entries but recur between them in one build.
        """
        entries = [row if role is RowRole.ENTRY else {} for row, role in zip(self._rows, roles, strict=True)]
        builds = [frozenset(self._filled(row)) for row in entries]
        counts = Counter(build for build in builds if build)
        common = [build for build, count in counts.items() if count >= self._settings.fewest_turns]
        fullest = max(common, key=lambda build: (len(build), counts[build]), default=frozenset[int]())
        for build in common:
            places = [n for n, other in enumerate(builds) if other == build]
            beside = sum(fullest in (*builds[max(0, n - 1) : n], *builds[n + 1 : n + 2]) for n in places)
            takes_turns = beside >= len(places) - 1 and not any(b - a == 1 for a, b in pairwise(places))
            if len(build) <= self._settings.detail_share * len(fullest) and takes_turns:
                for n in places:
                    roles[n] = RowRole.DETAIL
        others = [
            frozenset(c for c, cell in row.items() if cell.text) if role is RowRole.OTHER else frozenset[int]()
            for row, role in zip(self._rows, roles, strict=True)
        ]
        recurring = Counter(others)
        widths = [
            sum(bool(cell.text) for cell in row.values())
            for row, role in zip(self._rows, roles, strict=True)
            if role is RowRole.ENTRY
        ]
        most = self._settings.detail_share * max(widths, default=0)
        for n, build in enumerate(others):
            if 1 < len(build) <= most and recurring[build] >= self._settings.fewest_turns:
                roles[n] = RowRole.DETAIL

    def _mark_sums(self, roles: list[RowRole]) -> None:
        """Mark the entries that have fewer cells than others and whose numbers are sums of the entries above."""
        numeric = [c for c, item in self._items.items() if item.type in ("number", "integer")]
        since: dict[int, list[float]] = {c: [] for c in numeric}
        for n, row in enumerate(self._rows):
            if roles[n] is RowRole.TOTAL:
                since = {c: [] for c in numeric}
            if roles[n] is not RowRole.ENTRY:
                continue
            values = {c: number for c in numeric if c in row and (number := self._number(row[c])) is not None}
            lacks = self._usual_cells - {c for c in row if row[c].text}
            is_sum = [c for c, v in values.items() if v and len(since[c]) > 1 and abs(sum(since[c]) - v) < 0.006]
            if lacks and is_sum and 2 * len(is_sum) >= len(values):
                roles[n] = RowRole.TOTAL
                since = {c: [] for c in numeric}
                continue
            for c, value in values.items():
                since[c].append(value)

    def _mark_foot(self, roles: list[RowRole]) -> None:
        """Mark the rows after a total that lack cells, up to the end of the table: discounts, taxes, what was paid."""
        for n in range(len(roles) - 1, -1, -1):
            if roles[n] is RowRole.TOTAL:
                following = [k for k in range(n + 1, len(roles)) if roles[k] is RowRole.ENTRY]
                lacking = [k for k in following if self._is_at_foot(self._rows[k])]
                if len(lacking) == len(following):
                    for k in following:
                        roles[k] = RowRole.TOTAL

    def _is_at_foot(self, row: Mapping[int, PlacedText]) -> bool:
        """Decide whether a row lacks cells as what is printed under a total does: it has two, or half of them."""
        filled = self._usual_cells & {c for c, x in row.items() if x.text}
        return len(filled) < len(self._usual_cells) and (len(filled) <= 2 or 2 * len(filled) <= len(self._usual_cells))

    def _number(self, cell: PlacedText) -> float | None:
        found = numbers.parse_number(self._text[cell.start : cell.end])
        return float(found.value) if found is not None else None

    def _settle_lone_texts(self, roles: list[RowRole]) -> None:
        """Decide which rows of one text are headings: those before entries, unless most entries have one after them."""
        lone = []
        for n, row in enumerate(self._rows):
            if roles[n] not in (RowRole.CONTINUATION, RowRole.OTHER):
                continue
            cells = [cell for cell in row.values() if cell.text and not cell.inherited]
            if _is_lone(cells):
                lone.append(n)
            elif roles[n] is RowRole.CONTINUATION and not self._continues(n, roles):
                roles[n] = RowRole.OTHER
        entries = sum(role is RowRole.ENTRY for role in roles)
        after_entry = sum(n > 0 and roles[n - 1] in (RowRole.ENTRY, RowRole.CONTINUATION) for n in lone)
        are_lines = after_entry > self._settings.often * max(1, entries)
        for n in lone:
            filled = [(c, x) for c, x in self._rows[n].items() if x.text and not x.inherited]
            column, cell = filled[-1]
            previous = next((k for k in range(n - 1, -1, -1) if roles[k] is not RowRole.OTHER), None)
            follows_entry = previous is not None and roles[previous] in (RowRole.ENTRY, RowRole.CONTINUATION)
            begins_before_entry = any(role is RowRole.ENTRY for role in roles[n + 1 : n + 3])
            in_first = column == min(self._usual_cells | self._usual, default=column)
            goes_on = _goes_on(cell.text)
            if len(filled) > 1 or self._is_banner(cell):
                roles[n] = RowRole.HEADING if begins_before_entry else RowRole.OTHER
                continue
            may_go_on = roles[n] is RowRole.CONTINUATION and follows_entry and self._is_below(cell, column, previous)
            if may_go_on and (are_lines or goes_on or not in_first):
                continue
            is_heading = begins_before_entry and len(cell.text) <= self._settings.longest_heading
            is_heading = is_heading and re.search(r"[^\W\d_]", cell.text) is not None
            roles[n] = RowRole.HEADING if is_heading else RowRole.OTHER

    def _is_banner(self, cell: PlacedText) -> bool:
        """Decide whether a cell goes over most columns of the table, where few entries have a cell that does."""
        grid = self._match.grid
        least = max(2.0, self._settings.banner_share * len(grid.names))
        return grid.table is not None and cell.right - cell.left >= least and self._wide_entries < 2

    def _is_below(self, cell: PlacedText, column: int, above: int | None) -> bool:
        """Decide whether a text begins where the cell of its column in the row above begins, as far as that is told."""
        if self._match.grid.table is not None or above is None or column not in self._rows[above]:
            return True
        over = self._rows[above][column]
        return abs(over.left - cell.left) <= self._settings.indent or over.left <= cell.left < over.right

    def _continues(self, n: int, roles: Sequence[RowRole]) -> bool:
        """Decide whether a row of several cells goes on with the entry above: it fills what that one left blank."""
        above = next((k for k in range(n - 1, -1, -1) if roles[k] is not RowRole.CONTINUATION), None)
        if above is None or roles[above] is not RowRole.ENTRY:
            return False
        entry = self._filled(self._rows[above])
        row = {c for c in self._filled(self._rows[n]) if not self._rows[n][c].inherited}
        anchor = min(self._usual, default=None)
        if anchor in row & entry or any(_LABELLED.search(c.text) for c in self._rows[n].values()):
            return False
        free_text = {c for c, item in self._items.items() if normalisation.value_kind(item) is None and _is_text(item)}
        return all(c in free_text or c not in entry for c in row)


_ENUMERATOR = re.compile(r"[(（]?(?:\d{1,3}|[A-Za-z]|[IVXivx]{1,4}|[一二三四五六七八九十]{1,3})[.)）、]?")


def _is_numbered(cells: Sequence[PlacedText]) -> bool:
    """Decide whether the filled cells of a row are a number and a text: `2 | Tiling`."""
    return (
        len(cells) == 2
        and _ENUMERATOR.fullmatch(cells[0].text.strip()) is not None
        and not is_value(cells[1].text)
        and re.search(r"[^\W\d_]{2}", cells[1].text) is not None
    )


def _is_lone(cells: Sequence[PlacedText]) -> bool:
    """Decide whether the filled cells of a row are one text, which may be numbered."""
    return (len(cells) == 1 and re.search(r"[^\W\d_]", cells[0].text) is not None) or _is_numbered(cells)


def _goes_on(text: str) -> bool:
    """Decide whether a text begins as the next line of a sentence does."""
    return text[:1].islower() or text[:1] in "(（&/-–,"


def _is_text(item: Field) -> bool:
    return item.type == "string" and item.enum is None
