"""Formats without pages become a Document: paragraphs, grids of cells and documents inside are written out in order.

The readers of such formats only say what is there; white space, offsets, blocks, captions and flattened tables are
settled here, the same way for all of them. The choice for tables in tables is that of HTML: an inner table is a Table
of its own, and its text is part of the outer cell as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from extractor import tables
from extractor.errors import InputError
from extractor.readers import MAX_CHARACTERS
from extractor.readers import text as plain
from extractor.tables import PlacedCell
from extractor.types import Block, Document, Page, Problem, Table, Word


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Text that belongs together, line breaks and tabs kept; `kind` and `level` are those of a `Block`.

    A paragraph that reads as a heading becomes one; `hidden` ones are written behind everything that is shown.
    """

    text: str
    kind: str = "paragraph"
    level: int = 0


@dataclass(frozen=True, slots=True)
class GridCell:
    """A cell of a grid: its place, its spans, and what is in it."""

    row: int
    column: int
    parts: tuple[Part, ...] = ()
    row_span: int = 1
    column_span: int = 1
    header: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """Cells ruled as a table; it becomes a Table unless it only places things on the page."""

    cells: tuple[GridCell, ...]


Part = Paragraph | Grid | Document
"""A Document among the parts is something with a reader of its own: a picture, an attachment, the body of a mail."""


def flowed(parts: Iterable[Part], identity: str, source: str, problems: Sequence[Problem] = ()) -> Document:
    """The document of `parts` in order; it has one page without measures.

    Of a Document among the parts everything is kept but places on its pages, which this document does not have.
    Raises InputError for text over the limit.
    """
    flow = _Flow(source)
    hidden = []
    for part in parts:
        if isinstance(part, Paragraph) and part.kind == "hidden":
            hidden.append(part)
        else:
            flow.part(part)
    flow.end_shown()
    for part in hidden:
        flow.hidden(part)
    return flow.document(identity, problems)


def flattened_between(text: str, taken: Iterable[tuple[int, int]], end: int) -> list[Table]:
    """The flattened tables of `text[:end]` in the gaps between the stretches taken."""
    found, at = [], 0
    for start, stop in [*sorted(taken), (end, end)]:
        if start > at:
            found += [t for t in tables.find_tables_in_text(text, at, start) if at <= t.start and t.end <= start]
        at = max(at, stop)
    return found


def around_tables(blocks: list[Block], found: Sequence[Table]) -> list[Block]:
    """The blocks, those inside a rebuilt table replaced by one block for it."""
    for table in found:
        blocks = [block for block in blocks if block.end <= table.start or block.start >= table.end]
        blocks.append(Block("table", table.start, table.end))
    return sorted(blocks, key=lambda block: block.start) if found else blocks


