"""Which columns the records of a schema have, and the rows of one record.

One sheet is `documents`, a row for each; every list of objects is a sheet of its own, a row for each element, keyed by
the number of the record and the element's position. Columns stand in the order of the schema, whatever records hold.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from extractor.schemas import Schema
from extractor.store import Record
from extractor.types import Field, Path, field_name, path_text

FIRST = "documents"
ABOUT = ("_record", "_document", "_source", "_status", "_revision", "_problems", "_confidence", "_corrected")
"""What every row of the first sheet begins with."""
KEYS = ("_record", "_document")
"""What every row of the other sheets begins with; a position in each list follows, counted from 0 as in paths."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: `kind` is what its cells are (string, date, date-time, integer, number, boolean, or json as text)."""

    name: str
    kind: str
    path: Path = ()
    part: str = "value"


class Sheet:
    """The documents, or the elements of the list at `path` (`*` stands for each element of a list around it)."""

    def __init__(self, name: str, path: Path, columns: Sequence[Column]) -> None:
        self.name, self.path, self.columns = name, path, tuple(columns)
        self._proof = any(c.part != "value" for c in columns)

    def rows(self, record: Record) -> Iterator[list[Any]]:
        """The cells of each row: strings, numbers, booleans, None, and JSON text in columns of kind json."""
        proof = _proof(record) if self._proof else {}
        for at in _places(record.data, self.path):
            own = [c for c in self.columns if c.part != "key"]
            yield [*self._keys(record, at), *(_cell(record.data, c, at + c.path, proof) for c in own)]

    def _keys(self, record: Record, at: Path) -> list[Any]:
        if self.path:
            return [record.id, record.document, *(step for step in at if isinstance(step, int))]
        return self.about(record)

    @staticmethod
    def about(record: Record) -> list[Any]:
        """The cells of the columns in ABOUT."""
        changed = ", ".join(dict.fromkeys(path_text(c.path) for c in record.corrections))
        source = record.sources[0] if record.sources else record.result["document"]["source"]
        about = [record.id, record.document, source, record.status, record.revision, record.problems]
        return [*about, record.confidence, changed or None]


def sheets(schemas: Sequence[Schema], *, evidence: bool = False, confidence: bool = False) -> list[Sheet]:
    """The sheets for records of these schemas, the documents first; what only later schemas have comes last.

    A field that the schemas disagree about is kept as JSON text. With `evidence` a column with the text that proves the
    value and one with its page follow each field, with `confidence` one with how sure it is.
    """
    found: dict[Path, dict[Path, str]] = {(): {}}
    for schema in schemas:
        _gather(schema.fields, (), found)
    made, names = [], _Names()
    for path, fields in found.items():
        name = names.new(field_name(tuple(s for s in path if s != "*"))) if path else names.new(FIRST)
        made.append(Sheet(name, path, list(_columns(path, fields, evidence, confidence))))
    return made


def kind_of(field: Field) -> str:
    """What the cells of a field's column are."""
    if field.type == "string":
        return field.format if field.format in ("date", "date-time") else "string"
    return "json" if field.type == "array" else field.type


def _gather(fields: Sequence[Field], at: Path, found: dict[Path, dict[Path, str]]) -> None:
    """Note the kind of every field under the sheet it belongs to: `at` is the path of that."""
    for field in fields:
        if any(item.path for item in field.items):
            below = (*at, *field.path, "*")
            found.setdefault(below, {})
            _gather(field.items, below, found)
        else:
            kind = kind_of(field)
            known = found[at].setdefault(field.path, kind)
            found[at][field.path] = kind if known == kind else "json"


def _columns(path: Path, fields: Mapping[Path, str], evidence: bool, confidence: bool) -> Iterator[Column]:
    names = _Names()
    numbers = ("_record", "_revision", "_problems")
    for name in KEYS if path else ABOUT:
        kind = "integer" if name in numbers else "number" if name == "_confidence" else "string"
        yield Column(names.new(name), kind, part="key")
    for n, step in enumerate(path):
        if step == "*":
            around = field_name(tuple(s for s in path[:n] if s != "*"))
            yield Column(names.new(f"_position in {around}"), "integer", part="key")
    for own, kind in fields.items():
        name = names.new(path_text(own))
        yield Column(name, kind, own)
        if evidence:
            yield Column(names.new(f"{name} (evidence)"), "string", own, "text")
            yield Column(names.new(f"{name} (page)"), "integer", own, "page")
        if confidence:
            yield Column(names.new(f"{name} (confidence)"), "number", own, "confidence")


class _Names:
    """Names that are each given once, upper and lower case being the same, as spreadsheets have it."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def new(self, name: str) -> str:
        while name.casefold() in self._given:
            name += "_"
        self._given.add(name.casefold())
        return name


def _places(data: Any, path: Path) -> Iterator[Path]:
    """Every place in the record that the path of a sheet stands for."""
    places: list[Path] = [()]
    for step in path:
        if step == "*":
            lists = [(at, value_at(data, at)) for at in places]
            places = [(*at, n) for at, value in lists if isinstance(value, list) for n in range(len(value))]
        else:
            places = [(*at, step) for at in places]
    yield from places


def value_at(data: Any, path: Path) -> Any:
    """What stands at a path of a record; None where nothing does."""
    for step in path:
        inside = (isinstance(data, dict) and step in data) or (isinstance(data, list) and isinstance(step, int))
        if not inside:
            return None
        data = data[step]
    return data


def _cell(data: Any, column: Column, path: Path, proof: Mapping[Path, Mapping[str, Any]]) -> Any:
    if column.part == "value":
        value = value_at(data, path)
        if isinstance(value, dict | list) or (column.kind == "json" and value is not None):
            return json.dumps(value, ensure_ascii=False)
        return value
    said = proof.get(path)
    if said is None or column.part == "confidence":
        return None if said is None else said["confidence"]
    evidence = said["evidence"]
    if evidence is None or column.part == "text":
        return None if evidence is None else evidence["text"]
    return evidence["boxes"][0]["page"] if evidence["boxes"] else None


def _proof(record: Record) -> dict[Path, Mapping[str, Any]]:
    """What the machine's values rest on, by path; not of values that a person has put in their place."""
    changed = [c.path for c in record.corrections]
    said = {tuple(v["path"]): v for v in record.result["values"]}
    return {p: v for p, v in said.items() if not any(p[: len(c)] == c or c[: len(p)] == p for c in changed)}
