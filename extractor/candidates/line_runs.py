"""Rows without a header: runs of lines that are built alike, such as the items of a receipt."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations

from extractor.candidates.entry_grids import EntryGrid, LineRows, PlacedText, Row
from extractor.candidates.entry_rows import is_total_name
from extractor.settings import Settings, rule, threshold
from extractor.tables import is_value
from extractor.types import Document
from extractor.values import numbers


@dataclass(frozen=True)
class LineRunSettings(Settings):
    """Which lines are the rows of one list."""

    min_rows: int = threshold(3, unit="lines", meaning="Fewer lines that are built alike are no list.")
    max_gap: int = threshold(2, unit="lines", meaning="So many lines of another build may stand between two rows.")
    same_build: int = threshold(2, unit="lines", meaning="So many lines of one build make it the columns of a run.")
    same_form: float = threshold(
        0.8, meaning="Where this share of the last column's values have decimals, a row without is none of the list."
    )
    join_multiplications: bool = rule(
        True,
        meaning="A line that is a count times a price belongs to the text on the line above it.",
        chosen="17 documents by structure alone: 32 values of a till receipt are lost without it",
    )
    name_by_header: bool = rule(
        True, meaning="A line of names above a run, each over a column, names them, though it has no name for all."
    )
    lines_above: int = threshold(4, unit="lines", meaning="Such a line is among so many lines above the run.")
    fewest_names: int = threshold(3, unit="names", meaning="Such a line has so many names.")
    name_products: bool = rule(
        True, meaning="Where one column is the product of two others, they are an amount, a quantity and a unit price."
    )
    name_only_amount: bool = rule(
        True, meaning="The only column of values with decimals is the amount of its line, not the price of one."
    )


@dataclass(frozen=True, slots=True)
class _BuiltCell:
    """A cell with the letter of what it is: text (t), a count (q) or a price (p) of a multiplication, a value (v)."""

    cell: PlacedText
    kind: str


_BuiltRow = list[_BuiltCell]
_NAMES = {"q": ("quantity",), "p": ("unit price",)}
"""What the factors of a multiplication are, whatever the document calls them."""

_AMOUNT_NAMES = ("line total", "amount")

_MONEY = r"[$€£¥₹]?\s?\d[\d.,]*"
_MULTIPLICATION = re.compile(
    rf"(?P<count>\d[\d.,]*)\s?[^\W\d_]{{0,5}}\s?(?:[x×*]\s?@?|@|à)\s?(?P<price>{_MONEY})(?:\s?/\s?[^\W\d_]+)?", re.I
)
_COUNT_BEFORE_TEXT = re.compile(r"(?P<count>\d{1,3})(?:\s?[xX×])?\s+(?=[^\W\d_]{2})")
"""A number of pieces that no wide space parts from what it counts."""
_AMOUNT_AFTER_TEXT = re.compile(r"(?<=[^\W_])\s+(?P<amount>[-(]?\s?[$€£¥₹]?\s?\d[\d.,]*[.,]\d\d\)?)$")
"""An amount of money that no wide space parts from the text before it."""
_LABELLED = re.compile(r"[:：](?=\s|$)|：")


def find_runs(document: Document) -> Iterator[EntryGrid]:
    """Yield a grid for each run of lines that are built alike, in order; only the factors of products have names.

    A line is built of texts and values; those of a run are its rows, where their texts and values are some of the
    columns in the same order. A total ends a run.
    """
    settings = LineRunSettings.current()
    lines = LineRows(document)
    run: list[_BuiltRow] = []
    gap = 0
    before: _BuiltRow = []
    heads: list[Row] = []
    for line in lines.rows:
        row = _build_row(line, lines, settings)
        if _is_total(row):
            yield from _grid_of_run(run, heads, lines, settings)
            run, gap, before, heads = [], 0, [], []
            continue
        kinds = _kinds(row)
        if "q" in kinds and "t" not in kinds and "t" in _kinds(before) and "q" not in _kinds(before):
            if run and run[-1] is before:
                run.pop()
            row = [
                *(c for c in before if c.kind == "t"),
                *row,
                *(c for c in before if c.kind == "v" and "v" not in kinds),
            ]
            kinds = _kinds(row)
        if "t" in kinds and "v" in kinds and not any(built.kind == "t" and is_label(built.cell.text) for built in row):
            run.append(row)
            gap = 0
        elif (gap := gap + 1) > settings.max_gap:
            yield from _grid_of_run(run, heads, lines, settings)
            run, gap, heads = [], 0, [] if run else heads
        if not run:
            heads = [*heads, line][-settings.lines_above :]
        before = row
    yield from _grid_of_run(run, heads, lines, settings)


def _grid_of_run(
    run: Sequence[_BuiltRow], heads: Sequence[Row], lines: LineRows, settings: LineRunSettings
) -> Iterator[EntryGrid]:
    """Yield the grid of a run; its columns are the longest build that several of its lines have.

    `heads` are the lines above it, of which one may have the names of its columns.
    """
    builds = Counter(map(_kinds, run))
    common = [build for build, count in builds.items() if count >= settings.same_build or "q" in build]
    if not common:
        return
    columns = max(common, key=lambda build: (len(build), builds[build]))
    rows = [placed for row in run if (placed := _place_cells(row, columns))]
    last = len(columns) - 1
    if columns[last] == "v":
        rows = [row for row in rows if last in row]
        with_decimals = [row for row in rows if _has_decimals(row[last])]
        if len(with_decimals) >= settings.same_form * len(rows):
            rows = with_decimals
    if len(rows) >= settings.min_rows:
        cells = [cell for row in rows for cell in row.values()]
        start, end = min(cell.start for cell in cells), max(cell.end for cell in cells)
        names = [_NAMES.get(kind, ()) for kind in columns]
        for factors, product in _find_products(rows, columns) if settings.name_products else ():
            names[factors[0]], names[factors[1]] = _NAMES["q"], _NAMES["p"]
            names[product] = _AMOUNT_NAMES
        amounts = [c for c, kind in enumerate(columns) if kind == "v" and _are_amounts(rows, c, settings)]
        if settings.name_only_amount and len(amounts) == 1:
            names[amounts[0]] = _AMOUNT_NAMES
        fullest = max(rows, key=len)
        for column, name in _names_above(heads, fullest, lines, settings).items():
            names[column] = (*names[column], name)
        yield EntryGrid(tuple(names), tuple(rows), start, end, lead=start, is_marked=False, has_header=False)


def _names_above(
    heads: Sequence[Row], row: Mapping[int, PlacedText], lines: LineRows, settings: LineRunSettings
) -> dict[int, str]:
    """Return the names over the columns of a row, of the nearest line above that has names over most of them."""
    columns = sorted(row)
    cells = tuple(row[c] for c in columns)
    for head in reversed(heads) if settings.name_by_header else ():
        texts = [cell for cell in head if cell.text and not is_value(cell.text) and not is_label(cell.text)]
        if len(texts) < max(settings.fewest_names, len(head) - 1):
            continue
        placed = lines.align(cells, tuple(texts))
        over = {
            columns[n]: cell for n, cell in placed.items() if cell.left < cells[n].right and cells[n].left < cell.right
        }
        if 2 * len(over) >= len(texts):
            return {column: cell.text for column, cell in over.items()}
    return {}


def _find_products(rows: Sequence[dict[int, PlacedText]], columns: str) -> Iterator[tuple[tuple[int, int], int]]:
    """Yield the first two columns whose product is a later one in every row that has all three, if any are."""
    numeric = [c for c, kind in enumerate(columns) if kind != "t"]
    for first, second, product in combinations(numeric, 3):
        full = [
            [_number(row[c]) for c in (first, second, product)] for row in rows if {first, second, product} <= set(row)
        ]
        told = [(a, b, c) for a, b, c in full if a is not None and b is not None and c is not None]
        if (
            len(told) == len(full)
            and any(a != 1 and b != 1 for a, b, _ in told)
            and all(abs(a * b - c) <= max(Decimal("0.011"), a * Decimal("0.006")) for a, b, c in told)
        ):
            yield (first, second), product
            return


def _number(cell: PlacedText) -> Decimal | None:
    found = numbers.parse_number(cell.text)
    return found.value if found is not None else None


def _place_cells(row: _BuiltRow, columns: str) -> dict[int, PlacedText]:
    """Return the cells of a row by column, each in the last one of its kind that the order allows; {} if one has none.

    What lines leave out stands to the left, as counts and codes do: the amount of a line is at its end.
    """
    placed: dict[int, PlacedText] = {}
    free = len(columns)
    for built in reversed(row):
        free = columns.rfind(built.kind, 0, free)
        if free < 0:
            return {}
        placed[free] = built.cell
    return placed


def _kinds(row: _BuiltRow) -> str:
    return "".join(built.kind for built in row)


def _build_row(line: Row, lines: LineRows, settings: LineRunSettings) -> _BuiltRow:
    """Return the cells of a line with their kinds; a count before a text and an amount after it are their own cells."""
    cells = list(line)
    if m := _COUNT_BEFORE_TEXT.match(cells[0].text):
        cells[:1] = lines.split_cell(cells[0], m.end("count"), m.end())
    if not _MULTIPLICATION.fullmatch(cells[-1].text) and (m := _AMOUNT_AFTER_TEXT.search(cells[-1].text)):
        cells[-1:] = lines.split_cell(cells[-1], m.start(), m.start("amount"))
    row: _BuiltRow = []
    for cell in cells:
        if settings.join_multiplications and (m := _MULTIPLICATION.fullmatch(cell.text)):
            count, rest = lines.split_cell(cell, m.end("count"), m.start("price"))
            price, _ = lines.split_cell(rest, m.end("price") - m.start("price"), len(rest.text))
            row += [_BuiltCell(count, "q"), _BuiltCell(price, "p")]
        else:
            row.append(_BuiltCell(cell, "v" if is_value(cell.text) else "t"))
    return row


def is_label(text: str) -> bool:
    """Decide whether a text is a label with a colon, or has one in it."""
    return _LABELLED.search(text) is not None


def _are_amounts(rows: Sequence[dict[int, PlacedText]], column: int, settings: LineRunSettings) -> bool:
    cells = [row[column] for row in rows if column in row]
    return sum(map(_has_decimals, cells)) >= settings.same_form * len(rows)


def _has_decimals(cell: PlacedText) -> bool:
    return re.search(r"[.,]\d{1,2}\D*$", cell.text) is not None


def _is_total(row: _BuiltRow) -> bool:
    texts = [built.cell.text for built in row if built.kind == "t"]
    return bool(texts) and is_total_name(texts[0])
