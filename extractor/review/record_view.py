"""A record as a screen shows it: its form, its fields with where they come from, and what is wrong with them."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from typing import Any

from extractor.review.display_names import display_name
from extractor.review.form import build_form
from extractor.review.value_parsing import format_value
from extractor.schemas import Schema
from extractor.store import Record, ReviewAction, current_approvals, open_flag
from extractor.store.database import now
from extractor.store.review_rule import ReviewRules, describe_state
from extractor.store.review_status import FieldState, ReviewState, assess_record
from extractor.types import Path, path_text


class RecordView:
    """A record at one revision with its schema and review state; what is costly is computed once, when first needed."""

    def __init__(
        self, record: Record, schema: Schema, review: ReviewState | None = None, rules: ReviewRules | None = None
    ) -> None:
        self.record, self.schema, self.rules = record, schema, rules
        if review is not None:
            self.review = review

    @functools.cached_property
    def review(self) -> ReviewState:
        """What a person should look at."""
        record = self.record
        return assess_record(self.schema, record.result, record.data, record.corrections, rules=self.rules)

    @functools.cached_property
    def fields(self) -> dict[str, dict[str, Any]]:
        """Every field as JSON data, by its key."""
        lessons = self.record.result["run"].get("lessons") or {}
        return {
            path_key(path): field_json(state) | {"learnt": learnt_json(state, lessons)}
            for path, state in self.review.fields.items()
        }

    @functools.cached_property
    def form(self) -> dict[str, Any]:
        """The form that the schema describes, with the record's rows."""
        return build_form(self.schema, self.record.data)

    @property
    def is_calibrated(self) -> bool:
        """Whether the confidences are probabilities that were calibrated."""
        return str(self.record.result["run"].get("confidence", "")).startswith("calibrated")

    def problems(self) -> list[dict[str, Any]]:
        """Return the problems as JSON data, each with the paths that take part in it."""
        return [
            {"kind": problem.kind, "message": problem.message, "paths": [list(path) for path in paths]}
            for problem, paths in self.review.problems
        ]

    def first_to_check(self) -> list[str | int] | None:
        """Return the path of the first field that needs review, else of the first that a check fails for."""
        for path, state in self.review.fields.items():
            if state.needs_review:
                return list(path)
        for path, state in self.review.fields.items():
            if state.level == "wrong":
                return list(path)
        return None

    def to_json(self, who: str, actions: Sequence[ReviewAction], second_review: bool) -> dict[str, Any]:
        """Return everything that the screen shows of the record to the person."""
        record = self.record
        return {
            "id": record.id,
            "revision": record.revision,
            "status": record.status,
            **names_json(record.sources),
            "schema": {
                "id": record.schema,
                "name": record.schema_name,
                "title": self.schema.title or record.schema_name,
            },
            "document": record.document,
            **claim_json(record, who),
            **decisions_json(actions),
            "calibrated": self.is_calibrated,
            "form": self.form,
            "fields": self.fields,
            "problems": self.problems(),
            "state": self.state(actions, second_review),
            "left": self.review.to_check,
            "total": len(self.review.fields),
            "second_review": second_review,
        }

    def state(self, actions: Sequence[ReviewAction], second_review: bool) -> dict[str, Any]:
        """Return the state of the record, which the screen tells in one sentence."""
        status, flag = self.record.status, open_flag(actions)
        return describe_state(status, self.review, actions, flag=flag, second_review=second_review)


def path_key(path: Path) -> str:
    """Return the path as JSON text, exactly as `JSON.stringify` writes it."""
    return json.dumps(list(path), ensure_ascii=False, separators=(",", ":"))


def is_in_row(path: Path) -> bool:
    """Decide whether the path leads into a row of a list."""
    return any(isinstance(step, int) for step in path)


def field_json(state: FieldState) -> dict[str, Any]:
    """Return a field as JSON data: its value, how sure it is and why, and where it comes from."""
    extracted, evidence = state.extracted, state.evidence
    return {
        "path": list(state.path),
        "value": state.value,
        "text": format_value(state.value),
        "state": state.state,
        "needs": state.needs_review,
        "required": state.is_required,
        "level": state.level,
        "confidence": state.confidence,
        "reasons": [{"kind": reason.kind, "message": reason.message} for reason in state.reasons],
        "method": extracted["method"] if extracted else None,
        "evidence": dict(evidence) if evidence else None,
        "by": state.correction.who if state.correction else None,
    }


def learnt_json(state: FieldState, lessons: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what lessons say for the value that the machine extracted; None where they say nothing, or it was changed.

    `lessons` is what the record's `run` says of them. `records` is in how many records of the same layout the value
    stands in the same surroundings; for a value that such documents do not have, how many records of the layout there
    are, and `absent` is true.
    """
    if state.state not in ("machine", "accepted"):
        return None
    name = path_text(state.path)
    if name in lessons.get("values", {}):
        return {"absent": False, "records": lessons["values"][name]["records"]}
    if name in lessons.get("absent", ()):
        return {"absent": True, "records": lessons.get("layout", 0)}
    return None


def names_json(sources: Sequence[str]) -> dict[str, Any]:
    """Return the names of a document, without folders: the first, and all different ones."""
    names = [display_name(source) for source in sources]
    return {"name": names[0] if names else "", "names": list(dict.fromkeys(names))}


def claim_json(record: Any, who: str) -> dict[str, Any]:
    """Return who has claimed a record (or its summary) and until when, as long as the claim has not expired."""
    claimed = record.claimed_by is not None and (record.claimed_until or "") > now()
    return {
        "claimed_by": record.claimed_by if claimed else None,
        "claimed_until": record.claimed_until if claimed else None,
        "mine": claimed and record.claimed_by == who,
    }


def decisions_json(actions: Sequence[ReviewAction]) -> dict[str, Any]:
    """Return the approvals that stand, and the flag that nobody has answered yet."""
    flag = open_flag(actions)
    return {
        "approvals": [{"who": action.who, "at": action.at} for action in current_approvals(actions)],
        "flag": {"who": flag.who, "note": flag.note} if flag else None,
    }


def diff_views(
    before: RecordView, after: RecordView, focus: Path | None = None, state: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Return what has to change on a screen that shows `before`; `focus` is the path to go to."""
    old, new = before.fields, after.fields
    diff = {
        "revision": after.record.revision,
        "status": after.record.status,
        "state": state,
        "left": after.review.to_check,
        "total": len(after.review.fields),
        "problems": after.problems(),
        "fields": {key: field for key, field in new.items() if old.get(key) != field},
        "gone": [key for key in old if key not in new],
    }
    if before.form != after.form:
        diff["form"] = after.form
    return diff | ({"focus": list(focus)} if focus is not None else {})
