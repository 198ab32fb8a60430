"""Profiles: how often each character n-gram stands in the beginning of a document, and what its pages look like.

An n-gram is kept as a hash, so that a profile can be stored and compared, and nobody can read the document in it.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from extractor.settings import Settings, threshold
from extractor.types import Document
from extractor.values.scripts import CJK


@dataclass(frozen=True)
class ProfileSettings(Settings):
    """How much of a document its profile holds."""

    characters: int = threshold(
        4000, unit="characters", meaning="What a profile is made of: the beginning says what a document is."
    )
    grams: int = threshold(500, unit="n-grams", meaning="The most n-grams kept of a document, the frequent ones first.")
    latin_length: int = threshold(4, unit="characters", meaning="Length of an n-gram inside a word between spaces.")
    cjk_length: int = threshold(2, unit="characters", meaning="Length of an n-gram of Chinese or Japanese.")


_RUN = re.compile(rf"[{CJK}]+|[^\W_{CJK}]+")
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class DocumentProfile:
    """The counts of a document's n-grams by their hash (CRC-32)."""

    grams: Mapping[int, int]

    def to_json(self) -> dict[str, int]:
        """Return the profile as JSON data."""
        return {f"{gram:x}": count for gram, count in self.grams.items()}

    @classmethod
    def from_json(cls, stored: Mapping[str, int]) -> DocumentProfile:
        """Return the profile that `to_json` wrote."""
        return cls({int(gram, 16): count for gram, count in stored.items()})


def profile_document(document: Document) -> DocumentProfile:
    """Return the profile of a document, with what its pages look like as n-grams of their own."""
    settings = ProfileSettings.current()
    counts = Counter(hash_grams(document.text[: settings.characters]))
    frequent = dict(counts.most_common(settings.grams))  # of equal counts, those that come first in the document
    return DocumentProfile(frequent | {_hash(mark): 1 for mark in _page_marks(document)})


def profile_texts(texts: Iterable[str]) -> DocumentProfile:
    """Return the profile of some words, such as those of a schema."""
    return DocumentProfile(Counter(gram for text in texts for gram in hash_grams(text)))


def hash_grams(text: str) -> Iterator[int]:
    """Yield the hashes of a text's n-grams in order: of words with their ends marked, digits all alike.

    Words shorter than an n-gram are one. Half-width and full-width forms, and upper and lower case, are the same.
    """
    settings = ProfileSettings.current()
    for run in _RUN.findall(_DIGIT.sub("0", unicodedata.normalize("NFKC", text).casefold())):
        is_cjk = re.match(f"[{CJK}]", run)
        length = settings.cjk_length if is_cjk else settings.latin_length
        padded = run if is_cjk else f" {run} "
        for start in range(max(1, len(padded) - length + 1)):
            yield _hash(padded[start : start + length])


def _page_marks(document: Document) -> Iterator[str]:
    """Yield what is said of a document's first page: its shape, its tables, whether it was scanned."""
    yield f"\0pages {min(len(document.pages), 3)}"
    yield f"\0tables {min(len(document.tables), 3)}"
    for page in document.pages[:1]:
        if page.width and page.height:
            yield f"\0shape {round(5 * page.height / page.width)}"
        yield f"\0scanned {any(word.from_ocr for word in page.words)}"


def _hash(gram: str) -> int:
    return zlib.crc32(gram.encode("utf-8", "surrogatepass"))
