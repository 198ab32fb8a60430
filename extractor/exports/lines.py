"""JSON Lines: everything the store holds of a record, on one line."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from extractor.exports.warnings import ExportWarnings
from extractor.files.atomic_files import PRIVATE, open_atomically
from extractor.store import Record

RECORD_KEYS = ("id", "schema", "schema_name", "status", "revision", "sources", "created", "updated")


def write(output: str, records: Iterable[Record], warnings: ExportWarnings) -> None:
    """Write a line for each record; nothing is left out or changed."""
    with open_atomically(output, PRIVATE) as file:
        for record in records:
            warnings.records += 1
            line = json.dumps(as_line(record), ensure_ascii=False, allow_nan=False) + "\n"
            file.write(line.encode("utf-8", "backslashreplace"))  # half a surrogate pair becomes its JSON escape


def as_line(record: Record) -> dict[str, Any]:
    """Return the extraction as `extractor extract` prints it, with corrections in place, `record` and `corrections`.

    Where there are corrections, `machine` is the record as the machine extracted it.
    """
    line = dict(record.result) | {"data": record.data}
    line["record"] = {key: getattr(record, key) for key in RECORD_KEYS}
    line["corrections"] = [asdict(correction) for correction in record.corrections]
    return line | ({"machine": record.result["data"]} if record.corrections else {})
