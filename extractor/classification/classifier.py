"""Tell which of several kinds of report a document is, or that it is none of them, with a probability.

Each kind gets a score from what its schema and its approved documents have in common with the document; unknown has a
score of its own. A softmax over all of them is the probability, whose weights are fitted to documents of many kinds,
each also with its own kind left out (multinomial logistic regression, with the null class that `extraction` knows as
the absence of a value). `python -m eval.classification` fits and measures it.
"""

from __future__ import annotations

import functools
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from extractor.classification.document_words import DocumentWords
from extractor.classification.kind_words import KindNames, has_cjk, kind_names, kind_texts, name_weights
from extractor.classification.profiles import DocumentProfile, profile_texts
from extractor.schemas import Schema, load_schema, shipped_schemas
from extractor.settings import Settings, threshold
from extractor.types import Document


@dataclass(frozen=True)
class KindSettings(Settings):
    """What counts for a kind of report, in units of a log-odds, and how sure the tool has to be to name one."""

    names: float = threshold(2.3, meaning="Weight of the root of the share of fields whose names are printed.")
    title: float = threshold(1.0, meaning="Weight of a name of the kind standing at the document's top.")
    words: float = threshold(
        15.0, meaning="Weight of the root of the cosine between words of schema and document, beyond `chance_words`."
    )
    examples: float = threshold(
        4.4, meaning="Weight of the root of the cosine with the most similar approved document, beyond `chance`."
    )
    names_lead: float = threshold(6.6, meaning="Weight of the lead over the next kind in `names`.")
    words_lead: float = threshold(15.0, meaning="Weight of the lead over the next kind in `words`.")
    examples_lead: float = threshold(8.2, meaning="Weight of the lead over the next kind in `examples`.")
    chance_words: float = threshold(0.2, meaning="Root of the cosine that any text and any schema reach.")
    chance: float = threshold(0.3, meaning="Root of the cosine that two documents in one language reach anyway.")
    unknown: float = threshold(5.9, meaning="The score of a document being of no known kind.")
    least: float = threshold(0.45, meaning="Probability below which a kind is not named.")
    most_examples: int = threshold(20, unit="documents", meaning="The newest approved documents of a kind compared.")


@dataclass(frozen=True, slots=True)
class KindFeatures:
    """What speaks for one kind, each 0 to 1: by itself, and as the lead of the first kind over the second in it.

    `examples` is 0 where nobody approved a document of the kind, or none is more alike than chance.
    """

    names: float
    title: float
    words: float
    examples: float
    names_lead: float
    words_lead: float
    examples_lead: float

    def score(self, settings: KindSettings) -> float:
        """Return the score of the kind, a log-odds against the others'."""
        return sum(getattr(settings, feature.name) * getattr(self, feature.name) for feature in fields(self))


@dataclass(frozen=True, slots=True)
class KindChoice:
    """The kind that a document is, None where it is of none, and how probable that is.

    `ranking` has every kind with its probability, the likeliest first; what is missing to 1 is that of no kind.
    """

    schema: Schema | None
    confidence: float
    ranking: tuple[tuple[Schema, float], ...]


