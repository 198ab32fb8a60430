"""Calibrations: metrics against values by hand, fits judged on unseen documents, what records say."""

import json
import math
import random
from dataclasses import replace

import numpy as np
import pytest
from conftest import replies

from extractor.cli import main
from extractor.confidence import calibration
from extractor.confidence.calibration import Calibration, choose_calibration, logistic_terms, parse_calibration
from extractor.errors import InputError, UsageError
from extractor.evaluation import discrimination, runs
from extractor.evaluation.calibrate import CalibrationResult, calibrate
from extractor.evaluation.calibration_fit import CalibrationFitSettings, cross_fit, fit, split_groups
from extractor.evaluation.calibration_text import format_calibration
from extractor.evaluation.matching import Match
from extractor.evaluation.observations import Observation, collect_observations, count_unrepresented
from extractor.evaluation.report import build_report
from extractor.extraction import prompts
from extractor.extraction.pipeline import extract
from extractor.extraction.serialization import as_dict
from extractor.readers import read_bytes
from extractor.schemas import load_schema
from extractor.settings import replaced

PROPERTIES = {"city": {"type": "string"}, "guest": {"type": "string"}}
SCHEMA = load_schema({"type": "object", "properties": PROPERTIES})
LETTER = "Dr Lee wrote to us from Leeds about the visit of Bob Smith, who has since left.\n"
ANSWERS = {"city": "Leeds", "guest": "Bob Smith"}
WEIGHTS = "0" * 64


def made(**changes):
    coefficients = {"value": 0.2, "value score": 0.5, "null": -1.0, "value of guest": 0.7}
    return Calibration(**{**dict(
        name="letters", prompt=prompts.prompt_id(), schema=SCHEMA.id, model="scripted", weights=WEIGHTS,
        documents=(), bias=0.1,
        coefficients=coefficients, schema_name="letter", made="2026-01-01T00:00:00+00:00",
    ), **changes})  # fmt: skip


def synthetic_observations(documents=40, fields=30, seed=0, field="total"):
    """Values whose true probability of being right is known, with a score that ranks them but lies about it."""
    draw = random.Random(seed)
    for d in range(documents):
        for _ in range(fields):
            sure = draw.betavariate(2.0, 0.5)
            signals = {"answer_probability": sure, "label_support": draw.random(), "score": sure**4}
            yield Observation(f"d{d}", f"g{d // 2}", field, signals, sure**4, draw.random() < sure)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder of one's own calibrations, and none that ship."""
    monkeypatch.setenv("EXTRACTOR_CALIBRATIONS", str(tmp_path / "own"))
    monkeypatch.setattr(calibration, "shipped_folder", lambda: tmp_path / "shipped")
    (tmp_path / "own").mkdir()
    return tmp_path / "own"


def extraction(text=LETTER):
    return extract(read_bytes(text.encode(), "letter.txt"), SCHEMA, replies(ANSWERS))


# Figures.


def test_auroc_counts_pairs_in_the_right_order_and_halves_ties():
    assert discrimination.auroc(np.array([0.9, 0.8, 0.7, 0.6]), np.array([True, False, True, False])) == 0.75
    assert discrimination.auroc(np.array([0.9, 0.5, 0.5]), np.array([True, True, False])) == 0.75
    assert discrimination.auroc(np.array([0.9, 0.5]), np.array([True, True])) is None


def test_calibration_error_and_brier_score_match_values_by_hand():
    sure = np.array([0.2, 0.4, 0.9, 0.7])
    right = np.array([False, True, True, True])
    low, high = discrimination.equal_mass_bins(sure, right, 2)
    assert (low.count, low.confidence, low.accuracy) == (2, pytest.approx(0.3), 0.5)
    assert (high.count, high.confidence, high.accuracy) == (2, pytest.approx(0.8), 1.0)
    assert discrimination.expected_calibration_error((low, high)) == pytest.approx(0.2)
    assert discrimination.brier_score(sure, right) == pytest.approx((0.04 + 0.36 + 0.01 + 0.09) / 4)


