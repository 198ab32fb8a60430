"""Excel workbooks in the newer formats (XLSX, XLSM) by openpyxl: what the sheets show, merged cells as spans.

A cell's text is the number as its format shows it, or the stored result of a formula. Hidden sheets, rows and columns,
text in the colour of the sheet, and notes are hidden text.
"""

from __future__ import annotations

import hashlib
import io
import re
import warnings
from collections.abc import Iterator
from typing import Any

from extractor.errors import InputError
from extractor.problems import ProblemKind
from extractor.readers import number_format
from extractor.readers.embedded import EmbeddedFiles
from extractor.readers.flow_writer import FlowElement, FlowParagraph, write_flow
from extractor.readers.limits import describe_library_error
from extractor.readers.package import Package
from extractor.readers.sample import FileSample
from extractor.readers.text_marks import superscript
from extractor.readers.worksheets import MAX_CELLS, MAX_COLUMNS, Worksheet, worksheet_elements
from extractor.types import Document, Problem

_MAIN_TYPES = (
    b"spreadsheetml.sheet.main",
    b"spreadsheetml.template.main",
    b"ms-excel.sheet.macroenabled",
    b"ms-excel.template.macroenabled",
)
_SAVE_AGAIN = "Open it in a spreadsheet program, save it as .xlsx, and give that file."

_CELL = re.compile(rb"<(?:\w+:)?c[\s>]")
_FORMULA_WITHOUT_RESULT = re.compile(
    rb"<(?:\w+:)?c\b([^>]*)>\s*<(?:\w+:)?f(?:\s[^>]*)?(?:/>|>[^<]*</(?:\w+:)?f>)\s*"
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
_MERGED_RANGE = re.compile(rb"""<(?:\w+:)?mergeCell\s[^>]*?ref=["']([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})["']""")


def sniff(sample: FileSample) -> bool:
    """Accept a package that declares a workbook or a workbook template as its main part."""
    return any(main_type in sample.content_types for main_type in _MAIN_TYPES)


def read(data: bytes, source: str) -> Document:
    """Return the document in a workbook: a heading for every visible sheet, its tables, and the lines between them.

    Pictures are read by OCR and come after the sheets. Problems: formulas without a stored result, pictures not read.
    Raises InputError for a workbook that is broken, locked, or has more than MAX_CELLS cells.
    """
    problems: list[Problem] = []
    package = Package(data, source)
    elements = [
        *worksheet_elements(_read_sheets(data, source, package, problems), problems),
        *_read_drawings(package, problems),
    ]
    return write_flow(elements, hashlib.sha256(data).hexdigest(), source, problems)


def _read_sheets(data: bytes, source: str, package: Package, problems: list[Problem]) -> Iterator[Worksheet]:
    import openpyxl

    _check_cells(package, source, problems)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles and extensions that are left out
            book = openpyxl.load_workbook(io.BytesIO(data), data_only=True, keep_links=False, rich_text=True)
        for sheet in book.worksheets:
            yield _read_sheet(sheet, book.epoch)
    except InputError:
        raise
    except Exception as error:  # openpyxl raises various exceptions on content that it does not expect
        message = f"{source} cannot be read as a workbook ({type(error).__name__}: {describe_library_error(error)})."
        raise InputError(message, _SAVE_AGAIN) from None


def _check_cells(package: Package, source: str, problems: list[Problem]) -> None:
    """Refuse too many cells before they are parsed, and record formulas whose result was never stored."""
    cells = without_result = 0
    for name in package.names:
        if not name.startswith("xl/worksheets/") or not name.endswith(".xml"):
            continue
        xml = package.read(name)
        cells += sum(1 for _ in _CELL.finditer(xml))
        without_result += sum(b't="str"' not in match[1] for match in _FORMULA_WITHOUT_RESULT.finditer(xml))
        # openpyxl makes a cell of every place under a merged cell.
        for left, top, right, bottom in _MERGED_RANGE.findall(xml):
            cells += (abs(int(bottom) - int(top)) + 1) * (abs(_column_number(right) - _column_number(left)) + 1)
    if cells > MAX_CELLS:
        message = f"{source} has {cells:,} cells; the limit is {MAX_CELLS:,}."
        raise InputError(message, "Split it into smaller files, or save it as CSV.")
    if without_result:
        message = (
            f"{without_result} cells hold formulas without a stored result; open the file in a spreadsheet program, "
            "save it, and give it again."
        )
        problems.append(Problem((), ProblemKind.NO_RESULT, message))


def _column_number(letters: bytes) -> int:
    """Return the number, from 1, of a column named by letters: AA is 27."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _read_sheet(sheet: Any, epoch: Any) -> Worksheet:
    found = Worksheet(sheet.title, sheet.sheet_state == "visible")
    for number, row in sheet.row_dimensions.items():
        if row.hidden or row.height == 0:
            found.hidden_rows.add(number - 1)
    for column in sheet.column_dimensions.values():
        if column.hidden or column.width == 0:
            found.hidden_columns |= set(range((column.min or 1) - 1, min(column.max or column.min or 1, MAX_COLUMNS)))
    for area in sheet.merged_cells.ranges:
        place = (area.min_row - 1, area.min_col - 1)
        found.merged.append((*place, area.max_row - area.min_row + 1, area.max_col - area.min_col + 1))
    # Not row by row: a row is as long as the sheet is wide, and two cells far apart make millions of places.
    for (row, column), cell in sorted(sheet._cells.items()):
        if cell.comment is not None:
            found.hidden.append(cell.comment.text)
        if cell.value is None:
            continue
        value = cell.value
        if isinstance(value, list):  # a text whose parts are set differently
            value, deleted = _shown_parts(value)
            found.hidden += deleted
        text = _cell_text(value, cell.number_format, epoch)
        if text.strip() and not _is_unseen(cell):
            found.texts[row - 1, column - 1] = text
        elif text.strip() or not isinstance(value, str):
            found.hidden.append(text.strip() or str(value))
    return found


def _cell_text(value: Any, code: str, epoch: Any) -> str:
    """Return a cell's value as the sheet shows it; openpyxl has already turned date cells into dates."""
    from openpyxl.utils.datetime import to_excel

    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, str):
        return value
    number = value if isinstance(value, int | float) else to_excel(value, epoch)
    return number_format.format_number(number, code or "General", since_1904=epoch.year == 1904)


