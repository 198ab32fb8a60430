"""What happened to a record, or to one value of it: who did what and when, the newest first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from extractor.store import Correction, Record, ReviewAction, StoredExtraction
from extractor.store.review_status import equal_json, match_rows, value_at
from extractor.types import Path


def of_record(
    record: Record, extractions: Sequence[StoredExtraction], reviews: Sequence[ReviewAction]
) -> list[dict[str, Any]]:
    """Everything that happened to the record; each change names the path of what was changed."""
    told = [_line(e.at, e.version.model or e.version.tool, "extracted") for e in extractions]
    told += [_line(r.at, r.who, r.action, note=r.note) for r in reviews]
    told += [_line(c.at, c.who, c.how, *_ends(c), note=c.reason) | {"path": list(c.path)} for c in record.corrections]
    return sorted(told, key=lambda line: line["at"], reverse=True)


def of_value(record: Record, extractions: Sequence[StoredExtraction], path: Path) -> list[dict[str, Any]]:
    """What happened to the value that now stands at the path; rows are followed to where they were before."""
    told = list(_changes(record.corrections, path))
    at = told.pop() if told and "was" in told[-1] else {"was": path}
    if at["was"] is not None:
        for e in reversed(extractions):
            if e.id == record.extraction:
                said = next((v for v in e.result["values"] if tuple(v["path"]) == at["was"]), None)
                value = said["value"] if said else value_at(e.result["data"], at["was"])
                told.append(_line(e.at, e.version.model or e.version.tool, "extracted", None, value))
    return told


def _changes(corrections: Sequence[Correction], path: Path) -> Iterator[dict[str, Any]]:
    """The changes of the value, the newest first, and in the end where it was to begin with, None for a new row."""
    here: Path | None = path
    for c in reversed(corrections):
        if here is None:
            break
        size = len(c.path)
        if c.path == here:
            yield _line(c.at, c.who, c.how, *_ends(c), note=c.reason)
        elif here[:size] == c.path:
            before, after = c.old, c.new
            if isinstance(after, list) and isinstance(here[size], int):
                was = _was(c, here[size])
                old = None if was is None else value_at(before, (was, *here[size + 1 :]))
                new = value_at(after, here[size:])
                if was is None or not equal_json(old, new):
                    yield _line(c.at, c.who, c.how, old, new, note=c.reason)
                here = None if was is None else (*c.path, was, *here[size + 1 :])
            elif not equal_json(value_at(before, here[size:]), value_at(after, here[size:])):
                yield _line(c.at, c.who, c.how, value_at(before, here[size:]), value_at(after, here[size:]))
    yield {"was": here}


def _was(c: Correction, row: int) -> int | None:
    """Which row an element was before the list was changed."""
    before, after = (v if isinstance(v, list) else [] for v in (c.old, c.new))
    rows: Mapping[str, Any] | Sequence[Any] | None = (c.evidence or {}).get("rows")
    if rows is None or len(rows) != len(after):
        rows = match_rows(before, after)
    return rows[row] if row < len(rows) else None


def _ends(c: Correction) -> tuple[Any, Any]:
    """Old and new; of a whole list or object only how large it is."""
    return _brief(c.old), _brief(c.new)


def _brief(value: Any) -> Any:
    return {"size": len(value)} if isinstance(value, list | dict) else value


def _line(at: str, who: str, what: str, old: Any = None, new: Any = None, note: str = "") -> dict[str, Any]:
    return {"at": at, "who": who, "what": what, "old": old, "new": new, "note": note}
