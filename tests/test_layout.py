"""Lines, segments and parts from words with boxes; grids from ruled lines."""

from __future__ import annotations

import pytest

from extractor.geometry import PlacedWord, Rect, RulingLine
from extractor.layout import TableBlock, TextBlock, build_segments, find_grids, merge_collinear_lines, order_page


def word(text: str, x: float, base: float, size: float = 10.0, *, bold: bool = False, run: int = 0) -> PlacedWord:
    return PlacedWord(
        text, Rect(x, base - 0.8 * size, x + 0.5 * size * len(text), base + 0.2 * size), base, size, run, bold=bold
    )


def line(text: str, x: float, base: float, size: float = 10.0, *, bold: bool = False) -> list[PlacedWord]:
    words = []
    for part in text.split(" "):
        words.append(word(part, x, base, size, bold=bold))
        x += 0.5 * size * len(part) + 0.3 * size
    return words


def texts(parts) -> list[str]:
    return ["\n".join("\t".join(s.text for s in each.segments) for each in part.lines) for part in parts]


def frame(x0: float, top: float, x1: float, bottom: float, xs=(), ys=()):
    across = [RulingLine(y, x0, x1) for y in (top, *ys, bottom)]
    upright = [RulingLine(x, top, bottom) for x in (x0, *xs, x1)]
    return across, upright


def test_words_near_each_other_are_a_segment_and_a_wide_gap_parts_them():
    found = build_segments([*line("Total amount", 50, 100), *line("$5.00", 300, 100)])
    assert [segment.text for segment in found] == ["Total amount", "$5.00"]


def test_a_raised_figure_belongs_to_its_word():
    raised = PlacedWord("2", Rect(55, 90, 58, 97), 95, 6, space_before=False)
    assert [segment.text for segment in build_segments([word("m", 50, 100), raised])] == ["m2"]


def test_text_that_runs_over_its_neighbour_is_not_mixed_with_it():
    over = line("KELLY CLARKSON EF 4-5PM", 50, 100)
    under = line("M - F 4P-5PM", 150, 100)
    assert [segment.text for segment in build_segments([*over, *under])] == ["KELLY CLARKSON EF 4-5PM", "M - F 4P-5PM"]


def test_the_words_of_one_line_may_come_in_any_order():
    words = line("one two three four", 50, 100)
    assert [segment.text for segment in build_segments(words[::-1])] == ["one two three four"]


def test_a_watermark_stands_apart_from_the_lines_it_crosses():
    prose = [each for row in range(5) for each in line(f"row {row} of the text that matters", 50, 100 + 14 * row)]
    parts = order_page([*prose, word("COPY", 60, 140, 60.0)])
    assert texts(parts)[-1] == "COPY"
    assert texts(parts)[0].startswith("row 0 of the text that matters\nrow 1")


def test_an_empty_page_has_no_parts():
    assert order_page([]) == []


def test_columns_of_figures_are_rows_and_columns_of_prose_are_columns():
    figures = [each for row in range(3) for x in (50, 150, 250) for each in line(f"{row}{x}", x, 100 + 14 * row)]
    assert texts(order_page(figures))[0].split("\n")[0] == "050\t0150\t0250"
    sentence = "words that fill the column to its edge"
    prose = [each for x in (50, 320) for row in range(6) for each in line(f"{row} {sentence}", x, 100 + 14 * row)]
    assert "\n".join(texts(order_page(prose))).index(f"5 {sentence}") < "\n".join(texts(order_page(prose))).rindex(
        f"0 {sentence}"
    )


def test_amounts_are_read_behind_their_labels_though_something_stands_between_further_down():
    labels = ("Total Qty.", "Tax", "Rounding", "TOTAL", "CASH", "CHANGE")
    words = [each for n, label in enumerate(labels) for each in line(label, 50, 100 + 16 * n)]
    # Scanned, amounts stand a little higher than their labels.
    words += [word(f"{n}8.00", 300, 97.4 + 16 * n) for n in range(len(labels))]
    words += [*line("GST SUMMARY", 170, 240), *line("AMOUNT", 200, 260)]
    read = "\n".join(texts(order_page(words)))
    assert all(f"{label}\t{n}8.00" in read for n, label in enumerate(labels))