def test_bins_have_equally_many_values():
    found = discrimination.equal_mass_bins(np.linspace(0, 1, 103) ** 5, np.ones(103, dtype=bool))
    assert len(found) == 10 and {b.count for b in found} == {10, 11}


def test_the_review_budget_of_a_constructed_case():
    right = np.arange(200) >= 10  # ten wrong ones, two of which may stay
    sure = np.linspace(0, 1, 200)
    assert discrimination.review_budget(sure, right) == pytest.approx(8 / 200)
    assert discrimination.review_budget(-sure, right) == pytest.approx(198 / 200)
    assert (
        discrimination.review_budget(np.full(200, 0.5), right)
        == pytest.approx(discrimination.random_review_budget(right))
        == pytest.approx(0.8)
    )
    assert (
        discrimination.review_budget(sure, np.ones(200, dtype=bool))
        == 0
        == discrimination.random_review_budget(np.ones(200, dtype=bool))
    )
    assert discrimination.review_budget(sure, right, target=1.0) == pytest.approx(10 / 200)


def test_trusting_the_confidence_reviews_all_below_the_threshold():
    sure = np.array([1.0, 1.0, 0.98, 0.5])
    assert discrimination.self_reported_review(sure, np.array([True, True, False, False])) == (0.25, 0.75)


def test_intervals_resample_documents():
    sure, right = np.tile([0.9, 0.1], 50), np.tile([True, False], 50)
    alone = discrimination.measure_confidence(sure, right, right | True, ["one"] * 100, rounds=50)
    assert alone.review_budget.low is None
    several = discrimination.measure_confidence(
        sure, right, right | True, [f"d{n // 10}" for n in range(100)], rounds=50
    )
    assert several.review_budget.low == several.review_budget.high == pytest.approx(0.49) and several.auroc.value == 1


# Fitting.


def test_fit_calibrates_a_distorted_score_on_unseen_documents_and_keeps_its_order():
    seen = list(synthetic_observations())
    right = np.array([o.right for o in seen])
    probabilities = cross_fit(seen, repeats=1)[0]
    before = discrimination.expected_calibration_error(
        discrimination.equal_mass_bins(np.array([o.score for o in seen]), right)
    )
    assert (
        before > 0.2
        and discrimination.expected_calibration_error(discrimination.equal_mass_bins(probabilities, right)) < 0.05
    )
    best = discrimination.auroc(np.array([o.signals["answer_probability"] for o in seen]), right)
    assert discrimination.auroc(probabilities, right) > best - 0.02


def test_uninformative_features_give_all_values_nearly_one_probability():
    draw = random.Random(1)
    seen = [
        replace(o, signals={"label_support": draw.random()}, right=draw.random() < 0.7)
        for o in synthetic_observations()
    ]
    probabilities = cross_fit(seen, repeats=1)[0]
    assert abs(probabilities.mean() - 0.7) < 0.05 and probabilities.std() < 0.05


def test_group_is_never_on_both_sides_of_a_split():
    groups = [o.group for o in synthetic_observations()]
    folds = split_groups(groups, 5, 3)
    assert sorted(i for _, outside in folds for i in outside) == list(range(len(groups)))
    for inside, outside in folds:
        assert not {groups[i] for i in inside} & {groups[i] for i in outside}


def test_fit_without_wrong_values_gives_a_constant_below_one():
    bias, coefficients = fit([replace(o, right=True) for o in synthetic_observations(4, 5)])
    assert not coefficients and 0.9 < 1 / (1 + math.exp(-bias)) < 1


def test_general_calibration_has_no_terms_for_fields():
    _, own = fit(list(synthetic_observations(10, 10)))
    _, general = fit([replace(o, field="") for o in synthetic_observations(10, 10)])
    assert any(" of total" in name for name in own) and not any(" of " in name for name in general)


