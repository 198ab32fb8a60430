"""Values made from evidence: normalised to the field's type, or kept as text with a problem."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from extractor.candidates.context import ContextIndex
from extractor.candidates.governing_text import GoverningText
from extractor.grounding.occurrences import make_evidence
from extractor.grounding.range_sides import find_side_of_range
from extractor.problems import ProblemKind
from extractor.types import Document, Evidence, Field, FieldValue, Passages, Path, Problem
from extractor.values import broken_lines, normalisation, units
from extractor.values.locale import infer_day_month_order, infer_number_conventions

MAX_DATE_CHARACTERS = 100_000
"""Beginning of a document in which dates are looked for that tell the order of day and month."""


class ExtractionContext:
    """What the stages of one extraction share: the document, its passages and fields, and how it writes dates."""

    def __init__(
        self, document: Document, passages: Passages, context: ContextIndex, fields: Sequence[Field] = ()
    ) -> None:
        self.document = document
        self.fields = fields
        self.passages = passages
        self.context = context
        self.governing = GoverningText(document)
        text = document.text[:MAX_DATE_CHARACTERS]
        self.dates = [text[start:end] for start, end in normalisation.find_spans("date", text)]
        self.day_month_order = infer_day_month_order(text)
        self.number_conventions = infer_number_conventions(document.text)


def move_value(
    value: FieldValue, field: Field, start: int, end: int, context: ExtractionContext, surroundings: str = ""
) -> FieldValue:
    """Return the value as another stretch of the document gives it; its confidence and the like stay."""
    evidence = make_evidence(context.document, start, end)
    found = value_from_evidence(
        field, value.path, evidence, surroundings, value.confidence or 0.0, value.method, context
    )
    return replace(value, value=found.value, evidence=found.evidence, problems=found.problems)


def value_from_evidence(
    field: Field,
    path: Path,
    evidence: Evidence,
    surroundings: str,
    confidence: float,
    method: str,
    context: ExtractionContext,
    printed: str | None = None,
) -> FieldValue:
    """Return the evidence as a value of the field; `surroundings` may tell its unit.

    `printed` is the value's text where the evidence has more: the lines of a wrapped cell, with other cells between.
    A text that cannot be normalised becomes the value as it is, with a problem that keeps it out of the record.
    """
    if printed is None:
        side = find_side_of_range((evidence.start, evidence.end), field, context.document.text)
        if side != (evidence.start, evidence.end):
            evidence = make_evidence(context.document, *side)
    text, doubts = evidence.text if printed is None else printed, []
    if printed is None and field.type in normalisation.NUMERIC_TYPES:
        end = broken_lines.number_end(context.document.text, evidence.start, evidence.end)
        if end > evidence.end:
            evidence = make_evidence(context.document, evidence.start, end)
            text = broken_lines.join_number(evidence.text)
            message = f"{evidence.text!r} was read as {text}: it goes on behind the end of a line."
            doubts.append(Problem(path, ProblemKind.BROKEN_LINE, message))
    elif "\n" in text and field.type == "string":
        text, is_open = broken_lines.join_hyphenated(text, context.document.text)
        if is_open:
            message = f"{evidence.text!r} has a hyphen at the end of a line; check whether it belongs to the word."
            doubts.append(Problem(path, ProblemKind.BROKEN_LINE, message))
    wanted = units.parse_unit(field.unit) if field.unit and field.type in normalisation.NUMERIC_TYPES else None
    around = context.governing.around(evidence.start, evidence.end, surroundings, wanted)
    normalised = normalisation.normalise_value(
        field,
        text,
        around.text,
        other_dates=context.dates,
        day_month_order=context.day_month_order,
        conventions=context.number_conventions,
    )
    problems = tuple(replace(p, path=path) for p in normalised.problems)
    problems += (*doubts, *(Problem(path, ProblemKind.UNIT, doubt) for doubt in around.doubts))
    if normalised.value is not None:
        return FieldValue(path, normalised.value, evidence, confidence, problems, method)
    message = f"{text!r} is not a usable {field.format or field.type}; enter the value that it stands for."
    problems = (*problems, Problem(path, ProblemKind.KEPT_AS_TEXT, message))
    return FieldValue(path, text, evidence, confidence, problems, method)