def test_edges_on_one_line_are_joined_and_others_kept_apart():
    found = merge_collinear_lines(
        [RulingLine(10, 0, 50), RulingLine(10.5, 51, 90), RulingLine(10, 120, 150), RulingLine(40, 0, 9)]
    )
    assert [(round(edge.start), round(edge.end)) for edge in found] == [(0, 90), (120, 150), (0, 9)]


def test_a_grid_has_a_cell_for_each_ruled_box():
    (grid,) = find_grids(*frame(0, 0, 100, 60, xs=(30,), ys=(20, 40)))
    assert [(cell.row, cell.column) for cell in grid.cells] == [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)]


def test_a_line_that_stops_short_merges_the_cells_it_does_not_part():
    across, upright = frame(0, 0, 100, 60, xs=(30,), ys=(20,))
    upright[1] = RulingLine(30, 20, 60)
    (grid,) = find_grids(across, upright)
    assert [(cell.row, cell.column, cell.column_span) for cell in grid.cells] == [(0, 0, 2), (1, 0, 1), (1, 1, 1)]


def test_underlines_and_single_rules_are_no_grid():
    assert find_grids([RulingLine(10, 0, 50), RulingLine(30, 0, 50)], []) == []
    assert find_grids([RulingLine(10, 0, 50)], [RulingLine(80, 0, 60)]) == []


def test_tables_on_one_long_line_are_grids_of_their_own():
    upper = frame(0, 0, 100, 40, xs=(50,), ys=(20,))
    lower = frame(0, 300, 400, 400, xs=(200,), ys=(350,))
    found = find_grids([*upper[0], *lower[0]], [RulingLine(0, 0, 400), *upper[1], *lower[1]])
    assert [(len(grid.cells), grid.box) for grid in found] == [(4, Rect(0, 0, 100, 40)), (4, Rect(0, 300, 400, 400))]


def test_a_drawing_of_very_many_lines_is_no_grid():
    many = [RulingLine(3.5 * number, 0, 9000) for number in range(7000)]
    assert find_grids(many, many) == []


@pytest.mark.parametrize("rows", [2, 4])
def test_a_ruled_grid_with_words_becomes_a_table_part(rows):
    across, upright = frame(0, 0, 300, 20 * rows, xs=(150,), ys=tuple(20 * row for row in range(1, rows)))
    words = [word(f"c{row}{column}", 10 + 150 * column, 14 + 20 * row) for row in range(rows) for column in (0, 1)]
    (part,) = order_page(words, find_grids(across, upright))
    assert isinstance(part, TableBlock)
    assert [(cell.row, cell.column, cell.lines[0].segments[0].text) for cell in part.cells][:3] == [
        (0, 0, "c00"),
        (0, 1, "c01"),
        (1, 0, "c10"),
    ]


def test_rows_and_columns_without_text_are_left_out_of_a_table():
    across, upright = frame(0, 0, 300, 60, xs=(100, 200), ys=(20, 40))
    words = [word(text, x, y) for text, x, y in (("a", 10, 14), ("b", 210, 14), ("c", 10, 54), ("d", 210, 54))]
    (part,) = order_page(words, find_grids(across, upright))
    assert {(cell.row, cell.column) for cell in part.cells} == {(0, 0), (0, 1), (1, 0), (1, 1)}


def test_a_frame_keeps_what_stands_in_it_together():
    across, upright = frame(200, 90, 400, 140)
    words = [*line("Beside it above", 10, 105), *line("Beside it below", 10, 125)]
    words += [*line("In the frame one", 210, 104), *line("In the frame two", 210, 124)]
    found = texts(order_page(words, find_grids(across, upright)))
    assert "In the frame one\nIn the frame two" in "\n".join(found).replace("\n\n", "\n")


def test_a_large_line_is_a_heading():
    prose = [each for row in range(4) for each in line("ordinary words in a line of text", 50, 150 + 12 * row)]
    parts = order_page([*line("Annual report", 50, 100, 20), *prose])
    assert isinstance(parts[0], TextBlock) and (parts[0].kind, parts[0].level) == ("heading", 1)
    assert parts[1].kind == "paragraph"
