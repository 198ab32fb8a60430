"""Rows, columns and heads of tables that ruling lines show in part, or not at all."""

from __future__ import annotations

import pytest

from extractor.geometry import PlacedWord, Rect, RulingLine
from extractor.layout import TableBlock, find_grids, order_page
from extractor.layout.figures import reads_as_figure
from extractor.layout.grid_refinement import GridRefinementSettings
from extractor.layout.line_rows import CellsLine, group_rows
from extractor.layout.white_columns import find_white_columns
from extractor.settings import replaced

SIZE = 10.0
TOWNS = ("Ashford", "Birch Hill", "Calder", "Dunmore")


def put(text: str, x: float, baseline: float, *, right: bool = False) -> list[PlacedWord]:
    """Return the words of a text that begins at x, or ends there."""
    width = sum(0.5 * SIZE * len(part) for part in text.split()) + 0.3 * SIZE * text.count(" ")
    x, words = x - width if right else x, []
    for part in text.split():
        box = Rect(x, baseline - 0.8 * SIZE, x + 0.5 * SIZE * len(part), baseline + 0.2 * SIZE)
        words.append(PlacedWord(part, box, baseline, SIZE))
        x = box.x1 + 0.3 * SIZE
    return words


def row(baseline: float, label: str, *figures: str, first: float = 200.0, step: float = 60.0) -> list[PlacedWord]:
    """Return a label at x = 20 and figures that end `step` apart."""
    words = put(label, 20, baseline)
    for number, figure in enumerate(figures):
        words += put(figure, first + step * number, baseline, right=True)
    return words


def rows_of(table) -> list[list[str]]:
    """Return the texts of a table by row, blank where no cell begins."""
    rows = 1 + max(cell.row for cell in table.cells)
    columns = 1 + max(cell.column for cell in table.cells)
    grid = [[""] * columns for _ in range(rows)]
    for cell in table.cells:
        grid[cell.row][cell.column] = " ".join(segment.text for line in cell.lines for segment in line.segments)
    return grid


def only_table(words, horizontal=(), vertical=()) -> TableBlock:
    tables = [block for block in order_page(words, find_grids(horizontal, vertical)) if isinstance(block, TableBlock)]
    assert len(tables) == 1
    return tables[0]


def ruled_head(bottom: float) -> tuple[list[RulingLine], list[RulingLine]]:
    """Return the lines of a table ruled around, under its head, and between two columns."""
    horizontal = [RulingLine(y, 10, 330) for y in (0, 20, bottom)]
    return horizontal, [RulingLine(x, 0, bottom) for x in (10, 110, 330)]


# Grids that leave rows or columns undrawn.


def test_rows_and_columns_that_were_not_ruled_are_found_by_their_figures():
    words = row(14, "Town", "Houses", "Shops", "Farms")
    for number, town in enumerate(TOWNS):
        words += row(34 + 14 * number, town, str(number * 37 + 5), str(number + 1), f"1,{number}20")
    table = only_table(words, *ruled_head(90))
    assert rows_of(table)[0] == ["Town", "Houses", "Shops", "Farms"]
    assert rows_of(table)[2] == ["Birch Hill", "42", "2", "1,120"]
    assert len(rows_of(table)) == 5


def test_label_without_figures_is_a_row_and_a_wrapped_label_is_not():
    words = row(14, "Town", "Houses", "Shops")
    words += put("Coast:", 20, 34)
    words += row(48, "Ashford by the", "5", "1") + put("old harbour", 30, 59)
    words += row(75, "Calder", "42", "12")
    table = only_table(words, *ruled_head(90))
    assert [texts[0] for texts in rows_of(table)] == ["Town", "Coast:", "Ashford by the old harbour", "Calder"]


def test_number_broken_in_a_narrow_column_stays_in_its_row():
    horizontal, vertical = [RulingLine(y, 10, 210) for y in (0, 20, 50)], [RulingLine(x, 0, 50) for x in (10, 110, 210)]
    words = put("Town", 20, 14) + put("Houses", 150, 14) + put("Ashford", 20, 34) + put("123456", 150, 34)
    table = only_table([*words, *put("789", 150, 46)], horizontal, vertical)
    assert len(rows_of(table)) == 2


def test_cell_without_walls_is_cut_at_those_of_other_rows():
    horizontal = [RulingLine(20.0 * number, 10, 330) for number in range(5)]
    sides = [RulingLine(x, 0, 80) for x in (10, 330)]
    walls = [RulingLine(x, 0, 20) for x in (110, 220)]
    words = put("Town", 20, 14) + put("Houses", 150, 14) + put("Shops", 250, 14)
    for number, town in enumerate(TOWNS[:3]):
        words += put(town, 20, 34 + 20 * number) + put(str(number + 7), 150, 34 + 20 * number)
        words += put(str(number * 5), 250, 34 + 20 * number)
    assert rows_of(only_table(words, horizontal, [*sides, *walls]))[3] == ["Calder", "9", "10"]
    with replaced(GridRefinementSettings(cut_merged_cells=False)):
        assert rows_of(only_table(words, horizontal, [*sides, *walls]))[3] != ["Calder", "9", "10"]


