"""Blocks as plain text, as till printers, browsers and word processors leave it."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from eval.making.blocks import (
    Beside,
    Block,
    Grid,
    Heading,
    Hidden,
    PageBreak,
    Pairs,
    Rule,
    Text,
    count_columns,
    place_cells,
)


@dataclass(frozen=True)
class TextLayout:
    """`tables` is aligned, tabs, bars or cells (a line for each cell); `width` is in characters of half width."""

    tables: str = "aligned"
    width: int = 80
    gap: int = 2
    line_end: str = "\n"
    encoding: str = "utf-8"


def wide(text: str) -> int:
    """Return how many half-width columns the text takes."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def padded(text: str, width: int, align: str = "l") -> str:
    """Return the text padded with spaces to at least `width` half-width columns."""
    blanks = max(0, width - wide(text))
    if align == "r":
        return " " * blanks + text
    if align == "c":
        return " " * (blanks // 2) + text + " " * (blanks - blanks // 2)
    return text + " " * blanks


def wrapped(text: str, width: int) -> list[str]:
    """Return the text in lines of at most `width` columns, broken at spaces and between Chinese characters."""
    lines, line = [], ""
    for word in _pieces(text):
        if line and wide(line + word.rstrip()) > width:
            lines.append(line.rstrip())
            line = word.lstrip()
        else:
            line += word
    return [*lines, line.rstrip()]


def _pieces(text: str) -> list[str]:
    pieces: list[str] = []
    for sign in text:
        if pieces and unicodedata.east_asian_width(sign) not in "WF" and pieces[-1][-1] != " ":
            pieces[-1] += sign
        else:
            pieces.append(sign)
    return pieces


def write(blocks: Sequence[Block], layout: TextLayout) -> bytes:
    """Return the blocks as a text file."""
    lines = _lines(blocks, layout, layout.width)
    return (layout.line_end.join(lines) + layout.line_end).encode(layout.encoding)


def _lines(blocks: Sequence[Block], layout: TextLayout, width: int) -> list[str]:
    lines: list[str] = []
    for block in blocks:
        match block:
            case Heading(text=text, level=level, align=align):
                lines += [
                    *([""] if lines and level > 1 else []),
                    padded(text, min(width, 80) if align == "centre" else 0, "c").rstrip(),
                ]
                lines += [""] if level == 1 else []
            case Text(text=text, align=align):
                sign = {"left": "l", "centre": "c", "right": "r"}[align]
                lines += [
                    padded(line, min(width, 80), sign).rstrip()
                    for part in text.split("\n")
                    for line in wrapped(part, width)
                ]
            case Pairs():
                lines += _pairs(block, layout, width)
            case Grid():
                lines += ["", *_grid(block, layout), ""] if layout.tables != "aligned" else _grid(block, layout)
            case Beside(left=left, right=right):
                if layout.tables == "aligned":
                    half = width // 2
                    one, two = _lines(left, layout, half - 2), _lines(right, layout, half - 2)
                    one += [""] * (len(two) - len(one))
                    two += [""] * (len(one) - len(two))
                    lines += [(padded(a, half) + b).rstrip() for a, b in zip(one, two, strict=True)]
                else:
                    lines += [*_lines(left, layout, width), "", *_lines(right, layout, width)]
            case Rule(sign=sign):
                lines.append(sign * (width // wide(sign)))
            case PageBreak():
                lines += ["", "\f"]
            case Hidden():
                pass
    return lines


def _pairs(block: Pairs, layout: TextLayout, width: int) -> list[str]:
    if layout.tables == "cells" and block.boxed:
        return [line for label, value in block.pairs for line in (f"\t{label}", f"\t{value}")]
    texts = [f"{label}{block.colon}{value}".rstrip() for label, value in block.pairs]
    if layout.tables == "tabs" and block.boxed:
        texts = [f"{label}\t{value}" for label, value in block.pairs]
    lines = []
    for first in range(0, len(texts), block.columns):
        part = texts[first : first + block.columns]
        if block.columns > 1 and layout.tables == "tabs":
            lines.append("\t".join(part))
        elif block.columns > 1:
            lines.append("".join(padded(text + "  ", width // block.columns) for text in part).rstrip())
        else:
            lines += part
    return lines


def _grid(grid: Grid, layout: TextLayout) -> list[str]:
    cells, columns = place_cells(grid.rows), count_columns(grid.rows)
    rows: list[list[str]] = [[""] * columns for _ in grid.rows]
    for cell in cells:
        rows[cell.row][cell.column] = cell.text
    if layout.tables == "tabs":
        return ["\t".join(row).rstrip("\t") if layout.gap == 1 else "\t".join(row) for row in rows]
    if layout.tables == "bars":
        return ["| " + " | ".join(row) + " |" for row in rows]
    if layout.tables == "cells":
        lines = []
        for number in range(len(rows)):
            here = [cell for cell in cells if cell.row == number]
            for cell in here:
                text = "\n".join(cell.text) if grid.upright and cell.down > 3 else cell.text
                lines.append("\t" + text)
            lines.append("")
        return lines
    align = grid.align or "l" * columns
    alone = [{cell.column: cell for cell in cells if cell.row == n} for n in range(len(rows))]
    widths = [
        max((wide(row[c]) for n, row in enumerate(rows) if c not in alone[n] or alone[n][c].wide == 1), default=0)
        for c in range(columns)
    ]
    gap = " " * layout.gap
    lines = []
    for n, row in enumerate(rows):
        parts, column = [], 0
        while column < columns:
            cell = alone[n].get(column)
            over = cell.wide if cell else 1
            room = sum(widths[column : column + over]) + layout.gap * (over - 1)
            parts.append(padded(row[column], room, align[column] if over == 1 else "l"))
            column += over
        lines.append(gap.join(parts).rstrip())
    return lines
