"""Gold against records: which fields match, and the metrics computed from the matches."""

import copy
import random

import pytest

from eval import scorer
from extractor.evaluation.anls import compute_anls
from extractor.evaluation.matching import field_name, match_failed_document, match_record, unknown_fields
from extractor.evaluation.metrics import DocumentScore, compute_metrics, micro_f1, paired_difference
from extractor.evaluation.samples import load_set, load_set_schema
from extractor.schemas import load_schema

SETS = [gold.parent for gold in sorted(scorer.SETS.glob("*/gold.jsonl"))]

TEXT, NUMBER, DATE = {"type": ["string", "null"]}, {"type": ["number", "null"]}, {"type": "string", "format": "date"}
ITEM = {"type": "object", "properties": {"name": TEXT, "amount": NUMBER, "tags": {"type": "array", "items": TEXT}}}
SCHEMA = load_schema(
    {
        "type": "object",
        "properties": {
            "company": TEXT,
            "day": DATE,
            "total": NUMBER,
            "sums": {"type": "object", "properties": {"net": NUMBER, "tax": NUMBER}},
            "items": {"type": "array", "items": ITEM},
            "names": {"type": "array", "items": TEXT},
        },
    }
)


def sample(n):
    draw = random.Random(n)
    amounts = [round(draw.uniform(1, 900), 2) for _ in range(draw.randint(1, 4))]
    return {
        "company": f"Acme {draw.randint(100, 999)} Ltd",
        "day": f"20{draw.randint(10, 29)}-{draw.randint(1, 12):02}-{draw.randint(1, 28):02}",
        "total": round(sum(amounts), 2),
        "sums": {"net": round(sum(amounts) * 0.8, 2), "tax": 0 if n % 3 else None},
        "items": [{"name": f"thing {a}", "amount": a, "tags": [f"t{a}"]} for a in amounts],
        "names": [f"Person {draw.randint(1, 10**6)}" for _ in range(2)],
    }


SAMPLES = [sample(n) for n in range(40)]


def score(gold, record, like=False):
    matches = match_record(SCHEMA, gold, record)
    return DocumentScore(matches, compute_anls(gold, record, matches) if like else 0.0)


def outcomes(gold, record, schema=SCHEMA, printed=None):
    return {(m.field, m.outcome) for m in match_record(schema, gold, record, printed)}


# Pairs.


def test_every_field_is_matched_and_named_without_positions():
    found = match_record(SCHEMA, SAMPLES[0], SAMPLES[0])
    assert {m.field for m in found} == {
        *("company", "day", "total", "sums.net", "sums.tax", "items[].name", "items[].amount", "items[].tags[]"),
        "names[]",
    }
    assert field_name(("items", 3, "tags", 0)) == "items[].tags[]"


def test_field_left_out_of_gold_is_not_scored_but_null_is():
    gold = {"company": None, "total": 3}
    record = {"company": "Acme", "day": "2020-01-01", "total": 3.0, "items": [{"name": "x"}]}
    assert outcomes(gold, record) == {("company", "spurious"), ("total", "correct")}
    assert outcomes({"company": None}, {}) == {("company", "absent")}
    assert outcomes({"sums": None}, {"sums": {"net": 1}}) == {("sums.net", "spurious"), ("sums.tax", "absent")}


def test_fields_of_gold_unknown_to_the_schema_are_named():
    gold = {"company": "x", "city": "y", "sums": {"net": 1, "gross": 2}, "items": [{"size": 1, "tags": ["a"]}]}
    assert unknown_fields(SCHEMA, gold) == ["city", "sums.gross", "items[].size"]
    assert unknown_fields(SCHEMA, SAMPLES[0]) == []


