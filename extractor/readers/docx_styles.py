"""The styles of a Word document: the properties that a paragraph or run has by its style."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from extractor.readers.docx_xml import attribute, child, local_name

_MAX_DEPTH = 20  # styles based on styles: longer chains are circular
_HEADING_STYLE = re.compile(r"(?:heading|标题|titre|überschrift) ?([1-9])")
_TITLE_STYLES = ("title", "标题")


class Styles:
    """The styles by their identifiers; properties are looked up through the styles that they are based on."""

    def __init__(self, root: etree._Element | None) -> None:
        self._styles = {}
        self._default = {}
        self._known: dict[tuple[str | None, str, str, str], etree._Element | None] = {}
        for style in root if root is not None else ():
            if local_name(style) == "style":
                self._styles[attribute(style, "styleId")] = style
                if attribute(style, "default") in ("1", "true"):
                    self._default[attribute(style, "type")] = attribute(style, "styleId")

    def iterate_chain(self, identifier: str | None, kind: str) -> Iterator[etree._Element]:
        """Yield the style, or the default one of its kind, and the styles it is based on."""
        identifier = identifier if identifier in self._styles else self._default.get(kind)
        for _ in range(_MAX_DEPTH):
            style = self._styles.get(identifier)
            if style is None:
                return
            yield style
            identifier = attribute(child(style, "basedOn"))

    def find_property(self, identifier: str | None, kind: str, group: str, name: str) -> etree._Element | None:
        """Return the property, of `pPr` or `rPr`, that a style gives; None where no style of its chain sets it."""
        key = (identifier, kind, group, name)
        if key not in self._known:
            found = (child(style, group, name) for style in self.iterate_chain(identifier, kind))
            self._known[key] = next((each for each in found if each is not None), None)
        return self._known[key]

    def heading_level(self, identifier: str | None) -> int:
        """Return the level of a heading style by its outline level or its built-in name; 0 for any other style."""
        for style in self.iterate_chain(identifier, "paragraph"):
            outline = attribute(child(style, "pPr", "outlineLvl"))
            if outline is not None:
                return int(outline) + 1 if outline in "012345678" and outline else 0
            name = (attribute(child(style, "name")) or "").lower()
            if found := _HEADING_STYLE.fullmatch(name):
                return int(found[1])
            if name in _TITLE_STYLES:
                return 1
        return 0
