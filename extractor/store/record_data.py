"""The nested data of a record: values at paths, its fields in order, and when two values are the same."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from extractor.errors import InputError
from extractor.schemas import Schema
from extractor.types import Field, Path, path_text


def value_at(data: Any, path: Path) -> Any:
    """Return the value at a path of a record, None where there is nothing."""
    for step in path:
        if isinstance(data, Mapping):
            data = data.get(step)
        elif isinstance(data, list) and isinstance(step, int) and 0 <= step < len(data):
            data = data[step]
        else:
            return None
    return data


def replace_value(data: Any, path: Path, new: Any) -> tuple[Any, Any]:
    """Return the record with `new` at `path`, and the value that was there; missing objects on the way are made.

    Objects and lists on the way are copied, the rest is shared with `data`, which stays as it is. One past the end of a
    list adds an element. Raises InputError where the path does not fit the record.
    """
    return _replace_value(data, path, new, path)


def _replace_value(here: Any, rest: Path, new: Any, path: Path) -> tuple[Any, Any]:
    if not rest:
        return new, here
    step, inner = rest[0], rest[1:]
    if isinstance(here, list) and isinstance(step, int) and 0 <= step <= len(here):
        below = here[step] if step < len(here) else None
    elif isinstance(here, dict) and isinstance(step, str):
        below = here.get(step)
    else:
        raise InputError(f"The record has no place {path_text(path)}.", "Give the path of a field, or of its list.")
    if below is None and inner:
        below = [] if isinstance(inner[0], int) else {}
    changed, old = _replace_value(below, inner, new, path)
    if isinstance(here, dict):
        return {**here, step: changed}, old
    return [*here[:step], changed, *here[step + 1 :]], old


def walk_fields(schema: Schema, data: Any) -> Iterator[tuple[Path, Field]]:
    """Yield every field of the record with its path, in the order of the schema; first a list, then its items."""
    for field in schema.fields:
        yield field.path, field
        if field.type == "array":
            for n in range(len(as_list(value_at(data, field.path)))):
                for item in field.items:
                    yield (*field.path, n, *item.path), item


def is_leaf(schema: Schema, path: Path) -> bool:
    """Decide whether a path is that of a single value: a field, or an item of a list's element, not a list of rows."""
    field = schema.field(path)
    return field is not None and (field.type != "array" or any(isinstance(step, int) for step in path))


def as_list(value: Any) -> list[Any]:
    """Return the value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def searchable_text(data: Any) -> str:
    """Return the values of a record in small letters, a line each, for a search to look in."""
    lines: list[str] = []
    stack = [data]
    while stack:
        value = stack.pop()
        if isinstance(value, Mapping):
            stack.extend(value.values())
        elif isinstance(value, list):
            stack.extend(value)
        elif value is not None and not isinstance(value, bool):
            lines.append((value if isinstance(value, str) else json.dumps(value)).casefold())
    text = "\n".join(dict.fromkeys(reversed(lines)))
    return text.replace("\0", "").encode("utf-8", "ignore").decode()  # no database holds half a surrogate pair


def is_empty(value: Any) -> bool:
    """Decide whether a value is null, an empty list, or an object of nothing else."""
    return value is None or value == [] or (isinstance(value, dict) and all(map(is_empty, value.values())))


def equal_json(one: Any, other: Any) -> bool:
    """Decide whether two values are the same in JSON, where true is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict | list) and isinstance(other, dict | list):
        if repr(one) == repr(other):  # the usual case, and quick
            return True
        return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    return one == other


def align_elements(before: Sequence[Any], after: Sequence[Any]) -> list[int | None]:
    """Return for each element of a changed list the position of the same element before, None for a new one."""
    old, new = ([json.dumps(each, sort_keys=True) for each in elements] for elements in (before, after))
    positions: list[int | None] = [None] * len(new)
    for block in difflib.SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks():
        for n in range(block.size):
            positions[block.b + n] = block.a + n
    return positions