class KindClassifier:
    """Tells documents of the given kinds apart. `examples` are profiles of approved documents by their schema's id."""

    def __init__(
        self, kinds: Sequence[Schema], examples: Mapping[str, Sequence[DocumentProfile]] | None = None
    ) -> None:
        self.kinds = tuple(kinds)
        own = {kind.id for kind in kinds}
        # Schemas that are not asked about tell which words are common.
        words = [_words_of(kind) for kind in (*kinds, *(s for s in _shipped() if s.id not in own))]
        self._names = [names for names, _ in words[: len(kinds)]]
        self._weights = name_weights([names for names, _ in words])
        whole = [profiles[0] for _, profiles in words]
        most = KindSettings.current().most_examples
        given = [list((examples or {}).get(kind.id, ()))[:most] for kind in kinds]
        spread: Counter[int] = Counter(gram for profile in whole for gram in profile.grams)
        self._texts = _Space(spread, len(whole))
        self._words = [[self._texts.vector(profile) for profile in profiles] for _, profiles in words[: len(kinds)]]
        spread = Counter(gram for group in given for gram in {gram for profile in group for gram in profile.grams})
        self._documents = _Space(spread, sum(map(bool, given)))
        self._examples = [[self._documents.vector(profile) for profile in group] for group in given]

    def features(self, document: DocumentWords) -> list[KindFeatures]:
        """Return what speaks for each kind, in the order of `kinds`."""
        printed = document.printed(self._weights)
        by_words, by_document = self._texts.vector(document.profile), self._documents.vector(document.profile)
        settings = KindSettings.current()
        names = [math.sqrt(each.coverage(printed, self._weights)) for each in self._names]
        titles = [max((self._weights[n] for n in document.at_top(each.titles)), default=0.0) for each in self._names]
        words = [
            max(0.0, math.sqrt(max(_cosine(part, by_words) for part in parts)) - settings.chance_words)
            for parts in self._words
        ]
        examples = [
            max((max(0.0, math.sqrt(_cosine(seen, by_document)) - settings.chance) for seen in group), default=0.0)
            for group in self._examples
        ]
        leads = map(_leads, (names, words, examples))
        return [KindFeatures(*kind) for kind in zip(names, titles, words, examples, *leads, strict=True)]

    def classify(self, document: Document) -> KindChoice:
        """Return the likeliest kind of the document, or no kind where none is likely enough."""
        settings = KindSettings.current()
        scores = [features.score(settings) for features in self.features(DocumentWords(document))]
        shares = softmax([*scores, settings.unknown])
        ranking = sorted(zip(self.kinds, shares, strict=False), key=lambda pair: -pair[1])
        if ranking and ranking[0][1] >= settings.least:
            return KindChoice(*ranking[0], tuple(ranking))
        return KindChoice(None, 1.0 - (ranking[0][1] if ranking else 0.0), tuple(ranking))


@functools.cache
def _shipped() -> tuple[Schema, ...]:
    return tuple(load_schema(name) for name, _ in shipped_schemas())


_known: dict[str, tuple[KindNames, list[DocumentProfile]]] = {}
"""The names and the words of kinds by name and the schema's id: they never change."""


def _words_of(kind: Schema) -> tuple[KindNames, list[DocumentProfile]]:
    """Return the names of a kind, and the profiles of its words: of all, and of those in one script alone.

    Documents are in one language where schemas often name their fields in two.
    """
    key = f"{kind.name}:{kind.id}"
    if key not in _known:
        texts = list(kind_texts(kind))
        scripts = [[text for text in texts if has_cjk(text) is is_cjk] for is_cjk in (True, False)]
        _known[key] = (kind_names(kind), [profile_texts(part) for part in (texts, *scripts) if part])
    return _known[key]


def softmax(scores: Sequence[float]) -> list[float]:
    """Return the probabilities that the scores stand for."""
    highest = max(scores)
    parts = [math.exp(score - highest) for score in scores]
    return [part / sum(parts) for part in parts]


class _Space:
    """Vectors of profiles: logarithmic counts, weighted by how few of the `groups` hold an n-gram, of length 1."""

    def __init__(self, spread: Mapping[int, int], groups: int) -> None:
        self._weights = {gram: math.log((groups + 1) / (number + 0.5)) for gram, number in spread.items()}
        self._unseen = math.log((groups + 1) / 1.5)  # as one that a single group holds

    def vector(self, profile: DocumentProfile) -> dict[int, float]:
        """Return the vector of a profile."""
        parts = {
            gram: (1 + math.log(count)) * self._weights.get(gram, self._unseen) for gram, count in profile.grams.items()
        }
        length = math.sqrt(sum(part * part for part in parts.values())) or 1.0
        return {gram: part / length for gram, part in parts.items()}


def _leads(values: Sequence[float]) -> list[float]:
    """Return the lead of the highest value over the next one, in its place, and 0 in all others' places."""
    if len(values) < 2:
        return [0.0] * len(values)
    second, first = sorted(values)[-2:]
    return [first - second if value == first else 0.0 for value in values]


def _cosine(a: Mapping[int, float], b: Mapping[int, float]) -> float:
    """Return the cosine of two vectors of length 1."""
    if len(a) > len(b):
        a, b = b, a
    return sum(part * b.get(gram, 0.0) for gram, part in a.items())
