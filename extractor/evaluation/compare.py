"""Two runs over the same documents: what changed, for better or worse, and whether that is more than noise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from extractor.errors import UsageError
from extractor.evaluation.matching import ABSENT, CORRECT, Match
from extractor.evaluation.metrics import DocumentScore, Estimate, micro_f1, paired_difference
from extractor.evaluation.runs import DocumentResult, EvalRun
from extractor.types import path_text

BETTER, WORSE, OTHER = "better", "worse", "other"


@dataclass(frozen=True, slots=True)
class Change:
    """One field that came out differently: `before` and `after` are (outcome, value); `verdict` is about the outcome.

    `other` is a change from one mistake to another, or from a right value to another form of it.
    """

    document: str
    path: str
    gold: Any
    before: tuple[str, Any]
    after: tuple[str, Any]
    verdict: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Micro-F1 of both runs over the `documents` they share, the difference, and every field that changed.

    `opposed` is the share of resamples, documents drawn in pairs, whose difference has the opposite sign; `only_before`
    and `only_after` count documents that only one of the runs has.
    """

    name: str
    documents: int
    only_before: int
    only_after: int
    before: float | None
    after: float | None
    difference: Estimate
    opposed: float
    changes: tuple[Change, ...]

    @property
    def is_significant(self) -> bool:
        """Decide whether the 95 % interval of the difference excludes zero."""
        low, high = self.difference.low, self.difference.high
        return low is not None and high is not None and (low > 0 or high < 0)

    def count(self, verdict: str) -> int:
        """Return how many fields changed for better, for worse, or otherwise."""
        return sum(change.verdict == verdict for change in self.changes)


def compare(before: EvalRun, results: Sequence[DocumentResult]) -> Comparison:
    """Compare the results of a newer run with those of an older one.

    UsageError where they share no document, or where the older run was judged by other gold.
    """
    pairs = [(before.results[d.document], d) for d in results if d.document in before.results]
    if not pairs:
        raise UsageError(f"The run {before.name} has none of these documents.", "Compare runs of the same set.")
    other_gold = [old.document for old, new in pairs if old.gold != new.gold]
    if other_gold:
        raise UsageError(
            f"The gold of {other_gold[0]} is not what the run {before.name} was judged by.",
            "Run `eval` with --run NAME on that run once more, which compares it with the new gold; then compare.",
        )
    first: list[DocumentScore] = [old.score for old, _ in pairs]
    second: list[DocumentScore] = [new.score for _, new in pairs]
    change, opposed = paired_difference(first, second)
    return Comparison(
        before.name,
        len(pairs),
        len(before.results) - len(pairs),
        len(results) - len(pairs),
        micro_f1(first),
        micro_f1(second),
        change,
        opposed,
        tuple(change for old, new in pairs for change in _changes(old, new)),
    )


def _changes(old: DocumentResult, new: DocumentResult) -> Iterator[Change]:
    """Yield the fields that differ, in the order of gold; then values that gold has no place for."""
    then, now = _matches_by_place(old.matches), _matches_by_place(new.matches)
    for place in dict.fromkeys((*now, *then)):
        before, after = _outcome_and_value(then.get(place)), _outcome_and_value(now.get(place))
        if before != after:
            m = now.get(place) or then[place]
            was, is_ = (outcome in (CORRECT, ABSENT) for outcome in (before[0], after[0]))
            verdict = OTHER if was == is_ else BETTER if is_ else WORSE
            yield Change(new.document, path_text(m.path), m.gold, before, after, verdict)


def _matches_by_place(matches: Sequence[Match]) -> dict[Any, Match]:
    return {(m.gold_path is not None, m.path): m for m in matches}


def _outcome_and_value(match: Match | None) -> tuple[str, Any]:
    """Return outcome and value; without a match it is a list element that the record does not have either."""
    return (ABSENT, None) if match is None else (match.outcome, match.predicted)
