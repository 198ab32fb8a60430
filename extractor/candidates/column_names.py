"""How well the header of a column names an item of a list: by its labels, by abbreviations, by its description."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from extractor.schemas.subschemas import readable_name
from extractor.settings import Settings, rule, threshold
from extractor.types import Field
from extractor.values import units
from extractor.values.label_similarity import (
    LabelSimilaritySettings,
    is_set_apart,
    label_similarity,
    normalise_label,
)
from extractor.values.scripts import has_cjk

BETWEEN_NAMES = re.compile(r"\s*[/／|&、・;；\n]\s*|\s+(?:and|und|et|y|e|en)\s+|及|和")
"""Between the names of things that one header names."""


@dataclass(frozen=True)
class ColumnNameSettings(Settings):
    """What a header's words and an item's names count, all from 0 to 1."""

    quoted_in_description: float = threshold(
        0.86, meaning="Similarity of a header that the item's description quotes: `quantity (数量)`."
    )
    min_quoted_length: int = threshold(4, unit="characters", meaning="Shorter words stand in any description.")
    min_quoted_cjk_length: int = threshold(2, unit="characters", meaning="The same for Chinese and Japanese.")
    cjk_head: float = threshold(
        0.8, meaning="Similarity of a Chinese header that ends with the label: the words before it only narrow it."
    )
    quoted_word_within: int = threshold(
        4, unit="words", meaning="A header of one word is quoted among so many first words of a description."
    )
    abbreviated_word: float = threshold(0.9, meaning="What a word counts that abbreviates one of the other name.")
    misread_word: float = threshold(0.95, meaning="What a word counts that is another but for characters alike.")
    read_descriptions: bool = rule(True, meaning="Headers are looked for in the items' descriptions.")
    read_abbreviations: bool = rule(True, meaning="`Qty` is a quantity, `No.` a number, `YB` a year of birth.")


_WORD = re.compile(r"[^\W\d_]+|\d+|[%#№]")
_ZERO_IN_WORD = re.compile(r"(?<=[^\W\d_])0(?=[^\W\d_])")
"""A zero that is the letter in a scan: `L0AD`."""
_NUMBER_SIGN = re.compile(r"\b[nN][°º]|№")
_INITIALS = re.compile(r"\b(?:[A-Za-z]\.){2,3}(?!\w)")
_NUMBER_SIGNS = frozenset({"no", "nr", "num", "#"})
_NUMBER_WORDS = frozenset({"number", "numero", "nummer"})
_ACCENTS = frozenset(map(chr, range(0x300, 0x370)))
_VOWELS = frozenset("aeiou")
_PERCENT = frozenset({"%", "percent", "percentage", "pct", "prozent"})
_UMLAUT = re.compile("([aou])e")
"""An umlaut written with an `e`: `groesse` is `Größe`, of which the accent is left out already."""
_LOOK_ALIKE = str.maketrans("i1|0", "lllo")
"""Characters that look alike in print: a scanned `Al` is read as `AI`."""
_LEFT_OUT = re.compile(
    r"\b(?:without|excluding|not including|except(?: for)?)\b[^.;,()]*|(?:不含|不包括|不带)[^。；，,;（）()]*"
)
"""What a description says is no part of the item, though it may be printed with it."""
_CONNECTIVES = frozenset({"of", "the", "a", "an", "in", "per", "for", "and", "to", "by", "or", "is", "as"})


def header_similarity(item: Field, header: str) -> float:
    """Return how well a column's header names the item, 0..1."""
    settings = ColumnNameSettings.current(), LabelSimilaritySettings.current()
    return _similarity(item.labels, item.name, item.description, header, *settings)


@lru_cache(maxsize=65536)
def _similarity(
    labels: tuple[str, ...],
    name: str,
    description: str,
    header: str,
    settings: ColumnNameSettings,
    of_labels: LabelSimilaritySettings,
) -> float:
    """Return the similarity; `of_labels` are read by `label_similarity`, and belong to what is remembered here."""
    if not normalise_label(header):
        return 0.0
    names = dict.fromkeys((*labels, readable_name(name))) if name else dict.fromkeys(labels)
    best = max(
        (max(label_similarity(label, header), _word_similarity(label, header, settings)) for label in names),
        default=0.0,
    )
    if has_cjk(header) and any(_ends_with(header, label, settings) for label in names):
        best = max(best, settings.cjk_head)
    if settings.read_descriptions and description and _is_quoted(header, description, settings):
        best = max(best, settings.quoted_in_description)
    return best


