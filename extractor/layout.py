"""Words with boxes become lines, segments and blocks in reading order; grids of ruled lines become tables.

A page is cut the way a reader's eye does it: bands across, then columns where a gutter runs through and the two sides
do not share their lines (an address beside a form, columns of prose); where they do share them, line items or
`label  value`, a row stays a row. The idea is the recursive X-Y cut (Nagy and Seth 1984), with that one question added.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from extractor.geometry import Grid, GridCell, Rect, overlap, union

_CJK = re.compile("[\u2e80-\u303f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]")
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Placed:
    """A word where it stands on the page: `base` is its baseline, `size` its font size, `run` the text object it came in.

    `spaced` says that white space stands before it in the file; `bold` that its font is a heavy one.
    """

    text: str
    box: Rect
    base: float
    size: float
    run: int = 0
    spaced: bool = True
    bold: bool = False
    breaks: bool = False
    """A new column begins with this word, however near the one before stands."""
    place: Rect | None = None
    """Where it stands on the page, if `box` was turned to read a page or a note that is set sideways."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Words that stand together on one line, parted from others by a wide gap."""

    words: tuple[Placed, ...]
    box: Rect
    base: float
    size: float
    bold: bool

    @property
    def text(self) -> str:
        return "".join(joiner(before, word) + word.text for before, word in zip((None, *self.words), self.words))  # noqa: B905


@dataclass(frozen=True, slots=True)
class Line:
    """Segments on one baseline, left to right; `wraps` says that the next line goes on with the same sentence."""

    segments: tuple[Segment, ...]
    wraps: bool = False

    @property
    def box(self) -> Rect:
        return union(segment.box for segment in self.segments)


@dataclass(frozen=True, slots=True)
class TextPart:
    """Lines that make one block: `kind` is heading, paragraph or list_item."""

    lines: tuple[Line, ...]
    kind: str = "paragraph"
    level: int = 0


@dataclass(frozen=True, slots=True)
class CellPart:
    """One cell of a table and the lines in it, none where it is blank."""

    row: int
    column: int
    lines: tuple[Line, ...]
    box: Rect
    row_span: int = 1
    column_span: int = 1


@dataclass(frozen=True, slots=True)
class TablePart:
    """A table as found on one page; `xs` are where its columns part, by which its continuation is known."""

    cells: tuple[CellPart, ...]
    box: Rect
    xs: tuple[float, ...]
    ruled: bool = True


Part = TextPart | TablePart


def joiner(before: Placed | None, word: Placed) -> str:
    """What stands between two words of a segment: nothing where they touch or both are Chinese, else a space."""
    if before is None:
        return ""
    gap = word.box.x0 - before.box.x1
    size = max(before.size, word.size)
    if not word.spaced and gap < 0.15 * size:
        return ""
    if _CJK.match(before.text[-1]) and _CJK.match(word.text[0]) and (not word.spaced or gap < 0.12 * size):
        return ""
    return " "


def arrange(words: Sequence[Placed], ruled: Sequence[Grid] = ()) -> list[Part]:
    """The parts of a page in reading order. `words` come in the order of the file, which settles what overlaps."""
    tables: list[_Box] = []
    rest = list(words)
    for grid in sorted(ruled, key=lambda grid: (grid.box.x1 - grid.box.x0) * (grid.box.bottom - grid.box.top)):
        inside, outside = _held_by(grid, rest)
        found = _from_grid(grid, inside)
        if found is not None:
            tables.append(found)
            rest = outside
    items: list[_Item] = [*segments(rest), *tables]
    body = _body_size(items)
    overlays = [item for item in items if _is_overlay(item, items, body)]
    if overlays:
        items = [item for item in items if item not in overlays]
    parts = _ordered(items, body)
    parts += [TextPart((Line((item,)),)) for item in overlays if isinstance(item, Segment)]
    return _with_headings(parts, body)


@dataclass(frozen=True, slots=True)
class _Box:
    """What a grid was taken for: one table, or several parts that follow each other (the boxes of a form)."""

    parts: tuple[Part, ...]
    box: Rect


_Item = Segment | _Box


def _body_size(items: Iterable[_Item]) -> float:
    sizes = [item.size for item in items if isinstance(item, Segment) for _ in range(min(60, len(item.text)))]
    return median(sizes) if sizes else 10.0


