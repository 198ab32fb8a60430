"""What an answer may look like: Lark text for llguidance, and the way back from an answer to its values.

Strings only: nothing here compiles a grammar or knows a model.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from extractor.types import Answer, Token

SEPARATORS = {"whitespace_flexible": False, "key_separator": ": ", "item_separator": ", "}
"""Fixed white space, written as models write it: everything around a value is then forced."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One property to be answered.

    `kind` is `literals` (one of `literals`, as a JSON string, or bare as the JSON number it stands for: made to put
    quotes around a number, small models answer null), `span` (a stretch of the source, as a JSON string), `json`
    (whatever `schema` allows), or `array` (a list of objects with the slots `items`; of plain values where there is one
    such slot and its key is empty). `nullable` lets the answer be null; `max_length` counts a span's characters.
    """

    key: str
    kind: str
    literals: tuple[str, ...] = ()
    schema: Mapping[str, Any] | None = None
    nullable: bool = True
    max_length: int = 200
    items: tuple[Slot, ...] = ()


@dataclass(frozen=True, slots=True)
class Slotted:
    """What an answer says for one slot; `answer.text[start:end]` is the JSON value, quotes and all.

    `text` is the decoded string, None for null, and for other values their JSON; `value` is the decoded value.
    `tokens` are those that wrote the value and the one that ended it.
    """

    key: str
    text: str | None
    value: Any
    start: int
    end: int
    tokens: tuple[Token, ...] = ()


# The stretches a span is made of.

# Scripts written without spaces between words: a span may begin and end at any of their characters.
UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u2e80-\u303f\u3040-\u30ff\u3100-\u312f\u3130-\u318f"
    "\u31a0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff"
)
MARKS = "\u0300-\u036f\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ecd\u200d\u3099\u309a\ufe00-\ufe0f"
NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?", re.ASCII)
DIGITS = re.compile(r"-?\d(?:[\d,]*\d)?(?:\.\d+)?", re.ASCII)
LETTER = rf"[^\W{UNSPACED}]"
CHUNK = re.compile(
    rf"(?P<space>\s+)|{LETTER}+(?:(?<=\d)[.,](?=\d){LETTER}+)*[{MARKS}]*|[\s\S][{MARKS}]*",
)
CLOSED_UP = re.compile(rf"(?<=[{UNSPACED}\uff00-\uffef])[^\S\n]*\n\s*(?=[{UNSPACED}\uff00-\uffef])")


def flatten(source: str) -> tuple[str, list[int]]:
    """The source on one line, as spans quote it, and for each of its characters the place in `source`.

    A line break between characters of a script without spaces (Chinese, Japanese, Thai ...) is dropped; any other run
    of white space is one plain space. The list has one element more, the length of the source.
    """
    text: list[str] = []
    places: list[int] = []
    dropped = {match.start(): match.end() for match in CLOSED_UP.finditer(source)}
    at = 0
    while at < len(source):
        if at in dropped:
            at = dropped[at]
            continue
        places.append(at)
        if source[at].isspace():
            text.append(" ")
            while at < len(source) and source[at].isspace():
                at += 1
        else:
            text.append(source[at])
            at += 1
    return "".join(text), [*places, len(source)]


def chunks(source: str) -> list[str]:
    """The pieces of the source that a span is a run of: characters of unspaced scripts, words, numerals, marks, spaces.

    A numeral keeps its inner points and commas, so that 234.50 cannot be taken out of 1,234.50.
    """
    text, _ = flatten(source)
    return [match.group() for match in CHUNK.finditer(text.encode("utf-8", "replace").decode("utf-8"))]


def escaped(text: str) -> str:
    """The text as it stands between the quotes of a JSON string."""
    return json.dumps(text, ensure_ascii=False)[1:-1]


# Writing a grammar.


def lark(slots: Sequence[Slot], source: str) -> str:
    """Lark text for `{"a": <value>, "b": <value>,`: every slot in order, the object left open after a comma.

    The comma is what a model expects after a value in the middle of an object; closed with a brace, small models keep
    the last string open. A span is a run of the source's `chunks`, without a space at either end; where the source has
    none, only null is left, also for a slot that is not nullable; the same goes for a slot with no literals.
    """
    if not slots:
        raise ValueError("a grammar needs a slot")
    writing = _Writing(source)
    line = []
    for number, slot in enumerate(slots):
        line += [quoted(("{" if not number else " ") + key(slot)), writing.value(slot), '","']
    return "\n".join([f"start: {' '.join(line)}", *writing.rules()]) + "\n"


class _Writing:
    """The rules of one grammar as they come up; spans of the same length share theirs."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.written: list[str] = []
        self.spans: set[int] = set()

    def value(self, slot: Slot) -> str:
        """The name of a rule for the slot's value."""
        name = f"v{len(self.written)}"
        self.written.append("")  # its place: rules that it needs come after it
        at = len(self.written) - 1
        choices = ['"null"'] if slot.nullable else []
        if slot.kind == "literals":
            if literals := [
                quoted(json.dumps(text, ensure_ascii=False)) for text in dict.fromkeys(clean(slot.literals))
            ]:
                choices.append(f"L{at}")
                bare = [quoted(number) for number in bare_numbers(slot.literals)]
                self.written.append(f"L{at}: {' | '.join([*literals, *bare])}")
        elif slot.kind == "span":
            if self.source.strip():
                self.spans.add(slot.max_length)
                choices.append(rf'"\"" S{slot.max_length} "\""')
        elif slot.kind == "array":
            choices.append(f'"[" (e{at} (", " e{at})*)? "]"')
            self.written.append(f"e{at}: {self.element(slot.items)}")
        elif slot.kind == "json":
            schema = {"x-guidance": SEPARATORS, **(slot.schema if slot.schema is not None else {})}
            choices.append(f"%json {json.dumps(schema, ensure_ascii=False)}")
        else:
            raise ValueError(f"there is no kind of slot called {slot.kind!r}")
        self.written[at] = f"{name}: " + " | ".join(choices or ['"null"'])
        return name

    def element(self, items: Sequence[Slot]) -> str:
        if [slot.key for slot in items] == [""]:
            return self.value(replace(items[0], nullable=False))
        line = []
        for number, slot in enumerate(items):
            line += [quoted(("{" if not number else ", ") + key(slot)), self.value(slot)]
        return " ".join([*line, quoted("}")])

    def rules(self) -> Iterator[str]:
        yield from self.written
        if self.spans:
            yield f"SOURCE: %regex {source_regex(self.source)}"
        for length in sorted(self.spans):
            more = rf"(.{{0,{length - 2}}}[^ ])?" if length > 1 else ""
            yield f"S{length}: SOURCE & /(?s:[^ ]{more})/"