def test_sentence_over_several_columns_stays_one_cell():
    horizontal = [RulingLine(20.0 * number, 10, 330) for number in range(4)]
    walls = [RulingLine(x, 0, 20) for x in (110, 220)] + [RulingLine(x, 40, 60) for x in (110, 220)]
    words = put("Town", 20, 14) + put("Houses", 150, 14) + put("Shops", 250, 14)
    words += put("these were counted in the spring of a dry year", 20, 34)
    words += put("Calder", 20, 54) + put("9", 150, 54) + put("10", 250, 54)
    table = only_table(words, horizontal, [RulingLine(10, 0, 60), *walls, RulingLine(330, 0, 60)])
    assert rows_of(table)[1] == ["these were counted in the spring of a dry year", "", ""]


def test_label_drawn_over_several_rows_stays_one_cell():
    horizontal = [RulingLine(y, 10 if y in (0, 20, 80) else 110, 330) for y in (0, 20, 40, 60, 80)]
    vertical = [RulingLine(x, 0, 80) for x in (10, 110, 220, 330)]
    words = put("Region", 20, 14) + put("Town", 120, 14) + put("Houses", 230, 14)
    words += put("All towns of", 20, 44) + put("the coast", 20, 56)
    for number, town in enumerate(TOWNS[:3]):
        words += put(town, 120, 34 + 20 * number) + put(str(number + 7), 230, 34 + 20 * number)
    table = only_table(words, horizontal, vertical)
    label = next(cell for cell in table.cells if cell.row == 1 and cell.column == 0)
    assert label.row_span == 3 and rows_of(table)[1][0] == "All towns of the coast"


def items_with_a_sum(towns: int, passing: tuple[float, ...], broken: tuple[float, ...]) -> list[list[str]]:
    """Return the table of line items over their sum, with walls that pass the sum and others that end over it."""
    words = put("Item", 20, 14) + put("Size", 120, 14) + put("Kind", 170, 14) + put("Price", 230, 14)
    for number, town in enumerate(TOWNS[:towns]):
        words += put(town, 20, 34 + 14 * number) + put(f"{number}2 mm", 120, 34 + 14 * number)
        words += put("red", 170, 34 + 14 * number) + put(f"{number + 3}.50", 280, 34 + 14 * number, right=True)
    end = 28 + 14 * towns
    words += put("Sum of all items", 80, end + 18) + put("7.50", 280, end + 18, right=True)
    horizontal = [RulingLine(y, 10, 300) for y in (0, 20, end + 30)]
    vertical = [RulingLine(x, 0, end + 30) for x in (10, *passing, 300)] + [RulingLine(x, 0, end) for x in broken]
    return rows_of(only_table(words, horizontal, vertical))


def test_walls_that_break_off_part_the_items_from_their_sum():
    assert items_with_a_sum(3, (), (110, 160, 220)) == [
        ["Item", "Size", "Kind", "Price"],
        ["Ashford", "02 mm", "red", "3.50"],
        ["Birch Hill", "12 mm", "red", "4.50"],
        ["Calder", "22 mm", "red", "5.50"],
        ["Sum of all items 7.50", "", "", ""],
    ]


def test_column_beside_walls_that_break_off_is_cut_with_the_others():
    rows = items_with_a_sum(2, (220,), (90, 110, 160))
    assert [texts[-1] for texts in rows] == ["Price", "3.50", "4.50", "7.50"]
    assert rows[-1][0] == "Sum of all items"


def test_ticks_inside_the_frame_of_a_chart_begin_no_rows():
    horizontal = [RulingLine(y, 10, 300) for y in (0, 50, 100)]
    vertical = [RulingLine(x, 0, 100) for x in (10, 300)] + [RulingLine(x, 94, 100) for x in (60, 110, 160)]
    assert [grid.row_edges for grid in find_grids(horizontal, vertical)] == [(0, 50, 100)]


def test_lines_under_a_head_of_shaded_cells_are_its_rows():
    words = put("Place", 20, 14) + put("Houses", 160, 14, right=True) + put("Shops", 240, 14, right=True)
    words += put("Coast of the North Sea and its islands, by order of size", 14, 34)
    for number, town in enumerate(TOWNS[:3]):
        words += row(50 + 16 * number, town, str(number * 37 + 5), str(number + 1), first=160, step=80)
    words += put("All figures are those of the year before, as the towns gave them.", 14, 140)
    horizontal = [RulingLine(y, x0, x1) for y in (0, 20) for x0, x1 in ((10, 100), (100, 180), (180, 300))]
    vertical = [RulingLine(x, 0, 20) for x in (10, 100, 180, 300)]
    assert rows_of(only_table(words, horizontal, vertical)) == [
        ["Place", "Houses", "Shops"],
        ["Coast of the North Sea and its islands, by order of size", "", ""],
        *([town, str(number * 37 + 5), str(number + 1)] for number, town in enumerate(TOWNS[:3])),
    ]


