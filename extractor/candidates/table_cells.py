"""What tables settle without a model: cells whose paths name a field, and rows that make up a list.

A field is named by its labels and those of the objects around it; a cell by its caption, row path and column path. The
two are compared name by name, each name weighted by how few fields (or cells) share it, and a cell is given to a field
only when each is the other's best match by a margin. What is less than certain is left to the model.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from extractor.types import Cell, Document, Field, Path, Table
from extractor.values import label_similarity as names
from extractor.values import normalization

SURE = 0.78
"""The least score of a cell that settles a field; below it the names differ too much to be certain."""
MARGIN = 0.02
CAPTION_MARGIN = 0.06
"""The same between cells of two tables that carry the same names: what stands over one of them is seldom what tells."""
CLEAR, CLEAR_MARGIN = 0.55, 0.15
"""The same for a cell that carries a field's last two names as printed: a caption or an outer heading may be lost, or
worded otherwise, where nothing else comes near."""
SAME = 0.9
"""The least similarity at which two names are one name, but for a remark or a spelling."""
ALIKE = 0.6
"""The least similarity at which two names count as a possible match."""


@dataclass(frozen=True, slots=True)
class StructuralMatch:
    """A place in the document that answers a field: `text[start:end]`, empty for a blank cell.

    `context` is what stands around the value and may tell its unit (headers, captions); `score` is 0..1.
    """

    path: Path
    start: int
    end: int
    score: float
    context: str = ""


@dataclass(frozen=True, slots=True)
class TableRowsMatch:
    """The rows of a table that make up an array of objects; every element maps item paths to places."""

    path: Path
    rows: tuple[tuple[StructuralMatch, ...], ...]
    table: Table
    score: float


# Scalars from cells.


def _names(field: Field) -> list[tuple[str, ...]]:
    return [group for group in (*field.parents, field.labels) if group]


def _rarity(groups: Iterable[Iterable[object]], total: int) -> dict[object, float]:
    """How much each name tells: the logarithm of one plus the share of things that do not carry it (idf)."""
    count = Counter(name for group in groups for name in set(group))
    return {name: math.log(1 + total / n) for name, n in count.items()}


def _pair_up(alike: Sequence[tuple[float, int, int]], gains: Sequence[float]) -> dict[int, tuple[int, float]]:
    """Greedy one-to-one pairing of field names with cell names, the most telling pairs first."""
    pairs: dict[int, tuple[int, float]] = {}
    taken: set[int] = set()
    for likeness, name, part in sorted(alike, key=lambda t: (-t[0], -gains[t[1]], -t[2])):
        if name not in pairs and part not in taken:
            pairs[name] = (part, likeness)
            taken.add(part)
    return pairs


class _Cells:
    """The value cells of all tables, each with the names that govern it, found by name."""

    def __init__(self, tables: Sequence[Table]) -> None:
        self.cells: list[tuple[Cell, Table, tuple[str, ...]]] = []
        for table in tables:
            if any(problem.kind == "table_heads" for problem in table.problems):
                continue  # which column a cell stands in is anyone's guess
            for cell in table.cells:
                parts = (*table.caption, *cell.row_path, *cell.column_path)
                if not cell.header and (cell.row_path or cell.column_path):
                    self.cells.append((cell, table, parts))
        rows = {(id(t), c.row) for c, t, _ in self.cells if c.text}
        self.filled = {(id(c), c.row) for c, t, _ in self.cells if (id(t), c.row) in rows}
        self.weight = _rarity((parts for _, _, parts in self.cells), len(self.cells))
        self.by_name: dict[str, list[int]] = defaultdict(list)
        for i, (_, _, parts) in enumerate(self.cells):
            for part in set(parts):
                self.by_name[part].append(i)


def _scores(field: Field, weight: Mapping[object, float], index: _Cells) -> list[tuple[float, int, bool]]:
    """Every cell that could answer `field`, with its score and whether it carries the last two names, best first."""
    groups = _names(field)
    if not groups:
        return []
    gains = [weight[group] for group in groups]
    likeness = {
        name: [names.best_similarity(group, name) if not _opposed(group, name) else 0.0 for group in groups]
        for name in index.by_name
    }
    key = max(range(len(groups)), key=lambda i: (gains[i], i))
    nearby = {i for name, row in likeness.items() if row[key] >= ALIKE for i in index.by_name[name]}
    found = []
    for i in nearby:
        _, _, parts = index.cells[i]
        alike = [
            (likeness[part][g], g, p)
            for p, part in enumerate(parts)
            for g in range(len(groups))
            if likeness[part][g] >= ALIKE
        ]
        pairs = _pair_up(alike, gains)
        if len(groups) - 1 not in pairs:
            continue
        own = sum(gains[g] * s for g, (_, s) in pairs.items()) / sum(gains)
        part_weights = [index.weight[part] for part in parts]
        theirs = sum(part_weights[p] * s for p, s in pairs.values()) / (sum(part_weights) or 1)
        inner = range(len(groups) - 2, len(groups))
        carried = len(groups) > 2 and all(g in pairs and pairs[g][1] >= SAME for g in inner)
        found.append((own * (0.85 + 0.15 * theirs), i, carried))
    return sorted(found, key=lambda t: (-t[0], index.cells[t[1]][0].start))


def _opposed(group: tuple[str, ...], name: str) -> bool:
    """Two long names that differ in a numeral only are two rows of one list, not one name written twice."""
    digits = re.findall(r"\d+|[一二三四五六七八九十]+(?=[)）])", names.normalise_label(name))
    if not digits:
        return False
    return all(
        re.findall(r"\d+", names.normalise_label(label)) != re.findall(r"\d+", names.normalise_label(name))
        for label in group
    ) and bool(re.findall(r"\d+", names.normalise_label(name)))


def match_cells(fields: Sequence[Field], document: Document) -> dict[Path, StructuralMatch]:
    """The fields that a table cell answers with certainty, by path; a blank cell settles its field as blank."""
    index = _Cells(document.tables)
    fields = [f for f in fields if f.type != "array" and f.copied]
    if not index.cells or not fields:
        return {}
    weight = _rarity((set(_names(f)) for f in fields), len(fields))
    wanted: list[tuple[float, int, int]] = []
    carrying: set[tuple[int, int]] = set()
    for f, field in enumerate(fields):
        scores = [found for found in _scores(field, weight, index)[:8] if found[0] >= CLEAR - CLEAR_MARGIN]
        wanted += [(score, f, i) for score, i, _ in scores]
        carrying |= {(f, i) for _, i, carried in scores if carried}
    best_cell: dict[int, list[tuple[float, int]]] = defaultdict(list)
    best_field: dict[int, list[tuple[float, int]]] = defaultdict(list)
    for score, f, i in sorted(wanted, reverse=True):
        best_cell[f].append((score, i))
        best_field[i].append((score, f))
    settled: dict[Path, StructuralMatch] = {}
    used: set[int] = set()
    for score, f, i in sorted(wanted, key=lambda t: (-t[0], t[1], t[2])):
        field, (cell, _, parts) = fields[f], index.cells[i]
        least, margin = (SURE, MARGIN) if score >= SURE else (CLEAR, CLEAR_MARGIN)
        if score < least or field.path in settled or i in used or (least == CLEAR and (f, i) not in carrying):
            continue
        rival_cells = [
            j
            for s, j in best_cell[f]
            if j != i
            and j not in used
            and s > score - (max(CAPTION_MARGIN, margin) if _same_names(cell, index.cells[j][0]) else margin)
        ]
        rival_fields = [g for s, g in best_field[i] if g != f and fields[g].path not in settled and s > score - margin]
        if rival_fields or any(index.cells[j][0].text != cell.text for j in rival_cells):
            continue
        place = _place(field, cell, document.text)
        if place is None or (place[0] == place[1] and not _blank_counts(cell, index.filled)):
            continue
        used.add(i)
        settled[field.path] = StructuralMatch(field.path, *place, min(score, 1.0), " ".join(parts))
    return settled


def _same_names(cell: Cell, other: Cell) -> bool:
    return cell.row_path == other.row_path and cell.column_path == other.column_path


def _place(field: Field, cell: Cell, text: str) -> tuple[int, int] | None:
    """Where in the cell the value stands; None when the cell holds nothing of the field's kind.

    A blank, or a dash, is the empty stretch at the cell's start.
    """
    if not cell.text:
        return cell.start, cell.start
    kind = normalization.value_kind(field)
    raw = text[cell.start : cell.end]
    if kind is None:
        return cell.start, cell.end
    stretches = normalization.find_spans(kind, raw)
    if len(stretches) == 1:
        return cell.start + stretches[0][0], cell.start + stretches[0][1]
    if not stretches and not re.search(r"\w", raw):
        return cell.start, cell.start  # a dash or the like: printed as blank
    return None


def _blank_counts(cell: Cell, filled: set[tuple[int, int]]) -> bool:
    """Whether a blank answers: one in a filled row does; one by a lone label may be printed elsewhere."""
    return bool(cell.column_path) and (bool(cell.row_path) or (id(cell), cell.row) in filled)


# Arrays of objects from rows.


def match_rows(fields: Sequence[Field], document: Document) -> dict[Path, TableRowsMatch]:
    """The arrays of objects that a table's rows answer: enough of its columns go by the items' labels."""
    found: dict[Path, TableRowsMatch] = {}
    for field in fields:
        if field.type != "array" or not any(item.path for item in field.items):
            continue
        candidates = [rows for table in document.tables if (rows := _rows(field, table, document.text)) is not None]
        candidates.sort(key=lambda r: (-r.score, -len(r.rows)))
        if not candidates:
            continue
        chosen = candidates[0]
        same = [
            r for r in candidates if [s.path for s in r.rows[0]] == [s.path for s in chosen.rows[0]]
        ]  # one list may be printed as several tables, one a section or a page
        same.sort(key=lambda r: r.table.start)
        rows = tuple(row for r in same for row in r.rows)
        found[field.path] = TableRowsMatch(field.path, rows, chosen.table, chosen.score)
    return found


def drop_rows_of_other_fields(
    rows: Mapping[Path, TableRowsMatch], fields: Sequence[Field], text: str
) -> dict[Path, TableRowsMatch]:
    """The rows without those that speak of another field: a total printed under its items, a form printed over them.

    Such a row has fewer cells than the others and begins with a name of the other field, or has a name and a colon
    within a cell. What it holds is left to be found by that name.
    """
    others = tuple(
        label for f in fields if f.type != "array" for label in f.labels if len(names.normalise_label(label)) > 1
    )

    def begins_with_a_name(cell: str) -> bool:
        return names.best_similarity(others, re.sub(r"[\d.,]+\s*%?|[:：]", " ", cell)) >= SURE

    def names_a_value(cell: str) -> bool:
        name, colon, value = cell.replace("：", ":").partition(":")
        return bool(colon and value.strip()) and names.best_similarity(others, name) >= SURE

    kept = {}
    for path, answered in rows.items():
        most = max(sum(s.end > s.start for s in row) for row in answered.rows)
        own = []
        for row in answered.rows:
            cells = [text[s.start : s.end] for s in sorted(row, key=lambda s: s.start) if s.end > s.start]
            another = len(cells) < most and begins_with_a_name(cells[0])
            if not another and not any(map(names_a_value, cells)):
                own.append(row)
        if own:
            kept[path] = replace(answered, rows=tuple(own))
    return kept


def _column_names(table: Table) -> dict[int, tuple[str, ...]]:
    """The header texts over every column, outermost first, also over columns that hold row labels."""
    header_rows = {cell.row for cell in table.cells if cell.header}
    header_rows -= {cell.row for cell in table.cells if not cell.header}
    columns: dict[int, tuple[str, ...]] = {}
    for column in range(table.columns):
        over = [
            c.text
            for c in sorted(table.cells, key=lambda c: c.row)
            if c.row in header_rows and c.column <= column < c.column + c.column_span and c.text
        ]
        columns[column] = tuple(dict.fromkeys(over))
    for cell in table.cells:
        if not cell.header and cell.column_path and not columns.get(cell.column):
            columns[cell.column] = cell.column_path
    return columns


def _rows(field: Field, table: Table, text: str) -> TableRowsMatch | None:
    columns = _column_names(table)
    alike = []
    for i, item in enumerate(field.items):
        for column, path in columns.items():
            score = max((names.best_similarity(item.labels, name) for name in (*path, " ".join(path))), default=0.0)
            if score >= SURE:
                alike.append((score, i, column))
    pairs = _pair_up(alike, [1.0] * len(field.items))
    named = [c for c, path in columns.items() if path]
    needed = {i for i, item in enumerate(field.items) if item.required}
    if (
        len(pairs) < min(2, len(field.items))
        or 2 * len(pairs) < min(len(named), len(field.items))
        or not needed <= set(pairs)
    ):
        return None
    header_rows = {c.row for c in table.cells if c.header} - {c.row for c in table.cells if not c.header}
    by_row: dict[int, dict[int, Cell]] = defaultdict(dict)
    for cell in table.cells:
        for row in range(cell.row, cell.row + cell.row_span):
            if row not in header_rows:
                by_row[row][cell.column] = cell
    rows = []
    for row in sorted(by_row):
        element = []
        for i, (column, score) in sorted(pairs.items()):
            cell = by_row[row].get(column)
            if cell is None:
                continue
            place = _place(field.items[i], cell, text) or (cell.start, cell.end)
            element.append(StructuralMatch(field.items[i].path, *place, score, " ".join(columns[column])))
        filled = {s.path for s in element if s.end > s.start}
        if filled and all(field.items[i].path in filled for i in needed) and 2 * len(filled) > len(element) - 1:
            rows.append(tuple(element))
    if not rows:
        return None
    mean = sum(score for _, score in pairs.values()) / len(pairs)
    return TableRowsMatch(field.path, tuple(rows), table, mean * (0.5 + 0.5 * len(pairs) / len(field.items)))
