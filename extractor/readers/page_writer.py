"""Pages in reading order become a Document: their blocks are written out, tables that continue overleaf are joined."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from extractor import tables
from extractor.geometry import PlacedWord, Rect, union
from extractor.layout import LayoutBlock, LayoutCell, TableBlock, TextBlock, TextLine, separator_before
from extractor.readers.continued_tables import WrittenTable, build_joined_table, group_continued_tables
from extractor.readers.text_direction import is_written_leftward, mirror_columns, words_in_order
from extractor.settings import Settings, threshold
from extractor.tables import PlacedCell, PlacedLine
from extractor.types import BBox, Block, Document, Page, Problem, Word
from extractor.values.scripts import has_han


@dataclass(frozen=True)
class PageWriterSettings(Settings):
    """What counts as a running head or foot."""

    running_head_lines: int = threshold(2, unit="lines", meaning="a running head or foot has no more lines")
    margin_share: float = threshold(
        0.1, meaning="share of the height of the page, at its top and bottom, in which running heads and feet are"
    )


class PageWriter:
    """Collects the text of pages, in order, with the place of every word; `document` yields the result."""

    def __init__(self) -> None:
        self._chunks: list[str] = []
        self.length = 0
        self._words: list[Word] = []
        self._blocks: list[Block] = []
        self._pages: list[Page] = []
        self._tables: list[WrittenTable] = []
        self._headings: list[tuple[int, str]] = []
        self._lines: list[PlacedLine] = []
        self._number = 0
        self._is_leftward = False

    def write_page(
        self,
        number: int,
        width: float,
        height: float,
        blocks: Sequence[LayoutBlock],
        hidden: Sequence[PlacedWord] = (),
        turn: float = 0.0,
    ) -> None:
        """Write one page: its blocks in reading order, then the text that is not shown, as one `hidden` block.

        `turn` is that of `types.Page`.
        """
        if self.length:
            self._write("\n")
        self._number, self._words, start = number, [], self.length
        self._is_leftward = is_written_leftward(word.text for block in blocks for word in _words_of(block))
        lines_above: list[str] = []
        body = [block for block in blocks if not _is_running_head(block, height)]
        for block in blocks:
            if self.length > start:
                self._write("\n")
            if isinstance(block, TableBlock):
                begins_page = bool(body) and block is body[0]
                ends_page = bool(body) and block is body[-1]
                self._write_table(block, begins_page, ends_page, tuple(lines_above))
            else:
                self._write_text_block(block)
                lines_above += [" ".join(segment.text for segment in line.segments) for line in block.lines]
        if hidden:
            if self.length > start:
                self._write("\n")
            hidden_start = self.length
            for position, word in enumerate(hidden):
                self._write(" " if position else "")
                self._write_word(word)
            self._blocks.append(Block("hidden", hidden_start, self.length, number))
            self._write("\n")
        self._pages.append(Page(number, start, self.length, width, height, tuple(self._words), turn))

    def document(self, identity: str, source: str, problems: Sequence[Problem] = ()) -> Document:
        """Return the document of all pages written so far."""
        text = "".join(self._chunks)
        found = [build_joined_table(text, group) for group in group_continued_tables(self._tables)]
        found += tables.find_cell_per_line_tables(text, self._lines)
        found.sort(key=lambda table: (table.start, -table.end))
        return Document(identity, source, text, tuple(self._pages), tuple(self._blocks), tuple(found), tuple(problems))

    def _write(self, text: str) -> None:
        self._chunks.append(text)
        self.length += len(text)

    def _write_word(self, word: PlacedWord) -> None:
        start = self.length
        self._write(word.text)
        box, from_ocr = self._page_box(word.page_box or word.box), word.confidence is not None
        self._words.append(Word(word.text, start, self.length, box, word.confidence, from_ocr))

    def _write_line(self, line: TextLine, separator: str = "\t") -> None:
        for position, words in enumerate(words_in_order(line, self._is_leftward)):
            self._write(separator if position else "")
            for word, neighbours in words:
                if neighbours:
                    self._write(separator_before(*neighbours))
                self._write_word(word)

    def _write_text_block(self, block: TextBlock) -> None:
        start = self.length
        previous = None
        for line in block.lines:
            if previous is not None:
                self._write(_join_lines(previous, line) if previous.wraps else "\n")
            line_start = self.length
            self._write_line(line)
            is_one_segment = len(line.segments) == 1
            self._lines.append(PlacedLine(line_start, self.length, self._number, line.box, is_one_segment))
            previous = line
        box = self._page_box(_bounding_box(block.lines))
        self._blocks.append(Block(block.kind, start, self.length, self._number, block.level, box))
        if block.kind == "heading":
            text = " ".join(segment.text for line in block.lines for segment in line.segments)
            self._headings = [outer for outer in self._headings if outer[0] < block.level] + [(block.level, text)]
        self._write("\n")

    def _write_table(self, block: TableBlock, begins_page: bool, ends_page: bool, lines_above: tuple[str, ...]) -> None:
        start, cells, row = self.length, [], -1
        placed = mirror_columns(block.cells) if self._is_leftward else block.cells
        last_filled = {cell.row: cell.column for cell in sorted(placed, key=lambda cell: cell.column) if cell.lines}
        next_column = 0
        rows_spanned_to: dict[int, int] = {}  # column -> the row up to which a filled cell from above spans
        for cell in sorted(placed, key=lambda cell: (cell.row, cell.column)):
            if cell.row != row:
                self._write("\n" if row >= 0 else "")
                row, next_column = cell.row, -1
            if cell.column <= last_filled.get(row, -1):
                # A blank stands under a cell that spans rows, so that the columns stay aligned.
                spanned = sum(rows_spanned_to.get(c, -1) > row for c in range(max(next_column, 0), cell.column))
                self._write("\t" * (spanned + (next_column >= 0)))
                next_column = cell.column + cell.column_span
            if cell.lines and cell.row_span > 1:
                rows_spanned_to[cell.column] = cell.row + cell.row_span
            cells.append(self._write_cell(cell))
        box = self._page_box(block.box)
        self._blocks.append(Block("table", start, self.length, self._number, 0, box))
        self._tables.append(
            WrittenTable(
                cells=tuple(cells),
                page=self._number,
                xs=block.column_edges,
                begins_page=begins_page,
                ends_page=ends_page,
                caption=tuple(text for _, text in self._headings),
                lines_above=lines_above,
            )
        )
        self._write("\n")

    def _write_cell(self, cell: LayoutCell) -> PlacedCell:
        start = self.length
        # Several segments on most of its lines are pairs of label and value, or a table in the cell. Otherwise a row
        # stays on one line: lines that were broken only because the column is narrow are joined.
        segmented = sum(len(line.segments) > 1 for line in cell.lines)
        keeps_lines = len(cell.lines) > 1 and segmented * 2 > len(cell.lines)
        previous = None
        for line in cell.lines:
            if previous is not None:
                self._write("\n" if keeps_lines else _join_lines(previous, line))
            self._write_line(line, separator=" ")
            previous = line
        box = self._page_box(cell.box)
        return PlacedCell(start, self.length, cell.row, cell.column, cell.row_span, cell.column_span, box=box)

    def _page_box(self, box: Rect) -> BBox:
        return BBox(self._number, round(box.x0, 2), round(box.top, 2), round(box.x1, 2), round(box.bottom, 2))


def _join_lines(line: TextLine, following: TextLine) -> str:
    """Return what joins two lines: a space, nothing inside Chinese or a number, a line end behind a hyphen."""
    before, after = line.segments[-1].words[-1].text, following.segments[0].words[0].text
    if before[-1] in "-\u2010" and before[-2:-1].isalnum() and after[0].isalnum():
        return "\n"  # whether the hyphen belongs to the word is settled where a value is made of it
    if before[-1] in ".," and before[-2:-1].isdigit() and after[0].isdigit():
        return ""
    if (
        before[-1].isdigit()
        and after[0].isdigit()
        and has_han(line.segments[-1].text)
        and has_han(following.segments[0].text)
    ):
        return ""  # Chinese breaks anywhere, also between two digits
    return tables.collapse_whitespace(f"{before[-1]}\n{after[0]}")[1:-1]


def _words_of(block: LayoutBlock) -> Iterator[PlacedWord]:
    lines = block.lines if isinstance(block, TextBlock) else [line for cell in block.cells for line in cell.lines]
    for line in lines:
        for segment in line.segments:
            yield from segment.words


def _bounding_box(lines: Sequence[TextLine]) -> Rect:
    return union(word.page_box or word.box for line in lines for segment in line.segments for word in segment.words)


def _is_running_head(block: LayoutBlock, height: float) -> bool:
    """Decide whether a block is a running head or foot: one or two lines at the very top or bottom of the page."""
    settings = PageWriterSettings.current()
    if isinstance(block, TableBlock) or len(block.lines) > settings.running_head_lines:
        return False
    box = _bounding_box(block.lines)
    return box.bottom < settings.margin_share * height or box.top > (1 - settings.margin_share) * height
