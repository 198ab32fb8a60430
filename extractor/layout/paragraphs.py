"""Lines that follow each other, into paragraphs and list items."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from extractor.layout.blocks import TextBlock, TextLine
from extractor.layout.columns import printed_width
from extractor.settings import Settings, rule, threshold
from extractor.values.scripts import is_wide


@dataclass(frozen=True)
class ParagraphSettings(Settings):
    """Where a paragraph ends. Unless said otherwise an em is the smaller font size of the two lines compared.

    Lengths of text count full-width characters as two where they are called widths.
    """

    usual_gap_excess: float = threshold(
        0.45, unit="em", meaning="a gap between lines that is so much wider than the one before it ends a paragraph"
    )
    first_gap: float = threshold(0.8, unit="em", meaning="widest gap between the first two lines of a paragraph")
    first_gap_wrapped: float = threshold(1.8, unit="em", meaning="the same where the first line is plainly wrapped")
    near_rule: bool = rule(True, meaning="a line nearer to the next one than to the one before begins a paragraph")
    size_change: float = threshold(0.12, meaning="share of the font size by which it must change to end a paragraph")
    text_length: int = threshold(
        40,
        unit="characters",
        meaning="a line longer than this is text, which a bold line before or after it is no part of",
    )
    indent: float = threshold(1.2, unit="em", meaning="least indentation of a paragraph's first line")
    unindented: float = threshold(0.5, unit="em", meaning="indentation below which the line before it counts as none")
    centred_tolerance: float = threshold(1.0, unit="em", meaning="difference of the margins of a centred line")
    body_line_length: int = threshold(
        30,
        unit="characters",
        meaning="lines of this length tell where the lines of the text end, notes in the margin do not",
    )
    wrapped_size_change: float = threshold(0.1, meaning="share of the font size that may differ between wrapped lines")
    wrapped_width: int = threshold(30, unit="characters", meaning="width below which a line is never wrapped")
    surely_wrapped_width: int = threshold(
        60, unit="characters", meaning="width below which a wrapped line must go on in lower case or in Chinese"
    )
    space: float = threshold(0.25, unit="em", meaning="the space before a word that no longer fitted on its line")
    column_end: float = threshold(0.5, unit="em", meaning="how far before the end of the column a line may wrap")


@dataclass(frozen=True, slots=True)
class TextColumn:
    """Where the lines of a text begin and end, as x in points."""

    left: float
    right: float


def measure_column(lines: Sequence[TextLine]) -> TextColumn:
    """Return where the lines of a text begin and end."""
    least = ParagraphSettings.current().body_line_length
    long = [line.segments[0].box.x1 for line in lines if len(line.segments[0].text) >= least]
    return TextColumn(min(line.box.x0 for line in lines), max(long or [line.box.x1 for line in lines]))


class ParagraphBuilder:
    """Gathers lines, from the top down, into blocks; `close` ends the last one."""

    def __init__(self, column: TextColumn) -> None:
        self._column = column
        self._settings = ParagraphSettings.current()
        self._lines: list[TextLine] = []

    def add(self, line: TextLine, following: TextLine | None) -> list[TextBlock]:
        """Add a line, of which the next is `following`; return the block that it ended, if it ended one."""
        lines, ended = self._lines, []
        wraps = bool(lines) and self._is_wrapped(lines[-1], line)
        if lines and (self._begins_block(line, wraps) or self._is_nearer_to_next(line, following)):
            ended = self.close()
        elif wraps:
            lines[-1] = replace(lines[-1], wraps=True)
        self._lines.append(line)
        return ended

    def close(self) -> list[TextBlock]:
        """Return the block of the lines added so far, none where there are none, and begin the next."""
        lines, self._lines = self._lines, []
        if not lines:
            return []
        return [TextBlock(tuple(lines), "list_item" if is_list_item(lines[0]) else "paragraph")]

    def _begins_block(self, line: TextLine, wraps: bool) -> bool:
        """Decide whether a line begins a block: after a gap, a change of type, or by an indentation or a bullet."""
        settings, lines = self._settings, self._lines
        before = lines[-1]
        size = min(before.segments[0].font_size, line.segments[0].font_size)
        gap = line.box.top - before.box.bottom
        if len(lines) > 1:
            if gap > before.box.top - lines[-2].box.bottom + settings.usual_gap_excess * size:
                return True
        elif gap > (settings.first_gap_wrapped if wraps else settings.first_gap) * size:
            return True
        if len(before.segments) == len(line.segments) == 1 and (
            self._changes_type(before, line) or self._is_indented(before, line, size, wraps)
        ):
            return True
        return is_list_item(line)

    def _changes_type(self, before: TextLine, line: TextLine) -> bool:
        settings, upper, lower = self._settings, before.segments[0], line.segments[0]
        size = min(upper.font_size, lower.font_size)
        if abs(upper.font_size - lower.font_size) > settings.size_change * size:
            return True
        if upper.bold == lower.bold:
            return False
        plain = lower if upper.bold else upper
        return len(plain.text) > settings.text_length

    def _is_indented(self, before: TextLine, line: TextLine, size: float, wraps: bool) -> bool:
        settings, column = self._settings, self._column
        indent, room = line.box.x0 - column.left, column.right - line.box.x1
        centred = abs(indent - room) < settings.centred_tolerance * size
        return (
            indent > settings.indent * size
            and before.box.x0 - column.left < settings.unindented * size
            and not centred
            and (wraps or room < indent)
        )

    def _is_nearer_to_next(self, line: TextLine, following: TextLine | None) -> bool:
        """Decide whether a line stands clearly nearer to the one after it than to the one before."""
        settings = self._settings
        if not settings.near_rule or following is None or len(following.segments) > 1:
            return False
        size = line.segments[0].font_size
        gap = line.box.top - self._lines[-1].box.bottom
        below = following.box.top - line.box.bottom
        return gap > settings.first_gap * size and gap > below + settings.usual_gap_excess * size

    def _is_wrapped(self, before: TextLine, line: TextLine) -> bool:
        """Decide whether `before` broke only because the column ended: the next word would not have fitted on it."""
        settings = self._settings
        if len(before.segments) > 1 or len(line.segments) > 1 or is_list_item(line):
            return False
        upper, lower = before.segments[0], line.segments[0]
        if abs(upper.font_size - lower.font_size) > settings.wrapped_size_change * upper.font_size:
            return False
        width, first = printed_width(upper.text), lower.words[0]
        if width < settings.wrapped_width:
            return False
        if width < settings.surely_wrapped_width and not (first.text[0].islower() or is_wide(first.text[0])):
            return False  # short lines, as of an address, break where their author broke them
        # Chinese breaks between any two characters, so only one of them has to be too many.
        needed = first.font_size if is_wide(first.text[0]) else first.box.width + settings.space * first.font_size
        return upper.box.x1 + needed > self._column.right - settings.column_end * upper.font_size


_LIST_ITEM = re.compile(
    r"(?:[-*•●◦▪■·‣–]|[（(]?\d{1,2}[)）]|\d{1,2}[.、]|[①-⑳])"  # a bullet or a number
    r"(?:\s|(?<=[、）)①-⑳]))\s*\S"  # white space, which full-width marks go without
)


def is_list_item(line: TextLine) -> bool:
    """Decide whether a line begins with a bullet or a number, as an item of a list does."""
    return len(line.segments) == 1 and bool(_LIST_ITEM.match(line.segments[0].text))
