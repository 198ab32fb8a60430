"""One printed text that several fields were answered with."""

import json

import pytest

from extractor.extraction import shared_cells
from extractor.extraction.pipeline import extract
from extractor.extraction.shared_cells import SharedCellSettings
from extractor.grounding.person_names import find_name_parts
from extractor.models.scripted import ScriptedModel
from extractor.readers import read_bytes
from extractor.schemas import load_schema
from extractor.settings import replaced

TEXT = {"type": ["string", "null"]}


def record(text, answer, properties):
    schema = load_schema({"type": "object", "properties": properties})
    return extract(read_bytes(text.encode(), "a.txt"), schema, ScriptedModel(lambda *_: json.dumps(answer))).data


def shared(text, cell, *names):
    return record(text, dict.fromkeys(names, cell), dict.fromkeys(names, TEXT))


def test_parts_go_to_the_fields_in_the_schemas_order():
    text = "Ship and trip\tMS GANNET / 114W\n"
    assert shared(text, "MS GANNET / 114W", "ship", "trip") == {"ship": "MS GANNET", "trip": "114W"}


def test_fields_of_one_name_in_two_objects_share_a_cell():
    use = {"type": "object", "properties": {"use": TEXT}}
    data = record(
        "Use\tpasture/barn\n", {"land.use": "pasture/barn", "house.use": "pasture/barn"}, {"land": use, "house": use}
    )
    assert data == {"land": {"use": "pasture"}, "house": {"use": "barn"}}


def test_words_and_a_code_go_to_their_own_fields():
    text = "Instrument\tHollis Instruments HT-20\n"
    data = shared(text, "Hollis Instruments HT-20", "model", "maker")
    assert data == {"model": "HT-20", "maker": "Hollis Instruments"}


def test_text_with_other_than_as_many_parts_stays_whole():
    text = "Ship\tMS GANNET / 114W / Oslo\n"
    with replaced(SharedCellSettings(share_out=False)):
        before = shared(text, "MS GANNET / 114W / Oslo", "ship", "trip")
    assert shared(text, "MS GANNET / 114W / Oslo", "ship", "trip") == before


@pytest.mark.parametrize(
    ("printed", "parts"),
    [
        ("M. DUVERNOY LUCIEN", {"title": "M.", "surname": "DUVERNOY", "given": "LUCIEN"}),
        ("Ms Orla Jane Fitz-Hugh", {"title": "Ms", "surname": "Fitz-Hugh", "given": "Orla Jane"}),
        ("Nadia Birch CPFA", {"letters": "CPFA", "surname": "Birch", "given": "Nadia"}),
        ("Trelawny, Jenna", {"surname": "Trelawny", "given": "Jenna"}),
        ("Jenna TRELAWNY", {"surname": "TRELAWNY", "given": "Jenna"}),
        ("Birch", {}),
        ("12 Birch Lane", {}),
        ("Birch and the others went home early", {}),
    ],
)
def test_parts_of_a_name(printed, parts):
    found = find_name_parts(printed)
    assert {part: printed[slice(*span)] for part, span in found.items() if part != "whole"} == parts


def test_name_is_shared_out_among_the_fields_for_its_parts():
    names = ("title", "fullName", "surname")
    data = shared("Keeper\tMs Orla Fitz-Hugh\n", "Ms Orla Fitz-Hugh", *names)
    assert data == {"title": "Ms", "fullName": "Orla Fitz-Hugh", "surname": "Fitz-Hugh"}


def test_a_name_alone_stays_whole():
    assert shared("Keeper\tMs Orla Fitz-Hugh\n", "Ms Orla Fitz-Hugh", "name") == {"name": "Ms Orla Fitz-Hugh"}
    assert shared("Maker\tHollis Instruments LLC\n", "Hollis Instruments LLC", "nom") == {
        "nom": "Hollis Instruments LLC"
    }


def test_slash_within_a_number_parts_nothing():
    number, names = "27.904.118/0001-06", "Jeddah/Riyadh"
    assert shared_cells._split((0, len(number)), 2, number) == []
    assert shared_cells._split((0, len(names)), 2, names) == [(0, 6), (7, 13)]
