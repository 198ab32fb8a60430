"""Rows without a header: runs of lines that are built alike."""

from extractor.candidates.line_runs import LineRunSettings, find_runs
from extractor.readers import read_bytes
from extractor.settings import replaced


def runs(text):
    return list(find_runs(read_bytes(text.encode(), "slip.txt")))


def rows(text):
    (grid,) = runs(text)
    return [[row[c].text if c in row else "" for c in range(len(grid.names))] for row in grid.rows]


def test_lines_of_texts_and_amounts_are_rows_with_the_count_apart():
    text = "BLUE DOOR CAFE\n12 Mill Lane\n2 Flat white\t7.00\nOat milk\t0.60\n1 Scone\t3.20\nTotal\t10.80\nCard\t9\n"
    assert rows(text) == [["2", "Flat white", "7.00"], ["", "Oat milk", "0.60"], ["1", "Scone", "3.20"]]


def test_amount_is_parted_from_the_text_before_a_single_blank():
    assert rows("Soap 1.20\nBrush 4.75\nSponge 0.99\n") == [["Soap", "1.20"], ["Brush", "4.75"], ["Sponge", "0.99"]]


def test_multiplication_belongs_to_the_text_on_the_line_above():
    text = "Apples loose\n  1.250 kg @ 2.40\t3.00\nBread\t2.10\nMilk\n  3 x 0.95\t2.85\nSalt 1.10\n"
    assert rows(text) == [
        ["Apples loose", "1.250", "2.40", "3.00"],
        ["Bread", "", "", "2.10"],
        ["Milk", "3", "0.95", "2.85"],
        ["Salt", "", "", "1.10"],
    ]
    (grid,) = runs(text)
    assert grid.names == ((), ("quantity",), ("unit price",), ("line total", "amount"))


def test_column_that_is_the_product_of_two_others_names_all_three():
    (grid,) = runs("Paint\t4\t48.00\t192.00\nPipe\t1\t468.00\t468.00\nSand\t3\t2.50\t7.50\n")
    assert grid.names == ((), ("quantity",), ("unit price",), ("line total", "amount"))
    (grid,) = runs("Paint\t4\t48.00\t192.00\nPipe\t1\t468.00\t469.00\nSand\t3\t2.50\t7.50\n")
    assert grid.names == ((), (), (), ())


def test_amount_may_stand_above_its_multiplication():
    assert rows("Milk\t2.85\n3 x 0.95\nSalt\t1.10\nRice\t4.00\n")[0] == ["Milk", "3", "0.95", "2.85"]


def test_labels_with_their_values_are_no_rows():
    assert not runs("Guest: Ada Hill\t12\nRoom: blue\t7\nNights: two\t2\n")


def test_count_among_amounts_is_no_row():
    assert rows("Soap\t1.20\nBrush\t4.75\nSponge\t0.99\nRag\t0.50\nItems sold\t4\n")[-1] == ["Rag", "0.50"]


def test_lines_far_apart_are_no_run():
    filler = "\nnothing here\n" * (LineRunSettings.current().max_gap + 1)
    assert not runs(f"Soap\t1.20\n{filler}Brush\t4.75\n{filler}Sponge\t0.99\n")


def test_multiplications_are_rows_of_their_own_where_that_rule_is_off():
    with replaced(LineRunSettings(join_multiplications=False)):
        assert all(
            "quantity" not in name
            for grid in runs("Milk\n3 x 0.95\t2.85\nSalt\t1.10\nRice\t4.00\n")
            for name in grid.names
        )