def similarity_of_name(name: str, header: str) -> float:
    """Return how well a column's header is a name, 0..1."""
    return _similarity((name,), "", "", header, ColumnNameSettings.current(), LabelSimilaritySettings.current())


def _names(item: Field) -> tuple[str, ...]:
    """Return the labels of an item, and its own name."""
    return (*item.labels, readable_name(item.name))


def shared_words(item: Field, header: str) -> float:
    """Return the greatest share of the words of one of the item's names that the header has, abbreviated or not."""
    settings = ColumnNameSettings.current()
    theirs = _words(header)
    names = [ours for label in _names(item) if (ours := _words(label))]
    return max(
        (
            sum(max((_same_word(one, t, settings) for t in theirs), default=0.0) for one in ours) / len(ours)
            for ours in names
        ),
        default=0.0,
    )


def names_in_header(items: Sequence[Field], header: str) -> list[Field]:
    """Return the items that a header of several names has: all their words, with no word for two; none if not several.

    `CAS No. / EC No.` names `casNumber` and `ecNumber`. Two names are told by a sign between them: `Unit price` may
    be no unit and a price.
    """
    settings = ColumnNameSettings.current()
    found = [item for item in items if shared_words(item, header) >= settings.abbreviated_word]
    own = [max(len(_words(label)) for label in _names(item)) for item in found]
    least = 2 if BETWEEN_NAMES.search(header) or min(own, default=0) > 1 else 3
    return found if len(found) >= least and sum(own) <= len(_words(header)) else []


def place_names(items: Sequence[Field], header: str) -> list[Field]:
    """Return the items whose words are all in a header, in the order of their places in it, without overlaps.

    Words in front of the first name, of a header above, are left aside. None where a word stands between two names.
    """
    settings = ColumnNameSettings.current()
    theirs = _words(header)
    placed: dict[int, tuple[int, Field]] = {}
    for item in items:
        for ours in {tuple(_words(label)) for label in _names(item)}:
            at = _find_words(ours, theirs, settings)
            if at >= 0 and (at not in placed or placed[at][0] < len(ours)):
                placed[at] = len(ours), item
    found = sorted(placed.items())
    is_whole = bool(found) and found[-1][0] + found[-1][1][0] == len(theirs)
    follow = all(at + length == following for (at, (length, _)), (following, _) in pairwise(found))
    items_found = [item for _, (_, item) in found]
    return items_found if is_whole and follow and len({i.path for i in items_found}) == len(items_found) else []


def _find_words(ours: Sequence[str], theirs: Sequence[str], settings: ColumnNameSettings) -> int:
    """Return where the words stand in others, one after the other; -1 where they do not."""
    for at in range(len(theirs) - len(ours) + 1 if ours else 0):
        if all(_same_word(one, other, settings) for one, other in zip(ours, theirs[at:], strict=False)):
            return at
    return -1


def _ends_with(header: str, label: str, settings: ColumnNameSettings) -> bool:
    """Decide whether a Chinese header is the label with words before it that narrow it: `计量单位` is a `单位`."""
    plain = normalise_label(label)
    return len(plain) >= settings.min_quoted_cjk_length and has_cjk(plain) and normalise_label(header).endswith(plain)


def _words(text: str) -> list[str]:
    """Return the words of a name in lower case and without accents, without connectives."""
    joined = _INITIALS.sub(lambda m: f"{m[0].replace('.', '')} ", _NUMBER_SIGN.sub("no", text))  # `N.W.` as `NW`
    joined = _ZERO_IN_WORD.sub("o", joined)
    plain = unicodedata.normalize("NFKD", joined).casefold()
    found = _WORD.findall(unicodedata.normalize("NFC", "".join(c for c in plain if c not in _ACCENTS)))
    return [word for word in found if word not in _CONNECTIVES] or found


