"""Formats without pages become a Document: paragraphs, tables and embedded documents are written out in order.

The readers of such formats only say what there is. White space, offsets, blocks, captions and flattened tables are
decided here, the same way for all of them. A table inside a table is a Table of its own, as in HTML, and its text is
part of the outer cell as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from extractor import tables
from extractor.problems import ProblemKind
from extractor.readers.headings import heading_level
from extractor.readers.limits import refuse_long_text
from extractor.readers.presentational_tables import LayoutTableSettings, TableShape, is_layout_table, is_long_cell
from extractor.readers.text_marks import printed_characters
from extractor.tables import PlacedCell
from extractor.types import Block, Document, Page, Problem, Table, Word


@dataclass(frozen=True, slots=True)
class FlowParagraph:
    """Text that belongs together, line breaks and tabs kept; `kind` and `level` are those of a `Block`.

    A paragraph that reads as a heading becomes one; `hidden` ones are written after everything that is shown.
    """

    text: str
    kind: str = "paragraph"
    level: int = 0


@dataclass(frozen=True, slots=True)
class FlowCell:
    """A cell of a table: its place, its spans, and what is in it."""

    row: int
    column: int
    elements: tuple[FlowElement, ...] = ()
    row_span: int = 1
    column_span: int = 1
    header: bool = False


@dataclass(frozen=True, slots=True)
class FlowTable:
    """Cells set as a table; it becomes a Table unless it only places things on the page."""

    cells: tuple[FlowCell, ...]


FlowElement = FlowParagraph | FlowTable | Document
"""A Document among the elements is something with a reader of its own: a picture, an attachment, the body of a mail."""


def write_flow(
    elements: Iterable[FlowElement], identity: str, source: str, problems: Sequence[Problem] = ()
) -> Document:
    """Return the document of `elements` in order; it has one page without a size.

    Of a Document among the elements everything is kept except places on its pages, which this document does not have.
    Raises InputError for text over the limit.
    """
    writer = FlowWriter(source)
    hidden = []
    for element in elements:
        if isinstance(element, FlowParagraph) and element.kind == "hidden":
            hidden.append(element)
        else:
            writer.write_element(element)
    writer.end_shown()
    for element in hidden:
        writer.write_hidden(element)
    return writer.document(identity, problems)


def find_flattened_between(text: str, taken: Iterable[tuple[int, int]], end: int) -> list[Table]:
    """Return the flattened tables of `text[:end]` in the gaps between the ranges in `taken`."""
    found: list[Table] = []
    at = 0
    for start, stop in [*sorted(taken), (end, end)]:
        if start > at:
            found += [t for t in tables.find_tables_in_text(text, at, start) if at <= t.start and t.end <= start]
        at = max(at, stop)
    return found


def replace_with_table_blocks(blocks: list[Block], found: Sequence[Table]) -> list[Block]:
    """Return the blocks in order, those inside a rebuilt table replaced by one block for the table."""
    for table in found:
        blocks = [block for block in blocks if block.end <= table.start or block.start >= table.end]
        blocks.append(Block("table", table.start, table.end))
    return sorted(blocks, key=lambda block: block.start) if found else blocks


@dataclass(slots=True)
class FlowWriter:
    """Collects the text of elements in order: first what is shown, then `end_shown`, then what is hidden."""

    source: str
    _chunks: list[str] = field(default_factory=list)
    _length: int = 0
    _blocks: list[Block] = field(default_factory=list)
    _table_cells: list[tuple[list[PlacedCell], tuple[str, ...]]] = field(default_factory=list)
    _tables: list[Table] = field(default_factory=list)
    _taken: list[tuple[int, int]] = field(default_factory=list)
    """Ranges of the text in which no flattened tables are looked for."""
    _words: list[Word] = field(default_factory=list)
    _problems: list[Problem] = field(default_factory=list)
    _headings: list[tuple[int, str]] = field(default_factory=list)
    _shown_end: int = 0
    _previous: FlowElement | None = None

    def write_element(self, element: FlowElement) -> None:
        """Write a paragraph, a table, what is in a table of page layout, or an embedded document."""
        if isinstance(element, FlowTable):
            if is_layout(element):
                for inner in _unwrap_layout(element):
                    self.write_element(inner)
                return
            self._separate(element)
            start = self._length
            self._write_table(element)
            self._blocks.append(Block("table", start, self._length))
            self._taken.append((start, self._length))
        elif isinstance(element, FlowParagraph):
            self._write_paragraph(element)
        elif element.text.strip():
            self._separate(element)
            self._write_document(element)
        else:
            self._problems += element.problems

    def end_shown(self) -> None:
        """Mark the end of the text that is shown."""
        if self._length:
            self._write("\n")
        else:
            message = "The document shows no text; open it and check that it is the right file."
            self._problems.append(Problem((), ProblemKind.NO_TEXT, message))
        self._shown_end = self._length

    def write_hidden(self, paragraph: FlowParagraph) -> None:
        """Write a paragraph as a block of hidden text."""
        words = " ".join(paragraph.text.split())
        if words:
            self._write("\n")
            start = self._length
            self._write(words)
            self._blocks.append(Block("hidden", start, self._length))
            self._write("\n")

    def document(self, identity: str, problems: Sequence[Problem]) -> Document:
        """Return the document of what was written."""
        text = "".join(self._chunks)
        found = self._tables + [tables.build_table(text, cells, caption) for cells, caption in self._table_cells]
        flattened = find_flattened_between(text, self._taken, self._shown_end)
        found = sorted([*found, *flattened], key=lambda table: (table.start, -table.end))
        blocks = replace_with_table_blocks(self._blocks, flattened)
        page = Page(1, 0, len(text), words=tuple(self._words))
        problems = (*problems, *self._problems)
        return Document(identity, self.source, text, (page,), tuple(blocks), tuple(found), problems)

    def _write(self, text: str) -> None:
        self._chunks.append(text)
        self._length += len(text)
        refuse_long_text(self._length, self.source)

    def _separate(self, element: FlowElement) -> None:
        """Write the line ends before an element: list items, and lines with tabs, follow each other directly."""
        if self._length:
            pair = (self._previous, element)
            together = all(isinstance(each, FlowParagraph) for each in pair) and (
                all(each.kind == "list_item" for each in pair) or all("\t" in each.text for each in pair)
            )
            self._write("\n" if together else "\n\n")
        self._previous = element

    def _write_paragraph(self, paragraph: FlowParagraph) -> None:
        text = _clean(paragraph.text)
        if not text.strip():
            return
        self._separate(paragraph)
        start = self._length + len(text) - len(text.lstrip())
        self._write(text)
        kind, level = paragraph.kind, paragraph.level
        if kind == "paragraph" and "\n" not in text:
            level = heading_level(text)
            kind = "heading" if level else kind
        if kind == "heading":
            self._headings = [outer for outer in self._headings if outer[0] < level]
            self._headings.append((level, tables.collapse_whitespace(text)))
        self._blocks.append(Block(kind, start, self._length, level=level))

    def _write_table(self, table: FlowTable) -> None:
        cells, row = [], -1
        for cell in sorted(table.cells, key=lambda cell: (cell.row, cell.column)):
            if row >= 0:
                self._write("\t" if cell.row == row else "\n")
            row = cell.row
            start = self._length
            self._write_cell_content(cell.elements)
            place = (cell.row, cell.column, cell.row_span, cell.column_span, cell.header)
            cells.append(PlacedCell(start, self._length, *place))
        self._table_cells.append((cells, tuple(text for _, text in self._headings)))

    def _write_cell_content(self, elements: Sequence[FlowElement]) -> None:
        """Write what is in a cell, a line for each element."""
        has_text = False
        for element in elements:
            text = _clean(element.text).strip() if isinstance(element, FlowParagraph) else ""
            if isinstance(element, FlowParagraph) and not text:
                continue
            if has_text:
                self._write("\n")
            has_text = True
            if isinstance(element, FlowParagraph):
                self._write(text)
            elif isinstance(element, Document):
                before = len(self._blocks)
                self._write_document(element)
                # The block of the outer table stands for everything shown in it.
                self._blocks[before:] = [block for block in self._blocks[before:] if block.kind == "hidden"]
            elif is_layout(element):
                self._write_cell_content(_unwrap_layout(element))
            else:
                self._write_table(element)

    def _write_document(self, inner: Document) -> None:
        text = inner.text.rstrip()
        shift = self._length
        self._write(text)
        self._taken.append((shift, self._length))
        self._problems += inner.problems
        for block in inner.blocks:
            if block.start < len(text):
                end = min(block.end, len(text))
                self._blocks.append(Block(block.kind, block.start + shift, end + shift, None, block.level))
        for page in inner.pages:
            for word in page.words:
                self._words.append(replace(word, start=word.start + shift, end=word.end + shift, box=None))
        for table in inner.tables:
            cells = tuple(replace(c, start=c.start + shift, end=c.end + shift, box=None) for c in table.cells)
            start, end = table.start + shift, table.end + shift
            self._tables.append(replace(table, cells=cells, start=start, end=end, pages=()))


def _clean(text: str) -> str:
    text = printed_characters(text)
    return text.replace("\xa0", " ").replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").rstrip()


# Tables that only place things on the page.


def is_layout(table: FlowTable) -> bool:
    """Decide whether a table only places things on the page."""
    sizes = [(cell, _count_characters(cell.elements)) for cell in table.cells]
    filled = [(cell, size) for cell, size in sizes if size]
    rows: dict[int, int] = {}
    for cell in table.cells:
        rows[cell.row] = rows.get(cell.row, 0) + 1
    shape = TableShape(
        rows=len(rows),
        widest_row=max(rows.values(), default=0),
        filled_cells=len(filled),
        header_cells=sum(cell.header for cell, _ in filled),
        long_cells=sum(is_long_cell(size, len(cell.elements)) for cell, size in filled),
        nesting_cells=sum(any(isinstance(each, FlowTable) for each in cell.elements) for cell, _ in filled),
        characters=sum(size for _, size in filled),
    )
    return is_layout_table(shape)


def _count_characters(elements: Sequence[FlowElement]) -> int:
    count = 0
    for element in elements:
        if isinstance(element, FlowTable):
            count += sum(_count_characters(cell.elements) for cell in element.cells)
        else:
            count += len(element.text.strip())
    return count


def _unwrap_layout(table: FlowTable) -> list[FlowElement]:
    """Return what is in the cells of a layout table, in order; short cells side by side make one line with tabs."""
    longest = LayoutTableSettings.current().short_cell
    rows: dict[int, list[FlowCell]] = {}
    for cell in sorted(table.cells, key=lambda cell: (cell.row, cell.column)):
        if _count_characters(cell.elements):
            rows.setdefault(cell.row, []).append(cell)
    elements: list[FlowElement] = []
    for cells in rows.values():
        single = [cell.elements[0] for cell in cells if len(cell.elements) == 1]
        short = all(
            isinstance(each, FlowParagraph) and len(each.text) <= longest and "\n" not in each.text for each in single
        )
        if len(cells) > 1 and len(single) == len(cells) and short:
            elements.append(FlowParagraph("\t".join(each.text.strip() for each in single)))
        else:
            elements += [element for cell in cells for element in cell.elements]
    return elements
