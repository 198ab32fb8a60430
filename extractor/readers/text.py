"""Plain text: headings, paragraphs, list items, and tables that were flattened to lines."""

from __future__ import annotations

import bisect
import hashlib
import re
from dataclasses import replace

from extractor import tables
from extractor.readers.encoding import decode_document
from extractor.readers.headings import heading_level
from extractor.readers.sample import FileSample
from extractor.types import Block, Document, Page, Table

_LIST_ITEM = re.compile(r"(?:[-*+•●◦▪■·‣–]\s+|[（(]?\d{1,3}[)）]\s*|\d{1,3}[.、]\s*|[a-zA-Z][.)]\s+|[①-⑳])\S")
_FILLED_LINE = re.compile(r"[^\n\f]*\S[^\n\f]*")


def sniff(sample: FileSample) -> bool:
    """Accept any text; the readers of more particular text formats are asked first."""
    return sample.text is not None


def read(data: bytes, source: str) -> Document:
    """Return the text of `data`, a `Block` for each line or paragraph, its flattened tables, and pages at form feeds.

    Line ends become `\\n`; control characters are left out, with a Problem. Raises InputError for text over the limit
    or in no known encoding.
    """
    text, problems = decode_document(data, source)
    found = tuple(tables.find_tables_in_text(text))
    pages = _find_pages(text)
    blocks = _find_blocks(text, found)
    if len(pages) > 1:
        starts = [page.start for page in pages]
        blocks = [replace(block, page=pages[bisect.bisect_right(starts, block.start) - 1].number) for block in blocks]
    return Document(hashlib.sha256(data).hexdigest(), source, text, pages, tuple(blocks), found, tuple(problems))


def _find_pages(text: str) -> tuple[Page, ...]:
    breaks = [match.start() for match in re.finditer("\f", text)]
    ranges = zip([0, *(at + 1 for at in breaks)], [*breaks, len(text)], strict=True)
    return tuple(Page(number, start, end) for number, (start, end) in enumerate(ranges, start=1))


def _find_blocks(text: str, found: tuple[Table, ...]) -> list[Block]:
    """Return the blocks of the tables and of the text between them."""
    blocks: list[Block] = []
    at = 0
    for table in sorted(found, key=lambda table: table.start):
        if table.start < at:
            continue
        blocks += _find_line_blocks(text, at, table.start)
        blocks.append(Block("table", table.start, table.end))
        at = table.end
    return blocks + _find_line_blocks(text, at, len(text))


def _find_line_blocks(text: str, start: int, end: int) -> list[Block]:
    """Return a block for each heading and list item, and one for each run of other lines up to a blank line."""
    lines = [(start + match.start(), start + match.end()) for match in _FILLED_LINE.finditer(text[start:end])]
    blocks: list[Block] = []
    for number, (first, last) in enumerate(lines):
        stripped = text[first:last].strip()
        first += text[first:last].index(stripped)
        last = first + len(stripped)
        gap_before = number == 0 or _is_gap(text[lines[number - 1][1] : first])
        gap_after = number + 1 == len(lines) or _is_gap(text[last : lines[number + 1][0]])
        level = heading_level(stripped, alone=gap_before and gap_after)
        if level:
            blocks.append(Block("heading", first, last, level=level))
        elif _LIST_ITEM.match(stripped):
            blocks.append(Block("list_item", first, last))
        elif blocks and not gap_before and blocks[-1].kind == "paragraph":
            blocks[-1] = Block("paragraph", blocks[-1].start, last)
        else:
            blocks.append(Block("paragraph", first, last))
    return blocks


def _is_gap(between: str) -> bool:
    """Decide whether the white space between two lines holds a blank line or a page break."""
    return between.count("\n") > 1 or "\f" in between
