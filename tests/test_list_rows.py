"""Lists read from rows by code: columns matched with items, rows told apart, and look-alikes left to the model."""

import pytest

from extractor.candidates.column_assignment import assign, margins
from extractor.candidates.column_names import header_similarity
from extractor.candidates.column_question import apply_column_answer, find_uncertain_tables, make_column_question
from extractor.candidates.entry_grids import table_grids
from extractor.candidates.list_rows import limits_rows, match_rows, rows_of_matches
from extractor.extraction.pipeline import extract
from extractor.problems import ProblemKind
from extractor.readers import read_bytes
from extractor.schemas import load_schema


def text(description="", **more):
    return {"type": ["string", "null"], "description": description, **more}


def number(description="", **more):
    return {"type": ["number", "null"], "description": description, **more}


def a_list(description="", /, **items):
    return {"type": "array", "description": description, "items": {"type": "object", "properties": items}}


def extraction(document, name="paper.txt", /, **properties):
    schema = load_schema({"title": "t", "type": "object", "properties": properties})
    return extract(read_bytes(document.encode(), name), schema, None)


def rows(document, wanted, name="paper.txt"):
    """The values of the list `wanted`, each row a tuple in the order of its items; None where it is left open."""
    data = extraction(document, name, rows=wanted).data
    items = wanted["items"]["properties"]
    return [tuple(row.get(item) for item in items) for row in data.get("rows") or []]


def tabbed(*lines):
    return "\n".join("\t".join(line.split("|")) for line in lines) + "\n"


STATEMENT = a_list(
    "movements of the account",
    postedOn=text("day of posting", format="date"),
    details=text(),
    moneyOut=number(),
    moneyIn=number(),
    balance=number(),
)


def test_bank_statement_without_balances_brought_forward_and_with_a_wrapped_line():
    document = tabbed(
        "Date|Details|Money out|Money in|Balance",
        "|Balance brought forward|||1,210.00",
        "3 March 2031|Card payment|42.10||1,167.90",
        "|Harbour Books, Leith|||",
        "4 March 2031|Salary||900.00|2,067.90",
        "9 March 2031|Rent|650.00||1,417.90",
        "|Balance carried forward|||1,417.90",
    )
    assert rows(document, STATEMENT) == [
        ("2031-03-03", "Card payment Harbour Books, Leith", 42.1, None, 1167.9),
        ("2031-03-04", "Salary", None, 900, 2067.9),
        ("2031-03-09", "Rent", 650, None, 1417.9),
    ]


def test_value_of_a_wrapped_cell_follows_from_its_evidence():
    document = tabbed(
        "Date|Details|Money out|Money in|Balance",
        "3 March 2031|Card payment|42.10||1,167.90",
        "|Harbour Books, Leith|||",
        "4 March 2031|Salary||900.00|2,067.90",
    )
    found = extraction(document, rows=STATEMENT)
    details = next(v for v in found.values if v.path == ("rows", 0, "details"))
    assert details.value == "Card payment Harbour Books, Leith"
    assert ProblemKind.VALUE_OUTSIDE_EVIDENCE not in {p.kind for p in details.problems}


RESULTS = a_list(
    "",
    panel=text("the heading the result stands under"),
    analyte=text(),
    result=number(),
    unit=text(),
    referenceRange=text("reference interval as printed"),
)


def test_laboratory_table_gives_each_result_the_heading_above_it():
    document = tabbed(
        "Analyte|Result|Unit|Reference interval",
        "KIDNEY|||",
        "Creatinine|81|µmol/L|62-106",
        "Urea|5.1|mmol/L|2.8-8.1",
        "LIVER|||",
        "ALT|22|U/L|0-41",
        "Bilirubin|9|µmol/L|0-21",
    )
    assert rows(document, RESULTS) == [
        ("KIDNEY", "Creatinine", 81, "µmol/L", "62-106"),
        ("KIDNEY", "Urea", 5.1, "mmol/L", "2.8-8.1"),
        ("LIVER", "ALT", 22, "U/L", "0-41"),
        ("LIVER", "Bilirubin", 9, "µmol/L", "0-21"),
    ]


LINES = a_list("lines of the invoice", itemDescription=text(), qty=number(), unitPrice=number(), lineAmount=number())


def test_invoice_lines_in_fixed_width_text_with_wrapped_descriptions_and_a_total():
    document = """Invoice 88-104

Description              Quantity   Unit price      Amount
Oak shelf, oiled                2        41.50       83.00
  with brackets
Pine shelf                      4        20.00       80.00
  unplaned
Delivery                        1        12.00       12.00
Total                                               175.00
"""
    assert rows(document, LINES) == [
        ("Oak shelf, oiled with brackets", 2, 41.5, 83),
        ("Pine shelf unplaned", 4, 20, 80),
        ("Delivery", 1, 12, 12),
    ]


def test_sum_without_a_word_for_it_is_no_entry():
    document = tabbed("Description|Quantity|Unit price|Amount", "Oak|2|10.00|20.00", "Elm|3|5.00|15.00", "|||35.00")
    assert [row[0] for row in rows(document, LINES)] == ["Oak", "Elm"]


def test_rows_below_a_total_that_lack_cells_are_no_entries():
    document = tabbed(
        "Description|Quantity|Unit price|Amount",
        "Oak|2|10.00|20.00",
        "Elm|3|5.00|15.00",
        "Goods subtotal|||35.00",
        "Postage|||4.00",
        "Voucher||| -2.00",
    )
    assert [row[0] for row in rows(document, LINES)] == ["Oak", "Elm"]


def test_chinese_table_goes_by_headers_that_descriptions_quote():
    wanted = a_list(
        "设备清单",
        deviceName=text("设备名称"),
        model=text("规格型号"),
        quantity=number("数量（台）"),
        price=number("单价"),
    )
    document = tabbed(
        "序号|设备名称|规格型号|数量|单价",
        "1|水泵|QS-20|4|1,200.00",
        "2|风机|FJ-7|2|830.50",
        "合计|||6|",
    )
    assert rows(document, wanted) == [("水泵", "QS-20", 4, 1200), ("风机", "FJ-7", 2, 830.5)]


