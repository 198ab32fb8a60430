"""Lists within lists: the rows of several tables alike are the inner lists, and the lines above each its outer element.

`Group: A` stands above one table and `Group: B` above the next one with the same columns: two elements, whose inner
lists are the rows. Or headings among the rows of one table open the elements (`row_sections`).
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from extractor.candidates.column_names import header_similarity
from extractor.candidates.entry_grids import LineRows
from extractor.candidates.entry_rows import FoundRows, read_rows
from extractor.candidates.list_columns import match_columns
from extractor.candidates.list_elements import entry_cells, make_element
from extractor.candidates.list_rows import find_alike_tables, limits_rows
from extractor.candidates.matches import StructuralMatch, TableRowsMatch
from extractor.candidates.record_blocks import find_blocks
from extractor.candidates.row_sections import RowSection, find_row_sections
from extractor.candidates.table_cells import pair_names
from extractor.settings import Settings, rule, threshold
from extractor.tables import collapse_whitespace
from extractor.types import Document, Field, Path
from extractor.values.label_similarity import label_pattern


@dataclass(frozen=True)
class NestedRowSettings(Settings):
    """How the elements around inner lists are told."""

    read_nested: bool = rule(True, meaning="Lists whose elements have a list of objects are read from several tables.")
    lines_above: int = threshold(12, unit="lines", meaning="So many lines above a table may say what it is about.")
    longest_value: int = threshold(80, unit="characters", meaning="A longer text after a label is no value of it.")
    score: float = threshold(0.85, meaning="The score of a value beside its label above a table.")
    read_headings: bool = rule(True, meaning="Headings among the rows of a table open the elements of the outer list.")
    min_similarity: float = threshold(
        0.78,
        meaning="Least similarity of an item of the outer list and the column, or the label, of a section's total.",
    )


_Cell = tuple[int, int]
_Labelled = dict[Path, _Cell]


@dataclass(frozen=True)
class _Section:
    """An inner list, or an element of one, with the cells of the lines above it that no value was taken from."""

    rows: tuple[tuple[StructuralMatch, ...], ...]
    above: tuple[_Cell, ...]
    score: float
    labelled: tuple[tuple[Path, _Cell], ...] = ()


def match_nested_rows(fields: Sequence[Field], document: Document) -> dict[Path, TableRowsMatch]:
    """Return the lists of objects with one inner list of objects that tables answer with certainty, by path."""
    found: dict[Path, TableRowsMatch] = {}
    if NestedRowSettings.current().read_nested:
        for field in fields:
            if field.type == "array" and _inner_list(field) is not None and not limits_rows(field):
                if told := _read_in_blocks(field, document) or _read_under_headings(field, document):
                    found[field.path] = told
                elif sections := _read(field, document):
                    rows = tuple(s.rows[0] for s in sections)
                    found[field.path] = TableRowsMatch(field.path, rows, (), min(s.score for s in sections))
    return found


def _inner_list(field: Field) -> Field | None:
    """Return the one item that is a list of objects."""
    lists = [item for item in field.items if item.type == "array" and any(i.path for i in item.items)]
    return lists[0] if len(lists) == 1 else None


def _read(field: Field, document: Document) -> list[_Section]:
    """Return the elements of the list, each a section of one row; none where its elements cannot be told."""
    inner = _inner_list(field)
    assert inner is not None
    if limits_rows(inner):
        return []
    text = document.text
    if _inner_list(inner) is not None:
        parts = _read(inner, document)
    else:
        settings = NestedRowSettings.current()
        parts = []
        end = 0
        for table in find_alike_tables(inner, document):
            rows = tuple(make_element(entry, table.match, text) for entry in table.rows.entries)
            cells = tuple(_cells_above(text, end, table.match.grid.lead, settings.lines_above))
            parts.append(_Section(rows, cells, table.weight))
            end = table.span[1]
    if not parts:
        return []
    items = [i for i in field.items if i.type not in ("array", "json") and i.path]
    parts = [_take_labelled(part, items, text) for part in parts]
    wanted = {path for path, _ in parts[0].labelled}
    if any({path for path, _ in part.labelled} != wanted for part in parts):
        return []
    if not wanted and not _is_same_heading(parts, text):
        return []
    groups: list[list[_Section]] = []
    for part in parts:
        if groups and _values(groups[-1][0], text) == _values(part, text):
            groups[-1].append(part)
        else:
            groups.append([part])
    return [_element(inner, group) for group in groups]


def _read_in_blocks(field: Field, document: Document) -> TableRowsMatch | None:
    """Return the elements of a list that are small forms with the same labels, each with tables of its inner list."""
    inner = _inner_list(field)
    assert inner is not None
    if limits_rows(inner) or _inner_list(inner) is not None:
        return None
    text = document.text
    matches = [match_columns(field, grid, text) for grid in find_blocks(LineRows(document))]
    certain = [m for m in matches if m is not None and m.is_certain]
    tables = find_alike_tables(inner, document) if certain else []
    for match in sorted(certain, key=lambda m: -m.score):
        entries = read_rows(match, text).entries
        starts = [min(cell.start for cell in entry.row.values()) for entry in entries]
        by_entry = [bisect.bisect(starts, table.span[0]) - 1 for table in tables]
        if not entries or not tables or min(by_entry) < 0:
            continue
        rows, cells = [], []
        for n, entry in enumerate(entries):
            own = [(t.match, e) for t, at in zip(tables, by_entry, strict=True) if at == n for e in t.rows.entries]
            listed = [
                replace(value, path=(*inner.path, at, *value.path))
                for at, (of, e) in enumerate(own)
                for value in make_element(e, of, text)
            ]
            rows.append((*make_element(entry, match, text), *listed))
            cells.append(tuple(entry_cells(e, of.grid) for of, e in own))
        return TableRowsMatch(
            field.path,
            tuple(rows),
            tuple(t.match.grid.table for t in tables if t.match.grid.table is not None),
            match.score,
            cells=tuple(entry_cells(entry, match.grid) for entry in entries),
            inner=tuple(cells),
        )
    return None


def _read_under_headings(field: Field, document: Document) -> TableRowsMatch | None:
    """Return the elements of a list that headings among the rows of its inner list open; None where there are none."""
    inner = inner_list_under_headings(field)
    return read_under_headings(field, find_alike_tables(inner, document), document.text) if inner is not None else None


def inner_list_under_headings(field: Field) -> Field | None:
    """Return the inner list of a list, if headings among its rows may open the elements of the outer one."""
    inner = _inner_list(field) if field.type == "array" else None
    if inner is None or not NestedRowSettings.current().read_headings:
        return None
    return None if limits_rows(field) or limits_rows(inner) or _inner_list(inner) is not None else inner


def read_under_headings(field: Field, tables: Sequence[FoundRows], text: str) -> TableRowsMatch | None:
    """Return the elements of a list that headings among the rows of its inner list, in `tables`, open; None without."""
    inner = _inner_list(field)
    assert inner is not None
    sections = find_row_sections(tables, text)
    if len(sections) < 2 and not any(section.total for section in sections):
        return None
    rows = tuple(_element_under_heading(field, inner, section, text) for section in sections)
    return TableRowsMatch(
        field.path,
        rows,
        tuple(table.match.grid.table for table in tables if table.match.grid.table is not None),
        min(table.weight for table in tables),
        cells=tuple(section.outer_cells() for section in sections),
        inner=tuple(tuple(section.cells) for section in sections),
    )


def _element_under_heading(field: Field, inner: Field, section: RowSection, text: str) -> tuple[StructuralMatch, ...]:
    """Return what a section answers: labelled values of its heading, its totals, and its rows as the inner list."""
    items = [i for i in field.items if i.type not in ("array", "json") and i.path]
    pieces = tuple(cell for start, end in section.heading for cell in _cells_above(text, start, end, 1))
    labelled = _take_labelled(_Section((), pieces, 0.0), items, text).labelled
    element = [StructuralMatch(path, *cell, NestedRowSettings.current().score) for path, cell in labelled]
    taken = {path for path, _ in labelled}
    element += _totals([i for i in items if i.path not in taken], section)
    for n, row in enumerate(section.rows):
        element += [replace(m, path=(*inner.path, n, *m.path)) for m in row]
    return tuple(element)


def _totals(items: Sequence[Field], section: RowSection) -> list[StructuralMatch]:
    """Return the cells of a section's row of totals whose column, or whose label where it is alone, names an item."""
    numeric = [item for item in items if item.type in ("number", "integer")]
    label = re.sub(r"\d[\d\W]*", " ", section.total_label)
    least = NestedRowSettings.current().min_similarity
    similar = []
    for n, cell in enumerate(section.total):
        for i, item in enumerate(numeric):
            names = (cell.name, label) if len(section.total) == 1 else (cell.name, f"{label} {cell.name}")
            score = max(header_similarity(item, name) for name in names)
            if score >= least:
                similar.append((score, i, n))
    pairs = pair_names(similar, [1.0] * len(numeric))
    return [
        StructuralMatch(numeric[i].path, *section.total[n].spans[0], score, section.total[n].name)
        for i, (n, score) in pairs.items()
    ]


