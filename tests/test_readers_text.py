"""Plain text: encodings of short texts, line ends, blocks, pages."""

from __future__ import annotations

import contextlib

import pytest

from extractor.errors import InputError
from extractor.readers import read_bytes
from extractor.readers.encoding import decode, is_level_1
from extractor.readers.headings import heading_level

CHINESE = [
    "总计",
    "姓名：张三",
    "金额：75647.67万元",
    "第二十条第（一）项",
    "行政许可\t267\t增50",
    "颐和园路五号",
    "药品",
]
TRADITIONAL = ["臺北市政府", "發票號碼 AB-12345678", "統計期間為民國109年1月1日", "資訊公開年度報告"]
WESTERN = [
    "Café",
    "Price: £35",
    "“Smart quotes” – dash",
    "It’s a test",
    "São Paulo, Brasil",
    "Müller GmbH & Co. KG",
    "25 °C",
]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", CHINESE)
def test_short_chinese_texts_are_decoded(text, encoding):
    assert decode(text.encode(encoding))[0] == text


@pytest.mark.parametrize("encoding", ["utf-8", "big5", "gb18030", "utf-16"])
@pytest.mark.parametrize("text", TRADITIONAL)
def test_short_traditional_texts_are_decoded(text, encoding):
    assert decode(text.encode(encoding))[0] == text


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("text", WESTERN)
def test_short_western_texts_are_decoded(text, encoding):
    assert decode(text.encode(encoding))[0] == text


@pytest.mark.parametrize("data", [b"\xff\xd8\xdf\xd9", b"\xdc\x00\xdc\x00", bytes(range(0xD8, 0xE0))])
def test_short_bytes_in_no_encoding_do_not_fail_otherwise(data):
    with contextlib.suppress(ValueError):
        assert decode(data)[0]


def test_common_characters_are_the_first_levels_of_the_standards():
    assert all(map(is_level_1, "的国發灣"))
    assert not any(map(is_level_1, "镕龘Aあ"))


def test_text_cut_inside_a_character_is_decoded():
    for encoding in ("utf-8", "gb18030"):
        data = ("政府信息公开工作年度报告" * 50).encode(encoding)
        assert decode(data[:-1], cut=True)[0].startswith("政府信息公开")


def test_one_bad_byte_in_a_long_text_is_a_problem():
    data = "政府信息公开工作年度报告，".encode("gb18030") * 400 + b"\xff\n" + "共收到申请".encode("gb18030")
    document = read_bytes(data, "a.txt")
    assert document.text.startswith("政府信息公开")
    assert [problem.kind for problem in document.problems] == ["encoding"]


def test_line_ends_are_normalised_and_controls_left_out():
    document = read_bytes(b"one\r\ntwo\rthree\x07 bell\n", "a.txt")
    assert document.text == "one\ntwo\nthree bell\n"
    assert [problem.kind for problem in document.problems] == ["control_characters"]


def test_few_zero_bytes_are_left_out_and_many_are_binary():
    assert read_bytes(b"name: value\x00\n" * 1 + b"a line of text\n" * 20, "a.txt").text.startswith("name: value\n")
    with pytest.raises(InputError):
        read_bytes(b"a\x00\x00\x01" * 500, "a.bin")


def test_form_feeds_separate_pages():
    document = read_bytes(b"first page\n\fsecond page\n", "a.txt")
    assert [(page.number, document.text[page.start : page.end]) for page in document.pages] == [
        (1, "first page\n"),
        (2, "second page\n"),
    ]
    assert [block.page for block in document.blocks] == [1, 2]


def test_blocks_headings_paragraphs_and_list_items():
    text = (
        "年度报告\n\n一、总体情况\n本年主动公开信息100条。\n其中网站公开80条。\n\n"
        "（一）强化领导\n- 第一点内容\n- 第二点内容\n"
        "\n# Summary\nThis is prose.\n1.2 Scope\nMore prose.\n"
    )
    document = read_bytes(text.encode(), "a.txt")
    found = [(block.kind, block.level, document.text[block.start : block.end]) for block in document.blocks]
    assert found == [
        ("heading", 1, "年度报告"),
        ("heading", 1, "一、总体情况"),
        ("paragraph", 0, "本年主动公开信息100条。\n其中网站公开80条。"),
        ("heading", 2, "（一）强化领导"),
        ("list_item", 0, "- 第一点内容"),
        ("list_item", 0, "- 第二点内容"),
        ("heading", 1, "# Summary"),
        ("paragraph", 0, "This is prose."),
        ("heading", 2, "1.2 Scope"),
        ("paragraph", 0, "More prose."),
    ]


@pytest.mark.parametrize(
    "line", ["1,200.00", "3.5 kg", "Name: Roe", "This goes on, and ends.", "12", "a\tb", "（一）开头，", ""]
)
def test_line_is_not_a_heading(line):
    assert heading_level(line) == 0


def test_flattened_table_is_found_and_is_a_block():
    text = "Deliveries\n\nItem\tUnits\tPrice\nApple\t2\t3.00\nPear\t4\t5.00\nPlum\t6\t7.50\n\nThe end of it all.\n"
    document = read_bytes(text.encode(), "a.txt")
    (table,) = document.tables
    assert [cell.text for cell in table.cells if cell.column == 0] == ["Item", "Apple", "Pear", "Plum"]
    assert [block.kind for block in document.blocks].count("table") == 1
    for cell in table.cells:
        assert document.text[cell.start : cell.end] == cell.text
