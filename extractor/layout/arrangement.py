"""Words with boxes become lines, segments and blocks in reading order; grids of ruled lines become tables.

A page is cut the way a reader's eye does it: bands across, then columns where a gutter runs through and the two sides
do not share their lines (an address beside a form, columns of prose); where they do share them, line items or
`label  value`, a row stays a row. The idea is the recursive X-Y cut (Nagy and Seth 1984), with that one question added.
"""

from __future__ import annotations

import itertools
import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from extractor.geometry import PlacedWord, Rect, overlap, union
from extractor.layout.ruled_grids import RuledCell, RuledGrid

_CJK = re.compile(
    "[\u2e80-\u303f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]"
)
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class TextSegment:
    """Words that stand together on one line, parted from others by a wide gap."""

    words: tuple[PlacedWord, ...]
    box: Rect
    baseline: float
    font_size: float
    bold: bool

    @property
    def text(self) -> str:
        return "".join(
            separator_before(before, word) + word.text
            for before, word in zip((None, *self.words), self.words, strict=False)
        )


@dataclass(frozen=True, slots=True)
class TextLine:
    """Segments on one baseline, left to right; `wraps` says that the next line goes on with the same sentence."""

    segments: tuple[TextSegment, ...]
    wraps: bool = False

    @property
    def box(self) -> Rect:
        return union(segment.box for segment in self.segments)


@dataclass(frozen=True, slots=True)
class TextBlock:
    """Lines that make one block: `kind` is heading, paragraph or list_item."""

    lines: tuple[TextLine, ...]
    kind: str = "paragraph"
    level: int = 0


@dataclass(frozen=True, slots=True)
class LayoutCell:
    """One cell of a table and the lines in it, none where it is blank."""

    row: int
    column: int
    lines: tuple[TextLine, ...]
    box: Rect
    row_span: int = 1
    column_span: int = 1


@dataclass(frozen=True, slots=True)
class TableBlock:
    """A table as found on one page; `xs` are where its columns part, by which its continuation is known."""

    cells: tuple[LayoutCell, ...]
    box: Rect
    xs: tuple[float, ...]
    ruled: bool = True


LayoutBlock = TextBlock | TableBlock


def separator_before(before: PlacedWord | None, word: PlacedWord) -> str:
    """What stands between two words of a segment: nothing where they touch or both are Chinese, else a space."""
    if before is None:
        return ""
    gap = word.box.x0 - before.box.x1
    size = max(before.font_size, word.font_size)
    if not word.space_before and gap < 0.15 * size:
        return ""
    if _CJK.match(before.text[-1]) and _CJK.match(word.text[0]) and (not word.space_before or gap < 0.12 * size):
        return ""
    return " "


def order_page(words: Sequence[PlacedWord], ruled: Sequence[RuledGrid] = ()) -> list[LayoutBlock]:
    """The parts of a page in reading order. `words` come in the order of the file, which settles what overlaps."""
    tables: list[_Box] = []
    rest = list(words)
    taken: list[tuple[_Box, list[PlacedWord]]] = []
    for grid in sorted(ruled, key=lambda grid: _area(grid.box)):
        held = _by_cell(grid, rest)
        if len(grid.cells) == 1 and (
            len(held[grid.cells[0]]) > 0.6 * len(words) or any(_holds(grid.box, found.box) for found, _ in taken)
        ):
            continue  # a frame around the page
        found = _from_grid(grid, held)
        if found is not None:
            inside = {id(word) for words in held.values() for word in words}
            taken.append((found, [word for word in rest if id(word) in inside]))
            rest = [word for word in rest if id(word) not in inside]
    for found, inside in taken:
        if _goes_on_outside(inside, rest):
            rest += inside
        else:
            tables.append(found)
    items: list[_Item] = [*build_segments(rest), *tables]
    body = _body_size(items)
    overlays = [item for item in items if _is_overlay(item, items, body)]
    if overlays:
        items = [item for item in items if item not in overlays]
    parts = _ordered(items, body)
    parts += [TextBlock((TextLine((item,)),)) for item in overlays if isinstance(item, TextSegment)]
    return _with_headings(parts, body)


def _area(box: Rect) -> float:
    return (box.x1 - box.x0) * (box.bottom - box.top)


