"""Lists of plain texts that are held to the words which a model copies as the whole of them."""

import json

import pytest

from extractor.extraction import extract
from extractor.extraction.list_stretches import ListStretchSettings
from extractor.models.scripted import ScriptedModel
from extractor.readers import read_bytes
from extractor.schemas import load_schema
from extractor.settings import replaced

SCHEMA = load_schema(
    {
        "type": "object",
        "properties": {"works": {"type": "array", "items": {"type": "string"}, "description": "works of the owner"}},
    }
)


def read(text, written, stretch):
    """The list, of which a model writes the elements `written`, and copies `stretch` as the whole."""

    def answer(group, request):
        whole = "all of them together" in group.question
        return json.dumps({"works": stretch if whole else written})

    model = ScriptedModel(answer)
    return extract(read_bytes(text.encode(), "lease.txt"), SCHEMA, model), model


@pytest.mark.parametrize(
    ("text", "written", "stretch", "works"),
    [
        (
            "The owner paints the hall, mends the gate and cuts the hedge. The guest keeps the key.",
            ["paints the hall", "mends the gate", "cuts the hedge", "keeps the key"],
            "paints the hall, mends the gate and cuts the hedge",
            ["paints the hall", "mends the gate", "cuts the hedge"],
        ),
        (
            "The owner shall (a) paint the hall, (b) mend the gate (iron), and (c) cut the hedge.",
            [],
            "(a) paint the hall, (b) mend the gate (iron), and (c) cut the hedge",
            ["paint the hall", "mend the gate (iron)", "cut the hedge"],
        ),
        ("Devices: K-20 / M-7, both new", ["K-20 / M-7"], "K-20 / M-7", ["K-20", "M-7"]),
        ("附件：1.技术协议；2.图纸。", ["技术协议"], "1.技术协议；2.图纸", ["技术协议", "图纸"]),
        ("The owner is Oak & Elm Ltd.", ["Oak & Elm Ltd"], "Oak & Elm Ltd", ["Oak & Elm Ltd"]),
        (
            "Berths 2, 5 and 8 are free; 2 and 5 are let in May, 8 when the quay is mended.",
            ["2", "5", "8"],
            "2, 5 and 8 are free; 2 and 5 are let in May, 8 when the quay is mended",
            ["2", "5", "8"],
        ),
    ],
)
def test_elements_follow_from_the_stretch_and_from_what_was_written(text, written, stretch, works):
    result, _ = read(text, written, stretch)
    assert result.data["works"] == works
    assert [v.evidence.text for v in result.values] == works


def test_list_that_ran_on_is_cut_to_the_one_element_in_the_stretch():
    lines = [f"Line {name}" for name in "abcdefgh"]
    result, _ = read("\n".join(lines), lines, "Line a")
    assert result.data["works"] == ["Line a"]


@pytest.mark.parametrize("stretch", [None, "not in the text", "Mend the gate"])
def test_stretch_that_says_nothing_changes_nothing(stretch):
    result, _ = read("Paint the hall. Mend the gate.", ["Paint the hall", "Mend the gate"], stretch)
    assert result.data["works"] == ["Paint the hall", "Mend the gate"]


def test_no_question_where_the_rule_is_off():
    with replaced(ListStretchSettings(ask_for_stretches=False)):
        _, model = read("Paint the hall.", ["Paint the hall"], "Paint the hall")
    assert not any("all of them together" in question for question in model.questions)
