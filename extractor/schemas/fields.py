"""The fields of a record, the objects around them and the rules between them, in the order the schema writes them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from extractor.errors import SchemaError
from extractor.schemas.annotations import read_checks
from extractor.schemas.flattening import FlatSchema, Flattener, RecursiveSchema
from extractor.schemas.index import SchemaIndex
from extractor.schemas.limits import MAX_FIELDS, StepBudget, too_many_fields
from extractor.schemas.schema import Check, SchemaObject
from extractor.schemas.standalone import make_standalone
from extractor.schemas.subschemas import SCALAR_TYPES, allowed_types, constant_values, labels_of, scalar_type
from extractor.types import Field, Path

_INHERITED_BY_ITEMS = ("x-source", "x-unit")
_ISO_DATE = re.compile(
    r"(?<![\w/.-])YYYY-MM-DD(?![\w:-]|\s?T?HH)|\bISO(?:[ -]?8601)? (?:date|calendar date)\b", re.IGNORECASE
)
"""`YYYYMMDD`, `YYYY-MM-DD HH:MM` and the like are other formats."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a property stands.

    `path` is relative to the record, or to one element of the list that it is in; `base` is where that element stands
    in the record, with `*` for every element. `parents` are the labels of each enclosing object, outermost first.
    """

    path: Path = ()
    base: Path = ()
    parents: tuple[tuple[str, ...], ...] = ()
    required: bool = True


class FieldTree:
    """The `fields`, `objects` and `checks` of a record, and the keywords that decoding cannot enforce."""

    def __init__(self, index: SchemaIndex, document: dict[str, Any]) -> None:
        self.objects: list[SchemaObject] = []
        self.checks: list[Check] = []
        self._index = index
        self._budget = StepBudget()
        self._flattener = Flattener(index, self._budget)
        self._count = 0
        self.fields = self._fields_of_record(document)
        self.unenforced = self._flattener.unenforced

    def _fields_of_record(self, document: dict[str, Any]) -> list[Field]:
        try:
            root, _, branches = self._flattener.split_null(self._flattener.flatten(document))
        except RecursiveSchema:
            raise SchemaError("The schema's top level only refers to itself.", "Name its `properties`.") from None
        types = allowed_types(root.keywords)
        if types and "object" not in types:
            raise SchemaError(
                f"The schema's top level is of type {', '.join(sorted(types))}, and a record is an object.",
                'Wrap it: {"type": "object", "properties": {"items": ...}}.',
            )
        root = self._flattener.add_branch_properties(root, branches)
        if not root.keywords.get("properties"):
            raise SchemaError(
                "The schema lists no properties at its top level, so there is nothing to look for.",
                'Name what you want: {"type": "object", "properties": {"total": {"type": "number"}}}.',
            )
        return self._fields_of_object(root, _Place())

    def _fields_of_object(self, flat: FlatSchema, place: _Place) -> list[Field]:
        keywords = flat.keywords
        self.checks += read_checks(keywords.get("x-checks", []), place.base + place.path, "x-checks")
        required = keywords.get("required", ())
        required = required if isinstance(required, list) else ()
        fields: list[Field] = []
        for name, subschema in keywords["properties"].items():
            if subschema is False:
                continue
            inner = _Place((*place.path, name), place.base, place.parents, name in required)
            fields += self._fields_of_property(subschema, inner, flat.trail)
        return fields

    def _fields_of_property(
        self, schema: Any, place: _Place, trail: frozenset[int], inherited: Mapping[str, Any] | None = None
    ) -> list[Field]:
        """Return the field that a property is, or the fields inside it; `inherited` are keywords of its list."""
        self._count += 1
        if self._count > MAX_FIELDS:
            raise too_many_fields()
        try:
            flat, nullable, branches = self._flattener.split_null(self._flattener.flatten(schema, trail))
        except RecursiveSchema:
            return [self._json_field(schema, place, True)]
        for key, value in (inherited or {}).items():
            flat.keywords.setdefault(key, value)
        types = allowed_types(flat.keywords)
        kinds = types - {"null"}
        if kinds == {"object"} and not (branches and "properties" not in flat.keywords):
            flat = self._flattener.add_branch_properties(flat, branches)
            if flat.keywords.get("properties"):
                self.objects.append(SchemaObject(place.base + place.path, place.required, nullable))
                labels = (labels_of(flat.keywords, place.path),) if place.path else ()
                inside = _Place(place.path, place.base, (*place.parents, *labels))
                return self._fields_of_object(flat, inside)
        elif kinds == {"array"} and not branches:
            field = self._array_field(flat, place, nullable)
            if field is not None:
                return [field]
        elif branches:
            choice = _join_scalar_branches(flat.keywords, [branch.keywords for branch in branches])
            if choice is not None:
                return [self._scalar_field(choice, place, nullable)]
        elif kinds and scalar_type(kinds):
            return [self._scalar_field(flat.keywords, place, nullable)]
        return [self._json_field(flat.keywords, place, nullable or not (types or branches))]

    def _scalar_field(self, keywords: dict[str, Any], place: _Place, nullable: bool) -> Field:
        field_type = scalar_type(allowed_types(keywords))
        values = constant_values(keywords)
        options = None if values is None else tuple(value for value in values if value is not None)
        schema = self._standalone(keywords)
        schema["type"] = [field_type, "null"] if nullable else field_type
        if nullable and options is not None:
            schema.pop("const", None)
            schema["enum"] = [*options, None]
        is_judged_by_default = field_type == "boolean" or options is not None
        source = keywords.get("x-source") or ("judged" if is_judged_by_default else "copied")
        return Field(
            path=place.path,
            type=field_type,
            schema=schema,
            title=str(keywords.get("title", "")),
            description=str(keywords.get("description", "")),
            labels=labels_of(keywords, place.path),
            parents=place.parents,
            required=place.required,
            nullable=nullable,
            copied=source == "copied",
            unit=keywords.get("x-unit"),
            format=_format_of(keywords, field_type),
            enum=options,
        )

    def _array_field(self, flat: FlatSchema, place: _Place, nullable: bool) -> Field | None:
        """Return a list with the fields of one element, None where it has to be answered in one piece."""
        keywords = flat.keywords
        element = keywords.get("items")
        if not isinstance(element, dict) or not element or "prefixItems" in keywords:
            return None
        inherited = {key: keywords[key] for key in _INHERITED_BY_ITEMS if key in keywords}
        objects, checks = len(self.objects), len(self.checks)
        inside = _Place(base=(*place.base, *place.path, "*"))
        items = self._fields_of_property(element, inside, flat.trail, inherited)
        if not items or any(item.path == () and item.type in ("json", "array") for item in items):
            # A list of lists, of choices, or of itself.
            del self.objects[objects:], self.checks[checks:]
            return None
        is_copied = keywords["x-source"] == "copied" if "x-source" in keywords else all(item.copied for item in items)
        return Field(
            path=place.path,
            type="array",
            schema=self._standalone({**keywords, "type": ["array", "null"] if nullable else "array"}),
            title=str(keywords.get("title", "")),
            description=str(keywords.get("description", "")),
            labels=labels_of(keywords, place.path),
            parents=place.parents,
            required=place.required,
            nullable=nullable,
            copied=is_copied,
            unit=keywords.get("x-unit"),
            items=tuple(items),
        )

    def _json_field(self, schema: Any, place: _Place, nullable: bool) -> Field:
        """Return a part that cannot be asked field by field; it is answered in one piece, as JSON."""
        standalone = self._standalone(schema)
        if '"x-checks":' in json.dumps(standalone):
            raise SchemaError(
                f"x-checks stand inside {'.'.join(map(str, place.path)) or 'a list'}, which is answered in one piece.",
                "Put the checks on an object that is spelled out with `properties`, without recursion or choices.",
            )
        described = schema if isinstance(schema, dict) else {}
        target = self._index.targets.get(id(schema))
        if isinstance(target, dict):
            described = {**target, **described}
        return Field(
            path=place.path,
            type="json",
            schema=standalone,
            title=str(described.get("title", "")),
            description=str(described.get("description", "")),
            labels=labels_of(described, place.path),
            parents=place.parents,
            required=place.required,
            nullable=nullable,
            copied=False,
        )

    def _standalone(self, schema: Any) -> dict[str, Any]:
        return make_standalone(schema, self._index, self._budget)


def _format_of(keywords: Mapping[str, Any], field_type: str) -> str | None:
    """Return the declared format, or `date` where the description of a text asks for one as `YYYY-MM-DD`."""
    if isinstance(keywords.get("format"), str):
        return keywords["format"]
    is_plain_text = field_type == "string" and constant_values(keywords) is None and "pattern" not in keywords
    return "date" if is_plain_text and _ISO_DATE.search(str(keywords.get("description", ""))) else None


def _join_scalar_branches(flat: dict[str, Any], branches: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Return one scalar subschema for a choice between scalars, None where the choice is between larger things."""
    types: set[str] = set()
    values: list[Any] = []
    for branch in branches:
        branch_types = allowed_types(branch) or allowed_types(flat)
        if not branch_types or not branch_types <= {*SCALAR_TYPES, "null"} or "anyOf" in branch or "oneOf" in branch:
            return None
        types |= branch_types
        values += constant_values(branch) or []
    if not scalar_type(types):
        return None
    joined = dict(flat)
    joined["type"] = sorted(types)
    if all("enum" in branch or "const" in branch for branch in branches):
        if not any("title" in branch or "description" in branch for branch in branches):
            joined = {key: value for key, value in joined.items() if key not in ("anyOf", "oneOf")}
        joined["enum"] = [value for value in values if value in flat.get("enum", values)]
    formats = [branch.get("format") for branch in branches if "string" in (allowed_types(branch) or types)]
    if formats and all(formats):
        # Any of the formats would do; asking for the first makes values that fit.
        joined.setdefault("format", formats[0])
    return joined
