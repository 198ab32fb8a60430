"""What one click in a document selects."""

from __future__ import annotations

import itertools

import pytest

from extractor.review.selectable_values import find_selectable_values


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("Sales of 75,647.67万元 this year.", ["75,647.67万元"]),
        ("Invoice B-2041/7 of 31 January 2020, USD 1,200.50", ["B-2041/7", "31 January 2020", "USD 1,200.50"]),
        ("2020年5月3日 10:30，电话 010-8888 6666", ["2020年5月3日", "10:30", "010-8888 6666"]),
        ("mail a@b.com or see https://x.org/2020-05-03/a", ["a@b.com", "https://x.org/2020-05-03/a"]),
        ("受理编号2020-0012-3", ["2020-0012-3"]),
        ("Pen\t3\t1.20\nPaper\t12\t4.50", ["3", "1.20", "12", "4.50"]),
        ("no values here", []),
    ],
)
def test_values_are_selected_whole(text, values):
    assert [text[start:end] for start, end in find_selectable_values(text)] == values


def test_values_do_not_overlap_or_run_over_a_line_break():
    text = "1 234\n567 on 2020-01-02 at 10:00 for A-17, 010-8888 6666 (3.5%)\n" * 20
    spans = find_selectable_values(text)
    assert all(one[1] <= other[0] for one, other in itertools.pairwise(spans))
    assert not any("\n" in text[start:end] for start, end in spans)
