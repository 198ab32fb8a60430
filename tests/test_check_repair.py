"""Figures that the equations of a schema put right."""

import json

from extractor.extraction.pipeline import extract
from extractor.models.scripted import ScriptedModel
from extractor.readers import read_bytes
from extractor.schemas import load_schema

BILL = "The mooring came to 310.00 and the levy to 24.80, so that 334.80 is due; 50.00 had been paid before.\n"
NUMBER = {"type": ["number", "null"]}


def read_bill(check, **answers):
    """Return the record and the evidence of a bill of which a model gives the figures as text."""
    properties = dict.fromkeys(("basis", "levy", "due"), NUMBER)
    schema = load_schema({"type": "object", "properties": properties, "x-checks": [check]})
    model = ScriptedModel(lambda *_: json.dumps(answers))
    result = extract(read_bytes(BILL.encode(), "bill.txt"), schema, model)
    return result.data, {v.path[0]: v.evidence.text for v in result.values if v.evidence}


SUM = {"expr": "this.basis + this.levy == this.due", "tolerance": 0.05}


def test_two_figures_change_places_where_that_makes_the_sum_hold():
    data, evidence = read_bill(SUM, basis=334.8, levy=24.8, due=310)
    assert data == {"basis": 310, "levy": 24.8, "due": 334.8}
    assert {name: float(text) for name, text in evidence.items()} == data


def test_a_figure_is_replaced_by_the_only_printed_one_that_makes_the_sum_hold():
    data, evidence = read_bill(SUM, basis=310, levy=24.8, due=50)
    assert data == {"basis": 310, "levy": 24.8, "due": 334.8}
    assert float(evidence["due"]) == 334.8


def test_figures_stay_where_the_sum_holds_or_no_change_or_several_make_it_hold():
    assert read_bill(SUM, basis=310, levy=24.8, due=334.8)[0] == {"basis": 310, "levy": 24.8, "due": 334.8}
    none = {"expr": "this.basis + this.levy == 2 * this.due"}
    assert read_bill(none, basis=310, levy=24.8, due=334.8)[0] == {"basis": 310, "levy": 24.8, "due": 334.8}
    greater = {"expr": "this.basis > this.due"}
    assert read_bill(greater, basis=310, levy=24.8, due=334.8)[0] == {"basis": 310, "levy": 24.8, "due": 334.8}
