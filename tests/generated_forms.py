"""Make annual disclosure reports of the form used since 2021 with random numbers, and write them out in several ways.

A form is three grids of cells with spans. A cell has a text and, where that is a value, the path of its field, so that
the right answer is known.
"""

from __future__ import annotations

import html
import random
from collections.abc import Sequence
from dataclasses import dataclass

from eval.making.disclosure import OUTCOMES, PEOPLE
from extractor.types import Path

HEADINGS = (
    "二、主动公开政府信息情况",
    "三、收到和处理政府信息公开申请情况",
    "四、因政府信息公开工作被申请行政复议、提起行政诉讼情况",
)
GROUPS = {
    "（三）不予公开": {
        "1.属于国家秘密": "refused.state_secret",
        "2.其他法律行政法规禁止公开": "refused.law_prohibits",
        "3.危及“三安全一稳定”": "refused.safety_stability",
        "4.保护第三方合法权益": "refused.third_party_rights",
    },
    "（四）无法提供": {
        "1.本机关不掌握相关政府信息": "unavailable.not_held",
        "2.没有现成信息需要另行制作": "unavailable.needs_making",
    },
    "（五）不予处理": {
        "1.信访举报投诉类申请": "not_processed.petition",
        "2.重复申请": "not_processed.repeated",
    },
}


@dataclass(frozen=True)
class FormCell:
    """A cell of a form on its place; `down` and `wide` are its spans, `path` is the field of a value."""

    row: int
    column: int
    text: str
    down: int = 1
    wide: int = 1
    path: Path = ()


@dataclass(frozen=True)
class GrownForm:
    """The grids of a form, and the right value of every field; None where nothing is printed."""

    grids: tuple[tuple[FormCell, ...], ...]
    truth: dict[Path, int | None]


def grow(seed: int, zero: str = "0") -> GrownForm:
    """Return a form in which about half of the numbers are zero, printed as `zero`."""
    chance = random.Random(seed)
    truth: dict[Path, int | None] = {}

    def values(row: int, first: int, prefix: str, names: Sequence[str], wide: int = 1) -> list[FormCell]:
        cells = []
        for number, name in enumerate(names):
            value = chance.choice((0, chance.randint(1, 9), 0, chance.randint(10, 3000)))
            path = tuple(f"{prefix}.{name}".split("."))
            truth[path] = value or (0 if zero == "0" else None)
            cells.append(FormCell(row, first + number, str(value) if value else zero, 1, wide, path))
        return cells

    published = [
        FormCell(0, 0, "第二十条第（一）项", 1, 4),
        *(FormCell(1, n, text) for n, text in enumerate(("信息内容", "本年制发件数", "本年废止件数", "现行有效件数"))),
        FormCell(2, 0, "规章"),
        *values(2, 1, "proactive.article_20_1.rules", ["issued", "repealed", "in_force"]),
        FormCell(3, 0, "第二十条第（五）项", 1, 4),
        FormCell(4, 0, "信息内容"),
        FormCell(4, 1, "本年处理决定数量", 1, 3),
        FormCell(5, 0, "行政许可"),
        *values(5, 1, "proactive.article_20_5.licences", ["decisions"], 3),
    ]
    requests = [
        FormCell(0, 0, "（本列数据的勾稽关系为：第一项加第二项之和，等于第三项加第四项之和）", 3, 3),
        FormCell(0, 3, "申请人情况", 1, 7),
        FormCell(1, 3, "自然人", 2),
        FormCell(1, 4, "法人或其他组织", 1, 5),
        FormCell(1, 9, "总计", 2),
        *(
            FormCell(2, 4 + n, text)
            for n, text in enumerate(("商业企业", "科研机构", "社会公益组织", "法律服务机构", "其他"))
        ),
        FormCell(3, 0, "一、本年新收政府信息公开申请数量", 1, 3),
        *values(3, 3, "applications.new", PEOPLE),
        FormCell(4, 0, "二、上年结转政府信息公开申请数量", 1, 3),
        *values(4, 3, "applications.carried_in", PEOPLE),
    ]
    lines = [("（一）予以公开", "granted"), *GROUPS.items(), ("（七）总计", "total")]
    row = 5
    for label, inside in lines:
        if isinstance(inside, str):
            requests += [FormCell(row, 1, label, 1, 2), *values(row, 3, f"applications.results.{inside}", PEOPLE)]
            row += 1
            continue
        requests.append(FormCell(row, 1, label, len(inside)))
        for inner, name in inside.items():
            requests += [FormCell(row, 2, inner), *values(row, 3, f"applications.results.{name}", PEOPLE)]
            row += 1
    requests += [FormCell(5, 0, "三、本年度办理结果", row - 5), FormCell(row, 0, "四、结转下年度继续办理", 1, 3)]
    requests += values(row, 3, "applications.carried_out", PEOPLE)
    names = ("结果维持", "结果纠正", "其他结果", "尚未审结", "总计")
    reviews = [
        FormCell(0, 0, "行政复议", 1, 5),
        FormCell(0, 5, "行政诉讼", 1, 10),
        *(FormCell(1, n, text, 2) for n, text in enumerate(names)),
        FormCell(1, 5, "未经复议直接起诉", 1, 5),
        FormCell(1, 10, "复议后起诉", 1, 5),
        *(FormCell(2, 5 + n, text) for n, text in enumerate(names * 2)),
        *values(3, 0, "reviews.reconsideration", OUTCOMES),
        *values(3, 5, "reviews.litigation.direct", OUTCOMES),
        *values(3, 10, "reviews.litigation.after_reconsideration", OUTCOMES),
    ]
    return GrownForm((tuple(published), tuple(requests), tuple(reviews)), truth)


