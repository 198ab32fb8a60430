"""Values of evaluated documents as observations: their features and whether they are right.

Every value of a record counts, nulls too: a null is wrong where gold has a value. A value that the record has no place
for, such as a list element that was not found, has no confidence; it is counted and reported, not judged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from extractor.evaluation.matching import ABSENT, CORRECT, MISSING
from extractor.evaluation.runs import DocumentResult, EvalRun


@dataclass(frozen=True, slots=True)
class Observation:
    """One value of an evaluated document; `score` is its uncalibrated confidence, `non_null` is False for a null.

    Documents with the same `group` are never on both sides of a split. `field` is empty where the observation is of
    another kind of report, because how a field fared there says nothing about the fields here. `kind` is the id of the
    schema where several kinds of report are kept apart, else empty.
    """

    document: str
    group: str
    field: str
    signals: Mapping[str, float]
    score: float
    right: bool
    non_null: bool = True
    kind: str = ""


def collect_observations(results: Sequence[DocumentResult], group_key: str = "layout") -> list[Observation]:
    """Return the values of the documents that gold judges and that carry features.

    Documents with the same text under `group_key` in `gold.jsonl` form one group; those without it are groups of one.
    """
    found = []
    for result in results:
        by_path = {tuple(v["path"]): v for v in result.values}
        group = str(result.more.get(group_key) or result.document)
        for m in result.matches:
            value = by_path.get(m.record_path) if m.record_path is not None else None
            if value is not None and value.get("signals"):
                right, non_null = m.outcome in (CORRECT, ABSENT), value["value"] is not None
                signals = value["signals"]
                found.append(
                    Observation(result.id, group, m.field, signals, signals.get("score", 0.0), right, non_null)
                )
    return found


def collect_run_observations(
    run: EvalRun, results: Sequence[DocumentResult], group_key: str, other_kind: bool
) -> list[Observation]:
    """Return a run's observations; with `other_kind` they carry the schema's id instead of their fields' names."""
    found = collect_observations(results, group_key)
    return [replace(o, field="", kind=run.header["identity"]["schema"]) for o in found] if other_kind else found


def count_unrepresented(results: Sequence[DocumentResult]) -> int:
    """Return how many values of gold the records have no place for; no confidence can warn of these."""
    return sum(
        m.outcome == MISSING and (m.record_path is None or m.record_path not in {tuple(v["path"]) for v in r.values})
        for r in results
        for m in r.matches
    )
