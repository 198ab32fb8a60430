"""Delimited text: commas, semicolons, tabs or bars between fields; the one that makes rows of one length is used.

Exports put titles and notes above and below their tables; blank lines and changes in the number of fields separate
them.
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
from extractor.problems import ProblemKind
from extractor.readers.encoding import decode_document
from extractor.readers.flow_writer import write_flow
from extractor.readers.limits import SPLIT_FILE
from extractor.readers.sample import FileSample
from extractor.readers.sheet_regions import SheetCell, split_sheet
from extractor.settings import Settings, threshold
from extractor.types import Document, Problem

DELIMITERS = ",;\t|"
MAX_CELLS = 500_000
_SAMPLE_ROWS = 200
_SAMPLE_CHARACTERS = 200_000


@dataclass(frozen=True)
class DelimitedTextSettings(Settings):
    """What makes a text delimited beyond doubt, so that its name need not say so."""

    fewest_fields: int = threshold(3, unit="fields", meaning="fewest fields of the usual row")
    regular_share: float = threshold(0.95, meaning="least share of rows with the usual number of fields")
    spaced_share: float = threshold(
        0.5, meaning="largest share of fields that begin with a blank: prose sets one behind its commas"
    )
    long_field: int = threshold(60, unit="characters", meaning="a longer field is long, and no name of a column")
    long_share: float = threshold(0.2, meaning="largest share of long fields: the sentences of prose are long")
    most_weighted_fields: int = threshold(
        4, unit="fields", meaning="more fields in a row speak no more for a delimiter than so many"
    )
    longest_quoted: int = threshold(
        20, unit="lines", meaning="a last field with more lines was opened by a quotation mark that is never closed"
    )


@dataclass(frozen=True, slots=True)
class Dialect:
    """A delimiter, the most frequent number of fields that it makes, and the share of rows with that number."""

    delimiter: str
    fields: int
    share: float


def sniff(sample: FileSample) -> bool:
    """Accept a text that is delimited beyond doubt, and one with the right extension and any delimiter."""
    if sample.text is None:
        return False
    return (sample.extension in (".csv", ".tsv") and bool(find_dialect(sample.text))) or is_delimited(sample.text)


def read(data: bytes, source: str) -> Document:
    """Return the document in a delimited file: its tables, a cell for each field, and the lines between them.

    A Problem says where a quotation mark is never closed. Raises InputError as plain text does, and for more than
    MAX_CELLS fields.
    """
    decoded, problems = decode_document(data, source)
    dialect = find_dialect(decoded) or Dialect(",", 1, 1.0)
    rows = _parse_rows(decoded, dialect.delimiter)
    longest = DelimitedTextSettings.current().longest_quoted
    if decoded.count('"') % 2 and len(rows) and any(field.count("\n") > longest for field in rows[-1]):
        # A quotation mark that is never closed swallows the rest of the file.
        rows = _parse_rows(decoded, dialect.delimiter, quoted=False)
        message = "A quotation mark is never closed, so quotation marks were read as text; check where it should end."
        problems.append(Problem((), ProblemKind.QUOTES, message))
    if sum(map(len, rows)) > MAX_CELLS:
        raise InputError(f"{source} has more than {MAX_CELLS:,} fields.", SPLIT_FILE)
    elements = [element for cells in _split_tables(rows) for element in split_sheet(cells)]
    return write_flow(elements, hashlib.sha256(data).hexdigest(), source, problems)


def is_delimited(text: str) -> bool:
    """Decide whether a text is a table in delimited form beyond doubt.

    Tabs and bars between cells are left to plain text, which knows tables that were flattened with them.
    """
    settings = DelimitedTextSettings.current()
    dialect = find_dialect(text, ",;")
    if dialect is None or dialect.fields < settings.fewest_fields or dialect.share < settings.regular_share:
        return False
    rows = [row for row in _parse_rows(text, dialect.delimiter)[:_SAMPLE_ROWS] if any(field.strip() for field in row)]
    fields = [field for row in rows for field in row]
    spaced = sum(field.startswith(" ") for field in fields) > settings.spaced_share * len(fields)
    long = sum(len(field) > settings.long_field for field in fields) > settings.long_share * len(fields)
    header = rows[0] if rows else []
    is_header = len(set(header)) == len(header) and all(
        name.strip() and len(name) <= settings.long_field for name in header
    )
    return len(rows) > 2 and is_header and not spaced and not long and not re.search(r"[.!?。！？]$", header[-1])


def find_dialect(text: str, delimiters: str = DELIMITERS) -> Dialect | None:
    """Return the delimiter under which most rows have the same number of fields, at least two; None without one."""
    most_weighted = DelimitedTextSettings.current().most_weighted_fields
    best: Dialect | None = None
    sample = "\n".join(text[:_SAMPLE_CHARACTERS].split("\n")[: 2 * _SAMPLE_ROWS])
    for delimiter in delimiters:
        if delimiter not in sample:
            continue
        rows = [row for row in _parse_rows(sample, delimiter)[:_SAMPLE_ROWS] if any(field.strip() for field in row)]
        counts = Counter(len(row) for row in rows if len(row) > 1)
        if not counts:
            continue
        fields, times = max(counts.items(), key=lambda item: (item[1] * min(item[0], most_weighted), item[0]))
        dialect = Dialect(delimiter, fields, times / len(rows))
        # Commas in numbers separate fields too, but not in every row, and less evenly than the delimiter does.
        if best is None or (dialect.share, dialect.fields) > (best.share, best.fields):
            best = dialect
    return best


def _parse_rows(text: str, delimiter: str, *, quoted: bool = True) -> list[list[str]]:
    limit = csv.field_size_limit(len(text) + 1)
    try:
        quoting = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
        lines = text.removeprefix("sep=" + delimiter + "\n")
        return list(csv.reader(io.StringIO(lines, newline=""), delimiter=delimiter, quoting=quoting))
    except csv.Error:
        return [line.split(delimiter) for line in text.split("\n")]
    finally:
        csv.field_size_limit(limit)


def _split_tables(rows: list[list[str]]) -> list[list[SheetCell]]:
    """Return the cells of each table: two or more rows with another number of fields begin a table of their own.

    Rows of one field are lines above the table that follows, or a banner where the table continues after them.
    """
    runs = [(length, list(run)) for length, run in groupby(rows, key=lambda row: len(row) if any(row) else 0)]
    found: list[list[list[str]]] = []
    width = 0
    for position, (length, run) in enumerate(runs):
        following = runs[position + 1] if position + 1 < len(runs) else (0, [[]])
        continues = length == width or not length
        if length == 1:
            continues = following[0] == width and any(tables.is_value(field.strip()) for field in following[1][0])
        elif length and len(run) == 1:
            continues = True
        if found and (continues or width <= 1):
            found[-1] += run
            width = width if length <= 1 and width > 1 else max(width, length)
            continue
        found.append(list(run))
        width = length
    return [
        [
            SheetCell(field, row, column)
            for row, fields in enumerate(table)
            for column, field in enumerate(fields)
            if field.strip()
        ]
        for table in found
    ]
