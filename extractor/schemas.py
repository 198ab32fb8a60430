"""What is wanted: a JSON Schema read into fields, checks, and the list of what a decoder cannot hold.

Nothing is ever fetched: a `$ref` stays inside the schema or is refused. Names and limits are refused early, with the
place as a JSON pointer, so that a schema that loads can be used with every document.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from .errors import SchemaError
from .types import Field, Path

MAX_BYTES = 1_000_000
MAX_DEPTH = 64
MAX_NODES = 5_000
MAX_FIELDS = 5_000
MAX_ENUM = 2_000
MAX_PATTERN = 2_000
_MAX_STEPS = 60_000
_MAX_TRAIL = 160

_DRAFTS = {
    "http://json-schema.org/draft-04/schema": "draft-04",
    "http://json-schema.org/draft-06/schema": "draft-06",
    "http://json-schema.org/draft-07/schema": "draft-07",
    "https://json-schema.org/draft/2019-09/schema": "2019-09",
    "https://json-schema.org/draft/2020-12/schema": "2020-12",
}
_NEWEST = "https://json-schema.org/draft/2020-12/schema"
_OLD = frozenset({"draft-04", "draft-06", "draft-07"})

_ONE_SCHEMA = (
    *("additionalItems", "additionalProperties", "contains", "contentSchema", "else", "if", "items", "not"),
    *("propertyNames", "then", "unevaluatedItems", "unevaluatedProperties"),
)
_MANY_SCHEMAS = ("allOf", "anyOf", "oneOf", "prefixItems", "items")
_NAMED_SCHEMAS = ("$defs", "definitions", "dependentSchemas", "dependencies", "patternProperties", "properties")
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
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

_NEVER_HELD = frozenset(
    {
        *("not", "if", "dependentRequired", "dependentSchemas", "dependencies", "unevaluatedProperties"),
        *("unevaluatedItems", "propertyNames", "uniqueItems", "contains", "patternProperties", "x-checks"),
        *("minProperties", "maxProperties", "minItems", "maxItems", "pattern", "minLength", "maxLength", "minimum"),
        *("maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "format", "$dynamicRef", "$recursiveRef"),
    }
)
"""Keywords checked on the finished record: a decoder has no means for them, or the value is made by code."""


@dataclass(frozen=True, slots=True)
class Check:
    """One entry of `x-checks`; `path` is where its object stands, with `*` for every element of an array."""

    path: Path
    expression: str
    message: str = ""
    tolerance: float = 0.0


@dataclass(frozen=True, slots=True)
class Part:
    """An object inside the record that is not a field itself; `*` in `path` stands for every element of an array."""

    path: Path
    required: bool
    nullable: bool


@dataclass(frozen=True)
class Schema:
    """A schema ready for use: its fields in the order written, the rules between them, and the document as given.

    `id` is the SHA-256 of the canonical JSON. `parts` are the objects around the fields, outermost first. `unheld` are
    the keywords that constrained decoding does not hold; the finished record is checked against `document` for them.
    """

    id: str
    name: str
    title: str
    description: str
    document: Mapping[str, Any]
    fields: tuple[Field, ...]
    parts: tuple[Part, ...] = ()
    checks: tuple[Check, ...] = ()
    unheld: tuple[str, ...] = ()

    def leaves(self) -> Iterator[tuple[Path, Field]]:
        """Every field with its path in the record, those inside arrays too (`*` stands for each element)."""
        yield from _leaves(self.fields, ())

    def field(self, path: Path) -> Field | None:
        """The field a record's `path` belongs to, or None; list positions are read as `*`."""
        return self._by_path.get(tuple("*" if isinstance(step, int) else step for step in path))

    @functools.cached_property
    def _by_path(self) -> dict[Path, Field]:
        return dict(self.leaves())


def _leaves(fields: tuple[Field, ...], above: Path) -> Iterator[tuple[Path, Field]]:
    for field in fields:
        path = above + field.path
        yield path, field
        yield from _leaves(field.items, (*path, "*"))


def load_schema(source: str | os.PathLike | Mapping[str, Any]) -> Schema:
    """The schema in a mapping, in a `.json` file, or shipped under a name.

    Raises SchemaError with the place and the next step for anything that could fail later: JSON that is none (line and
    column), a duplicate key, NaN, a keyword that its metaschema refuses, a `$ref` that leaves the schema or points
    nowhere, a pattern that does not compile, a wrong annotation, and a schema that is or unfolds too large. Opens no
    file but `source`, and no connection.
    """
    name, document = _document(source)
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    try:
        index = _Index(document)
        tree = _Tree(index, document)
    except RecursionError:
        raise _too_deep() from None
    return Schema(
        id=hashlib.sha256(canonical.encode("ascii")).hexdigest(),
        name=name or str(document.get("title") or "schema"),
        title=str(document.get("title") or name or ""),
        description=str(document.get("description") or ""),
        document=document,
        fields=tuple(tree.fields),
        parts=tuple(tree.parts),
        checks=tuple(tree.checks),
        unheld=tuple(sorted(index.unheld | tree.unheld)),
    )