def test_elements_are_paired_so_that_most_fields_are_right():
    gold = {"items": [{"name": "pen", "amount": 3}, {"name": "ink", "amount": 4}, {"name": "cap", "amount": 5}]}
    record = {"items": [{"name": "ink", "amount": 5}, {"name": "cap", "amount": 5}, {"name": "pen", "amount": 3}]}
    pairs = {(m.gold_path, m.record_path): m.outcome for m in match_record(SCHEMA, gold, record)}
    assert pairs == {
        (("items", 0, "name"), ("items", 2, "name")): "correct",
        (("items", 0, "amount"), ("items", 2, "amount")): "correct",
        (("items", 1, "name"), ("items", 0, "name")): "correct",
        (("items", 1, "amount"), ("items", 0, "amount")): "wrong",
        (("items", 2, "name"), ("items", 1, "name")): "correct",
        (("items", 2, "amount"), ("items", 1, "amount")): "correct",
    }


def test_pairing_of_elements_is_the_best_and_not_the_first():
    gold = {"items": [{"name": "a", "amount": 1, "tags": ["x"]}, {"name": "a", "amount": 2, "tags": ["y"]}]}
    record = {"items": [{"name": "a", "amount": 2, "tags": ["y"]}, {"name": "a", "amount": 9, "tags": ["x"]}]}
    right = [m for m in match_record(SCHEMA, gold, record) if m.outcome == "correct"]
    assert len(right) == 5


def test_equal_elements_are_paired_in_their_order():
    gold = {"names": ["a", "b", "b", "c"]}
    found = match_record(SCHEMA, gold, {"names": ["b", "b", "c", "a"]})
    assert [(m.gold_path[1], m.record_path[1]) for m in found] == [(0, 3), (1, 0), (2, 1), (3, 2)]


def test_unpaired_elements_are_missing_or_spurious():
    gold = {"items": [{"name": "pen", "amount": 3}, {"name": "ink", "amount": None}]}
    record = {"items": [{"name": "pen", "amount": 3, "tags": ["q"]}]}
    found = match_record(SCHEMA, gold, record)
    assert [(m.field, m.outcome) for m in found if m.outcome != "correct"] == [("items[].name", "missing")]
    found = match_record(
        SCHEMA, {"items": gold["items"][:1]}, {"items": [*record["items"], {"name": "cap", "amount": None}]}
    )
    assert [(m.path, m.outcome) for m in found if m.outcome != "correct"] == [(("items", 1, "name"), "spurious")]
    assert outcomes({"items": []}, {"items": [{"name": "cap", "tags": ["a"]}]}) == {
        ("items[].name", "spurious"),
        ("items[].tags[]", "spurious"),
    }


def test_gold_as_printed_accepts_evidence_with_the_same_text():
    printed = {("total",): "1.234", ("day",): "03/04/2018"}
    record = {"total": 1.234, "day": "2018-04-03"}
    (total,) = match_record(SCHEMA, {"total": "1.234"}, {"total": 1234}, printed)
    assert (total.outcome, total.strict) == ("correct", "correct")
    (day,) = match_record(SCHEMA, {"day": "03/04/2018"}, record, printed)
    assert (day.outcome, day.strict, day.printed) == ("correct", "correct", "03/04/2018")
    (typed,) = match_record(SCHEMA, {"total": 1.234}, {"total": 1234}, printed)
    assert typed.outcome == "wrong"
    (empty,) = match_record(SCHEMA, {"total": "1.234"}, {"total": None}, printed)
    assert empty.outcome == "missing"


def test_strict_match_compares_the_writing():
    found = match_record(SCHEMA, {"company": "ACME LTD.", "total": 5}, {"company": "Acme Ltd", "total": 5.0})
    assert [(m.outcome, m.strict) for m in found] == [("correct", "wrong"), ("correct", "correct")]


def test_failed_document_misses_every_value_of_gold():
    assert {m.outcome for m in match_failed_document(SCHEMA, SAMPLES[0])} == {"missing"}
    assert len(match_failed_document(SCHEMA, {"company": "x", "total": None})) == 1


# Figures.


