"""Calibrations fitted on judged documents and judged on others: how well a probability tells right from wrong.

Every value of a record counts, nulls too: one where gold has a value is wrong. What a record has no place for, such as a
list element that was not found, has no confidence either; it is counted and told, not judged.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from extractor.calibrations import Calibration, features
from extractor.score.figures import LEVEL, ROUNDS, SEED, Figure
from extractor.score.matching import ABSENT, CORRECT, MISSING
from extractor.score.runs import Judged, Run

FOLDS, REPEATS, INNER = 5, 5, 4
PENALTIES = (0.003, 0.01, 0.03, 0.1, 0.3)
"""Inverse strengths of the penalty (scikit-learn's C) that a fit chooses from."""
BINS = 10
WANTED = 0.99
"""The share of right fields that a review is to reach."""
LEAST = 8
"""Documents that a calibration needs at least: with fewer, one odd document decides."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One value of a judged document: `score` is its confidence by rule of thumb; `given` tells it from a null.

    Documents with the same `group` are never on both sides of a split.
    """

    document: str
    group: str
    field: str
    signals: Mapping[str, float]
    score: float
    right: bool
    given: bool = True


def observations(judged: Sequence[Judged], apart: str = "layout") -> list[Observation]:
    """The values of a run's documents that gold judges and that carry signals.

    Documents that have the same text under the key `apart` in `gold.jsonl` are one group; those without it stand alone.
    """
    found = []
    for d in judged:
        by_path = {tuple(v["path"]): v for v in d.values}
        group = str(d.more.get(apart) or d.document)
        for m in d.matches:
            value = by_path.get(m.record_path) if m.record_path is not None else None
            if value is not None and value.get("signals"):
                right, given = m.outcome in (CORRECT, ABSENT), value["value"] is not None
                signals = value["signals"]
                found.append(Observation(d.id, group, m.field, signals, signals.get("score", 0.0), right, given))
    return found


def unseen(judged: Sequence[Judged]) -> int:
    """How many values gold has that the records have no place for: no confidence can warn of them."""
    return sum(
        m.outcome == MISSING and (m.record_path is None or m.record_path not in {tuple(v["path"]) for v in d.values})
        for d in judged
        for m in d.matches
    )


# Fitting.


def fit(seen: Sequence[Observation], general: bool = False) -> tuple[float, dict[str, float]]:
    """Bias and coefficients of a logistic model of being right (regularised; Platt's scaling on top).

    The penalty is the one under which documents left out are told best; the scaling is fitted on them too. `general`
    leaves the fields' own rates out, which say nothing about another kind of report. One outcome alone gives a constant.
    """
    from sklearn.linear_model import LogisticRegression

    right = np.array([o.right for o in seen])
    if right.all() or not right.any():
        share = (right.sum() + 0.5) / (len(right) + 1)
        return float(np.log(share / (1 - share))), {}
    names, table = _table(seen, general)
    scale = np.maximum(table.std(axis=0), 0.25)  # a flag that few values carry is not blown up
    table = table / scale
    folds = _folds([o.group for o in seen], INNER, 0)

    def model(penalty: float) -> Any:
        return LogisticRegression(C=penalty, max_iter=2000)

    best, told, left_out = np.inf, np.zeros(len(seen)), PENALTIES[0]
    for penalty in PENALTIES:
        logits = np.zeros(len(seen))
        for inside, outside in folds:
            if right[inside].all() or not right[inside].any():
                logits[outside] = np.log((right[inside].mean() + 0.01) / (1.01 - right[inside].mean()))
            else:
                logits[outside] = model(penalty).fit(table[inside], right[inside]).decision_function(table[outside])
        loss = float(np.mean(np.logaddexp(0, np.where(right, -logits, logits))))
        if loss < best:
            best, told, left_out = loss, logits, penalty
    fitted = model(left_out).fit(table, right)
    platt = LogisticRegression(C=1.0, max_iter=2000).fit(told[:, None], right)
    slope, shift = max(0.0, float(platt.coef_[0, 0])), float(platt.intercept_[0])
    weights = slope * fitted.coef_[0] / scale
    coefficients = {name: round(float(w), 6) for name, w in zip(names, weights, strict=True) if abs(w) > 1e-6}
    return round(slope * float(fitted.intercept_[0]) + shift, 6), coefficients


def _table(seen: Sequence[Observation], general: bool) -> tuple[list[str], np.ndarray]:
    rows = [_features(o, general) for o in seen]
    names = sorted({name for row in rows for name in row})
    column = {name: n for n, name in enumerate(names)}
    table = np.zeros((len(rows), len(names)))
    for n, row in enumerate(rows):
        for name, x in row.items():
            table[n, column[name]] = x
    return names, table


def _features(o: Observation, general: bool) -> dict[str, float]:
    found = features(o.field, o.signals)
    return {name: x for name, x in found.items() if " of " not in name} if general else found


def _folds(groups: Sequence[str], count: int, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Positions inside and outside of each fold; a group is never split, and folds hold about as many groups each."""
    names = sorted(set(groups))
    random.Random(seed).shuffle(names)
    fold = {name: n % count for n, name in enumerate(names)}
    which = np.array([fold[g] for g in groups])
    parts = [(np.flatnonzero(which != n), np.flatnonzero(which == n)) for n in range(min(count, len(names)))]
    return [(inside, outside) for inside, outside in parts if len(inside)]


@dataclass(frozen=True, slots=True)
class Told:
    """Observations with the probabilities that calibrators which had not seen their documents gave them.

    Each stands there once for every repeat, split otherwise each time.
    """

    observations: tuple[Observation, ...]
    probabilities: np.ndarray
    repeats: int


def cross_fitted(seen: Sequence[Observation], repeats: int = REPEATS, general: bool = False) -> Told:
    """Every observation with the probability of a fit on other groups of documents, `repeats` times over."""
    groups, found = [o.group for o in seen], []
    for repeat in range(repeats):
        probabilities = np.zeros(len(seen))
        for inside, outside in _folds(groups, min(FOLDS, len(set(groups))), repeat + 1):
            calibration = _calibration("", [seen[i] for i in inside], general=general)
            for i in outside:
                probabilities[i] = calibration.probability(seen[i].field, seen[i].signals)
        found.append(probabilities)
    return Told(tuple(seen) * repeats, np.concatenate(found), repeats)


def _calibration(name: str, seen: Sequence[Observation], general: bool = False, **more: Any) -> Calibration:
    bias, coefficients = fit(seen, general)
    more = {"schema": None, "model": "", "weights": None, **more}
    documents = tuple(sorted({o.document for o in seen}))
    return Calibration(name, documents=documents, bias=bias, coefficients=coefficients, edge=_edge(seen), **more)


def _edge(seen: Sequence[Observation]) -> float:
    return round(1 / (len(seen) + 2), 6)


# Judging.


@dataclass(frozen=True, slots=True)
class Bin:
    """Values of one stretch of confidence: how many, how sure on average, and the share of right ones."""

    count: float
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Telling:
    """How well numbers tell right from wrong. `budget` is the share of fields a person must look at for `WANTED`.

    `auroc_given` is over values alone, nulls left out. `trusted` is what comes of taking the numbers at their word: the
    share looked at until those left are `WANTED` on average by their own confidence, and the share right then.
    """

    auroc: Figure
    auroc_given: Figure
    ece: float
    brier: float
    bins: tuple[Bin, ...]
    coverage: tuple[tuple[float, float], ...]
    budget: Figure
    trusted: tuple[float, float]


def auroc(sure: np.ndarray, right: np.ndarray) -> float | None:
    """The chance that a right value is surer than a wrong one, ties counting half; None where all are alike.

    Mann and Whitney 1947.
    """
    good, bad = int(right.sum()), int((~right).sum())
    if not good or not bad:
        return None
    _, place, count = np.unique(sure, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(count) - (count - 1) / 2)[place]
    return float((ranks[right].sum() - good * (good + 1) / 2) / (good * bad))


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


def budget(sure: np.ndarray, right: np.ndarray, weight: np.ndarray | None = None, wanted: float = WANTED) -> float:
    """The least share of values that, looked at and put right least sure first, makes the share `wanted` right.

    Of values that are equally sure, wrong ones come up evenly: no luck in their order. `weight` counts a value more
    than once, or not at all.
    """
    weight = np.ones(len(sure)) if weight is None else weight
    _, place = np.unique(sure, return_inverse=True)
    many = np.bincount(place, weights=weight)
    wrong = np.bincount(place, weights=weight * ~right)
    total, bear = weight.sum(), (1 - wanted) * weight.sum()
    left = wrong.sum() - np.concatenate([[0.0], np.cumsum(wrong)])
    looked = np.concatenate([[0.0], np.cumsum(many)])
    if left[0] <= bear + 1e-9:
        return 0.0
    at = int(np.argmax(left <= bear + 1e-9))  # the first place at which few enough are left
    part = (left[at - 1] - bear) / (left[at - 1] - left[at])
    return float((looked[at - 1] + part * (looked[at] - looked[at - 1])) / total)


def at_random(right: np.ndarray, wanted: float = WANTED) -> float:
    """The share of values to look at for `wanted` when they are taken in any order."""
    wrong = 1 - float(right.mean())
    return max(0.0, 1 - (1 - wanted) / wrong) if wrong else 0.0


def trusted(sure: np.ndarray, right: np.ndarray, wanted: float = WANTED) -> tuple[float, float]:
    """The share looked at when all but the surest are, as many as are `wanted` sure on average, and the share right."""
    order = np.argsort(-sure, kind="stable")
    mean = np.cumsum(sure[order]) / np.arange(1, len(sure) + 1)
    kept = int(np.flatnonzero(mean >= wanted)[-1]) + 1 if (mean >= wanted).any() else 0
    return 1 - kept / len(sure), 1 - float((~right[order[:kept]]).sum()) / len(sure)


def telling(told: Told, sure: np.ndarray, rounds: int = ROUNDS) -> Telling:
    """How well `sure`, a number for each of `told`'s observations, tells right from wrong; intervals over documents."""
    right = np.array([o.right for o in told.observations])
    given = np.array([o.given for o in told.observations])
    names = {name: n for n, name in enumerate(dict.fromkeys(o.document for o in told.observations))}
    document = np.array([names[o.document] for o in told.observations])
    found = bins(sure, right)
    looked, ranked, ranked_given = [], [], []
    drawn = np.random.default_rng(SEED)
    for _ in range(rounds if len(names) > 1 else 0):
        times = np.bincount(drawn.integers(len(names), size=len(names)), minlength=len(names)).astype(float)
        looked.append(budget(sure, right, times[document]))
        ranked.append(_weighted_auroc(sure, right, times[document]))
        ranked_given.append(_weighted_auroc(sure[given], right[given], times[document][given]))
    return Telling(
        _figure(auroc(sure, right), ranked),
        _figure(auroc(sure[given], right[given]), ranked_given),
        ece(found),
        brier(sure, right),
        found,
        tuple(_coverage(sure, right)),
        _figure(budget(sure, right), looked),
        trusted(sure, right),
    )


def _weighted_auroc(sure: np.ndarray, right: np.ndarray, weight: np.ndarray) -> float | None:
    _, place = np.unique(sure, return_inverse=True)
    good = np.bincount(place, weights=weight * right)
    bad = np.bincount(place, weights=weight * ~right)
    if not good.sum() or not bad.sum():
        return None
    below = np.cumsum(bad) - bad
    return float((good * (below + bad / 2)).sum() / (good.sum() * bad.sum()))


def _figure(value: float | None, drawn: Sequence[float | None]) -> Figure:
    there = [x for x in drawn if x is not None]
    if value is None or len(there) < 2:
        return Figure(value)
    low, high = np.percentile(there, (50 * (1 - LEVEL), 50 * (1 + LEVEL)))
    return Figure(value, float(low), float(high))


def _coverage(sure: np.ndarray, right: np.ndarray) -> Iterator[tuple[float, float]]:
    """The share right among the surest values, for every tenth of them."""
    order = np.argsort(-sure, kind="stable")
    for tenth in range(1, 11):
        kept = max(1, round(len(order) * tenth / 10))
        yield tenth / 10, float(right[order[:kept]].mean())


# The whole of it.


@dataclass(frozen=True, slots=True)
class Calibrated:
    """A calibration fitted on all documents of a run, and what its like came to on documents they had not seen.

    `before` is the same for the score by rule of thumb; `unseen` counts what no confidence can warn of.
    """

    calibration: Calibration
    values: int
    documents: int
    groups: int
    wrong: int
    unseen: int
    after: Telling
    before: Telling
    random: float
