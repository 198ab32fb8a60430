"""Markdown by markdown-it, read as the page it stands for: headings, lists, pipe tables, code, HTML inside.

Line breaks are kept, as most viewers of messages and comments show them; front matter is shown as it is written.
"""

from __future__ import annotations

import hashlib
import html as html_escapes
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from extractor import tables
from extractor.readers import html
from extractor.readers.encoding import decode_document
from extractor.readers.sample import FileSample
from extractor.types import Document

if TYPE_CHECKING:
    from markdown_it.token import Token

_FRONT_MATTER = re.compile(r"\ufeff?---[ \t]*\n(.*?\n)(?:---|\.\.\.)[ \t]*(?:\n|$)", re.DOTALL)
_DELIMITER_ROW = re.compile(r"^ {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$", re.MULTILINE)


def sniff(sample: FileSample) -> bool:
    """Accept a text with a pipe table or with the extension of Markdown, unless it is a whole HTML page."""
    text = sample.text
    if text is None:
        return False
    has_table = has_pipe_table(text) and not text.lstrip().startswith("<")
    return (sample.extension in (".md", ".markdown") or has_table) and not html.is_whole_page(text)


def read(data: bytes, source: str) -> Document:
    """Return the document in a Markdown text; raise InputError as plain text does."""
    from markdown_it import MarkdownIt

    decoded, problems = decode_document(data, source)
    parser = MarkdownIt("commonmark", {"breaks": True, "html": True}).enable(["table", "strikethrough"])
    front_matter = _FRONT_MATTER.match(decoded)
    shown_matter = f"<pre>{html_escapes.escape(front_matter[1])}</pre>" if front_matter else ""
    tokens = parser.parse(decoded[front_matter.end() :] if front_matter else decoded)
    _demote_forced_headers(tokens)
    rendered = shown_matter + parser.renderer.render(tokens, parser.options, {})
    document = html.read(f"<meta charset=utf-8>{rendered}".encode("utf-8", "replace"), source)
    identity = hashlib.sha256(data).hexdigest()
    return replace(document, id=identity, problems=(*problems, *document.problems))


def _demote_forced_headers(tokens: Sequence[Token]) -> None:
    """Turn header cells that only exist because Markdown has no tables without a header row into plain cells.

    Such are those of two columns, which are labels and values as a rule, and rows with a value or a blank among them.
    """
    head, row = 0, []
    for position, token in enumerate(tokens):
        if token.type == "thead_open":
            head = position
        elif token.type == "th_open":
            row.append(position)
        elif token.type == "thead_close":
            texts = [tables.collapse_whitespace(tokens[cell + 1].content) for cell in row]
            if len(row) < 3 or any(not text or tables.is_value(text) for text in texts):
                tokens[head].tag = token.tag = "tbody"
                for cell in row:
                    tokens[cell].tag = tokens[cell + 2].tag = "td"
            row = []


def has_pipe_table(text: str) -> bool:
    """Decide whether a text holds a Markdown table: a row with bars over a row of hyphens with as many columns.

    Only that makes a text Markdown; hash signs, asterisks and hyphens at the beginning of lines are in many texts.
    """
    for row in _DELIMITER_ROW.finditer(text):
        if "|" not in row.group():
            continue
        before = text[: row.start()]
        header = before.rstrip("\n").rpartition("\n")[2]
        is_next_line = before.endswith("\n") and not before.endswith("\n\n")
        if is_next_line and "|" in header and _count_columns(header) == _count_columns(row.group()):
            return True
    return False


def _count_columns(row: str) -> int:
    return len(re.split(r"(?<!\\)\|", row.strip().removeprefix("|").removesuffix("|")))
