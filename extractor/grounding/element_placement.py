"""Where the members of one element of a list stand: together, because an element is a row, or a few lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from extractor.settings import Settings, threshold

Span = tuple[int, int]


@dataclass(frozen=True)
class ElementPlacementSettings(Settings):
    """How the distance between two members of an element is counted, in characters."""

    per_line: int = threshold(200, unit="characters", meaning="What every line break between two members adds.")
    earlier_line: int = threshold(
        100, unit="characters", meaning="What is added where a member stands on a line before the element's anchor."
    )


def place_element(occurrences: Mapping[str, Sequence[Span]], text: str, after: int = 0) -> dict[str, Span]:
    """Choose one occurrence for each member of an element, by key; members without any are left out.

    The anchor is the member with the fewest occurrences, the longest of several; it stands at its first occurrence from
    `after` on, where the element before this one has its anchor, else at its last one. The other members stand as near
    to it as they can, on its line rather than on another.
    """
    found = {key: spans for key, spans in occurrences.items() if spans}
    if not found:
        return {}
    anchor_key = min(found, key=lambda key: (len(found[key]), found[key][0][0] - found[key][0][1]))
    anchor = next((span for span in found[anchor_key] if span[0] >= after), found[anchor_key][-1])
    return {
        key: anchor if key == anchor_key else min(spans, key=lambda span: _distance(span, anchor, text))
        for key, spans in found.items()
    }


def _distance(span: Span, anchor: Span, text: str) -> float:
    settings = ElementPlacementSettings.current()
    is_before = span[0] < anchor[0]
    start, end = (span[1], anchor[0]) if is_before else (anchor[1], span[0])
    lines = text.count("\n", start, end)
    return max(0, end - start) + settings.per_line * lines + settings.earlier_line * (is_before and lines > 0)
