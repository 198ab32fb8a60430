"""Figures from matches: each with a 95 % interval from a bootstrap over documents.

Documents, not fields, are drawn again with replacement (Efron 1979): the fields of one document go wrong together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from extractor.evaluation.matching import ABSENT, CORRECT, MISSING, OUTCOMES, SPURIOUS, WRONG, Match

ROUNDS = 2_000
LEVEL = 0.95
SEED = 0

NAMES = {
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
"""Every figure over all fields, by the key it has in a run's summary, in the order of reports."""


@dataclass(frozen=True, slots=True)
class Scored:
    """What the figures need of one document; `anls` is in 0..1, and 0 for a document that failed."""

    matches: tuple[Match, ...]
    anls: float = 0.0
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    """A share in 0..1 with its interval; None where there was nothing to measure, or too little to resample."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class FieldFigures:
    """One field over all documents; the five counts are of the normalised match."""

    name: str
    correct: int
    wrong: int
    missing: int
    spurious: int
    absent: int
    precision: Figure
    recall: Figure
    f1: Figure
    strict_f1: Figure

    @property
    def gold(self) -> int:
        """How many values there were to be found."""
        return self.correct + self.wrong + self.missing


@dataclass(frozen=True, slots=True)
class Figures:
    """All figures of one set of answers: over everything by the keys of `NAMES`, and field by field."""

    overall: dict[str, Figure]
    fields: tuple[FieldFigures, ...]
    documents: int
    failed: int
    values: int


@dataclass(frozen=True, slots=True)
class Counts:
    """Documents as arrays: `normal` and `strict` are documents × fields × outcomes, the others documents × 2 or 1."""

    names: tuple[str, ...]
    normal: np.ndarray
    strict: np.ndarray
    nonzero: np.ndarray
    zero: np.ndarray
    without_zeros: np.ndarray
    filled: np.ndarray
    whole: np.ndarray
    anls: np.ndarray


def counts(documents: Sequence[Scored], order: Sequence[str] = ()) -> Counts:
    """The outcomes of every document, counted by field: those in `order` first, the others as they appear."""
    there = dict.fromkeys(m.field for document in documents for m in document.matches)
    names = [*(name for name in order if name in there), *(name for name in there if name not in order)]
    places = {name: n for n, name in enumerate(names)}
    size, column = len(documents), {name: n for n, name in enumerate(OUTCOMES)}
    normal = np.zeros((size, len(places), len(OUTCOMES)))
    strict = np.zeros_like(normal)
    nonzero, zero, filled = (np.zeros((size, 2)) for _ in range(3))
    without_zeros = np.zeros((size, len(OUTCOMES)))
    whole, anls = np.zeros(size), np.zeros(size)
    for n, document in enumerate(documents):
        for m in document.matches:
            place = places[m.field]
            normal[n, place, column[m.outcome]] += 1
            strict[n, place, column[m.strict]] += 1
            is_zero = m.zero
            if m.kind == "number" and m.outcome in (CORRECT, WRONG, MISSING):
                part = zero if is_zero else nonzero
                part[n] += (m.outcome == CORRECT, 1)
            if not is_zero:
                without_zeros[n, column[m.outcome]] += 1
            if m.gold_path is not None and m.outcome in (SPURIOUS, ABSENT):
                filled[n] += (m.outcome == SPURIOUS, 1)
        whole[n] = not document.failed and all(m.outcome in (CORRECT, ABSENT) for m in document.matches)
        anls[n] = document.anls
    return Counts(tuple(places), normal, strict, nonzero, zero, without_zeros, filled, whole, anls)


def draws(documents: int, rounds: int = ROUNDS, seed: int = SEED) -> np.ndarray:
    """How often each document is drawn in each resample: rounds × documents, every row adding up to `documents`."""
    return np.random.default_rng(seed).multinomial(documents, np.full(documents, 1 / documents), size=rounds) * 1.0


def figures(documents: Sequence[Scored], order: Sequence[str] = (), rounds: int = ROUNDS, seed: int = SEED) -> Figures:
    """All figures of the documents; the same `seed` gives the same intervals, and one document gives none."""
    found = counts(documents, order)
    size = len(documents)
    once = np.ones((1, size))
    weights = np.vstack([once, draws(size, rounds, seed)]) if size > 1 else once
    overall = {key: _figure(values) for key, values in _overall(found, weights).items()}
    normal, strict = _summed(weights, found.normal), _summed(weights, found.strict)
    measured = {
        "precision": _precision(normal),
        "recall": _recall(normal),
        "f1": f1(normal),
        "strict_f1": f1(strict),
    }
    fields = []
    for n, name in enumerate(found.names):
        five = (int(count) for count in normal[0, n])
        fields.append(FieldFigures(name, *five, **{key: _figure(v[:, n]) for key, v in measured.items()}))
    values = int(normal[0, :, :3].sum())
    return Figures(overall, tuple(fields), size, sum(d.failed for d in documents), values)


def _overall(found: Counts, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Every figure over all fields, once for each row of `weights`."""
    normal, strict = _summed(weights, found.normal), _summed(weights, found.strict)
    every, every_strict = normal.sum(axis=1), strict.sum(axis=1)
    size = weights.sum(axis=1)
    return {
        "precision": _precision(every),
        "recall": _recall(every),
        "micro_f1": f1(every),
        "macro_f1": _mean(f1(normal)),
        "strict_precision": _precision(every_strict),
        "strict_recall": _recall(every_strict),
        "strict_micro_f1": f1(every_strict),
        "strict_macro_f1": _mean(f1(strict)),
        "anls": _share(weights @ found.anls, size),
        "nonzero": _share(*(weights @ found.nonzero).T),
        "zero": _share(*(weights @ found.zero).T),
        "without_zeros": f1(weights @ found.without_zeros),
        "false_fills": _share(*(weights @ found.filled).T),
        "whole_documents": _share(weights @ found.whole, size),
    }


