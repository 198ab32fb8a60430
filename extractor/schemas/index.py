"""Every subschema of a document, looked at once: is it one, and where does its `$ref` lead."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Any

from extractor.errors import SchemaError
from extractor.schemas.annotations import check_annotations, check_values, short, unheld
from extractor.schemas.limits import MAX_DEPTH, MAX_NODES, too_deep, too_many_nodes

_DRAFTS = {
    "http://json-schema.org/draft-04/schema": "draft-04",
    "http://json-schema.org/draft-06/schema": "draft-06",
    "http://json-schema.org/draft-07/schema": "draft-07",
    "https://json-schema.org/draft/2019-09/schema": "2019-09",
    "https://json-schema.org/draft/2020-12/schema": "2020-12",
}
_NEWEST = "https://json-schema.org/draft/2020-12/schema"
_ONE_SCHEMA = (
    *("additionalItems", "additionalProperties", "contains", "contentSchema", "else", "if", "items", "not"),
    *("propertyNames", "then", "unevaluatedItems", "unevaluatedProperties"),
)
_MANY_SCHEMAS = ("allOf", "anyOf", "oneOf", "prefixItems", "items")
_NAMED_SCHEMAS = ("$defs", "definitions", "dependentSchemas", "dependencies", "patternProperties", "properties")
REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")


class Index:
    """Every subschema of a document, checked, with the target of each reference (by identity: the document stays)."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.draft = _draft(document)
        self.targets: dict[int, Any] = {}
        self.schemas: set[int] = set()
        self.unheld: set[str] = set()
        self._edges: dict[int, list[int]] = {}
        _check_size(document)
        self._check_metaschema(document)
        resource = self._specification().create_resource(document)
        try:
            from referencing import Registry

            # A bare registry has no way to retrieve anything: what is not in the document is not found.
            resolver = Registry().with_resource("", resource).resolver_with_root(resource)
        except Exception as error:
            raise SchemaError(f"The schema's identifiers cannot be read: {error}.", "Remove its `$id`s.") from None
        queue: list[tuple[Any, str, Any]] = [(document, "#", resolver)]
        while queue:
            schema, place, resolver = queue.pop()
            if isinstance(schema, dict) and id(schema) not in self.schemas:
                below = list(self._visit(schema, place, resolver))
                self._edges[id(schema)] = [id(inner) for inner, _, _ in below]
                queue += below
        self.cyclic = _cyclic(self._edges)

    def _specification(self) -> Any:
        import referencing.jsonschema as specifications

        return {
            "draft-04": specifications.DRAFT4,
            "draft-06": specifications.DRAFT6,
            "draft-07": specifications.DRAFT7,
            "2019-09": specifications.DRAFT201909,
            "2020-12": specifications.DRAFT202012,
        }[self.draft]

    def _check_metaschema(self, schema: Any, place: str = "#") -> None:
        error = _first_error(self.draft, schema)
        if error is not None:
            where = place + "".join(f"/{_escape(step)}" for step in error.absolute_path)
            raise SchemaError(
                f"The schema is wrong at {where}: {short(error.message)}.",
                f"See what `{error.absolute_path[-1] if error.absolute_path else '$schema'}` may be in {self.draft}.",
            )

    def _visit(self, schema: dict[str, Any], place: str, resolver: Any) -> Iterator[tuple[Any, str, Any]]:
        self.schemas.add(id(schema))
        if len(self.schemas) > MAX_NODES:
            raise too_many_nodes()
        if place != "#":
            resolver = self._inner(schema, place, resolver)
        check_annotations(schema, place)
        check_values(schema, place)
        self.unheld |= unheld(schema)
        for keyword in REFERENCES:
            if keyword in schema:
                yield self._follow(schema, keyword, place, resolver)
        for inner, where in _subschemas(schema, place):
            yield inner, where, resolver

    def _inner(self, schema: dict[str, Any], place: str, resolver: Any) -> Any:
        """The resolver inside a subschema: an `$id` of its own moves the base of the references under it."""
        if isinstance(schema.get("$schema"), str) and _draft(schema, place) != self.draft:
            raise SchemaError(f"{place} is of another draft than the rest of the schema.", "Use one draft throughout.")
        if "$id" not in schema and "id" not in schema:
            return resolver
        try:
            return resolver.in_subresource(self._specification().create_resource(schema))
        except Exception as error:
            raise SchemaError(f"The `$id` at {place} cannot be read: {error}.", "Remove it.") from None

    def _follow(self, schema: dict[str, Any], keyword: str, place: str, resolver: Any) -> tuple[Any, str, Any]:
        reference = schema[keyword]
        if not isinstance(reference, str):
            raise SchemaError(f"{place}/{keyword} is not text.", 'A reference is text such as "#/$defs/address".')
        try:
            found = resolver.lookup(reference)
        except Exception as error:
            if reference.startswith("#"):
                raise SchemaError(
                    f"{place}/{keyword}: {short(reference)!r} points nowhere in the schema.",
                    "Correct the name, or add it under `$defs`.",
                ) from error
            raise SchemaError(
                f"{place}/{keyword}: {short(reference)!r} lies outside the schema, and nothing is ever fetched.",
                'Copy what it stands for under `$defs` and write "#/$defs/NAME".',
            ) from error
        target = found.contents
        if not isinstance(target, dict | bool):
            raise SchemaError(
                f"{place}/{keyword}: {short(reference)!r} does not point at a schema.", "Point it at a subschema."
            )
        if id(schema) not in self.targets:
            self.targets[id(schema)] = target
        # Targets under unknown keywords were not seen by the metaschema.
        if isinstance(target, dict) and id(target) not in self.schemas:
            self._check_metaschema(target, f"{place} -> {short(reference)}")
        return target, short(reference), found.resolver


