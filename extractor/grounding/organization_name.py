"""Names of companies and other organizations: a name is not whole without its legal form.

A schema declares such a field with `"x-kind": "organization-name"`. The legal forms of all countries come from
`extractor.values.legal_forms`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from extractor.grounding.lines import Span, find_line_above, find_line_below, rest_of_lines
from extractor.schemas.subschemas import readable_name
from extractor.settings import Settings, rule, threshold
from extractor.types import Field
from extractor.values import normalisation
from extractor.values.legal_forms import ends_in_legal_form, find_legal_forms, is_legal_form

KIND = "organization-name"
_SEPARATOR = re.compile(r"(?P<separator>[\n\t:：])")
_NAME_BEHIND = re.compile(r"\t[^\n\t:：()（）\d]{2,40}(?=[\n\t]|$)")
"""What a wide space parts from a legal form that stands before the name, as in Japanese."""
_GOES_ON = re.compile(r"(?:and|of|und|et|y|&) \w|& ")
"""How the next line of a name begins that is too long for one."""
_HONORIFICS = frozenset({"御中", "様", "殿"})
_NAME_BEFORE = re.compile(r"(?P<name>[^\n\t:：()（）]{2,40})[\t \u3000]*\Z")
"""What stands before the word for Messrs, with which Japanese letters address their receiver."""
_NAMED_FOR = re.compile(
    r"(?<![^\W_])(?:company|business|firm|merchant|seller|supplier|vendor|shop|store|issuer|buyer|customer|payee|payer|"
    r"organi[sz]ation|airline|carrier|bank|agency|employer|manufacturer|purchaser|insurer|lender|borrower|landlord|"
    r"tenant|contractor|laboratory|consignee|shipper|brokerage|institution)(?![^\W_])"
)
"""Words in the names of fields that ask for an organization."""
_DETAIL_OF = re.compile(
    r"mail|phone|fax|website|address|(?<![^\W_])(?:number|no|id|code|type|city|country|state)(?![^\W_])"
)
"""Words in the names of fields that ask for a detail of an organization rather than for its name."""


@dataclass(frozen=True)
class OrganizationNameSettings(Settings):
    """Rules for the names of organizations."""

    recognise_by_name: bool = rule(
        True, meaning="A free text whose field is called company, seller and the like is one, though undeclared."
    )
    complete_legal_form: bool = rule(
        True, meaning="A name takes its legal form from the line below, and a legal form its name from around it."
    )
    find_whole_names: bool = rule(
        True, meaning="A name is taken with the legal form that it is printed with, there or elsewhere."
    )
    max_words: int = threshold(8, unit="words", meaning="The longest line that may be a name.")


def is_organization_name(field: Field) -> bool:
    """Decide whether a field asks for the name of an organization: declared, or else by the field's own names."""
    if "x-kind" in field.schema:
        return field.schema["x-kind"] == KIND
    if not OrganizationNameSettings.current().recognise_by_name:
        return False
    if field.type != "string" or not field.copied or field.enum is not None or normalisation.value_kind(field):
        return False
    around = field.parents[-1] if field.parents and field.name == "name" else ()
    names = " ".join((readable_name(field.name), *field.labels, *map(readable_name, around))).casefold()
    return bool(_NAMED_FOR.search(names)) and not _DETAIL_OF.search(names)


def complete_legal_form(span: Span, field: Field, text: str) -> Span:
    """Return the stretch, a name on one line, with the legal form that goes with it.

    The form may stand on the line below (`Hill & Sons`, then `Ltd`). Where the answer is a form alone, the rest of its
    line, and the line above that names the organization, belong to it.
    """
    settings = OrganizationNameSettings.current()
    start, end = span
    if not settings.complete_legal_form or not is_organization_name(field):
        return span
    if is_legal_form(text[start:end]):
        start -= len(rest_of_lines(start, end, text, _SEPARATOR)[0])
    if is_legal_form(text[start:end]) and (behind := _NAME_BEHIND.match(text, end)):
        end = behind.end()
    if text[start:end].strip() in _HONORIFICS and (before := _NAME_BEFORE.search(text, 0, start)):
        start, end = before.span("name")
    above, below = find_line_above(start, text), find_line_below(end, text)
    if is_legal_form(text[start:end]) and above and is_name_line(text[slice(*above)], least=1):
        start = above[0]
    is_open = text[start:end].endswith((" &", " and", " und"))
    goes_on = (
        below
        and (is_open or _GOES_ON.match(text, below[0]))
        and is_name_line(text[slice(*below)].replace(",", ""), least=1)
    )
    if below and (is_legal_form(text[slice(*below)]) or goes_on):
        end = below[1]
    if settings.find_whole_names and not ends_in_legal_form(text[start:end]):
        return _find_with_legal_form((start, end), text) or (start, end)
    return start, end


def _find_with_legal_form(span: Span, text: str) -> Span | None:
    """Return where the name is printed with its legal form, at its place or elsewhere; None where it never is.

    Up to three words may stand between, as in `Nordsee Ferries Shipping Ltd` for `Nordsee Ferries`.
    """
    name = text[slice(*span)].strip()
    if len(name.split()) < 2 or "\n" in name:
        return None
    pattern = re.compile(rf"(?<!\w){re.escape(name)}(?:,? (?:[A-Z&][\w&.'’/-]*)){{1,4}}")
    for match in sorted(pattern.finditer(text), key=lambda m: m.start() != span[0]):
        ends = [form.end for form in find_legal_forms(match[0]) if form.end > len(name)]
        if ends:
            return match.start(), match.start() + min(ends)
    return None


def is_name_line(line: str, least: int = 2) -> bool:
    """Decide whether a line is written as a name: `least` words or more, all capitalised but short ones between them.

    Numbers and `&` count as capitalised, and so does a short remark in brackets, `(UK)`.
    """
    words = line.split()
    return least <= len(words) <= OrganizationNameSettings.current().max_words and all(map(_is_word_of_name, words))


def _is_word_of_name(word: str) -> bool:
    return bool(re.fullmatch(r"\(\w{1,3}\.?\)", word)) or is_joining_word(word) or _is_capitalised(word)


def is_joining_word(word: str) -> bool:
    """Decide whether a word is one of the short lower-case words within names: of, de, und, van."""
    return len(word) <= 3 and word.isalpha() and word.islower()


def _is_capitalised(word: str) -> bool:
    first = word[0]
    starts = first in "&@" or (first.isalnum() and not first.islower())
    return starts and re.fullmatch(r"[&@]?[\w'’&./@-]*", word) is not None
