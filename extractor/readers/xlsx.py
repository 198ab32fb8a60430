"""Spreadsheets, XLSX and XLSM by openpyxl, XLS by xlrd: what the sheets show, with merged cells as spans.

A cell's text is the number as its format shows it and the stored result of a formula. Hidden sheets, rows and columns,
text in the colour of the sheet and notes are `hidden` text. Every sheet is a heading and what is on it (`sheets`).
"""

from __future__ import annotations

import hashlib
import io
import re
import warnings
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from extractor.errors import InputError
from extractor.readers import number_format
from extractor.readers.embedded import Enclosed
from extractor.readers.flow_writer import Paragraph, Part, flowed
from extractor.readers.package import OLE, Package
from extractor.readers.sheets import SheetCell, parts_of_sheet
from extractor.types import Document, Problem

MAX_CELLS = 500_000
_RESAVE = "Open it in a spreadsheet program, save it as .xlsx, and give that file."


@dataclass(slots=True)
class Sheet:
    """What one sheet shows, and what it hides; `merged` are `(row, column, row span, column span)`, from 0."""

    name: str
    visible: bool
    texts: dict[tuple[int, int], str] = field(default_factory=dict)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    hidden: list[str] = field(default_factory=list)
    """Texts that are hidden cell by cell."""


def read(data: bytes, source: str) -> Document:
    """The document in a workbook: a heading for every sheet that is shown, its tables, and the lines between them.

    Pictures are read by OCR, behind the sheets. Problems: formulas without a stored result, pictures not read. Raises
    InputError for a workbook that is broken, locked, or has more than MAX_CELLS cells.
    """
    problems: list[Problem] = []
    if data.startswith(OLE):
        parts = [*parts_of_sheets(_old_sheets(data, source))]
    else:
        package = Package(data, source)
        parts = [*parts_of_sheets(_sheets(data, source, package, problems)), *_drawn(package, problems)]
    return flowed(parts, hashlib.sha256(data).hexdigest(), source, problems)


def parts_of_sheets(sheets: Iterable[Sheet]) -> Iterator[Part]:
    """The sheets in order, each its name and what it shows, and what they hide."""
    for sheet in sheets:
        shown, hidden = _shown(sheet)
        if sheet.visible and shown:
            yield Paragraph(sheet.name, "heading", 1)
            yield from parts_of_sheet(shown, level=2)
        elif shown:
            hidden = [cell.text for cell in shown] + hidden
        if hidden:
            yield Paragraph(f"{sheet.name}: " + " ".join(hidden), "hidden")


def _shown(sheet: Sheet) -> tuple[list[SheetCell], list[str]]:
    """The cells that show, and the texts of those that do not; rows and columns are counted without hidden ones."""
    hidden = list(sheet.hidden)
    spans = {(row, column): (down, right) for row, column, down, right in sheet.merged}
    hidden_rows, hidden_columns = sorted(sheet.hidden_rows), sorted(sheet.hidden_columns)
    cells = []
    for (row, column), text in sheet.texts.items():
        down, right = spans.get((row, column), (1, 1))
        top, height = _without(hidden_rows, row, down)
        left, width = _without(hidden_columns, column, right)
        if height and width:
            cells.append(SheetCell(text, top, left, height, width))
        else:
            hidden.append(text)
    return cells, hidden


def _without(hidden: list[int], start: int, span: int) -> tuple[int, int]:
    """Where a stretch of rows (or columns) begins and how many it is, counted without hidden ones."""
    before, inside = bisect_left(hidden, start), bisect_left(hidden, start + span)
    return start - before, span - (inside - before)


# XLSX.

