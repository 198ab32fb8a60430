"""One subschema at a time, with its references and `allOf` written out, and without its null branch."""

from __future__ import annotations

from typing import Any, NamedTuple

from extractor.schemas.index import REFERENCES, SchemaIndex
from extractor.schemas.limits import MAX_TRAIL, StepBudget, too_deep
from extractor.schemas.subschemas import allowed_types, constant_values, type_set

IDENTIFIERS = frozenset(
    {"$schema", "$id", "id", "$anchor", "$dynamicAnchor", "$recursiveAnchor", "$vocabulary", "$defs", "definitions"}
)
_DESCRIPTIONS = frozenset(
    {"title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly", "$comment"}
)
_OUTER_WINS = _DESCRIPTIONS | {"x-labels", "x-unit", "x-source"}
_LARGER_WINS = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"})
_SMALLER_WINS = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"})
_REFERENCE_STANDS_ALONE = frozenset({"draft-04", "draft-06", "draft-07"})
"""Drafts in which a `$ref` makes the keywords beside it void."""


class RecursiveSchema(Exception):
    """Raised for a subschema that contains itself: it has no end as a list of fields."""


class FlatSchema(NamedTuple):
    """A subschema with its references and `allOf` written out; `trail` holds the ids of the subschemas in it."""

    keywords: dict[str, Any]
    trail: frozenset[int]


class Flattener:
    """Flattens the subschemas of one document."""

    def __init__(self, index: SchemaIndex, budget: StepBudget) -> None:
        self.index = index
        self.unenforced: set[str] = set()
        """`allOf`, where its branches could not be joined into one subschema."""
        self._budget = budget

    def flatten(self, schema: Any, trail: frozenset[int] = frozenset()) -> FlatSchema:
        """Return `schema` with its references and `allOf` written out, on the way that `trail` went.

        Raises RecursiveSchema where it contains itself, SchemaError where references run too deep.
        """
        self._budget.spend()
        if not isinstance(schema, dict):
            return FlatSchema({"not": {}} if schema is False else {}, trail)
        if len(trail) > MAX_TRAIL:
            raise too_deep()
        trail = trail | {id(schema)}
        reference = next((keyword for keyword in REFERENCES if keyword in schema), None)
        flat = {key: value for key, value in schema.items() if key not in REFERENCES and key not in IDENTIFIERS}
        if reference and id(schema) in self.index.targets:
            if self.index.draft in _REFERENCE_STANDS_ALONE and reference == "$ref":
                # What only describes is kept all the same: schemas of these drafts have titles beside references.
                flat = {key: value for key, value in flat.items() if key in _DESCRIPTIONS or key.startswith("x-")}
            target = self.index.targets[id(schema)]
            if id(target) in trail and id(target) in self.index.cyclic:
                raise RecursiveSchema
            inner, trail = self.flatten(target, trail)
            flat = self._join(flat, inner)
        trail_of_branches = trail
        for branch in flat.pop("allOf", ()):
            inner, trail_of_branch = self.flatten(branch, trail_of_branches)
            trail |= trail_of_branch
            flat = self._join(flat, inner)
        return FlatSchema(flat, trail)

    def _join(self, outer: dict[str, Any], inner: dict[str, Any]) -> dict[str, Any]:
        """Return one subschema that asks for both, as `allOf` means it; descriptions are those of `outer`."""
        joined = dict(outer)
        for key, value in inner.items():
            self._budget.spend()
            if key not in joined:
                joined[key] = value
            elif joined[key] == value or key in _OUTER_WINS:
                continue
            elif key == "x-checks":
                joined[key] = [*joined[key], *value]
            elif key == "required":
                joined[key] = list(dict.fromkeys([*joined[key], *value]))
            elif key in ("properties", "patternProperties"):
                both = dict(joined[key])
                for name, subschema in value.items():
                    both[name] = {"allOf": [both[name], subschema]} if name in both else subschema
                joined[key] = both
            elif key == "type":
                joined[key] = sorted(type_set(joined[key]) & type_set(value)) or joined[key]
            elif key == "enum":
                joined[key] = [item for item in joined[key] if item in value] or joined[key]
            elif key in _LARGER_WINS and not isinstance(value, bool):
                joined[key] = max(joined[key], value)
            elif key in _SMALLER_WINS and not isinstance(value, bool):
                joined[key] = min(joined[key], value)
            else:
                # No single keyword says both; the finished record is validated against the schema as written.
                self.unenforced.add("allOf")
        return joined

    def split_null(self, flat: FlatSchema) -> tuple[FlatSchema, bool, list[FlatSchema]]:
        """Return the subschema without its null branch, whether null is allowed, and its other branches.

        The branches are those of `anyOf` and `oneOf`, flattened; a single one beside null is joined into the subschema.
        """
        keywords, trail = flat
        types, values = type_set(keywords.get("type")), constant_values(keywords)
        is_refused = ("type" in keywords and "null" not in types) or (values is not None and None not in values)
        is_nullable = "null" in types or (values is not None and None in values)
        branches: list[FlatSchema] = []
        for keyword in ("anyOf", "oneOf"):
            if keyword not in keywords:
                continue
            others = []
            for branch in keywords[keyword]:
                inner = self.flatten(branch, trail)
                inner_types = allowed_types(inner.keywords)
                is_nullable = is_nullable or "null" in inner_types
                if inner_types != {"null"}:
                    others.append(inner)
            if len(others) == 1 and len(keywords[keyword]) > 1:
                keywords = {key: value for key, value in keywords.items() if key != keyword}
                only, only_is_nullable, deeper = self.split_null(others[0])
                is_nullable = is_nullable or only_is_nullable
                keywords = self._join(keywords, only.keywords)
                branches += deeper
            else:
                branches += others
        return FlatSchema(keywords, trail), is_nullable and not is_refused, branches

    def add_branch_properties(self, flat: FlatSchema, branches: list[FlatSchema]) -> FlatSchema:
        """Return the object with the properties that only some of its branches name; those are never required."""
        keywords, trail = flat
        own = keywords.get("properties", {})
        conditional = [keywords[key] for key in ("then", "else") if isinstance(keywords.get(key), dict)]
        dependent = keywords.get("dependentSchemas", keywords.get("dependencies", {}))
        conditional += [value for value in dependent.values() if isinstance(value, dict)]
        inners = [branch.keywords for branch in branches]
        for schema in conditional:
            try:
                inners.append(self.flatten(schema, trail).keywords)
            except RecursiveSchema:
                continue
        added: dict[str, Any] = {}
        for inner in inners:
            for name, subschema in inner.get("properties", {}).items():
                self._budget.spend()
                if name in own or not isinstance(subschema, dict):
                    continue
                if name in added and added[name] != subschema:
                    known = added[name].get("anyOf") if set(added[name]) == {"anyOf"} else [added[name]]
                    added[name] = {"anyOf": [*known, subschema]}
                else:
                    added[name] = subschema
        return FlatSchema({**keywords, "properties": {**own, **added}}, trail) if added else flat
