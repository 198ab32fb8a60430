"""Why a record is in the review queue: the one list, used by the store, the web app's routes and the screen."""

from __future__ import annotations

from enum import StrEnum


class ReviewReason(StrEnum):
    """A kind of reason to look at a record, the most telling first. Members are plain strings, as the store has them.

    `SAMPLE` is for a record that nothing speaks against: a share of them is reviewed all the same, so that the errors
    among trusted records are known.
    """

    SAMPLE = "sample"
    REQUIRED_EMPTY = "required_empty"
    FAILED_CHECK = "failed_check"
    NO_EVIDENCE = "no_evidence"
    LOW_CONFIDENCE = "low_confidence"
    NOT_ASKED = "not_asked"
    EMPTY_LIST = "empty_list"
    OTHER_PROBLEM = "other_problem"
