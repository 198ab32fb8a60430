"""Lines within cells: one for each name of a stacked header, or one for each element of an inner list."""

import pytest

from extractor.candidates.column_names import names_in_header, place_names
from extractor.candidates.lines_in_cells import read_lines_of_cells
from extractor.candidates.matches import EntryCell, StructuralMatch, TableRowsMatch
from extractor.schemas import load_schema
from tests.test_list_rows import a_list, number, text

WANTED = a_list("", casNumber=text(), ecNumber=text(), hazards={"type": "array", "items": text()})


def a_field(wanted):
    return load_schema({"title": "t", "type": "object", "properties": {"rows": wanted}}).fields[0]


def lines(printed, *parts):
    """Return where the parts stand in a text, one after the other."""
    spans, at = [], 0
    for part in parts:
        start = printed.index(part, at)
        at = start + len(part)
        spans.append((start, at))
    return tuple(spans)


def read(wanted, printed, *rows):
    """Return the values of rows, each given as (column, header, lines, path that the whole cell is matched with)."""
    field = a_field(wanted)
    matches, cells = [], []
    at = 0
    for row in rows:
        own, held = [], []
        for column, name, parts, path in row:
            spans = tuple((s + at, e + at) for s, e in lines(printed[at:], *parts))
            own.append(EntryCell(column, name, spans))
            if path:
                held.append(StructuralMatch(path, spans[0][0], spans[-1][1], 0.9))
            at = spans[-1][1]
        matches.append(tuple(held))
        cells.append(tuple(own))
    found = read_lines_of_cells(field, TableRowsMatch(("rows",), tuple(matches), (), 0.9, (), tuple(cells)), printed)
    return [{m.path: printed[m.start : m.end] for m in row} for row in found.rows]


def test_header_of_two_names_over_two_lines_gives_each_item_its_line():
    printed = "141-78-6 205-500-4 67-64-1 200-662-2"
    rows = [
        [(0, "CAS No. EC No.", ("141-78-6", "205-500-4"), ("casNumber",))],
        [(0, "CAS No. EC No.", ("67-64-1", "200-662-2"), ("casNumber",))],
    ]
    assert read(WANTED, printed, *rows) == [
        {("casNumber",): "141-78-6", ("ecNumber",): "205-500-4"},
        {("casNumber",): "67-64-1", ("ecNumber",): "200-662-2"},
    ]


def test_cells_with_another_number_of_lines_stay_whole():
    printed = "141-78-6 67-64-1"
    rows = [
        [(0, "CAS No. EC No.", ("141-78-6",), ("casNumber",))],
        [(0, "CAS No. EC No.", ("67-64-1",), ("casNumber",))],
    ]
    assert read(WANTED, printed, *rows) == [{("casNumber",): "141-78-6"}, {("casNumber",): "67-64-1"}]


def test_lines_of_a_cell_are_the_elements_of_a_list_of_texts():
    printed = "Flam. Liq. 2, H225 Eye Irrit. 2, H319 Skin Sens. 1, H317 Asp. Tox. 1, H304"
    path = ("hazards", 0)
    rows = [
        [(0, "Hazards", ("Flam. Liq. 2, H225", "Eye Irrit. 2, H319"), path)],
        [(0, "Hazards", ("Skin Sens. 1, H317", "Asp. Tox. 1, H304"), path)],
    ]
    assert [list(row.values()) for row in read(WANTED, printed, *rows)] == [
        ["Flam. Liq. 2, H225", "Eye Irrit. 2, H319"],
        ["Skin Sens. 1, H317", "Asp. Tox. 1, H304"],
    ]


def test_line_that_goes_on_with_the_one_above_is_no_element():
    printed = "Wool and fine silk Hemp and raw jute"
    path = ("hazards", 0)
    rows = [
        [(0, "Hazards", ("Wool and", "fine silk"), path)],
        [(0, "Hazards", ("Hemp and", "raw jute"), path)],
    ]
    assert [list(row.values()) for row in read(WANTED, printed, *rows)] == [
        ["Wool and fine silk"],
        ["Hemp and raw jute"],
    ]


@pytest.mark.parametrize(
    ("header", "names"),
    [
        ("CAS No. EC No.", ["casNumber", "ecNumber"]),
        ("Identification EC No. CAS No.", ["ecNumber", "casNumber"]),
        ("CAS No. of the mixture", []),
        ("CAS No. or other EC No.", []),
    ],
)
def test_names_of_a_header_in_their_places(header, names):
    assert [item.name for item in place_names(a_field(WANTED).items, header)] == names


@pytest.mark.parametrize(
    ("header", "count"), [("CAS No. / EC No.", 2), ("CAS No. EC No.", 2), ("Unit price", 0), ("Unit / price", 2)]
)
def test_header_names_several_items_with_a_sign_between_or_by_whole_names(header, count):
    items = a_field(a_list("", casNumber=text(), ecNumber=text(), unit=text(), price=number())).items
    assert len(names_in_header(items, header)) == count


def test_unit_without_a_column_is_what_stands_behind_the_numbers():
    wanted = a_list("", nutrient=text(), unit=text(), per100g=number())
    printed = "Energy 1886 kJ Fat 18.4 % Salt 0.32 g"
    rows = [
        [(0, "", (name,), ("nutrient",)), (1, "per 100 g", (cell,), ("per100g",))]
        for name, cell in (("Energy", "1886 kJ"), ("Fat", "18.4 %"), ("Salt", "0.32 g"))
    ]
    assert [row[("unit",)] for row in read(wanted, printed, *rows)] == ["kJ", "%", "g"]
