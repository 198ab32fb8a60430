"""HTML by lexbor: the text as a browser would set it, tables with their spans, hidden text kept apart.

The page is walked without recursion, so that nesting of any depth is read; nothing it refers to is fetched. The choice
for tables in tables: an inner table is a Table of its own, and its text is part of the outer cell as well.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from extractor import tables
from extractor.readers import flow_writer
from extractor.readers import text as plain
from extractor.tables import PlacedCell
from extractor.types import Block, Document, Page, Problem, Table

# fmt: off
_DROPPED = frozenset({
    "audio", "canvas", "datalist", "embed", "frame", "head", "iframe", "map", "math", "noscript", "object", "script",
    "style", "svg", "template", "video",
})
_BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dialog", "dir", "div",
    "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header",
    "hgroup", "hr", "html", "legend", "li", "main", "menu", "nav", "ol", "optgroup", "p", "pre", "search", "section",
    "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
})
_SPACED = frozenset({
    "article", "blockquote", "dl", "fieldset", "h1", "h2", "h3", "h4", "h5", "h6", "ol", "p", "pre", "section", "table",
    "ul",
})
# fmt: on
_ROLES = {
    "table": "table",
    "grid": "table",
    "treegrid": "table",
    "row": "tr",
    "cell": "td",
    "gridcell": "td",
    "columnheader": "th",
    "rowheader": "th",
}  # fmt: skip
_DISPLAYS = {"table": "table", "table-row": "tr", "table-cell": "td"}
_CLOSES_UP = re.compile("[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]")
_SPACE = re.compile("[ \t\n\r\f]+")
MAX_NODES = 2_000_000
_MAX_COLUMNS = 1000
_MAX_NESTED = 8
"""Data tables nested deeper than this are read as text."""


def read(data: bytes, source: str) -> Document:
    """The document in an HTML page: its text in order, blocks, tables, and hidden text in `hidden` blocks at the end.

    Of forms the values filled in are text. Tables that only lay the page out are read as text; text that was set as a
    table with spaces or `<pre>` becomes a Table where it can be rebuilt. Raises InputError as plain text does.
    """
    from selectolax.lexbor import LexborHTMLParser

    decoded, problems = plain.decode_document(data, source, declared_encoding(data))
    tree = LexborHTMLParser(decoded)
    page = _Page(tree)
    page.walk()
    if page.nodes > MAX_NODES:
        problems.append(
            Problem((), "cut_off", f"The page has more than {MAX_NODES:,} elements; the rest was left out.")
        )
    return page.document(hashlib.sha256(data).hexdigest(), source, problems)


_DECLARED = re.compile(
    rb"""<(?:meta\b[^>]{0,200}?charset|\?xml\b[^>]{0,200}?encoding)\s*=\s*["']?\s*([\w.:-]{2,40})""", re.I
)
_WIDER = {
    "gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "big5": "big5hkscs", "iso-8859-1": "cp1252",
    "latin1": "cp1252", "us-ascii": "cp1252", "ascii": "cp1252", "shift_jis": "cp932", "shift-jis": "cp932",
    "x-sjis": "cp932", "euc-kr": "cp949", "ks_c_5601-1987": "cp949", "iso-8859-9": "cp1254", "tis-620": "cp874",
}  # fmt: skip


def declared_encoding(data: bytes) -> str | None:
    """The encoding a page says it is in, as browsers take it (`gb2312` stands for GB18030); None where it says none."""
    import codecs

    found = _DECLARED.search(data[:4096])
    if not found:
        return None
    name = found.group(1).decode("ascii").lower()
    name = _WIDER.get(name, name)
    try:
        codecs.lookup(name).name.encode("ascii")
        b"".decode(name)
    except (LookupError, ValueError):
        return None
    # The words stood in the file as ASCII, so it cannot be in a wide encoding whatever they say.
    return "utf-8" if name.replace("-", "").replace("_", "").startswith(("utf16", "utf32")) else name


@dataclass(slots=True)
class _Content:
    """What an element of a table holds, counted before the text is written: what tells data from page layout."""

    kind: str
    characters: int = 0
    rows: int = 0
    cells: int = 0
    widest: int = 0
    filled: int = 0
    long: int = 0
    heads: int = 0
    tables: int = 0
    nesting_cells: int = 0
    blocks: int = 0
    presentation: bool = False
    data: bool = False


