"""Layout: words with boxes into segments, lines and blocks in reading order; ruling lines into grids and tables."""

from __future__ import annotations

import pytest

from extractor.geometry import PlacedWord, Rect, RulingLine, on_one_baseline, overlaps_in_height
from extractor.layout import (
    RuledGrid,
    TableBlock,
    TextBlock,
    build_segments,
    find_grids,
    merge_collinear_lines,
    order_page,
    zones,
)
from extractor.layout.headings import HeadingSettings
from extractor.readers.pdf_words import CellWalls
from extractor.settings import replaced


def word(
    text: str, x: float, baseline: float, size: float = 10.0, *, bold: bool = False, run: int = 0, spaced: bool = True
) -> PlacedWord:
    box = Rect(x, baseline - 0.8 * size, x + 0.5 * size * len(text), baseline + 0.2 * size)
    return PlacedWord(text, box, baseline, size, run, space_before=spaced, bold=bold)


def line(text: str, x: float, baseline: float, size: float = 10.0, *, bold: bool = False) -> list[PlacedWord]:
    words = []
    for part in text.split(" "):
        words.append(word(part, x, baseline, size, bold=bold))
        x += 0.5 * size * len(part) + 0.3 * size
    return words


def texts(blocks) -> list[str]:
    return ["\n".join("\t".join(s.text for s in each.segments) for each in block.lines) for block in blocks]


def frame(x0: float, top: float, x1: float, bottom: float, xs=(), ys=()):
    """The horizontal and the vertical lines of a grid with these inner lines."""
    horizontal = [RulingLine(y, x0, x1) for y in (top, *ys, bottom)]
    vertical = [RulingLine(x, top, bottom) for x in (x0, *xs, x1)]
    return horizontal, vertical


def places(grid: RuledGrid) -> list[tuple[int, int, int, int]]:
    return [(cell.row, cell.column, cell.row_span, cell.column_span) for cell in grid.cells]


# On one line.


@pytest.mark.parametrize(
    ("top", "bottom", "together"), [(0, 10, True), (4, 14, True), (6, 16, False), (10, 20, False), (8, 10, True)]
)
def test_boxes_that_share_half_of_the_lower_ones_height_are_on_one_line(top, bottom, together):
    assert overlaps_in_height(Rect(0, 0, 5, 10), Rect(9, top, 12, bottom)) is together
    assert overlaps_in_height(Rect(9, top, 12, bottom), Rect(0, 0, 5, 10)) is together


def test_baselines_are_one_within_a_part_of_the_font_size():
    assert on_one_baseline(100, 101.9, 10) and on_one_baseline(101.9, 100, 10)
    assert not on_one_baseline(100, 102.1, 10)
    assert on_one_baseline(100, 102.1, 10, tolerance=0.3)


# Words into segments.


def test_near_words_are_a_segment_and_a_wide_gap_ends_it():
    found = build_segments([*line("Total amount", 50, 100), *line("$5.00", 300, 100)])
    assert [segment.text for segment in found] == ["Total amount", "$5.00"]


def test_superscript_belongs_to_its_word():
    raised = PlacedWord("2", Rect(55, 90, 58, 97), 95, 6, space_before=False)
    assert [segment.text for segment in build_segments([word("m", 50, 100), raised])] == ["m2"]


def test_text_that_runs_over_its_neighbour_is_not_mixed_with_it():
    over = line("PROGRAMME OF THE EVENING 4-5PM", 50, 100)
    under = line("M - F 4P-5PM", 150, 100)
    assert [segment.text for segment in build_segments([*over, *under])] == [
        "PROGRAMME OF THE EVENING 4-5PM",
        "M - F 4P-5PM",
    ]


def test_words_of_one_line_may_come_in_any_order():
    words = line("one two three four", 50, 100)
    assert [segment.text for segment in build_segments(words[::-1])] == ["one two three four"]


def test_no_space_is_written_between_chinese_words_that_touch():
    words = [word("年度", 50, 100, spaced=False), word("报告", 60, 100, spaced=False), word("2020", 75, 100)]
    assert [segment.text for segment in build_segments(words)] == ["年度报告 2020"]


# Reading order.


