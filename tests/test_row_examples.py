"""Items of lists that no column holds whole: parts of cells, told from what a model copies out of a few entries."""

import json

import pytest

from extractor.candidates.cell_parts import apply_part, find_part
from extractor.candidates.matches import EntryCell
from extractor.extraction import extract
from extractor.extraction.row_examples import RowExampleSettings
from extractor.models.scripted import ScriptedModel
from extractor.readers import read_bytes
from extractor.schemas import load_schema
from extractor.settings import replaced


def field(name, **schema):
    item = {"type": "object", "properties": {name: {"type": "string", **schema}}}
    [found] = load_schema({"type": "object", "properties": {"rows": {"type": "array", "items": item}}}).fields
    return found.items[0]


def entries_of(*texts):
    """A text with each of `texts` as the only cell of an entry, and the cells of the entries."""
    text, cells = "", []
    for each in texts:
        cells.append((EntryCell(0, "Item", ((len(text), len(text) + len(each)),)),))
        text += each + "\n\n"
    return text, cells


def read_all(item, texts, told):
    """Read `item` in entries of one cell each, of which a model has told the first ones."""
    text, entries = entries_of(*texts)
    part = find_part(item, list(zip(entries, told, strict=False)), len(entries), text)
    if part is None:
        return None
    places = [apply_part(part, item, cells, text) for cells in entries]
    return [text[slice(*place)] if place else None for place in places]


@pytest.mark.parametrize(
    ("texts", "told", "read"),
    [
        (["12 pcs", "7 kg", "150 m"], ["pcs", "kg"], ["pcs", "kg", "m"]),
        (["(110) Oslo", "(220) Bergen", "(75) Moss"], ["110", "220"], ["110", "220", "75"]),
        (["(110) Oslo", "(220) Bergen", "(75) Moss"], ["Oslo", "Bergen"], ["Oslo", "Bergen", "Moss"]),
        (["Visit (A12)", "Scan (B7)", "Test (C3)"], ["Visit", "Scan"], ["Visit", "Scan", "Test"]),
        (["A-1\nBolt, steel", "B-2\nNut", "C-3\nPin"], ["Bolt, steel", "Nut"], ["Bolt, steel", "Nut", "Pin"]),
        (["Bolt\nLOT: 77a", "Nut\nLOT: 9", "Pin"], ["77a", "9"], ["77a", "9", None]),
        (["Bolt / M8 / steel", "Nut / M6 / brass", "Pin / 3 / zinc"], ["M8", "M6"], ["M8", "M6", "3"]),
        (
            ["Fire $500 each", "Storm and hail $2,000 a year", "Theft $90"],
            ["$500 each", "$2,000 a year"],
            ["$500 each", "$2,000 a year", "$90"],
        ),
        (
            ["Van 7 Driver: Ada Quill (day)", "Van 12 Driver: Ben Orr (night)", "Van 9 Driver: Cy (day)"],
            ["Ada Quill", "Ben Orr"],
            ["Ada Quill", "Ben Orr", "Cy"],
        ),
        (
            ["0131 496 22 Line A", "0131 55 Line B 2", "07700 900 Van"],
            ["0131 496 22", "0131 55"],
            ["0131 496 22", "0131 55", "07700 900"],
        ),
        (
            ["0131 496 22 Line A", "0131 55 Line B 2", "07700 900 Van"],
            ["Line A", "Line B 2"],
            ["Line A", "Line B 2", "Van"],
        ),
        (["X-17 Bolt", "Y-2 Nut", "Z-9 Pin"], ["X-17", "Y-2"], ["X-17", "Y-2", "Z-9"]),
        (
            ["Ada Quill, born 9 May", "Ben de Orr, born 2 July", "Cy Dane, died 3 June"],
            ["Ada Quill", "Ben de Orr"],
            ["Ada Quill", "Ben de Orr", "Cy Dane"],
        ),
        (
            ["Steel range 20 mm", "Oak wood range 4 cm", "Zinc range 9 mm"],
            ["Steel", "Oak wood"],
            ["Steel", "Oak wood", "Zinc"],
        ),
        (
            ["Steel (values in mm)", "Oak (values in cm)", "Zinc (figures in m)"],
            ["mm", "cm"],
            ["mm", "cm", "m"],
        ),
        (
            ["1. Flat roof\ninsulation", "2. Floor\ninsulation", "3. Solar panels"],
            ["Flat roof / insulation", "Floor / insulation"],
            ["Flat roof\ninsulation", "Floor\ninsulation", "Solar panels"],
        ),
    ],
)
def test_part_that_two_examples_agree_on_is_read_in_every_entry(texts, told, read):
    assert read_all(field("thing"), texts, told) == read


