"""A schema without JSON: fields proposed from samples, names and headers, and drafts as JSON Schema and back."""

import json

import pytest

from extractor.cli import main
from extractor.errors import InputError, SchemaError
from extractor.extraction.pipeline import extract
from extractor.readers import read_bytes
from extractor.schema_design import (
    CheckDraft,
    CheckType,
    FieldDraft,
    FieldType,
    SchemaDraft,
    draft_from_header,
    draft_from_names,
    draft_from_schema,
    draft_to_schema,
    propose_draft,
    propose_field_at,
)
from extractor.schema_design.property_names import property_name
from extractor.schema_design.value_types import type_of_value, type_of_values
from extractor.schemas import load_schema, shipped_schemas
from extractor.validation import compile_checks
from extractor.validation.rules import find_problems

VISIT = """Harbour crane, yearly visit

Visit no.: V-{number}
Date: {date}
Customer: {customer}
Oil pressure: {pressure} bar
Status: {status}

Part              Quantity    Unit price    Amount
Filter                   2         12.50     25.00
Gasket                   4          1.20      4.80

Net: EUR 29.80
VAT: EUR 5.96
Total: EUR 35.76
"""
FIRST = {"number": "2041/7", "date": "14 March 2024", "customer": "Alpha Works", "pressure": "4.2", "status": "passed"}
OTHER = {"number": "2055/1", "date": "2 June 2024", "customer": "Beta Mills", "pressure": "3.9", "status": "failed"}


def visit(**changes):
    return read_bytes(VISIT.format(**{**FIRST, **changes}).encode(), "visit.txt")


def by_key(draft):
    return {field.key: field for field in draft.fields}


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("14 March 2024", "", ("date", "")),
        ("2020年1月31日", "", ("date", "")),
        ("10:35", "", ("time", "")),
        ("4.2 bar", "", ("number", "bar")),
        ("36.8℃", "", ("number", "℃")),
        ("45 drops", "", ("number", "drops")),
        ("19 %", "", ("number", "%")),
        ("EUR 39.70", "", ("money", "EUR")),
        ("75,647.67万元", "", ("money", "元")),
        ("39.70", "Net amount", ("money", "")),
        ("39.70", "Depth", ("number", "")),
        ("SR-2041/7", "", ("identifier", "")),
        ("00123456", "", ("identifier", "")),
        ("417", "Order no.", ("identifier", "")),
        ("417", "Visitors", ("number", "")),
        ("ann@example.org", "", ("email", "")),
        ("+44 20 7946 0321", "", ("phone", "")),
        ("Harbour Road 5", "Address", ("postal_address", "")),
        ("J. Smith", "Engineer", ("text", "")),
        ("7 Alphastreet", "Site", ("text", "")),
        ("☑ passed ☐ failed", "Result", ("choice", "")),
    ],
)
def test_type_of_a_printed_value(text, name, expected):
    found = type_of_value(text, name)
    assert (found.type, found.unit) == expected


def test_values_of_a_column_have_one_type():
    assert type_of_values(["3", "4.5", ""]).type is FieldType.NUMBER
    assert type_of_values(["high", "low", "low", "high"]).choices == ("high", "low")
    assert type_of_values(["high", "low"]).type is FieldType.TEXT, "two values do not show that they repeat"
    assert type_of_values(["A-1", "12"]).type is FieldType.IDENTIFIER
    assert type_of_values(["3 May 2024", "unknown"]).type is FieldType.TEXT
    assert type_of_values(["", ""], "Due date").type is FieldType.DATE


