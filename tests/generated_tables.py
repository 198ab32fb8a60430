"""Make random tables whose header paths are known, and flatten them to plain text in several ways."""

from __future__ import annotations

import random
from dataclasses import dataclass

WORDS = ("Harbour", "Ferry", "Cargo", "Pilot", "Berth", "Crane", "Vessel", "Freight", "Mooring", "Tugboat", "Anchor")
HAN = ("港口", "渡轮", "货运", "引航", "泊位", "起重", "船舶", "靠泊", "系缆", "拖轮", "锚地", "压载", "海关", "码头")
NUMBERINGS = (
    tuple(f"{n}、" for n in "一二三四五六七八九"),
    tuple(f"（{n}）" for n in "一二三四五六七八九"),
    tuple(f"{n}." for n in range(1, 10)),
)


@dataclass(frozen=True)
class GrownCell:
    """A cell of a table; `rows` and `columns` are its spans, `path` is the row path and column path of a value."""

    text: str
    row: int
    column: int
    rows: int = 1
    columns: int = 1
    path: tuple[tuple[str, ...], tuple[str, ...]] | None = None


@dataclass(frozen=True)
class GrownTable:
    """A table with its cells from top left to bottom right; `labels` is the number of label columns."""

    cells: tuple[GrownCell, ...]
    rows: int
    columns: int
    labels: int

    def answers(self) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
        """Return the row path and column path of each value, by its text."""
        return {cell.text: cell.path for cell in self.cells if cell.path and cell.text}


def grow(seed: int, *, recoverable: bool, blanks: bool = True) -> GrownTable:
    """Return a table with one to three levels of column headers and none to three of row labels.

    With `recoverable`, its headers have a shape that can still be told when the spans are lost: groups of equal
    headers, or one group among headers without one.
    """
    chance = random.Random(seed)
    words = chance.choice((WORDS, HAN))
    names = iter(f"{a}{'' if words is HAN else ' '}{b}" for a, b in _shuffled(words, chance))
    labels = chance.choice((0, 1, 1, 2, 3))
    heads, leaves, depth = _header(chance, names, recoverable)
    cells: list[GrownCell] = []
    if labels:
        cells.append(GrownCell(next(names), 0, 0, depth, labels))
    for text, row, column, rows, columns in heads:
        cells.append(GrownCell(text, row, labels + column, rows, columns))
    row = depth
    numbered = chance.random() < 0.6 or labels == 3
    lines = _labels(chance, names, labels, numbered) if labels else [()] * chance.randint(1, 4)
    counter = chance.randint(100, 900)
    spans: dict[tuple, list] = {}
    for line in lines:
        for level in range(len(line)):
            key = line[: level + 1]
            last = level == len(line) - 1
            if not last and key in spans:
                spans[key][1] += 1
            else:
                spans[key] = [row, 1, level, labels - level if last else 1]
        for column, leaf in enumerate(leaves):
            counter += 1
            text = (
                ""
                if blanks and chance.random() < 0.12 and column
                else _numeral(counter, chance, plain=labels + len(leaves) < 3)
            )
            cells.append(GrownCell(text, row, labels + column, path=(tuple(line), leaf)))
        row += 1
    for key, (top, rows, column, columns) in spans.items():
        cells.append(GrownCell(key[-1], top, column, rows, columns))
    cells.sort(key=lambda cell: (cell.row, cell.column))
    return GrownTable(tuple(cells), row, labels + len(leaves), labels)


def _shuffled(words, chance):
    pairs = [(a, b) for a in words for b in words if a != b]
    chance.shuffle(pairs)
    return pairs


def _numeral(counter: int, chance: random.Random, plain: bool) -> str:
    """Return a value; `plain` ones are all in one format, without which two columns would read as a form."""
    pattern = chance.choice(("{}", "{}", "{}.5", "{}%", "增{}", "${}", "{}万元"))
    return ("{}" if plain else pattern).format(counter)


def _header(chance, names, recoverable):
    """Return `(heads, leaves, depth)`: header cells as (text, row, column, rows, columns), and each column's path."""
    shape = chance.choice(("flat", "flat", "groups", "mixed", "three"))
    if shape == "flat":
        texts = [next(names) for _ in range(chance.randint(2, 6))]
        return [(text, 0, at, 1, 1) for at, text in enumerate(texts)], [(text,) for text in texts], 1
    if shape == "mixed":
        before, inside, after = chance.randint(1, 2), chance.randint(2, 5), chance.randint(0, 2)
        tops = [next(names) for _ in range(before + 1 + after)]
        heads, leaves, column = [], [], 0
        for at, top in enumerate(tops):
            if at != before:
                heads.append((top, 0, column, 2, 1))
                leaves.append((top,))
                column += 1
                continue
            heads.append((top, 0, column, 1, inside))
            for _ in range(inside):
                leaf = next(names)
                heads.append((leaf, 1, column, 1, 1))
                leaves.append((top, leaf))
                column += 1
        return heads, leaves, 2
    inner = [next(names) for _ in range(chance.randint(2, 4))]
    if shape == "groups":
        heads, leaves, column = [], [], 0
        for _ in range(chance.randint(2, 4)):
            top = next(names)
            own = inner if recoverable else [next(names) for _ in range(chance.randint(2, 4))]
            heads.append((top, 0, column, 1, len(own)))
            for leaf in own:
                heads.append((leaf, 1, column, 1, 1))
                leaves.append((top, leaf))
                column += 1
        return heads, leaves, 2
    # Three levels: a group of leaves that reach down, and one of groups over the same leaves.
    first, second = next(names), next(names)
    groups = [next(names) for _ in range(chance.randint(2, 3))]
    heads = [(first, 0, 0, 1, len(inner)), (second, 0, len(inner), 1, len(inner) * len(groups))]
    leaves = []
    for at, leaf in enumerate(inner):
        heads.append((leaf, 1, at, 2, 1))
        leaves.append((first, leaf))
    column = len(inner)
    for group in groups:
        heads.append((group, 1, column, 1, len(inner)))
        for leaf in inner:
            heads.append((leaf, 2, column, 1, 1))
            leaves.append((second, group, leaf))
            column += 1
    return heads, leaves, 3


