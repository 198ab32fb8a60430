"""Annual disclosure reports of the form used since 2021, grown with random numbers, and written out in several ways.

A form is three grids of cells with spans. A cell is its text and, where it holds a value, the path of its field; what
is printed is the truth by construction.
"""

from __future__ import annotations

import html
import random
from collections.abc import Sequence
from dataclasses import dataclass

from extractor.types import Path

PEOPLE = (
    "natural_person",
    "commercial_enterprise",
    "research_institution",
    "social_organization",
    "legal_service",
    "other",
    "total",
)
OUTCOMES = ("upheld", "corrected", "other", "pending", "total")
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
class Spot:
    row: int
    column: int
    text: str
    down: int = 1
    wide: int = 1
    path: Path = ()


@dataclass(frozen=True)
class Form:
    """The grids, and what every cell's field should come out as; None where nothing is printed."""

    grids: tuple[tuple[Spot, ...], ...]
    truth: dict[Path, int | None]


def grow(seed: int, zero: str = "0") -> Form:
    """A form in which about half of the numbers are zero, printed as `zero`."""
    chance = random.Random(seed)
    truth: dict[Path, int | None] = {}

    def values(row: int, first: int, prefix: str, names: Sequence[str], wide: int = 1) -> list[Spot]:
        spots = []
        for number, name in enumerate(names):
            value = chance.choice((0, chance.randint(1, 9), 0, chance.randint(10, 3000)))
            path = tuple(f"{prefix}.{name}".split("."))
            truth[path] = value or (0 if zero == "0" else None)
            spots.append(Spot(row, first + number, str(value) if value else zero, 1, wide, path))
        return spots

    published = [
        Spot(0, 0, "第二十条第（一）项", 1, 4),
        *(Spot(1, n, text) for n, text in enumerate(("信息内容", "本年制发件数", "本年废止件数", "现行有效件数"))),
        Spot(2, 0, "规章"),
        *values(2, 1, "proactive.article_20_1.rules", ["issued", "repealed", "in_force"]),
        Spot(3, 0, "第二十条第（五）项", 1, 4),
        Spot(4, 0, "信息内容"),
        Spot(4, 1, "本年处理决定数量", 1, 3),
        Spot(5, 0, "行政许可"),
        *values(5, 1, "proactive.article_20_5.licences", ["decisions"], 3),
    ]
    requests = [
        Spot(0, 0, "（本列数据的勾稽关系为：第一项加第二项之和，等于第三项加第四项之和）", 3, 3),
        Spot(0, 3, "申请人情况", 1, 7),
        Spot(1, 3, "自然人", 2),
        Spot(1, 4, "法人或其他组织", 1, 5),
        Spot(1, 9, "总计", 2),
        *(
            Spot(2, 4 + n, text)
            for n, text in enumerate(("商业企业", "科研机构", "社会公益组织", "法律服务机构", "其他"))
        ),
        Spot(3, 0, "一、本年新收政府信息公开申请数量", 1, 3),
        *values(3, 3, "applications.new", PEOPLE),
        Spot(4, 0, "二、上年结转政府信息公开申请数量", 1, 3),
        *values(4, 3, "applications.carried_in", PEOPLE),
    ]
    lines = [("（一）予以公开", "granted"), *GROUPS.items(), ("（七）总计", "total")]
    row = 5
    for label, inside in lines:
        if isinstance(inside, str):
            requests += [Spot(row, 1, label, 1, 2), *values(row, 3, f"applications.results.{inside}", PEOPLE)]
            row += 1
            continue
        requests.append(Spot(row, 1, label, len(inside)))
        for inner, name in inside.items():
            requests += [Spot(row, 2, inner), *values(row, 3, f"applications.results.{name}", PEOPLE)]
            row += 1
    requests += [Spot(5, 0, "三、本年度办理结果", row - 5), Spot(row, 0, "四、结转下年度继续办理", 1, 3)]
    requests += values(row, 3, "applications.carried_out", PEOPLE)
    names = ("结果维持", "结果纠正", "其他结果", "尚未审结", "总计")
    reviews = [
        Spot(0, 0, "行政复议", 1, 5),
        Spot(0, 5, "行政诉讼", 1, 10),
        *(Spot(1, n, text, 2) for n, text in enumerate(names)),
        Spot(1, 5, "未经复议直接起诉", 1, 5),
        Spot(1, 10, "复议后起诉", 1, 5),
        *(Spot(2, 5 + n, text) for n, text in enumerate(names * 2)),
        *values(3, 0, "reviews.reconsideration", OUTCOMES),
        *values(3, 5, "reviews.litigation.direct", OUTCOMES),
        *values(3, 10, "reviews.litigation.after_reconsideration", OUTCOMES),
    ]
    return Form((tuple(published), tuple(requests), tuple(reviews)), truth)


