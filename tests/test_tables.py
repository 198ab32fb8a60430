"""Placed cells become a table in which every cell has the headers that govern it."""

from __future__ import annotations

import pytest
from generated_tables import grow

from extractor.tables import PlacedCell, build_table, collapse_whitespace, is_value
from extractor.tables.cell_kinds import counts_up


def table_of(rows, **options):
    """Return the table of rows as HTML writes them: a text, or `(text, row_span, column_span)`; `^` marks a `th`."""
    text, placed, taken = "", [], set()
    for number, row in enumerate(rows):
        column = 0
        for cell in row:
            words, down, across = (cell, 1, 1) if isinstance(cell, str) else cell
            while (number, column) in taken:
                column += 1
            header, words = words.startswith("^"), words.lstrip("^")
            placed.append(PlacedCell(len(text), len(text) + len(words), number, column, down, across, header))
            text += words + "\n"
            taken |= {(number + y, column + x) for y in range(down) for x in range(across)}
            column += across
    return build_table(text, placed, **options)


def values(table):
    return {cell.text: (cell.row_path, cell.column_path) for cell in table.cells if not cell.header and cell.text}


def headers(table):
    return [cell.text for cell in table.cells if cell.header]


def banner(text, count):
    return [(text, 1, count)]


@pytest.mark.parametrize(
    ("broken", "line"),
    [
        ("  本年\n\n新增\n数量 ", "本年新增数量"),
        ("net\nprofit", "net profit"),
        ("第 3\n季度", "第 3 季度"),
        ("（甲）\n其他", "（甲）其他"),
        ("a\u3000\u3000b\xa0", "a b"),
        ("\u200b \u3000\n", ""),
        ("销量\r\n(kg)", "销量 (kg)"),
    ],
)
def test_line_breaks_close_up_between_chinese_characters_only(broken, line):
    assert collapse_whitespace(broken) == line


VALUES = """0 | 1,234.50 | -9.4 | (12) | 增7 | 减 14 | $1,020.00 | 12.5% | 45万元 | 2021年3月4日 | 4 Mar 2021 | 3.9-6.1
- | — | N/A | １２ | 7 kg | 09:30 | USD 50"""


@pytest.mark.parametrize("text", [text.strip() for line in VALUES.splitlines() for text in line.split("|")])
def test_values_are_told_from_labels(text):
    assert is_value(text)


@pytest.mark.parametrize(
    "text", ["1.渡轮", "2. Ferry", "（一）", "Q1", "Age 0-4", "十月", "Anchor 7 of the old harbour", "", "INV-7", "A+"]
)
def test_labels_are_told_from_values(text):
    assert not is_value(text)


def test_numbers_that_go_up_by_one_are_a_count():
    assert counts_up(["1月", "2月", "3月"]) and counts_up(["(4)", "(5)", "(6)"])
    assert not counts_up(["1", "3", "4"]) and not counts_up(["1", "2"]) and not counts_up(["1月", "2月", "3日"])


def test_merged_labels_and_headers_are_in_the_paths_of_all_cells_they_span():
    table = table_of(
        [
            [("泊位", 3, 2), ("船舶", 1, 4)],
            [("渡轮", 2, 1), ("货轮", 1, 2), ("合计", 2, 1)],
            ["国内", "国外"],
            [("一、到港", 1, 2), "5", "2", "3", "10"],
            [("二、离港", 2, 1), "（一）准点", "4", "1", "0", "5"],
            ["（二）晚点", "6", "", "7", "13"],
        ]
    )
    found = values(table)
    assert found["10"] == (("一、到港",), ("船舶", "合计"))
    assert found["0"] == (("二、离港", "（一）准点"), ("船舶", "货轮", "国外"))
    assert found["7"] == (("二、离港", "（二）晚点"), ("船舶", "货轮", "国外"))
    blank = [cell for cell in table.cells if cell.row == 5 and cell.column == 3]
    assert [(cell.text, cell.start == cell.end, cell.column_path) for cell in blank] == [
        ("", True, ("船舶", "货轮", "国内"))
    ]
    assert (table.rows, table.columns) == (6, 6)
    assert [cell.text for cell in table.cells if cell.header and not cell.row_path and cell.column < 2] == [
        "泊位",
        "一、到港",
        "二、离港",
    ]


def test_banners_open_sections_with_header_rows_of_their_own():
    table = table_of(
        [
            banner("Article 4", 4),
            ["Kind", "New", "Gone", "Now"],
            ["Permits", "1", "2", "3"],
            banner("Article 9", 4),
            ["Kind", "Last year", ("Change", 1, 2)],
            ["Fines", "44", ("up 5", 1, 2)],
            ["Seizures", "45", ("6", 1, 2)],
        ]
    )
    found = values(table)
    assert found["3"] == (("Article 4", "Permits"), ("Now",))
    assert found["up 5"] == (("Article 9", "Fines"), ("Change",))
    assert found["45"] == (("Article 9", "Seizures"), ("Last year",))
    assert {"Article 4", "Kind", "Permits", "Change"} <= set(headers(table))