def test_repeated_page_header_is_skipped_and_the_list_goes_on():
    header = "Date|Details|Money out|Money in|Balance"
    document = tabbed(
        header,
        "3 March 2031|Card payment|42.10||1,167.90",
        header,
        "4 March 2031|Salary||900.00|2,067.90",
    )
    assert len(rows(document, STATEMENT)) == 2


def test_item_without_a_column_is_left_open():
    document = tabbed("Description|Quantity|Amount", "Oak|2|20.00", "Elm|3|15.00")
    assert rows(document, LINES) == [("Oak", 2, None, 20), ("Elm", 3, None, 15)]


def test_header_that_two_items_claim_is_left_open():
    wanted = a_list("", description=text(), quantity=number(), listPrice=number(), salePrice=number())
    document = tabbed("Description|Quantity|Price", "Oak|2|20.00", "Elm|3|15.00")
    assert rows(document, wanted) == [("Oak", 2, None, None), ("Elm", 3, None, None)]


def test_column_of_another_kind_is_not_the_items():
    wanted = a_list("", name=text(), weight=number(), colour=text())
    document = tabbed("Name|Weight|Colour", "Oak|heavy|brown", "Elm|light|grey")
    assert rows(document, wanted) == [("Oak", None, "brown"), ("Elm", None, "grey")]


@pytest.mark.parametrize(
    "header", ["Dish|Calories|Cook", "Month|Rainfall|Sunshine", "Party|Votes|Seats"], ids=["menu", "weather", "votes"]
)
def test_tables_with_other_headers_match_nothing(header):
    document = tabbed(header, "Alpha|12|30", "Beta|4|50", "Gamma|7|20")
    assert rows(document, LINES) == []


def test_tables_alike_go_to_the_lists_that_their_headings_name():
    movement = {"date": text("", format="date"), "details": text(), "amount": number()}
    document = (
        "Deposits\n\n"
        + tabbed("Date|Details|Amount", "1 May 2031|Salary|900.00", "2 May 2031|Gift|50.00")
        + "\nWithdrawals\n\n"
        + tabbed("Date|Details|Amount", "3 May 2031|Rent|650.00", "4 May 2031|Bread|3.20")
    )
    data = extraction(document, deposits=a_list("", **movement), withdrawals=a_list("", **movement)).data
    assert [row["details"] for row in data["deposits"]] == ["Salary", "Gift"]
    assert [row["details"] for row in data["withdrawals"]] == ["Rent", "Bread"]


def test_table_that_two_lists_claim_alike_is_left_to_the_model():
    movement = {"date": text("", format="date"), "details": text(), "amount": number()}
    document = tabbed("Date|Details|Amount", "1 May 2031|Salary|900.00", "2 May 2031|Gift|50.00")
    data = extraction(document, credits=a_list("", **movement), debits=a_list("", **movement)).data
    assert not data.get("credits") and not data.get("debits")


@pytest.mark.parametrize(
    ("description", "limited"),
    [
        ("payments over $500", True),
        ("only domestic flights", True),
        ("flights longer, older than a year", True),
        ("单价超过五百元的设备", True),
        ("every line, excluding subtotals and totals", False),
        ("results, over all panels and pages; headings are no results", False),
    ],
)
def test_list_whose_description_says_which_rows_count_is_not_settled(description, limited):
    schema = load_schema({"type": "object", "properties": {"rows": a_list(description, name=text())}})
    assert limits_rows(schema.fields[0]) is limited


def test_header_inside_a_grid_that_nothing_marks_is_found():
    document = tabbed(
        "1|Base plate|4|steel",
        "2|Bearing|2|bronze",
        "3|Shaft|1|steel",
        "Item no.|Part|Qty|Material",
        "Parts list",
    )
    wanted = a_list("", itemNo=text(), part=text(), quantity={"type": ["integer", "null"]}, material=text())
    assert rows(document, wanted) == [
        ("1", "Base plate", 4, "steel"),
        ("2", "Bearing", 2, "bronze"),
        ("3", "Shaft", 1, "steel"),
    ]


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("quantity", "Qty"),
        ("quantity", "Qty."),
        ("invoiceNumber", "Invoice No."),
        ("unitPrice", "UNIT PRICE"),
        ("lineAmount", "Line amt"),
        ("yearOfBirth", "YB"),
        ("description", "Desc."),
    ],
)
def test_headers_name_items_with_abbreviations(name, header):
    schema = load_schema({"type": "object", "properties": {name: text()}})
    assert header_similarity(schema.fields[0], header) >= 0.8


@pytest.mark.parametrize(
    ("name", "header"),
    [("unitPrice", "Unit"), ("quantity", "Quality"), ("startDate", "End date"), ("debit", "Credit"), ("name", "No.")],
)
def test_headers_that_only_look_alike_do_not_name_items(name, header):
    schema = load_schema({"type": "object", "properties": {name: text()}})
    assert header_similarity(schema.fields[0], header) < 0.74


def test_assignment_is_the_best_over_all_and_its_margin_the_cost_of_forbidding_a_pair():
    scores = {(0, 0): 1.0, (0, 1): 0.9, (1, 0): 0.95}
    best = assign(scores)
    assert best == {0: 1, 1: 0}
    assert margins(scores, best) == pytest.approx({0: 0.85, 1: 0.85})
    assert margins({(0, 0): 0.9, (1, 0): 0.88}, {0: 0}) == pytest.approx({0: 0.02})


def test_blocks_of_columns_side_by_side_are_one_list():
    document = tabbed(
        "Analyte|Result|Unit|Analyte|Result|Unit",
        "Sodium|140|mmol/L|Chloride|101|mmol/L",
        "Potassium|4.1|mmol/L|Calcium|2.3|mmol/L",
    )
    wanted = a_list("", analyte=text(), result=number(), unit=text())
    assert [row[:2] for row in rows(document, wanted)] == [
        ("Sodium", 140),
        ("Potassium", 4.1),
        ("Chloride", 101),
        ("Calcium", 2.3),
    ]