def _draft(schema: dict[str, Any], place: str = "#") -> str:
    name = schema.get("$schema", _NEWEST)
    if not isinstance(name, str):
        raise SchemaError(f"{place}/$schema is not text.", f'Write "$schema": "{_NEWEST}".')
    draft = _DRAFTS.get(name.rstrip("#"))
    if draft is None:
        raise SchemaError(
            f"{place}/$schema names {short(name)!r}, which is not known here, and nothing is ever fetched.",
            f"Known are: {', '.join(_DRAFTS)}.",
        )
    return draft


def _subschemas(schema: dict[str, Any], place: str) -> Iterator[tuple[Any, str]]:
    """What stands directly inside a subschema, with its JSON pointer; references are not followed."""
    for keyword in _ONE_SCHEMA:
        if isinstance(schema.get(keyword), dict):
            yield schema[keyword], f"{place}/{keyword}"
    for keyword in _MANY_SCHEMAS:
        if isinstance(schema.get(keyword), list):
            for position, branch in enumerate(schema[keyword]):
                yield branch, f"{place}/{keyword}/{position}"
    for keyword in _NAMED_SCHEMAS:
        if isinstance(schema.get(keyword), dict):
            for name, branch in schema[keyword].items():
                yield branch, f"{place}/{keyword}/{_escape(name)}"


def _check_size(document: dict[str, Any]) -> None:
    """Refuses what is too deep or has too many subschemas before anything slower looks at it."""
    level: list[Any] = [document]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            break
    else:
        raise too_deep()
    count, queue = 0, [document]
    while queue:
        count += 1
        if count > MAX_NODES:
            raise too_many_nodes()
        queue += [inner for inner, _ in _subschemas(queue.pop(), "") if isinstance(inner, dict)]


def _cyclic(edges: Mapping[int, list[int]]) -> frozenset[int]:
    """The subschemas that may contain themselves: what is left when those without a way in or out are peeled off."""
    nodes = set(edges)
    for forward in (True, False):
        after: dict[int, list[int]] = {node: [] for node in nodes}
        waiting = dict.fromkeys(nodes, 0)
        for node in nodes:
            for inner in edges[node]:
                if inner in nodes:
                    start, end = (node, inner) if forward else (inner, node)
                    after[start].append(end)
                    waiting[end] += 1
        free = [node for node in nodes if not waiting[node]]
        while free:
            node = free.pop()
            nodes.discard(node)
            for end in after[node]:
                waiting[end] -= 1
                if not waiting[end]:
                    free.append(end)
    return frozenset(nodes)


@functools.cache
def _metaschema_validator(draft: str) -> Any:
    import jsonschema

    cls = {
        "draft-04": jsonschema.Draft4Validator,
        "draft-06": jsonschema.Draft6Validator,
        "draft-07": jsonschema.Draft7Validator,
        "2019-09": jsonschema.Draft201909Validator,
        "2020-12": jsonschema.Draft202012Validator,
    }[draft]
    return cls(cls.META_SCHEMA)


def _first_error(draft: str, schema: Any) -> Any:
    return next(_metaschema_validator(draft).iter_errors(schema), None)


def _escape(step: Any) -> str:
    return str(step).replace("~", "~0").replace("/", "~1")
