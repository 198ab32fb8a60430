"""What a person should review of a record: the state of every field after all corrections, and why it is doubtful.

A value is settled once a person has typed, pointed at or accepted it; the machine's doubts about it no longer count.
That it takes part in a failed check does count, whoever gave it. Which fields a person has to look at is decided in
`review_rule`.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from extractor import validation
from extractor.confidence.levels import ConfidenceLevels, least_sure
from extractor.problems import ProblemKind
from extractor.schemas import Schema
from extractor.settings import Settings, threshold
from extractor.store.models import Correction
from extractor.store.record_data import as_list, is_empty, searchable_text, value_at, walk_fields
from extractor.store.review_reasons import ReviewReason
from extractor.store.review_rule import FieldNeed, ReviewRules, field_need, was_not_asked
from extractor.store.value_origins import ValueOrigin, apply_to_origins, trace_origins
from extractor.types import Field, Path, Problem, path_text

VIOLATIONS = frozenset(
    {ProblemKind.SCHEMA, ProblemKind.FORMAT, ProblemKind.MISSING, ProblemKind.TOO_MANY, ProblemKind.CHECK}
)
"""Kinds of problem by which a record breaks its schema or a check."""
RECHECKED = VIOLATIONS | {ProblemKind.FORMAT_NOT_CHECKED, ProblemKind.CHECK_NOT_RUN}
"""Kinds that validating the record as it now is finds anew; those of the extraction are out of date."""
_OF_NEEDS = frozenset({ProblemKind.NOT_ASKED, ProblemKind.REQUIRED_EMPTY, ProblemKind.EMPTY_LIST})
_REASON_OF_NEED = {
    FieldNeed.REQUIRED: ReviewReason.REQUIRED_EMPTY,
    FieldNeed.NOT_ASKED: ReviewReason.NOT_ASKED,
    FieldNeed.EMPTY_LIST: ReviewReason.EMPTY_LIST,
}
_UNGROUNDED = frozenset({ProblemKind.NO_EVIDENCE, ProblemKind.VALUE_OUTSIDE_EVIDENCE})


@dataclass(frozen=True)
class ReviewSettings(Settings):
    """Which records people are shown, and in what order."""

    sampled_one_in: int = threshold(
        20,
        unit="records",
        meaning="of the records without doubts, one in so many is reviewed all the same: it shows how often confidence "
        "is misplaced",
    )
    risk_of_doubtful_value: float = threshold(
        0.5, unit="wrong values", meaning="the least that a value counts for that has a reason for review"
    )
    risk_of_unsought_value: float = threshold(
        0.5, unit="wrong values", meaning="what a field counts for that nobody looked for, or that has to have a value"
    )
    risk_of_empty_list: float = threshold(
        0.1, unit="wrong values", meaning="what a list counts for in which no entries were found"
    )
    risk_of_document_problem: float = threshold(
        0.01, unit="wrong values", meaning="what a problem of the document as a whole counts for"
    )
    risk_of_sample: float = threshold(
        0.001, unit="wrong values", meaning="what being in the sample counts for: it comes before what needs no review"
    )


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a value needs review: a kind of problem, and what was found in this document."""

    kind: str
    message: str


@dataclass(frozen=True, slots=True)
class FieldState:
    """A field after all corrections.

    `state` is machine, accepted, edited or absent; `level` is sure, unsure, doubtful, wrong, empty or done; `need` says
    why a person has to look at it, `is_required` that it has to have a value. `extracted` is the machine's entry for
    the field, `correction` the one that settled it.
    """

    path: Path
    field: Field
    value: Any
    state: str
    need: FieldNeed | None
    level: str
    reasons: tuple[Reason, ...]
    is_required: bool = False
    extracted: Mapping[str, Any] | None = None
    correction: Correction | None = None

    @property
    def needs_review(self) -> bool:
        """Whether a person has to look at it."""
        return self.need is not None

    @property
    def confidence(self) -> float | None:
        """The machine's confidence in the value; None once a person has settled it, or where nobody looked for it."""
        if self.extracted is None or self.state != "machine" or was_not_asked(self.extracted):
            return None
        return self.extracted["confidence"]

    @property
    def evidence(self) -> Mapping[str, Any] | None:
        """Where the value is in the document (`start`, `end`, `text`, `boxes`), as the person or the machine said."""
        given = self.correction.evidence if self.correction is not None else None
        if given and "start" in given:
            return given
        if self.state in ("edited", "absent"):
            return None
        return self.extracted["evidence"] if self.extracted else None