def _holds(box: Rect, other: Rect) -> bool:
    x, y = (other.x0 + other.x1) / 2, (other.top + other.bottom) / 2
    return box.x0 <= x <= box.x1 and box.top <= y <= box.bottom


@dataclass(frozen=True, slots=True)
class _Box:
    """What a grid was taken for: one table, or several parts that follow each other (the boxes of a form)."""

    parts: tuple[LayoutBlock, ...]
    box: Rect


_Item = TextSegment | _Box


def _body_size(items: Iterable[_Item]) -> float:
    sizes = [item.font_size for item in items if isinstance(item, TextSegment) for _ in range(min(60, len(item.text)))]
    return median(sizes) if sizes else 10.0


def _is_overlay(item: _Item, items: Sequence[_Item], body: float) -> bool:
    """A watermark: far larger than the text, and standing across it."""
    if not isinstance(item, TextSegment) or item.font_size < 2.2 * body:
        return False
    return any(
        other is not item
        and overlap(item.box.x0, item.box.x1, other.box.x0, other.box.x1) > 0
        and overlap(item.box.top, item.box.bottom, other.box.top, other.box.bottom)
        > 0.6 * min(other.box.bottom - other.box.top, item.box.bottom - item.box.top)
        for other in items
    )


# Words to segments to lines.


def build_segments(words: Iterable[PlacedWord]) -> list[TextSegment]:
    """Words joined into segments: first those that follow each other in the file, then what stands close on a line."""
    strings: list[list[PlacedWord]] = []
    for word in words:
        if strings and _follows(strings[-1][-1], word):
            strings[-1].append(word)
        else:
            strings.append([word])
    result: list[TextSegment] = []
    for line in _by_baseline([_segment(string) for string in strings]):
        joined = [line[0]]
        for segment in line[1:]:
            before = joined[-1]
            gap, size = segment.box.x0 - before.box.x1, max(before.font_size, segment.font_size)
            if -0.1 * size <= gap <= 0.5 * size and not segment.words[0].starts_column:
                joined[-1] = _segment([*before.words, *segment.words])
            else:
                joined.append(segment)
        result += joined
    return result


def _follows(before: PlacedWord, word: PlacedWord) -> bool:
    if word.starts_column:
        return False
    size = max(before.font_size, word.font_size)
    gap, drop = word.box.x0 - before.box.x1, abs(word.baseline - before.baseline)
    if drop > 0.2 * size:
        # A raised or lowered figure belongs to the word it touches.
        shared = overlap(before.box.top, before.box.bottom, word.box.top, word.box.bottom)
        return (
            drop < 0.6 * size
            and -0.2 * size < gap < 0.2 * size
            and shared > 0.3 * min(before.font_size, word.font_size)
        )
    limit = 1.1 if word.space_before and word.text_run == before.text_run else 0.8
    if before.text[-1] in "，。、；：》）】」』”’" or word.text[0] in "《（【「『“‘":
        limit += 0.5  # half of such a character is blank, and may be left out of its box
    return -0.3 * size < gap < limit * size


def _segment(words: Sequence[PlacedWord]) -> TextSegment:
    largest = max(words, key=lambda word: word.font_size)
    return TextSegment(
        tuple(words),
        union(word.box for word in words),
        largest.baseline,
        largest.font_size,
        sum(len(word.text) for word in words if word.bold) * 2 > sum(len(word.text) for word in words),
    )


def _by_baseline(found: Sequence[TextSegment]) -> list[list[TextSegment]]:
    """Segments gathered into lines, top to bottom, each line left to right."""
    lines: list[list[TextSegment]] = []
    for segment in sorted(found, key=lambda segment: segment.baseline):
        for line in reversed(lines[-4:]):
            if all(_on_one_line(segment, other) for other in line):
                line.append(segment)
                break
        else:
            lines.append([segment])
    for line in lines:
        line.sort(key=lambda segment: segment.box.x0)
    return lines


