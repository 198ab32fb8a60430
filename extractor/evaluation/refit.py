"""Calibrations refitted from approved records: the fit in force as prior, moved as far as the records bear out.

The refit is a logistic model whose coefficients are drawn to those of the prior (a Gaussian prior around them; without
a fit in force, around the uncalibrated score). How strongly is chosen by cross-validation over documents, and the refit
is used only where documents that it had not seen are predicted better by more than one standard error: five records
move it little, and do no harm.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from extractor import __version__
from extractor.confidence import UNCALIBRATED
from extractor.confidence.calibration import FEATURES_VERSION, Calibration, choose_calibration, logistic_terms
from extractor.errors import InputError
from extractor.evaluation.calibration_fit import split_groups
from extractor.evaluation.gold import record_as_gold, unseen_fields
from extractor.evaluation.matching import ABSENT, CORRECT, match_record
from extractor.evaluation.observations import Observation
from extractor.extraction import prompts
from extractor.problems import ProblemKind
from extractor.schemas import Schema
from extractor.settings import Settings, threshold
from extractor.store import Record, Store

NAME = "approved records"
SUFFIX = f" + {NAME}"


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

    Only records count that were extracted by this version of the tool with the prompts it has now, and whose
    confidences are those of the fit in force: what earlier ones bear out is in it. Raises InputError where there are
    too few.
    """
    found: dict[tuple[str | None, str], list[Observation]] = defaultdict(list)
    priors: dict[str | None, Calibration | None] = {}
    for record in store.records.select(schema=schema.id, status="approved"):
        run = record.result["run"]
        weights = run.get("weights")
        if weights not in priors:
            priors[weights] = choose_calibration(schema.id, weights, prompts.prompt_id())
        is_current = run.get("tool") == f"extractor {__version__}" and run.get("prompt") == prompts.prompt_id()
        if is_current and _is_by(priors[weights], str(run.get("confidence"))):
            found[weights, run.get("model") or "none"] += _observe(store, schema, record)
    refits = []
    for (weights, model), observed in found.items():
        if len({each.document for each in observed}) >= RefitSettings.current().min_documents:
            refits.append(refit(observed, priors[weights], schema=schema, weights=weights, model=model))
    if not refits:
        raise InputError(
            f"Too few approved records of {schema.name} were extracted by this version: nothing can be refitted.",
            f"Approve at least {RefitSettings.current().min_documents} documents.",
        )
    return refits


def _is_by(prior: Calibration | None, said: str) -> bool:
    """Decide whether a record's confidences are those of a calibration, by what its `run` says of them."""
    return said.startswith(UNCALIBRATED) if prior is None else f", {prior.hash})" in said


def _observe(store: Store, schema: Schema, record: Record) -> list[Observation]:
    """Return the values of a record of which people saw whether they are right, with what the record says of each.

    Not among them are values that were withdrawn: their confidence is that of another value.
    """
    actions = store.records.review_actions(record.id)
    hidden = unseen_fields(schema, record, actions, store.review_rules(record.schema_name))
    gold = record_as_gold(schema, record.data, hidden)
    values = {tuple(value["path"]): value for value in record.result["values"]}
    found = []
    for m in match_record(schema, gold, record.result["data"]) if gold else ():
        value = values.get(m.record_path) if m.record_path is not None else None
        if value is None or value["confidence"] is None:
            continue
        kinds = {problem["kind"] for problem in value["problems"]}
        if ProblemKind.WITHDRAWN not in kinds:
            right, is_given = m.outcome in (CORRECT, ABSENT), value["value"] is not None
            signals = {"score": value["score"] or 0.0} | {f"problem:{kind}": 1.0 for kind in kinds}
            signals |= {} if is_given else {"null": 1.0}
            signals |= {_CASE_OF_METHOD[value["method"]]: 1.0} if value["method"] in _CASE_OF_METHOD else {}
            found.append(
                Observation(record.document, record.document, m.field, signals, value["confidence"], right, is_given)
            )
    return found


_CASE_OF_METHOD = {"structure": "structural", "code": "code"}


def refit(
    observed: Sequence[Observation],
    prior: Calibration | None,
    *,
    schema: Schema,
    weights: str | None,
    model: str,
) -> Refit:
    """Return a calibration fitted to observations around the prior, judged on documents that it had not seen.

    The observations' scores are their confidences by the prior; what it says of absences stays as it is.
    """
    problem = _Problem(observed, prior)
    settings = RefitSettings.current()
    groups = [o.document for o in observed]
    losses_before, losses_after = problem.losses(problem.prior_logits), np.zeros(len(observed))
    for train, test in split_groups(groups, settings.folds, 0):
        fitted = problem.fit(train, problem.choose_strength(train, groups))
        losses_after[test] = problem.losses(problem.logits(*fitted))[test]
    strength = problem.choose_strength(np.arange(len(observed)), groups)
    bias, moved = problem.fit(np.arange(len(observed)), strength)
    means = _by_document(losses_before - losses_after, groups)
    calibration = Calibration(
        name=NAME if prior is None or prior.name == NAME else f"{prior.name.removesuffix(SUFFIX)}{SUFFIX}",
        schema=schema.id,
        model=model,
        weights=weights,
        documents=tuple(sorted({*(prior.documents if prior else ()), *groups})),
        bias=round((prior.bias if prior else 0.0) + bias, 6),
        coefficients=problem.coefficients(moved),
        edge=round(1 / (len(observed) + 2), 6) if prior is None else prior.edge,
        prompt=prompts.prompt_id(),
        features_version=FEATURES_VERSION,
        schema_name=schema.name,
        made=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    before, after = float(losses_before.mean()), float(losses_after.mean())
    held_out: dict[str, Any] = {
        "documents": len(means),
        "values": len(observed),
        "log_loss": round(after, 4),
        "log_loss_of_prior": round(before, 4),
        "prior": prior.hash if prior else None,
        "strength": strength,
    }
    error = float(means.std(ddof=1) / math.sqrt(len(means))) if len(means) > 1 else math.inf
    return Refit(replace(calibration, held_out=held_out), prior, len(means), len(observed), before, after, error)


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
        scores = np.clip([o.score for o in observed], 0.001, 0.999)
        self.prior_logits = np.log(scores / (1 - scores))
        self._scale = np.maximum(matrix.std(axis=0), RefitSettings.current().min_scale)
        self._features = matrix / self._scale
        self._right = np.array([o.right for o in observed])

    def coefficients(self, moved: np.ndarray) -> dict[str, float]:
        """Return the coefficients of a calibration whose terms were moved so far; without a prior, from the score's."""
        scores = {f"{method}{case} score": 1.0 for method in ("", "structural ", "code ") for case in ("value", "null")}
        found = dict(scores if self._prior is None else self._prior.coefficients)
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
