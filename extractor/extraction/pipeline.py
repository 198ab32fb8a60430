"""One document through all stages: structure, then a model for what is left, conflicts, checks and confidence."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from extractor import __version__
from extractor.confidence import apply_calibration, find_calibration, penalise_problems, with_features
from extractor.extraction import prompts
from extractor.extraction.absent_values import fill_absent_values
from extractor.extraction.answers import AnswerSettings, find_mask_conflicts, settle_mask_conflicts, values_from_answer
from extractor.extraction.assembly import Assembly, assemble_record
from extractor.extraction.check_repair import repair_by_checks
from extractor.extraction.column_answers import match_lists_by_columns
from extractor.extraction.conflicts import (
    join_sides_of_periods,
    resolve_conflicts,
    trim_organization_names,
    withdraw_lists_of_others,
)
from extractor.extraction.decision import withdraw_unlikely_values
from extractor.extraction.document_currency import settle_currencies
from extractor.extraction.field_values import ExtractionContext
from extractor.extraction.label_answers import replace_label_answers
from extractor.extraction.lesson_values import (
    describe_lessons,
    doubt_by_lessons,
    null_by_lessons,
    row_values_by_lessons,
    value_by_lessons,
    with_lesson_features,
)
from extractor.extraction.list_stretches import hold_to_stretches
from extractor.extraction.passages import estimate_tokens
from extractor.extraction.period_columns import move_to_period
from extractor.extraction.planning import Plan, plan
from extractor.extraction.questions import make_field_group, relax_query
from extractor.extraction.row_examples import read_by_examples
from extractor.extraction.row_judgements import judge_rows
from extractor.extraction.shared_cells import share_out_cells
from extractor.extraction.structural_values import instruction_problems, list_problems, values_from_structure
from extractor.extraction.value_rules import apply_value_rules
from extractor.lessons import Lesson
from extractor.models import Model
from extractor.problems import ProblemKind
from extractor.schemas import Schema
from extractor.settings import Settings, threshold
from extractor.types import Answer, Document, Extraction, Field, FieldValue, Problem, Request

MASS_LIMITS = (0.5, 0.01)
"""Shares of a model's own distribution: a choice of which the token mask left less is counted in the run."""


@dataclass(frozen=True)
class AbsenceSettings(Settings):
    """How sure it is that a document gives no value."""

    unanswerable_confidence: float = threshold(
        0.9, meaning="Confidence in null for a typed field of whose kind the passages contain nothing."
    )


def extract(
    document: Document,
    schema: Schema,
    model: Model | None,
    *,
    passage_tokens: int | None = None,
    lessons: Sequence[Lesson] = (),
) -> Extraction:
    """Return the record of one document; every value has its evidence, its confidence and its problems.

    Without a model only structure answers; every other field is null with a problem that says so. `passage_tokens`
    replaces the default budget for the document's excerpts in the prompt; `lessons` are what approved documents taught
    under this schema. Raises what the model raises.
    """
    timer = _StageTimer()
    with timer.stage("structure"):
        planned = plan(document, schema, passage_tokens, lessons=lessons)
    with timer.stage("model"):
        rows = match_lists_by_columns(document, schema.fields, planned, model)
    if rows:
        with timer.stage("structure"):
            planned = plan(document, schema, passage_tokens, rows, lessons, planned)
    with timer.stage("model"):
        read = read_by_examples(document, schema.fields, planned.row_matches, model)
        planned = replace(planned, row_matches=read)
    context = ExtractionContext(document, planned.passages, planned.candidates.context, schema.fields)
    values = values_from_structure(schema, planned, context)
    answers = _ask(planned.request, model, timer)
    with timer.stage("ground"):
        asked = _values_from_model(planned, answers, context)
    chosen_items, row_choices = row_values_by_lessons(document, schema.fields, planned, lessons, values)
    taken = {value.path for value in chosen_items}
    values = [value for value in values if value.path not in taken] + chosen_items
    values += _ask_again(planned, asked, model, context, timer)
    with timer.stage("model"):
        values = hold_to_stretches(values, planned, model, context)
        values += judge_rows(document, schema.fields, planned.row_matches, model, taken)
    values += _values_without_question(schema, planned)
    values = with_lesson_features(doubt_by_lessons(values, planned.proposals), planned.proposals)
    values, rules = apply_value_rules(values, lessons, planned.proposals, schema, context)
    values = share_out_cells(replace_label_answers(values, schema, context), schema, context)
    values = trim_organization_names(values, schema, context)
    values = move_to_period(join_sides_of_periods(values, schema, context), schema, context)
    values = withdraw_lists_of_others(resolve_conflicts(values, schema, context), schema)
    values = fill_absent_values(settle_currencies(values, schema, document), schema)
    with timer.stage("check"):
        found = (*document.problems, *instruction_problems(planned, document), *list_problems(planned, document))
        assembly = assemble_record(document, schema, values, found)
        if schema.checks and (repaired := repair_by_checks(values, schema, assembly.data, context)) != list(values):
            values = repaired
            assembly = assemble_record(document, schema, values, found)
    with timer.stage("trust"):
        values = penalise_problems(assembly.values)
        values = with_features(values, schema, document, planned.candidates, assembly.data)
        weights = model.weights if model else None
        chosen, confidence = find_calibration(schema.id, weights, prompts.prompt_id(), document.id)
        values = apply_calibration(values, chosen)
        decided = withdraw_unlikely_values(values, chosen)
    if decided != values:
        with timer.stage("check"):
            assembly = assemble_record(document, schema, _without_found_problems(decided, assembly), found)
            decided = list(assembly.values)
    run = _describe_run(schema, model, planned, answers, confidence, timer)
    if (learnt := describe_lessons(lessons, planned, rules, decided, row_choices)) is not None:
        run["lessons"] = learnt
    return Extraction(document, schema.id, assembly.data, tuple(decided), assembly.problems, run)


