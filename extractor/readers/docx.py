"""Word documents: the text as Word shows it, list numbers included, tables with their spans, hidden text kept apart.

Shown are insertions, text boxes, content controls, fields by their results, and the headers and footers that are
printed; footnotes come behind the text, without their marks in it, which would run into the figures before them. Not
shown, and so `hidden`: deletions, comments, text set hidden, white on nothing or one point high, and the prompts of
fields that nobody filled in. Pages are known only to who lays them out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from lxml import etree

from extractor.errors import InputError
from extractor.readers.embedded import Enclosed
from extractor.readers.flow_writer import Grid, GridCell, Paragraph, Part, flowed
from extractor.readers.package import Package, Relation
from extractor.readers.word_styles import ListNumbers, Styles, child, is_on, local, value
from extractor.types import Document, Problem

_MAX_COLUMNS = 1000
_GONE = frozenset({"del", "moveFrom"})
_THROUGH = frozenset({"ins", "moveTo", "customXml", "smartTag", "hyperlink", "fldSimple", "dir", "bdo", "sdtContent"})
_SYMBOLS = {
    0xA8: "☐", 0x6F: "☐", 0x71: "☐", 0xA3: "☐", 0xFE: "☑", 0xFD: "☒", 0x52: "☑", 0x54: "☒", 0x53: "☒", 0xFC: "✓",
    0x50: "✓", 0xFB: "✗", 0x4F: "✗", 0xA1: "○", 0xA4: "◉", 0xB7: "•", 0xA7: "▪", 0xD8: "➢", 0xE0: "→", 0x6C: "●",
    0x6E: "■",
}  # fmt: skip
"""What the signs that people use out of the Wingdings fonts look like."""


def read(data: bytes, source: str) -> Document:
    """The document in a Word file: headings, paragraphs, list items and tables in order, pictures read by OCR.

    Problems: pictures and drawings that were not read. Raises InputError for a file that is broken or locked.
    """
    package = Package(data, source)
    main = next((r.target for r in package.relations().values() if r.kind == "officeDocument" and r.target), None)
    if main is None:
        raise InputError(f"{source} is broken: it has no main part.", "Open it in Word, save it again, and give that.")
    problems: list[Problem] = []
    parts = list(_Story(package, main, problems).whole())
    return flowed(parts, hashlib.sha256(data).hexdigest(), source, problems)


@dataclass(slots=True)
class _Line:
    """A paragraph being read: its text, its hidden text, and what floats beside it."""

    text: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    floating: list[Part] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Around:
    """What is said around a run: the part it is in, its paragraph's style, whether it is hidden or on a ground."""

    part: str
    style: str | None = None
    hidden: bool = False
    ground: bool = False


