"""Tables in plain text whose ruling was lost: found again by tabs, blank lines, pipes and aligned columns."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from extractor.tables.cells import BLANKS, is_value, marker, one_line
from extractor.tables.grid import build
from extractor.tables.spans import Token, TokenRow, lay_out
from extractor.types import Table

_LONGEST_CELL = 600
_LONGEST_CAPTION = 60
_SENTENCE_END = tuple("。；;，,、！？!?")


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the text without its line break, and what sort of line it is."""

    start: int
    end: int
    kind: str


@dataclass(slots=True)
class _Found:
    """Rows of cells found in the lines `first .. last - 1`."""

    first: int
    last: int
    rows: list[TokenRow] = field(default_factory=list)
    ragged: bool = False
    marked: int = 0


def find_flattened(text: str, start: int = 0, end: int | None = None) -> list[Table]:
    """The tables that stand in `text[start:end]` as plain text, in reading order, each with its grid rebuilt.

    Read are: a cell per line that begins at a tab, with rows ending at a blank line; a cell per line that begins at a
    pipe, with rows not marked at all; rows of cells between tabs or pipes, Markdown's among them; and columns aligned
    by blanks. Text without evidence of a table (two rows, two cells, numerals, blanks or equal counts) yields none.
    `table.problems` names the rows whose number of cells could not be reconciled. Never raises.
    """
    end = len(text) if end is None else min(end, len(text))
    lines = _lines(text, max(start, 0), end)
    found: list[_Found] = []
    position = 0
    while position < len(lines):
        finder = _FINDERS.get(lines[position].kind)
        result = finder(text, lines, position) if finder else None
        if result is None:
            position += 1
            continue
        if result.rows:
            found.append(result)
        position = max(result.last, position + 1)
    tables = []
    edge = 0
    for one in found:
        layout = lay_out(one.rows, one.ragged, one.marked)
        table = build(text, layout.raw_cells(), caption=_caption(text, lines, one.first, edge))
        tables.append(replace(table, problems=(*table.problems, *layout.problems)))
        edge = one.last
    return tables


# Lines.

_EDGES = " \r\x0b\x0c"
_GAP = re.compile(r"(?:[ \xa0]{2,}|\u3000+[ \xa0]*|[ \xa0]\u3000)(?=\S)")


def _lines(text: str, start: int, end: int) -> list[_Line]:
    lines = []
    while start <= end:
        stop = text.find("\n", start, end)
        stop = end if stop < 0 else stop
        lines.append(_Line(start, stop, _kind(text[start:stop])))
        start = stop + 1
    return lines


def _kind(line: str) -> str:
    if not line.strip(_EDGES):
        return "empty"
    if "|" in line or "│" in line or "┃" in line:
        stripped = line.strip(BLANKS)
        pipes = sum(stripped.count(pipe) for pipe in "|│┃")
        if pipes == 1 and stripped[:1] in "|│┃":
            return "pipe_cell"
        return "pipe_row"
    if "\t" in line:
        inner = line.strip(_EDGES)
        if inner[0] == "\t" and "\t" not in inner[1:].strip(BLANKS):
            return "tab_cell"
        return "tab_row"
    stripped = line.strip(BLANKS)
    if not stripped:
        return "soft"
    if set(stripped) <= set("+-=─━┌┬┐├┼┤└┴┘╞═╪╡: ") and len(stripped) > 2:
        return "rule"
    if _GAP.search(stripped):
        return "aligned"
    return "text"


def _caption(text: str, lines: list[_Line], first: int, edge: int) -> tuple[str, ...]:
    """The short lines that stand over line `first`, outermost first, not looking above line `edge`."""
    found: list[str] = []
    styles: list[str] = []
    position = first - 1
    blanks = 0
    while position >= edge and len(found) < 3 and first - position < 12:
        line = lines[position]
        position -= 1
        if line.kind in ("empty", "soft"):
            blanks += 1
            continue
        words = one_line(text[line.start : line.end]) if line.end - line.start < 400 else ""
        if not words or len(words) > _LONGEST_CAPTION or words.endswith(_SENTENCE_END) or is_value(words):
            break
        if words.endswith(".") and len(words.split()) > 6:
            break
        style = marker(words)
        if found and (blanks > 0 and not style or style in styles and style):
            break
        found.append(words)
        styles.append(style)
        blanks = 0
        if style:
            break
    return tuple(reversed(found))