def test_watermark_stands_apart_from_the_lines_it_crosses():
    prose = [each for row in range(5) for each in line(f"row {row} of the text that matters", 50, 100 + 14 * row)]
    blocks = order_page([*prose, word("COPY", 60, 140, 60.0)])
    assert texts(blocks)[-1] == "COPY"
    assert texts(blocks)[0].startswith("row 0 of the text that matters\nrow 1")


def test_empty_page_has_no_blocks():
    assert order_page([]) == []


def test_columns_of_figures_are_read_in_rows_and_columns_of_prose_one_after_the_other():
    figures = [each for row in range(3) for x in (50, 150, 250) for each in line(f"{row}{x}", x, 100 + 14 * row)]
    assert texts(order_page(figures))[0].split("\n")[0] == "050\t0150\t0250"
    sentence = "words that fill the column to its edge"
    prose = [each for x in (50, 320) for row in range(6) for each in line(f"{row} {sentence}", x, 100 + 14 * row)]
    read = "\n".join(texts(order_page(prose)))
    assert read.index(f"5 {sentence}") < read.rindex(f"0 {sentence}")


def test_amounts_are_read_with_their_labels_though_something_stands_between_further_down():
    labels = ("Total Qty.", "Tax", "Rounding", "TOTAL", "CASH", "CHANGE")
    words = [each for n, label in enumerate(labels) for each in line(label, 50, 100 + 16 * n)]
    # Scanned, amounts stand a little higher than their labels.
    words += [word(f"{n}8.00", 300, 97.4 + 16 * n) for n in range(len(labels))]
    words += [*line("TAX SUMMARY", 170, 240), *line("AMOUNT", 200, 260)]
    read = "\n".join(texts(order_page(words)))
    assert all(f"{label}\t{n}8.00" in read for n, label in enumerate(labels))


def test_row_of_labels_over_one_row_of_values_is_read_label_by_label():
    words = [*line("Order number", 50, 100), *line("Weight 1/2", 200, 100), *line("Ordered by", 350, 100)]
    words += [*line("4711", 50, 113), *line("12 kg", 200, 113), *line("A. Person", 350, 113)]
    assert texts(order_page(words)) == ["Order number\n4711", "Weight 1/2\n12 kg", "Ordered by\nA. Person"]


def test_lines_in_columns_under_a_header_are_a_table():
    rows = [("Item", "Count", "Price"), *((f"part{n}", f"{n}0", f"{n}.50") for n in range(3))]
    words = [
        each for n, row in enumerate(rows) for x, text in zip((50, 150, 250), row, strict=True)
        for each in line(text, x, 100 + 14 * n)
    ]  # fmt: skip
    (table,) = order_page(words)
    assert isinstance(table, TableBlock) and len(table.cells) == 12
    assert [cell.lines[0].segments[0].text for cell in table.cells][:4] == ["Item", "Count", "Price", "part0"]


def placed_rows(*rows):
    """Words of rows of `(x, text)`; a row may be a number instead: so many points further down."""
    words, y = [], 100.0
    for row in rows:
        if isinstance(row, int):
            y += row
            continue
        words += [each for x, text in row for each in line(text, x, y)]
        y += 16
    return words


OFFERS = [
    [(50, "Service"), (380, "Tax"), (450, "Amount")],
    *([(50, f"Hire of van number {n}"), (380, f"{n}9%"), (450, f"{n}4.50")] for n in range(1, 5)),
]
SUMS = [[(210, "Sum without tax"), (450, "96.00")], [(210, "Tax at 19%"), (450, "18.24")], [(210, "Due"), (450, "114")]]


@pytest.mark.parametrize(("gap", "rules"), [(16, ()), (0, (RulingLine(171, 50, 490),))], ids=["white", "rule"])
def test_sums_between_the_columns_of_a_table_are_no_rows_of_it(gap, rules):
    table, *rest = order_page(placed_rows(*OFFERS, gap, *SUMS), rules=rules)
    assert len({cell.column for cell in table.cells}) == 3 and len({cell.row for cell in table.cells}) == 5
    assert "Due" in " ".join(texts(rest))


def test_sums_in_the_columns_of_a_table_stay_in_it():
    table = order_page(placed_rows(*OFFERS, 16, [(50, "Sum"), (380, "19%"), (450, "114.24")]))[0]
    assert len({cell.row for cell in table.cells}) == 6


