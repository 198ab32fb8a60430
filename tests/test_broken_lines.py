"""Values that the end of a line breaks in two."""

import io

import pytest
from reportlab.lib import colors
from reportlab.platypus import SimpleDocTemplate, Table, TableStyle

from extractor.extraction.pipeline import extract
from extractor.readers import read_bytes
from extractor.schemas import load_schema
from extractor.values.broken_lines import join_hyphenated


def weight(text):
    schema = load_schema({"type": "object", "properties": {"weight": {"type": "number", "title": "Gross weight"}}})
    (value,) = extract(read_bytes(text.encode(), "a.txt"), schema, None).values
    return value.value, value.evidence and value.evidence.text, [problem.kind for problem in value.problems]


@pytest.mark.parametrize(
    ("text", "value", "printed"),
    [
        ("The crates are heavy. Gross weight: 2,\n310.5 in all, by the scales of the port.", 2310.5, "2,\n310.5"),
        ("The crates are heavy. Gross weight: 17.\n25 in all, by the scales of the port.", 17.25, "17.\n25"),
    ],
)
def test_a_number_broken_at_its_separator_goes_on_in_the_next_line(text, value, printed):
    assert weight(text) == (value, printed, ["broken_line"])


def test_a_number_at_the_end_of_a_sentence_is_whole():
    assert weight("Gross weight: 17.\n\nSee page 4.") == (17, "17", [])


@pytest.mark.parametrize(
    ("text", "document", "joined"),
    [
        ("Har-\nbour office", "The Harbour is old.", ("Harbour office", False)),
        ("deep-\nwater quay", "A deep-water port.", ("deep-water quay", False)),
        ("deep-\nwater quay", "", ("deepwater quay", True)),
        ("KV-\n2031-07", "", ("KV-2031-07", False)),
        ("Nord-\nOstsee-Kanal", "", ("Nord-Ostsee-Kanal", False)),
    ],
)
def test_lines_are_joined_at_hyphens(text, document, joined):
    assert join_hyphenated(text, document) == joined


def test_words_codes_and_numbers_broken_in_the_cells_of_a_row_are_joined():
    file = io.BytesIO()
    rows = [
        ["Part", "Code", "Weight"],
        ["Crane hous-\ning", "TR-8810-\n4", "2,\n107.5"],
        ["Mooring", "TR-8811-9", "0.4"],
    ]
    grid = TableStyle([("GRID", (0, 0), (-1, -1), 0.5, colors.black)])
    SimpleDocTemplate(file, invariant=1).build([Table(rows, colWidths=(90, 70, 60), style=grid)])
    item = {"part": {"type": "string", "title": "Part"}, "code": {"type": "string", "title": "Code"}}
    item["weight"] = {"type": "number", "title": "Weight"}
    parts = {"type": "array", "items": {"type": "object", "properties": item}}
    schema = load_schema({"type": "object", "properties": {"parts": parts}})
    result = extract(read_bytes(file.getvalue(), "a.pdf"), schema, None)
    assert result.data["parts"] == [
        {"part": "Crane housing", "code": "TR-8810-4", "weight": 2107.5},
        {"part": "Mooring", "code": "TR-8811-9", "weight": 0.4},
    ]
    assert [value.path[-1] for value in result.values if any(p.kind == "broken_line" for p in value.problems)] == [
        "part"
    ]
