"""Values that the end of a line breaks in two."""

import pytest

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
