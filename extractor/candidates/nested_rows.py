"""Lists within lists: the rows of several tables alike are the inner lists, and the lines above each its outer element.

`Group: A` stands above one table and `Group: B` above the next one with the same columns: two elements, whose inner
lists are the rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from extractor.candidates.list_rows import find_sections, limits_rows
from extractor.candidates.matches import StructuralMatch, TableRowsMatch
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
                sections = _read(field, document)
                if sections:
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
        for grid_start, grid_end, rows, score in find_sections(inner, document):
            cells = tuple(_cells_above(text, end, grid_start, settings.lines_above))
            parts.append(_Section(rows, cells, score))
            end = grid_end
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