def _shown_parts(parts: list[Any]) -> tuple[str, list[str]]:
    """Return the text of a cell whose parts are set differently, and those of its parts that are struck through."""
    shown, deleted = "", []
    for part in parts:
        font, text = getattr(part, "font", None), getattr(part, "text", part)
        if font is not None and font.strike:
            deleted.append(text)
        else:
            shown += superscript(text, shown[-1:]) if font is not None and font.vertAlign == "superscript" else text
    return shown, deleted


def _is_unseen(cell: Any) -> bool:
    """Decide whether the text is struck through, or white on a cell without a fill: for programs, not for people."""
    if not cell.has_style:
        return False
    if cell.font.strike:
        return True
    colour = cell.font.color
    white = colour is not None and (
        (colour.type == "rgb" and colour.rgb == "FFFFFFFF") or (colour.type == "theme" and colour.theme == 0)
    )
    return bool(white) and cell.fill.fill_type is None


def _read_drawings(package: Package, problems: list[Problem]) -> Iterator[FlowElement]:
    """Yield what is drawn over the sheets: the text in shapes, then pictures."""
    for name in sorted(package.names):
        if not re.fullmatch(r"xl/drawings/[^/]+\.xml", name):
            continue
        for paragraph in package.xml(name).iter("{*}p"):
            text = "".join(run.text or "" for run in paragraph.iter("{*}t"))
            if text.strip():
                yield FlowParagraph(text)
    embedded = EmbeddedFiles(problems)
    for name in sorted(package.names):
        if name.startswith("xl/media/"):
            picture = embedded.read_picture(package.read(name), name.rpartition("/")[2])
            if picture is not None:
                yield picture
