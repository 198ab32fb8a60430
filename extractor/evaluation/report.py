"""A run as figures: the tool's and the trivial baseline's, over everything, field by field and part by part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from extractor.confidence.calibration import ON_ITSELF
from extractor.confidence.heuristic import UNCALIBRATED
from extractor.evaluation import matching
from extractor.evaluation.figures import Figure, Figures, figures, groups
from extractor.evaluation.matching import CORRECT, SPURIOUS, WRONG
from extractor.evaluation.runs import Judged, Run
from extractor.schemas import Schema

BREAKDOWNS = ("kind", "notes")
"""Keys of a sample by which a report breaks its figures down; a list of texts counts under each of them."""

MOST_PARTS = 30
"""With more different keys than this they are remarks rather than parts."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a run says: `parts` has figures by each of `BREAKDOWNS`, `unscored` gold's fields that the schema lacks."""

    run: Run
    judged: tuple[Judged, ...]
    tool: Figures
    rough: Figures
    parts: dict[str, dict[str, Figures]]
    unscored: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """One line: the set, the documents, the schema, the model, the tool."""
        identity, weights = self.run.header["identity"], self.run.header.get("weights")
        hashed = f" ({weights[:8]})" if weights else ""
        schema = self.run.header["schema"]["name"]
        documents = f"{len(self.judged)} document{'' if len(self.judged) == 1 else 's'}"
        return (
            f"{identity['set']}: {documents}, {self.tool.values} values; schema {schema}; "
            f"model {identity['model']}{hashed}; {identity['tool']} ({identity['code'][:8]})"
        )

    @property
    def calibration(self) -> str:
        """What the records say of their confidence; where it was fitted on these documents, that it is not used."""
        said = dict.fromkeys(_judgeable(d) for d in self.judged if "confidence" in d.run)
        return "; ".join(said) or "unknown"

    def summary(self) -> dict[str, Any]:
        """The figures as JSON data, for the run's header: value, low and high of each."""
        overall = {key: [f.value, f.low, f.high] for key, f in self.tool.overall.items()}
        return {"documents": self.tool.documents, "failed": self.tool.failed, "figures": overall}

    def confidences(self) -> list[tuple[float, bool]]:
        """Every value that was given, with its confidence and whether it is right; surest first.

        Of a document that the calibration was fitted on, the score by rule of thumb stands in: a number that was made
        to agree with these very answers says nothing about others.
        """
        pairs = []
        for d in self.judged:
            key = "score" if _fitted_on(d) else "confidence"
            by_path = {tuple(v["path"]): v[key] for v in d.values}
            for m in d.matches:
                if m.outcome in (CORRECT, WRONG, SPURIOUS) and m.record_path is not None:
                    pairs.append((by_path.get(m.record_path) or 0.0, m.outcome == CORRECT))
        return sorted(pairs, key=lambda pair: -pair[0])


def _fitted_on(judged: Judged) -> bool:
    return str(judged.run.get("confidence", "")).startswith(ON_ITSELF)


def _judgeable(judged: Judged) -> str:
    said = str(judged.run["confidence"])
    return (
        f"{UNCALIBRATED} ({said.removeprefix(ON_ITSELF).strip(' ()')} was fitted on them)"
        if _fitted_on(judged)
        else said
    )


def report(run: Run, judged: Sequence[Judged], schema: Schema) -> Report:
    """The figures of a run's documents."""
    scored = [d.scored for d in judged]
    parts = {}
    for by in BREAKDOWNS:
        keys = [_keys(d.more.get(by)) for d in judged]
        if 1 < len({key for under in keys for key in under}) <= MOST_PARTS:
            parts[by] = groups(scored, keys)
    unscored = dict.fromkeys(name for d in judged for name in matching.unknown_fields(schema, d.gold))
    order = [matching.field_name(tuple(0 if step == "*" else step for step in path)) for path, _ in schema.all_fields()]
    rough = figures([d.scored_baseline for d in judged])
    return Report(run, tuple(judged), figures(scored, order), rough, parts, tuple(unscored))


def _keys(value: object) -> list[str]:
    if isinstance(value, list):
        return [str(part) for part in value] or ["—"]
    return ["—" if value is None else str(value)]


def shown(figure: Figure) -> str:
    """`0.912 (0.880 to 0.940)`; a dash where there was nothing to measure."""
    if figure.value is None:
        return "—"
    around = f" ({figure.low:.3f} to {figure.high:.3f})" if figure.low is not None else ""
    return f"{figure.value:.3f}{around}"
