"""Grammars as text, held against the compiler they are written for, and answers read back."""

from __future__ import annotations

import json

import jsonschema
import llguidance
import pytest
from tiny_model import tiny_tokenizer

from extractor.decoding.grammar import Slot, chunks, flatten, lark, parse, schema, value_schema
from extractor.types import Answer, Token

SOURCE = (
    '姓名：张三\n年龄 "46" 岁，感染性肺\n炎 1,234.50 元\tC:\\bar Hello  world. Feb13/20 V2.0 a@b.com naïve cafe\u0301.'
)


@pytest.fixture(scope="module")
def guide():
    import llguidance.hf

    return llguidance.hf.from_tokenizer(tiny_tokenizer())


def takes(guide, grammar: str, text: str) -> bool:
    """Whether the grammar allows the text, all of it and nothing after it."""
    limits = llguidance.LLParserLimits(initial_lexer_fuel=100_000_000)
    matcher = llguidance.LLMatcher(guide, llguidance.LLMatcher.grammar_from_lark(grammar), limits=limits)
    assert not matcher.is_error(), matcher.get_error()
    tokens = guide.tokenize_str(text)
    return matcher.try_consume_tokens(tokens) == len(tokens) and matcher.is_stopped()


def test_the_source_on_one_line():
    text, places = flatten("a \n b 肺\n  炎\r\n1\n肺 炎\nx\n")
    assert text == "a b 肺炎 1 肺 炎 x "
    assert len(places) == len(text) + 1
    assert [text[i] for i in range(len(text)) if not text[i].isspace()] == [
        "a \n b 肺\n  炎\r\n1\n肺 炎\nx\n"[places[i]] for i in range(len(text)) if not text[i].isspace()
    ]
    assert flatten("") == ("", [0])


def test_pieces_of_the_source():
    assert chunks("感染性 1,234.50元 Feb13/20, don't V2.0 3.") == [
        "感", "染", "性", " ", "1,234.50", "元", " ", "Feb13", "/", "20", ",", " ", "don", "'", "t", " ", "V2.0",
        " ", "3", ".",
    ]  # fmt: skip
    assert chunks("cafe\u0301 が゙ ที่") == ["cafe\u0301", " ", "が゙", " ", "ที่"]
    assert chunks("a\ud800b") == ["a", "?", "b"]
    assert "".join(chunks(SOURCE)) == flatten(SOURCE)[0]


@pytest.mark.parametrize(
    ("value", "allowed"),
    [
        ("null", True), ("张三", True), ("三年", True), ("感染性肺炎", True), ('"46" 岁', True), ("1,234.50", True),
        ("1,234.50 元", True), ("Hello world", True), ("C:\\bar", True), ("V2.0", True), ("Feb13/20", True),
        ("a@b.com", True), ("naïve", True), ("cafe\u0301", True), (".", True),
        ("234.50", False), ("Hell", False), ("13/20", False), ("张三 ", False), (" 张三", False), ("", False),
        (" ", False), ("三四", False), ("Hello  world", False), ("肺\n炎", False), ("cafe", False), ("李四", False),
        ("Hello world. Feb13/20 V2.0 a@b", False),
    ],
)  # fmt: skip
def test_a_span_is_a_run_of_the_source(guide, value, allowed):
    grammar = lark([Slot("a", "span", max_length=24)], SOURCE)
    written = value if value == "null" else json.dumps(value, ensure_ascii=False)
    assert takes(guide, grammar, f'{{"a": {written},') is allowed


def test_a_span_of_one_character_limit(guide):
    grammar = lark([Slot("a", "span", max_length=1)], SOURCE)
    assert takes(guide, grammar, '{"a": "张",')
    assert not takes(guide, grammar, '{"a": "张三",')


def test_not_nullable(guide):
    grammar = lark([Slot("a", "span", nullable=False)], SOURCE)
    assert takes(guide, grammar, '{"a": "张三",') and not takes(guide, grammar, '{"a": null,')


@pytest.mark.parametrize("source", ["", " \n", "\u3000"])
def test_where_there_is_nothing_to_copy_null_is_left(guide, source):
    slots = [Slot("a", "span", nullable=False), Slot("b", "literals", (), nullable=False)]
    assert takes(guide, lark(slots, source), '{"a": null, "b": null,')


def test_literals_are_strings_and_numbers_may_stand_bare(guide):
    grammar = lark([Slot("a", "literals", ("46", "1,234.50", '减"1\n4', "46", "a\\b", "/x|y/"))], SOURCE)
    for text in ("46", "1,234.50", '减"1\n4', "a\\b", "/x|y/"):
        assert takes(guide, grammar, f'{{"a": {json.dumps(text, ensure_ascii=False)},')
    assert takes(guide, grammar, '{"a": null,')
    assert takes(guide, grammar, '{"a": 46,')
    assert takes(guide, grammar, '{"a": 1234.50,')
    for text in ("47", '"47"', "1,234.50", "4", "14"):
        assert not takes(guide, grammar, f'{{"a": {text},'), text


