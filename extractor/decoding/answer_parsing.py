"""The values in the text of an answer, with the tokens that wrote each."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from extractor.decoding.grammar import Slot
from extractor.types import Answer, Token


@dataclass(frozen=True, slots=True)
class SlotAnswer:
    """The answer for one slot; `answer.text[start:end]` is its JSON value, with quotes.

    `value` is the decoded value, and `text` the printed text that it stands for: the string itself, None for null, the
    JSON text of any other value, and for another way to write a literal that literal. `tokens` are those that wrote the
    value and the one that ended it.
    """

    key: str
    text: str | None
    value: Any
    start: int
    end: int
    tokens: tuple[Token, ...] = ()


def parse_answer(answer: Answer, slots: Sequence[Slot]) -> list[SlotAnswer]:
    """Return the answers to the slots, in the slots' order, without those that the text does not complete.

    Accepts an object that is left open, closed, cut off anywhere, spaced or ordered differently, or in a code fence.
    """
    found: dict[str, SlotAnswer] = {}
    slot_of = {slot.key: slot for slot in slots}
    for name, start, end, value in parse_members(answer.text):
        if name in slot_of and name not in found:
            text = slot_of[name].printed_text(value, answer.text[start:end])
            tokens = _tokens_over(answer.tokens, start, end, isinstance(value, str))
            found[name] = SlotAnswer(name, text, value, start, end, tokens)
    return [found[slot.key] for slot in slots if slot.key in found]


def parse_members(text: str) -> Iterator[tuple[str, int, int, Any]]:
    """Yield `(key, start, end, value)` for each complete member of the first object in the text."""
    decoder = json.JSONDecoder(strict=False)
    at = text.find("{") + 1
    if not at:
        return
    try:
        while True:
            at = _skip(text, at, ",")
            name, at = decoder.raw_decode(text, at)
            at = _skip(text, at, ":")
            value, end = decoder.raw_decode(text, at)
            if not isinstance(name, str) or _may_continue(text, value, end):
                return
            yield name, at, end, value
            at = end
    except ValueError:
        return


def parse_elements(answer: Answer, array: SlotAnswer) -> Iterator[tuple[Any, dict[str, tuple[Token, ...]]]]:
    """Yield each element of a list with the tokens of its members by key; the key "" has those of the whole element.

    The tokens between the element before and this one count as part of the whole element.
    """
    decoder = json.JSONDecoder(strict=False)
    text, at = answer.text, array.start + 1
    while at < array.end - 1:
        start = _skip(text, at, ",")
        if text[start] == "]":
            return
        value, end = decoder.raw_decode(text, start)
        tokens = {"": _tokens_over(answer.tokens, at, end, True)}
        if isinstance(value, dict):
            for name, first, last, member in parse_members(text[start:end]):
                tokens[name] = _tokens_over(answer.tokens, start + first, start + last, isinstance(member, str))
        yield value, tokens
        at = end


def parse_truncated_array(key: str, answer: Answer, *, attempts: int = 200) -> SlotAnswer | None:
    """Return the complete elements of the list under `key` that a limit cut off; None where there are none.

    Tries to close the list after each of the last `attempts` quotes and braces, the last one first.
    """
    for at in [m.end() for m in re.finditer(r'["}]', answer.text)][::-1][:attempts]:
        for name, start, end, value in parse_members(answer.text[:at] + "]}"):
            if name == key and value:
                return SlotAnswer(name, None, value, start, end, answer.tokens)
    return None


def _skip(text: str, at: int, separator: str) -> int:
    """Return the offset after any white space and at most one `separator`."""
    return re.compile(rf"\s*{separator}?\s*").match(text, at).end()


def _may_continue(text: str, value: Any, end: int) -> bool:
    """Decide whether a number ends the text, so that more of its digits might have followed."""
    return end == len(text) and isinstance(value, int | float) and not isinstance(value, bool)


def _tokens_over(tokens: Sequence[Token], start: int, end: int, has_closing_quote: bool) -> tuple[Token, ...]:
    """Return the tokens over [start, end); for a value without a closing quote also the token that ended it."""
    over = [number for number, token in enumerate(tokens) if token.start < end and token.end > start]
    if over and not has_closing_quote and over[-1] + 1 < len(tokens) and tokens[over[-1]].end == end:
        over.append(over[-1] + 1)
    return tuple(tokens[number] for number in over)