def test_a_sample_suggests_its_labels_and_tables_with_their_values():
    fields = by_key(propose_draft([visit()]))
    types = {key: (field.type, field.unit, field.sample.text) for key, field in fields.items() if key != "items"}
    assert types == {
        "visit_no": ("identifier", "", "V-2041/7"),
        "date": ("date", "", "14 March 2024"),
        "customer": ("text", "", "Alpha Works"),
        "oil_pressure": ("number", "bar", "4.2 bar"),
        "status": ("text", "", "passed"),
        "net": ("money", "EUR", "EUR 29.80"),
        "vat": ("money", "EUR", "EUR 5.96"),
        "total": ("money", "EUR", "EUR 35.76"),
    }
    columns = {column.key: column.type for column in fields["items"].columns}
    assert columns == {"part": "text", "quantity": "number", "unit_price": "money", "amount": "money"}


def test_the_schema_of_one_sample_reads_another_document_without_a_model():
    schema = load_schema(draft_to_schema(propose_draft([visit()])))
    data = extract(visit(**OTHER), schema, None).data
    assert data["visit_no"] == "V-2055/1" and data["date"] == "2024-06-02" and data["customer"] == "Beta Mills"
    assert data["oil_pressure"] == 3.9 and data["status"] == "failed" and data["vat"] == 5.96
    assert data["items"][1] == {"part": "Gasket", "quantity": 4, "unit_price": 1.2, "amount": 4.8}


def test_several_samples_show_what_is_required_and_what_repeats():
    short = read_bytes(b"Visit no.: V-1\n\nStatus: failed\n", "short.txt")
    samples = [visit(), visit(**OTHER), visit(status="passed"), short]
    fields = by_key(propose_draft(samples))
    assert fields["visit_no"].required and not fields["date"].required
    assert fields["status"].type is FieldType.CHOICE and set(fields["status"].choices) == {"passed", "failed"}


def test_forms_and_labels_over_values_and_chinese_runs():
    page = """<h1>Inspection</h1><table><tr><td>Inspector</td><td>Ann Lee</td><td>Date</td><td>3 May 2024</td></tr>
        <tr><td>Site</td><td>Dock 4</td><td>Weight (kg)</td><td>12</td></tr></table>
        <h2>Findings</h2><table><tr><th>Code</th><th>Cost (EUR)</th></tr><tr><td>A-1</td><td>80.50</td></tr>
        <tr><td>B-2</td><td>1.50</td></tr><tr><td>Total</td><td>82.00</td></tr></table>"""
    fields = by_key(propose_draft([read_bytes(page.encode(), "form.html")]))
    assert list(fields) == ["inspector", "date", "site", "weight", "findings", "total"]
    assert (fields["weight"].unit, fields["weight"].labels) == ("kg", ("Weight (kg)",))
    assert [(c.name, c.type, c.unit) for c in fields["findings"].columns] == [
        ("Code", "identifier", ""),
        ("Cost", "money", "EUR"),
    ]
    assert fields["total"].sample.text == "82.00", "a row of totals is a field, and no entry of the list"
    chinese = by_key(propose_draft([read_bytes("姓名：王芳 性别：女\n体温：36.8℃\n".encode(), "a.txt")]))
    assert {key: field.sample.text for key, field in chinese.items()} == {
        "姓名": "王芳",
        "性别": "女",
        "体温": "36.8℃",
    }


def test_names_are_fields_in_any_language_with_types_of_the_sample():
    draft = draft_from_names("- Invoice date\n2) 数量\nWeight (kg)\nBemerkung:\nInvoice date\n")
    assert [(f.name, f.type, f.unit) for f in draft.fields] == [
        ("Invoice date", "date", ""),
        ("数量", "number", ""),
        ("Weight", "number", "kg"),
        ("Bemerkung", "text", ""),
    ]
    assert [f.name for f in draft_from_names("客户；日期；金额").fields] == ["客户", "日期", "金额"]
    known = draft_from_names("visit no\nStatus", propose_draft([visit()]))
    assert [(f.type, f.sample.text) for f in known.fields] == [("identifier", "V-2041/7"), ("text", "passed")]
    with pytest.raises(InputError):
        draft_from_names(" \n--\n")