def test_two_lists_may_have_blocks_of_columns_side_by_side_in_one_table():
    document = tabbed("Code|Stock|Order|Worth", "S1|3|B-10|100.50", "S2|6|B-20|201.00", "S3|9||", "S4|12||")
    goods = a_list("Goods", code=text(), stock=number())
    orders = a_list("Orders", order=text(), worth=number())
    data = extraction(document, goods=goods, orders=orders).data
    assert [tuple(row.values()) for row in data["goods"]] == [("S1", 3), ("S2", 6), ("S3", 9), ("S4", 12)]
    assert [tuple(row.values()) for row in data["orders"]] == [("B-10", 100.5), ("B-20", 201)]


def test_numbers_of_rows_measure_nothing_but_a_later_column_of_the_very_name_may_count_up():
    document = tabbed("No.|Name|Pos", "1|Tea|4", "2|Oats|5", "3|Rye|6")
    named = a_list("", name=text(), place=number(**{"x-labels": ["Pos"]}))
    counted = a_list("", name=text(), weight=number(**{"x-labels": ["No."]}))
    assert rows(document, named) == [("Tea", 4), ("Oats", 5), ("Rye", 6)]
    assert rows(document, counted) == []


def test_a_blank_column_may_part_blocks_side_by_side():
    cells = [("Berth", "Metres", "", "Berth", "Metres"), ("A1", "40", "", "B1", "55"), ("A2", "42", "", "B2", "57")]
    page = "<table>" + "".join("<tr>" + "".join(f"<td>{text}</td>" for text in row) + "</tr>" for row in cells)
    wanted = a_list("", berth=text(), metres=number())
    found = rows(f"{page}</table>", wanted, "a.html")
    assert found == [("A1", 40), ("A2", 42), ("B1", 55), ("B2", 57)]


def test_item_does_not_take_a_worse_column_because_its_own_is_taken():
    wanted = a_list("检验结果", name=text(**{"x-labels": ["项目"]}), value=text(**{"x-labels": ["结果"]}))
    wanted["items"]["properties"]["amount"] = number(**{"x-labels": ["结果"]})
    wanted["items"]["required"] = ["name", "value"]
    document = tabbed("项目|结果|上次结果", "钠|140|139", "钾|4.1|4.3", "钙|2.3|2.2")
    assert rows(document, wanted) == [("钠", "140", None), ("钾", "4.1", None), ("钙", "2.3", None)]


def test_running_numbers_of_rows_are_no_amounts():
    document = tabbed("No.|Part|Colour", "1|Base|red", "2|Shaft|blue", "3|Lid|red")
    wanted = a_list("", number=number("how many"), part=text(), colour=text())
    assert [row[0] for row in rows(document, wanted)] == [None, None, None]


def test_first_column_of_texts_is_the_item_that_every_element_has():
    wanted = a_list("", what=text(), quantity=number(), price=number())
    wanted["items"]["required"] = ["what"]
    document = tabbed("Goods|Quantity|Price", "Oak|2|20.00", "Elm|3|15.00")
    assert rows(document, wanted) == [("Oak", 2, 20), ("Elm", 3, 15)]


FOREIGN = tabbed("Datum|Bezeichnung|Betrag", "1.05.2031|Miete|650,00", "2.05.2031|Brot|3,20", "5.05.2031|Milch|1,10")
PAYMENTS = a_list("", paidOn=text("day of payment", format="date"), purpose=text("what for"), amount=number("in euro"))


def the_list(wanted):
    return load_schema({"type": "object", "properties": {"rows": wanted}}).fields[0]


def test_question_shows_headers_with_samples_and_asks_what_each_column_holds():
    document = read_bytes(FOREIGN.encode(), "paper.txt")
    (match,) = find_uncertain_tables(the_list(PAYMENTS), document)
    question = make_column_question(match, document.text)
    assert "B: Bezeichnung | Miete; Brot" in question.text.splitlines()
    assert "- purpose: what for" in question.text.splitlines()
    assert [(slot.key, slot.kind, slot.literals) for slot in question.slots] == [
        ("A", "literals", ("paidOn",)),
        ("B", "literals", ("purpose",)),
        ("C", "literals", ("amount",)),
    ]


def answered(**answer):
    document = read_bytes(FOREIGN.encode(), "paper.txt")
    (match,) = find_uncertain_tables(the_list(PAYMENTS), document)
    probability = {letter: 1 - 0.1 * n for n, letter in enumerate(answer)}
    return document.text, apply_column_answer(
        make_column_question(match, document.text), answer, probability, document.text
    )


def test_answer_becomes_rows():
    text, match = answered(A="paidOn", B="purpose", C="amount")
    assert [[text[m.start : m.end] for m in row] for row in rows_of_matches([match], text).rows] == [
        ["1.05.2031", "Miete", "650,00"],
        ["2.05.2031", "Brot", "3,20"],
        ["5.05.2031", "Milch", "1,10"],
    ]


def test_words_that_a_description_leaves_out_name_no_column():
    [item, other] = the_list(a_list("", town=text("town without the postcode"), place=text("postcode"))).items
    assert header_similarity(item, "Postcode") < 0.5 < header_similarity(other, "Postcode")


def test_of_two_columns_that_hold_one_item_the_likelier_does():
    sheet = (
        FOREIGN.replace("Bezeichnung", "Soll").replace("Miete", "1,10").replace("Brot", "7,00").replace("Milch", "2,20")
    )
    document = read_bytes(sheet.encode(), "paper.txt")
    (match,) = find_uncertain_tables(the_list(PAYMENTS), document)
    question = make_column_question(match, document.text)
    for likelier, column in (("B", 1), ("C", 2)):
        probability = {"B": 0.6, "C": 0.6, likelier: 0.9}
        answer = {"B": "amount", "C": "amount"}
        assert apply_column_answer(question, answer, probability, document.text).columns[2] == column


