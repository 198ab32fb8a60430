"""The nested record, built from values and checked; what breaks the schema is taken out of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from extractor import validation
from extractor.problems import ProblemKind
from extractor.schemas import Schema
from extractor.types import Document, FieldValue, Path, Problem

MAX_ROUNDS = 3
"""Taking a value out may break another rule of the schema; after so many rounds the record is taken as it is."""


@dataclass(frozen=True, slots=True)
class Assembly:
    """The record, and the values that it was built from with all their problems.

    `own_problems` are those that each value came with, before the record was checked; `problems` belong to no value.
    """

    data: Any
    values: tuple[FieldValue, ...]
    own_problems: tuple[tuple[Problem, ...], ...]
    problems: tuple[Problem, ...]


def assemble_record(
    document: Document, schema: Schema, values: Sequence[FieldValue], problems: Sequence[Problem]
) -> Assembly:
    """Return the record, with the values in schema order.

    A value that breaks the schema is left out of the record but stays among the values. Elements of lists without any
    value are moved to the end and left out, which changes the paths of values and problems.
    """
    order = {f.path: i for i, f in enumerate(schema.fields)}

    def sort_key(v: FieldValue) -> tuple[int, tuple[str, ...]]:
        top = v.path
        while top and top not in order:
            top = top[:-1]
        return order.get(top, len(order)), tuple(f"{s:08d}" if isinstance(s, int) else "" for s in v.path)

    values = sorted(values, key=sort_key)
    problems = list(problems)
    content = {v.path: None if _has_problem(v, ProblemKind.KEPT_AS_TEXT) else v.value for v in values}
    found: list[Problem] = []
    for _ in range(MAX_ROUNDS):
        content, moves = _compact_lists(schema, content)
        values = [replace(v, path=_move(v.path, moves)) for v in values]
        problems = [replace(p, path=_move(p.path, moves)) for p in problems]
        data = _build_record(schema, content)
        grounded = [
            v for v in values if content.get(v.path) is not None and not _has_problem(v, ProblemKind.NO_EVIDENCE)
        ]
        found = validation.find_problems(schema, data, grounded, document)
        breaking = (ProblemKind.SCHEMA, ProblemKind.FORMAT)
        violations = [p for p in found if p.kind in breaking and content.get(p.path) is not None]
        if not violations:
            break
        problems += violations
        content |= {p.path: None for p in violations}
    problems += found
    problems_by_path: dict[Path, list[Problem]] = {}
    for p in problems:
        problems_by_path.setdefault(p.path, []).append(p)
    values = sorted(values, key=sort_key)
    checked = [
        replace(v, problems=tuple(dict.fromkeys((*v.problems, *problems_by_path.pop(v.path, ()))))) for v in values
    ]
    others = tuple(p for group in problems_by_path.values() for p in group)
    return Assembly(data, tuple(checked), tuple(v.problems for v in values), others)


def _has_problem(value: FieldValue, kind: ProblemKind) -> bool:
    return any(p.kind == kind for p in value.problems)


def _compact_lists(schema: Schema, content: Mapping[Path, Any]) -> tuple[dict[Path, Any], dict[Path, Path]]:
    """Return the content without list elements that have no value, and the new paths of elements that move.

    Elements without a value get the last places of their list.
    """
    moves: dict[Path, Path] = {}
    dropped: set[Path] = set()
    for array in (f for f in schema.fields if f.type == "array"):
        depth = len(array.path)
        has_value: dict[Path, bool] = {}
        for path, value in content.items():
            if len(path) > depth and path[:depth] == array.path:
                f = schema.field(path) if len(path) == depth + 1 else None
                counts = value is not None or (f is not None and f.nullable)
                element = path[: depth + 1]
                has_value[element] = counts or has_value.get(element, False)
        order = sorted(has_value, key=lambda element: (not has_value[element], element[-1]))
        moves |= {element: (*array.path, n) for n, element in enumerate(order) if element[-1] != n}
        dropped |= {element for element in has_value if not has_value[element]}
    kept = {path: value for path, value in content.items() if not any(path[: len(e)] == e for e in dropped)}
    return {_move(path, moves): value for path, value in kept.items()}, moves


def _move(path: Path, moves: Mapping[Path, Path]) -> Path:
    """Return the path after the longest of its beginnings in `moves` has moved."""
    return next((moves[path[:n]] + path[n:] for n in range(len(path), 0, -1) if path[:n] in moves), path)


def _build_record(schema: Schema, content: Mapping[Path, Any]) -> dict[str, Any]:
    """Return the nested record.

    A missing value is null where the field is nullable, and left out elsewhere; required objects and lists are present
    even if they are empty.
    """
    data: dict[str, Any] = {}
    for path, value in content.items():
        f = schema.field(path)
        if value is not None or f is None or f.nullable:
            _put(data, path, value)
    containers = [(p.path, p.required, p.nullable, {}) for p in schema.objects if "*" not in p.path]
    containers += [(f.path, f.required, f.nullable, []) for f in schema.fields if f.type == "array"]
    for path, required, nullable, empty in containers:
        parent: Any = data
        for step in path[:-1]:
            parent = parent.get(step) if isinstance(parent, dict) else None
        if path and required and isinstance(parent, dict) and path[-1] not in parent:
            parent[path[-1]] = None if nullable else empty
    return data


def _put(data: Any, path: Path, value: Any) -> None:
    """Set the value at a path of the record, making the objects and lists that lead to it."""
    container = data
    for step, following in pairwise(path):
        empty: Any = [] if isinstance(following, int) else {}
        if isinstance(container, list):
            while len(container) <= step:
                container.append(None)
            if container[step] is None:
                container[step] = empty
        elif container.get(step) is None:
            container[step] = empty
        container = container[step]
    if isinstance(container, list):
        while len(container) <= path[-1]:
            container.append(None)
    container[path[-1]] = value
