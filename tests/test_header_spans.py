"""The solver of header spans: by texts where only the rows are known, by place where columns are aligned."""

from __future__ import annotations

import pytest

from extractor.tables.cells import UnplacedCell
from extractor.tables.header_spans import (
    AlignmentModel,
    Extent,
    HeaderCell,
    HeaderSpanCosts,
    find_cheapest_spans,
    group_headers,
)


def headers(*texts):
    return [HeaderCell(UnplacedCell.from_span(text, 0, len(text))) for text in texts]


@pytest.mark.parametrize(
    ("upper", "lower", "childless", "sizes"),
    [
        (["2020", "2019"], ["plan", "done", "plan", "done"], None, [2, 2]),
        (["Item", "Cost", "Note"], ["", "plan", "done", ""], None, [1, 2, 1]),
        (["Review", "Court"], ["won", "lost", "won", "lost", "open"], None, [2, 3]),
        (["Contract", "Payment", "Total"], ["paid", "open"], 2, [0, 2, 0]),
        (["Men", "Women", "n"], ["n", "share", "n", "share"], 1, [2, 2, 0]),
    ],
)
def test_headers_govern_the_cheapest_groups_of_the_row_below(upper, lower, childless, sizes):
    found = group_headers(headers(*upper), headers(*lower), childless)
    assert found.sizes() == sizes


def test_a_blank_below_a_header_continues_it_and_groups_add_up_their_widths():
    upper, lower = headers("Item", "Cost"), headers("", "plan", "done")
    lower[1].width = 3
    group_headers(upper, lower)
    assert [(header.continues, header.has_group, header.width) for header in upper] == [
        (True, False, 1),
        (False, True, 4),
    ]


def test_rows_that_cannot_be_matched_have_no_spans():
    assert group_headers(headers("a", "b", "c"), headers("x", "y")) is None
    assert group_headers(headers("a"), []) is None


def test_headers_stand_over_the_columns_that_they_are_centred_over():
    columns = [Extent(0, 8), Extent(10, 16), Extent(18, 24), Extent(26, 32), Extent(34, 40)]
    model = AlignmentModel([Extent(15, 19), Extent(31, 35)], columns, [False, True, True, True, True])
    assert find_cheapest_spans(2, model).spans == ((1, 3), (3, 5))


def test_every_cost_says_what_it_is_for():
    assert all(field.metadata["meaning"] for field in HeaderSpanCosts.__dataclass_fields__.values())
