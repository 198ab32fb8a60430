"""The machine's record with what people put in its place, and what of it is still to be looked at."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from extractor.errors import ExtractorError, InputError
from extractor.schemas import Schema, load_schema
from extractor.store.models import Correction
from extractor.store.review_status import ReviewState, assess_record, value_at
from extractor.types import Path, path_text


def apply_corrections(data: Any, corrections: Iterable[Correction], schema: Schema | None = None) -> Any:
    """The machine's record with what people put in its place; what was not changed is shared with it.

    Where a person says that there is nothing, a property that may be null is null, and any other is left out.
    """
    for c in corrections:
        if c.how == "accepted" or (c.new is None and c.old is None):
            continue  # nothing was changed
        data, _ = replace_value(data, c.path, c.new)
        field = schema.field(c.path) if schema is not None and c.new is None else None
        if field is not None and not field.nullable and isinstance(c.path[-1], str):
            above = value_at(data, c.path[:-1])
            data, _ = replace_value(data, c.path[:-1], {name: above[name] for name in above if name != c.path[-1]})
    return data


def replace_value(data: Any, path: Path, new: Any) -> tuple[Any, Any]:
    """The record with `new` at `path`, and what stood there; missing objects on the way are made.

    What is on the way is copied, the rest is shared with `data`, which stays as it is. One past the end of a list adds
    an element. InputError where the path does not fit the record.
    """
    return _with_value(data, path, new, path)


def _with_value(here: Any, rest: Path, new: Any, path: Path) -> tuple[Any, Any]:
    if not rest:
        return new, here
    step, inner = rest[0], rest[1:]
    if isinstance(here, list) and isinstance(step, int) and 0 <= step <= len(here):
        there = here[step] if step < len(here) else None
    elif isinstance(here, dict) and isinstance(step, str):
        there = here.get(step)
    else:
        raise InputError(f"The record has no place {path_text(path)}.", "Give the path of a field, or of its list.")
    if there is None and inner:
        there = [] if isinstance(inner[0], int) else {}
    put, old = _with_value(there, inner, new, path)
    if isinstance(here, dict):
        return {**here, step: put}, old
    return [*here[:step], put, *here[step + 1 :]], old


def load_stored_schema(document: Mapping[str, Any]) -> Schema | None:
    """The schema that was kept, read once in a process; None where this version of the tool cannot use it any more."""
    return _schema(json.dumps(document))


@functools.lru_cache(maxsize=64)
def _schema(text: str) -> Schema | None:
    try:
        return load_schema(json.loads(text))
    except ExtractorError:
        return None


def review_columns(
    schema: Schema | None, result: Mapping[str, Any], corrections: Sequence[Correction] = ()
) -> dict[str, Any]:
    """What the queue is told of a record without reading it: the columns `doubts`, `to_check` and `risk`."""
    if schema is None:
        return {"doubts": {"other_problem": 1}, "to_check": 0, "risk": 1.0}
    return columns(assess_record(schema, result, apply_corrections(result["data"], corrections, schema), corrections))


def columns(looked: ReviewState) -> dict[str, Any]:
    """The columns of a record that was looked at."""
    return {"doubts": dict(looked.doubts), "to_check": looked.to_check, "risk": looked.risk}
