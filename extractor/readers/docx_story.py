"""Reads the parts of one Word document: headers, text, notes and footers as elements in order, then hidden text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from lxml import etree

from extractor.problems import ProblemKind
from extractor.readers.docx_lists import ListNumbering
from extractor.readers.docx_styles import Styles
from extractor.readers.docx_xml import (
    DELETED,
    TRANSPARENT,
    attribute,
    check_box_text,
    child,
    choose_alternative,
    has_shading,
    is_on,
    is_outermost,
    iterate_table_parts,
    local_name,
    number,
    plain_text,
    symbol_text,
)
from extractor.readers.embedded import EmbeddedFiles
from extractor.readers.flow_writer import FlowCell, FlowElement, FlowParagraph, FlowTable
from extractor.readers.package import Package, Relation
from extractor.readers.text_marks import superscript
from extractor.settings import Settings, threshold
from extractor.types import Problem

_MAX_COLUMNS = 1000


@dataclass(frozen=True)
class HiddenTextSettings(Settings):
    """Which text of a Word document is too small to be seen."""

    largest_hidden_size: int = threshold(2, unit="half points", meaning="text no higher than this is hidden")


@dataclass(slots=True)
class _ParagraphContent:
    """A paragraph that is being read: its text, its hidden text, and the elements that float beside it."""

    text: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    floating: list[FlowElement] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Context:
    """What a run inherits: the part it is in, its paragraph's style, whether it is hidden, and on a background."""

    part: str
    style: str | None = None
    hidden: bool = False
    shaded: bool = False