def test_labels_with_values_under_ruled_boxes_make_no_table_of_them():
    words = put("Order", 20, 14) + put("7714", 110, 14) + put("Copy", 190, 14)
    for number, (label, value, other) in enumerate(
        (("Clerk:", "Finn", "Office: Oslo"), ("Goods:", "Oil", "Spots: 24"))
    ):
        words += (
            put(label, 20, 34 + 14 * number) + put(value, 110, 34 + 14 * number) + put(other, 190, 34 + 14 * number)
        )
    horizontal, vertical = (
        [RulingLine(y, 10, 300) for y in (0, 20)],
        [RulingLine(x, 0, 20) for x in (10, 100, 180, 300)],
    )
    blocks = order_page(words, find_grids(horizontal, vertical))
    assert not any(isinstance(block, TableBlock) and len(block.cells) > 3 for block in blocks)


def test_prose_under_ruled_boxes_makes_no_table_of_them():
    words = put("Day", 20, 14) + put("Month", 110, 14) + put("Year", 190, 14)
    for number in range(4):
        words += put("that the undersigned will pay what is owed, and no less than is", 14, 34 + 14 * number)
    horizontal, vertical = (
        [RulingLine(y, 10, 300) for y in (0, 20)],
        [RulingLine(x, 0, 20) for x in (10, 100, 180, 300)],
    )
    blocks = order_page(words, find_grids(horizontal, vertical))
    assert not any(isinstance(block, TableBlock) for block in blocks)


# Several things in one outline.


def form_with_items() -> tuple[list[PlacedWord], list[RulingLine], list[RulingLine]]:
    """Return two boxes with captions over line items, a remark, charges without walls, and a box for a name."""
    words = (
        put("Sent by", 20, 12) + put("Mill and Sons", 20, 24) + put("Sent to", 170, 12) + put("Harbour Stores", 170, 24)
    )
    words += put("Mark", 20, 44) + put("Kind", 90, 44) + put("Weight", 280, 44, right=True)
    for number, town in enumerate(TOWNS[:2]):
        words += put(town, 20, 60 + 30 * number) + put("Barrels of oil", 90, 60 + 30 * number)
        words += put(f"{number + 3}.50", 280, 60 + 30 * number, right=True)
        words += put("No. 1-5", 20, 71 + 30 * number) + put("for lamps", 90, 71 + 30 * number)
    words += put("Taken on board in good order, what is inside not known to the ship", 20, 114)
    for number, (label, *figures) in enumerate([("Charges", "Rate", "Prepaid"), *CHARGES]):
        words += row(134 + 14 * number, label, *figures, first=180, step=100)
    words += put("Master", 20, 194) + put("J. Carver", 20, 206) + put("Port", 230, 194) + put("Calder", 230, 206)
    horizontal = [RulingLine(y, 10, 300) for y in (0, 32, 50, 104, 120, 140, 184, 212)]
    vertical = [RulingLine(x, 0, 212) for x in (10, 300)] + [RulingLine(160, 0, 32), RulingLine(220, 184, 212)]
    return words, horizontal, vertical + [RulingLine(x, 32, 104) for x in (80, 240)]


CHARGES = (
    ("Ocean freight basic charge", "2.15", "43.00"),
    ("Lights", "1.75", "12.25"),
    ("Landing of goods", "3.10", "9.30"),
)


def test_boxes_items_and_charges_in_one_outline_are_read_by_themselves():
    words, horizontal, vertical = form_with_items()
    blocks = order_page(words, find_grids(horizontal, vertical), horizontal)
    read = [
        rows_of(block)
        if isinstance(block, TableBlock)
        else [segment.text for line in block.lines for segment in line.segments]
        for block in blocks
    ]
    assert read == [
        ["Sent by", "Mill and Sons"],
        ["Sent to", "Harbour Stores"],
        [
            ["Mark", "Kind", "Weight"],
            ["Ashford No. 1-5", "Barrels of oil for lamps", "3.50"],
            ["Birch Hill No. 1-5", "Barrels of oil for lamps", "4.50"],
        ],
        ["Taken on board in good order, what is inside not known to the ship"],
        [["Charges", "Rate", "Prepaid"], *map(list, CHARGES)],
        ["Master", "J. Carver"],
        ["Port", "Calder"],
    ]


def test_rows_with_merged_cells_are_one_table():
    horizontal = [RulingLine(y, 10, 300) for y in (0, 20, 40, 60)]
    vertical = [RulingLine(x, 0, 60) for x in (10, 300)]
    vertical += [RulingLine(80, 0, 40), RulingLine(160, 20, 60), RulingLine(240, 0, 60)]
    words = [
        word
        for y in (14, 34, 54)
        for word in put("Mark", 20, y) + put("Kind", 170, y) + put("5.50", 280, y, right=True)
    ]
    assert len(rows_of(only_table(words, horizontal, vertical))) == 3


def test_characters_of_a_label_one_under_the_other_are_one_line():
    words = [word for at, character in enumerate("收货人") for word in put(character, 14, 12 + 10 * at)]
    words += (
        put("名称：", 40, 12) + put("地址：", 40, 24) + put("Mark", 20, 48) + put("Kind", 90, 48) + put("Size", 200, 48)
    )
    words += put("A", 20, 62) + put("B", 90, 62) + put("7", 200, 62)
    horizontal = [RulingLine(y, 10, 300) for y in (0, 36, 52, 66)]
    vertical = [RulingLine(x, 0, 66) for x in (10, 300)] + [RulingLine(30, 0, 36)]
    vertical += [RulingLine(x, 36, 66) for x in (80, 180)]
    label = order_page(words, find_grids(horizontal, vertical))[0]
    assert [line.wraps for line in label.lines] == [True, True, False]