def test_a_banner_without_header_rows_keeps_those_above():
    table = table_of(
        [["Fruit", "Kg", "Price"], ["Apple", "1", "2"], banner("Imported", 3), ["Mango", "3", "4"], banner("Net.", 3)]
    )
    assert values(table) == {
        "1": (("Apple",), ("Kg",)),
        "2": (("Apple",), ("Price",)),
        "3": (("Imported", "Mango"), ("Kg",)),
        "4": (("Imported", "Mango"), ("Price",)),
    }


def test_header_rows_right_above_the_first_banner_govern_all_sections():
    table = table_of(
        [["", "2020", "2019"], banner("Assets", 3), ["Cash", "10", "9"], banner("Debts", 3), ["Loans", "7", "6"]]
    )
    assert values(table)["9"] == (("Assets", "Cash"), ("2019",))
    assert values(table)["7"] == (("Debts", "Loans"), ("2020",))


def test_banners_nest_by_their_numbering():
    table = table_of(
        [
            banner("Part A", 3),
            banner("Section 1", 3),
            ["x", "Qty", "Price"],
            ["n", "1", "2"],
            banner("Section 2", 3),
            ["m", "3", "4"],
            banner("Part B", 3),
            banner("Section 1", 3),
            ["k", "5", "6"],
        ]
    )
    assert values(table)["4"] == (("Part A", "Section 2", "m"), ("Price",))
    assert values(table)["6"] == (("Part B", "Section 1", "k"), ("Price",))


def test_a_label_beside_blanks_heads_the_rows_after_it():
    dense = [["", "2020", "2019"], ["Assets", "", ""], ["Cash", "10", "9"], ["Stock", "5", "4"]]
    found = values(table_of([*dense, ["Debts", "", ""], ["Loans", "7", "6"]]))
    assert found["4"] == (("Assets", "Stock"), ("2019",))
    assert found["6"] == (("Debts", "Loans"), ("2019",))
    numbered = [["项目", "数量", "金额"], ["一、收入", "", ""], ["（一）税", "10", "20"], ["（二）费", "1", "2"]]
    assert values(table_of(numbered))["2"] == (("一、收入", "（二）费"), ("金额",))


def test_a_row_of_blank_values_is_no_group_heading():
    table = table_of([["种类", "制定", "废止"], ["规则", "", ""], ["办法", "3", ""], ["细则", "", "4"]])
    assert values(table) == {"3": (("办法",), ("制定",)), "4": (("细则",), ("废止",))}


def test_a_form_has_a_label_for_each_value_and_no_columns():
    two = values(table_of([["Invoice no", "INV-22"], ["Date", "2020-01-02"], ["Amount", "$5"]]))
    assert two == {"INV-22": (("Invoice no",), ()), "2020-01-02": (("Date",), ()), "$5": (("Amount",), ())}
    four = values(
        table_of([["姓名", "张三", "性别", "男"], ["出生", "1990年1月1日", "民族", "汉"], ["住址", ("某路1号", 1, 3)]])
    )
    assert four["男"] == (("性别",), ()) and four["某路1号"] == (("住址",), ())
    marked = values(table_of([["^Name", "Ann"], ["^City", "Rome"], ["^Age", "31"]]))
    assert marked == {"Ann": (("Name",), ()), "Rome": (("City",), ()), "31": (("Age",), ())}
    grouped = values(
        table_of(
            [[("Buyer", 2, 1), "Name", "Ann"], ["Phone", "139 000"], [("Agent", 2, 1), "Name", "Bob"], ["Fax", "7"]]
        )
    )
    assert grouped["139 000"] == (("Buyer", "Phone"), ()) and grouped["Bob"] == (("Agent", "Name"), ())


def test_records_are_labelled_by_their_first_text_column():
    lab = values(
        table_of(
            [
                ["Test", "Result", "Unit", "Range"],
                ["Glucose", "5.4", "mmol/L", "3.9-6.1"],
                ["Group", "A+", "", ""],
                ["Sodium", "140", "mmol/L", "135-145"],
            ]
        )
    )
    assert lab["A+"] == (("Group",), ("Result",)) and lab["3.9-6.1"] == (("Glucose",), ("Range",))
    people = values(table_of([["Name", "Role", "City"], ["Ann", "Pilot", "Paris"], ["Bob", "Cook", "Rome"]]))
    assert people == {
        "Pilot": (("Ann",), ("Role",)),
        "Paris": (("Ann",), ("City",)),
        "Cook": (("Bob",), ("Role",)),
        "Rome": (("Bob",), ("City",)),
    }
    numbered = values(table_of([["序号", "名称", "数量"], ["1", "桌", "30"], ["2", "椅", "40"]]))
    assert numbered["40"] == (("椅",), ("数量",)) and numbered["2"] == (("椅",), ("序号",))
    dated = values(table_of([["Date", "Text", "Sum"], ["2020-01-01", "tea", "3"], ["2020-01-02", "ink", "4"]]))
    assert dated["4"] == ((), ("Sum",)) and dated["ink"] == ((), ("Text",))


