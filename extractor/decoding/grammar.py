"""The form of an answer, as Lark text for llguidance and as JSON Schema.

This module builds strings only: it compiles no grammar and knows no model. The syntax is that of
https://github.com/guidance-ai/llguidance/blob/main/docs/syntax.md, with its extension `substring_chunks`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from extractor.decoding.source_text import escape_json, replace_surrogates, split_chunks

SEPARATORS = {"whitespace_flexible": False, "key_separator": ": ", "item_separator": ", "}
"""Fixed white space, as models write it by themselves: everything around a value is then forced."""
_LINE_BREAK = r"/\n {0,12}/"
"""White space that models like to write around the elements of a list; without it they end a list where they may."""
_JSON_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?", re.ASCII)
_JSON_NUMBER_RULE = r"/-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,9})?/"
_PRINTED_NUMBER = re.compile(r"-?\d(?:[\d.,'’\u00a0\u202f]*\d)?", re.ASCII)
_SEPARATOR = re.compile(r"[.,'’\u00a0\u202f]")


@dataclass(frozen=True, slots=True)
class Slot:
    """One property of the answer.

    `kind` is one of
    - `literals`: one of `literals`, as a JSON string, or as the number that it stands for, with or without quotes (a
      small model that has to put a number in quotes answers null instead, and one that leaves out a currency goes on
      with another literal that begins with the same digits);
    - `span`: a span of the source of at most `max_length` characters, as a JSON string; with `number`, also any JSON
      number, because models write numbers without quotes;
    - `json`: any value that `schema` allows;
    - `array`: a list of objects with the slots `items`, or of plain values where `items` is one slot with an empty key.
    `aliases` are other ways to write a value of the first two kinds: pairs of a string and the printed text that it
    stands for, such as `2024-06-19` for `6/19/24`. `nullable` also allows null.
    """

    key: str
    kind: str
    literals: tuple[str, ...] = ()
    schema: Mapping[str, Any] | None = None
    nullable: bool = True
    max_length: int = 200
    items: tuple[Slot, ...] = ()
    aliases: tuple[tuple[str, str], ...] = ()
    number: bool = False

    def literal_strings(self) -> list[str]:
        """Return the strings by which a slot of literals may be answered, in quotes."""
        written = [*self.literals, *dict(self.aliases), *quoted_numbers(self.literals)]
        return [replace_surrogates(text) for text in written]

    def printed_text(self, value: Any, raw: str) -> str | None:
        """Return the printed text that a value of the answer stands for; None for null.

        `raw` is its JSON text, which is returned for a value that is neither a string nor a number that stands for a
        literal.
        """
        if value is None:
            return None
        if not isinstance(value, str):
            return bare_numbers(self.literals).get(raw, raw)
        if value in self.literals:
            return value
        return dict(self.aliases).get(value) or quoted_numbers(self.literals).get(value, value)


def write_grammar(slots: Sequence[Slot], source: str) -> str:
    """Return the Lark grammar of `{"a": <value>, "b": <value>,`: each slot in order, and a comma instead of a brace.

    The comma is what a model expects after a value in the middle of an object; before a closing brace, small models do
    not end the last string. A span is a run of the source's chunks without a space at either end. Where the source is
    blank, or a slot has no literals, only null is allowed, even if the slot is not nullable. Raises `ValueError` for no
    slots and for a slot of an unknown kind.
    """
    if not slots:
        raise ValueError("a grammar needs at least one slot")
    writer = _GrammarWriter(source)
    members = []
    for number, slot in enumerate(slots):
        members += [_quote(("{" if not number else " ") + _key(slot)), writer.add_value(slot), '","']
    return "\n".join([f"start: {' '.join(members)}", *writer.rules()]) + "\n"


class _GrammarWriter:
    """Collects the rules of one grammar; spans of the same maximum length share a rule."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._rules: list[str] = []
        self._span_lengths: set[int] = set()
        self._has_arrays = False

    def add_value(self, slot: Slot) -> str:
        """Add the rule for the slot's value and return its name."""
        name = f"v{len(self._rules)}"
        self._rules.append("")  # reserves the place: the rules that it refers to come after it
        at = len(self._rules) - 1
        choices = ['"null"'] if slot.nullable else []
        if slot.kind == "literals":
            literals = dict.fromkeys(slot.literal_strings())
            if strings := [_quote(json.dumps(text, ensure_ascii=False)) for text in literals]:
                choices.append(f"L{at}")
                numbers = [_quote(number) for number in bare_numbers(slot.literals)]
                self._rules.append(f"L{at}: {' | '.join([*strings, *numbers])}")
        elif slot.kind == "span":
            if self._source.strip():
                self._span_lengths.add(slot.max_length)
                choices.append(rf'"\"" S{slot.max_length} "\""')
                choices += [_quote(json.dumps(text, ensure_ascii=False)) for text in dict(slot.aliases)]
                if slot.number:
                    choices.append(_JSON_NUMBER_RULE)
        elif slot.kind == "array":
            choices.append(f'"[" BREAK? (e{at} ("," (" " | BREAK) e{at})* BREAK?)? "]"')
            self._has_arrays = True
            self._rules.append(f"e{at}: {self._element(slot.items)}")
        elif slot.kind == "json":
            schema = {"x-guidance": SEPARATORS, **(slot.schema if slot.schema is not None else {})}
            choices.append(f"%json {json.dumps(schema, ensure_ascii=False)}")
        else:
            raise ValueError(f"there is no kind of slot called {slot.kind!r}")
        self._rules[at] = f"{name}: " + " | ".join(choices or ['"null"'])
        return name

    def _element(self, items: Sequence[Slot]) -> str:
        if [slot.key for slot in items] == [""]:
            return self.add_value(replace(items[0], nullable=False))
        members = []
        for number, slot in enumerate(items):
            members += [_quote(("{" if not number else ", ") + _key(slot)), self.add_value(slot)]
        return " ".join([*members, _quote("}")])

    def rules(self) -> Iterator[str]:
        """Yield every rule, one a line."""
        yield from self._rules
        if self._has_arrays:
            yield f"BREAK: {_LINE_BREAK}"
        if self._span_lengths:
            yield f"SOURCE: %regex {_source_regex(self._source)}"
        for length in sorted(self._span_lengths):
            more = rf"(.{{0,{length - 2}}}[^ ])?" if length > 1 else ""
            yield f"S{length}: SOURCE & /(?s:[^ ]{more})/"