@dataclass(slots=True)
class _OpenTable:
    """A table being written."""

    data: bool
    start: int = -1
    row: int = -1
    cells: list[tuple[int, int, int, int, int, bool]] = field(default_factory=list)
    """Row, start, end, row span, column span, header."""
    group: list[tuple[int, bool]] = field(default_factory=list)
    in_head: bool = False
    cell_start: int | None = None
    caption: tuple[str, ...] = ()
    caption_start: int | None = None
    first_in_row: bool = True


@dataclass(slots=True)
class _Style:
    """What is inherited: whether the text is hidden, kept as typed, and its colours where they are set on elements."""

    hidden: bool = False
    pre: bool = False
    colour: str | None = None
    ground: str | None = None


class _Page:
    def __init__(self, tree) -> None:
        self._tree = tree
        self._chunks: list[str] = []
        self._length = 0
        self._tail = ""
        self._pending = ""  # white space owed before the next text
        self._blocks: list[Block] = []
        self._block: tuple[str, int, int] | None = None
        self._block_start = -1
        self._tables: list[_OpenTable] = []
        self._data: list[_OpenTable] = []  # those of them that hold data
        self._found: list[tuple[_OpenTable, int]] = []
        self._hidden: list[str] = []
        self._hidden_open = False
        self._headings: list[tuple[int, str]] = []
        self._kinds: list[tuple[str, int]] = []
        self.nodes = 0
        self._sheet = list(tree.css("style")) if tree.root is not None else []
        self._hiding = _hiding_selectors(" ".join(node.text_content or node.text() for node in self._sheet))
        linked = tree.css_first("link[rel~=stylesheet]") if tree.root is not None else None
        self._styled = bool(self._sheet) or linked is not None
        self._contents: dict[int, _Content] = {}

    # Before writing: which tables hold data.

    def _survey(self, root) -> None:
        open_: list[_Content] = []
        for entering, node, tag in _steps(root):
            if tag == "-text":
                if entering and open_:
                    count = len((node.text_content or "").strip())
                    open_[-1].characters += count
                continue
            kind = self._kind(node, tag)
            if kind not in ("table", "tr", "td", "th"):
                if entering and open_ and (tag in _BLOCKS and tag not in ("thead", "tbody", "tfoot")):
                    open_[-1].blocks += 1 + 4 * (tag[0] == "h" and tag[1:].isdigit())
                continue
            if entering:
                content = _Content(kind)
                if kind == "table":
                    content.presentation = (node.attributes.get("role") or "").lower() in ("presentation", "none")
                self._contents[node.mem_id] = content
                open_.append(content)
                continue
            content = open_.pop()
            around = open_[-1] if open_ else None
            if kind == "table":
                content.data = not _is_layout(content)
            if around is None:
                continue
            around.characters += content.characters
            if kind == "table":
                around.tables += 1 + content.tables
            elif kind == "tr":
                around.rows += 1
                around.widest = max(around.widest, content.cells)
                around.tables += content.tables
                for name in ("cells", "filled", "long", "heads", "nesting_cells", "blocks"):
                    setattr(around, name, getattr(around, name) + getattr(content, name))
            else:
                around.cells += 1
                around.filled += content.characters > 0
                around.long += content.characters > 300 or content.blocks > 12
                around.heads += kind == "th"
                around.nesting_cells += content.tables > 0
                around.tables += content.tables
                around.blocks += content.blocks

    def _kind(self, node, tag: str) -> str:
        """The element's part in a table, if it has one: also where it is one by role or by inline style only."""
        if tag in ("div", "span", "ul", "li", "section", "p", "dl", "dt", "dd"):
            attributes = node.attributes
            if role := attributes.get("role"):
                return _ROLES.get(role.strip().lower(), tag)
            style = attributes.get("style")
            if style and "table" in style:
                found = re.search(r"display\s*:\s*(table(?:-row|-cell)?)\s*(?:;|$|!)", style, re.IGNORECASE)
                if found:
                    return _DISPLAYS.get(found.group(1).lower(), tag)
        return tag

    # Writing.

    def walk(self) -> None:
        root = self._tree.body or self._tree.root
        if root is None:
            return
        self._survey(root)
        self._title(root)
        styles = [_Style()]
        for entering, node, tag in _steps(root):
            if tag == "-text":
                if entering:
                    self._text(node.text_content or "", styles[-1])
                continue
            if not entering:
                self._leave(node, tag, styles.pop())
                continue
            self.nodes += 1
            if self.nodes > MAX_NODES:
                break
            style = self._styled_as(node, tag, styles[-1])
            styles.append(style)
            self._enter(node, tag, style)
        while self._tables:
            self._close_table()
        self._end_block()

    def _title(self, root) -> None:
        """The page's title, first, unless the page shows it anyway."""
        node = self._tree.css_first("head > title")
        title = _SPACE.sub(" ", node.text(deep=True)).strip() if node is not None else ""
        if not title:
            return
        shown = "".join(node.text_content or "" for entering, node, tag in _steps(root) if entering and tag == "-text")
        closed = re.sub(r"\s+", "", shown)
        if re.sub(r"\s+", "", title) in closed:
            return
        self._kinds.append(("heading", 1))
        self._text(title, _Style())
        self._break(2)
        self._kinds.pop()

    def _styled_as(self, node, tag: str, around: _Style) -> _Style:
        attributes = node.attributes
        if not attributes and tag not in ("pre", "textarea") and not self._hiding:
            return around
        inline = (attributes.get("style") or "").lower()
        hidden = around.hidden or "hidden" in attributes or (bool(inline) and _hides(inline))
        if not hidden and self._hiding:
            names = {f".{name}" for name in (attributes.get("class") or "").split()}
            names |= {f"{tag}{name}" for name in names}
            identity = attributes.get("id")
            hidden = not names.isdisjoint(self._hiding) or (bool(identity) and f"#{identity}" in self._hiding)
        pre = around.pre
        if tag in ("pre", "textarea", "listing", "xmp", "plaintext") or "white-space" in inline:
            pre = tag in ("pre", "textarea", "listing", "xmp", "plaintext") or bool(
                re.search(r"white-space\s*:\s*(pre|break-spaces)", inline)
            )
        colour = _colour(inline, r"(?:^|[;\s])color") or _named(attributes.get("color")) or around.colour
        ground = (
            _colour(inline, r"background(?:-color)?")
            or _named(attributes.get("bgcolor"))
            or ("image" if "url(" in inline or "gradient" in inline or attributes.get("background") else None)
            or around.ground
        )
        if not hidden and colour is not None and (ground is not None or not self._styled):
            hidden = colour == (ground or "#ffffff")
        return _Style(hidden, pre, colour, ground)

    def _enter(self, node, tag: str, style: _Style) -> None:
        if tag == "br":
            self._break(1, always=True)
            return
        if tag in ("input", "select", "img", "hr", "wbr"):
            self._field(node, tag, style)
            return
        kind = self._kind(node, tag)
        if kind in _BLOCKS:
            self._break(2 if kind in _SPACED else 1)
        if style.hidden:
            return
        if kind in ("h1", "h2", "h3", "h4", "h5", "h6"):
            self._kinds.append(("heading", int(kind[1])))
        elif kind == "li":
            self._kinds.append(("list_item", 0))
        elif kind == "table":
            content = self._contents.get(node.mem_id)
            self._open_table(content is not None and content.data)
        elif not self._tables:
            return
        elif kind in ("thead", "tbody", "tfoot"):
            self._tables[-1].in_head = kind == "thead"
        elif kind == "caption":
            self._tables[-1].caption_start = len(self._chunks)
        elif kind == "tr":
            self._tables[-1].row += 1
            self._tables[-1].first_in_row = True
        elif kind in ("td", "th"):
            self._open_cell(node)

    def _leave(self, node, tag: str, style: _Style) -> None:
        kind = self._kind(node, tag)
        if style.hidden:
            self._hidden_open = False
        if not style.hidden:
            if kind in ("h1", "h2", "h3", "h4", "h5", "h6", "li"):
                self._break(1)
                self._kinds.pop()
            elif kind == "table" and self._tables:
                self._close_table()
            elif kind == "thead" and self._tables:
                self._tables[-1].in_head = False
            elif kind == "caption" and self._tables:
                self._close_caption()
            elif kind in ("td", "th") and self._tables:
                self._close_cell(node, kind == "th")
                return
        if kind in _BLOCKS:
            self._break(2 if kind in _SPACED else 1)

    def _field(self, node, tag: str, style: _Style) -> None:
        """What a form field shows: the value typed in, the options chosen, whether a box is ticked."""
        if tag == "hr":
            self._break(2)
            return
        attributes = node.attributes
        if tag == "input":
            kind = (attributes.get("type") or "text").lower()
            if kind in ("checkbox", "radio"):
                self._text("☑" if "checked" in attributes else "☐", style)
            elif kind not in ("hidden", "password", "image", "file", "submit", "button", "reset"):
                self._text(attributes.get("value") or "", style)
        elif tag == "select":
            options = node.css("option")
            chosen = [option for option in options if "selected" in option.attributes]
            if not chosen and options and "multiple" not in attributes:
                chosen = options[:1]
            self._text(", ".join(_SPACE.sub(" ", option.text() or "").strip() for option in chosen), style)

    def _text(self, text: str, style: _Style) -> None:
        if style.hidden:
            collapsed = _SPACE.sub(" ", text).strip()
            if collapsed:
                if self._hidden_open:
                    self._hidden[-1] += " " + collapsed
                else:
                    self._hidden.append(collapsed)
                    self._hidden_open = True
            return
        self._hidden_open = False
        text = text.replace("\xa0", " ") if style.pre else _collapsed(text)
        if not text:
            return
        if style.pre:
            self._write_pre(text)
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

    def _write_pre(self, text: str) -> None:
        for position, line in enumerate(text.split("\n")):
            if position:
                self._break(1, always=True)
            if line.strip():
                self._write(line)
            elif line:
                self._pending += line if "\n" not in self._pending else ""

    def _write(self, text: str) -> None:
        at_start = not self._length
        pending = self._pending.lstrip("\n") if at_start else self._pending
        if (self._tables and self._tables[-1].cell_start == -1) or (
            pending == " " and (at_start or self._tail in "\n\t")
        ):
            pending = ""
        if pending:
            self._chunks.append(pending)
            self._length += len(pending)
        self._pending = ""
        if self._block_start < 0:
            self._block_start = self._length
            self._block = (*(self._kinds[-1] if self._kinds else ("paragraph", 0)), 0)
        self._begin_cells()
        self._chunks.append(text)
        self._length += len(text)
        self._tail = text[-1]

    def _break(self, lines: int, *, always: bool = False) -> None:
        """A line break owed before the next text; `always` adds one to those owed already (`<br><br>`)."""
        if self._in_data_cell():
            lines = 1
        else:
            # A line break inside a paragraph leaves it one block.
            if not always or self._pending.count("\n") >= 1:
                self._end_block()
        owed = self._pending.count("\n")
        owed = min(2, owed + 1) if always else max(owed, lines)
        self._pending = "\n" * owed

    def _in_data_cell(self) -> bool:
        return bool(self._data)

    def _begin_cells(self) -> None:
        """The open cells that had no text so far begin here."""
        for table in self._data:
            if table.cell_start == -1:
                table.cell_start = self._length

    def _end_block(self) -> None:
        if self._block_start < 0:
            return
        if self._in_data_cell():
            return
        kind, level, _ = self._block
        start, end = self._block_start, self._length
        self._block_start = -1
        content = self._recent(start)
        if kind == "paragraph" and "\n" not in content:
            level = plain.heading_level(content)
            kind = "heading" if level else kind
        if kind == "heading":
            self._headings = [held for held in self._headings if held[0] < level]
            self._headings.append((level, tables.collapse_whitespace(content)))
        self._blocks.append(Block(kind, start, end, level=level))

    def _recent(self, start: int) -> str:
        """The text written from `start` on, without joining all that came before."""
        taken, length = [], self._length
        for chunk in reversed(self._chunks):
            if length <= start:
                break
            taken.append(chunk)
            length -= len(chunk)
        text = "".join(reversed(taken))
        return text[start - length :]

    # Tables.

    def _open_table(self, data: bool) -> None:
        if data and not self._in_data_cell():
            self._end_block()
        data = data and len(self._data) < _MAX_NESTED
        self._tables.append(_OpenTable(data, caption=tuple(text for _, text in self._headings)))
        if data:
            self._data.append(self._tables[-1])

    def _close_caption(self) -> None:
        table = self._tables[-1]
        if table.caption_start is not None:
            words = "".join(self._chunks[table.caption_start :])
            table.caption = (*table.caption, tables.collapse_whitespace(words)) if words.strip() else table.caption
            table.caption_start = None
        if table.data and len(self._data) == 1 and self._block_start >= 0:
            self._blocks.append(Block("heading", self._block_start, self._length, level=6))
            self._block_start = -1
        self._pending = "\n"

    def _open_cell(self, node) -> None:
        table = self._tables[-1]
        if not table.data:
            content = self._contents.get(node.mem_id)
            short = content is not None and content.characters <= 120 and content.blocks == 0 and not content.tables
            if not table.first_in_row and short and "\n" in self._pending and self._length:
                self._pending = "\t" if self._tail != "\n" else self._pending
                # Cells side by side stay on one line, and in one block.
            table.first_in_row = False
            return
        if not table.first_in_row:
            parting = "\t"
        elif table.start >= 0:
            parting = "\n"
        else:
            # An inner table may be the first thing in a cell; the cell begins with it.
            waiting = any(each.cell_start == -1 for each in self._data[:-1])
            parting = "" if waiting or not self._length else self._pending or "\n"
        self._pending = ""
        if parting:
            self._chunks.append(parting)
            self._length += len(parting)
            self._tail = parting[-1]
        if table.start < 0:
            table.start = self._length
        table.first_in_row = False
        table.cell_start = -1

    def _close_cell(self, node, head: bool) -> None:
        table = self._tables[-1]
        if not table.data:
            self._break(1)
            return
        start = table.cell_start
        table.cell_start = None
        if start is None:
            return
        self._pending = ""
        if start == -1:
            start = self._length
        attributes = node.attributes
        table.cells.append(
            (
                max(0, table.row),
                start,
                self._length,
                _span(attributes.get("rowspan"), zero=0),
                _span(attributes.get("colspan"), zero=1),
                head or table.in_head or (attributes.get("role") or "") in ("columnheader", "rowheader"),
            )
        )

    def _close_table(self) -> None:
        table = self._tables.pop()
        if table.data:
            self._data.pop()
        else:
            self._break(1)
            return
        if table.cell_start is not None:
            table.cell_start = None
        if table.cells:
            self._found.append((table, self._length))
            if not self._in_data_cell():
                self._block_start = -1
                self._blocks.append(Block("table", table.start, self._length))
        self._pending = "\n\n"

    # The result.

    def document(self, identity: str, source: str, problems: list[Problem]) -> Document:
        if self._length and self._tail != "\n":
            self._chunks.append("\n")
            self._length += 1
        shown = self._length
        blocks = list(self._blocks)
        for words in self._hidden:
            self._chunks += ["\n", words, "\n"]
            blocks.append(Block("hidden", self._length + 1, self._length + 1 + len(words)))
            self._length += len(words) + 2
        text = "".join(self._chunks)
        if not text.strip():
            problems = [*problems, Problem((), "no_text", "The page shows no text; it may be filled in by a script.")]
        found = [_built(text, table, end) for table, end in self._found]
        taken = [(table.start, table.end) for table in found]
        flattened = flow_writer.flattened_between(text, taken, shown)
        found = sorted([*found, *flattened], key=lambda table: (table.start, -table.end))
        blocks = flow_writer.around_tables(blocks, flattened)
        page = Page(1, 0, len(text))
        return Document(identity, source, text, (page,), tuple(blocks), tuple(found), tuple(problems))