def test_of_two_columns_that_hold_one_item_the_fuller_does():
    entries = ["1.05.2031|Brot|3,20|", "2.05.2031|Salz|1,10|", "3.05.2031|Pfand||0,25", "4.05.2031|Tee|9,00|"]
    sheet = tabbed("Tag|Was|Soll|Haben", *entries)
    document = read_bytes(sheet.encode(), "paper.txt")
    (match,) = find_uncertain_tables(the_list(PAYMENTS), document)
    answer, probability = {"B": "purpose", "C": "amount", "D": "amount"}, {"B": 0.9, "C": 0.7, "D": 0.9}
    question = make_column_question(match, document.text)
    assert apply_column_answer(question, answer, probability, document.text).columns[2] == 2


def test_column_of_another_kind_is_left_out():
    assert dict(answered(A="purpose", B="amount", C="purpose")[1].columns) == {}


def test_column_of_dates_is_not_offered_to_a_free_text():
    document = read_bytes(FOREIGN.replace("1.05.2031", "1-May-2031").encode(), "paper.txt")
    wanted = a_list("", purpose=text("what for"), amount=number("in euro"))
    (match,) = find_uncertain_tables(the_list(wanted), document)
    offered = {slot.key: slot.literals for slot in make_column_question(match, document.text).slots}
    assert "purpose" not in offered.get("A", ()) and "purpose" in offered["B"]


def test_only_columns_without_an_item_are_asked_about():
    document = read_bytes(FOREIGN.replace("Betrag", "Amount").encode(), "paper.txt")
    (match,) = find_uncertain_tables(the_list(PAYMENTS), document)
    slots = make_column_question(match, document.text).slots
    assert {key for slot in slots for key in slot.literals} == {"purpose"}  # the only dates are paidOn


RACES = a_list(
    "",
    heat=text(),
    swimmers={
        "type": "array",
        "items": {"type": "object", "properties": {"place": text(), "swimmer": text(), "time": text()}},
    },
)


def nested(document):
    found = extraction(document, races=RACES).data.get("races") or []
    return [(race.get("heat"), [(s["place"], s["swimmer"], s["time"]) for s in race["swimmers"]]) for race in found]


def test_tables_alike_are_inner_lists_of_the_elements_named_above_them():
    document = (
        "County gala\n\nHeat: Juniors\n"
        + tabbed("Place|Swimmer|Time", "1|Ada Quill|31.2", "2|Ben Orr|33.0")
        + "\nHeat: Seniors\n"
        + tabbed("Place|Swimmer|Time", "1|Cy Marsh|27.9", "2|Di Frost|28.4")
    )
    assert nested(document) == [
        ("Juniors", [("1", "Ada Quill", "31.2"), ("2", "Ben Orr", "33.0")]),
        ("Seniors", [("1", "Cy Marsh", "27.9"), ("2", "Di Frost", "28.4")]),
    ]


def test_element_that_goes_on_in_another_table_is_one():
    document = (
        "Heat: Juniors\n"
        + tabbed("Place|Swimmer|Time", "1|Ada Quill|31.2", "2|Ben Orr|33.0")
        + "\nHeat: Juniors\n"
        + tabbed("Place|Swimmer|Time", "3|Cy Marsh|33.9", "4|Di Frost|34.4")
    )
    assert [(heat, len(swimmers)) for heat, swimmers in nested(document)] == [("Juniors", 4)]


ROUTES = a_list(
    "",
    driver=text(),
    stops={
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "town": text("without the postcode"),
                "postcode": text(),
                "parcels": number(),
                "weight": number(),
                "remarks": {"type": "array", "items": {"type": "string"}},
            },
        },
    },
    routeWeight=number("kg"),
)
ROUND = tabbed(
    "Town (postcode)|Parcels|Weight|Remarks",
    "Driver: Ada Quill|||",
    "Hawick (TD9)|12|40.5|C1, D4",
    "Kelso (TD5)|3|9.0|",
    "Route total|15|49.5|",
    "Driver: Ben Orr|||",
    "Peebles (EH45)|7|22.0|D4",
    "Biggar (ML12)|9|31.5|C1",
    "Route total|16|53.5|",
    "Total, all routes|31|103.0|",
)


def test_headings_among_the_rows_open_elements_whose_inner_lists_are_the_rows_under_them():
    found = extraction(ROUND, routes=ROUTES).data["routes"]
    assert [(r["driver"], [s["parcels"] for s in r["stops"]]) for r in found] == [
        ("Ada Quill", [12, 3]),
        ("Ben Orr", [7, 9]),
    ]


def test_totals_of_the_rows_under_a_heading_are_those_of_its_element():
    assert [r["routeWeight"] for r in extraction(ROUND, routes=ROUTES).data["routes"]] == [49.5, 53.5]


def test_rows_under_a_heading_go_on_in_the_next_table():
    head, rest = ROUND.split("Peebles")
    document = head + "\nPage 2\n\n" + tabbed("Town (postcode)|Parcels|Weight|Remarks") + "Peebles" + rest
    found = extraction(document, routes=ROUTES).data["routes"]
    assert [(r["driver"], len(r["stops"])) for r in found] == [("Ada Quill", 2), ("Ben Orr", 2)]


def test_what_cells_have_in_brackets_is_read_by_the_name_in_brackets_in_their_header():
    stops = [s for r in extraction(ROUND, routes=ROUTES).data["routes"] for s in r["stops"]]
    assert [(s["town"], s["postcode"]) for s in stops][::3] == [("Hawick", "TD9"), ("Biggar", "ML12")]


def test_unit_in_brackets_is_no_name_of_what_cells_have_in_brackets():
    found = rows(tabbed("Part|Weight (kg)", "Bolt|3 (net)", "Nut|5 (net)"), a_list("", part=text(), weight=text()))
    assert [weight for _, weight in found] == ["3 (net)", "5 (net)"]


def test_codes_in_a_cell_are_a_list_of_texts():
    stops = [s for r in extraction(ROUND, routes=ROUTES).data["routes"] for s in r["stops"]]
    assert [s.get("remarks") or [] for s in stops] == [["C1", "D4"], [], ["D4"], ["C1"]]