def test_header_row_of_a_spreadsheet_names_fields():
    sheet = read_bytes(b"Order no.,Ordered on,Weight (kg)\nA-1,3 May 2024,2.5\nA-2,4 May 2024,3\n", "list.csv")
    draft = draft_from_header(sheet, "Orders")
    assert [(f.key, f.type, f.unit) for f in draft.fields] == [
        ("order_no", "identifier", ""),
        ("ordered_on", "date", ""),
        ("weight", "number", "kg"),
    ]


@pytest.mark.parametrize("name", [name for name, _ in shipped_schemas()])
def test_a_shipped_schema_comes_back_as_it_was(name):
    document = dict(load_schema(name).document)
    draft = SchemaDraft.from_json(json.loads(json.dumps(draft_from_schema(document).to_json())))
    assert load_schema(draft_to_schema(draft)).id == load_schema(name).id
    assert not any(field.type is FieldType.OTHER for field in draft.fields), "a screen can show every field"


def test_changing_one_field_changes_that_field_alone():
    document = dict(load_schema("receipt").document)
    draft = draft_from_schema(document).to_json()
    company = next(field for field in draft["fields"] if field["key"] == "company")
    company |= {"name": "Business", "required": True, "labels": [*company["labels"], "Laden"]}
    written = draft_to_schema(SchemaDraft.from_json(draft))
    changed = written["properties"].pop("company")
    before = {**document, "properties": dict(document["properties"])}
    was = before["properties"].pop("company")
    assert written["properties"] == before["properties"] and written["x-checks"] == before["x-checks"]
    assert changed == {**was, "title": "Business", "type": "string", "x-labels": [*was["x-labels"], "Laden"]}
    assert "company" in written["required"]


def test_keywords_that_no_screen_shows_are_kept():
    document = {
        "type": "object",
        "$defs": {"row": {"type": "object", "properties": {"a": {"type": "number", "minimum": 0}}, "required": ["a"]}},
        "properties": {
            "code": {"type": ["string", "null"], "pattern": "^[A-Z]+$", "title": "Code"},
            "rows": {"type": "array", "maxItems": 9, "items": {"$ref": "#/$defs/row"}, "title": "Rows"},
            "free": {"anyOf": [{"type": "string"}, {"type": "object"}], "title": "Free"},
        },
        "x-checks": [{"expr": "this.code != 'X'", "message": "no X"}],
    }
    draft = draft_from_schema(document).to_json()
    for field in draft["fields"]:
        field["name"] += "!"
    written = draft_to_schema(SchemaDraft.from_json(draft))
    properties = written["properties"]
    assert properties["code"]["pattern"] == "^[A-Z]+$" and properties["rows"]["maxItems"] == 9
    assert properties["rows"]["items"]["properties"]["a"] == {"type": "number", "minimum": 0}
    assert properties["free"]["anyOf"] and written["x-checks"] == document["x-checks"]
    load_schema(written)