def shipped() -> list[tuple[str, str]]:
    """Name and title of every schema that comes with the tool, by name."""
    found = []
    for file in sorted(_shipped_folder().glob("*.json")):
        try:
            title = json.loads(file.read_text("utf-8")).get("title", "")
        except (OSError, ValueError, AttributeError):
            title = ""
        found.append((file.stem, str(title)))
    return found


def readable(name: str) -> str:
    """A property name as words: `gross_amount` and `grossAmount` are `gross amount`; other scripts stay as they are."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", re.sub(r"[_\-.\s]+", " ", name))
    words = " ".join(word if word.isupper() and len(word) > 1 else word.lower() for word in words.split())
    return words or name


# Reading the document.


def _shipped_folder() -> FilePath:
    here = FilePath(__file__).resolve().parent
    installed = here / "_shipped" / "schemas"
    return installed if installed.is_dir() else here.parent / "schemas"


def _document(source: str | os.PathLike | Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    if isinstance(source, Mapping):
        return "", _parse(_dumps(source), "the schema")
    if not isinstance(source, str | os.PathLike):
        raise SchemaError(f"A schema cannot be read from {type(source).__name__}.", "Give a mapping, a path or a name.")
    path = FilePath(os.fspath(source))
    name = path.stem
    if isinstance(source, str) and path.suffix.lower() != ".json" and path.name == source and not path.exists():
        path = _shipped_folder() / f"{source}.json"
        if not path.is_file():
            names = ", ".join(known for known, _ in shipped())
            raise SchemaError(f"There is no schema named {source!r}.", f"Give a .json file, or one of: {names}.")
        name = source
    if not path.exists():
        raise SchemaError(f"{path} does not exist.", "Check the path; a shipped schema is given by its name alone.")
    if not path.is_file():
        raise SchemaError(f"{path} is not a file.", "Give the path of one .json file.")
    try:
        if path.stat().st_size > MAX_BYTES:
            raise _too_large()
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SchemaError(f"{path} is not UTF-8 (byte {error.start}).", "Save the file as UTF-8.") from None
    except OSError as error:
        raise SchemaError(f"{path} cannot be read: {error.strerror}.", "Check the permissions of the file.") from None
    return name, _parse(text, str(path))


def _dumps(source: Mapping[str, Any]) -> str:
    try:
        return json.dumps(source, allow_nan=False, default=_plain)
    except RecursionError:
        raise _too_deep() from None
    except (TypeError, ValueError) as error:
        raise SchemaError(f"The schema is not JSON: {error}.", "Use only what JSON has, without cycles.") from None


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def _parse(text: str, origin: str) -> dict[str, Any]:
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise _too_large()
    try:
        document = json.loads(
            text, object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite, parse_int=_short_integer
        )
    except json.JSONDecodeError as error:
        raise SchemaError(
            f"{origin} is not JSON: {error.msg} at line {error.lineno}, column {error.colno}.",
            "Correct the file there; a JSON file has double quotes and no trailing commas.",
        ) from None
    except RecursionError:
        raise _too_deep() from None
    if not isinstance(document, dict):
        raise SchemaError(
            f"{origin} is not a JSON Schema of a record: its top level is not an object.",
            'Begin with {"type": "object", "properties": {...}}.',
        )
    return document


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))
        raise SchemaError(f"The schema has the key {twice!r} twice in one object.", "Keep one of the two.")
    return found


def _no_constant(text: str) -> Any:
    raise SchemaError(f"The schema holds {text}, which is not JSON.", "Use a number, or leave the keyword out.")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise SchemaError(f"The number {text[:40]} is too large to be held.", "Use a number below 1e308.")
    return number


def _short_integer(text: str) -> int:
    if len(text) > 400:
        raise SchemaError(f"The number {text[:20]}... has {len(text)} digits.", "Use a shorter number.")
    return int(text)


def _too_large() -> SchemaError:
    return SchemaError(f"The schema is larger than {MAX_BYTES:,} bytes.", "Split it into several smaller schemas.")


def _too_deep() -> SchemaError:
    return SchemaError(f"The schema is nested deeper than {MAX_DEPTH} levels.", "Flatten it, or move parts to `$defs`.")


# Looking at every subschema once: is it one, where does its `$ref` lead, are the annotations right.


class _Index:
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
                f"The schema is wrong at {where}: {_short(error.message)}.",
                f"See what `{error.absolute_path[-1] if error.absolute_path else '$schema'}` may be in {self.draft}.",
            )

    def _visit(self, schema: dict[str, Any], place: str, resolver: Any) -> Iterator[tuple[Any, str, Any]]:
        self.schemas.add(id(schema))
        if len(self.schemas) > MAX_NODES:
            raise _too_many_nodes()
        if place != "#":
            resolver = self._inner(schema, place, resolver)
        _check_annotations(schema, place)
        _check_values(schema, place)
        self.unheld |= _unheld(schema)
        for keyword in _REFERENCES:
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
                    f"{place}/{keyword}: {_short(reference)!r} points nowhere in the schema.",
                    "Correct the name, or add it under `$defs`.",
                ) from error
            raise SchemaError(
                f"{place}/{keyword}: {_short(reference)!r} lies outside the schema, and nothing is ever fetched.",
                'Copy what it stands for under `$defs` and write "#/$defs/NAME".',
            ) from error
        target = found.contents
        if not isinstance(target, dict | bool):
            raise SchemaError(
                f"{place}/{keyword}: {_short(reference)!r} does not point at a schema.", "Point it at a subschema."
            )
        if id(schema) not in self.targets:
            self.targets[id(schema)] = target
        # Targets under unknown keywords were not seen by the metaschema.
        if isinstance(target, dict) and id(target) not in self.schemas:
            self._check_metaschema(target, f"{place} -> {_short(reference)}")
        return target, _short(reference), found.resolver


def _draft(schema: dict[str, Any], place: str = "#") -> str:
    name = schema.get("$schema", _NEWEST)
    if not isinstance(name, str):
        raise SchemaError(f"{place}/$schema is not text.", f'Write "$schema": "{_NEWEST}".')
    draft = _DRAFTS.get(name.rstrip("#"))
    if draft is None:
        raise SchemaError(
            f"{place}/$schema names {_short(name)!r}, which is not known here, and nothing is ever fetched.",
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
        raise _too_deep()
    count, queue = 0, [document]
    while queue:
        count += 1
        if count > MAX_NODES:
            raise _too_many_nodes()
        queue += [inner for inner, _ in _subschemas(queue.pop(), "") if isinstance(inner, dict)]


def _too_many_nodes() -> SchemaError:
    return SchemaError(f"The schema has more than {MAX_NODES:,} subschemas.", "Split it into several schemas.")


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


def _check_annotations(schema: dict[str, Any], place: str) -> None:
    labels = schema.get("x-labels")
    if labels is not None and not (
        isinstance(labels, list) and all(isinstance(label, str) and label.strip() for label in labels)
    ):
        raise SchemaError(f"{place}/x-labels is not a list of names.", 'Write "x-labels": ["Total", "Amount due"].')
    if "x-unit" in schema and not (isinstance(schema["x-unit"], str) and schema["x-unit"].strip()):
        raise SchemaError(f"{place}/x-unit is not text.", 'Write the unit of the value, such as "x-unit": "kg".')
    if "x-source" in schema and schema["x-source"] not in ("copied", "judged"):
        raise SchemaError(f"{place}/x-source is neither copied nor judged.", 'Write "x-source": "copied" or "judged".')
    if "x-checks" in schema:
        _checks(schema["x-checks"], (), f"{place}/x-checks")


def _checks(entries: Any, path: Path, place: str) -> list[Check]:
    example = 'Write "x-checks": [{"expr": "this.net + this.tax == this.total", "message": "...", "tolerance": 0.01}].'
    if not isinstance(entries, list):
        raise SchemaError(f"{place} is not a list.", example)
    found = []
    for position, entry in enumerate(entries):
        where = f"{place}/{position}"
        if not isinstance(entry, dict) or not isinstance(entry.get("expr"), str) or not entry["expr"].strip():
            raise SchemaError(f"{where} has no text under `expr`.", example)
        unknown = sorted(set(entry) - {"expr", "message", "tolerance"})
        if unknown:
            raise SchemaError(f"{where} has an unknown key: {', '.join(map(_short, unknown))}.", example)
        if not isinstance(entry.get("message", ""), str):
            raise SchemaError(f"{where}/message is not text.", example)
        tolerance = entry.get("tolerance", 0)
        if isinstance(tolerance, bool) or not isinstance(tolerance, int | float) or tolerance < 0:
            raise SchemaError(f"{where}/tolerance is not a number from 0 up.", example)
        found.append(Check(path, entry["expr"].strip(), entry.get("message", ""), float(tolerance)))
    return found


def _check_values(schema: dict[str, Any], place: str) -> None:
    patterns = [("pattern", schema["pattern"])] if isinstance(schema.get("pattern"), str) else []
    if isinstance(schema.get("patternProperties"), dict):
        patterns += [("patternProperties", name) for name in schema["patternProperties"]]
    for keyword, pattern in patterns:
        if len(pattern) > MAX_PATTERN:
            raise SchemaError(f"{place}/{keyword} is longer than {MAX_PATTERN:,} characters.", "Use a shorter pattern.")
        try:
            re.compile(pattern)
        except (re.error, RecursionError, OverflowError) as error:
            raise SchemaError(
                f"{place}/{keyword}: {_short(pattern)!r} does not compile: {error}.",
                "Use the regular expressions that Python and ECMAScript share.",
            ) from None
    if isinstance(schema.get("enum"), list) and len(schema["enum"]) > MAX_ENUM:
        raise SchemaError(f"{place}/enum has more than {MAX_ENUM:,} values.", "Leave the enum out and check later.")


def _unheld(schema: dict[str, Any]) -> set[str]:
    found = {keyword for keyword in _NEVER_HELD if keyword in schema and schema[keyword] not in (False, None, [], {})}
    if "enum" in schema and schema.get("x-source") == "copied":
        found.add("enum")
    if isinstance(schema.get("oneOf"), list) and not _disjoint(schema["oneOf"]):
        found.add("oneOf")
    return found


def _disjoint(branches: list[Any]) -> bool:
    """True where no value can fit two branches, as far as types and constants on the surface show."""
    seen: set[str] = set()
    for branch in branches:
        if not isinstance(branch, dict):
            return False
        if "const" in branch or "enum" in branch:
            marks = {json.dumps(value, sort_keys=True) for value in branch.get("enum", [branch.get("const")])}
        elif "type" in branch:
            types = {branch["type"]} if isinstance(branch["type"], str) else set(branch["type"])
            marks = types | ({"integer"} if "number" in types else set())
        else:
            return False
        if marks & seen:
            return False
        seen |= marks
    return all("const" in b or "enum" in b for b in branches) or not any("const" in b or "enum" in b for b in branches)


def _escape(step: Any) -> str:
    return str(step).replace("~", "~0").replace("/", "~1")


def _short(text: str) -> str:
    return text if len(text) <= 160 else f"{text[:160]}..."


# Unfolding the record.


class _Recursive(Exception):
    """A subschema that contains itself: it has no end as a list of fields."""


class _Tree:
    """The fields, parts and checks of a record, in the order the schema writes them."""

    def __init__(self, index: _Index, document: dict[str, Any]) -> None:
        self.index = index
        self.parts: list[Part] = []
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
        if self._steps > _MAX_STEPS:
            raise _too_many()

    # One subschema with its references and `allOf` written out.

    def _flat(self, schema: Any, trail: frozenset[int]) -> tuple[dict[str, Any], frozenset[int]]:
        self._step()
        if not isinstance(schema, dict):
            return ({"not": {}} if schema is False else {}), trail
        if len(trail) > _MAX_TRAIL:
            raise _too_deep()
        trail = trail | {id(schema)}
        reference = next((keyword for keyword in _REFERENCES if keyword in schema), None)
        flat = {key: value for key, value in schema.items() if key not in _REFERENCES and key not in _IDENTIFIERS}
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
        nullable = "null" in _type_set(flat.get("type")) or (
            "type" not in flat and (None in flat.get("enum", ()) or flat.get("const", "") is None)
        )
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
                    rest.append((inner, inner_trail))
            if len(rest) == 1 and len(flat[keyword]) > 1:
                flat = {key: value for key, value in flat.items() if key != keyword}
                inner = rest[0][0]
                nested, inner_nullable, deeper = self._without_null(inner, rest[0][1])
                nullable = nullable or inner_nullable
                flat = self._merge(flat, nested)
                if "null" in _type_set(nested.get("type")):
                    nullable = True
                branches += deeper
            else:
                branches += rest
        return flat, nullable, branches

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
        self.checks += _checks(flat.get("x-checks", []), above + path, "x-checks")
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
            raise _too_many()
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
                self.parts.append(Part(above + path, required, nullable))
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
                return [self._scalar(scalar, _scalar_type(types), path, parents, required, nullable or "null" in types)]
        elif kind and kind <= set(_SCALARS) and _scalar_type(kind):
            return [self._scalar(flat, _scalar_type(kind), path, parents, required, nullable)]
        return [self._json(flat, path, parents, required, nullable or not types)]

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
            merged.pop("anyOf", None)
            merged.pop("oneOf", None)
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
                for keyword in _REFERENCES:
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


def _too_many() -> SchemaError:
    return SchemaError(
        f"The schema unfolds to more than {MAX_FIELDS:,} fields, or to too many parts: its references multiply.",
        "Ask for fewer fields, or split the schema.",
    )


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
        labels.append(readable(str(path[-1])))
    return tuple(dict.fromkeys(labels))
