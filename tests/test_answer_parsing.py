"""Values read back out of the text of an answer."""

from __future__ import annotations

import json

import pytest

from extractor.decoding.answer_parsing import parse_answer, parse_truncated_array
from extractor.decoding.grammar import Slot, slot_schema
from extractor.types import Answer, Token

SLOTS = [Slot("a", "span"), Slot("b", "json", schema={}), Slot("c", "span")]


def values(text: str) -> dict:
    return {part.key: part.value for part in parse_answer(Answer(text), SLOTS)}


@pytest.mark.parametrize(
    "text",
    [
        '{"a": "x", "b": 12, "c": null,',
        '{"a": "x", "b": 12, "c": null}',
        '{"a":"x","b":12,"c":null}',
        '```json\n{\n  "a": "x",\n  "b": 12,\n  "c": null\n}\n```',
        '{"c": null, "b": 12, "extra": [1, {"a": 2}], "a": "x"}',
        '{"a": "x", "b": 12, "c": null, "a": "second"}',
    ],
)
def test_complete_answer_in_any_layout(text):
    assert values(text) == {"a": "x", "b": 12, "c": None}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {}), ("no object", {}), ("{", {}), ('{"a', {}), ('{"a": ', {}), ('{"a": "x', {}), ('{"a": "x\\', {}),
        ('{"a": "x"', {"a": "x"}), ('{"a": "x", "b": 1', {"a": "x"}), ('{"a": "x", "b": 1,', {"a": "x", "b": 1}),
        ('{"a": "x", "b": [1, 2', {"a": "x"}), ('{"a": "x", "b": nul', {"a": "x"}), ('{"a": null', {"a": None}),
        ('{"a": "x", "b": {"a": "inner"}, "c": "y', {"a": "x", "b": {"a": "inner"}}),
        ('{"a": "x" "b": 3}', {"a": "x", "b": 3}), ('{"a": "x", 4: 5}', {"a": "x"}),
    ],
)  # fmt: skip
def test_incomplete_answer_gives_its_complete_members(text, found):
    assert values(text) == found


def test_offsets_and_tokens_of_values():
    text = '{"a": "张\\"三", "b": 12, "c": null,'
    pieces = ['{"', 'a":', ' "', "张", '\\"', "三", '",', ' "b": 1', "2", ",", ' "c":', " null", ","]
    tokens, at = [], 0
    for number, piece in enumerate(pieces):
        tokens.append(Token(at, at + len(piece), probability=number / 100))
        at += len(piece)
    assert at == len(text)
    a, b, c = parse_answer(Answer(text, tuple(tokens)), SLOTS)
    assert (a.text, a.value, text[a.start : a.end]) == ('张"三', '张"三', '"张\\"三"')
    assert [text[t.start : t.end] for t in a.tokens] == [' "', "张", '\\"', "三", '",']
    assert (b.text, b.value, text[b.start : b.end]) == ("12", 12, "12")
    assert [text[t.start : t.end] for t in b.tokens] == [' "b": 1', "2", ","]
    assert (c.text, c.value) == (None, None)
    assert [text[t.start : t.end] for t in c.tokens] == [" null", ","]


def test_bare_number_is_read_as_its_literal():
    slot = Slot("a", "literals", ("$16,350.00", "1826.43元", "减114", "3-5", "0123", "46", "46 kg"))
    for bare, text in (("16350.00", "$16,350.00"), ("1826.43", "1826.43元"), ("114", "减114"), ("46", "46")):
        assert parse_answer(Answer(f'{{"a": {bare},'), [slot])[0].text == text
    assert {46, 16350.0, 1826.43, 114, None} <= set(slot_schema(slot)["enum"])


@pytest.mark.parametrize(
    ("printed", "written"),
    [
        ("$16,350.00", ["16350.00", '"16350.00"', '"16,350.00"', "16350"]),
        ("7.701.888 €", ["7701888", '"7.701.888"']),
        ("1.234,56", ["1234.56", '"1234.56"']),
        ("7,139", ["7139", "7.139"]),
    ],
)
def test_number_may_be_written_with_or_without_currency_separators_and_quotes(printed, written):
    slot = Slot("a", "literals", (printed, "30 days"))
    for form in written:
        assert parse_answer(Answer(f'{{"a": {form},'), [slot])[0].text == printed
        assert json.loads(form) in slot_schema(slot)["enum"]


def test_truncated_array_keeps_its_complete_elements():
    cut = Answer('{"l": [{"a": "x"}, {"a": "y"}, {"a": "z')
    array = parse_truncated_array("l", cut)
    assert array.value == [{"a": "x"}, {"a": "y"}]
    assert parse_truncated_array("l", Answer('{"l": [{"a": "x')) is None
