"""CSV: a file for each table, in which no spreadsheet finds a formula, and from which every value can be read back.

CSV has no types, so spreadsheets recognise a formula by how a text begins. Such text is written with an apostrophe in
front (CWE-1236, "CSV injection"), and so is text that begins with an apostrophe itself; `unescape_formulas` removes it
again. Numbers are left alone.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path as FilePath
from typing import Any, BinaryIO

from extractor.errors import OutputError
from extractor.exports.columns import Column, ExportTable
from extractor.exports.warnings import ExportWarnings
from extractor.files.atomic_files import PRIVATE, WRITE_HINT, open_atomically
from extractor.store import Record

ESCAPE = "'"
_SEPARATORS = ",;|\t\r\n"
_INVISIBLE = r"[^\S\t\r\n]*[\"'“”‘’\u200b-\u200f\u2060\ufeff\x00-\x08\x0b\x0c\x0e-\x1f\s]*?"
# a sign before a plain number, with no sign of arithmetic after it up to the next separator
_NUMBER = rf"[+-][\d.](?=[^{_SEPARATORS}]*(?:[{_SEPARATORS}]|$))[^-+*/^&=<>(!:{_SEPARATORS}]*(?:(?=[,;\t\r\n])|$)"
_FORMULA = rf"(?={_INVISIBLE}(?!{_NUMBER})[=+\-@＝＋－＠﹢﹣﹦﹫−])"
_AT_START = re.compile(_FORMULA)
_INSIDE = re.compile(rf"(?<=[{_SEPARATORS}]){_FORMULA}")
_ESCAPED_INSIDE = re.compile(rf"(?<=[{_SEPARATORS}])'{_FORMULA}")


def escape_formulas(text: str) -> str:
    """Return the text with an apostrophe where a spreadsheet could find a formula; `unescape_formulas` reverses it.

    That is at the beginning and, for a spreadsheet that splits at another character than the comma, after every
    character that some take for a separator. A sign before a plain number does not begin a formula.
    """
    text = _INSIDE.sub(ESCAPE, text)
    return ESCAPE + text if not text or text[0] in "'\t\r\n" or _AT_START.match(text) else text


def unescape_formulas(text: str) -> str:
    """Return the text that `escape_formulas` was given."""
    return _ESCAPED_INSIDE.sub("", text.removeprefix(ESCAPE))


def write(
    files: Mapping[str, FilePath],
    tables: list[ExportTable],
    records: Iterator[Record],
    warnings: ExportWarnings,
    *,
    bom: bool,
) -> None:
    """Write every table to its file; text is quoted, numbers are not, and a missing value is an empty cell."""
    with contextlib.ExitStack() as stack:
        writers = {}
        for table in tables:
            path = files[table.name]
            _make_folder(path.parent)
            out = _open_text(stack.enter_context(open_atomically(path, PRIVATE)), bom)
            stack.callback(out.detach)
            writers[table.name] = csv.writer(out, quoting=csv.QUOTE_NONNUMERIC)
            writers[table.name].writerow([escape_formulas(c.name) for c in table.columns])
        for record in records:
            warnings.records += 1
            for table in tables:
                for row in table.rows(record):
                    cells = zip(table.columns, row, strict=True)
                    writers[table.name].writerow([_encode(cell, column) for column, cell in cells])


def read(file: FilePath, columns: tuple[Column, ...]) -> Iterator[list[Any]]:
    """Yield the rows that were written to a file; a value comes back as it was if it is of its column's kind."""
    with open(file, encoding="utf-8-sig", errors="surrogatepass", newline="") as lines:
        rows = csv.reader(lines)
        next(rows)
        for row in rows:
            yield [_decode(cell, column) for column, cell in zip(columns, row, strict=True)]


class _Unquoted(float):
    """Text that the csv module writes without quotes, because it takes it for a number."""

    def __new__(cls, text: str) -> _Unquoted:
        self = super().__new__(cls, 0)
        self.text = text
        return self

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__


def _encode(cell: Any, column: Column) -> Any:
    if cell is None:
        return _Unquoted("")
    if not isinstance(cell, str):
        return _Unquoted(json.dumps(cell))
    if column.kind in ("integer", "number", "boolean") and _is_json(cell):
        return ESCAPE + cell  # text that would be read back as a number
    return escape_formulas(cell)


def _decode(cell: str, column: Column) -> Any:
    if not cell:
        return None
    if column.kind in ("integer", "number", "boolean") and _is_json(cell):
        return json.loads(cell)
    return unescape_formulas(cell)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _open_text(file: BinaryIO, bom: bool) -> io.TextIOWrapper:
    # half a surrogate pair is kept as it is: to escape it would be to change it
    return io.TextIOWrapper(file, "utf-8-sig" if bom else "utf-8", "surrogatepass", newline="")


def _make_folder(folder: FilePath) -> None:
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise OutputError(f"Cannot create the folder {folder}: {error.strerror}", WRITE_HINT) from error
