"""Two runs over the same documents: what changed, for better or worse, and whether that is more than noise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from extractor.errors import UsageError
from extractor.evaluation.figures import Figure, Scored, difference, micro_f1
from extractor.evaluation.matching import ABSENT, CORRECT, Match
from extractor.evaluation.runs import Judged, Run
from extractor.types import path_text

BETTER, WORSE, OTHER = "better", "worse", "other"


@dataclass(frozen=True, slots=True)
class Change:
    """One field that came out otherwise: `before` and `after` are (outcome, value); `verdict` is of the outcome.

    `other` is a change from one mistake to another, or from a right value to the same in other words.
    """

    document: str
    path: str
    gold: Any
    before: tuple[str, Any]
    after: tuple[str, Any]
    verdict: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Micro-F1 of both over the `documents` they share, their difference, and every field that changed.

    `against` is the share of resamples, documents drawn in pairs, whose difference has the opposite sign; `only_before`
    and `only_after` count documents that one run alone has.
    """

    name: str
    documents: int
    only_before: int
    only_after: int
    before: float | None
    after: float | None
    difference: Figure
    against: float
    changes: tuple[Change, ...]

    @property
    def more_than_noise(self) -> bool:
        """Whether the 95 % interval of the difference leaves nought out."""
        low, high = self.difference.low, self.difference.high
        return low is not None and high is not None and (low > 0 or high < 0)

    def count(self, verdict: str) -> int:
        """How many fields changed for better, for worse, or otherwise."""
        return sum(change.verdict == verdict for change in self.changes)


def compare(before: Run, judged: Sequence[Judged]) -> Comparison:
    """The documents of a newer run against those of an older one. UsageError when they share none."""
    pairs = [(before.judged[d.document], d) for d in judged if d.document in before.judged]
    if not pairs:
        raise UsageError(f"The run {before.name} has none of these documents.", "Compare runs of the same set.")
    rejudged = [old.document for old, new in pairs if old.gold != new.gold]
    if rejudged:
        raise UsageError(
            f"The gold of {rejudged[0]} is not what the run {before.name} was judged by.",
            "Judge that run anew: run `eval` on it once more with --run, then compare.",
        )
    first: list[Scored] = [old.scored for old, _ in pairs]
    second: list[Scored] = [new.scored for _, new in pairs]
    shift, against = difference(first, second)
    return Comparison(
        before.name,
        len(pairs),
        len(before.judged) - len(pairs),
        len(judged) - len(pairs),
        micro_f1(first),
        micro_f1(second),
        shift,
        against,
        tuple(change for old, new in pairs for change in _changes(old, new)),
    )


def _changes(old: Judged, new: Judged) -> Iterator[Change]:
    """Fields by their place in gold; values that gold has no place for, by their place in the record."""
    then, now = _by_place(old.matches), _by_place(new.matches)
    for place in dict.fromkeys((*now, *then)):
        before, after = _said(then.get(place)), _said(now.get(place))
        if before != after:
            m = now.get(place) or then[place]
            was, is_ = (outcome in (CORRECT, ABSENT) for outcome in (before[0], after[0]))
            verdict = OTHER if was == is_ else BETTER if is_ else WORSE
            yield Change(new.document, path_text(m.path), m.gold, before, after, verdict)


def _by_place(matches: Sequence[Match]) -> dict[Any, Match]:
    return {(m.gold_path is not None, m.path): m for m in matches}


def _said(match: Match | None) -> tuple[str, Any]:
    """What a run says of a place; no match there means a list element that the record does not have either."""
    return (ABSENT, None) if match is None else (match.outcome, match.predicted)
