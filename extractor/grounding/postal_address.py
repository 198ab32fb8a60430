"""Postal addresses: several lines, of which a model often misses the first or the last.

A schema declares such a field with `"x-kind": "postal-address"`. The rules go by what addresses of most countries have
in common: a house number at the beginning (or the end) of a line, lines that end with a comma, a postal code, the name
of the country (Universal Postal Union, Addressing the world; country names from `extractor.values.territories`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from extractor.grounding.lines import Span, find_line_above, find_line_below, find_lines, holds_other_value
from extractor.settings import Settings, rule, threshold
from extractor.types import Field
from extractor.values.terms import search_terms
from extractor.values.territories import territory_names

KIND = "postal-address"


@dataclass(frozen=True)
class PostalAddressSettings(Settings):
    """Rules for postal addresses."""

    recognise_by_name: bool = rule(True, meaning="A field that is called an address is one, though undeclared.")
    stop_at_other_values: bool = rule(True, meaning="An address ends before the first line that holds another value.")
    drop_other_labels: bool = rule(
        True, meaning="Last lines that have a word of another field's label, and nothing of an address, are left out."
    )
    add_lines_above: bool = rule(True, meaning="Lines above are added that lead up to the address.")
    add_lines_below: bool = rule(True, meaning="Lines below are added that go on with the address.")
    look_ahead: bool = rule(
        True, meaning="A line of a few capitalised words is added where the next has a postal code or names a country."
    )
    max_added_lines: int = threshold(3, unit="lines", meaning="So many lines are added at either end.")
    max_line_words: int = threshold(5, unit="words", meaning="The longest line that only names places.")
    max_name_lines: int = threshold(
        3, unit="lines", meaning="So many first lines may hold the name of an organization."
    )


_HOUSE_NUMBER = re.compile(
    r"\W*(?:[^\W\d]{1,8}\b\.?\s*){0,2}#?[^\W\d]{0,3}[-/.]?\d[\w./&-]*(?:\s*[,，]|\s+[^\W\d]|\s*$)"
)
"""A line that begins with a number, after a word or two at most: `12 Mill Lane`, `Unit 7-B, ...`, `Hauptstr. 3`."""
_POSTAL_CODE = re.compile(
    r"(?<![\w-])(?:\d{5,6}|(?!(?:19|20)\d\d\s*$)\d{4}|\d{2,5}-\d{3,4}|\d{3} \d{2}|\d{4} ?[A-Z]{2}|"
    r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|[A-Z]\d[A-Z] ?\d[A-Z]\d)(?![\w-])"
)
"""A postal code as most countries write it: four to six digits but not a year, or two groups, some with letters."""


def is_postal_address(field: Field) -> bool:
    """Decide whether a field asks for a postal address: declared, or else by the field's own names.

    A street address is a part of one, unless it is declared.
    """
    if "x-kind" in field.schema:
        return field.schema["x-kind"] == KIND
    if not PostalAddressSettings.current().recognise_by_name:
        return False
    names = " ".join((field.name, *field.labels)).casefold()
    is_address = re.search(r"(?<![^\W_])address(?:es)?(?![^\W_])", names) is not None
    return is_address and "mail" not in names and not {"ip", "street"} & set(search_terms(names))


def start_after_names(span: Span, names: Sequence[Span], text: str) -> int:
    """Return where an address begins without its first lines, as far as one of `names` stands on them.

    Return its own start where nothing, or no figure, would be left.
    """
    settings = PostalAddressSettings.current()
    lines = find_lines(*span, text)
    taken = 0
    for count, (start, end) in enumerate(lines[: settings.max_name_lines], 1):
        if any(start < name_end and name_start < end for name_start, name_end in names):
            taken = count
    if not 0 < taken < len(lines):
        return span[0]
    return lines[taken][0] if re.search(r"\d", text[lines[taken][0] : span[1]]) else span[0]


def adjust_address(span: Span, text: str, other_terms: frozenset[str] = frozenset()) -> Span:
    """Return the stretch with the lines above that lead up to it and the lines below that go on with it.

    The line above belongs where it ends with a comma, or begins with a house number while the stretch does not; the
    line below where the stretch ends with a comma, and where it has a postal code or names the country, or is a place
    name above such a line. Neither does where it holds another value, a tab, or one of `other_terms`, the terms of
    other fields' labels.
    A blank line ends an address unless its own lines stand apart.
    """
    settings = PostalAddressSettings.current()
    lines = _own_lines(span, text, other_terms)
    start, end = lines[0][0], lines[-1][1]
    spaced = len(lines) > 1 and all("\n" in text[a[1] + 1 : b[0]] for a, b in pairwise(lines))
    for _ in range(settings.max_added_lines if settings.add_lines_above else 0):
        above = find_line_above(start, text)
        if above is None or not _leads_up(text[slice(*above)], text[start:end], other_terms):
            break
        start = above[0]
    for _ in range(settings.max_added_lines if settings.add_lines_below else 0):
        below = find_line_below(end, text)
        if below is None and spaced:
            below = find_line_below(end + len(re.match(r"[ ,，.]*\n?", text[end:])[0]), text)
        if below is None:
            break
        following = find_line_below(below[1], text)
        next_line = text[slice(*following)] if following and settings.look_ahead else ""
        if not _goes_on(text[slice(*below)], next_line, text[start:end], other_terms):
            break
        end = below[1]
    return start, end


def _own_lines(span: Span, text: str, other_terms: frozenset[str]) -> list[Span]:
    """Return the lines of the stretch up to the first that is not part of the address."""
    settings = PostalAddressSettings.current()
    lines = find_lines(*span, text)
    others = [holds_other_value(text[slice(*line)]) for line in lines]
    first = others.index(False) if False in others else 0
    if settings.stop_at_other_values and True in others[first + 1 :]:
        lines = lines[: others.index(True, first + 1)]
    while settings.drop_other_labels and len(lines) > 1 and _is_of_other_field(text[slice(*lines[-1])], other_terms):
        lines.pop()
    return lines


def _leads_up(line: str, address: str, other_terms: frozenset[str]) -> bool:
    """Decide whether the line above an address is part of it."""
    if "\t" in line or holds_other_value(line) or _is_of_other_field(line, other_terms):
        return False
    return line.endswith((",", "，")) or (_has_house_number(line) and not _begins_with_house_number(address))


def _goes_on(line: str, next_line: str, address: str, other_terms: frozenset[str]) -> bool:
    """Decide whether the line below an address is part of it, itself or as it leads to `next_line`."""
    if "\t" in line or holds_other_value(line) or _is_of_other_field(line, other_terms):
        return False
    if address.endswith((",", "，")):
        return True
    if _ends_address(line):
        return True
    return _ends_address(next_line) and _is_place_name(line)


def _ends_address(line: str) -> bool:
    """Decide whether a line is one that addresses end with: a place with its postal code, or the country."""
    rest, codes = _POSTAL_CODE.subn(" ", line)
    return _is_country(line) or (codes == 1 and _is_place_name(rest))


def _is_place_name(line: str) -> bool:
    """Decide whether a line is a few capitalised words without figures."""
    words = re.findall(r"\w+", line)
    is_short = 0 < len(words) <= PostalAddressSettings.current().max_line_words
    return is_short and all(word[0].isupper() and word.isalpha() for word in words)


def _is_of_other_field(line: str, other_terms: frozenset[str]) -> bool:
    """Decide whether a line speaks of another field: a word of that field's labels, and nothing that addresses have."""
    if _has_house_number(line) or _has_postal_code(line) or _is_country(line):
        return False
    return bool(other_terms & set(search_terms(line)))


def _has_house_number(line: str) -> bool:
    return _HOUSE_NUMBER.match(line) is not None


def _begins_with_house_number(address: str) -> bool:
    """Decide whether an address begins with its house number rather than with a postal code, `98765 Nordhafen`."""
    return _has_house_number(address.split("\n")[0]) and not _POSTAL_CODE.match(address)


def _has_postal_code(line: str) -> bool:
    return _POSTAL_CODE.search(line) is not None


def _is_country(line: str) -> bool:
    return " ".join(line.split()).strip(" .,，").casefold() in _countries()


@cache
def _countries() -> frozenset[str]:
    return frozenset(name.casefold() for name in territory_names().values())
