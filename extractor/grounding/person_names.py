"""The parts of a person's name: `Ms Jane Mary Carter-Wu MBA` has a title, given names, a surname and letters behind it.

Which part a field asks for is told by its name. A part is told from the others by how it is printed: titles are few,
letters behind a name are capitals, and so is a surname among given names in small letters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal

from extractor.schemas.subschemas import readable_name
from extractor.types import Field, Path
from extractor.values.legal_forms import ends_in_legal_form

Part = Literal["title", "given", "surname", "letters", "whole"]
Span = tuple[int, int]

_NAMES: dict[Part, re.Pattern[str]] = {
    "title": re.compile(r"^(?:title|honorific|salutation|anrede|civilité|civilite|tratamiento)$"),
    "given": re.compile(
        r"\b(?:first|given|fore) ?names?$|^(?:forename|prénom|prenom|vorname|nome próprio|nombre|voornaam|förnamn)s?$"
    ),
    "surname": re.compile(
        r"\b(?:last|family) ?name$|\bsurnames?$|^(?:nom|nachname|familienname|apellidos?|cognome|sobrenome|achternaam)$"
    ),
    "letters": re.compile(r"^(?:qualifications?|credentials?|post nominals?|degrees?|academic titles?)$"),
    "whole": re.compile(r"^(?:full )?name$"),
}
_PLAIN = re.compile(r"(?:first|given|fore|last|family) ?names?$|surnames?$")
"""Names that mean nothing but a part of a person's name."""
_PERSON = re.compile(
    r"\b(?:prepared|completed|reviewed|checked|approved|signed|drawn|calibrated|tested|inspected|issued|countersigned|"
    r"requested|released) by$|\b(?:contact|inspector|signatory|representative)(?: name)?$"
)
"""Names of fields that ask for a person."""
_TITLES = frozenset(
    {
        *("mr", "mrs", "ms", "miss", "mx", "dr", "prof", "professor", "sir", "dame", "lady", "lord", "rev"),
        *("m", "mme", "mlle", "me", "herr", "frau", "hr", "fr", "sr", "sra", "srta", "d", "dña", "don", "doña"),
        *("dott", "ing", "avv", "dhr", "mevr", "mag"),
    }
)
_LETTERS = re.compile(r"(?:[A-Z]\.?){2,6}|Ph\.?D\.?|M\.?Sc\.?|B\.?Sc\.?|MEng|BEng|[A-Z]{2,6}\([A-Za-z]+\)")
_WORD = re.compile(r"[^\s,，]+")
_MOST_WORDS = 7


def trim_role(span: Span, field: Field, text: str) -> Span:
    """Return the stretch without what a person is, behind a comma: `D. Marsh, Loan Operations` of `prepared_by`.

    One word before the comma may be a surname before a given name.
    """
    if not _PERSON.search(readable_name(field.name).casefold()):
        return span
    name, comma, _ = text[slice(*span)].partition(",")
    words = name.split()
    is_name = 1 < len(words) <= _MOST_WORDS and all(map(_begins_name, words)) and not any(map(str.isdigit, name))
    return (span[0], span[0] + len(name.rstrip())) if comma and is_name and not ends_in_legal_form(name) else span


def parts_asked_for(fields: Iterable[Field]) -> dict[Path, tuple[Part, frozenset[Part]]]:
    """Return which part of a person's name each field asks for, and which parts its object has fields for.

    A title, letters behind a name and a whole name are such parts only beside each other, and names that mean more than
    a part of a name (`nom`) only beside another part.
    """
    parts: dict[Path, Part] = {}
    for field in fields:
        name = readable_name(field.name).casefold()
        part = next((part for part, pattern in _NAMES.items() if pattern.search(name)), None)
        if part is not None and field.type == "string":
            parts[field.path] = part
    beside = {
        path: frozenset(part for other, part in parts.items() if other[:-1] == path[:-1] and other != path)
        for path in parts
    }
    return {
        path: (part, beside[path])
        for path, part in parts.items()
        if beside[path] or (part in ("given", "surname") and _PLAIN.search(readable_name(path[-1]).casefold()))
    }


def find_part(part: Part, beside: frozenset[Part], text: str) -> Span | None:
    """Return where a part stands in the name `text`; None where it has none, or is all of it.

    Of a whole name only the parts are left out that other fields ask for.
    """
    found = find_name_parts(text)
    if part != "whole":
        return found.get(part)
    if not found or not beside & {"title", "letters"}:
        return None
    begin = found["whole"][0] if "title" in beside else 0
    end = found["whole"][1] if "letters" in beside else len(text)
    return begin, end


@lru_cache(maxsize=4096)
def find_name_parts(text: str) -> dict[Part, Span]:
    """Return where the parts of the name `text` stand; nothing where it is none, or where they cannot be told apart.

    A surname is in capitals where given names are not, before a comma, or else the last word; two words in capitals
    behind a title are a surname and a given name, as on French forms.
    """
    words = [m.span() for m in _WORD.finditer(text)]
    if not 1 < len(words) <= _MOST_WORDS or any(map(str.isdigit, text)):
        return {}
    found: dict[Part, Span] = {}
    first = 0
    while first < len(words) and _word(text, words[first]).casefold().rstrip(".") in _TITLES:
        first += 1
    last = len(words)
    has_small = any(map(str.islower, text[words[min(first, len(words) - 1)][0] :]))
    while has_small and last - first > 2 and _LETTERS.fullmatch(_word(text, words[last - 1])):
        last -= 1
    if first:
        found["title"] = (words[0][0], words[first - 1][1])
    if last < len(words):
        found["letters"] = (words[last][0], words[-1][1])
    own = words[first:last]
    if not own or not all(_begins_name(_word(text, span)) for span in own):
        return {}
    found["whole"] = (own[0][0], own[-1][1])
    surname = _surname(text, own)
    if surname is not None:
        begin, end = surname
        given = [*own[:begin], *own[end:]]
        found["surname"] = (own[begin][0], own[end - 1][1])
        found["given"] = (given[0][0], given[-1][1])
    return found


def _surname(text: str, own: list[Span]) -> tuple[int, int] | None:
    """Return which of the words of a name without title and letters are the surname; None where that is not told."""
    if len(own) < 2:
        return None
    for n, (_, end) in enumerate(own[:-1]):
        if text[end : end + 1] in (",", "，"):
            return 0, n + 1
    capitals = [_word(text, span).isupper() and len(_word(text, span)) > 2 for span in own]
    if all(capitals):
        return (0, 1) if len(own) == 2 else None
    if any(capitals):
        begin = capitals.index(True)
        end = len(capitals) - capitals[::-1].index(True)
        is_run = all(capitals[begin:end]) and (begin == 0 or end == len(own))
        return (begin, end) if is_run else None
    return len(own) - 1, len(own)


def _word(text: str, span: Span) -> str:
    return text[slice(*span)]


def _begins_name(word: str) -> bool:
    """Decide whether a word may be of a name: it begins with a capital, or is short and joins others (`van`, `de`)."""
    return word[0].isupper() or (len(word) <= 3 and word.isalpha())
