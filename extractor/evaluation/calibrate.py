"""A calibration made from kept runs, with its metrics on documents that it was not fitted on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from extractor.confidence.calibration import Calibration
from extractor.errors import UsageError
from extractor.evaluation.calibration_fit import CalibrationFitSettings, Progress, cross_fit, fit_calibration
from extractor.evaluation.discrimination import ConfidenceMetrics, measure_confidence, random_review_budget
from extractor.evaluation.metrics import ROUNDS
from extractor.evaluation.observations import collect_run_observations, count_unrepresented
from extractor.evaluation.runs import DocumentResult, EvalRun


@dataclass(frozen=True, slots=True)
class CalibrationResult:
    """A calibration fitted on all documents of its runs, with the metrics of cross-fitted ones on unseen documents.

    `after` measures the cross-fitted probabilities, `before` the uncalibrated score, and `random_budget` is the review
    budget without either. `other_sets` names the sets that were learnt from and not judged. `unrepresented` counts the
    values of gold that no confidence can warn of. `repeats` is how often every value was cross-fitted.
    """

    calibration: Calibration
    other_sets: tuple[str, ...]
    values: int
    documents: int
    groups: int
    wrong: int
    unrepresented: int
    after: ConfidenceMetrics
    before: ConfidenceMetrics
    random_budget: float
    repeats: int

    @property
    def is_improvement(self) -> bool:
        """Decide whether the calibration beats the uncalibrated score.

        Its Brier score must be lower, and its AUROC, as far as the interval tells, no lower. A general calibration must
        not need a larger review budget either.
        """
        after, before = self.after, self.before
        ordered = (after.auroc.high or after.auroc.value or 0) >= (before.auroc.value or 0)
        better = after.brier < before.brier and ordered
        saves = (after.review_budget.value or 0) <= (before.review_budget.value or 0)
        return better and (saves or self.calibration.schema is not None)


def calibrate(
    runs: Sequence[tuple[EvalRun, Sequence[DocumentResult]]],
    other_runs: Sequence[tuple[EvalRun, Sequence[DocumentResult]]] = (),
    group_key: str = "layout",
    rounds: int = ROUNDS,
    progress: Progress = iter,
) -> CalibrationResult:
    """Return a calibration of the runs' documents, with its metrics on documents that it was not fitted on.

    One run gives the calibration of its kind of report. Several runs, of different schemas, give a general one, judged
    each time on a kind that it was not fitted on. From `other_runs`, of other kinds of report, it learns what features
    are worth; it is not judged on them. UsageError where the runs are of different models, have too few documents, or
    were kept without features.
    """
    identities = [run.header["identity"] for run, _ in runs]
    weights, model, prompt, tool = _common_origin([run.header for run, _ in (*runs, *other_runs)])
    general = len({i["schema"] for i in identities}) > 1
    observed = [o for run, results in runs for o in collect_run_observations(run, results, group_key, general)]
    others = [o for run, results in other_runs for o in collect_run_observations(run, results, group_key, True)]
    documents, groups = {o.document for o in observed}, {o.kind or o.group for o in observed}
    settings = CalibrationFitSettings.current()
    if len(documents) < settings.min_documents or len(groups) < 2:
        raise UsageError(
            f"{len(documents)} documents in {len(groups)} groups have values with features: too few to calibrate.",
            f"Give a set of at least {settings.min_documents} documents; for a run of an older version of the tool, "
            "add --again to evaluate the set anew.",
        )
    repeats = 1 if general else settings.repeats
    is_value = np.array([not o.absence for o in observed])
    probabilities = cross_fit(observed, others, repeats, progress)[:, is_value].ravel()
    values = [o for o in observed if not o.absence]
    right, non_null = np.array([o.right for o in values]), np.array([o.non_null for o in values])
    owners = [o.document for o in values]
    tiled = np.tile(right, repeats), np.tile(non_null, repeats)
    after = measure_confidence(probabilities, *tiled, owners * repeats, rounds)
    before = measure_confidence(np.array([o.score for o in values]), right, non_null, owners, rounds)
    calibration = fit_calibration(
        observed,
        others,
        name=" + ".join(dict.fromkeys(i["set"] for i in identities)),
        schema=None if general else identities[0]["schema"],
        schema_name="" if general else runs[0][0].header["schema"]["name"],
        model=model,
        weights=weights,
        prompt=prompt,
        tool=tool,
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        held_out=_held_out_metrics(after, before, len(values), len(documents), len(groups)),
    )
    return CalibrationResult(
        calibration,
        tuple(run.header["identity"]["set"] for run, _ in other_runs),
        len(values),
        len(documents),
        len(groups),
        int((~right).sum()),
        sum(count_unrepresented(results) for _, results in runs),
        after,
        before,
        random_review_budget(right),
        repeats,
    )


def _common_origin(headers: Sequence[Mapping[str, Any]]) -> tuple[Any, ...]:
    """Return weights, model, prompt and tool of all the runs; UsageError where they differ."""
    found = {
        (h.get("weights"), h["identity"]["model"], h["identity"]["prompt"], h["identity"]["tool"]) for h in headers
    }
    if len(found) > 1:
        raise UsageError("The runs are not of one model, prompt and version of the tool.", "Run the sets again.")
    return found.pop()


def _held_out_metrics(
    after: ConfidenceMetrics, before: ConfidenceMetrics, values: int, documents: int, groups: int
) -> dict[str, Any]:
    """Return the held-out metrics as the calibration's file keeps them."""
    budget, by_score = after.review_budget, before.review_budget
    auroc, non_null = after.auroc, after.auroc_non_null
    return {
        "values": values,
        "documents": documents,
        "groups": groups,
        "auroc": _rounded(auroc.value, auroc.low, auroc.high),
        "auroc_given": _rounded(non_null.value, non_null.low, non_null.high),
        "ece": round(after.ece, 4),
        "bins": len(after.bins),
        "brier": round(after.brier, 4),
        "budget": _rounded(budget.value, budget.low, budget.high),
        "budget_by_score": _rounded(by_score.value, by_score.low, by_score.high),
    }


def _rounded(*numbers: float | None) -> list[float | None]:
    return [None if x is None else round(x, 4) for x in numbers]
