"""The search terms of a text, by which passages and fields are matched."""

from __future__ import annotations

import re

from extractor.values.characters import strip_accents
from extractor.values.scripts import HAN

_WORD = re.compile(rf"[{HAN}]+|[^\W_{HAN}]+")
_HAN = re.compile(f"[{HAN}]")


def search_terms(text: str) -> list[str]:
    """Return the search terms of `text`: lower-case words without a plural s, and pairs of Chinese characters.

    Chinese has no spaces between words, so every two neighbouring characters are a term; a character alone is one too.
    Latin letters lose their accents, which names of properties seldom have: `déduction` is `deduction`.
    """
    found: list[str] = []
    for word in _WORD.findall(strip_accents(text.casefold())):
        if _HAN.match(word):
            found += [word[i : i + 2] for i in range(len(word) - 1)] or [word]
        else:
            found.append(word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word)
    return found
