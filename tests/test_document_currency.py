"""The currency of a document by the signs beside its amounts."""

import json

import pytest

from extractor.extraction.document_currency import find_currency, is_currency_code
from extractor.extraction.pipeline import extract
from extractor.models.scripted import ScriptedModel
from extractor.readers import read_bytes
from extractor.schemas import load_schema


def document(text):
    return read_bytes(text.encode(), "bill.txt")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Mooring £12.50\nWater £3\n", "GBP"),
        ("Liegegeld 12,50 €\n", "EUR"),
        ("停泊费 ¥120.00\n合计：120元\n", "CNY"),
        ("係留料 ¥1,200 お支払い\n", "JPY"),
        ("Mooring RM 40.00, paid RM50.00\n", "MYR"),
        ("Mooring US$ 40, water $3\n", "USD"),
        ("Item\tRM\nMooring\t40.00\n", "MYR"),
        ("Planer PLN-82\tEA\nUnit price USD\tAmount (USD)\n52.10\t4,168.00\n", "USD"),
        ("泊位 HK$40.00，水費 $3.00\n", "HKD"),
        ("Mooring $40, water $3\n", None),
        ("Mooring £12.50 or 15 €\n", None),
        ("Mooring 12.50\n", None),
    ],
)
def test_currency_that_all_signs_can_stand_for(text, code):
    found = find_currency(document(text))
    assert (found and found[0]) == code


def field(**keywords):
    return load_schema({"type": "object", "properties": {"billCurrency": {"type": "string", **keywords}}}).fields[0]


def test_fields_that_ask_for_a_code():
    assert is_currency_code(field(description="ISO 4217 code"))
    assert is_currency_code(field(description="currency, e.g. EUR"))
    assert is_currency_code(field(enum=["EUR", "GBP"]))
    assert not is_currency_code(field(description="the currency as printed"))
    assert not is_currency_code(field(enum=["euro", "pound"]))


def test_code_corrects_the_model_and_points_at_a_sign():
    schema = load_schema(
        {
            "type": "object",
            "properties": {"currency": {"type": "string", "description": "ISO 4217", "x-source": "judged"}},
        }
    )
    model = ScriptedModel(lambda *_: json.dumps({"currency": "USD"}))
    [value] = extract(document("Mooring £12.50\n"), schema, model).values
    assert (value.value, value.evidence.text, value.method) == ("GBP", "£", "code")
    [value] = extract(document("Mooring $12.50\n"), schema, model).values
    assert (value.value, value.method) == ("USD", "model")
