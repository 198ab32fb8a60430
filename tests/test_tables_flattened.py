"""Tables that were flattened to plain text are found and get their grid back."""

from __future__ import annotations

import random

import pytest
from generated_tables import aligned, grow, pipe_stream, pipes, tab_lines, tab_separated

from extractor.tables import collapse_whitespace, find_tables_in_text


def only(text):
    (table,) = find_tables_in_text(text)
    for cell in table.cells:
        assert collapse_whitespace(text[cell.start : cell.end]) == cell.text
        assert cell.text or cell.start == cell.end
    return table


def values(table):
    return {cell.text: (cell.row_path, cell.column_path) for cell in table.cells if not cell.header and cell.text}


def lines(*rows, end="\n"):
    """Return rows of cells, each cell on a line that begins at a tab, each row ended by a blank line."""
    return "".join("".join(f"\t{cell}\n" for cell in row) + end for row in rows)


PORT = (
    "某港2031年度统计\n\n本港全年运行平稳。\n三、船舶进出情况\n"
    + lines(
        ["（注：到港加离港等于总数）\n\xa0", "船舶情况"],
        ["", "渡轮\n\xa0", "货轮或其他", "合计"],
        ["", "", "散货", "集装箱", "油轮", ""],
        ["一、本年到港", "21", "  0", "0 ", "\u30002", "23"],
        ["二、\n\n本\n\n年\n\n离港\n", "（一）准点", "7", "", "0", "1", "8"],
        ["", "（二）晚\n\n点", "1.天气原因", "3", "0", "0", "0", "3"],
        ["", "", "2.机械\n原因", "11", "0", "0", "减4", "7"],
        ["三、年末在港", "5", "0", "0", "0", "5"],
    )
    + "\n四、其他\n后续工作将继续推进。\n"
)


def test_upright_labels_and_three_header_rows_get_their_spans_back():
    table = only(PORT)
    found = values(table)
    assert table.caption == ("三、船舶进出情况",)
    assert table.problems == ()
    assert found["21"] == (("一、本年到港",), ("船舶情况", "渡轮"))
    assert found["23"] == (("一、本年到港",), ("船舶情况", "合计"))
    assert found["8"] == (("二、本年离港", "（一）准点"), ("船舶情况", "合计"))
    assert found["11"] == (("二、本年离港", "（二）晚点", "2.机械原因"), ("船舶情况", "渡轮"))
    assert found["减4"] == (("二、本年离港", "（二）晚点", "2.机械原因"), ("船舶情况", "货轮或其他", "油轮"))
    assert found["2"][1] == ("船舶情况", "货轮或其他", "油轮")
    blank = [cell for cell in table.cells if cell.row_path[-1:] == ("（一）准点",) and not cell.text]
    assert [cell.column_path for cell in blank] == [("船舶情况", "货轮或其他", "散货")]
    zeros = [cell for cell in table.cells if cell.text == "0"]
    assert zeros and all(PORT[cell.start : cell.end] == "0" for cell in zeros)
    (upright,) = [cell for cell in table.cells if cell.text == "二、本年离港"]
    assert PORT[upright.start : upright.end] == "二、\n\n本\n\n年\n\n离港" and upright.row_span == 3


@pytest.mark.parametrize(
    ("found", "instead"), [("\n", "\r\n"), ("\xa0\n", "\n"), ("\xa0\n", ""), ("\xa0", " "), ("\n\t", "\n\t\t")]
)
def test_blank_paragraphs_inside_cells_change_no_path(found, instead):
    table = only(PORT.replace(found, instead))
    assert values(table) == values(only(PORT))
    assert table.problems == ()


def test_header_rows_cut_apart_by_blank_lines_are_rejoined():
    kinds = ["won", "lost", "open", "all"]
    text = "Appeals\n\n\tReview\n\tCourt\n\n"
    text += "".join(f"\t{kind}\n\n" for kind in [*kinds, "direct", "after review"])
    text += "\t\n" * 4 + "".join(f"\t{kind}\n\n" for kind in kinds * 2)
    text += lines([str(number) for number in range(20, 32)])
    assert values(only(text))["31"] == ((), ("Court", "after review", "all"))


