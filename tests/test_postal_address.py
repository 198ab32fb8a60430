"""Postal addresses: which fields ask for one, and which lines belong to it."""

import pytest

from extractor.grounding.postal_address import (
    PostalAddressSettings,
    adjust_address,
    is_postal_address,
    start_after_names,
)
from extractor.grounding.span_boundaries import adjust_span
from extractor.schemas import load_schema
from extractor.settings import replaced
from extractor.types import Document


def field(title, **more):
    properties = {"a": {"type": "string", "title": title, **more}}
    return load_schema({"type": "object", "properties": properties}).fields[0]


FIELDS = load_schema(
    {
        "type": "object",
        "properties": {
            "address": {"type": "string", "title": "Address"},
            "invoice": {"type": "string", "title": "Invoice number", "x-labels": ["Tax invoice no", "Rechnung"]},
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
Germany
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
        (GERMAN, "98765 Nordhafen", "Ankerweg 14\n98765 Nordhafen\nGermany"),
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


def test_lines_with_words_of_another_fields_label_are_left_out():
    answer = MALAYSIAN[MALAYSIAN.index("UNIT") :].strip()
    assert answer.endswith("TAX INVOICE")
    assert adjusted(MALAYSIAN, answer) == answer.removesuffix("\nTAX INVOICE")
    assert adjusted(GERMAN, "Ankerweg 14\n98765 Nordhafen\nGermany\nRechnung").endswith("Germany")


@pytest.mark.parametrize(
    "below",
    [
        "Tel 01632 960018",
        "VAT No. GB 204 1177 06",
        "12.05.2021 10:31",
        "GB204117706",
        "Fax: 01632 960019",
        "Since 1987",
    ],
)
def test_lines_of_figures_dates_and_labels_are_no_part_of_an_address(below):
    address = "Unit 7, Cooper's Yard\nNetherby NB4 1QX"
    text = f"{address}\n{below}\nThank you\n"
    assert adjusted(text, "Unit 7, Cooper's Yard") == address
    if below != "Since 1987":
        assert adjusted(text, f"{address}\n{below}") == address


def test_blank_line_ends_an_address_unless_its_own_lines_stand_apart():
    apart = "Blauwal\n\nAnkerweg 14,\n\nHinterhaus B\n\n98765 Nordhafen\n\nGermany\nHandelsregister: 75495"
    close = "Blauwal\n\nAnkerweg 14,\nHinterhaus B\n98765 Nordhafen\n\nGermany\nHandelsregister: 75495"
    for text, last in ((apart, "Germany"), (close, "Nordhafen")):
        answer = text[text.index("Ankerweg") : text.index("Nordhafen") + len("Nordhafen")]
        assert adjusted(text, answer).endswith(last)


@pytest.mark.parametrize(
    ("answer", "name", "meant"),
    [
        (
            "3 OARS owned by REED TRADING\n78G, Mole Street 21,\n4740 Porthaven",
            "REED TRADING",
            "78G, Mole Street 21,\n4740 Porthaven",
        ),
        ("3 OARS owned by REED TRADING\n78G, Mole Street 21,\n4740 Porthaven", "4740", None),
        ("REED TRADING, Leeds", "REED TRADING", None),
        ("REED TRADING\nLeeds", "REED TRADING", None),
    ],
)
def test_address_begins_after_the_name_of_whose_it_is(answer, name, meant):
    at = answer.index(name)
    assert answer[start_after_names((0, len(answer)), [(at, at + len(name))], answer) :] == (meant or answer)


def test_declared_kind_decides_and_else_the_fields_names():
    declared = field("Registered office", **{"x-kind": "postal-address"})
    assert is_postal_address(declared)
    titles = {
        "Address": True,
        "Billing address": True,
        "E-mail address": False,
        "IP address": False,
        "Addressee": False,
        "Street address": False,
    }
    assert {title: is_postal_address(field(title)) for title in titles} == titles
    with replaced(PostalAddressSettings(recognise_by_name=False)):
        assert is_postal_address(declared) and not is_postal_address(field("Address"))


def test_each_rule_can_be_switched_off():
    span = (BRITISH.index("Netherby"), BRITISH.index("Netherby") + len("Netherby NB4 1QX"))
    with replaced(PostalAddressSettings(add_lines_above=False)):
        assert adjust_address(span, BRITISH) == span
    answer = "Rua das Garças, 210,"
    span = (BRAZILIAN.index(answer), BRAZILIAN.index(answer) + len(answer))
    with replaced(PostalAddressSettings(add_lines_below=False)):
        assert adjust_address(span, BRAZILIAN) == span