def _rows(grid: tuple[Spot, ...]) -> list[list[Spot]]:
    rows: dict[int, list[Spot]] = {}
    for spot in sorted(grid, key=lambda spot: (spot.row, spot.column)):
        rows.setdefault(spot.row, []).append(spot)
    return list(rows.values())


def _full(grid: tuple[Spot, ...], again: bool) -> list[list[str]]:
    """Every place of the grid: a span's text in its first place only, or in all of them."""
    height, width = max(s.row + s.down for s in grid), max(s.column + s.wide for s in grid)
    full = [[""] * width for _ in range(height)]
    for spot in grid:
        for down in range(spot.down):
            for right in range(spot.wide):
                if again or not (down or right):
                    full[spot.row + down][spot.column + right] = spot.text
    return full


def _page(form: Form, table, heading="<h3>{}</h3>") -> bytes:
    parts = [heading.format(name) + table(grid) for name, grid in zip(HEADINGS, form.grids, strict=True)]
    return ("<html><meta charset=utf-8><body><h1>青山县2021年报告</h1>" + "".join(parts) + "</body></html>").encode()


def _spans(grid: tuple[Spot, ...], cell) -> str:
    rows = "".join(
        "<tr>" + "".join(f"<td rowspan={s.down} colspan={s.wide}>{cell(s)}</td>" for s in row) + "</tr>\n"
        for row in _rows(grid)
    )
    return f"<table border=1>{rows}</table>"


def word_export(form: Form) -> bytes:
    """As a word processor writes HTML: a paragraph and two spans in every cell, narrow labels a character a line."""

    def cell(spot: Spot) -> str:
        parts = list(spot.text) if spot.down > 3 else [spot.text or "\xa0"]
        return "".join(
            f"<p class=MsoNormal align=center><b><span lang=EN-US>{html.escape(part[:2])}</span></b>"
            f"<span style='font-family:宋体'>{html.escape(part[2:])}<o:p></o:p></span></p>\n"
            for part in parts
        )

    heading = "<p class=MsoNormal><b><span style='font-size:16.0pt'>{}</span></b></p>"
    return _page(form, lambda grid: _spans(grid, cell), heading)


def broken_headers(form: Form) -> bytes:
    """Headers broken by `<br>`, values with no-break spaces around them, no headings between the tables."""

    def cell(spot: Spot) -> str:
        if spot.path:
            return f"&nbsp;{spot.text}&nbsp; "
        return f"{spot.text[:2]}<br>{spot.text[2:]}" if spot.wide == 1 and spot.row < 3 else spot.text

    return _page(form, lambda grid: _spans(grid, cell), "<!-- {} -->")


def spans_written_out(form: Form) -> bytes:
    """Every place of a span holds its text again, as spreadsheets are exported."""

    def table(grid: tuple[Spot, ...]) -> str:
        rows = "".join("<tr>" + "".join(f"<td>{t}</td>" for t in row) + "</tr>" for row in _full(grid, again=True))
        return f"<table>{rows}</table>"

    return _page(form, table)