def test_gold_against_itself_scores_one_with_an_interval_of_no_width():
    found = compute_metrics([score(gold, gold, like=True) for gold in SAMPLES])
    for key, figure in found.overall.items():
        expected = 0 if key == "false_fills" else 1
        assert (figure.value, figure.low, figure.high) == (expected, expected, expected), key
    assert all(f.f1.value == 1 and f.f1.low == 1 for f in found.fields)


def test_gold_of_other_documents_scores_near_zero():
    found = compute_metrics([score(gold, SAMPLES[n - 7], like=True) for n, gold in enumerate(SAMPLES)])
    assert found.overall["micro_f1"].high < 0.15
    assert found.overall["without_zeros"].high < 0.05
    assert found.overall["zero"].value > 0.3  # that is what zeros flatter
    assert found.overall["whole_documents"].value == 0
    assert found.overall["anls"].value < 0.6


def test_one_missing_field_lowers_recall_alone():
    whole = compute_metrics([score(gold, gold) for gold in SAMPLES])
    partly = compute_metrics([score(gold, {**gold, "day": None} if n < 10 else gold) for n, gold in enumerate(SAMPLES)])
    total = whole.values
    assert partly.overall["precision"].value == 1
    assert partly.overall["recall"].value == pytest.approx((total - 10) / total)
    assert partly.overall["micro_f1"].value == pytest.approx(2 * (total - 10) / (2 * total - 10))
    assert partly.overall["whole_documents"].value == pytest.approx(30 / 40)
    assert partly.overall["macro_f1"].value == pytest.approx((8 + 2 * 30 / (40 + 30)) / 9)
    for key in ("nonzero", "zero", "false_fills"):
        assert partly.overall[key] == whole.overall[key]
    for before, after in zip(whole.fields, partly.fields, strict=True):
        if after.name == "day":
            assert (after.correct, after.missing, after.wrong, after.spurious) == (30, 10, 0, 0)
        else:
            assert after == before


def test_false_fills_are_a_share_of_fields_empty_in_gold():
    golds = [{"company": None, "total": None, "items": []}] * 4
    records = [{"company": "x"}, {}, {"items": [{"name": "y"}]}, {"company": "x", "total": 1}]
    found = compute_metrics([score(gold, record) for gold, record in zip(golds, records, strict=True)])
    assert found.overall["false_fills"].value == pytest.approx(3 / 8)


def test_failed_document_earns_nothing_for_empty_fields():
    gold = {"company": None, "total": 4}
    found = compute_metrics([score(gold, gold), DocumentScore(match_failed_document(SCHEMA, gold), 0.0, failed=True)])
    assert found.failed == 1
    assert found.overall["recall"].value == 0.5
    assert found.overall["false_fills"].value == 0 and sum(f.absent for f in found.fields) == 1
    assert found.overall["whole_documents"].value == 0.5


def test_intervals_are_reproducible_contain_the_value_and_shrink_with_more_documents():
    documents = [score(gold, {**gold, "company": None} if n % 3 else gold) for n, gold in enumerate(SAMPLES)]
    few, many = compute_metrics(documents[:8]).overall["micro_f1"], compute_metrics(documents * 4).overall["micro_f1"]
    assert few.low < few.value < few.high
    assert many.high - many.low < few.high - few.low
    assert compute_metrics(documents) == compute_metrics(documents)
    assert compute_metrics(documents[:1]).overall["micro_f1"].low is None


def test_interval_is_as_wide_as_theory_predicts():
    """Of documents with one field, each right or wrong, the share's interval is about that of a binomial."""
    gold = {"company": "x"}
    documents = [score(gold, gold if n % 2 else {"company": "y"}) for n in range(400)]
    found = compute_metrics(documents).overall["precision"]
    assert found.high - found.low == pytest.approx(2 * 1.96 * (0.25 / 400) ** 0.5, rel=0.1)


