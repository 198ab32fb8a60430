"""Lists whose table a model recognises by its columns."""

import json

import pytest

from extractor.extraction import extract
from extractor.models.scripted import ScriptedModel
from extractor.readers import read_bytes
from extractor.schemas import load_schema
from extractor.types import Answer, Token

SHEET = "Artikel,Menge,Preis\nStift,4,1.20\nHeft,2,3.50\nTinte,1,7.00\n"
ITEM = {
    "type": "object",
    "properties": {"product": {"type": "string"}, "pieces": {"type": "integer"}, "cost": {"type": "number"}},
}
SCHEMA = load_schema({"type": "object", "properties": {"goods": {"type": "array", "items": ITEM}}})
GOODS = [
    {"product": "Stift", "pieces": 4, "cost": 1.2},
    {"product": "Heft", "pieces": 2, "cost": 3.5},
    {"product": "Tinte", "pieces": 1, "cost": 7.0},
]


def model_that_points_at(letters, probability=1.0):
    """A model that answers a question about columns with `letters`, and leaves any list empty."""

    def answer(group, request):
        if "A table has these columns" not in group.question:
            return json.dumps({"goods": []})
        text = json.dumps(letters)
        return Answer(text, tuple(Token(at, at + 1, probability) for at in range(len(text))))

    return ScriptedModel(answer)


def goods(model):
    return extract(read_bytes(SHEET.encode(), "goods.csv"), SCHEMA, model)


def test_rows_under_the_columns_that_a_model_points_at_are_read_by_code():
    model = model_that_points_at({"A": "product", "B": "pieces", "C": "cost"})
    result = goods(model)
    assert result.data["goods"] == GOODS
    assert {v.method for v in result.values} == {"structure"}
    assert len(model.questions) == 1 and "Artikel" in model.questions[0] and model.requests[0].prompt == ""


@pytest.mark.parametrize(
    ("letters", "probability"),
    [
        ({"A": None, "B": None, "C": None}, 1.0),
        ({"A": "product", "B": "product", "C": None}, 1.0),
        ({"A": "product", "B": "pieces", "C": "cost"}, 0.5),
    ],
)
def test_model_that_does_not_tell_the_columns_is_asked_for_the_list(letters, probability):
    model = model_that_points_at(letters, probability)
    assert not goods(model).data.get("goods")
    assert len(model.questions) == 2


def test_rows_of_lines_without_a_header_are_read_by_code():
    slip = "2 Stift\t2.40\n1 Heft\t1.75\n4 Tinte\t28.00\nTotal\t32.15\n"
    model = model_that_points_at({"A": "pieces", "B": "product", "C": "cost"})
    result = extract(read_bytes(slip.encode(), "slip.txt"), SCHEMA, model)
    assert [(e["pieces"], e["product"], e["cost"]) for e in result.data["goods"]] == [
        (2, "Stift", 2.4),
        (1, "Heft", 1.75),
        (4, "Tinte", 28.0),
    ]
    assert "(no header)" in model.questions[0]


def test_rows_whose_columns_are_all_known_need_no_model():
    item = {"product": {"type": "string"}, "quantity": {"type": "integer"}, "unit_price": {"type": "number"}}
    properties = {**item, "amount": {"type": "number"}}
    listed = {"type": "array", "items": {"type": "object", "required": ["product"], "properties": properties}}
    schema = load_schema({"type": "object", "properties": {"goods": listed}})
    slip = "Stift\n  2 x 1.20\t2.40\nHeft\t1.75\nTinte\n  4 x 7.00\t28.00\nTotal\t32.15\n"
    result = extract(read_bytes(slip.encode(), "slip.txt"), schema, None)
    assert result.data["goods"] == [
        {"product": "Stift", "quantity": 2, "unit_price": 1.2, "amount": 2.4},
        {"product": "Heft", "amount": 1.75},
        {"product": "Tinte", "quantity": 4, "unit_price": 7.0, "amount": 28.0},
    ]