# A cell per line, each beginning at a tab.


@dataclass(slots=True)
class _Piece:
    """A cell as it is read: its stretch, how many empty lines came before it, whether blank lines stand inside it."""

    start: int
    end: int
    gap: int = 0
    broken: bool = False


def _tab_cells(text: str, lines: list[_Line], first: int) -> _Found | None:
    pieces: list[_Piece] = []
    position, last = first, first
    empties = 0
    counts: set[int] = set()
    count = 0
    pending: list[int] = []
    pending_empties = 0
    while position < len(lines):
        line = lines[position]
        if line.kind == "tab_cell":
            if pending and not _joins(text, lines, pieces[-1], pending, pending_empties, empties, count, counts):
                break
            gap = empties
            if pending:
                pieces[-1].end = lines[pending[-1]].end
                pieces[-1].broken = pieces[-1].broken or pending_empties > 0
                pending = []
            if gap > 1:
                break
            if gap:
                counts.add(count)
                count = 0
            pieces.append(_Piece(line.start + 1, line.end, gap))
            count += 1
            empties = pending_empties = 0
            last = position + 1
        elif line.kind == "empty":
            empties += 1
            if empties > 3:
                break
        elif line.kind == "soft":
            pass
        elif line.kind in ("text", "aligned"):
            if empties > 1 or (pending and lines[pending[0]].start + _LONGEST_CELL < line.end):
                break
            pending_empties = max(pending_empties, empties)
            pending.append(position)
            empties = 0
        else:
            break
        position += 1
    rows = _rows_of(text, pieces)
    if not _is_evident(rows):
        return _Found(first, max(last, first + 1))
    return _Found(first, last, rows)


def _joins(
    text: str,
    lines: list[_Line],
    piece: _Piece,
    pending: list[int],
    before: int,
    after: int,
    count: int,
    counts: set[int],
) -> bool:
    """Whether lines without a tab go on with the cell before them, rather than stand between two tables.

    `before` and `after` are the empty lines around them; `count` cells were read in the row, `counts` in rows before.
    """
    cell = one_line(text[piece.start : piece.end])
    words = [one_line(text[lines[number].start : lines[number].end]) for number in pending]
    whole = one_line(text[piece.start : lines[pending[-1]].end])
    if is_value(cell) and not is_value(whole):
        return False
    if before == 0:
        return after == 0 or count not in counts or max(map(len, words)) <= 12
    if all(_width(word) <= 8 for word in words):
        return True  # a word broken over lines, as a narrow cell sets it upright
    return after == 0 or (count not in counts and bool(counts))


def _width(word: str) -> int:
    return sum(2 if ord(character) > 0x2E7F else 1 for character in word)


def _rows_of(text: str, pieces: list[_Piece]) -> list[TokenRow]:
    """The rows: cut at blank lines, then mended where a blank line was inside a row; without any, read as a stream."""
    chunks: list[list[int]] = []
    for number, piece in enumerate(pieces):
        if piece.gap or not chunks:
            chunks.append([])
        chunks[-1].append(number)
    tokens = [Token.of(text, piece.start, piece.end) for piece in pieces]
    if len(chunks) == 1 or all(len(chunk) == 1 for chunk in chunks):
        return stream_rows(tokens)
    counts: dict[int, int] = {}
    for chunk in chunks:
        counts[len(chunk)] = counts.get(len(chunk), 0) + 1
    usual = {count for count, times in counts.items() if times > 1 and count > 1}
    rows: list[list[int]] = []
    merged = 0
    for number, chunk in enumerate(chunks):
        if number < merged:
            continue
        row = list(chunk)
        following = number + 1
        while following < len(chunks) and _belongs(row, chunks, following, pieces, tokens, usual):
            row += chunks[following]
            following += 1
        merged = following
        rows.append(row)
    return [[tokens[number] for number in row] for row in rows]


