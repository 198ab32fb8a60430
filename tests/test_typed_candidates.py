"""Candidates of typed fields: stretches of a kind whose context has the field's names."""

import pytest

from extractor.candidates.context import ContextIndex
from extractor.candidates.typed import CandidateIndex
from extractor.readers import read_bytes
from extractor.schemas import load_schema
from extractor.types import Document

WHOLE = {"type": "integer"}
TEXT = {"type": "string"}
DATE = {"type": "string", "format": "date"}


def fields(**properties):
    return load_schema({"type": "object", "properties": properties}).fields


def test_support_is_the_share_of_a_labels_terms_around_a_value():
    text = "Old vans: 3\nThe city bought new electric vans: 12\n"
    around = ContextIndex(Document("0", "a", text))
    (new,) = fields(n={**WHOLE, "title": "new electric vans"})
    at = text.index("12")
    assert around.support(new, at, at + 2) == 1
    assert around.support(new, text.index("3"), text.index("3") + 1) == pytest.approx(1 / 3)


def test_headers_of_a_cell_count_as_its_context():
    document = read_bytes(b"Animals\tOwned\tSold\nBrown cows\t12\t3\nWhite sheep\t45\t6\n", "a.txt")
    (cows,) = fields(n={**WHOLE, "title": "Brown cows sold"})
    at = document.text.index("\t3") + 1
    assert ContextIndex(document).support(cows, at, at + 1) == 1


def candidate_texts(text, taken=(), **properties):
    document = Document("0", "a", text)
    (field,) = fields(**properties)
    candidates = CandidateIndex(document, [(0, len(text))], taken)
    return [text[s:e] for s, e in candidates.find_spans(field)]


def test_numbers_are_candidates_where_their_context_has_the_fields_names():
    text = "Old vans: 3\nThe city bought new electric vans: 12\nTrees felled: 9\n"
    assert candidate_texts(text, n={**WHOLE, "title": "new electric vans"}) == ["12"]
    assert "9" not in candidate_texts(text, n={**WHOLE, "title": "vans"})


def test_span_of_another_field_is_no_candidate():
    text = "The city bought new electric vans: 12\n"
    at = text.index("12")
    assert candidate_texts(text, [(at, at + 2)], n={**WHOLE, "title": "new electric vans"}) == []


def test_year_is_a_candidate_only_of_fields_named_for_a_year():
    text = "The report on vans of 5 May 2021 was read.\n"
    assert candidate_texts(text, n={**WHOLE, "title": "report on vans"}) == []
    assert "2021" in " ".join(candidate_texts(text, n={**WHOLE, "title": "year of report"}))


def test_number_in_the_declared_unit_rules_out_bare_numbers():
    text = "Repair cost item 15, repair cost $1,542.50 in all\n"
    assert candidate_texts(text, n={"type": "number", "x-unit": "USD", "title": "Repair cost"}) == ["$1,542.50"]


def test_incomplete_dates_are_no_candidates():
    assert candidate_texts("On 5 May 2021 and in June 2021 it rained.", d={**DATE, "title": "Rain"}) == ["5 May 2021"]


def test_free_text_and_judged_fields_are_not_typed():
    candidates = CandidateIndex(Document("0", "a", "x"), [(0, 1)], ())
    free, truth, choice, number = fields(a=TEXT, b={"type": "boolean"}, c={"enum": ["x"]}, d=WHOLE)
    assert [candidates.is_typed(f) for f in (free, truth, choice, number)] == [False, False, False, True]


def test_seed_spans_begin_with_the_best_supported_span():
    text = "Trees: 9\n" * 3 + "new electric vans: 12\n"
    document = Document("0", "a", text)
    (field,) = fields(n={**WHOLE, "title": "new electric vans"})
    seeds = CandidateIndex(document, [(0, len(text))], ()).seed_spans(field)
    assert text[slice(*seeds[0])] == "12"


def test_percentages_are_candidates_only_of_fields_named_for_a_share():
    total = {"type": "number", "title": "Total", "x-labels": ["Sum"]}
    text = "Sum\t€8.20\nSum of VAT at 19%\t1.31\n"
    assert candidate_texts(text, total=total) == ["€8.20", "1.31"]
    assert "19%" in candidate_texts(text, rate={**total, "title": "Rate of VAT"})


@pytest.mark.parametrize("amount", ["170.00", "Rs 170", "KES 170", "170 元"])
def test_amounts_without_a_label_are_candidates_of_a_field_named_for_money(amount):
    text = f"Ticket 12\nCash {amount}\n"
    assert candidate_texts(text, total={"type": "number", "title": "Total"}) == [amount]
    assert candidate_texts(text, height={"type": "number", "title": "Height"}) == []


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("portion_g", ["25 g", "100 g"]),
        ("shelfLifeDays", ["270 days"]),
        ("deposit_gbp", ["£4.20"]),
        ("sugarPercent", ["12 %"]),
        ("保质期天数", ["270 days"]),
    ],
)
def test_unit_that_a_name_ends_in_says_which_numbers_are_candidates(name, found):
    text = "Oat bar 25 g (of 100 g: sugar 12 %)\nKeeps 270 days\nPrice £4.20\nBatch 8812\n"
    assert candidate_texts(text, **{name: {"type": "number"}}) == found


def test_number_in_the_unit_of_the_name_rules_out_one_in_another_unit():
    text = "Heating in 2031: 14,830 kWh, heating paid £2,163\n"
    assert candidate_texts(text, heating_kwh={"type": "number"}) == ["14,830 kWh"]


@pytest.mark.parametrize(
    ("line", "found"), [("Taux\t7,1 %\nSomme\t63 365,00\n", ["63 365,00"]), ("Somme 63 365\nPrix 1,50 €\n", ["63 365"])]
)
def test_parts_of_a_number_are_no_candidates_where_commas_divide(line, found):
    assert candidate_texts(line, somme={"type": "number"}) == found


def test_names_without_accents_are_those_that_are_printed_with_them():
    text = "Autre\t12\nSomme\t9\nDéduction\t3841\n"
    assert candidate_texts(text, deduction={"type": "integer"}) == ["3841"]
