"""Laid-out pages become a Document: the text is written out part by part, and tables that go on overleaf are joined."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from extractor import tables
from extractor.geometry import PlacedWord, Rect
from extractor.layout import LayoutBlock, LayoutCell, TableBlock, TextBlock, TextLine, separator_before
from extractor.tables import PlacedCell, PlacedLine
from extractor.types import BBox, Block, Document, Page, Problem, Table, Word

_HAN = re.compile("[\u4e00-\u9fff]")


@dataclass(frozen=True, slots=True)
class _Written:
    """A table part with its cells' places in the text."""

    cells: tuple[PlacedCell, ...]
    page: int
    xs: tuple[float, ...]
    start: int
    end: int
    first: bool
    """Nothing but page furniture stands before it on its page."""
    last: bool
    caption: tuple[str, ...]
    above: tuple[str, ...]
    """The lines over it on its page."""


class PageWriter:
    """Collects the text of pages, in order, with the place of every word; `document` yields the whole."""

    def __init__(self) -> None:
        self._chunks: list[str] = []
        self.length = 0
        self._words: list[Word] = []
        self._blocks: list[Block] = []
        self._pages: list[Page] = []
        self._tables: list[_Written] = []
        self._headings: list[tuple[int, str]] = []
        self._lines: list[PlacedLine] = []
        self._number = 0

    def page(
        self,
        number: int,
        width: float,
        height: float,
        parts: Sequence[LayoutBlock],
        hidden: Sequence[PlacedWord] = (),
        turn: float = 0.0,
    ) -> None:
        """Writes one page: its parts in reading order, then the text that is not shown, as one `hidden` block.

        `turn` is that of `types.Page`.
        """
        if self.length:
            self._write("\n")
        self._number, self._words, start = number, [], self.length
        above: list[str] = []
        substance = [part for part in parts if not _is_furniture(part, height)]
        for part in parts:
            if self.length > start:
                self._write("\n")
            if isinstance(part, TableBlock):
                at_top = bool(substance) and part is substance[0]
                self._table(part, at_top, bool(substance) and part is substance[-1], tuple(above))
            else:
                self._lines_block(part)
                above += [" ".join(segment.text for segment in line.segments) for line in part.lines]
        if hidden:
            begin = self.length
            if self.length > start:
                self._write("\n")
                begin = self.length
            for position, word in enumerate(hidden):
                self._write(" " if position else "")
                self._word(word)
            self._blocks.append(Block("hidden", begin, self.length, number))
            self._write("\n")
        self._pages.append(Page(number, start, self.length, width, height, tuple(self._words), turn))

    def document(self, identity: str, source: str, problems: Sequence[Problem] = ()) -> Document:
        """The document of all pages written so far."""
        text = "".join(self._chunks)
        found = [_build(text, group) for group in _continued(text, self._tables)]
        found = sorted(
            [*found, *tables.find_cell_per_line_tables(text, self._lines)], key=lambda table: (table.start, -table.end)
        )
        return Document(identity, source, text, tuple(self._pages), tuple(self._blocks), tuple(found), tuple(problems))

    def _write(self, text: str) -> None:
        self._chunks.append(text)
        self.length += len(text)

    def _word(self, word: PlacedWord) -> None:
        start = self.length
        self._write(word.text)
        box, seen = _bbox(self._number, word.page_box or word.box), word.confidence is not None
        self._words.append(Word(word.text, start, self.length, box, word.confidence, seen))

    def _line(self, line: TextLine, parting: str = "\t") -> None:
        for position, segment in enumerate(line.segments):
            self._write(parting if position else "")
            before = None
            for word in segment.words:
                self._write(separator_before(before, word))
                self._word(word)
                before = word

    def _between(self, line: TextLine, following: TextLine) -> str:
        return _closed_up(line, following) if line.wraps else "\n"

    def _lines_block(self, part: TextBlock) -> None:
        start = self.length
        for position, line in enumerate(part.lines):
            if position:
                self._write(self._between(part.lines[position - 1], line))
            begin = self.length
            self._line(line)
            self._lines.append(PlacedLine(begin, self.length, self._number, line.box, len(line.segments) == 1))
        box = _bbox(self._number, _around(part.lines))
        self._blocks.append(Block(part.kind, start, self.length, self._number, part.level, box))
        if part.kind == "heading":
            text = " ".join(segment.text for line in part.lines for segment in line.segments)
            self._headings = [held for held in self._headings if held[0] < part.level] + [(part.level, text)]
        self._write("\n")

    def _table(self, part: TableBlock, first: bool, last: bool, above: tuple[str, ...]) -> None:
        start, cells, row = self.length, [], -1
        last_filled = {cell.row: cell.column for cell in sorted(part.cells, key=lambda cell: cell.column) if cell.lines}
        reached = 0
        reaching: dict[int, int] = {}  # the columns that a cell from above reaches down into, and to which row
        for cell in sorted(part.cells, key=lambda cell: (cell.row, cell.column)):
            if cell.row != row:
                self._write("\n" if row >= 0 else "")
                row, reached = cell.row, -1
            if cell.column <= last_filled.get(row, -1):
                # Under a cell that reaches down stands a blank, so that the columns stay in step.
                passed = sum(reaching.get(column, -1) > row for column in range(max(reached, 0), cell.column))
                self._write("\t" * (passed + (reached >= 0)))
                reached = cell.column + cell.column_span
            if cell.lines and cell.row_span > 1:
                reaching[cell.column] = cell.row + cell.row_span
            cells.append(self._cell(cell))
        box = _bbox(self._number, part.box)
        self._blocks.append(Block("table", start, self.length, self._number, 0, box))
        caption = tuple(text for _, text in self._headings)
        written = _Written(
            tuple(cells), self._number, part.column_edges, start, self.length, first, last, caption, above
        )
        self._tables.append(written)
        self._write("\n")

    def _cell(self, cell: LayoutCell) -> PlacedCell:
        start = self.length
        # Several segments on each of its lines are pairs of label and value, or a table in the cell.
        apart = len(cell.lines) > 1 and sum(len(line.segments) > 1 for line in cell.lines) * 2 > len(cell.lines)
        for position, line in enumerate(cell.lines):
            # Otherwise a row stays on one line: what was broken only because the column is narrow is closed up.
            if position:
                self._write("\n" if apart else _closed_up(cell.lines[position - 1], line))
            self._line(line, parting=" ")
        box = _bbox(self._number, cell.box)
        return PlacedCell(start, self.length, cell.row, cell.column, cell.row_span, cell.column_span, box=box)


