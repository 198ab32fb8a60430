"""Lessons about lists: the headers of an approved list's columns map the next list of that layout."""

import json

from test_lessons import read_text

from extractor.extraction.pipeline import extract
from extractor.extraction.planning import match_structure
from extractor.lessons import ApprovedValue, gold_as_approved, make_lesson, parse_lesson, summarise_lessons
from extractor.schemas import load_schema

SCHEMA = load_schema(
    {
        "title": "Delivery",
        "type": "object",
        "properties": {
            "goods": {
                "type": "array",
                "title": "Goods",
                "items": {
                    "type": "object",
                    "properties": {
                        "name": {"type": ["string", "null"], "title": "Designation"},
                        "weight": {"type": ["number", "null"], "title": "Net weight"},
                        "price": {"type": ["number", "null"], "title": "Price"},
                    },
                },
            }
        },
    }
)
GOODS = ("rope", "anchor", "lantern", "canvas", "tar", "oakum")


def delivery(n: int, columns: tuple[str, ...] = ("Ware", "Price", "Charged", "Mass")) -> tuple[str, dict]:
    """Return a delivery note in HTML and its record, which has what was charged, not the price that is printed."""
    rows = [(GOODS[(n + k) % 6], 10 + n + k, 7.5 + n + 2 * k, 100 + 3 * n + k) for k in range(3)]
    head = "".join(f"<th>{name}</th>" for name in columns)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    text = f"<p>Chandlery of Westmere</p><p>Delivery number {n + 40}</p><table><tr>{head}</tr>{body}</table>"
    return text, {"goods": [{"name": r[0], "weight": r[3], "price": r[2]} for r in rows]}


def read_html(text: str):
    from extractor.readers import read_bytes

    return read_bytes(text.encode(), "delivery.html")


def lesson_from(n: int, **options):
    text, gold = delivery(n, **options)
    document = read_html(text)
    return make_lesson(document, SCHEMA, gold_as_approved(SCHEMA, gold), match_structure(document, SCHEMA))


def goods(text: str, lessons) -> list:
    return extract(read_html(text), SCHEMA, None, lessons=lessons).data.get("goods")


def test_structure_alone_takes_the_column_that_is_named_for_the_item():
    text, gold = delivery(3)
    assert goods(text, ()) != gold["goods"]


def test_an_approved_list_maps_the_next_one():
    text, gold = delivery(3)
    assert goods(text, [lesson_from(0)]) == gold["goods"]
    run = extract(read_html(text), SCHEMA, None, lessons=[lesson_from(0), lesson_from(1)]).run
    assert run["lessons"]["lists"] == {"goods": 2}


def test_tables_with_the_same_headers_are_one_list():
    (first, gold), (second, more) = delivery(3), delivery(4)
    table = second[second.index("<table>") :]
    found = goods(first + "<p>Carried over</p>" + table, [lesson_from(0)])
    assert found == gold["goods"] + more["goods"]


def test_items_that_a_lesson_does_not_know_keep_the_columns_that_are_named_for_them():
    text, gold = delivery(3, ("Ware", "Price", "Charged", "Net weight"))
    older = [{name: row[name] for name in ("name", "price")} for row in delivery(0)[1]["goods"]]
    document = read_html(delivery(0)[0])
    approved = gold_as_approved(SCHEMA, {"goods": older})
    lesson = make_lesson(document, SCHEMA, approved, match_structure(document, SCHEMA))
    assert "weight" not in dict(lesson.lists[0].columns)
    assert goods(text, [lesson]) == gold["goods"]


def test_an_item_that_is_a_part_of_another_has_no_column_of_its_own():
    items = SCHEMA.document["properties"]["goods"]["items"]["properties"]
    parts = {
        "mark": {"type": ["string", "null"], "title": "Mass"},
        "weight": {"type": ["number", "null"], "title": "Net weight", "x-part": {"of": "mark", "as": "number"}},
        **{name: items[name] for name in ("name", "price")},
    }
    goods_list = {"type": "array", "title": "Goods", "items": {"type": "object", "properties": parts}}
    schema = load_schema({"title": "Delivery", "type": "object", "properties": {"goods": goods_list}})
    records = []
    for n in range(2):
        text, gold = delivery(n)
        records.append((read_html(text), {"goods": [{**row, "mark": str(row["weight"])} for row in gold["goods"]]}))
    (first, approved), (second, expected) = records
    lesson = make_lesson(first, schema, gold_as_approved(schema, approved), match_structure(first, schema))
    assert dict(lesson.lists[0].columns) == {"mark": "mass", "name": "ware", "price": "charged"}
    assert extract(second, schema, None, lessons=[lesson]).data == expected


def test_headers_may_stand_in_another_order():
    text, _ = delivery(3)
    moved = text.replace("<th>Price</th><th>Charged</th>", "<th>Charged</th><th>Price</th>")
    found = goods(moved, [lesson_from(0)])
    assert [row["price"] for row in found] == [13, 14, 15]


def test_a_table_with_other_headers_is_left_to_structure():
    text, _ = delivery(3, ("Designation", "Price", "Left", "Net weight"))
    assert goods(text, [lesson_from(0)]) == goods(text, ())


def test_the_newest_of_lessons_that_differ_counts():
    text, gold = delivery(0)
    wrong = {"goods": [{**row, "price": 10 + k} for k, row in enumerate(gold["goods"])]}
    document = read_html(text)
    first = make_lesson(document, SCHEMA, gold_as_approved(SCHEMA, wrong), match_structure(document, SCHEMA))
    text, gold = delivery(4)
    assert goods(text, [first]) != gold["goods"]
    assert goods(text, [first, lesson_from(1)]) == gold["goods"]


def test_the_places_that_a_person_pointed_at_teach_too():
    text, gold = delivery(1)
    document = read_html(text)
    approved = []
    for n, row in enumerate(gold["goods"]):
        for name, value in row.items():
            printed = str(value)
            start = document.text.index(printed, document.text.index("Mass"))
            approved.append(ApprovedValue(("goods", n, name), value, (start, start + len(printed)), True))
    lesson = make_lesson(document, SCHEMA, approved, {})
    assert dict(lesson.lists[0].columns) == {"name": "ware", "weight": "mass", "price": "charged"}
    text, gold = delivery(5)
    assert goods(text, [lesson]) == gold["goods"]


def test_lessons_about_lists_survive_json_and_are_shown():
    lesson = lesson_from(2)
    assert parse_lesson(json.loads(json.dumps(lesson.as_dict()))) == lesson
    summary = {each.field: each for each in summarise_lessons([lesson, lesson_from(1)])}
    [label] = summary["goods[].price"].labels
    assert (label.text, label.count) == ("charged", 2)


def test_a_document_without_tables_teaches_nothing_about_lists():
    document = read_text("Nothing was delivered.\n")
    assert make_lesson(document, SCHEMA, gold_as_approved(SCHEMA, delivery(0)[1]), {}).lists == ()
