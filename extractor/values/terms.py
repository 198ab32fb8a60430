"""The search terms of a text, by which passages and fields are matched."""

from __future__ import annotations

import re

_CJK = r"㐀-䶿一-鿿"
_WORD = re.compile(rf"[{_CJK}]+|[^\W_{_CJK}]+")


def search_terms(text: str) -> list[str]:
    """Search terms: lower-case words without a plural s, and every pair of neighbouring CJK characters."""
    found: list[str] = []
    for word in _WORD.findall(text.casefold()):
        if re.match(rf"[{_CJK}]", word):
            found += [word[i : i + 2] for i in range(len(word) - 1)] or [word]
        else:
            found.append(word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word)
    return found
