"""Lists whose table a model recognises by its columns."""

import json

import pytest

from extractor.candidates.column_question import find_uncertain_tables
from extractor.candidates.row_conditions import make_condition_question
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


def test_columns_of_an_inner_list_whose_rows_stand_under_headings_are_asked_for():
    sheet = (
        "Artikel,Menge,Preis\nFiliale Nord,,\nStift,4,1.20\nHeft,2,3.50\nFiliale Ost,,\nTinte,1,7.00\nKleber,3,2.00\n"
    )
    shop = {"name": {"type": "string"}, "lines": {"type": "array", "items": ITEM}}
    shops = {"type": "array", "items": {"type": "object", "properties": shop}}
    schema = load_schema({"type": "object", "properties": {"goods": shops}})
    model = model_that_points_at({"A": "product", "B": "pieces", "C": "cost"})
    found = extract(read_bytes(sheet.encode(), "goods.csv"), schema, model).data["goods"]
    assert [[entry["product"] for entry in each["lines"]] for each in found] == [["Stift", "Heft"], ["Tinte", "Kleber"]]


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


def test_only_amount_of_each_line_is_what_the_line_costs():
    item = {
        "product": {"type": "string"},
        "quantity": {"type": "integer"},
        "unit_price": {"type": "number"},
        "amount": {"type": "number"},
    }
    schema = load_schema(
        {"type": "object", "properties": {"goods": {"type": "array", "items": {"type": "object", "properties": item}}}}
    )
    slip = "2 Stift\t2.40\n1 Heft\t1.75\n4 Tinte\t28.00\n1 Lack\t0.95\nTotal\t33.10\n"
    model = model_that_points_at({"A": "quantity", "B": "product", "C": "unit_price"})
    result = extract(read_bytes(slip.encode(), "slip.txt"), schema, model)
    read = [(e["product"], e["amount"], e.get("unit_price")) for e in result.data["goods"]]
    assert read == [("Stift", 2.4, None), ("Heft", 1.75, None), ("Tinte", 28.0, None), ("Lack", 0.95, None)]


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


# Tables that several lists may have their rows in.

ENTRY = {"type": "object", "properties": {"entry": {"type": "string"}, "sum": {"type": "number"}}}
ACCOUNTS = load_schema(
    {
        "type": "object",
        "properties": {
            "holdings": {
                "type": "array",
                "description": "what is owned; exclude totals and 'thereof' lines",
                "items": ENTRY,
            },
            "costs": {"type": "array", "description": "what was spent in the year", "items": ENTRY},
        },
    }
)
BOOKS = (
    "<h1>Was wir haben</h1><table>"
    "<tr><td>Besitz<td>31.12.2030<td>31.12.2029</tr><tr><td>Alles<td>EUR<td>TEUR</tr>"
    "<tr><td>Boote<td>1.200.500<td>1.100</tr><tr><td>Netze und<td><td></tr><tr><td>was dazu gehört<td>80.250<td>70</tr>"
    "<tr><td>thereof new<td>10.000<td>5</tr>"
    "<tr><td>Summe Besitz (was oben steht + was unten steht)<td>1.280.750<td>1.170</tr></table>"
    "<h1>Noch mehr</h1><table>"
    "<tr><td>Guthaben<td>31.12.2030<td>31.12.2029</tr><tr><td>Bank<td>300.750<td>250</tr>"
    "<tr><td>Kasse<td>12.100<td>9</tr></table>"
    "<h1>Was wir ausgaben</h1><table>"
    "<tr><td>Ausgaben<td>2030<td>2029</tr><tr><td>Diesel<td>410.300<td>388</tr><tr><td>Eis<td>55.750<td>60</tr>"
    "</table>"
)


def model_of_accounts(group, request):
    if "Which of these lists does each table hold" in group.question:
        return json.dumps({"A": "holdings", "B": "holdings", "C": "costs"})
    if "A table has these columns" in group.question:
        assert "- sum" not in group.question  # the only figures wanted are those of the latest date
        return json.dumps({"A": "entry", "B": None})
    raise AssertionError(group.question)