@dataclass(slots=True)
class _Flow:
    source: str
    chunks: list[str] = field(default_factory=list)
    length: int = 0
    blocks: list[Block] = field(default_factory=list)
    grids: list[tuple[list[PlacedCell], tuple[str, ...]]] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    taken: list[tuple[int, int]] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    headings: list[tuple[int, str]] = field(default_factory=list)
    shown: int = 0
    before: Part | None = None

    def part(self, part: Part) -> None:
        if isinstance(part, Grid):
            if _is_layout(part):
                for inner in _laid_out(part):
                    self.part(inner)
            else:
                self._part_off(part)
                start = self.length
                self._grid(part)
                self.blocks.append(Block("table", start, self.length))
                self.taken.append((start, self.length))
        elif isinstance(part, Paragraph):
            self._paragraph(part)
        elif part.text.strip():
            self._part_off(part)
            self._document(part)
        else:
            self.problems += part.problems

    def end_shown(self) -> None:
        """Everything written from here on is hidden."""
        if self.length:
            self._write("\n")
        else:
            self.problems.append(Problem((), "no_text", "The document shows no text."))
        self.shown = self.length

    def hidden(self, part: Paragraph) -> None:
        words = " ".join(part.text.split())
        if words:
            self._write("\n")
            start = self.length
            self._write(words)
            self.blocks.append(Block("hidden", start, self.length))
            self._write("\n")

    def document(self, identity: str, problems: Sequence[Problem]) -> Document:
        text = "".join(self.chunks)
        found = self.tables + [tables.build_table(text, cells, caption) for cells, caption in self.grids]
        flattened = flattened_between(text, self.taken, self.shown)
        found = sorted([*found, *flattened], key=lambda table: (table.start, -table.end))
        blocks = around_tables(self.blocks, flattened)
        page = Page(1, 0, len(text), words=tuple(self.words))
        problems = (*problems, *self.problems)
        return Document(identity, self.source, text, (page,), tuple(blocks), tuple(found), problems)

    def _write(self, text: str) -> None:
        self.chunks.append(text)
        self.length += len(text)
        if self.length > MAX_CHARACTERS:
            raise InputError(
                f"{self.source} holds more than {MAX_CHARACTERS:,} characters, the limit for text.",
                "Split it into smaller files.",
            )

    def _part_off(self, part: Part) -> None:
        """The line ends between this part and the one before: list items and lines with tabs stay together."""
        if self.length:
            pair = (self.before, part)
            together = all(isinstance(each, Paragraph) for each in pair) and (
                all(each.kind == "list_item" for each in pair) or all("\t" in each.text for each in pair)
            )
            self._write("\n" if together else "\n\n")
        self.before = part

    def _paragraph(self, part: Paragraph) -> None:
        words = _clean(part.text)
        if not words.strip():
            return
        self._part_off(part)
        start = self.length + len(words) - len(words.lstrip())
        self._write(words)
        kind, level = part.kind, part.level
        if kind == "paragraph" and "\n" not in words:
            level = plain.heading_level(words)
            kind = "heading" if level else kind
        if kind == "heading":
            self.headings = [held for held in self.headings if held[0] < level]
            self.headings.append((level, tables.collapse_whitespace(words)))
        self.blocks.append(Block(kind, start, self.length, level=level))

    def _grid(self, grid: Grid) -> None:
        cells, row = [], -1
        for cell in sorted(grid.cells, key=lambda cell: (cell.row, cell.column)):
            if row >= 0:
                self._write("\t" if cell.row == row else "\n")
            row = cell.row
            start = self.length
            self._inside(cell.parts)
            place = (cell.row, cell.column, cell.row_span, cell.column_span, cell.header)
            cells.append(PlacedCell(start, self.length, *place))
        self.grids.append((cells, tuple(text for _, text in self.headings)))

    def _inside(self, parts: Sequence[Part]) -> None:
        """What stands in a cell, a line for each part."""
        begun = False
        for part in parts:
            words = _clean(part.text).strip() if isinstance(part, Paragraph) else ""
            if isinstance(part, Paragraph) and not words:
                continue
            if begun:
                self._write("\n")
            begun = True
            if isinstance(part, Paragraph):
                self._write(words)
            elif isinstance(part, Document):
                before = len(self.blocks)
                self._document(part)
                # The block of the whole table stands for all that is shown in it.
                self.blocks[before:] = [block for block in self.blocks[before:] if block.kind == "hidden"]
            elif _is_layout(part):
                self._inside(_laid_out(part))
            else:
                self._grid(part)

    def _document(self, inner: Document) -> None:
        text = inner.text.rstrip()
        by = self.length
        self._write(text)
        self.taken.append((by, self.length))
        self.problems += inner.problems
        for block in inner.blocks:
            if block.start < len(text):
                self.blocks.append(
                    Block(block.kind, block.start + by, min(block.end, len(text)) + by, None, block.level)
                )
        for page in inner.pages:
            for word in page.words:
                self.words.append(replace(word, start=word.start + by, end=word.end + by, box=None))
        for table in inner.tables:
            cells = tuple(replace(c, start=c.start + by, end=c.end + by, box=None) for c in table.cells)
            self.tables.append(replace(table, cells=cells, start=table.start + by, end=table.end + by, pages=()))


def _clean(text: str) -> str:
    return text.replace("\xa0", " ").replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").rstrip()


# Tables that only place things on the page.


def _is_layout(grid: Grid) -> bool:
    """Whether a grid is no table: one column, one row without heads, or cells full of page."""
    sizes = [(cell, _characters(cell.parts)) for cell in grid.cells]
    filled = [(cell, size) for cell, size in sizes if size]
    rows: dict[int, int] = {}
    for cell in grid.cells:
        rows[cell.row] = rows.get(cell.row, 0) + 1
    heads = any(cell.header for cell, _ in filled)
    if len(filled) < 2 or max(rows.values()) < 2 or (len(rows) < 2 and not heads):
        return True
    nesting = sum(any(isinstance(part, Grid) for part in cell.parts) for cell, _ in filled)
    if nesting and (not heads or nesting * 2 > len(filled)):
        return nesting * 4 > len(filled) or sum(size for _, size in filled) > 3000 * nesting
    long = sum(size > 300 or len(cell.parts) > 12 for cell, size in filled)
    return not heads and long * 2 > len(filled) and len(filled) <= 6


def _characters(parts: Sequence[Part]) -> int:
    count = 0
    for part in parts:
        if isinstance(part, Grid):
            count += sum(_characters(cell.parts) for cell in part.cells)
        else:
            count += len(part.text.strip())
    return count


def _laid_out(grid: Grid) -> list[Part]:
    """What is in the cells of a layout table in order; short cells side by side are one line, tabs between them."""
    rows: dict[int, list[GridCell]] = {}
    for cell in sorted(grid.cells, key=lambda cell: (cell.row, cell.column)):
        if _characters(cell.parts):
            rows.setdefault(cell.row, []).append(cell)
    parts: list[Part] = []
    for cells in rows.values():
        lone = [cell.parts[0] for cell in cells if len(cell.parts) == 1]
        short = all(isinstance(part, Paragraph) and len(part.text) <= 120 and "\n" not in part.text for part in lone)
        if len(cells) > 1 and len(lone) == len(cells) and short:
            parts.append(Paragraph("\t".join(part.text.strip() for part in lone)))
        else:
            parts += [part for cell in cells for part in cell.parts]
    return parts
