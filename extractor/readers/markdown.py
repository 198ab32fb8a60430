"""Markdown by markdown-it, read as the page it stands for: headings, lists, pipe tables, code, HTML inside.

Lines stay lines, as most viewers of messages and comments show them; front matter is shown as it is written.
"""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from extractor import tables
from extractor.readers import html as page
from extractor.readers import text as plain
from extractor.types import Document

if TYPE_CHECKING:
    from markdown_it.token import Token

_FRONT = re.compile(r"\ufeff?---[ \t]*\n(.*?\n)(?:---|\.\.\.)[ \t]*(?:\n|$)", re.DOTALL)
_RULE = re.compile(r"^ {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$", re.MULTILINE)


def read(data: bytes, source: str) -> Document:
    """The document in a Markdown text; raises InputError as plain text does."""
    from markdown_it import MarkdownIt

    decoded, problems = plain.decode_document(data, source)
    parser = MarkdownIt("commonmark", {"breaks": True, "html": True}).enable(["table", "strikethrough"])
    front = _FRONT.match(decoded)
    lead = f"<pre>{html.escape(front[1])}</pre>" if front else ""
    tokens = parser.parse(decoded[front.end() :] if front else decoded)
    _unmark_forced_heads(tokens)
    rendered = lead + parser.renderer.render(tokens, parser.options, {})
    document = page.read(f"<meta charset=utf-8>{rendered}".encode("utf-8", "replace"), source)
    identity = hashlib.sha256(data).hexdigest()
    return replace(document, id=identity, problems=(*problems, *document.problems))


def _unmark_forced_heads(tokens: Sequence[Token]) -> None:
    """Makes plain cells of head cells that are there only because Markdown has no tables without a head row.

    Such are those of two columns, labels and values as a rule, and rows with a value or a blank among them.
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
    """Whether a text holds a Markdown table: a row with bars over a rule of hyphens with as many columns.

    That alone makes a text Markdown; hash signs, asterisks and hyphens at the beginning of lines are in many texts.
    """
    for rule in _RULE.finditer(text):
        if "|" not in rule.group():
            continue
        above = text[: rule.start()].rstrip("\n").rpartition("\n")[2]
        touches = text[: rule.start()].endswith("\n") and not text[: rule.start()].endswith("\n\n")
        if touches and "|" in above and _columns(above) == _columns(rule.group()):
            return True
    return False


def _columns(row: str) -> int:
    return len(re.split(r"(?<!\\)\|", row.strip().removeprefix("|").removesuffix("|")))