def _key(slot: Slot) -> str:
    return json.dumps(slot.key, ensure_ascii=False) + ": "


def _quote(text: str) -> str:
    """Return the text as a Lark string."""
    return json.dumps(text, ensure_ascii=False)


@lru_cache(maxsize=4)
def _source_regex(source: str) -> str:
    chunks = [escape_json(chunk) for chunk in split_chunks(source)]
    return json.dumps({"substring_chunks": chunks}, ensure_ascii=False)


@lru_cache(maxsize=64)
def bare_numbers(literals: tuple[str, ...]) -> dict[str, str]:
    """Return the JSON numbers that stand for literals, with their literals: `16350.00` for `$16,350.00`.

    Where two literals share a number, one that is written as a JSON number is preferred, else the first. A number that
    reads both ways (`7.139`) has both, and a whole one with decimals (`5.00`) also goes without them.
    """
    numbers: dict[str, str] = {}
    for text in sorted(literals, key=lambda text: _JSON_NUMBER.fullmatch(text) is None):
        for number in _readings(_only_number(text)):
            if _JSON_NUMBER.fullmatch(number):
                numbers.setdefault(number, text)
    return numbers


@lru_cache(maxsize=64)
def quoted_numbers(literals: tuple[str, ...]) -> dict[str, str]:
    """Return the numbers in literals as a model may write them in quotes: `16350.00` and `16,350.00` for `$16,350.00`.

    None that is a literal itself.
    """
    written = dict(bare_numbers(literals))
    for text in literals:
        if printed := _only_number(text):
            written.setdefault(printed, text)
    return {form: text for form, text in written.items() if form not in literals}


def _only_number(text: str) -> str:
    """Return the number in a text as printed; nothing where it has none, or several."""
    printed = _PRINTED_NUMBER.findall(text)
    return printed[0] if len(printed) == 1 else ""


def _readings(printed: str) -> list[str]:
    """Return the JSON numbers that a printed number may stand for: its last separator is a decimal point or groups."""
    first, *groups = _SEPARATOR.split(printed)
    *head, last = first, *groups
    separators = _SEPARATOR.findall(printed)
    found = []
    if all(len(group) == 3 for group in groups):
        found.append(first + "".join(groups))
    if head and separators[-1] in ".," and separators[-1] not in separators[:-1]:
        found.append("".join(head) + "." + last)
        if not last.strip("0"):
            found.append("".join(head))
    return list(dict.fromkeys(found))


def write_json_schema(slots: Sequence[Slot]) -> dict[str, Any]:
    """Return the form as JSON Schema, for servers that accept no Lark; a span may then be any string of its length."""
    return {
        "type": "object",
        "properties": {slot.key: slot_schema(slot) for slot in slots},
        "required": [slot.key for slot in slots],
        "additionalProperties": False,
    }


def slot_schema(slot: Slot) -> dict[str, Any]:
    """Return the JSON Schema of one slot's value."""
    if slot.kind == "literals":
        bare = [json.loads(number) for number in bare_numbers(slot.literals)]
        null = [None] if slot.nullable or not slot.literals else []
        return {"enum": [*slot.literal_strings(), *bare, *null]}
    if slot.kind == "json":
        schema = dict(slot.schema or {})
    elif slot.kind == "span":
        types = ["string", "number"] if slot.number else "string"
        schema = {"type": types, "minLength": 1, "maxLength": slot.max_length}
    elif [item.key for item in slot.items] == [""]:
        schema = {"type": "array", "items": slot_schema(replace(slot.items[0], nullable=False))}
    else:
        schema = {"type": "array", "items": write_json_schema(slot.items)}
    return {"anyOf": [schema, {"type": "null"}]} if slot.nullable else schema