def one_table(form: Form) -> bytes:
    """All three tables in one, each under a banner over its whole width."""
    spots: list[Spot] = []
    top, width = 0, 60
    for name, grid in zip(HEADINGS, form.grids, strict=True):
        spots.append(Spot(top, 0, name, 1, width))
        unit = width // max(s.column + s.wide for s in grid)
        spots += [Spot(top + 1 + s.row, s.column * unit, s.text, s.down, s.wide * unit, s.path) for s in grid]
        top += 1 + max(s.row + s.down for s in grid)
    return ("<html><meta charset=utf-8><body>" + _spans(tuple(spots), lambda s: s.text) + "</body></html>").encode()


def _text(form: Form, table) -> bytes:
    parts = [f"\n{name}\n\n{table(grid)}\n" for name, grid in zip(HEADINGS, form.grids, strict=True)]
    return ("青山县2021年报告\n" + "".join(parts) + "\n五、存在的问题\n").encode()


def tabs(form: Form) -> bytes:
    """A line per row, cells between tabs, a span's other places empty."""
    return _text(form, lambda grid: "\n".join("\t".join(row) for row in _full(grid, again=False)))


def tabs_short(form: Form) -> bytes:
    """A line per row, cells between tabs, nothing where a span goes on."""
    return _text(form, lambda grid: "\n".join("\t".join(s.text for s in row) for row in _rows(grid)))


def tabs_upright(form: Form) -> bytes:
    """As `tabs_short`, with the narrow labels broken after every character, as browsers copy them."""

    def cell(spot: Spot) -> str:
        return "\n".join(spot.text) if spot.down > 3 else spot.text

    return _text(form, lambda grid: "\n".join("\t".join(cell(s) for s in row) for row in _rows(grid)))


def closed_bars(form: Form) -> bytes:
    """A line per cell behind a bar, and an empty cell that closes every row."""
    return _text(form, lambda grid: "\n".join("\n".join(f"\t|{s.text}" for s in row) + "\n\t|" for row in _rows(grid)))


def pdf(form: Form, cut: int | None = None) -> bytes:
    """Ruled tables in a font that is not in the file, narrow labels a character a line, the second cut before `cut`."""
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

    def table(spots: list[Spot]) -> Table:
        height, width = max(s.row + s.down for s in spots), max(s.column + s.wide for s in spots)
        cells = [[""] * width for _ in range(height)]
        rules = [("GRID", (0, 0), (-1, -1), 0.5, colors.black), ("VALIGN", (0, 0), (-1, -1), "MIDDLE")]
        for s in spots:
            text = "<br/>".join(s.text) if s.down > 3 else s.text
            cells[s.row][s.column] = Paragraph(text, style) if text else ""
            rules.append(("SPAN", (s.column, s.row), (s.column + s.wide - 1, s.row + s.down - 1)))
        rules += [(f"{side}PADDING", (0, 0), (-1, -1), 2) for side in ("LEFT", "RIGHT", "TOP", "BOTTOM")]
        widths = [24, 40, 100] + [46] * 7 if width == 10 else [486 / width] * width
        return Table(cells, colWidths=widths, style=TableStyle(rules))

    story = [Paragraph("青山县2021年报告", large)]
    for name, grid in zip(HEADINGS, form.grids, strict=True):
        story.append(Paragraph(name, large))
        if cut is None or len(grid) < 100:
            story.append(table(list(grid)))
            continue
        upper = [s for s in grid if s.row < cut]
        lower = [s for s in grid if s.row >= cut]
        reaching = [s for s in upper if s.row + s.down > cut]
        upper = [Spot(s.row, s.column, s.text, min(s.down, cut - s.row), s.wide, s.path) for s in upper]
        lower = [Spot(s.row - cut, s.column, s.text, s.down, s.wide, s.path) for s in lower]
        lower += [Spot(0, s.column, "", s.row + s.down - cut, s.wide) for s in reaching]
        story += [table(upper), PageBreak(), table(lower)]
    file = io.BytesIO()
    SimpleDocTemplate(file, pagesize=A4, leftMargin=50, rightMargin=50, invariant=1).build(story)
    return file.getvalue()


def pdf_over_two_pages(form: Form) -> bytes:
    return pdf(form, cut=8)
