"""OCR: pages that are turned, skewed, faint or noisy are read, words have their places, and no page is read twice."""

from __future__ import annotations

import multiprocessing
import os

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from waiting import TIMEOUT

from eval.ocr_pages import DrawnPage, add_noise, cast_shadow, fade, font, skew
from extractor.geometry import Rect
from extractor.layout import TextBlock, find_grids, order_page
from extractor.ocr import cache, page_reader, read_page, straighten
from extractor.ocr.deskew import find_skew, rotated_size
from extractor.ocr.line_detection import detect_lines
from extractor.ocr.models import RecognisedCharacter, ocr_models
from extractor.ocr.pictures import as_rgb
from extractor.ocr.word_boxes import place_words

LINES = ("Service report of pump station 4", "Pressure before repair: 3.75 bar", "Total amount due 1,204.50 EUR")


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("EXTRACTOR_CACHE", str(tmp_path))
    monkeypatch.setenv("EXTRACTOR_THREADS", "2")


def page_of(lines=LINES, face="serif", size=11.0, width=280.0) -> DrawnPage:
    made = DrawnPage(width, 60 + 24 * len(lines))
    for number, line in enumerate(lines):
        made.write(30, 45 + 24 * number, line, size, face)
    return made


def text_lines(read) -> list[str]:
    lines = []
    for block in order_page(read.words, find_grids(read.horizontal_lines, read.vertical_lines)):
        held = block.lines if isinstance(block, TextBlock) else [line for cell in block.cells for line in cell.lines]
        lines += [" ".join(segment.text for segment in line.segments) for line in held]
    return lines


def test_clean_page_is_read_word_by_word_with_confidence():
    read = read_page(page_of().picture, 150)
    assert text_lines(read) == list(LINES)
    assert [word.text for word in read.words][:4] == ["Service", "report", "of", "pump"]
    assert all(0.8 < word.confidence <= 1 for word in read.words)
    assert 0.9 < read.confidence <= 1 and read.has_ink and read.turn == 0
    assert (read.width, read.height) == pytest.approx((280, 132), abs=0.5)


def test_words_of_a_line_share_baseline_and_size_like_those_of_a_pdf():
    read = read_page(page_of().picture, 150)
    for number in range(3):
        words = [word for word in read.words if abs(word.baseline - (45 + 24 * number)) < 12]
        assert {word.baseline for word in words} == {words[0].baseline}
        assert words[0].baseline == pytest.approx(45 + 24 * number, abs=1.0)
        assert words[0].font_size == pytest.approx(11, rel=0.15)


def test_chinese_is_one_word_up_to_a_wide_gap():
    made = page_of(("政府信息公开年度报告", "新收申请114件，予以公开。"), "chinese", 12)
    made.write(30, 93, "申请人：张伟", 12, "chinese")
    made.write(140, 93, "电话：55667788", 12, "chinese")
    assert [word.text for word in read_page(made.picture, 150).words] == [
        "政府信息公开年度报告",
        "新收申请114件，予以公开。",
        "申请人：张伟",
        "电话：55667788",
    ]


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_pages_turned_by_quarters_are_turned_back(quarters):
    made = page_of()
    picture = Image.fromarray(np.rot90(np.asarray(made.picture), -quarters))
    read = read_page(picture, 150)
    assert text_lines(read) == list(LINES)
    assert read.turn % 360 == pytest.approx(360 - 90 * quarters, abs=0.2)
    assert (read.width, read.height) == pytest.approx((280, 132), abs=1.5)


@pytest.mark.parametrize(
    "lines", [("Total 55.10",), ("收据",), ("08/01/2018", "12:40", "No. 6"), ("8018",), ("H X O I N",)]
)
def test_pages_with_little_on_them_stay_as_they_are(lines):
    made = page_of(lines, "chinese")
    assert read_page(made.picture, 150).turn == 0


@pytest.mark.parametrize("degrees", [7.0, -2.5])
def test_skew_is_found_to_a_tenth_of_a_degree_and_the_page_read(degrees):
    read = read_page(skew(degrees)(page_of().picture), 150)
    assert read.turn == pytest.approx(-degrees, abs=0.2)
    assert text_lines(read) == list(LINES)


