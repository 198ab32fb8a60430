"""How well a confidence separates right values from wrong ones: AUROC, calibration error, Brier score, review budget.

All metrics count the values of evaluated documents, nulls included; intervals come from a bootstrap over documents.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from extractor.evaluation.metrics import LEVEL, ROUNDS, SEED, Estimate

BINS = 10
TARGET_ACCURACY = 0.99
"""The share of right fields that a review is to reach."""


@dataclass(frozen=True, slots=True)
class ConfidenceBin:
    """A bin of values: how many there are, their mean confidence, and the share that is right."""

    count: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class ConfidenceMetrics:
    """How well a confidence separates right values from wrong ones.

    `auroc_non_null` leaves nulls out. `review_budget` is the share of fields that a person must review, lowest
    confidence first, until `TARGET_ACCURACY` of all are right. `self_reported` takes the confidence at its word: a
    person reviews all but the values whose own mean confidence is `TARGET_ACCURACY`; it holds the share reviewed and
    the share of all values that is right afterwards.
    """

    auroc: Estimate
    auroc_non_null: Estimate
    ece: float
    brier: float
    bins: tuple[ConfidenceBin, ...]
    coverage: tuple[tuple[float, float], ...]
    review_budget: Estimate
    self_reported: tuple[float, float]


def measure_confidence(
    confidence: np.ndarray, right: np.ndarray, non_null: np.ndarray, documents: Sequence[str], rounds: int = ROUNDS
) -> ConfidenceMetrics:
    """Return the metrics of the `confidence` of values, given which are `right` and which are `non_null`.

    The arrays have one element for each value, and `documents` names the document that each value belongs to.
    """
    numbers = {name: n for n, name in enumerate(dict.fromkeys(documents))}
    document = np.array([numbers[name] for name in documents])
    generator = np.random.default_rng(SEED)
    ranking, ranking_non_null = _Ranking(confidence, right), _Ranking(confidence[non_null], right[non_null])
    budgets: list[float | None] = []
    aurocs: list[float | None] = []
    aurocs_non_null: list[float | None] = []
    for _ in range(rounds if len(numbers) > 1 else 0):
        sample = generator.integers(len(numbers), size=len(numbers))
        weights = np.bincount(sample, minlength=len(numbers)).astype(float)[document]
        budgets.append(ranking.review_budget(weights))
        aurocs.append(ranking.auroc(weights))
        aurocs_non_null.append(ranking_non_null.auroc(weights[non_null]))
    bins = equal_mass_bins(confidence, right)
    return ConfidenceMetrics(
        _estimate(auroc(confidence, right), aurocs),
        _estimate(auroc(confidence[non_null], right[non_null]), aurocs_non_null),
        expected_calibration_error(bins),
        brier_score(confidence, right),
        bins,
        tuple(coverage(confidence, right)),
        _estimate(review_budget(confidence, right), budgets),
        self_reported_review(confidence, right),
    )


class _Ranking:
    """Values in the order of their confidence, ties together; metrics take a weight for each value."""

    def __init__(self, confidence: np.ndarray, right: np.ndarray) -> None:
        _, self.rank = np.unique(confidence, return_inverse=True)
        self.right = right.astype(float)

    def auroc(self, weights: np.ndarray) -> float | None:
        """Return the weighted AUROC; None where all values are right or all are wrong."""
        right = np.bincount(self.rank, weights=weights * self.right)
        wrong = np.bincount(self.rank, weights=weights * (1 - self.right))
        if not right.sum() or not wrong.sum():
            return None
        wrong_below = np.cumsum(wrong) - wrong
        return float((right * (wrong_below + wrong / 2)).sum() / (right.sum() * wrong.sum()))

    def review_budget(self, weights: np.ndarray, target: float = TARGET_ACCURACY) -> float:
        """Return the weighted share of values to review; see the function `review_budget`."""
        count = np.bincount(self.rank, weights=weights)
        wrong = np.bincount(self.rank, weights=weights * (1 - self.right))
        tolerated = (1 - target) * weights.sum() + 1e-9
        remaining = wrong.sum() - np.concatenate([[0.0], np.cumsum(wrong)])
        reviewed = np.concatenate([[0.0], np.cumsum(count)])
        at = int(np.argmax(remaining <= tolerated))  # the first rank at which few enough wrong values remain
        if not at:
            return 0.0
        part = (remaining[at - 1] - tolerated) / (remaining[at - 1] - remaining[at])
        return float((reviewed[at - 1] + part * (reviewed[at] - reviewed[at - 1])) / weights.sum())


def auroc(confidence: np.ndarray, right: np.ndarray) -> float | None:
    """Return the probability that a right value has a higher confidence than a wrong one, ties counting half.

    None where all values are right or all are wrong. The statistic is that of Mann and Whitney 1947.
    """
    return _Ranking(confidence, right).auroc(np.ones(len(confidence))) if len(confidence) else None


def equal_mass_bins(confidence: np.ndarray, right: np.ndarray, count: int = BINS) -> tuple[ConfidenceBin, ...]:
    """Return the values in `count` bins of (nearly) equally many values, lowest confidence first."""
    order = np.argsort(confidence, kind="stable")
    parts = [part for part in np.array_split(order, count) if len(part)]
    return tuple(ConfidenceBin(len(p), float(confidence[p].mean()), float(right[p].mean())) for p in parts)


def expected_calibration_error(bins: Sequence[ConfidenceBin]) -> float:
    """Return the mean distance between confidence and accuracy over the bins, weighted by their values (ECE)."""
    return sum(b.count * abs(b.confidence - b.accuracy) for b in bins) / sum(b.count for b in bins)


def brier_score(confidence: np.ndarray, right: np.ndarray) -> float:
    """Return the mean squared distance between confidence and outcome (Brier 1950)."""
    return float(np.mean((confidence - right) ** 2))


def review_budget(confidence: np.ndarray, right: np.ndarray, target: float = TARGET_ACCURACY) -> float:
    """Return the smallest share of values that, reviewed lowest confidence first, makes the share `target` right.

    Among values of the same confidence the wrong ones are taken to be spread evenly, so their order brings no luck.
    """
    return _Ranking(confidence, right).review_budget(np.ones(len(confidence)), target)


def random_review_budget(right: np.ndarray, target: float = TARGET_ACCURACY) -> float:
    """Return the share of values to review for the share `target` right when they are reviewed in random order."""
    wrong = 1 - float(right.mean())
    return max(0.0, 1 - (1 - target) / wrong) if wrong else 0.0


def self_reported_review(
    confidence: np.ndarray, right: np.ndarray, target: float = TARGET_ACCURACY
) -> tuple[float, float]:
    """Return the share reviewed and the share right afterwards when the confidence itself says where to stop.

    Left without review are as many of the most confident values as have a mean confidence of `target`.
    """
    order = np.argsort(-confidence, kind="stable")
    mean = np.cumsum(confidence[order]) / np.arange(1, len(confidence) + 1)
    skipped = int(np.flatnonzero(mean >= target)[-1]) + 1 if (mean >= target).any() else 0
    return 1 - skipped / len(confidence), 1 - float((~right[order[:skipped]]).sum()) / len(confidence)


def coverage(confidence: np.ndarray, right: np.ndarray) -> Iterator[tuple[float, float]]:
    """Yield, for every tenth of the values, the share right among that many of the most confident ones."""
    order = np.argsort(-confidence, kind="stable")
    for tenth in range(1, 11):
        kept = max(1, round(len(order) * tenth / 10))
        yield tenth / 10, float(right[order[:kept]].mean())


def _estimate(value: float | None, resampled: Sequence[float | None]) -> Estimate:
    known = [x for x in resampled if x is not None]
    if value is None or len(known) < 2:
        return Estimate(value)
    low, high = np.percentile(known, (50 * (1 - LEVEL), 50 * (1 + LEVEL)))
    return Estimate(value, float(low), float(high))
