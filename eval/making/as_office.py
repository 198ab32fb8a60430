"""Blocks as a Word document or an Excel workbook, zipped with fixed dates so that the bytes stay the same."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

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

_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_EXCEL = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


@dataclass(frozen=True)
class OfficeLayout:
    """`form` is docx or xlsx."""

    form: str = "docx"


def write(blocks: Sequence[Block], layout: OfficeLayout) -> bytes:
    """Return the blocks as a Word document or an Excel workbook."""
    if layout.form == "xlsx":
        main, kind, parts = "xl/workbook.xml", "spreadsheetml.sheet.main", _workbook(blocks)
    else:
        main, kind, parts = (
            "word/document.xml",
            "wordprocessingml.document.main",
            {"word/document.xml": _document(blocks)},
        )
    types = "".join(
        f'<Override PartName="/{name}" ContentType="application/vnd.openxmlformats-officedocument.{_type(name, kind)}+xml"/>'
        for name in parts
        if name.endswith(".xml")
    )
    rels = '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    package = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">{rels}{types}</Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r1" Type="{_RELATIONS}/officeDocument" Target="{main}"/></Relationships>',
        **parts,
    }
    return _zipped(package)


def _type(name: str, main: str) -> str:
    return "spreadsheetml.worksheet" if "worksheets" in name else main


def _zipped(parts: Mapping[str, str]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in parts.items():
            # Stored, not deflated: what deflate makes of the same bytes differs between builds of zlib.
            archive.writestr(zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0)), (_HEAD + text).encode())
    return file.getvalue()


def _document(blocks: Sequence[Block]) -> str:
    body = "".join(_word(block) for block in blocks)
    return f'<w:document xmlns:w="{_WORD}"><w:body>{body}<w:sectPr/></w:body></w:document>'


def _run(text: str, extra: str = "") -> str:
    lines = '</w:t><w:br/><w:t xml:space="preserve">'.join(escape(line) for line in text.split("\n"))
    return f'<w:r>{f"<w:rPr>{extra}</w:rPr>" if extra else ""}<w:t xml:space="preserve">{lines}</w:t></w:r>'


def _para(text: str, properties: str = "", extra: str = "") -> str:
    inside = f"<w:pPr>{properties}</w:pPr>" if properties else ""
    return f"<w:p>{inside}{_run(text, extra) if text else ''}</w:p>"


def _word(block: Block) -> str:
    match block:
        case Heading(text=text, level=level):
            return _para(text, f'<w:outlineLvl w:val="{level - 1}"/>', "<w:b/>")
        case Text(text=text, align=align, bold=bold):
            sign = {"left": "left", "centre": "center", "right": "right"}[align]
            return _para(text, f'<w:jc w:val="{sign}"/>', "<w:b/>" if bold else "")
        case Pairs(pairs=pairs, colon=colon, boxed=False):
            return "".join(_para(f"{label}{colon}{value}") for label, value in pairs)
        case Pairs(pairs=pairs, columns=columns):
            flat = [text for pair in pairs for text in pair]
            wide = 2 * columns
            flat += [""] * (-len(flat) % wide)
            rows = tuple(tuple(flat[n : n + wide]) for n in range(0, len(flat), wide))
            return _word(Grid(rows, 0))
        case Grid():
            return _word_table(block)
        case Beside(left=left, right=right):
            halves = "".join(f"<w:tc>{''.join(_word(inner) for inner in side)}<w:p/></w:tc>" for side in (left, right))
            return (
                f"<w:tbl><w:tblPr/><w:tblGrid><w:gridCol/><w:gridCol/></w:tblGrid><w:tr>{halves}</w:tr></w:tbl><w:p/>"
            )
        case Hidden(text=text):
            return _para(text, "", "<w:vanish/>")
        case PageBreak():
            return '<w:p><w:r><w:br w:type="page"/></w:r></w:p>'
        case Rule():
            return _para("", '<w:pBdr><w:bottom w:val="single" w:sz="6" w:space="1" w:color="auto"/></w:pBdr>')


def _word_table(grid: Grid) -> str:
    columns = count_columns(grid.rows)
    cells = {(cell.row, cell.column): cell for cell in place_cells(grid.rows)}
    below = {(cell.row + d, cell.column): cell for cell in cells.values() for d in range(1, cell.down)}
    rows = []
    for row in range(len(grid.rows)):
        parts, column = [], 0
        while column < columns:
            cell, going_on = cells.get((row, column)), below.get((row, column))
            there = cell or going_on
            wide = there.wide if there else 1
            merge = "<w:vMerge/>" if going_on else '<w:vMerge w:val="restart"/>' if cell and cell.down > 1 else ""
            span = f'<w:gridSpan w:val="{wide}"/>' if wide > 1 else ""
            parts.append(f"<w:tc><w:tcPr>{span}{merge}</w:tcPr>{_para(cell.text if cell else '')}</w:tc>")
            column += wide
        rows.append("<w:tr>" + "".join(parts) + "</w:tr>")
    borders = "".join(
        f'<w:{side} w:val="single" w:sz="4"/>' for side in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    head = f"<w:tblPr><w:tblBorders>{borders}</w:tblBorders></w:tblPr><w:tblGrid>{'<w:gridCol/>' * columns}</w:tblGrid>"
    return f"<w:tbl>{head}{''.join(rows)}</w:tbl><w:p/>"


def _workbook(blocks: Sequence[Block]) -> dict[str, str]:
    rows, merged = _sheet_rows(blocks)
    lines = []
    for n, row in enumerate(rows, 1):
        cells = "".join(_cell(f"{_column(c)}{n}", text) for c, text in enumerate(row) if text)
        lines.append(f'<row r="{n}">{cells}</row>')
    over = "".join(f'<mergeCell ref="{place}"/>' for place in merged)
    merges = f'<mergeCells count="{len(merged)}">{over}</mergeCells>' if merged else ""
    return {
        "xl/workbook.xml": f'<workbook xmlns="{_EXCEL}" xmlns:r="{_RELATIONS}"><sheets><sheet name="Sheet1" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r1" Type="{_RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{_EXCEL}"><sheetData>{"".join(lines)}</sheetData>{merges}</worksheet>',
    }


def _cell(place: str, text: str) -> str:
    """Return a cell; whole numbers are stored as numbers, as in workbooks that people fill in."""
    if re.fullmatch(r"0|[1-9]\d{0,8}", text):
        return f'<c r="{place}"><v>{text}</v></c>'
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'


def _sheet_rows(blocks: Sequence[Block]) -> tuple[list[list[str]], list[str]]:
    rows: list[list[str]] = []
    merged: list[str] = []
    for block in blocks:
        match block:
            case Heading(text=text) | Text(text=text):
                rows += [[line] for line in text.split("\n")]
            case Pairs(pairs=pairs, columns=columns):
                flat = [text for pair in pairs for text in pair]
                rows += [flat[n : n + 2 * columns] for n in range(0, len(flat), 2 * columns)]
            case Grid(rows=inside):
                top = len(rows)
                part = [[""] * count_columns(inside) for _ in inside]
                for cell in place_cells(inside):
                    part[cell.row][cell.column] = cell.text
                    if cell.wide > 1 or cell.down > 1:
                        first = f"{_column(cell.column)}{top + cell.row + 1}"
                        merged.append(f"{first}:{_column(cell.column + cell.wide - 1)}{top + cell.row + cell.down}")
                rows += part
            case Beside(left=left, right=right):
                inner, _ = _sheet_rows(left)
                other, _ = _sheet_rows(right)
                inner += [[] for _ in range(len(other) - len(inner))]
                other += [[] for _ in range(len(inner) - len(other))]
                rows += [[*a, *[""] * (4 - len(a)), *b] for a, b in zip(inner, other, strict=True)]
            case Rule() | PageBreak():
                rows.append([])
            case Hidden():
                pass
    return rows, merged


def _column(number: int) -> str:
    return chr(65 + number) if number < 26 else chr(64 + number // 26) + chr(65 + number % 26)
