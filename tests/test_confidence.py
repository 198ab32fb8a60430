import pytest

from extractor.confidence.heuristic import answered, doubted, told
from extractor.types import Problem, Token


def test_one_doubtful_choice_is_not_hidden_by_many_sure_ones():
    sure = [Token(i, i + 1, 0.99, 1.0, 0.98) for i in range(20)]
    doubtful = [*sure, Token(20, 21, 0.3, 1.0, 0.1)]
    assert answered(doubtful) < 0.35 * answered(sure) + 0.05


def test_forced_tokens_say_nothing():
    forced = [Token(0, 1, forced=True)]
    assert answered(forced) == 0.5
    assert answered([*forced, Token(1, 2, 0.8, 1.0, 1.0)]) == pytest.approx(0.8)


def test_a_model_that_had_to_be_pushed_is_less_sure():
    assert answered([Token(0, 1, 0.9, 0.1, 0.9)]) < answered([Token(0, 1, 0.9, 1.0, 0.9)])


def test_a_worse_problem_takes_more():
    assert doubted(0.8, [Problem((), "schema", "")]) < doubted(0.8, [Problem((), "check", "")]) < 0.8


def test_tokens_tell_of_their_weakest_choice():
    tokens = [Token(0, 1, forced=True), Token(1, 2, 0.9, 0.8, 0.7), Token(2, 3, 0.4, 1.0, 0.1)]
    product = 0.9 * 0.4 * (0.6 + 0.25 * 0.8 + 0.15 * 0.1)
    expected = {"answered": product, "begun": product, "weakest": 0.4, "mass": 0.8, "margin": 0.1, "choices": 2}
    assert told(tokens) == pytest.approx(expected)
    assert told([Token(0, 1, forced=True)]) == {}
