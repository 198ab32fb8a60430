"""Lists whose elements are printed as small forms, one below the other, each with the same labels.

    1  Name   A. Smith     Born  1981
       Role   Head
    2  Name   B. Jones     Born  1979
       Role   Clerk

Each form is a row of a grid, and each label names a column. What stands in front of the first label, and the line above
it, are columns without a name: a number, a title.
"""

from __future__ import annotations

import bisect
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from extractor.candidates.entry_grids import EntryGrid, LineRows, PlacedText, Row
from extractor.settings import Settings, rule, threshold
from extractor.tables import collapse_whitespace, is_value
from extractor.values.label_similarity import normalise_label


@dataclass(frozen=True)
class RecordBlockSettings(Settings):
    """Which labels that recur are those of forms."""

    read_blocks: bool = rule(True, meaning="Small forms with the same labels are the elements of a list.")
    longest_label: int = threshold(40, unit="characters", meaning="A longer text is no label.")
    fewest_blocks: int = threshold(2, unit="forms", meaning="Fewer forms are no list.")
    most_blocks: int = threshold(5000, unit="forms", meaning="A text that is printed more often is no label of forms.")
    fewest_labels: int = threshold(2, unit="labels", meaning="Labels whose values differ that each form has.")
    longest_block: int = threshold(60, unit="lines", meaning="A form with more lines is a page of its own.")
    indent: float = threshold(6.0, unit="points or characters", meaning="A value goes on in a line this near under it.")


@dataclass(frozen=True, slots=True)
class _Labelled:
    """A label with the value beside it: the line and the number of the cell that the label stands in."""

    key: str
    label: str
    line: int
    cell: int
    value: PlacedText | None


_INLINE = re.compile(r"(?P<label>[^:：]{1,40}?)\s*[:：]\s*(?P<value>.*)", re.DOTALL)


_NUMBER = re.compile(r"\d+(?:\.\d+)*[.)、]?\s+(?=[^\W\d_])")
"""The number of a heading."""


def find_blocks(lines: LineRows) -> list[EntryGrid]:
    """Return a grid for each kind of small form that recurs in the lines of a document, with a row for each form."""
    settings = RecordBlockSettings.current()
    if not settings.read_blocks:
        return []
    by_key: dict[str, list[_Labelled]] = defaultdict(list)
    for found in _labelled(lines):
        by_key[found.key].append(found)
    counts: dict[int, list[str]] = defaultdict(list)
    for key, places in by_key.items():
        values = {p.value.text for p in places if p.value is not None}
        if len(places) >= settings.fewest_blocks and len(values) > 1:
            counts[len(places)].append(key)
    grids = []
    for count, keys in sorted(counts.items()):
        if len(keys) >= settings.fewest_labels and (grid := _grid(keys, by_key, lines, count)) is not None:
            grids.append(grid)
    return grids


def _labelled(lines: LineRows) -> Iterator[_Labelled]:
    """Yield every text that recurs, as a cell or before a colon in one, with what stands beside it."""
    longest = RecordBlockSettings.current().longest_label
    keys = [[_key(cell, longest) for cell in row] for row in lines.rows]
    seen = Counter(key for row_keys in keys for key, _ in row_keys if key)
    for n, row in enumerate(lines.rows):
        for c, cell in enumerate(row):
            key, at = keys[n][c]
            if not key or seen[key] < RecordBlockSettings.current().fewest_blocks:
                continue
            value: PlacedText | None = None
            if at:
                value = lines.split_cell(cell, at, at)[1] if at < cell.end - cell.start else None
            elif c + 1 < len(row) and seen.get(keys[n][c + 1][0], 0) != seen[key]:
                value = row[c + 1]  # a text that is printed as often is a label too, and this one has no value
            yield _Labelled(key, cell.text[:at].strip(" :：") if at else cell.text, n, c, value)


def _key(cell: PlacedText, longest: int) -> tuple[str, int]:
    """Return the label that a cell is or begins with, made plain, and where the value begins in it: 0 for none."""
    is_as_printed = len(cell.text) == cell.end - cell.start  # else places in the text are none of the document
    inline = _INLINE.match(cell.text) if is_as_printed else None
    label, at = (inline["label"], inline.start("value")) if inline else (cell.text, 0)
    is_label = len(label) <= longest and re.search(r"[^\W\d_]", label) is not None and not is_value(label)
    return (normalise_label(label), at) if is_label else ("", 0)