def test_ends_of_ranges_are_numbers_whatever_dash_is_between_them():
    texts = ["3.5-9.5", "40--75", "115 – 150"]
    assert read_all(field("high", type="number"), texts, ["9.5", "75"]) == ["9.5", "75", "150"]


def test_answers_of_another_kind_than_the_item_are_no_examples():
    number = field("count", type="integer")
    assert read_all(number, ["10 A", "20 B", "30 C"], ["10 A", "B", "30"]) == ["10", "20", "30"]
    assert read_all(number, ["10 A", "20 B", "30 C"], ["A", "B", "C"]) is None


def test_examples_that_do_not_agree_tell_nothing():
    assert read_all(field("thing"), ["Bolt steel", "Nut brass", "Pin zinc"], ["Bolt", "brass"]) is None


def test_label_that_is_the_beginning_of_the_name_needs_one_example_only():
    texts = ["H4 EXP 31.08.2025", "H5", "H6 EXP 01.02.2026"]
    expiry = field("expiryDate", format="date")
    assert read_all(expiry, texts, ["31.08.2025", "H5"]) == ["31.08.2025", None, "01.02.2026"]
    assert read_all(field("thing"), ["H4 EXP a", "H5", "H6 EXP b"], ["a"]) is None


SHEET = "No,Item,Amount\n1,A-7 Bolt (steel),4.00\n2,B-12 Nut (brass),2.50\n3,C-9 Pin (zinc),1.25\n"
ITEM = {
    "type": "object",
    "properties": {
        "no": {"type": "integer"},
        "item": {"type": "string", "description": "what it is, without its code"},
        "code": {"type": "string"},
        "material": {"type": "string"},
        "colour": {"type": "string"},
        "amount": {"type": "number"},
    },
}
SCHEMA = load_schema({"type": "object", "properties": {"parts": {"type": "array", "items": ITEM}}})


def model_that_copies(told):
    """A model that copies `told[n]` out of the entry with the number n, and leaves every list empty."""

    def answer(group, request):
        found = next((row for number, row in told.items() if f"No: {number}\n" in group.question), None)
        return json.dumps(found if found is not None else {"parts": []})

    return ScriptedModel(answer)


TOLD = {
    1: {"code": "A-7", "material": "steel", "colour": "4.00"},
    2: {"code": "B-12", "material": "brass", "colour": None},
    3: {"code": "C-9", "material": "zinc", "colour": "Pin"},
}


def test_items_within_the_cell_of_another_are_taken_off_its_text():
    model = model_that_copies(TOLD)
    result = extract(read_bytes(SHEET.encode(), "parts.csv"), SCHEMA, model)
    read = [(e["item"], e["code"], e["material"], e.get("colour")) for e in result.data["parts"]]
    assert read == [("Bolt", "A-7", "steel", None), ("Nut", "B-12", "brass", None), ("Pin", "C-9", "zinc", None)]
    codes = [v for v in result.values if v.path[-1] == "code"]
    assert [v.evidence.text for v in codes] == ["A-7", "B-12", "C-9"]


def test_what_another_item_holds_whole_is_no_value_of_a_second_one():
    told = {n: {"code": amount} for n, amount in ((1, "4.00"), (2, "2.50"), (3, "1.25"))}
    result = extract(read_bytes(SHEET.encode(), "parts.csv"), SCHEMA, model_that_copies(told))
    assert [e.get("code") for e in result.data["parts"]] == [None, None, None]
    assert [e["amount"] for e in result.data["parts"]] == [4.0, 2.5, 1.25]


def test_no_entry_is_shown_where_the_rule_is_off_or_every_item_has_a_column():
    whole = load_schema(
        {
            "type": "object",
            "properties": {
                "parts": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {k: ITEM["properties"][k] for k in ("no", "colour", "amount")},
                    },
                }
            },
        }
    )
    model = model_that_copies(TOLD)
    extract(read_bytes(SHEET.replace("Item", "Colour").encode(), "parts.csv"), whole, model)
    assert not model.questions
    with replaced(RowExampleSettings(read_examples=False)):
        extract(read_bytes(SHEET.encode(), "parts.csv"), SCHEMA, model)
    assert not any("One entry of the list" in question for question in model.questions)


def test_column_whose_header_names_several_items_is_read_for_each_of_them():
    sheet = "No,Price / Currency,Lot\n1,4.00 EUR,A7\n2,2.50 EUR,B1\n3,1.25 USD,C3\n"
    item = {
        "no": {"type": "integer"},
        "price": {"type": "number"},
        "currency": {"type": "string"},
        "lot": {"type": "string"},
    }
    rows = {"type": "array", "items": {"type": "object", "properties": item}}
    schema = load_schema({"type": "object", "properties": {"parts": rows}})
    prices = {1: "4.00", 2: "2.50", 3: "1.25"}
    model = model_that_copies({n: {"price": p, "currency": "USD" if n == 3 else "EUR"} for n, p in prices.items()})
    result = extract(read_bytes(sheet.encode(), "parts.csv"), schema, model)
    assert [(e["price"], e["currency"]) for e in result.data["parts"]] == [(4.0, "EUR"), (2.5, "EUR"), (1.25, "USD")]


