"""Tables on pages that were set from text: a cell to a line, one under another, tabs and row ends gone.

What a page still shows of such a table is where each line stands: cells that began at a tab are indented, blank lines
are gaps. Values tell the rows; how many blank cells a gap stands for, nobody can tell, so that header rows are cut
where they share out best among one another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from extractor.geometry import Rect
from extractor.tables.cells import collapse_whitespace, is_value, marker
from extractor.tables.grid import build_table
from extractor.tables.header_spans import Token, TokenRow, lay_out, omitted_cost
from extractor.types import Table

_LONGEST_CELL = 80  # in widths of Latin letters
_SENTENCE_END = tuple("。；;，,！？!?")
_MOST_HEADERS = 40  # cells before the first values that are searched for header rows
_INNER = (0.0, 0.3, 2.0)  # what no, one, or more blank lines before a cell that is not the first of its row cost
_BROKEN = 12  # the same of the rest of a cell which was broken at a line


@dataclass(frozen=True, slots=True)
class PlacedLine:
    """A line of a page: its stretch of the text, its box in points, and whether it is one piece without wide gaps."""

    start: int
    end: int
    page: int
    box: Rect
    whole: bool = True


def find_cell_per_line_tables(text: str, lines: Sequence[PlacedLine]) -> list[Table]:
    """The tables among lines of pages whose cells stand one to a line, in reading order, each with its grid rebuilt.

    Lines come in reading order, without those of other tables. Two rows of two values at least, under headers, are
    asked for; prose, and lines in several pieces, part tables.
    """
    if len(lines) < 6:
        return []
    page = _Set.of(text, lines)
    tables, last = [], 0
    for first, stop in _stretches(page):
        cells = _cells(page, first, stop)
        rows = _rows(cells)
        layout = lay_out(rows)
        if not _is_evident(rows) or any(problem.kind == "table_heads" for problem in layout.problems):
            continue
        table = build_table(text, layout.raw_cells(), caption=_caption(page, first, last))
        pages = tuple(sorted({line.page for line in lines[first:stop]}))
        tables.append(replace(table, pages=pages, problems=(*table.problems, *layout.problems)))
        last = stop
    return tables


# Lines.


@dataclass(frozen=True, slots=True)
class _Set:
    """Lines with how they are set: what each reads, what it may be, and how many blank lines stand before it."""

    lines: Sequence[PlacedLine]
    text: str
    texts: tuple[str, ...]
    kinds: tuple[str, ...]
    """`cell` where a cell may begin, `rest` where the one before may go on, else `other`."""
    gaps: tuple[int | None, ...]
    """None where a line is the first on its page."""
    indented: bool
    """Whether cells are told from other lines by where they begin."""

    @classmethod
    def of(cls, text: str, lines: Sequence[PlacedLine]) -> _Set:
        texts = tuple(collapse_whitespace(text[line.start : line.end]) for line in lines)
        size = median(line.box.bottom - line.box.top for line in lines)
        indents = _indents(lines, size)
        values = [indent > 0.4 * size for indent, words in zip(indents, texts, strict=True) if is_value(words)]
        indented = 2 * sum(values) > len(values)
        right = sorted(line.box.x1 for line in lines)[-max(1, len(lines) // 50)]
        kinds: list[str] = []
        for number, (line, words, indent) in enumerate(zip(lines, texts, indents, strict=True)):
            wide = _width(words)
            full = number > 0 and lines[number - 1].box.x1 > right - 1.5 * size
            if not line.whole or wide > _LONGEST_CELL or words[-1:] in _SENTENCE_END:
                kinds.append("other")
            elif indented and indent <= 0.4 * size:
                kinds.append("rest" if wide <= _BROKEN or (full and kinds[-1] != "other") else "other")
            else:
                upright = wide <= 2 and not is_value(words) and number > 0 and kinds[-1] != "other"
                kinds.append("rest" if not indented and upright and not is_value(texts[number - 1]) else "cell")
        return cls(lines, text, texts, tuple(kinds), _gaps(lines), indented)


def _indents(lines: Sequence[PlacedLine], size: float) -> list[float]:
    left: dict[int, float] = {}
    for line in lines:
        left[line.page] = min(left.get(line.page, line.box.x0), line.box.x0)
    # A page may hold nothing but indented lines; where its text begins, the other pages tell. A scanner shifts pages.
    usual = median(left.values())
    least = min((x for x in left.values() if usual - x < 3 * size), default=usual)
    margin = {page: least if 0.6 * size < x - least < 3 * size else x for page, x in left.items()}
    return [line.box.x0 - margin[line.page] for line in lines]


def _gaps(lines: Sequence[PlacedLine]) -> tuple[int | None, ...]:
    steps = [
        (after.box.top + after.box.bottom - before.box.top - before.box.bottom) / 2
        if after.page == before.page and after.box.top > before.box.top
        else None
        for before, after in pairwise(lines)
    ]
    known = sorted(step for step in steps if step is not None and step > 0)  # boxes may lie within one another
    if not known:
        return (None,) * len(lines)
    least = known[len(known) // 10]
    pitch = median(step for step in known if least * 0.8 <= step <= 1.3 * least)
    return (None, *(None if step is None else max(0, round(step / pitch) - 1) for step in steps))


def _width(words: str) -> int:
    return sum(2 if ord(character) > 0x2E7F else 1 for character in words)


def _stretches(page: _Set) -> Iterator[tuple[int, int]]:
    """Runs of lines that may be the cells of one table: from a cell to the last value, with three values at least."""
    first = None
    for number, kind in enumerate((*page.kinds, "other")):
        if kind == "cell" and first is None:
            first = number
        elif kind == "other" and first is not None:
            values = [at for at in range(first, number) if is_value(page.texts[at])]
            if len(values) >= 3:
                opening = first
                while not page.indented and page.kinds[opening] == "cell" and _is_heading(page, opening):
                    opening += 1
                yield opening, values[-1] + 1
            first = None


def _is_heading(page: _Set, number: int) -> bool:
    """Whether a numbered line is a heading over the cells that follow, and not the label of a row."""
    return bool(marker(page.texts[number])) and not is_value(page.texts[number + 1]) and page.gaps[number + 1] != 0


def _caption(page: _Set, first: int, last: int) -> tuple[str, ...]:
    """The heading over a table: the last line before it, or none where that is prose or too far up."""
    if first <= last or not page.lines[first - 1].whole:
        return ()
    words = page.texts[first - 1]
    return (words,) if words and _width(words) <= 80 and words[-1] not in _SENTENCE_END else ()


# Cells and rows.


@dataclass(frozen=True, slots=True)
class _Cell:
    token: Token
    gap: int | None


def _cells(page: _Set, first: int, stop: int) -> list[_Cell]:
    found: list[_Cell] = []
    for number in range(first, stop):
        line = page.lines[number]
        if page.kinds[number] == "rest" and found:
            found[-1] = replace(found[-1], token=Token.of(page.text, found[-1].token.start, line.end))
        else:
            found.append(_Cell(Token.of(page.text, line.start, line.end), page.gaps[number]))
    return found


def _rows(cells: Sequence[_Cell]) -> list[TokenRow]:
    """Rows out of the cells: labels, then as many values as most rows under the same header have.

    A value that is missing leaves a gap, which becomes a blank cell.
    """
    runs = _runs(cells)
    rows: list[TokenRow] = []
    for group in _groups(runs):
        usual = Counter(len(values) for _, values in group).most_common(1)[0][0]
        depths = _depths([[cell.token.text for cell in texts] for texts, _ in group[1:]])
        labels = max((len(texts) + _depth(texts, depths) for texts, _ in group[1:]), default=0)
        for number, (texts, values) in enumerate(group):
            if number == 0:
                heads, texts = _headed(texts, values, usual, labels)
                rows += heads
            row = _blanks(texts[0].token.start, _depth(texts, depths)) if texts else []
            texts = [*row, *(cell.token for cell in texts)]
            row = list(texts)
            row += _filled(values, usual, bool(texts)) if len(values) < usual else [cell.token for cell in values]
            cut = len(texts) + usual
            rows.append(row[:cut])
            rows += [row[at : at + usual] for at in range(cut, len(row), usual)]
    return rows


_Run = tuple[list[_Cell], list[_Cell]]


def _runs(cells: Sequence[_Cell]) -> list[_Run]:
    runs: list[_Run] = []
    for cell in cells:
        if cell.token.kind == "value":
            runs[-1][1].append(cell) if runs else runs.append(([], [cell]))
        elif runs and not runs[-1][1]:
            runs[-1][0].append(cell)
        else:
            runs.append(([cell], []))
    return [run for run in runs if run[1]]


def _groups(runs: Sequence[_Run]) -> list[list[_Run]]:
    """Runs under one header each: more texts than a row has labels open a new one."""
    groups: list[list[_Run]] = []
    for run in runs:
        if not groups or len(run[0]) > 3:
            groups.append([])
        groups[-1].append(run)
    return groups


def _filled(values: list[_Cell], usual: int, labelled: bool) -> TokenRow:
    """The values with blanks where a gap shows that one is missing, and then at the end."""
    row: TokenRow = []
    short = usual - len(values)
    for place, cell in enumerate(values):
        missing = min(short, cell.gap or 0) if place or labelled else 0
        row += [*_blanks(cell.token.start, missing), cell.token]
        short -= missing
    return row + _blanks(row[-1].end, short)


def _blanks(at: int, count: int) -> TokenRow:
    return [Token(at, at, "", "blank")] * count


def _depths(labels: Sequence[Sequence[str]]) -> dict[str, int]:
    """In which column labels of each style of numbering stand: those that come second in a row, one further in."""
    depths: dict[str, int] = {}
    for row in labels:
        for place, style in enumerate(map(marker, row)):
            if style and style not in depths:
                before = depths.get(marker(row[place - 1])) if place else None
                depths[style] = 0 if before is None else before + 1
    return depths


def _depth(texts: Sequence[_Cell], depths: dict[str, int]) -> int:
    return depths.get(marker(texts[0].token.text), 0) if texts else 0


def _headed(texts: list[_Cell], values: list[_Cell], usual: int, labels: int) -> tuple[list[TokenRow], list[_Cell]]:
    """The header rows that stand before the first values of a group, and the labels of that row."""
    least = 1 if labels or values[0].gap == 0 else 0
    most = max(labels, 0 if values[0].gap else 1)
    best: tuple[float, list[TokenRow], list[_Cell]] | None = None
    for own in range(least, most + 1):
        columns = max(labels, own)
        head, label = texts[: len(texts) - own], texts[len(texts) - own :]
        for levels in _levels(head):
            rows = [[cell.token for cell in level] for level in levels]
            banners = sum(len(row) == 1 for row in rows[:2]) if len(rows) > 1 else 0
            cost = 1.0 * (own - 1) + sum(_cut_cost(level[0], head) for level in levels[1:])
            cost += sum(_INNER[min(cell.gap or 0, 2)] for level in levels for cell in level[1:])
            for taken in range(min(banners, len(rows) - 1) + 1):
                if any(len(row) != 1 for row in rows[:taken]) or len(rows) - taken > 3:
                    continue
                fit = omitted_cost(rows[taken:], columns, columns + usual)
                total = cost + 0.5 * taken + (50.0 if fit is None else fit)
                if best is None or total < best[0]:
                    best = total, rows, label
    if best is None:
        return ([[cell.token for cell in texts]] if texts else []), []
    return best[1], best[2]


def _levels(head: list[_Cell]) -> Iterator[list[list[_Cell]]]:
    """The ways to cut a run of header cells into one to three rows."""
    if not head or len(head) > _MOST_HEADERS:
        return
    gaps = [cell.gap for cell in head]
    places = [at for at in range(1, len(head)) if gaps[at] != 0] or list(range(1, len(head)))
    widest = sorted((gap or 0 for gap in gaps[1:]), reverse=True)[:2]
    # One gap far wider than the others holds blank cells, under cells that reach down: there a row begins.
    sure = gaps.index(widest[0], 1) if len(widest) == 2 and widest[0] >= 3 and widest[0] > widest[1] else None
    for first in (0, *places):
        for second in (first, *(at for at in places if at > first)) if first else (0,):
            if sure is None or sure in (first, second):
                cuts = sorted({0, first, second})
                yield [head[start:stop] for start, stop in pairwise([*cuts, len(head)])]


def _cut_cost(cell: _Cell, head: list[_Cell]) -> float:
    """What speaks against a row beginning with the cell: no blank line before it, or more blank lines elsewhere."""
    if cell.gap is None:
        return 0.3
    most = max((each.gap or 0) for each in head[1:])
    return 3.0 if cell.gap == 0 < most else 0.2 if cell.gap < most else 0.0


def _is_evident(rows: Sequence[TokenRow]) -> bool:
    """Whether the rows are a table: headers over two rows of values, or over one with several."""
    body = [row for row in rows if any(token.kind == "value" for token in row)]
    values = [sum(token.kind == "value" for token in row) for row in body]
    heads = [row for row in rows if all(token.kind == "text" for token in row) and len(row) > 1]
    return bool(heads) and sum(count > 1 for count in values) * 2 >= len(values) and sum(values) >= 3
