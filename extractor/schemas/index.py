"""Every subschema of a document, checked once: whether it is valid, and where its `$ref` leads."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Any

from extractor.errors import SchemaError
from extractor.schemas.annotations import (
    check_annotations,
    check_patterns_and_enum,
    shorten,
    unenforced_keywords,
)
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


class SchemaIndex:
    """Every subschema of a document, checked, with the target of each reference.

    Subschemas are known by `id()`, so the document must live as long as the index. `targets` maps a subschema to what
    its reference points at, `cyclic` are those that may contain themselves, `unenforced` the keywords that constrained
    decoding cannot enforce.
    """

    def __init__(self, document: dict[str, Any]) -> None:
        self.draft = _draft(document)
        self.targets: dict[int, Any] = {}
        self.schemas: set[int] = set()
        self.unenforced: set[str] = set()
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
            schema, pointer, resolver = queue.pop()
            if isinstance(schema, dict) and id(schema) not in self.schemas:
                below = list(self._visit(schema, pointer, resolver))
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

    def _check_metaschema(self, schema: Any, pointer: str = "#") -> None:
        error = _first_error(self.draft, schema)
        if error is not None:
            where = pointer + "".join(f"/{_escape(step)}" for step in error.absolute_path)
            raise SchemaError(
                f"The schema is wrong at {where}: {shorten(error.message)}.",
                f"See what `{error.absolute_path[-1] if error.absolute_path else '$schema'}` may be in {self.draft}.",
            )

    def _visit(self, schema: dict[str, Any], pointer: str, resolver: Any) -> Iterator[tuple[Any, str, Any]]:
        """Check one subschema; yield those inside it and the target of its reference, with pointers and resolvers."""
        self.schemas.add(id(schema))
        if len(self.schemas) > MAX_NODES:
            raise too_many_nodes()
        if pointer != "#":
            resolver = self._resolver_inside(schema, pointer, resolver)
        check_annotations(schema, pointer)
        check_patterns_and_enum(schema, pointer)
        self.unenforced |= unenforced_keywords(schema)
        for keyword in REFERENCES:
            if keyword in schema:
                yield self._follow(schema, keyword, pointer, resolver)
        for inner, where in _subschemas(schema, pointer):
            yield inner, where, resolver

    def _resolver_inside(self, schema: dict[str, Any], pointer: str, resolver: Any) -> Any:
        """Return the resolver inside a subschema: an `$id` of its own moves the base of the references under it."""
        if isinstance(schema.get("$schema"), str) and _draft(schema, pointer) != self.draft:
            raise SchemaError(f"{pointer} names another draft than the schema does.", "Use one draft throughout.")
        if "$id" not in schema and "id" not in schema:
            return resolver
        try:
            return resolver.in_subresource(self._specification().create_resource(schema))
        except Exception as error:
            raise SchemaError(f"The `$id` at {pointer} cannot be read: {error}.", "Remove it.") from None

    def _follow(self, schema: dict[str, Any], keyword: str, pointer: str, resolver: Any) -> tuple[Any, str, Any]:
        """Return the target of a reference, its name, and its resolver. Raises SchemaError where there is none."""
        reference = schema[keyword]
        if not isinstance(reference, str):
            raise SchemaError(f"{pointer}/{keyword} is not text.", 'A reference is text such as "#/$defs/address".')
        try:
            found = resolver.lookup(reference)
        except Exception as error:
            if reference.startswith("#"):
                raise SchemaError(
                    f"{pointer}/{keyword}: {shorten(reference)!r} points nowhere in the schema.",
                    "Correct the name, or add it under `$defs`.",
                ) from error
            raise SchemaError(
                f"{pointer}/{keyword}: {shorten(reference)!r} lies outside the schema, and nothing is ever fetched.",
                'Copy what it stands for under `$defs` and write "#/$defs/NAME".',
            ) from error
        target = found.contents
        if not isinstance(target, dict | bool):
            raise SchemaError(
                f"{pointer}/{keyword}: {shorten(reference)!r} does not point at a schema.", "Point it at a subschema."
            )
        if id(schema) not in self.targets:
            self.targets[id(schema)] = target
        # The metaschema does not look under unknown keywords, where a target may stand.
        if isinstance(target, dict) and id(target) not in self.schemas:
            self._check_metaschema(target, f"{pointer} -> {shorten(reference)}")
        return target, shorten(reference), found.resolver


def _draft(schema: dict[str, Any], pointer: str = "#") -> str:
    """Return the draft that `$schema` names, the newest without one. Raises SchemaError for an unknown one."""
    name = schema.get("$schema", _NEWEST)
    if not isinstance(name, str):
        raise SchemaError(f"{pointer}/$schema is not text.", f'Write "$schema": "{_NEWEST}".')
    draft = _DRAFTS.get(name.rstrip("#"))
    if draft is None:
        raise SchemaError(
            f"{pointer}/$schema names {shorten(name)!r}, which is not known here, and nothing is ever fetched.",
            f"Known are: {', '.join(_DRAFTS)}.",
        )
    return draft


def _subschemas(schema: dict[str, Any], pointer: str) -> Iterator[tuple[Any, str]]:
    """Yield the subschemas directly inside one, each with its JSON pointer; references are not followed."""
    for keyword in _ONE_SCHEMA:
        if isinstance(schema.get(keyword), dict):
            yield schema[keyword], f"{pointer}/{keyword}"
    for keyword in _MANY_SCHEMAS:
        if isinstance(schema.get(keyword), list):
            for position, branch in enumerate(schema[keyword]):
                yield branch, f"{pointer}/{keyword}/{position}"
    for keyword in _NAMED_SCHEMAS:
        if isinstance(schema.get(keyword), dict):
            for name, branch in schema[keyword].items():
                yield branch, f"{pointer}/{keyword}/{_escape(name)}"


def _check_size(document: dict[str, Any]) -> None:
    """Raise SchemaError for a document that is too deep or has too many subschemas, before anything slower reads it."""
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
    """Return the subschemas that may contain themselves: those left when the ones without a way in or out are removed.

    Kahn's algorithm (A. B. Kahn, Topological Sorting of Large Networks, 1962), along the edges and against them.
    """
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