def _is_overlay(item: _Item, items: Sequence[_Item], body: float) -> bool:
    """A watermark: far larger than the text, and standing across it."""
    if not isinstance(item, Segment) or item.size < 2.2 * body:
        return False
    return any(
        other is not item
        and overlap(item.box.x0, item.box.x1, other.box.x0, other.box.x1) > 0
        and overlap(item.box.top, item.box.bottom, other.box.top, other.box.bottom)
        > 0.6 * min(other.box.bottom - other.box.top, item.box.bottom - item.box.top)
        for other in items
    )


# Words to segments to lines.


def segments(words: Iterable[Placed]) -> list[Segment]:
    """Words joined into segments: first those that follow each other in the file, then what stands close on a line."""
    strings: list[list[Placed]] = []
    for word in words:
        if strings and _follows(strings[-1][-1], word):
            strings[-1].append(word)
        else:
            strings.append([word])
    result: list[Segment] = []
    for line in _by_baseline([_segment(string) for string in strings]):
        joined = [line[0]]
        for segment in line[1:]:
            before = joined[-1]
            gap, size = segment.box.x0 - before.box.x1, max(before.size, segment.size)
            if -0.1 * size <= gap <= 0.5 * size and not segment.words[0].breaks:
                joined[-1] = _segment([*before.words, *segment.words])
            else:
                joined.append(segment)
        result += joined
    return result


def _follows(before: Placed, word: Placed) -> bool:
    if word.breaks:
        return False
    size = max(before.size, word.size)
    gap, drop = word.box.x0 - before.box.x1, abs(word.base - before.base)
    if drop > 0.2 * size:
        # A raised or lowered figure belongs to the word it touches.
        shared = overlap(before.box.top, before.box.bottom, word.box.top, word.box.bottom)
        return drop < 0.6 * size and -0.2 * size < gap < 0.2 * size and shared > 0.3 * min(before.size, word.size)
    limit = 1.1 if word.spaced and word.run == before.run else 0.8
    return -0.3 * size < gap < limit * size


def _segment(words: Sequence[Placed]) -> Segment:
    largest = max(words, key=lambda word: word.size)
    return Segment(
        tuple(words),
        union(word.box for word in words),
        largest.base,
        largest.size,
        sum(len(word.text) for word in words if word.bold) * 2 > sum(len(word.text) for word in words),
    )


def _by_baseline(found: Sequence[Segment]) -> list[list[Segment]]:
    """Segments gathered into lines, top to bottom, each line left to right."""
    lines: list[list[Segment]] = []
    for segment in sorted(found, key=lambda segment: segment.base):
        for line in reversed(lines[-3:]):
            if abs(segment.base - line[0].base) <= 0.3 * min(segment.size, line[0].size):
                line.append(segment)
                break
        else:
            lines.append([segment])
    for line in lines:
        line.sort(key=lambda segment: segment.box.x0)
    return lines


# Reading order.


def _ordered(items: Sequence[_Item], body: float, depth: int = 0) -> list[Part]:
    parts: list[Part] = []
    for zone, gutters in _zones(items, body):
        columns = _columns(zone, gutters) if gutters and depth < 20 else [zone]
        if len(columns) > 1:
            for column in columns:
                parts += _ordered(column, body, depth + 1)
        else:
            parts += _in_rows(zone, body)
    return parts


_Gutter = tuple[float, float]


def _zones(items: Sequence[_Item], body: float) -> list[tuple[list[_Item], list[_Gutter]]]:
    """Bands of the page, top to bottom, joined as long as the same gutters run through them."""
    bands = _bands(items)
    zones: list[tuple[list[list[_Item]], list[_Gutter]]] = []
    for band in bands:
        own = _gutters(band, body)
        if zones:
            held, gutters = zones[-1]
            if gutters:
                shared = _gutters([item for each in [*held, band] for item in each], body)
                if shared:
                    zones[-1] = ([*held, band], shared)
                    continue
            elif not own:
                held.append(band)
                continue
        zones.append(([band], own))
    result: list[tuple[list[_Item], list[_Gutter]]] = []
    for held, gutters in zones:
        for piece in _peeled(held, gutters, body):
            flat = [item for band in piece for item in band]
            result.append((flat, _gutters(flat, body)))
    return result


def _bands(items: Sequence[_Item]) -> list[list[_Item]]:
    """Items that overlap in height, gathered."""
    bands: list[list[_Item]] = []
    bottom = float("-inf")
    for item in sorted(items, key=lambda item: item.box.top):
        slack = 0.25 * (item.box.bottom - item.box.top)
        if bands and item.box.top + slack < bottom:
            bands[-1].append(item)
        else:
            bands.append([item])
            bottom = float("-inf")
        bottom = max(bottom, item.box.bottom - 0.25 * min(12.0, item.box.bottom - item.box.top))
    return bands


