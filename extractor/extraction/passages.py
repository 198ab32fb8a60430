"""The excerpts of a document that a prompt contains: those that can answer the open fields, in document order."""

from __future__ import annotations

import bisect
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from extractor.settings import Settings, rule, threshold
from extractor.types import Document, Field, Passages
from extractor.values import normalisation
from extractor.values.terms import search_terms

Span = tuple[int, int]
"""A (start, end) of the document's text."""
_SENTENCE_END = re.compile(r"(?<=[。！？!?；;])|(?<=[.])(?=\s+[A-Z])|\n")
_GAP = "\n…\n"
"""Separates excerpts that do not touch in the document."""


@dataclass(frozen=True)
class PassageSettings(Settings):
    """How much of a document a prompt contains, and how its units are ranked."""

    whole_text_tokens: int = threshold(
        3000,
        unit="tokens",
        meaning="A document up to this length is shown whole, however few fields are open.",
    )
    base_tokens: int = threshold(600, unit="tokens", meaning="Budget of a prompt before any field is counted.")
    tokens_per_field: int = threshold(20, unit="tokens", meaning="What every open field adds to the budget.")
    max_tokens: int = threshold(2400, unit="tokens", meaning="Largest budget, however many fields are open.")
    opening_share: float = threshold(
        0.35, meaning="Share of the budget for the beginning of the document: titles and letterheads have no labels."
    )
    max_unit_tokens: int = threshold(120, unit="tokens", meaning="Longest block or line that is not divided further.")
    max_unit_characters: int = threshold(
        400, unit="characters", meaning="Length after which text without any end of a sentence is cut."
    )
    min_sentence_characters: int = threshold(
        60, unit="characters", meaning="Sentences are joined until they have this length."
    )
    label_tokens: int = threshold(
        16, unit="tokens", meaning="A chosen unit this short may be a label or a heading: the next unit is added too."
    )
    parent_weight: float = threshold(0.5, meaning="Weight of a parent object's name; that of a label is 1.")
    description_weight: float = threshold(0.2, meaning="Weight of a field's description; that of a label is 1.")
    no_value_factor: float = threshold(
        0.5, meaning="What is left of a unit's score if neither it nor the next unit has a value of the field's kind."
    )
    candidates_first: bool = rule(True, meaning="Units with typed candidates go before those that BM25 ranks.")


_BM25_K1, _BM25_B = 1.2, 0.75
"""The usual parameters: saturation of term frequency, and normalisation by length."""


def passage_budget(open_fields: int) -> int:
    """Return the default budget, in tokens, for a prompt about that many fields."""
    settings = PassageSettings.current()
    return min(settings.base_tokens + settings.tokens_per_field * open_fields, settings.max_tokens)


def estimate_tokens(text: str) -> int:
    """Estimate the number of tokens of a text from its characters alone, so that all models see the same passages."""
    wide = sum(c > "\u2e7f" for c in text)
    return 1 + round(wide / 1.5 + (len(text) - wide) / 3)


def split_into_units(document: Document, excluded_spans: Sequence[Span] = ()) -> list[Span]:
    """Divide the document into spans that are selected as a whole, in document order.

    A unit is a block; a long block is divided into lines, and a long line into sentences. Hidden text and
    `excluded_spans` belong to no unit.
    """
    max_tokens = PassageSettings.current().max_unit_tokens
    excluded = sorted([(b.start, b.end) for b in document.blocks if b.kind == "hidden"] + list(excluded_spans))
    units: list[Span] = []
    for start, end in _subtract(_partition(document), excluded):
        if estimate_tokens(document.text[start:end]) <= max_tokens:
            units.append((start, end))
            continue
        for m in re.finditer(r"[^\n]+\n?", document.text[start:end]):
            if m.group().isspace():
                continue
            line = (start + m.start(), start + m.end())
            units += _split_sentences(document.text, *line) if estimate_tokens(m.group()) > max_tokens else [line]
    return [(s, e) for s, e in units if document.text[s:e].strip()]