def test_planted_difference_is_more_than_noise_and_equal_answers_are_not():
    good = [score(gold, gold) for gold in SAMPLES]
    worse = [score(gold, {**gold, "total": 1}) for gold in SAMPLES]
    change, opposed = paired_difference(good, worse)
    assert change.high < 0 and opposed == 0
    assert change.value == pytest.approx(micro_f1(worse) - micro_f1(good))
    change, _ = paired_difference(good, good)
    assert (change.value, change.low, change.high) == (0, 0, 0)
    first = [score(gold, {**gold, "total": 1} if n % 3 else gold) for n, gold in enumerate(SAMPLES)]
    second = [score(gold, gold if n % 3 else {**gold, "total": 1}) for n, gold in enumerate(SAMPLES)]
    change, opposed = paired_difference(first, second)
    assert change.value > 0 and opposed < 0.05
    change, opposed = paired_difference(first[:6], second[:6])
    assert change.low < 0 < change.high
    assert opposed > 0.05


@pytest.mark.parametrize("folder", SETS, ids=lambda folder: folder.name)
def test_gold_of_shipped_sets_scores_one_against_itself_and_near_zero_against_others(folder):
    samples = load_set(folder)
    schema = load_set_schema(samples)
    for key, figure in scorer.score_gold_against_itself(samples, schema).overall.items():
        expected = None if figure.value is None else 0 if key == "false_fills" else 1
        assert (figure.value, figure.low, figure.high) == (expected, expected, expected), key
    other = scorer.score_gold_against_others(samples, schema).overall
    assert other["micro_f1"].value < 0.15 and other["without_zeros"].value < 0.15
    assert other["whole_documents"].value == 0


@pytest.mark.parametrize("folder", SETS, ids=lambda folder: folder.name)
def test_one_missing_field_changes_the_metrics_of_a_shipped_set_by_one_value(folder):
    samples = load_set(folder)
    schema = load_set_schema(samples)
    golds = [s.gold for s in samples.samples]
    whole = compute_metrics([DocumentScore(match_record(schema, gold, gold)) for gold in golds])
    less = copy.deepcopy(golds)
    name = _take_one_away(less[0])
    partly = compute_metrics(
        [DocumentScore(match_record(schema, gold, record)) for gold, record in zip(golds, less, strict=True)]
    )
    assert partly.overall["precision"].value == 1
    assert partly.overall["recall"].value == pytest.approx((whole.values - 1) / whole.values)
    assert partly.overall["whole_documents"].value == pytest.approx((len(golds) - 1) / len(golds))
    for key in ("zero", "false_fills"):
        assert partly.overall[key] == whole.overall[key], key
    changed = [after for before, after in zip(whole.fields, partly.fields, strict=True) if before != after]
    assert [(f.name, f.missing) for f in changed] == [(name, 1)]


def _take_one_away(gold, above=""):
    """Sets the first number other than zero, or text, to null; returns its name."""
    for name, value in gold.items():
        if isinstance(value, dict):
            if found := _take_one_away(value, f"{above}{name}."):
                return found
        elif value and isinstance(value, str | int | float):
            gold[name] = None
            return above + name
    return None


# ANLS*, speed.


def test_anls_gives_partial_credit_for_a_near_miss():
    gold = {"company": "Acme Tools", "total": 5}
    right, near, far = ({"company": name, "total": 5.0} for name in ("ACME tools", "Acme Tool", "Zenith"))
    values = [score(gold, record, like=True).anls for record in (right, near, far)]
    assert values[0] == 1 and 0.9 < values[1] < 1 and values[2] == 0.5


def test_anls_compares_printed_text_with_printed_text():
    gold = {"day": "03/04/2018", "total": "$1,234.00"}
    matches = match_record(
        SCHEMA, gold, {"day": "2018-04-03", "total": 1234}, {("day",): "03/04/2018", ("total",): "1,234.00"}
    )
    assert compute_anls(gold, {"day": "2018-04-03", "total": 1234}, matches) > 0.9


def test_anls_pairs_the_elements_of_a_long_list_in_any_order():
    gold = {"items": [{"name": f"thing {n}", "amount": n} for n in range(120)]}
    record = {"items": gold["items"][::-1][:119]}
    assert score(gold, record, like=True).anls == pytest.approx(119 / 120, abs=0.002)
