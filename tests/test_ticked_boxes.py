"""Fields of yes and no, and of choices, that boxes in the text answer."""

import pytest

from extractor.candidates.ticked_boxes import TickedBoxSettings
from extractor.extraction.pipeline import extract
from extractor.readers import read_bytes
from extractor.schemas import load_schema
from extractor.settings import replaced

BOOLEAN = {"type": ["boolean", "null"]}
FORM = """KENNEL REGISTRATION
Vaccinated against rabies? \u2610 Yes \u2611 No\tChip number: 4471
Neighbours were informed
\u2611 Yes \u2610 No
\u2611 Fenced run (2 m)\t\u2610 Heated sleeping places\t\u2610 Indoor run
Size: \u2610 Small \u2611 Medium \u2610 Large
"""


def record(text, **properties):
    schema = load_schema({"type": "object", "properties": properties})
    return extract(read_bytes(text.encode(), "form.txt"), schema, None).data


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("rabiesVaccinated", False),
        ("neighbours_informed", True),
        ("fencedRun", True),
        ("heated_sleeping_place", False),
        ("run", None),  # one run is ticked and the other is not
        ("catsAllowed", None),
    ],
)
def test_box_beside_all_words_of_a_name_answers_it(name, answer):
    assert record(FORM, **{name: BOOLEAN}) == {name: answer}


def test_crosses_are_marks_where_the_other_boxes_are_empty():
    text = "\u2612 Vegan\t\u2610 Halal\n"
    assert record(text, vegan=BOOLEAN, halal=BOOLEAN) == {"vegan": True, "halal": False}


def test_question_with_nothing_but_words_of_asking_takes_the_name_around_it():
    inspection = {"type": "object", "properties": {"done": BOOLEAN}}
    assert record("Inspection carried out: \u2610 Yes \u2611 No\n", inspection=inspection) == {
        "inspection": {"done": False}
    }


def test_ticked_option_is_the_choice():
    size = {"type": ["string", "null"], "enum": ["Small", "Medium", "Large", None]}
    assert record(FORM, size=size) == {"size": "Medium"}
    assert record("\u2611 Small\nno other box\n", kind_of_dog={**size}) == {"kind_of_dog": None}


def test_rule_can_be_switched_off():
    with replaced(TickedBoxSettings(match_boxes=False)):
        assert record(FORM, neighbours=BOOLEAN) == {"neighbours": None}
    assert record(FORM, neighbours=BOOLEAN) == {"neighbours": True}
