"""How often the machine was right, judged by the records that people approved."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from extractor.confidence.levels import ConfidenceLevels
from extractor.evaluation.gold import record_as_gold
from extractor.evaluation.matching import ABSENT, CORRECT, MISSING, match_record
from extractor.schemas import Schema
from extractor.store import Store
from extractor.store.corrections import load_stored_schema

MAX_RECORDS = 5_000
"""The newest records that are counted."""
Z = 1.959964
"""The quantile of the normal distribution for intervals of 95 %."""


@dataclass(frozen=True, slots=True)
class ConfidenceBand:
    """Values of one range of confidence (None to None: all), and how many of them people left as they were.

    `accuracy_low` and `accuracy_high` are the 95 % interval of the share (Wilson 1927). Nulls are values too: a null is
    wrong where a person entered a value.
    """

    low: float | None
    high: float | None
    values: int
    right: int

    @property
    def accuracy(self) -> float:
        """Return the share of values that people left as they were; 0 where there are no values."""
        return self.right / self.values if self.values else 0.0

    @property
    def accuracy_low(self) -> float:
        """Return the lower end of the interval of the share."""
        return wilson_interval(self.right, self.values)[0]

    @property
    def accuracy_high(self) -> float:
        """Return the upper end of the interval of the share."""
        return wilson_interval(self.right, self.values)[1]


@dataclass(frozen=True, slots=True)
class ReviewAccuracy:
    """What approved records say: all values, then by confidence; `missed` counts values in rows that a person added."""

    records: int
    bands: tuple[ConfidenceBand, ...]
    missed: int


def wilson_interval(right: int, values: int) -> tuple[float, float]:
    """Return the interval of a share (Wilson 1927), which stays within 0..1 even where all were right."""
    if not values:
        return 0.0, 1.0
    share, square = right / values, Z * Z
    middle = (share + square / (2 * values)) / (1 + square / values)
    half = Z / (1 + square / values) * math.sqrt(share * (1 - share) / values + square / (4 * values * values))
    return (0.0 if not right else middle - half), (1.0 if right == values else middle + half)


def measure_reviewed_records(store: Store, schema: str | None = None) -> ReviewAccuracy:
    """Return how often the machine was right in approved records, of all schemas or of one (id or name).

    Rows of lists are paired as by `extractor eval`, so that a deleted row costs that one row alone.
    """
    schemas: dict[str, Schema | None] = {}
    stored = store.schemas()
    pairs: list[tuple[float | None, bool]] = []
    records = missed = 0
    for record in _newest(store, schema):
        if record.schema not in schemas:
            schemas[record.schema] = load_stored_schema(stored[record.schema][1])
        own = schemas[record.schema]
        if own is None:
            continue  # this version cannot use the schema
        records += 1
        confidence = {tuple(v["path"]): v["confidence"] for v in record.result["values"]}
        for m in match_record(own, record_as_gold(own, record.data), record.result["data"]):
            if m.record_path is None:
                missed += m.outcome == MISSING
            else:
                pairs.append((confidence.get(m.record_path), m.outcome in (CORRECT, ABSENT)))
    return ReviewAccuracy(records, tuple(_bands(pairs)), missed)


def _newest(store: Store, schema: str | None) -> Iterable:
    """Yield the approved records with the highest numbers, at most `MAX_RECORDS` of them."""
    found = store.records.count_by_status(schema=schema).get("approved", 0)
    for n, record in enumerate(store.records.select(schema=schema, status="approved")):
        if n >= found - MAX_RECORDS:
            yield record


def _bands(pairs: list[tuple[float | None, bool]]) -> Iterable[ConfidenceBand]:
    yield ConfidenceBand(None, None, len(pairs), sum(right for _, right in pairs))
    for low, high in pairwise(ConfidenceLevels.current().bands):
        inside = [
            right
            for confidence, right in pairs
            if confidence is not None and low <= confidence and (confidence < high or high == 1.0)
        ]
        yield ConfidenceBand(low, high, len(inside), sum(inside))
