"""Lessons: approved documents of a layout teach where values stand in the next ones."""

import json
from dataclasses import replace

import pytest

from extractor.candidates.matches import StructuralMatch
from extractor.errors import InputError
from extractor.extraction.lesson_values import doubt_by_lessons
from extractor.extraction.pipeline import extract
from extractor.extraction.planning import match_structure
from extractor.lessons import ApprovedValue, gold_as_approved, make_lesson, parse_lesson, propose
from extractor.lessons.fingerprint import fingerprint, similarity, weighted_similarities
from extractor.lessons.places import locate_value
from extractor.lessons.proposals import Proposal, _lesson_weights, _trust_in_lessons
from extractor.lessons.tokens import DocumentTokens, correct_words, shape_of
from extractor.problems import ProblemKind
from extractor.readers import read_bytes
from extractor.schemas import load_schema
from extractor.types import FieldValue

SCHEMA = load_schema(
    {
        "title": "Mooring permit",
        "type": "object",
        "properties": {
            "keeper": {"type": ["string", "null"], "title": "Keeper"},
            "code": {"type": ["string", "null"], "title": "Identifier"},
            "starts": {"type": ["string", "null"], "format": "date", "title": "First day"},
            "sum": {"type": ["number", "null"], "title": "Charge"},
            "witness": {"type": ["string", "null"], "title": "Second signature"},
        },
    }
)
"""Its names are not those that the forms print."""

PEOPLE = ("Ada Brook", "Tom Reed Hollis", "Ines Falk", "Per Lund", "Mia Stone", "Otto Grau", "Eve Marsh", "Jo Carr")


def permit(n: int) -> tuple[str, dict]:
    """Return a form of the harbour's layout and its record; the name of the clerk stands like that of the keeper."""
    text = f"""Harbour Office of Westmere
Permit to moor a vessel within the inner basin
Receipt printed {n + 1} March 2021 and kept for ten years
Person who may moor
{PEOPLE[n % 8]}
Clerk on duty
{PEOPLE[(n + 3) % 8]}
Reference of this permit: WM-{410 + 7 * n}
Reference of the berth: B-{30 + n}
Moored from {n + 3} April 2021 until {n + 9} May 2021
Due on entry {100 + 13 * n}.50 of which harbour dues {40 + n}.00
Signed before the harbour master
"""
    gold = {
        "keeper": PEOPLE[n % 8],
        "code": f"WM-{410 + 7 * n}",
        "starts": f"2021-04-{n + 3:02}",
        "sum": 100.5 + 13 * n,
        "witness": None,
    }
    return text, gold


def ticket(n: int) -> tuple[str, dict]:
    """Return a form of another layout under the same schema."""
    text = f"""Ferry company tickets and moorings
Booking BK{7000 + n} confirmed
Traveller {PEOPLE[(n + 1) % 8]}
Accompanied by {PEOPLE[(n + 5) % 8]}
Valid {n + 2} June 2022 to {n + 4} June 2022
Fare {n + 20}.00 seat {n + 5}.25 altogether {2 * n + 25}.25
"""
    gold = {
        "keeper": PEOPLE[(n + 1) % 8],
        "code": f"BK{7000 + n}",
        "starts": f"2022-06-{n + 2:02}",
        "sum": 2 * n + 25.25,
        "witness": PEOPLE[(n + 5) % 8],
    }
    return text, gold


def read_text(text: str):
    return read_bytes(text.encode(), "form.txt")


def read_permit(n: int):
    text, gold = permit(n)
    return read_text(text), gold


def lessons_from(forms, schema=SCHEMA):
    lessons = []
    for text, gold in forms:
        document = read_text(text)
        approved = gold_as_approved(schema, gold)
        lessons.append(make_lesson(document, schema, approved, match_structure(document, schema), lessons))
    return lessons


def record(text: str, lessons) -> dict:
    return dict(extract(read_text(text), SCHEMA, None, lessons=lessons).data)


def test_structure_alone_does_not_find_the_values():
    assert set(record(permit(5)[0], ()).values()) == {None}


def test_three_documents_of_a_layout_teach_all_its_fields():
    text, gold = permit(5)
    assert record(text, lessons_from(map(permit, range(3)))) == gold


