"""Legal forms of companies as printed in names: `Ltd`, `GmbH & Co. KG`, `Sdn. Bhd.`, `有限公司`.

The forms and the countries that have them come from cleanco (https://github.com/psolin/cleanco, MIT), compared almost
as cleanco compares them: word by word, without case, points and commas. cleanco and Babel are imported where first
used.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from extractor.values.scripts import HAN
from extractor.values.territories import territory_names

_TOKEN = re.compile(r"[^\s,;:()（）]+")
_SHORT_REMARK = re.compile(r"[(（]\w{1,3}\.?[)）]")
"""A remark within a name, such as the (M) of `Hill (M) Sdn Bhd`."""
_CHINESE_FORM = re.compile(
    rf"(?<=[{HAN}）)])(?:股份有限公司|有限责任公司|有限公司|有限責任公司|株式会社|合同会社|有限会社)|^(?:株式会社|合同会社|有限会社)"
)
"""Forms in Chinese and Japanese, which cleanco does not have; Japanese ones also stand in front of the name."""
_WRITTEN_OUT = {"berhad": frozenset({"MY"}), "sendirian berhad": frozenset({"MY"})}
"""Forms of cleanco that are also printed in full."""
_OTHER_SPELLINGS = {
    "Bosnia / Herzegovina": "BA",
    "Columbia": "CO",
    "Czech Republic": "CZ",
    "Hong Kong": "HK",
    "Luxemborg": "LU",
    "Macedonia": "MK",
    "Turkey": "TR",
    "United States of America": "US",
}
"""Country names of cleanco that are spelt otherwise in CLDR."""
_MISPLACED = {"Brazil": frozenset({"pllc", "ad", "adsitz", "ead", "et", "kd", "kda", "sd"})}
"""Entries of cleanco under a country that does not have these forms."""
_NO_TERRITORY = frozenset({"company", "co", "and company", "& company", "& co"})
"""Words of company names wherever English is written, though cleanco has them under one country."""
_TWO_LETTERS = frozenset({"AB", "Ab", "AG", "BV", "CO", "Co", "KG", "OY", "Oy", "SA"})
"""The forms of two letters that in this spelling seldom mean anything else; `Sa` is Saturday, `NV` Nevada."""
_SHORTEST_WORD = 6
"""Letters from which on a form (`limited`, `company`) is a word of the language, and a form only with a capital."""
_OTHER_MEANINGS = frozenset(
    {
        *("ans", "cic", "cio", "cpt", "dat", "ead", "ent", "etat", "fcp", "fie", "fop", "gie", "iks", "koop", "nuf"),
        *("og", "peec", "private", "psu", "pse", "rhf", "sal", "scop", "sem", "sep", "ses", "stg", "teo", "vat", "zat"),
        *("e.g", "a.d", "a.e", "e.e", "p.p", "p.c", "s.c", "s.e", "s.f", "s.p", "s.s", "c.a"),
    }
)
"""Forms that are more often a word, a month, a tax or another abbreviation."""


@dataclass(frozen=True, slots=True)
class LegalForm:
    """A legal form at `text[start:end]`, and the territories that have it; none where they are not known."""

    start: int
    end: int
    territories: frozenset[str]


@cache
def _forms() -> dict[tuple[str, ...], frozenset[str]]:
    """Return the territories of every form by its comparable words."""
    from cleanco.termdata import terms_by_country, terms_by_type

    codes = {name: code for code, name in territory_names().items()} | _OTHER_SPELLINGS
    forms: dict[tuple[str, ...], set[str]] = {}
    for terms in terms_by_type.values():
        for term in terms:
            forms.setdefault(_comparable(term), set())
    for country, terms in terms_by_country.items():
        for term in terms:
            if term not in _MISPLACED.get(country, ()):
                territory = {codes[country]} if country in codes and term.strip(".") not in _NO_TERRITORY else set()
                forms.setdefault(_comparable(term), set()).update(territory)
    for term, territories in _WRITTEN_OUT.items():
        forms[_comparable(term)] = set(territories)
    forms.pop((), None)
    return {words: frozenset(territories) for words, territories in forms.items()}


@cache
def _longest() -> int:
    return max(map(len, _forms()))


@cache
def _words_of_forms() -> frozenset[str]:
    """Return the words of three letters and more that forms are made of, such as the `pty` of `pty ltd`."""
    words = {word for form in _forms() for word in form if len(word) > 2 and word not in _OTHER_MEANINGS}
    return frozenset(words - {"and", "por", "descendants"})


def _comparable(text: str) -> tuple[str, ...]:
    return tuple(filter(None, (word.translate(_DROPPED) for word in text.casefold().split())))


_DROPPED = str.maketrans("", "", ".,")


def find_legal_forms(text: str) -> Iterator[LegalForm]:
    """Yield the legal forms of `text` that follow a name on their line, in order of appearance, the longest reading."""
    for line in re.finditer(r"[^\n\t]+", text):
        tokens = [(match.group(), line.start() + match.start()) for match in _TOKEN.finditer(line.group())]
        position = 1
        while position < len(tokens):
            count = _count_form_words(tokens[position:]) if _ends_a_name(tokens[position - 1][0]) else 0
            if count:
                last, start = tokens[position + count - 1]
                words = tuple(word for token, _ in tokens[position : position + count] for word in _comparable(token))
                yield LegalForm(tokens[position][1], start + len(last), _forms().get(words, frozenset()))
            position += max(count, 1)
        for match in _CHINESE_FORM.finditer(line.group()):
            yield LegalForm(line.start() + match.start(), line.start() + match.end(), frozenset())


def _ends_a_name(token: str) -> bool:
    return token[-1:].isalpha() or (len(token) > 1 and token[-2:-1].isalpha())


def _count_form_words(tokens: list[tuple[str, int]]) -> int:
    """Return how many of the first `tokens` are the words of one form; 0 where none is."""
    for count in range(min(_longest(), len(tokens)), 0, -1):
        printed = [token for token, _ in tokens[:count]]
        words = tuple(word for token in printed for word in _comparable(token))
        if words in _forms() and (len(words) > 1 or _is_likely_form(printed[0], words[0])):
            return count
    return 0


def _is_likely_form(printed: str, word: str) -> bool:
    """Decide whether the one word `printed`, which can be a form, is more likely that than anything else."""
    inner = printed.casefold().strip(".,")
    if inner in _OTHER_MEANINGS or word in _OTHER_MEANINGS:
        return False
    if len(word) == 2 and "." not in inner:
        return printed.strip(".,") in _TWO_LETTERS
    return len(word) < _SHORTEST_WORD or not printed.islower()


def ends_in_legal_form(text: str) -> bool:
    """Return whether the name `text` ends in a legal form: `Hill & Sons Ltd`."""
    return any(form.end == len(text.rstrip(" .")) or form.end == len(text.rstrip()) for form in find_legal_forms(text))


def is_legal_form(text: str) -> bool:
    """Return whether `text` is a legal form and nothing else, also after a short remark: `(M) Sdn Bhd`, `GmbH`."""
    rest = _SHORT_REMARK.sub(" ", text).strip()
    if _CHINESE_FORM.fullmatch("）" + rest, 1):
        return True
    tokens = [(match.group(), match.start()) for match in _TOKEN.finditer(rest)]
    found = False
    while tokens:
        count = _count_form_words(tokens)
        if not count:
            words = _comparable(tokens[0][0])
            if tokens[0][0] not in ("&", ".") and not (words and all(word in _words_of_forms() for word in words)):
                return False
        found = found or bool(count) or tokens[0][0] not in ("&", ".")
        tokens = tokens[max(count, 1) :]
    return found