def test_model_says_which_list_a_table_holds_and_tables_with_the_same_headers_are_one_list():
    model = ScriptedModel(model_of_accounts)
    result = extract(read_bytes(BOOKS.encode(), "books.html"), ACCOUNTS, model)
    assert result.data["holdings"] == [
        {"entry": "Boote", "sum": 1200500},
        {"entry": "Netze und was dazu gehört", "sum": 80250},
        {"entry": "Bank", "sum": 300750},
        {"entry": "Kasse", "sum": 12100},
    ]
    assert [entry["entry"] for entry in result.data["costs"]] == ["Diesel", "Eis"]
    assert len(model.questions) == 3  # one for the tables, one for each list's columns


# Lists of which the description says which rows count.

TAKINGS = (
    "Day,Shop,Group,Sum\n2031-05-02,North,fish,-250.00\n2031-05-03,South,ice,-40.00\n2031-05-04,East,fish,900.00\n"
)
TAKINGS += "2031-05-05,West,rope,-100.00\n"


def chosen(description, conditions):
    """The shops of the rows that a list has, where the model answers a question about its rows with `conditions`."""
    item = {
        "type": "object",
        "properties": {
            "day": {"type": "string", "format": "date"},
            "shop": {"type": "string"},
            "paid": {"type": "number", "description": "what was paid, as a positive number"},
        },
    }
    schema = load_schema(
        {"type": "object", "properties": {"payments": {"type": "array", "description": description, "items": item}}}
    )

    def answer(group, request):
        if "Only these rows are wanted" in group.question:
            return json.dumps(conditions)
        if "A table has these columns" in group.question:
            slots = group.schema["properties"]
            return json.dumps({letter: "paid" if f"{letter}: Sum" in group.question else None for letter in slots})
        return json.dumps({"payments": []})

    data = extract(read_bytes(TAKINGS.encode(), "takings.csv"), schema, ScriptedModel(answer)).data
    return [(payment["shop"], payment["paid"]) for payment in data.get("payments") or []]


def test_rows_that_meet_the_conditions_of_the_description_are_the_list():
    assert chosen("only payments of 100.00 or more", {"condition": "Sum <= -100"}) == [
        ("North", 250.0),
        ("West", 100.0),
    ]
    both = {"condition": "Sum <= -100", "and": "Group is fish"}
    assert chosen("only payments of 100.00 or more for fish", both) == [("North", 250.0)]
    assert chosen("only payments, except ice", {"condition": "Group is not ice"}) == [
        ("North", 250.0),
        ("East", 900.0),
        ("West", 100.0),
    ]


@pytest.mark.parametrize("condition", ["Sum <= -500", "Group is rope", "Group < fish", "Sum > 1000", 7, None])
def test_condition_that_the_description_does_not_have_or_no_row_meets_leaves_the_list_to_the_model(condition):
    assert chosen("only payments over 100.00 for fish, below 1,000", {"condition": condition}) == []


def test_number_that_the_description_prints_with_a_minus_is_compared_with_that_sign():
    said = "only payments of 100.00 or more (-100.00 or lower)"
    assert chosen(said, {"condition": "Sum >= 100"}) == []
    assert len(chosen(said, {"condition": "Sum <= -100"})) == 2


def test_description_that_names_nothing_to_compare_but_signs_is_asked_for_them():
    assert chosen("only the incomes, none of the costs", {"condition": "Sum > 0"}) == [("East", 900.0)]


# Items of rows that a model judges.


def test_judged_items_are_asked_for_every_row_that_code_has_read():
    properties = {
        "product": {"type": "string"},
        "pieces": {"type": "integer"},
        "isDrink": {"type": "boolean", "description": "whether one can drink it"},
    }
    schema = load_schema(
        {"properties": {"goods": {"type": "array", "items": {"type": "object", "properties": properties}}}}
    )
    slip = "Product,Pieces\nTea,4\nBread,2\nMilk,1\n"
    model = ScriptedModel(['{"1. Tea": true, "2. Bread": false, "3. Milk": true,'])
    result = extract(read_bytes(slip.encode(), "slip.csv"), schema, model)
    assert [(row["product"], row["isDrink"]) for row in result.data["goods"]] == [
        ("Tea", True),
        ("Bread", False),
        ("Milk", True),
    ]
    [question] = model.questions
    assert "2. Bread" in question and "whether one can drink it" in question
    judged = [v for v in result.values if v.path[-1] == "isDrink"]
    assert [v.evidence.text.split()[0] for v in judged] == ["Tea", "Bread", "Milk"]
    assert {v.method for v in judged} == {"model"}


