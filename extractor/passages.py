"""The stretches of a document that a prompt carries: those that can answer the fields still open, in reading order."""

from __future__ import annotations

import bisect
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from extractor import normalise
from extractor.types import Document, Field

_SENTENCE_END = re.compile(r"(?<=[。！？!?；;])|(?<=[.])(?=\s+[A-Z])|\n")
_CJK = r"㐀-䶿一-鿿"
_WORD = re.compile(rf"[{_CJK}]+|[^\W_{_CJK}]+")
UNIT_LIMIT = 400
"""Longest stretch, in characters, that is taken or left as a whole."""


@dataclass(frozen=True, slots=True)
class Passages:
    """The text shown to the model; `pieces` says where each part of it stands in the document.

    A piece is `(offset in text, start, end)` with `text[offset:offset + end - start] == document.text[start:end]`.
    """

    text: str
    pieces: tuple[tuple[int, int, int], ...]

    def to_document(self, start: int, end: int) -> tuple[int, int] | None:
        """The same stretch in the document, or None where it runs over a gap between two pieces."""
        i = bisect.bisect_right([offset for offset, _, _ in self.pieces], start) - 1
        if i < 0:
            return None
        offset, first, last = self.pieces[i]
        if end - offset > last - first:
            return None
        return first + start - offset, first + end - offset


def tokens(text: str) -> int:
    """About how many tokens a model makes of the text, by character counts alone, so that every model sees the same."""
    wide = sum(c > "\u2e7f" for c in text)
    return 1 + round(wide / 1.5 + (len(text) - wide) / 3)


def terms(text: str) -> list[str]:
    """Search terms: lower-case words, and every pair of neighbouring CJK characters."""
    found: list[str] = []
    for word in _WORD.findall(text.casefold()):
        if re.match(rf"[{_CJK}]", word):
            found += [word[i : i + 2] for i in range(len(word) - 1)] or [word]
        else:
            found.append(word)
    return found


def units(document: Document, holes: Sequence[tuple[int, int]] = ()) -> list[tuple[int, int]]:
    """The document cut into lines, and long lines into sentences; hidden text and `holes` are left out."""
    out = [(b.start, b.end) for b in document.blocks if b.kind == "hidden"] + list(holes)
    cuts: list[tuple[int, int]] = []
    at = 0
    for start, end in sorted(out):
        if start > at:
            cuts.append((at, start))
        at = max(at, end)
    if at < len(document.text):
        cuts.append((at, len(document.text)))
    found: list[tuple[int, int]] = []
    for start, end in cuts:
        line_start = start
        for line in document.text[start:end].splitlines(keepends=True):
            line_end = line_start + len(line)
            if line.strip():
                found += _sentences(document.text, line_start, line_end) if len(line) > UNIT_LIMIT else [(line_start, line_end)]
            line_start = line_end
    return found


def _sentences(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Sentences of one long line, packed together while they are short, cut hard where there is no stop at all."""
    found: list[tuple[int, int]] = []
    at = start
    for m in _SENTENCE_END.finditer(text, start, end):
        if m.end() - at >= 60:
            found.append((at, m.end()))
            at = m.end()
    if at < end:
        found.append((at, end))
    return [(s, min(s + UNIT_LIMIT, e)) for first, e in found for s in range(first, e, UNIT_LIMIT)]


def choose(
    document: Document,
    fields: Sequence[Field],
    budget: int,
    holes: Sequence[tuple[int, int]] = (),
) -> Passages:
    """The units that matter for `fields`, at most about `budget` tokens, in document order.

    The whole text is kept when it fits. Else units are ranked by BM25 (Robertson and Zaragoza 2009) on the fields'
    labels and descriptions, raised where a unit holds a stretch of the field's kind or stands at the very beginning,
    and every field has its best units in before any field has its next ones.
    """
    pieces = units(document, holes)
    if not pieces:
        return Passages("", ())
    length = [tokens(document.text[s:e]) for s, e in pieces]
    if sum(length) <= budget:
        return _join(document.text, pieces)
    words = [Counter(terms(document.text[s:e])) for s, e in pieces]
    spread = Counter(term for counter in words for term in counter)
    mean = sum(sum(c.values()) for c in words) / len(words)
    kinds = {normalise.kind_of(f) for f in fields}
    holds = {k: [bool(normalise.find(k, document.text[s:e])) for s, e in pieces] for k in kinds if k}
    order: list[list[int]] = []
    for field in fields:
        query = Counter(terms(" ".join(field.labels)))
        for group in field.parents[1:]:
            query.update(terms(group[0]))
        for term in set(terms(field.description)):
            query[term] += 0.3  # type: ignore[assignment]
        kind = normalise.kind_of(field)
        ranked = []
        for i, counter in enumerate(words):
            size = 0.4 + 0.6 * sum(counter.values()) / (mean or 1)
            score = sum(
                weight * math.log(1 + (len(words) - spread[t] + 0.5) / (spread[t] + 0.5)) * 2.2 * counter[t] / (counter[t] + 1.2 * size)
                for t, weight in query.items()
                if t in counter
            )
            if kind and not holds[kind][i]:
                # the value of a label that stands alone is on one of the next lines
                score *= 0.5 if not any(holds[kind][i + 1 : i + 3]) else 0.8
            score += 1.5 / (1 + i)
            ranked.append((score, i))
        order.append([i for score, i in sorted(ranked, key=lambda t: (-t[0], t[1])) if score > 0])
    taken: set[int] = set()
    left = budget
    for rank in range(max(map(len, order), default=0)):
        for ranking in order:
            if rank >= len(ranking):
                continue
            for i in (ranking[rank], ranking[rank] + 1, ranking[rank] - 1):
                if 0 <= i < len(pieces) and i not in taken and length[i] <= left:
                    taken.add(i)
                    left -= length[i]
        if left < budget // 50:
            break
    return _join(document.text, [pieces[i] for i in sorted(taken)])


def _join(text: str, pieces: Sequence[tuple[int, int]]) -> Passages:
    """Pieces joined by the text's own line breaks where they touch, by a line with an ellipsis where they do not."""
    merged: list[tuple[int, int]] = []
    for start, end in pieces:
        if merged and not text[merged[-1][1] : start].strip():
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    shown, places, at = [], [], 0
    for n, (start, end) in enumerate(merged):
        end = start + len(text[start:end].rstrip())
        start = end - len(text[start:end].lstrip())
        if n:
            shown.append("\n…\n")
            at += 3
        shown.append(text[start:end])
        places.append((at, start, end))
        at += end - start
    return Passages("".join(shown), tuple(places))
