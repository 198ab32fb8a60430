"""The benchmark's parts: reports with answers that can be given, scoring, and the table; no model is run."""

import json

import pytest

from eval.bench import (
    FIELDS_PER_GROUP,
    BenchRequest,
    DocumentTiming,
    EngineResult,
    find_mistakes,
    format_table,
    make_request,
)
from eval.bench_documents import FIELDS, OPTIONAL, SCHEMA, BenchDocument, documents, make_list
from eval.whole_text import Outcome, Task, judge, list_task
from eval.whole_text import format_table as format_whole_text_table
from extractor.decoding.source_text import join_lines
from extractor.extraction import extract
from extractor.models.scripted import ScriptedModel
from extractor.schemas import load_schema
from extractor.types import Answer, FieldGroup, Request
from extractor.values.equivalence import is_equivalent
from extractor.values.normalisation import normalise_value

FIELD_LIST = load_schema(SCHEMA).fields
BY_NAME = {field.name: field for field in FIELD_LIST}
REPORTS = documents(10)


def correct_answers(report: BenchDocument, asked: BenchRequest) -> dict[str, str | None]:
    """Return the correct answers as the report prints them, each one that the grammar allows."""
    texts: dict[str, str | None] = {}
    for slot in (slot for group in asked.slots for slot in group):
        truth, field = report.truth[slot.key], BY_NAME[slot.key]
        choices = slot.literals if slot.kind == "literals" else (truth,)
        texts[slot.key] = truth and next(
            text for text in choices if is_equivalent(truth, normalise_value(field, text).value)
        )
    return texts


def test_same_seed_gives_the_same_reports_in_both_languages() -> None:
    assert documents(4) == documents(4)
    assert documents(4) != documents(4, seed=12)
    assert [report.name[-2:] for report in documents(4)] == ["en", "zh", "en", "zh"]
    assert {key for report in REPORTS for key in FIELDS if report.truth[key] is None} <= set(OPTIONAL)


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.name)
def test_every_gold_value_is_printed_and_can_be_answered(report: BenchDocument) -> None:
    text, _ = join_lines(report.text)
    for key, answer in correct_answers(report, make_request(report, FIELD_LIST, FIELDS_PER_GROUP)).items():
        assert answer is None or answer in text, key


def test_answers_are_scored_field_by_field() -> None:
    report = REPORTS[0]
    asked = make_request(report, FIELD_LIST, FIELDS_PER_GROUP)
    assert [len(slots) for slots in asked.slots] == [5, 5, 5, 5]
    texts = correct_answers(report, asked)
    correct = [Answer(json.dumps({slot.key: texts[slot.key] for slot in slots})) for slots in asked.slots]
    assert find_mistakes(report, FIELD_LIST, asked, correct) == {}
    cut_off = [*correct[:3], Answer("{")]
    assert set(find_mistakes(report, FIELD_LIST, asked, cut_off)) == {
        key for key in FIELDS[15:] if report.truth[key] is not None
    }
    texts["site"] = None
    correct[0] = Answer(json.dumps({slot.key: texts[slot.key] for slot in asked.slots[0]}))
    assert set(find_mistakes(report, FIELD_LIST, asked, correct)) == {"site"}


def test_table_says_whether_the_goals_are_met() -> None:
    results = {
        "ours": EngineResult("ours", [DocumentTiming(seconds=2.0, right=18), DocumentTiming(seconds=4.0, right=19)]),
        "plain": EngineResult("plain", [DocumentTiming(seconds=6.0, right=18), DocumentTiming(seconds=12.0, right=18)]),
        "llama": EngineResult("llama", [DocumentTiming(seconds=4.0, right=19), DocumentTiming(seconds=8.0, right=19)]),
    }
    shown = format_table(results, 20)
    assert "ours is 3.00 times plain (3.00 to 3.00), +1 fields right; goal 2.5: met" in shown
    assert "ours is 2.00 times llama (2.00 to 2.00), -1 fields right; goal 1.5: missed" in shown
    assert "37/40" in shown


def test_generated_list_has_its_rows_and_is_read_whole() -> None:
    task = list_task(30)
    assert len(task.gold["parts"]) == 30 and make_list(30, 7) == make_list(30, 7) != make_list(30, 8)
    held = {"A": "part", "B": "pieces", "C": "each", "D": "value"}

    def reply(group: FieldGroup, request: Request) -> str:
        columns = "A table has these columns" in group.question
        return json.dumps(held if columns else {"store": "Hall 3, Dock Road", "counted_on": None})

    outcome = judge(task, "ours", lambda t: extract(t.document, t.schema, ScriptedModel(reply)).data)
    assert outcome.error == "" and (outcome.right, outcome.wrong, outcome.missing) == (122, 0, 0)


def test_side_that_fails_has_all_of_gold_missing() -> None:
    def fail(task: Task) -> None:
        raise ValueError("refused")

    outcome = judge(list_task(3), "whole text", fail)
    assert (outcome.right, outcome.missing, outcome.error) == (0, 14, "ValueError: refused")


def test_table_tells_right_fields_and_times() -> None:
    table = format_whole_text_table(
        [Outcome("s", "a", "ours", 8, 1, 1, 0, 2.0), Outcome("s", "a", "whole text", 5, 4, 1, 2, 9.0)]
    )
    assert "| s | 1 | 8 of 10, 1, 0.842 | 5 of 10, 6, 0.476 | 2.0 | 9.0 | 4.50 |" in table