def test_header_that_a_model_copies_stands_for_the_cell_below_it():
    told = {n: {"what": "Article"} for n in (1, 2, 3)}
    sheet = "No,Article,Amount\n1,Bolt,4.00\n2,Nut,2.50\n3,Pin,1.25\n"
    item = {"no": {"type": "integer"}, "what": {"type": "string"}, "amount": {"type": "number"}}
    rows = {"type": "array", "items": {"type": "object", "properties": item}}
    schema = load_schema({"type": "object", "properties": {"parts": rows}})
    result = extract(read_bytes(sheet.encode(), "parts.csv"), schema, model_that_copies(told))
    assert [e["what"] for e in result.data["parts"]] == ["Bolt", "Nut", "Pin"]


def test_answer_that_runs_on_over_lines_of_others_is_the_line_that_they_leave():
    sheet = (
        "<table><tr><th>No<th>Goods<th>Amount</tr>"
        + "".join(
            f"<tr><td>{n}<td>{kind}<br>{what}<td>{n}.50</tr>"
            for n, kind, what in ((1, "CRATE", "Bolts"), (2, "PALLET", "Nuts and pins"), (3, "BOX", "Oil"))
        )
        + "</table>"
    )
    item = {
        "no": {"type": "integer"},
        "packing": {"type": "string"},
        "product": {"type": "string"},
        "amount": {"type": "number"},
    }
    rows = {"type": "array", "items": {"type": "object", "properties": item}}
    schema = load_schema({"type": "object", "properties": {"parts": rows}})
    told = {
        1: {"packing": "CRATE / Bolts", "product": "Bolts"},
        2: {"packing": "PALLET / Nuts and pins", "product": "Nuts and pins"},
        3: {"packing": "BOX", "product": "BOX / Oil"},
    }
    result = extract(read_bytes(sheet.encode(), "parts.html"), schema, model_that_copies(told))
    assert [(e["packing"], e["product"]) for e in result.data["parts"]] == [
        ("CRATE", "Bolts"),
        ("PALLET", "Nuts and pins"),
        ("BOX", "Oil"),
    ]


def test_item_whose_description_leaves_something_out_is_read_without_it():
    sheet = "No,Origin,Amount\n1,(110) Oslo,4.00\n2,(220) Bergen,2.50\n3,(75) Moss,1.25\n"
    item = {
        "no": {"type": "integer"},
        "origin": {"type": "string", "description": "name of the place, without the code in brackets"},
        "amount": {"type": "number"},
    }
    rows = {"type": "array", "items": {"type": "object", "properties": item}}
    schema = load_schema({"type": "object", "properties": {"parts": rows}})
    told = {1: {"origin": "Oslo"}, 2: {"origin": "Bergen"}, 3: {"origin": "(75) Moss"}}
    result = extract(read_bytes(sheet.encode(), "parts.csv"), schema, model_that_copies(told))
    assert [e["origin"] for e in result.data["parts"]] == ["Oslo", "Bergen", "Moss"]


def test_items_of_an_inner_list_and_of_the_heading_over_its_rows_are_told_from_examples():
    sheet = "\n".join(
        "\t".join(line.split("|"))
        for line in (
            "Item|Pieces|Amount",
            "Order 118 - North depot||",
            "A-7 Bolt|40|3.20",
            "B-12 Nut|15|1.10",
            "Order 119 - East depot||",
            "C-9 Pin|20|5.00",
            "D-3 Nail|25|6.00",
        )
    )
    line = {"item": {"type": "string"}, "code": {"type": "string"}, "pieces": {"type": "integer"}}
    lines = {"type": "array", "items": {"type": "object", "properties": line | {"amount": {"type": "number"}}}}
    order = {"depot": {"type": "string"}, "lines": lines}
    orders = {"type": "array", "items": {"type": "object", "properties": order}}
    told = {"North depot": {"depot": "North depot"}, "East depot": {"depot": "East depot"}}
    told |= {f"Item: {code} {what}": {"code": code} for code, what in (("A-7", "Bolt"), ("B-12", "Nut"))}

    def answer(group, request):
        return json.dumps(next((found for shown, found in told.items() if shown in group.question), {"orders": []}))

    schema = load_schema({"type": "object", "properties": {"orders": orders}})
    result = extract(read_bytes((sheet + "\n").encode(), "orders.txt"), schema, ScriptedModel(answer))
    found = result.data["orders"]
    assert [o["depot"] for o in found] == ["North depot", "East depot"]
    assert [[(e["code"], e["item"]) for e in o["lines"]] for o in found] == [
        [("A-7", "Bolt"), ("B-12", "Nut")],
        [("C-9", "Pin"), ("D-3", "Nail")],
    ]