def _on_one_line(one: TextSegment, other: TextSegment) -> bool:
    drop = abs(one.baseline - other.baseline)
    if drop <= 0.2 * min(one.font_size, other.font_size):
        return True
    if overlap(one.box.x0, one.box.x1, other.box.x0, other.box.x1) > 0:
        return False
    # Labels and values in different type stand side by side on different baselines.
    shared = overlap(one.box.top, one.box.bottom, other.box.top, other.box.bottom)
    return shared >= 0.6 * min(one.box.bottom - one.box.top, other.box.bottom - other.box.top)


# Reading order.


def _ordered(items: Sequence[_Item], body: float, depth: int = 0) -> list[LayoutBlock]:
    parts: list[LayoutBlock] = []
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
            for stretch, rows in _row_stretches(piece, body):
                flat = [item for band in stretch for item in band]
                result.append((flat, [] if rows or not gutters else _gutters(flat, body)))
    return result


def _row_stretches(held: list[list[_Item]], body: float) -> list[tuple[list[list[_Item]], bool]]:
    """The bands parted into stretches, each with whether it is made of rows: lines that go across the gutters.

    TextLine items under the head of a form share gutters with it by accident; as rows they are read for themselves.
    """
    across = [_is_row(band) for band in held]
    stretches: list[tuple[int, int]] = []
    number = 0
    while number < len(held):
        if across[number] < 2:
            number += 1
            continue
        last = ahead = number
        # Between two rows there may be lines that stand on one side only.
        while ahead + 1 < len(held) and across[ahead + 1] and ahead - last < 3:
            ahead += 1
            if across[ahead] >= 2:
                last = ahead
        rows = sum(count >= 2 for count in across[number : last + 1])
        flat = [item for band in held[number : last + 1] for item in band]
        most = max(across[number : last + 1])
        # Many segments make line items; with few it may be a block of text level with a form by chance.
        if (rows >= 2 or most >= 4) and (most >= 5 or len(_columns(flat, _gutters(flat, body))) == 1):
            stretches.append((number, last + 1))
        number = last + 1
    result, at = [], 0
    for start, end in stretches:
        if at < start:
            result.append((held[at:start], False))
        result.append((held[start:end], True))
        at = end
    if at < len(held):
        result.append((held[at:], False))
    return result


def _is_row(band: list[_Item]) -> int:
    """How many segments stand on the one baseline of the band; 0 where it has several baselines or holds a table."""
    if any(isinstance(item, _Box) for item in band):
        return 0
    bases = [item.baseline for item in band]
    return len(band) if max(bases) - min(bases) <= 0.2 * min(item.font_size for item in band) else 0


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
    aside: list[_Item] = []
    for group in groups[1:]:
        boxes = [item for item in group if isinstance(item, _Box)]
        words = [item for item in group if isinstance(item, TextSegment)]
        # What stands between labels and their values in other lines (a heading, a small table) parts them no more than
        # the gutter does.
        over = next((n for n in (1, 2) if n <= len(columns) and _reads_across(_words(columns[-n]), words)), 0)
        if over:
            columns[-over:] = [[item for column in columns[-over:] for item in column] + words]
            aside += boxes
        else:
            columns.append(group)
    return [*columns, aside] if aside else columns


def _words(column: list[_Item]) -> list[TextSegment]:
    return [item for item in column if isinstance(item, TextSegment)]


def _reads_across(left: list[TextSegment], right: list[TextSegment]) -> bool:
    """Whether two neighbours share their lines, as the columns of a table do, and are not columns of prose."""
    if not left or not right:
        return False
    if _is_prose(left) and _is_prose(right):
        return False
    beyond = min(item.box.x0 for item in right)
    drops: list[float] = []
    for line in _by_baseline([*left, *right]):
        names = [segment for segment in line if segment.box.x0 < beyond]
        values = [segment for segment in line if segment.box.x0 >= beyond]
        pairs = [(name, value) for name in names for value in values if _share_a_line(name, value)]
        if pairs:
            drops.append(min((value.baseline - name.baseline for name, value in pairs), key=abs))
    if not drops:
        return False
    # Lines that belong together stand in the same way to each other all down the page; by chance they do not.
    usual, size = median(drops), median(segment.font_size for segment in (*left, *right))
    shared = sum(abs(drop - usual) <= 0.25 * size for drop in drops)
    return shared >= 0.6 * min(len(_by_baseline(left)), len(_by_baseline(right)))


