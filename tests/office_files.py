"""The same document as an HTML, Word, spreadsheet, CSV, mail and Markdown file.

A document is a list of parts: a heading or a paragraph (a string, `#` before a heading), or a table: rows of texts, or
cells with spans as `generated_forms.FormCell`.
"""

from __future__ import annotations

import csv
import html
import io
import zipfile
from collections.abc import Mapping, Sequence
from email.message import EmailMessage
from xml.sax.saxutils import escape

from generated_forms import HEADINGS, FormCell, GrownForm, cells_by_row, fill_grid

Grid = Sequence[FormCell]
Parts = Sequence[str | Grid]

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_NAMESPACES = (
    f'xmlns:w="{W}" xmlns:r="{R}" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" '
    'xmlns:v="urn:schemas-microsoft-com:vml" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml"'
)


def parts_of(form: GrownForm) -> list[str | Grid]:
    """Return a generated form as a document of parts."""
    parts: list[str | Grid] = ["#青山县2021年报告"]
    for name, grid in zip(HEADINGS, form.grids, strict=True):
        parts += ["##" + name, grid]
    return parts


def table(*rows: Sequence[str]) -> list[FormCell]:
    """Return a table without spans."""
    return [FormCell(row, column, text) for row, texts in enumerate(rows) for column, text in enumerate(texts)]


def _level(part: str) -> tuple[int, str]:
    text = part.lstrip("#")
    return len(part) - len(text), text


def as_html(parts: Parts) -> bytes:
    out = []
    for part in parts:
        if isinstance(part, str):
            level, text = _level(part)
            tag = f"h{level}" if level else "p"
            lines = "<br>".join(html.escape(line) for line in text.split("\n"))
            out.append(f"<{tag}>{lines}</{tag}>")
            continue
        rows = "".join(
            "<tr>" + "".join(f"<td rowspan={s.down} colspan={s.wide}>{html.escape(s.text)}</td>" for s in row) + "</tr>"
            for row in cells_by_row(tuple(part))
        )
        out.append(f"<table>{rows}</table>")
    return ("<!doctype html><meta charset=utf-8><body>" + "\n".join(out)).encode()


# Word.


def run(text: str, properties: str = "") -> str:
    lines = "<w:br/>".join(
        "<w:tab/>".join(f'<w:t xml:space="preserve">{escape(piece)}</w:t>' for piece in line.split("\t"))
        for line in text.split("\n")
    )
    return f"<w:r>{f'<w:rPr>{properties}</w:rPr>' if properties else ''}{lines}</w:r>"


def paragraph(text: str, properties: str = "") -> str:
    return f"<w:p>{f'<w:pPr>{properties}</w:pPr>' if properties else ''}{run(text)}</w:p>"


def word_table(grid: Grid) -> str:
    """Return a table as Word writes it: a cell that spans rows is repeated, merged, in each of them."""
    places = {(s.row + down, s.column): (s, down) for s in grid for down in range(s.down)}
    rows = []
    for row in sorted({row for row, _ in places}):
        cells = []
        for _, (spot, down) in sorted((key, found) for key, found in places.items() if key[0] == row):
            merge = "" if spot.down == 1 else "<w:vMerge/>" if down else '<w:vMerge w:val="restart"/>'
            text = "" if down else spot.text
            cells.append(f'<w:tc><w:tcPr><w:gridSpan w:val="{spot.wide}"/>{merge}</w:tcPr>{paragraph(text)}</w:tc>')
        rows.append(f"<w:tr>{''.join(cells)}</w:tr>")
    return f"<w:tbl><w:tblPr/>{''.join(rows)}</w:tbl>"


