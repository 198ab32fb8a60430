"""How alike two names of a thing are: a field's label in a schema, and a header or caption in a document."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from extractor.values.enumeration import strip_enumeration

CJK = r"㐀-䶿一-鿿豈-﫿"
_BRACKETED = re.compile(r"[(（\[【][^()（）\[\]【】]*[)）\]】]")


@lru_cache(maxsize=65536)
def normalise_label(text: str) -> str:
    """The name alone: half-width, lower case, without its enumeration, white space and punctuation."""
    text = unicodedata.normalize("NFKC", strip_enumeration(text)).casefold()
    return "".join(c for c in text if c.isalnum() or c in "%#/+")


@lru_cache(maxsize=65536)
def _without_remarks(text: str) -> str:
    """The plain name less what stands in brackets, unless nothing else is left."""
    return normalise_label(_BRACKETED.sub("", strip_enumeration(text))) or normalise_label(text)


def _pairs(text: str) -> dict[str, int]:
    found: dict[str, int] = {}
    padded = f"^{text}$"
    for i in range(len(padded) - 1):
        found[padded[i : i + 2]] = found.get(padded[i : i + 2], 0) + 1
    return found


@lru_cache(maxsize=262144)
def label_similarity(label: str, header: str) -> float:
    """How surely two names mean the same thing, 0..1: 1 when equal but for numbering, width, case and punctuation.

    Else 0.95 when they differ only by a remark in brackets, else the Dice coefficient over character pairs (Dice 1945),
    raised where one name contains the other as a whole.
    """
    a, b = normalise_label(label), normalise_label(header)
    if not a or not b:
        return 0.0
    if a == b:
        return 1.0
    a_short, b_short = _without_remarks(label), _without_remarks(header)
    if a_short == b_short:
        return 0.95
    left, right = _pairs(a_short), _pairs(b_short)
    common = sum(min(n, right.get(pair, 0)) for pair, n in left.items())
    dice = 2 * common / (sum(left.values()) + sum(right.values()))
    short, long = sorted((a_short, b_short), key=len)
    if len(short) >= 2 and short in long:
        dice = max(dice, 0.5 + 0.45 * len(short) / len(long))
    return min(dice, 0.94)


def best_similarity(labels: tuple[str, ...], header: str) -> float:
    """The highest similarity of any of a field's labels to one header."""
    return max((label_similarity(label, header) for label in labels), default=0.0)


@lru_cache(maxsize=4096)
def label_pattern(label: str) -> re.Pattern[str] | None:
    """A pattern for the label as printed: any white space may stand between CJK characters and between words."""
    parts = re.findall(rf"[{CJK}]|[^\W{CJK}]+|[^\w\s]", label)
    if not parts:
        return None
    printed = r"\s*".join(re.escape(part) for part in parts)
    before = r"(?<![^\W_])" if re.match(rf"[^\W{CJK}]", parts[0]) else ""
    after = r"(?![A-Za-z])" if re.match(r"[A-Za-z]", parts[-1]) else ""
    return re.compile(before + printed + after, re.IGNORECASE)
