"""Names of organizations: which fields ask for one, and the legal form that belongs to a name."""

import pytest

from extractor.grounding.organization_name import OrganizationNameSettings, is_organization_name
from extractor.grounding.span_boundaries import adjust_span
from extractor.schemas import load_schema
from extractor.settings import replaced
from extractor.types import Document


def field(title, **more):
    properties = {"a": {"type": "string", "title": title, **more}}
    return load_schema({"type": "object", "properties": properties}).fields[0]


def adjusted(text, answer, title="Supplier"):
    at = text.index(answer)
    start, end = adjust_span((at, at + len(answer)), field(title), Document("0", "a", text))
    return text[start:end]


NAMES = """Harbour & Pike Chandlers
Ltd
Copper Lane Books
CO. (UK) LIMITED
(N) Otter Cash & Carry Inc.
BLAUWAL WERKZEUGBAU (NORD) GMBH & CO. KG
KOPI TUJUH (M)
SDN. BHD.
滨海长风贸易
有限公司
Nora Finch
7 Mill Lane
"""


@pytest.mark.parametrize(
    ("answer", "meant"),
    [
        ("Harbour & Pike Chandlers", "Harbour & Pike Chandlers\nLtd"),
        ("CO. (UK) LIMITED", "Copper Lane Books\nCO. (UK) LIMITED"),
        ("LIMITED", "Copper Lane Books\nCO. (UK) LIMITED"),
        ("Cash & Carry", "Cash & Carry Inc."),
        ("GMBH & CO. KG", "BLAUWAL WERKZEUGBAU (NORD) GMBH & CO. KG"),
        ("KOPI TUJUH (M)", "KOPI TUJUH (M)\nSDN. BHD."),
        ("滨海长风贸易", "滨海长风贸易\n有限公司"),
        ("Nora Finch", "Nora Finch"),
    ],
)
def test_name_and_legal_form_belong_together(answer, meant):
    assert adjusted(NAMES, answer) == meant


def test_legal_forms_complete_only_fields_that_ask_for_an_organization():
    assert adjusted(NAMES, "Harbour & Pike Chandlers") == "Harbour & Pike Chandlers\nLtd"
    assert adjusted(NAMES, "Harbour & Pike Chandlers", title="Remark") == "Harbour & Pike Chandlers"
    with replaced(OrganizationNameSettings(complete_legal_form=False)):
        assert adjusted(NAMES, "Harbour & Pike Chandlers") == "Harbour & Pike Chandlers"


def test_declared_kind_decides_and_else_the_fields_names():
    declared = field("Contracting party", **{"x-kind": "organization-name"})
    other = field("Company", **{"x-kind": "postal-address"})
    assert is_organization_name(declared) and not is_organization_name(other)
    titles = {"Company": True, "Shop address": False, "Seller": True, "Title": False, "Customer email": False}
    assert {title: is_organization_name(field(title)) for title in titles} == titles
    with replaced(OrganizationNameSettings(recognise_by_name=False)):
        assert is_organization_name(declared) and not is_organization_name(field("Company"))


def test_a_legal_form_before_a_wide_space_takes_the_name_behind_it():
    text = "株式会社\t港湾商店\n"
    seller = load_schema({"type": "object", "properties": {"sellerName": {"type": "string"}}}).fields[0]
    assert text[slice(*adjust_span((0, 4), seller, Document("0", "a", text)))] == "株式会社\t港湾商店"


def test_a_word_of_address_behind_a_name_is_the_name():
    text = "港湾商店横浜支店\t御中\n"
    buyer = load_schema({"type": "object", "properties": {"buyerName": {"type": "string"}}}).fields[0]
    assert text[slice(*adjust_span((9, 11), buyer, Document("0", "a", text)))] == "港湾商店横浜支店"


def test_a_name_goes_on_in_a_line_that_begins_with_and():
    text = "Quay, Haven, Pier\nand Mole, Partners\nLeith\n"
    owner = load_schema({"type": "object", "properties": {"company": {"type": "string"}}}).fields[0]
    assert (
        text[slice(*adjust_span((0, 17), owner, Document("0", "a", text)))] == "Quay, Haven, Pier\nand Mole, Partners"
    )


@pytest.mark.parametrize(
    ("text", "answer", "meant"),
    [
        ("Northern Gull\nInvoice of Northern Gull Airways Ltd to you\n", "Northern Gull", "Northern Gull Airways Ltd"),
        ("Prairie Conveyor & Mill, LLC\n", "Prairie Conveyor & Mill", "Prairie Conveyor & Mill, LLC"),
        ("Northern Gull\nNorthern Gull sells tickets\n", "Northern Gull", "Northern Gull"),
        ("Gull\nGull Airways Ltd\n", "Gull", "Gull"),
    ],
)
def test_name_is_taken_with_the_legal_form_that_it_has_elsewhere(text, answer, meant):
    assert adjusted(text, answer) == meant