def cells_by_row(grid: tuple[FormCell, ...]) -> list[list[FormCell]]:
    """Return the cells of each row, from left to right."""
    rows: dict[int, list[FormCell]] = {}
    for cell in sorted(grid, key=lambda cell: (cell.row, cell.column)):
        rows.setdefault(cell.row, []).append(cell)
    return list(rows.values())


def fill_grid(grid: tuple[FormCell, ...], again: bool) -> list[list[str]]:
    """Return the text at every place; the text of a span stands in its first place only, or in all of them `again`."""
    height, width = max(s.row + s.down for s in grid), max(s.column + s.wide for s in grid)
    full = [[""] * width for _ in range(height)]
    for cell in grid:
        for down in range(cell.down):
            for right in range(cell.wide):
                if again or not (down or right):
                    full[cell.row + down][cell.column + right] = cell.text
    return full


def _page(form: GrownForm, table, heading="<h3>{}</h3>") -> bytes:
    parts = [heading.format(name) + table(grid) for name, grid in zip(HEADINGS, form.grids, strict=True)]
    return ("<html><meta charset=utf-8><body><h1>青山县2021年报告</h1>" + "".join(parts) + "</body></html>").encode()


def _spans(grid: tuple[FormCell, ...], content) -> str:
    rows = "".join(
        "<tr>" + "".join(f"<td rowspan={s.down} colspan={s.wide}>{content(s)}</td>" for s in row) + "</tr>\n"
        for row in cells_by_row(grid)
    )
    return f"<table border=1>{rows}</table>"


def word_export(form: GrownForm) -> bytes:
    """Return HTML as a word processor writes it: a paragraph in every cell, narrow labels a character a line."""

    def content(cell: FormCell) -> str:
        parts = list(cell.text) if cell.down > 3 else [cell.text or "\xa0"]
        return "".join(
            f"<p class=MsoNormal align=center><b><span lang=EN-US>{html.escape(part[:2])}</span></b>"
            f"<span style='font-family:宋体'>{html.escape(part[2:])}<o:p></o:p></span></p>\n"
            for part in parts
        )

    heading = "<p class=MsoNormal><b><span style='font-size:16.0pt'>{}</span></b></p>"
    return _page(form, lambda grid: _spans(grid, content), heading)


def broken_headers(form: GrownForm) -> bytes:
    """Return HTML with headers broken by `<br>`, no-break spaces around values, and no headings between the tables."""

    def content(cell: FormCell) -> str:
        if cell.path:
            return f"&nbsp;{cell.text}&nbsp; "
        return f"{cell.text[:2]}<br>{cell.text[2:]}" if cell.wide == 1 and cell.row < 3 else cell.text

    return _page(form, lambda grid: _spans(grid, content), "<!-- {} -->")


def spans_written_out(form: GrownForm) -> bytes:
    """Return HTML with the text of a span in all of its places, as spreadsheets are exported."""

    def table(grid: tuple[FormCell, ...]) -> str:
        rows = "".join("<tr>" + "".join(f"<td>{t}</td>" for t in row) + "</tr>" for row in fill_grid(grid, again=True))
        return f"<table>{rows}</table>"

    return _page(form, table)


