"""Values that are withdrawn or shortened: hardly believed by the model, or taken from another field's evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from extractor.candidates.context import ContextIndex
from extractor.candidates.typed import CandidateSettings
from extractor.extraction.field_values import ExtractionContext, move_value
from extractor.grounding import organization_name, postal_address, range_sides
from extractor.grounding.occurrences import best_occurrence, find_occurrences, make_evidence
from extractor.problems import ProblemKind
from extractor.schemas import Schema
from extractor.settings import Settings, rule, threshold
from extractor.types import Field, FieldValue, Path, Problem
from extractor.values import normalisation


@dataclass(frozen=True)
class ConflictSettings(Settings):
    """When a model's value is withdrawn."""

    min_onset_probability: float = threshold(
        0.1, meaning="Least probability of an answer's beginning for the answer to stand."
    )
    min_unlabelled_onset_probability: float = threshold(
        0.3,
        meaning="The same for an answer that stands at none of the field's labels.",
        chosen="64 documents of 64 kinds: of the answers under it 9 are right and 33 wrong",
    )
    min_reuse_confidence: float = threshold(
        0.7, meaning="Least confidence for a value to stand beside a surer one of another field with the same evidence."
    )
    resolve_reused_evidence: bool = rule(
        True,
        meaning="Of two fields with the same evidence the less sure is withdrawn.",
        chosen="12 forms of a set that no rule was made on, default model: worth 0.030 micro-F1 (0.017 to 0.043)",
    )
    move_to_free_places: bool = rule(
        True, meaning="Instead, it stands at another place that reads the same and is no other field's evidence."
    )
    withdraw_lists_of_others: bool = rule(
        True, meaning="A list that a model wrote from what other fields hold is withdrawn: it was none of its own."
    )
    max_shared_plain: float = threshold(
        0.25, meaning="Share of a list of plain values, and of 3 at least, that other fields may hold."
    )
    max_shared_objects: float = threshold(
        0.75, meaning="Share of the values of a list of objects that others may hold."
    )
    trim_organization_names: bool = rule(
        True, meaning="A postal address loses first lines that another field gives as an organization's name."
    )


def reject_low_confidence(
    value: FieldValue, field: Field, onset_probability: float, context: ContextIndex
) -> FieldValue:
    """Return the value, or a withdrawn one where the model hardly believed that there was a value.

    More is asked for where no label of the field stands by.
    """
    if value.evidence is None:
        return value
    settings, min_support = ConflictSettings.current(), CandidateSettings.current().min_support
    is_labelled = context.support(field, value.evidence.start, value.evidence.end) >= min_support
    least = settings.min_onset_probability if is_labelled else settings.min_unlabelled_onset_probability
    if onset_probability >= least:
        return value
    return withdraw(value, "had a low probability")


def resolve_conflicts(values: Sequence[FieldValue], schema: Schema, context: ExtractionContext) -> list[FieldValue]:
    """Return the values, with the model's doubtful second uses of one piece of evidence moved or withdrawn.

    Evidence that two fields share belongs to the one whose labels stand by it, otherwise to the surer one. The other
    may be printed elsewhere as well: the total, and the amount paid.
    """
    settings = ConflictSettings.current()
    if not settings.resolve_reused_evidence:
        return list(values)
    min_support = CandidateSettings.current().min_support
    fields = {f.path: f for f in schema.fields}
    claims: dict[Path, tuple[bool, float]] = {}
    best: dict[tuple[int, int], tuple[bool, float]] = {}
    for v in values:
        if v.evidence is not None and v.confidence is not None and v.path in fields and fields[v.path].copied:
            span = (v.evidence.start, v.evidence.end)
            is_labelled = v.method == "structure" or context.context.support(fields[v.path], *span) >= min_support
            claims[v.path] = (is_labelled, v.confidence)
            best[span] = max(best.get(span, (False, 0.0)), claims[v.path])
    resolved = []
    taken = {(v.evidence.start, v.evidence.end) for v in values if v.evidence is not None}
    for v in values:
        if v.method == "model" and v.evidence is not None and v.path in claims:
            is_labelled, confidence = claims[v.path]
            strongest = best[v.evidence.start, v.evidence.end]
            is_doubtful = is_labelled < strongest[0] or confidence < settings.min_reuse_confidence
            if (is_labelled, confidence) < strongest and is_doubtful:
                moved = _move_to_free_place(v, fields[v.path], taken, context) if settings.move_to_free_places else None
                v = moved or withdraw(v, "is already another field's value")
        resolved.append(v)
    return resolved


