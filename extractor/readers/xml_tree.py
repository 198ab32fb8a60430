"""XML, parsed by lxml, as a tree of data: elements and attributes are its nodes, mixed content is prose."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lxml import etree

from extractor.readers.data_tree import MAX_DEPTH, MAX_NODES, DataNode, UnreadableDataError
from extractor.tables import collapse_whitespace
from extractor.values.numbers import parse_number

_UNITS = frozenset({"currency", "currencyid", "currencycode", "unit", "units", "uom"})
"""Attributes, in lower case, whose text is written behind the number that they belong to."""
_NAMESPACES_ABOUT_MARKUP = (
    "http://www.w3.org/2001/XMLSchema-instance",
    "http://www.w3.org/XML/1998/namespace",
)
_DECLARATION = re.compile(r"\s*<\?xml\s[^>]*\?>")


def build_tree(text: str) -> DataNode:
    """Return the tree of an XML text; raise UnreadableDataError for one that is malformed, too deep or too large."""
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    body = _DECLARATION.sub("", text.lstrip("\ufeff"), count=1).strip()
    try:
        root = etree.fromstring(body.encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError as error:
        raise UnreadableDataError(error.msg or "it cannot be parsed") from None
    builder = _TreeBuilder()
    node = builder.build(root, 0) or DataNode(_local_name(root))
    if builder.prose_names:
        _mark_prose(node, builder.prose_names)
    return node


class _TreeBuilder:
    def __init__(self) -> None:
        self.prose_names: set[str] = set()
        """The names of elements that somewhere have text and elements side by side."""
        self._nodes = 0

    def build(self, element: etree._Element, depth: int) -> DataNode:
        """Return the node of an element with all that is in it."""
        self._nodes += 1 + len(element.attrib)
        if depth > MAX_DEPTH:
            raise UnreadableDataError(f"it is nested more than {MAX_DEPTH} deep")
        if self._nodes > MAX_NODES:
            raise UnreadableDataError(f"it has more than {MAX_NODES:,} elements and attributes")
        name = _local_name(element)
        inner = [child for child in element if isinstance(child.tag, str)]
        if not inner:
            return _with_attributes(DataNode(name, collapse_whitespace(_own_text([element.text]))), element)
        own_texts = [element.text, *(child.tail for child in element)]
        if not _own_text(own_texts).strip():
            children = [self.build(child, depth + 1) for child in inner]
            return _with_attributes(DataNode(name, children=children), element)
        self.prose_names.add(name)
        if not any(_is_group(child) for child in inner):
            self._nodes += sum(1 for _ in element.iterdescendants())
            return DataNode(name, collapse_whitespace("".join(element.itertext())), is_prose=True, has_prose=True)
        node = DataNode(name, has_prose=True)
        _add_prose(node, element.text)
        for child in element:
            if isinstance(child.tag, str):
                node.children.append(self.build(child, depth + 1))
            _add_prose(node, child.tail)
        return _with_attributes(node, element)


def _local_name(element: etree._Element) -> str:
    return etree.QName(element).localname


def _own_text(pieces: Iterable[str | None]) -> str:
    return "".join(piece for piece in pieces if piece)


def _is_group(element: etree._Element) -> bool:
    """Decide whether an element holds several elements and no text of its own, as no inline element of prose does."""
    return len(element) > 1 and not _own_text([element.text, *(child.tail for child in element)]).strip()


def _add_prose(node: DataNode, text: str | None) -> None:
    if text and text.strip():
        node.children.append(DataNode(node.name, collapse_whitespace(text), is_prose=True, has_prose=True))


def _with_attributes(node: DataNode, element: etree._Element) -> DataNode:
    """Return the node with the element's attributes before what is in it; a unit stands behind its number instead."""
    found = []
    for key, value in element.attrib.items():
        name = etree.QName(key)
        value = collapse_whitespace(value)
        if name.namespace in _NAMESPACES_ABOUT_MARKUP or not value:
            continue
        is_unit = name.localname.lower().replace("_", "") in _UNITS
        if is_unit and node.text and parse_number(node.text) is not None:
            node.text = f"{node.text} {value}"
        else:
            found.append(DataNode(name.localname, value))
    node.children[:0] = found
    return node


def _mark_prose(node: DataNode, names: set[str]) -> bool:
    """Make prose of the leaves that have a name of prose; return whether prose is in the node."""
    if node.name in names and node.text and not node.is_prose:
        node.is_prose, node.children = True, []
    inner = [_mark_prose(child, names) for child in node.children]
    node.has_prose = node.is_prose or node.has_prose or any(inner)
    return node.has_prose
