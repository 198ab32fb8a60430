"""The fit of a calibration: a regularised logistic model of being right, with Platt scaling, and cross-fitting.

Platt scaling: Platt 1999, "Probabilistic Outputs for Support Vector Machines". Cross-fitting gives every observation
the probability of a model that was fitted on other documents.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from extractor.confidence.calibration import Calibration, logistic_terms
from extractor.evaluation.observations import Observation
from extractor.settings import Settings, threshold

Progress = Callable[[Sequence[Any]], Iterable[Any]]
"""A function that passes a sequence through and shows a person how far it is."""


@dataclass(frozen=True)
class CalibrationFitSettings(Settings):
    """Settings of fitting calibrations, and of judging them on documents that they were not fitted on."""

    folds: int = threshold(5, unit="folds", meaning="parts that cross-fitting splits the groups into")
    repeats: int = threshold(
        3, unit="repeats", meaning="how often cross-fitting splits the groups, differently each time"
    )
    inner_folds: int = threshold(
        4, unit="folds", meaning="parts that a fit splits its groups into to choose the penalty"
    )
    penalties: tuple[float, ...] = threshold(
        (0.003, 0.01, 0.03, 0.1, 0.3), meaning="inverse penalties (scikit-learn's C) that a fit chooses from"
    )
    min_documents: int = threshold(
        8, unit="documents", meaning="documents a calibration needs; with fewer, one odd document decides"
    )
    min_feature_scale: float = threshold(
        0.25, meaning="lowest standard deviation that a feature is divided by, so that rare flags are not blown up"
    )
    platt_penalty: float = threshold(1.0, meaning="inverse penalty (scikit-learn's C) of Platt scaling")


def fit(observed: Sequence[Observation], other_kinds: Sequence[Observation] = ()) -> tuple[float, dict[str, float]]:
    """Return bias and coefficients of a logistic model of being right.

    The penalty is the one with the lowest log loss on left-out documents of `observed`, and Platt scaling is fitted to
    the same left-out predictions. Observations of `other_kinds` are learnt from and never left out. Where all of
    `observed` are right, or all are wrong, the model is a constant.
    """
    from scipy.sparse import csr_array
    from threadpoolctl import threadpool_limits

    settings = CalibrationFitSettings.current()
    right = np.array([o.right for o in observed])
    if right.all() or not right.any():
        return round(_smoothed_logit(right), 6), {}
    names, features = _feature_matrix([*observed, *other_kinds])
    scale = np.maximum(features.std(axis=0), settings.min_feature_scale)
    count = settings.inner_folds
    splits = split_groups([o.group for o in observed], count, 0) or split_groups(
        [o.document for o in observed], count, 0
    )
    with threadpool_limits(1):  # the matrices are small: more threads only wait for each other
        folds = [(np.append(train, np.arange(len(observed), len(features))), test) for train, test in splits]
        sparse = csr_array(features / scale)  # a value has some twenty features out of hundreds
        bias, weights = _fit_logistic(sparse, np.array([o.right for o in (*observed, *other_kinds)]), folds, settings)
    pairs = zip(names, weights / scale, strict=True)
    return round(bias, 6), {name: round(float(w), 6) for name, w in pairs if abs(w) > 1e-6}


def _fit_logistic(
    features: Any,
    right: np.ndarray,
    folds: Sequence[tuple[np.ndarray, np.ndarray]],
    settings: CalibrationFitSettings,
) -> tuple[float, np.ndarray]:
    """Return bias and weights, with the penalty chosen on the folds and Platt scaling of left-out logits applied."""
    from sklearn.linear_model import LogisticRegression

    def model(penalty: float) -> Any:
        return LogisticRegression(C=penalty, max_iter=2000)

    judged = np.sort(np.concatenate([test for _, test in folds]))
    best_loss, best_logits, best_penalty = np.inf, np.zeros(len(judged)), settings.penalties[0]
    for penalty in settings.penalties:
        logits = np.zeros(len(right))
        for train, test in folds:
            if right[train].all() or not right[train].any():
                logits[test] = _smoothed_logit(right[train])
            else:
                logits[test] = model(penalty).fit(features[train], right[train]).decision_function(features[test])
        loss = float(np.mean(np.logaddexp(0, np.where(right, -logits, logits))[judged]))
        if loss < best_loss:
            best_loss, best_logits, best_penalty = loss, logits[judged], penalty
    fitted = model(best_penalty).fit(features, right)
    platt = LogisticRegression(C=settings.platt_penalty, max_iter=2000).fit(best_logits[:, None], right[judged])
    slope = float(platt.coef_[0, 0])
    if slope <= 0:  # on left-out documents it separated right from wrong no better than chance
        return _smoothed_logit(right[judged]), np.zeros(features.shape[1])
    return slope * float(fitted.intercept_[0]) + float(platt.intercept_[0]), slope * fitted.coef_[0]


def _smoothed_logit(right: np.ndarray) -> float:
    """Return the logit of the share of right ones, smoothed so that it stays finite."""
    share = (right.sum() + 0.5) / (len(right) + 1)
    return float(np.log(share / (1 - share)))


def _feature_matrix(observed: Sequence[Observation]) -> tuple[list[str], np.ndarray]:
    rows = [logistic_terms(o.field, o.signals, o.absence) for o in observed]
    names = sorted({name for row in rows for name in row})
    column = {name: n for n, name in enumerate(names)}
    matrix = np.zeros((len(rows), len(names)))
    for n, row in enumerate(rows):
        for name, x in row.items():
            matrix[n, column[name]] = x
    return names, matrix


def split_groups(groups: Sequence[str], count: int, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the positions inside and outside of each of `count` training folds.

    A group is never split, and folds hold about as many groups each.
    """
    names = sorted(set(groups))
    random.Random(seed).shuffle(names)
    fold = {name: n % count for n, name in enumerate(names)}
    fold_of = np.array([fold[g] for g in groups])
    parts = [(np.flatnonzero(fold_of != n), np.flatnonzero(fold_of == n)) for n in range(min(count, len(names)))]
    return [(train, test) for train, test in parts if len(train)]


