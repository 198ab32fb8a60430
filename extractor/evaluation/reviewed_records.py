"""How often the machine was right, as far as records tell that people have approved of."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from extractor.confidence.levels import ConfidenceLevels
from extractor.evaluation.gold import gold
from extractor.evaluation.matching import ABSENT, CORRECT, MISSING, match
from extractor.schemas import Schema
from extractor.store import Store
from extractor.store.corrections import load_stored_schema

MOST = 5_000
"""The newest records that are looked at."""
Z = 1.959964
"""Of the normal distribution, for intervals of 95 %."""


@dataclass(frozen=True, slots=True)
class Band:
    """Values of one stretch of confidence (None to None: all): how many there are, and how many people left as is.

    `least` and `most` are the 95 % interval of the share (Wilson 1927). Nulls are values too: one where a person put a
    value is wrong.
    """

    low: float | None
    high: float | None
    values: int
    right: int

    @property
    def accuracy(self) -> float:
        return self.right / self.values if self.values else 0.0

    @property
    def least(self) -> float:
        return wilson(self.right, self.values)[0]

    @property
    def most(self) -> float:
        return wilson(self.right, self.values)[1]


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What approved records say: all values, then by confidence; `missed` are values in rows that a person added."""

    records: int
    bands: tuple[Band, ...]
    missed: int


def wilson(right: int, values: int) -> tuple[float, float]:
    """The interval of a share, which stays within 0..1 also where all were right."""
    if not values:
        return 0.0, 1.0
    share, square = right / values, Z * Z
    middle = (share + square / (2 * values)) / (1 + square / values)
    half = Z / (1 + square / values) * math.sqrt(share * (1 - share) / values + square / (4 * values * values))
    return (0.0 if not right else middle - half), (1.0 if right == values else middle + half)


def reviewed(store: Store, schema: str | None = None) -> Reviewed:
    """What the approved records say, of all schemas or of one (id or name).

    The rows of lists are paired off as `extractor eval` does, so that a row deleted costs that one row alone.
    """
    schemas: dict[str, Schema | None] = {}
    kept = store.schemas()
    pairs: list[tuple[float | None, bool]] = []
    records = missed = 0
    for record in _newest(store, schema):
        if record.schema not in schemas:
            schemas[record.schema] = load_stored_schema(kept[record.schema][1])
        own = schemas[record.schema]
        if own is None:
            continue  # a schema that this version cannot use
        records += 1
        sure = {tuple(v["path"]): v["confidence"] for v in record.result["values"]}
        for m in match(own, gold(own, record.data), record.result["data"]):
            if m.record_path is None:
                missed += m.outcome == MISSING
            else:
                pairs.append((sure.get(m.record_path), m.outcome in (CORRECT, ABSENT)))
    return Reviewed(records, tuple(_bands(pairs)), missed)


def _newest(store: Store, schema: str | None) -> Iterable:
    """The approved records with the highest numbers, at most MOST of them."""
    found = store.records.count_by_status(schema=schema).get("approved", 0)
    for n, record in enumerate(store.records.select(schema=schema, status="approved")):
        if n >= found - MOST:
            yield record


def _bands(pairs: list[tuple[float | None, bool]]) -> Iterable[Band]:
    yield Band(None, None, len(pairs), sum(right for _, right in pairs))
    for low, high in pairwise(ConfidenceLevels.current().bands):
        inside = [right for sure, right in pairs if sure is not None and low <= sure and (sure < high or high == 1.0)]
        yield Band(low, high, len(inside), sum(inside))