def key(slot: Slot) -> str:
    return json.dumps(slot.key, ensure_ascii=False) + ": "


@lru_cache(maxsize=4)
def source_regex(source: str) -> str:
    return json.dumps({"substring_chunks": [escaped(chunk) for chunk in chunks(source)]}, ensure_ascii=False)


def clean(literals: Sequence[str]) -> list[str]:
    """Without lone surrogates, which no UTF-8 text can hold."""
    return [text.encode("utf-8", "replace").decode("utf-8") for text in literals]


@lru_cache(maxsize=64)
def bare_numbers(literals: tuple[str, ...]) -> dict[str, str]:
    """The JSON numbers that stand for literals: `16350.00` for `$16,350.00`, the first literal where two share one."""
    numbers: dict[str, str] = {}
    for text in sorted(literals, key=lambda text: NUMBER.fullmatch(text) is None):
        found = DIGITS.findall(text)
        number = found[0].replace(",", "") if len(found) == 1 else ""
        if NUMBER.fullmatch(number):
            numbers.setdefault(number, text)
    return numbers


def quoted(text: str) -> str:
    """A Lark string."""
    return json.dumps(text, ensure_ascii=False)


def schema(slots: Sequence[Slot]) -> dict[str, Any]:
    """The same as JSON Schema, for servers that know no Lark; spans are then any string of their length."""
    return {
        "type": "object",
        "properties": {slot.key: value_schema(slot) for slot in slots},
        "required": [slot.key for slot in slots],
        "additionalProperties": False,
    }