def _share_a_line(name: TextSegment, value: TextSegment) -> bool:
    """Whether two segments on about one line belong together: exactly level, or the left one names the other.

    Forms set a label and its value in different type, and then not quite level.
    """
    if abs(name.baseline - value.baseline) <= 0.2 * min(name.font_size, value.font_size):
        return True
    if _FIGURE.fullmatch(value.text):  # scanned, it stands a little higher or lower than its label
        shared = overlap(name.box.top, name.box.bottom, value.box.top, value.box.bottom)
        if shared >= 0.6 * min(name.box.bottom - name.box.top, value.box.bottom - value.box.top):
            return True
    differs = name.bold != value.bold or abs(name.font_size - value.font_size) > 0.08 * max(
        name.font_size, value.font_size
    )
    return len(name.text) <= 40 and (differs or name.text[-1] in ":：")


_FIGURE = re.compile(r"[^\w\n]{0,3}(?:[A-Z]{2,3} ?)?[-+(]?\d[\d.,\s]*[%)*]?")


def _is_prose(items: list[_Item]) -> bool:
    lines = _by_baseline([item for item in items if isinstance(item, TextSegment)])
    if len(lines) < 4:
        return False
    lengths = [sum(2 if _CJK.match(character) else 1 for s in line for character in s.text) for line in lines]
    single = sum(len(line) == 1 for line in lines)
    return median(lengths) >= 28 and single >= 0.8 * len(lines)


# Rows.


def _in_rows(zone: list[_Item], body: float) -> list[LayoutBlock]:
    """The lines of a zone top to bottom, gathered into blocks, with tables where they line up in columns."""
    parts: list[LayoutBlock] = []
    run: list[TextSegment] = []
    for item in sorted(zone, key=lambda item: item.box.top):
        if isinstance(item, TextSegment):
            run.append(item)
        else:
            parts += _text(run, body)
            parts += item.parts
            run = []
    return parts + _text(run, body)


def _text(run: list[TextSegment], body: float) -> list[LayoutBlock]:
    if not run:
        return []
    lines = [TextLine(tuple(line)) for line in _by_baseline(run)]
    # Notes in the margin do not count for where the lines of the text end.
    long = [line.segments[0].box.x1 for line in lines if len(line.segments[0].text) >= 30]
    right = max(long or [line.box.x1 for line in lines])
    left = min(line.box.x0 for line in lines)
    unruled = {start: (end, part) for start, end, part in _unruled_tables(lines)}
    parts: list[LayoutBlock] = []
    block: list[TextLine] = []
    number = 0
    while number < len(lines):
        if number in unruled:
            parts += _block(block)
            block = []
            number, table = unruled[number]
            parts.append(table)
            continue
        pair = _label_row_over_values(lines, number)
        if pair:
            parts += _block(block)
            parts += pair
            block = []
            number += 2
            continue
        line = lines[number]
        wraps = bool(block) and _goes_on(block[-1], line, right)
        following = lines[number + 1] if number + 1 < len(lines) else None
        if block and (_parts(block, line, left, right, wraps) or _is_nearer(line, following, block[-1])):
            parts += _block(block)
            block = []
        elif wraps:
            block[-1] = TextLine(block[-1].segments, wraps=True)
        block.append(line)
        number += 1
    return parts + _block(block)


def _is_nearer(line: TextLine, following: TextLine | None, before: TextLine) -> bool:
    """Whether a line stands clearly nearer to the one after it than to the one before: it begins a paragraph."""
    if following is None or len(following.segments) > 1:
        return False
    size = line.segments[0].font_size
    gap = line.box.top - before.box.bottom
    return gap > 0.8 * size and gap > following.box.top - line.box.bottom + 0.45 * size