def test_skew_is_measured_under_noise_and_not_made_up_from_it():
    made = page_of(tuple(f"line {number} of a page with text 12.50" for number in range(12)))
    gray = as_rgb(add_noise(skew(3.3)(made.picture)))[:, :, 0]
    assert find_skew(gray) == pytest.approx(-3.3, abs=0.15)
    assert find_skew(np.full((400, 300), 255, np.uint8)) == 0
    for seed, shape in enumerate(((400, 300), (1000, 700), (300, 400), (200, 600), (600, 250))):
        assert find_skew(np.random.default_rng(seed).integers(0, 255, shape).astype(np.uint8)) == 0
        assert find_skew(np.random.default_rng(1).integers(0, 255, shape).astype(np.uint8)) == 0


def test_skew_of_short_lines_is_measured_by_their_columns():
    made = DrawnPage(300, 420)
    for number in range(24):
        made.write(40, 30 + 16 * number, ("0", "10", "本年", "total")[number % 4], 10.5, "chinese")
    gray = as_rgb(add_noise(skew(2.0)(made.picture)))[:, :, 0]
    assert find_skew(gray) == pytest.approx(-2.0, abs=0.15)


def test_growing_indentation_is_no_skew():
    made = DrawnPage(280, 300)
    for number in range(12):
        made.write(30 + 1.2 * number, 30 + 22 * number, f"{number} item", 11, "sans")
        made.write(160 + 1.2 * number, 30 + 22 * number, f"{number}.50", 11, "sans")
    assert find_skew(as_rgb(made.picture)[:, :, 0]) == 0


@pytest.mark.parametrize("damage", [fade, cast_shadow, add_noise], ids=lambda damage: damage.__name__)
def test_damaged_pages_are_read(damage):
    assert text_lines(read_page(damage(page_of().picture), 150)) == list(LINES)


def test_stamp_across_a_column_of_amounts_hides_none_of_them():
    made = DrawnPage(300, 260)
    lines = [("Sub-total", "52.00"), ("Tax", "3.12"), ("Rounding", "-0.02"), ("Total", "55.10"), ("Cash", "60.00")]
    for number, (label, amount) in enumerate([*lines, ("Change", "4.90"), ("Points", "55"), ("Table", "12")]):
        made.write(25, 40 + 24 * number, label, 11, "sans")
        made.write(270, 40 + 24 * number, amount, 11, "sans", right=True)
    stamp = Image.new("L", (360, 80), 0)
    ImageDraw.Draw(stamp).text((10, 6), "RECEIVED", 255, font("sans", 60))
    stamp = stamp.rotate(-28, expand=True)
    made.picture.paste((220, 60, 90), (200, 130), stamp)
    read = read_page(made.picture, 150)
    texts = [word.text for word in read.words]
    assert {amount for _, amount in lines} <= set(texts) and "RECEIVED" in texts
    assert text_lines(read)[-1] == "RECEIVED"


def test_lines_of_all_sizes_are_found_wherever_they_stand_on_the_page():
    for scale, dpi in ((0.6, 200), (1.0, 150), (3.0, 150)):
        made = DrawnPage(620, 840, dpi=dpi)
        for number, line in enumerate(LINES):
            made.write(330 if scale <= 1 else 30, 60 + 24 * scale * number, line[:22], 11 * scale, "sans")
        assert text_lines(read_page(made.picture, dpi)) == [line[:22].strip() for line in LINES]


def test_amount_is_not_cut_at_its_decimal_point():
    made = page_of(("CASH 170. 00", "DISCOUNT 12. 50%", "3. 20 kg of rice", "Item 6, 45 and 7"), "mono")
    assert text_lines(read_page(made.picture, 150)) == [
        "CASH 170.00",
        "DISCOUNT 12.50%",
        "3. 20 kg of rice",
        "Item 6, 45 and 7",
    ]


