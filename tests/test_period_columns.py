"""Figures in tables with a column for each period, and the period that a field is about."""

import json

import pytest

from extractor.extraction.pipeline import extract
from extractor.models.scripted import ScriptedModel
from extractor.readers import read_bytes
from extractor.schemas import load_schema

SHEET = "Item,2030,2029\nTolls,410,395\nFerries,77,81\n"


@pytest.mark.parametrize(
    ("description", "answer", "value"),
    [
        ("what came in from ships passing", 395, 410),
        ("what came in from ships passing in the previous year", 410, 395),
        ("what came in from ships passing in 2029", 410, 395),
        ("what came in from ships passing in 2028", 395, 395),
    ],
)
def test_figure_is_in_the_column_of_its_period(description, answer, value):
    income = {"type": "number", "description": description}
    schema = load_schema({"type": "object", "properties": {"passing_ships": income}})
    model = ScriptedModel(lambda *_: json.dumps({"passing_ships": answer}))
    [found] = extract(read_bytes(SHEET.encode(), "tolls.csv"), schema, model).values
    assert (found.value, found.evidence.text) == (value, str(value))


def test_a_period_that_is_planned_is_not_the_latest():
    schema = load_schema({"type": "object", "properties": {"passing_ships": {"type": "number"}}})
    model = ScriptedModel(lambda *_: json.dumps({"passing_ships": 430}))
    sheet = "Item,2031E,2030,2029\nTolls,430,410,395\nFerries,80,77,81\n"
    assert extract(read_bytes(sheet.encode(), "tolls.csv"), schema, model).data == {"passing_ships": 410}


def test_figure_of_a_table_without_periods_stays_where_it_is():
    schema = load_schema({"type": "object", "properties": {"passing_ships": {"type": "number"}}})
    model = ScriptedModel(lambda *_: json.dumps({"passing_ships": 395}))
    sheet = SHEET.replace("2030", "Plan").replace("2029", "Actual")
    assert extract(read_bytes(sheet.encode(), "tolls.csv"), schema, model).data == {"passing_ships": 395}