def difference(
    first: Sequence[Scored], second: Sequence[Scored], rounds: int = ROUNDS, seed: int = SEED
) -> tuple[Figure, float]:
    """Micro-F1 of `second` less that of `first` over the same documents, and the share of resamples that disagree.

    Both are drawn together (a paired bootstrap), so that what makes a document hard for both cancels out. The share
    counts the resamples whose difference has the opposite sign.
    """
    weights = draws(len(first), rounds, seed)
    whole = np.ones((1, len(first)))
    sums = [counts(documents).normal.sum(axis=1) for documents in (first, second)]
    resampled = np.nan_to_num(f1(weights @ sums[1])) - np.nan_to_num(f1(weights @ sums[0]))
    observed = float((np.nan_to_num(f1(whole @ sums[1])) - np.nan_to_num(f1(whole @ sums[0])))[0])
    against = float(np.mean(resampled * np.sign(observed) < 0))
    if len(first) < 2:
        return Figure(observed), against
    low, high = np.percentile(resampled, _tails())
    return Figure(observed, float(low), float(high)), against


def micro_f1(documents: Sequence[Scored]) -> float | None:
    """Micro-F1 under the normalised match; None where there was nothing to find and nothing given."""
    return _figure(f1(counts(documents).normal.sum(axis=(0, 1))[None])).value


def _summed(weights: np.ndarray, per_document: np.ndarray) -> np.ndarray:
    documents = per_document.shape[0]
    return (weights @ per_document.reshape(documents, -1)).reshape(len(weights), *per_document.shape[1:])


# Of an array whose last axis counts the outcomes; NaN where a figure has no meaning.

_AT = {name: n for n, name in enumerate(OUTCOMES)}


def _precision(five: np.ndarray) -> np.ndarray:
    correct = five[..., _AT[CORRECT]]
    return _share(correct, correct + five[..., _AT[WRONG]] + five[..., _AT[SPURIOUS]])


def _recall(five: np.ndarray) -> np.ndarray:
    correct = five[..., _AT[CORRECT]]
    return _share(correct, correct + five[..., _AT[WRONG]] + five[..., _AT[MISSING]])


def f1(five: np.ndarray) -> np.ndarray:
    """The harmonic mean of precision and recall; NaN where there was nothing to find and nothing given."""
    correct = five[..., _AT[CORRECT]]
    apart = 2 * five[..., _AT[WRONG]] + five[..., _AT[MISSING]] + five[..., _AT[SPURIOUS]]
    return _share(2 * correct, 2 * correct + apart)


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full(np.shape(part), np.nan), where=np.asarray(whole) > 0)


def _mean(per_field: np.ndarray) -> np.ndarray:
    """The mean over fields, those without a figure left out."""
    there = ~np.isnan(per_field)
    return _share(np.where(there, per_field, 0.0).sum(axis=-1), there.sum(axis=-1) * 1.0)


def _figure(values: np.ndarray) -> Figure:
    """The first of `values` with the interval of the others."""
    if np.isnan(values[0]):
        return Figure(None)
    others = values[1:][~np.isnan(values[1:])]
    if not others.size:
        return Figure(float(values[0]))
    low, high = np.percentile(others, _tails())
    return Figure(float(values[0]), float(low), float(high))


def _tails() -> tuple[float, float]:
    return 50 * (1 - LEVEL), 50 * (1 + LEVEL)


def groups(documents: Sequence[Scored], keys: Sequence[Sequence[str]]) -> dict[str, Figures]:
    """The figures of the documents under each key, by name; a document may stand under several."""
    names = sorted({key for under in keys for key in under})
    return {name: figures([d for d, under in zip(documents, keys, strict=True) if name in under]) for name in names}
