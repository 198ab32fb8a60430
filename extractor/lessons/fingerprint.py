"""The fingerprint of a layout: which pairs of neighbouring words a document has, as a small set of numbers.

A document's fingerprint is a sample of the hashes of its pairs of words, the same for the same words wherever they
stand on the page (the bottom sketch of Broder, On the Resemblance and Containment of Documents, 1997). Two documents of
one form share most of what is printed on it and little else; words that OCR misreads cost their own pairs only.
"""

from __future__ import annotations

import hashlib
import math
import unicodedata
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

from extractor.lessons.tokens import DocumentTokens
from extractor.settings import Settings, threshold


@dataclass(frozen=True)
class FingerprintSettings(Settings):
    """What a fingerprint holds, and from when on two documents are of one layout."""

    max_hashes: int = threshold(192, unit="hashes", meaning="So many hashes of a document are kept, the smallest ones.")
    max_words: int = threshold(256, unit="hashes", meaning="The same of a document's single words.")
    least_weight: float = threshold(0.7, meaning="Least weight of what others have too, when documents are compared.")
    min_similarity: float = threshold(
        0.3, meaning="From this share of common hashes on a document belongs to a layout that is known."
    )


def fingerprint(document: DocumentTokens) -> tuple[int, ...]:
    """Return the document's fingerprint: numbers below 2**53, in order; few or none for a document of few words.

    Pairs count that stand on one line; a line of one word counts as a pair with its end. Numbers count as one another.
    """
    pairs: set[str] = set()
    for first, last in document.runs:
        words = [t.plain for t in document.tokens[first : last + 1] if t.plain != "0"]
        pairs.update(f"{a} {b}" for a, b in pairwise([*words, ""]) if a)
    hashes = sorted(_hash(pair) for pair in pairs)
    return tuple(hashes[: FingerprintSettings.current().max_hashes])


def word_hashes(document: DocumentTokens) -> tuple[int, ...]:
    """Return a sample of the hashes of a document's words and currency signs, numbers below 2**53, in order."""
    words = {t.plain for t in document.tokens if t.plain != "0"}
    words.update(c for c in set(document.document.text) if unicodedata.category(c) == "Sc")
    return tuple(sorted(_hash(word) for word in words)[: FingerprintSettings.current().max_words])


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()) >> 11


def similarity(one: Collection[int], other: Collection[int]) -> float:
    """Return the share of hashes that two fingerprints have in common, 0..1, as far as both reach."""
    if not one or not other:
        return 0.0
    reach = min(max(one), max(other)) if len(one) >= _full() and len(other) >= _full() else None
    left = {h for h in one if reach is None or h <= reach}
    right = {h for h in other if reach is None or h <= reach}
    return len(left & right) / (len(left | right) or 1)


def _full() -> int:
    return FingerprintSettings.current().max_hashes


def weighted_similarities(wanted: Collection[int], others: Sequence[Collection[int]]) -> list[float]:
    """Return how alike a fingerprint is to each of several, 0..1, where what all of them have counts for little.

    The cosine of the two sets, each hash weighted by its rarity among `others`: forms of one authority share much text.
    But not too little: where all are of one layout, only what was filled in is rare, and says nothing about the layout.
    """
    least = FingerprintSettings.current().least_weight
    count = len(others)
    frequency = Counter(h for other in others for h in set(other))
    weight = {h: max(least, math.log((count + 1.5) / (n + 0.5))) for h, n in frequency.items()}
    rarest = max(least, math.log((count + 1.5) / 1.5))
    own = set(wanted)
    own_norm = sum(weight.get(h, rarest) ** 2 for h in own)
    found = []
    for other in others:
        common = sum(weight[h] ** 2 for h in own.intersection(other))
        norm = own_norm * sum(weight[h] ** 2 for h in set(other))
        found.append(common / math.sqrt(norm) if norm else 0.0)
    return found