def _steps(root) -> Iterator[tuple[bool, object, str]]:
    """Every node under `root`, itself included, as it is entered and as it is left, but for what is never shown."""
    node = root
    while True:
        tag = node.tag
        skipped = (tag in _DROPPED and node.mem_id != root.mem_id) or tag in ("-comment", "!doctype", "_comment")
        if not skipped:
            yield True, node, tag
            child = node.child if tag not in ("-text", "select", "input") else None
            if child is not None:
                node = child
                continue
            yield False, node, tag
        while True:
            if node.mem_id == root.mem_id:
                return
            following = node.next
            if following is not None:
                node = following
                break
            node = node.parent
            yield False, node, node.tag


def _collapsed(text: str) -> str:
    """White space as a browser collapses it; a line break between Chinese characters, which shows as none, goes."""

    def one(match: re.Match[str]) -> str:
        inside = "\n" in match.group() and match.start() and match.end() < len(text)
        if inside and _CLOSES_UP.match(text[match.start() - 1]) and _CLOSES_UP.match(text[match.end()]):
            return ""
        return " "

    return _SPACE.sub(one, text).replace("\xa0", " ")


def _is_layout(table: _Content) -> bool:
    """Whether a table only places things on the page: one column, one row without heads, or cells full of page."""
    if table.presentation or table.filled < 2 or table.widest < 2:
        return True
    if table.rows < 2 and not table.heads:
        return True
    if table.nesting_cells and (not table.heads or table.nesting_cells * 2 > table.filled):
        return table.nesting_cells * 4 > table.filled or table.characters > 3000 * table.nesting_cells
    # A few cells with whole articles in them: columns of a page.
    return not table.heads and table.long * 2 > table.filled and table.filled <= 6


