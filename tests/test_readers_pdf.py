"""PDFs made here with reportlab: words with boxes, reading order, ruled and unruled tables, broken files."""

from __future__ import annotations

import io

import pytest
from reportlab.lib import colors, pdfencrypt
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from extractor import ocr
from extractor.errors import InputError
from extractor.ocr import ScannedPage
from extractor.readers import pdf, read_bytes
from extractor.readers.pdf_text import TextReader
from extractor.tables import collapse_whitespace

WIDTH, HEIGHT = A4
pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))


def drawn(draw, **options) -> bytes:
    """Return a PDF of what `draw` puts on a canvas; `line(x, top, text, size, font)` counts from the top."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4, **options)

    def line(x, top, text, size=10, font="Helvetica"):
        canvas.setFont(font, size)
        canvas.drawString(x, HEIGHT - top, text)

    draw(canvas, line)
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def flowed(*story) -> bytes:
    buffer = io.BytesIO()
    SimpleDocTemplate(buffer, pagesize=A4).build(list(story))
    return buffer.getvalue()


def read(data: bytes):
    """Return the document after checking what holds of every document."""
    document = read_bytes(data, "made.pdf")
    for page in document.pages:
        for word in page.words:
            assert document.text[word.start : word.end] == word.text
            assert not any(character.isspace() for character in word.text)
            assert word.box.page == page.number
            assert page.start <= word.start < word.end <= page.end
    for table in document.tables:
        for cell in table.cells:
            assert cell.text == collapse_whitespace(document.text[cell.start : cell.end])
            assert table.start <= cell.start <= cell.end <= table.end
    return document


def kinds(document) -> list[tuple[str, str]]:
    return [(block.kind, document.text[block.start : block.end]) for block in document.blocks]


def test_words_have_boxes_in_points_from_the_top_left():
    document = read(drawn(lambda canvas, line: line(100, 200, "Total amount", 12)))
    first, second = document.pages[0].words
    assert (first.text, second.text) == ("Total", "amount")
    assert first.box.x0 == pytest.approx(100, abs=1)
    assert first.box.top < 200 < first.box.bottom + 1
    assert 10 < first.box.bottom - first.box.top < 18
    assert second.box.x0 > first.box.x1
    assert (document.pages[0].width, document.pages[0].height) == pytest.approx((WIDTH, HEIGHT), abs=0.1)


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_rotated_page_is_read_as_displayed(rotation):
    def draw(canvas, line):
        canvas.setPageRotation(rotation)
        # Drawn turned the other way, so that it stands upright once the page is rotated.
        canvas.translate(*{90: (WIDTH, 0), 180: (WIDTH, HEIGHT), 270: (0, WIDTH)}[rotation])
        canvas.rotate(rotation)
        canvas.setFont("Helvetica", 12)
        canvas.drawString(50, 400, "upper line")
        canvas.drawString(50, 300, "lower line")

    document = read(drawn(draw))
    assert document.text.split() == ["upper", "line", "lower", "line"]
    upper, _, lower, _ = document.pages[0].words
    assert upper.box.x0 == pytest.approx(50, abs=1)
    assert lower.box.top - upper.box.top == pytest.approx(100, abs=1)
    high = document.pages[0].height
    assert 0 < upper.box.top < upper.box.bottom < high


def test_sideways_text_is_read_upright_and_keeps_its_boxes():
    def draw(canvas, line):
        canvas.translate(300, 100)
        canvas.rotate(90)
        canvas.setFont("Helvetica", 12)
        canvas.drawString(0, 0, "first line of the page")
        canvas.drawString(0, -20, "second line of the page")

    document = read(drawn(draw))
    assert document.text.split("\n")[:2] == ["first line of the page", "second line of the page"]
    first = document.pages[0].words[0].box
    assert first.x0 < 300 < first.x1 + 4
    assert first.bottom == pytest.approx(HEIGHT - 100, abs=1)
    assert first.bottom - first.top > first.x1 - first.x0


def test_chinese_has_no_spaces_and_figures_are_words():
    def draw(canvas, line):
        line(80, 100, "2020年全县主动公开政府信息13717条。", 12, "STSong-Light")

    document = read(drawn(draw))
    assert document.text.strip() == "2020年全县主动公开政府信息13717条。"
    assert "13717" in [word.text for word in document.pages[0].words]


def test_wrapped_chinese_joins_without_and_english_with_a_space():
    chinese = ParagraphStyle("zh", fontName="STSong-Light", fontSize=11, leading=16, wordWrap="CJK")
    sentence = "为了进一步做好政府信息公开工作，各乡镇和政府各部门及时完善相应工作机制，明确人员具体承担任务，" * 3
    english = "The parties agree that the amounts stated below are final and that no further claims will be made. " * 4
    document = read(flowed(Paragraph(sentence, chinese), Spacer(1, 30), Paragraph(english)))
    assert sentence in document.text
    assert english.strip() in document.text


def test_label_above_value_is_one_block():
    def draw(canvas, line):
        for x, label, value in ((60, "Advertiser", "Green Valley Foods"), (300, "Estimate", "8549")):
            line(x, 100, label, 8)
            line(x, 112, value, 8, "Helvetica-Bold")

    texts = [text for _, text in kinds(read(drawn(draw)))]
    assert "Advertiser\nGreen Valley Foods" in texts
    assert "Estimate\n8549" in texts


def test_boxed_form_is_read_box_by_box():
    def draw(canvas, line):
        for x, top, label, value in (
            (60, 100, "Contract / Revision", "2009786"),
            (200, 100, "Order", "09823523"),
            (60, 130, "Buyer", "Priory Action"),
            (200, 130, "Dates", "10/27/20 - 11/02/20"),
        ):
            canvas.rect(x, HEIGHT - top - 30, 140, 30)
            line(x + 3, top + 10, label, 7)
            line(x + 3, top + 24, value, 10, "Helvetica-Bold")

    document = read(drawn(draw))
    assert [text for _, text in kinds(document)] == [
        "Contract / Revision\n2009786",
        "Order\n09823523",
        "Buyer\nPriory Action",
        "Dates\n10/27/20 - 11/02/20",
    ]
    assert not document.tables


def test_label_and_value_side_by_side_stay_on_one_line():
    def draw(canvas, line):
        for row, (label, value) in enumerate((("Invoice", "7460416"), ("Terms", "CIA"), ("Period", "5/25 - 5/31"))):
            line(60, 100 + 16 * row, label, 8, "Helvetica-Bold")
            line(150, 102 + 16 * row, value, 10)

    assert read(drawn(draw)).text.strip().split("\n") == ["Invoice\t7460416", "Terms\tCIA", "Period\t5/25 - 5/31"]


def test_address_beside_a_form_is_a_block_of_its_own():
    def draw(canvas, line):
        for row, text in enumerate(("Green Valley", "59 Franklin Street", "Atlanta, GA 30324")):
            line(60, 100 + 14 * row, text, 11, "Helvetica-Bold")
        for row, (label, value) in enumerate(
            (("Order", "957299"), ("Deal", "A-1"), ("Flight", "03/12"), ("Type", "Cash"))
        ):
            line(350, 95 + 19 * row, label, 8)
            line(430, 95 + 19 * row, value, 8)

    lines = [line for line in read(drawn(draw)).text.split("\n") if line]
    assert lines[:3] == ["Green Valley", "59 Franklin Street", "Atlanta, GA 30324"]
    assert lines[3:] == ["Order\t957299", "Deal\tA-1", "Flight\t03/12", "Type\tCash"]


def test_columns_of_prose_are_read_one_after_the_other():
    left = [f"left column sentence number {number} goes on" for number in range(8)]
    right = [f"right column sentence number {number} goes on" for number in range(8)]

    def draw(canvas, line):
        for row in range(8):
            line(60, 100 + 13 * row, left[row])
            line(320, 100 + 13 * row, right[row])

    words = read(drawn(draw)).text.split()
    assert words == " ".join(left + right).split()


def test_touching_text_objects_are_split_at_columns():
    def draw(canvas, line):
        for row, (station, date) in enumerate((("WMOR", "10/27/20"), ("WMOR", "10/31/20"), ("WABC", "11/01/20"))):
            line(60, 100 + 30 * row, station)
            line(60 + pdfmetrics.stringWidth("WMOR", "Helvetica", 10), 100 + 30 * row, date)

    words = [word.text for word in read(drawn(draw)).pages[0].words]
    assert "WMOR10/27/20" not in words
    assert {"WMOR", "10/27/20", "11/01/20"} <= set(words)


RULED = [("GRID", (0, 0), (-1, -1), 0.5, colors.black)]


@pytest.mark.parametrize("at_once", [True, False])
def test_upright_letters_set_aslant_keep_the_spaces_between_their_words(at_once):
    def draw(canvas, line):
        canvas.transform(1, 0, 0.36, 1, 100, 600)
        canvas.setFont("Helvetica", 10)
        x = 0.0
        for text in ("Tariff", "valid", "from"):
            for part in (text,) if at_once else text:
                canvas.drawString(x, 0, part)
                x += pdfmetrics.stringWidth(part, "Helvetica", 10)
            x += 2.0

    document = read(drawn(draw))
    assert document.text.strip() == "Tariff valid from"
    tariff, valid, _ = document.pages[0].words
    assert tariff.box.x0 == pytest.approx(100, abs=0.5)
    assert valid.box.x0 - tariff.box.x1 == pytest.approx(2, abs=0.5)


def test_words_drawn_letter_by_letter_are_not_parted_where_figures_below_begin():
    def spelled(line, x, top, text):
        for character in text:
            line(x, top, character)
            x += pdfmetrics.stringWidth(character, "Helvetica", 10)

    def draw(canvas, line):
        spelled(line, 100, 100, "Telephone 04512 777 888, on workdays")
        for number in range(6):
            at = 100 + pdfmetrics.stringWidth("Telephone 04512 ", "Helvetica", 10)
            spelled(line, 40, 140 + 14 * number, f"Harbour dues {number}")
            spelled(line, at, 140 + 14 * number, f"{31 + number}.50")

    text = read(drawn(draw)).text
    assert "Telephone 04512 777 888, on workdays" in text
    assert "Harbour dues 3\t34.50" in text


def of_type_3(text: str) -> bytes:
    """Return a PDF that writes text in a font whose boxes are those of the ink: letters are blocks, a dash is low."""
    glyphs = {"a": b"600 0 50 0 550 500 d1 50 0 500 500 re f", "b": b"600 0 50 220 550 270 d1 50 220 500 50 re f"}
    page = b"BT /F 10 Tf 100 700 Td (" + text.replace("-", "b").encode() + b") Tj ET"
    streams = [
        *glyphs.values(),
        page,
        b"/CIDInit begincmap 1 begincodespacerange <00> <FF> endcodespacerange "
        b"2 beginbfchar <61> <0061> <62> <2013> endbfchar endcmap",
    ]
    bodies = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 7 0 R/Resources<</Font<</F 4 0 R>>>>>>",
        b"<</Type/Font/Subtype/Type3/FontBBox[0 0 0 0]/FontMatrix[.001 0 0 .001 0 0]/FirstChar 97/LastChar 98"
        b"/Widths[600 600]"
        b"/Encoding<</Differences[97/a/b]>>/CharProcs<</a 5 0 R/b 6 0 R>>/ToUnicode 8 0 R/Resources<<>>>>",
        *(b"<</Length %d>>stream\n%s\nendstream" % (len(each), each) for each in streams),
    ]
    data, places = b"%PDF-1.4\n", []
    for number, body in enumerate(bodies, start=1):
        places.append(len(data))
        data += b"%d 0 obj%s endobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(bodies) + 1, len(data))
    return data + b"xref\n0 %d\n0000000000 65535 f \n%s%s" % (len(bodies) + 1, table, trailer)


def test_dash_in_a_font_without_heights_is_not_taken_for_tiny_text():
    assert kinds(read(of_type_3("-"))) == [("paragraph", "–")]
    assert read(of_type_3("a-a")).text.strip() == "a–a"


def ruled(rows, *styles, **options):
    return Table(rows, style=TableStyle([*RULED, *styles]), **options)


def test_merged_cells_of_a_ruled_table_have_spans():
    rows = [
        ["Item", "Applications", "", "Total"],
        ["", "persons", "firms", ""],
        ["granted", "10", "2", "12"],
        ["refused", "3", "0", "3"],
    ]
    spans = [("SPAN", (0, 0), (0, 1)), ("SPAN", (1, 0), (2, 0)), ("SPAN", (3, 0), (3, 1))]
    document = read(flowed(Paragraph("Applications received"), ruled(rows, *spans)))
    (table,) = document.tables
    cells = {(cell.row, cell.column): cell for cell in table.cells}
    assert (table.rows, table.columns) == (4, 4)
    assert (cells[0, 0].row_span, cells[0, 1].column_span, cells[0, 3].row_span) == (2, 2, 2)
    assert cells[2, 2].text == "2"
    assert cells[2, 2].column_path == ("Applications", "firms")
    assert cells[2, 2].row_path == ("granted",)
    assert cells[2, 2].box.page == 1 and cells[2, 2].box.x0 > cells[2, 1].box.x0
    assert "granted\t10\t2\t12\n" in document.text
    assert ("table", document.text[table.start : table.end]) in kinds(document)


def test_table_without_side_rules_is_found():
    rows = [["Name", "Count", "Sum"], ["A", "1", "10"], ["B", "2", "20"], ["C", "3", "30"]]
    style = [("LINEBEFORE", (1, 0), (-1, -1), 0.5, colors.black)]
    style += [("LINEABOVE", (0, row), (-1, row), 0.5, colors.black) for row in range(4)]
    style += [("LINEBELOW", (0, 3), (-1, 3), 0.5, colors.black)]
    (table,) = read(flowed(Table(rows, colWidths=80, style=TableStyle(style)))).tables
    assert (table.rows, table.columns) == (4, 3)
    assert [cell.text for cell in table.cells if cell.column == 0] == ["Name", "A", "B", "C"]


def test_wrapped_cell_is_one_text_and_its_row_one_line():
    style = ParagraphStyle("zh", fontName="STSong-Light", fontSize=10, wordWrap="CJK")
    narrow = Paragraph("本年新制作规范性文件数量", style)
    rows = [[narrow, "Count"], ["a", "1"], ["b", "2"]]
    document = read(flowed(ruled(rows, colWidths=[50, 80])))
    assert document.tables[0].cells[0].text == "本年新制作规范性文件数量"
    assert "本年新制作规范性文件数量\tCount\n" in document.text


@pytest.mark.parametrize("wall", [170, 176, 182, 188, 194])
def test_text_that_runs_over_the_wall_of_its_cell_stays_in_it(wall):
    def draw(canvas, line):
        rows = (
            ("Payee", "Voucher", "Sum"),
            ("Harbour Office of the Northern Reach", "N-41", "310.00"),
            ("Quay", "N-42", "8"),
        )
        for row, texts in enumerate(rows):
            for x, text in zip((64, 252, 310), texts, strict=True):
                line(x, 100 + 20 * row, text, 9)
        for x in (60, wall, 300, 360):
            canvas.line(x, HEIGHT - 86, x, HEIGHT - 146)
        for row in range(4):
            canvas.line(60, HEIGHT - 86 - 20 * row, 360, HEIGHT - 86 - 20 * row)

    (table,) = read(drawn(draw)).tables
    cells = {(cell.row, cell.column): cell.text for cell in table.cells}
    assert (cells[1, 0], cells[1, 1], cells[2, 1]) == ("Harbour Office of the Northern Reach", "N-41", "N-42")


def test_table_continued_overleaf_is_joined_without_its_repeated_header():
    rows = [["No", "Name", "Amount"], *([str(number), f"name {number}", str(number * 7)] for number in range(1, 91))]
    document = read(flowed(ruled(rows, repeatRows=1, colWidths=[60, 120, 80])))
    assert len(document.pages) > 1
    (table,) = document.tables
    assert table.pages == tuple(range(1, len(document.pages) + 1))
    assert (table.rows, table.columns) == (91, 3)
    last = [cell for cell in table.cells if cell.row == 90]
    assert [cell.text for cell in last] == ["90", "name 90", "630"]
    assert last[2].column_path == ("Amount",)
    assert last[2].box.page == len(document.pages)


def test_table_with_other_columns_overleaf_is_not_joined():
    document = read(flowed(ruled([["a", "b"], ["1", "2"]]), PageBreak(), ruled([["a", "b", "c"], ["1", "2", "3"]])))
    assert [(table.pages, table.columns) for table in document.tables] == [((1,), 2), ((2,), 3)]


def draw_over_break(canvas, line):
    """Draw a table whose walls run to the foot of the page, and begin anew overleaf, with no border at the break."""

    def rows(texts, top):
        for number, (name, count) in enumerate(texts):
            line(180, top + 20 * number + 14, name)
            line(280, top + 20 * number + 14, count)
            if number:
                canvas.line(170, HEIGHT - top - 20 * number, 370, HEIGHT - top - 20 * number)

    def walls(top, bottom):
        for x in (100, 170, 270, 370):
            canvas.line(x, HEIGHT - top, x, HEIGHT - bottom)

    canvas.line(100, HEIGHT - 740, 370, HEIGHT - 740)
    canvas.line(100, HEIGHT - 760, 370, HEIGHT - 760)
    walls(740, 800)
    rows([("Name", "Count"), ("A", "1"), ("B", "2")], 740)
    line(110, 754, "Group")
    line(110, 780, "First")
    canvas.showPage()
    canvas.line(100, HEIGHT - 100, 370, HEIGHT - 100)
    canvas.line(100, HEIGHT - 140, 370, HEIGHT - 140)
    walls(60, 140)
    rows([("C", "3"), ("D", "4"), ("E", "5"), ("F", "6")], 60)
    line(110, 114, "Second")


def test_table_and_its_merged_label_go_on_over_a_page_break_without_borders():
    (table,) = read(drawn(draw_over_break)).tables
    assert [cell.text for cell in table.cells if cell.column == 1] == ["Name", "A", "B", "C", "D", "E", "F"]
    counts = {cell.text: cell.row_path for cell in table.cells if cell.column == 2 and cell.row}
    assert counts["2"] == ("First", "B") and counts["3"] == ("First", "C") and counts["5"] == ("Second", "E")


def test_characters_set_downwards_stay_in_their_column():
    upright = UnicodeCIDFont("STSong-Light", isVertical=True)
    pdfmetrics.registerFont(upright)

    def draw(canvas, line):
        # The box that pdfium gives is 200 points wide for type of size 200 that a matrix reduces to 10.
        for number, character in enumerate("本年度"):
            canvas.saveState()
            canvas.transform(0.05, 0, 0, 0.05, 100, 700 - 10 * number)
            canvas.setFont(upright.fontName, 200)
            canvas.drawString(0, 0, character)
            canvas.restoreState()

    words = read(drawn(draw)).pages[0].words
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    assert [word.text for word in words] == ["本", "年", "度"]
    assert all(word.box.x1 - word.box.x0 < 15 and word.box.bottom - word.box.top < 15 for word in words)


def test_unruled_table_is_found_by_its_columns():
    rows = [("Product", "Units", "Price", "Amount")]
    rows += [(f"Article {number}", str(number), f"{number}.50", f"${number * 10:,}.00") for number in range(1, 7)]

    def draw(canvas, line):
        line(60, 80, "Deliveries in the second quarter", 10)
        for row, texts in enumerate(rows):
            for x, text in zip((60, 200, 300, 400), texts, strict=True):
                line(x, 120 + 14 * row, text, 10)

    document = read(drawn(draw))
    (table,) = document.tables
    assert (table.rows, table.columns) == (7, 4)
    amount = next(cell for cell in table.cells if cell.text == "$30.00")
    assert (amount.row_path, amount.column_path) == (("Article 3",), ("Amount",))
    assert "Article 3\t3\t3.50\t$30.00\n" in document.text


def test_pairs_of_label_and_value_are_not_a_table():
    def draw(canvas, line):
        for row in range(5):
            line(60, 100 + 15 * row, f"Label{row}: value {row}")
            line(230, 100 + 15 * row, f"Name{row}: text {row}")
            line(400, 100 + 15 * row, f"Code{row}: 10{row}")

    assert not read(drawn(draw)).tables


def filled(canvas, *boxes, colour=colors.lightblue) -> None:
    """Fill boxes given as left, top, right, bottom from the top of the page."""
    canvas.setFillColor(colour)
    for left, top, right, bottom in boxes:
        canvas.rect(left, HEIGHT - bottom, right - left, bottom - top, stroke=0, fill=1)
    canvas.setFillColor(colors.black)


@pytest.mark.parametrize("is_on_a_cell", [True, False])
def test_shades_behind_the_lines_of_a_cell_part_no_rows(is_on_a_cell):
    def draw(canvas, line):
        for number in range(3):
            top = 100 + 40 * number
            if is_on_a_cell:
                filled(canvas, (70, top, 200, top + 39))
            filled(canvas, (74, top, 196, top + 14), (74, top + 14, 196, top + 28))
            canvas.rect(70, HEIGHT - top - 40, 130, 40)
            canvas.rect(200, HEIGHT - top - 40, 130, 40)
            line(75, top + 11, f"Houses built in {number}")
            line(75, top + 25, "and not yet sold")
            line(210, top + 11, f"{number}4,000")

    (table,) = read(drawn(draw)).tables
    assert (table.rows, table.columns) == (3, 2)
    assert [cell.text for cell in table.cells][:2] == ["Houses built in 0 and not yet sold", "04,000"]


def test_shades_of_one_colour_part_rows_where_their_neighbours_do():
    def draw(canvas, line):
        for number in range(4):
            top = 100 + 20 * number
            filled(canvas, (70, top, 200, top + 20), (200, top, 330, top + 20))
            line(75, top + 14, f"Berth {'ABCD'[number]}")
            line(210, top + 14, f"free {'wxyz'[number]}")

    (table,) = read(drawn(draw)).tables
    assert (table.rows, table.columns) == (4, 2)


def test_invisible_text_is_in_hidden_blocks():
    def draw(canvas, line):
        line(60, 100, "visible text")
        canvas.setFillColor(colors.white)
        line(60, 120, "white on white")
        canvas.setFillColor(colors.darkblue)
        canvas.rect(50, HEIGHT - 170, 200, 30, fill=1, stroke=0)
        canvas.setFillColor(colors.white)
        line(60, 160, "white on blue")
        canvas.setFillColor(colors.black)
        line(60, 1200, "below the page")
        text = canvas.beginText(60, HEIGHT - 200)
        text.setTextRenderMode(3)
        text.textOut("never painted")
        canvas.drawText(text)

    document = read(drawn(draw))
    hidden = " ".join(text for kind, text in kinds(document) if kind == "hidden")
    shown = " ".join(text for kind, text in kinds(document) if kind != "hidden")
    assert {"white on white", "never painted", "below the page"} == {
        phrase for phrase in ("white on white", "never painted", "below the page", "white on blue") if phrase in hidden
    }
    assert "visible text" in shown and "white on blue" in shown


def test_problem_names_the_page_without_text(monkeypatch):
    nothing = ScannedPage(WIDTH, HEIGHT, (), (), (), 0.0, None, True)
    monkeypatch.setattr(ocr, "read_page", lambda picture, dpi: nothing)

    def draw(canvas, line):
        line(60, 100, "first page")
        canvas.showPage()
        canvas.rect(50, 50, 100, 100)

    document = read(drawn(draw))
    assert [(problem.kind, "Page 2" in problem.message) for problem in document.problems] == [("no_text", True)]
    assert len(document.pages) == 2


def test_values_filled_into_form_fields_are_text():
    def draw(canvas, line):
        line(60, 100, "Applicant")
        canvas.acroForm.textfield(name="applicant", value="Jane Roe", x=150, y=HEIGHT - 105, width=200, height=20)

    assert "Jane Roe" in read(drawn(draw)).text


def test_headings_have_levels():
    def draw(canvas, line):
        line(60, 80, "Annual Report", 22, "Helvetica-Bold")
        line(60, 120, "1 Overview", 14, "Helvetica-Bold")
        for row in range(6):
            line(60, 150 + 14 * row, "This is ordinary text that goes on for most of the line, as prose does.", 10)

    found = [(block.kind, block.level) for block in read(drawn(draw)).blocks]
    assert found[:2] == [("heading", 1), ("heading", 2)]
    assert found[2][0] == "paragraph"


def test_encrypted_pdf_is_an_input_error_about_its_password():
    data = drawn(lambda canvas, line: line(60, 100, "secret"), encrypt=pdfencrypt.StandardEncryption("pass"))
    with pytest.raises(InputError, match="password") as caught:
        read_bytes(data, "locked.pdf")
    assert caught.value.hint


def test_size_is_measured_once_for_each_text_object_and_not_for_each_character(monkeypatch):
    measured, measure = [], TextReader._scale
    monkeypatch.setattr(TextReader, "_scale", lambda *given: measured.append(given) or measure(*given))
    data = drawn(lambda canvas, line: [line(50, 40 * n, "a line of many characters " * 3) for n in range(1, 11)])
    assert read(data).text.count("characters") == 30
    assert len(measured) <= 2 * 10  # for its style, and for its largest box


def test_broken_pdf_is_an_input_error_with_a_hint():
    with pytest.raises(InputError, match="broken PDF") as caught:
        read_bytes(b"%PDF-1.7\nnothing of the kind", "torn.pdf")
    assert caught.value.hint


def test_truncated_pdf_is_read_or_an_input_error():
    data = drawn(lambda canvas, line: line(60, 100, "whole"))
    for length in range(20, len(data), 97):
        try:
            read(data[:length])
        except InputError as error:
            assert error.hint


def test_too_many_pages_are_refused(monkeypatch):
    monkeypatch.setattr(pdf, "MAX_PAGES", 2)
    with pytest.raises(InputError, match="3 pages"):
        read_bytes(flowed(Paragraph("a"), PageBreak(), Paragraph("b"), PageBreak(), Paragraph("c")), "long.pdf")