@dataclass(frozen=True, slots=True)
class ReviewState:
    """What a person should review of a record: all fields by their paths, and the problems of the record.

    `problems` come with the paths of the fields involved, `origins` are the values' by path. `doubts` counts the
    reasons for review by ReviewReason; a record that only has `sample` is without doubts and reviewed all the same.
    `to_check` is the number of fields that need review, `risk` the expected number of wrong values among them. `words`
    is the text of all values, for searches.
    """

    fields: Mapping[Path, FieldState]
    problems: tuple[tuple[Problem, tuple[Path, ...]], ...]
    doubts: Mapping[str, int]
    to_check: int
    risk: float
    origins: Mapping[Path, ValueOrigin]
    words: str = ""

    @property
    def violations(self) -> list[Problem]:
        """The checks and rules of the schema that the record breaks."""
        return [problem for problem, _ in self.problems if problem.kind in VIOLATIONS]

    def columns(self) -> dict[str, Any]:
        """Return what a record's row tells of it without the record being read."""
        return {"doubts": dict(self.doubts), "to_check": self.to_check, "risk": self.risk, "words": self.words}


def assess_record(
    schema: Schema,
    result: Mapping[str, Any],
    data: Any,
    corrections: Sequence[Correction] = (),
    previous: ReviewState | None = None,
    rules: ReviewRules | None = None,
) -> ReviewState:
    """Decide what a person should review of an extraction (as JSON data) whose record is now `data`.

    `previous` is the state before the last of the corrections; it saves going through all of them again. `rules` are
    those of this kind of document.
    """
    rules = rules or ReviewRules()
    if previous is not None and corrections and corrections[-1].undoes is None:
        origins = apply_to_origins(schema, dict(previous.origins), corrections[-1])
    else:
        origins = trace_origins(schema, result, corrections)
    direct: dict[Path, list[Reason]] = {}
    indirect: dict[Path, list[Reason]] = {}
    problems: list[tuple[Problem, tuple[Path, ...]]] = []
    for problem, named, involved in validation.find_violations(schema, data):
        reason = Reason(problem.kind, problem.message)
        for path in dict.fromkeys((problem.path, *named)):
            direct.setdefault(path, []).append(reason)
        for path in involved:
            indirect.setdefault(path, []).append(reason)
        problems.append((problem, tuple(dict.fromkeys((problem.path, *named, *involved)))))
    sure = least_sure(is_calibrated=str(result["run"].get("confidence", "")).startswith("calibrated"))
    lost_rows, absent_objects = _lost_rows(schema, data, origins), list(_absent_objects(schema, data))
    fields: dict[Path, FieldState] = {}
    for path, field in walk_fields(schema, data):
        reasons = direct.get(path, []), indirect.get(path, []), lost_rows.get(path, [])
        least = rules.threshold(path, sure)
        is_required = field.required and not any(path[: len(part)] == part for part in absent_objects)
        origin = origins.get(path, ValueOrigin())
        fields[path] = _field_state(path, field, value_at(data, path), origin, *reasons, is_required, least)
    texts = {path_text(path): path for path in fields}
    of_document = [problem for problem in result["problems"] if problem["kind"] not in RECHECKED]
    for entry in of_document:
        path = texts.get(entry["path"])
        problems.append((Problem(path or (), entry["kind"], entry["message"]), () if path is None else (path,)))
    to_check = [state for state in fields.values() if state.needs_review]
    doubts = _count_doubts(to_check, problems)
    settings = ReviewSettings.current()
    one_in = rules.sampled_one_in if rules.automatic else settings.sampled_one_in
    is_sampled = zlib.crc32(result["document"]["id"].encode()) % one_in == 0
    if not doubts and not corrections and is_sampled:
        doubts = {ReviewReason.SAMPLE.value: 1}
    risk = sum(_risk(state, settings) for state in to_check)
    risk += sum(problem.kind in VIOLATIONS for problem, _ in problems)
    risk += settings.risk_of_document_problem * len(of_document)
    risk = round(risk + settings.risk_of_sample * (ReviewReason.SAMPLE in doubts), 4)
    return ReviewState(fields, tuple(problems), doubts, len(to_check), risk, origins, searchable_text(data))


