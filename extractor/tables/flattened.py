"""Tables in plain text whose ruling was lost: found again by tabs, blank lines, pipes and aligned columns."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from extractor.tables.cells import BLANKS, PlacedCell, collapse_whitespace, is_value, marker
from extractor.tables.fixed_width import place_aligned
from extractor.tables.grid import build_table
from extractor.tables.header_spans import Token, TokenRow, lay_out
from extractor.tables.unmarked_rows import closed_rows, mend_heads, stream_rows
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
    """Rows of cells found in the lines `first .. last - 1`, or cells that already have a place."""

    first: int
    last: int
    rows: list[TokenRow] = field(default_factory=list)
    ragged: bool = False
    marked: int = 0
    placed: list[PlacedCell] = field(default_factory=list)


def find_tables_in_text(text: str, start: int = 0, end: int | None = None) -> list[Table]:
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
        if result.rows or result.placed:
            found.append(result)
        position = max(result.last, position + 1)
    tables = []
    edge = 0
    for one in found:
        layout = lay_out(one.rows, one.ragged, one.marked)
        table = build_table(text, one.placed or layout.raw_cells(), caption=_caption(text, lines, one.first, edge))
        tables.append(replace(table, problems=(*table.problems, *layout.problems)))
        edge = one.last
    return tables


# Lines.

_EDGES = " \r\x0b\x0c"
_GAP = re.compile(r"[ \xa0\u3000]{2,}(?=\S)")


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
        if line.kind in ("empty", "soft", "rule"):
            blanks += line.kind != "rule"
            continue
        words = collapse_whitespace(text[line.start : line.end]) if line.end - line.start < 400 else ""
        if not words or len(words) > _LONGEST_CAPTION or words.endswith(_SENTENCE_END) or is_value(words):
            break
        if words.endswith(".") and len(words.split()) > 6:
            break
        style = marker(words)
        if found and (style in styles if style else blanks > 0):
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
            if gap > 2:
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
    cell = collapse_whitespace(text[piece.start : piece.end])
    words = [collapse_whitespace(text[lines[number].start : lines[number].end]) for number in pending]
    whole = collapse_whitespace(text[piece.start : lines[pending[-1]].end])
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
    return mend_heads([[tokens[number] for number in row] for row in rows])


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
    if total > widest or len(row) in usual:
        return False
    if len(chunk) not in usual:
        if total not in usual:
            return False
        kinds = [tokens[number].kind for number in row + chunk]
        return pieces[row[-1]].broken or (
            "value" in kinds and (kinds[len(row)] != "blank" or "value" in kinds[: len(row)])
        )
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


# A cell per line, each beginning at a pipe.


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
    tokens = [Token.of(text, piece.start, piece.end) for piece in pieces]
    # Whether the line before holds the first cell, and whether a last separator closes the table with nothing behind
    # it, shows only in how well the rows then agree.
    best: tuple[int, int, list[TokenRow]] | None = None
    for skipped in range(first - opening + 1):
        closed = closed_rows(tokens[skipped:])
        if closed is not None and (best is None or best[0] >= 0) and not _unfit(closed):
            best = (-1, opening + skipped, closed)
        for cut in (1, 0):
            if cut and tokens[-1].kind != "blank":
                continue
            rows = stream_rows(tokens[skipped : len(tokens) - cut])
            faults = len(lay_out(rows).problems)
            if best is None or faults < best[0]:
                best = (faults, opening + skipped, rows)
    if best is None or not _is_evident(best[2]):
        return _Found(first, last)
    return _Found(best[1], last, best[2])


def _unfit(rows: list[TokenRow]) -> bool:
    """Whether header rows do not fit the rows under them."""
    return any(problem.kind == "table_heads" for problem in lay_out(rows).problems)


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
            elif kind == "tab_row" and (after := _upright(text, lines, position)):
                whole = _Line(line.start, lines[after].end, kind)
                rows.append(_split(text, whole, separators))
                position = after
                last = position + 1
            elif kind == "tab_row" and _fills_row(text, lines, position):
                rows.append([Token.of(text, line.start, line.end)])
                last = position + 1
            else:
                break
            position += 1
        if not _is_evident(rows):
            return _Found(first, max(last, first + 1))
        marked = 1 if ruled[:1] == [1] and kind == "pipe_row" else 0
        return _Found(first, last, rows, ragged=True, marked=marked)

    return find


def _upright(text: str, lines: list[_Line], position: int) -> int | None:
    """The line with the rest of a row whose first cell begins here and was broken after every character or two."""
    after = position
    while after < len(lines) and lines[after].kind == "text" and after - position < 40:
        if _width(text[lines[after].start : lines[after].end].strip(BLANKS)) > 4:
            return None
        after += 1
    if not position < after < len(lines) or lines[after].kind != "tab_row":
        return None
    first = text[lines[after].start : lines[after].end].split("\t", 1)[0].strip(BLANKS)
    broken = [collapse_whitespace(text[line.start : line.end]) for line in lines[position:after]] + [first]
    return after if first and len(broken) > 2 and _width(first) <= 4 and not any(map(is_value, broken)) else None


def _fills_row(text: str, lines: list[_Line], position: int) -> bool:
    """Whether a line without tabs among lines with tabs is a row that lost its blanks: a banner or a first value."""
    line = lines[position]
    if line.kind != "text" or line.end - line.start > _LONGEST_CAPTION:
        return False
    words = collapse_whitespace(text[line.start : line.end])
    follows = position + 1 < len(lines) and lines[position + 1].kind == "tab_row"
    return is_value(words) or (follows and not words.endswith(_SENTENCE_END))


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


# Columns aligned by blanks.


def _aligned(text: str, lines: list[_Line], first: int) -> _Found | None:
    members: list[tuple[int, int]] = []
    numbers: list[int] = []
    position, last, empties = first, first, 0
    while position < len(lines):
        line = lines[position]
        if line.kind == "empty":
            empties += 1
            if empties > 1:
                break
        elif line.kind == "aligned":
            members.append((line.start, line.end))
            numbers.append(position)
            last, empties = position + 1, 0
        elif line.kind == "text" and _stands_among(lines, position):
            members.append((line.start, line.end))
            numbers.append(position)
            empties = 0
        elif line.kind != "rule":
            break
        position += 1
    top, placed = place_aligned(text, members)
    return _Found(numbers[top] if placed else first, max(last, first + 1), placed=placed)


def _stands_among(lines: list[_Line], position: int) -> bool:
    """Whether a line of one piece is short and an aligned line comes right after: a banner, or a label alone."""
    following = position + 1
    return (
        lines[position].end - lines[position].start <= _LONGEST_CAPTION
        and following < len(lines)
        and lines[following].kind == "aligned"
    )


_FINDERS = {
    "aligned": _aligned,
    "tab_cell": _tab_cells,
    "pipe_cell": _pipe_cells,
    "pipe_row": _split_rows("|│┃"),
    "tab_row": _split_rows("\t"),
}
