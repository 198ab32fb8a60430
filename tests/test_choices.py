"""Lessons about values that are chosen or judged: documents with many of the same words had the same value."""

from extractor.extraction.pipeline import extract
from extractor.extraction.planning import match_structure
from extractor.lessons import gold_as_approved, make_lesson, parse_lesson, propose_choices
from extractor.models.scripted import ScriptedModel
from extractor.readers import read_bytes
from extractor.schemas import load_schema

SCHEMA = load_schema(
    {
        "title": "Ticket",
        "type": "object",
        "properties": {
            "payment": {"type": ["string", "null"], "enum": ["coins", "card", None], "x-source": "judged"},
            "paid": {"type": ["boolean", "null"], "x-source": "judged"},
            "remark": {"type": ["string", "null"], "x-source": "judged"},
        },
    }
)


def ferry(n: int):
    """Return a ticket that was paid in coins at a machine, and its record."""
    text = f"Ferry across the sound\nMachine {n} took coins\nNo change is given\nTicket to be kept until {n}:10\n"
    return read_bytes(text.encode(), "ferry.txt"), {"payment": "coins", "paid": True, "remark": f"the {n}th"}


def cable_car(n: int):
    """Return a ticket that was paid by card and leaves open whether it was paid, and its record."""
    text = f"Cable car to the summit\nCard ending {4000 + n} charged\nStanding room only\nDown by {n}:40\n"
    return read_bytes(text.encode(), "car.txt"), {"payment": "card", "paid": None, "remark": f"number {n}"}


def lessons_from(*documents):
    return [make_lesson(d, SCHEMA, gold_as_approved(SCHEMA, gold), match_structure(d, SCHEMA)) for d, gold in documents]


def test_the_value_of_like_documents_is_chosen():
    lessons = lessons_from(*map(ferry, range(3)), *map(cable_car, range(3)))
    result = extract(ferry(8)[0], SCHEMA, None, lessons=lessons)
    assert (result.data["payment"], result.data["paid"], result.data["remark"]) == ("coins", True, None)
    value = next(v for v in result.values if v.path == ("payment",))
    assert value.evidence is None and value.confidence > 0.8
    assert result.run["lessons"]["values"]["payment"]["records"] == 3
    assert extract(cable_car(8)[0], SCHEMA, None, lessons=lessons).data["payment"] == "card"


def test_a_null_that_was_approved_is_a_choice_too():
    choices = propose_choices(cable_car(8)[0], SCHEMA.fields, lessons_from(*map(cable_car, range(3))))
    assert choices[("paid",)].value is None
    assert choices[("paid",)].is_settled


def test_one_document_settles_nothing_and_a_wrong_one_is_outvoted():
    assert propose_choices(ferry(8)[0], SCHEMA.fields, lessons_from(ferry(0))) == {}
    document, gold = ferry(3)
    lessons = lessons_from(*map(ferry, range(3)), (document, {**gold, "payment": "card"}))
    choice = propose_choices(ferry(8)[0], SCHEMA.fields, lessons)[("payment",)]
    assert choice.value == "coins"
    assert choice.is_disputed and not choice.is_settled


def test_a_value_that_the_schema_no_longer_has_is_not_chosen():
    lessons = lessons_from(*map(ferry, range(3)))
    other = load_schema(
        {"title": "Ticket", "type": "object", "properties": {"payment": {"enum": ["card"], "x-source": "judged"}}}
    )
    assert propose_choices(ferry(8)[0], other.fields, lessons) == {}


def test_a_model_is_not_asked_for_what_lessons_settle():
    model = ScriptedModel([])
    lessons = lessons_from(*map(ferry, range(5)))
    open_fields = load_schema({**SCHEMA.document, "properties": {"payment": SCHEMA.document["properties"]["payment"]}})
    assert extract(ferry(8)[0], open_fields, model, lessons=lessons).data["payment"] == "coins"
    assert not model.requests


def test_what_may_be_chance_settles_nothing():
    """Of a field of two values, four documents have the same one in twelve cases of a hundred, by chance."""
    few = propose_choices(ferry(8)[0], SCHEMA.fields, lessons_from(*map(ferry, range(4))))[("payment",)]
    assert few.value == "coins" and few.lessons == 4 and not few.is_settled
    enough = propose_choices(ferry(8)[0], SCHEMA.fields, lessons_from(*map(ferry, range(5))))[("payment",)]
    assert enough.is_settled
    usual = [(document, {**gold, "payment": "coins"}) for document, gold in map(cable_car, range(6))]
    anywhere = propose_choices(ferry(8)[0], SCHEMA.fields, lessons_from(*map(ferry, range(5)), *usual))
    assert not anywhere[("payment",)].is_settled


def test_choices_travel_with_lessons():
    for lesson in lessons_from(ferry(0)):
        assert parse_lesson(lesson.as_dict()) == lesson