def fit_calibration(
    observed: Sequence[Observation], other_kinds: Sequence[Observation], **provenance: Any
) -> Calibration:
    """Return a calibration fitted on all observations; `provenance` are its other fields (name, schema, model, ...)."""
    bias, coefficients = fit(observed, other_kinds)
    documents = tuple(sorted({o.document for o in (*observed, *other_kinds)}))
    edge = round(1 / (len(observed) + 2), 6)
    return Calibration(documents=documents, bias=bias, coefficients=coefficients, edge=edge, **provenance)


def cross_fit(
    observed: Sequence[Observation],
    other_kinds: Sequence[Observation] = (),
    repeats: int | None = None,
    progress: Progress = iter,
) -> np.ndarray:
    """Return repeats × observations: the probability of each observation by a fit on other groups.

    Every repeat splits the groups differently. Observations of `other_kinds` are learnt from in every fit and get no
    probability. Where observations have kinds, the kinds are the groups.
    """
    settings = CalibrationFitSettings.current()
    repeats = settings.repeats if repeats is None else repeats
    groups = [o.kind or o.group for o in observed]
    found = np.zeros((repeats, len(observed)))
    splits = [
        (repeat, *split) for repeat in range(repeats) for split in split_groups(groups, settings.folds, repeat + 1)
    ]
    for repeat, train, test in progress(splits):
        known = [observed[i] for i in train]
        calibration = fit_calibration(known, other_kinds, name="", schema=None, model="", weights=None)
        for i in test:
            o = observed[i]
            estimate = calibration.absence_probability if o.absence else calibration.probability
            found[repeat, i] = estimate(o.field, o.signals)
    return found
