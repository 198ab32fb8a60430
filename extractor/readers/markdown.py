"""Markdown by markdown-it, read as the page it stands for: headings, lists, pipe tables, code, HTML inside.

Lines stay lines, as most viewers of messages and comments show them; front matter is shown as it is written.
"""

from __future__ import annotations

import hashlib
import html
import re
from dataclasses import replace

from extractor.readers import html as page
from extractor.readers import text as plain
from extractor.types import Document

_FRONT = re.compile(r"\ufeff?---[ \t]*\n(.*?\n)(?:---|\.\.\.)[ \t]*(?:\n|$)", re.DOTALL)
_RULE = re.compile(r"^ {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$", re.MULTILINE)


def read(data: bytes, source: str) -> Document:
    """The document in a Markdown text; raises InputError as plain text does."""
    from markdown_it import MarkdownIt

    decoded, problems = plain.decode_document(data, source)
    parser = MarkdownIt("commonmark", {"breaks": True, "html": True}).enable(["table", "strikethrough"])
    front = _FRONT.match(decoded)
    lead = f"<pre>{html.escape(front[1])}</pre>" if front else ""
    rendered = lead + parser.render(decoded[front.end() :] if front else decoded)
    document = page.read(f"<meta charset=utf-8>{rendered}".encode("utf-8", "replace"), source)
    identity = hashlib.sha256(data).hexdigest()
    return replace(document, id=identity, problems=(*problems, *document.problems))


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