def _parts(block: list[TextLine], line: TextLine, left: float, right: float, wraps: bool) -> bool:
    """Whether a line begins a new block: after a gap, a change of size, or an indented first line."""
    before = block[-1]
    size = min(before.segments[0].font_size, line.segments[0].font_size)
    gap = line.box.top - before.box.bottom
    if len(block) > 1:
        usual = before.box.top - block[-2].box.bottom
        if gap > usual + 0.45 * size:
            return True
    elif gap > (1.8 if wraps else 0.8) * size:
        return True
    if len(before.segments) == len(line.segments) == 1:
        if abs(before.segments[0].font_size - line.segments[0].font_size) > 0.12 * size:
            return True
        if before.segments[0].bold and not line.segments[0].bold and len(line.segments[0].text) > 40:
            return True
        if line.segments[0].bold and not before.segments[0].bold and len(before.segments[0].text) > 40:
            return True
        indent, room = line.box.x0 - left, right - line.box.x1
        centred = abs(indent - room) < size
        if indent > 1.2 * size and before.box.x0 - left < 0.5 * size and not centred and (wraps or room < indent):
            return True
    return _opens_item(line)


_ITEM = re.compile(r"(?:[-*•●◦▪■·‣–]|[（(]?\d{1,2}[)）]|\d{1,2}[.、]|[①-⑳])(?:\s|(?<=[、）)①-⑳]))\s*\S")


def _opens_item(line: TextLine) -> bool:
    return len(line.segments) == 1 and bool(_ITEM.match(line.segments[0].text))


def _goes_on(before: TextLine, line: TextLine, right: float) -> bool:
    """Whether `before` broke only because the column ended: the next word would not have fitted on it."""
    if len(before.segments) > 1 or len(line.segments) > 1 or _opens_item(line):
        return False
    upper, lower = before.segments[0], line.segments[0]
    if abs(upper.font_size - lower.font_size) > 0.1 * upper.font_size:
        return False
    length = sum(2 if _CJK.match(character) else 1 for character in upper.text)
    if length < 30:
        return False
    first = lower.words[0]
    if length < 60 and not (first.text[0].islower() or _CJK.match(first.text[0])):
        return False  # short lines, as of an address, break where their author broke them
    # Chinese breaks between any two characters, so only one of them has to be too many.
    needed = first.font_size if _CJK.match(first.text) else first.box.x1 - first.box.x0 + 0.25 * first.font_size
    return upper.box.x1 + needed > right - 0.5 * upper.font_size


def _block(lines: list[TextLine]) -> list[LayoutBlock]:
    if not lines:
        return []
    return [TextBlock(tuple(lines), "list_item" if _opens_item(lines[0]) else "paragraph")]


def _label_row_over_values(lines: Sequence[TextLine], at: int) -> list[LayoutBlock]:
    """A row of labels over one row of values, as forms have them, taken apart into a block for each label.

    A header over several rows of data is left whole: the row after the values must be labels again, or far off.
    """
    if at + 1 >= len(lines):
        return []
    upper, lower = lines[at], lines[at + 1]
    if len(upper.segments) < 2 or not _is_label_row(upper) or (_is_label_row(lower) and _alike(upper, lower)):
        return []
    if not _DIGIT.search(lower.segments[0].text) and _alike(upper, lower):
        return []  # a second label under the first: the values stand beside them
    size = min(upper.segments[0].font_size, lower.segments[0].font_size)
    if lower.box.top - upper.box.bottom > 1.2 * size:
        return []
    if at + 2 < len(lines):
        after = lines[at + 2]
        near = after.box.top - lower.box.bottom <= 0.8 * size
        if near and not (_is_label_row(after) and _alike(upper, after)):
            return []
    # Another row like the values further down shows a header over line items.
    if any(_lines_up(lower, other) for other in lines[at + 2 : at + 16]):
        return []
    matched: dict[int, TextSegment] = {}
    for value in lower.segments:
        under = [
            number
            for number, label in enumerate(upper.segments)
            if overlap(label.box.x0, label.box.x1, value.box.x0, value.box.x1) > 0
            or abs(label.box.x0 - value.box.x0) < size
        ]
        if len(under) != 1 or under[0] in matched:
            return []
        matched[under[0]] = value
    if len(matched) < 2 and len(upper.segments) > 2:
        return []
    return [
        TextBlock((TextLine((label,)), TextLine((matched[number],))) if number in matched else (TextLine((label,)),))
        for number, label in enumerate(upper.segments)
    ]