def test_one_document_teaches_some_fields():
    text, gold = permit(5)
    found = record(text, lessons_from([permit(0)]))
    assert sum(found[name] == gold[name] for name in gold) >= 3


def test_layouts_are_kept_apart():
    lessons = lessons_from([form(n) for n in range(3) for form in (permit, ticket)])
    for form in (permit, ticket):
        text, gold = form(6)
        assert record(text, lessons) == gold


def test_lessons_of_one_layout_do_not_fill_a_document_of_quite_another():
    lessons = lessons_from(map(permit, range(4)))
    minutes = "Minutes of the garden society\nThe chair opened the meeting.\nApples were discussed at length by all.\n"
    assert set(record(minutes, lessons).values()) == {None}


def test_a_wrong_lesson_is_outvoted_by_later_ones():
    text, gold = permit(0)
    wrong = {**gold, "keeper": PEOPLE[3]}  # the clerk
    lessons = lessons_from([(text, wrong), *map(permit, range(1, 5))])
    text, gold = permit(6)
    assert record(text, lessons) == gold


def test_misread_words_beside_a_value_do_no_harm():
    text, gold = permit(5)
    misread = text.replace("Person who may", "Pers0n who rnay").replace("Moored", "Mcored").replace("entry", "entri")
    assert record(misread, lessons_from(map(permit, range(4)))) == gold


def test_a_field_that_the_layout_never_has_is_likely_absent():
    result = extract(read_text(permit(5)[0]), SCHEMA, None, lessons=lessons_from(map(permit, range(4))))
    [value] = [v for v in result.values if v.path == ("witness",)]
    assert value.value is None
    assert value.confidence > 0.8
    assert not value.problems


def test_the_run_says_which_lessons_made_a_value():
    result = extract(read_text(permit(5)[0]), SCHEMA, None, lessons=lessons_from(map(permit, range(3))))
    said = result.run["lessons"]
    assert said["documents"] == said["layout"] == 3
    assert said["values"]["keeper"]["records"] == 3
    assert said["absent"] == ["witness"]
    [keeper] = [v for v in result.values if v.path == ("keeper",)]
    assert keeper.evidence.text == PEOPLE[5]
    assert keeper.features["lesson_records"] == 3
    assert "lessons" not in extract(read_text(permit(5)[0]), SCHEMA, None).run


def test_the_document_itself_teaches_it_nothing():
    text, _ = permit(2)
    assert set(record(text, lessons_from([permit(2)])).values()) == {None}


def test_only_approved_fields_teach():
    text, gold = permit(0)
    document = read_text(text)
    start = text.index("WM-410")
    approved = [ApprovedValue(("code",), gold["code"], (start, start + 6))]
    lesson = make_lesson(document, SCHEMA, approved, {})
    assert [f.path for f in lesson.fields] == [("code",)]
    assert lesson.fields[0].place.before[:2] == ("permit", "this")


def test_a_value_in_several_places_is_located_by_earlier_lessons():
    texts = [permit(n) for n in range(3)]
    text, gold = permit(3)
    repeated = text.replace("Clerk on duty\n", f"Clerk on duty\n{gold['keeper']}\n")
    first, *_ = lessons_from([*texts, (repeated, gold)])[::-1]
    [keeper] = [f for f in first.fields if f.path == ("keeper",)]
    assert keeper.place.before[0] == "moor"


def test_lessons_survive_json():
    for lesson in lessons_from([permit(0), ticket(1)]):
        assert parse_lesson(json.loads(json.dumps(lesson.as_dict()))) == lesson
    with pytest.raises(InputError):
        parse_lesson({"document": "x"})


def test_an_answer_that_structure_is_certain_of_is_weighed_with_lessons():
    lessons = [make_lesson(d, SCHEMA, gold_as_approved(SCHEMA, gold), {}) for d, gold in map(read_permit, range(3))]
    document, gold = read_permit(4)
    start = document.text.index(gold["code"])
    match = StructuralMatch(("code",), start, start + len(gold["code"]), 1.0, "")
    proposal = propose(document, SCHEMA.fields, lessons, {("code",): match})[("code",)]
    assert (proposal.start, proposal.end) == (match.start, match.end)