def _belongs(
    row: list[int],
    chunks: list[list[int]],
    following: int,
    pieces: list[_Piece],
    tokens: list[Token],
    usual: set[int],
) -> bool:
    """Whether the chunk after `row` is the rest of it: the blank line between them was one inside a cell."""
    chunk = chunks[following]
    total = len(row) + len(chunk)
    widest = max(usual, default=0)
    if total > widest or tokens[row[-1]].kind == "value" and len(row) in usual:
        return False
    if len(row) in usual:
        return False
    if len(chunk) not in usual:
        return total in usual
    if pieces[row[-1]].broken:
        return True
    # A lone label, then a usual row: one row when the row after begins with a blank that continues the label.
    if len(row) == 1 and following + 1 < len(chunks) and total in usual:
        after = [tokens[number] for number in chunks[following + 1]]
        head = [tokens[number] for number in chunk]
        return len(after) == total and after[0].kind == "blank" and any(token.kind == "value" for token in head)
    return False


def _is_evident(rows: list[TokenRow]) -> bool:
    """Whether rows of cells are a table: two rows of two cells, and numerals, blanks, or equal counts in three rows."""
    wide = [row for row in rows if len(row) > 1]
    if len(wide) < 2:
        return False
    tokens = [token for row in rows for token in row]
    filled = [token for token in tokens if token.kind != "blank"]
    if len(filled) < 3:
        return False
    prose = sum(len(token.text) > 120 or (len(token.text) > 30 and token.text[-1] in "。.；;！!") for token in filled)
    if prose * 4 > len(filled):
        return False
    if any(token.kind == "value" for token in filled):
        return True
    if len(filled) < len(tokens):
        return len(filled) * 20 >= len(tokens)
    counts = [len(row) for row in wide]
    return len(wide) > 2 and len(set(counts)) == 1


# Cells with no rows marked: a stream.


def stream_rows(tokens: list[Token]) -> list[TokenRow]:
    """Rows out of a stream of cells in which no row end is marked.

    A row is labels, then as many values as its neighbours have; blanks beyond that number lead the next row. Texts
    without values between them are, in this order: a banner, one or more header rows, the labels of the first row.
    """
    runs = _runs(tokens)
    rows: list[TokenRow] = []
    usual = _usual_lengths(runs)
    carried: TokenRow = []
    labels = 1
    for number, (lump, run) in enumerate(runs):
        values = min(len(run), usual[number]) if usual[number] else len(run)
        texts = carried + lump
        heads, label = _cut_lump(texts, values, labels, number == 0)
        rows.extend(heads)
        rest = run[:values]
        if label or rest:
            rows.append([*label, *rest])
            labels = max(labels, len(label))
        carried = run[values:]
    if carried and rows and any(token.kind != "blank" for token in carried):
        rows.append(carried)
    return [row for row in rows if row]


def _runs(tokens: list[Token]) -> list[tuple[TokenRow, TokenRow]]:
    """Lumps of texts (with the blanks among header cells), each with the run of values and blanks after it."""
    runs: list[tuple[TokenRow, TokenRow]] = []
    lump: TokenRow = []
    run: TokenRow = []
    filled = any(token.kind == "value" for token in tokens)
    longest = 0 if filled else _longest_blank_run(tokens)
    position = 0
    while position < len(tokens):
        token = tokens[position]
        if token.kind == "text":
            if run:
                runs.append((lump, run))
                lump, run = [], []
            lump.append(token)
            position += 1
            continue
        stop = position
        while stop < len(tokens) and tokens[stop].kind != "text":
            stop += 1
        stretch = tokens[position:stop]
        valued = any(each.kind == "value" for each in stretch)
        if valued or (runs and len(stretch) >= len(runs[-1][1]) - 2) or (not filled and len(stretch) * 2 >= longest):
            run = stretch
        else:
            lump.extend(stretch)
        position = stop
    if lump or run:
        runs.append((lump, run))
    return runs


