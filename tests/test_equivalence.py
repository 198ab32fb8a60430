"""When two values count as the same, and the figures made of it."""

import random

import pytest

from extractor.values.equivalence import (
    OutcomeCounts,
    classify_outcome,
    count_outcomes,
    is_absent,
    is_equivalent,
    is_identical,
)


@pytest.mark.parametrize(
    ("gold", "predicted", "kind"),
    [
        ("$16,350.00", 16350, None),
        ("$16,350.00", "16350", None),
        ("12.50", "RM 12.5", None),
        ("1,234.50", "1234.5", "number"),
        ("10/27/20", "2020-10-27", None),
        ("Feb13/20", "2020-02-13", None),
        ("25-MAR-18", "25/03/2018", None),
        ("03/04/2020", "2020-04-03", "date"),
        ("ACME SDN. BHD.", "Acme Sdn Bhd", None),
        ("１２３", "123", None),
        ("会宁县 人民政府", "会宁县人民政府", None),
        ("12 Main St", "12 MAIN ST.", None),
        (5, 5.004, None),
        ([1, "Two"], ["two", 1.0], None),
        ({"a": 1, "b": None}, {"a": "1"}, None),
        (True, "true", None),
        (None, " ", None),
    ],
)
def test_equivalent_values(gold, predicted, kind):
    assert is_equivalent(gold, predicted, kind)
    assert is_equivalent(predicted, gold, kind)


@pytest.mark.parametrize(
    ("gold", "predicted", "kind"),
    [
        ("$16,350.00", 16351, None),
        ("9.00", "9.02", None),
        ("0012", "12", None),
        ("957299-1", "957299-2", None),
        ("10/27/20", "2020-10-28", None),
        ("Acme Ltd", "Acme", None),
        ("x", None, None),
        ([1], [1, 1], None),
        (True, False, None),
        (1, True, None),
        ("-5", "5", "number"),
        (0.004, 0.001, None),
        ("0.12", 0.13, "number"),
        ("2020", "2021", None),
    ],
)
def test_values_that_are_not_equivalent(gold, predicted, kind):
    assert not is_equivalent(gold, predicted, kind)
    assert not is_equivalent(predicted, gold, kind)


def test_identity_compares_what_is_printed():
    assert is_identical("a  b", "a b")
    assert is_identical(12, "12")
    assert is_identical(5, 5.0)
    assert is_identical(None, "")
    assert not is_identical("$16,350.00", "16350")
    assert not is_identical("Acme", "ACME")
    assert not is_identical("a", None)


def test_a_value_is_equivalent_to_itself():
    draw = random.Random(3)
    for _ in range(2_000):
        text = "".join(draw.choice("0123456789.,-/:$ 年月日abJan%万") for _ in range(draw.randint(1, 12)))
        assert is_equivalent(text, text), text
        assert is_identical(text, text), text


def test_none_blank_text_and_empty_collections_are_absent():
    assert [is_absent(value) for value in (None, "", " ", [], {}, 0, False, "x")] == [True] * 5 + [False] * 3


def test_outcomes_are_classified_by_what_is_absent_and_what_is_equivalent():
    pairs = [("a", "A"), ("a", "b"), ("a", None), (None, "b"), (None, "")]
    assert [classify_outcome(*pair) for pair in pairs] == ["correct", "wrong", "missing", "spurious", "absent"]
    assert classify_outcome("a", "A", equal=is_identical) == "wrong"


def test_precision_recall_and_f1():
    counts = count_outcomes(["correct", "correct", "wrong", "missing", "spurious", "absent"])
    assert counts == OutcomeCounts(2, 1, 1, 1, 1)
    assert (counts.gold, counts.predicted) == (4, 4)
    assert (counts.precision, counts.recall, counts.f1) == (0.5, 0.5, 0.5)
    assert OutcomeCounts(absent=3).f1 is None
