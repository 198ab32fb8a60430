"""How alike two names of a thing are: a field's label in a schema, and a header or caption in a document."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from extractor.settings import Settings, threshold
from extractor.values.characters import strip_accents, strip_note_marks
from extractor.values.enumeration import strip_enumeration
from extractor.values.scripts import CJK


@dataclass(frozen=True)
class LabelSimilaritySettings(Settings):
    """How much two names that are not equal count as the same, all from 0 to 1."""

    equal_without_brackets: float = threshold(
        0.95, meaning="similarity of names that differ only by a remark in brackets"
    )
    highest_unequal: float = threshold(
        0.94, meaning="the most that names can reach by common characters alone, below `equal_without_brackets`"
    )
    contained_base: float = threshold(
        0.5, meaning="similarity of a name contained in another one, before the share that it covers counts"
    )
    contained_share: float = threshold(
        0.45, meaning="what covering all of the longer name adds to the similarity of a contained name"
    )


_BRACKETED = re.compile(r"[(（\[【][^()（）\[\]【】]*[)）\]】]")


@lru_cache(maxsize=65536)
def normalise_label(text: str) -> str:
    """Return the name as compared: half-width, lower case, without accents, numbering, white space and punctuation."""
    text = strip_accents(unicodedata.normalize("NFKC", strip_note_marks(strip_enumeration(text))).casefold())
    return "".join(c for c in text if c.isalnum() or c in "%#/+")


@lru_cache(maxsize=65536)
def _without_brackets(text: str) -> str:
    """Return the normalised label without what stands in brackets, unless nothing else is left."""
    return normalise_label(_BRACKETED.sub("", strip_enumeration(text))) or normalise_label(text)


def label_similarity(label: str, header: str) -> float:
    """Return how alike two names are, 0..1: 1 when equal but for numbering, width, case and punctuation.

    Names that differ by a remark in brackets come next, then the Dice coefficient over pairs of neighbouring
    characters (L. R. Dice, Measures of the Amount of Ecologic Association Between Species, Ecology 26, 1945), raised
    where one name contains the other.
    """
    return _similarity(label, header, LabelSimilaritySettings.current())


@lru_cache(maxsize=262144)
def _similarity(label: str, header: str, settings: LabelSimilaritySettings) -> float:
    a, b = normalise_label(label), normalise_label(header)
    if not a or not b:
        return 0.0
    if a == b:
        return 1.0
    a, b = _without_brackets(label), _without_brackets(header)
    if a == b:
        return settings.equal_without_brackets
    similarity = _dice_coefficient(a, b)
    short, long = sorted((a, b), key=len)
    if len(short) >= 2 and short in long:
        contained = settings.contained_base + settings.contained_share * len(short) / len(long)
        similarity = max(similarity, contained)
    return min(similarity, settings.highest_unequal)


def _dice_coefficient(a: str, b: str) -> float:
    left, right = _character_pairs(a), _character_pairs(b)
    common = sum(min(count, right.get(pair, 0)) for pair, count in left.items())
    return 2 * common / (sum(left.values()) + sum(right.values()))


def _character_pairs(text: str) -> dict[str, int]:
    """Return how often each pair of neighbouring characters occurs, the beginning and the end counted as characters."""
    pairs: dict[str, int] = {}
    padded = f"^{text}$"
    for i in range(len(padded) - 1):
        pairs[padded[i : i + 2]] = pairs.get(padded[i : i + 2], 0) + 1
    return pairs


def best_similarity(labels: tuple[str, ...], header: str) -> float:
    """Return the highest similarity of any of a field's labels to one header, 0 without labels."""
    return max((label_similarity(label, header) for label in labels), default=0.0)


def is_set_apart(text: str, description: str) -> bool:
    """Decide whether a description has the text beside a quotation mark or a bracket: as a name, not as its words."""
    words = re.escape(text)
    pattern = rf"[(\[\"'“‘]{words}\b|\b{words}[)\]\"'”’]"
    return re.search(pattern, description, re.IGNORECASE) is not None


@lru_cache(maxsize=4096)
def label_pattern(label: str) -> re.Pattern[str] | None:
    """Return a pattern for the label as printed, None for a label without letters or digits.

    Any white space may stand between words, and between the characters of Chinese and Japanese.
    """
    parts = re.findall(rf"[{CJK}]|[^\W{CJK}]+|[^\w\s]", label)
    if not parts:
        return None
    printed = r"\s*".join(re.escape(part) for part in parts)
    before = r"(?<![^\W_])" if re.match(rf"[^\W{CJK}]", parts[0]) else ""
    after = r"(?![A-Za-z])" if re.match(r"[A-Za-z]", parts[-1]) else ""
    return re.compile(before + printed + after, re.IGNORECASE)
