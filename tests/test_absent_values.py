"""What descriptions say that a field is where the document gives no value."""

import json

import pytest

from extractor.extraction.absent_values import absent_value
from extractor.extraction.pipeline import extract
from extractor.models.scripted import ScriptedModel
from extractor.readers import read_bytes
from extractor.schemas import load_schema


def field(description, type_="number", **more):
    schema = load_schema({"type": "object", "properties": {"x": {"type": type_, "description": description, **more}}})
    return schema.fields[0]


@pytest.mark.parametrize(
    ("description", "type_", "value"),
    [
        ("crates on the line; 1 if none printed", "number", 1),
        ("rebate in percent (0 if not stated)", "number", 0),
        ("If no surcharge is given, use 0.", "number", 0),
        ("defaults to 2.5", "number", 2.5),
        ("berth, 'quay' if not specified", "string", "quay"),
        ("insured; false if not indicated", "boolean", False),
        ("件数，未注明时为1", "integer", 1),
        ("件数，默认1", "integer", 1),
    ],
)
def test_value_for_what_is_absent_is_read_from_the_description(description, type_, value):
    assert absent_value(field(description, type_)) == value


@pytest.mark.parametrize(
    ("description", "type_"),
    [
        ("crates on the line, null if absent", "number"),
        ("number of pages; 2 if printed on both sides", "number"),
        ("name of the berth, empty if none", "string"),
        ("one of 3 if none", "string"),
        ("crates, 1.5 if none printed", "integer"),
    ],
)
def test_other_descriptions_give_no_value(description, type_):
    assert absent_value(field(description, type_)) is None


def test_choice_is_one_of_the_fields_own():
    assert absent_value(field("way of carriage; sea if not stated", "string", enum=["Sea", "Rail"])) == "Sea"
    assert absent_value(field("way of carriage; air if not stated", "string", enum=["Sea", "Rail"])) is None


ITEM = {
    "cargo": {"type": "string"},
    "crates": {"type": ["integer", "null"], "description": "crates of the cargo; 1 if none printed"},
    "weight": {"type": "number"},
}
SCHEMA = {
    "type": "object",
    "properties": {
        "loads": {"type": "array", "items": {"type": "object", "properties": ITEM}},
        "berth": {"type": ["string", "null"], "description": "berth of the boat; 'quay' if none is named"},
    },
}
SHEET = "Cargo,Crates,Weight\nTea,4,1.20\nRope,,3.50\nTar,,7.00\n"


def test_rows_and_fields_without_a_value_get_it_and_it_has_no_evidence():
    result = extract(
        read_bytes(SHEET.encode(), "loads.csv"), load_schema(SCHEMA), ScriptedModel(lambda *_: json.dumps({}))
    )
    assert [row["crates"] for row in result.data["loads"]] == [4, 1, 1]
    filled = next(v for v in result.values if v.path == ("loads", 1, "crates"))
    assert filled.method == "code" and filled.evidence is None and not filled.problems


def test_field_that_nobody_looked_for_stays_open():
    result = extract(read_bytes(SHEET.encode(), "loads.csv"), load_schema(SCHEMA), None)
    assert result.data["berth"] is None


@pytest.mark.parametrize(
    ("answer", "description", "value"),
    [
        ("N/A", "mooring", None),
        ("None", "mooring; null if the form says none", None),
        ("None", "mooring", "None"),
        ("buoy", "mooring; null if the form says none", "buoy"),
    ],
)
def test_words_that_say_there_is_none_are_null(answer, description, value):
    mooring = {"type": ["string", "null"], "description": description}
    schema = load_schema({"type": "object", "properties": {"mooring": mooring}})
    document = read_bytes(f"The boat came in at noon and asked for {answer}.\n".encode(), "log.txt")
    model = ScriptedModel(lambda *_: json.dumps({"mooring": answer}))
    assert extract(document, schema, model).data == {"mooring": value}
