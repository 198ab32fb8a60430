"""What runs in separate processes for the design of a kind of report: its sample is read there, and never elsewhere.

Every task gets the names and the SHA-256 of the sample, and returns plain data: `{"refused": MESSAGE, "hint": ...}` for
what the sample does not have, `{"error": MESSAGE}` where it cannot be read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from extractor.errors import ExtractorError, InputError
from extractor.extraction.pipeline import extract
from extractor.grounding.occurrences import make_evidence
from extractor.readers import read_bytes
from extractor.review.worker_tasks import explain, failure, load_bytes
from extractor.schema_design import (
    draft_from_header,
    draft_from_names,
    propose_draft,
    propose_field_at,
)
from extractor.schemas import Check, Schema, load_schema
from extractor.types import Document, Evidence, FieldValue
from extractor.validation.rules import find_problems
from extractor.values.user_input import format_user_input

SHOWN_ROWS = 3
"""Values of a column that are shown."""

_last_read: tuple[str, Document] | None = None
"""The sample that was read last: SHA-256 and document. It is asked about after every change of a field."""


def propose(names: Sequence[str], sha: str, wanted: str) -> dict[str, Any]:
    """Return the draft that a sample suggests, of the `wanted` names alone where there are any."""

    def work(document: Document) -> dict[str, Any]:
        draft = propose_draft([document])
        if wanted.strip():
            draft = draft_from_names(wanted, draft)
        elif not draft.fields:
            raise InputError(
                "No labels with values and no tables were found.", "Click a word on the page, or write names."
            )
        return draft.to_json()

    return _with_document(names, sha, work)


def read_header(names: Sequence[str], sha: str) -> dict[str, Any]:
    """Return the draft of a spreadsheet's header row."""
    return _with_document(names, sha, lambda document: draft_from_header(document).to_json())


def field_at(names: Sequence[str], sha: str, start: int, end: int, exact: bool) -> dict[str, Any]:
    """Return the field for a stretch of the sample, or for the value that it is a word of."""
    return _with_document(names, sha, lambda document: propose_field_at(document, start, end, exact=exact).to_json())


def find_values(names: Sequence[str], sha: str, schema: str, places: str) -> dict[str, Any]:
    """Return what structure alone finds in the sample for each field, and the numbers of the checks that fail.

    `schema` is a JSON Schema, `places` where the fields were proposed from, both as JSON text. `values` are by the path
    of keys: `text` as it stands in a field, `rows` of a list, `found` where it is so without a model, and `evidence`.
    """

    def work(document: Document) -> dict[str, Any]:
        loaded = load_schema(json.loads(schema))
        result = extract(document, loaded, None)
        values = _proposed_values(document, json.loads(places)) | _found_values(result.data, result.values)
        return {"values": values, "failed": _failed_checks(loaded, result.data)}

    return _with_document(names, sha, work)


def _with_document(names: Sequence[str], sha: str, work: Callable[[Document], dict[str, Any]]) -> dict[str, Any]:
    """Return what `work` makes of the sample."""
    global _last_read
    try:
        if _last_read is None or _last_read[0] != sha:
            name, data = load_bytes(names, sha)
            _last_read = (sha, read_bytes(data, name))
        document = _last_read[1]
    except Exception as error:
        return failure(explain(error))
    try:
        return work(document)
    except ExtractorError as error:
        return {"refused": error.message, "hint": error.hint}
    except Exception as error:
        return failure(explain(error))


def _proposed_values(document: Document, places: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    """Return the stretches that fields were proposed with."""
    values = {}
    for path, (start, end) in places.items():
        if 0 <= start < end <= len(document.text):
            evidence = make_evidence(document, start, end)
            values[path] = {"text": evidence.text, "found": False, "evidence": asdict(evidence)}
    return values


def _found_values(data: Any, values: Sequence[FieldValue]) -> dict[str, Any]:
    """Return the values of a record by the path of keys; of a column the first ones, of a list the number of rows."""
    shown: dict[str, list[str]] = {}
    first: dict[str, Evidence | None] = {}
    for value in values:
        if value.value is None:
            continue
        path = ".".join(step for step in value.path if isinstance(step, str))
        shown.setdefault(path, []).append(format_user_input(value.value))
        if first.get(path) is None:
            first[path] = value.evidence
    found: dict[str, Any] = {}
    for path, texts in shown.items():
        text = "; ".join(texts[:SHOWN_ROWS]) + (" …" if len(texts) > SHOWN_ROWS else "")
        evidence = first[path]
        found[path] = {"text": text, "found": True, "evidence": None if evidence is None else asdict(evidence)}
    for path, rows in _lists(data):
        evidence = next((e for key, e in first.items() if key.startswith(f"{path}.") and e is not None), None)
        found[path] = {"rows": rows, "found": True, "evidence": None if evidence is None else asdict(evidence)}
    return found


def _lists(data: Any, above: str = "") -> list[tuple[str, int]]:
    """Return the lists of a record that have rows, by the path of keys, with the number of rows."""
    found = []
    for key, value in data.items() if isinstance(data, Mapping) else ():
        if isinstance(value, list) and value:
            found.append((f"{above}{key}", len(value)))
        found += _lists(value, f"{above}{key}.")
    return found


def _failed_checks(schema: Schema, data: Any) -> list[int]:
    """Return the positions of the top-level checks that the sample's record fails."""
    entries = schema.document.get("x-checks") or ()
    checks = [Check((), e["expr"], e.get("message", ""), float(e.get("tolerance", 0))) for e in entries]
    return [number for number, check in enumerate(checks) if any(find_problems([check], data))]
