"""Random tables with a known answer, and the ways in which such a table comes down to plain text."""

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
class Box:
    """A cell of the whole table; `path` is set on value cells: their row path and column path."""

    text: str
    row: int
    column: int
    rows: int = 1
    columns: int = 1
    path: tuple[tuple[str, ...], tuple[str, ...]] | None = None


@dataclass(frozen=True)
class Grown:
    boxes: tuple[Box, ...]
    rows: int
    columns: int
    labels: int

    def answers(self) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
        return {box.text: box.path for box in self.boxes if box.path and box.text}


def grow(seed: int, *, told: bool, blanks: bool = True) -> Grown:
    """A table with one to three levels of column headers and none to three of row labels.

    With `told`, only shapes that a flattened table still tells: groups of equal leaves, or one group among leaves.
    """
    chance = random.Random(seed)
    words = chance.choice((WORDS, HAN))
    names = iter(f"{a}{'' if words is HAN else ' '}{b}" for a, b in _shuffled(words, chance))
    labels = chance.choice((0, 1, 1, 2, 3))
    heads, leaves, depth = _header(chance, names, told)
    boxes: list[Box] = []
    if labels:
        boxes.append(Box(next(names), 0, 0, depth, labels))
    for text, row, column, rows, columns in heads:
        boxes.append(Box(text, row, labels + column, rows, columns))
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
            boxes.append(Box(text, row, labels + column, path=(tuple(line), leaf)))
        row += 1
    for key, (top, rows, column, columns) in spans.items():
        boxes.append(Box(key[-1], top, column, rows, columns))
    boxes.sort(key=lambda box: (box.row, box.column))
    return Grown(tuple(boxes), row, labels + len(leaves), labels)


def _shuffled(words, chance):
    pairs = [(a, b) for a in words for b in words if a != b]
    chance.shuffle(pairs)
    return pairs


def _numeral(counter: int, chance: random.Random, plain: bool) -> str:
    """A value; `plain` ones are all of one dress, without which two columns would read as a form."""
    dress = chance.choice(("{}", "{}", "{}.5", "{}%", "增{}", "${}", "{}万元"))
    return ("{}" if plain else dress).format(counter)


def _header(chance, names, told):
    """`(heads, leaves, depth)`: header cells as (text, row, column, rows, columns), and each leaf's path."""
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
            own = inner if told else [next(names) for _ in range(chance.randint(2, 4))]
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


# The ways down to text.


def _rows(grown: Grown, continued: bool) -> list[list[Box]]:
    """The cells row by row; with `continued`, a cell that began in a row above is a blank in each further row."""
    rows: list[list[Box]] = [[] for _ in range(grown.rows)]
    for box in grown.boxes:
        rows[box.row].append(box)
        if continued:
            for below in range(box.row + 1, box.row + box.rows):
                rows[below].append(Box("", below, box.column, 1, box.columns))
    return [sorted(row, key=lambda box: box.column) for row in rows]


def tab_lines(grown: Grown, seed: int) -> str:
    """A cell per line that begins at a tab; rows end at a blank line; some outer labels are broken upright."""
    chance = random.Random(seed)
    parts = []
    for row in _rows(grown, continued=True):
        for box in row:
            text = box.text
            upright = box.rows > 2 and box.column < grown.labels - 1 and box.path is None and box.row > 2
            if upright and len(text) < 9 and chance.random() < 0.7:
                text = "\n\n".join(text)
            elif text and box.path and chance.random() < 0.3:
                text = f"  {text}\u3000"
            parts.append(f"\t{text}\n")
        parts.append("\n")
    return "".join(parts)


def pipe_stream(grown: Grown, seed: int) -> str:
    """A cell per line that begins at a pipe, the first excepted; no row ends."""
    cells = [box.text for row in _rows(grown, continued=True) for box in row]
    return "\n\t|".join(cells) + "\n\t|\n"


def _full(grown: Grown) -> list[list[str]]:
    grid = [[""] * grown.columns for _ in range(grown.rows)]
    for box in grown.boxes:
        grid[box.row][box.column] = box.text
    return grid


def tab_separated(grown: Grown, seed: int) -> str:
    """A row per line, as a spreadsheet copies it: a merged cell leaves blanks; blanks at the end of a line are lost."""
    lines = ["\t".join(row) for row in _full(grown)]
    return "\n".join(line.rstrip("\t") if seed % 2 else line for line in lines) + "\n"


def pipes(grown: Grown, seed: int) -> str:
    return "\n".join("| " + " | ".join(row) + " |" for row in _full(grown)) + "\n"


def aligned(grown: Grown, seed: int) -> str:
    """Columns aligned by blanks: labels to the left, values to the right, headers centred over what they span."""
    grid = _full(grown)
    width = [2 + max(_wide(row[column]) for row in grid) for column in range(grown.columns)]
    rows = []
    for number in range(grown.rows):
        line, at = "", 0
        for box in sorted((box for box in grown.boxes if box.row == number), key=lambda box: box.column):
            left = sum(width[: box.column]) + 2 * box.column
            room = sum(width[box.column : box.column + box.columns]) + 2 * (box.columns - 1)
            line += " " * (left - at)
            at = left
            pad = room - _wide(box.text)
            before = 0 if box.column < grown.labels else pad if box.path else pad // 2
            line += " " * before + box.text
            at += before + _wide(box.text)
        rows.append(line.rstrip())
    return "\n".join(rows) + "\n"


def _wide(text: str) -> int:
    return sum(2 if ord(character) > 0x2E7F else 1 for character in text)
