"""Repeated edits of a field's values are offered as a rule, which does nothing until a person switches it on."""

import json
from dataclasses import replace

import pytest
from test_lessons import SCHEMA, read_text

from extractor.cli import main
from extractor.extraction.field_values import ExtractionContext
from extractor.extraction.pipeline import extract
from extractor.extraction.planning import plan
from extractor.extraction.value_rules import apply_value_rules
from extractor.grounding.occurrences import make_evidence
from extractor.lessons import ApprovedValue, Proposal, ValueRule, attach_rules, make_lesson, offer_rules, parse_lesson
from extractor.lessons.edits import change_text, line_below
from extractor.review import ReviewService
from extractor.schemas import load_schema
from extractor.store import Store
from extractor.types import FieldValue

LABELLED = load_schema(
    {
        "title": "Berth card",
        "type": "object",
        "properties": {
            "keeper": {"type": ["string", "null"], "title": "Keeper"},
            "vessel": {"type": ["string", "null"], "title": "Vessel"},
        },
    }
)
CARDS = (
    ("Ada Brook, rope maker", "Tern"),
    ("Tom Reed, pilot", "Gull"),
    ("Ines Falk, baker", "Auk"),
    ("Per Lund", "Ibis"),
)


def card(keeper: str, vessel: str) -> str:
    return f"Berth card\nKeeper: {keeper}\nVessel: {vessel}\n"


def lesson_of(keeper: str, vessel: str, approved: str):
    """Return what a card teaches of which a person changed the keeper into `approved`."""
    document = read_text(card(keeper, vessel))
    start = document.text.index(keeper)
    own = document.text.index(approved)
    value = ApprovedValue(
        ("keeper",), approved, (own, own + len(approved)), approved != keeper, (start, start + len(keeper))
    )
    return make_lesson(document, LABELLED, [value], {}, name=f"{vessel}.txt")


def keeper_of(text: str, lessons) -> str:
    return extract(read_text(text), LABELLED, None, lessons=lessons).data["keeper"]


def test_an_edit_that_is_made_three_times_is_offered_with_examples():
    lessons = [lesson_of(keeper, vessel, keeper.split(",")[0]) for keeper, vessel in CARDS]
    [offered] = offer_rules(lessons)
    assert offered.rule == ValueRule(("keeper",), "cut_after", ",")
    assert (offered.saved, offered.spoilt) == (3, 0)
    assert ("Ada Brook, rope maker", "Ada Brook") in {(e.machine, e.changed) for e in offered.examples}
    assert offer_rules(lessons[:2]) == []


def test_what_would_spoil_accepted_values_is_not_offered():
    kept = [lesson_of(f"{name}, skipper", name, f"{name}, skipper") for name in ("Ann", "Bob", "Cyd")]
    changed = [lesson_of(keeper, vessel, keeper.split(",")[0]) for keeper, vessel in CARDS[:3]]
    assert offer_rules([*kept, *changed]) == []


@pytest.mark.parametrize(
    ("machine", "approved", "rule"),
    [
        ("Brook Ltd", "Brook", ("drop_end", "Ltd")),
        ("Capt. Brook", "Brook", ("drop_start", "Capt.")),
        ("AB 12 34", "AB1234", ("remove", " ")),
        ("ADA BROOK", "Ada Brook", ("title", "")),
        ("12 / Brook", "Brook", ("cut_before", "/")),
    ],
)
def test_edits_of_many_kinds_are_explained(machine, approved, rule):
    document = read_text(f"Keeper: {machine}\nnext line\n")
    start = document.text.index(machine)
    approved_value = ApprovedValue(("keeper",), approved, None, True, (start, start + len(machine)))
    one = make_lesson(document, LABELLED, [approved_value], {})
    lessons = [replace(one, document=f"{n}") for n in range(3)]
    rules = {(each.rule.kind, each.rule.argument) for each in offer_rules(lessons)}
    assert rule in rules
    assert change_text(ValueRule(("keeper",), *rule), machine) == approved


