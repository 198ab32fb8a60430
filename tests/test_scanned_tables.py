"""Tables of scanned pages: ruling lines in pictures, cells set one to a line, and a rasterised form end to end."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from generated_forms import grow, pdf
from PIL import Image, ImageDraw, ImageFont

from eval.rasterised import bind_pictures, degrade, draw_pages, typeset_text
from extractor.candidates.table_cells import match_cells
from extractor.geometry import PlacedWord, Rect, RulingLine
from extractor.layout import TableBlock, find_grids, order_page
from extractor.ocr import line_strokes, ruling_lines
from extractor.ocr.line_strokes import LineStrokeSettings
from extractor.ocr.ruling_lines import RulingLineSettings, find_ruling_lines
from extractor.readers import read_bytes
from extractor.schemas import load_schema
from extractor.tables import PlacedLine, find_cell_per_line_tables
from extractor.values import normalisation

DPI = 150


def page_with_lines(lines, width=1200, height=900, ink=0, thickness=2, gaps=0) -> Image.Image:
    """Draw a page with lines (x0, y0, x1, y1) in pixels, each with `gaps` white pixels in every twenty."""
    picture = Image.new("L", (width, height), 255)
    pen = ImageDraw.Draw(picture)
    for x0, y0, x1, y1 in lines:
        if gaps:
            for at in range(0, max(x1 - x0, y1 - y0), 20):
                across = x1 > x0
                start = (x0 + at * across, y0 + at * (not across))
                end = (min(x1, start[0] + (20 - gaps) * across), min(y1, start[1] + (20 - gaps) * (not across)))
                pen.line((*start, *end), ink, thickness)
        else:
            pen.line((x0, y0, x1, y1), ink, thickness)
    return picture


MERGED = [
    *((100, y, 900, y) for y in (100, 200, 250, 300)),
    (300, 150, 900, 150),
    *((x, 100, x, 300) for x in (100, 300, 900)),
    *((x, 150, x, 300) for x in (500, 700)),
]
"""A corner over two rows, a header over three columns, and two rows below."""


def cells_of(picture: Image.Image, **how) -> list[tuple[int, int, int, int]]:
    gray = np.asarray(degrade(picture.convert("RGB"), **how).convert("L"))
    found = find_grids(*([line.scaled(72 / DPI) for line in lines] for lines in find_ruling_lines(gray, DPI)))
    return [(cell.row, cell.column, cell.row_span, cell.column_span) for grid in found for cell in grid.cells]


EXPECTED = [(0, 0, 2, 1), (0, 1, 1, 3), (1, 1, 1, 1), (1, 2, 1, 1), (1, 3, 1, 1)]
EXPECTED += [(row, column, 1, 1) for row in (2, 3) for column in range(4)]


@pytest.mark.parametrize(
    "pen", [{}, {"thickness": 1}, {"thickness": 5}, {"thickness": 8}, {"ink": 170}, {"gaps": 2}], ids=str
)
def test_thin_thick_faint_and_broken_lines_make_the_grid_that_was_drawn(pen):
    assert cells_of(page_with_lines(MERGED, **pen), turn=0.2, noise=8, quality=60) == EXPECTED


def test_shades_and_strokes_of_boxy_letters_are_no_lines():
    picture = page_with_lines([], ink=0)
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 0, 60, 899), 60)  # the shadow of a book's spine
    pen.rectangle((200, 100, 500, 200), 90)  # a filled box
    for row in range(6):
        for column in range(20):
            x, y = 200 + 26 * column, 400 + 34 * row
            pen.rectangle((x, y, x + 20, y + 20), outline=0, width=2)  # a boxy character
            pen.line((x + 10, y, x + 10, y + 20), 0, 2)
    gray = np.asarray(degrade(picture.convert("RGB"), 0.1, 8, 60).convert("L"))
    assert find_grids(*find_ruling_lines(gray, DPI)) == []


@pytest.mark.parametrize("gap", [2, 4, 7])
@pytest.mark.parametrize("shade", [255, 208])
def test_walls_close_to_letters_and_along_shades_are_lines(gap, shade):
    picture = Image.new("L", (1000, 500), 255)
    pen, face = ImageDraw.Draw(picture), ImageFont.load_default(16)
    rows, columns = [100 + 25 * n for n in range(9)], [100, 260, 430, 560]
    pen.rectangle((100, 100, 260, 300), shade)
    for y in rows:
        pen.line((100, y, 560, y), 0, 1)
    for x in columns:
        pen.line((x, 100, x, 300), 0, 1)
    for y in rows[:-1]:
        for x, text in zip(columns, ("Delivery HIJ: llt", "Dated 11/17/20", "WILLIHILL 1"), strict=False):
            pen.text((x + gap, y + 3), text, 0, face)
    expected = [(row, column, 1, 1) for row in range(8) for column in range(3)]
    assert cells_of(picture, turn=0, noise=3, quality=70) == expected


def test_lines_of_a_finer_picture_are_in_its_own_pixels():
    large = page_with_lines(MERGED).resize((2400, 1800), Image.Resampling.BICUBIC)
    horizontal, vertical = find_ruling_lines(np.asarray(large), 2 * DPI)
    assert [round(line.position / 20) * 20 for line in horizontal] == [200, 300, 400, 500, 600]
    assert [round(line.position / 20) * 20 for line in vertical] == [200, 600, 1000, 1400, 1800]


def test_recognised_words_that_jitter_still_make_a_table():
    chance = np.random.default_rng(3)
    words = []
    for row, texts in enumerate([("Item", "Price", "Total"), *((f"part{n}", f"{n}.50", f"{n}0.00") for n in range(5))]):
        for text, x in zip(texts, (60, 220, 330), strict=True):
            dx, dy, size = chance.normal(0, 0.5), chance.normal(0, 0.5), 10 + chance.normal(0, 0.4)
            base = 100 + 15 * row + dy
            box = Rect(x + dx, base - 0.75 * size, x + dx + 5 * len(text), base + 0.1 * size)
            words.append(PlacedWord(text, box, base, size, text_run=len(words), confidence=0.97))
    (table,) = [block for block in order_page(words) if isinstance(block, TableBlock)]
    assert {(cell.row, cell.column) for cell in table.cells} == {
        (row, column) for row in range(6) for column in range(3)
    }


# Cells set one to a line.

STACKED = """某县2020年报告

