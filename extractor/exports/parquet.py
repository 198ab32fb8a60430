"""Parquet: a row for each record, with lists and objects as nested types."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import islice
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from extractor.exports.columns import Column, ExportTable
from extractor.exports.warnings import ExportWarnings
from extractor.files.atomic_files import PRIVATE, open_atomically
from extractor.store import Record
from extractor.types import path_text

ROW_GROUP = 500
"""Records in a row group."""
MISFIT = "not of the type that the schema gives it: null in its column, complete in `_data`"
_TYPES = {
    "string": pa.string(),
    "json": pa.string(),
    "date-time": pa.string(),
    "date": pa.date32(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
}
_PYTHON = {"string": str, "date-time": str, "integer": int, "number": int | float, "boolean": bool}
_VALUES_TYPE = pa.list_(
    pa.struct(
        {
            "path": pa.string(),
            "value": pa.string(),
            "text": pa.string(),
            "start": pa.int64(),
            "end": pa.int64(),
            "page": pa.int64(),
            "confidence": pa.float64(),
            "method": pa.string(),
        }
    )
)


def write(
    output: str,
    tables: Sequence[ExportTable],
    records: Iterator[Record],
    warnings: ExportWarnings,
    *,
    with_values: bool,
) -> None:
    """Write the file, a few hundred records at a time.

    `_data` is the whole record as JSON text; with `with_values`, `_values` lists the machine's values with their
    evidence and confidence.
    """
    fields = _nest_fields(tables)
    own = [column for column in tables[0].columns if column.part == "key"]
    types = [_TYPES[column.kind] for column in own] + [pa.string()] + ([_VALUES_TYPE] if with_values else [])
    names = [column.name for column in own] + ["_data"] + (["_values"] if with_values else [])
    names = [name + "_" if name in fields else name for name in names]
    schema = pa.schema([*zip(names, types, strict=True), *_arrow_fields(fields)])
    with open_atomically(output, PRIVATE) as file, pq.ParquetWriter(file, schema) as out:
        while batch := list(islice(records, ROW_GROUP)):
            rows = []
            for record in batch:
                cells = [*tables[0].record_cells(record), json.dumps(record.data)] + (
                    [_list_values(record)] if with_values else []
                )
                fitted = _fit(record.data, fields, f"record {record.id}", warnings) or {}
                rows.append(dict(zip(names, cells, strict=True)) | fitted)
            warnings.records += len(batch)
            out.write_table(pa.Table.from_pylist(rows, schema=schema))


Fields = dict[str, Any]
"""Property name -> kind of a value, Fields of an object, or a list with the Fields of its elements."""


def _nest_fields(tables: Sequence[ExportTable]) -> Fields:
    """Return the fields of all tables, nested as they are in a record."""
    fields: Fields = {}
    for table in tables:
        here = fields
        for n, step in enumerate(table.path):
            if step == "*":
                here = here[0]
            elif table.path[n + 1] == "*":
                here = here.setdefault(str(step), [{}])
            else:
                here = here.setdefault(str(step), {})
        for column in table.columns:
            if column.part == "value":
                _add_field(here, column)
    return fields


def _add_field(fields: Fields, column: Column) -> None:
    *around, last = column.path
    for step in around:
        fields = fields.setdefault(str(step), {})
    fields[str(last)] = column.kind


def _arrow_fields(fields: Fields) -> list[pa.Field]:
    return [pa.field(name, _arrow_type(kind)) for name, kind in fields.items()]


def _arrow_type(kind: Any) -> pa.DataType:
    if isinstance(kind, list):
        return pa.list_(pa.struct(_arrow_fields(kind[0])))
    return pa.struct(_arrow_fields(kind)) if isinstance(kind, dict) else _TYPES[kind]


def _fit(value: Any, kind: Any, place: str, warnings: ExportWarnings) -> Any:
    """Return the value as Arrow takes it for its kind; None, with a warning, where it does not fit."""
    if value is None:
        return None
    if isinstance(kind, dict) and isinstance(value, dict):
        return {key: _fit(value.get(key), below, f"{place}, {key}", warnings) for key, below in kind.items()}
    if isinstance(kind, list) and isinstance(value, list):
        return [_fit(element, kind[0], f"{place}, {n}", warnings) for n, element in enumerate(value)]
    if kind == "json":
        return json.dumps(value)
    if kind == "date" and isinstance(value, str):
        with contextlib.suppress(ValueError):
            return date.fromisoformat(value)
    fits = isinstance(value, _PYTHON.get(kind, ())) and (kind == "boolean" or not isinstance(value, bool))
    is_too_large = kind == "integer" and fits and abs(value) >= 2**63
    if fits and not is_too_large and not (isinstance(value, str) and _has_lone_surrogate(value)):
        return float(value) if kind == "number" else value
    warnings.add(MISFIT, place)
    return None


def _has_lone_surrogate(text: str) -> bool:
    """Decide whether the text holds half a surrogate pair, which UTF-8 cannot encode."""
    return not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text)


def _list_values(record: Record) -> list[dict[str, Any]]:
    """Return the machine's values with their evidence, each as a row of `_values`."""
    rows = []
    for value in record.result["values"]:
        evidence = value["evidence"] or {"text": None, "start": None, "end": None, "boxes": None}
        line = {"path": path_text(tuple(value["path"])), "value": json.dumps(value["value"])}
        line |= {key: evidence[key] for key in ("start", "end")} | {"text": _encodable(evidence["text"])}
        line |= {"page": evidence["boxes"][0]["page"] if evidence["boxes"] else None}
        rows.append(line | {key: value[key] for key in ("confidence", "method")})
    return rows


def _encodable(text: str | None) -> str | None:
    return None if text is None else text.encode("utf-8", "backslashreplace").decode()
