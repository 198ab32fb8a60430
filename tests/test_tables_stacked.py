"""Tables in plain text whose cells stand one to a line."""

import pytest

from extractor.tables import find_tables_in_text

ARMS = ["Arm", "Medicine", "Patients", "Mean (SD)"]
ROWS = [
    ["A", "Velotin 40 mg", "118", "61.2 (9.8)"],
    ["B", "Velotin 80 mg", "121", "60.7 (10.4)"],
    ["C", "none", "7", "9"],
]


CELLS = [*ARMS, *ROWS[0], *ROWS[1], *ROWS[2]]


def stacked(*lines):
    return "\n".join(lines) + "\n"


def grid(table):
    rows = {}
    for cell in table.cells:
        rows.setdefault(cell.row, []).append(cell.text)
    return [rows[n] for n in sorted(rows)]


def test_lines_that_repeat_in_kind_are_the_cells_of_rows():
    text = "Report\n\n" + stacked(*CELLS) + "\nThe end.\n"
    [table] = find_tables_in_text(text)
    assert grid(table) == [ARMS, *ROWS]
    assert [cell.text for cell in table.cells if cell.header and cell.row == 0] == ARMS


def test_lines_over_the_names_and_a_sentence_under_the_rows_are_no_cells():
    note = "One patient of arm B had no dose and is counted in neither of the figures above."
    [table] = find_tables_in_text(stacked("Patients by arm, safety population", *CELLS, note))
    assert grid(table) == [ARMS, *ROWS]


@pytest.mark.parametrize(
    "lines",
    [
        ["Name", "Ada Quill", "Born", "1971", "Role", "head", "Phone", "117"],
        ["Ada Quill", "head of the house", "12 Mill Lane", "Oakton", "Sussex", "England", "Europe"],
        [*ARMS, *ROWS[0]],
        [*ARMS, *ROWS[0], "B", "121", "Velotin 80 mg", "60.7 (10.4)"],
    ],
)
def test_labels_with_values_addresses_and_one_row_are_no_table(lines):
    assert find_tables_in_text(stacked(*lines)) == []
