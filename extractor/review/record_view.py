"""A record as a screen shows it: its form, its fields with where they come from, and what is wrong with them."""

from __future__ import annotations

import functools
import json
from typing import Any

from extractor.review.form import tree
from extractor.review.value_parsing import text_of
from extractor.schemas import Schema
from extractor.store import Record
from extractor.store.review_status import FieldState, ReviewState, assess_record
from extractor.types import Path


def key_of(path: Path) -> str:
    """The path as JSON text, as browsers write it."""
    return json.dumps(list(path), ensure_ascii=False, separators=(",", ":"))


class Sight:
    """A record at one revision, looked at; what is costly is made once."""

    def __init__(self, record: Record, schema: Schema, looked: ReviewState | None = None) -> None:
        self.record, self.schema = record, schema
        self._looked = looked

    @functools.cached_property
    def look(self) -> ReviewState:
        record = self.record
        return self._looked or assess_record(self.schema, record.result, record.data, record.corrections)

    @functools.cached_property
    def fields(self) -> dict[str, dict[str, Any]]:
        """Every field by its key, as it is shown."""
        return {key_of(path): shown(standing) for path, standing in self.look.fields.items()}

    @functools.cached_property
    def form(self) -> dict[str, Any]:
        return tree(self.schema, self.record.data)

    @property
    def calibrated(self) -> bool:
        return str(self.record.result["run"].get("confidence", "")).startswith("calibrated")

    @property
    def total(self) -> int:
        """How many values the record has room for; lists do not count, what is in them does."""
        return sum(standing.field.type != "array" or _in_a_row(path) for path, standing in self.look.fields.items())

    def problems(self) -> list[dict[str, Any]]:
        return [
            {"kind": problem.kind, "message": problem.message, "paths": [list(path) for path in paths]}
            for problem, paths in self.look.problems
        ]

    def first(self) -> list[str | int] | None:
        """The path of the first field that has to be looked at, or that takes part in what is wrong."""
        for path, standing in self.look.fields.items():
            if standing.needs_review:
                return list(path)
        for path, standing in self.look.fields.items():
            if standing.level == "wrong":
                return list(path)
        return None


def _in_a_row(path: Path) -> bool:
    return any(isinstance(step, int) for step in path)


def shown(standing: FieldState) -> dict[str, Any]:
    """A field for the screen: JSON data."""
    said, evidence = standing.extracted, standing.evidence
    return {
        "path": list(standing.path),
        "value": standing.value,
        "text": text_of(standing.value),
        "state": standing.state,
        "needs": standing.needs_review,
        "level": standing.level,
        "confidence": standing.confidence,
        "reasons": [{"kind": reason.kind, "message": reason.message} for reason in standing.reasons],
        "method": said["method"] if said else None,
        "evidence": dict(evidence) if evidence else None,
        "by": standing.correction.who if standing.correction else None,
    }


def changes(before: Sight, after: Sight, focus: list[str | int] | None = None) -> dict[str, Any]:
    """What is to be changed on a screen that shows `before`."""
    old, new = before.fields, after.fields
    answer = {
        "revision": after.record.revision,
        "status": after.record.status,
        "left": after.look.to_check,
        "total": after.total,
        "problems": after.problems(),
        "fields": {key: field for key, field in new.items() if old.get(key) != field},
        "gone": [key for key in old if key not in new],
    }
    if before.form != after.form:
        answer["form"] = after.form
    return answer | ({"focus": focus} if focus is not None else {})