def join_sides_of_periods(values: Sequence[FieldValue], schema: Schema, context: ExtractionContext) -> list[FieldValue]:
    """Return the values, with the model's start or end of a period taken from where its other side is printed.

    Only where it stands in no printed period itself: of `1 May - 7 May`, a start on 1 May and an end on 5 May, found
    elsewhere, make an end on 7 May.
    """
    if not range_sides.RangeSideSettings.current().join_sides:
        return list(values)
    text = context.document.text
    named = {
        f.path: (range_sides.name_of_period(f), is_end)
        for f in schema.fields
        if normalisation.value_kind(f) in normalisation.TEMPORAL_KINDS
        and (is_end := range_sides.is_end_of_range(f)) is not None
    }
    fields = {f.path: f for f in schema.fields}
    printed = {}
    for v in values:
        kind = normalisation.value_kind(fields[v.path]) if v.path in named else None
        if kind is not None and v.evidence is not None:
            printed[named[v.path]] = range_sides.find_printed_period((v.evidence.start, v.evidence.end), kind, text)
    joined = []
    for v in values:
        name, is_end = named.get(v.path, ((), False))
        period = printed.get((name, not is_end))
        if v.path in named and period is not None and v.method == "model" and printed.get((name, is_end)) is None:
            v = move_value(v, fields[v.path], *period[is_end], context)
        joined.append(v)
    return joined


def _move_to_free_place(
    value: FieldValue, field: Field, taken: set[tuple[int, int]], context: ExtractionContext
) -> FieldValue | None:
    """Return the value at the best place that reads the same and is not `taken`, which it is then; None without one."""
    if value.evidence is None:
        return None
    found = find_occurrences(value.evidence.text, context.passages, normalisation.value_kind(field))
    place = best_occurrence([span for span in found if span not in taken], field, context.document)
    if place is None:
        return None
    taken.add(place)
    return replace(value, evidence=make_evidence(context.document, *place))


def withdraw_lists_of_others(values: Sequence[FieldValue], schema: Schema) -> list[FieldValue]:
    """Return the values without the lists that a model wrote from what other fields hold, each an empty list instead.

    Of lists that share their evidence the one that shares most of its own goes first. A small model that finds nothing
    of a kind lists what else there is.
    """
    settings = ConflictSettings.current()
    if not settings.withdraw_lists_of_others:
        return list(values)
    limits = {
        f.path: settings.max_shared_objects if any(item.path for item in f.items) else settings.max_shared_plain
        for f in schema.fields
        if f.type == "array"
    }
    kept = list(values)
    while True:
        shares = {path: _shared_evidence(path, kept) for path in limits}
        excess = {path: share for path, (share, count) in shares.items() if share >= limits[path] and count >= _FEWEST}
        if not excess:
            return kept
        worst = max(excess, key=lambda path: excess[path])
        dropped = [v for v in kept if _is_within(v.path, worst)]
        message = (
            f"{shares[worst][1]} values of the answer are other fields' values; check whether there is such a list."
        )
        confidence = min(v.confidence or 0.0 for v in dropped)
        kept = [v for v in kept if not _is_within(v.path, worst)]
        kept.append(FieldValue(worst, [], None, confidence, (Problem(worst, ProblemKind.WITHDRAWN, message),)))


_FEWEST = 3
"""So many values of a list are other fields' at least."""


def _is_within(path: Path, list_path: Path) -> bool:
    return path[: len(list_path)] == list_path


def _shared_evidence(path: Path, values: Sequence[FieldValue]) -> tuple[float, int]:
    """Return the share and the number of a list's values by the model that stand where other fields' values do."""
    own = [v for v in values if _is_within(v.path, path) and v.evidence is not None]
    if any(v.method != "model" for v in own):
        return 0.0, 0
    others = [v.evidence for v in values if not _is_within(v.path, path) and v.evidence is not None]
    shared = sum(
        any(v.evidence.start < e.end and e.start < v.evidence.end for e in others)
        for v in own
        if v.evidence is not None
    )
    return (shared / len(own) if own else 0.0), shared


def trim_organization_names(
    values: Sequence[FieldValue], schema: Schema, context: ExtractionContext
) -> list[FieldValue]:
    """Return the values, with each postal address without first lines that another field gives as a name."""
    if not ConflictSettings.current().trim_organization_names:
        return list(values)
    fields = {f.path: f for f in schema.fields}
    names = [
        (v.evidence.start, v.evidence.end)
        for v in values
        if v.evidence is not None and v.path in fields and organization_name.is_organization_name(fields[v.path])
    ]
    trimmed = []
    for v in values:
        f = fields.get(v.path)
        if f is not None and v.method == "model" and v.evidence is not None and postal_address.is_postal_address(f):
            span = (v.evidence.start, v.evidence.end)
            start = postal_address.start_after_names(span, names, context.document.text)
            if start != v.evidence.start:
                v = move_value(v, f, start, v.evidence.end, context)
        trimmed.append(v)
    return trimmed


def withdraw(value: FieldValue, reason: str, confidence: float | None = None) -> FieldValue:
    """Return the value as null, with a problem that quotes the answer; with another confidence where one is given."""
    text = value.evidence.text if value.evidence else value.value
    message = f"The answer {text!r} {reason}; check whether it belongs here."
    problem = Problem(value.path, ProblemKind.WITHDRAWN, message)
    certainty = value.confidence if confidence is None else confidence
    return replace(value, value=None, evidence=None, problems=(problem,), confidence=certainty)
