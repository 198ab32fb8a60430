"""WordprocessingML elements (ECMA-376 part 1): children and attributes by their local names, common properties.

Namespaces are not looked at: strict and transitional documents differ only in them.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

DELETED = frozenset({"del", "moveFrom"})
"""Elements whose content is a tracked deletion."""
TRANSPARENT = frozenset(
    {"ins", "moveTo", "customXml", "smartTag", "hyperlink", "fldSimple", "dir", "bdo", "sdtContent"}
)
"""Elements that only wrap content."""
_SYMBOLS = {
    0xA8: "☐", 0x6F: "☐", 0x71: "☐", 0xA3: "☐", 0xFE: "☑", 0xFD: "☒", 0x52: "☑", 0x54: "☒", 0x53: "☒", 0xFC: "✓",
    0x50: "✓", 0xFB: "✗", 0x4F: "✗", 0xA1: "○", 0xA4: "◉", 0xB7: "•", 0xA7: "▪", 0xD8: "➢", 0xE0: "→", 0x6C: "●",
    0x6E: "■",
}  # fmt: skip
"""What the signs that people use from the Wingdings fonts look like."""


def local_name(element: etree._Element) -> str:
    """Return the element's name without its namespace; empty for a comment."""
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def child(element: etree._Element | None, *names: str) -> etree._Element | None:
    """Return the element reached by the first children of these names; None where one is missing."""
    for name in names:
        if element is None:
            return None
        element = next((each for each in element if local_name(each) == name), None)
    return element


def attribute(element: etree._Element | None, name: str = "val") -> str | None:
    """Return the attribute of that name, in whichever namespace; None where there is none."""
    if element is None:
        return None
    return next((text for key, text in element.attrib.items() if etree.QName(key).localname == name), None)


def number(element: etree._Element | None, missing: int) -> int:
    """Return the number that an element has as its `val`; `missing` where it has none."""
    text = attribute(element) or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else missing


def is_on(element: etree._Element | None) -> bool:
    """Decide whether an on-off property is on: `<w:vanish/>` is, `<w:vanish w:val="0"/>` is not."""
    return element is not None and attribute(element) not in ("0", "false", "off", "none")


def has_shading(shading: etree._Element | None) -> bool:
    """Decide whether a `shd` property gives the text a background other than white."""
    fill = (attribute(shading, "fill") or "").lower()
    return fill not in ("", "auto", "ffffff") or (attribute(shading) or "clear") not in ("clear", "nil")


def iterate_table_parts(container: etree._Element, name: str) -> Iterator[etree._Element]:
    """Yield the rows (`tr`) of a table or the cells (`tc`) of a row, also those in content controls."""
    for element in container:
        found = local_name(element)
        if found == name:
            yield element
        elif found == "sdt" or found in TRANSPARENT:
            yield from iterate_table_parts(element, name)


def choose_alternative(alternatives: etree._Element) -> etree._Element | None:
    """Return one of the two ways in which the same thing is written for newer and for older programs."""
    choice = child(alternatives, "Choice")
    return choice if choice is not None and len(choice) else child(alternatives, "Fallback")


def is_outermost(element: etree._Element, within: etree._Element) -> bool:
    """Decide whether an element is read as part of `within`: not in a text box, nor in an alternative not chosen."""
    for ancestor in element.iterancestors():
        if ancestor is within:
            return True
        name = local_name(ancestor)
        if name == "txbxContent":
            return False
        if name == "Fallback" and choose_alternative(ancestor.getparent()) is not ancestor:
            return False
    return True


def symbol_text(element: etree._Element) -> str:
    """Return the character that a `sym` element shows; a sign of an unknown symbol font is a bullet."""
    code = attribute(element, "char") or ""
    try:
        point = int(code, 16)
    except ValueError:
        return ""
    is_private = 0xF000 <= point <= 0xF0FF
    if is_private and (attribute(element, "font") or "").lower() == "symbol":
        return chr(point - 0xF000)
    return _SYMBOLS.get(point - 0xF000, "•") if is_private else chr(point) if 31 < point < 0xD800 else ""


def check_box_text(element: etree._Element) -> str:
    """Return the box that a legacy form field shows; empty for other fields."""
    box = child(element, "ffData", "checkBox")
    if box is None:
        return ""
    state = child(box, "checked")
    return "☑" if is_on(state if state is not None else child(box, "default")) else "☐"


def plain_text(element: etree._Element) -> str:
    """Return all the text in an element, deleted text too, with a blank between paragraphs."""
    pieces = []
    for part in element.iter("{*}t", "{*}delText", "{*}p", "{*}tab"):
        pieces.append(part.text or "" if local_name(part) in ("t", "delText") else " ")
    return "".join(pieces).strip()
