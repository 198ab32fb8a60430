"""How well a number tells right values from wrong ones: its order (AUROC), its honesty (ECE, Brier), what it saves.

Everything is over values of judged documents, nulls too; intervals come from a bootstrap over documents.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from extractor.evaluation.figures import LEVEL, ROUNDS, SEED, Figure

BINS = 10
WANTED = 0.99
"""The share of right fields that a review is to reach."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Values of one stretch of confidence: how many, how sure on average, and the share of right ones."""

    count: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Telling:
    """How well numbers tell right from wrong.

    `auroc_given` is over values alone, nulls left out. `budget` is the share of fields that a person must look at,
    least sure first, until `WANTED` of all are right. `trusted` comes of taking the numbers at their word: the share
    looked at when all are but those that are `WANTED` on average by their own confidence, and the share of all that is
    right then.
    """

    auroc: Figure
    auroc_given: Figure
    ece: float
    brier: float
    bins: tuple[Bin, ...]
    coverage: tuple[tuple[float, float], ...]
    budget: Figure
    trusted: tuple[float, float]


def telling(
    sure: np.ndarray, right: np.ndarray, given: np.ndarray, document: Sequence[str], rounds: int = ROUNDS
) -> Telling:
    """What the numbers `sure` tell of the values that are `right`; `given` tells values from nulls.

    `document` names each value's document.
    """
    names = {name: n for n, name in enumerate(dict.fromkeys(document))}
    owner = np.array([names[name] for name in document])
    drawn = np.random.default_rng(SEED)
    every, values, looked = _Order(sure, right), _Order(sure[given], right[given]), []
    ranked: list[float | None] = []
    ranked_given: list[float | None] = []
    for _ in range(rounds if len(names) > 1 else 0):
        times = np.bincount(drawn.integers(len(names), size=len(names)), minlength=len(names)).astype(float)[owner]
        looked.append(every.budget(times))
        ranked.append(every.auroc(times))
        ranked_given.append(values.auroc(times[given]))
    found = bins(sure, right)
    return Telling(
        _figure(auroc(sure, right), ranked),
        _figure(auroc(sure[given], right[given]), ranked_given),
        ece(found),
        brier(sure, right),
        found,
        tuple(coverage(sure, right)),
        _figure(budget(sure, right), looked),
        trusted(sure, right),
    )


class _Order:
    """Values by how sure they are, equally sure ones together; every figure takes how often each value counts."""

    def __init__(self, sure: np.ndarray, right: np.ndarray) -> None:
        _, self.place = np.unique(sure, return_inverse=True)
        self.right = right.astype(float)

    def auroc(self, weight: np.ndarray) -> float | None:
        good = np.bincount(self.place, weights=weight * self.right)
        bad = np.bincount(self.place, weights=weight * (1 - self.right))
        if not good.sum() or not bad.sum():
            return None
        below = np.cumsum(bad) - bad
        return float((good * (below + bad / 2)).sum() / (good.sum() * bad.sum()))

    def budget(self, weight: np.ndarray, wanted: float = WANTED) -> float:
        many = np.bincount(self.place, weights=weight)
        wrong = np.bincount(self.place, weights=weight * (1 - self.right))
        bear = (1 - wanted) * weight.sum() + 1e-9
        left = wrong.sum() - np.concatenate([[0.0], np.cumsum(wrong)])
        looked = np.concatenate([[0.0], np.cumsum(many)])
        at = int(np.argmax(left <= bear))  # the first place at which few enough wrong ones are left
        if not at:
            return 0.0
        part = (left[at - 1] - bear) / (left[at - 1] - left[at])
        return float((looked[at - 1] + part * (looked[at] - looked[at - 1])) / weight.sum())


def auroc(sure: np.ndarray, right: np.ndarray) -> float | None:
    """The chance that a right value is surer than a wrong one, ties counting half; None where all are alike.

    Mann and Whitney 1947.
    """
    return _Order(sure, right).auroc(np.ones(len(sure))) if len(sure) else None


def bins(sure: np.ndarray, right: np.ndarray, count: int = BINS) -> tuple[Bin, ...]:
    """The values in `count` bins of equal mass, least sure first."""
    order = np.argsort(sure, kind="stable")
    parts = [part for part in np.array_split(order, count) if len(part)]
    return tuple(Bin(len(p), float(sure[p].mean()), float(right[p].mean())) for p in parts)


def ece(found: Sequence[Bin]) -> float:
    """The mean distance of confidence from the share of right values over bins, weighted by their values."""
    return sum(b.count * abs(b.confidence - b.accuracy) for b in found) / sum(b.count for b in found)


def brier(sure: np.ndarray, right: np.ndarray) -> float:
    """The mean squared distance of confidence from the outcome (Brier 1950)."""
    return float(np.mean((sure - right) ** 2))


def budget(sure: np.ndarray, right: np.ndarray, wanted: float = WANTED) -> float:
    """The least share of values that, looked at and put right least sure first, makes the share `wanted` right.

    Of values that are equally sure the wrong ones come up evenly: no luck in their order.
    """
    return _Order(sure, right).budget(np.ones(len(sure)), wanted)


def at_random(right: np.ndarray, wanted: float = WANTED) -> float:
    """The share of values to look at for `wanted` when they are taken in any order."""
    wrong = 1 - float(right.mean())
    return max(0.0, 1 - (1 - wanted) / wrong) if wrong else 0.0


def trusted(sure: np.ndarray, right: np.ndarray, wanted: float = WANTED) -> tuple[float, float]:
    """The share looked at when all but the surest are, those being `wanted` sure on average, and the share right."""
    order = np.argsort(-sure, kind="stable")
    mean = np.cumsum(sure[order]) / np.arange(1, len(sure) + 1)
    kept = int(np.flatnonzero(mean >= wanted)[-1]) + 1 if (mean >= wanted).any() else 0
    return 1 - kept / len(sure), 1 - float((~right[order[:kept]]).sum()) / len(sure)


def coverage(sure: np.ndarray, right: np.ndarray) -> Iterator[tuple[float, float]]:
    """The share right among the surest values, for every tenth of them."""
    order = np.argsort(-sure, kind="stable")
    for tenth in range(1, 11):
        kept = max(1, round(len(order) * tenth / 10))
        yield tenth / 10, float(right[order[:kept]].mean())


def _figure(value: float | None, drawn: Sequence[float | None]) -> Figure:
    there = [x for x in drawn if x is not None]
    if value is None or len(there) < 2:
        return Figure(value)
    low, high = np.percentile(there, (50 * (1 - LEVEL), 50 * (1 + LEVEL)))
    return Figure(value, float(low), float(high))