def _gutters(items: Sequence[_Item], body: float) -> list[_Gutter]:
    """The white stretches that run down between items, wide enough to part columns."""
    result, reach = [], float("-inf")
    for item in sorted(items, key=lambda item: item.box.x0):
        if reach > float("-inf") and item.box.x0 - reach >= 0.7 * body:
            result.append((reach, item.box.x0))
        reach = max(reach, item.box.x1)
    return result


def _peeled(held: list[list[_Item]], gutters: list[_Gutter], body: float) -> list[list[list[_Item]]]:
    """The bands at either end that stand on one side of the gutters only, and apart, taken off their zone."""
    if not gutters or len(held) < 2:
        return [held]

    def one_sided(band: list[_Item]) -> bool:
        return not _gutters(band, body)

    first, last = 0, len(held)
    for number in range(1, len(held)):
        if not all(one_sided(band) for band in held[:number]):
            break
        if _gap(held[number - 1], held[number]) > 0.9 * body:
            first = number
    for number in range(len(held) - 1, first, -1):
        if not all(one_sided(band) for band in held[number:]):
            break
        if _gap(held[number - 1], held[number]) > 0.9 * body:
            last = number
    return [piece for piece in (held[:first], held[first:last], held[last:]) if piece]


def _gap(upper: Sequence[_Item], lower: Sequence[_Item]) -> float:
    return min(item.box.top for item in lower) - max(item.box.bottom for item in upper)


def _columns(zone: list[_Item], gutters: list[_Gutter]) -> list[list[_Item]]:
    """The zone cut at the gutters whose two sides are read one after the other; the zone itself if it reads in rows."""
    groups: list[list[_Item]] = [[] for _ in range(len(gutters) + 1)]
    for item in zone:
        groups[sum(item.box.x0 >= gutter[1] - 0.01 for gutter in gutters)].append(item)
    columns = [groups[0]]
    for group in groups[1:]:
        if _reads_across(columns[-1], group):
            columns[-1] = columns[-1] + group
        else:
            columns.append(group)
    return columns


def _reads_across(left: list[_Item], right: list[_Item]) -> bool:
    """Whether two neighbours share their lines, as the columns of a table do, and are not columns of prose."""
    if any(isinstance(item, _Box) for item in (*left, *right)):
        return False
    if _is_prose(left) and _is_prose(right):
        return False
    left_lines, right_lines = _by_baseline(left), _by_baseline(right)
    fewer, more = sorted((left_lines, right_lines), key=len)
    shared = sum(
        any(abs(line[0].base - other[0].base) <= 0.2 * min(line[0].size, other[0].size) for other in more)
        for line in fewer
    )
    return shared >= 0.6 * len(fewer)


def _is_prose(items: list[_Item]) -> bool:
    lines = _by_baseline([item for item in items if isinstance(item, Segment)])
    if len(lines) < 4:
        return False
    lengths = [sum(2 if _CJK.match(character) else 1 for s in line for character in s.text) for line in lines]
    single = sum(len(line) == 1 for line in lines)
    return median(lengths) >= 28 and single >= 0.8 * len(lines)


# Rows.


def _in_rows(zone: list[_Item], body: float) -> list[Part]:
    """The lines of a zone top to bottom, gathered into blocks, with tables where they line up in columns."""
    parts: list[Part] = []
    run: list[Segment] = []
    for item in sorted(zone, key=lambda item: item.box.top):
        if isinstance(item, Segment):
            run.append(item)
        else:
            parts += _text(run, body)
            parts += item.parts
            run = []
    return parts + _text(run, body)


def _text(run: list[Segment], body: float) -> list[Part]:
    if not run:
        return []
    lines = [Line(tuple(line)) for line in _by_baseline(run)]
    right = max(line.box.x1 for line in lines)
    left = min(line.box.x0 for line in lines)
    parts: list[Part] = []
    block: list[Line] = []
    number = 0
    while number < len(lines):
        pair = _label_row_over_values(lines, number)
        if pair:
            parts += _block(block)
            parts += pair
            block = []
            number += 2
            continue
        line = lines[number]
        if block and _parts(block, line, left, right):
            parts += _block(block)
            block = []
        if block and _goes_on(block[-1], line, right):
            block[-1] = Line(block[-1].segments, wraps=True)
        block.append(line)
        number += 1
    return parts + _block(block)


