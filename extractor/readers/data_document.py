"""From the text of a file of data to its document: the tree written out, the files in it read, faults as plain text."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from extractor.problems import ProblemKind
from extractor.readers import text as plain_text
from extractor.readers.data_tree import DataNode, UnreadableDataError
from extractor.readers.data_writer import name_as_label, write_data
from extractor.readers.embedded import EmbeddedFiles
from extractor.readers.flow_writer import FlowElement, FlowParagraph, write_flow
from extractor.types import Document, Problem

_ENCODED_FILE = re.compile(r"(?:data:[\w/+.;=-]*,)?((?:[A-Za-z0-9+/]{60,}\s*)+[A-Za-z0-9+/]*={0,2})")
_MIN_ENCODED = 200
"""Characters of Base64 under which a text may be a key or a checksum."""


def read_data(
    build_tree: Callable[[str], DataNode], name: str, decoded: str, data: bytes, source: str, problems: list[Problem]
) -> Document:
    """Return the document of a file of data in the format `name`, whose text `build_tree` turns into a tree.

    `decoded` is the text of `data`. Where it cannot be turned into a tree it is read as plain text, with a Problem.
    """
    identity = hashlib.sha256(data).hexdigest()
    try:
        root = build_tree(decoded)
    except UnreadableDataError as error:
        message = f"The file was read as plain text, because as {name} it cannot be read: {error}."
        document = plain_text.read(data, source)
        return replace(document, problems=(*document.problems, Problem((), ProblemKind.MALFORMED, message)))
    embedded = EmbeddedFiles(problems)
    attachments: list[FlowElement] = []
    for file_name, content in list(_take_files(root)):
        attachment = embedded.read(content, file_name, "the file")
        if attachment is not None:
            attachments += [FlowParagraph(f"Attachment: {file_name}", "heading", 1), attachment]
    document = write_data(root, identity, source, problems)
    return write_flow([document, *attachments], identity, source) if attachments else document


def _take_files(node: DataNode) -> Iterator[tuple[str, bytes]]:
    """Yield the files that leaves hold as Base64, with their names; the leaf keeps the name in place of the file."""
    waiting = [node]
    while waiting:
        leaf = waiting.pop()
        waiting += reversed(leaf.children)
        if len(leaf.text) < _MIN_ENCODED or not (match := _ENCODED_FILE.fullmatch(leaf.text)):
            continue
        try:
            content = base64.b64decode(match[1])
        except (binascii.Error, ValueError):
            continue
        named = next((child for child in leaf.children if child.name.lower() in ("filename", "name")), None)
        leaf.text = named.text if named is not None else name_as_label(leaf.name)
        if named is not None:
            leaf.children.remove(named)
        yield leaf.text, content