def test_a_total_under_several_labels_keeps_its_column():
    table = table_of(
        [
            ["Item", "Description", "Qty", "Amount"],
            ["A1", "Widget small", "2", "10.00"],
            ["A2", "Widget big", "1", "7.00"],
            [("Total", 1, 3), "17.00"],
        ]
    )
    found = values(table)
    assert found["10.00"] == (("A1", "Widget small"), ("Amount",))
    assert found["17.00"] == (("Total",), ("Amount",))


def test_years_and_counts_over_values_are_headers():
    years = values(table_of([["", "2020", "2019"], ["Sales", "100", "90"]]))
    assert years["90"] == (("Sales",), ("2019",))
    months = values(table_of([["项目", "1月", "2月", "3月"], ["产量", "10", "20", "30"], ["销量", "11", "21", "31"]]))
    assert months["21"] == (("销量",), ("2月",))
    counted = table_of(
        [["项目", "计划", "完成", "差额", "比例"], ["甲", "1", "2", "3", "4"], ["工程一", "10", "20", "30", "40"]]
    )
    assert values(counted)["40"] == (("工程一",), ("比例",)) and "4" in headers(counted)
    down = values(table_of([["Year", "Sales", "Cost"], ["2018", "10", "1"], ["2019", "20", "2"]]))
    assert down["2"] == (("2019",), ("Cost",))


def test_units_repeated_headers_and_new_headers_are_header_rows():
    units = values(
        table_of([["Item", "Price", "Weight"], ["", "(USD)", "(kg)"], ["Nut", "1", "2"], ["Bolt", "3", "4"]])
    )
    assert units["4"] == (("Bolt",), ("Weight", "(kg)"))
    again = table_of([["Item", "Qty", "Sum"], ["Nut", "1", "2"], ["Item", "Qty", "Sum"], ["Bolt", "3", "4"]])
    assert values(again)["4"] == (("Bolt",), ("Sum",)) and headers(again).count("Qty") == 2
    other = values(table_of([["Item", "Qty", "Sum"], ["Nut", "1", "2"], ["Item", "Mass", "Size"], ["Gear", "7", "8"]]))
    assert other["8"] == (("Gear",), ("Size",)) and other["2"] == (("Nut",), ("Sum",))


def test_th_marks_headers_unless_every_cell_has_it():
    marked = values(table_of([["^Name", "^City"], ["Ann", "Rome"], ["Bob", "Oslo"]]))
    assert marked["Oslo"] == (("Bob",), ("City",))
    everywhere = values(table_of([["^Item", "^Qty"], ["^Nut", "^3"], ["^Bolt", "^4"]]))
    assert everywhere["4"] == (("Bolt",), ("Qty",))


def test_labels_that_look_like_values_under_a_wide_corner():
    table = table_of(
        [
            [("Group", 2, 2), ("Men", 1, 2), ("Women", 1, 2)],
            ["n", "%", "n", "%"],
            [("Age", 2, 1), "<30", "1", "10%", "2", "20%"],
            [">=30", "3", "30%", "4", "40%"],
        ]
    )
    assert values(table)["40%"] == (("Age", ">=30"), ("Women", "%"))


def test_overlapping_and_huge_spans_are_survived():
    assert build_table("", []).cells == ()
    text = "abc"
    overlapping = [PlacedCell(0, 1, 0, 0, 3, 3), PlacedCell(1, 2, 1, 1), PlacedCell(2, 3, 0, 0)]
    assert [cell.text for cell in build_table(text, overlapping).cells] == ["a", "c", "b"]
    huge = build_table(text, [PlacedCell(0, 1, 0, 0, 65534, 1000), PlacedCell(1, 2, 70000, 3, 0, 9)])
    assert (huge.rows, huge.columns) == (2, 4)
    many = build_table(text, [PlacedCell(0, 1, row, 0, 60000, 1) for row in range(3000)])
    assert len(many.cells) == 3000


def test_caption_and_pages_are_kept():
    table = table_of([["a", "1"], ["b", "2"]], caption=["Part 1", "Table 2"], pages=[3, 4])
    assert table.caption == ("Part 1", "Table 2") and table.pages == (3, 4)
    assert (table.start, table.end) == (0, 7)


def test_random_tables_keep_their_header_paths():
    for seed in range(150):
        grown = grow(seed, recoverable=False)
        text, placed = "", []
        for cell in grown.cells:
            end = len(text) + len(cell.text)
            placed.append(PlacedCell(len(text), end, cell.row, cell.column, cell.rows, cell.columns))
            text += cell.text + "\n"
        found = values(build_table(text, placed))
        assert {key: found.get(key) for key in grown.answers()} == grown.answers(), seed
