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
from extractor.grounding import element_placement, occurrences, span_boundaries
from extractor.problems import ProblemKind
from extractor.settings import Settings, rule, threshold
from extractor.types import Answer, Field, FieldValue, Path, Problem, Token
from extractor.values import label_similarity, normalisation


@dataclass(frozen=True)
class AnswerSettings(Settings):
    """How an answer is read."""

    before_value: int = threshold(
        80, unit="characters", meaning="Text before a value that may tell its unit or its scale."
    )
    after_value: int = threshold(40, unit="characters", meaning="The same after it.")
    min_mask_mass: float = threshold(
        0.01, meaning="A value with a choice that left less of the model's own distribution is reported as a problem."
    )
    ask_again: bool = rule(
        True, meaning="Fields whose answers the token mask forced are asked for again, with any text allowed."
    )
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


def find_mask_conflicts(queries: Sequence[FieldQuery], values: Sequence[FieldValue]) -> list[FieldQuery]:
    """Return the queries for copied single fields whose answers the token mask forced against the model's will."""
    conflicting = {v.path for v in values if any(p.kind == ProblemKind.MASK_CONFLICT for p in v.problems)}
    return [query for query in queries if query.field.copied and query.field.path in conflicting]


def settle_mask_conflicts(values: Sequence[FieldValue], free_values: Sequence[FieldValue]) -> list[FieldValue]:
    """Return the values, each replaced by the one of a free answer where that is null or stands in the document."""
    settled = {v.path: v for v in free_values if v.value is None or v.evidence is not None}
    return [settled.get(v.path, v) for v in values]


def _judged_value(f: Field, found: SlotAnswer, context: ExtractionContext) -> FieldValue:
    """Return a judged value, with the sentence that supports it best as evidence."""
    span = None if found.value is None else find_supporting_sentence(f, context.passages)
    evidence = occurrences.make_evidence(context.document, *span) if span else None
    confidence, features = heuristic.answer_probability(found.tokens), heuristic.token_features(found.tokens)
    return FieldValue(
        f.path, found.value, evidence, confidence, _mask_problems(f.path, found.tokens), features=features
    )


def _mask_problems(path: Path, tokens: Sequence[Token]) -> tuple[Problem, ...]:
    """Return the problem of an answer in which the token mask left nearly nothing of what the model meant."""
    if heuristic.mask_mass(tokens) >= AnswerSettings.current().min_mask_mass:
        return ()
    message = "The form of the answer did not allow what the model would have written; check it against the document."
    return (Problem(path, ProblemKind.MASK_CONFLICT, message),)


def _copied_value(
    f: Field, path: Path, text: str | None, tokens: Sequence[Token], context: ExtractionContext
) -> FieldValue:
    """Return the value of a copied text at its best occurrence, with the features of its tokens."""
    span = occurrences.best_occurrence(_find_occurrences(text, f, context), f, context.document)
    return _value_at(f, path, text, span, tokens, context)


def _find_occurrences(text: str | None, f: Field, context: ExtractionContext) -> list[tuple[int, int]]:
    """Return where in the document a copied text stands; nowhere for null, and for what is no value."""
    if text is None or _is_empty_or_own_label(text, f):
        return []
    kind = normalisation.value_kind(f)
    found = occurrences.find_occurrences(text, context.passages, kind)
    return found or occurrences.find_equal_values(text, f, context.passages)


def _value_at(
    f: Field,
    path: Path,
    text: str | None,
    span: tuple[int, int] | None,
    tokens: Sequence[Token],
    context: ExtractionContext,
) -> FieldValue:
    """Return the value of a copied text that stands at `span`; with a problem where it stands nowhere."""
    settings = AnswerSettings.current()
    confidence, features = heuristic.answer_probability(tokens), heuristic.token_features(tokens)
    conflicts = _mask_problems(path, tokens)
    if text is None or _is_empty_or_own_label(text, f):
        return FieldValue(path, None, None, confidence, conflicts, features=features)
    document, kind = context.document, normalisation.value_kind(f)
    if span is None:
        message = f"The answer {text!r} is not in the document; check it against the document."
        problem = Problem(path, ProblemKind.NO_EVIDENCE, message)
        value = normalisation.normalise_value(f, text).value if kind in normalisation.NUMERIC_TYPES else None
        return FieldValue(
            path, text if value is None else value, None, confidence, (problem, *conflicts), features=features
        )
    if settings.adjust_spans and f.type == "string" and f.enum is None and kind is None:
        span = span_boundaries.adjust_span(span, f, document, context.fields)
    evidence = occurrences.make_evidence(document, *span)
    surroundings = document.text[max(0, span[0] - settings.before_value) : span[1] + settings.after_value]
    value = value_from_evidence(f, path, evidence, surroundings, confidence, "model", context)
    return replace(value, problems=(*value.problems, *conflicts), features=features)


def _is_empty_or_own_label(text: str, f: Field) -> bool:
    plain = label_similarity.normalise_label(text)
    if not plain or not AnswerSettings.current().refuse_labels:
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
    after = 0
    for n, (element, tokens_by_key) in enumerate(elements):
        members = element if isinstance(element, dict) else {"": element}
        contents = {slot.key: members.get(slot.key) for slot in query.slot.items}
        texts = {
            slot.key: slot.printed_text(contents[slot.key], json.dumps(contents[slot.key], ensure_ascii=False))
            for slot, item in zip(query.slot.items, query.field.items, strict=True)
            if item.copied and item.type not in ("array", "json") and _is_scalar(contents[slot.key])
        }
        items = {slot.key: item for slot, item in zip(query.slot.items, query.field.items, strict=True)}
        found_spans = {key: _find_occurrences(text, items[key], context) for key, text in texts.items()}
        spans = element_placement.place_element(found_spans, context.document.text, after)
        after = max((span[0] for span in spans.values()), default=after)
        for key, item in items.items():
            item_path, tokens = (*path, n, *item.path), tokens_by_key.get(key, ())
            if key in texts:
                value = _value_at(item, item_path, texts[key], spans.get(key), tokens, context)
            else:
                confidence, token_features = heuristic.answer_probability(tokens), heuristic.token_features(tokens)
                conflicts = _mask_problems(item_path, tokens)
                value = FieldValue(item_path, contents[key], None, confidence, conflicts, features=token_features)
            features = {**value.features, "element_probability": heuristic.answer_probability(tokens_by_key[""])}
            values.append(replace(value, problems=(*value.problems, *problems), features=features))
    return values


def _is_scalar(content: Any) -> bool:
    """Decide whether an answer is text or a number, which can be looked for in the document, or null."""
    return content is None or (isinstance(content, str | int | float) and not isinstance(content, bool))