@dataclass(frozen=True)
class _Forms:
    """Forms one below the other: the line that each begins in, and the line after its last one."""

    starts: Sequence[int]
    ends: Sequence[int]

    def at(self, line: int) -> int | None:
        """Return the number of the form that a line is in; None where it is in none."""
        number = bisect.bisect(self.starts, line) - 1
        return number if number >= 0 and line < self.ends[number] else None

    def hold(self, places: Sequence[_Labelled]) -> bool:
        """Decide whether all places of a label are in forms, and at most one in each."""
        numbers = [self.at(place.line) for place in places]
        return None not in numbers and len(set(numbers)) == len(numbers)


def _grid(
    keys: Sequence[str], by_key: Mapping[str, Sequence[_Labelled]], lines: LineRows, count: int
) -> EntryGrid | None:
    """Return the forms that the labels `keys`, each printed `count` times, make up; None where they take no turns."""
    settings = RecordBlockSettings.current()
    anchor = by_key[min(keys, key=lambda key: (by_key[key][0].line, by_key[key][0].cell))]
    starts = [place.line for place in anchor]
    if len(set(starts)) < count or count > settings.most_blocks:
        return None
    following = [*starts[1:], len(lines.rows)]
    whole = _Forms(starts, following)
    own = [key for key in keys if whole.hold(by_key[key])]
    height = max(place.line - starts[whole.at(place.line) or 0] for key in own for place in by_key[key])
    if len(own) < settings.fewest_labels or height >= settings.longest_block:
        return None
    forms = _Forms(starts, [min(end, start + height + 1) for start, end in zip(starts, following, strict=True)])
    columns = [
        key
        for key, places in by_key.items()
        if key in own or (len(places) <= count and any(p.value for p in places) and forms.hold(places))
    ]
    columns.sort(key=lambda key: (by_key[key][0].line - starts[0], by_key[key][0].cell))
    labels = {(place.line, place.cell) for key in columns for place in by_key[key]}
    rows: list[dict[int, PlacedText]] = [{} for _ in starts]
    for n, key in enumerate(columns):
        for place in by_key[key]:
            number = forms.at(place.line)
            if place.value is not None and number is not None:
                rows[number][n] = _whole_value(place.value, place.line, lines, labels, forms.ends[number])
    names: list[tuple[str, ...]] = [(by_key[key][0].label,) for key in columns]
    for extra in (_in_front(anchor, lines), _above(anchor, lines, labels)):
        if extra:
            names.insert(0, ())
            rows = [{0: cell, **{c + 1: x for c, x in row.items()}} for row, cell in zip(rows, extra, strict=True)]
    cells = [cell for row in rows for cell in row.values()]
    if not all(rows):
        return None
    start = min(lines.rows[starts[0]][0].start, *(cell.start for cell in cells))
    end = max(cell.end for cell in cells)
    return EntryGrid(tuple(names), tuple(rows), start, end, (), None, start, is_marked=False)


def _whole_value(value: PlacedText, line: int, lines: LineRows, labels: set[tuple[int, int]], end: int) -> PlacedText:
    """Return the value with the lines under it that it goes on in: each a lone text that begins where it does."""
    near = RecordBlockSettings.current().indent
    for n in range(line + 1, end):
        row = lines.rows[n]
        if len(row) != 1 or (n, 0) in labels or abs(row[0].left - value.left) > near:
            break
        value = replace(value, end=row[0].end, text=collapse_whitespace(f"{value.text} {row[0].text}"))
    return value


def _in_front(anchors: Sequence[_Labelled], lines: LineRows) -> list[PlacedText]:
    """Return what stands in front of the first label of each form; nothing where a form has nothing there."""
    cells = [lines.rows[place.line][: place.cell] for place in anchors]
    return [row[0] for row in cells] if all(len(row) == 1 for row in cells) else []


def _above(anchors: Sequence[_Labelled], lines: LineRows, labels: set[tuple[int, int]]) -> list[PlacedText]:
    """Return the lone text in the line above each form; nothing where a form has none, or all have the same."""
    rows: list[Row] = [lines.rows[place.line - 1] if place.line else () for place in anchors]
    are_lone = all(
        len(row) == 1 and (place.line - 1, 0) not in labels for row, place in zip(rows, anchors, strict=True)
    )
    if not are_lone or len({row[0].text for row in rows}) < len(rows):
        return []
    return [_without_number(row[0], lines) for row in rows]


def _without_number(cell: PlacedText, lines: LineRows) -> PlacedText:
    number = _NUMBER.match(cell.text) if len(cell.text) == cell.end - cell.start else None
    return lines.split_cell(cell, number.end(), number.end())[1] if number else cell
