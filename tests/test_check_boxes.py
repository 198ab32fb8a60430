"""Boxes ticked by pen in pictures of pages: which squares are boxes, which are ticked, what becomes of the words."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from extractor.geometry import PlacedWord, Rect
from extractor.ocr.check_boxes import CheckBox, find_check_boxes, with_check_boxes

DPI = 200
SIDE = 30
PLACES = [(120 + 300 * column, 200 + 90 * row) for row in range(3) for column in range(3)]


def scan(draw, seed=4):
    """Return a page in grey, a little blurred and noisy as scans are, on which `draw` has drawn."""
    picture = Image.new("L", (1200, 700), 245)
    draw(ImageDraw.Draw(picture))
    pixels = np.asarray(picture.filter(ImageFilter.GaussianBlur(0.8))).astype(float)
    return (pixels + np.random.default_rng(seed).normal(0, 6, pixels.shape)).clip(0, 255).astype(np.uint8)


def boxes(pen, side=SIDE):
    for x, y in PLACES:
        pen.rectangle((x, y, x + side, y + side), outline=40, width=2)
        pen.line((x + 45, y + 15, x + 160, y + 15), fill=30, width=6)


def cross(pen, x, y):
    pen.line((x + 5, y + 6, x + 26, y + 25), fill=60, width=4)
    pen.line((x + 25, y + 5, x + 6, y + 26), fill=60, width=4)


def tick(pen, x, y):
    pen.line((x + 4, y + 12, x + 13, y + 24), fill=60, width=4)
    pen.line((x + 13, y + 24, x + 44, y - 16), fill=60, width=4)


def scribble(pen, x, y):
    for shift in range(3, 28, 5):
        pen.line((x - 5, y + shift, x + 36, y + shift - 3), fill=60, width=3)


@pytest.mark.parametrize("mark", [cross, tick, scribble])
@pytest.mark.parametrize("ticked", [[], [4], [0, 5, 7]])
def test_boxes_are_ticked_that_hold_more_ink_than_the_others(mark, ticked):
    def draw(pen):
        boxes(pen)
        for number in ticked:
            mark(pen, *PLACES[number])

    found = find_check_boxes(scan(draw), DPI)
    assert len(found) == len(PLACES)
    nearest = [min(found, key=lambda each: abs(each.box.x0 - x) + abs(each.box.top - y)) for x, y in PLACES]
    assert all(
        abs(each.box.x0 - x) < 5 and abs(each.box.top - y) < 5 for each, (x, y) in zip(nearest, PLACES, strict=True)
    )
    assert [number for number, each in enumerate(nearest) if each.ticked] == ticked


def test_cells_of_a_table_and_letters_are_no_boxes():
    def grid(pen):
        for at in range(0, 400, 32):
            pen.line((100, 100 + at, 484, 100 + at), fill=20, width=2)
            pen.line((100 + at, 100, 100 + at, 484), fill=20, width=2)

    def letters(pen):
        font = ImageFont.truetype("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", 34)
        for row in range(8):
            pen.text((60, 60 + 60 * row), "OO DO 00 H8 BD QO 8B EE HH 00 DD", fill=20, font=font)

    assert find_check_boxes(scan(grid), DPI) == []
    assert find_check_boxes(scan(letters), DPI) == []
    assert find_check_boxes(scan(lambda pen: None), DPI) == []


def word(text, x0, x1, run=0, top=100, bottom=130):
    return PlacedWord(text, Rect(x0, top, x1, bottom), bottom - 6, 28, run, confidence=0.9)


def test_a_box_becomes_a_mark_in_the_line_beside_it_and_what_was_read_there_is_dropped():
    words = [word("Quay:", 20, 90), word("口", 120, 150, 1), word("East", 160, 220, 1), word("□West", 300, 400, 2)]
    marks = [CheckBox(Rect(120, 100, 150, 130), False), CheckBox(Rect(300, 100, 330, 130), True)]
    found = with_check_boxes(words, marks)
    assert [each.text for each in found] == ["Quay:", "☐", "East", "☑", "West"]
    assert found[4].box.x0 == 330


def test_a_square_close_behind_a_letter_is_a_letter():
    words = [word("人口数量", 100, 220)]
    assert with_check_boxes(words, [CheckBox(Rect(130, 100, 160, 130), False)]) == words


def test_small_boxes_are_found():
    found = find_check_boxes(scan(lambda pen: boxes(pen, side=16)), DPI)
    assert len(found) == len(PLACES) and not any(each.ticked for each in found)


def test_capital_letter_behind_a_box_stays_with_its_word():
    words = [word("Other", 100, 230), word("DYes", 300, 400, 1)]
    marks = [CheckBox(Rect(100, 100, 130, 130), False), CheckBox(Rect(300, 100, 330, 130), True)]
    assert [each.text for each in with_check_boxes(words, marks)] == ["☐", "Other", "☑", "Yes"]


def test_word_with_a_box_behind_a_sign_is_parted_there():
    words = [word("Berth:Inner", 100, 280)]
    found = with_check_boxes(words, [CheckBox(Rect(184, 100, 206, 130), True)])
    assert [each.text for each in found] == ["Berth:", "☑", "Inner"]


def test_part_of_a_letter_of_a_tall_word_is_no_box():
    words = [word("HARBOUR", 100, 300, top=90, bottom=150)]
    assert with_check_boxes(words, [CheckBox(Rect(103, 110, 125, 132), True)]) == words
