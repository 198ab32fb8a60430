"""An extraction as plain JSON data, and files that are written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path as FilePath
from typing import Any

from extractor.errors import OutputError
from extractor.types import Evidence, Extraction, Problem, path_text


def as_dict(extraction: Extraction) -> dict[str, Any]:
    """The extraction as it is printed: `document`, `data`, `values`, `problems`, `run`; JSON types only.

    A value's `path` is a list of property names and positions; `evidence` is null for a value that has none, and its
    `boxes` are null for a document without pages.
    """
    document = extraction.document
    return {
        "document": {"id": document.id, "source": document.source, "pages": len(document.pages) or None},
        "data": extraction.data,
        "values": [
            {
                "path": list(v.path),
                "value": v.value,
                "evidence": _evidence(v.evidence),
                "confidence": v.confidence,
                "method": v.method,
                "problems": [_problem(p) for p in v.problems],
            }
            for v in extraction.values
        ],
        "problems": [_problem(p) for p in extraction.problems],
        "run": dict(extraction.run),
    }


def _evidence(evidence: Evidence | None) -> dict[str, Any] | None:
    if evidence is None:
        return None
    boxes = [{"page": b.page, "x0": b.x0, "top": b.top, "x1": b.x1, "bottom": b.bottom} for b in evidence.boxes]
    return {"text": evidence.text, "start": evidence.start, "end": evidence.end, "boxes": boxes or None}


def _problem(problem: Problem) -> dict[str, Any]:
    return {"path": path_text(problem.path), "kind": problem.kind, "message": problem.message}


def write_whole(path: str | os.PathLike[str], text: str) -> None:
    """Write `text` to `path` through a temporary file beside it: a reader sees the old file or the new, never half.

    Raises OutputError when the place cannot be written.
    """
    target = FilePath(path)
    name = None
    try:
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=target.parent, prefix=".", suffix=".part", delete=False
        ) as f:
            name = f.name
            f.write(text)
            f.flush()
            os.fsync(f.fileno())
        os.replace(name, target)
    except OSError as error:
        if name:
            with contextlib.suppress(OSError):
                os.unlink(name)
        raise OutputError(
            f"Cannot write {target}: {error.strerror or error}", "Name a file in a folder you may write to."
        ) from error
