"""Metrics from matches: each with a 95 % interval from a bootstrap over documents.

Documents, not fields, are resampled with replacement (Efron 1979), because the fields of one document go wrong
together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from extractor.evaluation.matching import ABSENT, CORRECT, MISSING, OUTCOMES, SPURIOUS, WRONG, Match

ROUNDS = 2_000
LEVEL = 0.95
SEED = 0

METRIC_NAMES = {
    "precision": "precision",
    "recall": "recall",
    "micro_f1": "micro-F1",
    "macro_f1": "macro-F1",
    "strict_precision": "precision, strict",
    "strict_recall": "recall, strict",
    "strict_micro_f1": "micro-F1, strict",
    "strict_macro_f1": "macro-F1, strict",
    "anls": "ANLS*",
    "nonzero": "numbers other than zero right",
    "zero": "zeros right",
    "without_zeros": "micro-F1 without zeros",
    "false_fills": "false fills of absent fields",
    "whole_documents": "documents right in every field",
}
"""Every metric over all fields, by its key in a run's summary, in the order of reports."""


@dataclass(frozen=True, slots=True)
class DocumentScore:
    """What the metrics need of one document; `anls` is in 0..1, and 0 for a document that failed."""

    matches: tuple[Match, ...]
    anls: float = 0.0
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Estimate:
    """A share in 0..1 with its interval; None where there was nothing to measure, or too little to resample."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class FieldMetrics:
    """The metrics of one field over all documents; the five counts are those of the normalised match."""

    name: str
    correct: int
    wrong: int
    missing: int
    spurious: int
    absent: int
    precision: Estimate
    recall: Estimate
    f1: Estimate
    strict_f1: Estimate

    @property
    def gold(self) -> int:
        """Return how many values there were to find."""
        return self.correct + self.wrong + self.missing


@dataclass(frozen=True, slots=True)
class SetMetrics:
    """All metrics of a set of records: over all fields by the keys of `METRIC_NAMES`, and field by field."""

    overall: dict[str, Estimate]
    fields: tuple[FieldMetrics, ...]
    documents: int
    failed: int
    values: int


@dataclass(frozen=True, slots=True)
class OutcomeArrays:
    """Outcomes of documents as arrays.

    `normal` and `strict` are documents × fields × outcomes, the others documents × 2 (hits, cases), documents ×
    outcomes (`without_zeros`), or one number a document.
    """

    names: tuple[str, ...]
    normal: np.ndarray
    strict: np.ndarray
    nonzero: np.ndarray
    zero: np.ndarray
    without_zeros: np.ndarray
    filled: np.ndarray
    whole: np.ndarray
    anls: np.ndarray


def count_outcomes(documents: Sequence[DocumentScore], order: Sequence[str] = ()) -> OutcomeArrays:
    """Return the outcomes of every document, counted by field: fields in `order` first, the others as they appear."""
    seen = dict.fromkeys(m.field for document in documents for m in document.matches)
    names = [*(name for name in order if name in seen), *(name for name in seen if name not in order)]
    row_of = {name: n for n, name in enumerate(names)}
    size, column = len(documents), {name: n for n, name in enumerate(OUTCOMES)}
    normal = np.zeros((size, len(row_of), len(OUTCOMES)))
    strict = np.zeros_like(normal)
    nonzero, zero, filled = (np.zeros((size, 2)) for _ in range(3))
    without_zeros = np.zeros((size, len(OUTCOMES)))
    whole, anls = np.zeros(size), np.zeros(size)
    for n, document in enumerate(documents):
        for m in document.matches:
            row = row_of[m.field]
            normal[n, row, column[m.outcome]] += 1
            strict[n, row, column[m.strict]] += 1
            is_zero = m.is_zero
            if m.kind == "number" and m.outcome in (CORRECT, WRONG, MISSING):
                part = zero if is_zero else nonzero
                part[n] += (m.outcome == CORRECT, 1)
            if not is_zero:
                without_zeros[n, column[m.outcome]] += 1
            if m.gold_path is not None and m.outcome in (SPURIOUS, ABSENT):
                filled[n] += (m.outcome == SPURIOUS, 1)
        whole[n] = not document.failed and all(m.outcome in (CORRECT, ABSENT) for m in document.matches)
        anls[n] = document.anls
    return OutcomeArrays(tuple(row_of), normal, strict, nonzero, zero, without_zeros, filled, whole, anls)


def bootstrap_weights(documents: int, rounds: int = ROUNDS, seed: int = SEED) -> np.ndarray:
    """Return rounds × documents: how often each document is drawn in each resample."""
    return np.random.default_rng(seed).multinomial(documents, np.full(documents, 1 / documents), size=rounds) * 1.0


def compute_metrics(
    documents: Sequence[DocumentScore], order: Sequence[str] = (), rounds: int = ROUNDS, seed: int = SEED
) -> SetMetrics:
    """Return all metrics of the documents; the same `seed` gives the same intervals, and one document gives none."""
    found = count_outcomes(documents, order)
    size = len(documents)
    once = np.ones((1, size))
    weights = np.vstack([once, bootstrap_weights(size, rounds, seed)]) if size > 1 else once
    overall = {key: _estimate(values) for key, values in _overall_metrics(found, weights).items()}
    normal, strict = _weighted_sums(weights, found.normal), _weighted_sums(weights, found.strict)
    measured = {
        "precision": _precision(normal),
        "recall": _recall(normal),
        "f1": f1(normal),
        "strict_f1": f1(strict),
    }
    fields = []
    for n, name in enumerate(found.names):
        counts = (int(count) for count in normal[0, n])
        fields.append(FieldMetrics(name, *counts, **{key: _estimate(v[:, n]) for key, v in measured.items()}))
    values = int(normal[0, :, :3].sum())
    return SetMetrics(overall, tuple(fields), size, sum(d.failed for d in documents), values)


def _overall_metrics(found: OutcomeArrays, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Return every metric over all fields, one number for each row of `weights`."""
    normal, strict = _weighted_sums(weights, found.normal), _weighted_sums(weights, found.strict)
    every, every_strict = normal.sum(axis=1), strict.sum(axis=1)
    size = weights.sum(axis=1)
    return {
        "precision": _precision(every),
        "recall": _recall(every),
        "micro_f1": f1(every),
        "macro_f1": _mean_over_fields(f1(normal)),
        "strict_precision": _precision(every_strict),
        "strict_recall": _recall(every_strict),
        "strict_micro_f1": f1(every_strict),
        "strict_macro_f1": _mean_over_fields(f1(strict)),
        "anls": _share(weights @ found.anls, size),
        "nonzero": _share(*(weights @ found.nonzero).T),
        "zero": _share(*(weights @ found.zero).T),
        "without_zeros": f1(weights @ found.without_zeros),
        "false_fills": _share(*(weights @ found.filled).T),
        "whole_documents": _share(weights @ found.whole, size),
    }


