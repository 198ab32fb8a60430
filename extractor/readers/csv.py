"""Delimited text: commas, semicolons, tabs or bars between fields; which, is told by how regular it makes the file.

Exports put titles and notes over and under their tables; blank lines and changes in the number of fields part them.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections import Counter
from dataclasses import dataclass
from itertools import groupby

from extractor import tables
from extractor.errors import InputError
from extractor.readers import text as plain
from extractor.readers.flow_writer import flowed
from extractor.readers.sheets import SheetCell, parts_of_sheet
from extractor.types import Document, Problem

DELIMITERS = ",;\t|"
MAX_CELLS = 500_000
_SAMPLED = 200  # rows looked at to tell the delimiter


@dataclass(frozen=True, slots=True)
class Dialect:
    """A delimiter, and how far it makes rows of one length: their most frequent number of fields, and its share."""

    delimiter: str
    fields: int
    share: float


def read(data: bytes, source: str) -> Document:
    """The document in a delimited file: its tables, a cell for each field, and the lines between them.

    A Problem says where quotes are left open or rows are longer than the header. Raises InputError as plain text does,
    and for more than MAX_CELLS fields.
    """
    decoded, problems = plain.decode_document(data, source)
    dialect = dialect_of(decoded) or Dialect(",", 1, 1.0)
    rows = _rows(decoded, dialect.delimiter)
    if decoded.count('"') % 2 and len(rows) and any(field.count("\n") > 20 for field in rows[-1]):
        # A quote that is never closed swallows the rest of the file: then quotes mean nothing.
        rows = _rows(decoded, dialect.delimiter, quoted=False)
        problems.append(Problem((), "quotes", "A quotation mark is never closed; quotes were read as they stand."))
    if sum(map(len, rows)) > MAX_CELLS:
        raise InputError(f"{source} has more than {MAX_CELLS:,} fields.", "Split it into smaller files.")
    parts = [part for block in _blocks(rows) for part in parts_of_sheet(block)]
    return flowed(parts, hashlib.sha256(data).hexdigest(), source, problems)


def is_delimited(text: str) -> bool:
    """Whether a text is a table in delimited form beyond doubt, so that it need not be called one.

    Tabs and bars between cells are left to plain text, which knows tables that were flattened with them.
    """
    dialect = dialect_of(text, ",;")
    if dialect is None or dialect.fields < 3 or dialect.share < 0.95:
        return False
    rows = [row for row in _rows(text, dialect.delimiter)[:_SAMPLED] if any(field.strip() for field in row)]
    fields = [field for row in rows for field in row]
    # Prose sets a blank behind its commas, and its sentences are long.
    spaced = sum(field.startswith(" ") for field in fields) * 2 > len(fields)
    long = sum(len(field) > 60 for field in fields) * 5 > len(fields)
    head = rows[0] if rows else []
    named = len(set(head)) == len(head) and all(name.strip() and len(name) <= 60 for name in head)
    return len(rows) > 2 and named and not spaced and not long and not re.search(r"[.!?。！？]$", head[-1])


def dialect_of(text: str, delimiters: str = DELIMITERS) -> Dialect | None:
    """The delimiter under which most rows have the same number of fields, two at least; None where none has."""
    best: Dialect | None = None
    sample = "\n".join(text[:200_000].split("\n")[: 2 * _SAMPLED])
    for delimiter in delimiters:
        if delimiter not in sample:
            continue
        rows = [row for row in _rows(sample, delimiter)[:_SAMPLED] if any(field.strip() for field in row)]
        counts = Counter(len(row) for row in rows if len(row) > 1)
        if not counts:
            continue
        fields, times = max(counts.items(), key=lambda item: (item[1] * min(item[0], 4), item[0]))
        found = Dialect(delimiter, fields, times / len(rows))
        # Commas in numbers part fields too, but not in every row, and less evenly than what parts the cells.
        if best is None or (found.share, found.fields) > (best.share, best.fields):
            best = found
    return best


def _rows(text: str, delimiter: str, *, quoted: bool = True) -> list[list[str]]:
    limit = csv.field_size_limit(len(text) + 1)
    try:
        quoting = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
        lines = text.removeprefix("sep=" + delimiter + "\n")
        return list(csv.reader(io.StringIO(lines, newline=""), delimiter=delimiter, quoting=quoting))
    except csv.Error:
        return [line.split(delimiter) for line in text.split("\n")]
    finally:
        csv.field_size_limit(limit)


def _blocks(rows: list[list[str]]) -> list[list[SheetCell]]:
    """The rows in blocks: two or more rows with another number of fields begin a table of their own.

    Rows of one field are lines over the table that follows, or a banner where the table goes on after them.
    """
    runs = [(length, list(run)) for length, run in groupby(rows, key=lambda row: len(row) if any(row) else 0)]
    blocks: list[list[list[str]]] = []
    width = 0
    for position, (length, run) in enumerate(runs):
        following = runs[position + 1] if position + 1 < len(runs) else (0, [[]])
        goes_on = length == width or not length
        if length == 1:
            goes_on = following[0] == width and any(tables.is_value(field.strip()) for field in following[1][0])
        elif length and len(run) == 1:
            goes_on = True
        if blocks and (goes_on or width <= 1):
            blocks[-1] += run
            width = width if length <= 1 and width > 1 else max(width, length)
            continue
        blocks.append(list(run))
        width = length
    return [
        [
            SheetCell(field, row, column)
            for row, fields in enumerate(block)
            for column, field in enumerate(fields)
            if field.strip()
        ]
        for block in blocks
    ]
