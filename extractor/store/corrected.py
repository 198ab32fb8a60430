"""The machine's record with what people put in its place, and what of it is still to be looked at."""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from extractor.doubts import Look, look
from extractor.errors import ExtractorError, InputError
from extractor.schemas import Schema, load_schema
from extractor.store.nouns import Correction
from extractor.types import Path, path_text


def corrected(data: Any, corrections: Iterable[Correction], schema: Schema | None = None) -> Any:
    """The machine's record with what people put in its place.

    Where a person says that there is nothing, a property that may be null is null, and any other is left out.
    """
    data = copy.deepcopy(data)
    for c in corrections:
        if c.how == "accepted" or (c.new is None and c.old is None):
            continue  # nothing was changed
        data = _put(data, c.path, c.new)
        field = schema.field(c.path) if schema is not None and c.new is None else None
        if field is not None and not field.nullable and isinstance(c.path[-1], str):
            _leave_out(data, c.path)
    return data


def with_value(data: Any, path: Path, new: Any) -> tuple[Any, Any]:
    """A copy of the record with `new` at `path`, and what stood there; missing objects on the way are made.

    One past the end of a list adds an element. InputError where the path does not fit the record.
    """
    if not path:
        return new, data
    data = copy.deepcopy(data)
    here = _above(data, path)
    old = _inside(here, path[-1], path, None)
    here[path[-1]] = new
    return data, old


def _put(data: Any, path: Path, new: Any) -> Any:
    if not path:
        return copy.deepcopy(new)
    here = _above(data, path)
    _inside(here, path[-1], path, None)
    here[path[-1]] = copy.deepcopy(new)
    return data


def _above(data: Any, path: Path) -> Any:
    """The object or list in which the value at `path` stands, made where it is missing."""
    for step, then in pairwise(path):
        data = _inside(data, step, path, [] if isinstance(then, int) else {})
    return data


def _inside(here: Any, step: str | int, path: Path, missing: Any) -> Any:
    """What is at `step` of an object or a list, put there if it was not."""
    if isinstance(here, list) and isinstance(step, int) and 0 <= step <= len(here):
        if step == len(here):
            here.append(missing)
    elif isinstance(here, dict) and isinstance(step, str):
        here.setdefault(step, missing)
    else:
        raise InputError(f"The record has no place {path_text(path)}.", "Give the path of a field, or of its list.")
    if here[step] is None:
        here[step] = missing
    return here[step]


def _leave_out(data: Any, path: Path) -> None:
    here = _above(data, path)
    if isinstance(here, dict):
        here.pop(path[-1], None)


def schema_of(document: Mapping[str, Any]) -> Schema | None:
    """The schema that was kept, read once in a process; None where this version of the tool cannot use it any more."""
    return _schema(json.dumps(document))


@functools.lru_cache(maxsize=64)
def _schema(text: str) -> Schema | None:
    try:
        return load_schema(json.loads(text))
    except ExtractorError:
        return None


def doubted(schema: Schema | None, result: Mapping[str, Any], corrections: Sequence[Correction] = ()) -> dict[str, Any]:
    """What the queue is told of a record without reading it: the columns `doubts`, `to_check` and `risk`."""
    if schema is None:
        return {"doubts": {"other_problem": 1}, "to_check": 0, "risk": 1.0}
    return columns(look(schema, result, corrected(result["data"], corrections, schema), corrections))


def columns(looked: Look) -> dict[str, Any]:
    """The columns of a record that was looked at."""
    return {"doubts": dict(looked.doubts), "to_check": looked.left, "risk": looked.risk}
