"""Answers of a model that are labels rather than values."""

import json

import pytest

from extractor.extraction.label_answers import LabelAnswerSettings
from extractor.extraction.pipeline import extract
from extractor.models.scripted import ScriptedModel
from extractor.readers import read_bytes
from extractor.schemas import load_schema
from extractor.settings import replaced

TEXT = {"type": ["string", "null"]}


def record(text, **answers):
    schema = load_schema({"type": "object", "properties": dict.fromkeys(answers, TEXT)})
    return extract(read_bytes(text.encode(), "a.txt"), schema, ScriptedModel(lambda *_: json.dumps(answers))).data


PERMIT = """Liegeplatz: Steg 4
Eigner\tJ. Thorsen\tHeimathafen\tBensersiel
Bauwerft\tFeltz\tRumpf\tStahl
"""


def test_label_with_a_colon_becomes_what_stands_behind_it():
    assert record(PERMIT, berth="Liegeplatz") == {"berth": "Steg 4"}


def test_cell_left_of_a_column_of_values_is_a_label():
    data = record(PERMIT, owner="J. Thorsen", yard="Feltz", material="Stahl", home_port="Heimathafen")
    assert data["home_port"] == "Bensersiel"


def test_label_whose_value_is_another_fields_is_withdrawn():
    data = record(PERMIT, owner="J. Thorsen", yard="Feltz", home="Bensersiel", flag="Heimathafen", material="Stahl")
    assert (data["home"], data["flag"]) == ("Bensersiel", None)


@pytest.mark.parametrize(
    "below", ["\n\nISSUED BY\nHarbour office", "\n________", "\tKiel\n\nISSUED BY\nHarbour office"]
)
def test_words_of_the_fields_own_name_are_no_value(below):
    data = record(f"BOAT PERMIT\n\nHOME{below}\n", home_port_town="HOME", issued_by="Harbour office")
    assert data["home_port_town"] == ("Kiel" if "Kiel" in below else None)


def test_name_of_another_field_whose_value_follows_is_withdrawn():
    data = record("PROJECT\n\nCLIENT\nMoorfields Dairy\n", project="CLIENT", client="Moorfields Dairy")
    assert data == {"project": None, "client": "Moorfields Dairy"}


def test_kind_of_thing_may_be_a_word_of_the_name():
    assert record("PERMIT\n\nNo. 17\n", permit_type="PERMIT") == {"permit_type": "PERMIT"}


def test_rule_can_be_switched_off():
    with replaced(LabelAnswerSettings(replace_labels=False)):
        assert record(PERMIT, berth="Liegeplatz") == {"berth": "Liegeplatz"}
