"""OpenDocument spreadsheets: every cell's text stands in the file as it is shown."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from lxml import etree

from extractor.errors import InputError
from extractor.readers.flow_writer import flowed
from extractor.readers.package import Package
from extractor.readers.xlsx import MAX_CELLS, Sheet, parts_of_sheets
from extractor.types import Document, Problem

_HIDDEN = ("collapse", "filter")


def read(data: bytes, source: str) -> Document:
    """The document in a workbook, as `xlsx.read` makes it; raises InputError for one that is broken or too large."""
    package = Package(data, source)
    root = package.xml("content.xml")
    parts = list(parts_of_sheets(_sheets(root, source)))
    problems: list[Problem] = []
    pictures = sum(name.startswith("Pictures/") for name in package.names)
    if pictures:
        problems.append(Problem((), "not_read", f"{pictures} pictures on the sheets were not read; save it as .xlsx."))
    return flowed(parts, hashlib.sha256(data).hexdigest(), source, problems)


def _sheets(root: etree._Element, source: str) -> Iterator[Sheet]:
    unseen = {
        style.get(_name(style, "name"))
        for style in root.iter("{*}style")
        for properties in style.iter("{*}table-properties")
        if properties.get(_name(properties, "display")) == "false"
    }
    count = 0
    for table in root.iter("{*}table"):
        sheet = Sheet(_attribute(table, "name"), _attribute(table, "style-name") not in unseen)
        _columns(table, sheet)
        row = 0
        for line in _children(table, "table-row"):
            times = _number(line, "number-rows-repeated")
            cells = list(_cells(line))
            for again in range(times if cells else 0):
                count += len(cells)
                if count > MAX_CELLS:
                    raise InputError(f"{source} has more than {MAX_CELLS:,} cells.", "Split it into smaller files.")
                if _attribute(line, "visibility") in _HIDDEN:
                    sheet.hidden_rows.add(row + again)
                for column, text, down, right in cells:
                    sheet.texts[row + again, column] = text
                    if down * right > 1:
                        sheet.merged.append((row + again, column, down, right))
            row += times
        yield sheet


def _columns(table: etree._Element, sheet: Sheet) -> None:
    at = 0
    for column in _children(table, "table-column"):
        times = min(_number(column, "number-columns-repeated"), 20_000)
        if _attribute(column, "visibility") in _HIDDEN:
            sheet.hidden_columns |= set(range(at, min(at + times, 20_000)))
        at += times


def _cells(line: etree._Element) -> Iterator[tuple[int, str, int, int]]:
    """Column, text and spans of the cells of a row that have a text."""
    column = 0
    for cell in line:
        if not isinstance(cell.tag, str) or etree.QName(cell).localname not in ("table-cell", "covered-table-cell"):
            continue
        times = _number(cell, "number-columns-repeated")
        text = "\n".join(_text(paragraph) for paragraph in cell.iterchildren("{*}p"))
        if text.strip():
            spans = _number(cell, "number-rows-spanned"), _number(cell, "number-columns-spanned")
            for again in range(min(times, 1024)):
                yield column + again, text, *spans
        column += times


def _text(paragraph: etree._Element) -> str:
    pieces = [paragraph.text or ""]
    for element in paragraph.iterchildren():
        if isinstance(element.tag, str):
            name = etree.QName(element).localname
            blanks = {"s": " " * min(_number(element, "c"), 1000), "tab": "\t", "line-break": "\n", "annotation": ""}
            pieces.append(blanks[name] if name in blanks else _text(element))
        pieces.append(element.tail or "")
    return "".join(pieces)


def _children(table: etree._Element, name: str) -> Iterator[etree._Element]:
    """The rows or columns of a table, also those in groups and headers, but not those of tables in its cells."""
    for child in table:
        if not isinstance(child.tag, str):
            continue
        local = etree.QName(child).localname
        if local == name:
            yield child
        elif local.startswith(("table-row", "table-column", "table-header")):
            yield from _children(child, name)


def _name(element: etree._Element, name: str) -> str:
    """The attribute's whole name: ODF's attributes are in the namespaces of their kind, known by the last part here."""
    return next((key for key in element.attrib if etree.QName(key).localname == name), name)


def _attribute(element: etree._Element, name: str) -> str:
    return element.get(_name(element, name), "")


def _number(element: etree._Element, name: str) -> int:
    value = _attribute(element, name)
    return max(1, int(value)) if value.isascii() and value.isdigit() and len(value) < 9 else 1