# From a run.


def result_of(n, wrong=False, document=None, said="uncalibrated", **more):
    """A document with a right value, a doubtful one, a rightly empty field, and a list element that was not found."""
    value, sure = ("Leeds", 0.9) if not wrong else ("York", 0.4)
    found = [(("city",), value, sure), (("guest",), None, 0.6)]
    values = tuple(
        {"path": list(p), "value": v, "confidence": s, "score": s, "evidence": None, "method": "model", "problems": [],
         "signals": {"answer_probability": s, "score": s} | ({"null": 1.0} if v is None else {})}
        for p, v, s in found
    )  # fmt: skip
    outcome = "wrong" if wrong else "correct"
    matches = (
        Match(("city",), ("city",), "text", "Leeds", value, outcome, outcome),
        Match(("guest",), ("guest",), "text", None, None, "absent", "absent"),
        Match(("rows", 0, "x"), None, "text", "far", None, "missing", "missing"),
    )
    id_ = document or f"{n:064x}"
    run = {"confidence": said}
    return runs.DocumentResult(f"{n}.txt", {}, matches, id_, more, {}, values, run=run)


def run_of(tmp_path, name="letters", schema=SCHEMA.id, weights=WEIGHTS):
    identity = {"set": name, "schema": schema, "model": "scripted", "prompt": prompts.prompt_id(), "code": "",
                "tool": made().tool}  # fmt: skip
    header = {"identity": identity, "weights": weights, "schema": {"name": name}}
    return runs.EvalRun(tmp_path, header, {})


def test_nulls_are_observations_and_missing_elements_are_counted_apart():
    documents = [result_of(0), result_of(1, wrong=True, layout="card"), result_of(2, layout="card")]
    seen = [o for o in collect_observations(documents) if not o.absence]
    assert [(o.field, o.right, o.non_null) for o in seen[:2]] == [("city", True, True), ("guest", True, False)]
    assert [o.right for o in seen if o.field == "city"] == [True, False, True]
    assert [o.group for o in seen[::2]] == ["0.txt", "card", "card"]
    assert count_unrepresented(documents) == 3


def result_with(outcome, value, **signals):
    """A document with one value of a model, whose gold makes it `outcome`."""
    found = {"path": ["guest"], "value": value, "confidence": 0.5, "score": 0.5, "evidence": None, "method": "model",
             "problems": [], "signals": {"score": 0.5, **signals}}  # fmt: skip
    match = Match(("guest",), ("guest",), "text", None, value, outcome, outcome)
    return runs.DocumentResult("a.txt", {}, (match,), "0" * 64, {}, {}, (found,), run={})


@pytest.mark.parametrize(
    ("outcome", "value", "signals", "expected"),
    [
        ("correct", "Bob", {}, [("value", True), ("absence", False)]),
        ("wrong", "Bob", {}, [("value", False), ("absence", False)]),
        ("spurious", "Bob", {}, [("value", False), ("absence", True)]),
        ("absent", None, {"null": 1.0}, [("value", True)]),
        ("missing", None, {"null": 1.0}, [("value", False)]),
        ("absent", None, {}, [("value", False), ("absence", True)]),  # a value that was rightly withdrawn
        ("missing", None, {}, [("absence", False)]),  # one that was withdrawn, right or not
    ],
)
def test_absence_of_a_models_value_is_an_observation_of_its_own(outcome, value, signals, expected):
    seen = collect_observations([result_with(outcome, value, **signals)])
    assert [("absence" if o.absence else "value", o.right) for o in seen] == expected


def test_value_less_likely_than_its_absence_is_withdrawn(folder):
    coefficients = {"value score": -3.0, "absence score": 3.0, "absence": 0.1}
    kept = replace(made(), coefficients={"value score": 1.0}, bias=5.0)
    (folder / "kept.json").write_text(kept.as_json())
    assert extraction().data == ANSWERS
    (folder / "kept.json").write_text(made(bias=0.0, coefficients=coefficients).as_json())
    found = extraction()
    assert found.data == {"city": None, "guest": None} or not found.data
    for value in found.values:
        assert value.value is None and value.evidence is None
        assert {p.kind for p in value.problems} >= {"withdrawn"}
        assert value.confidence > 0.5 and "null" not in value.features


