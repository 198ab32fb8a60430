"""The words of a kind of report: all that its schema says, and the names that its documents print."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from extractor.schemas import Schema, readable_name
from extractor.types import Field
from extractor.values.scripts import CJK

MIN_CJK, MIN_LATIN = 2, 3
"""Characters of a name below which any document may hold it."""
_TOKEN = re.compile(rf"[{CJK}]|[^\W_{CJK}]+")
_JOINT = re.compile(rf"(?<=[{CJK}]) (?=[{CJK}])")
_HAS_CJK = re.compile(f"[{CJK}]")


@dataclass(frozen=True, slots=True)
class KindNames:
    """The names of a kind of report, spelt as `searchable` spells them: those of each field, and those of the kind."""

    fields: tuple[frozenset[str], ...]
    titles: frozenset[str]

    def all(self) -> frozenset[str]:
        """Return every name once."""
        return self.titles.union(*self.fields)

    def coverage(self, printed: frozenset[str], weights: Mapping[str, float]) -> float:
        """Return the share of the fields of which a name is `printed`, 0 to 1.

        A field counts as much as its most telling name, and as found as much as the most telling name found of it.
        """
        whole = sum(max(weights[name] for name in names) for names in self.fields)
        found = sum(max((weights[name] for name in names & printed), default=0.0) for names in self.fields)
        return found / whole if whole else 0.0


def kind_names(schema: Schema) -> KindNames:
    """Return the names under which a schema's fields may be printed, and its own."""
    fields = (frozenset(_usable(_field_names(field))) for _, field in schema.all_fields())
    return KindNames(tuple(names for names in fields if names), frozenset(_usable(_own_names(schema))))


def kind_texts(schema: Schema) -> Iterator[str]:
    """Yield every text of a schema: names, descriptions and choices."""
    yield from _own_names(schema)
    yield schema.description
    for _, field in schema.all_fields():
        yield from _field_names(field)
        yield field.description


def _own_names(schema: Schema) -> Iterator[str]:
    yield schema.title
    yield readable_name(schema.name)


def _field_names(field: Field) -> Iterator[str]:
    yield from field.labels
    yield readable_name(field.name)
    yield from (readable_name(value) for value in field.enum or () if isinstance(value, str))


def _usable(names: Iterable[str]) -> Iterator[str]:
    """Yield the names, spelt to be searched for, that are long enough to tell anything."""
    for name in names:
        spelt = searchable(name).strip()
        least = MIN_CJK if has_cjk(spelt) else MIN_LATIN
        if len(spelt.replace(" ", "")) >= least and not spelt.isdigit():
            yield spelt


def searchable(text: str) -> str:
    """Return a text as names are looked for in it: words in lower case with a space around each, Chinese without."""
    tokens = _TOKEN.findall(unicodedata.normalize("NFKC", text).casefold())
    return f" {_JOINT.sub('', ' '.join(tokens))} "


def has_cjk(text: str) -> bool:
    """Decide whether a text has Chinese or Japanese characters."""
    return _HAS_CJK.search(text) is not None


def is_printed(name: str, text: str) -> bool:
    """Decide whether a `searchable` text holds the name: as whole words, also with a plural s; Chinese anywhere."""
    if has_cjk(name):
        return name in text
    return f" {name} " in text or f" {name}s " in text


def name_weights(kinds: Sequence[KindNames]) -> dict[str, float]:
    """Return what finding each name tells: 1 for a name of one kind, the less the more kinds share it."""
    sets = [kind.all() for kind in kinds]
    return {name: sum(name in names for names in sets) ** -0.5 for name in frozenset().union(*sets)}
