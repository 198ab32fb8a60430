"""Grammars as text, tried with the compiler that they are written for."""

from __future__ import annotations

import json

import jsonschema
import llguidance
import pytest
from tiny_model import tiny_tokenizer

from extractor.decoding.grammar import Slot, write_grammar, write_json_schema
from extractor.decoding.source_text import join_lines, split_chunks

SOURCE = (
    '姓名：张三\n年龄 "46" 岁，感染性肺\n炎 1,234.50 元\tC:\\bar Hello  world. Feb13/20 V2.0 a@b.com naïve cafe\u0301.'
)


@pytest.fixture(scope="module")
def guide():
    import llguidance.hf

    return llguidance.hf.from_tokenizer(tiny_tokenizer())


def allows(guide, grammar: str, text: str) -> bool:
    """Decide whether the grammar allows exactly this text."""
    limits = llguidance.LLParserLimits(initial_lexer_fuel=100_000_000)
    matcher = llguidance.LLMatcher(guide, llguidance.LLMatcher.grammar_from_lark(grammar), limits=limits)
    assert not matcher.is_error(), matcher.get_error()
    tokens = guide.tokenize_str(text)
    return matcher.try_consume_tokens(tokens) == len(tokens) and matcher.is_stopped()


def test_source_is_joined_to_one_line():
    text, places = join_lines("a \n b 肺\n  炎\r\n1\n肺 炎\nx\n")
    assert text == "a b 肺炎 1 肺 炎 x "
    assert len(places) == len(text) + 1
    assert [text[i] for i in range(len(text)) if not text[i].isspace()] == [
        "a \n b 肺\n  炎\r\n1\n肺 炎\nx\n"[places[i]] for i in range(len(text)) if not text[i].isspace()
    ]
    assert join_lines("") == ("", [0])


def test_source_is_split_into_chunks():
    assert split_chunks("感染性 1,234.50元 Feb13/20, don't V2.0 3.") == [
        "感", "染", "性", " ", "1,234.50", "元", " ", "Feb13", "/", "20", ",", " ", "don", "'", "t", " ", "V2.0",
        " ", "3", ".",
    ]  # fmt: skip
    assert split_chunks("cafe\u0301 が゙ ที่") == ["cafe\u0301", " ", "が゙", " ", "ที่"]
    assert split_chunks("a\ud800b") == ["a", "?", "b"]
    assert "".join(split_chunks(SOURCE)) == join_lines(SOURCE)[0]


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
def test_span_is_a_run_of_source_chunks(guide, value, allowed):
    grammar = write_grammar([Slot("a", "span", max_length=24)], SOURCE)
    written = value if value == "null" else json.dumps(value, ensure_ascii=False)
    assert allows(guide, grammar, f'{{"a": {written},') is allowed


def test_span_of_at_most_one_character(guide):
    grammar = write_grammar([Slot("a", "span", max_length=1)], SOURCE)
    assert allows(guide, grammar, '{"a": "张",')
    assert not allows(guide, grammar, '{"a": "张三",')


def test_slot_that_is_not_nullable_refuses_null(guide):
    grammar = write_grammar([Slot("a", "span", nullable=False)], SOURCE)
    assert allows(guide, grammar, '{"a": "张三",') and not allows(guide, grammar, '{"a": null,')


@pytest.mark.parametrize("source", ["", " \n", "\u3000"])
def test_only_null_is_allowed_where_nothing_can_be_copied(guide, source):
    slots = [Slot("a", "span", nullable=False), Slot("b", "literals", (), nullable=False)]
    assert allows(guide, write_grammar(slots, source), '{"a": null, "b": null,')


def test_literals_are_strings_or_bare_numbers(guide):
    grammar = write_grammar([Slot("a", "literals", ("46", "1,234.50", '减"1\n4', "46", "a\\b", "/x|y/"))], SOURCE)
    for text in ("46", "1,234.50", '减"1\n4', "a\\b", "/x|y/"):
        assert allows(guide, grammar, f'{{"a": {json.dumps(text, ensure_ascii=False)},')
    assert allows(guide, grammar, '{"a": null,')
    assert allows(guide, grammar, '{"a": 46,')
    assert allows(guide, grammar, '{"a": 1234.50,')
    for text in ("47", '"47"', "1,234.50", "4", "14"):
        assert not allows(guide, grammar, f'{{"a": {text},'), text


