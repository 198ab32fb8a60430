"""Seals and signatures: found on scans and in PDFs, read, told from other rings, and given to the fields that ask."""

import io

import numpy as np
import pytest
from drawn_seals import draw_page, draw_seal, scanned, sign, stamp
from PIL import Image, ImageDraw
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen import canvas

import extractor as ex
from extractor.ocr.models import ocr_models
from extractor.ocr.pictures import as_rgb
from extractor.ocr.seals import find_seals, read_seals, without_coloured

RED, BLUE, DARK = (200, 30, 40), (40, 60, 170), (50, 50, 50)
SEALS = [
    (dict(text="青禾镇人民政府"), ["青禾镇人民政府"]),
    (dict(text="白杨建设工程有限公司", middle="合同专用章"), ["白杨建设工程有限公司", "合同专用章"]),
    (dict(text="云岭县水务局", ink=DARK), ["云岭县水务局"]),
    (dict(text="HARBOUR AUTHORITY", below="PORT BREY", span=200, inner=True), ["HARBOUR AUTHORITY PORT BREY"]),
    (
        dict(text="NORTHERN LIGHTS COUNCIL", middle="PAID", star=False, span=300, ink=DARK, ring=3),
        ["NORTHERN LIGHTS COUNCIL", "PAID"],
    ),
    (dict(text="LANDREGISTRY", star=False, ink=BLUE, flat=0.85), ["LANDREGISTRY"]),
]


def pixels(picture):
    return np.ascontiguousarray(as_rgb(picture)[:, :, ::-1])


@pytest.mark.parametrize(("seal", "said"), SEALS, ids=lambda each: each["text"] if isinstance(each, dict) else "")
def test_the_text_of_a_seal_is_read_over_print(seal, said):
    top = 200 if seal.get("ink", RED) == RED and "inner" not in seal else 430
    page = draw_page([(60, top, "Total of all works: 48,200.00")], size=(760, 560))
    stamp(page, draw_seal(270, **seal), (240, 130), turn=0 if "flat" in seal else 7)
    picture = pixels(scanned(page))
    found = find_seals(picture, 150)
    assert len(found) == 1
    assert (found[0].hue is None) == (seal.get("ink") == DARK)
    (read,) = read_seals(ocr_models(), picture, found)
    assert list(read.parts) == said
    assert read.confidence > 0.8


def test_the_ink_of_a_seal_is_taken_off_the_print_below():
    page = draw_page([(60, 260, "Total of all works: 48,200.00")], size=(760, 560))
    before = np.asarray(page.convert("L"))
    stamp(page, draw_seal(270, "青禾镇人民政府"), (240, 150))
    picture = pixels(page)
    cleaned = without_coloured(picture, find_seals(picture, 150)).mean(axis=2)
    assert ((before < 110) == (cleaned < 110)).mean() > 0.995


def test_other_rings_and_print_are_no_seals():
    page = draw_page([(60, 60, "OOO DOQ 00 8B"), (60, 500, "Mind the O")], size=(1000, 700), type_size=60)
    pen = ImageDraw.Draw(page)
    pen.ellipse((100, 200, 300, 400), outline=(20, 20, 20), width=4)  # an empty ring
    pen.pieslice((350, 200, 550, 400), 20, 300, fill=(200, 30, 40))  # a chart
    pen.ellipse((600, 200, 800, 400), fill=(30, 30, 160))  # a disc
    for at in range(0, 200, 25):
        pen.line((820, 200 + at, 980, 200 + at), fill=(200, 30, 40), width=3)
    picture = pixels(scanned(page))
    assert read_seals(ocr_models(), picture, find_seals(picture, 150)) == []


CERTIFICATE = {
    "type": "object",
    "properties": {
        "sealed": {"type": ["boolean", "null"], "x-kind": "seal", "x-labels": ["Seal", "盖章"]},
        "seal_text": {
            "type": ["string", "null"],
            "description": "What the seal says",
            "x-labels": ["Text of the seal"],
        },
        "signed": {"type": ["boolean", "null"], "x-labels": ["Signature", "签字"]},
        "amount": {"type": ["number", "null"], "x-labels": ["Amount due", "金额"]},
    },
}