def _lines_up(line: TextLine, other: TextLine) -> bool:
    """Whether most segments of two lines stand in the same columns, set to the left, the right or the middle."""
    if len(other.segments) < 2:
        return False
    shared = sum(
        any(
            abs(one.box.x0 - two.box.x0) < 2
            or abs(one.box.x1 - two.box.x1) < 2
            or abs(one.box.x0 + one.box.x1 - two.box.x0 - two.box.x1) < 4
            for two in other.segments
        )
        for one in line.segments
    )
    return shared >= 0.6 * max(len(line.segments), len(other.segments))


def _is_label_row(line: TextLine) -> bool:
    return all(
        not _DIGIT.search(segment.text.replace("1/2", "")) and len(segment.text) <= 40 for segment in line.segments
    ) and not any(segment.text[-1:] in ":：" for segment in line.segments)


def _alike(line: TextLine, other: TextLine) -> bool:
    one, two = line.segments[0], other.segments[0]
    return one.bold == two.bold and abs(one.font_size - two.font_size) < 0.08 * one.font_size


# Tables without ruling.


def _unruled_tables(lines: Sequence[TextLine]) -> list[tuple[int, int, TableBlock]]:
    """Stretches of lines that stand in at least three columns under a header, as first line, line after last, table."""
    found, number = [], 0
    while number < len(lines):
        end = _columns_hold(lines, number) if len(lines[number].segments) >= 3 else number
        table = _unruled_table(lines[number:end]) if end - number >= 3 else None
        if table is None:
            number += 1
            continue
        found.append((number, end, table))
        number = end
    return found


def _columns_hold(lines: Sequence[TextLine], start: int) -> int:
    """The line after the last that still fits the columns which the lines from `start` on make up."""
    columns: list[list[float]] = [[segment.box.x0, segment.box.x1] for segment in lines[start].segments]
    end = start + 1
    while end < len(lines):
        line, before = lines[end], lines[end - 1]
        size = before.segments[0].font_size
        if line.box.top - before.box.bottom > 2.5 * size or len(line.segments) < 2:
            break
        grown = _grown(columns, line)
        if grown is None:
            break
        columns, end = grown, end + 1
    return end


def _grown(columns: list[list[float]], line: TextLine) -> list[list[float]] | None:
    """The columns widened to hold the line's segments; None where one of them would lie across two columns."""
    grown = [list(column) for column in columns]
    for segment in line.segments:
        touched = [column for column in grown if overlap(*column, segment.box.x0, segment.box.x1) > -1]
        if len(touched) > 1:
            return None
        if touched:
            touched[0][:] = min(touched[0][0], segment.box.x0), max(touched[0][1], segment.box.x1)
        else:
            grown.append([segment.box.x0, segment.box.x1])
    grown.sort()
    return grown if all(one[1] < two[0] for one, two in itertools.pairwise(grown)) else None


def _unruled_table(lines: Sequence[TextLine]) -> TableBlock | None:
    columns: list[list[float]] = []
    for line in lines:
        columns = _grown(columns, line) or columns
    width = len(columns)
    full = [line for line in lines if len(line.segments) >= max(3, 0.6 * width)]
    if width < 3 or len(full) < 3 or len(full) < 0.7 * len(lines) or not _has_header(lines, columns):
        return None
    texts = [segment.text for line in lines for segment in line.segments]
    if sum(text[-1] in ":：" or ": " in text or "：" in text for text in texts) > 0.3 * len(texts):
        return None
    xs = [
        columns[0][0],
        *((one[1] + two[0]) / 2 for one, two in itertools.pairwise(columns)),
        columns[-1][1],
    ]
    cells = []
    for row, line in enumerate(lines):
        for column in range(width):
            here = tuple(s for s in line.segments if xs[column] <= (s.box.x0 + s.box.x1) / 2 <= xs[column + 1])
            box = Rect(xs[column], line.box.top, xs[column + 1], line.box.bottom)
            cells.append(LayoutCell(row, column, (TextLine(here),) if here else (), box))
    return TableBlock(tuple(cells), union(line.box for line in lines), tuple(xs), ruled=False)


