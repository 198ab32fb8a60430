"""What is printed near a table or a value and governs it: units, their exceptions, and statements that disagree."""

import pytest

from extractor.extraction.pipeline import extract
from extractor.readers import read_bytes
from extractor.schemas import load_schema


def amount(title, unit="EUR"):
    return {"type": ["number", "null"], "title": title, "x-unit": unit}


def year(title, unit="EUR"):
    return {"type": "object", "title": title, "properties": {"now": amount("2031", unit), "then": amount("2030", unit)}}


def read(document, unit="EUR"):
    """Return the values of a table of fares and staff by their paths, and the kinds of their problems."""
    names = {"fares": "Fares", "wages": "Wages", "per_head": "Cost per head", "staff": "Staff"}
    schema = load_schema({"type": "object", "properties": {key: year(name, unit) for key, name in names.items()}})
    result = extract(read_bytes(document.encode(), "a.html"), schema, None)
    return {
        ".".join(map(str, value.path)): (value.value, [problem.kind for problem in value.problems])
        for value in result.values
        if value.evidence
    }


def page(*rows, above="", below="", heads=("2031", "2030"), corner=""):
    head = f"<tr><th>{corner}</th>{''.join(f'<th>{text}</th>' for text in heads)}</tr>"
    body = "".join(f"<tr><td>{'</td><td>'.join(row)}</td></tr>" for row in rows)
    return f"<h2>Tramways</h2>{above}<table>{head}{body}</table>{below}"


ROWS = (("Fares", "1,250", "1,130"), ("Wages", "(940)", "(815)"))


@pytest.mark.parametrize(
    ("statement", "unit", "factor"),
    [
        ("(In thousands of euros)", "EUR", 1000),
        ("EUR million", "EUR", 10**6),
        ("Beträge in Mio. EUR", "EUR", 10**6),
        ("in T€", "EUR", 1000),
        ("montants en milliers d'euros", "EUR", 1000),
        ("All figures are in EUR thousands unless otherwise stated.", "EUR", 1000),
        ("(Rs. in lakhs)", "INR", 10**5),
        ("(₹ in crores)", "INR", 10**7),
        ("单位：千元 币种：人民币", "元", 1000),
        ("金额单位：人民币万元", "元", 10**4),
        ("(單位：新臺幣千元)", "TWD", 1000),
        ("（単位：百万円）", "円", 10**6),
        ("(단위: 백만원)", "KRW", 10**6),
        ("HK$'000", "HKD", 1000),
        ("Weights in kg (tonnes)", "kg", 1000),
    ],
)
def test_a_unit_stated_over_a_table_governs_its_numbers(statement, unit, factor):
    found = read(page(*ROWS, above=f"<p>{statement}</p>"), unit)
    assert found["fares.now"] == (1250 * factor, [])
    assert found["wages.then"] == (-815 * factor, [])


def test_a_unit_may_stand_in_the_corner_of_a_table_or_in_a_note_below_it():
    assert read(page(*ROWS, corner="(EUR thousands)"))["fares.now"] == (1250000, [])
    assert read(page(*ROWS, below="<p>Note: amounts in EUR thousands</p>"))["fares.now"] == (1250000, [])


def test_a_unit_of_one_table_does_not_govern_the_next():
    first = page(("Wages", "3", "4"), above="<p>EUR million</p>")
    found = read(first + page(("Fares", "1,250", "1,130")))
    assert found["wages.now"] == (3000000, [])
    assert found["fares.now"] == (1250, [])


def test_a_statement_for_the_whole_document_governs_every_table_without_its_own():
    general = "<p>All amounts are in EUR thousands unless otherwise stated.</p>"
    found = read(general + page(("Wages", "3", "4"), above="<p>EUR million</p>") + page(("Fares", "1,250", "1,130")))
    assert found["wages.now"] == (3000000, [])
    assert found["fares.now"] == (1250000, [])


@pytest.mark.parametrize("statement", ["(EUR thousands, except cost per head)", "（单位：万元，除 per head 外）"])
def test_an_exception_named_in_the_statement_is_not_scaled(statement):
    rows = (*ROWS, ("Cost per head", "2.40", "2.10"))
    unit = "元" if "万元" in statement else "EUR"
    found = read(page(*rows, above=f"<p>{statement}</p>"), unit)
    assert found["per_head.now"] == (2.4, [])
    assert found["fares.now"][0] > 10**6


def test_a_rate_under_a_unit_of_the_table_is_not_scaled_and_is_doubtful():
    rows = (*ROWS, ("Cost per head", "2.40", "2.10"))
    assert read(page(*rows, above="<p>EUR million</p>"))["per_head.now"] == (2.4, ["unit"])


def test_the_unit_of_a_row_goes_before_that_of_a_column_and_of_the_table():
    heads = ("2031 (EUR million)", "2030 (EUR million)")
    rows = (("Fares", "1,250", "1,130"), ("Cost per head (EUR)", "2.40", "2.10"), ("Staff (EUR thousand)", "7", "6"))
    found = read(page(*rows, heads=heads))
    assert found["fares.now"] == (1250000000, [])
    assert found["per_head.now"] == (2.4, [])
    assert found["staff.now"] == (7000, ["unit"])


def test_units_that_disagree_are_reported():
    assert read(page(*ROWS, above="<p>EUR million</p><p>(EUR thousands)</p>"))["fares.now"][1] == ["unit"]
    heads = ("2031 (EUR)", "2030 (EUR)")
    assert read(page(*ROWS, above="<p>EUR million</p>", heads=heads))["fares.now"] == (1250, ["unit"])


def test_a_currency_in_a_head_takes_the_thousands_stated_over_the_table():
    found = read(page(*ROWS, above="<p>(in thousands)</p>", heads=("2031 (EUR)", "2030 (EUR)")))
    assert found["fares.now"] == (1250000, [])


def test_a_number_with_its_own_unit_is_not_scaled():
    rows = (("Fares", "1,250 EUR", "EUR 2 million"),)
    found = read(page(*rows, above="<p>EUR thousands</p>"))
    assert found["fares.then"] == (2000000, [])


def test_a_column_of_units_gives_each_row_its_own():
    rows = (("Fares", "EUR thousand", "1,250", "1,130"), ("Staff", "EUR", "7", "6"))
    for head in ("Unit", "Unit of measure"):
        found = read(page(*rows, heads=(head, "2031", "2030")))
        assert found["fares.now"] == (1250000, [])
        assert found["staff.now"] == (7, [])
    chinese = (("Fares", "万元", "1,250", "1,130"), ("Staff", "元", "7", "6"))
    assert read(page(*chinese, heads=("单位", "2031", "2030")), "元")["fares.now"] == (12500000, [])


def test_a_rate_with_its_own_unit_is_not_scaled_by_a_head():
    rows = (*ROWS, ("Cost per head (EUR/head)", "2.40", "2.10"))
    found = read(page(*rows, heads=("2031 (EUR million)", "2030 (EUR million)")))
    assert found["per_head.now"] == (2.4, [])
    assert found["fares.now"] == (1250000000, [])
    assert read(page(*rows, above="<p>(in thousands)</p>"))["per_head.now"] == (2.4, [])


def test_a_rate_without_a_unit_under_a_scaled_head_is_not_scaled_and_is_doubtful():
    rows = (*ROWS, ("Cost per head", "2.40", "2.10"))
    assert read(page(*rows, heads=("2031 (EUR m)", "2030 (EUR m)")))["per_head.now"] == (2.4, ["unit"])
