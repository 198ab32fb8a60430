"""The review queue: pages of records with the most doubtful first, and which record comes next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from extractor.classification import is_kind_set
from extractor.review.display_names import Schemas, kind_title
from extractor.review.record_view import claim_json, names_json
from extractor.store import RecordFilter, RecordSummary, Store
from extractor.store.review_reasons import ReviewReason
from extractor.store.review_rule import AUTOMATIC

COUNTED = ("new", "needs_review", "approved", "rejected", "second", "flagged")
"""What is counted for the filter of the queue: statuses, and what waits for a second person or for an answer."""
_REASON_ORDER = {reason: position for position, reason in enumerate(ReviewReason)}


@dataclass(frozen=True, slots=True)
class QueueQuery:
    """Which records of the queue a screen asks for, and in which order.

    `status`, `schema`, `reason` and `search` are as in RecordFilter, with `all` for every status; `job` is a name;
    `sort` is `risk` (the most doubtful first), `new`, `old`, or `name`; `assigned` is a person, or empty for nobody.
    """

    status: str = "open"
    schema: str | None = None
    reason: str | None = None
    job: str | None = None
    search: str = ""
    sort: str = "risk"
    assigned: str | None = None

    def record_filter(self, store: Store) -> RecordFilter:
        """Return the filter of the store for it; raises InputError for a job that does not exist."""
        job = None if self.job is None else store.jobs.get(self.job).id
        status = None if self.status == "all" else self.status
        return RecordFilter(status, self.schema, self.reason, job, self.search, self.assigned)


def list_queue(
    store: Store, query: QueueQuery, *, who: str, after: int, limit: int
) -> tuple[dict[str, Any], str | None]:
    """Return a page of the queue as JSON data, and the document (SHA-256) of its first record."""
    wanted = query.record_filter(store)
    summaries, total, counts = store.records.load_queue(wanted, who=who, sort=query.sort, after=after, limit=limit)
    schemas = store.schemas()
    page = {
        "rows": [_row(summary, who, schemas) for summary in summaries],
        "total": total,
        "counts": {name: counts.get(name, 0) for name in COUNTED},
        "schemas": [{"name": name, "title": kind_title(name, document)} for name, document in _newest(schemas)],
        "jobs": [{"name": job.name, "state": job.state} for job in store.jobs.all()],
    }
    return page, summaries[0].document if summaries else None


def list_rows(store: Store, query: QueueQuery, *, who: str, after: int, limit: int) -> tuple[list[dict[str, Any]], int]:
    """Return the rows of a page of the queue, and how many records match, without what a screen shows besides."""
    wanted = query.record_filter(store)
    summaries, total = store.records.list_summaries(wanted, who=who, sort=query.sort, after=after, limit=limit)
    schemas = store.schemas()
    return [_row(summary, who, schemas) for summary in summaries], total


def _row(summary: RecordSummary, who: str, schemas: Schemas) -> dict[str, Any]:
    reasons = sorted(summary.doubts, key=lambda kind: _REASON_ORDER.get(kind, len(_REASON_ORDER)))
    return {
        "id": summary.id,
        **names_json(summary.sources),
        "schema": summary.schema_name,
        "schema_title": kind_title(*schemas[summary.schema]),
        "status": summary.status,
        "revision": summary.revision,
        "reasons": [{"kind": kind, "count": summary.doubts[kind]} for kind in reasons],
        "left": summary.to_check,
        "confidence": summary.confidence,
        "problems": summary.problems,
        **claim_json(summary, who),
        "approvals": [action.who for action in summary.approvals],
        "automatic": any(action.how == AUTOMATIC for action in summary.approvals),
        "assigned": summary.assigned,
        "deleted": summary.deleted,
        "flag": {"who": summary.flag.who, "note": summary.flag.note} if summary.flag else None,
        "created": summary.created,
        "updated": summary.updated,
    }


def _newest(schemas: Schemas) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the schemas by their names: of each name the newest, which the store lists last."""
    return sorted({name: document for name, document in schemas.values() if not is_kind_set(document)}.items())