def _risk(state: FieldState, settings: ReviewSettings) -> float:
    """Return the expected number of wrong values that a field to check counts for."""
    if state.need == FieldNeed.EMPTY_LIST:
        return settings.risk_of_empty_list
    if state.need in (FieldNeed.NOT_ASKED, FieldNeed.REQUIRED) and state.confidence is None:
        return settings.risk_of_unsought_value
    return max(1 - (state.confidence or 0.0), settings.risk_of_doubtful_value if state.reasons else 0.0)


def _count_doubts(
    to_check: Iterable[FieldState], problems: Iterable[tuple[Problem, tuple[Path, ...]]]
) -> dict[str, int]:
    """Count the reasons for review by kind; a failed check counts once, however many fields are involved."""
    doubts: dict[str, int] = {}
    for problem, _ in problems:
        kind = ReviewReason.FAILED_CHECK if problem.kind in VIOLATIONS else ReviewReason.OTHER_PROBLEM
        doubts[kind] = doubts.get(kind, 0) + 1
    for state in to_check:
        kinds = {reason.kind for reason in state.reasons} - VIOLATIONS - _OF_NEEDS
        counted = {_REASON_OF_NEED[state.need]} if state.need in _REASON_OF_NEED else set()
        counted |= {ReviewReason.LOW_CONFIDENCE for kind in kinds if kind == ProblemKind.UNSURE}
        counted |= {ReviewReason.NO_EVIDENCE for kind in kinds & _UNGROUNDED}
        counted |= {ReviewReason.OTHER_PROBLEM for kind in kinds - _UNGROUNDED - {ProblemKind.UNSURE}}
        for kind in counted:
            doubts[kind] = doubts.get(kind, 0) + 1
    return {str(kind): count for kind, count in sorted(doubts.items())}


