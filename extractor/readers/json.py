"""JSON, and JSON Lines: read as its text, with the names of members as labels, see `data_writer`."""

from __future__ import annotations

import json
import re
from typing import Any

from extractor.readers.data_tree import MAX_DEPTH, MAX_NODES, DataNode, UnreadableDataError
from extractor.readers.encoding import decode_document
from extractor.readers.sample import FileSample
from extractor.types import Document

_EXTENSIONS = (".json", ".jsonl", ".ndjson", ".geojson")
_START = re.compile(r'\ufeff?\s*(?:\[\s*)*\{\s*(?:"(?:[^"\\\n]|\\.)*"\s*:|\}\s*\Z)')
_START_WITH_EXTENSION = re.compile(r"\ufeff?\s*[\[{]")
_ENTRY = "entry"
"""The name of the elements of a list that has none."""


def sniff(sample: FileSample) -> bool:
    """Accept a text that begins with an object and the name of its first member, or as its extension says."""
    if sample.text is None:
        return False
    start = _START_WITH_EXTENSION if sample.extension in _EXTENSIONS else _START
    return start.match(sample.text) is not None


def read(data: bytes, source: str) -> Document:
    """Return the document in a JSON text: members as lines, objects as sections, lists of objects as tables.

    Numbers stay as they are printed, null is blank. What cannot be parsed is read as plain text, with a Problem. Raises
    InputError as plain text does.
    """
    from extractor.readers.data_document import read_data

    decoded, problems = decode_document(data, source)
    return read_data(build_tree, "JSON", decoded, data, source, problems)


def build_tree(text: str) -> DataNode:
    """Return the tree of a JSON text or of lines of JSON; raise UnreadableDataError for any other, or too much."""
    text = text.lstrip("\ufeff")
    try:
        value = _parse(text)
    except ValueError as error:
        try:
            value = [_parse(line) for line in text.split("\n") if line.strip()]
        except ValueError:
            raise UnreadableDataError(str(error)) from None
        if len(value) < 2:
            raise UnreadableDataError(str(error)) from None
    root = DataNode("")
    builder = _TreeBuilder()
    if isinstance(value, dict):
        for name, member in value.items():
            root.children += builder.build(name, member, 0)
    else:
        root.children = builder.build(_ENTRY, value, 0)
    return root


def _parse(text: str) -> Any:
    try:
        return json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    except RecursionError:
        raise UnreadableDataError(f"it is nested more than {MAX_DEPTH} deep") from None


class _TreeBuilder:
    def __init__(self) -> None:
        self._nodes = 0

    def build(self, name: str, value: Any, depth: int) -> list[DataNode]:
        """Return the nodes of a member: one, or one for each element of a list."""
        self._nodes += 1
        if depth > MAX_DEPTH:
            raise UnreadableDataError(f"it is nested more than {MAX_DEPTH} deep")
        if self._nodes > MAX_NODES:
            raise UnreadableDataError(f"it has more than {MAX_NODES:,} values")
        if isinstance(value, dict):
            children = [node for key, member in value.items() for node in self.build(key, member, depth + 1)]
            return [DataNode(name, children=children)]
        if isinstance(value, list):
            found = []
            for element in value:
                if isinstance(element, list):
                    found.append(DataNode(name, children=self.build(_ENTRY, element, depth + 1), is_listed=True))
                    continue
                (node,) = self.build(name, element, depth + 1)
                node.is_listed = bool(node.children)
                found.append(node)
            return found
        return [DataNode(name, _scalar_text(value))]


def _scalar_text(value: Any) -> str:
    from extractor.tables import collapse_whitespace

    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return collapse_whitespace(value)