def test_the_line_below_is_a_rule_too():
    document = read_text("Keeper\nHarbour Office\n  Ada Brook\nVessel\tTern\n")
    start, own = document.text.index("Harbour"), document.text.index("Ada")
    value = ApprovedValue(("keeper",), "Ada Brook", (own, own + 9), True, (start, start + 14))
    lessons = [replace(make_lesson(document, LABELLED, [value], {}), document=str(n)) for n in range(3)]
    rules = {each.rule.kind: each.rule for each in offer_rules(lessons)}
    assert "below" in rules

    planned = plan(document, LABELLED)
    context = ExtractionContext(document, planned.passages, planned.candidates.context)
    taken = FieldValue(("keeper",), "Harbour Office", make_evidence(document, start, start + 14), 0.5)
    on = attach_rules(lessons, [rules["below"]])
    [changed], applied = apply_value_rules([taken], on, {}, LABELLED, context)
    assert (changed.value, changed.evidence.text) == ("Ada Brook", "Ada Brook")
    assert applied == {("keeper",): rules["below"]}
    learnt = {("keeper",): Proposal(("keeper",), start, start + 14, 0.9, 0.0)}
    [kept], applied = apply_value_rules([taken], on, learnt, LABELLED, context)
    assert kept == taken and not applied  # where lessons say that the value stands, nothing is moved


def test_the_line_below_stays_in_its_cell():
    document = read_text("Keeper\tVessel\nAda Brook\tTern\n\nend")
    at = document.text.index("Vessel")
    assert document.text[slice(*line_below(document, at, at + 6))] == "Tern"
    assert line_below(document, len(document.text) - 3, len(document.text)) is None


def test_a_rule_changes_values_once_it_is_switched_on_and_the_run_says_so():
    lessons = [replace(lesson_of(*CARDS[0], "Ada Brook"), fields=())]
    text = card("Otto Grau, cooper", "Teal")
    assert keeper_of(text, lessons) == "Otto Grau, cooper"
    on = attach_rules(lessons, [ValueRule(("keeper",), "cut_after", ",")])
    result = extract(read_text(text), LABELLED, None, lessons=on)
    assert result.data["keeper"] == "Otto Grau"
    [value] = [v for v in result.values if v.path == ("keeper",)]
    assert value.evidence.text == "Otto Grau"
    assert result.run["lessons"]["rules"] == {"keeper": 'keeper=cut_after:","'}
    assert parse_lesson(json.loads(json.dumps(on[0].as_dict()))) == on[0]


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("EXTRACTOR_STORE", str(tmp_path / "store.db"))
    with Store(tmp_path / "store.db") as store:
        store.add_schema(LABELLED)
        store.add_schema(SCHEMA)
        for keeper, vessel in CARDS:
            store.lessons.add(lesson_of(keeper, vessel, keeper.split(",")[0]), who="ann")
    return tmp_path / "store.db"


def test_the_command_shows_switches_and_exports_rules(place, tmp_path, capsys):
    key = 'keeper=cut_after:","'
    assert main(["learn", "--show"]) == 0
    shown = capsys.readouterr().out
    assert f"rule {key} would have saved 3 corrections" in shown and "'Tom Reed, pilot' to 'Tom Reed'" in shown
    assert main(["learn", "--switch-on", key]) == 0
    with Store(place) as store:
        assert [rule.key for rule in store.lessons.rules(LABELLED.id)] == [key]
        assert store.lessons.rules(SCHEMA.id) == []
        found = store.lessons.find(read_text(card("Eve Marsh, tailor", "Smew")), LABELLED.id)
        assert found[0].rules and not any(lesson.rules for lesson in found[1:])
    assert main(["learn", "--export", str(tmp_path / "lessons.json")]) == 0
    assert main(["learn", "--import", str(tmp_path / "lessons.json"), "--store", str(tmp_path / "other.db")]) == 0
    with Store(tmp_path / "other.db") as store:
        assert [rule.key for rule in store.lessons.rules(LABELLED.id)] == [key]
    assert main(["learn", "--switch-off", key]) == 0
    with Store(place) as store:
        assert store.lessons.rules(LABELLED.id) == []
        store.lessons.switch_rule(LABELLED.id, ValueRule(("keeper",), "upper"), True, who="ann")
        store.lessons.delete(who="ann", schema=LABELLED.id)
        assert store.lessons.rules(LABELLED.id) == []
    assert main(["learn", "--switch-on", "keeper=upper:"]) != 0  # there is nothing any more that would suggest it


def test_the_page_offers_rules_and_switches_them(place):
    with Store(place) as store:
        service = ReviewService(store)
        try:
            [rule] = service.lessons.show(LABELLED.id)["rules"]
            assert (rule["kind"], rule["argument"], rule["enabled"]) == ("cut_after", ",", False)
            assert rule["examples"][0]["changed"]
            service.lessons.switch_rule(LABELLED.id, rule["key"], True, who="ann")
            [rule] = service.lessons.show(LABELLED.id)["rules"]
            assert rule["enabled"] and rule["saved"] == 3
            service.lessons.switch_rule(LABELLED.id, rule["key"], False, who="ann")
            assert store.lessons.rules(LABELLED.id) == []
        finally:
            service.close()
