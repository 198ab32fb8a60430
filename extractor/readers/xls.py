"""Excel workbooks in the older format (XLS) by xlrd: what the sheets show, as `xlsx` reads the newer ones."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from typing import Any

from extractor.errors import InputError
from extractor.readers import number_format, package
from extractor.readers.flow_writer import write_flow
from extractor.readers.limits import describe_library_error
from extractor.readers.sample import FileSample
from extractor.readers.worksheets import MAX_CELLS, Worksheet, too_many_cells, worksheet_elements
from extractor.types import Document, Problem

_SAVE_AGAIN = "Open it in a spreadsheet program, save it as .xlsx, and give that file."


def sniff(sample: FileSample) -> bool:
    """Accept an OLE file with the stream of a workbook."""
    return sample.is_ole and package.find_ole_stream(sample.data) in ("Workbook", "Book")


def read(data: bytes, source: str) -> Document:
    """Return the document in a workbook, as `xlsx.read` does, but without its pictures.

    Raises InputError for a workbook that is broken, locked, or has more than MAX_CELLS cells.
    """
    problems: list[Problem] = []
    elements = list(worksheet_elements(_read_sheets(data, source), problems))
    return write_flow(elements, hashlib.sha256(data).hexdigest(), source, problems)


def _read_sheets(data: bytes, source: str) -> Iterator[Worksheet]:
    import xlrd

    try:
        book = xlrd.open_workbook(file_contents=data, logfile=io.StringIO(), formatting_info=True)
        cells = 0
        for sheet in book.sheets():
            cells += sum(sheet.row_len(row) for row in range(sheet.nrows))
            if cells > MAX_CELLS:
                raise too_many_cells(source)
            yield _read_sheet(book, sheet)
    except InputError:
        raise
    except xlrd.XLRDError as error:
        locked = "encrypted" in str(error).lower()
        hint = "Open it, remove the password, and give that file." if locked else _SAVE_AGAIN
        raise InputError(
            f"{source} cannot be read as an old Excel workbook ({describe_library_error(error)}).", hint
        ) from None
    except Exception as error:  # xlrd raises various exceptions on records with a wrong length
        message = f"{source} is a broken Excel workbook ({type(error).__name__}: {describe_library_error(error)})."
        raise InputError(message, _SAVE_AGAIN) from None


def _read_sheet(book: Any, sheet: Any) -> Worksheet:
    import xlrd

    found = Worksheet(sheet.name, sheet.visibility == 0)
    found.hidden_rows = {row for row, info in sheet.rowinfo_map.items() if info.hidden}
    found.hidden_columns = {column for column, info in sheet.colinfo_map.items() if info.hidden}
    found.merged = [(top, left, bottom - top, right - left) for top, bottom, left, right in sheet.merged_cells]
    found.hidden = [note.text for note in sheet.cell_note_map.values() if note.text]
    for row in range(sheet.nrows):
        for column, cell in enumerate(sheet.row(row)):
            if cell.ctype in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK):
                continue
            text = _cell_text(book, cell)
            if text.strip():
                found.texts[row, column] = text
            elif cell.ctype == xlrd.XL_CELL_NUMBER:
                found.hidden.append(number_format.format_general(cell.value))
    return found


def _cell_text(book: Any, cell: Any) -> str:
    """Return a cell's value as the sheet shows it."""
    import xlrd

    if cell.ctype == xlrd.XL_CELL_TEXT:
        return cell.value
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return str(bool(cell.value)).upper()
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return xlrd.error_text_from_code.get(cell.value, "#N/A")
    code = book.format_map[book.xf_list[cell.xf_index].format_key].format_str
    return number_format.format_number(cell.value, code, since_1904=book.datemode == 1)