def test_fingerprints_tell_layouts_apart():
    permits = [fingerprint(DocumentTokens(read_text(permit(n)[0]))) for n in range(3)]
    other = fingerprint(DocumentTokens(read_text(ticket(0)[0])))
    assert similarity(permits[0], permits[1]) > 0.5 > 0.2 > similarity(permits[0], other)
    same, different = weighted_similarities(permits[0], [permits[1], other])
    assert same > 0.6 > 0.3 > different
    assert similarity((), permits[0]) == 0.0


def test_values_are_located_by_what_they_mean():
    document = read_text("Paid 1,250.00 on 3 April 2021\nby  O’Hara\n& Sons and Marohar Ltd\n")
    tokens = DocumentTokens(document)
    fields = {f.name: f for f in SCHEMA.fields}
    assert [document.text[s:e] for s, e in locate_value(1250, fields["sum"], tokens)] == ["1,250.00"]
    assert [document.text[s:e] for s, e in locate_value("2021-04-03", fields["starts"], tokens)] == ["3 April 2021"]
    assert [document.text[s:e] for s, e in locate_value("OHARA & SONS", fields["keeper"], tokens)] == ["O’Hara\n& Sons"]
    assert locate_value("ohar", fields["keeper"], tokens) == []


def test_shapes_and_corrected_words():
    assert shape_of("12/03/2004") == "0/0/0"
    assert shape_of("Ann LEE") == "Aa A"
    assert correct_words(["harb0ur", "barbour", "harbour", "pen"], ["harbour", "pin"]) == {
        "harb0ur": "harbour",
        "barbour": "harbour",
    }


def test_words_that_look_alike_are_taken_for_one_another():
    assert correct_words(["swom", "bcfore", "pen"], ["sworn", "before", "pin"]) == {"swom": "sworn", "bcfore": "before"}


def office(n: int) -> tuple[str, dict]:
    """Return a form whose last two values have no label of their own: the trade stands after the name's comma."""
    trades = ("cooper", "rope maker", "pilot of the inner harbour", "baker")
    name, trade = PEOPLE[n % 8], trades[n % 4]
    text = f"""Register of the Lower Basin
Berth {n + 3}, quay {n + 11}, shed {n + 21}
Drawn up in the presence of the keeper
{name}, {trade}
Stamp of the office, seal of the town
"""
    return text, {"keeper": name, "witness": trade, "code": None, "starts": None, "sum": None}


def test_a_value_is_found_by_the_field_before_it():
    lessons = lessons_from(map(office, range(4)))
    [trade] = [f for f in lessons[0].fields if f.path == ("witness",)]
    assert trade.place.beside_field == "keeper"
    for n in (5, 6, 7):
        text, gold = office(n)
        found = record(text, lessons)
        assert (found["keeper"], found["witness"]) == (gold["keeper"], gold["witness"])


def test_a_value_does_not_go_on_over_a_blank_line():
    lessons = lessons_from(map(permit, range(3)))
    text, gold = permit(5)
    name = gold["keeper"]
    assert record(text.replace(name, f"{name}\n\nOtto"), lessons)["keeper"] == name


def test_five_documents_with_wrong_corrections_change_nothing():
    def wrong(n: int) -> tuple[str, dict]:
        text, gold = permit(n)
        return text, {**gold, "keeper": PEOPLE[(n + 3) % 8], "code": f"B-{30 + n}", "sum": 40.0 + n}

    forms = [wrong(n) if n in (2, 5, 6, 9, 13) else permit(n) for n in range(20)]
    lessons = lessons_from(forms)
    for n in (21, 24, 26):
        text, gold = permit(n)
        assert record(text, lessons) == gold


def test_a_cell_that_is_left_blank_stays_blank():
    lessons = lessons_from(map(permit, range(4)))
    document, _ = read_permit(6)
    blank = {("sum",): StructuralMatch(("sum",), 10, 10, 1.0)}
    proposed = propose(document, SCHEMA.fields, lessons, blank)
    assert ("sum",) not in proposed and ("code",) in proposed


def test_a_blank_cell_that_people_filled_again_and_again_is_filled():
    blank = {("sum",): StructuralMatch(("sum",), 10, 10, 1.0)}
    documents = [read_permit(n) for n in range(4)]
    lessons = [make_lesson(d, SCHEMA, gold_as_approved(SCHEMA, gold), blank) for d, gold in documents]
    document, gold = read_permit(6)
    place = propose(document, SCHEMA.fields, lessons, blank)[("sum",)]
    assert float(document.text[place.start : place.end]) == gold["sum"]