def _span(value: str | None, zero: int) -> int:
    found = re.match(r"\s*\+?(\d{1,9})", value or "")
    if not found:
        return 1
    number = int(found.group(1))
    return zero if number == 0 else min(number, 65534)


def _built(text: str, table: _OpenTable, end: int) -> Table:
    """The Table of cells as written: every cell at the first free place of its row, spans kept inside the table."""
    rows = max(cell[0] for cell in table.cells) + 1
    sane = [cell[4] if cell[4] <= 40 else 1 for cell in table.cells]
    widths = [0] * rows
    for cell, span in zip(table.cells, sane, strict=True):
        widths[cell[0]] += span
    width = max(widths)
    taken: dict[int, int] = {}  # column -> the row it is taken up to by a cell from above
    raw, row, column = [], 0, 0
    for (at, start, stop, row_span, column_span, head), _ in zip(table.cells, sane, strict=True):
        if at != row:
            row, column = at, 0
        while taken.get(column, 0) > row:
            column += 1
        # A span over more columns than there are means "all the rest".
        if column_span > 40 or column + column_span > _MAX_COLUMNS:
            column_span = max(1, min(column_span, max(width, len(taken)) - column))
        down = min(row_span, rows - row) if row_span else rows - row
        for each in range(column, column + column_span):
            taken[each] = row + down
        raw.append(PlacedCell(start, stop, row, column, max(1, down), column_span, head))
        column += column_span
    return tables.build_table(text, raw, table.caption)