def test_json_values_and_keys_with_quotes(guide):
    inner = {"type": "array", "items": {"enum": ["x", 1]}}
    slots = [Slot('诊断 "x"\\', "json", schema=inner), Slot("b", "json", schema={"type": "boolean"}, nullable=False)]
    grammar = write_grammar(slots, SOURCE)
    assert allows(guide, grammar, '{"诊断 \\"x\\"\\\\": ["x", 1], "b": true,')
    assert allows(guide, grammar, '{"诊断 \\"x\\"\\\\": null, "b": true,')
    assert not allows(guide, grammar, '{"诊断 \\"x\\"\\\\": ["x",1], "b": true,')
    assert not allows(guide, grammar, '{"诊断 \\"x\\"\\\\": null, "b": null,')


def test_arrays_of_objects_and_of_plain_values(guide):
    items = (Slot("n", "span"), Slot("v", "literals", ("46",)))
    grammar = write_grammar([Slot("l", "array", items=items)], SOURCE)
    assert allows(guide, grammar, '{"l": [{"n": "张三", "v": "46"}, {"n": null, "v": null}],')
    assert allows(guide, grammar, '{"l": [],') and allows(guide, grammar, '{"l": null,')
    lines = '{"l": [\n  {"n": "张三", "v": 46},\n  {"n": null, "v": null}\n],'
    assert allows(guide, grammar, lines) and not allows(guide, grammar, lines.replace("\n", "\n\n"))
    assert not allows(guide, grammar, '{"l": [{"n": "张三"}],')
    plain = write_grammar([Slot("l", "array", items=(Slot("", "span"),), nullable=False)], SOURCE)
    assert allows(guide, plain, '{"l": ["张三", "Hello"],') and allows(guide, plain, '{"l": [],')
    assert not allows(guide, plain, '{"l": [null],') and not allows(guide, plain, '{"l": null,')


def test_spans_share_one_rule_for_the_source():
    slots = [Slot("a", "span"), Slot("b", "span"), Slot("c", "span", max_length=10)]
    grammar = write_grammar(slots, SOURCE)
    assert grammar.count("substring_chunks") == 1 and grammar.count("SOURCE &") == 2


def test_grammar_of_a_long_source_compiles(guide):
    source = "".join(f"第{i}条：感染性肺炎 {i * 37},{i % 1000:03d}.50 元，word{i} next.\n" for i in range(700))[:20_000]
    grammar = write_grammar([Slot("a", "span"), Slot("b", "span", max_length=80)], source)
    assert allows(guide, grammar, '{"a": "第250条：感染性肺炎 9250,250.50 元", "b": "word7 next.",')


def test_unknown_kinds_and_no_slots_are_refused():
    with pytest.raises(ValueError, match="kind"):
        write_grammar([Slot("a", "spann")], SOURCE)
    with pytest.raises(ValueError, match="slot"):
        write_grammar([], SOURCE)


def test_json_schema_describes_the_same_form():
    slots = [
        Slot("a", "span", max_length=5),
        Slot("b", "literals", ("1", "2"), nullable=False),
        Slot("c", "json", schema={"type": "integer"}),
        Slot("d", "array", items=(Slot("x", "span"),)),
        Slot("e", "array", items=(Slot("", "span"),), nullable=False),
    ]
    held = jsonschema.Draft202012Validator(write_json_schema(slots))
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


def test_spans_of_numbers_and_dates_may_be_written_as_json(guide):
    aliases = (("2024-06-19", "6/19/24"),)
    items = (Slot("n", "span", number=True), Slot("d", "span", aliases=aliases))
    grammar = write_grammar([Slot("l", "array", items=items)], SOURCE)
    for number in ("12", "-0.5", "1234.50", '"46"', "null"):
        assert allows(guide, grammar, f'{{"l": [{{"n": {number}, "d": "2024-06-19"}}],'), number
    for number in ("012", "1,234", "1e5", "true", "-"):
        assert not allows(guide, grammar, f'{{"l": [{{"n": {number}, "d": null}}],'), number
    assert not allows(guide, grammar, '{"l": [{"n": 1, "d": "2024-06-20"}],')
    alone = write_grammar([Slot("d", "literals", ("6/19/24",), aliases=aliases)], SOURCE)
    assert allows(guide, alone, '{"d": "2024-06-19",') and allows(guide, alone, '{"d": "6/19/24",')
    assert not allows(guide, alone, '{"d": "2024-06-18",')


def test_aliases_are_read_as_what_is_printed():
    slot = Slot("d", "literals", ("6/19/24", "$5"), aliases=(("2024-06-19", "6/19/24"),))
    assert slot.printed_text("2024-06-19", '"2024-06-19"') == "6/19/24"
    assert slot.printed_text("$5", '"$5"') == "$5" == slot.printed_text(5, "5")
    assert slot.printed_text(None, "null") is None and slot.printed_text(7, "7") == "7"
