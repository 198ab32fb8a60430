"""Values that a model gave: each answer's JSON read, located in the document, and normalised."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from extractor.confidence import heuristic
from extractor.decoding import SlotAnswer, parse_answer, parse_elements, parse_truncated_array
from extractor.extraction.conflicts import reject_low_confidence
from extractor.extraction.field_values import ExtractionContext, value_from_evidence
from extractor.extraction.passages import find_supporting_sentence
from extractor.extraction.questions import FieldQuery
from extractor.grounding import occurrences, span_boundaries
from extractor.problems import ProblemKind
from extractor.settings import Settings, rule, threshold
from extractor.types import Answer, Field, FieldValue, Path, Problem, Token, path_text
from extractor.values import label_similarity, normalisation


@dataclass(frozen=True)
class AnswerSettings(Settings):
    """How an answer is read."""

    before_value: int = threshold(
        80, unit="characters", meaning="Text before a value that may tell its unit or its scale."
    )
    after_value: int = threshold(40, unit="characters", meaning="The same after it.")
    adjust_spans: bool = rule(True, meaning="The ends of a free text are corrected by the lines that it stands on.")
    refuse_labels: bool = rule(
        True, meaning="A field's own label is no value: small models repeat it where the document gives none."
    )
    drop_repeated_elements: bool = rule(
        True, meaning="An element equal to an earlier one is dropped: small models that do not stop repeat themselves."
    )


def values_from_answer(queries: Sequence[FieldQuery], answer: Answer, context: ExtractionContext) -> list[FieldValue]:
    """Return the values of one field group's answer; a field that the answer did not reach is null with a problem."""
    slot_answers = {found.key: found for found in parse_answer(answer, [query.slot for query in queries])}
    values: list[FieldValue] = []
    for query in queries:
        f, found = query.field, slot_answers.get(query.key)
        if found is None and f.type == "array" and (found := parse_truncated_array(query.key, answer)):
            message = "The list was cut off; look for elements after the last one."
            problem = Problem(f.path, ProblemKind.TRUNCATED, message)
            values += _list_values(query, found, answer, context, (problem,))
        elif found is None:
            message = "The answer was cut off before this field; ask again with fewer fields."
            values.append(FieldValue(f.path, None, None, 0.0, (Problem(f.path, ProblemKind.TRUNCATED, message),)))
        elif f.type == "array":
            values += _list_values(query, found, answer, context)
        elif not f.copied or f.type == "json":
            values.append(_judged_value(f, found, context))
        else:
            value = _copied_value(f, f.path, found.text, found.tokens, context)
            values.append(reject_low_confidence(value, f, heuristic.onset_probability(found.tokens), context.context))
    return values


def _judged_value(f: Field, found: SlotAnswer, context: ExtractionContext) -> FieldValue:
    """Return a judged value, with the sentence that supports it best as evidence."""
    span = None if found.value is None else find_supporting_sentence(f, context.passages)
    evidence = occurrences.make_evidence(context.document, *span) if span else None
    confidence = heuristic.answer_probability(found.tokens)
    return FieldValue(f.path, found.value, evidence, confidence, features=heuristic.token_features(found.tokens))


def _copied_value(
    f: Field, path: Path, text: str | None, tokens: Sequence[Token], context: ExtractionContext
) -> FieldValue:
    """Return the value of a copied text, with the features of its tokens."""
    value = _ground_value(f, path, text, heuristic.answer_probability(tokens), context)
    return replace(value, features=heuristic.token_features(tokens))


def _ground_value(f: Field, path: Path, text: str | None, confidence: float, context: ExtractionContext) -> FieldValue:
    """Return the value of a copied text at its best occurrence in the passages; with a problem where it has none."""
    settings = AnswerSettings.current()
    if text is None or _is_empty_or_own_label(text, f, settings):
        return FieldValue(path, None, None, confidence)
    document, kind = context.document, normalisation.value_kind(f)
    span = occurrences.best_occurrence(occurrences.find_occurrences(text, context.passages, kind), f, document)
    if span is None:
        message = f"The answer {text!r} is not in the document; check it against the document."
        return FieldValue(path, text, None, confidence, (Problem(path, ProblemKind.NO_EVIDENCE, message),))
    if settings.adjust_spans and f.type == "string" and f.enum is None and kind is None:
        span = span_boundaries.adjust_span(span, f, document, context.fields)
    evidence = occurrences.make_evidence(document, *span)
    surroundings = document.text[max(0, span[0] - settings.before_value) : span[1] + settings.after_value]
    return value_from_evidence(f, path, evidence, surroundings, confidence, "model", context)


def _is_empty_or_own_label(text: str, f: Field, settings: AnswerSettings) -> bool:
    plain = label_similarity.normalise_label(text)
    if not plain or not settings.refuse_labels:
        return not plain
    return plain in {label_similarity.normalise_label(name) for names in (f.labels, *f.parents) for name in names}


def _list_values(
    query: FieldQuery,
    found: SlotAnswer,
    answer: Answer,
    context: ExtractionContext,
    problems: tuple[Problem, ...] = (),
) -> list[FieldValue]:
    """Return the values of a list's elements, each located on its own; an empty list is a value too."""
    path = query.field.path
    if not found.value or not isinstance(found.value, list):  # a server without grammars may answer something else
        confidence = heuristic.answer_probability(found.tokens)
        features = heuristic.token_features(found.tokens)
        return [FieldValue(path, found.value, None, confidence, problems, features=features)]
    values = []
    elements = list(parse_elements(answer, found))
    if AnswerSettings.current().drop_repeated_elements:
        distinct: dict[str, tuple[Any, dict[str, tuple[Token, ...]]]] = {}
        for element, tokens in elements:
            distinct.setdefault(json.dumps(element, sort_keys=True), (element, tokens))
        elements = list(distinct.values())
    for n, (element, tokens_by_key) in enumerate(elements):
        for item in query.field.items:
            key = path_text(item.path) if item.path else ""
            item_path = (*path, n, *item.path)
            content: Any = element.get(key) if item.path and isinstance(element, dict) else element
            tokens = tokens_by_key.get(key, ())
            if isinstance(content, str) and item.copied:
                value = _copied_value(item, item_path, content, tokens, context)
            else:
                confidence = heuristic.answer_probability(tokens)
                value = FieldValue(item_path, content, None, confidence, features=heuristic.token_features(tokens))
            features = {**value.features, "element_probability": heuristic.answer_probability(tokens_by_key[""])}
            values.append(replace(value, problems=(*value.problems, *problems), features=features))
    return values