def test_inner_lists_whose_elements_nothing_tells_apart_are_left_to_the_model():
    document = (
        "The young\n"
        + tabbed("Place|Swimmer|Time", "1|Ada Quill|31.2", "2|Ben Orr|33.0")
        + "\nThe old\n"
        + tabbed("Place|Swimmer|Time", "1|Cy Marsh|27.9", "2|Di Frost|28.4")
    )
    assert nested(document) == []


def list_problems(document, wanted):
    found = extraction(document, rows=wanted)
    return [p.message for p in found.problems if p.kind == ProblemKind.LIST_ROWS and p.path == ("rows",)]


PARTS = a_list("", part=text(), weight=number(), price=number())
SEVEN = [f"Part {letter}|{n}.5|{n}0.00" for n, letter in enumerate("ABCDEFG", 1)]


def test_row_like_an_entry_that_no_element_has_is_a_problem_of_the_list():
    document = tabbed(*SEVEN[:3], "Part X|heavy|30.00", *SEVEN[3:], "Part|Weight|Price", "List of parts")
    (message,) = list_problems(document, PARTS)
    assert message.startswith("1 rows") and "Part X" in message


def test_total_and_heading_are_no_rows_that_are_missing():
    document = tabbed("Part|Weight|Price", "SMALL||", *SEVEN, "Total||280.00")
    assert len(rows(document, PARTS)) == 7
    assert list_problems(document, PARTS) == []


HOBBIES = {"type": "array", "items": {"type": "string"}}


def hobbies(document):
    return extraction(document, hobbies=HOBBIES).data.get("hobbies") or []


@pytest.mark.parametrize(
    "document",
    [
        "Ann Dew\n\nHobbies: rowing, chess, old maps\n\nEnd of page.\n",
        "Ann Dew\n\nHOBBIES\n- rowing\n- chess\n- old maps\n\nREFERENCES\nOn request\n",
        "Ann Dew\n\nHobbies\nrowing\nchess\nold maps\n\nReferences\n",
    ],
    ids=["after a colon", "bullets", "lines"],
)
def test_plain_list_under_or_after_its_name(document):
    assert hobbies(document) == ["rowing", "chess", "old maps"]


@pytest.mark.parametrize(
    "document",
    [
        "Hobbies: rowing, chess\n\nHobbies: dancing, old maps\n",
        "Hobbies\nShe has rowed for her town since she was twelve, and won twice.\nChess too.\n",
        "Hobbies: rowing (coxed, on rivers), chess\n",
        "My hobbies are many\nrowing\nchess\n",
    ],
    ids=["two places", "prose", "commas in brackets", "another heading"],
)
def test_plain_list_that_is_not_certain_is_left_to_the_model(document):
    assert hobbies(document) == []


def test_counts_that_stand_close_to_the_texts_behind_them_fill_the_blank_column_before():
    sheet = (
        "<table><tr><th>Qty<th>Item<th>Price</tr><tr><td><td>3 Soup<td>12.00</tr><tr><td><td>1 Bread, dark<td>2.50</tr>"
        "<tr><td><td>Tap water<td>0.00</tr></table>"
    )
    wanted = a_list("", qty=number(), item=text(), price=number())
    assert rows(sheet, wanted, "slip.html") == [(3, "Soup", 12), (1, "Bread, dark", 2.5), (None, "Tap water", 0)]


def test_column_of_dates_is_not_offered_to_a_number():
    document = read_bytes(
        tabbed("Tag|Was|Betrag", "2031-05-02|Brot|3.20", "2031-05-03|Salz|1.10").encode(), "paper.txt"
    )
    (match,) = find_uncertain_tables(the_list(a_list("", what=text(), sum=number())), document)
    offered = {slot.key: slot.literals for slot in make_column_question(match, document.text).slots}
    assert offered == {"B": ("what",), "C": ("sum",)}


def test_two_headers_under_one_have_a_column_each():
    document = (
        "Voucher   Hire dates                  Berth       Charge\n"
        "          Start         Finish\n"
        "V-11      4 May 2031    6 May 2031    North quay   40.00\n"
        "V-12      7 May 2031    9 May 2031    South quay   55.00\n"
        "V-13      8 May 2031    9 May 2031    North quay   20.00\n"
    )
    wanted = a_list("", voucher=text(), hireStart=text(), hireFinish=text(), berth=text(), charge=number())
    assert rows(document, wanted)[:2] == [
        ("V-11", "4 May 2031", "6 May 2031", "North quay", 40),
        ("V-12", "7 May 2031", "9 May 2031", "South quay", 55),
    ]


def test_item_has_the_column_that_shares_a_word_with_it_where_others_are_told():
    document = tabbed("No|Hoisted flags|Height|Width", "1|Blue Peter|1.2|1.8", "2|Yankee|1.1|1.7", "3|Hotel|0.9|1.4")
    wanted = a_list("", flag=text(), height=number(), width=number())
    assert rows(document, wanted) == [("Blue Peter", 1.2, 1.8), ("Yankee", 1.1, 1.7), ("Hotel", 0.9, 1.4)]


def test_rows_that_take_turns_with_fuller_ones_are_details():
    lines = ["Day|Sailing|Boat|Seats|Crew|Fare"]
    for day in (3, 4, 5, 6):
        lines += [f"Week {day}||||2|", f"{day} May 2031|09:00|Heron|40|3|{day}.50"]
    wanted = a_list("", day=text(), sailing=text(), boat=text(), seats=number(), crew=number(), fare=number())
    assert [row[2] for row in rows(tabbed(*lines), wanted)] == ["Heron"] * 4


def test_line_above_names_the_columns_of_lines_that_are_built_alike():
    document = (
        "Nr  Boat                   Berth           Fare\n"
        "A 1   Grey Heron             North quay      12.50\n"
        "      Nights    Rate\n"
        "      2         6.25\n"
        "A 2   Kittiwake              South quay      18.00\n"
        "      Nights    Rate\n"
        "      3         6.00\n"
        "A 3   Black Guillemot        North quay      31.00\n"
        "      Nights    Rate\n"
        "      5         6.20\n"
    )
    schema = load_schema({"type": "object", "properties": {"stays": a_list("", boat=text(), fare=number())}})
    found = find_uncertain_tables(schema.fields[0], read_bytes(document.encode(), "stays.txt"))
    assert any("Boat" in names for match in found for names in match.grid.names)


