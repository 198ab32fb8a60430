"""How many steps a validator takes: which subschemas a subschema applies to which parts of a value, counted beforehand.

Choices (`anyOf`, `oneOf`) of references to choices multiply: forty definitions, each a choice between twice the next,
are 3 KB of schema and 2 to the power of 40 steps. Validators cannot be stopped on the way, so the steps are counted
before one is taken. Each pair of a subschema and a part of the value is counted once and its count reused, which takes
time in proportion to the pairs and not to the steps.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Any, NamedTuple, TypeVar

from extractor.schemas.index import REFERENCES, SchemaIndex
from extractor.schemas.limits import MAX_STEPS, too_many_branches

_CHOICES = ("anyOf", "oneOf")
_MANY_ON_SAME_VALUE = (*_CHOICES, "allOf")
_ONE_ON_SAME_VALUE = ("not", "if", "then", "else")
_ON_PROPERTIES = ("additionalProperties", "unevaluatedProperties", "propertyNames")
_ON_ITEMS = ("items", "additionalItems", "unevaluatedItems", "contains")

_Node = TypeVar("_Node")


class StepCount(NamedTuple):
    """Steps of validating one value: all of them, and those that only repeat an earlier one."""

    all: int
    repeated: int


def refuse_multiplied_branches(document: dict[str, Any], index: SchemaIndex) -> None:
    """Raise SchemaError where the references and choices of a schema multiply into more than MAX_STEPS subschemas.

    A part that contains itself is counted once here: how often it is applied depends on the record (`StepCounter`).
    """

    def below(schema: Any) -> Iterable[Any]:
        return (inner for inner in _applied(schema, index) if id(inner) not in index.cyclic)

    counts: dict[Hashable, int] = {}
    for schema in _children_first(document, below, id):
        counts[id(schema)] = 1 + sum(counts[id(inner)] for inner in below(schema))
        if counts[id(schema)] > MAX_STEPS:
            raise too_many_branches()


class _Applied(NamedTuple):
    """What one subschema applies: to the value itself, to the properties and items of that place, and to all others."""

    to_value: tuple[Any, ...]
    to_properties: dict[str, Any]
    to_every_property: tuple[Any, ...]
    to_items: tuple[tuple[Any, ...], ...]
    to_every_item: tuple[Any, ...]


class StepCounter:
    """Counts the steps that validating a value against a schema takes.

    Where it depends on more than the keyword itself which parts it applies to, as with `unevaluatedProperties`, all
    parts are counted. Subschemas that apply no other, such as `{"type": "string"}`, multiply nothing and are left out.
    """

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        index = SchemaIndex(document)
        self._multiplies = bool(index.cyclic) or _has_choice_in_choice(document, index)
        self._applied: dict[int, _Applied] = {}
        for schema in _children_first(document, lambda schema: _applied(schema, index), id) if self._multiplies else ():
            if any(True for _ in _applied(schema, index)):
                self._applied[id(schema)] = _what_is_applied(schema, index)

    def count(self, value: Any) -> StepCount:
        """Return the steps of validating `value`; 0 where the schema has no choice inside a choice to multiply them."""
        if not self._multiplies:
            return StepCount(0, 0)
        counts: dict[tuple[int, int], int] = {}
        pairs: dict[tuple[int, int], list[tuple[Any, Any]]] = {}

        def below(pair: tuple[Any, Any]) -> list[tuple[Any, Any]]:
            key = _ids(pair)
            if key not in pairs:
                pairs[key] = [inner for inner in self._pairs_below(*pair) if id(inner[0]) in self._applied]
            return pairs[key]

        for pair in _children_first((self._document, value), below, _ids):
            # What is not counted yet is being counted: a subschema that refers to itself on the same value.
            counts[_ids(pair)] = 1 + sum(counts.get(_ids(inner), 1) for inner in below(pair))
        steps = counts[_ids((self._document, value))]
        return StepCount(steps, steps - len(counts))

    def _pairs_below(self, schema: Any, value: Any) -> Iterator[tuple[Any, Any]]:
        """Yield each subschema that a subschema applies, with the part of `value` that it applies it to."""
        applied = self._applied.get(id(schema))
        if applied is None:
            return
        for inner in applied.to_value:
            yield inner, value
        if isinstance(value, dict):
            for name, part in value.items():
                if name in applied.to_properties:
                    yield applied.to_properties[name], part
                for inner in applied.to_every_property:
                    yield inner, part
        elif isinstance(value, list):
            for items in applied.to_items:
                yield from zip(items, value, strict=False)
            for inner in applied.to_every_item:
                for part in value:
                    yield inner, part


def _ids(pair: tuple[Any, Any]) -> tuple[int, int]:
    return id(pair[0]), id(pair[1])


def _what_is_applied(schema: dict[str, Any], index: SchemaIndex) -> _Applied:
    properties = _map(schema, "properties")
    elsewhere = [*_map(schema, "patternProperties").values(), *(schema.get(keyword) for keyword in _ON_PROPERTIES)]
    return _Applied(
        tuple(_applied_to_same_value(schema, index)),
        properties,
        tuple(inner for inner in elsewhere if isinstance(inner, dict)),
        tuple(tuple(_list(schema, keyword)) for keyword in ("items", "prefixItems")),
        tuple(schema[keyword] for keyword in _ON_ITEMS if isinstance(schema.get(keyword), dict)),
    )


def _children_first(
    root: _Node, below: Callable[[_Node], Iterable[_Node]], key: Callable[[_Node], Hashable]
) -> Iterator[_Node]:
    """Yield every node that can be reached from `root` once, after those below it (depth first, without recursion)."""
    seen = {key(root)}
    stack = [(root, iter(below(root)))]
    while stack:
        node, rest = stack[-1]
        for inner in rest:
            if key(inner) not in seen:
                seen.add(key(inner))
                stack.append((inner, iter(below(inner))))
                break
        else:
            stack.pop()
            yield node


def _has_choice_in_choice(document: dict[str, Any], index: SchemaIndex) -> bool:
    branches = [
        branch
        for schema in _children_first(document, lambda schema: _applied(schema, index), id)
        for keyword in _CHOICES
        for branch in _list(schema, keyword)
    ]
    top = {"allOf": branches}
    below = _children_first(top, lambda schema: _applied(schema, index), id)
    return any(_list(schema, keyword) for schema in below for keyword in _CHOICES)


def _applied(schema: Any, index: SchemaIndex) -> Iterator[Any]:
    """Yield the subschemas that a subschema applies, to the same value or to parts of it."""
    if not isinstance(schema, dict):
        return
    applied = _what_is_applied(schema, index)
    yield from (*applied.to_value, *applied.to_properties.values(), *applied.to_every_property)
    yield from (*(inner for items in applied.to_items for inner in items), *applied.to_every_item)


def _applied_to_same_value(schema: dict[str, Any], index: SchemaIndex) -> Iterator[Any]:
    if any(keyword in schema for keyword in REFERENCES) and id(schema) in index.targets:
        yield index.targets[id(schema)]
    for keyword in _MANY_ON_SAME_VALUE:
        yield from _list(schema, keyword)
    yield from (schema[keyword] for keyword in _ONE_ON_SAME_VALUE if isinstance(schema.get(keyword), dict))
    for keyword in ("dependentSchemas", "dependencies"):
        yield from (inner for inner in _map(schema, keyword).values() if isinstance(inner, dict))


def _list(schema: Any, keyword: str) -> list[Any]:
    found = schema.get(keyword) if isinstance(schema, dict) else None
    return found if isinstance(found, list) else []


def _map(schema: dict[str, Any], keyword: str) -> dict[str, Any]:
    found = schema.get(keyword)
    return found if isinstance(found, dict) else {}
