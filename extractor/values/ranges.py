"""Ranges and bounds as they are printed: `3.5-9.5`, `4 to 6`, `<35`, `≥ 90`, `不超过5`."""

from __future__ import annotations

import re

_NUMBER = r"[-−]?\d+(?:[.,]\d+)*"
_RANGE = re.compile(rf"({_NUMBER})\s*(?:[-–—−~～〜至到]|--|to|\.\.\.?|…)\s*({_NUMBER})", re.IGNORECASE)
_UPPER = re.compile(
    rf"(?:<=?|≤|＜|≦|up to|below|under|less than|at most|小于|低于|不超过|不大于)\s*=?\s*({_NUMBER})",
    re.IGNORECASE,
)
_LOWER = re.compile(
    rf"(?:>=?|≥|＞|≧|above|over|more than|at least|from|大于|高于|不低于|不小于)\s*=?\s*({_NUMBER})",
    re.IGNORECASE,
)
_WHOLE = re.compile(rf"\s*({_NUMBER})(?![\d.,]*\s*(?:[-–—~～]|to)\s*\d)")


def find_range_part(text: str, name: str) -> tuple[int, int] | None:
    """Where in `text` the part called `name` stands: `lower` or `upper` end of a range, or the `number` it begins with.

    None where the range has no such end, where the text holds several ranges, or where it is no number at all.
    """
    if name == "number":
        found = _WHOLE.match(text)
        return found.span(1) if found else None
    both = list(_RANGE.finditer(text))
    if len(both) == 1:
        return both[0].span(1 if name == "lower" else 2)
    if both or name not in ("lower", "upper"):
        return None
    ends = list((_LOWER if name == "lower" else _UPPER).finditer(text))
    return ends[0].span(1) if len(ends) == 1 else None