def test_one_word_of_a_sentence_in_a_description_is_no_header():
    item = load_schema({"type": "object", "properties": {"boat": text("the boat, as printed on the line above it")}})
    quoted = load_schema({"type": "object", "properties": {"boat": text("the boat, from the LINE column")}})
    assert header_similarity(item.fields[0], "Line") < 0.7 < header_similarity(quoted.fields[0], "Line")


def test_first_column_without_a_header_is_the_item_that_is_named_for_a_label():
    document = tabbed("|2030|2029", "Tolls|410|395", "Ferries|77|81", "Moorings|12|9")
    wanted = a_list(
        "", statement=text(), lineLabel=text(), current=number("current year"), prior=number("the previous year")
    )
    assert rows(document, wanted)[:2] == [(None, "Tolls", 410, 395), (None, "Ferries", 77, 81)]


def test_date_that_is_printed_once_a_day_holds_for_the_entries_below():
    document = tabbed(
        "Date|Details|Amount", "1 May 2031|Salary|900.00", "|Gift|50.00", "3 May 2031|Rent|650.00", "|Oil|9.10"
    )
    movement = a_list("", date=text("", format="date"), details=text(), amount=number())
    assert [row[0] for row in rows(document, movement)] == ["2031-05-01", "2031-05-01", "2031-05-03", "2031-05-03"]


def test_dates_of_later_columns_are_not_carried_down():
    document = tabbed("Details|Due|Amount", "Rent|1 May 2031|650.00", "Gift||50.00", "Oil|3 May 2031|9.10")
    movement = a_list("", details=text(), due=text("", format="date"), amount=number())
    assert [row[1] for row in rows(document, movement)] == ["2031-05-01", None, "2031-05-03"]


@pytest.mark.parametrize(
    ("description", "left"),
    [
        ("what was booked, pending bookings excluded", ["Salary", "Rent"]),
        ("what was booked; excludes the pending ones", ["Salary", "Rent"]),
        ("bookings, totals not included", ["Salary", "Gift (pending)", "Rent"]),
    ],
)
def test_rows_with_a_word_that_a_description_leaves_out_are_no_entries(description, left):
    document = tabbed(
        "Date|Details|Amount", "1 May 2031|Salary|900.00", "2 May 2031|Gift (pending)|50.00", "3 May 2031|Rent|650.00"
    )
    movement = a_list(description, date=text("", format="date"), details=text(), amount=number())
    assert [row[1] for row in rows(document, movement)] == left


def test_header_over_two_columns_that_names_two_things_names_one_for_each():
    document = (
        "<table><tr><th>No<th colspan=2>Kind and details<th>Amount</tr>"
        "<tr><td>1<td>DD<td>Water<td>31.40</tr><tr><td>2<td>CR<td>Salary<td>900.00</tr></table>"
    )
    schema = {"no": {"type": "integer"}, "kind": text(), "details": text(), "amount": number()}
    result = extract(
        read_bytes(document.encode(), "sheet.html"),
        load_schema({"type": "object", "properties": {"rows": a_list("", **schema)}}),
        None,
    )
    assert [(e["kind"], e["details"]) for e in result.data["rows"]] == [("DD", "Water"), ("CR", "Salary")]


PIECES = a_list(style=text(), colour=text(), netWeightKg=number(), grossWeightKg=number())


def test_ditto_marks_stand_for_the_cell_above():
    document = tabbed(
        "Style|Colour|N.W. kgs|G.W. kgs",
        "K-1|Teal|10.5|11.0",
        "〃|Rust|9.5|10.0",
        "M-4|ditto|8.5|9.0",
    )
    assert rows(document, PIECES) == [
        ("K-1", "Teal", 10.5, 11),
        ("K-1", "Rust", 9.5, 10),
        ("M-4", "Rust", 8.5, 9),
    ]


def test_ditto_mark_in_a_first_row_stands_for_nothing():
    document = tabbed("Style|Colour|N.W. kgs|G.W. kgs", "〃|Teal|10.5|11.0", "K-1|Plum|9.5|10.0")
    assert [row[0] for row in rows(document, PIECES)] == ["〃", "K-1"]


BALES = tabbed(
    "Style|Colour|N.W. kgs|G.W. kgs",
    "K-1|Teal|10.00|11.00",
    "K-1|Plum|9.00|10.00",
    "Sub-total K-1||19.00|21.00",
    "M-4|Teal|8.00|9.00",
    "M-4|Rust|7.00|8.00",
    "Sub-total M-4||15.00|17.00",
    "Grand total||34.00|38.00",
)


def test_rows_after_a_subtotal_are_entries_though_a_cell_is_blank():
    document = BALES.replace("M-4\tTeal", "M-4\t")
    assert [row[:2] for row in rows(document, PIECES)] == [
        ("K-1", "Teal"),
        ("K-1", "Plum"),
        ("M-4", None),
        ("M-4", "Rust"),
    ]


def test_list_that_is_named_for_subtotals_has_these_rows():
    subtotals = a_list(style=text(), netWeightKg=number(), grossWeightKg=number())
    found = extraction(BALES, bales=PIECES, styleSubtotals=subtotals).data
    assert [row["style"] for row in found["bales"]] == ["K-1", "K-1", "M-4", "M-4"]
    assert [tuple(row.values()) for row in found["styleSubtotals"]] == [("K-1", 19, 21), ("M-4", 15, 17)]


@pytest.mark.parametrize(
    ("name", "header"), [("netWeightKg", "N.W. KGS"), ("grossWeight", "GW"), ("cartons", "CTNS"), ("pieces", "PCS")]
)
def test_header_may_be_initials_or_consonants_of_a_name(name, header):
    [field] = load_schema({"type": "object", "properties": {"rows": a_list(**{name: number()})}}).fields
    assert header_similarity(field.items[0], header) >= 0.9


