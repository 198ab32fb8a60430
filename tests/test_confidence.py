import pytest

from extractor.confidence.heuristic import answer_probability, penalised, token_features
from extractor.types import Problem, Token


def test_one_improbable_token_lowers_the_score_of_a_long_answer():
    sure = [Token(i, i + 1, 0.99, 1.0, 0.98) for i in range(20)]
    doubtful = [*sure, Token(20, 21, 0.3, 1.0, 0.1)]
    assert answer_probability(doubtful) < 0.35 * answer_probability(sure) + 0.05


def test_forced_tokens_do_not_count():
    forced = [Token(0, 1, forced=True)]
    assert answer_probability(forced) == 0.5
    assert answer_probability([*forced, Token(1, 2, 0.8, 1.0, 1.0)]) == pytest.approx(0.8)


def test_small_mask_mass_lowers_the_score():
    assert answer_probability([Token(0, 1, 0.9, 0.1, 0.9)]) < answer_probability([Token(0, 1, 0.9, 1.0, 0.9)])


def test_worse_problems_take_more_of_the_confidence():
    assert penalised(0.8, [Problem((), "schema", "")]) < penalised(0.8, [Problem((), "check", "")]) < 0.8


def test_token_features_are_those_of_the_least_probable_token():
    tokens = [Token(0, 1, forced=True), Token(1, 2, 0.9, 0.8, 0.7), Token(2, 3, 0.4, 1.0, 0.1)]
    product = 0.9 * 0.4 * (0.6 + 0.25 * 0.8 + 0.15 * 0.1)
    expected = {
        "answer_probability": product,
        "onset_probability": product,
        "min_token_probability": 0.4,
        "min_mask_mass": 0.8,
        "min_token_margin": 0.1,
        "free_tokens": 2,
    }
    assert token_features(tokens) == pytest.approx(expected)
    assert token_features([Token(0, 1, forced=True)]) == {}
