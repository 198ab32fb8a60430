"""Of the two dates of a printed period, a field has the one that it is named for."""

import json

import pytest

from extractor.extraction.pipeline import extract
from extractor.grounding.range_sides import is_end_of_range
from extractor.models.scripted import ScriptedModel
from extractor.readers import read_bytes
from extractor.schemas import load_schema


def fields(**properties):
    return load_schema({"type": "object", "properties": properties})


@pytest.mark.parametrize(
    ("name", "is_end"),
    [
        ("hireStart", False),
        ("hire_end", True),
        ("dateFrom", False),
        ("valid_to", True),
        ("leaseEndDate", True),
        ("起始日期", False),
        ("租期截止日期", True),
        ("dueDate", None),
        ("trend", None),
        ("startAndEnd", None),
    ],
)
def test_names_tell_the_side(name, is_end):
    assert is_end_of_range(fields(**{name: {"type": "string"}}).fields[0]) is is_end


def test_start_and_end_of_one_printed_period_are_its_two_dates():
    date = {"type": "string", "format": "date"}
    document = read_bytes(b"Hired for the period 4 May 2031 - 9 June 2031 by the harbour.\n", "hire.txt")
    answers = json.dumps({"hireStart": "4 May 2031", "hireEnd": "4 May 2031"})
    result = extract(document, fields(hireStart=date, hireEnd=date), ScriptedModel(lambda *_: answers))
    assert result.data == {"hireStart": "2031-05-04", "hireEnd": "2031-06-09"}
    assert [v.evidence.text for v in result.values] == ["4 May 2031", "9 June 2031"]


def test_a_side_found_elsewhere_is_taken_from_where_the_other_one_is_printed():
    date = {"type": "string", "format": "date"}
    document = read_bytes(b"Hire 4 May 2031 - 9 June 2031.\n\nPaid on 7 May 2031 in full.\n", "hire.txt")
    answers = json.dumps({"hireStart": "4 May 2031", "hireEnd": "7 May 2031", "paid": "7 May 2031"})
    result = extract(document, fields(hireStart=date, hireEnd=date, paid=date), ScriptedModel(lambda *_: answers))
    assert result.data == {"hireStart": "2031-05-04", "hireEnd": "2031-06-09", "paid": "2031-05-07"}