def test_title_of_a_group_in_several_parts_is_no_line_of_the_head_over_it():
    title = [(50, "Van"), (110, "with a driver")]
    rules = (RulingLine(103, 50, 490), RulingLine(119, 50, 490))
    (table,) = order_page(placed_rows(OFFERS[0], title, *OFFERS[1:]), rules=rules)
    [banner] = [cell for cell in table.cells if cell.row == 1 and cell.lines]
    assert banner.column == 0 and [s.text for s in banner.lines[0].segments] == ["Van with a driver"]


def words_of(blocks) -> str:
    """All words of some blocks, tables too, in the order in which they are read."""
    lines = [
        line
        for block in blocks
        for lines in (
            [block.lines]
            if isinstance(block, TextBlock)
            else [cell.lines for cell in sorted(block.cells, key=lambda cell: (cell.row, cell.column))]
        )
        for line in lines
    ]
    return " ".join(segment.text for line in lines for segment in line.segments)


def test_what_stands_under_two_level_rules_is_read_one_after_the_other():
    readings = placed_rows(
        [(50, "READINGS"), (300, "HISTORY")],
        10,
        [(150, "March"), (220, "April"), (300, "Jan"), (370, "Feb"), (440, "Mar")],
        [(50, "Peak"), (150, "18"), (220, "19"), (300, "288"), (370, "301"), (440, "377")],
        [(50, "Base"), (150, "15"), (220, "16")],
        20,
        [(50, "Paid by the bank on the last day of the month, without further notice")],
    )
    rules = (RulingLine(104, 50, 270), RulingLine(104, 300, 520))
    read = words_of(order_page(readings, rules=rules))
    assert read.index("Base") < read.index("HISTORY") < read.index("Jan") < read.index("288") < read.index("Paid")
    read = words_of(order_page(readings, rules=(RulingLine(104, 50, 520),)))
    assert read.index("HISTORY") < read.index("Base")  # one rule heads one table


def test_address_beside_a_box_is_read_whole_though_its_first_line_stands_by_itself():
    words = line("Miss Ada Byron", 20, 100) + line("Summary", 300, 105)
    for number, (address, label) in enumerate([("4 Mill Lane", "Paid"), ("Leeds", "Due"), ("LS1 4AP", "Rest")]):
        words += line(address, 20, 114 + 14 * number) + line(label, 300, 120.5 + 15.5 * number)
        words += line(f"{number}70.00", 420, 120.5 + 15.5 * number)
    found = "\n".join(texts(order_page(words)))
    assert "Miss Ada Byron\n4 Mill Lane\nLeeds\nLS1 4AP" in found
    assert "Summary\nPaid\t070.00" in found


def test_list_items_begin_blocks():
    words = [*line("1. bring the papers", 50, 100), *line("2. sign them", 50, 112), *line("• leave", 50, 124)]
    blocks = order_page(words)
    assert [block.kind for block in blocks] == ["list_item"] * 3


# Ruling lines into grids.


def test_collinear_lines_are_merged_and_others_kept_apart():
    lines = [RulingLine(10, 0, 50), RulingLine(10.5, 51, 90), RulingLine(10, 120, 150), RulingLine(40, 0, 9)]
    found = merge_collinear_lines(lines)
    assert [(round(line.start), round(line.end)) for line in found] == [(0, 90), (120, 150), (0, 9)]


def test_grid_has_a_cell_for_each_ruled_box():
    (grid,) = find_grids(*frame(0, 0, 100, 60, xs=(30,), ys=(20, 40)))
    assert places(grid) == [(row, column, 1, 1) for row in range(3) for column in range(2)]


def test_line_that_stops_short_merges_the_cells_it_does_not_separate():
    horizontal, vertical = frame(0, 0, 100, 60, xs=(30,), ys=(20,))
    vertical[1] = RulingLine(30, 20, 60)
    (grid,) = find_grids(horizontal, vertical)
    assert places(grid) == [(0, 0, 1, 2), (1, 0, 1, 1), (1, 1, 1, 1)]


def test_table_open_at_its_sides_is_closed_where_its_lines_end():
    horizontal, _ = frame(0, 0, 100, 60, ys=(20, 40))
    (grid,) = find_grids(horizontal, [RulingLine(30, 0, 60), RulingLine(70, 0, 60)])
    assert (grid.column_edges, grid.row_edges) == ((0, 30, 70, 100), (0, 20, 40, 60))