def test_calibration_of_other_kinds_withdraws_nothing(folder):
    coefficients = {"value score": -3.0, "absence score": 3.0, "absence": 0.1}
    general = replace(made(bias=0.0, coefficients=coefficients), schema=None)
    (folder / "general.json").write_text(general.as_json())
    found = extraction()
    assert found.data == ANSWERS and "other kinds" in found.run["confidence"]


def test_run_gives_a_calibration_with_held_out_metrics(tmp_path):
    documents = [result_of(n, wrong=n % 4 == 0) for n in range(40)]
    with replaced(CalibrationFitSettings(repeats=2)):
        found = calibrate([(run_of(tmp_path), documents)], rounds=50)
    assert (found.values, found.documents, found.wrong, found.unrepresented) == (80, 40, 10, 40)
    assert set(found.calibration.documents) == {d.id for d in documents}
    assert (
        found.calibration.applies_to(SCHEMA.id, WEIGHTS, prompts.prompt_id())
        and found.calibration.held_out["auroc"][0] > 0.95
    )
    said = format_calibration(found)
    assert "10 bins of equal mass" in said and "40 values of gold have no place" in said
    assert "a person has to review 10 of 80 fields" in said and "at random 74" in said


def test_several_schemas_give_a_general_calibration_judged_on_unseen_ones(tmp_path):
    sets = [
        (run_of(tmp_path, name, name), [result_of(m, wrong=m % 4 == 0) for m in range(n, n + 12)])
        for n, name in ((0, "a"), (12, "b"), (24, "c"))
    ]
    found = calibrate(sets, rounds=20)
    assert found.calibration.schema is None and found.groups == 3 and found.calibration.name == "a + b + c"
    assert "each kind of report judged by a fit on the others" in format_calibration(found) and found.is_improvement
    with pytest.raises(UsageError, match="not of one model"):
        calibrate([*sets, (run_of(tmp_path, "d", "d", weights="1"), [])])


def test_sets_given_with_are_learnt_from_and_not_judged(tmp_path):
    few, many = (
        [result_of(n, wrong=n % 4 == 0) for n in range(8)],
        [result_of(n, wrong=n % 4 == 0) for n in range(20, 60)],
    )
    with replaced(CalibrationFitSettings(repeats=1)):
        alone = calibrate([(run_of(tmp_path), few)], rounds=5)
        taught = calibrate([(run_of(tmp_path), few)], [(run_of(tmp_path, "other", "other"), many)], rounds=5)
    assert taught.values == alone.values == 16 and taught.after.brier < alone.after.brier
    assert len(taught.calibration.documents) == 48 and taught.calibration.applies_to(
        SCHEMA.id, WEIGHTS, prompts.prompt_id()
    )
    assert "also learnt from: other" in format_calibration(taught)


def test_too_few_documents_and_runs_without_features_are_refused(tmp_path):
    with pytest.raises(UsageError, match="too few"):
        calibrate([(run_of(tmp_path), [result_of(n) for n in range(5)])])
    bare = [result_of(n) for n in range(20)]
    for d in bare:
        for v in d.values:
            v["signals"] = {}
    with pytest.raises(UsageError, match="0 documents"):
        calibrate([(run_of(tmp_path), bare)])


def test_eval_shows_scores_for_documents_the_calibration_was_fitted_on(tmp_path):
    said = "calibrated on this very document (letters, 12345678)"
    own = replace(
        result_of(0), values=tuple({**v, "confidence": 0.99} for v in result_of(0).values), run={"confidence": said}
    )
    other = replace(own, document="1.txt", run={"confidence": "calibrated (letters, 12345678)"})
    found = build_report(run_of(tmp_path), [own], SCHEMA)
    assert found.calibration == "uncalibrated (letters, 12345678 was fitted on them)"
    assert found.confidences() == [(0.9, True)]
    assert build_report(run_of(tmp_path), [other], SCHEMA).confidences() == [(0.99, True)]