def test_white_parts_rows_of_several_lines_with_one_row_of_figures_each():
    words = put("Mark", 20, 14) + put("Weight", 280, 14, right=True)
    for number, town in enumerate(TOWNS):
        words += put(town, 20, 34 + 34 * number) + put(f"{number + 3}.50", 280, 34 + 34 * number, right=True)
        words += put("No. 1-5", 20, 45 + 34 * number)
    horizontal = [RulingLine(y, 10, 300) for y in (0, 20, 160)]
    table = only_table(words, horizontal, [RulingLine(x, 0, 160) for x in (10, 120, 300)])
    assert [texts[0] for texts in rows_of(table)] == ["Mark", *(f"{town} No. 1-5" for town in TOWNS)]


def test_grid_of_a_chart_is_no_table():
    horizontal = [RulingLine(20.0 * number, 0, 160) for number in range(7)]
    vertical = [RulingLine(20.0 * number, 0, 120) for number in range(9)]
    words = [word for n in range(6) for word in put(f"{n}9", 3 + 20 * n, 114 - 20 * n)]
    blocks = order_page(words, find_grids(horizontal, vertical))
    assert not any(isinstance(block, TableBlock) for block in blocks)


# Columns, rows and figures.


@pytest.mark.parametrize("text", ["12", "1,234.5", "$9", "(3.4%)", "–", "n/a", "2003–04", "†", "７５"])
def test_numbers_and_marks_for_nothing_are_figures(text):
    assert reads_as_figure(text)


@pytest.mark.parametrize("text", ["Total", "Form2019", "no", "B7 road", ""])
def test_words_are_no_figures(text):
    assert not reads_as_figure(text)


def test_dots_that_lead_to_a_figure_stand_in_no_column():
    lines = [[*put(label, 20, 0), *put("." * 20, 90, 0), *put(figure, 250, 0, right=True)]
             for label, figure in (("Ashford", "1"), ("Calder", "12"), ("Dunmore", "7"))]  # fmt: skip
    assert [round(left) for left, _ in find_white_columns(lines)] == [20, 240]


def test_one_wide_line_of_many_closes_no_column():
    lines = [row(0, "Town", str(n), "7") for n in range(20)]
    lines.append(put("a label that runs over into the next column", 20, 0))
    assert len(find_white_columns(lines)) == 3


def test_lines_that_print_over_themselves_close_no_column():
    lines = [put("Reed", 20, 20 * n) + put(f"41 77{n}", 110, 20 * n) for n in range(8)]
    lines += [put("Hargreaves Stoneworks Limited", 20, 20 * n) + put(f"41 77{n}", 110, 20 * n) for n in (8, 9)]
    assert len(find_white_columns(lines)) == 2


def test_lines_of_one_label_are_one_row():
    lines = [
        CellsLine({0: put("Houses of the", 20, 10), 1: put("4", 150, 10)}),
        CellsLine({0: put("old town", 30, 21)}),
        CellsLine({0: put("Shops", 20, 34), 1: put("6", 150, 34)}),
    ]
    assert group_rows(lines) == [[0, 1], [2]]


def test_white_through_all_columns_over_a_label_parts_rows_of_texts():
    horizontal, vertical = ruled_head(120)
    words = put("Town", 20, 14) + put("Work", 120, 14)
    for number, town in enumerate(TOWNS[:3]):
        top = 34 + 34 * number
        words += put(town, 20, top) + put("roads swept in", 120, top) + put("each winter", 120, top + 11)
    table = only_table(words, horizontal, vertical)
    assert [texts[0] for texts in rows_of(table)] == ["Town", *TOWNS[:3]]
    assert rows_of(table)[1][1] == "roads swept in each winter"


def test_white_between_paragraphs_of_a_cell_parts_no_rows():
    horizontal, vertical = ruled_head(120)
    words = put("Town", 20, 14) + put("Work", 120, 14) + put("Ashford", 20, 34)
    for number in range(3):
        words += put("roads swept in", 120, 34 + 34 * number) + put("each winter", 120, 45 + 34 * number)
    assert [texts[0] for texts in rows_of(only_table(words, horizontal, vertical))] == ["Town", "Ashford"]


def test_caption_and_note_in_boxes_over_all_columns_are_text_beside_the_table():
    horizontal = [RulingLine(20.0 * number, 10, 330) for number in range(6)]
    vertical = [RulingLine(10, 0, 100), RulingLine(330, 0, 100)]
    vertical += [RulingLine(x, 20, 80) for x in (120, 220)]
    words = put("Table 7 Houses and shops of the towns of the coast in the last year", 15, 14)
    words += put("Town", 20, 34) + put("Houses", 130, 34) + put("Shops", 230, 34)
    words += put("Ashford", 20, 54) + put("14", 130, 54) + put("3", 230, 54)
    words += put("Calder", 20, 74) + put("22", 130, 74) + put("9", 230, 74)
    words += put("The towns keep a register of houses and shops of their own since 1990.", 15, 94)
    assert rows_of(only_table(words, horizontal, vertical)) == [
        ["Town", "Houses", "Shops"], ["Ashford", "14", "3"], ["Calder", "22", "9"],
    ]  # fmt: skip