def _parts(block: list[Line], line: Line, left: float, right: float) -> bool:
    """Whether a line begins a new block: after a gap, a change of size, or an indented first line."""
    before = block[-1]
    size = min(before.segments[0].size, line.segments[0].size)
    gap = line.box.top - before.box.bottom
    if len(block) > 1:
        usual = before.box.top - block[-2].box.bottom
        if gap > usual + 0.45 * size:
            return True
    elif gap > 0.8 * size:
        return True
    if len(before.segments) == len(line.segments) == 1:
        if abs(before.segments[0].size - line.segments[0].size) > 0.12 * size:
            return True
        if before.segments[0].bold != line.segments[0].bold and line.segments[0].text[-1:] not in ":：":
            return gap > 0.25 * size
        if not before.wraps and line.box.x0 - before.box.x0 > 1.5 * size and len(before.segments[0].text) > 30:
            return True
    return _opens_item(line)


_ITEM = re.compile(r"(?:[-*•●◦▪■·‣–]|[（(]?\d{1,2}[)）]|\d{1,2}[.、]|[①-⑳])(?:\s|(?<=[、）)①-⑳]))\s*\S")


def _opens_item(line: Line) -> bool:
    return len(line.segments) == 1 and bool(_ITEM.match(line.segments[0].text))


def _goes_on(before: Line, line: Line, right: float) -> bool:
    """Whether `before` broke only because the column ended: the next word would not have fitted on it."""
    if len(before.segments) > 1 or len(line.segments) > 1 or _opens_item(line):
        return False
    upper, lower = before.segments[0], line.segments[0]
    if abs(upper.size - lower.size) > 0.1 * upper.size:
        return False
    if sum(2 if _CJK.match(character) else 1 for character in upper.text) < 30:
        return False
    first = lower.words[0]
    # Chinese breaks between any two characters, so only one of them has to be too many.
    needed = first.size if _CJK.match(first.text) else first.box.x1 - first.box.x0 + 0.25 * first.size
    return upper.box.x1 + needed > right - 0.5 * upper.size


def _block(lines: list[Line]) -> list[Part]:
    if not lines:
        return []
    return [TextPart(tuple(lines), "list_item" if _opens_item(lines[0]) else "paragraph")]


def _label_row_over_values(lines: Sequence[Line], at: int) -> list[Part]:
    """A row of labels over one row of values, as forms have them, taken apart into a block for each label.

    A header over several rows of data is left whole: the row after the values must be labels again, or far off.
    """
    if at + 1 >= len(lines):
        return []
    upper, lower = lines[at], lines[at + 1]
    if len(upper.segments) < 2 or not _is_label_row(upper) or _is_label_row(lower) and _alike(upper, lower):
        return []
    size = min(upper.segments[0].size, lower.segments[0].size)
    if lower.box.top - upper.box.bottom > 1.2 * size:
        return []
    if at + 2 < len(lines):
        after = lines[at + 2]
        near = after.box.top - lower.box.bottom <= 0.8 * size
        if near and not (_is_label_row(after) and _alike(upper, after)):
            return []
    matched: dict[int, Segment] = {}
    for value in lower.segments:
        under = [
            number
            for number, label in enumerate(upper.segments)
            if overlap(label.box.x0, label.box.x1, value.box.x0, value.box.x1) > 0 or abs(label.box.x0 - value.box.x0) < size
        ]
        if len(under) != 1 or under[0] in matched:
            return []
        matched[under[0]] = value
    if len(matched) < 2 and len(upper.segments) > 2:
        return []
    return [
        TextPart((Line((label,)), Line((matched[number],))) if number in matched else (Line((label,)),))
        for number, label in enumerate(upper.segments)
    ]


def _is_label_row(line: Line) -> bool:
    return all(
        not _DIGIT.search(segment.text.replace("1/2", "")) and len(segment.text) <= 40 for segment in line.segments
    ) and not any(segment.text[-1:] in ":：" for segment in line.segments)


def _alike(line: Line, other: Line) -> bool:
    one, two = line.segments[0], other.segments[0]
    return one.bold == two.bold and abs(one.size - two.size) < 0.08 * one.size


# Grids.


