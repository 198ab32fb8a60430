"""Postal addresses: which fields ask for one, and which lines belong to it."""

import pytest

from extractor.grounding.span_boundaries import adjust_span
from extractor.schemas import load_schema
from extractor.types import Document


def field(title, **more):
    properties = {"a": {"type": "string", "title": title, **more}}
    return load_schema({"type": "object", "properties": properties}).fields[0]


FIELDS = load_schema(
    {
        "type": "object",
        "properties": {
            "address": {"type": "string", "title": "Address"},
            "invoice": {"type": "string", "title": "Invoice number", "x-labels": ["Tax invoice no"]},
            "page": {"type": "integer", "title": "Page"},
        },
    }
).fields


def adjusted(text, answer, wanted=FIELDS[0]):
    at = text.index(answer)
    start, end = adjust_span((at, at + len(answer)), wanted, Document("0", "a", text), FIELDS)
    return text[start:end]


BRITISH = """Harbour & Pike Chandlers
Unit 7, Cooper's Yard
Netherby NB4 1QX
Page 1 of 2
"""
MALAYSIAN = """KEDAI BUNGA RAYA
UNIT B2-017, WISMA TERATAI,
LORONG KENARI DUA,
88999 TELUK MERPATI
NEGERI SELASIH
MALAYSIA
TAX INVOICE
"""
GERMAN = """Blauwal Werkzeugbau
Ankerweg 14
98765 Nordhafen
Deutschland
Rechnung
"""
BRAZILIAN = """Padaria Três Marias
Rua das Garças, 210,
Bairro Alto
65999-120 Porto Sereno
Brazil
"""
CHINESE = """滨海长风贸易有限公司
地址：滨海市望江区长风路18号
电话：0999-5550143
"""


@pytest.mark.parametrize(
    ("text", "answer", "meant"),
    [
        (BRITISH, "Netherby NB4 1QX", "Unit 7, Cooper's Yard\nNetherby NB4 1QX"),
        (BRITISH, "Unit 7, Cooper's Yard", "Unit 7, Cooper's Yard\nNetherby NB4 1QX"),
        (GERMAN, "98765 Nordhafen", "Ankerweg 14\n98765 Nordhafen"),
        (BRAZILIAN, "Rua das Garças, 210,", "Rua das Garças, 210,\nBairro Alto\n65999-120 Porto Sereno\nBrazil"),
        (BRAZILIAN, "65999-120 Porto Sereno", "65999-120 Porto Sereno\nBrazil"),
        (CHINESE, "滨海市望江区长风路18号", "滨海市望江区长风路18号"),
        (
            MALAYSIAN,
            "LORONG KENARI DUA,\n88999 TELUK MERPATI",
            "UNIT B2-017, WISMA TERATAI,\nLORONG KENARI DUA,\n88999 TELUK MERPATI\nNEGERI SELASIH\nMALAYSIA",
        ),
    ],
)
def test_address_gets_the_lines_that_lead_up_to_it_and_go_on_with_it(text, answer, meant):
    assert adjusted(text, answer) == meant