STOCK = a_list(section=text(), number=text(), description=text(), packs=number(), price=number())


def test_sections_between_blank_lines_are_one_list():
    document = tabbed(
        "Number|Description|Packs|Price",
        "LIDS|||",
        "L-8|Lid, white|10|2.50",
        "L-9|Lid, black|12|2.75",
        "",
        "TRAYS",
        "",
        "T-1|Tray, small|20|4.00",
        "T-2|Tray, large|24|5.00",
    )
    assert [(row[0], row[1]) for row in rows(document, STOCK, "stock.tsv")] == [
        ("LIDS", "L-8"),
        ("LIDS", "L-9"),
        ("TRAYS", "T-1"),
        ("TRAYS", "T-2"),
    ]


def test_numbered_heading_is_a_heading():
    document = tabbed(
        "No|Description|Packs|Price",
        "1|Kitchen||",
        "1.1|Lid, white|10|2.50",
        "1.2|Lid, black|12|2.75",
        "2|Garden||",
        "2.1|Tray, small|20|4.00",
        "2.2|Tray, large|24|5.00",
    )
    wanted = a_list(section=text(), no=text(), description=text(), packs=number(), price=number())
    assert [(row[0], row[2]) for row in rows(document, wanted)] == [
        ("Kitchen", "Lid, white"),
        ("Kitchen", "Lid, black"),
        ("Garden", "Tray, small"),
        ("Garden", "Tray, large"),
    ]


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("makeOrBuy", "M/B"),
        ("unitOfMeasure", "UoM"),
        ("partNumber", "P/N"),
        ("unitWeightKg", "Unit wt kg"),
        ("al", "AI"),
        ("laufendeNummer", "Lfd. Nr."),
        ("groesse", "Größe"),
    ],
)
def test_headers_name_items_with_initials_short_words_and_letters_that_look_alike(name, header):
    schema = load_schema({"type": "object", "properties": {name: text()}})
    assert header_similarity(schema.fields[0], header) >= 0.8


def test_column_of_codes_is_the_item_whose_allowed_values_begin_with_them():
    wanted = a_list("", name=text(), weight=number(), sex=text(enum=["female", "male", None]))
    document = tabbed("Name|Weight|S", "Rosie|12|F", "Bruno|15|M", "Pip|3|F")
    assert rows(document, wanted) == [("Rosie", 12, "female"), ("Bruno", 15, "male"), ("Pip", 3, "female")]


def test_columns_that_no_item_goes_by_are_the_elements_of_a_list_of_numbers():
    wanted = a_list("", sample=text(), readings={"type": "array", "items": number()}, mean=number())
    document = tabbed("Sample|1|2|3|Mean", "A1|4|6|8|6", "A2|5|7||6")
    assert rows(document, wanted) == [("A1", [4, 6, 8], 6), ("A2", [5, 7], 6)]


def test_columns_are_not_a_list_of_numbers_where_another_number_has_no_column():
    wanted = a_list("", sample=text(), operator=text(), readings={"type": "array", "items": number()}, drift=number())
    document = tabbed("Sample|Operator|1|2|3", "A1|Ida|4|6|8", "A2|Ben|5|7|9")
    assert [row[2] for row in rows(document, wanted)] == [None, None] or rows(document, wanted) == []


def test_dash_in_a_column_of_texts_is_a_blank():
    wanted = a_list("", part=text(), revision=text(), count=number())
    document = tabbed("Part|Revision|Count", "Hinge|B|2", "Screw|-|14", "Plate|—|1")
    assert rows(document, wanted) == [("Hinge", "B", 2), ("Screw", None, 14), ("Plate", None, 1)]


def test_of_columns_under_two_headers_a_list_has_those_under_its_own_name():
    page = (
        "<table><tr><th colspan=3>Tensile test</th><th colspan=3>Impact test</th></tr>"
        "<tr><th>Test No.</th><th>Temp °C</th><th>Strength</th><th>Test No.</th><th>Temp °C</th><th>Energy</th></tr>"
        "<tr><td>T1</td><td>20</td><td>410</td><td>K1</td><td>-20</td><td>112</td></tr>"
        "<tr><td>T2</td><td>20</td><td>398</td><td>K2</td><td>-40</td><td>96</td></tr></table>"
    )
    wanted = a_list("", testNumber=text(), temperatureC=number(), strength=number())
    data = extraction(page, "tests.html", tensileTests=wanted).data
    assert [tuple(row.values()) for row in data["tensileTests"]] == [("T1", 20, 410), ("T2", 20, 398)]


def test_top_of_an_assembly_is_no_condition_of_rows():
    assert not limits_rows(the_list(a_list("All lines with the top assembly", part=text())))
    assert limits_rows(the_list(a_list("The top 3 customers", name=text())))


def test_value_over_several_rows_is_shown_with_each_of_them():
    page = (
        "<table><tr><th>Period</th><th>Fund</th><th>Paid</th></tr>"
        "<tr><td rowspan=2>January to June</td><td>Pension</td><td>120</td></tr>"
        "<tr><td>Health</td><td>80</td></tr></table>"
    )
    schema = load_schema(
        {"title": "t", "type": "object", "properties": {"rows": a_list("", fund=text(), paid=number())}}
    )
    match = match_rows(schema.fields, read_bytes(page.encode(), "funds.html"))["rows",]
    assert [cells[0].name for cells in match.cells] == ["Period", "Period"]


def test_rows_of_a_text_and_one_number_in_one_column_or_another_are_entries():
    wanted = a_list("", description=text(), quantity=number(), rate=number(), gross=number(), withheld=number())
    document = tabbed(
        "Description|Quantity|Rate|Gross|Withheld",
        "Salary|152|19.85|3,017.20|",
        "Night bonus|||362.06|",
        "Pension||||171.33",
        "Wage tax||||598.42",
        "Staff club||||5.00",
        "Total|||3,379.26|774.75",
    )
    assert [row[0] for row in rows(document, wanted)] == ["Salary", "Night bonus", "Pension", "Wage tax", "Staff club"]
    assert rows(document, wanted)[1:3] == [("Night bonus", None, None, 362.06, None), ("Pension", *[None] * 3, 171.33)]


