"""Blocks as a PDF with a text layer, set with reportlab; the same blocks give the same bytes."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.enums import TA_CENTER, TA_LEFT, TA_RIGHT
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    Flowable,
    HRFlowable,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
    TableStyle,
)
from reportlab.platypus import (
    PageBreak as NewPage,
)

from eval.making import fonts
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

_ALIGN = {"left": TA_LEFT, "centre": TA_CENTER, "right": TA_RIGHT, "l": TA_LEFT, "c": TA_CENTER, "r": TA_RIGHT}
PAGES = {
    "a4": (595.3, 841.9),
    "letter": (612.0, 792.0),
    "roll": (226.8, 720.0),
    "wide": (841.9, 595.3),
    "a5": (419.5, 595.3),
}


@dataclass(frozen=True)
class PdfLayout:
    """`font` is the Latin one; `page` one of PAGES; `header` and `footer` stand on every page, `{}` for its number."""

    font: str = "DejaVuSans"
    size: float = 9
    page: str = "a4"
    margin: float = 48
    chinese: bool = False
    header: str = ""
    footer: str = ""
    shaded: bool = False


class _Unseen(Flowable):
    """Text drawn in no colour at all."""

    def __init__(self, text: str, font: str) -> None:
        super().__init__()
        self.text, self.font = text, font

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        return 0, 0

    def draw(self) -> None:
        pen = self.canv.beginText(0, 0)
        pen.setTextRenderMode(3)
        for font, part in fonts.runs(self.text, self.font):
            pen.setFont(font, 2)
            pen.textOut(part)
        self.canv.drawText(pen)


def write(blocks: Sequence[Block], layout: PdfLayout) -> bytes:
    """Return the blocks as a PDF."""
    fonts.register()
    width, height = PAGES[layout.page]
    file = io.BytesIO()
    margins = dict.fromkeys(("leftMargin", "rightMargin", "topMargin", "bottomMargin"), layout.margin)
    document = SimpleDocTemplate(file, pagesize=(width, height), invariant=1, **margins)
    story = [part for block in blocks for part in _flow(block, layout, width - 2 * layout.margin - 12)]
    document.build(story, onFirstPage=lambda c, _: _frame(c, layout), onLaterPages=lambda c, _: _frame(c, layout))
    return file.getvalue()


def _frame(canvas: Canvas, layout: PdfLayout) -> None:
    width, height = PAGES[layout.page]
    for text, y in ((layout.header, height - layout.margin * 0.6), (layout.footer, layout.margin * 0.5)):
        if not text:
            continue
        pieces = fonts.runs(text.replace("{}", str(canvas.getPageNumber())), layout.font)
        long = sum(canvas.stringWidth(part, font, 7.5) for font, part in pieces)
        x = (width - long) / 2
        for font, part in pieces:
            canvas.setFont(font, 7.5)
            canvas.drawString(x, y, part)
            x += canvas.stringWidth(part, font, 7.5)


def _marked(text: str, font: str) -> str:
    """Return the text for a paragraph, every run in its font."""
    lines = []
    for line in text.split("\n"):
        lines.append("".join(f'<font name="{name}">{escape(part)}</font>' for name, part in fonts.runs(line, font)))
    return "<br/>".join(lines)


def _paragraph(
    text: str, layout: PdfLayout, size: float, align: str = "left", bold: bool = False, after: float = 2
) -> Paragraph:
    font = layout.font + "-Bold" if bold else layout.font
    style = ParagraphStyle(
        "p",
        fontName=font,
        fontSize=size,
        leading=size * 1.38,
        alignment=_ALIGN[align],
        spaceAfter=after,
        wordWrap="CJK" if layout.chinese else None,
        firstLineIndent=0,
    )
    return Paragraph(_marked(text, font), style)


def _flow(block: Block, layout: PdfLayout, width: float) -> list[Flowable]:
    match block:
        case Heading(text=text, level=level, align=align):
            size = layout.size * {1: 1.6, 2: 1.25}.get(level, 1.08)
            before = Spacer(1, layout.size * (0.3 if level == 1 else 0.8))
            return [before, _paragraph(text, layout, size, align, bold=True, after=layout.size * 0.5)]
        case Text(text=text, align=align, small=small, bold=bold):
            return [
                _paragraph(text, layout, layout.size * (0.8 if small else 1), align, bold, after=layout.size * 0.35)
            ]
        case Pairs():
            return _pairs(block, layout, width)
        case Grid():
            return [_table(block, layout, width), Spacer(1, layout.size * 0.6)]
        case Beside(left=left, right=right):
            halves = [
                [part for inner in side for part in _flow(inner, layout, width / 2 - 12)] for side in (left, right)
            ]
            table = Table([halves], colWidths=[width / 2, width / 2])
            table.setStyle(TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0)]))
            return [table]
        case Rule():
            return [HRFlowable(width="100%", thickness=0.6, color=colors.black, spaceBefore=2, spaceAfter=3)]
        case Hidden(text=text):
            return [_Unseen(text, layout.font)]
        case PageBreak():
            return [NewPage()]


def _pairs(block: Pairs, layout: PdfLayout, width: float) -> list[Flowable]:
    if block.columns == 1 and not block.boxed:
        return [_paragraph(f"{a}{block.colon}{b}", layout, layout.size, after=1) for a, b in block.pairs]
    rows = []
    for first in range(0, len(block.pairs), block.columns):
        part = list(block.pairs[first : first + block.columns])
        part += [("", "")] * (block.columns - len(part))
        if block.boxed:
            rows.append([_paragraph(text, layout, layout.size) for pair in part for text in pair])
        else:
            rows.append([_paragraph(f"{a}{block.colon}{b}" if a else "", layout, layout.size) for a, b in part])
    across = len(rows[0])
    shares = [0.38, 0.62] * block.columns if block.boxed else [1.0] * across
    unit = width / sum(shares)
    table = Table(rows, colWidths=[share * unit for share in shares])
    rules = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("TOPPADDING", (0, 0), (-1, -1), 1),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
    ]
    rules += [("GRID", (0, 0), (-1, -1), 0.5, colors.black)] if block.boxed else [("LEFTPADDING", (0, 0), (-1, -1), 0)]
    table.setStyle(TableStyle(rules))
    return [table, Spacer(1, layout.size * 0.5)]


def _table(grid: Grid, layout: PdfLayout, width: float) -> Table:
    columns = count_columns(grid.rows)
    align = grid.align or "l" * columns
    cells: list[list[Flowable | str]] = [[""] * columns for _ in grid.rows]
    rules: list[tuple] = [
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        *((f"{side}PADDING", (0, 0), (-1, -1), 2) for side in ("LEFT", "RIGHT", "TOP", "BOTTOM")),
    ]
    size = layout.size * (0.92 if columns < 9 else 0.8)
    for cell in place_cells(grid.rows):
        text = "\n".join(cell.text) if grid.upright and cell.down > 3 else cell.text
        side = "c" if cell.wide > 1 or (grid.upright and cell.down > 3) else align[cell.column]
        if text:
            cells[cell.row][cell.column] = _paragraph(text, layout, size, side, bold=cell.row < grid.header, after=0)
        if cell.wide > 1 or cell.down > 1:
            corner = (cell.column + cell.wide - 1, cell.row + cell.down - 1)
            rules.append(("SPAN", (cell.column, cell.row), corner))
    if grid.rules == "all":
        rules.append(("GRID", (0, 0), (-1, -1), 0.5, colors.black))
    elif grid.rules == "lines":
        rules.append(("LINEABOVE", (0, 0), (-1, 0), 0.9, colors.black))
        rules.append(("LINEBELOW", (0, max(0, grid.header - 1)), (-1, max(0, grid.header - 1)), 0.6, colors.black))
        rules.append(("LINEBELOW", (0, -1), (-1, -1), 0.9, colors.black))
    if layout.shaded:
        rules += [
            ("BACKGROUND", (0, n), (-1, n), colors.HexColor("#ececec")) for n in range(grid.header, len(cells), 2)
        ]
    shares = grid.widths or tuple(_shares(grid, columns))
    unit = width / sum(shares)
    return Table(cells, colWidths=[share * unit for share in shares], style=TableStyle(rules), repeatRows=0)


def _shares(grid: Grid, columns: int) -> list[float]:
    longest = [3.0] * columns
    for cell in place_cells(grid.rows):
        if cell.wide == 1 and not (grid.upright and cell.down > 3):
            length = sum(2 if ord(sign) > 0x2E80 else 1 for sign in cell.text)
            longest[cell.column] = max(longest[cell.column], min(length, 26.0))
    return [length + 2 for length in longest]
