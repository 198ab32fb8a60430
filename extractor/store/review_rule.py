"""The one rule of what a person has to look at, what a person has seen, and in which state that leaves a record.

The header of the review, the queue, the results and the exported gold all ask here; none decides by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from extractor.errors import UsageError
from extractor.problems import ProblemKind
from extractor.store.models import Correction, ReviewAction, current_approvals
from extractor.types import Path, field_name

if TYPE_CHECKING:
    from extractor.store.review_status import FieldState, ReviewState

AUTOMATIC = "automatic"
"""Who approves, and how, where no person does."""
MIN_SAMPLED, MAX_SAMPLED = 1, 1000


class FieldNeed(StrEnum):
    """Why a person has to look at a field; the first that applies counts. Members are plain strings."""

    REQUIRED = "required"
    """It has to have a value and has none, and nobody said that the document has none."""
    NOT_ASKED = "not_asked"
    """Nobody looked for it."""
    DOUBT = "doubt"
    """Something speaks against the value."""
    EMPTY_LIST = "empty_list"
    """No entries were found: whether there are none, only the document tells."""


@dataclass(frozen=True, slots=True)
class ReviewRules:
    """What people decided about the review of one kind of document.

    `thresholds` are the confidences from which on a field's value needs no review, by the field's name in figures
    (`items[].amount`); others use the common ones. With `automatic`, a record that leaves nothing to check is approved
    without a person, except one in `sampled_one_in`.
    """

    thresholds: Mapping[str, float] = field(default_factory=dict)
    automatic: bool = False
    sampled_one_in: int = 20

    def threshold(self, path: Path, common: float) -> float:
        """Return the confidence from which on the value at a path needs no review."""
        return self.thresholds.get(field_name(path), common) if self.thresholds else common

    def to_json(self) -> dict[str, Any]:
        """Return the rules as JSON data."""
        return asdict(self) | {"thresholds": dict(self.thresholds)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ReviewRules:
        """Return the rules in JSON data; raises UsageError for a threshold or a share that is none."""
        thresholds = {str(name): float(value) for name, value in (data.get("thresholds") or {}).items()}
        if any(not 0 <= value <= 1 for value in thresholds.values()):
            raise UsageError("A threshold is a confidence between 0 and 1.", "Write 0.9 for 90 %.")
        sampled = int(data.get("sampled_one_in", cls().sampled_one_in))
        if not MIN_SAMPLED <= sampled <= MAX_SAMPLED:
            raise UsageError("The share of records that people check is one in 1 to 1000.", "Write 20 for 5 %.")
        return cls(thresholds, bool(data.get("automatic", False)), sampled)


def field_need(
    value: Any,
    correction: Correction | None,
    *,
    is_required: bool,
    is_list: bool,
    not_asked: bool,
    is_doubtful: bool,
) -> FieldNeed | None:
    """Return why a person has to look at a field, None where nobody has to.

    `is_required` says that the field has to have a value, `is_list` that it is a list with rows, `not_asked` that
    nobody looked for it, `is_doubtful` that something speaks against the machine's value. A field that a person has
    settled (`correction`) is open only while it has to have a value and has none: that it has none has to be said
    (`absent`), a mere confirmation of nothing does not say it.
    """
    is_blank = value is None or (is_list and value == [])
    if is_required and is_blank and (correction is None or correction.how != "absent"):
        return FieldNeed.REQUIRED
    if correction is not None:
        return None
    if not_asked:
        return FieldNeed.NOT_ASKED
    if is_doubtful:
        return FieldNeed.DOUBT
    return FieldNeed.EMPTY_LIST if is_list and is_blank else None


def was_not_asked(extracted: Mapping[str, Any] | None) -> bool:
    """Decide whether the machine's entry for a field says that nobody looked for it."""
    return extracted is not None and any(p["kind"] == ProblemKind.NOT_ASKED for p in extracted["problems"])


def open_required(review: ReviewState) -> list[FieldState]:
    """Return the fields that have to have a value and have none."""
    return [state for state in review.fields.values() if state.need == FieldNeed.REQUIRED]


def was_opened(actions: Iterable[ReviewAction]) -> bool:
    """Decide whether somebody who approved the record as it now is had it before them."""
    return any(action.how == "opened" for action in current_approvals(actions))


def seen_fields(review: ReviewState, actions: Iterable[ReviewAction]) -> set[Path]:
    """Return the paths of the fields of an approved record whose values a person has seen.

    Those are the fields that a person settled one by one and, where whoever approved had the record before them, those
    that needed no review. A field that was still to be checked was seen by nobody, whatever was approved.
    """
    opened = was_opened(actions)
    return {
        path for path, state in review.fields.items() if state.need is None and (opened or state.correction is not None)
    }


def describe_state(
    status: str,
    review: ReviewState,
    actions: Sequence[ReviewAction],
    *,
    flag: ReviewAction | None = None,
    second_review: bool = False,
) -> dict[str, Any]:
    """Return the state of a record as JSON data for one sentence: its `kind`, and what the sentence names.

    Exactly one of: `rejected`, `automatic` (approved by nobody), `approved`, `approved_open` (with `n` fields that
    nobody has seen), `approved_once` (a second person is wanted), `flagged`, `required` (`n` fields have to have a
    value), `left` (`n` fields to check), `failed` (`n` checks fail), `ready`. `left` and `total` count fields.
    """
    approvals = current_approvals(actions)
    counts = {"left": review.to_check, "total": len(review.fields)}
    who = ", ".join(approval.who for approval in approvals)
    if status == "rejected":
        rejected = [action.who for action in actions if action.action == "rejected"]
        return {"kind": "rejected", "who": rejected[-1] if rejected else "", **counts}
    if status == "approved":
        seen = seen_fields(review, actions)
        n = len(review.fields) - len(seen)
        if approvals and all(approval.how == AUTOMATIC for approval in approvals):
            return {"kind": "automatic", "n": n, **counts}
        if review.to_check:
            return {"kind": "approved_open", "who": who, "n": review.to_check, **counts}
        kind = "approved_once" if second_review and len(approvals) < 2 else "approved"
        return {"kind": kind, "who": who, **counts}
    if flag is not None:
        return {"kind": "flagged", "who": flag.who, "note": flag.note, **counts}
    if required := len(open_required(review)):
        return {"kind": "required", "n": required, **counts}
    if review.to_check:
        return {"kind": "left", "n": review.to_check, **counts}
    failed = len(review.violations)
    return {"kind": "failed" if failed else "ready", "n": failed, **counts}