def test_light_text_on_dark_has_tight_boxes_too():
    made = page_of(LINES[:1])
    straight, inverted = (read_page(each, 150) for each in (made.picture, Image.eval(made.picture, lambda v: 255 - v)))
    assert [word.text for word in inverted.words] == [word.text for word in straight.words]
    for one, other in zip(straight.words, inverted.words, strict=True):
        assert one.box == pytest.approx(other.box, abs=1)


def test_two_columns_are_read_one_after_the_other():
    made = DrawnPage(400, 150)
    left = [
        "The council received many requests",
        "for records in the year under review,",
        "and it answered most of them within",
        "thirty working days, as in the spring.",
    ]
    right = [
        "Costs were shared between schools and",
        "the roads, as the committee decided in",
        "spring after heavy rain. Deliveries of",
        "paper and water go on all of the year.",
    ]
    for x, lines in ((25, left), (210, right)):
        for number, line in enumerate(lines * 2):
            made.write(x, 30 + 14 * number, line, 9, "sans")
    assert text_lines(read_page(made.picture, 150)) == left * 2 + right * 2


def test_ruled_table_has_its_cells():
    made = DrawnPage(300, 120)
    for row, cells in enumerate((("Item", "Price"), ("Coffee", "12.50"), ("Paper", "8.20"))):
        for x, text in zip((40, 170), cells, strict=True):
            made.write(x, 43 + 25 * row, text, 11, "sans")
    for number in range(4):
        made.draw_line(30, 27 + 25 * number, 270, 27 + 25 * number)
    for x in (30, 150, 270):
        made.draw_line(x, 27, x, 102)
    read = read_page(made.picture, 150)
    (table,) = order_page(read.words, find_grids(read.horizontal_lines, read.vertical_lines))
    texts = {(cell.row, cell.column): cell.lines[0].segments[0].text for cell in table.cells}
    assert texts == {
        (0, 0): "Item",
        (0, 1): "Price",
        (1, 0): "Coffee",
        (1, 1): "12.50",
        (2, 0): "Paper",
        (2, 1): "8.20",
    }


def test_boxes_fit_the_straightened_picture():
    picture = Image.fromarray(np.rot90(np.asarray(skew(4)(page_of().picture))))
    read = read_page(picture, 150)
    shown = straighten(picture, read.turn)
    assert (shown.width * 72 / 150, shown.height * 72 / 150) == pytest.approx((read.width, read.height))
    word = next(word for word in read.words if word.text == "Pressure")
    x0, top, x1, bottom = (each * 150 / 72 for each in word.box)
    crop = np.asarray(shown.crop((round(x0) - 4, round(top) - 4, round(x1) + 4, round(bottom) + 4)))
    (characters,) = ocr_models().recognise([crop[:, :, ::-1]])
    assert "".join(character.text for character in characters) == "Pressure"


@pytest.mark.parametrize("turn", [0, 90, 180, -90, 3.21, 93.7, -176.5, 180.04])
def test_size_of_a_straightened_picture_is_known_beforehand(turn):
    assert straighten(Image.new("RGB", (321, 207)), turn).size == rotated_size(321, 207, turn)


def test_long_receipt_keeps_its_small_print():
    lines = tuple(f"{number:03} item of goods {number * 7 % 90}.50" for number in range(1, 100))
    made = DrawnPage(150, 1900, dpi=150)
    for number, line in enumerate(lines):
        made.write(12, 20 + 19 * number, line, 7, "mono")
    boxes, _ = detect_lines(ocr_models(), np.ascontiguousarray(np.asarray(made.picture)))
    assert made.picture.height > 3900 and len(boxes) == 99


def test_blank_page_has_no_ink_and_a_drawing_has():
    blank = Image.new("RGB", (400, 500), (250, 248, 240))
    read = read_page(blank, 100)
    assert (read.words, read.confidence, read.has_ink, read.turn) == ((), None, False, 0)
    ImageDraw.Draw(blank).ellipse((100, 100, 300, 300), outline="black", width=12)
    assert read_page(blank, 100).has_ink


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16"])
def test_pictures_of_every_mode_are_read(mode):
    made = Image.new("L", (330, 60), 255)
    ImageDraw.Draw(made).text((20, 40), "Total 55.10", 0, font("sans", 24), anchor="ls")
    if mode == "I;16":
        picture = Image.fromarray(np.asarray(made).astype(np.uint16) * 257)
    elif mode in ("LA", "RGBA"):  # black ink on nothing
        picture = Image.new(mode, made.size, 0)
        picture.putalpha(Image.eval(made, lambda value: 255 - value))
    else:
        picture = made.convert(mode)
    assert [word.text for word in read_page(picture, 150).words] == ["Total", "55.10"]
    assert straighten(picture, 0).getpixel((2, 2)) == (255, 255, 255)