这里是一段说明文字，说明下面的表格里有些什么内容，以及这些数字是从哪里来的，应当怎样理解。
一、各项数量
\t申请人情况

\t
\t自然人

\t法人
\t总计

\t
\t
\t企业
\t学校
\t

\t一、新收
\t10
\t  2
\t 3
\t15

\t二、结转
\t1
\t0
\t 0
\t1


二、其他
没有其他需要报告的事项，本报告由某县人民政府办公室负责解释，欢迎社会各界提出意见和建议。
"""


def test_a_table_set_a_cell_to_a_line_gets_its_rows_and_merged_headers_back():
    document = read_bytes(typeset_text(STACKED.replace("\t申请人情况", "\t项目\n\t申请人情况")), "set.pdf")
    (table,) = document.tables
    values = {cell.text: (cell.row_path, cell.column_path) for cell in table.cells if not cell.header}
    assert values["15"] == (("一、新收",), ("申请人情况", "总计"))
    assert values["3"] == (("一、新收",), ("申请人情况", "法人", "学校"))
    assert table.caption == ("一、各项数量",)
    assert all(document.text[cell.start : cell.end].strip() == cell.text for cell in table.cells)


def test_prose_lists_and_addresses_are_no_stacked_tables():
    text = "Dear Sir,\n\nPhone\n12345\nRoom\n12\n\n1. first\n2. second\n3. third\n\nYours\nA. Person\n2020\n"
    assert read_bytes(typeset_text(text), "letter.pdf").tables == ()


def test_lines_that_lie_within_one_another_are_read():
    boxes = [Rect(x, 100 + x / 10, x + 8, 400 - x) for x in range(20, 120, 10)]
    text = "".join(f"{n}\n" for n in range(10))
    lines = [PlacedLine(2 * n, 2 * n + 1, 1, box) for n, box in enumerate(boxes)]
    assert find_cell_per_line_tables(text, lines) == []


def test_words_that_begin_anywhere_are_no_stacked_table():
    words = ("Town", "Houses", "Shops", "Ashford", "14", "33", "Calder", "22", "97", "Dunmore", "83", "51")
    text, scattered = "", []
    for number, word in enumerate(words):
        left, top = 60 + (number * 47) % 310, 100 + 14 * number
        box = Rect(left, top, left + 40, top + 12)
        scattered.append(PlacedLine(len(text), len(text) + len(word), 1, box))
        text += word + "\n"
    stacked = [replace(line, box=line.box._replace(x0=60, x1=100)) for line in scattered]
    assert len(find_cell_per_line_tables(text, stacked)) == 1
    assert not find_cell_per_line_tables(text, scattered)


def test_number_broken_at_the_end_of_a_line_of_chinese_is_one_number():
    line = "共" * 43
    document = read_bytes(typeset_text(f"{line}4956789条信息已经公开，其余信息仍在整理之中。"), "set.pdf")
    assert "4956789条" in document.text


# End to end.


def test_rasterised_form_keeps_its_fields(tmp_path, monkeypatch):
    """At 150 dpi, with two degrees of skew, noise and JPEG artefacts, 97 % of the numbers of a form are right."""
    monkeypatch.setenv("EXTRACTOR_CACHE", str(tmp_path))
    form = grow(1)
    pictures = [degrade(page, 2.0, 8, 60, seed) for seed, page in enumerate(draw_pages(pdf(form), DPI))]
    document = read_bytes(bind_pictures(pictures, DPI, 60), "scan.pdf")
    schema = load_schema("annual-disclosure-2021")
    fields = {field.path: field for field in schema.fields}
    found = {
        path: normalisation.normalise_value(fields[path], document.text[s.start : s.end], s.context).value
        for path, s in match_cells(schema.fields, document).items()
        if s.end > s.start
    }
    right = sum(found.get(path) == value for path, value in form.truth.items())
    assert right >= 0.97 * len(form.truth)
    assert all(word.from_ocr for page in document.pages for word in page.words)


# Pictures with more strokes than a page has.


def test_of_too_many_strokes_the_longest_count():
    strokes = [(RulingLine(float(n), 0.0, float(n * 7 % 11 + 1)), 0.0) for n in range(11)]
    settings = LineStrokeSettings(most_strokes=4)
    assert [line.length for line, _ in line_strokes._longest(strokes, settings)] == [8.0, 11.0, 10.0, 9.0]
    assert line_strokes._longest(strokes, LineStrokeSettings()) == strokes


def test_pieces_of_a_line_are_joined_whatever_else_is_on_the_page():
    network = ruling_lines._LineNetwork(np.zeros((4, 4), np.float32), 150.0, RulingLineSettings())
    draw = random.Random(3)
    pieces = [RulingLine(draw.uniform(0, 60), start, start + draw.uniform(5, 80)) for start in range(0, 600, 2)]
    lifted = [RulingLine(line.position + 500, line.start, line.end) for line in pieces]
    joined = network._bridge(pieces)
    assert len(joined) < len(pieces)
    assert [line for line in network._bridge([*pieces, *lifted]) if line.position < 250] == joined
    alone = [RulingLine(10.0, 0.0, 100.0), RulingLine(11.0, 104.0, 200.0)]
    far = [RulingLine(40.0 + 9 * n, 0.0, 100.0) for n in range(50)]
    (line,) = [each for each in network._bridge([*alone, *far]) if each.position < 20]
    assert (line.start, line.end) == (0.0, 200.0)
