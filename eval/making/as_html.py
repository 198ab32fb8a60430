"""Blocks as HTML: as a web page, as a word processor saves it, as an e-mail built of tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from eval.making.blocks import Beside, Block, Grid, Heading, Hidden, PageBreak, Pairs, Rule, Text, place_cells


@dataclass(frozen=True)
class HtmlLayout:
    """`style` is page, word or mail; `hide` is how hidden text is hidden: none, white or comment."""

    style: str = "page"
    hide: str = "none"
    charset: str = "utf-8"
    title: str = ""


def write(blocks: Sequence[Block], layout: HtmlLayout) -> bytes:
    """Return the blocks as an HTML file."""
    body = "\n".join(_block(block, layout) for block in blocks)
    head = f'<meta charset="{layout.charset}"><title>{escape(layout.title)}</title>'
    if layout.style == "mail":
        body = (
            '<table width="640" align="center" cellpadding="0" cellspacing="0" border="0"><tr>'
            f'<td style="padding:24px;font-family:Arial,sans-serif">\n{body}\n</td></tr></table>'
        )
    if layout.style == "page":
        menu = '<nav><ul><li><a href="/">Home</a></li><li><a href="/help">Help</a></li></ul></nav>'
        body = f"{menu}\n<main>\n{body}\n</main>\n<footer>&copy; 2024</footer>"
    return f"<!DOCTYPE html>\n<html><head>{head}</head>\n<body>\n{body}\n</body></html>\n".encode(layout.charset)


def _block(block: Block, layout: HtmlLayout) -> str:
    match block:
        case Heading(text=text, level=level):
            if layout.style == "page":
                return f"<h{level}>{escape(text)}</h{level}>"
            return _paragraph(f"<b>{_run(text, layout)}</b>", layout)
        case Text(text=text, bold=bold):
            inside = "<br>\n".join(_run(line, layout) for line in text.split("\n"))
            return _paragraph(f"<b>{inside}</b>" if bold else inside, layout)
        case Pairs():
            return _pairs(block, layout)
        case Grid():
            return _grid(block, layout)
        case Beside(left=left, right=right):
            halves = ["\n".join(_block(inner, layout) for inner in side) for side in (left, right)]
            if layout.style == "page":
                return f'<div class="row"><div class="col">{halves[0]}</div>\n<div class="col">{halves[1]}</div></div>'
            return f'<table width="100%"><tr><td valign="top">{halves[0]}</td>\n<td valign="top">{halves[1]}</td></tr></table>'
        case Hidden(text=text):
            if layout.hide == "white":
                return f'<div style="color:#ffffff;font-size:1px;line-height:1px">{escape(text)}</div>'
            return f"<!-- {text} -->" if layout.hide == "comment" else f'<div style="display:none">{escape(text)}</div>'
        case Rule():
            return "<hr>"
        case PageBreak():
            return '<div style="page-break-before:always"></div>'


def _run(text: str, layout: HtmlLayout) -> str:
    """Return the text, cut into runs as by a word processor where the style asks for it."""
    if layout.style != "word" or len(text) < 4:
        return escape(text) or "&nbsp;"
    half = len(text) // 2
    return f"<span lang=EN-US>{escape(text[:half])}</span><span style='font-family:宋体'>{escape(text[half:])}</span>"


def _paragraph(inside: str, layout: HtmlLayout) -> str:
    if layout.style == "word":
        return f"<p class=MsoNormal style='margin-bottom:0cm'>{inside}<o:p></o:p></p>"
    return f"<p>{inside}</p>" if layout.style == "page" else f'<div style="margin:6px 0">{inside}</div>'


def _pairs(block: Pairs, layout: HtmlLayout) -> str:
    if layout.style == "page" and not block.boxed:
        inside = "\n".join(f"<dt>{escape(label)}</dt><dd>{escape(value)}</dd>" for label, value in block.pairs)
        return f"<dl>\n{inside}\n</dl>"
    if not block.boxed:
        return "\n".join(
            _paragraph(_run(f"{label}{block.colon}{value}", layout), layout) for label, value in block.pairs
        )
    rows = []
    for first in range(0, len(block.pairs), block.columns):
        part = block.pairs[first : first + block.columns]
        rows.append(
            "<tr>"
            + "".join(f"<td>{escape(a)}{block.colon.strip()}</td><td>{escape(b)}</td>" for a, b in part)
            + "</tr>"
        )
    return "<table>\n" + "\n".join(rows) + "\n</table>"


def _grid(grid: Grid, layout: HtmlLayout) -> str:
    cells = place_cells(grid.rows)
    rows = []
    for number in range(len(grid.rows)):
        parts = []
        for cell in (cell for cell in cells if cell.row == number):
            name = "th" if number < grid.header and layout.style == "page" else "td"
            spans = (f' colspan="{cell.wide}"' if cell.wide > 1 else "") + (
                f' rowspan="{cell.down}"' if cell.down > 1 else ""
            )
            inside = "<br>".join(cell.text) if grid.upright and cell.down > 3 else None
            inside = inside or (
                _paragraph(_run(cell.text, layout), layout) if layout.style == "word" else escape(cell.text)
            )
            parts.append(f"<{name}{spans}>{inside}</{name}>")
        rows.append("<tr>" + "".join(parts) + "</tr>")
    border = ' border="1"' if grid.rules == "all" else ""
    return f"<table{border}>\n" + "\n".join(rows) + "\n</table>"
