"""The elements of an HTML page: which are blocks, which are never shown, which make up tables; walked in order."""

from __future__ import annotations

import re
from collections.abc import Iterator

# fmt: off
_NEVER_SHOWN = frozenset({
    "audio", "canvas", "datalist", "embed", "frame", "head", "iframe", "map", "math", "noscript", "object", "script",
    "style", "svg", "template", "video",
})
BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dialog", "dir", "div",
    "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header",
    "hgroup", "hr", "html", "legend", "li", "main", "menu", "nav", "ol", "optgroup", "p", "pre", "search", "section",
    "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
})
"""Elements that begin a line of their own."""
SPACED_BLOCKS = frozenset({
    "article", "blockquote", "dl", "fieldset", "h1", "h2", "h3", "h4", "h5", "h6", "ol", "p", "pre", "section", "table",
    "ul",
})
"""Those of them with a blank line around them."""
# fmt: on
HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
PREFORMATTED = frozenset({"pre", "textarea", "listing", "xmp", "plaintext"})
TEXT = "-text"
"""The name under which lexbor lists a text node."""

_ARIA_ROLES = {
    "table": "table",
    "grid": "table",
    "treegrid": "table",
    "row": "tr",
    "cell": "td",
    "gridcell": "td",
    "columnheader": "th",
    "rowheader": "th",
}
_DISPLAYS = {"table": "table", "table-row": "tr", "table-cell": "td"}
_DISPLAY = re.compile(r"display\s*:\s*(table(?:-row|-cell)?)\s*(?:;|$|!)", re.IGNORECASE)
_GENERIC = frozenset({"div", "span", "ul", "li", "section", "p", "dl", "dt", "dd"})


def iterate_nodes(root) -> Iterator[tuple[bool, object, str]]:
    """Yield every node under `root`, itself included, with its tag, when it is entered and when it is left.

    What is never shown is passed over. The walk is not recursive, so that nesting of any depth is read.
    """
    node = root
    while True:
        tag = node.tag
        skipped = (tag in _NEVER_SHOWN and node.mem_id != root.mem_id) or tag in ("-comment", "!doctype", "_comment")
        if not skipped:
            yield True, node, tag
            child = node.child if tag not in (TEXT, "select", "input") else None
            if child is not None:
                node = child
                continue
            yield False, node, tag
        while True:
            if node.mem_id == root.mem_id:
                return
            following = node.next
            if following is not None:
                node = following
                break
            node = node.parent
            yield False, node, node.tag


def effective_tag(node, tag: str) -> str:
    """Return the tag of the table element that a generic element is by its ARIA role or inline style, else its own."""
    if tag in _GENERIC:
        attributes = node.attributes
        if role := attributes.get("role"):
            return _ARIA_ROLES.get(role.strip().lower(), tag)
        style = attributes.get("style")
        if style and "table" in style and (found := _DISPLAY.search(style)):
            return _DISPLAYS.get(found.group(1).lower(), tag)
    return tag
