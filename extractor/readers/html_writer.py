"""Writes the text of an HTML page out as a browser would set it, with its blocks, its tables and its hidden text.

A table inside a table is a Table of its own, and its text is part of the outer cell as well.
"""

from __future__ import annotations

import re

from extractor import tables
from extractor.problems import ProblemKind
from extractor.readers.flow_writer import find_flattened_between, replace_with_table_blocks
from extractor.readers.headings import heading_level
from extractor.readers.html_styles import Style, StyleResolver
from extractor.readers.html_tables import OpenTable, WrittenCell, build_table, parse_span, survey_tables
from extractor.readers.html_tree import BLOCKS, HEADINGS, SPACED_BLOCKS, TEXT, effective_tag, iterate_nodes
from extractor.readers.presentational_tables import LayoutTableSettings
from extractor.readers.text_marks import printed_characters, superscript
from extractor.types import Block, Document, Page, Problem
from extractor.values.scripts import is_wide

MAX_NODES = 2_000_000
_MAX_NESTED_TABLES = 8
"""Data tables nested deeper than this are read as text."""
_CAPTION_LEVEL = 6
_SPACE = re.compile("[ \t\n\r\f]+")
_WITHOUT_TEXT = ("hidden", "password", "image", "file", "submit", "button", "reset")