# In use.


def test_calibration_is_the_same_after_writing_and_reading():
    before = made()
    after = parse_calibration(before.as_json())
    assert after == before and after.hash == before.hash and len(after.hash) == 8
    assert after.probability("guest", {"score": 0.8}) == before.probability("guest", {"score": 0.8})
    for broken in ("", "[]", "{}", '{"coefficients": 3}', before.as_json().replace('"bias"', '"bios"')):
        with pytest.raises(InputError, match="is not a calibration"):
            parse_calibration(broken)


def test_probability_is_the_logistic_of_its_terms():
    z = 0.1 + 0.2 + 0.5 * math.log(0.8 / 0.2) + 0.7
    assert made().probability("guest", {"score": 0.8}) == pytest.approx(1 / (1 + math.exp(-z)))
    assert made(bias=90.0, edge=0.01).probability("guest", {}) == 0.99
    assert logistic_terms("x", {"null": 1.0, "structural": 1.0, "occurrence_count": 2.0}) == {
        "structural null": 1.0, "structural null of x": 1.0,
        "structural null occurrence_count": pytest.approx(math.log(3)),
    }  # fmt: skip


def test_records_without_a_calibration_say_uncalibrated(folder):
    result = extraction()
    assert result.run["confidence"] == "uncalibrated"
    assert all(v.confidence == v.features["score"] for v in result.values)


def test_values_carry_the_probability_and_keep_their_score(folder):
    before = {v.path: v.confidence for v in extraction().values}
    calibration = made()
    (folder / "letter.json").write_text(calibration.as_json(), "utf-8")
    result = extraction()
    assert result.run["confidence"] == f"calibrated (letters, {calibration.hash})"
    for v in result.values:
        assert v.confidence == round(calibration.probability(v.path[0], v.features), 4) != before[v.path]
        assert v.features["score"] == before[v.path]
    plain = as_dict(result)["values"][0]
    assert plain["score"] == before[("city",)] and "signals" not in plain
    assert as_dict(result, features=True)["values"][0]["signals"]["score"] == plain["score"]


@pytest.mark.parametrize(
    "other",
    [{"weights": "1" * 64}, {"schema": "other"}, {"prompt": "x"}, {"tool": "extractor 0"}, {"features_version": -1}],
)
def test_calibration_of_another_model_schema_prompt_or_version_is_not_used(folder, other):
    (folder / "letter.json").write_text(made(**other).as_json(), "utf-8")
    assert extraction().run["confidence"] == "uncalibrated"


def test_record_says_when_the_calibration_is_of_other_kinds_or_of_this_document(folder):
    (folder / "general.json").write_text(made(schema=None, name="a + b").as_json(), "utf-8")
    assert extraction().run["confidence"].startswith("calibrated on other kinds of report (a + b, ")
    own = made(documents=(extraction().document.id,))
    (folder / "letter.json").write_text(own.as_json(), "utf-8")
    assert extraction().run["confidence"] == f"calibrated on this very document (letters, {own.hash})"
    assert extraction(LETTER + "Yours").run["confidence"] == f"calibrated (letters, {own.hash})"


def test_users_calibrations_come_before_shipped_ones_and_newer_before_older(folder, tmp_path):
    (tmp_path / "shipped").mkdir()
    (tmp_path / "shipped" / "a.json").write_text(made(name="shipped", made="2027").as_json(), "utf-8")
    assert choose_calibration(SCHEMA.id, WEIGHTS, prompts.prompt_id()).name == "shipped"
    (folder / "a.json").write_text(made(name="old", made="2025").as_json(), "utf-8")
    (folder / "b.json").write_text(made(name="new", made="2026").as_json(), "utf-8")
    assert choose_calibration(SCHEMA.id, WEIGHTS, prompts.prompt_id()).name == "new"