def test_documents_without_anything_of_a_kind_say_nothing_of_those_that_have_some():
    def slip(n: int, day: str):
        return f"Westmere Chandlery\nSlip {n}\n{day}\nRope and tar to the value of {n}.25\n", {"starts": None}

    bare = [slip(n, "Paid at once") for n in range(8)]
    dated = [(text, {"starts": f"2021-04-0{n}"}) for n in range(1, 4) for text, _ in [slip(n, f"{n} April 2021")]]
    text, _ = slip(9, "5 April 2021")
    lessons = lessons_from([*bare, *dated])
    assert {each.fields[0].printed for each in lessons} == {0, 1}
    assert record(text, lessons)["starts"] == "2021-04-05"


def test_a_copy_of_the_document_weighs_no_more_than_the_others_of_its_layout():
    text, gold = permit(7)
    copied = text.replace(f"{7 + 1} March", f"{7 + 2} March")
    lessons = lessons_from([(copied, gold), *map(permit, range(4)), *map(ticket, range(4))])
    weights = _lesson_weights(DocumentTokens(read_text(text)), lessons)
    assert weights[0] == 1.0 and min(weights[1:5]) > 0.75 and max(weights[5:]) < 0.3


LABELLED = load_schema(
    {
        "title": "Mooring bill",
        "type": "object",
        "properties": {
            name: {"type": ["string", "null"], "title": name.title()} for name in ("keeper", "vessel", "berth", "clerk")
        },
    }
)


def bill(n: int) -> tuple[str, dict]:
    """Return a bill whose labels are those of the schema, and its record."""
    gold = {"keeper": PEOPLE[n % 8], "vessel": f"Gull {n}", "berth": f"B-{30 + n}", "clerk": PEOPLE[(n + 3) % 8]}
    lines = "".join(f"{name.title()}: {value}\n" for name, value in gold.items())
    return f"Bill of the harbour number {n}\n{lines}Payable at the gate of the inner basin\n", gold


def test_records_that_contradict_structure_in_field_after_field_are_hardly_believed():
    def swapped(n: int) -> tuple[str, dict]:
        text, gold = bill(n)
        names = list(gold)
        return text, dict(zip(names, [gold[name] for name in names[1:] + names[:1]], strict=True))

    lessons = lessons_from([*map(bill, range(4)), swapped(4), swapped(5)], LABELLED)
    trust = _trust_in_lessons(lessons)
    assert min(trust[:4]) > 0.9 and max(trust[4:]) < 0.5
    text, gold = bill(6)
    assert extract(read_text(text), LABELLED, None, lessons=lessons).data == gold


def test_a_record_of_a_layout_that_structure_reads_wrongly_again_and_again_is_believed():
    lessons = lessons_from([*map(permit, range(4))])
    assert min(_trust_in_lessons(lessons)) > 0.9


def test_a_text_that_stands_in_many_places_is_hardly_known_by_its_having_been_approved():
    forms = [(text.replace(gold["keeper"], "4"), {**gold, "keeper": "4"}) for text, gold in map(permit, range(3))]
    text, gold = permit(6)
    assert record(text + "4\n" * 20, lessons_from([*forms, *map(permit, range(3, 6))]))["keeper"] == gold["keeper"]


def test_a_value_of_a_model_in_a_field_that_the_layout_never_has_is_withdrawn():
    path = ("witness",)
    value = FieldValue(path, "Otto Grau", confidence=0.6, method="model")

    def doubted(absent: float, layout: int, method: str = "model") -> FieldValue:
        proposals = {path: Proposal(path, -1, -1, 0.0, absent, 0, layout)}
        return doubt_by_lessons([replace(value, method=method)], proposals)[0]

    withdrawn = doubted(0.97, 5)
    assert withdrawn.value is None and withdrawn.confidence == 0.97
    assert [problem.kind for problem in withdrawn.problems] == [ProblemKind.WITHDRAWN]
    few, unsure, printed = doubted(0.97, 2), doubted(0.4, 5), doubted(0.97, 5, "structure")
    assert few.value == unsure.value == printed.value == "Otto Grau"
    assert few.confidence < 0.25 and unsure.confidence < 0.6