def test_page_is_read_once_and_a_broken_cache_entry_again(monkeypatch):
    made = page_of(LINES[:1])
    first = read_page(made.picture, 150)
    (entry,) = cache.cache_folder().glob("*/*")
    real = page_reader._read_pixels
    monkeypatch.setattr(page_reader, "_read_pixels", lambda *_: pytest.fail("read again"))
    assert read_page(made.picture, 150) == first
    monkeypatch.setattr(page_reader, "_read_pixels", real)
    for broken in (
        "",
        "{",
        "[]",
        '{"words": [{}]}',
        entry.read_text()[:-40],
        "\udcff".encode(errors="surrogateescape"),
    ):
        entry.write_bytes(broken if isinstance(broken, bytes) else broken.encode())
        assert read_page(made.picture, 150) == first
        assert entry.stat().st_size > 200


def test_cache_can_be_off_and_a_folder_that_cannot_be_written_costs_nothing(monkeypatch, tmp_path):
    made = page_of(LINES[:1])
    monkeypatch.setenv("EXTRACTOR_OCR_CACHE", "off")
    expected = read_page(made.picture, 150)
    assert not list(cache.cache_folder().glob("*/*"))
    monkeypatch.delenv("EXTRACTOR_OCR_CACHE")
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("EXTRACTOR_CACHE", str(tmp_path / "file"))
    assert read_page(made.picture, 150) == expected


def test_cache_is_bounded_and_the_longest_unused_go():
    folder = cache.cache_folder() / "ab"
    folder.mkdir(parents=True)
    for number in range(4):
        (folder / f"{number}.json").write_bytes(b"x" * 100)
        os.utime(folder / f"{number}.json", (number, number))
    cache.prune(250)
    assert sorted(path.name for path in folder.iterdir()) == ["2.json", "3.json"]


def _in_a_child(pixels):
    return len(read_page(Image.fromarray(pixels), 150).words)


def test_forked_child_loads_models_of_its_own(monkeypatch):
    monkeypatch.setenv("EXTRACTOR_OCR_CACHE", "off")
    made = page_of(LINES[:1])
    count = len(read_page(made.picture, 150).words)
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert pool.apply_async(_in_a_child, (np.asarray(made.picture),)).get(timeout=TIMEOUT) == count


def test_huge_picture_is_read_at_a_reduced_size(monkeypatch):
    seen = []
    monkeypatch.setattr(page_reader, "cached_page", lambda pixels, *rest: seen.append(pixels.size) or rest[-1]())
    huge = page_of(LINES[:1]).picture.resize((9000, 2700), Image.Resampling.BILINEAR)
    read = read_page(huge, 150 * 9000 / 583)
    assert seen[0] <= 3.01 * page_reader.MAX_PIXELS
    assert text_lines(read) == [LINES[0]]
    assert read.width == pytest.approx(280, abs=1)


def _drawn_line(text, step=10.0, after_space=()):
    """A line's picture with a bar for each character, `step` pixels apart, and its characters; a gap before some."""
    gray, characters, x = np.full((24, 600), 255, np.uint8), [], 6.0
    for number, char in enumerate(text):
        x += 14 if number in after_space else 0
        gray[4:20, int(x) - 3 : int(x) + 4] = 0
        characters.append(RecognisedCharacter(char, x, 0.9))
        x += step
    return gray, characters


