"""Marks and layers of PDF pages: deleted, covered and switched-off text, watermarks, raised figures, vertical pages."""

from __future__ import annotations

import io

import pytest
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from extractor.extraction.pipeline import extract
from extractor.readers import read_bytes
from extractor.schemas import load_schema


def drawn(draw) -> bytes:
    """Return a page on which `draw` has drawn; without compression, so that a test can mend the file."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=A4, pageCompression=0)
    draw(canvas)
    canvas.showPage()
    canvas.save()
    return file.getvalue()


def read(data: bytes):
    """Return the text that is shown, and the hidden blocks."""
    document = read_bytes(data, "a.pdf")
    hidden = [block for block in document.blocks if block.kind == "hidden"]
    shown = document.text[: min((block.start for block in hidden), default=None)]
    return shown.strip(), [document.text[block.start : block.end] for block in hidden]


def test_text_under_an_opaque_area_is_hidden():
    def draw(canvas):
        canvas.drawString(72, 700, "Keeper: Ada Vale")
        canvas.drawString(72, 660, "Pay: 41,300")
        canvas.setFillColor(colors.black)
        canvas.rect(70, 655, 120, 18, stroke=0, fill=1)
        canvas.setFillColor(colors.Color(1, 1, 0, alpha=0.4))
        canvas.rect(70, 695, 120, 18, stroke=0, fill=1)

    assert read(drawn(draw)) == ("Keeper: Ada Vale", ["Pay: 41,300"])


def test_of_a_line_only_the_characters_under_an_opaque_area_are_hidden():
    def draw(canvas):
        canvas.setFillColor(colors.HexColor("#223355"))
        canvas.rect(60, 640, 400, 40, stroke=0, fill=1)
        for y, ink in ((700, colors.black), (655, colors.white)):
            canvas.setFillColor(ink)
            canvas.drawString(72, y, "Keeper: Ada Vale, pay: 41,300")
            canvas.setFillColor(colors.black)
            start = 72 + canvas.stringWidth("Keeper: Ada Vale, pay:", "Helvetica", 12)
            for x in range(int(start) + 2, int(start) + 60, 10):  # some programs black out in pieces
                canvas.rect(x, y - 4, 10, 16, stroke=0, fill=1)

    line = "Keeper: Ada Vale, pay:"
    assert read(drawn(draw)) == (f"{line}\n\n{line}", ["41,300 41,300"])


def test_text_in_the_colour_of_the_area_below_it_is_hidden():
    def draw(canvas):
        canvas.drawString(72, 700, "Keeper: Ada Vale")
        canvas.setFillColor(colors.HexColor("#223355"))
        canvas.rect(60, 640, 400, 40, stroke=0, fill=1)
        canvas.drawString(72, 655, "Pay: 41,300")

    assert read(drawn(draw)) == ("Keeper: Ada Vale", ["Pay: 41,300"])


def test_text_outside_a_clip_is_hidden_but_not_what_runs_over_its_edge():
    def draw(canvas):
        canvas.saveState()
        path = canvas.beginPath()
        path.rect(60, 690, 100, 30)
        canvas.clipPath(path, stroke=0, fill=0)
        canvas.drawString(72, 700, "Keeper: Ada Vale")
        canvas.drawString(180, 700, "41,300")
        canvas.restoreState()
        canvas.drawString(72, 660, "Berth 7")

    shown, hidden = read(drawn(draw))
    assert shown.split() == ["Keeper:", "Ada", "Vale", "Berth", "7"]
    assert hidden == ["41,300"]


def test_a_soft_hyphen_inside_a_word_is_no_gap_and_stands_for_a_hyphen_elsewhere():
    pdfmetrics.registerFont(TTFont("DejaVu", "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"))

    def draw(canvas):
        canvas.setFont("DejaVu", 11)
        canvas.drawString(72, 700, "Packed by Bran\u00addes Handel, order KL\u00ad77")

    assert read(drawn(draw))[0] == "Packed by Brandes Handel, order KL-77"


def test_text_with_a_shadow_is_read_once():
    def draw(canvas):
        for shift in (1.4, 0):
            canvas.drawString(72 + shift, 700 - shift, "Base fee 22 kW")
            canvas.drawRightString(300 + shift, 700 - shift, "44")

    assert read(drawn(draw))[0].split() == ["Base", "fee", "22", "kW", "44"]


def test_text_that_is_struck_through_is_hidden():
    def draw(canvas):
        canvas.drawString(72, 700, "Rate: 55.00")
        canvas.drawString(150, 700, "48.00")
        canvas.line(102, 703, 134, 703)
        canvas.drawString(72, 660, "Berth 7")
        canvas.line(72, 658, 112, 658)

    shown, hidden = read(drawn(draw))
    assert shown.split() == ["Rate:", "48.00", "Berth", "7"]
    assert hidden == ["55.00"]


def test_text_of_a_layer_that_is_off_is_hidden():
    def draw(canvas):
        canvas.drawString(72, 700, "Issue 4")
        canvas._code.append("/OC /L1 BDC")
        canvas.drawString(72, 660, "Draft only")
        canvas._code.append("EMC /OC /L2 BDC")
        canvas.drawString(72, 620, "Final text")
        canvas._code.append("EMC")

    data = drawn(draw)
    layers = b"/Properties << /L1 << /Type /OCG /Name (Notes) >> /L2 << /Type /OCG /Name (Text) >> >>"
    data = data.replace(b"/ProcSet [", layers + b" /ProcSet [", 1)
    groups = b"/OCProperties << /OCGs [90 0 R 91 0 R] /D << /OFF [90 0 R] /ON [91 0 R] >> >> /Type /Catalog"
    data = data.replace(b"/Type /Catalog", groups, 1)
    objects = b"90 0 obj\n<< /Type /OCG /Name (Notes) >>\nendobj\n91 0 obj\n<< /Type /OCG /Name (Text) >>\nendobj\n"
    at = data.rindex(b"xref", 0, data.rindex(b"startxref"))
    # Without a table of cross-references every reader looks for the objects itself.
    trailer = data[data.index(b"trailer", at) : data.rindex(b"startxref")]
    shown, hidden = read(data[:at] + objects + trailer + b"startxref\n0\n%%EOF\n")
    assert shown.split("\n\n") == ["Issue 4", "Final text"]
    assert hidden == ["Draft only"]


@pytest.mark.parametrize("angle", [40, -30])
def test_a_watermark_at_an_angle_is_apart_from_the_text_below_it(angle):
    def draw(canvas):
        canvas.saveState()
        canvas.setFillGray(0.8)
        canvas.translate(300, 600)
        canvas.rotate(angle)
        canvas.setFont("Helvetica", 60)
        canvas.drawCentredString(0, 0, "SAMPLE 9")
        canvas.restoreState()
        for row in range(12):
            for column in range(3):
                canvas.drawString(100 + 150 * column, 700 - 18 * row, f"{row}{column}5")

    shown, hidden = read(drawn(draw))
    assert shown.split() == [f"{row}{column}5" for row in range(12) for column in range(3)]
    assert "SAMPLE" in " ".join(hidden)


def test_a_pale_word_that_text_is_printed_across_is_a_watermark():
    def draw(canvas):
        canvas.setFillGray(0.85)
        canvas.setFont("Helvetica-Bold", 60)
        canvas.drawCentredString(200, 690, "PROOF 3")
        canvas.setFont("Helvetica-Bold", 24)
        canvas.drawString(72, 780, "Grey Harbour")
        canvas.setFillGray(0)
        canvas.setFont("Helvetica", 11)
        for row in range(4):
            canvas.drawString(72, 720 - 14 * row, f"Quay {row} has {row}5 metres of berth for ships of all kinds")

    text, hidden = read(drawn(draw))
    assert "Grey Harbour" in text and "PROOF" not in text and "3 has 35" in text
    assert "PROOF" in " ".join(hidden)


def test_raised_figures_are_superscript_and_no_digits_of_a_number():
    def draw(canvas):
        for y, text in ((700, "Depth: 14.5"), (660, "Area: 12 m")):
            canvas.setFont("Helvetica", 11)
            canvas.drawString(72, y, text)
            canvas.setFont("Helvetica", 6.5)
            canvas.drawString(72 + pdfmetrics.stringWidth(text, "Helvetica", 11), y + 4.5, "2")

    shown, _ = read(drawn(draw))
    assert shown.split("\n\n") == ["Depth: 14.5²", "Area: 12 m²"]


def test_text_printed_several_times_is_read_once():
    def draw(canvas):
        for row, text in enumerate(("Dues total 10,067", "Quay 4 summary", "Crane hire 6,600")):
            x = 72.0
            for character in text:
                for shift in (0, 0.3, 0.6):
                    canvas.drawString(x + shift, 700 - 20 * row, character)
                x += pdfmetrics.stringWidth(character, "Helvetica", 12)

    shown, _ = read(drawn(draw))
    assert [line for line in shown.split("\n") if line] == ["Dues total 10,067", "Quay 4 summary", "Crane hire 6,600"]


@pytest.mark.parametrize("leading", [12, 18])
def test_a_page_written_from_top_to_bottom_is_read_by_its_columns_from_the_right(leading):
    columns = ("港湾使用許可書", "許可番号　第三十二号", "許可日　令和五年十月四日", "使用料　四十五万円")

    def draw(canvas):
        pdfmetrics.registerFont(UnicodeCIDFont("HeiseiMin-W3"))
        canvas.setFont("HeiseiMin-W3", 12)
        for number, column in enumerate(columns):
            for position, character in enumerate(column):
                canvas.drawString(480 - 40 * number, 760 - leading * position, character)

    properties = {
        "number": {"type": "string", "title": "許可番号"},
        "granted": {"type": "string", "format": "date", "title": "許可日"},
        "fee": {"type": "number", "title": "使用料"},
    }
    result = extract(read_bytes(drawn(draw), "a.pdf"), load_schema({"type": "object", "properties": properties}), None)
    assert result.data == {"number": "第三十二号", "granted": "2023-10-04", "fee": 450000}


def form(canvas):
    canvas.drawString(72, 740, "Berth request")
    fields = canvas.acroForm
    for row, (label, value) in enumerate((("Vessel", "Blue Heron"), ("Length (m)", "38.5"), ("Arrival", "2031-04-02"))):
        canvas.drawString(72, 700 - 30 * row, label)
        fields.textfield(name=f"f{row}", value=value, x=200, y=695 - 30 * row, width=180, height=20)
    canvas.drawString(72, 610, "Quay")
    for column, (name, ticked) in enumerate((("East", False), ("West", True))):
        fields.checkbox(name=f"q{column}", checked=ticked, x=200 + 80 * column, y=606, size=14)
        canvas.drawString(220 + 80 * column, 610, name)
    canvas.drawString(72, 580, "Pilot wanted")
    fields.checkbox(name="pilot", checked=True, x=200, y=576, size=14)
    canvas.drawString(72, 550, "Tug wanted")
    fields.checkbox(name="tug", checked=False, x=200, y=546, size=14)


FORM = {
    "vessel": {"type": "string", "title": "Vessel"},
    "length": {"type": "number", "title": "Length (m)"},
    "arrival": {"type": "string", "format": "date", "title": "Arrival"},
    "quay": {"enum": ["East", "West", None], "title": "Quay"},
    "pilot": {"type": "boolean", "title": "Pilot wanted"},
    "tug": {"type": "boolean", "title": "Tug wanted"},
}
FILLED = {"vessel": "Blue Heron", "length": 38.5, "arrival": "2031-04-02", "quay": "West", "pilot": True, "tug": False}


@pytest.mark.parametrize("has_appearance", [True, False])
def test_fields_of_a_form_are_read_beside_their_labels_whether_or_not_the_file_draws_them(has_appearance):
    data = drawn(form)
    if not has_appearance:
        data = data.replace(b"/AP <<", b"/XX <<")
    result = extract(read_bytes(data, "a.pdf"), load_schema({"type": "object", "properties": FORM}), None)
    assert result.data == FILLED