def test_rules_between_groups_of_texts_do_not_join_the_rows_of_a_group():
    lines = [CellsLine({0: put(f"Reed{n}", 20, 14 * n), 1: put("Cornish", 150, 14 * n)}) for n in range(8)]
    assert group_rows(lines, rules=[14 * n - 9 for n in (2, 4, 6)]) == [[n] for n in range(8)]


# Tables without walls.


def head_of(table) -> list[tuple[str, int, int, int, int]]:
    """Return text, row, column and spans of the cells of the first rows that have spans or stand beside such."""
    return [
        (" ".join(s.text for line in cell.lines for s in line.segments), cell.row, cell.column, cell.row_span,
         cell.column_span)
        for cell in table.cells if cell.lines
    ]  # fmt: skip


def unruled_table(gap: float = 14.0) -> list[PlacedWord]:
    """Return a table of towns with years under two spans; the body begins at 60."""
    words = put("Houses", 195, 20) + put("Shops", 320, 20)
    words += row(34, "Town", "2019", "2020", "2019", "2020")
    for number, town in enumerate(TOWNS):
        words += row(60 + gap * number, town, *(f"{number + 1},{n}50" for n in range(4)))
    return words


RULES = [RulingLine(8, 20, 380), RulingLine(24, 160, 260), RulingLine(24, 290, 380), RulingLine(40, 20, 380)]


def test_spans_of_a_head_are_those_of_its_short_rules():
    blocks = order_page(unruled_table(), [], [*RULES, RulingLine(110, 20, 380)])
    (table,) = [block for block in blocks if isinstance(block, TableBlock)]
    found = head_of(table)
    assert ("Town", 0, 0, 2, 1) in found
    assert ("Houses", 0, 1, 1, 2) in found and ("Shops", 0, 3, 1, 2) in found
    assert ("2020", 1, 4, 1, 1) in found
    assert rows_of(table)[3] == ["Birch Hill", "2,050", "2,150", "2,250", "2,350"]


def test_titles_of_groups_and_text_under_a_table_are_told_from_its_rows():
    words = unruled_table()
    words += put("Inland", 20, 116) + row(130, "Fenby", "1", "2", "3", "4") + row(144, "Gorton", "5", "6", "7", "8")
    words += put("The figures of the last year were taken from a register that the towns keep themselves.", 20, 170)
    blocks = order_page(words, [], [*RULES, RulingLine(150, 20, 380)])
    (table,) = [block for block in blocks if isinstance(block, TableBlock)]
    assert [texts[0] for texts in rows_of(table)][-3:] == ["Inland", "Fenby", "Gorton"]
    assert [texts[1] for texts in rows_of(table)][-3:] == ["", "1", "5"]


def test_lines_above_the_upper_rule_are_no_head():
    words = put("Table 4. Houses and shops in towns of the coast by year", 20, 4)
    blocks = order_page([*words, *unruled_table()], [], RULES)
    (table,) = [block for block in blocks if isinstance(block, TableBlock)]
    assert all("Table 4" not in text for text, *_ in head_of(table))


def test_figures_that_touch_in_one_line_stay_in_their_columns():
    words = row(34, "Town", "Houses", "Shops", "Farms")
    words += row(50, "All", "1,234,567,890", "1,234,567,890", "1,234,567,890", step=68)
    for number in range(20):
        words += row(64 + 14 * number, f"Town{number}", "12", "345", str(number), step=68)
    blocks = order_page(words, [], [RulingLine(20, 20, 350), RulingLine(38, 20, 350)])
    (table,) = [block for block in blocks if isinstance(block, TableBlock)]
    assert rows_of(table)[1] == ["All", "1,234,567,890", "1,234,567,890", "1,234,567,890"]


def test_two_columns_need_a_rule_and_a_head():
    words = [word for n in range(5) for word in row(34 + 14 * n, f"part{n}", f"{n}3.50")]
    rules = [RulingLine(8, 20, 220), RulingLine(24, 20, 220), RulingLine(95, 20, 220)]
    headed = [*row(20, "Part", "Price"), *words]
    assert not any(isinstance(block, TableBlock) for block in order_page(headed))
    assert not any(isinstance(block, TableBlock) for block in order_page(words, [], rules[::2]))
    assert any(isinstance(block, TableBlock) for block in order_page(headed, [], rules))


def test_columns_of_prose_between_rules_are_no_table():
    words = []
    for number in range(8):
        words += put(f"The {number} towns of the coast kept their harbours", 20, 34 + 12 * number)
        words += put(f"and in 19{number}0 they built {number} roads to the hills", 320, 34 + 12 * number)
    blocks = order_page(words, [], [RulingLine(20, 20, 560), RulingLine(135, 20, 560)])
    assert not any(isinstance(block, TableBlock) for block in blocks)