def test_checks_are_chosen_and_run():
    fields = (
        FieldDraft("From", FieldType.DATE, key="from_"),
        FieldDraft("To", FieldType.DATE, key="to"),
        FieldDraft("净额", FieldType.MONEY, key="净额"),
        FieldDraft("Tax", FieldType.MONEY, key="tax"),
        FieldDraft("Total", FieldType.MONEY, key="total"),
        FieldDraft("Rows", FieldType.LIST, key="rows", columns=(FieldDraft("Amount", FieldType.MONEY, key="amount"),)),
    )
    checks = (
        CheckDraft(CheckType.SUM, ("净额", "tax"), "total"),
        CheckDraft(CheckType.SUM, ("rows.amount",), "净额"),
        CheckDraft(CheckType.ORDER, ("from_",), "to"),
        CheckDraft(CheckType.ONE_OF, ("tax", "to"), ""),
    )
    schema = load_schema(draft_to_schema(SchemaDraft("Bill", fields=fields, checks=checks)))
    compile_checks(schema)
    again = draft_from_schema(schema.document)
    assert [(c.type, c.parts, c.target) for c in again.checks] == [(c.type, c.parts, c.target) for c in checks]
    right = {"from_": "2024-01-01", "to": "2024-02-01", "净额": 8, "tax": 2, "total": 10, "rows": [{"amount": 8}]}
    assert list(find_problems(schema.checks, right)) == []
    wrong = right | {"to": "2023-12-31", "total": 11, "rows": [{"amount": 7}]}
    assert len(list(find_problems(schema.checks, wrong))) == 3
    nothing = dict.fromkeys(right) | {"rows": []}
    assert [p.message.split(":")[0] for p in find_problems(schema.checks, nothing)] == ["Tax / To ≥ 1"]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ((), "no fields"),
        ((FieldDraft(""),), "no name"),
        ((FieldDraft("Date"), FieldDraft("date")), "Two fields"),
        ((FieldDraft("Kind", FieldType.CHOICE),), "no choices"),
        ((FieldDraft("Rows", FieldType.LIST),), "no columns"),
    ],
)
def test_what_a_draft_lacks_is_said_in_its_own_words(fields, said):
    with pytest.raises(SchemaError, match=said):
        draft_to_schema(SchemaDraft("Bill", fields=fields))


@pytest.mark.parametrize(
    ("parts", "target"), [(("name",), "total"), (("total",), "total"), (("total", "gone"), "total"), ((), "total")]
)
def test_a_check_that_means_nothing_is_refused(parts, target):
    fields = (FieldDraft("Name", key="name"), FieldDraft("Total", FieldType.MONEY, key="total"))
    with pytest.raises(SchemaError):
        draft_to_schema(SchemaDraft(fields=fields, checks=(CheckDraft(CheckType.SUM, parts, target),)))


def test_property_names():
    assert property_name("Größe (cm)") == "grosse_cm"
    assert property_name("2nd visit") == "field_2nd_visit" and property_name("合计金额") == "合计金额"
    assert property_name("In") == "in_" and property_name("A", ["a", "a_2"]) == "a_3"


def test_a_clicked_word_is_named_by_the_label_beside_or_above_it():
    document = visit()
    at = document.text.index("4.2 bar")
    field = propose_field_at(document, at, at + 7)
    assert (field.name, field.type, field.unit) == ("Oil pressure", "number", "bar")
    price = document.text.index("1.20")
    assert propose_field_at(document, price, price + 4).name == "Gasket Unit price"
    assert propose_field_at(document, 0, 7).name == ""
    word = document.text.index("Works")
    assert propose_field_at(document, word, word + 5).sample.text == "Alpha Works", "a word stands for its value"
    assert propose_field_at(document, word, word + 5, exact=True).sample.text == "Works"


def test_command_line_makes_a_schema(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "first.txt").write_text(VISIT.format(**FIRST), "utf-8")
    (tmp_path / "names.txt").write_text("Customer\nDue date\n", "utf-8")
    assert main(["schemas", "new", "first.txt", "-o", "visit.json"]) == 0
    said = capsys.readouterr().err
    assert 'Customer, text: "Alpha Works"' in said and "Items, list: 2 rows" in said
    assert main(["schemas", "visit.json"]) == 0
    assert "Oil pressure" in capsys.readouterr().out
    assert main(["schemas", "new", "first.txt", "--names", "names.txt", "--title", "Visit"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["title"] == "Visit" and list(made["properties"]) == ["customer", "due_date"]
    assert main(["schemas", "new", "--from", "receipt", "--title", "Taxi", "-o", "taxi.json"]) == 0
    assert load_schema(tmp_path / "taxi.json").title == "Taxi"
    assert main(["schemas", "new"]) == 2 and main(["schemas", "receipt", "--title", "x"]) == 2
    (tmp_path / "empty.txt").write_text("Nothing to see here.", "utf-8")
    assert main(["schemas", "new", "empty.txt"]) == 3
