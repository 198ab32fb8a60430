"""An extraction as plain JSON data, and files that are written whole or not at all."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path as FilePath
from typing import Any, BinaryIO

from extractor.errors import InputError, OutputError
from extractor.types import Evidence, Extraction, Problem, path_text

HINT = "Name a file in a folder you may write to, with space left on its disk."


def as_dict(extraction: Extraction, *, features: bool = False) -> dict[str, Any]:
    """The extraction as it is printed: `document`, `data`, `values`, `problems`, `run`; JSON types only.

    A value's `path` is a list of property names and positions; `evidence` is null for a value that has none, and its
    `boxes` are null for a document without pages. `score` is the confidence before any calibration. With `features`,
    every value has what a calibration may learn from.
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
                "score": v.features.get("score", v.confidence),
                "method": v.method,
                "problems": [_problem(p) for p in v.problems],
                **({"signals": dict(v.features)} if features else {}),
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


def as_records(data: bytes, source: str) -> list[Any]:
    """The records in a JSON or JSON Lines file, out of the extractions it may hold; InputError when it is neither."""
    hint = "Give a record, or what `extractor extract` wrote."
    if not data.strip():
        raise InputError(f"{source} is empty.", hint)
    try:
        text = data.decode("utf-8-sig")
        try:
            found = [json.loads(text, parse_constant=_no_constant)]
        except json.JSONDecodeError as error:
            if error.msg != "Extra data":
                raise
            found = [json.loads(line, parse_constant=_no_constant) for line in text.split("\n") if line.strip()]
    except RecursionError as error:
        raise InputError(f"{source} is nested too deeply.", hint) from error
    except ValueError as error:
        raise InputError(f"{source} is not JSON: {error}", hint) from error
    return [r["data"] if isinstance(r, dict) and {"data", "values", "run"} <= set(r) else r for r in found]


def _no_constant(text: str) -> Any:
    raise ValueError(f"it holds {text}, which JSON does not have")


def refuse_unwritable(path: str | os.PathLike[str]) -> None:
    """Return when `path` can be written as far as can be told beforehand; raise OutputError when it cannot."""
    target = FilePath(os.path.realpath(path))
    if target.is_dir():
        raise OutputError(f"{path} is a folder.", "Name a file in it.")
    if not target.parent.is_dir():
        raise OutputError(f"There is no folder {target.parent} to write {target.name} in.", "Make the folder first.")
    if not os.access(target if _special(target) else target.parent, os.W_OK):
        raise OutputError(f"Cannot write {path}: permission denied", HINT)


def write_whole(path: str | os.PathLike[str], text: str) -> None:
    """Write `text` to `path` as `written_whole` does."""
    with written_whole(path) as file:
        file.write(text.encode("utf-8", "backslashreplace"))


@contextlib.contextmanager
def written_whole(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A file that becomes `path` when the block ends well: a reader sees the old file or the new, never half.

    It is written beside `path`. A link is followed, and an old file's permissions stay; a device or a pipe is written
    to as it is. Raises OutputError when the place cannot be written.
    """
    target = FilePath(os.path.realpath(path))
    partial = target if _special(target) else target.with_name(f".{os.getpid()}-{secrets.token_hex(4)}.part")
    try:
        if partial is not target:
            descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)  # less the umask
        else:
            descriptor = os.open(partial, os.O_WRONLY)
        with open(descriptor, "wb") as file:
            yield file
            file.flush()
            if partial is not target:
                os.fsync(file.fileno())
        if partial is not target:
            with contextlib.suppress(FileNotFoundError):
                os.chmod(partial, stat.S_IMODE(os.stat(target).st_mode))
            os.replace(partial, target)
    except BaseException as error:  # Ctrl-C too leaves nothing behind
        if partial is not target:
            with contextlib.suppress(OSError):
                os.unlink(partial)
        if isinstance(error, OSError):
            raise OutputError(f"Cannot write {path}: {error.strerror or error}", HINT) from error
        raise


def _special(target: FilePath) -> bool:
    """Whether it is a device or a pipe, such as /dev/null: never to be replaced by a file."""
    return target.exists() and not target.is_file()