def test_sign_that_touches_its_figure_is_not_parted_from_it():
    horizontal = [RulingLine(20.0 * number, 10, 330) for number in range(4)]
    walls = [RulingLine(157, 0, 40), RulingLine(110, 0, 60), RulingLine(220, 40, 60)]
    words = put("Town", 20, 14) + put("up", 120, 14) + put("down", 180, 14)
    words += put("Birch", 20, 34) + put("4", 120, 34) + put("7", 180, 34)
    words += put("Calder", 20, 54) + put("plus", 136, 54)
    figure = put("30", 157.5, 54)
    table = only_table([*words, *figure], horizontal, [RulingLine(10, 0, 60), *walls, RulingLine(330, 0, 60)])
    assert "plus30" in rows_of(table)[2][1].replace(" ", "")


def test_sums_under_line_items_are_no_rows_of_theirs():
    words = row(34, "Item", "Count", "Weight", "Price", "Amount")
    for number, town in enumerate(TOWNS):
        words += row(48 + 14 * number, town, str(number + 1), "2", "3.50", f"{number}7.00")
    words += put("Before tax", 280, 104) + put("94.00", 380, 104, right=True)
    words += put("To pay", 280, 118) + put("112.80", 380, 118, right=True)
    (table,) = [block for block in order_page(words) if isinstance(block, TableBlock)]
    assert [texts[0] for texts in rows_of(table)] == ["Item", *TOWNS]


def test_addresses_over_line_items_are_no_rows_of_theirs():
    words = put("Calder Stone Works", 20, 20) + put("Birch and Partner", 260, 20)
    words += put("Old Road 17", 20, 34) + put("Mill Lane 4", 260, 34)
    words += put("Phone 555 0163", 20, 48) + put("Telephone 555 0178", 260, 48)
    words += row(76, "Item", "Count", "Price", "Amount")
    for number, town in enumerate(TOWNS):
        words += row(90 + 14 * number, town, str(number + 1), "3.50", f"{number}7.00")
    blocks = order_page(words, [], [RulingLine(64, 20, 330), RulingLine(80, 20, 330)])
    (table,) = [block for block in blocks if isinstance(block, TableBlock)]
    assert [texts[0] for texts in rows_of(table)] == ["Item", *TOWNS]


def statement() -> list[PlacedWord]:
    """Return the entries of an account under a head, with a balance before them and one after them."""
    words = put("Date", 20, 100) + put("Details", 80, 100)
    for name, x in (("Out", 330), ("In", 400), ("Balance", 480)):
        words += put(name, x, 100, right=True)
    words += put("Brought forward", 80, 116) + put("310.00", 480, 116, right=True)
    for number in range(5):
        top = 132 + 26 * number
        words += put(f"{number + 2} May", 20, top) + put("Harbour works", 80, top)
        words += put(f"{number}1.40", 330 + 70 * (number % 2), top, right=True) + put("299.00", 480, top, right=True)
        words += put("for the quay", 80, top + 11)
    return words + put("Carried forward", 80, 262) + put("299.00", 480, 262, right=True)


def test_table_begins_at_the_head_over_a_rule_and_not_at_the_sums_above_it():
    over = []
    for number, label in enumerate(("Opening balance", "Paid in", "Paid out", "Limit")):
        over += put(label, 250, 30 + 14 * number) + put(f"{number}87.42", 480, 30 + 14 * number, right=True)
    over += put("Number of the account 77 1234", 20, 88)
    (table,) = tables_of([*over, *statement()], [RulingLine(104, 20, 480)])
    rows = rows_of(table)
    assert rows[0] == ["Date", "Details", "Out", "In", "Balance"]
    assert rows[2] == ["2 May", "Harbour works for the quay", "01.40", "", "299.00"]


def test_balance_under_the_entries_is_a_row_where_one_stands_over_them():
    (table,) = tables_of(statement(), [RulingLine(104, 20, 480)])
    assert rows_of(table)[-1] == ["", "Carried forward", "", "", "299.00"]


def test_details_under_the_full_line_of_an_entry_are_in_its_row():
    words: list[PlacedWord] = []
    for name, x, right in (("Line", 20, False), ("Item", 70, False), ("Price", 320, True), ("Tax", 400, True)):
        words += put(name, x, 100, right=right)
    words += put("Amount", 540, 100, right=True)
    for number in range(1, 4):
        top = 80 + 40 * number
        words += put(f"00{number}", 20, top) + put(f"A{number}-77", 70, top)
        words += put(f"{number}4.20", 320, top, right=True) + put("Y", 400, top, right=True)
        words += put(f"{number}99.80", 540, top, right=True)
        words += put("Bearing of steel that is sealed on both of its sides, greased", 70, top + 12)
        words += put("due 3 June", 420, top + 12)
    words += put("Prices are those of the day on which the goods leave our yard", 20, 240)
    (table,) = tables_of(words, [RulingLine(104, 20, 540)])
    assert rows_of(table)[0] == ["Line", "Item", "Price", "Tax", "Amount"]
    assert rows_of(table)[1:] == [
        [
            f"00{n}",
            f"A{n}-77 Bearing of steel that is sealed on both of its sides, greased due 3 June",
            f"{n}4.20",
            "Y",
            f"{n}99.80",
        ]
        for n in (1, 2, 3)
    ]


