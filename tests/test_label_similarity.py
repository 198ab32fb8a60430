"""How alike a field's label and a heading of a document are."""

import pytest

from extractor.settings import replaced
from extractor.values.label_similarity import (
    LabelSimilaritySettings,
    best_similarity,
    label_similarity,
    normalise_label,
)


@pytest.mark.parametrize(
    ("label", "header"),
    [
        ("属于国家秘密", "1.属于国家秘密"),
        ("予以公开", "（一）予以公开"),
        ("本年度办理结果", "三、本年度办理结果"),
        ("本年增减", "本年增/减".replace("/", "、")),
        ("Invoice No", "INVOICE NO."),
        ("ＡＢＣ", "abc"),
    ],
)
def test_numbering_width_case_and_punctuation_do_not_count(label, header):
    assert label_similarity(label, header) == 1.0


def test_a_remark_in_brackets_costs_little():
    assert label_similarity("部分公开", "（二）部分公开（区分处理的，只计这一情形）") == 0.95


def test_different_names_are_far_apart_and_contained_ones_between():
    assert label_similarity("自然人", "商业企业") < 0.3
    assert 0.5 < label_similarity("总计", "行政诉讼总计") < 0.95
    assert label_similarity("total", "") == 0.0


def test_a_label_that_is_only_a_number_keeps_it():
    assert normalise_label("2020") == "2020"


def test_the_best_similarity_is_that_of_the_nearest_label():
    assert best_similarity(("client", "advertiser"), "Advertiser:") == 1.0
    assert best_similarity((), "Advertiser") == 0.0


def test_settings_take_effect_although_similarities_are_cached():
    assert label_similarity("Total", "Total (net)") == 0.95
    with replaced(LabelSimilaritySettings(equal_without_brackets=0.5)):
        assert label_similarity("Total", "Total (net)") == 0.5
    assert label_similarity("Total", "Total (net)") == 0.95
