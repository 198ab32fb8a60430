"""OpenDocument spreadsheets: the text of every cell is in the file as it is shown."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from extractor.problems import ProblemKind
from extractor.readers import package
from extractor.readers.flow_writer import write_flow
from extractor.readers.package import Package
from extractor.readers.sample import FileSample
from extractor.readers.worksheets import MAX_CELLS, Worksheet, too_many_cells, worksheet_elements
from extractor.types import Document, Problem

if TYPE_CHECKING:
    from lxml import etree

_MEDIA_TYPE = b"application/vnd.oasis.opendocument.spreadsheet"
_HIDDEN = ("collapse", "filter")
_MAX_COLUMNS = 20_000
_MAX_REPEATED_CELLS = 1024
_MAX_SPACES = 1000


def sniff(sample: FileSample) -> bool:
    """Accept a package that declares a spreadsheet and is not locked with a password."""
    return _MEDIA_TYPE in sample.content_types and not package.is_encrypted_open_document(sample.data, sample.source)


def read(data: bytes, source: str) -> Document:
    """Return the document in a workbook, as `xlsx.read` does; raise InputError for one that is broken or too large."""
    archive = Package(data, source)
    problems: list[Problem] = []
    elements = list(worksheet_elements(_read_sheets(archive.xml("content.xml"), source), problems))
    pictures = sum(name.startswith("Pictures/") for name in archive.names)
    if pictures:
        message = f"{pictures} pictures on the sheets were not read; save the file as .xlsx, and give that file."
        problems.append(Problem((), ProblemKind.NOT_READ, message))
    return write_flow(elements, hashlib.sha256(data).hexdigest(), source, problems)


def _read_sheets(root: etree._Element, source: str) -> Iterator[Worksheet]:
    hidden_styles = {
        _attribute(style, "name", missing=None)
        for style in root.iter("{*}style")
        for properties in style.iter("{*}table-properties")
        if _attribute(properties, "display") == "false"
    }
    count = 0
    for table in root.iter("{*}table"):
        sheet = Worksheet(_attribute(table, "name") or "", _attribute(table, "style-name") not in hidden_styles)
        _find_hidden_columns(table, sheet)
        row = 0
        for line in _iterate_rows_or_columns(table, "table-row"):
            times = _number(line, "number-rows-repeated")
            cells = list(_iterate_cells(line))
            for again in range(times if cells else 0):
                count += len(cells)
                if count > MAX_CELLS:
                    raise too_many_cells(source)
                if _attribute(line, "visibility") in _HIDDEN:
                    sheet.hidden_rows.add(row + again)
                for column, text, row_span, column_span in cells:
                    sheet.texts[row + again, column] = text
                    if row_span * column_span > 1:
                        sheet.merged.append((row + again, column, row_span, column_span))
            row += times
        yield sheet


def _find_hidden_columns(table: etree._Element, sheet: Worksheet) -> None:
    at = 0
    for column in _iterate_rows_or_columns(table, "table-column"):
        times = min(_number(column, "number-columns-repeated"), _MAX_COLUMNS)
        if _attribute(column, "visibility") in _HIDDEN:
            sheet.hidden_columns |= set(range(at, min(at + times, _MAX_COLUMNS)))
        at += times


def _iterate_cells(row: etree._Element) -> Iterator[tuple[int, str, int, int]]:
    """Yield column, text, row span and column span of the cells of a row that have a text."""
    column = 0
    for cell in row:
        if not isinstance(cell.tag, str) or _local_name(cell.tag) not in ("table-cell", "covered-table-cell"):
            continue
        times = _number(cell, "number-columns-repeated")
        text = "\n".join(_paragraph_text(paragraph) for paragraph in cell.iterchildren("{*}p"))
        if text.strip():
            spans = _number(cell, "number-rows-spanned"), _number(cell, "number-columns-spanned")
            for again in range(min(times, _MAX_REPEATED_CELLS)):
                yield column + again, text, *spans
        column += times


def _paragraph_text(paragraph: etree._Element) -> str:
    pieces = [paragraph.text or ""]
    for element in paragraph.iterchildren():
        if isinstance(element.tag, str):
            name = _local_name(element.tag)
            spaces = " " * min(_number(element, "c"), _MAX_SPACES)
            replacements = {"s": spaces, "tab": "\t", "line-break": "\n", "annotation": ""}
            pieces.append(replacements[name] if name in replacements else _paragraph_text(element))
        pieces.append(element.tail or "")
    return "".join(pieces)


def _iterate_rows_or_columns(table: etree._Element, name: str) -> Iterator[etree._Element]:
    """Yield the rows or columns of a table, also those in groups and headers, but not of tables inside its cells."""
    for child in table:
        if not isinstance(child.tag, str):
            continue
        local = _local_name(child.tag)
        if local == name:
            yield child
        elif local.startswith(("table-row", "table-column", "table-header")):
            yield from _iterate_rows_or_columns(child, name)


def _local_name(name: str) -> str:
    """Return the name of an element or attribute without its namespace."""
    return name.rpartition("}")[2]


def _attribute(element: etree._Element, name: str, missing: str | None = "") -> str | None:
    """Return the attribute of that name in whichever namespace: ODF has a namespace for each kind of attribute."""
    return next((text for key, text in element.attrib.items() if _local_name(key) == name), missing)


def _number(element: etree._Element, name: str) -> int:
    """Return the number in an attribute, 1 where it has none."""
    value = _attribute(element, name) or ""
    return max(1, int(value)) if value.isascii() and value.isdigit() and len(value) < 9 else 1