def _has_header(lines: Sequence[TextLine], columns: list[list[float]]) -> bool:
    """Whether the first line names columns of figures: words in it, over numbers in most lines below."""
    for first, last in columns:
        held = [
            next((s.text for s in line.segments if overlap(first, last, s.box.x0, s.box.x1) > 0), "") for line in lines
        ]
        below = [text for text in held[1:] if text]
        if held[0] and not _DIGIT.search(held[0]) and len(below) >= 2:
            figures = sum(bool(_DIGIT.search(text)) for text in below)
            if figures >= 0.7 * len(below):
                return True
    return False


# Grids.


def _from_grid(grid: RuledGrid, held: dict[RuledCell, list[PlacedWord]]) -> _Box | None:
    """What a grid is: a table, the boxes of a form read one by one, or nothing of the kind (None)."""
    cells = [(cell, tuple(_cell_lines(held[cell]))) for cell in grid.cells]
    filled = [(cell, lines) for cell, lines in cells if lines]
    rows, columns = len(grid.ys) - 1, len(grid.xs) - 1
    if len(grid.cells) == 1 and filled and len(filled[0][1]) >= 2:
        # A frame around a few lines: what stands in it is read together.
        items = build_segments(held[grid.cells[0]])
        return _Box(tuple(_ordered(items, _body_size(items), depth=1)), grid.box)
    if len(filled) < 2:
        return None
    form = columns >= 2 and _is_form(filled)
    if rows < 2 or columns < 2 or form:
        if not form:
            return None
        parts: list[LayoutBlock] = []
        for cell, lines in filled:
            items = build_segments(held[cell])
            parts += [TextBlock(lines)] if len(lines) <= 4 else _ordered(items, _body_size(items), depth=1)
        return _Box(tuple(parts), grid.box)
    before, after = _frames_around(grid, dict(cells))
    kept = [(cell, lines) for cell, lines in cells if before <= cell.row < after]
    parts: list[LayoutBlock] = []
    for first, last in ((0, before), (after, rows)):
        if first == after:
            parts += [_table(kept, grid)] if any(lines for _, lines in kept) else []
        for cell, lines in cells:
            if first <= cell.row < last and lines:
                items = build_segments(held[cell])
                parts += _ordered(items, _body_size(items), depth=1)
    return _Box(tuple(parts), grid.box)


def _frames_around(grid: RuledGrid, lines: dict[RuledCell, tuple[TextLine, ...]]) -> tuple[int, int]:
    """The rows between which the table proper stands: a page frame may enclose a letter head above it, or notes below.

    Such a row holds a cell that goes over much of the width and has many lines.
    """
    rows, columns = len(grid.ys) - 1, len(grid.xs) - 1
    if columns < 4:
        return 0, rows

    def frames(row: int) -> bool:
        return any(
            len(lines[cell]) >= 6 and cell.column_span >= 0.4 * columns
            for cell in grid.cells
            if cell.row <= row < cell.row + cell.row_span
        )

    whole = [row for row in range(rows) if frames(row)]
    before = max((row + 1 for row in whole if row < rows / 3), default=0)
    after = min((row for row in whole if row >= rows / 3), default=rows)
    if any(cell.row < edge < cell.row + cell.row_span for cell in grid.cells for edge in (before, after)):
        return 0, rows
    return before, after


def _table(cells: Sequence[tuple[RuledCell, tuple[TextLine, ...]]], grid: RuledGrid) -> TableBlock:
    """The table of a grid, without the rows and columns in which no text begins (shading, double rules)."""
    rows = sorted({cell.row for cell, lines in cells if lines})
    columns = sorted({cell.column for cell, lines in cells if lines})
    parts = []
    for cell, lines in cells:
        down = bisect_left(rows, cell.row + cell.row_span) - bisect_left(rows, cell.row)
        wide = bisect_left(columns, cell.column + cell.column_span) - bisect_left(columns, cell.column)
        if down and wide:
            row, column = bisect_left(rows, cell.row), bisect_left(columns, cell.column)
            parts.append(LayoutCell(row, column, lines, cell.box, down, wide))
    box = union(cell.box for cell, _ in cells)
    return TableBlock(tuple(parts), box, (*(grid.xs[column] for column in columns), grid.xs[-1]))


