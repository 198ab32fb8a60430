"""Rules that people switched on for a field (`lessons.edits`), applied to its values before they are checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from extractor.extraction.field_values import ExtractionContext, value_from_evidence
from extractor.grounding.occurrences import make_evidence
from extractor.lessons import Lesson, Proposal, ValueRule, find_rules
from extractor.lessons.edits import BELOW, change_text, cut_text, line_below
from extractor.schemas import Schema
from extractor.types import FieldValue, Path

AROUND = 80
"""Characters before and after a value that may tell its unit."""


def apply_value_rules(
    values: Sequence[FieldValue],
    lessons: Sequence[Lesson],
    proposals: Mapping[Path, Proposal],
    schema: Schema,
    context: ExtractionContext,
) -> tuple[list[FieldValue], dict[Path, ValueRule]]:
    """Return the values as the rules leave them, and the rule that changed each of those that one changed.

    A place that lessons propose is where approved values stand: it is not moved to the line below.
    """
    rules = find_rules(lessons)
    if not rules:
        return list(values), {}
    found, applied = [], {}
    for value in values:
        for rule in rules.get(value.path, ()):
            changed = _apply(rule, value, proposals.get(value.path), schema, context)
            if changed is not None:
                value, applied[value.path] = changed, rule
        found.append(value)
    return found, applied


def _apply(
    rule: ValueRule, value: FieldValue, proposal: Proposal | None, schema: Schema, context: ExtractionContext
) -> FieldValue | None:
    """Return the value as a rule changes it; None where the rule does not apply."""
    field, evidence, text = schema.field(value.path), value.evidence, context.document.text
    if field is None or evidence is None or value.value is None:
        return None
    printed: str | None = None
    span: tuple[int, int] | None = None
    if rule.kind == BELOW:
        if proposal is None or not (evidence.start < proposal.end and proposal.start < evidence.end):
            span = line_below(context.document, evidence.start, evidence.end)
    elif (cut := cut_text(rule, evidence.text)) is not None:
        span = evidence.start + cut[0], evidence.start + cut[1]
    else:
        changed = change_text(rule, evidence.text)
        span, printed = (evidence.start, evidence.end), changed
        if changed == evidence.text:
            return None
    if span is None:
        return None
    around = text[max(0, span[0] - AROUND) : span[1] + AROUND]
    found = value_from_evidence(
        field,
        value.path,
        make_evidence(context.document, *span),
        around,
        value.confidence or 0.0,
        value.method,
        context,
        printed,
    )
    return replace(found, features=value.features)