def _held_by(grid: Grid, words: Sequence[Placed]) -> tuple[list[Placed], list[Placed]]:
    inside, outside = [], []
    for word in words:
        x, y = (word.box.x0 + word.box.x1) / 2, (word.box.top + word.box.bottom) / 2
        held = grid.box.x0 - 1 <= x <= grid.box.x1 + 1 and grid.box.top - 1 <= y <= grid.box.bottom + 1
        (inside if held else outside).append(word)
    return inside, outside


def _from_grid(grid: Grid, words: Sequence[Placed]) -> _Box | None:
    """What a grid is: a table, the boxes of a form read one by one, or nothing of the kind (None)."""
    if len(grid.cells) < 2 or not words:
        return None
    held = _by_cell(grid, words)
    placed = sum(len(found) for found in held.values())
    if placed < 0.9 * len(words):
        return None
    cells = [(cell, tuple(_cell_lines(held[cell]))) for cell in grid.cells]
    filled = [(cell, lines) for cell, lines in cells if lines]
    rows, columns = len(grid.ys) - 1, len(grid.xs) - 1
    if len(filled) < 2:
        return None
    if rows < 2 or columns < 2 or _is_form(filled, len(words)):
        if columns < 2 or rows < 2 and not _is_form(filled, len(words)):
            return None
        parts: list[Part] = []
        for cell, _ in filled:
            items = segments(held[cell])
            parts += _ordered(items, _body_size(items), depth=10)
        return _Box(tuple(parts), grid.box)
    table = TablePart(
        tuple(CellPart(cell.row, cell.column, lines, cell.box, cell.row_span, cell.column_span) for cell, lines in cells),
        grid.box,
        grid.xs,
    )
    return _Box((table,), grid.box)


def _by_cell(grid: Grid, words: Sequence[Placed]) -> dict[GridCell, list[Placed]]:
    held: dict[GridCell, list[Placed]] = {cell: [] for cell in grid.cells}
    for word in words:
        x, y = (word.box.x0 + word.box.x1) / 2, (word.box.top + word.box.bottom) / 2
        for cell in grid.cells:
            if cell.box.x0 <= x < cell.box.x1 and cell.box.top <= y < cell.box.bottom:
                held[cell].append(word)
                break
    return held


def _cell_lines(words: Sequence[Placed]) -> list[Line]:
    return [Line(tuple(line)) for line in _by_baseline(segments(words))]


def _is_form(filled: Sequence[tuple[GridCell, tuple[Line, ...]]], words: int) -> bool:
    """Boxes with a label above a value in each, or that hold whole paragraphs: a form or a frame, not a table of data."""
    several = [lines for _, lines in filled if len(lines) >= 2]
    if max(len(lines) for _, lines in filled) > 25 and len(filled) <= 12:
        return True
    if len(several) < 0.4 * len(filled):
        return False
    spanning = sum(cell.column_span > 1 or cell.row_span > 1 for cell, _ in filled)
    marked = sum(_is_marked(lines) for lines in several)
    return spanning >= 0.35 * len(filled) or marked >= 0.6 * len(several)


def _is_marked(lines: tuple[Line, ...]) -> bool:
    """Whether the first line of a cell is set apart from the next in size or weight, as a label is."""
    first, second = lines[0].segments[0], lines[1].segments[0]
    return first.bold != second.bold or abs(first.size - second.size) > 0.1 * max(first.size, second.size)


# Headings.


def _with_headings(parts: list[Part], body: float) -> list[Part]:
    """Parts of one short line set larger or bolder than the text marked as headings; the largest size is level 1."""
    sizes = sorted(
        {round(part.lines[0].segments[0].size) for part in parts if isinstance(part, TextPart) and _stands_out(part, body)},
        reverse=True,
    )
    result: list[Part] = []
    for part in parts:
        if isinstance(part, TextPart) and _stands_out(part, body):
            level = min(6, sizes.index(round(part.lines[0].segments[0].size)) + 1)
            part = TextPart(part.lines, "heading", level)
        result.append(part)
    return result


def _stands_out(part: TextPart, body: float) -> bool:
    if len(part.lines) > 2 or any(len(line.segments) > 1 for line in part.lines) or part.kind != "paragraph":
        return False
    first = part.lines[0].segments[0]
    text = "".join(line.segments[0].text for line in part.lines)
    if len(text) > 120 or text[-1] in "。；;，," or not re.search(r"[^\W\d_]", text):
        return False
    return first.size > 1.15 * body or first.bold and len(part.lines) == 1


__all__ = ["CellPart", "Line", "Part", "Placed", "Segment", "TablePart", "TextPart", "arrange", "joiner", "segments"]