def test_broken_calibration_is_named_in_the_record_and_not_used(folder):
    (folder / "letter.json").write_text("{", "utf-8")
    said = extraction().run["confidence"]
    assert said.startswith("uncalibrated: ") and "letter.json" in said


def test_shipped_calibrations_apply_to_this_version():
    for file in calibration.shipped_folder().glob("*.json"):
        shipped = parse_calibration(file.read_text("utf-8"), str(file))
        assert (
            shipped.held_out["bins"]
            and shipped.coefficients
            and len(shipped.documents) >= CalibrationFitSettings().min_documents
        )
        assert shipped.applies_to(shipped.schema or "any", shipped.weights, prompts.prompt_id()), (
            f"{file.name}: made by another version; make figures"
        )


# The command.


@pytest.fixture
def letters(tmp_path):
    place = tmp_path / "letters"
    place.mkdir()
    schema = {"type": "object", "properties": {
        "total": {"type": ["number", "null"], "title": "Total due"},
        "count": {"type": ["integer", "null"], "title": "Parcels"},
    }}  # fmt: skip
    (place / "schema.json").write_text(json.dumps(schema), "utf-8")
    lines = []
    for n in range(12):
        (place / f"{n}.txt").write_text(f"Letter\n\nTotal due: {100 + n}.50\nParcels: {n + 2}\n", "utf-8")
        gold = {"total": 100.5 + n, "count": 1 if n % 3 == 0 else n + 2}
        lines.append(json.dumps({"document": f"{n}.txt", "gold": gold}))
    (place / "gold.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    return place


def test_dry_run_keeps_nothing_and_a_long_fit_shows_its_progress(folder, letters, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("tqdm.std.time", iter(range(0, 3000, 3)).__next__)
    with replaced(CalibrationFitSettings(repeats=1)):
        assert main(["calibrate", str(letters), "--model", "none", "--runs", str(tmp_path / "runs"), "--dry-run"]) == 0
    out, err = capsys.readouterr()
    assert "letters: 12 documents, 24 fields" in out and not list(folder.glob("*"))
    assert "/5 [" in err


def test_command_stores_a_calibration_that_later_records_use(folder, letters, tmp_path, capsys):
    kept = ["--model", "none", "--runs", str(tmp_path / "runs")]
    with replaced(CalibrationFitSettings(repeats=1)):
        assert main(["calibrate", str(letters), *kept]) == 0
    assert [f.name for f in folder.glob("*")] == ["letters-none.json"]
    capsys.readouterr()
    other = tmp_path / "other.txt"
    other.write_text("Letter\n\nTotal due: 77.50\nParcels: 9\n", "utf-8")
    assert main(["extract", str(other), "--schema", str(letters / "schema.json"), "--model", "none"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["run"]["confidence"].startswith("calibrated (letters, ")
    sure = {v["path"][0]: v["confidence"] for v in result["values"]}
    assert sure["total"] > sure["count"] > 0.4
    assert main(["eval", str(letters), *kept, "--again", "--output", str(tmp_path / "page.html")]) == 0
    assert "was fitted on them" in (tmp_path / "page.html").read_text("utf-8")


def test_calibration_no_better_than_the_score_is_not_stored(folder, letters, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(CalibrationResult, "is_improvement", False)
    with replaced(CalibrationFitSettings(repeats=1)):
        assert main(["calibrate", str(letters), "--model", "none", "--runs", str(tmp_path / "runs")]) == 0
    assert "not kept" in capsys.readouterr().err and not list(folder.glob("*"))


def test_options_for_one_set_are_refused_with_several(letters, capsys):
    assert main(["calibrate", str(letters), str(letters), "--run", "x"]) == 2
    assert "for one set" in capsys.readouterr().err
