"""Small files that hold as much as they can, each to be read within 20 CPU seconds: `python -m eval.crowded`.

    python -m eval.crowded                      every kind
    python -m eval.crowded --only csv,noise     some kinds
    python -m eval.crowded --list

Every file is made here, is smaller than a megabyte, and is read in a process of its own (`eval.fuzz.run_case`). Pages
that need OCR are one to a file: a scan of many pages takes as long as all of them (`page_pool.TimeBudget` ends it).
Exits with 1 where one took longer, or ended in an exception that has no name.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import sys
import zipfile
from collections.abc import Callable, Mapping

from eval.fuzz import CPU_SECONDS, MEMORY_MEGABYTES, Outcome, make_readers, run_case

MAX_BYTES = 1_000_000
GIVE_UP_SECONDS = 300
"""After so many seconds of CPU time a file is given up, and counts as endless."""


def many_cells() -> bytes:
    """Return a table of 400,000 cells of one figure each, separated by semicolons."""
    return b"\n".join(b";".join(b"%d" % ((row + n) % 10) for n in range(10)) for row in range(40_000))


def one_row() -> bytes:
    """Return a single line of 300,000 cells."""
    return b";".join(b"%d" % (n % 10) for n in range(300_000)) + b"\n1;2\n"


def long_line() -> bytes:
    """Return a text without a line break."""
    return b"word 12.50 " * 85_000


def short_lines() -> bytes:
    """Return a text of a figure on each line, which may be the cells of a table one below another."""
    return b"".join(b"%d\n" % (n % 1000) for n in range(240_000))


def labelled_lines() -> bytes:
    """Return a text of labels with values."""
    return b"".join(b"Label %d: %d.50\n" % (n, n) for n in range(45_000))


def aligned_columns() -> bytes:
    """Return a table in plain text whose columns are aligned by spaces."""
    return b"".join(b"article %05d     %6d     %8.2f\n" % (n, n % 100, n / 7) for n in range(24_000))


def page_of_cells() -> bytes:
    """Return a web page with one table of 60,000 cells."""
    rows = b"".join(b"<tr>" + b"<td>%d" % row * 6 for row in range(10_000))
    return b"<!doctype html><table>" + rows + b"</table>"


def page_of_tables() -> bytes:
    """Return a web page of 8,000 small tables."""
    return b"<!doctype html>" + b"".join(
        b"<table><tr><th>Article<th>Count<tr><td>Pen %d<td>%d</table>" % (n, n) for n in range(14_000)
    )


def page_of_elements() -> bytes:
    """Return a web page of elements within elements and beside one another, each with a style."""
    return b"<!doctype html>" + b'<p style="color:#123"><b><i><span>x</span></i></b>' * 18_000


def page_of_rules() -> bytes:
    """Return a web page whose style sheet has thousands of rules for as many elements."""
    rules = b"".join(b".c%d p{color:red}" % n for n in range(9_000))
    return b"<!doctype html><style>" + rules + b"</style>" + b"".join(b"<p class=c%d>x" % n for n in range(9_000)) * 4


def nested_lists() -> bytes:
    """Return JSON with lists of lists."""
    return json.dumps([[n, [n, n]] for n in range(33_000)]).encode()


def many_members() -> bytes:
    """Return JSON with 40,000 members of different names."""
    return json.dumps({f"name {n}": n for n in range(45_000)}).encode()


def many_elements() -> bytes:
    """Return XML of an element that repeats."""
    return b"<?xml version='1.0'?><list>" + b"<item><name>a</name><count>1</count></item>" * 22_000 + b"</list>"


def marked_lines() -> bytes:
    """Return Markdown of headings, emphasis, lists and links that are not closed."""
    return b"# Title\n\n" + b"* *a **b [c](d `e\n> " * 48_000


def many_headers() -> bytes:
    """Return a mail with long headers and a long body."""
    head = b"From: a@b.example\nTo: " + b", ".join(b"p%d@c.example" % n for n in range(20_000))
    return head + b"\nSubject: x\n\n" + b"line\n" * 100_000


def _zipped(members: Mapping[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def _word_file(body: str) -> bytes:
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
    package = "http://schemas.openxmlformats.org/package/2006"
    return _zipped(
        {
            "[Content_Types].xml": f'<Types xmlns="{package}/content-types"><Default Extension="rels" ContentType='
            f'"application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml" '
            f'ContentType="{kind}"/></Types>',
            "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" Type="{relation}" '
            f'Target="word/document.xml"/></Relationships>',
            "word/document.xml": f'<w:document xmlns:w="{_WORD}"><w:body>{body}</w:body></w:document>',
        }
    )


def many_paragraphs() -> bytes:
    """Return a Word document of paragraphs with figures that do not compress well."""
    draw = random.Random(1)
    return _word_file("".join(f"<w:p><w:r><w:t>{draw.random()}</w:t></w:r></w:p>" for _ in range(60_000)))


def many_word_cells() -> bytes:
    """Return a Word document with one table of 75,000 cells."""
    draw = random.Random(1)
    cell = "<w:tc><w:p><w:r><w:t>{}</w:t></w:r></w:p></w:tc>"
    rows = ("".join(cell.format(draw.randrange(10**6)) for _ in range(5)) for _ in range(15_000))
    return _word_file(f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in rows)}</w:tbl>")


def many_sheet_cells() -> bytes:
    """Return a workbook of as many cells as fit."""
    import openpyxl

    draw, book = random.Random(1), openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    for _ in range(18_000):
        sheet.append([draw.randrange(1000) for _ in range(10)])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def many_sheets() -> bytes:
    """Return a workbook of 400 sheets with a few regions each."""
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    for number in range(400):
        sheet = book.create_sheet(f"s{number}")
        for row in range(30):
            sheet.append([f"label {row}", row * number, None, None, "x", row] if row % 9 else [])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _pdf(draw_page: Callable[..., None], pages: int) -> bytes:
    from reportlab.pdfgen.canvas import Canvas

    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(595, 842), pageCompression=1)
    for number in range(pages):
        draw_page(canvas, number)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def many_pages() -> bytes:
    """Return a PDF of 1,000 pages of text."""

    def draw(canvas, number: int) -> None:
        for line in range(40):
            canvas.drawString(50, 800 - 18 * line, f"page {number} line {line} has a few words and {number * line}")

    return _pdf(draw, 1000)


def many_glyphs() -> bytes:
    """Return a PDF of one page with 200,000 characters, one over another."""

    def draw(canvas, number: int) -> None:
        for line in range(2000):
            canvas.drawString(20, 20 + line % 800, "abc 123 def 456 " * 6)

    return _pdf(draw, 1)


def many_rules() -> bytes:
    """Return a PDF of one page with a grid of 250 by 250 ruled cells, a figure in each tenth."""

    def draw(canvas, number: int) -> None:
        canvas.setFont("Helvetica", 2)
        for n in range(251):
            canvas.line(20 + 2 * n, 20, 20 + 2 * n, 820)
            canvas.line(20, 20 + 3.2 * n, 520, 20 + 3.2 * n)
        for n in range(6000):
            canvas.drawString(21 + 2 * (n * 7 % 250), 21 + 3.2 * (n * 11 % 250), str(n % 10))

    return _pdf(draw, 1)


def many_shapes() -> bytes:
    """Return a PDF of one page with 30,000 filled shapes and curves."""

    def draw(canvas, number: int) -> None:
        chance = random.Random(1)
        for _ in range(15_000):
            x, y = chance.randrange(20, 560), chance.randrange(20, 800)
            canvas.rect(x, y, 3, 2, fill=1)
            canvas.circle(x, y, 2, fill=0)
        canvas.drawString(50, 50, "words below")

    return _pdf(draw, 1)


def many_pictures() -> bytes:
    """Return a PDF of one page with text and 400 small pictures, each of which may hold words."""
    from PIL import Image
    from reportlab.lib.utils import ImageReader

    def draw(canvas, number: int) -> None:
        chance = random.Random(1)
        for n in range(400):
            picture = Image.effect_noise((24, 12), 80 + n % 40)
            canvas.drawImage(ImageReader(picture), 30 + n % 20 * 26, 40 + n // 20 * 38, 22, 14)
            canvas.drawString(30 + n % 20 * 26, 56 + n // 20 * 38, str(chance.randrange(100)))

    return _pdf(draw, 1)


def _picture(picture, **options) -> bytes:
    out = io.BytesIO()
    picture.save(out, **options)
    return out.getvalue()


def noise() -> bytes:
    """Return a picture of nothing but noise, in which OCR may see text everywhere."""
    from PIL import Image

    return _picture(Image.effect_noise((900, 1000), 120), format="PNG")


def black_and_white_noise() -> bytes:
    """Return a fax of 2,400 by 3,000 pixels of noise."""
    from PIL import Image

    return _picture(Image.frombytes("1", (2400, 3000), random.Random(1).randbytes(900_000)), format="TIFF")


def many_letters() -> bytes:
    """Return a picture of a page full of the smallest print."""
    from PIL import Image, ImageDraw, ImageFont

    page = Image.new("L", (3400, 3400), 255)
    pen, chance = ImageDraw.Draw(page), random.Random(1)
    font = ImageFont.load_default(16)
    for line in range(180):
        words = " ".join(str(chance.randrange(10 ** chance.randrange(1, 6))) for _ in range(75))
        pen.text((20, 20 + 18 * line), words, font=font, fill=0)
    return _picture(page.convert("1"), format="TIFF", compression="group4")


def many_rules_scanned() -> bytes:
    """Return a picture of squared paper with a figure in every square."""
    from PIL import Image, ImageDraw, ImageFont

    page = Image.new("L", (3000, 3000), 255)
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(18)
    for n in range(0, 3000, 30):
        pen.line((n, 0, n, 3000), fill=0)
        pen.line((0, n, 3000, n), fill=0)
    for n in range(100):
        for m in range(100):
            pen.text((n * 30 + 9, m * 30 + 4), str((n * m) % 10), font=font, fill=0)
    return _picture(page.convert("1"), format="TIFF", compression="group4")


KINDS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "csv": ("cells.csv", many_cells),
    "csv-row": ("row.csv", one_row),
    "line": ("line.txt", long_line),
    "lines": ("lines.txt", short_lines),
    "labels": ("labels.txt", labelled_lines),
    "columns": ("columns.txt", aligned_columns),
    "html-cells": ("cells.html", page_of_cells),
    "html-tables": ("tables.html", page_of_tables),
    "html-elements": ("elements.html", page_of_elements),
    "html-rules": ("rules.html", page_of_rules),
    "json-lists": ("lists.json", nested_lists),
    "json-members": ("members.json", many_members),
    "xml": ("elements.xml", many_elements),
    "markdown": ("marks.md", marked_lines),
    "mail": ("mail.eml", many_headers),
    "docx": ("paragraphs.docx", many_paragraphs),
    "docx-cells": ("cells.docx", many_word_cells),
    "xlsx": ("cells.xlsx", many_sheet_cells),
    "xlsx-sheets": ("sheets.xlsx", many_sheets),
    "pdf-pages": ("pages.pdf", many_pages),
    "pdf-glyphs": ("glyphs.pdf", many_glyphs),
    "pdf-rules": ("rules.pdf", many_rules),
    "pdf-shapes": ("shapes.pdf", many_shapes),
    "pdf-pictures": ("pictures.pdf", many_pictures),
    "noise": ("noise.png", noise),
    "noise-fax": ("noise.tif", black_and_white_noise),
    "letters": ("letters.tif", many_letters),
    "squares": ("squares.tif", many_rules_scanned),
}
"""For each kind, the name and the maker of its file."""


def read_kind(kind: str, cpu: int = GIVE_UP_SECONDS) -> tuple[int, Outcome]:
    """Return the size of the file of a kind, and how reading it ended."""
    name, make = KINDS[kind]
    data = make()
    return len(data), run_case(make_readers(None, only=True), name, data, cpu, MEMORY_MEGABYTES)


def main(argv: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m eval.crowded", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--only", default=",".join(KINDS), help="some kinds, separated by commas")
    parser.add_argument("--list", action="store_true", help="print the kinds, and read nothing")
    arguments = parser.parse_args(argv)
    kinds = [kind for kind in arguments.only.split(",") if kind]
    if unknown := set(kinds) - KINDS.keys():
        parser.error(f"there is no kind {', '.join(sorted(unknown))}; --list prints them")
    if arguments.list:
        print("\n".join(f"{kind}: {(KINDS[kind][1].__doc__ or '').strip()}" for kind in kinds))
        return 0
    os.environ["EXTRACTOR_OCR_CACHE"] = "off"
    bad = 0
    print("| kind | KB | ended | CPU seconds | MB |\n|---|---|---|---|---|")
    for kind in kinds:
        size, outcome = read_kind(kind)
        is_bad = outcome.kind not in ("ok", "named") or outcome.seconds > CPU_SECONDS or size > MAX_BYTES
        bad += is_bad
        ended = " ".join((outcome.kind, outcome.what)).strip() + (" **too long**" if is_bad else "")
        print(f"| {kind} | {size // 1000} | {ended} | {outcome.seconds:.1f} | {outcome.megabytes:,} |", flush=True)
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
