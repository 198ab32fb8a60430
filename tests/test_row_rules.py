"""Tables with a line under every row: which rows, columns and heads they have, and what is none."""

from __future__ import annotations

from extractor.geometry import PlacedWord, Rect, RulingLine
from extractor.layout import TableBlock, find_grids, order_page
from extractor.layout.row_rules import RowRuleSettings
from extractor.settings import replaced

LEFT, RIGHT = 40.0, 440.0


def words(text: str, x: float, baseline: float) -> list[PlacedWord]:
    found = []
    for part in text.split(" "):
        width = 5.0 * len(part)
        found.append(PlacedWord(part, Rect(x, baseline - 8, x + width, baseline + 2), baseline, 10.0))
        x += width + 3.0
    return found


def rows(*texts: tuple[str, ...], at: tuple[float, ...], top: float, pitch: float = 20.0) -> list[PlacedWord]:
    """Return words in rows, each cell beginning at the x of its column."""
    return [
        word
        for number, cells in enumerate(texts)
        for x, text in zip(at, cells, strict=True)
        if text
        for word in words(text, x, top + pitch * number)
    ]


def level(*ys: float, left: float = LEFT, right: float = RIGHT) -> list[RulingLine]:
    return [RulingLine(y, left, right) for y in ys]


def walls(top: float, bottom: float, *xs: float) -> list[RulingLine]:
    return [RulingLine(x, top, bottom) for x in xs]


def tables(found: list[PlacedWord], horizontal, vertical=()) -> list[list[list[str]]]:
    """Return the tables of a page as rows of the words of their cells, blank ones left out."""
    result = []
    for block in order_page(found, find_grids(horizontal, vertical), horizontal):
        if isinstance(block, TableBlock):
            cells: dict[int, list[str]] = {}
            for cell in sorted(block.cells, key=lambda cell: (cell.row, cell.column)):
                text = " ".join(segment.text for line in cell.lines for segment in line.segments)
                cells.setdefault(cell.row, []).extend([text] if text else [])
            result.append([cells[row] for row in sorted(cells)])
    return result


COLUMNS = (45.0, 100.0, 260.0, 330.0, 390.0)
ITEMS = (
    ("No.", "Work", "Hours", "Rate", "Sum"),
    ("1", "Hedge cut", "3", "30.00", "90.00"),
    ("2", "Lawn sown", "5", "28.00", "140.00"),
    ("3", "Leaves", "2", "28.00", "56.00"),
)
PAGE = rows(*ITEMS, at=COLUMNS, top=114)
SUM = [*words("Total", 45, 194), *words("286.00", 390, 194)]
RULES = level(120, 140, 160, 180, 200)
SHADE = walls(180, 200, LEFT, 380, RIGHT)


def test_a_shaded_row_of_a_sum_is_a_row_of_the_table_over_it():
    assert tables([*PAGE, *SUM], RULES, SHADE) == [[list(row) for row in ITEMS] + [["Total", "286.00"]]]
    with replaced(RowRuleSettings(read_ruled_rows=False)):
        assert tables([*PAGE, *SUM], RULES, SHADE) != [[list(row) for row in ITEMS] + [["Total", "286.00"]]]


def test_columns_are_those_of_the_head_where_its_cells_are_drawn():
    at = (45.0, 100.0, 200.0, 300.0)
    head = rows(("No.", "Due", "Extra", "Left"), at=at, top=114)
    body = [("1", "40.00", "", "160.00"), ("2", "40.00", "15.00", "105.00"), ("3", "40.00", "", "65.00")]
    found = [*head, *rows(*body, at=at, top=134), *words("Paid", 45, 194), *words("135.00", 100, 194)]
    lines = level(100, 120, 140, 160, 180, 200)
    drawn = walls(100, 120, LEFT, 90, 190, 290, RIGHT) + walls(180, 200, LEFT, 90, 290, RIGHT)
    expected = [["No.", "Due", "Extra", "Left"], *[[cell for cell in row if cell] for row in body], ["Paid", "135.00"]]
    assert tables(found, lines, drawn) == [expected]


