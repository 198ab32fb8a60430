"""The tables of an export: which columns the records of a schema have, and the rows of a record.

The table `documents` has a row for each record. Every list of objects is a table of its own with a row for each
element, identified by the record's number and the element's position. Columns are in the order of the schema, whatever
the records hold.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from extractor.schemas import Schema
from extractor.store import Record
from extractor.store.record_data import value_at
from extractor.types import Field, Path, field_name, path_text

FIRST = "documents"
RECORD_COLUMNS = (
    "_record",
    "_document",
    "_source",
    "_status",
    "_revision",
    "_problems",
    "_confidence",
    "_corrected",
)
"""The first columns of the table `documents`."""
KEY_COLUMNS = ("_record", "_document")
"""The first columns of the other tables; then comes a position for each list on the way, counted from 0 as in paths."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    `kind` is that of its cells: string, date, date-time, integer, number, boolean, or json for JSON text. `part` is
    what they hold: value, text and page of the evidence, confidence, or key.
    """

    name: str
    kind: str
    path: Path = ()
    part: str = "value"


class ExportTable:
    """The documents, or the elements of the list at `path` (`*` stands for each element of a list on the way)."""

    def __init__(self, name: str, path: Path, columns: Sequence[Column]) -> None:
        self.name, self.path, self.columns = name, path, tuple(columns)
        self._with_values = any(column.part in ("text", "page", "confidence") for column in columns)

    def rows(self, record: Record) -> Iterator[list[Any]]:
        """Yield the cells of each row: strings, numbers, booleans, None, and JSON text in columns of kind json."""
        values = _machine_values(record) if self._with_values else {}
        own = [column for column in self.columns if column.part != "key"]
        for path in _expand(record.data, self.path):
            cells = (_cell(record.data, column, path + column.path, values) for column in own)
            yield [*self._key_cells(record, path), *cells]

    def _key_cells(self, record: Record, path: Path) -> list[Any]:
        if self.path:
            return [record.id, record.document, *(step for step in path if isinstance(step, int))]
        return self.record_cells(record)

    @staticmethod
    def record_cells(record: Record) -> list[Any]:
        """Return the cells of RECORD_COLUMNS."""
        changed = ", ".join(dict.fromkeys(path_text(correction.path) for correction in record.corrections))
        source = record.sources[0] if record.sources else record.result["document"]["source"]
        cells = [record.id, record.document, source, record.status, record.revision, record.problems]
        return [*cells, record.confidence, changed or None]


def plan_tables(schemas: Sequence[Schema], *, evidence: bool = False, confidence: bool = False) -> list[ExportTable]:
    """Return the tables for records of these schemas, `documents` first; what only later schemas have comes last.

    A field whose kind differs between the schemas becomes JSON text. With `evidence` each field is followed by a column
    with the text that it was taken from and one with its page, with `confidence` by one with the confidence.
    """
    found: dict[Path, dict[Path, str]] = {(): {}}
    for schema in schemas:
        _collect_fields(schema.fields, (), found)
    tables, names = [], _UniqueNames()
    for path, fields in found.items():
        name = names.add(field_name(tuple(step for step in path if step != "*")) if path else FIRST)
        tables.append(ExportTable(name, path, list(_columns(path, fields, evidence, confidence))))
    return tables


def _kind(field: Field) -> str:
    """Return the kind of the cells in the field's column."""
    if field.type == "string":
        return field.format if field.format in ("date", "date-time") else "string"
    return "json" if field.type == "array" else field.type


def _collect_fields(fields: Sequence[Field], table: Path, found: dict[Path, dict[Path, str]]) -> None:
    """Add the kind of every field to the table it belongs to; `table` is the path of that for these fields."""
    for field in fields:
        if any(item.path for item in field.items):
            below = (*table, *field.path, "*")
            found.setdefault(below, {})
            _collect_fields(field.items, below, found)
        else:
            kind = _kind(field)
            known = found[table].setdefault(field.path, kind)
            found[table][field.path] = kind if known == kind else "json"


def _columns(path: Path, fields: Mapping[Path, str], evidence: bool, confidence: bool) -> Iterator[Column]:
    names = _UniqueNames()
    numbers = ("_record", "_revision", "_problems")
    for name in KEY_COLUMNS if path else RECORD_COLUMNS:
        kind = "integer" if name in numbers else "number" if name == "_confidence" else "string"
        yield Column(names.add(name), kind, part="key")
    for n, step in enumerate(path):
        if step == "*":
            around = field_name(tuple(s for s in path[:n] if s != "*"))
            yield Column(names.add(f"_position in {around}"), "integer", part="key")
    for own, kind in fields.items():
        name = names.add(path_text(own))
        yield Column(name, kind, own)
        if evidence:
            yield Column(names.add(f"{name} (evidence)"), "string", own, "text")
            yield Column(names.add(f"{name} (page)"), "integer", own, "page")
        if confidence:
            yield Column(names.add(f"{name} (confidence)"), "number", own, "confidence")


class _UniqueNames:
    """Names that are each given once, upper and lower case being the same, as in spreadsheets."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def add(self, name: str) -> str:
        while name.casefold() in self._given:
            name += "_"
        self._given.add(name.casefold())
        return name


def _expand(data: Any, path: Path) -> Iterator[Path]:
    """Yield every path in the record that the path of a table stands for."""
    paths: list[Path] = [()]
    for step in path:
        if step == "*":
            lists = [(at, value_at(data, at)) for at in paths]
            paths = [(*at, n) for at, value in lists if isinstance(value, list) for n in range(len(value))]
        else:
            paths = [(*at, step) for at in paths]
    yield from paths


def _cell(data: Any, column: Column, path: Path, values: Mapping[Path, Mapping[str, Any]]) -> Any:
    if column.part == "value":
        value = value_at(data, path)
        if isinstance(value, dict | list) or (column.kind == "json" and value is not None):
            return json.dumps(value, ensure_ascii=False)
        return value
    entry = values.get(path)
    if entry is None or column.part == "confidence":
        return None if entry is None else entry["confidence"]
    evidence = entry["evidence"]
    if evidence is None or column.part == "text":
        return None if evidence is None else evidence["text"]
    return evidence["boxes"][0]["page"] if evidence["boxes"] else None


def _machine_values(record: Record) -> dict[Path, Mapping[str, Any]]:
    """Return the machine's entries (`values` of the result) by path, without those that a person has replaced."""
    changed = [correction.path for correction in record.corrections]
    entries = {tuple(entry["path"]): entry for entry in record.result["values"]}
    return {p: e for p, e in entries.items() if not any(p[: len(c)] == c or c[: len(p)] == p for c in changed)}