def test_header_whose_texts_stand_again_below_is_the_first_entry():
    page = (
        "<table><tr><th>Wall</th><th>Cavity wall</th><th>Average</th></tr>"
        "<tr><td>Wall</td><td>Timber frame</td><td>Good</td></tr>"
        "<tr><td>Roof</td><td>Pitched</td><td>Average</td></tr></table>"
    )
    [grid] = table_grids(read_bytes(page.encode(), "parts.html"))
    assert [cell.text for _, cell in sorted(grid.rows[0].items())] == ["Wall", "Cavity wall", "Average"]
    assert not grid.has_header
    assert not grid.named_columns


def test_tables_of_two_kinds_go_to_the_lists_that_they_fit_together():
    document = tabbed(
        "No.|Burden|Entered|Deleted",
        "1|Right of way|1963-10-23|",
        "2|Right to live there|2019-04-11|",
        "",
        "No.|Amount|Mortgage|Entered|Deleted",
        "1|153.50|Savings bank|1979-08-02|2019-04-11",
        "2|240.00|People's bank|2020-06-30|",
    )
    burdens = a_list("", no=text(), content=text(), entered=text(format="date"), deleted=text(format="date"))
    mortgages = a_list(
        "", no=text(), amount=number(), lender=text(), entered=text(format="date"), deleted=text(format="date")
    )
    data = extraction(document, burdens=burdens, mortgages=mortgages).data
    assert [row["entered"] for row in data["burdens"]] == ["1963-10-23", "2019-04-11"]
    assert [row["amount"] for row in data["mortgages"]] == [153.5, 240]


def test_column_with_the_name_of_an_inner_list_holds_its_elements():
    wanted = a_list("", post=text(), number=number(), subjects={"type": "array", "items": text()})
    document = tabbed("Post|Number|Subjects", "Nurse|3|nursing; midwifery", "Clerk|1|law, economics")
    assert rows(document, wanted) == [("Nurse", 3, ["nursing", "midwifery"]), ("Clerk", 1, ["law", "economics"])]


def test_column_with_two_names_over_cells_of_two_values_is_two_columns():
    wanted = a_list("", load={"type": ["integer", "null"]}, vehicle=text(), out=text(), tonnes=number())
    document = tabbed(
        "L0AD VEHICLE|OUT|TONNES", "1 KX19 LDO|07:42|19.86", "2 YN21 VBE|08:31|20.14", "3 PO68 RRT|10:57|18.34"
    )
    assert [row[:2] for row in rows(document, wanted)] == [(1, "KX19 LDO"), (2, "YN21 VBE"), (3, "PO68 RRT")]
    whole = a_list("", unit=text(), price=number(), name=text())
    document = tabbed("Name|Unit price", "Rope|12.50", "Chain|8.25")
    assert [row[1:] for row in rows(document, whole)] == [(12.5, "Rope"), (8.25, "Chain")]


def test_row_of_three_texts_under_marked_headers_is_an_entry_though_most_columns_are_blank():
    page = (
        "<table><tr><th>Subject</th><th>Teacher</th><th>Q1</th><th>Q2</th><th>Q3</th><th>Average</th><th>Grade</th></tr>"
        "<tr><td>Latin</td><td>Mr Orr</td><td>91</td><td>94</td><td>95</td><td>93</td><td>A</td></tr>"
        "<tr><td>Gymnastics</td><td>Ms Quill</td><td></td><td></td><td></td><td></td><td>P</td></tr>"
        "<tr><td>Music</td><td>Ms Ruiz</td><td>96</td><td>97</td><td>97</td><td>97</td><td>A</td></tr></table>"
    )
    wanted = a_list(
        "", subject=text(), teacher=text(), q1=number(), q2=number(), q3=number(), average=number(), grade=text()
    )
    assert [row[0] for row in rows(page, wanted, "card.html")] == ["Latin", "Gymnastics", "Music"]


def test_header_of_two_words_over_a_column_and_a_nameless_one_names_both():
    wanted = a_list("", no={"type": ["integer", "null"]}, item=text(), result=number(), unit=text())
    document = tabbed("No Item||Result|Unit", "1|Sodium|140|mmol/L", "2|Potassium|4.1|mmol/L", "3|Urea|5|mmol/L")
    assert [row[:3] for row in rows(document, wanted)] == [(1, "Sodium", 140), (2, "Potassium", 4.1), (3, "Urea", 5)]


def test_numbers_with_units_are_asked_about_as_numbers_only():
    wanted = a_list("", nutrient=text(), unit=text(), perHundred=number(), perBar=number())
    document = tabbed("|per 100 g|portion", "Energy|1886 kJ|471.5 kJ", "Fat|18.4 g|4.6 g", "Salt|0.32 g|0.08 g")
    [match, *_] = find_uncertain_tables(the_list(wanted), read_bytes(document.encode(), "label.txt"))
    question = make_column_question(match, read_bytes(document.encode(), "label.txt").text)
    asked = {slot.key: set(slot.literals) for slot in question.slots}
    assert all("unit" not in held for held in list(asked.values())[1:])


def test_columns_of_a_table_are_the_entries_where_its_labels_are_the_names():
    wanted = a_list("", driver=text(), yearOfBirth={"type": ["integer", "null"]}, licence=text(), points=number())
    document = tabbed("Driver|Ada Quill|Ben Orr", "Year of birth|1971|1980", "Licence|full|permit", "Points|0|3")
    assert rows(document, wanted) == [("Ada Quill", 1971, "full", 0), ("Ben Orr", 1980, "permit", 3)]


def test_form_with_one_value_for_each_label_is_no_list():
    wanted = a_list("", name=text(), phone=text(), role=text())
    assert rows(tabbed("Name|Ada Quill", "Phone|01632 960001", "Role|head"), wanted) == []