@pytest.fixture
def extract(tmp_path):
    def run(file):
        path = tmp_path / ("page.pdf" if isinstance(file, bytes) else "page.png")
        path.write_bytes(file) if isinstance(file, bytes) else file.save(path, dpi=(150, 150))
        result = ex.extract(ex.read(str(path)), ex.load_schema(CERTIFICATE), None)
        for value in result.values:
            assert value.value is None or not value.problems, value
        return result.data

    return run


def certificate(is_sealed, is_signed, ink=RED):
    page = draw_page(
        [(120, 60, "Certificate"), (120, 140, "Amount due: 1,240.00"), (120, 420, "Seal:"), (620, 420, "Signature:")],
        size=(1240, 640),
    )
    ImageDraw.Draw(page).line((830, 465, 1150, 465), fill=(30, 30, 30), width=2)
    if is_sealed:
        stamp(page, draw_seal(280, "LOWER VALE COUNCIL", span=270, ink=ink), (240, 300))
    if is_signed:
        sign(page, (850, 460))
    return scanned(page)


@pytest.mark.parametrize(("is_sealed", "is_signed"), [(True, False), (False, True)])
def test_a_scan_answers_whether_it_is_sealed_and_signed(extract, is_sealed, is_signed):
    said = "LOWER VALE COUNCIL" if is_sealed else None
    expected = {"sealed": is_sealed, "seal_text": said, "signed": is_signed, "amount": 1240}
    assert extract(certificate(is_sealed, is_signed)) == expected


def test_a_dark_seal_over_its_label_and_a_signature_over_the_name_of_its_line(extract):
    lines = [(120, 60, "金额：880元"), (120, 380, "（盖章）"), (700, 560, "Signature")]
    page = draw_page(lines, size=(1240, 640), chinese=True)
    ImageDraw.Draw(page).line((640, 550, 960, 550), fill=(30, 30, 30), width=2)
    stamp(page, draw_seal(260, "云岭县水务局", ink=DARK), (90, 260))
    sign(page, (680, 545), ink=(30, 30, 30))
    expected = {"sealed": True, "seal_text": "云岭县水务局", "signed": True, "amount": 880}
    assert extract(scanned(page)) == expected


def as_pdf(draw):
    data = io.BytesIO()
    page = canvas.Canvas(data)
    page.setFont("Helvetica", 11)
    for x, y, text in ((80, 780, "Receipt"), (80, 740, "Amount due: 1,240.00"), (80, 300, "Signature: ____________")):
        page.drawString(x, y, text)
    page.drawString(300, 200, "Seal:")
    draw(page)
    page.save()
    return data.getvalue()


def test_pictures_of_a_seal_and_of_a_signature_in_a_pdf(extract):
    picture = Image.new("RGB", (600, 200), "white")
    sign(picture, (40, 170), width=520, height=140)
    opacity = Image.fromarray(255 - np.asarray(picture).min(axis=2))
    signature = Image.merge("RGBA", [*picture.split(), opacity])

    def draw(page):
        page.drawImage(ImageReader(draw_seal(500, "松溪县水利管理站")), 310, 150, 120, 120, mask="auto")
        page.drawImage(ImageReader(signature), 140, 298, 120, 40, mask="auto")

    expected = {"sealed": True, "seal_text": "松溪县水利管理站", "signed": True, "amount": 1240}
    assert extract(as_pdf(draw)) == expected


def test_a_seal_drawn_in_a_pdf_with_its_text_along_the_ring(extract):
    def draw(page):
        page.circle(380, 170, 55)
        for number, character in enumerate(text := "RIVER TRUST OFFICE"):
            page.saveState()
            page.translate(380, 170)
            page.rotate(125 - 250 * (number + 0.5) / len(text))
            page.drawCentredString(0, 40, character)
            page.restoreState()

    expected = {"sealed": True, "seal_text": "RIVER TRUST OFFICE", "signed": False, "amount": 1240}
    assert extract(as_pdf(draw)) == expected


def test_text_without_pages_says_nothing_of_seals(tmp_path):
    path = tmp_path / "receipt.txt"
    path.write_text("Seal:\nSignature:\nAmount due: 5\n")
    result = ex.extract(ex.read(str(path)), ex.load_schema(CERTIFICATE), None)
    assert result.data == {"sealed": None, "seal_text": None, "signed": None, "amount": 5}
