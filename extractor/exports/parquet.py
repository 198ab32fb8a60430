"""Parquet: a row for each record, lists and objects within it as what they are."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import islice
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from extractor.atomic_files import open_atomically
from extractor.exports.columns import Column, Sheet
from extractor.exports.warnings import Warnings
from extractor.store import Record
from extractor.types import path_text

AT_ONCE = 500
"""Records in a row group."""
MISFIT = "not of the type its schema gives it: null in its column, as it is in `_data`"
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
_PROOF = pa.list_(
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


def write(output: str, plan: Sequence[Sheet], records: Iterator[Record], told: Warnings, *, proof: bool) -> None:
    """Write the file, a few hundred records at a time.

    `_data` is the whole record as JSON text; with `proof`, `_values` is a list of what the machine's values rest on.
    """
    fields = _fields(plan)
    own = [column for column in plan[0].columns if column.part == "key"]
    types = [_TYPES[column.kind] for column in own] + [pa.string()] + ([_PROOF] if proof else [])
    names = [column.name for column in own] + ["_data"] + (["_values"] if proof else [])
    names = [name + "_" if name in fields else name for name in names]
    schema = pa.schema([*zip(names, types, strict=True), *_struct(fields)])
    with open_atomically(output) as file, pq.ParquetWriter(file, schema) as out:
        while batch := list(islice(records, AT_ONCE)):
            rows = []
            for record in batch:
                about = [*plan[0].about(record), json.dumps(record.data)] + ([_proof(record)] if proof else [])
                fitted = _fitted(record.data, fields, f"record {record.id}", told) or {}
                rows.append(dict(zip(names, about, strict=True)) | fitted)
            told.records += len(batch)
            out.write_table(pa.Table.from_pylist(rows, schema=schema))


Fields = dict[str, Any]
"""Property names -> the kind of a value, Fields of an object, or a list with the Fields of its elements."""


def _fields(plan: Sequence[Sheet]) -> Fields:
    """The fields of all sheets, within each other as they are in a record."""
    fields: Fields = {}
    for sheet in plan:
        here = fields
        for n, step in enumerate(sheet.path):
            if step == "*":
                here = here[0]
            elif sheet.path[n + 1] == "*":
                here = here.setdefault(str(step), [{}])
            else:
                here = here.setdefault(str(step), {})
        for column in sheet.columns:
            if column.part == "value":
                _put(here, column)
    return fields


def _put(fields: Fields, column: Column) -> None:
    *around, last = column.path
    for step in around:
        fields = fields.setdefault(str(step), {})
    fields[str(last)] = column.kind


def _struct(fields: Fields) -> list[pa.Field]:
    return [pa.field(name, _type(kind)) for name, kind in fields.items()]


def _type(kind: Any) -> pa.DataType:
    if isinstance(kind, list):
        return pa.list_(pa.struct(_struct(kind[0])))
    return pa.struct(_struct(kind)) if isinstance(kind, dict) else _TYPES[kind]


def _fitted(value: Any, kind: Any, place: str, told: Warnings) -> Any:
    """The value as Arrow takes it for its kind; None, with a warning, where it does not fit."""
    if value is None:
        return None
    if isinstance(kind, dict) and isinstance(value, dict):
        return {key: _fitted(value.get(key), below, f"{place}, {key}", told) for key, below in kind.items()}
    if isinstance(kind, list) and isinstance(value, list):
        return [_fitted(element, kind[0], f"{place}, {n}", told) for n, element in enumerate(value)]
    if kind == "json":
        return json.dumps(value)
    if kind == "date" and isinstance(value, str):
        with contextlib.suppress(ValueError):
            return date.fromisoformat(value)
    fits = isinstance(value, _PYTHON.get(kind, ())) and (kind == "boolean" or not isinstance(value, bool))
    if fits and not (kind == "integer" and abs(value) >= 2**63) and not (isinstance(value, str) and _broken(value)):
        return float(value) if kind == "number" else value
    told.add(MISFIT, place)
    return None


def _broken(text: str) -> bool:
    """Whether the text holds half a surrogate pair, which UTF-8 cannot."""
    return not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text)


def _proof(record: Record) -> list[dict[str, Any]]:
    """What the machine said of each of its values."""
    said = []
    for value in record.result["values"]:
        found = value["evidence"] or {"text": None, "start": None, "end": None, "boxes": None}
        line = {"path": path_text(tuple(value["path"])), "value": json.dumps(value["value"])}
        line |= {key: found[key] for key in ("start", "end")} | {"text": _printable(found["text"])}
        line |= {"page": found["boxes"][0]["page"] if found["boxes"] else None}
        said.append(line | {key: value[key] for key in ("confidence", "method")})
    return said


def _printable(text: str | None) -> str | None:
    return None if text is None else text.encode("utf-8", "backslashreplace").decode()
