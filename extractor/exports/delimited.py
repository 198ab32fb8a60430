"""CSV: a file for each sheet, in which no spreadsheet finds a formula, and from which every value can be had back.

CSV knows no types, so spreadsheets take text for a formula by how it begins. Such text is written with an apostrophe
before it, and so is text that has an apostrophe there itself; `original` takes it away again. Numbers are not touched.
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

from extractor.atomic_files import WRITE_HINT, open_atomically
from extractor.errors import OutputError
from extractor.exports.columns import Column, Sheet
from extractor.exports.warnings import Warnings
from extractor.store import Record

MARK = "'"
_APART = ",;|\t\r\n"
_BEFORE = r"[^\S\t\r\n]*[\"'“”‘’\u200b-\u200f\u2060\ufeff\x00-\x08\x0b\x0c\x0e-\x1f\s]*?"
# a sign before a plain number, with no sign of arithmetic after it up to the next separator
_NUMBER = rf"[+-][\d.](?=[^{_APART}]*(?:[{_APART}]|$))[^-+*/^&=<>(!:{_APART}]*(?:(?=[,;\t\r\n])|$)"
_FORMULA = rf"(?={_BEFORE}(?!{_NUMBER})[=+\-@＝＋－＠﹢﹣﹦﹫−])"
_FIRST = re.compile(_FORMULA)
_INSIDE = re.compile(rf"(?<=[{_APART}]){_FORMULA}")
_INSIDE_MARKED = re.compile(rf"(?<=[{_APART}])'{_FORMULA}")


def disarmed(text: str) -> str:
    """The text with an apostrophe wherever a spreadsheet could begin to read a formula; `original` undoes it.

    That is at the beginning, and, for a spreadsheet that splits at another character than the file does, after every
    character that some take for a separator. A sign before a plain number begins no formula.
    """
    text = _INSIDE.sub(MARK, text)
    return MARK + text if not text or text[0] in "'\t\r\n" or _FIRST.match(text) else text


def original(text: str) -> str:
    """The text that `disarmed` was given."""
    return _INSIDE_MARKED.sub("", text.removeprefix(MARK))


def write(
    files: Mapping[str, FilePath], plan: list[Sheet], records: Iterator[Record], told: Warnings, *, bom: bool
) -> None:
    """Write every sheet to its file; text is quoted, a number is not, what is not there is nothing at all."""
    with contextlib.ExitStack() as stack:
        lines = {}
        for sheet in plan:
            path = files[sheet.name]
            _make_folder(path.parent)
            out = _text(stack.enter_context(open_atomically(path)), bom)
            stack.callback(out.detach)
            lines[sheet.name] = csv.writer(out, quoting=csv.QUOTE_NONNUMERIC)
            lines[sheet.name].writerow([disarmed(c.name) for c in sheet.columns])
        for record in records:
            told.records += 1
            for sheet in plan:
                for row in sheet.rows(record):
                    cells = zip(sheet.columns, row, strict=True)
                    lines[sheet.name].writerow([_written(cell, column) for column, cell in cells])


def read(file: FilePath, columns: tuple[Column, ...]) -> Iterator[list[Any]]:
    """The rows that were written to a file; a value comes back as it was if it is of its column's kind."""
    with open(file, encoding="utf-8-sig", errors="surrogatepass", newline="") as lines:
        rows = csv.reader(lines)
        next(rows)
        for row in rows:
            yield [_back(cell, column) for column, cell in zip(columns, row, strict=True)]


class _Bare(float):
    """Something that the csv module writes without quotes, as it does with numbers."""

    def __new__(cls, text: str) -> _Bare:
        self = super().__new__(cls, 0)
        self.text = text
        return self

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__


def _written(cell: Any, column: Column) -> Any:
    if cell is None:
        return _Bare("")
    if not isinstance(cell, str):
        return _Bare(json.dumps(cell))
    if column.kind in ("integer", "number", "boolean") and _is_json(cell):
        return MARK + cell  # text that would come back as a number
    return disarmed(cell)


def _back(cell: str, column: Column) -> Any:
    if not cell:
        return None
    if column.kind in ("integer", "number", "boolean") and _is_json(cell):
        return json.loads(cell)
    return original(cell)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _text(file: BinaryIO, bom: bool) -> io.TextIOWrapper:
    # half a surrogate pair stays what it is: to escape it would be to change it
    return io.TextIOWrapper(file, "utf-8-sig" if bom else "utf-8", "surrogatepass", newline="")


def _make_folder(folder: FilePath) -> None:
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise OutputError(f"Cannot make the folder {folder}: {error.strerror}", WRITE_HINT) from error