def test_underlines_and_single_lines_are_no_grid():
    assert find_grids([RulingLine(10, 0, 50), RulingLine(30, 0, 50)], []) == []
    assert find_grids([RulingLine(10, 0, 50)], [RulingLine(80, 0, 60)]) == []


def test_tables_on_one_long_line_are_grids_of_their_own():
    upper = frame(0, 0, 100, 40, xs=(50,), ys=(20,))
    lower = frame(0, 300, 400, 400, xs=(200,), ys=(350,))
    found = find_grids([*upper[0], *lower[0]], [RulingLine(0, 0, 400), *upper[1], *lower[1]])
    assert [(len(grid.cells), grid.box) for grid in found] == [(4, Rect(0, 0, 100, 40)), (4, Rect(0, 300, 400, 400))]


def test_drawing_of_very_many_lines_is_no_grid():
    many = [RulingLine(3.5 * number, 0, 9000) for number in range(7000)]
    assert find_grids(many, many) == []


# What stands in grids.


@pytest.mark.parametrize("rows", [2, 4])
def test_ruled_grid_with_words_becomes_a_table(rows):
    lines = frame(0, 0, 300, 20 * rows, xs=(150,), ys=tuple(20 * row for row in range(1, rows)))
    words = [word(f"c{row}{column}", 10 + 150 * column, 14 + 20 * row) for row in range(rows) for column in (0, 1)]
    (table,) = order_page(words, find_grids(*lines))
    assert isinstance(table, TableBlock)
    assert [(cell.row, cell.column, cell.lines[0].segments[0].text) for cell in table.cells][:3] == [
        (0, 0, "c00"),
        (0, 1, "c01"),
        (1, 0, "c10"),
    ]


def test_rows_and_columns_without_text_are_left_out_of_a_table():
    lines = frame(0, 0, 300, 60, xs=(100, 200), ys=(20, 40))
    words = [word(text, x, y) for text, x, y in (("a", 10, 14), ("b", 210, 14), ("c", 10, 54), ("d", 210, 54))]
    (table,) = order_page(words, find_grids(*lines))
    assert {(cell.row, cell.column) for cell in table.cells} == {(0, 0), (0, 1), (1, 0), (1, 1)}


def test_frame_keeps_its_text_together():
    lines = frame(200, 90, 400, 140)
    words = [*line("Beside it above", 10, 105), *line("Beside it below", 10, 125)]
    words += [*line("In the frame one", 210, 104), *line("In the frame two", 210, 124)]
    found = texts(order_page(words, find_grids(*lines)))
    assert "In the frame one\nIn the frame two" in "\n".join(found).replace("\n\n", "\n")


def test_boxes_of_a_form_are_read_one_by_one():
    lines = frame(0, 0, 300, 60, xs=(150,), ys=(30,))
    words = []
    for row in range(2):
        for column in range(2):
            x, top = 10 + 150 * column, 30 * row
            words += [word(f"label{row}{column}", x, top + 10, 6), word(f"value{row}{column}", x, top + 24)]
    found = texts(order_page(words, find_grids(*lines)))
    assert found == ["label00\nvalue00", "label01\nvalue01", "label10\nvalue10", "label11\nvalue11"]


# Headings.


def test_shaded_column_of_figures_is_read_with_the_lines_beside_it():
    figures = ("1,204.00", "87.50", "310.25", "1,601.75")
    words = [w for n, name in enumerate(("Rent", "Power", "Repairs", "Sum")) for w in line(name, 50, 100 + 15 * n)]
    words += [w for n, text in enumerate(figures) for w in line(text, 400, 100.6 + 15 * n, bold=True)]
    words += [w for n in range(4) for w in line(f"{n}00.10", 520, 100 + 15 * n)]
    grids = find_grids(*frame(380, 85, 460, 155))
    assert grids and len(grids[0].cells) == 1
    assert "Power\t87.50\t100.10" in "\n".join(texts(order_page(words, grids)))


def test_box_of_text_far_beside_other_text_is_read_by_itself():
    words = [w for n, name in enumerate(("Rent", "Power", "Repairs", "Sum")) for w in line(name, 50, 100 + 15 * n)]
    words += [w for n, name in enumerate(("Ada Hill", "Mill", "Upton", "Wales")) for w in line(name, 400, 100 + 15 * n)]
    assert "Rent\t" not in "\n".join(texts(order_page(words, find_grids(*frame(380, 85, 470, 155)))))


