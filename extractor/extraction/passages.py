"""The stretches of a document that a prompt carries: those that can answer the fields still open, in reading order."""

from __future__ import annotations

import bisect
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from extractor.types import Document, Field, Passages
from extractor.values import normalization
from extractor.values.terms import search_terms

_SENTENCE_END = re.compile(r"(?<=[。！？!?；;])|(?<=[.])(?=\s+[A-Z])|\n")
UNIT_TOKENS = 120
"""Longest stretch, in tokens, that is taken or left as a whole."""
HARD_CUT = 400
"""Characters after which a stretch without any stop is cut."""
LONE = 16
"""A unit of so few tokens may be a label or a heading whose value is in the next unit."""
OPENING = 0.35
"""The share of the budget that the beginning of the document has at once: titles and letterheads carry no labels."""


def tokens(text: str) -> int:
    """About how many tokens a model makes of the text, by character counts alone, so that every model sees the same."""
    wide = sum(c > "\u2e7f" for c in text)
    return 1 + round(wide / 1.5 + (len(text) - wide) / 3)


def units(document: Document, holes: Sequence[tuple[int, int]] = ()) -> list[tuple[int, int]]:
    """The document cut into blocks; long ones into lines, and long lines into sentences; no hidden text, no `holes`."""
    out = sorted([(b.start, b.end) for b in document.blocks if b.kind == "hidden"] + list(holes))
    found: list[tuple[int, int]] = []
    for start, end in _kept(_stretches(document), out):
        if tokens(document.text[start:end]) <= UNIT_TOKENS:
            found.append((start, end))
            continue
        for m in re.finditer(r"[^\n]+\n?", document.text[start:end]):
            if m.group().isspace():
                continue
            line = (start + m.start(), start + m.end())
            found += _sentences(document.text, *line) if tokens(m.group()) > UNIT_TOKENS else [line]
    return [(s, e) for s, e in found if document.text[s:e].strip()]


def _stretches(document: Document) -> list[tuple[int, int]]:
    """Blocks and the stretches between them, end to end over the whole text."""
    found, at = [], 0
    for block in sorted(document.blocks, key=lambda b: (b.start, b.end)):
        if block.start > at:
            found.append((at, block.start))
        if block.end > at:
            found.append((max(at, block.start), block.end))
            at = block.end
    return [*found, (at, len(document.text))] if at < len(document.text) else found


def _kept(stretches: Sequence[tuple[int, int]], out: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """What is left of sorted `stretches` when those of `out` are taken away."""
    for start, end in stretches:
        at = start
        for first, last in out:
            if last <= at or first >= end:
                continue
            if first > at:
                yield at, first
            at = last
        if at < end:
            yield at, end


def _sentences(text: str, start: int, end: int, least: int = 60) -> list[tuple[int, int]]:
    """Sentences, packed together while they have fewer than `least` characters, cut hard where there is no stop."""
    found: list[tuple[int, int]] = []
    at = start
    for m in _SENTENCE_END.finditer(text, start, end):
        if m.end() - at >= least:
            found.append((at, m.end()))
            at = m.end()
    if at < end:
        found.append((at, end))
    return [(s, min(s + HARD_CUT, e)) for first, e in found for s in range(first, e, HARD_CUT)]


def choose(
    document: Document,
    fields: Sequence[Field],
    budget: int,
    holes: Sequence[tuple[int, int]] = (),
    seeds: Sequence[Sequence[tuple[int, int]]] = (),
) -> Passages:
    """The units that matter for `fields`, at most about `budget` tokens, in document order.

    The whole text is kept when it fits. Else the beginning goes in first, then for each field the places in `seeds`
    (likeliest first), then the units that BM25 (Robertson and Zaragoza 2009) ranks highest for its labels and
    description, those without a stretch of the field's kind lowered; every field has its best in before any has its
    next.
    """
    pieces = units(document, holes)
    if not pieces:
        return Passages("", ())
    length = [tokens(document.text[s:e]) for s, e in pieces]
    if sum(length) <= budget:
        return _join(document.text, pieces)
    starts = [s for s, _ in pieces]
    ranked = _ranked(document, fields, pieces)
    order = []
    for n in range(len(fields)):
        places = seeds[n] if n < len(seeds) else ()
        first = [i for s, _ in places for i in [bisect.bisect_right(starts, s) - 1] if i >= 0 and s < pieces[i][1]]
        order.append(list(dict.fromkeys([*first, *ranked[n]])))
    taken: set[int] = set()
    left = budget

    def take(i: int) -> None:
        nonlocal left
        if 0 <= i < len(pieces) and i not in taken and length[i] <= left:
            taken.add(i)
            left -= length[i]

    for i in range(len(pieces)):
        if sum(length[: i + 1]) > budget * OPENING:
            break
        take(i)
    for rank in range(max(map(len, order), default=0)):
        for ranking in order:
            if rank < len(ranking):
                take(ranking[rank])
                if length[ranking[rank]] <= LONE:
                    take(ranking[rank] + 1)
        if left < budget // 50:
            break
    return _join(document.text, [pieces[i] for i in sorted(taken)])


def _ranked(document: Document, fields: Sequence[Field], pieces: Sequence[tuple[int, int]]) -> list[list[int]]:
    """For each field the numbers of the pieces that share a term with it, best first."""
    words = [Counter(search_terms(document.text[s:e])) for s, e in pieces]
    spread = Counter(term for counter in words for term in counter)
    mean = sum(sum(c.values()) for c in words) / len(words)
    sizes = [0.25 + 0.75 * sum(c.values()) / (mean or 1) for c in words]
    kinds = {normalization.value_kind(f) for f in fields}
    holds = {k: [bool(normalization.find_spans(k, document.text[s:e])) for s, e in pieces] for k in kinds if k}
    order = []
    for f in fields:
        query: dict[str, float] = defaultdict(float)
        around = f.parents[1:] or f.parents  # the outermost of several says little
        for text, weight in (
            [(label, 1.0) for label in f.labels] + [(g[0], 0.5) for g in around if g] + [(f.description, 0.2)]
        ):
            for term in set(search_terms(text)):
                query[term] = max(query[term], weight)
        kind = normalization.value_kind(f)
        scores = []
        for i, counter in enumerate(words):
            score = sum(
                weight
                * math.log(1 + (len(words) - spread[t] + 0.5) / (spread[t] + 0.5))
                * 2.2
                * counter[t]
                / (counter[t] + 1.2 * sizes[i])
                for t, weight in query.items()
                if t in counter
            )
            if kind and not any(holds[kind][i : i + 2]):
                score *= 0.5  # the value of a label that stands alone is in the next unit
            if score:
                scores.append((score, i))
        order.append([i for _, i in sorted(scores, key=lambda t: (-t[0], t[1]))])
    return order


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


def speaks_of(field: Field, passages: Passages) -> tuple[int, int] | None:
    """The sentence of the passages that shares most terms with a field's names and description, in the document."""
    wanted = set(search_terms(" ".join([*field.labels, field.description])))
    best, place = 0.0, None
    for offset, start, end in passages.pieces:
        for s, e in _sentences(passages.text, offset, offset + end - start, 1):
            found = set(search_terms(passages.text[s:e]))
            score = len(wanted & found) / math.sqrt(len(found) + 4)
            if score > best:
                best, place = score, (start + s - offset, start + e - offset)
    return place