def _partition(document: Document) -> list[Span]:
    """Return the blocks and the spans between them, which together cover the text."""
    spans, at = [], 0
    for block in sorted(document.blocks, key=lambda b: (b.start, b.end)):
        if block.start > at:
            spans.append((at, block.start))
        if block.end > at:
            spans.append((max(at, block.start), block.end))
            at = block.end
    return [*spans, (at, len(document.text))] if at < len(document.text) else spans


def _subtract(spans: Sequence[Span], excluded: Sequence[Span]) -> Iterator[Span]:
    """Yield what is left of sorted spans without the sorted `excluded` ones."""
    for start, end in spans:
        at = start
        for first, last in excluded:
            if last <= at or first >= end:
                continue
            if first > at:
                yield at, first
            at = last
        if at < end:
            yield at, end


def _split_sentences(text: str, start: int, end: int, min_characters: int | None = None) -> list[Span]:
    """Return the sentences of a span; short ones are joined, and text without any end of a sentence is cut."""
    settings = PassageSettings.current()
    least = settings.min_sentence_characters if min_characters is None else min_characters
    longest = settings.max_unit_characters
    sentences: list[Span] = []
    at = start
    for m in _SENTENCE_END.finditer(text, start, end):
        if m.end() - at >= least:
            sentences.append((at, m.end()))
            at = m.end()
    if at < end:
        sentences.append((at, end))
    return [(s, min(s + longest, e)) for first, e in sentences for s in range(first, e, longest)]


def select_passages(
    document: Document,
    fields: Sequence[Field],
    budget: int,
    excluded_spans: Sequence[Span] = (),
    candidate_spans: Sequence[Sequence[Span]] = (),
    whole_text_tokens: int = 0,
    left_out: Sequence[Span] = (),
) -> Passages:
    """Return the units that matter for `fields`, at most about `budget` tokens, in document order.

    `left_out` are excluded too, but as if they were not there: no gap is marked. The whole text is returned if it fits,
    or has no more than `whole_text_tokens`. Otherwise the beginning is selected
    first, then for each field the units with its `candidate_spans` (likeliest first; one sequence a field), then those
    that BM25 (Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework: BM25 and Beyond") ranks highest.
    Every field gets its best unit before any gets its second best.
    """
    settings = PassageSettings.current()
    units = split_into_units(document, [*excluded_spans, *left_out])
    if not units:
        return Passages("", ())
    length = [estimate_tokens(document.text[s:e]) for s, e in units]
    if sum(length) <= max(budget, whole_text_tokens):
        return _join(document.text, units, left_out)
    candidates = candidate_spans if settings.candidates_first else ()
    rankings = _rank_for_each_field(document, fields, units, candidates)
    selected: set[int] = set()
    left = budget

    def select(i: int) -> None:
        nonlocal left
        if 0 <= i < len(units) and i not in selected and length[i] <= left:
            selected.add(i)
            left -= length[i]

    for i in range(len(units)):
        if sum(length[: i + 1]) > budget * settings.opening_share:
            break
        select(i)
    for rank in range(max(map(len, rankings), default=0)):
        for ranking in rankings:
            if rank < len(ranking):
                select(ranking[rank])
                if length[ranking[rank]] <= settings.label_tokens:
                    select(ranking[rank] + 1)
        if left < budget // 50:  # hardly any unit would still fit
            break
    return _join(document.text, [units[i] for i in sorted(selected)], left_out)


def _rank_for_each_field(
    document: Document,
    fields: Sequence[Field],
    units: Sequence[Span],
    candidate_spans: Sequence[Sequence[Span]],
) -> list[list[int]]:
    """Return for each field the numbers of units, best first: those with its candidates, then those found by BM25."""
    starts = [start for start, _ in units]
    rankings = []
    for n, found in enumerate(_rank_by_bm25(document, fields, units)):
        spans = candidate_spans[n] if n < len(candidate_spans) else ()
        numbers = (bisect.bisect_right(starts, start) - 1 for start, _ in spans)
        with_candidates = [i for i, (start, _) in zip(numbers, spans, strict=True) if i >= 0 and start < units[i][1]]
        rankings.append(list(dict.fromkeys([*with_candidates, *found])))
    return rankings


