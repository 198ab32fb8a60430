"""Values of evaluated documents as observations: their features and whether they are right.

Every value of a record counts, nulls too: a null is wrong where gold has a value. A value that the record has no place
for, such as a list element that was not found, has no confidence; it is counted and reported, not judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from extractor.evaluation.matching import ABSENT, CORRECT, MISSING, SPURIOUS, Match
from extractor.evaluation.runs import DocumentResult, EvalRun


@dataclass(frozen=True, slots=True)
class Observation:
    """One value of an evaluated document; `score` is its uncalibrated confidence, `non_null` is False for a null.

    Documents with the same `group` are never on both sides of a split. `field` is empty where the observation is of
    another kind of report, because how a field fared there says nothing about the fields here. `kind` is the id of the
    schema where several kinds of report are kept apart, else empty. With `absence` it is no value of the record but the
    alternative to one: no value, which is right where gold has none.
    """

    document: str
    group: str
    field: str
    signals: Mapping[str, float]
    score: float
    right: bool
    non_null: bool = True
    kind: str = ""
    absence: bool = False


def collect_observations(results: Sequence[DocumentResult], group_key: str = "layout") -> list[Observation]:
    """Return the values of the documents that gold judges and that carry features, each with its absence.

    Documents with the same text under `group_key` in `gold.jsonl` form one group; those without it are groups of one.
    """
    found = []
    for result in results:
        by_path = {tuple(v["path"]): v for v in result.values}
        group = str(result.more.get(group_key) or result.document)
        for m in result.matches:
            value = by_path.get(m.record_path) if m.record_path is not None else None
            if value is not None and value.get("signals"):
                found += _observe(value, m, result.id, group)
    return found


def _observe(value: Mapping[str, Any], match: Match, document: str, group: str) -> Iterator[Observation]:
    """Yield a value as an observation, and its absence as another one.

    Of a value that was withdrawn, whose features are those it was withdrawn for, it is only known that it was wrong
    where gold has none.
    """
    signals, non_null = value["signals"], value["value"] is not None
    right, is_absent = match.outcome in (CORRECT, ABSENT), match.outcome in (SPURIOUS, ABSENT)
    observation = Observation(document, group, match.field, signals, signals.get("score", 0.0), right, non_null)
    is_withdrawn = not non_null and not signals.get("null")
    if not is_withdrawn:
        yield observation
    elif is_absent:
        yield replace(observation, right=False)
    if is_withdrawn or (value["method"] == "model" and non_null):
        yield replace(observation, right=is_absent, absence=True)


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
