"""What happened to a record, or to one value of it: who did what and when, the newest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from extractor.store import Correction, Record, ReviewAction, StoredExtraction
from extractor.store.record_data import align_elements, equal_json, value_at
from extractor.types import Path


def record_history(
    record: Record, extractions: Sequence[StoredExtraction], actions: Sequence[ReviewAction]
) -> list[dict[str, Any]]:
    """Return everything that happened to the record as JSON data; a change names the path of what was changed."""
    events = [_event(e.at, _extractor_name(e), "extracted") for e in extractions]
    events += [_event(action.at, action.who, action.action, note=action.note) for action in actions]
    for correction in (*record.earlier, *record.corrections):
        old, new = _summarise(correction.old), _summarise(correction.new)
        event = _event(correction.at, correction.who, correction.how, old, new, correction.reason)
        events.append(event | {"path": list(correction.path)})
    return sorted(events, key=lambda event: event["at"], reverse=True)


def value_history(record: Record, extractions: Sequence[StoredExtraction], path: Path) -> list[dict[str, Any]]:
    """Return what happened to the value that is now at the path, as JSON data; rows are followed to where they were."""
    events, origin = _value_changes(record.corrections, path)
    if origin is not None:
        for extraction in reversed(extractions):
            if extraction.id == record.extraction:
                values = extraction.result["values"]
                extracted = next((value for value in values if tuple(value["path"]) == origin), None)
                value = extracted["value"] if extracted else value_at(extraction.result["data"], origin)
                events.append(_event(extraction.at, _extractor_name(extraction), "extracted", None, value))
    return events


def _value_changes(corrections: Sequence[Correction], path: Path) -> tuple[list[dict[str, Any]], Path | None]:
    """Return the changes of the value, the newest first, and the path that it had when it was extracted.

    The path is None for a value in a row that a person added.
    """
    events: list[dict[str, Any]] = []
    for correction in reversed(corrections):
        size = len(correction.path)
        about = correction.at, correction.who, correction.how
        before, after = correction.old, correction.new
        if correction.path == path:
            events.append(_event(*about, _summarise(before), _summarise(after), correction.reason))
        elif path[:size] != correction.path:
            continue
        elif isinstance(after, list) and isinstance(path[size], int):
            row = _previous_row(correction, path[size])
            old = None if row is None else value_at(before, (row, *path[size + 1 :]))
            new = value_at(after, path[size:])
            if row is None or not equal_json(old, new):
                events.append(_event(*about, old, new, correction.reason))
            if row is None:
                return events, None
            path = (*correction.path, row, *path[size + 1 :])
        else:
            old, new = value_at(before, path[size:]), value_at(after, path[size:])
            if not equal_json(old, new):
                events.append(_event(*about, old, new))
    return events, path


def _previous_row(correction: Correction, row: int) -> int | None:
    """Return which row an element was before the list was changed, None for a new one."""
    before, after = (value if isinstance(value, list) else [] for value in (correction.old, correction.new))
    rows: Mapping[str, Any] | Sequence[Any] | None = (correction.evidence or {}).get("rows")
    if rows is None or len(rows) != len(after):
        rows = align_elements(before, after)
    return rows[row] if row < len(rows) else None


def _summarise(value: Any) -> Any:
    """Return a value as the history shows it: of a list or an object only its size."""
    return {"size": len(value)} if isinstance(value, list | dict) else value


def _extractor_name(extraction: StoredExtraction) -> str:
    return extraction.version.model or extraction.version.tool


def _event(at: str, who: str, what: str, old: Any = None, new: Any = None, note: str = "") -> dict[str, Any]:
    return {"at": at, "who": who, "what": what, "old": old, "new": new, "note": note}
