"""What lessons change about values: features, nulls that they explain, and how sure a model's value is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from extractor.extraction.conflicts import withdraw
from extractor.extraction.planning import Plan
from extractor.lessons import Choice, Lesson, Proposal, ProposalSettings, RowChoice, RowRules, ValueRule
from extractor.lessons.lists import row_texts
from extractor.settings import Settings, threshold
from extractor.types import Document, Field, FieldValue, Path, path_text


@dataclass(frozen=True)
class LessonValueSettings(Settings):
    """When a model's value is withdrawn for what lessons say of its field."""

    min_layout: int = threshold(3, unit="lessons", meaning="Of the document's layout there are so many.")
    min_absent: float = threshold(0.5, meaning="Least probability of no value by the lessons.")
    least_confidence: float = threshold(
        0.25, meaning="A value with less confidence, once the lessons are heard, is withdrawn; 0 withdraws none."
    )


def with_lesson_features(values: Sequence[FieldValue], proposals: Mapping[Path, Proposal]) -> list[FieldValue]:
    """Return the values with what lessons say about each as features (see `confidence.features`)."""
    found = []
    for value in values:
        proposal = proposals.get(value.path)
        if proposal is not None:
            probability = proposal.probability if _is_of_proposal(value, proposal) else 0.0
            probability = proposal.absent if value.value is None else probability
            own = {"lesson_probability": probability, "lesson_records": float(proposal.layout)}
            value = replace(value, features={**value.features, **own})
        found.append(value)
    return found


def doubt_by_lessons(values: Sequence[FieldValue], proposals: Mapping[Path, Proposal]) -> list[FieldValue]:
    """Return the values, the model's surer or less sure by how often documents of the layout have one at all.

    The odds of both are multiplied (as of independent witnesses). A value of which hardly anything is left is withdrawn
    where several documents of the layout mostly have none.
    """
    settings, limits = ProposalSettings.current(), LessonValueSettings.current()
    usual = settings.prior_present / (1 - settings.prior_present)
    found = []
    for value in values:
        proposal = proposals.get(value.path)
        if value.method == "model" and value.value is not None and value.confidence and proposal and proposal.layout:
            absent = min(0.999, max(0.001, proposal.absent))
            confidence = min(0.999, value.confidence)
            odds = confidence / (1 - confidence) * (1 - absent) / absent / usual
            value = replace(value, confidence=round(min(value.confidence, odds / (1 + odds)), 4))
            is_told = proposal.layout >= limits.min_layout and proposal.absent >= limits.min_absent
            if is_told and (value.confidence or 0.0) < limits.least_confidence:
                value = withdraw(value, "is in a field that documents of this layout hardly ever have", proposal.absent)
        found.append(value)
    return found


def null_by_lessons(path: Path, proposal: Proposal | None) -> FieldValue | None:
    """Return null for a field of which lessons say that such a document has none; None where they do not."""
    if proposal is None or proposal.absent < 0.5:  # more likely than not
        return None
    return FieldValue(path, None, None, round(proposal.absent, 4), method="code")


def value_by_lessons(choice: Choice | None) -> FieldValue | None:
    """Return the value that lessons choose for a field; None where they do not. It stands nowhere in the document."""
    if choice is None:
        return None
    return FieldValue(choice.path, choice.value, None, round(choice.probability, 4), method="code")


def row_values_by_lessons(
    document: Document, fields: Sequence[Field], planned: Plan, lessons: Sequence[Lesson], values: Sequence[FieldValue]
) -> tuple[list[FieldValue], dict[Path, RowChoice]]:
    """Return the values of chosen items of lists that approved rows decide, and by their paths what decided.

    `values` are those that structure gives; an item that has one is left as it is.
    """
    known = {value.path: value.value for value in values if value.value is not None}
    found: dict[Path, RowChoice] = {}
    for field in fields:
        rows = planned.row_matches.get(field.path)
        if rows is None or len(rows.cells) != len(rows.rows):
            continue
        rules = RowRules(field, lessons, document.id)
        headers = list(dict.fromkeys(cell.name for cells in rows.cells for cell in cells))
        for n, cells in enumerate(rows.cells):
            place = (*field.path, n)
            own = {path_text(i.path): known.get((*place, *i.path)) for i in field.items}
            texts = row_texts(cells, headers, document.text)
            for item in rules.items:
                path = (*place, *item.path)
                choice = rules.choose(item, own, texts) if path not in known else None
                if choice is not None:
                    found[path] = choice
    chosen = [FieldValue(path, c.value, None, round(c.probability, 4), method="code") for path, c in found.items()]
    return chosen, found


def describe_lessons(
    lessons: Sequence[Lesson],
    planned: Plan,
    rules: Mapping[Path, ValueRule],
    values: Sequence[FieldValue],
    row_choices: Mapping[Path, RowChoice],
) -> dict[str, Any] | None:
    """Return what the record's `run` says of lessons: how many there were, and which values they made.

    None without lessons. `layout` is how many of them are of the document's own layout; for each value the number of
    records of that layout in which it stands in the same surroundings, and its probability by the lessons. `lists` are
    those read by the headers of approved ones, with the number of records that had these; `rules` are those that
    changed values.
    """
    if not lessons:
        return None
    proposals = planned.proposals
    made = {
        path_text(value.path): {"records": proposal.lessons, "probability": round(proposal.probability, 4)}
        for value in values
        if (proposal := proposals.get(value.path)) is not None and _is_of_proposal(value, proposal)
    }
    for value in values:
        choice = planned.choices.get(value.path)
        if choice is not None and value.method == "code" and value.value == choice.value is not None:
            probability = round(choice.probability, 4)
            made[path_text(value.path)] = {"records": choice.lessons, "probability": probability}
    for value in values:
        row_choice = row_choices.get(value.path)
        if row_choice is not None and value.value == row_choice.value is not None:
            probability = round(row_choice.probability, 4)
            made[path_text(value.path)] = {"records": row_choice.documents, "probability": probability}
    none = [
        path_text(value.path)
        for value in values
        if value.value is None and (p := proposals.get(value.path)) is not None and p.absent >= 0.5
    ]
    layout = max((proposal.layout for proposal in proposals.values()), default=0)
    return {
        "documents": len(lessons),
        "layout": layout,
        "values": made,
        "absent": none,
        "lists": {path_text(path): each.lessons for path, each in planned.learnt_lists.items()},
        "rules": {path_text(path): rule.key for path, rule in rules.items()},
    }


def _is_of_proposal(value: FieldValue, proposal: Proposal) -> bool:
    """Decide whether a value is the one that lessons propose."""
    evidence = value.evidence
    return evidence is not None and evidence.start < proposal.end and proposal.start < evidence.end