# Styles.

_HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|font-size\s*:\s*0(?:\.0+)?\s*(?:px|pt|em|rem|%)?\s*(?:;|!|$)"
    r"|opacity\s*:\s*0(?:\.0+)?\s*(?:;|!|$)|text-indent\s*:\s*-\d{3,}|(?:^|[;\s])(?:left|top)\s*:\s*-\d{4,}"
)


def _hides(inline: str) -> bool:
    return bool(_HIDING.search(inline))


def _hiding_selectors(sheet: str) -> frozenset[str]:
    """The plain class and id selectors that a page's own style sheet hides, but for those in `@media` and the like."""
    sheet = re.sub(r"/\*.*?\*/", " ", sheet[:200_000], flags=re.DOTALL)
    found, depth, start, selector = set(), 0, 0, ""
    for match in re.finditer(r"[{}]", sheet):
        if match.group() == "{":
            if depth == 0:
                selector = sheet[start : match.start()].strip()
                start = match.end()
            depth += 1
            continue
        depth = max(0, depth - 1)
        if depth == 0:
            if not selector.startswith("@") and _hides(sheet[start : match.start()].lower()):
                names = (name.strip() for name in selector.split(","))
                found |= {name for name in names if re.fullmatch(r"(?:\w+)?[.#][\w-]+", name)}
            start = match.end()
    return frozenset(found)