def test_repeated_headers_tell_the_groups_above_them():
    kinds = ["won", "lost", "open", "all"]
    text = "Appeals\n\n" + lines(
        ["Review", "Court"],
        [*kinds, "direct", "after review"],
        ["", "", "", "", *kinds, *kinds],
        [str(number) for number in range(20, 32)],
    )
    found = values(only(text))
    assert found["23"] == ((), ("Review", "all"))
    assert found["24"] == ((), ("Court", "direct", "won"))
    assert found["31"] == ((), ("Court", "after review", "all"))


def test_banners_open_sections_with_headers_of_their_own():
    text = "2. Licences\n" + lines(
        ["Article 4 (a)"],
        ["Kind", "New\nthis year", "Now in force"],
        ["Rules", "0", "12"],
        ["Notices", "3", ""],
        ["Article 4 (b)"],
        ["Kind", "Change"],
        ["Permits", "up 50"],
        ["Refunds", "1,492.50"],
    )
    table = only(text)
    found = values(table)
    assert table.caption == ("2. Licences",)
    assert found["12"] == (("Article 4 (a)", "Rules"), ("Now in force",))
    assert found["3"] == (("Article 4 (a)", "Notices"), ("New this year",))
    assert found["up 50"] == (("Article 4 (b)", "Permits"), ("Change",))
    assert found["1,492.50"] == (("Article 4 (b)", "Refunds"), ("Change",))


def test_a_cell_of_two_paragraphs_does_not_end_the_row():
    text = lines(
        ["Ship", "Crew", "Load", "Note"],
        ["Anna", "12", "300", "none"],
        ["Berta", "14", "310", "none"],
        ["Clara\n\nformerly Dora", "15", "320", "sold"],
        ["Emma", "16", "330", "none"],
    )
    found = values(only(text))
    assert found["320"] == (("Clara formerly Dora",), ("Load",))
    assert found["330"] == (("Emma",), ("Load",))


def test_a_blank_line_after_a_label_that_reaches_down_does_not_end_the_row():
    text = lines(
        ["Kind", "Item", "Qty"],
        ["A", "x", "1"],
        ["", "y", "2"],
        ["B"],
        ["x", "3"],
        ["", "y", "4"],
        ["C", "5"],
        ["D", "6"],
    )
    found = values(only(text))
    assert found["3"] == (("B", "x"), ("Qty",)) and found["4"] == (("B", "y"), ("Qty",))
    assert found["5"] == (("C",), ("Qty",))


def test_lost_blanks_at_the_end_of_a_row_are_a_problem():
    text = lines(
        ["Ship", "Crew", "Load", "Speed"],
        ["Anna", "12", "300", "9"],
        ["Berta", "14", "310"],
        ["Clara", "15", "320", "8"],
    )
    table = only(text)
    assert values(table)["310"] == (("Berta",), ("Load",))
    assert [(problem.kind, "row 3" in problem.message) for problem in table.problems] == [("table_rows", True)]
    assert [cell.column_path for cell in table.cells if cell.row == 2 and not cell.text] == [("Speed",)]


def test_cells_that_reach_down_may_leave_nothing_in_the_rows_below():
    text = lines(
        ["项目", "合同", "付款情况", "合计"],
        ["已付", "未付", "逾期"],
        ["一、工程", "（一）土建", "11", "12", "13", "14", "15"],
        ["（二）安装", "21", "22", "23", "24", "25"],
        ["二、设备", "31", "32", "33", "34", "35"],
    )
    found = values(only(text))
    assert found["13"] == (("一、工程", "（一）土建"), ("付款情况", "未付"))
    assert found["21"] == (("一、工程", "（二）安装"), ("合同",))
    assert found["35"] == (("二、设备",), ("合计",))


def test_rows_are_found_in_a_stream_of_cells_without_row_ends():
    cells = [
        "Port dues",
        "Item",
        "Paid",
        "Open",
        "Berths",
        "4",
        "",
        "Cranes",
        "",
        "7",
        "Towing",
        "Item",
        "Sum",
        "Tugs",
        "9",
    ]
    text = "B. Money\n\n" + "\n\t|".join(cells) + "\n\t|\n\n\nC. Other\n"
    table = only(text)
    found = values(table)
    assert table.caption == ("B. Money",)
    assert found == {
        "4": (("Port dues", "Berths"), ("Paid",)),
        "7": (("Port dues", "Cranes"), ("Open",)),
        "9": (("Towing", "Tugs"), ("Sum",)),
    }


