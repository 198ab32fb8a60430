"""What styles say about an element: whether its text is hidden, raised or kept as typed, and its colours.

Text that is struck through or marked as deleted counts as hidden: it is printed to say that it holds no more.

Only what can be told without laying out the page is looked at: attributes, inline styles, and the plain class and id
selectors of the page's own style sheets.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from extractor.readers.html_tree import PREFORMATTED

_MAX_STYLE_SHEET = 200_000
_HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|font-size\s*:\s*0(?:\.0+)?\s*(?:px|pt|em|rem|%)?\s*(?:;|!|$)"
    r"|text-decoration(?:-line)?\s*:[^;]*line-through"
    r"|opacity\s*:\s*0(?:\.0+)?\s*(?:;|!|$)|text-indent\s*:\s*-\d{3,}|clip\s*:\s*rect\(\s*[01](?:px)?[\s,]+[01](?:px)?[\s,]+[01](?:px)?[\s,]"
    r"|clip-path\s*:\s*inset\(\s*(?:50|100)%|(?:^|[;\s])(?:left|top)\s*:\s*-\d{4,}"
)
_WHITE_SPACE = re.compile(r"white-space\s*:\s*(pre|break-spaces)")
_COLOUR = re.compile(r"(?:^|[;\s])color\s*:\s*([^;!]+)")
_BACKGROUND = re.compile(r"background(?:-color)?\s*:\s*([^;!]+)")
_COLOURS = {
    "white": "#ffffff", "black": "#000000", "red": "#ff0000", "gray": "#808080", "grey": "#808080", "yellow": "#ffff00",
    "blue": "#0000ff", "green": "#008000", "silver": "#c0c0c0", "lime": "#00ff00", "transparent": None,
}  # fmt: skip


_DELETED = frozenset({"s", "del", "strike"})
_STYLED = _DELETED | {"pre", "textarea", "sup"}
_RAISED = re.compile(r"vertical-align\s*:\s*(?:super|text-top)")


@dataclass(slots=True)
class Style:
    """What an element inherits: whether its text is hidden, raised or preformatted, and colours set on elements."""

    hidden: bool = False
    raised: bool = False
    preformatted: bool = False
    colour: str | None = None
    background: str | None = None


class StyleResolver:
    """Tells the style of each element of a page from its attributes and the style of the element around it."""

    def __init__(self, tree) -> None:
        sheets = list(tree.css("style")) if tree.root is not None else []
        self._hiding = hiding_selectors(" ".join(node.text_content or node.text() for node in sheets))
        linked = tree.css_first("link[rel~=stylesheet]") if tree.root is not None else None
        self._has_style_sheet = bool(sheets) or linked is not None

    def resolve(self, node, tag: str, outer: Style) -> Style:
        """Return the style of an element inside one of style `outer`."""
        attributes = node.attributes
        if not attributes and tag not in _STYLED and not self._hiding:
            return outer
        inline = (attributes.get("style") or "").lower()
        hidden = outer.hidden or tag in _DELETED or "hidden" in attributes or (bool(inline) and hides_text(inline))
        if not hidden and self._hiding:
            names = {f".{name}" for name in (attributes.get("class") or "").split()}
            names |= {f"{tag}{name}" for name in names}
            identity = attributes.get("id")
            hidden = not names.isdisjoint(self._hiding) or (bool(identity) and f"#{identity}" in self._hiding)
        preformatted = outer.preformatted
        if tag in PREFORMATTED or "white-space" in inline:
            preformatted = tag in PREFORMATTED or bool(_WHITE_SPACE.search(inline))
        colour = _inline_colour(_COLOUR, inline) or parse_colour(attributes.get("color")) or outer.colour
        is_picture = "url(" in inline or "gradient" in inline or attributes.get("background")
        background = (
            _inline_colour(_BACKGROUND, inline)
            or parse_colour(attributes.get("bgcolor"))
            or ("image" if is_picture else None)
            or outer.background
        )
        # Without a style sheet the page is white; with one, a background that was not set on elements is unknown.
        if not hidden and colour is not None and (background is not None or not self._has_style_sheet):
            hidden = colour == (background or "#ffffff")
        raised = outer.raised or tag == "sup" or bool(_RAISED.search(inline))
        return Style(hidden, raised, preformatted, colour, background)


def hides_text(declarations: str) -> bool:
    """Decide whether CSS declarations, in lower case, hide the text of an element."""
    return bool(_HIDING.search(declarations))


def hiding_selectors(sheet: str) -> frozenset[str]:
    """Return the plain class and id selectors that a style sheet hides, except inside `@media` and other at-rules."""
    sheet = re.sub(r"/\*.*?\*/", " ", sheet[:_MAX_STYLE_SHEET], flags=re.DOTALL)
    found, depth, start, selector = set(), 0, 0, ""
    for match in re.finditer(r"[{}]", sheet):
        if match.group() == "{":
            if depth == 0:
                selector = sheet[start : match.start()].strip()
                start = match.end()
            depth += 1
            continue
        depth = max(0, depth - 1)
        if depth == 0:
            if not selector.startswith("@") and hides_text(sheet[start : match.start()].lower()):
                names = (name.strip() for name in selector.split(","))
                found |= {name for name in names if re.fullmatch(r"(?:\w+)?[.#][\w-]+", name)}
            start = match.end()
    return frozenset(found)


def _inline_colour(declaration: re.Pattern[str], inline: str) -> str | None:
    found = declaration.search(inline) if inline else None
    return parse_colour(found.group(1)) if found else None


def parse_colour(value: str | None) -> str | None:
    """Return a CSS colour as #rrggbb, or by its name where that is not known; None where there is no colour."""
    value = (value or "").strip().lower()
    if not value:
        return None
    if value in _COLOURS:
        return _COLOURS[value]
    if found := re.search(r"#([0-9a-f]{6})\b", value):
        return "#" + found.group(1)
    if found := re.search(r"#([0-9a-f])([0-9a-f])([0-9a-f])\b", value):
        return "#" + "".join(2 * digit for digit in found.groups())
    if found := re.match(r"rgba?\(\s*(\d+)[\s,]+(\d+)[\s,]+(\d+)", value):
        return "#" + "".join(f"{min(255, int(part)):02x}" for part in found.groups())
    is_name = re.fullmatch(r"[a-z]{3,20}", value) and value not in ("inherit", "initial", "none", "unset")
    return value if is_name else None
