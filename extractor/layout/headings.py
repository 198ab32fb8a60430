"""Headings: short blocks set larger or bolder than the text of the page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from extractor.layout.blocks import LayoutBlock, TextBlock
from extractor.settings import Settings, rule, threshold

LEVELS = 6
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True)
class HeadingSettings(Settings):
    """What it takes for a block to be a heading."""

    larger: float = threshold(1.15, unit="parts of the body size", meaning="font size above which a block is a heading")
    bold_headings: bool = rule(True, meaning="a bold line by itself is a heading, whatever its size")
    lines: int = threshold(2, meaning="most lines of a heading")
    length: int = threshold(120, unit="characters", meaning="longest heading")


def mark_headings(blocks: Sequence[LayoutBlock], body_size: float) -> list[LayoutBlock]:
    """Return the blocks with those that stand out marked as headings; the largest font size, in points, is level 1."""
    settings = HeadingSettings.current()
    found = {
        id(block): round(block.lines[0].segments[0].font_size)
        for block in blocks
        if isinstance(block, TextBlock) and _stands_out(block, body_size, settings)
    }
    sizes = sorted(set(found.values()), reverse=True)
    return [
        replace(block, kind="heading", level=min(LEVELS, sizes.index(found[id(block)]) + 1))
        if isinstance(block, TextBlock) and id(block) in found
        else block
        for block in blocks
    ]


def _stands_out(block: TextBlock, body_size: float, settings: HeadingSettings) -> bool:
    if block.kind != "paragraph" or len(block.lines) > settings.lines:
        return False
    if any(len(line.segments) > 1 for line in block.lines):
        return False
    text = "".join(line.segments[0].text for line in block.lines)
    if len(text) > settings.length or text[-1] in "。；;，," or not _LETTER.search(text):
        return False
    first = block.lines[0].segments[0]
    if first.font_size > settings.larger * body_size:
        return True
    return settings.bold_headings and first.bold and len(block.lines) == 1