# What is printed over the rows.


SITES = (
    "<table><tr><th>{}<th>{}</tr><tr><td colspan=2>Boat house<td></tr><tr><td>May<td>410.00</tr>"
    "<tr><td>June<td>415.00</tr><tr><td>July<td>415.50</tr><tr><td colspan=2>Old mill<td></tr>"
    "<tr><td>May<td>900.00</tr><tr><td>June<td>905.00</tr></table>"
)
RENTS = [
    ("Boat house", "May", 410.0),
    ("Boat house", "June", 415.0),
    ("Boat house", "July", 415.5),
    ("Old mill", "May", 900.0),
    ("Old mill", "June", 905.0),
]


def rents(headers, about_site, model):
    site = {"type": "string", "description": about_site}
    properties = {"site": site, "month": {"type": "string"}, "rent": {"type": "number"}}
    listed = {"type": "array", "items": {"type": "object", "properties": properties}}
    schema = load_schema({"type": "object", "properties": {"rents": listed}})
    rows = extract(read_bytes(SITES.format(*headers).encode(), "sheet.html"), schema, model).data["rents"]
    return [(row.get("site"), row["month"], row["rent"]) for row in rows]


def test_headings_over_rows_whose_words_describe_the_only_open_item_are_its_values():
    assert rents(("Month", "Rent"), "the house, such as Boat house 2", None) == RENTS
    assert [site for site, *_ in rents(("Month", "Rent"), "", None)] == [None] * 5


def test_model_says_which_item_is_printed_over_the_rows():
    model = model_that_points_at({"A": "month", "B": "rent", "D": "site"})
    assert rents(("Monat", "Miete"), "", model) == RENTS
    assert "(printed over the rows) | Boat house; Old mill" in model.questions[0]


def test_line_over_the_first_column_is_no_header_of_a_slip():
    item = {"product": {"type": "string"}, "quantity": {"type": "integer"}, "unit_price": {"type": "number"}}
    properties = {**item, "amount": {"type": "number"}}
    listed = {"type": "array", "items": {"type": "object", "required": ["product"], "properties": properties}}
    schema = load_schema({"type": "object", "properties": {"goods": listed}})
    rows = ["Stift|", "2 x 1.20|2.40", "Heft|1.75", "Tinte|", "4 x 7.00|28.00"]
    cells = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row.split("|")) + "</tr>" for row in rows)
    sheet = f"<table><tr><th>Served by Ann</th><th></th></tr>{cells}</table>"
    result = extract(read_bytes(sheet.encode(), "slip.html"), schema, None)
    assert [(row["product"], row["amount"]) for row in result.data["goods"]] == [
        ("Stift", 2.4),
        ("Heft", 1.75),
        ("Tinte", 28.0),
    ]


@pytest.mark.parametrize(
    ("description", "comparisons"),
    [
        ("only goods of 2 pieces or more", {">= 2", "<= -2"}),
        ("only goods of more than 2 pieces; exclude those of 1 piece", {"> 2", "< -2"}),
        ("only goods of at most 2 pieces", {"<= 2", ">= -2"}),
        ("仅限2件以上的货物", {">= 2", "<= -2"}),
        ("仅限超过2件的货物", {"> 2", "< -2"}),
    ],
)
def test_words_beside_a_number_say_how_rows_are_compared_with_it(description, comparisons):
    item = {"type": "object", "properties": {"article": {"type": "string"}, "pieces": {"type": "integer"}}}
    listed = {"type": "array", "description": description, "items": item}
    schema = load_schema({"type": "object", "properties": {"goods": listed}})
    sheet = "Article,Pieces\nStift,4\nHeft,2\nTinte,1\n"
    [match, *_] = find_uncertain_tables(schema.fields[0], read_bytes(sheet.encode(), "goods.csv"))
    offered = {c.removeprefix("Pieces ") for c in make_condition_question(match).conditions if c.startswith("Pieces")}
    assert {c for c in offered if c.endswith("2")} == comparisons
