"""Approved records as an eval set: documents with gold, on which `extractor eval` measures how good a model is."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path as FilePath
from typing import Any

from extractor.errors import InputError, OutputError, UsageError
from extractor.evaluation.gold import record_as_gold, unseen_fields
from extractor.exports.warnings import ExportWarnings
from extractor.files.atomic_files import WRITE_HINT
from extractor.files.file_names import UniqueFileNames
from extractor.jobs import archives
from extractor.schemas import Schema
from extractor.store import Record, Store

_README = """# {name}: {records:,} documents with gold

Records of the schema {name} as people approved them, from a store of `extractor`. `extractor eval .` measures how
good a model is on them.

- `documents/`: the documents, byte for byte
- `gold.jsonl`: a line for each, with its record. Null says that the document has no value for the field; a field that
  is left out was seen by nobody (`unseen` counts these), and is not scored. `record` is the number of the record in
  the store, `approved_by` who approved it, `corrected` the number of corrections
- `schema.json`: the JSON Schema

A value that nobody corrected was extracted by the machine and accepted by whoever approved the record with its document
before them. Values that were still to be checked then, and those of records that were approved from the list or without
a person, are left out unless somebody settled them one by one.
"""


def write(
    output: str, store: Store, schemas: Sequence[Schema], records: Iterable[Record], warnings: ExportWarnings
) -> None:
    """Write the folder with the set, completely or not at all; a missing document's record is left out with a warning.

    The first of the schemas is the set's. Raises OutputError where the folder exists and is not empty, or cannot be
    written, UsageError where there is nothing to write.
    """
    target, schema = FilePath(output).absolute(), schemas[0]
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise OutputError(f"{output} exists already.", "Name a new folder for the set.")
    partial = target.with_name(f".{target.name}-{secrets.token_hex(4)}.part")
    try:
        partial.parent.mkdir(parents=True, exist_ok=True)
        partial.mkdir(mode=0o700)  # the folder is for its owner alone, as the store is, and so is what is in it
        (partial / "documents").mkdir()
        with open(partial / "gold.jsonl", "w", encoding="utf-8", errors="backslashreplace") as lines:
            names = UniqueFileNames()
            for record in records:
                data = _read_document(store, record)
                if data is None:
                    warnings.add("the document is gone, its record was left out", f"record {record.id}")
                    continue
                line = _line(store, record, schema)
                if not line["gold"]:
                    warnings.add("nobody has seen its values, the record was left out", f"record {record.id}")
                    continue
                name = names.add(_source_name(record))
                (partial / "documents" / name).write_bytes(data)
                lines.write(json.dumps({"document": f"documents/{name}"} | line, ensure_ascii=False) + "\n")
                warnings.records += 1
        if not warnings.records:
            message = "There is no approved record whose document still exists and whose values somebody has seen."
            raise UsageError(message, "Check and approve some records first.")
        (partial / "schema.json").write_text(json.dumps(dict(schema.document), ensure_ascii=False, indent=2) + "\n")
        (partial / "README.md").write_text(_README.format(name=schema.name, records=warnings.records), "utf-8")
        with contextlib.suppress(FileNotFoundError):
            target.rmdir()
        os.replace(partial, target)
    except OSError as error:
        raise OutputError(f"Cannot write {output}: {error.strerror or error}", WRITE_HINT) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _line(store: Store, record: Record, schema: Schema) -> dict[str, Any]:
    """Return the record's line of gold.jsonl, but for the name of its document."""
    actions = store.records.review_actions(record.id)
    approvers = [action.who for action in actions if action.action == "approved"]
    unseen = unseen_fields(schema, record, actions, store.review_rules(record.schema_name))
    return {
        "gold": record_as_gold(schema, record.data, unseen),
        "unseen": len(unseen),
        "record": record.id,
        "sha256": record.document,
        "status": record.status,
        "approved_by": list(dict.fromkeys(approvers)),
        "corrected": sum(c.how != "accepted" for c in record.corrections),
    }


def _source_name(record: Record) -> str:
    return record.sources[0] if record.sources else record.document[:12]


def _read_document(store: Store, record: Record) -> bytes | None:
    """Return the document's bytes from the first place where it still is, unchanged; None if there is none."""
    for source in store.sources(record.document):
        try:
            data, found = archives.read_document_bytes(source.name)
        except (OSError, InputError):
            continue
        if found == record.document:
            return data
    return None