def _longest_blank_run(tokens: list[Token]) -> int:
    longest = current = 0
    for token in tokens:
        current = current + 1 if token.kind == "blank" else 0
        longest = max(longest, current)
    return longest


def _usual_lengths(runs: list[tuple[TokenRow, TokenRow]]) -> list[int]:
    """How many values each run holds: blanks at its end may lead the next row, so the shorter neighbours decide."""
    lengths = []
    for _, run in runs:
        length = len(run)
        while length and run[length - 1].kind == "blank":
            length -= 1
        lengths.append((length, len(run)))
    usual = []
    current = 0
    for number, (least, most) in enumerate(lengths):
        lump = runs[number][0]
        if number == 0 or len(lump) > 3 or not least <= current <= most:
            nearby = [
                (low, high)
                for offset, (low, high) in enumerate(lengths[number : number + 40])
                if offset == 0 or len(runs[number + offset][0]) <= 3
            ]
            # The number of values that fits most of the rows that follow.
            candidates = {low for low, high in nearby if low} | {high for _, high in nearby}
            fitting = {
                value: sum(low <= value <= high for low, high in nearby)
                for value in candidates
                if least <= value <= most
            }
            current = max(fitting, key=lambda value: (fitting[value], value), default=most)
        usual.append(current)
    return usual


def _cut_lump(texts: TokenRow, values: int, labels: int, opening: bool) -> tuple[list[TokenRow], TokenRow]:
    """Header rows and the labels of the row whose values come next, out of what stands before those values."""
    if not values:
        return ([texts] if texts else []), []
    lead = 0
    while lead < len(texts) and texts[lead].kind == "blank":
        lead += 1
    if not opening and len(texts) <= max(labels, lead + 1, 3) and len(texts) < values + 2:
        return [], texts
    # One header row over one label column, under a banner or not.
    for banner in (0, 1):
        if len(texts) == banner + (1 + values) + 1 and all(token.kind == "text" for token in texts):
            cut = [texts[:banner], texts[banner:-1]]
            return [row for row in cut if row], texts[-1:]
    return _cut_levels(texts, values)


def _cut_levels(texts: TokenRow, values: int) -> tuple[list[TokenRow], TokenRow]:
    """Several header rows: every cut is tried whose last row fits the values, and the one that shares out best wins."""
    from extractor.tables.spans import _Head, _least_cost

    best: tuple[float, list[TokenRow], TokenRow] | None = None
    for label in range(0, 4):
        head, row = texts[: len(texts) - label], texts[len(texts) - label :]
        if row and (row[0].kind == "blank" or row[-1].kind != "text"):
            continue
        for bottom in {values + label, values + 1, values + 3, values + 2} if label else {values}:
            if not 0 < bottom <= len(head):
                continue
            upper, lowest = head[: len(head) - bottom], head[len(head) - bottom :]
            for cut in range(len(upper) + 1 if len(upper) < 60 else 1):
                levels = [level for level in (upper[:cut], upper[cut:], lowest) if level]
                cost = 0.5 * abs(label - 1) * (label > 0) + 0.2 * len(levels)
                for above, below in zip(levels, levels[1:], strict=False):
                    if len(above) > len(below):
                        cost += 50
                        continue
                    shared = _least_cost([_Head(t) for t in above], [_Head(t) for t in below], label, False)
                    cost += 50 if shared is None else _cost_of([*map(_Head, above)], [*map(_Head, below)], shared)
                if best is None or cost < best[0]:
                    best = (cost, levels, row)
    if best is None or best[0] >= 50:
        return ([texts[:-1]] if len(texts) > 1 else []), texts[-1:]
    return best[1], best[2]