def _element(inner: Field, group: Sequence[_Section]) -> _Section:
    score = NestedRowSettings.current().score
    element = [StructuralMatch(path, start, end, score) for path, (start, end) in group[0].labelled]
    n = 0
    for part in group:
        for row in part.rows:
            element += [replace(m, path=(*inner.path, n, *m.path)) for m in row]
            n += 1
    return _Section((tuple(element),), group[0].above, min(part.score for part in group))


def _cells_above(text: str, start: int, end: int, most_lines: int) -> Iterator[_Cell]:
    lines = list(re.finditer(r"[^\n]*\S[^\n]*", text[start:end]))
    for line in lines[-most_lines:]:
        for m in re.finditer(r"[^\s](?:[^\t]*?[^\s])??(?=\t|\s{2,}|\s*$)", line.group()):
            yield start + line.start() + m.start(), start + line.start() + m.end()


def _take_labelled(part: _Section, items: Sequence[Field], text: str) -> _Section:
    """Return the section with the values that stand after an item's label in the lines above it, nearest first."""
    labelled: _Labelled = {}
    left = list(part.above)
    for item in items:
        for cell in reversed(left):
            span = _value_after_label(item, cell, text)
            if span is not None:
                labelled[item.path] = span
                left.remove(cell)
                break
    return replace(part, above=tuple(left), labelled=tuple(sorted(labelled.items(), key=lambda t: str(t[0]))))


