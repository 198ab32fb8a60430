"""Excel: a worksheet for each table, in which text is text, a number is a number, and nothing is a formula."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from extractor.exports.columns import Column, ExportTable
from extractor.exports.warnings import ExportWarnings
from extractor.files.atomic_files import PRIVATE, open_atomically
from extractor.store import Record

MAX_CELL_CHARACTERS = 32_767
MAX_ROWS = 1_048_576
MAX_DIGITS = 15
"""Significant digits beyond which Excel rounds numbers."""
TOO_LONG = "cut, because an Excel cell holds at most 32,767 characters (JSON Lines has all of it)"
NOT_XML = "characters that an XML file cannot hold were written as \\uXXXX"
_NOT_XML = re.compile("[\ud800-\udfff\ufffe\uffff]")
_FIRST_DAY = date(1900, 3, 1)
"""Excel takes 1900 for a leap year, so that earlier dates are wrong."""


def write(output: str, tables: list[ExportTable], records: Iterator[Record], warnings: ExportWarnings) -> None:
    """Write the workbook row by row; where a worksheet is full, another one continues it."""
    with open_atomically(output, PRIVATE) as file, tempfile.TemporaryDirectory() as folder:
        options = {
            "constant_memory": True,
            "tmpdir": folder,
            "strings_to_formulas": False,
            "strings_to_numbers": False,
            "strings_to_urls": False,
        }
        book = xlsxwriter.Workbook(file, options)
        formats = {
            "date": book.add_format({"num_format": "yyyy-mm-dd"}),
            "date-time": book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
            "bold": book.add_format({"bold": True}),
            "text": book.add_format({"num_format": "@"}),
        }
        worksheets = {table.name: _TableWorksheets(book, table, formats, warnings) for table in tables}
        for record in records:
            warnings.records += 1
            for table in tables:
                for row in table.rows(record):
                    worksheets[table.name].add_row(row)
        book.close()


class _TableWorksheets:
    """The worksheets of one table."""

    def __init__(
        self, book: xlsxwriter.Workbook, table: ExportTable, formats: dict[str, Any], warnings: ExportWarnings
    ) -> None:
        self._book, self._table, self._formats, self._warnings = book, table, formats, warnings
        self._add_worksheet()

    def _add_worksheet(self) -> None:
        """Begin a worksheet, under a name that Excel allows and that is not taken."""
        used = {name.casefold() for name in self._book.sheetnames}
        own = re.sub(r"[\[\]:*?/\\\x00-\x1f']", "_", self._table.name)[:26] or "_"
        name, n = own, 1
        while name.casefold() in used or name.casefold() == "history":
            n += 1
            name = f"{own} {n}"
        self._worksheet: Worksheet = self._book.add_worksheet(name)
        self._worksheet.freeze_panes(1, 0)
        self._worksheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
        for n, column in enumerate(self._table.columns):
            self._write_text(0, n, column.name, column, self._formats["bold"])
        self._row = 0

    def add_row(self, cells: list[Any]) -> None:
        """Write a row of the table."""
        if self._row == MAX_ROWS - 1:
            self._add_worksheet()
        self._row += 1
        for n, (column, cell) in enumerate(zip(self._table.columns, cells, strict=True)):
            if isinstance(cell, bool):
                self._worksheet.write_boolean(self._row, n, cell)
            elif isinstance(cell, int | float) and _digits(cell) <= MAX_DIGITS:
                self._worksheet.write_number(self._row, n, cell)
            elif isinstance(cell, str) and (day := _parse_day(cell, column.kind)):
                self._worksheet.write_datetime(self._row, n, day, self._formats[column.kind])
            elif cell is not None:
                self._write_text(self._row, n, str(cell), column, self._formats["text"])

    def _write_text(self, row: int, n: int, text: str, column: Column, cell_format: Any) -> None:
        """Write text, shortened or escaped with a warning where Excel cannot hold it."""
        place = f"{self._worksheet.name} row {row + 1}, {column.name}"
        if _NOT_XML.search(text):
            self._warnings.add(NOT_XML, place)
            text = _NOT_XML.sub(lambda m: f"\\u{ord(m[0]):04x}", text)
        if _utf16_length(text) > MAX_CELL_CHARACTERS:
            self._warnings.add(TOO_LONG, place)
            text = text.encode("utf-16-le")[: 2 * (MAX_CELL_CHARACTERS - 2)].decode("utf-16-le", "ignore") + " …"
        if text.startswith("<r>") and text.endswith("</r>"):
            # XlsxWriter would take it for its own markup of formatted text
            self._worksheet.write_rich_string(row, n, text[:1], cell_format, text[1:])
        else:
            self._worksheet.write_string(row, n, text, cell_format)


def _utf16_length(text: str) -> int:
    """Return the length of the text as Excel counts it, in UTF-16 code units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def _digits(number: int | float) -> int:
    """Count the significant digits of a number."""
    mantissa = repr(number).partition("e")[0]
    return len(re.sub(r"\D", "", mantissa).strip("0"))


def _parse_day(text: str, kind: str) -> date | None:
    """Return the date or the time that a text is, None if Excel cannot hold it; it knows no time zones."""
    try:
        if kind == "date" and re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            day = date.fromisoformat(text)
            return day if day >= _FIRST_DAY else None
        if kind == "date-time":
            moment = datetime.fromisoformat(text)
            is_exact = moment.tzinfo is None and not moment.microsecond
            return moment if is_exact and moment.date() >= _FIRST_DAY else None
    except ValueError:
        pass
    return None