class StoryReader:
    """Reads the parts of one document; counts its lists and notes on the way."""

    def __init__(self, package: Package, main: str, problems: list[Problem]) -> None:
        self._package = package
        self._main = main
        self._problems = problems
        self._relations: dict[str, dict[str, Relation]] = {}
        self._styles = Styles(self._related_root("styles"))
        self._numbering = ListNumbering.parse(self._related_root("numbering"))
        self._embedded = EmbeddedFiles(problems)
        self._notes: list[tuple[str, str]] = []
        self._hidden: list[str] = []
        self._unread_drawings = 0

    def read_all(self) -> Iterator[FlowElement]:
        """Yield the headers, the text, notes and footers, and then what is hidden."""
        body = child(self._package.xml(self._main), "body")
        if body is None:
            return
        # The text is read first: it counts the notes that are referred to.
        text = self._read_container(body, _Context(self._main))
        yield from self._read_margins(body, "header")
        yield from text
        yield from self._read_notes()
        yield from self._read_margins(body, "footer")
        comments = self._related_root("comments")
        if comments is not None:
            self._hidden += [plain_text(comment) for comment in comments]
        if self._unread_drawings:
            message = (
                f"{self._unread_drawings} charts, diagrams or embedded objects were not read; save the document as PDF "
                "if they hold values, and give that file."
            )
            self._problems.append(Problem((), ProblemKind.NOT_READ, message))
        for words in self._hidden:
            yield FlowParagraph(words, "hidden")

    def _relations_of(self, part: str) -> dict[str, Relation]:
        if part not in self._relations:
            self._relations[part] = self._package.relations(part)
        return self._relations[part]

    def _related_root(self, kind: str) -> etree._Element | None:
        """Return the root of the part of that kind that the main part refers to; None without one."""
        for relation in self._relations_of(self._main).values():
            if relation.kind == kind and relation.target:
                return self._package.xml(relation.target)
        return None

    def _read_margins(self, body: etree._Element, kind: str) -> Iterator[FlowElement]:
        """Yield the headers (or footers) that are printed, equal ones once."""
        settings = self._related_root("settings")
        has_even_pages = is_on(child(settings, "evenAndOddHeaders"))
        parts: list[str] = []
        for section in body.iter("{*}sectPr"):
            has_first_page = is_on(child(section, "titlePg"))
            for reference in section:
                if local_name(reference) != f"{kind}Reference":
                    continue
                pages = attribute(reference, "type")
                if (pages == "first" and not has_first_page) or (pages == "even" and not has_even_pages):
                    continue
                relation = self._relations_of(self._main).get(attribute(reference, "id") or "")
                if relation is not None and relation.target and relation.target not in parts:
                    parts.append(relation.target)
        seen = set()
        for part in parts:
            elements = self._read_container(self._package.xml(part), _Context(part))
            # Headers of first pages, of sections and of even pages often have the same text.
            content = repr([replace(each, kind="") if isinstance(each, FlowParagraph) else each for each in elements])
            if content not in seen:
                seen.add(content)
                yield from elements

    def _read_notes(self) -> Iterator[FlowElement]:
        """Yield the footnotes, then the endnotes, in the order in which the text refers to them."""
        read: set[tuple[str, str]] = set()
        for kind in ("footnote", "endnote"):
            root = self._related_root(f"{kind}s")
            notes = {attribute(note, "id"): note for note in root} if root is not None else {}
            part = next((r.target for r in self._relations_of(self._main).values() if r.kind == f"{kind}s"), "")
            for reference in self._notes:
                if reference[0] == kind and reference not in read and reference[1] in notes:
                    read.add(reference)
                    yield from self._read_container(notes[reference[1]], _Context(part))

    def _hide(self, words: str) -> None:
        if words.strip():
            self._hidden.append(words)

    # Paragraphs.

    def _read_container(self, container: etree._Element, context: _Context) -> list[FlowElement]:
        """Return the elements in a body, a cell, a text box or a note."""
        elements: list[FlowElement] = []
        for element in container:
            name = local_name(element)
            if name == "p":
                elements += self._read_paragraph(element, context)
            elif name == "tbl":
                elements += self._read_table(element, context)
            elif name == "sdt":
                content = child(element, "sdtContent")
                if content is not None:
                    elements += self._read_container(content, _inside_control(element, context))
            elif name in TRANSPARENT:
                elements += self._read_container(element, context)
            elif name in DELETED:
                self._hide(plain_text(element))
            elif name == "AlternateContent":
                chosen = choose_alternative(element)
                if chosen is not None:
                    elements += self._read_container(chosen, context)
        return elements

    def _read_paragraph(self, element: etree._Element, context: _Context) -> list[FlowElement]:
        properties = child(element, "pPr")
        style = attribute(child(properties, "pStyle"))
        shaded = context.shaded or has_shading(child(properties, "shd"))
        content = _ParagraphContent()
        self._read_inline(element, content, replace(context, style=style, shaded=shaded))
        self._hide("".join(content.hidden))
        text = "".join(content.text)
        if not text.strip():
            return content.floating
        level = self._heading_level(properties, style)
        item_number = self._item_number(properties, style)
        kind = "heading" if level else "paragraph" if item_number is None else "list_item"
        return [FlowParagraph(f"{item_number} {text}" if item_number else text, kind, level), *content.floating]

    def _heading_level(self, properties: etree._Element | None, style: str | None) -> int:
        outline = attribute(child(properties, "outlineLvl"))
        if outline is not None and outline.isascii() and outline.isdigit():
            return int(outline) + 1 if len(outline) == 1 and outline < "9" else 0
        return self._styles.heading_level(style)

    def _item_number(self, properties: etree._Element | None, style: str | None) -> str | None:
        """Return the number that the paragraph has as an item of a list, "" for a bullet; None for no list item."""
        own = child(properties, "numPr")
        by_style = self._styles.find_property(style, "paragraph", "pPr", "numPr")
        list_id = attribute(child(own, "numId")) or attribute(child(by_style, "numId"))
        level = attribute(child(own, "ilvl")) or attribute(child(by_style, "ilvl")) or "0"
        if list_id in (None, "0") or not (level.isascii() and level.isdigit()):
            return None
        return self._numbering.next_number(list_id, int(level))

    # Runs.

    def _read_inline(self, container: etree._Element, content: _ParagraphContent, context: _Context) -> None:
        for element in container:
            name = local_name(element)
            if name == "r":
                self._read_run(element, content, context)
            elif name in TRANSPARENT:
                self._read_inline(element, content, context)
            elif name == "sdt":
                inner = child(element, "sdtContent")
                if inner is not None:
                    self._read_inline(inner, content, _inside_control(element, context))
            elif name in DELETED:
                content.hidden.append(plain_text(element))
            elif name in ("oMath", "oMathPara"):
                content.text.append("".join(part.text or "" for part in element.iter("{*}t")))
            elif name == "AlternateContent":
                chosen = choose_alternative(element)
                if chosen is not None:
                    self._read_inline(chosen, content, context)

    def _read_run(self, run: etree._Element, content: _ParagraphContent, context: _Context) -> None:
        hidden = context.hidden or self._is_hidden(run, context)
        target = content.hidden if hidden else content.text
        first = len(target)
        for element in run:
            self._read_run_element(element, target, content, context)
        if attribute(self._run_property(run, context, "vertAlign")) == "superscript":
            before = "".join(target[:first])[-1:]
            target[first:] = [superscript("".join(target[first:]), before)]

    def _read_run_element(
        self, element: etree._Element, target: list[str], content: _ParagraphContent, context: _Context
    ) -> None:
        name = local_name(element)
        if name == "t":
            target.append(element.text or "")
        elif name in ("tab", "ptab"):
            target.append("\t")
        elif name in ("br", "cr"):
            target.append("\n")
        elif name == "noBreakHyphen":
            target.append("-")
        elif name == "sym":
            target.append(symbol_text(element))
        elif name == "delText":
            content.hidden.append(element.text or "")
        elif name in ("footnoteReference", "endnoteReference"):
            self._notes.append((name.removesuffix("Reference"), attribute(element, "id") or ""))
        elif name == "fldChar":
            target.append(check_box_text(element))
        elif name == "ruby":
            base = child(element, "rubyBase")
            for run in base if base is not None else ():
                if local_name(run) == "r":
                    self._read_run(run, content, context)
        elif name in ("drawing", "pict", "object"):
            content.floating += self._read_drawing(element, context)
        elif name == "AlternateContent":
            chosen = choose_alternative(element)
            for inner in chosen if chosen is not None else ():
                self._read_run_element(inner, target, content, context)

    def _run_property(self, run: etree._Element, context: _Context, name: str) -> etree._Element | None:
        """Return the property of a run: its own, or that of its character style or its paragraph's style."""
        properties = child(run, "rPr")
        character_style = attribute(child(properties, "rStyle"))
        own = child(properties, name)
        if own is None and character_style is not None:
            own = self._styles.find_property(character_style, "character", "rPr", name)
        return own if own is not None else self._styles.find_property(context.style, "paragraph", "rPr", name)

    def _is_hidden(self, run: etree._Element, context: _Context) -> bool:
        """Decide whether a run is hidden, struck through, too small to be seen, or white on no background."""

        def find(name: str) -> etree._Element | None:
            return self._run_property(run, context, name)

        if any(is_on(find(name)) for name in ("vanish", "strike", "dstrike")):
            return True
        size = attribute(find("sz"))
        if size is not None and size.isdigit() and int(size) <= HiddenTextSettings.current().largest_hidden_size:
            return True
        white = (attribute(find("color")) or "").upper() == "FFFFFF"
        return white and not context.shaded and not has_shading(find("shd")) and find("highlight") is None

    # Text boxes and pictures.

    def _read_drawing(self, element: etree._Element, context: _Context) -> list[FlowElement]:
        elements: list[FlowElement] = []
        for box in [box for box in element.iter("{*}txbxContent") if is_outermost(box, element)]:
            # A text box may have a background of its own, which is not looked for.
            elements += self._read_container(box, _Context(context.part, shaded=True))
        for reference in element.iter("{*}blip", "{*}imagedata"):
            if is_outermost(reference, element):
                identifier = attribute(reference, "embed") or attribute(reference, "id")
                elements += self._read_picture(identifier, context.part)
        for data in element.iter("{*}graphicData"):
            if (data.get("uri") or "").rsplit("/", 1)[-1] in ("chart", "diagram", "chartex"):
                self._unread_drawings += 1
        if local_name(element) == "object" and not elements:
            self._unread_drawings += 1
        return elements

    def _read_picture(self, identifier: str | None, part: str) -> list[FlowElement]:
        relation = self._relations_of(part).get(identifier or "")
        if relation is None:
            return []
        if not relation.target:
            reason = "nothing outside a file is fetched; put the picture into the document."
            self._embedded.record_unread("the picture", "that is stored elsewhere", reason)
            return []
        name = relation.target.rpartition("/")[2]
        picture = self._embedded.read_picture(self._package.read(relation.target), name)
        return [] if picture is None else [picture]

    # Tables.

    def _read_table(self, element: etree._Element, context: _Context) -> list[FlowElement]:
        properties = child(element, "tblPr")
        shaded = child(properties, "tblStyle") is not None or has_shading(child(properties, "shd"))
        cells: list[FlowCell] = []
        open_merges: dict[int, int] = {}  # column -> the cell, in `cells`, that a vertical merge from above continues
        row = 0
        for line in iterate_table_parts(element, "tr"):
            line_properties = child(line, "trPr")
            if child(line_properties, "del") is not None or is_on(child(line_properties, "hidden")):
                self._hide(plain_text(line))
                continue
            header = is_on(child(line_properties, "tblHeader"))
            column = min(number(child(line_properties, "gridBefore"), 0), _MAX_COLUMNS)
            previous: int | None = None
            for cell in iterate_table_parts(line, "tc"):
                cell_properties = child(cell, "tcPr")
                span = min(number(child(cell_properties, "gridSpan"), 1), _MAX_COLUMNS)
                cell_shaded = context.shaded or shaded or has_shading(child(cell_properties, "shd"))
                content = tuple(self._read_container(cell, replace(context, shaded=cell_shaded, style=None)))
                horizontal, vertical = child(cell_properties, "hMerge"), child(cell_properties, "vMerge")
                if horizontal is not None and attribute(horizontal) != "restart" and previous is not None:
                    cells[previous] = replace(cells[previous], column_span=cells[previous].column_span + span)
                elif vertical is not None and attribute(vertical) != "restart" and column in open_merges:
                    above = open_merges[column]
                    cells[above] = replace(cells[above], row_span=row - cells[above].row + 1)
                    previous = None
                    # Word shows nothing of what is in it, which is an empty paragraph as a rule.
                    for each in content:
                        self._hide(each.text if not isinstance(each, FlowTable) else "")
                else:
                    cells.append(FlowCell(row, column, content, 1, span, header))
                    previous = len(cells) - 1
                    for covered in range(column, column + span):
                        open_merges.pop(covered, None)
                    if vertical is not None:
                        open_merges[column] = previous
                column += span
            row += 1
        return [FlowTable(tuple(cells))] if cells else []


def _inside_control(control: etree._Element, context: _Context) -> _Context:
    """Return the context inside a content control, which is hidden while it only shows its placeholder."""
    is_placeholder = is_on(child(control, "sdtPr", "showingPlcHdr"))
    return replace(context, hidden=True) if is_placeholder else context