def test_small_table_inside_an_entry_is_no_line_of_its_details():
    words: list[PlacedWord] = []
    for name, x in (("Line", 20), ("Station", 70), ("Show", 150), ("Spots", 280), ("Rate", 350), ("Amount", 420)):
        words += put(name, x, 100)
    for number in range(1, 4):
        top = 70 + 60 * number
        words += put(str(number), 20, top) + put("KXYZ", 70, top) + put("News at noon and again at one", 150, top)
        words += put("4", 310, top) + put("50.00", 350, top) + put("200.00", 420, top)
        words += put("Begins", 95, top + 12) + put("Ends", 190, top + 12) + put("Weekdays", 245, top + 12)
        words += put("2 May", 95, top + 24) + put("8 May", 190, top + 24) + put("MTWT", 245, top + 24)
    tables = tables_of(words, [RulingLine(104, 20, 460)])
    assert not any("KXYZ Begins" in text for table in tables for row in rows_of(table) for text in row)


def test_title_in_the_middle_of_a_table_goes_over_all_columns():
    words = row(34, "Town", "Houses", "Shops", "Farms")
    for number, town in enumerate(TOWNS):
        words += row(48 + 14 * number + 14 * (number > 1), town, "4", "12", "7")
    words += put("Inland towns", 130, 76)
    (table,) = [block for block in order_page(words, [], [RulingLine(38, 20, 330)]) if isinstance(block, TableBlock)]
    title = next(cell for cell in table.cells if cell.row == 3)
    assert (title.column, title.column_span) == (0, 4)
    assert rows_of(table)[2] == ["Birch Hill", "4", "12", "7"]


def tables_of(words, rules=()) -> list[TableBlock]:
    return [block for block in order_page(words, [], rules) if isinstance(block, TableBlock)]


PROSE = (
    "The council of the coast asked its officers to write down what they had seen",
    "in the towns and what had been done about it before the winter began again",
    "so that nobody would have to ask them for it in the spring when the roads to",
    "the hills are closed and the officers are busy with the harbours of the coast",
    "which are to be made deeper and wider for the larger ships that are built now",
    "in the yards of the north where the work of many years has come to a good end",
)


def prose(x: float, top: float, lines: int, lead: float = 12.0) -> list[PlacedWord]:
    return [word for n in range(lines) for word in put(PROSE[n % len(PROSE)][:48], x, top + lead * n)]


@pytest.mark.parametrize("rules", [(), RULES[:1]], ids=["without rules", "with a rule"])
def test_table_in_a_column_of_text_is_told_from_the_text_beside_it(rules):
    words = prose(20, 20, 8) + prose(320, 20, 24)
    words += row(130, "Town", "2018", "2019", "Rise", first=140, step=50)
    for number, town in enumerate(TOWNS):
        words += row(144 + 14 * number, town, f"{number}77", f"{number}84", f"{number}.5", first=140, step=50)
    words += prose(20, 220, 7)
    drawn = [RulingLine(y, 20, 250) for y in (118, 133, 190)] if rules else []
    (table,) = tables_of(words, drawn)
    assert rows_of(table)[0] == ["Town", "2018", "2019", "Rise"]
    assert [texts[0] for texts in rows_of(table)][1:] == list(TOWNS)


def test_labels_that_wrap_beside_figures_are_no_paragraph():
    words = row(20, "Kind", "2018", "2019", first=420)
    for number in range(4):
        words += row(34 + 28 * number, PROSE[number][:58], f"{number}12", f"{number}9", first=420)
        words += put("and nothing else", 30, 45 + 28 * number)
    (table,) = tables_of(words, [RulingLine(8, 20, 480), RulingLine(24, 20, 480)])
    assert [texts[1:] for texts in rows_of(table)] == [["2018", "2019"], *([f"{n}12", f"{n}9"] for n in range(4))]


def test_signs_set_apart_from_their_figures_are_in_their_columns():
    words = row(20, "Kind", "Actual", "Planned", "More", first=200)
    for number, town in enumerate(TOWNS):
        words += put(town, 20, 34 + 14 * number)
        for place, figure in enumerate((f"{number}04", f"{number}14", f"({number}24)")):
            words += put("$", 160 + 60 * place, 34 + 14 * number)
            words += put(figure, 200 + 60 * place, 34 + 14 * number, right=True)
    (table,) = tables_of(words, [RulingLine(24, 20, 320)])
    assert rows_of(table)[2] == ["Birch Hill", "$ 104", "$ 114", "$ (124)"]


def test_text_between_rules_under_a_head_is_a_table():
    words = put("Officer", 20, 20) + put("Town", 120, 20) + put("Language", 240, 20)
    for number, town in enumerate(TOWNS):
        words += put(f"Reed{number}", 20, 36 + 12 * number) + put(town, 120, 36 + 12 * number)
        words += put("Cornish and English", 240, 36 + 12 * number)
    words += put("as well as Welsh", 240, 84)
    rules = [RulingLine(y, 20, 380) for y in (8, 24, 90)]
    (table,) = tables_of([*words, *prose(20, 110, 6)], rules)
    assert rows_of(table)[0] == ["Officer", "Town", "Language"]
    assert rows_of(table)[4] == ["Reed3", "Dunmore", "Cornish and English as well as Welsh"]
    assert not tables_of(words, rules[:2])


