"""Pictures of every format become pages; broken and oversized ones are refused. OCR is mostly a fake."""

from __future__ import annotations

import io
import random
import struct
import time
import zlib
from functools import partial

import pytest
from PIL import Image, ImageDraw, ImageFont

from extractor import ocr, page_image
from extractor.cli import main
from extractor.errors import InputError
from extractor.geometry import PlacedWord, Rect
from extractor.ocr import ScannedPage
from extractor.readers import image, page_pictures, page_pool, read_bytes
from extractor.settings import replaced


@pytest.fixture
def seen(monkeypatch):
    """Return the pictures that OCR was given; it reads the shade of the middle of each as a number."""
    pictures = []

    def read_page(picture, dpi):
        pictures.append((picture, dpi))
        shade = picture.convert("L").getpixel((picture.width // 2, picture.height // 2))
        word = PlacedWord(f"shade{shade}", Rect(10, 10, 60, 20), 20, 10, confidence=0.9)
        size = picture.width * 72 / dpi, picture.height * 72 / dpi
        return ScannedPage(*size, (word,), (), (), 0.0, 0.9, True)

    monkeypatch.setattr(ocr, "read_page", read_page)
    return pictures


def saved(picture: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def gray(shade: int, size=(120, 160)) -> Image.Image:
    return Image.new("L", size, shade)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP", "BMP", "GIF"])
def test_each_picture_format_is_a_document_of_one_page(seen, kind):
    document = read_bytes(saved(gray(80).convert("RGB"), kind), "given.bin")
    (page,) = document.pages
    (word,) = page.words
    assert abs(int(word.text.removeprefix("shade")) - 80) < 3
    assert document.text[word.start : word.end] == word.text
    assert (word.from_ocr, word.confidence, word.box.page) == (True, 0.9, 1)
    assert not document.problems


def test_each_frame_is_a_page(seen):
    frames = [gray(shade) for shade in range(20, 140, 10)]
    data = saved(frames[0], "TIFF", save_all=True, append_images=frames[1:])
    document = read_bytes(data, "fax.tif")
    assert [page.number for page in document.pages] == list(range(1, 13))
    assert document.text.split() == [f"shade{shade}" for shade in range(20, 140, 10)]


def test_broken_frame_is_a_problem_and_the_others_are_read(seen):
    frames = [Image.effect_noise((64, 64), 80) for _ in range(3)]
    packed = {"save_all": True, "append_images": frames[1:], "compression": "tiff_adobe_deflate"}
    data = bytearray(saved(frames[0], "TIFF", **packed))
    with Image.open(io.BytesIO(bytes(data))) as opened:
        opened.seek(1)
        (start,) = opened.tag_v2[273]
    data[start : start + 40] = b"\xff" * 40
    document = read_bytes(bytes(data), "fax.tif")
    assert [bool(page.words) for page in document.pages] == [True, False, True]
    assert [(problem.kind, "Page 2 " in problem.message) for problem in document.problems] == [("broken_page", True)]


def test_reduced_copies_of_a_frame_are_not_pages(seen):
    from PIL.TiffImagePlugin import ImageFileDirectory_v2

    small = gray(99, (30, 40))
    small.encoderinfo = {"tiffinfo": ImageFileDirectory_v2()}
    small.encoderinfo["tiffinfo"][254] = 1
    data = saved(gray(50), "TIFF", save_all=True, append_images=[small])
    assert read_bytes(data, "a.tif").text.split() == ["shade50"]


def test_photograph_in_several_sizes_is_one_page(seen):
    data = saved(gray(50).convert("RGB"), "MPO", save_all=True, append_images=[gray(99, (30, 40)).convert("RGB")])
    assert len(read_bytes(data, "phone.jpg").pages) == 1


_STORED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "TIFF", "PNG", "WEBP"])
def test_picture_is_turned_by_its_exif_orientation(seen, kind, orientation):
    upright = gray(255, (160, 240))
    upright.paste(0, (0, 0, 60, 30))
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = upright.transpose(_STORED[orientation]) if orientation > 1 else upright
    read_bytes(saved(stored.convert("RGB"), kind, exif=exif), "photo")
    (picture, _) = seen[0]
    assert picture.size == (160, 240)
    dark = picture.convert("L").point(lambda shade: 255 * (shade < 128)).getbbox()
    assert dark == pytest.approx((0, 0, 60, 30), abs=2)


def _shown(picture: Image.Image, **options) -> Image.Image:
    return image.render_page(saved(picture, "PNG", **options), "a.png", 1, 100).convert("RGB")


def test_transparent_parts_become_white():
    for mode, ink in (("RGBA", (0, 0, 0, 255)), ("LA", (0, 255))):
        picture = Image.new(mode, (40, 40))
        picture.paste(ink, (10, 10, 20, 20))
        assert _shown(picture).getpixel((0, 0)) == (255, 255, 255)
        assert _shown(picture).getpixel((15, 15)) == (0, 0, 0)
    palette = Image.new("P", (40, 40), 1)
    palette.putpalette([0, 0, 0, 10, 10, 10])
    palette.paste(0, (10, 10, 20, 20))
    shown = _shown(palette, transparency=1)
    assert (shown.getpixel((0, 0)), shown.getpixel((15, 15))) == ((255, 255, 255), (0, 0, 0))


def test_samples_of_any_depth_become_8_bits():
    import numpy as np

    deep = Image.fromarray(np.array([[0, 32768], [65535, 16384]], np.uint16).repeat(8, 0).repeat(8, 1))
    shown = _shown(deep)
    assert [shown.getpixel(at)[0] for at in ((0, 0), (12, 0), (0, 12), (12, 12))] == [0, 127, 255, 63]
    assert _shown(Image.new("1", (8, 8), 1)).getpixel((0, 0)) == (255, 255, 255)
    floats = Image.fromarray(np.array([[0.0, 1.0]], np.float32).repeat(8, 0).repeat(8, 1))
    shown = image.render_page(saved(floats, "TIFF"), "a.tif", 1, 100).convert("L")
    assert (shown.getpixel((0, 0)), shown.getpixel((12, 0))) == (0, 255)
    inks = image.render_page(saved(Image.new("CMYK", (8, 8), (0, 0, 0, 255)), "TIFF"), "a.tif", 1, 100)
    assert max(inks.convert("RGB").getpixel((0, 0))) < 60


@pytest.mark.parametrize(
    ("size", "options", "width"),
    [
        ((1240, 1754), {"dpi": (150, 150)}, 595),
        ((1240, 1754), {"dpi": (72, 72)}, 595),  # said by programs that do not know: an A4 page
        ((1240, 1754), {}, 595),
        ((1240, 1754), {"dpi": (1, 1)}, 595),
        ((400, 1600), {}, 227),  # a till's slip, 80 mm wide
        ((1728, 1100), {"dpi": (204, 98)}, 610),  # a fax has twice as many dots across
    ],
)
def test_page_size_follows_the_resolution_or_a_sensible_guess(seen, size, options, width):
    (page,) = read_bytes(saved(gray(200, size), "TIFF", **options), "scan.tif").pages
    assert page.width == pytest.approx(width, rel=0.01)
    if "dpi" in options and options["dpi"][0] == 204:
        assert page.height == pytest.approx(1100 / 98 * 72, rel=0.01)


def png(width: int, height: int) -> bytes:
    """Return a PNG that says it has that size, with hardly any data."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + body + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(30_000, 30_000), (13_000, 13_000), (9_900, 9_900), (10_001, 10), (10, 10_001)])
def test_picture_over_the_limits_is_refused_before_it_is_decoded(size, monkeypatch):
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda picture: pytest.fail("decoded"))
    with pytest.raises(InputError, match="too large a picture") as caught:
        read_bytes(png(*size), "bomb.png")
    assert caught.value.hint


def test_broken_pictures_are_input_errors(seen):
    chance = random.Random(5)
    whole = Image.effect_noise((70, 90), 60)
    for kind in ("PNG", "JPEG", "TIFF", "WEBP", "BMP", "GIF"):
        data = saved(whole.convert("RGB"), kind)
        tries = [data[: len(data) * part // 10] for part in range(1, 10)]
        for _ in range(25):
            bent = bytearray(data)
            for _ in range(chance.randint(1, 8)):
                bent[chance.randrange(4, min(len(data), 400))] = chance.randrange(256)
            tries.append(bytes(bent))
        for bent in tries:
            try:
                assert read_bytes(bent, "bent").pages
            except InputError as error:
                assert error.hint


def test_page_without_sure_text_has_a_problem(monkeypatch):
    def page(words, confidence, has_ink):
        return ScannedPage(100, 100, words, (), (), 0.0, confidence, has_ink)

    word = PlacedWord("smudge", Rect(10, 10, 60, 20), 20, 10, confidence=0.6)
    for found, kinds in (
        (page((), None, False), ["blank_page"]),
        (page((), None, True), ["no_text"]),
        (page((word,), 0.6, True), ["low_confidence"]),
        (page((word,), 0.9, True), []),
    ):
        monkeypatch.setattr(ocr, "read_page", lambda picture, dpi, found=found: found)
        assert [problem.kind for problem in read_bytes(saved(gray(9), "PNG"), "a.png").problems] == kinds


def test_ocr_failure_or_timeout_costs_only_its_page(monkeypatch):
    def read_page(picture, dpi):
        shade = picture.getpixel((5, 5))
        if shade == 20:
            raise RuntimeError("out of luck")
        time.sleep(3 if shade == 30 else 0)
        return ScannedPage(100, 100, (), (), (), 0.0, None, False)

    monkeypatch.setattr(ocr, "read_page", read_page)
    monkeypatch.setattr(page_pool, "map_pages", partial(page_pool.map_pages, limit=0.2))
    data = saved(gray(10), "TIFF", save_all=True, append_images=[gray(20), gray(30), gray(40)])
    document = read_bytes(data, "fax.tif")
    assert [problem.kind for problem in document.problems] == ["blank_page", "ocr_failed", "ocr_failed", "blank_page"]
    assert len(document.pages) == 4


def test_pages_that_ocr_has_no_time_for_are_left_empty_and_named(monkeypatch):
    started = []

    def read_page(picture, dpi):
        started.append(picture.getpixel((5, 5)))
        return ScannedPage(100, 100, (), (), (), 0.0, None, False)

    monkeypatch.setattr(ocr, "read_page", read_page)
    monkeypatch.setattr(page_pool.TimeBudget, "is_spent", property(lambda budget: 20 in started))
    monkeypatch.setattr(page_pool, "CONCURRENT_PAGES", 1)
    data = saved(gray(10), "TIFF", save_all=True, append_images=[gray(20), gray(30), gray(40)])
    document = read_bytes(data, "fax.tif")
    assert started == [10, 20]
    assert [problem.kind for problem in document.problems] == ["blank_page", "blank_page", "not_read"]
    assert "2 pages from 3 to 4 were not read" in document.problems[-1].message
    assert [page.number for page in document.pages] == [1, 2, 3, 4]


@pytest.mark.parametrize("settings", [{"seconds": -1.0}, {"seconds_at_work": -1.0}])
def test_time_for_ocr_ends_by_either_clock(settings):
    with replaced(page_pool.ReadingTimeSettings(**settings)):
        assert page_pool.TimeBudget().is_spent
    assert not page_pool.TimeBudget().is_spent


def test_only_a_few_pages_are_in_memory_at_a_time(monkeypatch):
    held = []

    def jobs():
        for number in range(20):
            held.append(number)
            yield number

    done = 0
    for job, result in page_pool.map_pages(jobs(), lambda job: job * 2, lambda job: -1):
        assert result == job * 2
        assert len(held) - done <= page_pool.CONCURRENT_PAGES + 1
        done += 1
    assert done == 20


def test_settings_replaced_by_the_caller_hold_in_the_threads_of_pages():
    other = page_pictures.PagePictureSettings(sure_ocr_word=0.5)
    with replaced(other):
        found = dict(page_pool.map_pages(range(3), lambda job: page_pictures.PagePictureSettings.current(), print))
    assert set(found.values()) == {other}


def test_page_image_of_a_photograph_shows_each_word_at_its_box(monkeypatch):
    monkeypatch.setenv("EXTRACTOR_OCR_CACHE", "off")
    picture = Image.new("L", (420, 560), 245)
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(26)
    for row, text in enumerate(("Corner Shop", "Receipt 20451", "Paper 12.40", "Total 37.95")):
        pen.text((40, 60 + 60 * row), text, font=font, fill=20)
    exif = Image.Exif()
    exif[0x0112] = 6
    data = saved(picture.rotate(90, expand=True), "JPEG", exif=exif, quality=92)
    document = read_bytes(data, "photo.jpg")
    assert "Total 37.95" in document.text
    page = document.pages[0]
    shown = page_image(data, "photo.jpg", document, 1, dpi=96)
    assert shown.size == (round(page.width * 96 / 72), round(page.height * 96 / 72))
    word = next(word for word in page.words if word.text == "37.95")
    sides = (word.box.x0 - 6, word.box.top - 6, word.box.x1 + 6, word.box.bottom + 6)
    crop = shown.crop([round(side * 96 / 72) for side in sides])
    assert [word.text for word in ocr.read_page(crop, 96).words] == ["37.95"]


def test_fax_of_six_pages_is_read_page_by_page(monkeypatch):
    monkeypatch.setenv("EXTRACTOR_OCR_CACHE", "off")
    font, pages = ImageFont.load_default(30), []
    for number in range(1, 7):
        page = Image.new("L", (860, 300), 255)
        pen = ImageDraw.Draw(page)
        pen.text((60, 60), f"Inspection report, sheet {number} of 6", font=font, fill=0)
        pen.text((60, 150), f"Pressure: {number}.75 bar", font=font, fill=0)
        pages.append(page.convert("1"))
    options = {"save_all": True, "append_images": pages[1:], "compression": "group4", "dpi": (200, 200)}
    document = read_bytes(saved(pages[0], "TIFF", **options), "fax.tif")
    assert [page.number for page in document.pages] == list(range(1, 7)) and not document.problems
    for page in document.pages:
        text = " ".join(document.text[page.start : page.end].split())
        assert text == f"Inspection report, sheet {page.number} of 6 Pressure: {page.number}.75 bar"
        assert all(word.from_ocr and word.box.page == page.number for word in page.words)


def test_pictures_are_written_with_boxes_of_words(seen, tmp_path, capsys):
    (tmp_path / "scan.png").write_bytes(saved(gray(250, (400, 600)), "PNG", dpi=(110, 110)))
    folder = tmp_path / "seen"
    assert main(["read", str(tmp_path / "scan.png"), "--pictures", str(folder)]) == 0
    out, err = capsys.readouterr()
    assert "shade250" in out and "scan.png.page-0001.png" in err
    with Image.open(folder / "scan.png.page-0001.png") as drawn:
        assert drawn.size == (400, 600)
        x, y = round(10 * 110 / 72), round(15 * 110 / 72)
        assert drawn.getpixel((x, y)) == page_pictures.SCANNED and drawn.getpixel((x + 9, y)) == (250, 250, 250)
    (tmp_path / "note.txt").write_text("Total: 12")
    assert main(["read", str(tmp_path / "note.txt"), "--pictures", str(folder)]) == 3
    assert main(["read", str(tmp_path / "scan.png"), "--pictures", str(tmp_path / "note.txt")]) == 7
