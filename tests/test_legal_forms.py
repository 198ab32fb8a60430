"""Legal forms of companies: which ones stand in a text, where they are used, and what only looks like one."""

import pytest

from extractor.values.legal_forms import find_legal_forms, is_legal_form


def printed_forms(text):
    return [text[form.start : form.end] for form in find_legal_forms(text)]


@pytest.mark.parametrize(
    ("text", "form", "territory"),
    [
        ("Hill & Sons (M) Sdn. Bhd.", "Sdn. Bhd.", "MY"),
        ("Müller GmbH & Co. KG, Berlin", "GmbH & Co. KG", "DE"),
        ("Acme Widgets Inc. was founded", "Inc.", "US"),
        ("Kowalski Sp. z o.o.", "Sp. z o.o.", None),
        ("Comercial Norte S.A. de C.V.", "S.A. de C.V.", "MX"),
        ("Taylor Mining Pty Ltd", "Pty Ltd", "AU"),
        ("Riverside Foods Ltda", "Ltda", "BR"),
        ("ROSE CAFE SDN BHD", "SDN BHD", "SG"),
        ("Nordic Timber Oy", "Oy", "FI"),
        ("上海某某贸易有限公司", "有限公司", None),
        ("某某（集团）股份有限公司", "股份有限公司", None),
    ],
)
def test_a_form_behind_a_name_is_found_with_its_territories(text, form, territory):
    assert printed_forms(text) == [form]
    assert territory is None or territory in next(find_legal_forms(text)).territories


@pytest.mark.parametrize(
    "text",
    [
        "5 KG",
        "e.g. this one",
        "incl. 6% VAT",
        "open as at June",
        "open Mo to Sa",
        "is limited to two",
        "it is ok",
        "Ltd alone first",
    ],
)
def test_words_that_only_look_like_a_form_are_left_out(text):
    assert printed_forms(text) == []


def test_a_word_used_wherever_english_is_written_speaks_for_no_territory():
    assert next(find_legal_forms("Hill Trading Co.")).territories == frozenset()


@pytest.mark.parametrize(
    "text", ["Sdn Bhd", "(M) Sdn. Bhd.", "GmbH", "Co., Ltd.", "Limited", "LIMITED", "Pty", "Berhad", "S.A.", "有限公司"]
)
def test_a_text_of_nothing_but_a_form_is_one(text):
    assert is_legal_form(text)


@pytest.mark.parametrize("text", ["", "(M)", "&", "VAT", "OK", "Hill Ltd", "Total", "and"])
def test_other_texts_are_no_form(text):
    assert not is_legal_form(text)