def _goes_on_outside(inside: Sequence[PlacedWord], rest: Sequence[PlacedWord]) -> bool:
    """Whether the lines in a grid go on beside it, as where some columns of a table were shaded and others not."""
    bases = sorted({round(word.baseline) for word in inside})
    if len(bases) < 3:
        return False
    box = union(word.box for word in inside)
    beside = {
        round(word.baseline)
        for word in rest
        if (word.box.x0 > box.x1 and word.box.x0 - box.x1 < 60) or (word.box.x1 < box.x0 and box.x0 - word.box.x1 < 60)
    }
    shared = sum(base in beside for base in bases)
    return shared >= max(3, 0.4 * len(bases))


def _by_cell(grid: RuledGrid, words: Sequence[PlacedWord]) -> dict[RuledCell, list[PlacedWord]]:
    held: dict[RuledCell, list[PlacedWord]] = {cell: [] for cell in grid.cells}
    before, spilt = None, None
    for word in words:
        x, y = (word.box.x0 + word.box.x1) / 2, (word.box.top + word.box.bottom) / 2
        if spilt is not None and word.text_run == before.text_run and _follows(before, word):
            # Text that ran through the wall of its cell goes on outside of it.
            held[spilt].append(word)
            before = word
            continue
        spilt = None
        for cell in grid.cells:
            if not cell.box.top <= y < cell.box.bottom:
                continue
            runs_over = word.box.x1 > cell.box.x1 + 0.3 * word.font_size
            if cell.box.x0 <= (min(x, word.box.x0 + 0.5 * word.font_size) if runs_over else x) < cell.box.x1:
                held[cell].append(word)
                before, spilt = word, cell if runs_over else None
                break
    return held


def _cell_lines(words: Sequence[PlacedWord]) -> list[TextLine]:
    return [TextLine(tuple(line)) for line in _by_baseline(build_segments(words))]


def _is_form(filled: Sequence[tuple[RuledCell, tuple[TextLine, ...]]]) -> bool:
    """Boxes with a label above a value in each, or whole paragraphs in them: a form or a frame, not a table of data."""
    several = [lines for _, lines in filled if len(lines) >= 2]
    if max(len(lines) for _, lines in filled) > 25 and len(filled) <= 12:
        return True
    if len(several) < 0.4 * len(filled):
        return False
    spanning = sum(cell.column_span > 1 or cell.row_span > 1 for cell, _ in filled)
    marked = sum(_is_marked(lines) for lines in several)
    return spanning >= 0.35 * len(filled) or marked >= 0.6 * len(several)


def _is_marked(lines: tuple[TextLine, ...]) -> bool:
    """Whether the first line of a cell is set apart from the next in size or weight, as a label is."""
    first, second = lines[0].segments[0], lines[1].segments[0]
    return first.bold != second.bold or abs(first.font_size - second.font_size) > 0.1 * max(
        first.font_size, second.font_size
    )


# Headings.


def _with_headings(parts: list[LayoutBlock], body: float) -> list[LayoutBlock]:
    """Parts of one short line set larger or bolder than the text marked as headings; the largest size is level 1."""
    sizes = sorted(
        {
            round(part.lines[0].segments[0].font_size)
            for part in parts
            if isinstance(part, TextBlock) and _stands_out(part, body)
        },
        reverse=True,
    )
    result: list[LayoutBlock] = []
    for part in parts:
        if isinstance(part, TextBlock) and _stands_out(part, body):
            level = min(6, sizes.index(round(part.lines[0].segments[0].font_size)) + 1)
            part = TextBlock(part.lines, "heading", level)
        result.append(part)
    return result


def _stands_out(part: TextBlock, body: float) -> bool:
    if len(part.lines) > 2 or any(len(line.segments) > 1 for line in part.lines) or part.kind != "paragraph":
        return False
    first = part.lines[0].segments[0]
    text = "".join(line.segments[0].text for line in part.lines)
    if len(text) > 120 or text[-1] in "。；;，," or not re.search(r"[^\W\d_]", text):
        return False
    return first.font_size > 1.15 * body or (first.bold and len(part.lines) == 1)


__all__ = [
    "LayoutBlock",
    "LayoutCell",
    "PlacedWord",
    "TableBlock",
    "TextBlock",
    "TextLine",
    "TextSegment",
    "build_segments",
    "order_page",
    "separator_before",
]
