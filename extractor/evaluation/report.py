"""A run as metrics: of the tool and of the trivial baseline, over all fields, by field and by group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from extractor.confidence.calibration import ON_ITSELF
from extractor.confidence.heuristic import UNCALIBRATED
from extractor.evaluation import matching
from extractor.evaluation.matching import CORRECT, SPURIOUS, WRONG
from extractor.evaluation.metrics import Estimate, SetMetrics, compute_metrics, metrics_by_group
from extractor.evaluation.runs import DocumentResult, EvalRun
from extractor.schemas import Schema

BREAKDOWNS = ("kind", "notes")
"""Keys of a sample by which a report breaks its metrics down; a list of texts counts under each of them."""

MAX_GROUPS = 30
"""With more different keys than this they are remarks rather than groups."""


@dataclass(frozen=True, slots=True)
class EvalReport:
    """The metrics of a run; `groups` has them by `BREAKDOWNS`, `unscored` names gold's fields that the schema lacks."""

    run: EvalRun
    results: tuple[DocumentResult, ...]
    tool: SetMetrics
    baseline: SetMetrics
    groups: dict[str, dict[str, SetMetrics]]
    unscored: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Return the set, the number of documents, the schema, the model and the tool on one line."""
        identity, weights = self.run.header["identity"], self.run.header.get("weights")
        hashed = f" ({weights[:8]})" if weights else ""
        schema = self.run.header["schema"]["name"]
        documents = f"{len(self.results)} document{'' if len(self.results) == 1 else 's'}"
        return (
            f"{identity['set']}: {documents}, {self.tool.values} values; schema {schema}; "
            f"model {identity['model']}{hashed}; {identity['tool']} ({identity['code'][:8]})"
        )

    @property
    def calibration(self) -> str:
        """Return what the records say about their confidence; a calibration fitted on these documents is not used."""
        said = dict.fromkeys(_calibration_text(d) for d in self.results if "confidence" in d.run)
        return "; ".join(said) or "unknown"

    def summary(self) -> dict[str, Any]:
        """Return the metrics as JSON data, for the run's header: value, low and high of each."""
        overall = {key: [f.value, f.low, f.high] for key, f in self.tool.overall.items()}
        return {"documents": self.tool.documents, "failed": self.tool.failed, "figures": overall}

    def confidences(self) -> list[tuple[float, bool]]:
        """Return the confidence of every value given and whether it is right, highest first.

        For a document that the calibration was fitted on, the uncalibrated score is used: a number that was made to
        agree with these very answers says nothing about others.
        """
        pairs = []
        for d in self.results:
            key = "score" if _is_fitted_on(d) else "confidence"
            by_path = {tuple(v["path"]): v[key] for v in d.values}
            for m in d.matches:
                if m.outcome in (CORRECT, WRONG, SPURIOUS) and m.record_path is not None:
                    pairs.append((by_path.get(m.record_path) or 0.0, m.outcome == CORRECT))
        return sorted(pairs, key=lambda pair: -pair[0])


def _is_fitted_on(result: DocumentResult) -> bool:
    return str(result.run.get("confidence", "")).startswith(ON_ITSELF)


def _calibration_text(result: DocumentResult) -> str:
    said = str(result.run["confidence"])
    return (
        f"{UNCALIBRATED} ({said.removeprefix(ON_ITSELF).strip(' ()')} was fitted on them)"
        if _is_fitted_on(result)
        else said
    )


def build_report(run: EvalRun, results: Sequence[DocumentResult], schema: Schema) -> EvalReport:
    """Return the metrics of a run's documents."""
    scores = [d.score for d in results]
    groups = {}
    for by in BREAKDOWNS:
        keys = [_keys(d.more.get(by)) for d in results]
        if 1 < len({key for under in keys for key in under}) <= MAX_GROUPS:
            groups[by] = metrics_by_group(scores, keys)
    unscored = dict.fromkeys(name for d in results for name in matching.unknown_fields(schema, d.gold))
    order = [matching.field_name(tuple(0 if step == "*" else step for step in path)) for path, _ in schema.all_fields()]
    baseline = compute_metrics([d.baseline_score for d in results])
    return EvalReport(run, tuple(results), compute_metrics(scores, order), baseline, groups, tuple(unscored))


def _keys(value: object) -> list[str]:
    if isinstance(value, list):
        return [str(part) for part in value] or ["—"]
    return ["—" if value is None else str(value)]


def format_estimate(estimate: Estimate) -> str:
    """Return an estimate as `0.912 (0.880 to 0.940)`; a dash where there was nothing to measure."""
    if estimate.value is None:
        return "—"
    interval = f" ({estimate.low:.3f} to {estimate.high:.3f})" if estimate.low is not None else ""
    return f"{estimate.value:.3f}{interval}"