class _Story:
    """Reads the parts of one document; counts its lists and notes on the way."""

    def __init__(self, package: Package, main: str, problems: list[Problem]) -> None:
        self._package = package
        self._main = main
        self._problems = problems
        self._relations: dict[str, dict[str, Relation]] = {}
        self._styles = Styles(self._root("styles"))
        self._numbers = ListNumbers.read(self._root("numbering"))
        self._enclosed = Enclosed(problems)
        self._notes: list[tuple[str, str]] = []
        self._hidden: list[str] = []
        self._drawings = 0

    def whole(self) -> Iterator[Part]:
        """Headers, text, notes, footers, and then what is hidden."""
        body = child(self._package.xml(self._main), "body")
        if body is None:
            return
        text = self._parts(body, _Around(self._main))
        yield from self._margins(body, "header")
        yield from text
        yield from self._read_notes()
        yield from self._margins(body, "footer")
        comments = self._root("comments")
        if comments is not None:
            self._hidden += [_plain(comment) for comment in comments]
        if self._drawings:
            message = f"{self._drawings} charts, diagrams or embedded objects were not read."
            self._problems.append(Problem((), "not_read", message))
        for words in self._hidden:
            yield Paragraph(words, "hidden")

    def _related(self, part: str) -> dict[str, Relation]:
        if part not in self._relations:
            self._relations[part] = self._package.relations(part)
        return self._relations[part]

    def _root(self, kind: str) -> etree._Element | None:
        """The part of that kind that the main part refers to."""
        for relation in self._related(self._main).values():
            if relation.kind == kind and relation.target:
                return self._package.xml(relation.target)
        return None

    def _margins(self, body: etree._Element, kind: str) -> Iterator[Part]:
        """The headers (or footers) that are printed, each once."""
        settings = self._root("settings")
        even = is_on(child(settings, "evenAndOddHeaders"))
        shown, seen = [], set()
        for section in body.iter("{*}sectPr"):
            for reference in section:
                if local(reference) != f"{kind}Reference":
                    continue
                which = value(reference, "type")
                if (which == "first" and not is_on(child(section, "titlePg"))) or (which == "even" and not even):
                    continue
                relation = self._related(self._main).get(value(reference, "id") or "")
                if relation is not None and relation.target and relation.target not in shown:
                    shown.append(relation.target)
        for part in shown:
            parts = self._parts(self._package.xml(part), _Around(part))
            # Headers of first pages, of sections and of even pages often say the same.
            words = repr([replace(p, kind="") if isinstance(p, Paragraph) else p for p in parts])
            if words not in seen:
                seen.add(words)
                yield from parts

    def _read_notes(self) -> Iterator[Part]:
        read: set[tuple[str, str]] = set()
        for kind in ("footnote", "endnote"):
            root = self._root(f"{kind}s")
            by_id = {value(note, "id"): note for note in root} if root is not None else {}
            part = next((r.target for r in self._related(self._main).values() if r.kind == f"{kind}s"), "")
            for reference in self._notes:
                if reference[0] == kind and reference not in read and reference[1] in by_id:
                    read.add(reference)
                    yield from self._parts(by_id[reference[1]], _Around(part))

    # Blocks.

    def _parts(self, container: etree._Element, around: _Around) -> list[Part]:
        """What stands in a body, a cell, a text box or a note."""
        parts: list[Part] = []
        for element in container:
            name = local(element)
            if name == "p":
                parts += self._paragraph(element, around)
            elif name == "tbl":
                parts += self._table(element, around)
            elif name == "sdt":
                content = child(element, "sdtContent")
                if content is not None:
                    parts += self._parts(content, _in_control(element, around))
            elif name in _THROUGH:
                parts += self._parts(element, around)
            elif name in _GONE:
                self._hide(_plain(element))
            elif name == "AlternateContent":
                chosen = _chosen(element)
                if chosen is not None:
                    parts += self._parts(chosen, around)
        return parts

    def _hide(self, words: str) -> None:
        if words.strip():
            self._hidden.append(words)

    def _paragraph(self, element: etree._Element, around: _Around) -> list[Part]:
        properties = child(element, "pPr")
        style = value(child(properties, "pStyle"))
        ground = around.ground or _has_ground(child(properties, "shd"))
        line = _Line()
        self._inline(element, line, replace(around, style=style, ground=ground))
        self._hide("".join(line.hidden))
        text = "".join(line.text)
        if not text.strip():
            return line.floating
        level = self._heading(properties, style)
        number = self._number(properties, style)
        kind = "heading" if level else "paragraph" if number is None else "list_item"
        return [Paragraph(f"{number} {text}" if number else text, kind, level), *line.floating]

    def _heading(self, properties: etree._Element | None, style: str | None) -> int:
        outline = value(child(properties, "outlineLvl"))
        if outline is not None and outline.isascii() and outline.isdigit():
            return int(outline) + 1 if len(outline) == 1 and outline < "9" else 0
        return self._styles.heading_level(style)

    def _number(self, properties: etree._Element | None, style: str | None) -> str | None:
        """The number the paragraph has as an item of a list, "" for a bullet; None where it is none."""
        own = child(properties, "numPr")
        by_style = self._styles.property(style, "paragraph", "pPr", "numPr")
        list_id = value(child(own, "numId")) or value(child(by_style, "numId"))
        level = value(child(own, "ilvl")) or value(child(by_style, "ilvl")) or "0"
        if list_id in (None, "0") or not (level.isascii() and level.isdigit()):
            return None
        return self._numbers.next(list_id, int(level))

    # Lines.

    def _inline(self, container: etree._Element, line: _Line, around: _Around) -> None:
        for element in container:
            name = local(element)
            if name == "r":
                self._run(element, line, around)
            elif name in _THROUGH:
                self._inline(element, line, around)
            elif name == "sdt":
                content = child(element, "sdtContent")
                if content is not None:
                    self._inline(content, line, _in_control(element, around))
            elif name in _GONE:
                line.hidden.append(_plain(element))
            elif name in ("oMath", "oMathPara"):
                line.text.append("".join(part.text or "" for part in element.iter("{*}t")))
            elif name == "AlternateContent":
                chosen = _chosen(element)
                if chosen is not None:
                    self._inline(chosen, line, around)

    def _run(self, run: etree._Element, line: _Line, around: _Around) -> None:
        hidden = around.hidden or self._is_hidden(run, around)
        into = line.hidden if hidden else line.text
        for element in run:
            self._in_run(element, into, line, around)

    def _in_run(self, element: etree._Element, into: list[str], line: _Line, around: _Around) -> None:
        name = local(element)
        if name == "t":
            into.append(element.text or "")
        elif name in ("tab", "ptab"):
            into.append("\t")
        elif name in ("br", "cr"):
            into.append("\n")
        elif name == "noBreakHyphen":
            into.append("-")
        elif name == "sym":
            into.append(_symbol(element))
        elif name == "delText":
            line.hidden.append(element.text or "")
        elif name in ("footnoteReference", "endnoteReference"):
            self._notes.append((name.removesuffix("Reference"), value(element, "id") or ""))
        elif name == "fldChar":
            into.append(_tick(element))
        elif name == "ruby":
            base = child(element, "rubyBase")
            for run in base if base is not None else ():
                if local(run) == "r":
                    self._run(run, line, around)
        elif name in ("drawing", "pict", "object"):
            line.floating += self._drawn(element, around)
        elif name == "AlternateContent":
            chosen = _chosen(element)
            for inner in chosen if chosen is not None else ():
                self._in_run(inner, into, line, around)

    def _is_hidden(self, run: etree._Element, around: _Around) -> bool:
        properties = child(run, "rPr")
        character = value(child(properties, "rStyle"))

        def found(name: str) -> etree._Element | None:
            own = child(properties, name)
            if own is None and character is not None:
                own = self._styles.property(character, "character", "rPr", name)
            return own if own is not None else self._styles.property(around.style, "paragraph", "rPr", name)

        if is_on(found("vanish")):
            return True
        size = value(found("sz"))
        if size is not None and size.isdigit() and int(size) <= 2:  # half points
            return True
        white = (value(found("color")) or "").upper() == "FFFFFF"
        return white and not around.ground and not _has_ground(found("shd")) and found("highlight") is None

    # What floats: text boxes and pictures.

    def _drawn(self, element: etree._Element, around: _Around) -> list[Part]:
        parts: list[Part] = []
        boxes = [box for box in element.iter("{*}txbxContent") if _outermost(box, element)]
        for box in boxes:
            # A text box may stand on a ground of its own, which is not looked for.
            parts += self._parts(box, _Around(around.part, ground=True))
        for reference in element.iter("{*}blip", "{*}imagedata"):
            if _outermost(reference, element):
                identifier = value(reference, "embed") or value(reference, "id")
                parts += self._picture(identifier, around.part)
        for data in element.iter("{*}graphicData"):
            if (data.get("uri") or "").rsplit("/", 1)[-1] in ("chart", "diagram", "chartex"):
                self._drawings += 1
        if local(element) == "object" and not parts:
            self._drawings += 1
        return parts

    def _picture(self, identifier: str | None, part: str) -> list[Part]:
        relation = self._related(part).get(identifier or "")
        if relation is None:
            return []
        name = relation.target.rpartition("/")[2]
        if not relation.target:
            self._enclosed.left_out("the picture", "that is kept elsewhere", "nothing outside a file is fetched")
            return []
        picture = self._enclosed.picture(self._package.read(relation.target), name)
        return [] if picture is None else [picture]

    # Tables.

    def _table(self, element: etree._Element, around: _Around) -> list[Part]:
        properties = child(element, "tblPr")
        styled = child(properties, "tblStyle") is not None or _has_ground(child(properties, "shd"))
        cells: list[GridCell] = []
        open_: dict[int, int] = {}  # column -> the cell, in `cells`, that a merge from above goes on with
        row = 0
        for line in _rows(element):
            line_properties = child(line, "trPr")
            if child(line_properties, "del") is not None or is_on(child(line_properties, "hidden")):
                self._hide(_plain(line))
                continue
            head = is_on(child(line_properties, "tblHeader"))
            column = min(_count(child(line_properties, "gridBefore"), 0), _MAX_COLUMNS)
            before: int | None = None
            for cell in _cells(line):
                cell_properties = child(cell, "tcPr")
                span = min(_count(child(cell_properties, "gridSpan"), 1), _MAX_COLUMNS)
                ground = around.ground or styled or _has_ground(child(cell_properties, "shd"))
                parts = tuple(self._parts(cell, replace(around, ground=ground, style=None)))
                across, down = child(cell_properties, "hMerge"), child(cell_properties, "vMerge")
                if across is not None and value(across) != "restart" and before is not None:
                    cells[before] = replace(cells[before], column_span=cells[before].column_span + span)
                elif down is not None and value(down) != "restart" and column in open_:
                    above = open_[column]
                    cells[above] = replace(cells[above], row_span=row - cells[above].row + 1)
                    before = None
                    # Word shows nothing of what is in it; there is an empty paragraph as a rule.
                    for part in parts:
                        self._hide(part.text if not isinstance(part, Grid) else "")
                else:
                    cells.append(GridCell(row, column, parts, 1, span, head))
                    before = len(cells) - 1
                    for covered in range(column, column + span):
                        open_.pop(covered, None)
                    if down is not None:
                        open_[column] = before
                column += span
            row += 1
        return [Grid(tuple(cells))] if cells else []