def _word_similarity(label: str, header: str, settings: ColumnNameSettings) -> float:
    """Return the harmonic mean of the shares of both names' words that the other name has, abbreviated or not."""
    ours, theirs = _words(label), _words(header)
    if not ours or not theirs:
        return 0.0
    if settings.read_abbreviations and _are_initials(header, label):
        return settings.abbreviated_word
    if settings.read_abbreviations:
        theirs = [word for each in theirs for word in _spelt_out(each, ours)]
    left = list(ours)
    common = 0.0
    for word in theirs:
        value, found = max(((_same_word(word, other, settings), n) for n, other in enumerate(left)), default=(0.0, 0))
        if value:
            common += value
            del left[found]
    return 2 * common / (len(ours) + len(theirs))


def _same_word(one: str, other: str, settings: ColumnNameSettings) -> float:
    if one == other or one.rstrip("s") == other.rstrip("s") != "" or {one, other} <= _PERCENT:
        return 1.0
    if one.translate(_LOOK_ALIKE) == other.translate(_LOOK_ALIKE):
        return settings.misread_word
    if _UMLAUT.sub(r"\1", one) == _UMLAUT.sub(r"\1", other):
        return 1.0
    if settings.read_abbreviations and (_abbreviates(one, other) or _abbreviates(other, one)):
        return settings.abbreviated_word
    return 0.0


def _abbreviates(short: str, word: str) -> bool:
    """Decide whether a word is short for another: its beginning (`desc`, `reqd`), or its consonants (`qty`, `amt`)."""
    if word in _NUMBER_WORDS and short in _NUMBER_SIGNS:
        return True
    if not 2 <= len(short) < len(word) or short[0] != word[0] or not short.isalpha():
        return False
    if word.startswith(short):
        return len(short) >= 3
    ends = {word.rstrip("s")[-1:], word.rstrip("saeiou")[-1:]}  # `qty` and `lfd` end as `quantity` and `laufende` do
    if ends.isdisjoint((short[-1], short.rstrip("s")[-1:])) and not short[-1] == word[-1] == "s":
        return False
    if len(short) < 3:
        return short[-1] not in _VOWELS  # `wt` is a weight, and `hr` an hour
    if len(short) > 3 and word.startswith(short[:-1]):
        return True
    letters = iter(word)
    return not any(letter in _VOWELS for letter in short[1:-1]) and all(letter in letters for letter in short)


def _are_initials(header: str, label: str) -> bool:
    """Decide whether a header is the initials of a name, with its connectives or without: `UoM`, `M/B`."""
    words = _words(header)
    short = "".join(words)
    if len(words) > 1 and max(map(len, words)) > 1:
        return False
    return any(_is_initials(short, name) for name in (_words(label), _WORD.findall(_folded(label))))


def _is_initials(short: str, words: list[str]) -> bool:
    return len(words) > 1 and len(short) == len(words) and all(w[0] == c for w, c in zip(words, short, strict=True))


def _spelt_out(short: str, words: list[str]) -> list[str]:
    """Return the words in a row of which a short word has the initials: `nw` of `net weight kg`; else the word itself.

    One that is a word of the name itself, or begins one, is no initials.
    """
    if 2 <= len(short) <= 3 and not any(word.startswith(short) for word in words):
        for n in range(len(words) - len(short) + 1):
            if _is_initials(short, part := words[n : n + len(short)]):
                return part
    return [short]


def _is_quoted(header: str, description: str, settings: ColumnNameSettings) -> bool:
    """Decide whether the description has the header, word for word, but for what it leaves out."""
    description = _LEFT_OUT.sub(" ", description)
    unit = units.parse_unit(header)
    if unit is not None and unit.known and any(name.isupper() for name in unit.dimensions):
        return False  # a currency says what the figures are in, not what they are
    if has_cjk(header):
        wanted = normalise_label(header)
        return len(wanted) >= settings.min_quoted_cjk_length and wanted in normalise_label(description)
    wanted, text = _WORD.findall(_folded(header)), _WORD.findall(_folded(description))
    if sum(map(len, wanted)) < settings.min_quoted_length:
        return False
    last = settings.quoted_word_within - 1 if len(wanted) == 1 and not _stands_out(header, description) else len(text)
    return any(text[n : n + len(wanted)] == wanted for n in range(min(last, len(text) - len(wanted)) + 1))


def _stands_out(header: str, description: str) -> bool:
    """Decide whether a description has the header as a name: in capitals, in quotes or in brackets."""
    name = header.strip()
    in_capitals = re.search(rf"\b{re.escape(name.upper())}\b", description)
    return in_capitals is not None or is_set_apart(name, description)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