def spread(foot_left: str, foot_right: str) -> list[PlacedWord]:
    """Two columns of labels with figures, as far apart as two pages, with a line at the foot of each."""
    words = []
    for left, names in ((50, ("Land", "Cash", "Stock", "Plant")), (650, ("Loans", "Taxes", "Shares", "Wages"))):
        for n, name in enumerate(names):
            words += line(name, left, 100 + 15 * n) + line(f"{n + 1}00", left + 300, 100 + 15 * n)
    return words + line(foot_left, 50, 300) + line(foot_right, 650, 300)


def test_two_pages_side_by_side_are_read_one_after_the_other():
    text = "\n".join(texts(order_page(spread("Annual report 12", "Annual report 13"))))
    assert "Cash\t200\n" in text and text.index("Plant") < text.index("Annual report 12") < text.index("Loans")


def test_wide_table_of_one_page_is_read_in_rows():
    assert "Cash\t200\tTaxes\t200" in "\n".join(texts(order_page(spread("Checked by Ada", "Printed in May"))))


def test_large_line_is_a_heading():
    prose = [each for row in range(4) for each in line("ordinary words in a line of text", 50, 150 + 12 * row)]
    blocks = order_page([*line("Annual report", 50, 100, 20), *prose])
    assert isinstance(blocks[0], TextBlock) and (blocks[0].kind, blocks[0].level) == ("heading", 1)
    assert blocks[1].kind == "paragraph"


def test_bold_line_is_a_heading_unless_that_rule_is_off():
    prose = [each for row in range(4) for each in line("ordinary words in a line of text", 50, 150 + 12 * row)]
    words = [*line("Annual report", 50, 100, bold=True), *prose]
    assert order_page(words)[0].kind == "heading"
    with replaced(HeadingSettings(bold_headings=False)):
        assert order_page(words)[0].kind == "paragraph"


# Pages with more on them than a person would print.


def test_whether_bands_are_columns_is_found_out_once_for_all_stretches_of_rows(monkeypatch):
    asked = []
    are_columns = zones._are_columns
    monkeypatch.setattr(zones, "_are_columns", lambda *given: asked.append(1) or are_columns(*given))
    words = []
    for block in range(30):
        top = 10.0 + 60 * block
        words += [*line("alpha beta", 10, top), *line("gamma delta", 200, top), *line("north", 400, top)]
        words += line("a line by itself that is long enough to be read as one of the text", 10, top + 30)
    order_page(words)
    assert len(asked) <= 2


def test_walls_of_cells_are_found_by_their_rows():
    horizontal, vertical = frame(0, 0, 300, 200, xs=(50, 100, 170, 240), ys=(20, 40, 90, 150))
    cells = [cell for grid in find_grids(horizontal, vertical) for cell in grid.cells]
    (grid,) = find_grids(horizontal, vertical)
    walls = CellWalls(grid)
    for y in (5.0, 20.0, 39.9, 120.0, 199.0):
        for x0, x1 in ((0, 300), (49, 101), (50, 100), (120, 160), (-10, 400)):
            expected = sorted(c.box.x1 for c in cells if c.box.top <= y < c.box.bottom and x0 < c.box.x1 < x1)
            assert walls.between(y, x0, x1) == expected
    assert walls.between(-5.0, 0, 300) == []


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        ("7,274,600", "7,274,600"),
        ("1234.50", "1234.50"),
        ("12.3.4", "1 2 . 3 . 4"),
        ("48.20", "48.20"),
        ("90817263", "90817263"),
        ("123456", "1 2 3 4 5 6"),
        ("4071", "4 0 7 1"),
    ],
)
def test_spaced_out_figures_are_a_number_where_they_have_its_form(figures, expected):
    spaced = [word(figure, 50 + 7.2 * n, 100) for n, figure in enumerate(figures)]
    [segment] = build_segments([word("Sum", 32, 100), *spaced])
    assert segment.text == f"Sum {expected}"


