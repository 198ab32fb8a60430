"""Where each value of a corrected record comes from: what the machine extracted, and the correction that replaced it.

A correction of a list, an element or an object moves rows about; what was known of the values in them moves along.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from extractor.schemas import Schema
from extractor.store.models import Correction
from extractor.store.record_data import align_elements, as_list, equal_json, is_leaf, value_at
from extractor.types import Field, Path


@dataclass(frozen=True, slots=True)
class ValueOrigin:
    """The machine's entry for a field (as in the result's `values`), and the correction that settled the field."""

    extracted: Mapping[str, Any] | None = None
    correction: Correction | None = None


Origins = dict[Path, ValueOrigin]


def active_corrections(corrections: Sequence[Correction]) -> list[Correction]:
    """Return the corrections that were not undone, oldest first, without those that only undo others."""
    undone: set[int] = set()
    for correction in reversed(corrections):
        if correction.undoes is not None and correction.revision not in undone:
            undone.add(correction.undoes)
    return [c for c in corrections if c.undoes is None and c.revision not in undone]


def trace_origins(schema: Schema, result: Mapping[str, Any], corrections: Sequence[Correction]) -> Origins:
    """Return the origin of every value of an extraction (as JSON data) after all of its corrections."""
    origins = {tuple(value["path"]): ValueOrigin(value) for value in result["values"]}
    for correction in active_corrections(corrections):
        origins = apply_to_origins(schema, origins, correction)
    return origins


def apply_to_origins(schema: Schema, origins: Origins, correction: Correction) -> Origins:
    """Return the origins after one more correction; `origins` may be changed in place."""
    path = correction.path
    if is_leaf(schema, path) or correction.how == "accepted":
        origins[path] = ValueOrigin(origins.get(path, ValueOrigin()).extracted, correction)
        return origins
    return _apply_to_container(schema, origins, correction)


def _apply_to_container(schema: Schema, origins: Mapping[Path, ValueOrigin], correction: Correction) -> Origins:
    """Return the origins after a list, an element or an object was replaced.

    What an element held before goes along with it: rows that stay keep their evidence, wherever they are now.
    """
    path, size = correction.path, len(correction.path)
    kept = {place: origin for place, origin in origins.items() if place[:size] != path}
    for field in schema.fields:
        if field.type == "array" and (field.path[:size] == path or path[: len(field.path)] == field.path):
            kept |= _row_origins(field, origins, correction)
        elif field.type != "array" and field.path[:size] == path:
            rest = field.path[size:]
            origin = origins.get(field.path, ValueOrigin())
            is_same = equal_json(value_at(correction.old, rest), value_at(correction.new, rest))
            kept[field.path] = origin if is_same else ValueOrigin(origin.extracted, correction)
    return kept


def _row_origins(field: Field, origins: Mapping[Path, ValueOrigin], correction: Correction) -> Origins:
    """Return the origins of a list field and of the items of its rows, after the list or one row was replaced."""
    path, size = correction.path, len(field.path)
    kept: Origins = {}
    if len(path) > size:  # one element
        at = path[size]
        kept |= {place: origin for place, origin in origins.items() if place[: size + 1] == path[: size + 1]}
        inner = path[size + 1 :]
        pairs = [(at, at, _nest(inner, correction.old), _nest(inner, correction.new))]
    else:
        rest = field.path[len(path) :]
        before, after = (as_list(value_at(value, rest)) for value in (correction.old, correction.new))
        positions = (correction.evidence or {}).get("rows") if path == field.path else None
        if positions is None or len(positions) != len(after):
            positions = align_elements(before, after)
        olds = [None if was is None else before[was] for was in positions]
        pairs = [(was, now, old, new) for now, (was, old, new) in enumerate(zip(positions, olds, after, strict=True))]
        origin = origins.get(field.path, ValueOrigin())
        is_same = equal_json(before, after) and path != field.path
        kept[field.path] = origin if is_same else ValueOrigin(origin.extracted, correction)
    for was, now, old, new in pairs:
        is_same_row = was is not None and equal_json(old, new)
        for item in field.items:
            if len(path) > size and item.path[: len(path) - size - 1] != path[size + 1 :]:
                continue
            origin = ValueOrigin() if was is None else origins.get((*field.path, was, *item.path), ValueOrigin())
            is_same = is_same_row or (
                was is not None and equal_json(value_at(old, item.path), value_at(new, item.path))
            )
            kept[(*field.path, now, *item.path)] = origin if is_same else ValueOrigin(origin.extracted, correction)
    return kept


def _nest(path: Path, value: Any) -> Any:
    """Return the value within objects, so that it is at that path."""
    for step in reversed(path):
        value = {step: value}
    return value
