"""XML that holds data or prose, such as electronic invoices, exports and feeds: read as its text, not its markup.

Names of elements and attributes become labels, see `data_writer`; namespaces, comments and processing instructions are
left out, and CDATA is text. Entities are refused, as in office files. XHTML is read as HTML.
"""

from __future__ import annotations

import re

from extractor.errors import InputError
from extractor.readers import html
from extractor.readers.encoding import decode_document
from extractor.readers.sample import FileSample
from extractor.types import Document

_DECLARATION = re.compile(r"\s*<\?xml\s[^>]*\?>")
_PROLOGUE = re.compile(r"(?:\s|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^<>\[]*(?:\[.*?\]\s*)?>)*", re.DOTALL)
_ROOT = re.compile(r"<((?:[\w.-]+:)?([\w.-]+))(\s[^<>]*)?>")
_INTERNAL_SUBSET = re.compile(r"<!DOCTYPE[^<>\[]*\[", re.IGNORECASE)
_ENTITY = re.compile("<!ENTITY", re.IGNORECASE)
_XHTML = "http://www.w3.org/1999/xhtml"


def sniff(sample: FileSample) -> bool:
    """Accept a text with an XML declaration or the extension, or one element, none of HTML's, that is all of it."""
    start = sample.text
    if start is None or not start.lstrip("\ufeff \t\n").startswith("<"):
        return False
    start = start.lstrip("\ufeff")
    prologue = _PROLOGUE.match(start)
    root = _ROOT.match(start, prologue.end() if prologue else 0)
    if root is None:
        return bool(_DECLARATION.match(start))
    name, local, attributes = root[1], root[2].lower(), root[3] or ""
    if local == "html" or _XHTML in attributes:
        return False
    if _DECLARATION.match(start) or "xmlns" in attributes or sample.extension == ".xml":
        return True
    is_whole = sample.data.rstrip(b"\x00 \t\r\n").endswith(f"</{name}>".encode()) or root.group().endswith("/>")
    return is_whole and not html.is_html_tag(local)


def read(data: bytes, source: str) -> Document:
    """Return the document in an XML file: lines, tables and paragraphs under the names of its elements.

    Files that elements hold as Base64 are read as attachments. What is not well-formed, or nested too deeply, is read
    as plain text, with a Problem. Raises InputError as plain text does, and for a file that declares entities.
    """
    from extractor.readers.data_document import read_data
    from extractor.readers.xml_tree import build_tree

    decoded, problems = decode_document(data, source, html.declared_encoding(data))
    if _INTERNAL_SUBSET.search(decoded) and _ENTITY.search(decoded):
        message = f"{source} declares XML entities, which can read other files or grow without end."
        raise InputError(message, "Ask for a copy without a DOCTYPE.")
    return read_data(build_tree, "XML", decoded, data, source, problems)