def _closed_up(line: TextLine, following: TextLine) -> str:
    """What stands where two lines are made one: nothing within Chinese, a number or a hyphenated word, else a space."""
    before, after = line.segments[-1].words[-1].text, following.segments[0].words[0].text
    if before[-1] in "-\u2010" and before[-2:-1].isalpha() and after[0].islower():
        return ""
    if before[-1] in ".," and before[-2:-1].isdigit() and after[0].isdigit():
        return ""
    if (
        before[-1].isdigit()
        and after[0].isdigit()
        and _HAN.search(line.segments[-1].text)
        and _HAN.search(following.segments[0].text)
    ):
        return ""  # plainly set Chinese breaks anywhere, also between two digits
    return tables.collapse_whitespace(f"{before[-1]}\n{after[0]}")[1:-1]


def _bbox(page: int, box: Rect) -> BBox:
    return BBox(page, round(box.x0, 2), round(box.top, 2), round(box.x1, 2), round(box.bottom, 2))


def _around(lines: Sequence[TextLine]) -> Rect:
    boxes = [word.page_box or word.box for line in lines for segment in line.segments for word in segment.words]
    return Rect(
        min(box.x0 for box in boxes),
        min(box.top for box in boxes),
        max(box.x1 for box in boxes),
        max(box.bottom for box in boxes),
    )


def _is_furniture(part: LayoutBlock, height: float) -> bool:
    """A running head or foot: one or two lines at the very top or bottom of the page."""
    if isinstance(part, TableBlock) or len(part.lines) > 2:
        return False
    box = _around(part.lines)
    return box.bottom < 0.1 * height or box.top > 0.9 * height


def _continued(text: str, written: Sequence[_Written]) -> list[list[_Written]]:
    """Tables in groups: one that ends a page and one that begins the next with the same columns are one table."""
    groups: list[list[_Written]] = []
    for table in written:
        if groups:
            before = groups[-1][-1]
            follows = before.last and table.page == before.page + 1 and _shared_columns(before.xs, table.xs)
            if follows and (table.first or _same_head(groups[-1][0].above, table.above)):
                groups[-1].append(table)
                continue
        groups.append([table])
    return groups


def _same_head(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether a page begins with the lines of the page before, all but a few (its number, the title of the first)."""
    shared = sum(line in one for line in other)
    return bool(other) and shared >= 0.8 * len(other)


def _shared_columns(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    """Whether two tables are as wide, and the lines between the columns of one are all lines of the other."""
    fewer, more = sorted((_from_the_left(one), _from_the_left(other)), key=len)
    # Two columns of equal width are too little to know a table by, unless that is all there is.
    return (
        abs(fewer[-1] - more[-1]) <= 4
        and (len(fewer) > 2 or len(more) == len(fewer))
        and all(any(abs(x - mark) <= 4 for mark in more) for x in fewer)
    )


def _from_the_left(xs: tuple[float, ...]) -> list[float]:
    # A page may be shifted sideways (left and right pages of a book), but not stretched.
    return [x - xs[0] for x in xs]


def _onto(cells: Sequence[PlacedCell], xs: tuple[float, ...], wider: list[float]) -> list[PlacedCell]:
    """The cells with their columns counted in the columns of the whole table."""
    places = [min(range(len(wider)), key=lambda at: abs(wider[at] - x)) for x in _from_the_left(xs)]
    return [
        replace(
            cell,
            column=places[cell.column],
            column_span=max(1, places[cell.column + cell.column_span] - places[cell.column]),
        )
        for cell in cells
    ]


def _build(text: str, group: Sequence[_Written]) -> Table:
    head = group[0]
    wider = _from_the_left(max((table.xs for table in group), key=len))
    top = cells = _onto(head.cells, head.xs, wider)
    for following in group[1:]:
        height = max(cell.row + cell.row_span for cell in cells)
        more = _onto(following.cells, following.xs, wider)
        repeated = _repeated_rows(text, top, more)
        cells = cells + [replace(cell, row=cell.row - repeated + height) for cell in more if cell.row >= repeated]
    pages = tuple(table.page for table in group)
    return tables.build_table(text, cells, head.caption, pages)


def _repeated_rows(text: str, head: Sequence[PlacedCell], following: Sequence[PlacedCell]) -> int:
    """How many rows at the top of the following page only repeat those at the top of the table."""

    def row(cells: Sequence[PlacedCell], number: int) -> list[tuple[int, int, int, str]]:
        return [
            (
                cell.column,
                cell.row_span,
                cell.column_span,
                tables.collapse_whitespace(text[cell.text_start : cell.text_end]),
            )
            for cell in cells
            if cell.row == number
        ]

    rows = max((cell.row for cell in following), default=-1) + 1
    repeated = 0
    while repeated < min(rows, 6) and row(head, repeated) and row(head, repeated) == row(following, repeated):
        repeated += 1
    return repeated