def _cost_of(upper: list, lower: list, shared: list[int]) -> float:
    from extractor.tables.spans import _share_cost

    cost, used, last = 0.0, 0, 0
    for head, count in zip(upper, shared, strict=True):
        cost += _share_cost(head, lower, used, count, last, False)
        used, last = used + count, count
    return cost


def _pipe_cells(text: str, lines: list[_Line], first: int) -> _Found | None:
    """A cell per line that begins at a pipe; the first cell may be the line before, which has no pipe."""
    pieces: list[_Piece] = []
    opening = first
    if first and lines[first - 1].kind == "text" and lines[first - 1].end - lines[first - 1].start < 200:
        opening = first - 1
        pieces.append(_Piece(lines[opening].start, lines[opening].end))
    position, last = first, first
    pending: list[int] = []
    while position < len(lines):
        line = lines[position]
        if line.kind == "pipe_cell":
            if pending:
                pieces[-1].end = lines[pending[-1]].end
                pending = []
            bar = min(at for pipe in "|│┃" if (at := text.find(pipe, line.start, line.end)) >= 0)
            pieces.append(_Piece(bar + 1, line.end))
            last = position + 1
        elif line.kind in ("text", "aligned", "soft") and len(pending) < 6:
            pending.append(position)
        else:
            break
        position += 1
    if len(pieces) < 6:
        return _Found(first, last)
    rows = stream_rows([Token.of(text, piece.start, piece.end) for piece in pieces])
    return _Found(opening, last, rows if _is_evident(rows) else [])


# Rows on a line.


def _split_rows(separators: str):
    """A finder for rows of cells that stand on one line each, between the given separators."""

    def find(text: str, lines: list[_Line], first: int) -> _Found | None:
        kind = lines[first].kind
        rows: list[TokenRow] = []
        ruled: list[int] = []
        position, last = first, first
        while position < len(lines):
            line = lines[position]
            if line.kind == kind or (kind == "tab_row" and line.kind == "tab_cell" and rows):
                row = _split(text, line, separators)
                if kind == "pipe_row" and all(set(token.text) <= set("-: =+─") and token.text for token in row):
                    ruled.append(len(rows))
                else:
                    rows.append(row)
                last = position + 1
            elif line.kind == "rule" and rows:
                ruled.append(len(rows))
                last = position + 1
            elif (
                line.kind == "text"
                and kind == "tab_row"
                and position + 1 < len(lines)
                and (lines[position + 1].kind == kind and line.end - line.start <= _LONGEST_CAPTION)
                and not text[line.start : line.end].strip(BLANKS).endswith(_SENTENCE_END)
            ):
                rows.append([Token.of(text, line.start, line.end)])
            else:
                break
            position += 1
        if not _is_evident(rows):
            return _Found(first, max(last, first + 1))
        marked = 1 if ruled[:1] == [1] and kind == "pipe_row" else 0
        return _Found(first, last, rows, ragged=True, marked=marked)

    return find


def _split(text: str, line: _Line, separators: str) -> TokenRow:
    content = text[line.start : line.end]
    cuts = [line.start + at for at, character in enumerate(content) if character in separators]
    if "|" in separators:
        cuts = [cut for cut in cuts if text[cut - 1 : cut] != "\\"]
        left, right = line.start, line.end
        if cuts and not text[left : cuts[0]].strip(BLANKS):
            left, cuts = cuts[0] + 1, cuts[1:]
        if cuts and not text[cuts[-1] + 1 : right].strip(BLANKS):
            right, cuts = cuts[-1], cuts[:-1]
    else:
        left, right = line.start, line.end
    edges = [left, *(cut for cut in cuts), right]
    tokens = []
    for number in range(len(edges) - 1):
        begin = edges[number] + (1 if number else 0)
        tokens.append(Token.of(text, begin, max(begin, edges[number + 1])))
    return tokens


_FINDERS = {
    "tab_cell": _tab_cells,
    "pipe_cell": _pipe_cells,
    "pipe_row": _split_rows("|│┃"),
    "tab_row": _split_rows("\t"),
}
