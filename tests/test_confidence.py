import pytest

from extractor.confidence.heuristic import answer_probability, mask_mass, penalise_problems, token_features
from extractor.types import FieldValue, Problem, Token


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
    problems = [(), (Problem((), "check", ""),), (Problem((), "schema", ""),)]
    found = penalise_problems([FieldValue((), "x", None, 0.8, given) for given in problems])
    assert [v.confidence for v in found] == sorted((v.confidence for v in found), reverse=True)
    assert found[0].confidence == 0.8 > found[1].confidence > found[2].confidence
    assert penalise_problems([FieldValue((), "x")])[0].confidence is None


def test_mask_mass_is_that_of_the_worst_choice():
    tokens = [Token(0, 1, mass=0.0, forced=True), Token(1, 2, mass=0.4), Token(2, 3, mass=0.9)]
    assert mask_mass(tokens) == 0.4 and mask_mass(tokens[:1]) == 1.0


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