def _ask(request: Request, model: Model | None, timer: _StageTimer) -> Sequence[Answer]:
    """Ask the model all questions of the request, and return its answers; none without a model."""
    if model is None or not request.groups:
        return ()
    with timer.stage("model"):
        return model.answer(request)


def _ask_again(
    planned: Plan, values: list[FieldValue], model: Model | None, context: ExtractionContext, timer: _StageTimer
) -> list[FieldValue]:
    """Ask once more, with any text allowed, for the fields whose answers the token mask forced; return all values."""
    queries = find_mask_conflicts([query for group in planned.queries for query in group], values)
    if not queries or not AnswerSettings.current().ask_again:
        return values
    relaxed = [relax_query(query) for query in queries]
    [answer] = _ask(replace(planned.request, groups=(make_field_group(relaxed, planned.passages),)), model, timer)
    with timer.stage("ground"):
        return settle_mask_conflicts(values, values_from_answer(relaxed, answer, context))


def _values_from_model(planned: Plan, answers: Sequence[Answer], context: ExtractionContext) -> list[FieldValue]:
    """Return the values of all answers; of fields that nobody was asked for, null with a problem that says so."""
    if not answers:
        return [
            null_by_lessons(query.field.path, planned.proposals.get(query.field.path))
            or value_by_lessons(planned.choices.get(query.field.path))
            or _unasked_value(query.field)
            for group in planned.queries
            for query in group
        ]
    return [
        value
        for queries, answer in zip(planned.queries, answers, strict=True)
        for value in values_from_answer(queries, answer, context)
    ]


def _count_choices(answers: Sequence[Answer]) -> dict[str, int]:
    """Count the tokens that the model chose, and those for which the token mask left little of what it meant."""
    masses = [token.mass for answer in answers for token in answer.tokens if not token.forced]
    return {"all": len(masses), **{f"mass_under_{limit}": sum(m < limit for m in masses) for limit in MASS_LIMITS}}


def _without_found_problems(values: Sequence[FieldValue], assembly: Assembly) -> list[FieldValue]:
    """Return the values as they were before the record was checked, but for those that are null now."""
    return [
        v if v.value is None else replace(v, problems=own) for v, own in zip(values, assembly.own_problems, strict=True)
    ]


def _unasked_value(f: Field) -> FieldValue:
    message = "No model was given, and structure alone does not answer this field."
    return FieldValue(f.path, None, None, 0.0, (Problem(f.path, ProblemKind.NOT_ASKED, message),), "structure")


def _values_without_question(schema: Schema, planned: Plan) -> list[FieldValue]:
    """Return the values that code decides: null for unanswerable fields, constants, settled choices of lessons."""
    confidence = AbsenceSettings.current().unanswerable_confidence
    absent = [FieldValue(f.path, None, confidence=confidence, method="code") for f in planned.unanswerable]
    constant = [
        FieldValue(f.path, f.schema["const"], confidence=1.0, method="code")
        for f in schema.fields
        if "const" in f.schema
    ]
    settled = [value_by_lessons(choice) for choice in planned.choices.values() if choice.is_settled]
    return absent + constant + [value for value in settled if value is not None]


def _describe_run(
    schema: Schema,
    model: Model | None,
    planned: Plan,
    answers: Sequence[Answer],
    confidence: Any,
    timer: _StageTimer,
) -> dict[str, Any]:
    """Return what made the record: versions, hashes, counts and seconds."""
    return {
        "tool": f"extractor {__version__}",
        "model": model.name if model else None,
        "weights": model.weights if model else None,
        "prompt": prompts.prompt_id(),
        "schema": schema.id,
        "confidence": confidence,
        "prompt_tokens": estimate_tokens(planned.request.prompt) if planned.queries else 0,
        "fields_by_structure": planned.matched_count,
        "fields_asked": planned.asked_count,
        "choices": _count_choices(answers),
        "seconds": timer.seconds,
    }


class _StageTimer:
    """Seconds spent in each stage, by its name."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the time until the block ends to the stage."""
        start = time.perf_counter()
        yield
        self.seconds[name] = round(self.seconds.get(name, 0.0) + time.perf_counter() - start, 3)
