"""How often the machine was right, judged by what people have seen of the records that were approved."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from extractor.confidence.levels import ConfidenceLevels
from extractor.evaluation.gold import record_as_gold, unseen_fields
from extractor.evaluation.matching import ABSENT, CORRECT, MISSING, match_record
from extractor.schemas import Schema
from extractor.store import Record, Store
from extractor.store.corrections import load_stored_schema
from extractor.store.review_reasons import ReviewReason
from extractor.store.review_rule import AUTOMATIC, ReviewRules, was_opened
from extractor.store.review_status import assess_record

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
    """What approved records say of the values that people have seen: all of them, then by confidence.

    `missed` counts values in rows that a person added, `unseen` the values that nobody has seen, which count neither as
    right nor as wrong. `automatic` records were approved without a person. Of the `sampled` ones, which people reviewed
    although nothing spoke against them, `sampled_wrong` had a value that was not right.
    """

    records: int
    bands: tuple[ConfidenceBand, ...]
    missed: int
    unseen: int = 0
    automatic: int = 0
    sampled: int = 0
    sampled_wrong: int = 0


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
    records = missed = unseen = automatic = sampled = sampled_wrong = 0
    for record in _newest(store, schema):
        if record.schema not in schemas:
            schemas[record.schema] = load_stored_schema(stored[record.schema][1])
        own = schemas[record.schema]
        if own is None:
            continue  # this version cannot use the schema
        records += 1
        rules = store.review_rules(record.schema_name)
        actions = store.records.review_actions(record.id)
        hidden = unseen_fields(own, record, actions, rules)
        unseen += len(hidden)
        automatic += not was_opened(actions) and any(action.how == AUTOMATIC for action in actions)
        confidence = {tuple(v["path"]): v["confidence"] for v in record.result["values"]}
        is_right = True
        gold = record_as_gold(own, record.data, hidden)
        for m in match_record(own, gold, record.result["data"]) if gold else ():
            is_right &= m.outcome in (CORRECT, ABSENT)
            if m.record_path is None:
                missed += m.outcome == MISSING
            else:
                pairs.append((confidence.get(m.record_path), m.outcome in (CORRECT, ABSENT)))
        if was_opened(actions) and _needed_no_review(own, record, rules):
            sampled += 1
            sampled_wrong += not is_right
    return ReviewAccuracy(records, tuple(_bands(pairs)), missed, unseen, automatic, sampled, sampled_wrong)


def _needed_no_review(schema: Schema, record: Record, rules: ReviewRules) -> bool:
    """Decide whether nothing spoke against what the machine extracted: the record was reviewed as a sample."""
    doubts = assess_record(schema, record.result, record.result["data"], rules=rules).doubts
    return not set(doubts) - {ReviewReason.SAMPLE}


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
