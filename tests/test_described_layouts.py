"""Dates and times written as a field's description asks for."""

import json

import pytest

from extractor.extraction.pipeline import extract
from extractor.models.scripted import ScriptedModel
from extractor.readers import read_bytes
from extractor.schemas import load_schema
from extractor.values.described_layouts import find_layout, kind_of_layout
from extractor.values.normalisation import normalise_value, value_kind


def field(description, **more):
    properties = {"a": {"type": ["string", "null"], "description": description, **more}}
    return load_schema({"type": "object", "properties": properties}).fields[0]


@pytest.mark.parametrize(
    ("description", "kind", "printed", "written"),
    [
        ("24-hour HH:MM", "time", "7.35 pm", "19:35"),
        ("when it began, yyyy-mm-dd hh:mm", "date-time", "13 November 2024, 7.30 pm", "2024-11-13 19:30"),
        ("YYYY-MM-DDTHH:MM", "date-time", "28-Feb-2025 19:40", "2025-02-28T19:40"),
        ("ISO date YYYY-MM-DD", "date", "3. Juni 2025", "2025-06-03"),
        ("YYYY-MM", "date", "2025年3月", "2025-03"),
        ("MM/YYYY", "date", "August 2031", "08/2031"),
        ("DD.MM.YY", "date", "3 May 2031", "03.05.31"),
    ],
)
def test_date_is_written_as_described(description, kind, printed, written):
    f = field(description)
    assert (kind_of_layout(find_layout(f)), value_kind(f)) == (kind, kind)
    assert normalise_value(f, printed).value == written


@pytest.mark.parametrize("description", ["the arrival", "either HH:MM or YYYY-MM-DD", "MM", "in MMM"])
def test_other_descriptions_ask_for_no_layout(description):
    assert find_layout(field(description)) is None


def test_text_without_all_parts_stays_as_printed_with_a_problem():
    found = normalise_value(field("YYYY-MM-DD HH:MM"), "13 November 2024")
    assert (found.value, len(found.problems)) == ("13 November 2024", 1)


def test_pattern_of_the_schema_says_more_than_the_description():
    assert value_kind(field("HH:MM", pattern="^[0-9]+$")) is None


def test_model_that_writes_the_described_form_points_at_the_printed_time():
    schema = load_schema({"type": "object", "properties": {"opens": {"type": "string", "description": "HH:MM"}}})
    document = read_bytes(b"Harbour office\nOpen from 7.30 am to 4 pm\n", "a.txt")
    [found] = extract(document, schema, ScriptedModel(lambda *_: json.dumps({"opens": "07:30"}))).values
    assert (found.value, found.evidence.text) == ("07:30", "7.30 am")


def test_month_without_a_sign_between_is_a_code_and_no_layout():
    schema = load_schema({"type": "object", "properties": {"month": {"type": "string", "description": "as YYYYMM"}}})
    assert find_layout(schema.fields[0]) is None