def test_markdown_and_ruled_tables_are_read():
    text = "# Stock\n\n| Name | Qty | Price |\n|:-----|:---:|------:|\n| Nut  | 3   | 5.0   |\n| Bolt |     | 6.0   |\n"
    table = only(text)
    assert values(table) == {"3": (("Nut",), ("Qty",)), "5.0": (("Nut",), ("Price",)), "6.0": (("Bolt",), ("Price",))}
    assert [cell.text for cell in table.cells if cell.header] == ["Name", "Qty", "Price", "Nut", "Bolt"]
    words = "| Name | Role | City |\n|---|---|---|\n| Ann | Pilot | Rome |\n| Bob | Cook | Oslo |\n"
    assert values(only(words))["Oslo"] == (("Bob",), ("City",))
    ruled = "+------+-----+\n| Item | Qty |\n+------+-----+\n| Nut  | 3   |\n| Bolt | 4   |\n+------+-----+\n"
    assert values(only(ruled)) == {"3": (("Nut",), ("Qty",)), "4": (("Bolt",), ("Qty",))}


def test_tab_separated_rows_with_lost_blanks_are_read():
    text = "\t2020\t\t2019\t\n\tplan\tdone\tplan\tdone\nNorth\t1\t2\t3\t4\nSouth\t5\t6\nAll\t6\t8\t3\t\n"
    table = only(text)
    found = values(table)
    assert found["4"] == (("North",), ("2019", "done")) and found["5"] == (("South",), ("2020", "plan"))
    assert table.problems == ()
    assert sum(1 for cell in table.cells if cell.row_path == ("South",) and not cell.text) == 2


def test_headers_centred_over_aligned_columns_span_them():
    text = (
        "Statement\n\n                  2020            2019\n               Plan   Done    Plan   Done\n"
        "Revenue          10     20     1,300    40\nCost of sales     1      2       3\n"
        "Net profit        9     18     1,297    44\n\nSome prose follows.  It goes on.\n"
    )
    table = only(text)
    assert table.caption == ("Statement",)
    assert values(table)["1,300"] == (("Revenue",), ("2019", "Plan"))
    assert values(table)["18"] == (("Net profit",), ("2020", "Done"))
    cjk = "表2  收支情况\n项目        本年      上年\n收入合计    100.5     90\n支出        50        45\n"
    assert values(only(cjk))["45"] == (("支出",), ("上年",)) and only(cjk).caption == ("表2 收支情况",)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\tIt was a quiet year in the port, and the ferries ran on time.\n\n\tNobody complained.\n\n\tThe end of it.\n",
        "\tfirst item\n\tsecond item\n\tthird item\n",
        "He said a|b is a choice.\nThen he left.\n",
        "End of one sentence.  Start of the next one.\nEnd of another one.  And so on it goes.\n",
        "一、总体情况\n\n　　本港运行平稳。\n　　船舶准点。\n",
        "\t\n\t\n\n\t\n\t\n",
        "姓名：张三    性别：男\n电话：123    住址：某路\n",
    ],
)
def test_prose_is_no_table(text):
    assert find_tables_in_text(text) == []


def test_captions_stop_at_prose_and_at_the_table_before():
    rows = lines(["Ship", "Crew"], ["Anna", "12"], ["Berta", "14"])
    text = f"Long text that ends in a full stop and is prose.\n\n1. Crews\n(persons)\n{rows}\n2. Loads\n\n{rows}\nEnd"
    first, second = find_tables_in_text(text)
    assert first.caption == ("1. Crews", "(persons)")
    assert second.caption == ("2. Loads",)
    assert find_tables_in_text(text, second.start - 2, second.end)[0].start == second.start


