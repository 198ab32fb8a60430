"""Words by which a number goes down or up: `减少114件`, `fell by 5%`, and names of fields that are a fall or a rise."""

from __future__ import annotations

import re

FALLS = "减少|减|下降|降低|下跌|下滑|缩减|回落|跌|降|负|減少|減"
RISES = "增加|增长|增|上升|提高|上涨|提升|涨|升|新增"
ENGLISH_FALLS = (
    "minus|negative|down(?: by)?|lower by|(?:decreased|declined|dropped|fell|reduced|shrank)(?: by)?"
    "|(?:decrease|decline|drop|fall|reduction)s? (?:of|by)"
)
ENGLISH_RISES = (
    "plus|positive|up(?: by)?|higher by|(?:increased|rose|grew|gained|climbed)(?: by)?"
    "|(?:increase|rise|growth|gain)s? (?:of|by)"
)
"""Alternations of what may stand before a number; Chinese and English apart, because only English has word borders."""

_NAMES_OF_FALL = re.compile(
    rf"(?:{FALLS})|\b(?:{ENGLISH_FALLS}|decreas\w*|declin\w*|reduc\w*|drop\w*|fall\w*|loss\w*)\b", re.IGNORECASE
)
_NAMES_OF_RISE = re.compile(
    rf"(?:{RISES})|\b(?:{ENGLISH_RISES}|increas\w*|growth|rise|gain\w*|change)\b|变化|变动", re.IGNORECASE
)


def trend_direction(name: str) -> int:
    """Return -1 where `name` is of a fall alone (`降幅`, `decrease in stock`), 1 of a rise alone, else 0."""
    is_fall = bool(_NAMES_OF_FALL.search(name) or "降幅" in name)
    is_rise = bool(_NAMES_OF_RISE.search(name))
    return is_rise - is_fall