def test_space_that_the_recogniser_left_out_is_found_by_its_gap():
    gray, characters = _drawn_line("TOTALRM", after_space=(5,))
    box = Rect(100, 50, 700, 74)
    assert [word.text for word in place_words(gray, box, characters)] == ["TOTAL", "RM"]
    gray, characters = _drawn_line("STATIONERY", step=22)
    assert [word.text for word in place_words(gray, box, characters)] == ["STATIONERY"]


def test_lines_of_unsure_characters_are_left_out():
    gray, characters = _drawn_line("ab")
    unsure = [RecognisedCharacter(character.text, character.x, 0.3) for character in characters]
    assert place_words(gray, Rect(0, 0, 600, 24), unsure) == []


def _typeset_line(text, size=22, width=400, height=30):
    """The picture of a line set in a font, with its characters."""
    picture, face = Image.new("L", (width, height), 255), ImageFont.load_default(size)
    ImageDraw.Draw(picture).text((8, 2), text, 0, face)
    centres = [8 + (face.getlength(text[:n]) + face.getlength(text[: n + 1])) / 2 for n in range(len(text))]
    return picture, [RecognisedCharacter(char, x, 0.9) for char, x in zip(text, centres, strict=True)]


@pytest.mark.parametrize("text", ["Rate", "Weekdays", "Spots/Week", "Paying agency"])
def test_underlined_words_have_the_size_and_baseline_of_plain_ones(text):
    picture, characters = _typeset_line(text)
    box = Rect(0, 0, picture.width, picture.height)
    plain = place_words(np.asarray(picture), box, characters)
    ImageDraw.Draw(picture).line((6, 26, characters[-1].x + 10, 26), 0, 2)
    lined = place_words(np.asarray(picture), box, characters)
    assert [word.text for word in lined] == text.split()
    for word, other in zip(lined, plain, strict=True):
        assert word.baseline == pytest.approx(other.baseline, abs=1.5)
        assert word.font_size == pytest.approx(other.font_size, rel=0.1)


def test_words_have_the_height_of_their_line():
    picture, characters = _typeset_line("sum - PAYED")
    words = place_words(np.asarray(picture), Rect(0, 100, 400, 130), characters)
    assert [word.text for word in words] == ["sum", "-", "PAYED"]
    assert len({(word.box.top, word.box.bottom) for word in words}) == 1
    assert words[0].box.bottom - words[0].box.top == pytest.approx(1.11 * words[0].font_size, rel=0.05)


def test_word_ends_at_the_wall_of_its_cell():
    picture, characters = _typeset_line("1:00PMDay")
    wall = (characters[5].x + characters[6].x) / 2
    box = Rect(0, 0, picture.width, picture.height)
    assert [word.text for word in place_words(np.asarray(picture), box, characters, (wall,))] == ["1:00PM", "Day"]
    assert [word.text for word in place_words(np.asarray(picture), box, characters)] == ["1:00PMDay"]


def test_words_of_a_line_are_one_run_up_to_a_wall():
    made = page_of(("North 120", "South 340"))
    for y in (28, 54, 78):
        made.draw_line(24, y, 150, y)
    for number, text in enumerate(("Open 77", "Shut 88")):
        made.write(95, 45 + 24 * number, text, 11, "serif")
    for x in (24, 90, 150):
        made.draw_line(x, 28, x, 78)
    words = {word.text: word for word in read_page(made.picture, 150).words}
    assert set(words) == {"North", "120", "Open", "77", "South", "340", "Shut", "88"}
    for one, other in (("North", "120"), ("Open", "77"), ("South", "340"), ("Shut", "88")):
        assert words[one].text_run == words[other].text_run
    assert words["120"].text_run != words["Open"].text_run and words["340"].text_run != words["Shut"].text_run
    assert words["North"].text_run != words["South"].text_run


def test_the_languages_that_the_handbook_says_ocr_reads_are_in_the_alphabet_of_its_model():
    from extractor.ocr.models import RECOGNITION, _load

    alphabet = set(_load(RECOGNITION, 1).get_modelmeta().custom_metadata_map["character"].splitlines())
    assert set("单單のカαΩäßéñçøåđłşğıőžĄęĐ") <= alphabet
    assert not alphabet & set("ếổ한글фяابשกअ")