def docx(body: str, parts: Mapping[str, str | bytes] = {}, section: str = "") -> bytes:
    """Return a Word file with this body; `parts` are its other parts by name: `header1`, `image1`..."""
    styles = "".join(
        f'<w:style w:type="paragraph" w:styleId="H{n}"><w:name w:val="heading {n}"/></w:style>' for n in range(1, 7)
    )
    written: dict[str, str | bytes] = {"styles": f"<w:styles {_NAMESPACES}>{styles}</w:styles>", **parts}
    relations = ""
    for name in written:
        kind, target = name.rstrip("0123456789"), f"{name}.xml"
        if kind == "image":
            target = f"media/{name}.png"
        relations += f'<Relationship Id="r-{name}" Type="{R}/{kind}" Target="{target}"/>'
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:

        def write(name: str, content: str | bytes) -> None:
            # A fixed time, so that the same document is the same bytes.
            package.writestr(zipfile.ZipInfo(name, (2021, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)

        write(
            "[Content_Types].xml",
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" '
            'ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.'
            'openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>',
        )
        top = f'<Relationship Id="r1" Type="{R}/officeDocument" Target="word/document.xml"/>'
        relationships = (
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
        )
        write("_rels/.rels", relationships.format(top))
        write("word/_rels/document.xml.rels", relationships.format(relations))
        write(
            "word/document.xml",
            f"<w:document {_NAMESPACES}><w:body>{body}<w:sectPr>{section}</w:sectPr></w:body></w:document>",
        )
        for name, content in written.items():
            if name.startswith("image"):
                write(f"word/media/{name}.png", content)
            else:
                write(f"word/{name}.xml", content)
    return file.getvalue()


def word_part(tag: str, content: str) -> str:
    return f"<w:{tag} {_NAMESPACES}>{content}</w:{tag}>"


def as_docx(parts: Parts) -> bytes:
    out = []
    for part in parts:
        if isinstance(part, str):
            level, text = _level(part)
            out.append(paragraph(text, f'<w:pStyle w:val="H{level}"/>' if level else ""))
        else:
            out.append(word_table(part) + "<w:p/>")
    return docx("".join(out))


# Spreadsheets and delimited text.


def as_xlsx(parts: Parts) -> bytes:
    """Return a workbook of one sheet, a blank row around every table."""
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    row = 1
    for part in parts:
        if isinstance(part, str):
            for line in _level(part)[1].split("\n"):
                sheet.cell(row, 1, line)
                row += 1
            continue
        for s in part:
            sheet.cell(row + s.row, 1 + s.column, s.text or None)
            if s.down * s.wide > 1:
                sheet.merge_cells(None, row + s.row, 1 + s.column, row + s.row + s.down - 1, s.column + s.wide)
        row += max(s.row + s.down for s in part) + 1
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def as_csv(parts: Parts, delimiter: str = ",") -> bytes:
    """Return all parts below one another, spans written in their first place, a blank line after every table."""
    file = io.StringIO()
    writer = csv.writer(file, delimiter=delimiter, lineterminator="\r\n")
    for part in parts:
        if isinstance(part, str):
            writer.writerows([line] for line in _level(part)[1].split("\n"))
            continue
        writer.writerows(fill_grid(tuple(part), again=False))
        writer.writerow([])
    return file.getvalue().encode()


# Mail and Markdown.


def as_eml(parts: Parts) -> bytes:
    message = EmailMessage()
    message["From"], message["To"] = "Records <records@example.org>", "desk@example.org"
    message["Subject"], message["Date"] = "The report", "Mon, 01 Mar 2021 09:00:00 +0800"
    message["Message-ID"] = "<1@example.org>"
    message.set_content("The report is in HTML.")
    message.add_alternative(as_html(parts).decode(), subtype="html")
    return message.as_bytes()


def as_markdown(parts: Parts) -> bytes:
    """Return pipe tables; one with spans is written as HTML, as Markdown has no spans."""
    out = []
    for part in parts:
        if isinstance(part, str):
            level, text = _level(part)
            out.append("#" * level + " " * (level > 0) + text)
        elif any(s.down * s.wide > 1 for s in part):
            out.append(as_html([part]).decode().partition("<body>")[2])
        else:
            rows = [[s.text.replace("|", "\\|") for s in row] for row in cells_by_row(tuple(part))]
            lines = [f"| {' | '.join(row)} |" for row in rows]
            out.append("\n".join([lines[0], "|" + " --- |" * len(rows[0]), *lines[1:]]))
    return "\n\n".join(out).encode() + b"\n"


WRITERS = {
    "report.docx": as_docx,
    "report.xlsx": as_xlsx,
    "report.csv": as_csv,
    "report.eml": as_eml,
    "report.md": as_markdown,
}