class HtmlWriter:
    """Walks one page and collects its text; `write_page` first, then `document` yields the result."""

    def __init__(self, tree) -> None:
        self._tree = tree
        self._chunks: list[str] = []
        self._length = 0
        self._last_character = ""
        self._pending = ""  # white space to be written before the next text
        self._blocks: list[Block] = []
        self._block_kind: tuple[str, int] = ("paragraph", 0)
        self._block_start = -1
        self._tables: list[OpenTable] = []
        self._data_tables: list[OpenTable] = []  # those of them that hold data
        self._finished_tables: list[OpenTable] = []
        self._hidden: list[str] = []
        self._hidden_open = False
        self._headings: list[tuple[int, str]] = []
        self._kinds: list[tuple[str, int]] = []
        self.nodes = 0
        self._styles = StyleResolver(tree)

    def write_page(self) -> None:
        """Write the page's title, unless the page shows it, and its body."""
        root = self._tree.body or self._tree.root
        if root is None:
            return
        self._contents = survey_tables(root)
        self._write_title(root)
        styles = [Style()]
        for entering, node, tag in iterate_nodes(root):
            if tag == TEXT:
                if entering:
                    self._text(node.text_content or "", styles[-1])
                continue
            if not entering:
                self._leave(node, tag, styles.pop())
                continue
            self.nodes += 1
            if self.nodes > MAX_NODES:
                break
            style = self._styles.resolve(node, tag, styles[-1])
            styles.append(style)
            self._enter(node, tag, style)
        while self._tables:
            self._close_table()
        self._end_block()

    def document(self, identity: str, source: str, problems: list[Problem]) -> Document:
        """Return the document of what was written, hidden text behind everything that is shown."""
        if self._length and self._last_character != "\n":
            self._append("\n")
        shown_end = self._length
        blocks = list(self._blocks)
        for words in self._hidden:
            blocks.append(Block("hidden", self._length + 1, self._length + 1 + len(words)))
            self._append(f"\n{words}\n")
        text = "".join(self._chunks)
        if not text.strip():
            message = "The page shows no text; a script may fill it in. Save it from a browser, and give that file."
            problems = [*problems, Problem((), ProblemKind.NO_TEXT, message)]
        found = [build_table(text, table) for table in self._finished_tables]
        flattened = find_flattened_between(text, [(table.start, table.end) for table in found], shown_end)
        found = sorted([*found, *flattened], key=lambda table: (table.start, -table.end))
        blocks = replace_with_table_blocks(blocks, flattened)
        return Document(identity, source, text, (Page(1, 0, len(text)),), tuple(blocks), tuple(found), tuple(problems))

    # Elements.

    def _write_title(self, root) -> None:
        node = self._tree.css_first("head > title")
        title = _SPACE.sub(" ", node.text(deep=True)).strip() if node is not None else ""
        if not title:
            return
        texts = (node.text_content or "" for entering, node, tag in iterate_nodes(root) if entering and tag == TEXT)
        if re.sub(r"\s+", "", title) in re.sub(r"\s+", "", "".join(texts)):
            return
        self._kinds.append(("heading", 1))
        self._text(title, Style())
        self._break(2)
        self._kinds.pop()

    def _enter(self, node, tag: str, style: Style) -> None:
        if tag == "br":
            self._break(1, always=True)
            return
        if tag in ("input", "select", "img", "hr", "wbr"):
            self._write_form_field(node, tag, style)
            return
        tag = effective_tag(node, tag)
        if tag in BLOCKS:
            self._break(2 if tag in SPACED_BLOCKS else 1)
        if style.hidden:
            return
        if tag in HEADINGS:
            self._kinds.append(("heading", int(tag[1])))
        elif tag == "li":
            self._kinds.append(("list_item", 0))
        elif tag == "table":
            content = self._contents.get(node.mem_id)
            self._open_table(content is not None and content.is_data)
        elif not self._tables:
            return
        elif tag in ("thead", "tbody", "tfoot"):
            self._tables[-1].in_head = tag == "thead"
        elif tag == "caption":
            self._tables[-1].caption_start = len(self._chunks)
        elif tag == "tr":
            self._tables[-1].row += 1
            self._tables[-1].first_in_row = True
        elif tag in ("td", "th"):
            self._open_cell(node)

    def _leave(self, node, tag: str, style: Style) -> None:
        tag = effective_tag(node, tag)
        if style.hidden:
            self._hidden_open = False
        if not style.hidden:
            if tag in HEADINGS or tag == "li":
                self._break(1)
                self._kinds.pop()
            elif tag == "table" and self._tables:
                self._close_table()
            elif tag == "thead" and self._tables:
                self._tables[-1].in_head = False
            elif tag == "caption" and self._tables:
                self._close_caption()
            elif tag in ("td", "th") and self._tables:
                self._close_cell(node, tag == "th")
                return
        if tag in BLOCKS:
            self._break(2 if tag in SPACED_BLOCKS else 1)

    def _write_form_field(self, node, tag: str, style: Style) -> None:
        """Write what a form field shows: the value typed in, the options chosen, whether a box is ticked."""
        if tag == "hr":
            self._break(2)
            return
        attributes = node.attributes
        if tag == "input":
            kind = (attributes.get("type") or "text").lower()
            if kind in ("checkbox", "radio"):
                self._text("☑" if "checked" in attributes else "☐", style)
            elif kind not in _WITHOUT_TEXT:
                self._part_from_label()
                self._text(attributes.get("value") or "", style)
        elif tag == "select":
            options = node.css("option")
            chosen = [option for option in options if "selected" in option.attributes]
            if not chosen and options and "multiple" not in attributes:
                chosen = options[:1]
            self._part_from_label()
            self._text(", ".join(_SPACE.sub(" ", option.text() or "").strip() for option in chosen), style)

    def _part_from_label(self) -> None:
        """Write a gap before the value of a field where its label stands close before it, without a colon."""
        if self._last_character.isalnum() or self._last_character in tuple(")）"):
            self._pending = self._pending if "\n" in self._pending else "\t"

    # Text and white space.

    def _text(self, text: str, style: Style) -> None:
        if style.hidden:
            self._collect_hidden(_SPACE.sub(" ", text).strip())
            return
        self._hidden_open = False
        text = printed_characters(text)
        if style.raised:
            text = superscript(text, "" if self._pending else self._last_character)
        text = text.replace("\xa0", " ") if style.preformatted else _collapse_space(text)
        if not text:
            return
        if style.preformatted:
            self._write_preformatted(text)
            return
        if text == " ":
            self._pending = self._pending or " "
            return
        if text[0] == " ":
            self._pending = self._pending or " "
            text = text[1:]
        trailing = text[-1] == " "
        self._write(text[:-1] if trailing else text)
        if trailing:
            self._pending = " "

    def _collect_hidden(self, text: str) -> None:
        """Keep hidden text for the end of the document; pieces that follow one another are one."""
        if not text:
            return
        if self._hidden_open:
            self._hidden[-1] += " " + text
        else:
            self._hidden.append(text)
            self._hidden_open = True

    def _write_preformatted(self, text: str) -> None:
        for position, line in enumerate(text.split("\n")):
            if position:
                self._break(1, always=True)
            if line.strip():
                self._write(line)
            elif line:
                self._pending += line if "\n" not in self._pending else ""

    def _append(self, text: str) -> None:
        self._chunks.append(text)
        self._length += len(text)

    def _write(self, text: str) -> None:
        """Write text after the pending white space; it begins a block, and the open cells without text so far."""
        at_start = not self._length
        pending = self._pending.lstrip("\n") if at_start else self._pending
        opens_cell = bool(self._tables) and self._tables[-1].cell_start == -1
        if opens_cell or (pending == " " and (at_start or self._last_character in "\n\t")):
            pending = ""
        if pending:
            self._append(pending)
        self._pending = ""
        if self._block_start < 0:
            self._block_start = self._length
            self._block_kind = self._kinds[-1] if self._kinds else ("paragraph", 0)
        for table in self._data_tables:
            if table.cell_start == -1:
                table.cell_start = self._length
        self._append(text)
        self._last_character = text[-1]

    def _break(self, lines: int, *, always: bool = False) -> None:
        """Put `lines` line breaks before the next text; `always` adds one to those already pending (`<br><br>`)."""
        if self._data_tables:
            lines = 1
        elif not always or self._pending.count("\n") >= 1:
            # A single line break inside a paragraph does not end its block.
            self._end_block()
        pending = self._pending.count("\n")
        self._pending = "\n" * (min(2, pending + 1) if always else max(pending, lines))

    def _end_block(self) -> None:
        if self._block_start < 0 or self._data_tables:
            return
        kind, level = self._block_kind
        start, end = self._block_start, self._length
        self._block_start = -1
        content = self._text_from(start)
        if kind == "paragraph" and "\n" not in content:
            level = heading_level(content)
            kind = "heading" if level else kind
        if kind == "heading":
            self._headings = [outer for outer in self._headings if outer[0] < level]
            self._headings.append((level, tables.collapse_whitespace(content)))
        self._blocks.append(Block(kind, start, end, level=level))

    def _text_from(self, start: int) -> str:
        """Return the text written from `start` on, without joining everything before it."""
        chunks, length = [], self._length
        for chunk in reversed(self._chunks):
            if length <= start:
                break
            chunks.append(chunk)
            length -= len(chunk)
        return "".join(reversed(chunks))[start - length :]

    # Tables.

    def _open_table(self, is_data: bool) -> None:
        if is_data and not self._data_tables:
            self._end_block()
        is_data = is_data and len(self._data_tables) < _MAX_NESTED_TABLES
        self._tables.append(OpenTable(is_data, tuple(text for _, text in self._headings)))
        if is_data:
            self._data_tables.append(self._tables[-1])

    def _close_caption(self) -> None:
        table = self._tables[-1]
        if table.caption_start is not None:
            words = "".join(self._chunks[table.caption_start :])
            table.caption = (*table.caption, tables.collapse_whitespace(words)) if words.strip() else table.caption
            table.caption_start = None
        if table.is_data and len(self._data_tables) == 1 and self._block_start >= 0:
            self._blocks.append(Block("heading", self._block_start, self._length, level=_CAPTION_LEVEL))
            self._block_start = -1
        self._pending = "\n"

    def _open_cell(self, node) -> None:
        table = self._tables[-1]
        if not table.is_data:
            self._open_layout_cell(table, node)
            return
        if not table.first_in_row:
            separator = "\t"
        elif table.start >= 0:
            separator = "\n"
        else:
            # An inner table may be the first thing in a cell; the cell then begins with it.
            first_in_cell = any(outer.cell_start == -1 for outer in self._data_tables[:-1])
            separator = "" if first_in_cell or not self._length else self._pending or "\n"
        self._pending = ""
        if separator:
            self._append(separator)
            self._last_character = separator[-1]
        if table.start < 0:
            table.start = self._length
        table.first_in_row = False
        table.cell_start = -1

    def _open_layout_cell(self, table: OpenTable, node) -> None:
        """Keep short cells of page layout that stand side by side on one line and in one block."""
        content = self._contents.get(node.mem_id)
        longest = LayoutTableSettings.current().short_cell
        short = content is not None and content.characters <= longest and content.blocks == 0 and not content.tables
        if not table.first_in_row and short and "\n" in self._pending and self._length:
            self._pending = "\t" if self._last_character != "\n" else self._pending
        table.first_in_row = False

    def _close_cell(self, node, is_header: bool) -> None:
        table = self._tables[-1]
        if not table.is_data:
            self._break(1)
            return
        start = table.cell_start
        table.cell_start = None
        if start is None:
            return
        self._pending = ""
        attributes = node.attributes
        cell = WrittenCell(
            row=max(0, table.row),
            start=self._length if start == -1 else start,
            end=self._length,
            row_span=parse_span(attributes.get("rowspan"), zero=0),
            column_span=parse_span(attributes.get("colspan"), zero=1),
            header=is_header
            or table.in_head
            or (attributes.get("role") or "") in ("columnheader", "rowheader"),
        )  # fmt: skip
        table.cells.append(cell)

    def _close_table(self) -> None:
        table = self._tables.pop()
        if not table.is_data:
            self._break(1)
            return
        self._data_tables.pop()
        if table.cells:
            self._finished_tables.append(table)
            if not self._data_tables:
                self._block_start = -1
                self._blocks.append(Block("table", table.start, self._length))
        self._pending = "\n\n"


def _collapse_space(text: str) -> str:
    """Collapse white space as a browser does; a line break between Chinese characters, which shows as none, goes."""

    def collapsed(match: re.Match[str]) -> str:
        is_inside = "\n" in match.group() and match.start() and match.end() < len(text)
        if is_inside and is_wide(text[match.start() - 1]) and is_wide(text[match.end()]):
            return ""
        return " "

    return _SPACE.sub(collapsed, text).replace("\xa0", " ")