def _labels(chance, names, levels, numbered):
    def dressed(level, at):
        text = next(names)
        return NUMBERINGS[level][at] + text if numbered else text

    lines = []
    for outer in range(chance.randint(2, 5)):
        top = dressed(0, outer)
        if levels == 1 or (outer != 1 and chance.random() < 0.4):
            lines.append((top,))
            continue
        for middle in range(chance.randint(2, 3)):
            under = dressed(1, middle)
            if levels == 2 or (middle and chance.random() < 0.4):
                lines.append((top, under))
                continue
            lines.extend((top, under, dressed(2, inner)) for inner in range(chance.randint(2, 3)))
    if levels > 1 and all(len(line) < levels for line in lines):
        return _labels(chance, names, levels, numbered)
    return lines


# Flattening.


def _rows(table: GrownTable, continued: bool) -> list[list[GrownCell]]:
    """Return the cells row by row; with `continued`, a cell from a row above is a blank in each further row."""
    rows: list[list[GrownCell]] = [[] for _ in range(table.rows)]
    for cell in table.cells:
        rows[cell.row].append(cell)
        if continued:
            for below in range(cell.row + 1, cell.row + cell.rows):
                rows[below].append(GrownCell("", below, cell.column, 1, cell.columns))
    return [sorted(row, key=lambda cell: cell.column) for row in rows]


def tab_lines(table: GrownTable, seed: int) -> str:
    """Return text with a cell per line after a tab; rows end at a blank line, some outer labels are broken upright."""
    chance = random.Random(seed)
    parts = []
    for row in _rows(table, continued=True):
        for cell in row:
            text = cell.text
            upright = cell.rows > 2 and cell.column < table.labels - 1 and cell.path is None and cell.row > 2
            if upright and len(text) < 9 and chance.random() < 0.7:
                text = "\n\n".join(text)
            elif text and cell.path and chance.random() < 0.3:
                text = f"  {text}\u3000"
            parts.append(f"\t{text}\n")
        parts.append("\n")
    return "".join(parts)


def pipe_stream(table: GrownTable, seed: int) -> str:
    """Return text with a cell per line after a pipe, but for the first cell, and without row ends."""
    cells = [cell.text for row in _rows(table, continued=True) for cell in row]
    return "\n\t|".join(cells) + "\n\t|\n"


def _full(table: GrownTable) -> list[list[str]]:
    grid = [[""] * table.columns for _ in range(table.rows)]
    for cell in table.cells:
        grid[cell.row][cell.column] = cell.text
    return grid


def tab_separated(table: GrownTable, seed: int) -> str:
    """Return a row per line, as a spreadsheet copies it.

    A merged cell leaves blanks; blanks at the end of a line are lost with an odd seed.
    """
    lines = ["\t".join(row) for row in _full(table)]
    return "\n".join(line.rstrip("\t") if seed % 2 else line for line in lines) + "\n"


def pipes(table: GrownTable, seed: int) -> str:
    """Return a row per line, its cells between pipes."""
    return "\n".join("| " + " | ".join(row) + " |" for row in _full(table)) + "\n"


def aligned(table: GrownTable, seed: int) -> str:
    """Return columns aligned by spaces: labels to the left, values to the right, headers centred over their columns."""
    grid = _full(table)
    width = [2 + max(_wide(row[column]) for row in grid) for column in range(table.columns)]
    rows = []
    for number in range(table.rows):
        line, at = "", 0
        for cell in sorted((cell for cell in table.cells if cell.row == number), key=lambda cell: cell.column):
            left = sum(width[: cell.column]) + 2 * cell.column
            room = sum(width[cell.column : cell.column + cell.columns]) + 2 * (cell.columns - 1)
            line += " " * (left - at)
            at = left
            pad = room - _wide(cell.text)
            before = 0 if cell.column < table.labels else pad if cell.path else pad // 2
            line += " " * before + cell.text
            at += before + _wide(cell.text)
        rows.append(line.rstrip())
    return "\n".join(rows) + "\n"


def _wide(text: str) -> int:
    return sum(2 if ord(character) > 0x2E7F else 1 for character in text)
