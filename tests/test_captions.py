"""Forms with a label in small type above or below each value, drawn or of form fields."""

import io

import pytest
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from extractor.extraction.pipeline import extract
from extractor.readers import read_bytes
from extractor.schemas import load_schema

ENTRIES = (
    ("Owner of the barge", "Mira Holt"),
    ("Hull number", "BG-2207-K"),
    ("Licence from", "2031-04-15"),
    ("Fee (EUR)", "1,312.40"),
    ("Home lock", "Upper Weir"),
    ("Remarks", ""),
)
SCHEMA = load_schema(
    {
        "type": "object",
        "properties": {
            "owner": {"type": ["string", "null"], "title": "Owner of the barge"},
            "hull": {"type": ["string", "null"], "title": "Hull number"},
            "start": {"type": ["string", "null"], "format": "date", "title": "Licence from"},
            "fee": {"type": ["number", "null"], "title": "Fee (EUR)"},
            "lock": {"type": ["string", "null"], "title": "Home lock"},
            "remarks": {"type": ["string", "null"], "title": "Remarks"},
        },
    }
)
FILLED = {"owner": "Mira Holt", "hull": "BG-2207-K", "start": "2031-04-15", "fee": 1312.4, "lock": "Upper Weir"}


def form(draw):
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=A4)
    canvas.setFont("Helvetica-Bold", 14)
    canvas.drawString(72, 790, "Barge licence")
    for number, (label, value) in enumerate(ENTRIES):
        draw(canvas, 72 + 230 * (number % 2), 720 - 40 * (number // 2), label, value)
    canvas.showPage()
    canvas.save()
    return file.getvalue()


def write(canvas, x, y, text, size):
    canvas.setFont("Helvetica", size)
    canvas.drawString(x, y, text)


def in_box(canvas, x, y, label, value):
    canvas.rect(x, y, 230, 40)
    write(canvas, x + 3, y + 31, label, 7)
    write(canvas, x + 8, y + 10, value, 11)


def under_line(canvas, x, y, label, value):
    canvas.line(x, y + 18, x + 200, y + 18)
    write(canvas, x, y + 9, label, 7)
    write(canvas, x + 4, y + 21, value, 11)


def over_field(canvas, x, y, label, value):
    write(canvas, x, y + 22, label, 7)
    canvas.acroForm.textfield(name=label, value=value, x=x, y=y, width=200, height=18, fontSize=10)


def under_field(canvas, x, y, label, value):
    canvas.acroForm.textfield(name=label, value=value, x=x, y=y + 12, width=200, height=18, fontSize=10)
    write(canvas, x, y + 3, label, 7)


@pytest.mark.parametrize("draw", [in_box, under_line, over_field, under_field], ids=lambda draw: draw.__name__)
def test_a_value_stands_at_its_caption_on_the_side_that_the_page_has_them(draw):
    data = extract(read_bytes(form(draw), "a.pdf"), SCHEMA, None).data
    assert data == {**FILLED, "remarks": None} or data == FILLED


def test_small_type_above_prose_is_no_caption():
    def draw(canvas, x, y, label, value):
        if label == "Home lock":
            write(canvas, 72, 600, label, 7)
            write(canvas, 72, 586, "Bring this page with you when you come to the lock.", 11)

    assert extract(read_bytes(form(draw), "a.pdf"), SCHEMA, None).data.get("lock") is None
