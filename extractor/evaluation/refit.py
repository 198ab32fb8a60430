"""Calibrations refitted from approved records: the fit in force as prior, moved as far as the records bear out.

The refit is a logistic model whose coefficients are drawn to those of the prior (a Gaussian prior around them; without
a fit in force, around the uncalibrated score). How strongly is chosen by cross-validation over documents, and the refit
is used only where documents that it had not seen are predicted better by more than one standard error: five records
move it little, and do no harm.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from extractor import __version__
from extractor.confidence.calibration import FEATURES_VERSION, Calibration, choose_calibration, logistic_terms
from extractor.errors import InputError
from extractor.evaluation.calibration_fit import split_groups
from extractor.evaluation.gold import record_as_gold, unseen_fields
from extractor.evaluation.matching import match_record
from extractor.evaluation.observations import Observation, collect_observations
from extractor.evaluation.runs import DocumentResult
from extractor.extraction import prompts
from extractor.schemas import Schema
from extractor.settings import Settings, threshold
from extractor.store import Record, Store

SUFFIX = " + approved records"


@dataclass(frozen=True)
class RefitSettings(Settings):
    """How a calibration is refitted."""

    strengths: tuple[float, ...] = threshold(
        (1.0, 3.0, 10.0, 30.0, 100.0), meaning="Strengths of the pull to the prior that a refit chooses from."
    )
    folds: int = threshold(5, unit="folds", meaning="Parts that the documents are split into to judge a refit.")
    inner_folds: int = threshold(4, unit="folds", meaning="Parts in which the strength is chosen.")
    min_documents: int = threshold(5, unit="documents", meaning="Fewer refit nothing.")
    min_scale: float = threshold(0.25, meaning="Lowest standard deviation that a feature is divided by.")


@dataclass(frozen=True, slots=True)
class Refit:
    """A refitted calibration and how it did: mean log losses of values in documents that it had not seen.

    `error` is the standard error of their difference, by documents. `prior` is what was in force, None for the score.
    """

    calibration: Calibration
    prior: Calibration | None
    documents: int
    values: int
    loss_before: float
    loss_after: float
    error: float

    @property
    def is_improvement(self) -> bool:
        """Decide whether the refit is better than the prior by more than one standard error."""
        return self.loss_before - self.loss_after > self.error


def refit_from_records(store: Store, schema: Schema) -> list[Refit]:
    """Return a refit for each model whose approved records of a schema suffice, from what people saw of them.

    Only records count that were extracted by this version of the tool with the prompts it has now. Raises InputError
    where there are none.
    """
    found: dict[tuple[str | None, str], list[DocumentResult]] = defaultdict(list)
    for record in store.records.select(schema=schema.id, status="approved"):
        run = record.result["run"]
        if run.get("tool") == f"extractor {__version__}" and run.get("prompt") == prompts.prompt_id():
            found[run.get("weights"), str(run.get("model"))].append(_judge(store, schema, record))
    refits = []
    for (weights, model), results in found.items():
        if len({result.id for result in results}) >= RefitSettings.current().min_documents:
            observed = collect_observations(results)
            prior = choose_calibration(schema.id, weights, prompts.prompt_id())
            refits.append(refit(observed, prior, schema=schema, weights=weights, model=model))
    if not refits:
        raise InputError(
            f"Too few approved records of {schema.name} were extracted by this version: nothing can be refitted.",
            f"Approve at least {RefitSettings.current().min_documents} documents.",
        )
    return refits


def _judge(store: Store, schema: Schema, record: Record) -> DocumentResult:
    """Return a record as an evaluated document: what people saw of it is its gold."""
    actions = store.records.review_actions(record.id)
    hidden = unseen_fields(schema, record, actions, store.review_rules(record.schema_name))
    gold = record_as_gold(schema, record.data, hidden)
    matches = tuple(match_record(schema, gold, record.result["data"])) if gold else ()
    return DocumentResult(record.document, gold, matches, id=record.document, values=tuple(record.result["values"]))


def refit(
    observed: Sequence[Observation],
    prior: Calibration | None,
    *,
    schema: Schema,
    weights: str | None,
    model: str,
) -> Refit:
    """Return a calibration fitted to observations around the prior, judged on documents that it had not seen."""
    has_absences = prior is not None and any(name.startswith("absence") for name in prior.coefficients)
    used = [o for o in observed if has_absences or not o.absence]
    problem = _Problem(used, prior)
    settings = RefitSettings.current()
    groups = [o.document for o in used]
    losses_before, losses_after = problem.losses(problem.prior_logits), np.zeros(len(used))
    for train, test in split_groups(groups, settings.folds, 0):
        fitted = problem.fit(train, problem.choose_strength(train, groups))
        losses_after[test] = problem.losses(problem.logits(*fitted))[test]
    strength = problem.choose_strength(np.arange(len(used)), groups)
    bias, moved = problem.fit(np.arange(len(used)), strength)
    means = _by_document(losses_before - losses_after, groups)
    calibration = Calibration(
        name=f"{prior.name.removesuffix(SUFFIX)}{SUFFIX}" if prior else SUFFIX.strip(" +"),
        schema=schema.id,
        model=model,
        weights=weights,
        documents=tuple(sorted({*(prior.documents if prior else ()), *groups})),
        bias=round((prior.bias if prior else 0.0) + bias, 6),
        coefficients=problem.coefficients(moved),
        edge=round(1 / (len(used) + 2), 6) if prior is None else prior.edge,
        prompt=prompts.prompt_id(),
        features_version=FEATURES_VERSION,
        schema_name=schema.name,
        made=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    before, after = float(losses_before.mean()), float(losses_after.mean())
    held_out: dict[str, Any] = {
        "documents": len(means),
        "values": len(used),
        "log_loss": round(after, 4),
        "log_loss_of_prior": round(before, 4),
        "prior": prior.hash if prior else None,
        "strength": strength,
    }
    error = float(means.std(ddof=1) / math.sqrt(len(means))) if len(means) > 1 else math.inf
    return Refit(replace(calibration, held_out=held_out), prior, len(means), len(used), before, after, error)


def _by_document(numbers: np.ndarray, documents: Sequence[str]) -> np.ndarray:
    names = np.array(documents)
    return np.array([numbers[names == name].mean() for name in sorted(set(documents))])


class _Problem:
    """Observations as a matrix of terms, with the prior's logits; fits move the prior's coefficients."""

    def __init__(self, observed: Sequence[Observation], prior: Calibration | None) -> None:
        self._prior = prior
        rows = [logistic_terms(o.field, o.signals, o.absence) for o in observed]
        self._names = sorted({name for row in rows for name in row})
        column = {name: n for n, name in enumerate(self._names)}
        matrix = np.zeros((len(rows), len(self._names)))
        for n, row in enumerate(rows):
            for name, x in row.items():
                matrix[n, column[name]] = x
        self._start = self._prior_coefficients()
        bias = prior.bias if prior else 0.0
        self.prior_logits = bias + matrix @ np.array([self._start.get(name, 0.0) for name in self._names])
        self._scale = np.maximum(matrix.std(axis=0), RefitSettings.current().min_scale)
        self._features = matrix / self._scale
        self._right = np.array([o.right for o in observed])

    def _prior_coefficients(self) -> Mapping[str, float]:
        """Return the prior's coefficients; without one, those that give the score itself."""
        if self._prior is not None:
            return self._prior.coefficients
        return {name: 1.0 for name in self._names if name.endswith(" score") and "_" not in name}

    def coefficients(self, moved: np.ndarray) -> dict[str, float]:
        """Return the coefficients of a calibration whose terms were moved so far."""
        found = dict(self._start)
        for name, x in zip(self._names, moved / self._scale, strict=True):
            found[name] = round(found.get(name, 0.0) + float(x), 6)
        return {name: x for name, x in found.items() if abs(x) > 1e-6}

    def logits(self, bias: float, moved: np.ndarray) -> np.ndarray:
        """Return the logits of all observations."""
        return self.prior_logits + bias + self._features @ moved

    def losses(self, logits: np.ndarray) -> np.ndarray:
        """Return the log loss of every observation, none of them as if it were certain."""
        logits = np.clip(logits, -7.0, 7.0)
        return np.logaddexp(0, np.where(self._right, -logits, logits))

    def fit(self, rows: np.ndarray, strength: float) -> tuple[float, np.ndarray]:
        """Return how far the bias and each coefficient move, fitted to some observations."""
        from scipy.optimize import minimize

        features, right, start = self._features[rows], self._right[rows], self.prior_logits[rows]

        def loss(moved: np.ndarray) -> tuple[float, np.ndarray]:
            logits = start + moved[0] + features @ moved[1:]
            value = np.logaddexp(0, np.where(right, -logits, logits)).sum() + strength * (moved @ moved) / 2
            difference = 1 / (1 + np.exp(-np.clip(logits, -50, 50))) - right
            return value, np.append(difference.sum(), features.T @ difference) + strength * moved

        found = minimize(loss, np.zeros(features.shape[1] + 1), jac=True, method="L-BFGS-B").x
        return float(found[0]), found[1:]

    def choose_strength(self, rows: np.ndarray, groups: Sequence[str]) -> float:
        """Return the strength with the lowest loss on documents left out of some observations."""
        settings = RefitSettings.current()
        splits = split_groups([groups[n] for n in rows], settings.inner_folds, 1)

        def loss(strength: float) -> float:
            fits = ((test, self.fit(rows[train], strength)) for train, test in splits)
            return float(sum(self.losses(self.logits(*fitted))[rows[test]].sum() for test, fitted in fits))

        return min(sorted(settings.strengths, reverse=True), key=loss)