def test_heading_over_the_rows_is_shown_with_each_entry():
    sheet = "No,Item,Amount\nFor order 77 / harbour,,\n1,Bolt,4.00\n2,Nut,2.50\nFor order 81 / quay,,\n3,Pin,1.25\n"
    sheet += "4,Cap,1.75\n5,Rod,7.25\n"
    item = {"no": {"type": "integer"}, "item": {"type": "string"}, "orderCode": {"type": "string"}}
    item["place"], item["amount"] = {"type": "string"}, {"type": "number"}
    schema = {"type": "array", "items": {"type": "object", "properties": item}}
    schema = load_schema({"type": "object", "properties": {"parts": schema}})
    told = {1: {"place": "harbour"}, 2: {"place": "harbour"}, **{n: {"place": "quay"} for n in (3, 4, 5)}}
    model = model_that_copies(told)
    result = extract(read_bytes(sheet.encode(), "parts.csv"), schema, model)
    assert any("(printed over the entry): For order 77 / harbour" in question for question in model.questions)
    assert [e["place"] for e in result.data["parts"]] == ["harbour", "harbour", "quay", "quay", "quay"]


def table_schema(**item):
    rows = {"type": "array", "items": {"type": "object", "properties": item}}
    return load_schema({"type": "object", "properties": {"parts": rows}})


COUNT, NUMBER, TEXT = ({"type": [kind, "null"]} for kind in ("integer", "number", "string"))


def test_both_ends_of_a_column_of_ranges_are_numbers_by_their_names():
    sheet = "No,Item,Cost\n1,Roof,£850 - £1500\n2,Wall,£500 – £900\n3,Floor,£40 to £60\n"
    schema = table_schema(no=COUNT, item=TEXT, costMin=NUMBER, costMax=NUMBER)
    result = extract(read_bytes(sheet.encode(), "parts.csv"), schema, model_that_copies({}))
    assert [(e["costMin"], e["costMax"]) for e in result.data["parts"]] == [(850, 1500), (500, 900), (40, 60)]


def test_text_beside_a_number_in_one_cell_is_what_the_number_leaves():
    sheet = "No,Item,After\n1,Roof,58 D\n2,Wall,62 D\n3,Floor,78 C\n"
    schema = table_schema(no=COUNT, item=TEXT, score=NUMBER, band=TEXT)
    told = {1: {"score": "58", "band": "58 D"}, 2: {"score": "62", "band": "62 D"}, 3: {"score": "78", "band": "78 C"}}
    result = extract(read_bytes(sheet.encode(), "parts.csv"), schema, model_that_copies(told))
    assert [(e["score"], e["band"]) for e in result.data["parts"]] == [(58, "D"), (62, "D"), (78, "C")]


def test_header_before_a_copy_is_no_part_of_it():
    sheet = "No,Article,Amount\n1,Bolt,4.00\n2,Nut,2.50\n3,Pin,1.25\n"
    told = {n: {"what": f"Article: {what}"} for n, what in ((1, "Bolt"), (2, "Nut"), (3, "Pin"))}
    schema = table_schema(no=COUNT, what=TEXT, amount=NUMBER)
    result = extract(read_bytes(sheet.encode(), "parts.csv"), schema, model_that_copies(told))
    assert [e["what"] for e in result.data["parts"]] == ["Bolt", "Nut", "Pin"]


def test_item_that_is_the_heading_over_the_rows_may_be_a_part_of_it():
    sheet = (
        "No,Item,Amount\nP.O. 4500 / tools,,\n1,Bolt,4.00\n2,Nut,2.50\nP.O. 4600 / spares,,\n3,Pin,1.25\n4,Cap,1.75\n"
    )
    item = {"no": COUNT, "item": TEXT, "amount": NUMBER}
    schema = table_schema(**item, orderGroup={"type": ["string", "null"], "description": "order of the section"})
    told = {1: {"orderGroup": "4500"}, 2: {"orderGroup": "4500"}, 3: {"orderGroup": "4600"}, 4: {"orderGroup": "4600"}}
    result = extract(read_bytes(sheet.encode(), "parts.csv"), schema, model_that_copies(told))
    assert [e["orderGroup"] for e in result.data["parts"]] == ["4500", "4500", "4600", "4600"]
