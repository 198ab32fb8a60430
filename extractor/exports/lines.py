"""JSON Lines: everything the store knows of a record, on one line."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from extractor.atomic_files import open_atomically
from extractor.exports.warnings import Warnings
from extractor.store import Record

RECORD = ("id", "schema", "schema_name", "status", "revision", "sources", "created", "updated")


def write(output: str, records: Iterable[Record], told: Warnings) -> None:
    """Write a line for each record; nothing is left out and nothing changed."""
    with open_atomically(output) as file:
        for record in records:
            told.records += 1
            line = json.dumps(as_line(record), ensure_ascii=False, allow_nan=False) + "\n"
            file.write(line.encode("utf-8", "backslashreplace"))  # half a surrogate pair becomes its JSON escape


def as_line(record: Record) -> dict[str, Any]:
    """The extraction as `extractor extract` prints it, with the corrections in place, and `record` and `corrections`.

    Where there are corrections, `machine` is the record as the machine had it.
    """
    said = dict(record.result) | {"data": record.data}
    said["record"] = {key: getattr(record, key) for key in RECORD}
    said["corrections"] = [asdict(correction) for correction in record.corrections]
    return said | ({"machine": record.result["data"]} if record.corrections else {})
