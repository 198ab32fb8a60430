"""A record unfolded: references and `allOf` written out, down to the fields that are asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from extractor.errors import SchemaError
from extractor.schemas.annotations import checks
from extractor.schemas.index import REFERENCES, Index
from extractor.schemas.limits import MAX_FIELDS, MAX_STEPS, MAX_TRAIL, too_deep, too_many
from extractor.schemas.schema import Check, SchemaObject
from extractor.types import Field, Path

_OLD = frozenset({"draft-04", "draft-06", "draft-07"})
_IDENTIFIERS = frozenset(
    {"$schema", "$id", "id", "$anchor", "$dynamicAnchor", "$recursiveAnchor", "$vocabulary", "$defs", "definitions"}
)
_ANNOTATIONS = frozenset(
    {"title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly", "$comment"}
)
_SCALARS = ("string", "integer", "number", "boolean")
_TYPED_KEYWORDS = {
    "object": ("properties", "patternProperties", "required"),
    "array": ("items", "prefixItems", "minItems", "maxItems", "uniqueItems", "contains"),
    "string": ("pattern", "minLength", "maxLength", "format"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
}
_LARGER_WINS = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"})
_SMALLER_WINS = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"})


class _Recursive(Exception):
    """A subschema that contains itself: it has no end as a list of fields."""


class Tree:
    """The fields, parts and checks of a record, in the order the schema writes them."""

    def __init__(self, index: Index, document: dict[str, Any]) -> None:
        self.index = index
        self.parts: list[SchemaObject] = []
        self.checks: list[Check] = []
        self.unheld: set[str] = set()
        self._steps = 0
        self._count = 0
        try:
            root, trail = self._flat(document, frozenset())
            root, _, branches = self._without_null(root, trail)
        except _Recursive:
            raise SchemaError("The schema's top level only refers to itself.", "Name its `properties`.") from None
        types = _types(root)
        if types and "object" not in types:
            raise SchemaError(
                f"The schema's top level is of type {', '.join(sorted(types))}, and a record is an object.",
                'Wrap it: {"type": "object", "properties": {"items": ...}}.',
            )
        root = self._with_branch_properties(root, branches, trail)
        if not root.get("properties"):
            raise SchemaError(
                "The schema lists no properties at its top level, so there is nothing to look for.",
                'Name what you want: {"type": "object", "properties": {"total": {"type": "number"}}}.',
            )
        self.fields = self._properties(root, (), (), (), trail)

    def _step(self, size: int = 1) -> None:
        self._steps += size
        if self._steps > MAX_STEPS:
            raise too_many()

    # One subschema with its references and `allOf` written out.

    def _flat(self, schema: Any, trail: frozenset[int]) -> tuple[dict[str, Any], frozenset[int]]:
        self._step()
        if not isinstance(schema, dict):
            return ({"not": {}} if schema is False else {}), trail
        if len(trail) > MAX_TRAIL:
            raise too_deep()
        trail = trail | {id(schema)}
        reference = next((keyword for keyword in REFERENCES if keyword in schema), None)
        flat = {key: value for key, value in schema.items() if key not in REFERENCES and key not in _IDENTIFIERS}
        if reference and id(schema) in self.index.targets:
            if self.index.draft in _OLD and reference == "$ref":
                # Up to draft-07 a reference silences its neighbours; what only describes is kept all the same.
                flat = {key: value for key, value in flat.items() if key in _ANNOTATIONS or key.startswith("x-")}
            target = self.index.targets[id(schema)]
            if id(target) in trail and id(target) in self.index.cyclic:
                raise _Recursive
            inner, trail = self._flat(target, trail)
            flat = self._merge(flat, inner)
        above = trail
        for branch in flat.pop("allOf", ()):
            inner, below = self._flat(branch, above)
            trail |= below
            flat = self._merge(flat, inner)
        return flat, trail

    def _merge(self, outer: dict[str, Any], inner: dict[str, Any]) -> dict[str, Any]:
        """Both at once, as `allOf` means it; for what only describes, the outer one speaks."""
        merged = dict(outer)
        for key, value in inner.items():
            self._step()
            if key not in merged:
                merged[key] = value
            elif merged[key] == value or key in _ANNOTATIONS or key in ("x-labels", "x-unit", "x-source"):
                continue
            elif key == "x-checks":
                merged[key] = [*merged[key], *value]
            elif key == "required":
                merged[key] = list(dict.fromkeys([*merged[key], *value]))
            elif key in ("properties", "patternProperties"):
                both = dict(merged[key])
                for name, subschema in value.items():
                    both[name] = {"allOf": [both[name], subschema]} if name in both else subschema
                merged[key] = both
            elif key == "type":
                merged[key] = sorted(_type_set(merged[key]) & _type_set(value)) or merged[key]
            elif key == "enum":
                merged[key] = [item for item in merged[key] if item in value] or merged[key]
            elif key in _LARGER_WINS and not isinstance(value, bool):
                merged[key] = max(merged[key], value)
            elif key in _SMALLER_WINS and not isinstance(value, bool):
                merged[key] = min(merged[key], value)
            else:
                # The two cannot be said as one keyword; the finished record is checked for both.
                self.unheld.add("allOf")
        return merged

    def _without_null(
        self, flat: dict[str, Any], trail: frozenset[int]
    ) -> tuple[dict[str, Any], bool, list[tuple[dict[str, Any], frozenset[int]]]]:
        """The subschema without its null branch, whether null is allowed, and the other branches of anyOf or oneOf."""
        values = flat["enum"] if "enum" in flat else [flat["const"]] if "const" in flat else None
        refused = ("type" in flat and "null" not in _type_set(flat["type"])) or (
            values is not None and None not in values
        )
        nullable = "null" in _type_set(flat.get("type")) or (values is not None and None in values)
        branches = []
        for keyword in ("anyOf", "oneOf"):
            if keyword not in flat:
                continue
            rest = []
            for branch in flat[keyword]:
                inner, inner_trail = self._flat(branch, trail)
                if _types(inner) == {"null"}:
                    nullable = True
                else:
                    nullable = nullable or "null" in _types(inner)
                    rest.append((inner, inner_trail))
            if len(rest) == 1 and len(flat[keyword]) > 1:
                flat = {key: value for key, value in flat.items() if key != keyword}
                inner = rest[0][0]
                nested, inner_nullable, deeper = self._without_null(inner, rest[0][1])
                nullable = nullable or inner_nullable
                flat = self._merge(flat, nested)
                branches += deeper
            else:
                branches += rest
        return flat, nullable and not refused, branches

    # The fields of one object.

    def _with_branch_properties(
        self, flat: dict[str, Any], branches: list[tuple[dict[str, Any], frozenset[int]]], trail: frozenset[int]
    ) -> dict[str, Any]:
        """The object with the properties that only some of its branches name; those are never required."""
        own = flat.get("properties", {})
        extra: dict[str, Any] = {}
        conditional = [flat[key] for key in ("then", "else") if isinstance(flat.get(key), dict)]
        dependent = flat.get("dependentSchemas", flat.get("dependencies", {}))
        conditional += [value for value in dependent.values() if isinstance(value, dict)]
        inners = [inner for inner, _ in branches]
        for schema in conditional:
            try:
                inners.append(self._flat(schema, trail)[0])
            except _Recursive:
                continue
        for inner in inners:
            for name, subschema in inner.get("properties", {}).items():
                self._step()
                if name in own or not isinstance(subschema, dict):
                    continue
                if name in extra and extra[name] != subschema:
                    known = extra[name].get("anyOf") if set(extra[name]) == {"anyOf"} else [extra[name]]
                    extra[name] = {"anyOf": [*known, subschema]}
                else:
                    extra[name] = subschema
        return {**flat, "properties": {**own, **extra}} if extra else flat

    def _properties(
        self,
        flat: dict[str, Any],
        path: Path,
        above: Path,
        parents: tuple[tuple[str, ...], ...],
        trail: frozenset[int],
    ) -> list[Field]:
        """`path` is relative to the record or the element, `above` where that element stands in the record."""
        self.checks += checks(flat.get("x-checks", []), above + path, "x-checks")
        required = flat.get("required", ())
        required = required if isinstance(required, list) else ()
        found: list[Field] = []
        for name, subschema in flat["properties"].items():
            if subschema is False:
                continue
            found += self._property(subschema, (*path, name), above, parents, name in required, trail)
        return found

    def _property(
        self,
        schema: Any,
        path: Path,
        above: Path,
        parents: tuple[tuple[str, ...], ...],
        required: bool,
        trail: frozenset[int],
        inherited: Mapping[str, Any] | None = None,
    ) -> list[Field]:
        self._count += 1
        if self._count > MAX_FIELDS:
            raise too_many()
        try:
            flat, trail = self._flat(schema, trail)
            flat, nullable, branches = self._without_null(flat, trail)
        except _Recursive:
            return [self._json(schema, path, parents, required, True)]
        for key, value in (inherited or {}).items():
            flat.setdefault(key, value)
        types = _types(flat)
        kind = types - {"null"}
        if kind == {"object"} and not (branches and "properties" not in flat):
            flat = self._with_branch_properties(flat, branches, trail)
            if flat.get("properties"):
                self.parts.append(SchemaObject(above + path, required, nullable))
                labels = (*parents, _labels(flat, path)) if path else parents
                return self._properties(flat, path, above, labels, trail)
        elif kind == {"array"} and not branches:
            field = self._array(flat, path, above, parents, required, nullable, trail)
            if field is not None:
                return [field]
        elif branches:
            scalar = self._choice(flat, [inner for inner, _ in branches])
            if scalar is not None:
                types = _types(scalar)
                return [self._scalar(scalar, _scalar_type(types), path, parents, required, nullable)]
        elif kind and kind <= set(_SCALARS) and _scalar_type(kind):
            return [self._scalar(flat, _scalar_type(kind), path, parents, required, nullable)]
        return [self._json(flat, path, parents, required, nullable or not (types or branches))]

    def _choice(self, flat: dict[str, Any], branches: list[dict[str, Any]]) -> dict[str, Any] | None:
        """One scalar subschema for a choice between scalars, or None where the choice is between larger things."""
        types: set[str] = set()
        values: list[Any] = []
        for branch in branches:
            kind = _types(branch) or _types(flat)
            if not kind or not kind <= {*_SCALARS, "null"} or "anyOf" in branch or "oneOf" in branch:
                return None
            types |= kind
            values += branch["enum"] if "enum" in branch else [branch["const"]] if "const" in branch else []
        if not _scalar_type(types - {"null"}):
            return None
        merged = dict(flat)
        merged["type"] = sorted(types)
        if all("enum" in branch or "const" in branch for branch in branches):
            if not any("title" in branch or "description" in branch for branch in branches):
                merged = {key: value for key, value in merged.items() if key not in ("anyOf", "oneOf")}
            merged["enum"] = [value for value in values if value in flat.get("enum", values)]
        formats = [branch.get("format") for branch in branches if "string" in (_types(branch) or types)]
        if formats and all(formats):
            # Any of the formats would do; asking for the first makes values that fit.
            merged.setdefault("format", formats[0])
        return merged

    def _scalar(
        self,
        flat: dict[str, Any],
        kind: str,
        path: Path,
        parents: tuple[tuple[str, ...], ...],
        required: bool,
        nullable: bool,
    ) -> Field:
        enum = flat["enum"] if "enum" in flat else [flat["const"]] if "const" in flat else None
        chosen = None if enum is None else tuple(value for value in enum if value is not None)
        schema = self._alone(flat)
        schema["type"] = [kind, "null"] if nullable else kind
        if nullable and enum is not None:
            schema.pop("const", None)
            schema["enum"] = [*chosen, None]
        source = flat.get("x-source") or ("judged" if kind == "boolean" or chosen is not None else "copied")
        return Field(
            path=path,
            type=kind,
            schema=schema,
            title=str(flat.get("title", "")),
            description=str(flat.get("description", "")),
            labels=_labels(flat, path),
            parents=parents,
            required=required,
            nullable=nullable,
            copied=source == "copied",
            unit=flat.get("x-unit"),
            format=flat.get("format") if isinstance(flat.get("format"), str) else None,
            enum=chosen,
        )

    def _array(
        self,
        flat: dict[str, Any],
        path: Path,
        above: Path,
        parents: tuple[tuple[str, ...], ...],
        required: bool,
        nullable: bool,
        trail: frozenset[int],
    ) -> Field | None:
        element = flat.get("items")
        if not isinstance(element, dict) or not element or "prefixItems" in flat:
            return None
        inherited = {key: flat[key] for key in ("x-source", "x-unit") if key in flat}
        before = len(self.parts), len(self.checks)
        items = self._property(element, (), (*above, *path, "*"), (), True, trail, inherited)
        if not items or any(item.path == () and item.type in ("json", "array") for item in items):
            # A list of lists, of choices, or of itself: asked for in one piece.
            del self.parts[before[0] :], self.checks[before[1] :]
            return None
        return Field(
            path=path,
            type="array",
            schema=self._alone({**flat, "type": ["array", "null"] if nullable else "array"}),
            title=str(flat.get("title", "")),
            description=str(flat.get("description", "")),
            labels=_labels(flat, path),
            parents=parents,
            required=required,
            nullable=nullable,
            copied=flat["x-source"] == "copied" if "x-source" in flat else all(item.copied for item in items),
            unit=flat.get("x-unit"),
            items=tuple(items),
        )

    def _json(
        self, schema: Any, path: Path, parents: tuple[tuple[str, ...], ...], required: bool, nullable: bool
    ) -> Field:
        alone = self._alone(schema)
        if '"x-checks":' in json.dumps(alone):
            raise SchemaError(
                f"x-checks stand inside {'.'.join(map(str, path)) or 'a list'}, a part that is answered in one piece.",
                "Put the checks on an object that is spelled out with `properties`, without recursion or choices.",
            )
        described = schema if isinstance(schema, dict) else {}
        target = self.index.targets.get(id(schema))
        if isinstance(target, dict):
            described = {**target, **described}
        return Field(
            path=path,
            type="json",
            schema=alone,
            title=str(described.get("title", "")),
            description=str(described.get("description", "")),
            labels=_labels(described, path),
            parents=parents,
            required=required,
            nullable=nullable,
            copied=False,
        )

    # A subschema that stands by itself.

    def _alone(self, schema: Any) -> dict[str, Any]:
        """A copy with its own `$defs`: what its references lead to comes along, so that it can be used by itself."""
        names: dict[int, str] = {}
        pending: list[Any] = []

        def copy(node: Any) -> Any:
            if isinstance(node, list):
                self._step(len(node) // 50)
                return [copy(inner) if isinstance(inner, dict | list) else inner for inner in node]
            if not isinstance(node, dict):
                return node
            self._step()
            known = id(node) in self.index.schemas
            copied = {key: copy(inner) for key, inner in node.items() if not (known and key in _IDENTIFIERS)}
            if id(node) in self.index.targets:
                target = self.index.targets[id(node)]
                for keyword in REFERENCES:
                    copied.pop(keyword, None)
                if id(target) not in names:
                    names[id(target)] = f"d{len(names) + 1}"
                    pending.append(target)
                copied["$ref"] = f"#/$defs/{names[id(target)]}"
            return copied

        alone = copy(schema) if isinstance(schema, dict) else {}
        definitions = {}
        while pending:
            target = pending.pop()
            definitions[names[id(target)]] = copy(target)
        if definitions:
            alone["$defs"] = definitions
        return alone


def _type_set(value: Any) -> set[str]:
    return set() if value is None else {value} if isinstance(value, str) else set(value)


def _types(flat: Mapping[str, Any]) -> set[str]:
    """The types a subschema allows, from `type`, its values, or the keywords it uses; empty where nothing says."""
    if "type" in flat:
        return _type_set(flat["type"])
    values = flat["enum"] if "enum" in flat else [flat["const"]] if "const" in flat else None
    if values is not None:
        return {_type_of(value) for value in values}
    for kind, keywords in _TYPED_KEYWORDS.items():
        if any(keyword in flat for keyword in keywords):
            return {kind}
    return set()


def _type_of(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "integer" if isinstance(value, int) else "number"
    return "string" if isinstance(value, str) else "array" if isinstance(value, list) else "object"


def _scalar_type(types: set[str]) -> str:
    """The one type that is asked for; text wins over numbers, because any number can be written as text."""
    types = types - {"null"}
    if len(types) == 1:
        return next(iter(types)) if types <= set(_SCALARS) else ""
    if types == {"integer", "number"}:
        return "number"
    return "string" if "string" in types and types <= set(_SCALARS) else ""


def _labels(flat: Mapping[str, Any], path: Path) -> tuple[str, ...]:
    labels = [label.strip() for label in flat.get("x-labels", ())]
    title = flat.get("title")
    if isinstance(title, str) and title.strip():
        labels.append(title.strip())
    if not labels and path:
        labels.append(readable_name(str(path[-1])))
    return tuple(dict.fromkeys(labels))


def readable_name(name: str) -> str:
    """A property name as words: `gross_amount` and `grossAmount` are `gross amount`; other scripts stay as they are."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", re.sub(r"[_\-.\s]+", " ", name))
    words = " ".join(word if word.isupper() and len(word) > 1 else word.lower() for word in words.split())
    return words or name
