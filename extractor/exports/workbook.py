"""Excel: a worksheet for each sheet, in which text is text, a number is a number, and nothing is a formula."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from extractor.atomic_files import open_atomically
from extractor.exports.columns import Column, Sheet
from extractor.exports.warnings import Warnings
from extractor.store import Record

MOST_CHARACTERS = 32_767
MOST_ROWS = 1_048_576
MOST_DIGITS = 15
"""Excel rounds numbers with more digits than these."""
TOO_LONG = "cut, for a cell of Excel holds 32,767 characters (JSON Lines has all of it)"
NOT_XML = "characters that no XML file can hold were written as \\uXXXX"
_NOT_XML = re.compile("[\ud800-\udfff\ufffe\uffff]")
_FIRST_DAY = date(1900, 3, 1)
"""Before it Excel's calendar is wrong."""


def write(output: str, plan: list[Sheet], records: Iterator[Record], told: Warnings) -> None:
    """Write the workbook, a row at a time; a worksheet that is full goes on in another one."""
    with open_atomically(output) as file, tempfile.TemporaryDirectory() as folder:
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
        papers = {sheet.name: _Paper(book, sheet, formats, told) for sheet in plan}
        for record in records:
            told.records += 1
            for sheet in plan:
                for row in sheet.rows(record):
                    papers[sheet.name].add(row)
        book.close()


class _Paper:
    """The worksheets of one sheet."""

    def __init__(self, book: xlsxwriter.Workbook, sheet: Sheet, formats: dict[str, Any], told: Warnings) -> None:
        self._book, self._sheet, self._formats, self._told = book, sheet, formats, told
        self._begin()

    def _begin(self) -> None:
        used = {name.casefold() for name in self._book.sheetnames}
        own = re.sub(r"[\[\]:*?/\\\x00-\x1f']", "_", self._sheet.name)[:26] or "_"
        name, n = own, 1
        while name.casefold() in used or name.casefold() == "history":
            n += 1
            name = f"{own} {n}"
        self._page: Worksheet = self._book.add_worksheet(name)
        self._page.freeze_panes(1, 0)
        self._page.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
        for n, column in enumerate(self._sheet.columns):
            self._text(0, n, column.name, column, self._formats["bold"])
        self._row = 0

    def add(self, cells: list[Any]) -> None:
        if self._row == MOST_ROWS - 1:
            self._begin()
        self._row += 1
        for n, (column, cell) in enumerate(zip(self._sheet.columns, cells, strict=True)):
            if isinstance(cell, bool):
                self._page.write_boolean(self._row, n, cell)
            elif isinstance(cell, int | float) and _digits(cell) <= MOST_DIGITS:
                self._page.write_number(self._row, n, cell)
            elif isinstance(cell, str) and (day := _day(cell, column.kind)):
                self._page.write_datetime(self._row, n, day, self._formats[column.kind])
            elif cell is not None:
                self._text(self._row, n, str(cell), column, self._formats["text"])

    def _text(self, row: int, n: int, text: str, column: Column, shape: Any) -> None:
        place = f"{self._page.name} row {row + 1}, {column.name}"
        if _NOT_XML.search(text):
            self._told.add(NOT_XML, place)
            text = _NOT_XML.sub(lambda m: f"\\u{ord(m[0]):04x}", text)
        if _units(text) > MOST_CHARACTERS:
            self._told.add(TOO_LONG, place)
            text = text.encode("utf-16-le")[: 2 * (MOST_CHARACTERS - 2)].decode("utf-16-le", "ignore") + " …"
        if text.startswith("<r>") and text.endswith("</r>"):
            # what looks like XlsxWriter's own text with formats would be taken for it
            self._page.write_rich_string(row, n, text[:1], shape, text[1:])
        else:
            self._page.write_string(row, n, text, shape)


def _units(text: str) -> int:
    """The length of the text as Excel counts it, in units of UTF-16."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def _digits(number: int | float) -> int:
    mantissa = repr(number).partition("e")[0]
    return len(re.sub(r"\D", "", mantissa).strip("0"))


def _day(text: str, kind: str) -> date | None:
    """The date or the time that a text is, if Excel can hold it; it knows no time zones."""
    try:
        if kind == "date" and re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            day = date.fromisoformat(text)
            return day if day >= _FIRST_DAY else None
        if kind == "date-time":
            moment = datetime.fromisoformat(text)
            whole = moment.tzinfo is None and not moment.microsecond
            return moment if whole and moment.date() >= _FIRST_DAY else None
    except ValueError:
        pass
    return None
