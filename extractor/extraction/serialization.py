"""Extractions as plain JSON data, and records read back out of JSON files."""

from __future__ import annotations

import json
from typing import Any

from extractor.errors import InputError
from extractor.types import Evidence, Extraction, Problem, path_text


def as_dict(extraction: Extraction, *, features: bool = False) -> dict[str, Any]:
    """Return the extraction as JSON types only: `document`, `data`, `values`, `problems` and `run`.

    A value's `path` is a list of property names and list positions. `evidence` is null for a value without evidence,
    and its `boxes` are null for a document without pages. `score` is the confidence before calibration. With
    `features`, every value also has the features that a calibration may learn from, under `signals`.
    """
    document = extraction.document
    return {
        "document": {"id": document.id, "source": document.source, "pages": len(document.pages) or None},
        "data": extraction.data,
        "values": [
            {
                "path": list(v.path),
                "value": v.value,
                "evidence": _evidence_as_dict(v.evidence),
                "confidence": v.confidence,
                "score": v.features.get("score", v.confidence),
                "method": v.method,
                "problems": [_problem_as_dict(p) for p in v.problems],
                **({"signals": dict(v.features)} if features else {}),
            }
            for v in extraction.values
        ],
        "problems": [_problem_as_dict(p) for p in extraction.problems],
        "run": dict(extraction.run),
    }


def _evidence_as_dict(evidence: Evidence | None) -> dict[str, Any] | None:
    if evidence is None:
        return None
    boxes = [{"page": b.page, "x0": b.x0, "top": b.top, "x1": b.x1, "bottom": b.bottom} for b in evidence.boxes]
    return {"text": evidence.text, "start": evidence.start, "end": evidence.end, "boxes": boxes or None}


def _problem_as_dict(problem: Problem) -> dict[str, Any]:
    return {"path": path_text(problem.path), "kind": problem.kind, "message": problem.message}


def parse_records(content: bytes, source: str) -> list[Any]:
    """Parse the records in a JSON or JSON Lines file; `source` is its name for messages.

    Where an element is a whole extraction as `as_dict` writes it, its `data` is the record. Raises `InputError` for
    content that is empty, not JSON, or nested too deeply.
    """
    hint = "Give a record, or the output of `extractor extract`."
    if not content.strip():
        raise InputError(f"{source} is empty.", hint)
    try:
        text = content.decode("utf-8-sig")
        try:
            elements = [json.loads(text, parse_constant=_refuse_constant)]
        except json.JSONDecodeError as error:
            if error.msg != "Extra data":
                raise
            elements = [json.loads(line, parse_constant=_refuse_constant) for line in text.split("\n") if line.strip()]
    except RecursionError as error:
        raise InputError(f"{source} is nested too deeply.", hint) from error
    except ValueError as error:
        raise InputError(f"{source} is not JSON: {error}", hint) from error
    return [e["data"] if isinstance(e, dict) and {"data", "values", "run"} <= set(e) else e for e in elements]


def _refuse_constant(name: str) -> Any:
    """Raise `ValueError` for NaN and Infinity, which Python's parser would accept."""
    raise ValueError(f"it contains {name}, which is not valid JSON")
