"""Ranges and bounds as printed: `3.5-9.5`, `4 to 6`, `<35`, `≥ 90`, `不超过5`."""

from __future__ import annotations

import re

_NUMBER = r"[-−]?\d+(?:[.,]\d+)*"
_SIGNS = "-−"
_RANGE = re.compile(
    rf"({_NUMBER})\s*%?\s*(?:[-－–—−~～〜至到]|--|to|\.\.\.?|…)\s*(?:[$€£¥￥]\s*)?({_NUMBER})", re.IGNORECASE
)
_UPPER_BOUND = re.compile(
    rf"(?:<=?|≤|＜|≦|up to|below|under|less than|at most|小于|低于|不超过|不大于)\s*=?\s*({_NUMBER})",
    re.IGNORECASE,
)
_LOWER_BOUND = re.compile(
    rf"(?:>=?|≥|＞|≧|above|over|more than|at least|from|大于|高于|不低于|不小于)\s*=?\s*({_NUMBER})",
    re.IGNORECASE,
)
_NUMBER_AT_START = re.compile(rf"\s*({_NUMBER})(?![\d.,]*\s*(?:[-－–—−~～]|to)\s*\d)")


def find_range_part(text: str, part: str) -> tuple[int, int] | None:
    """Return where `part` stands in `text`: the `lower` or `upper` end of a range, or the `number` it begins with.

    None where the range has no such end, where the text holds several ranges, or where it begins with a range instead
    of a number.
    """
    if part == "number":
        number = _NUMBER_AT_START.match(text)
        return number.span(1) if number else None
    ranges = list(_RANGE.finditer(text))
    if len(ranges) == 1:
        start, end = ranges[0].span(1 if part == "lower" else 2)
        # A range goes up: in `3.5--9.5` the second dash is no sign.
        is_doubled = part == "upper" and text[start] in _SIGNS and ranges[0].group(1)[0] not in _SIGNS
        return start + is_doubled, end
    if ranges or part not in ("lower", "upper"):
        return None
    bounds = list((_LOWER_BOUND if part == "lower" else _UPPER_BOUND).finditer(text))
    return bounds[0].span(1) if len(bounds) == 1 else None