@pytest.mark.parametrize(
    ("flatten", "recoverable"), [(tab_lines, True), (pipe_stream, True), (tab_separated, False), (pipes, False)]
)
def test_random_tables_come_back(flatten, recoverable):
    for seed in range(60):
        grown = grow(seed, recoverable=recoverable)
        text = f"Heading\n\n{flatten(grown, seed)}\n\nAfter.\n"
        table = only(text)
        found = values(table)
        assert {key: found.get(key) for key in grown.answers()} == grown.answers(), seed
        assert table.problems == ()


def test_most_random_aligned_tables_come_back():
    right = total = 0
    for seed in range(120):
        grown = grow(seed, recoverable=False)
        tables = find_tables_in_text(f"Heading\n\n{aligned(grown, seed)}\n\nAfter.\n")
        found = values(tables[0]) if len(tables) == 1 else {}
        total += len(grown.answers())
        right += sum(found.get(key) == paths for key, paths in grown.answers().items())
    assert right >= 0.99 * total


def test_random_text_raises_nothing_and_keeps_offsets():
    for seed in range(1500):
        chance = random.Random(seed)
        letters = chance.choice(
            ["\t|\n 0一a", "\t\n 0a", "\n\n\t\t三、本0 ", "| -:\n0a", "  \n 1,2 ab．", "\u3000\xa0\t|│+-=\n九\r"]
        )
        text = "".join(chance.choice(letters) for _ in range(chance.randint(0, 250)))
        for table in find_tables_in_text(text, chance.randint(0, 4), chance.choice([None, len(text) // 2])):
            for cell in table.cells:
                assert collapse_whitespace(text[cell.start : cell.end]) == cell.text
                assert cell.row + cell.row_span <= table.rows and cell.column + cell.column_span <= table.columns


@pytest.mark.parametrize(
    "piece", ["\t\n", "|", "\ta\n\t1\n\n", "a  1  2\n", "\t|a\n\t|1\n", "1.", "\t", "a\t1\n", "\ta\n\nb\n\n"]
)
def test_long_text_of_one_pattern_is_read_in_reasonable_time(piece):
    find_tables_in_text(piece * (60_000 // len(piece)))


def test_a_text_that_reaches_the_next_column_is_parted_where_a_word_is_flush_with_it():
    table = only(
        "Payee                Voucher     Sum\n"
        "Harbour Office North N-41    1,310.00\n"
        "Quay                 N-42       88.00\n"
        "Lighthouse           N-43    2,045.10\n"
    )
    row = [cell.text for cell in sorted(table.cells, key=lambda cell: cell.column) if cell.row == 1]
    assert row == ["Harbour Office North", "N-41", "1,310.00"]


HARVEST = """\
ORCHARD REPORT                           Sheet   4
HIVES KEPT       112       TREES      1,940
=====================================================

PLOT A, SLOPE   (2 years)
Pick  all

                 RAIN-     SUN-   BOXES    BOXES
MONTH            FALL     SHINE    SOLD    KEPT
-----------------------------------------------------
May                41       188      12       0
June               38       203     140       7
July                        231     377      15
-----------------------------------------------------
ALL                79       622     529      22
"""


def test_a_blank_line_over_a_ruled_head_ends_the_table_above_and_what_names_the_next_is_its_caption():
    first, second = find_tables_in_text(HARVEST)
    assert "112" in values(first) and not any("PLOT A" in cell.text for cell in first.cells)
    assert second.caption == ("PLOT A, SLOPE (2 years)", "Pick all")
    assert values(second)["622"] == (("ALL",), ("SUN-", "SHINE"))


def test_headers_of_two_lines_stand_over_their_columns_and_equal_ones_side_by_side_stay_two():
    table = find_tables_in_text(HARVEST)[1]
    found = values(table)
    assert found["41"] == (("May",), ("RAIN-", "FALL"))
    assert found["140"] == (("June",), ("BOXES", "SOLD")) and found["15"] == (("July",), ("BOXES", "KEPT"))
    twice = HARVEST.replace("SOLD    KEPT", "EACH    EACH").replace("BOXES    BOXES", "OVER     UNDER")
    assert values(find_tables_in_text(twice)[1])["15"] == (("July",), ("UNDER", "EACH"))