def paired_difference(
    first: Sequence[DocumentScore], second: Sequence[DocumentScore], rounds: int = ROUNDS, seed: int = SEED
) -> tuple[Estimate, float]:
    """Return micro-F1 of `second` less that of `first`, and the share of resamples that disagree.

    Both are resampled together (a paired bootstrap), so that what makes a document hard for both cancels out. The share
    counts the resamples whose difference has the opposite sign.
    """
    weights = bootstrap_weights(len(first), rounds, seed)
    whole = np.ones((1, len(first)))
    sums = [count_outcomes(documents).normal.sum(axis=1) for documents in (first, second)]
    resampled = np.nan_to_num(f1(weights @ sums[1])) - np.nan_to_num(f1(weights @ sums[0]))
    observed = float((np.nan_to_num(f1(whole @ sums[1])) - np.nan_to_num(f1(whole @ sums[0])))[0])
    opposed = float(np.mean(resampled * np.sign(observed) < 0))
    if len(first) < 2:
        return Estimate(observed), opposed
    low, high = np.percentile(resampled, _interval_percentiles())
    return Estimate(observed, float(low), float(high)), opposed


def micro_f1(documents: Sequence[DocumentScore]) -> float | None:
    """Return micro-F1 under the normalised match; None where there was nothing to find and nothing was given."""
    return _estimate(f1(count_outcomes(documents).normal.sum(axis=(0, 1))[None])).value


def _weighted_sums(weights: np.ndarray, per_document: np.ndarray) -> np.ndarray:
    """Return the sums over documents for each row of weights."""
    documents = per_document.shape[0]
    return (weights @ per_document.reshape(documents, -1)).reshape(len(weights), *per_document.shape[1:])


# Metrics of an array whose last axis counts the outcomes; NaN where a metric is undefined.

_COLUMN = {name: n for n, name in enumerate(OUTCOMES)}


def _precision(counts: np.ndarray) -> np.ndarray:
    correct = counts[..., _COLUMN[CORRECT]]
    return _share(correct, correct + counts[..., _COLUMN[WRONG]] + counts[..., _COLUMN[SPURIOUS]])


def _recall(counts: np.ndarray) -> np.ndarray:
    correct = counts[..., _COLUMN[CORRECT]]
    return _share(correct, correct + counts[..., _COLUMN[WRONG]] + counts[..., _COLUMN[MISSING]])


def f1(counts: np.ndarray) -> np.ndarray:
    """Return the harmonic mean of precision and recall; NaN where there was nothing to find and nothing was given."""
    correct = counts[..., _COLUMN[CORRECT]]
    errors = 2 * counts[..., _COLUMN[WRONG]] + counts[..., _COLUMN[MISSING]] + counts[..., _COLUMN[SPURIOUS]]
    return _share(2 * correct, 2 * correct + errors)


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full(np.shape(part), np.nan), where=np.asarray(whole) > 0)


def _mean_over_fields(per_field: np.ndarray) -> np.ndarray:
    """Return the mean over fields, those without a value left out."""
    known = ~np.isnan(per_field)
    return _share(np.where(known, per_field, 0.0).sum(axis=-1), known.sum(axis=-1) * 1.0)


def _estimate(values: np.ndarray) -> Estimate:
    """Return the first of `values` with the interval of the others."""
    if np.isnan(values[0]):
        return Estimate(None)
    others = values[1:][~np.isnan(values[1:])]
    if not others.size:
        return Estimate(float(values[0]))
    low, high = np.percentile(others, _interval_percentiles())
    return Estimate(float(values[0]), float(low), float(high))


def _interval_percentiles() -> tuple[float, float]:
    return 50 * (1 - LEVEL), 50 * (1 + LEVEL)


def metrics_by_group(documents: Sequence[DocumentScore], keys: Sequence[Sequence[str]]) -> dict[str, SetMetrics]:
    """Return the metrics of the documents under each key, by key; a document may have several keys."""
    names = sorted({key for under in keys for key in under})
    return {
        name: compute_metrics([d for d, under in zip(documents, keys, strict=True) if name in under]) for name in names
    }