_CELL = re.compile(rb"<(?:\w+:)?c[\s>]")
_UNCOMPUTED = re.compile(
    rb"<(?:\w+:)?c\b([^>]*)>\s*<(?:\w+:)?f(?:\s[^>]*)?(?:/>|>[^<]*</(?:\w+:)?f>)\s*"
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
_MERGED = re.compile(rb"""<(?:\w+:)?mergeCell\s[^>]*?ref=["']([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})["']""")


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _sheets(data: bytes, source: str, package: Package, problems: list[Problem]) -> Iterator[Sheet]:
    import openpyxl

    _look_at(package, source, problems)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles and extensions that are left out
            book = openpyxl.load_workbook(io.BytesIO(data), data_only=True, keep_links=False)
        for sheet in book.worksheets:
            yield _sheet(sheet, book.epoch)
    except InputError:
        raise
    except Exception as error:  # openpyxl raises whatever its descriptors raise on what they do not expect
        raise InputError(f"{source} cannot be read as a workbook ({type(error).__name__}: {error}).", _RESAVE) from None


def _look_at(package: Package, source: str, problems: list[Problem]) -> None:
    """Refuses what is too large before it is taken apart; records formulas that no program has worked out yet."""
    cells = uncomputed = 0
    for name in package.names:
        if not name.startswith("xl/worksheets/") or not name.endswith(".xml"):
            continue
        xml = package.read(name)
        cells += sum(1 for _ in _CELL.finditer(xml))
        uncomputed += sum(b't="str"' not in match[1] for match in _UNCOMPUTED.finditer(xml))
        # Every place under a merged cell counts: openpyxl makes a cell of it.
        for left, top, right, bottom in _MERGED.findall(xml):
            cells += (abs(int(bottom) - int(top)) + 1) * (abs(_column(right) - _column(left)) + 1)
    if cells > MAX_CELLS:
        message = f"{source} has {cells:,} cells; the limit is {MAX_CELLS:,}."
        raise InputError(message, "Split it into smaller files, or save it as CSV.")
    if uncomputed:
        message = f"{uncomputed} cells hold formulas without a result; open the file in a spreadsheet program, save it."
        problems.append(Problem((), "no_result", message))


def _sheet(sheet: Any, epoch: Any) -> Sheet:
    found = Sheet(sheet.title, sheet.sheet_state == "visible")
    for number, row in sheet.row_dimensions.items():
        if row.hidden or row.height == 0:
            found.hidden_rows.add(number - 1)
    for column in sheet.column_dimensions.values():
        if column.hidden or column.width == 0:
            found.hidden_columns |= set(range((column.min or 1) - 1, min(column.max or column.min or 1, 16_384)))
    for area in sheet.merged_cells.ranges:
        place = (area.min_row - 1, area.min_col - 1)
        found.merged.append((*place, area.max_row - area.min_row + 1, area.max_col - area.min_col + 1))
    # Not by rows: those are as long as the sheet is wide, and two cells far apart make millions of places.
    for (row, column), cell in sorted(sheet._cells.items()):
        if cell.comment is not None:
            found.hidden.append(cell.comment.text)
        if cell.value is None:
            continue
        text = _text(cell.value, cell.number_format, epoch)
        if text.strip() and not _in_colour_of_sheet(cell):
            found.texts[row - 1, column - 1] = text
        elif text.strip() or not isinstance(cell.value, str):
            found.hidden.append(text.strip() or str(cell.value))
    return found


def _text(value: Any, code: str, epoch: Any) -> str:
    from openpyxl.utils.datetime import to_excel

    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, str):
        return value
    number = value if isinstance(value, int | float) else to_excel(value, epoch)
    return number_format.shown(number, code or "General", since_1904=epoch.year == 1904)


def _in_colour_of_sheet(cell: Any) -> bool:
    """Whether the text is white on a cell without a ground: there to be found by programs, not by people."""
    if not cell.has_style:
        return False
    colour = cell.font.color
    white = colour is not None and (
        (colour.type == "rgb" and colour.rgb == "FFFFFFFF") or (colour.type == "theme" and colour.theme == 0)
    )
    return bool(white) and cell.fill.fill_type is None


def _drawn(package: Package, problems: list[Problem]) -> Iterator[Part]:
    """What is drawn over the sheets: the text in shapes, and pictures."""
    for name in sorted(package.names):
        if not re.fullmatch(r"xl/drawings/[^/]+\.xml", name):
            continue
        for paragraph in package.xml(name).iter("{*}p"):
            text = "".join(run.text or "" for run in paragraph.iter("{*}t"))
            if text.strip():
                yield Paragraph(text)
    enclosed = Enclosed(problems)
    for name in sorted(package.names):
        if name.startswith("xl/media/"):
            picture = enclosed.picture(package.read(name), name.rpartition("/")[2])
            if picture is not None:
                yield picture


# XLS.


def _old_sheets(data: bytes, source: str) -> Iterator[Sheet]:
    import xlrd

    try:
        book = xlrd.open_workbook(file_contents=data, logfile=io.StringIO(), formatting_info=True)
        cells = 0
        for sheet in book.sheets():
            cells += sum(sheet.row_len(row) for row in range(sheet.nrows))
            if cells > MAX_CELLS:
                raise InputError(f"{source} has more than {MAX_CELLS:,} cells.", "Split it into smaller files.")
            yield _old_sheet(book, sheet)
    except InputError:
        raise
    except xlrd.XLRDError as error:
        locked = "encrypted" in str(error).lower()
        hint = "Open it, take the password off, and give that file." if locked else _RESAVE
        raise InputError(f"{source} cannot be read as an old Excel workbook ({error}).", hint) from None
    except Exception as error:  # xlrd raises whatever comes of records that lie about their length
        message = f"{source} is a broken Excel workbook ({type(error).__name__}: {error})."
        raise InputError(message, _RESAVE) from None


def _old_sheet(book: Any, sheet: Any) -> Sheet:
    import xlrd

    found = Sheet(sheet.name, sheet.visibility == 0)
    found.hidden_rows = {row for row, info in sheet.rowinfo_map.items() if info.hidden}
    found.hidden_columns = {column for column, info in sheet.colinfo_map.items() if info.hidden}
    found.merged = [(top, left, down - top, right - left) for top, down, left, right in sheet.merged_cells]
    found.hidden = [note.text for note in sheet.cell_note_map.values() if note.text]
    for row in range(sheet.nrows):
        for column, cell in enumerate(sheet.row(row)):
            if cell.ctype in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK):
                continue
            if cell.ctype == xlrd.XL_CELL_TEXT:
                text = cell.value
            elif cell.ctype == xlrd.XL_CELL_BOOLEAN:
                text = str(bool(cell.value)).upper()
            elif cell.ctype == xlrd.XL_CELL_ERROR:
                text = xlrd.error_text_from_code.get(cell.value, "#N/A")
            else:
                code = book.format_map[book.xf_list[cell.xf_index].format_key].format_str
                text = number_format.shown(cell.value, code, since_1904=book.datemode == 1)
            if text.strip():
                found.texts[row, column] = text
            elif cell.ctype == xlrd.XL_CELL_NUMBER:
                found.hidden.append(number_format.general(cell.value))
    return found