def one_table(form: GrownForm) -> bytes:
    """Return HTML with all three tables in one, each under a banner over its whole width."""
    cells: list[FormCell] = []
    top, width = 0, 60
    for name, grid in zip(HEADINGS, form.grids, strict=True):
        cells.append(FormCell(top, 0, name, 1, width))
        unit = width // max(s.column + s.wide for s in grid)
        cells += [FormCell(top + 1 + s.row, s.column * unit, s.text, s.down, s.wide * unit, s.path) for s in grid]
        top += 1 + max(s.row + s.down for s in grid)
    return ("<html><meta charset=utf-8><body>" + _spans(tuple(cells), lambda s: s.text) + "</body></html>").encode()


def _text(form: GrownForm, table) -> bytes:
    parts = [f"\n{name}\n\n{table(grid)}\n" for name, grid in zip(HEADINGS, form.grids, strict=True)]
    return ("青山县2021年报告\n" + "".join(parts) + "\n五、存在的问题\n").encode()


def tabs(form: GrownForm) -> bytes:
    """Return text with a line per row and cells between tabs; the other places of a span are empty."""
    return _text(form, lambda grid: "\n".join("\t".join(row) for row in fill_grid(grid, again=False)))


def tabs_short(form: GrownForm) -> bytes:
    """Return text with a line per row and cells between tabs; nothing stands where a span goes on."""
    return _text(form, lambda grid: "\n".join("\t".join(s.text for s in row) for row in cells_by_row(grid)))


def tabs_upright(form: GrownForm) -> bytes:
    """Return what `tabs_short` does with the narrow labels broken after every character, as browsers copy them."""

    def content(cell: FormCell) -> str:
        return "\n".join(cell.text) if cell.down > 3 else cell.text

    return _text(form, lambda grid: "\n".join("\t".join(content(s) for s in row) for row in cells_by_row(grid)))


def closed_bars(form: GrownForm) -> bytes:
    """Return text with a line per cell after a pipe, and an empty cell that closes every row."""
    return _text(
        form, lambda grid: "\n".join("\n".join(f"\t|{s.text}" for s in row) + "\n\t|" for row in cells_by_row(grid))
    )


def pdf(form: GrownForm, cut: int | None = None) -> bytes:
    """Return a PDF of ruled tables, narrow labels a character a line; the second goes on overleaf from row `cut`.

    The font is not in the file.
    """
    import io

    from reportlab.lib import colors
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate, Table, TableStyle

    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    style = ParagraphStyle("cell", fontName="STSong-Light", fontSize=8, leading=10, wordWrap="CJK", alignment=1)
    large = ParagraphStyle("heading", fontName="STSong-Light", fontSize=13, leading=20)

    def table(cells: list[FormCell]) -> Table:
        height, width = max(s.row + s.down for s in cells), max(s.column + s.wide for s in cells)
        content = [[""] * width for _ in range(height)]
        rules = [("GRID", (0, 0), (-1, -1), 0.5, colors.black), ("VALIGN", (0, 0), (-1, -1), "MIDDLE")]
        for s in cells:
            text = "<br/>".join(s.text) if s.down > 3 else s.text
            content[s.row][s.column] = Paragraph(text, style) if text else ""
            rules.append(("SPAN", (s.column, s.row), (s.column + s.wide - 1, s.row + s.down - 1)))
        rules += [(f"{side}PADDING", (0, 0), (-1, -1), 2) for side in ("LEFT", "RIGHT", "TOP", "BOTTOM")]
        widths = [24, 40, 100] + [46] * 7 if width == 10 else [486 / width] * width
        return Table(content, colWidths=widths, style=TableStyle(rules))

    story = [Paragraph("青山县2021年报告", large)]
    for name, grid in zip(HEADINGS, form.grids, strict=True):
        story.append(Paragraph(name, large))
        if cut is None or len(grid) < 100:
            story.append(table(list(grid)))
            continue
        upper = [s for s in grid if s.row < cut]
        lower = [s for s in grid if s.row >= cut]
        reaching = [s for s in upper if s.row + s.down > cut]
        upper = [FormCell(s.row, s.column, s.text, min(s.down, cut - s.row), s.wide, s.path) for s in upper]
        lower = [FormCell(s.row - cut, s.column, s.text, s.down, s.wide, s.path) for s in lower]
        lower += [FormCell(0, s.column, "", s.row + s.down - cut, s.wide) for s in reaching]
        story += [table(upper), PageBreak(), table(lower)]
    file = io.BytesIO()
    SimpleDocTemplate(file, pagesize=A4, leftMargin=50, rightMargin=50, invariant=1).build(story)
    return file.getvalue()


def pdf_over_two_pages(form: GrownForm) -> bytes:
    return pdf(form, cut=8)