def test_cells_that_wrap_between_rules_are_one_row():
    words, rules = [], [RulingLine(8, 20, 480)]
    for number, town in enumerate(("Town", *TOWNS)):
        top = 20 + 30 * number
        words += put(town, 20, top) + put(PROSE[number][:20], 120, top) + put("2031", 420, top)
        words += put(PROSE[number][21:40], 120, top + 11)
        rules.append(RulingLine(top + 17, 20, 480))
    (table,) = tables_of(words, rules)
    assert [texts[0] for texts in rows_of(table)] == ["Town", *TOWNS]
    assert rows_of(table)[2][1] == f"{PROSE[2][:20].strip()} {PROSE[2][21:40].strip()}"


def test_two_columns_of_prose_under_a_page_head_between_rules_are_no_table():
    words = put("Report of the year", 20, 20) + put("Chapter Three", 480, 20)
    words += prose(20, 40, 12) + prose(320, 40, 12)
    assert not tables_of(words, [RulingLine(y, 20, 560) for y in (8, 26, 200)])


def test_second_head_under_a_caption_begins_a_second_table():
    words, rules = [], []
    for number in range(2):
        top = 20 + 120 * number
        words += put(f"Table {number}. Houses of the {('north', 'south')[number]}", 20, top)
        words += row(top + 18, "Town", "Houses", "Shops", "Farms")
        for at, town in enumerate(TOWNS):
            words += row(top + 32 + 14 * at, town, f"{at}4", f"{at}1", f"{number}9")
        rules += [RulingLine(top + y, 20, 330) for y in (6, 22, 79)]
    first, second = tables_of(words, rules)
    assert rows_of(first)[0] == rows_of(second)[0] == ["Town", "Houses", "Shops", "Farms"]
    assert rows_of(second)[1] == ["Ashford", "04", "01", "19"]


def test_rest_of_the_last_label_is_part_of_it():
    words = row(20, "Kind", "2018", "2019", "2020", first=280)
    for number in range(4):
        figures = (f"{number}{n}" for n in range(3))
        words += row(36 + 30 * number, "requests that the council had refused", *figures, first=280)
        words += put("in the year before", 28, 47 + 30 * number)
    (table,) = tables_of(words, [RulingLine(8, 20, 410), RulingLine(24, 20, 410), RulingLine(146, 20, 410)])
    assert rows_of(table)[-1] == ["requests that the council had refused in the year before", "30", "31", "32"]


def test_head_of_three_levels_is_taken_whole():
    words = put("Homes", 240, 20) + put("Works", 480, 20)
    rules = [RulingLine(2, 20, 600), RulingLine(23, 160, 370), RulingLine(23, 390, 600)]
    for place in range(4):
        words += put(("Old", "New")[place % 2], 190 + 115 * place, 34)
        rules.append(RulingLine(37, 165 + 115 * place, 250 + 115 * place))
    words += row(48, "Town", *(("2019", "2020")[n % 2] for n in range(8)), first=185, step=58)
    for number, town in enumerate(TOWNS):
        words += row(66 + 14 * number, town, *(f"{number}{n}" for n in range(8)), first=185, step=58)
    (table,) = tables_of(words, [*rules, RulingLine(54, 20, 600), RulingLine(114, 20, 600)])
    found = head_of(table)
    assert ("Homes", 0, 1, 1, 4) in found and ("Works", 0, 5, 1, 4) in found
    assert ("New", 1, 3, 1, 2) in found and ("Town", 0, 0, 3, 1) in found


def test_short_text_in_the_middle_of_two_columns_goes_over_both():
    words = put("Area", 198, 20) + put("Crop", 338, 20)
    words += row(34, "Town", "2019", "2020", "2019", "2020", first=180, step=70)
    for number, town in enumerate(TOWNS):
        words += row(48 + 14 * number, town, *(f"{number + 1},{n}50" for n in range(4)), first=180, step=70)
    (table,) = tables_of(words)
    found = head_of(table)
    assert ("Area", 0, 1, 1, 2) in found and ("Crop", 0, 3, 1, 2) in found


def test_figures_of_a_chart_between_grid_lines_are_no_table():
    horizontal = [RulingLine(20.0 * number, 40, 440) for number in range(6)]
    vertical = [RulingLine(40.0 + 100 * number, 0, 100) for number in range(5)]
    words = [word for n in range(4) for word in put(f"{n}3", 60 + 100 * n, 14 + 20 * ((n * 2) % 5))]
    words += put("71", 80, 74) + put("18", 380, 94)
    blocks = order_page(words, find_grids(horizontal, vertical))
    assert not any(isinstance(block, TableBlock) for block in blocks)


def test_words_of_a_chart_beside_its_axis_are_no_table():
    words = row(20, "Bonds and shares", "1500", "1000", "500", "0")
    words += row(34, "Houses", "109", "497", "1103", "642") + put("Years", 140, 48) + put("Prices", 240, 48)
    words += row(62, "Shops", "12", "40", "77", "3")
    assert not tables_of(words)
    assert tables_of([*words, *(w for n in range(4) for w in row(76 + 14 * n, f"Farms{n}", "1", "2", "4", "9"))])