def test_narrow_white_parts_columns_that_are_named():
    at = (45.0, 76.0, 96.0)  # eleven points of white behind the account, five behind the currency
    head = [*words("Acct", 45, 114), *words("Ccy", 76, 114), *words("Amount", 97, 114)]
    body = [("5510", "GBP", "214.60"), ("5520", "EUR", "18.50"), ("5530", "EUR", "27.90"), ("5610", "EUR", "96.00")]
    found = [*head, *rows(*body, at=at, top=134)]
    lines = level(120, 140, 160, 180, 200)
    assert tables(found, lines) == [[["Acct", "Ccy", "Amount"], *map(list, body)]]


def test_a_name_wider_than_its_column_and_of_two_lines_is_in_the_head():
    at = (45.0, 200.0, 300.0)
    head = [*words("Usual yearly", 200, 103), *words("Rank", 300, 103)]
    head += [*words("Measure", 45, 114), *words("saving", 200, 114), *words("then", 300, 114)]
    body = [("Roof", "90", "D"), ("Walls", "210", "C"), ("Floor", "35", "C"), ("Boiler", "120", "B")]
    found = [*head, *rows(*body, at=at, top=134)]
    head_row = ["Measure", "Usual yearly saving", "Rank then"]
    assert tables(found, level(120, 140, 160, 180, 200)) == [[head_row, *map(list, body)]]


def test_a_head_that_recurs_and_a_title_in_the_full_width_begin_another_table():
    first, second = ITEMS, (ITEMS[0], ("4", "Roses", "1", "30.00", "30.00"), *ITEMS[2:])
    found = [*words("House", 45, 94), *rows(*first, at=COLUMNS, top=114), *words("Yard", 45, 194)]
    found += rows(*second, at=COLUMNS, top=214)
    lines = level(*range(80, 300, 20))
    read = tables(found, lines)
    assert [table[0] for table in read] == [list(ITEMS[0])] * 2
    assert [len(table) for table in read] == [4, 4]


def test_rows_beside_other_rows_are_read_by_themselves():
    narrow = (45.0, 100.0, 180.0)
    left = [("1", "Screw", "12"), ("2", "Nut", "20"), ("3", "Washer", "40"), ("4", "Pin", "3")]
    right = [("A", "Oak", "1.5"), ("B", "Ash", "2.5"), ("C", "Elm", "0.5")]
    found = [*rows(*left, at=narrow, top=114)]
    found += rows(*right, at=tuple(x + 220 for x in narrow), top=119, pitch=25)
    lines = level(100, 120, 140, 160, 180, right=230) + level(100, 127, 152, 177, left=260)
    assert [list(row) for row in left] in tables(found, lines)


def test_stretches_of_several_rows_are_no_rows():
    body = [(name, "11", "12", "13") for name in ("Ore", "Tin", "Zinc", "Lead")]
    found = [
        word for number in range(4) for word in rows(*body, at=(45, 150, 250, 350), top=112 + 60 * number, pitch=13)
    ]
    lines = level(100, 160, 220, 280, 340)
    with replaced(RowRuleSettings(read_ruled_rows=False)):
        before = tables(found, lines)
    assert tables(found, lines) == before


def test_a_shaded_column_that_lines_go_across_is_a_column_of_the_whole_table():
    at = (45.0, 200.0, 300.0, 390.0)
    body = [
        ("Mill", "4", "820", "790"),
        ("Barn", "", "140", "150"),
        ("Sum", "", "960", "940"),
        ("Debts and loans", "", "", ""),
        ("Owed", "7", "310", "300"),
        ("Tax", "9", "60", "70"),
        ("Sum", "", "370", "370"),
        ("Left", "", "590", "570"),
    ]
    found = [*words("Note", 200, 114), *words("May", 300, 114), *words("June", 390, 114)]
    found += rows(*body, at=at, top=134)
    sides = [*walls(124, 182, 290, 340), *walls(203, 285, 290, 340)]
    lines = sorted([*level(120, 160, 240, 260, 285), *level(124, 182, 203, left=290, right=340)])
    assert tables(found, lines, sides) == [[["Note", "May", "June"], *[[c for c in row if c] for row in body]]]


def test_the_first_line_of_a_name_alone_is_in_the_head():
    at = (45.0, 200.0, 300.0)
    body = [("Mill", "820", "790"), ("Barn", "140", "150"), ("Byre", "75", "80"), ("Sum", "1,035", "1,020")]
    found = [*words("late", 300, 100), *words("May", 200, 112), *words("June", 300, 112)]
    found += rows(*body, at=at, top=131)
    assert tables(found, level(118)) == [[["May", "late June"], *map(list, body)]]