def test_figures_that_do_not_stand_evenly_are_no_number():
    places = [50, 57, 66, 73, 80]
    [segment] = build_segments([word(figure, x, 100) for figure, x in zip("48.20", places, strict=True)])
    assert segment.text == "4 8 . 2 0"


def beside(*rows: tuple[str, str]) -> list[str]:
    """The blocks of a page with two columns of lines that are level with each other."""
    words = []
    for number, (left, right) in enumerate(rows):
        words += line(left, 50, 100 + 14 * number) + line(right, 300, 100 + 14 * number)
    return texts(order_page(words))


def test_blocks_whose_lines_change_alike_are_read_one_after_the_other():
    seller = ("From", "Alder Works", "12 Mill Lane, Denby", "Tel: 555 0101")
    buyer = ("To", "Birch and Sons", "7 Ford Street, Egham", "Tel: 555 0202")
    read = "\n".join(beside(*zip(seller, buyer, strict=True)))
    assert read.index("Tel: 555 0101") < read.index("Birch and Sons")


def test_block_beside_a_form_is_read_by_itself():
    party = ("Alder Works", "12 Mill Lane", "Denby DN4 2AB")
    form = ("Order: 7714", "Date: 3 May 2031", "Terms: 30 days")
    read = "\n".join(beside(*zip(party, form, strict=True)))
    assert read.index("Denby DN4 2AB") < read.index("Order: 7714")


@pytest.mark.parametrize(
    "rows",
    [
        (("Name", "Post"), ("Ann Lee", "Director"), ("Bo Finn", "Clerk"), ("Cy Dahl", "Driver")),
        (("Rent for May", "650.00"), ("Oil", "9.10"), ("Bread", "3.20")),
        (("Order", "7714"), ("Date", "3 May 2031"), ("Terms", "30 days")),
    ],
)
def test_columns_of_one_sort_each_stay_rows(rows):
    read = "\n".join(beside(*rows))
    assert all(read.index(left) < read.index(right) < read.index(rows[-1][1]) + 1 for left, right in rows)
    assert read.index(rows[0][1]) < read.index(rows[1][0])


def test_block_beside_labels_with_values_in_a_column_of_their_own_is_read_by_itself():
    rows = [
        ("Alder Works", "Order", "B-7714"),
        ("12 Mill Lane", "Date", "3 May 2031"),
        ("Denby 55021", "Account", "D-208"),
        ("Rear gate 4", "Clerk", "Ms Finn"),
    ]
    words = [
        each
        for n, row in enumerate(rows)
        for x, cell in zip((50, 250, 350), row, strict=True)
        for each in line(cell, x, 100 + 14 * n)
    ]
    read = "\n".join(texts(order_page(words)))
    assert read.index("Rear gate 4") < read.index("Order\tB-7714")


def test_amounts_in_few_rows_of_a_column_leave_the_head_short():
    rows = [[(50, f"{n} May"), (130, f"Posting {n}"), (400, f"{n}5.10")] for n in range(1, 13)]
    rows[3].insert(2, (300, "Noted"))
    rows += [[(50, "13 May"), (130, "Payment"), (500, "99.00")], [(130, "Sum"), (400, "80.00"), (500, "99.00")]]
    head = [(50, "Date"), (130, "Posting"), (300, "Remark"), (400, "Charges"), (500, "Credits")]
    table = order_page(placed_rows(head, *rows))[0]
    assert all(cell.row_span == 1 for cell in table.cells)
    assert [cell.row for cell in table.cells if "99.00" in words_of_cell(cell)] == [13, 14]


def words_of_cell(cell) -> str:
    return " ".join(segment.text for line in cell.lines for segment in line.segments)


def test_text_that_begins_where_those_of_its_column_do_is_a_cell_and_keeps_its_figures():
    head = [(50, "No"), (90, "Goods"), (330, "Code"), (420, "Amount")]
    rows = []
    for n in range(1, 6):
        rows += [[(50, str(n)), (90, f"K-{n}0"), (330, f"84{n}7"), (420, f"{n}4.50")]]
        rows += [[(90, f"A long description of part {n} that goes on with 24 teeth")]]
    table = order_page(placed_rows(head, *rows))[0]
    assert {cell.column_span for cell in table.cells} == {1}
    goods = [words_of_cell(cell) for cell in table.cells if cell.column == 1]
    assert any("24 teeth" in each for each in goods)