def test_json_and_keys_of_any_kind(guide):
    inner = {"type": "array", "items": {"enum": ["x", 1]}}
    slots = [Slot('诊断 "x"\\', "json", schema=inner), Slot("b", "json", schema={"type": "boolean"}, nullable=False)]
    grammar = lark(slots, SOURCE)
    assert takes(guide, grammar, '{"诊断 \\"x\\"\\\\": ["x", 1], "b": true,')
    assert takes(guide, grammar, '{"诊断 \\"x\\"\\\\": null, "b": true,')
    assert not takes(guide, grammar, '{"诊断 \\"x\\"\\\\": ["x",1], "b": true,')
    assert not takes(guide, grammar, '{"诊断 \\"x\\"\\\\": null, "b": null,')


def test_lists_of_objects_and_of_plain_values(guide):
    items = (Slot("n", "span"), Slot("v", "literals", ("46",)))
    grammar = lark([Slot("l", "array", items=items)], SOURCE)
    assert takes(guide, grammar, '{"l": [{"n": "张三", "v": "46"}, {"n": null, "v": null}],')
    assert takes(guide, grammar, '{"l": [],') and takes(guide, grammar, '{"l": null,')
    assert not takes(guide, grammar, '{"l": [{"n": "张三"}],')
    plain = lark([Slot("l", "array", items=(Slot("", "span"),), nullable=False)], SOURCE)
    assert takes(guide, plain, '{"l": ["张三", "Hello"],') and takes(guide, plain, '{"l": [],')
    assert not takes(guide, plain, '{"l": [null],') and not takes(guide, plain, '{"l": null,')


def test_several_spans_share_the_source():
    slots = [Slot("a", "span"), Slot("b", "span"), Slot("c", "span", max_length=10)]
    grammar = lark(slots, SOURCE)
    assert grammar.count("substring_chunks") == 1 and grammar.count("SOURCE &") == 2


def test_a_long_source(guide):
    source = "".join(f"第{i}条：感染性肺炎 {i * 37},{i % 1000:03d}.50 元，word{i} next.\n" for i in range(700))[:20_000]
    grammar = lark([Slot("a", "span"), Slot("b", "span", max_length=80)], source)
    assert takes(guide, grammar, '{"a": "第250条：感染性肺炎 9250,250.50 元", "b": "word7 next.",')


def test_unknown_kinds_and_no_slots_are_refused():
    with pytest.raises(ValueError, match="kind"):
        lark([Slot("a", "spann")], SOURCE)
    with pytest.raises(ValueError, match="slot"):
        lark([], SOURCE)


def test_the_same_as_json_schema():
    slots = [
        Slot("a", "span", max_length=5),
        Slot("b", "literals", ("1", "2"), nullable=False),
        Slot("c", "json", schema={"type": "integer"}),
        Slot("d", "array", items=(Slot("x", "span"),)),
        Slot("e", "array", items=(Slot("", "span"),), nullable=False),
    ]
    held = jsonschema.Draft202012Validator(schema(slots))
    good = {"a": "x", "b": "1", "c": 4, "d": [{"x": None}], "e": ["y"]}
    assert held.is_valid(good)
    assert held.is_valid({**good, "a": None, "c": None, "d": None})
    for wrong in (
        {"a": "123456"},
        {"a": ""},
        {"b": None},
        {"b": "3"},
        {"c": "4"},
        {"d": [{}]},
        {"e": [None]},
        {"f": 1},
    ):
        assert not held.is_valid({**good, **wrong})


# Answers.

SLOTS = [Slot("a", "span"), Slot("b", "json", schema={}), Slot("c", "span")]


def read(text: str) -> dict:
    return {part.key: part.value for part in parse(Answer(text), SLOTS)}


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
def test_whole_answers(text):
    assert read(text) == {"a": "x", "b": 12, "c": None}


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
def test_answers_cut_off_or_spoilt(text, found):
    assert read(text) == found


def test_places_and_tokens():
    text = '{"a": "张\\"三", "b": 12, "c": null,'
    pieces = ['{"', 'a":', ' "', "张", '\\"', "三", '",', ' "b": 1', "2", ",", ' "c":', " null", ","]
    tokens, at = [], 0
    for number, piece in enumerate(pieces):
        tokens.append(Token(at, at + len(piece), probability=number / 100))
        at += len(piece)
    assert at == len(text)
    a, b, c = parse(Answer(text, tuple(tokens)), SLOTS)
    assert (a.text, a.value, text[a.start : a.end]) == ('张"三', '张"三', '"张\\"三"')
    assert [text[t.start : t.end] for t in a.tokens] == [' "', "张", '\\"', "三", '",']
    assert (b.text, b.value, text[b.start : b.end]) == ("12", 12, "12")
    assert [text[t.start : t.end] for t in b.tokens] == [' "b": 1', "2", ","]
    assert (c.text, c.value) == (None, None)
    assert [text[t.start : t.end] for t in c.tokens] == [" null", ","]


def test_a_bare_number_is_read_as_the_literal_it_stands_for():
    slot = Slot("a", "literals", ("$16,350.00", "1826.43元", "减114", "3-5", "0123", "46", "46 kg"))
    for bare, text in (("16350.00", "$16,350.00"), ("1826.43", "1826.43元"), ("114", "减114"), ("46", "46")):
        assert parse(Answer(f'{{"a": {bare},'), [slot])[0].text == text
    assert value_schema(slot)["enum"][-5:] == [46, 16350.0, 1826.43, 114, None]