def _rows(table: etree._Element) -> Iterator[etree._Element]:
    """The rows of a table, also those in content controls."""
    for element in table:
        name = local(element)
        if name == "tr":
            yield element
        elif name in ("sdt", *_THROUGH):
            yield from _rows(element)


def _cells(row: etree._Element) -> Iterator[etree._Element]:
    for element in row:
        name = local(element)
        if name == "tc":
            yield element
        elif name in ("sdt", *_THROUGH):
            yield from _cells(element)


def _count(element: etree._Element | None, otherwise: int) -> int:
    text = value(element) or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else otherwise


def _in_control(control: etree._Element, around: _Around) -> _Around:
    """What is around the text of a content control: that it is hidden while it only prompts for a text."""
    prompts = is_on(child(control, "sdtPr", "showingPlcHdr"))
    return replace(around, hidden=True) if prompts else around


def _chosen(alternatives: etree._Element) -> etree._Element | None:
    """One of two ways the same thing is written, for newer and for older programs: a text box is in both."""
    choice = child(alternatives, "Choice")
    return choice if choice is not None and len(choice) else child(alternatives, "Fallback")


def _outermost(element: etree._Element, within: etree._Element) -> bool:
    """Whether nothing between the two is a text box, whose content is read on its own, or a way not chosen."""
    for above in element.iterancestors():
        if above is within:
            return True
        name = local(above)
        if name == "txbxContent":
            return False
        if name == "Fallback" and _chosen(above.getparent()) is not above:
            return False
    return True


def _has_ground(shading: etree._Element | None) -> bool:
    fill = (value(shading, "fill") or "").lower()
    return fill not in ("", "auto", "ffffff") or (value(shading) or "clear") not in ("clear", "nil")


def _symbol(element: etree._Element) -> str:
    code = value(element, "char") or ""
    try:
        number = int(code, 16)
    except ValueError:
        return ""
    private = 0xF000 <= number <= 0xF0FF
    if private and (value(element, "font") or "").lower() == "symbol":
        return chr(number - 0xF000)
    return _SYMBOLS.get(number - 0xF000, "•") if private else chr(number) if 31 < number < 0xD800 else ""


def _tick(element: etree._Element) -> str:
    """The box that an old form field shows; nothing for other fields."""
    box = child(element, "ffData", "checkBox")
    if box is None:
        return ""
    state = child(box, "checked")
    return "☑" if is_on(state if state is not None else child(box, "default")) else "☐"


def _plain(element: etree._Element) -> str:
    """All the text in an element, deleted text too, paragraphs parted by blanks."""
    pieces = []
    for part in element.iter("{*}t", "{*}delText", "{*}p", "{*}tab"):
        pieces.append(part.text or "" if local(part) in ("t", "delText") else " ")
    return "".join(pieces).strip()