def _field_state(
    path: Path,
    field: Field,
    value: Any,
    origin: ValueOrigin,
    direct: Sequence[Reason],
    indirect: Sequence[Reason],
    lost_rows: Sequence[Reason],
    is_required: bool,
    sure: float,
) -> FieldState:
    """Return the state of one field.

    `direct` are the violations that name the field, `indirect` those that it is merely involved in, `lost_rows` what
    the machine said of rows that the list no longer has. `sure` is the confidence from which on a value needs no
    review.
    """
    extracted, correction = origin.extracted, origin.correction
    violations = list(dict.fromkeys((*direct, *indirect)))
    is_wrong = any(reason.kind in VIOLATIONS for reason in direct)
    reasons = [] if correction is not None else [*direct, *lost_rows, *_machine_reasons(field, value, extracted, sure)]
    not_asked = was_not_asked(extracted)
    doubts = [reason for reason in reasons if reason.kind != ProblemKind.NOT_ASKED]
    is_list = field.type == "array" and not any(isinstance(step, int) for step in path)
    is_required = is_required and (field.type != "array" or is_list)
    need = field_need(
        value,
        correction,
        is_required=is_required,
        is_list=is_list,
        not_asked=not_asked,
        is_doubtful=bool(doubts),
    )
    if need == FieldNeed.REQUIRED and not is_wrong:
        reasons.append(Reason(ProblemKind.REQUIRED_EMPTY, "it has to have a value, and has none"))
    elif need == FieldNeed.EMPTY_LIST:
        reasons.append(Reason(ProblemKind.EMPTY_LIST, "no entries were found"))
    if correction is not None:
        how = correction.how
        is_absent = how == "absent" or (value is None and how not in ("accepted", "row_added"))
        state = "accepted" if how == "accepted" else "absent" if is_absent else "edited"
        level = "wrong" if is_wrong else "doubtful" if need is not None else "done"
        all_reasons = tuple(dict.fromkeys((*violations, *reasons)))
        return FieldState(path, field, value, state, need, level, all_reasons, is_required, extracted, correction)
    confidence = extracted["confidence"] if extracted else None
    if is_wrong:
        level = "wrong"
    elif need is None:
        level = "empty" if value is None or value == [] else "sure"
    else:
        is_ungrounded = any(reason.kind in _UNGROUNDED for reason in doubts)
        is_low = not not_asked and confidence is not None and confidence < ConfidenceLevels.current().doubtful
        level = "doubtful" if is_ungrounded or is_low or need == FieldNeed.REQUIRED else "unsure"
    all_reasons = tuple(dict.fromkeys((*violations, *reasons)))
    return FieldState(path, field, value, "machine", need, level, all_reasons, is_required, extracted)


def _machine_reasons(field: Field, value: Any, extracted: Mapping[str, Any] | None, sure: float) -> Iterator[Reason]:
    """Yield why the machine's value is doubtful, apart from what is wrong with the record as a whole."""
    if extracted is None:
        return
    for problem in extracted["problems"]:
        # a value that broke the schema was taken out of the record, where validation cannot find it any more
        was_removed = value is None and extracted["value"] is not None
        is_removal = problem["kind"] in (ProblemKind.SCHEMA, ProblemKind.FORMAT) and was_removed
        if problem["kind"] not in RECHECKED or is_removal:
            yield Reason(problem["kind"], problem["message"])
    kinds = {problem["kind"] for problem in extracted["problems"]}
    if value is not None and field.copied and extracted["evidence"] is None and field.type not in ("array", "json"):
        stands_for_blank = extracted["method"] == "structure" and isinstance(field.schema.get("x-values"), Mapping)
        if not kinds & _UNGROUNDED and not stands_for_blank:
            yield Reason(ProblemKind.NO_EVIDENCE, "no place in the document is given for this value")
    confidence = extracted["confidence"]
    least = ConfidenceLevels.current().doubtful if value is None else sure
    if confidence is not None and ProblemKind.NOT_ASKED not in kinds and confidence < least:
        yield Reason(ProblemKind.UNSURE, f"{confidence:.2f}")


def _lost_rows(schema: Schema, data: Any, origins: Mapping[Path, ValueOrigin]) -> dict[Path, list[Reason]]:
    """Return what the machine said of rows that the record does not have, as reasons to review their list."""
    reasons: dict[Path, list[Reason]] = {}
    for field in schema.fields:
        size = len(field.path)
        if field.type != "array":
            continue
        rows = len(as_list(value_at(data, field.path)))
        for path, origin in origins.items():
            is_lost = len(path) > size and path[:size] == field.path and path[size] >= rows
            if is_lost and origin.extracted is not None:
                found = [Reason(p["kind"], p["message"]) for p in origin.extracted["problems"]]
                reasons.setdefault(field.path, []).extend(reason for reason in found if reason.kind not in RECHECKED)
    return reasons


def _absent_objects(schema: Schema, data: Any) -> Iterator[Path]:
    """Yield the paths of optional objects that hold nothing: what they require is not needed."""
    for part in schema.objects:
        if part.path and not part.required and "*" not in part.path and is_empty(value_at(data, part.path)):
            yield part.path