def _value_after_label(item: Field, cell: _Cell, text: str) -> _Cell | None:
    for label in item.labels:
        pattern = label_pattern(label)
        m = pattern.match(text, *cell) if pattern else None
        if m is None:
            continue
        rest = re.compile(r"\s*[:：=#]?\s*").match(text, m.end(), cell[1])
        start = rest.end() if rest else m.end()
        if start > m.end() and 0 < cell[1] - start <= NestedRowSettings.current().longest_value:
            return start, cell[1]
    return None


def _values(part: _Section, text: str) -> list[tuple[Path, str]]:
    return [(path, collapse_whitespace(text[start:end])) for path, (start, end) in part.labelled]


def _is_same_heading(parts: Sequence[_Section], text: str) -> bool:
    """Decide whether the texts above every section are the same, bare numbers aside: nothing tells elements apart."""
    texts = [
        [cell for start, end in part.above if re.search(r"[^\W\d_]", cell := collapse_whitespace(text[start:end]))]
        for part in parts
    ]
    shortest = min(map(len, texts))
    return shortest > 0 and all(t[-shortest:] == texts[0][-shortest:] for t in texts)


def part_inner_lists(
    fields: Sequence[Field], rows: Mapping[Path, TableRowsMatch]
) -> tuple[list[Field], dict[Path, TableRowsMatch]]:
    """Return the fields and rows with each inner list as a list of its own, whose rows are those of all elements.

    Its path is that of the outer list and its own. Lists whose inner cells nobody has told apart stay as they are.
    """
    all_fields, parted = list(fields), dict(rows)
    for field, inner in _told_inner_lists(fields, rows):
        match = rows[field.path]
        path = (*field.path, *inner.path)
        elements = [_rows_of_inner_list(row, inner.path) for row in match.rows]
        all_fields.append(replace(inner, path=path))
        parted[path] = TableRowsMatch(
            path,
            tuple(row for element in elements for row in element),
            match.tables,
            match.score,
            cells=tuple(cells for element in match.inner for cells in element),
        )
        own = tuple(tuple(m for m in row if m.path[: len(inner.path)] != inner.path) for row in match.rows)
        parted[field.path] = replace(match, rows=own)
    return all_fields, parted


def join_inner_lists(
    parted: Mapping[Path, TableRowsMatch], fields: Sequence[Field], rows: Mapping[Path, TableRowsMatch]
) -> dict[Path, TableRowsMatch]:
    """Return the rows of the outer lists with those of their inner lists in them; the inverse of `part_inner_lists`.

    `rows` are what was parted.
    """
    joined = {path: parted[path] for path in rows}
    for field, inner in _told_inner_lists(fields, rows):
        flat = iter(parted[(*field.path, *inner.path)].rows)
        elements = []
        for row, cells in zip(joined[field.path].rows, rows[field.path].inner, strict=True):
            values = (replace(m, path=(*inner.path, n, *m.path)) for n, _ in enumerate(cells) for m in next(flat))
            elements.append((*row, *values))
        joined[field.path] = replace(joined[field.path], rows=tuple(elements))
    return joined


def _told_inner_lists(fields: Sequence[Field], rows: Mapping[Path, TableRowsMatch]) -> Iterator[tuple[Field, Field]]:
    """Yield each list whose rows hold an inner list, and this, where the cells of both are told apart."""
    for field in fields:
        inner = _inner_list(field) if field.path in rows and rows[field.path].inner else None
        if inner is not None:
            yield field, inner


def _rows_of_inner_list(row: Sequence[StructuralMatch], path: Path) -> list[tuple[StructuralMatch, ...]]:
    """Return the values of each element of the inner list at a path, with the paths of its items."""
    numbers = sorted({m.path[len(path)] for m in row if m.path[: len(path)] == path}, key=int)
    depth = len(path) + 1
    return [tuple(replace(m, path=m.path[depth:]) for m in row if m.path[:depth] == (*path, n)) for n in numbers]
