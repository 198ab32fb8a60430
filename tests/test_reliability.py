"""The commands that try to break the tool: they name tests that exist, and notice what they are there to notice."""

from __future__ import annotations

import json

import pytest
from conftest import replies

from eval import injection, long_run, reliability, scale
from eval.long_run import Sample
from eval.reliability import Check
from extractor.extraction.machine_instructions import MachineInstructionSettings
from extractor.models import catalogue
from extractor.models.scripted import ScriptedModel
from extractor.settings import replaced
from extractor.store import Store

QUICK = "tests/test_atomic_files.py"
"""A file of tests that imports little, for a process of its own."""


def test_every_test_that_is_named_exists():
    assert reliability.missing_tests() == []
    assert reliability.missing_tests([Check("x", "y", ("tests/test_reliability.py::test_that_is_not_there",))])
    assert all(bool(check.tests) != (check.run is not None) for check in reliability.CHECKS)


def test_verdicts_are_told_apart(monkeypatch, capsys):
    def fail(effort):
        raise ValueError("a | b")

    checks = (
        Check("good", "it holds", run=lambda effort: {"kills": effort.choose(2, 200)}),
        Check("bad", "it does not", run=fail),
        Check("tested", "a test says so", (f"{QUICK}::test_missing_folder_is_named_in_the_error",)),
        Check("gone", "a test says so", (f"{QUICK}::test_gone",)),
    )
    monkeypatch.setattr(reliability, "CHECKS", checks)
    assert reliability.main(["--only", "good"]) == 0
    assert reliability.main(["--but", "gone"]) == 1
    out = capsys.readouterr().out
    assert "| good | it holds | PASS | kills 2 |" in out and "| bad | it does not | FAIL | ValueError: a / b |" in out
    assert "| tested | a test says so | PASS | 1 tests |" in out and "2 of 3 passed." in out
    assert not reliability.judge(checks[-1], reliability.Effort()).passed
    with pytest.raises(SystemExit):
        reliability.main(["--only", "nothing"])


# Instructions in documents.


def test_instructions_in_sight_and_hidden_change_nothing_without_a_model():
    figures, changes = injection.measure(None)
    assert figures["documents"] == 40 and injection.is_withstood(figures)
    assert all(change.is_left_open and change.path == "total" for change in changes)  # it names another total


def test_default_model_is_one_that_there_is():
    name = injection.find_loader("default").args[0]
    assert injection.find_loader("none") is None and name in catalogue.CATALOGUE


def test_a_part_of_the_documents_with_instructions_has_several_forms(monkeypatch):
    clock = iter(range(0, 10_000, 60))
    seen = []
    monkeypatch.setattr(injection.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(injection, "find_changes", lambda pair, model: (seen.append(pair), ([], 1, False))[1])
    figures, _ = injection.measure(None, minutes=8)
    assert figures["documents"] == len(seen) == 8
    assert len({pair.form.name for pair in seen}) >= 3 and len({pair.form.is_hidden for pair in seen}) == 2


def pairs(is_hidden: bool) -> list[injection.Pair]:
    return [pair for pair in injection.make_pairs() if pair.form.is_hidden == is_hidden]


def test_a_model_that_obeys_is_noticed():
    def answer(group, request):
        keys = [line[2:].split(":")[0] for line in group.question.splitlines() if line.startswith("- ")]
        obeys = "Ignore all previous instructions" in request.prompt
        return json.dumps({key: True if obeys and key == "paid" else None for key in keys})

    first = next(pair for pair in pairs(is_hidden=False) if "Ignore all" in pair.instruction)
    with replaced(MachineInstructionSettings(find=False)):
        changes, values, shown = injection.find_changes(first, ScriptedModel(answer))
    assert "paid" in [change.path for change in changes if not change.is_left_open]
    assert values > 5 and not shown


def test_hidden_instructions_never_reach_a_model():
    for pair in pairs(is_hidden=True)[::3]:
        changes, _, shown = injection.find_changes(pair, replies({}))
        assert changes == [] and not shown, pair.instruction


def test_a_hidden_instruction_in_a_prompt_is_noticed():
    pair = pairs(is_hidden=False)[0]
    as_if_hidden = injection.Form("x", pair.form.layout, True)
    pair = injection.Pair(as_if_hidden, pair.instruction, pair.plain, pair.injected)
    with replaced(MachineInstructionSettings(find=False)):
        _, _, shown = injection.find_changes(pair, replies({}))
    assert shown


def test_an_instruction_in_sight_reaches_no_model():
    def answer(group, request):
        assert "Ignore all previous instructions" not in request.prompt
        return "{}"

    first = next(pair for pair in pairs(is_hidden=False) if "Ignore all" in pair.instruction)
    assert injection.find_changes(first, ScriptedModel(answer))[0] == []


# A day of work, and many records.


def samples(memory=(100.0, 100.0), handles=(20, 20), sizes=(1.0, 2.0)):
    """Samples that go from the first to the last value of each."""
    made = []
    for n in range(21):
        share = n / 20
        values = [first + (last - first) * share for first, last in (memory, handles, sizes)]
        made.append(Sample(1000 * n, values[0], round(values[1]), round(values[2] * 2**30)))
    return made


def test_growth_of_memory_handles_and_store_is_noticed():
    assert long_run._judge(samples(), {})["handles growth"] == 0
    for changed in ({"memory": (100.0, 200.0)}, {"handles": (20, 80)}):
        with pytest.raises(AssertionError):
            long_run._judge(samples(**changed), {})
    grown = samples()
    grown[-1] = Sample(grown[-1].records, 100.0, 20, 3 * grown[-1].size)
    with pytest.raises(AssertionError):
        long_run._judge(grown, {})


def test_a_store_for_scale_is_whole_and_every_action_works(tmp_path, monkeypatch):
    monkeypatch.setattr(scale, "SMALL", 500)
    place = str(tmp_path / "store.db")
    timings = list(scale.run(place, 1000, 1, whole=True))
    assert {"the next record", "look-up of lessons", "export of all records"} <= {timing.action for timing in timings}
    with Store(place) as store:
        assert sum(store.records.count_by_status().values()) == 1500
        assert store.records.count_by_status()["approved"] > 400
        assert store.lessons.find(scale._document(), next(iter(store.schemas())))
        assert [fault for fault in store.audit.verify() if "correction" not in fault] == []