_NAMES = {
    "white": "#ffffff", "black": "#000000", "red": "#ff0000", "gray": "#808080", "grey": "#808080", "yellow": "#ffff00",
    "blue": "#0000ff", "green": "#008000", "silver": "#c0c0c0", "lime": "#00ff00", "transparent": None,
}  # fmt: skip


def _colour(inline: str, name: str) -> str | None:
    found = re.search(name + r"\s*:\s*([^;!]+)", inline) if inline else None
    return _named(found.group(1)) if found else None


def _named(value: str | None) -> str | None:
    """A colour as #rrggbb; None where none can be told."""
    value = (value or "").strip().lower()
    if not value:
        return None
    if value in _NAMES:
        return _NAMES[value]
    if found := re.search(r"#([0-9a-f]{6})\b", value):
        return "#" + found.group(1)
    if found := re.search(r"#([0-9a-f])([0-9a-f])([0-9a-f])\b", value):
        return "#" + "".join(2 * digit for digit in found.groups())
    if found := re.match(r"rgba?\(\s*(\d+)[\s,]+(\d+)[\s,]+(\d+)", value):
        return "#" + "".join(f"{min(255, int(part)):02x}" for part in found.groups())
    return (
        value if re.fullmatch(r"[a-z]{3,20}", value) and value not in ("inherit", "initial", "none", "unset") else None
    )