def value_schema(slot: Slot) -> dict[str, Any]:
    if slot.kind == "literals":
        bare = [json.loads(number) for number in bare_numbers(slot.literals)]
        return {"enum": [*clean(slot.literals), *bare, *([None] if slot.nullable or not slot.literals else [])]}
    if slot.kind == "json":
        found = dict(slot.schema or {})
    elif slot.kind == "span":
        found = {"type": "string", "minLength": 1, "maxLength": slot.max_length}
    elif [item.key for item in slot.items] == [""]:
        found = {"type": "array", "items": value_schema(replace(slot.items[0], nullable=False))}
    else:
        found = {"type": "array", "items": schema(slot.items)}
    return {"anyOf": [found, {"type": "null"}]} if slot.nullable else found


# Reading an answer.


def parse(answer: Answer, slots: Sequence[Slot]) -> list[Slotted]:
    """What the answer says for each slot it came to the end of, in the slots' order; the others are not in the list.

    Takes an object that is open, closed, cut off anywhere, spaced otherwise, in another order, or set in a code fence.
    """
    found: dict[str, Slotted] = {}
    bare = {slot.key: bare_numbers(slot.literals) for slot in slots if slot.kind == "literals"}
    for name, start, end, value in members(answer.text):
        if name not in found:
            raw = answer.text[start:end]
            text = value if isinstance(value, str) else None if value is None else bare.get(name, {}).get(raw, raw)
            found[name] = Slotted(
                name, text, value, start, end, covering(answer.tokens, start, end, isinstance(value, str))
            )
    return [found[slot.key] for slot in slots if slot.key in found]


def members(text: str) -> Iterator[tuple[str, int, int, Any]]:
    """Each whole member of the first object in the text: (key, start, end, value)."""
    decoder = json.JSONDecoder(strict=False)
    at = text.find("{") + 1
    if not at:
        return
    try:
        while True:
            at = skip(text, at, ",")
            name, at = decoder.raw_decode(text, at)
            at = skip(text, at, ":")
            value, end = decoder.raw_decode(text, at)
            if not isinstance(name, str) or unended(text, value, end):
                return
            yield name, at, end, value
            at = end
    except ValueError:
        return


def elements(answer: Answer, listed: Slotted) -> Iterator[tuple[Any, dict[str, tuple[Token, ...]]]]:
    """Each element of a list with the tokens of its parts by their keys, "" being the whole element.

    The tokens that led from the element before to this one count with the whole.
    """
    decoder = json.JSONDecoder(strict=False)
    text, at = answer.text, listed.start + 1
    while at < listed.end - 1:
        begin = skip(text, at, ",")
        if text[begin] == "]":
            return
        value, end = decoder.raw_decode(text, begin)
        parts = {"": covering(answer.tokens, at, end, True)}
        if isinstance(value, dict):
            for name, first, last, part in members(text[begin:end]):
                parts[name] = covering(answer.tokens, begin + first, begin + last, isinstance(part, str))
        yield value, parts
        at = end


def skip(text: str, at: int, mark: str) -> int:
    """The place of the next thing after white space and at most one `mark`."""
    return re.compile(rf"\s*{mark}?\s*").match(text, at).end()


def unended(text: str, value: Any, end: int) -> bool:
    """Whether a number stands at the very end of the text: more digits might have come."""
    return end == len(text) and isinstance(value, int | float) and not isinstance(value, bool)


def covering(tokens: Sequence[Token], start: int, end: int, closed: bool) -> tuple[Token, ...]:
    """The tokens over [start, end); for a value without a closing quote also the one that ended it."""
    over = [number for number, token in enumerate(tokens) if token.start < end and token.end > start]
    if over and not closed and over[-1] + 1 < len(tokens) and tokens[over[-1]].end == end:
        over.append(over[-1] + 1)
    return tuple(tokens[number] for number in over)
