"""Ranges of scripts: what is in them, and what is not."""

import re

import pytest

from extractor.values import scripts


@pytest.mark.parametrize("name", ["HAN", "KANA", "HANGUL", "CJK", "WIDE", "UNSPACED", "COMBINING_MARKS"])
def test_every_range_can_stand_inside_a_character_class(name):
    pattern = re.compile(f"[^{getattr(scripts, name)}]")
    assert pattern.fullmatch("a") and pattern.fullmatch("-")


def test_han_holds_ideographs_but_neither_kana_nor_punctuation():
    assert all(map(scripts.is_han, "一龥㐀豈𠀀"))
    assert not any(map(scripts.is_han, "あ、。ａ한a1"))
    assert scripts.has_han("Total 合计") and not scripts.has_han("Total")


def test_cjk_holds_letters_of_chinese_and_japanese_but_no_punctuation():
    assert all(map(scripts.is_cjk, "一あカー"))
    assert not any(map(scripts.is_cjk, "、（ａ한a"))
    assert scripts.has_cjk("ab あ") and not scripts.has_cjk("ab 、")


def test_wide_holds_what_takes_the_width_of_a_chinese_character():
    assert all(map(scripts.is_wide, "一あ、。（ａ㈱⺀"))
    assert not any(map(scripts.is_wide, "a1é한"))


def test_unspaced_holds_thai_and_korean_but_no_latin():
    assert all(map(scripts.is_unspaced, "一あ、กက한"))
    assert not any(map(scripts.is_unspaced, "aé1（"))
