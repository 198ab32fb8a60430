"""Data becomes a Document as a person would write it down: `Label: value` lines under headings, and tables.

The lines of a group are a table of two columns, whose cells know the label on their left. What repeats with the same
leaves is a table with a row for each. Both have the headings above them as their caption. Nothing is guessed here that
the data says: which cell is governed by which name is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from extractor import tables
from extractor.problems import ProblemKind
from extractor.readers.data_tree import DataNode, NamePath, find_lines, iterate_runs, lay_out_cells, lay_out_rows
from extractor.readers.limits import refuse_long_text
from extractor.schemas.subschemas import readable_name
from extractor.settings import Settings, threshold
from extractor.tables import PlacedCell
from extractor.types import Block, Cell, Document, Page, Problem, Table

_INDENT = "  "
_BETWEEN_NAMES = " / "
_TITLES = frozenset({"title", "heading", "head"})


@dataclass(frozen=True)
class DataTableSettings(Settings):
    """When things that repeat are the rows of a table rather than sections of their own."""

    least_filled_share: float = threshold(0.4, meaning="least share of cells with a text: rows have leaves in common")
    most_columns: int = threshold(60, unit="columns", meaning="a wider table cannot be read as one")
    longest_title: int = threshold(120, unit="characters", meaning="a longer title is no heading")


def write_data(root: DataNode, identity: str, source: str, problems: Sequence[Problem] = ()) -> Document:
    """Return the document of a tree of data; it has one page without a size.

    Of a group's parts, a leaf is a line, prose a paragraph, a group a section two blanks further to the right. A group
    that holds only another one shares its heading. The root is the title, unless it has no name. Raises InputError for
    text over the limit.
    """
    writer = _DataWriter(source)
    writer.write_root(root)
    return writer.document(identity, problems)


def name_as_label(name: str) -> str:
    """Return the name of an element or a member as a form would print it: `startDate` is `Start Date`.

    A name that is already made of several words stays as it is.
    """
    name = name.strip().lstrip("@#$") or name
    if len(name.split()) > 1:
        return " ".join(name.split())
    return " ".join(word[:1].upper() + word[1:] for word in readable_name(name).split())


@dataclass(slots=True)
class _DataWriter:
    source: str
    _chunks: list[str] = field(default_factory=list)
    _length: int = 0
    _blocks: list[Block] = field(default_factory=list)
    _tables: list[Table] = field(default_factory=list)

    def document(self, identity: str, problems: Sequence[Problem]) -> Document:
        """Return the document of what was written."""
        problems = list(problems)
        if self._length:
            self._write("\n")
        if all(block.kind == "heading" for block in self._blocks):
            message = "The file holds no text; open it and check that it is the right one."
            problems.append(Problem((), ProblemKind.NO_TEXT, message))
        text = "".join(self._chunks)
        page = Page(1, 0, len(text))
        return Document(identity, self.source, text, (page,), tuple(self._blocks), tuple(self._tables), tuple(problems))

    def write_root(self, root: DataNode) -> None:
        """Write the whole tree; what is in the root is not indented."""
        if root.is_prose or not root.children:
            self._write_children([root], (), 0)
            return
        names, children = _take_title(root, (name_as_label(root.name),) if root.name else ())
        self._write_heading(names, 0, 1)
        self._write_children(children, names, 0)

    def _write_children(self, nodes: Sequence[DataNode], headings: tuple[str, ...], depth: int) -> None:
        """Write what is in a group; `headings` are those above, outermost first."""
        lines: list[tuple[NamePath, str]] = []
        for run in iterate_runs(nodes):
            found = _run_as_lines(run)
            if found is not None:
                lines += found
                continue
            self._write_lines(lines, headings, depth)
            lines = []
            self._write_run(run, headings, depth)
        self._write_lines(lines, headings, depth)

    def _write_run(
        self, run: Sequence[DataNode], headings: tuple[str, ...], depth: int, outer: tuple[str, ...] = ()
    ) -> None:
        """Write nodes of one name that are more than lines; `outer` names groups around them without a heading yet."""
        if run[0].is_prose:
            self._write_heading(outer, depth, depth + 2)
            for node in run:
                self._write_block("paragraph", _INDENT * (depth + bool(outer)), node.text)
            return
        name = name_as_label(run[0].name)
        if (len(run) > 1 or run[0].is_listed) and self._write_rows(run, headings, depth, (*outer, name)):
            return
        for number, node in enumerate(run, start=1):
            self._write_section(node, headings, depth, (*outer, f"{name} {number}" if len(run) > 1 else name))

    def _write_section(self, node: DataNode, headings: tuple[str, ...], depth: int, names: tuple[str, ...]) -> None:
        names, children = _take_title(node, names)
        runs = list(iterate_runs(children))
        if len(runs) == 1 and _run_as_lines(runs[0]) is None:
            self._write_run(runs[0], headings, depth, names)
            return
        self._write_heading(names, depth, depth + 2)
        self._write_children(children, (*headings, *names), depth + 1)

    def _write_rows(
        self,
        nodes: Sequence[DataNode],
        headings: tuple[str, ...],
        depth: int,
        names: tuple[str, ...],
        outer_rows: Sequence[str] = (),
    ) -> bool:
        """Write nodes as a table; return False, and write nothing, where they have too little in common for one.

        Groups that repeat inside the rows become tables of their own. `outer_rows` says for each node in which row of
        the table before it belongs.
        """
        settings = DataTableSettings.current()
        unnamed = lay_out_cells(nodes, settings.most_columns)
        if unnamed is not None:
            self._write_heading(names, depth, depth + 2)
            self._write_table((), unnamed, (*headings, *names))
            return True
        if any(node.has_prose for node in nodes):
            return False
        found = lay_out_rows(nodes, settings.most_columns)
        if found is None or not found.columns or found.filled_share < settings.least_filled_share:
            return False
        own_name = name_as_label(nodes[0].name)
        columns = [tuple(map(name_as_label, path)) or (own_name,) for path in found.columns]
        rows = [[row.get(path, "") for path in found.columns] for row in found.rows]
        keys = [row[0] for row in rows]
        if not all(keys) or len(set(keys)) < len(keys):
            keys = [str(number) for number in range(1, len(rows) + 1)]
        if outer_rows:
            columns.insert(0, (names[-2],))
            rows = [[key, *row] for key, row in zip(outer_rows, rows, strict=True)]
        self._write_heading(names, depth, depth + 2)
        self._write_table(columns, rows, (*headings, *names))
        for path, placed in found.inner.items():
            inner, inner_keys = [node for _, node in placed], [keys[row] for row, _ in placed]
            labels = tuple(map(name_as_label, path))
            if len(labels) == 1 and self._write_rows(inner, headings, depth, (*names, *labels), inner_keys):
                continue
            for key, node in zip(inner_keys, inner, strict=True):
                self._write_section(node, headings, depth, (*names[:-1], f"{names[-1]} {key}", *labels))
        return True

    def _write_heading(self, names: Sequence[str], depth: int, level: int) -> None:
        if names:
            self._write_block("heading", _INDENT * depth, _BETWEEN_NAMES.join(names), level)

    def _write_lines(self, lines: Sequence[tuple[NamePath, str]], headings: tuple[str, ...], depth: int) -> None:
        """Write `Label: value` lines; they are a table whose values have the label as their row path."""
        if not lines:
            return
        self._separate("table")
        cells: list[Cell] = []
        for row, (names, value) in enumerate(lines):
            labels = tuple(map(name_as_label, names))
            self._write("\n" * bool(row) + _INDENT * depth)
            cells.append(self._write_cell(_BETWEEN_NAMES.join(labels), row, 0, header=True))
            self._write(": ")
            cells.append(replace(self._write_cell(value, row, 1), row_path=labels))
        self._add_table(Table(tuple(cells), len(lines), 2, cells[0].start, cells[-1].end, headings))

    def _write_table(
        self, columns: Sequence[tuple[str, ...]], rows: Sequence[Sequence[str]], caption: tuple[str, ...]
    ) -> None:
        """Write a table under a row of headers; without `columns`, which of the rows are headers is found out."""
        self._separate("table")
        lines = [[_BETWEEN_NAMES.join(names) for names in columns], *rows] if columns else rows
        cells: list[Cell] = []
        for row, texts in enumerate(lines):
            for column, text in enumerate(texts):
                self._write("" if not cells else "\t" if column else "\n")
                cells.append(self._write_cell(text, row, column, header=bool(columns) and not row))
        found = _find_header_paths(cells)
        if columns:
            cells = _with_row_paths(cells, found)
            cells = [replace(cell, column_path=columns[cell.column]) if cell.row else cell for cell in cells]
        else:
            cells = [
                replace(cell, header=paths.header, row_path=paths.row_path, column_path=paths.column_path)
                for cell, paths in zip(cells, found, strict=True)
            ]
        start, end = cells[0].start, max(cell.end for cell in cells)
        self._add_table(Table(tuple(cells), len(lines), len(lines[0]), start, end, caption))

    def _write_cell(self, text: str, row: int, column: int, *, header: bool = False) -> Cell:
        start = self._length
        self._write(text)
        return Cell(text, start, self._length, row, column, header=header)

    def _add_table(self, table: Table) -> None:
        self._tables.append(table)
        self._blocks.append(Block("table", table.start, table.end))

    def _write_block(self, kind: str, indent: str, text: str, level: int = 0) -> None:
        self._separate(kind)
        self._write(indent)
        start = self._length
        self._write(text)
        self._blocks.append(Block(kind, start, self._length, level=level))

    def _separate(self, kind: str) -> None:
        """Write the line ends before a block; a heading stands directly above what it is over."""
        if self._blocks:
            self._write("\n" if self._blocks[-1].kind == "heading" else "\n\n")

    def _write(self, text: str) -> None:
        self._chunks.append(text)
        self._length += len(text)
        refuse_long_text(self._length, self.source)


def _run_as_lines(run: Sequence[DataNode]) -> list[tuple[NamePath, str]] | None:
    """Return nodes of one name as lines; None where they are more: prose, groups, or a list of several leaves each."""
    found: list[tuple[NamePath, str]] = []
    is_list = len(run) > 1 or run[0].is_listed
    for node in run:
        lines = find_lines(node)
        if lines is None or (is_list and len(lines) > 1):
            return None
        found += lines
    return found


def _take_title(node: DataNode, names: tuple[str, ...]) -> tuple[tuple[str, ...], list[DataNode]]:
    """Return the names over a group and what is in it: a title over prose stands in the place of the group's name."""
    children = [DataNode(node.name, node.text), *node.children] if node.text else node.children
    longest = DataTableSettings.current().longest_title
    first = children[0] if children else None
    if first is None or not node.has_prose or first.children or first.name.lower() not in _TITLES:
        return names, children
    return ((*names[:-1], first.text), children[1:]) if 0 < len(first.text) <= longest else (names, children)


def _find_header_paths(cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """Return the cells in the same order with the header paths that a table of them has, and other offsets."""
    text = "".join(cell.text + "\n" for cell in cells)
    placed, at = [], 0
    for cell in cells:
        placed.append(PlacedCell(at, at + len(cell.text), cell.row, cell.column, header=cell.header))
        at += len(cell.text) + 1
    return tables.build_table(text, placed).cells


def _with_row_paths(cells: Sequence[Cell], found: Sequence[Cell]) -> list[Cell]:
    """Return the cells below a header row with the row labels that were found for them.

    What is a header row is known. The texts of the first column are labels where each says what its row is about; where
    anything else was taken for a header, or two rows have the same label, the cells stay without row labels.
    """
    labels = [cell.text for cell in found if cell.row and cell.header]
    is_sound = all(cell.header == (not cell.row or (bool(cell.text) and not cell.column)) for cell in found)
    if not is_sound or len(set(labels)) < len(labels):
        return list(cells)
    return [replace(c, header=f.header, row_path=f.row_path) for c, f in zip(cells, found, strict=True)]
