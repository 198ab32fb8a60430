"""Lessons about rows of lists: which value of a chosen item they have, and which rows people leave out."""

from extractor.extraction import planning
from extractor.extraction.pipeline import extract
from extractor.extraction.planning import match_structure
from extractor.lessons import gold_as_approved, make_lesson, parse_lesson
from extractor.models.scripted import ScriptedModel
from extractor.readers import read_bytes
from extractor.schemas import load_schema

GRADES = ["light", "fair", "heavy", None]
SCHEMA = load_schema(
    {
        "title": "Weighing",
        "type": "object",
        "properties": {
            "bales": {
                "type": "array",
                "title": "Bales",
                "items": {
                    "type": "object",
                    "properties": {
                        "mark": {"type": ["string", "null"], "title": "Mark"},
                        "weight": {"type": ["number", "null"], "title": "Weight"},
                        "least": {"type": ["number", "null"], "title": "Least"},
                        "grade": {"type": ["string", "null"], "enum": GRADES, "x-source": "judged"},
                    },
                },
            }
        },
    }
)
WEIGHTS = (41.5, 63.0, 52.25, 47.0, 58.5)


def weighing(n: int, sign: str = "", columns: tuple[str, ...] = ("Mark", "Weight", "Least"), total: bool = False):
    """Return a weighing list of five bales, and its record: light below the least weight, fair from it on.

    `sign` is printed behind weights that are too light. `total` adds a row without a mark, which is no bale.
    """
    rows, gold = [], []
    for k, weight in enumerate(WEIGHTS):
        least = 45.0 + (3 * n + 5 * k) % 11
        grade = "light" if weight < least else "fair"
        printed = f"{weight}{sign}" if grade == "light" else str(weight)
        rows.append((f"{'KQRVX'[k]}{chr(66 + n)}", printed, least))
        gold.append({"mark": rows[-1][0], "weight": weight, "least": least, "grade": grade})
    if total:
        rows.insert(2, ("", "0.5", "1.5"))
        rows.append(("", "3.25", "2.5"))
    head = "".join(f"<th>{name}</th>" for name in columns)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row[: len(columns)]) + "</tr>" for row in rows)
    text = f"<p>Wool store, day {n + 3}</p><table><tr>{head}</tr>{body}</table>"
    return read_bytes(text.encode(), "bales.html"), {"bales": gold}


def lessons_from(*documents):
    return [make_lesson(d, SCHEMA, gold_as_approved(SCHEMA, gold), match_structure(d, SCHEMA)) for d, gold in documents]


def grades(document, lessons, model=None) -> list:
    return [bale.get("grade") for bale in extract(document, SCHEMA, model, lessons=lessons).data["bales"]]


def expected(gold: dict) -> list:
    return [bale["grade"] for bale in gold["bales"]]


def test_a_chosen_item_follows_from_which_number_is_greater():
    document, gold = weighing(4)
    assert grades(document, ()) == [None] * 5
    assert grades(document, lessons_from(*map(weighing, range(3)))) == expected(gold)


def test_rules_of_rows_hold_in_other_layouts():
    columns = ("Bale mark", "Weight", "Least")
    document, gold = weighing(4, columns=columns)
    lessons = [w for w in lessons_from(*map(weighing, range(3))) if dict(w.lists[0].columns)["mark"] == "mark"]
    assert grades(document, lessons) == expected(gold)


def test_a_chosen_item_follows_from_a_sign_beside_the_number():
    lessons = lessons_from(*(weighing(n, "*", ("Mark", "Weight")) for n in range(3)))
    document, gold = weighing(4, "*", ("Mark", "Weight"))
    assert grades(document, lessons) == expected(gold)


def test_one_wrong_record_against_several_changes_no_choice():
    wrong, gold = weighing(3)
    flipped = [{**bale, "grade": "heavy"} for bale in gold["bales"]]
    document, right = weighing(4)
    lessons = lessons_from((wrong, {"bales": flipped}), *map(weighing, (0, 1, 2, 5, 6)))
    assert grades(document, lessons) == expected(right)


def test_the_record_says_how_many_approved_ones_bear_a_choice_out():
    document, _ = weighing(4)
    result = extract(document, SCHEMA, None, lessons=lessons_from(*map(weighing, range(3))))
    assert result.run["lessons"]["values"]["bales[0].grade"]["records"] >= 2
    value = next(v for v in result.values if v.path == ("bales", 0, "grade"))
    assert value.method == "code" and value.confidence >= 0.8


def test_a_model_is_not_asked_for_items_that_rows_decide():
    model = ScriptedModel([])
    document, gold = weighing(4)
    assert grades(document, lessons_from(*map(weighing, range(3))), model) == expected(gold)
    assert not any("grade" in group.question for request in model.requests for group in request.groups)


def test_rows_that_people_left_out_are_left_out_again():
    document, gold = weighing(4, total=True)
    first = [bale["mark"] for bale in extract(document, SCHEMA, None).data["bales"]]
    assert len(first) > 5
    lessons = lessons_from(weighing(0, total=True))
    bales = extract(document, SCHEMA, None, lessons=lessons).data["bales"]
    assert [bale["mark"] for bale in bales] == [bale["mark"] for bale in gold["bales"]]


def test_rows_are_not_left_out_where_an_approved_element_is_found_in_none():
    document, gold = weighing(0, total=True)
    other = {"bales": [{**gold["bales"][0], "mark": "elsewhere", "weight": 1.0, "least": 2.0}, *gold["bales"][1:]]}
    [lesson] = lessons_from((document, other))
    assert all(row.values for row in lesson.lists[0].rows)


def test_an_item_that_approved_rows_never_have_gets_no_column():
    document, _ = weighing(4)
    blank = [{**bale, "least": None} for bale in weighing(0)[1]["bales"]]
    lessons = lessons_from((weighing(0)[0], {"bales": blank}))
    found = extract(document, SCHEMA, None, lessons=lessons).data["bales"]
    assert [bale.get("least") for bale in found] == [None] * 5
    assert [bale["weight"] for bale in found] == list(WEIGHTS)


def test_a_list_over_two_tables_teaches_its_columns():
    bales = [bale for n in (0, 1) for bale in weighing(n)[1]["bales"]]
    head = "<tr><th>Sign</th><th>Kilograms</th><th>Least</th></tr>"
    rows = [f"<tr><td>{b['mark']}</td><td>{b['weight']}</td><td>{b['least']}</td></tr>" for b in bales]
    pages = [f"<table>{head}{''.join(rows[first : first + 5])}</table><p>Carried over</p>" for first in (0, 5)]
    document = read_bytes("".join(pages).encode(), "bales.html")
    [lesson] = lessons_from((document, {"bales": bales}))
    assert dict(lesson.lists[0].columns) == {"mark": "sign", "weight": "kilograms", "least": "least"}


def test_rows_travel_with_lessons():
    for lesson in lessons_from(weighing(0, total=True)):
        assert parse_lesson(lesson.as_dict()) == lesson
        assert lesson.lists[0].rows[0].cells


def test_what_lessons_say_is_weighed_once_for_a_document(monkeypatch):
    document, _ = weighing(4)
    lessons = lessons_from(*map(weighing, range(3)))
    first = planning.plan(document, SCHEMA, lessons=lessons)
    for name in ("propose", "propose_lists"):
        monkeypatch.delattr(planning, name)
    again = planning.plan(document, SCHEMA, None, {}, lessons, first)
    assert (again.proposals, again.learnt_lists) == (first.proposals, first.learnt_lists)
