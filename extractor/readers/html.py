"""HTML pages, parsed by lexbor: the text as a browser would set it, tables with their spans, hidden text set apart.

Nothing that a page refers to is fetched.
"""

from __future__ import annotations

import codecs
import hashlib
import re
from dataclasses import dataclass

from extractor.problems import ProblemKind
from extractor.readers.encoding import decode_document
from extractor.readers.sample import HEAD_BYTES, FileSample
from extractor.settings import Settings, threshold
from extractor.types import Document, Problem

_TAGS = (
    "html|head|body|title|meta|link|style|script|table|thead|tbody|tr|td|th|div|p|span|ul|ol|li|dl|h[1-6]|br|hr|pre|a|b|i|em|"
    "strong|font|center|section|article|main|header|footer|nav|form|input|img|blockquote"
)
_OPENING_TAG = re.compile(rf"<(?:{_TAGS})(?:\s[^<>]*)?/?>", re.IGNORECASE)
_CLOSING_TAG = re.compile(rf"</(?:{_TAGS})\s*>", re.IGNORECASE)
_PROLOGUE = re.compile(r"(?:\s|<\?xml[^>]*\?>|<!--.*?-->)*", re.DOTALL)
_PAGE_START = re.compile(r"<(!doctype\s+html|html[\s>])", re.IGNORECASE)
_DECLARED_ENCODING = re.compile(
    rb"""<(?:meta\b[^>]{0,200}?charset|\?xml\b[^>]{0,200}?encoding)\s*=\s*["']?\s*([\w.:-]{2,40})""", re.I
)
_SUPERSETS = {
    "gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "big5": "big5hkscs", "iso-8859-1": "cp1252",
    "latin1": "cp1252", "us-ascii": "cp1252", "ascii": "cp1252", "shift_jis": "cp932", "shift-jis": "cp932",
    "x-sjis": "cp932", "euc-kr": "cp949", "ks_c_5601-1987": "cp949", "iso-8859-9": "cp1254", "tis-620": "cp874",
}  # fmt: skip
"""Encodings that browsers read as a larger one (WHATWG Encoding Standard), by their names on pages."""


@dataclass(frozen=True)
class HtmlSniffSettings(Settings):
    """How many tags a text that does not begin with one must have to be HTML."""

    fewest_pairs: int = threshold(3, unit="tags", meaning="fewest opening and closing tags")
    text_per_pair: int = threshold(400, unit="characters", meaning="least text for each closing tag that is too much")


def sniff(sample: FileSample) -> bool:
    """Accept an HTML page or a fragment of one, but not a text that only mentions a tag."""
    if sample.text is None:
        return False
    start = _skip_prologue(sample.text)
    if is_whole_page(sample.text):
        return True
    opening, closing = len(_OPENING_TAG.findall(start)), len(_CLOSING_TAG.findall(start))
    if _OPENING_TAG.match(start):
        return closing >= 1 or opening >= 2
    # A tag somewhere in prose is talk about HTML; pairs of tags all through the text are a fragment.
    settings = HtmlSniffSettings.current()
    return min(opening, closing) >= settings.fewest_pairs and len(start) < settings.text_per_pair * closing


def is_whole_page(text: str) -> bool:
    """Decide whether text begins as a whole HTML page does."""
    return bool(_PAGE_START.match(_skip_prologue(text)))


def is_html_tag(name: str) -> bool:
    """Decide whether HTML has an element of that name, among those that tell a page from other text."""
    return re.fullmatch(_TAGS, name, re.IGNORECASE) is not None


def _skip_prologue(text: str) -> str:
    prologue = _PROLOGUE.match(text.lstrip("\ufeff"))
    return text[prologue.end() if prologue else 0 :][:HEAD_BYTES]


def read(data: bytes, source: str) -> Document:
    """Return the text of an HTML page in order, its blocks and tables, and hidden text in `hidden` blocks at the end.

    Of forms the values filled in are text. Tables that only lay out the page are read as text; text that was set as a
    table with spaces or `<pre>` becomes a Table where it can be rebuilt. Raises InputError as plain text does.
    """
    from selectolax.lexbor import LexborHTMLParser

    from extractor.readers.html_writer import MAX_NODES, HtmlWriter

    decoded, problems = decode_document(data, source, declared_encoding(data))
    writer = HtmlWriter(LexborHTMLParser(decoded))
    writer.write_page()
    if writer.nodes > MAX_NODES:
        message = f"The page has more than {MAX_NODES:,} elements; the rest was left out."
        problems.append(Problem((), ProblemKind.CUT_OFF, message))
    return writer.document(hashlib.sha256(data).hexdigest(), source, problems)


def declared_encoding(data: bytes) -> str | None:
    """Return the encoding a page says it is in, as browsers read the name; None where it says none that is known."""
    found = _DECLARED_ENCODING.search(data[:4096])
    if not found:
        return None
    name = found.group(1).decode("ascii").lower()
    name = _SUPERSETS.get(name, name)
    try:
        codecs.lookup(name).name.encode("ascii")
        b"".decode(name)
    except (LookupError, ValueError):
        return None
    # The declaration stood in the file as ASCII, so the file is not in UTF-16 or UTF-32 whatever it says.
    return "utf-8" if name.replace("-", "").replace("_", "").startswith(("utf16", "utf32")) else name
