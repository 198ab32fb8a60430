"""Scoring of tables by their adjacency relations."""

from __future__ import annotations

import pytest

from eval.tables import GridCell, find_relations, read_truth, score_tables


def grid(*rows: str) -> list[GridCell]:
    """Return a cell for each letter; a blank is no cell."""
    return [GridCell((r, r), (c, c), text) for r, row in enumerate(rows) for c, text in enumerate(row) if text != " "]


def test_neighbours_are_the_nearest_cells_with_content():
    relations = find_relations(grid("ab", " c", "d "))
    assert set(relations) == {("a", "b", "right"), ("b", "c", "below"), ("a", "d", "below")}


def test_span_is_the_neighbour_of_every_cell_under_it_once():
    cells = [GridCell((0, 0), (0, 1), "Wide"), *grid("  ", "ab")]
    assert find_relations(cells) == {("wide", "a", "below"): 1, ("wide", "b", "below"): 1, ("a", "b", "right"): 1}


def test_true_tables_score_one_and_tables_that_are_none_cost_precision():
    true = [grid("ab", "cd")]
    assert score_tables(true, true) == (1.0, 1.0, 1.0)
    precision, recall, f1 = score_tables([*true, grid("xy", "zw")], true)
    assert (precision, recall) == (0.5, 1.0)
    assert f1 == pytest.approx(2 / 3)
    assert score_tables([], true) == (0.0, 0.0, 0.0)


def test_regions_of_one_table_follow_each_other(tmp_path):
    cell = '<cell start-row="{row}" start-col="0" end-col="1"><content>{text}</content></cell>'
    file = tmp_path / "made-str.xml"
    file.write_text(
        f"<document><table><region>{cell.format(row=0, text='Top')}</region>"
        f'<region row-increment="1">{cell.format(row=0, text="Rest")}</region></table></document>'
    )
    ((top, rest),) = read_truth(file)
    assert (top.rows, top.columns, rest.rows) == ((0, 0), (0, 1), (1, 1))
