"""Enumeration marks at the start of labels and headings."""

import pytest

from extractor.values.enumeration import enumeration_style, strip_enumeration


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("（三）其他", "（十一）x"),
        ("Part B", "Part C"),
        ("第二条 x", "第十条"),
        ("1.2 Ships", "3.10 Crews"),
        ("① a", "⑳b"),
    ],
)
def test_marks_of_one_kind_have_one_style(one, other):
    assert enumeration_style(one) == enumeration_style(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("（三）其他", "三、其他"),
        ("Part B", "Section 1"),
        ("第二条", "第二章"),
        ("3.5 tons", "3. tons"),
        ("(1) a", "1) a"),
    ],
)
def test_marks_of_different_kinds_have_different_styles(one, other):
    assert enumeration_style(one) != enumeration_style(other)


@pytest.mark.parametrize("text", ["Harbour", "1.5", "2020", "A", "一般支出", "", "十月"])
def test_text_without_a_mark_has_no_style(text):
    assert enumeration_style(text) == ""


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("一、收入", "收入"),
        ("（一）收入", "收入"),
        ("〔二〕 收入", "收入"),
        ("1.2 Ships", "1.2 Ships"),
        ("1.2. Ships", "Ships"),
        ("(3) Crews", "Crews"),
        ("① Tugs", "Tugs"),
        ("a) Ferries", "Ferries"),
        ("iv. Cranes", "Cranes"),
        ("  1.5 ", "1.5"),
        ("一般支出", "一般支出"),
    ],
)
def test_the_mark_is_stripped_and_nothing_else(text, name):
    assert strip_enumeration(text) == name
