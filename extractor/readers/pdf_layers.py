"""Layers of a PDF (optional content, PDF 32000-1, 8.11) that are switched off when the file is opened.

pdfium paints by them but does not list them, so the catalogue is read by pdfminer.
"""

from __future__ import annotations

import ctypes
import io
from collections.abc import Set

_LONGEST_NAME = 256


def hidden_layer_names(data: bytes) -> frozenset[str]:
    """Return the names of the layers of a file that are off; none where its catalogue cannot be read.

    A name that a layer which is on has too is left out.
    """
    if b"/OCProperties" not in data and b"/ObjStm" not in data:
        return frozenset()
    from pdfminer.pdfdocument import PDFDocument
    from pdfminer.pdfparser import PDFParser
    from pdfminer.pdftypes import resolve1
    from pdfminer.utils import decode_text

    try:
        properties = resolve1(PDFDocument(PDFParser(io.BytesIO(data))).catalog.get("OCProperties")) or {}
        if not properties:
            return frozenset()
        default = resolve1(properties.get("D")) or {}
        groups = {id_of(each): resolve1(each) for each in resolve1(properties.get("OCGs")) or ()}
        off = {id_of(each) for each in resolve1(default.get("OFF")) or ()}
        if getattr(default.get("BaseState"), "name", "") == "OFF":
            off |= set(groups) - {id_of(each) for each in resolve1(default.get("ON")) or ()}
        names = {key: decode_text(resolve1(group.get("Name")) or b"") for key, group in groups.items()}
    except Exception:  # pdfminer raises various exceptions on files that it cannot parse
        return frozenset()
    shown = {name for key, name in names.items() if key not in off}
    return frozenset(name for key, name in names.items() if key in off) - shown - {""}


def id_of(reference) -> int:
    """Return the number of the object that a reference is to."""
    return getattr(reference, "objid", -1)


def is_on_layer(raw, item, layers: Set[str]) -> bool:
    """Decide whether a page object belongs to one of the layers, by its marks; `raw` is pdfium's own interface."""
    for position in range(max(raw.FPDFPageObj_CountMarks(item), 0)):
        mark = raw.FPDFPageObj_GetMark(item, position)
        if _mark_text(raw.FPDFPageObjMark_GetName, mark) == "OC" and (
            _mark_text(raw.FPDFPageObjMark_GetParamStringValue, mark, b"Name") in layers
        ):
            return True
    return False


def is_watermark(raw, item) -> bool:
    """Decide whether a page object is marked as a watermark, as word processors and Acrobat do."""
    for position in range(max(raw.FPDFPageObj_CountMarks(item), 0)):
        mark = raw.FPDFPageObj_GetMark(item, position)
        if _mark_text(raw.FPDFPageObjMark_GetName, mark) == "Artifact" and (
            _mark_text(raw.FPDFPageObjMark_GetParamStringValue, mark, b"Subtype") == "Watermark"
        ):
            return True
    return False


def _mark_text(get, mark, *key: bytes) -> str:
    buffer, length = (ctypes.c_ushort * _LONGEST_NAME)(), ctypes.c_ulong()
    if not mark or not get(mark, *key, buffer, ctypes.sizeof(buffer), length):
        return ""
    return bytes(buffer)[: length.value].decode("utf-16-le", "replace").rstrip("\0")
