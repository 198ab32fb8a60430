"""Parts of printed ranges, and the items of a row that are taken from another item's cell."""

import pytest

from extractor.extraction.pipeline import extract
from extractor.readers import read_bytes
from extractor.schemas import load_schema
from extractor.values.ranges import find_range_part

RESULTS = {
    "type": "object",
    "properties": {
        "results": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "name": {"type": ["string", "null"], "title": "Test"},
                    "value": {"type": ["string", "null"], "title": "Result"},
                    "number": {"type": ["number", "null"], "x-part": {"of": "value", "as": "number"}},
                    "range": {"type": ["string", "null"], "title": "Reference range"},
                    "low": {"type": ["number", "null"], "x-part": {"of": "range", "as": "lower"}},
                    "high": {"type": ["number", "null"], "x-part": {"of": "range", "as": "upper"}},
                    "flag": {
                        "enum": ["high", "normal", None],
                        "title": "Flag",
                        "x-values": {"high": ["H"], "normal": [""]},
                    },
                },
            },
        },
        "total": {"type": ["integer", "null"], "title": "Total tests"},
    },
}
PAGE = """<table><tr><th>Test</th><th>Result</th><th>Reference range</th><th>Flag</th></tr>
<tr><td>Urea</td><td>9.1</td><td>2.5 - 7.8</td><td>H</td></tr>
<tr><td>Ferritin</td><td>71</td><td>&gt;30</td><td></td></tr>
<tr><td>Total tests</td><td>2</td><td></td><td></td></tr></table>"""


@pytest.mark.parametrize(
    ("text", "number", "lower", "upper"),
    [
        ("3.5-9.5", None, "3.5", "9.5"),
        ("133 - 146", None, "133", "146"),
        ("0 to 5", None, "0", "5"),
        (">90", None, "90", None),
        ("≤ 5.0", None, None, "5.0"),
        ("5.6 H", "5.6", None, None),
        ("Yellow", None, None, None),
        ("2-4, 6-8", None, None, None),
    ],
)
def test_the_number_and_the_bounds_of_a_range_are_found(text, number, lower, upper):
    found = [
        text[slice(*place)] if (place := find_range_part(text, name)) else None for name in ("number", "lower", "upper")
    ]
    assert found == [number, lower, upper]


def test_items_without_a_column_are_parts_of_another_cell_and_a_total_is_no_row():
    record = extract(read_bytes(PAGE.encode(), "page.html"), load_schema(RESULTS), None)
    assert record.data["results"] == [
        {"name": "Urea", "value": "9.1", "number": 9.1, "range": "2.5 - 7.8", "low": 2.5, "high": 7.8, "flag": "high"},
        {"name": "Ferritin", "value": "71", "number": 71, "range": ">30", "low": 30, "flag": "normal"},
    ]
    for value in record.values:
        if value.evidence:
            assert record.document.text[value.evidence.start : value.evidence.end] == value.evidence.text