def _rank_by_bm25(document: Document, fields: Sequence[Field], units: Sequence[Span]) -> list[list[int]]:
    """Return for each field the numbers of the units that share a term with its names or description, best first."""
    settings = PassageSettings.current()
    texts = [document.text[s:e] for s, e in units]
    counts = [Counter(search_terms(text)) for text in texts]
    unit_frequency = Counter(term for counter in counts for term in counter)
    mean_length = sum(sum(counter.values()) for counter in counts) / len(counts)
    norms = [1 - _BM25_B + _BM25_B * sum(counter.values()) / (mean_length or 1) for counter in counts]
    kinds = {normalisation.value_kind(field) for field in fields}
    has_value = {kind: [bool(normalisation.find_spans(kind, text)) for text in texts] for kind in kinds if kind}
    rankings = []
    for field in fields:
        query = _weighted_terms(field, settings)
        kind = normalisation.value_kind(field)
        scores = []
        for i, counter in enumerate(counts):
            score = sum(
                weight
                * math.log(1 + (len(counts) - unit_frequency[t] + 0.5) / (unit_frequency[t] + 0.5))
                * (_BM25_K1 + 1)
                * counter[t]
                / (counter[t] + _BM25_K1 * norms[i])
                for t, weight in query.items()
                if t in counter
            )
            if kind and not any(has_value[kind][i : i + 2]):  # the value may be in the unit after its label
                score *= settings.no_value_factor
            if score:
                scores.append((score, i))
        rankings.append([i for _, i in sorted(scores, key=lambda t: (-t[0], t[1]))])
    return rankings


def _weighted_terms(field: Field, settings: PassageSettings) -> dict[str, float]:
    """Return the field's search terms, each with the highest weight of the texts that it is in."""
    parents = field.parents[1:] or field.parents  # the outermost of several tells little
    texts = [(label, 1.0) for label in field.labels]
    texts += [(names[0], settings.parent_weight) for names in parents if names]
    texts += [(label, settings.parent_weight) for item in field.items for label in item.labels]
    texts += [(field.description, settings.description_weight)]
    weights: dict[str, float] = defaultdict(float)
    for text, weight in texts:
        for term in set(search_terms(text)):
            weights[term] = max(weights[term], weight)
    return weights


def _join(text: str, units: Sequence[Span], left_out: Sequence[Span] = ()) -> Passages:
    """Join units: by what is between them where that is blank but for `left_out`, else by a line with an ellipsis."""
    merged: list[Span] = []
    for start, end in units:
        if merged and not text[merged[-1][1] : start].strip():
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    shown, pieces, at = [], [], 0
    for start, end in merged:
        end = start + len(text[start:end].rstrip())
        start = end - len(text[start:end].lstrip())
        if pieces:
            gap = _separator(text, pieces[-1][2], start, left_out)
            shown.append(gap)
            at += len(gap)
        shown.append(text[start:end])
        pieces.append((at, start, end))
        at += end - start
    return Passages("".join(shown), tuple(pieces))


def _separator(text: str, start: int, end: int, left_out: Sequence[Span]) -> str:
    """Return what stands for the text between two excerpts: white space if it has nothing but that and `left_out`."""
    inside = [(s, e) for s, e in left_out if s >= start and e <= end]
    rest = "".join(text[s:e] for s, e in _subtract([(start, end)], inside))
    if not inside or rest.strip():
        return _GAP
    return "\n\n" if rest.count("\n") > 1 else "\n" if "\n" in rest else " "


def find_supporting_sentence(field: Field, passages: Passages) -> Span | None:
    """Return the document span of the sentence that shares most terms with the field's names and description.

    Terms shared are weighed against the length of the sentence; None where no sentence shares any.
    """
    wanted = set(search_terms(" ".join([*field.labels, field.description])))
    best_score, best = 0.0, None
    for offset, start, end in passages.pieces:
        for s, e in _split_sentences(passages.text, offset, offset + end - start, 1):
            terms = set(search_terms(passages.text[s:e]))
            score = len(wanted & terms) / math.sqrt(len(terms) + 4)
            if score > best_score:
                best_score, best = score, (start + s - offset, start + e - offset)
    return best
