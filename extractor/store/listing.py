"""Lists of records, told from what their rows hold: quick with any number of them, because none is read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from extractor.store import tables
from extractor.store.database import now
from extractor.store.models import RecordFilter, RecordSummary, ReviewAction, current_approvals, open_flag

SORTS = ("risk", "new", "old", "name")
_ROW = tuple(
    key for key in RecordSummary.__dataclass_fields__ if key not in ("schema_name", "sources", "approvals", "flag")
)


def listed(
    connection: sa.Connection, wanted: RecordFilter, who: str, sort: str, after: int, limit: int
) -> tuple[list[RecordSummary], int]:
    """The records that are asked for, from position `after` on, at most `limit` of them, and how many there are."""
    record = tables.records.c
    conditions = list(conditions_of(wanted, who))
    total = connection.execute(sa.select(sa.func.count()).select_from(tables.records).where(*conditions)).scalar_one()
    chosen = sa.select(record.id).where(*conditions).order_by(*_order(sort)).offset(after).limit(limit)
    numbers = list(connection.execute(chosen).scalars())  # sorting whole rows would take several times as long
    query = (
        sa.select(*(record[key] for key in _ROW), tables.schemas.c.name.label("schema_name"))
        .join(tables.schemas, tables.schemas.c.id == record.schema)
        .where(record.id.in_(numbers))
    )
    found = {row.id: row for row in connection.execute(query)}
    rows = [found[number] for number in numbers]
    acts = reviews_of(connection, [row.id for row in rows])
    names = sources_of(connection, [row.document for row in rows])
    return [
        RecordSummary(
            **{key: getattr(row, key) for key in _ROW},
            schema_name=row.schema_name,
            sources=tuple(names[row.document]),
            approvals=tuple(current_approvals(acts[row.id])),
            flag=open_flag(acts[row.id]),
        )
        for row in rows
    ], total


def counted(connection: sa.Connection, wanted: RecordFilter, who: str) -> dict[str, int]:
    """How many of them have each status, are flagged, and wait for a second person's approval."""
    record = tables.records.c
    second = sa.and_(*_status("second", who))
    query = sa.select(
        record.status,
        sa.func.count(),
        sa.func.sum(record.flagged),
        sa.func.sum(sa.case((second, 1), else_=0)),
    ).where(*conditions_of(wanted, who))
    found = {"flagged": 0, "second": 0}
    for status, number, flagged, seconds in connection.execute(query.group_by(record.status)):
        found[status] = number
        found["flagged"] += int(flagged)
        found["second"] += int(seconds)
    return found


def next_one(connection: sa.Connection, wanted: RecordFilter, who: str, sort: str, but: int | None) -> int | None:
    """The first of the records that are asked for which nobody else holds, and which is not `but`."""
    record = tables.records.c
    conditions = [*conditions_of(wanted, who), free(who)]
    if but is not None:
        conditions.append(record.id != but)
    query = sa.select(record.id).where(*conditions).order_by(*_order(sort)).limit(1)
    return connection.execute(query).scalar_one_or_none()


def free(who: str) -> sa.ColumnElement[bool]:
    """That nobody else holds the record."""
    record = tables.records.c
    return sa.or_(record.claimed_by.is_(None), record.claimed_by == who, record.claimed_until <= now())


def conditions_of(wanted: RecordFilter, who: str = "") -> Iterator[sa.ColumnElement[bool]]:
    """What a record has to be to be one of those asked for."""
    record = tables.records.c
    if wanted.schema is not None:
        same = sa.or_(tables.schemas.c.id == wanted.schema, tables.schemas.c.name == wanted.schema)
        yield record.schema.in_(sa.select(tables.schemas.c.id).where(same))
    if wanted.status is not None:
        yield from _status(wanted.status, who)
    if wanted.reason is not None:
        yield record.doubts.cast(sa.Text).contains(f'"{wanted.reason}":', autoescape=True)
    if wanted.job is not None:
        task = tables.tasks.c
        its_schema = sa.select(tables.jobs.c.schema).where(tables.jobs.c.id == wanted.job).scalar_subquery()
        yield record.schema == its_schema
        done = sa.select(task.document).where(task.job == wanted.job, task.state.in_(("done", "reused")))
        yield record.document.in_(done)
    if wanted.search.strip():
        name = sa.func.lower(tables.sources.c.name)
        found = name.contains(wanted.search.strip().lower(), autoescape=True)
        yield record.document.in_(sa.select(tables.sources.c.document).where(found))


def _status(status: str, who: str) -> Iterator[sa.ColumnElement[bool]]:
    record = tables.records.c
    if status == "open":
        yield record.status.in_(("new", "needs_review"))
    elif status == "flagged":
        yield record.flagged == 1
    elif status == "second":
        yield record.status == "approved"
        yield record.approvals == 1
        yield record.approved_by != who
    else:
        yield record.status == status


def _order(sort: str) -> Sequence[Any]:
    record = tables.records.c
    if sort == "new":
        return record.created.desc(), record.id.desc()
    if sort == "old":
        return record.created, record.id
    if sort == "name":
        names = sa.select(tables.sources.c.name).where(tables.sources.c.document == record.document)
        first = names.order_by(tables.sources.c.seen, tables.sources.c.name).limit(1).scalar_subquery()
        return first, record.id
    return record.risk.desc(), record.id


def sources_of(connection: sa.Connection, documents: Iterable[str]) -> dict[str, list[str]]:
    """The names that each document was found under, the first one first."""
    names: dict[str, list[str]] = {document: [] for document in documents}
    found = sa.select(tables.sources.c.name, tables.sources.c.document).where(tables.sources.c.document.in_(names))
    for name, document in connection.execute(found.order_by(tables.sources.c.seen, tables.sources.c.name)):
        names[document].append(name)
    return names


def reviews_of(connection: sa.Connection, records: Iterable[int]) -> dict[int, list[ReviewAction]]:
    """What people did with each record besides correcting it, oldest first."""
    review = tables.reviews.c
    acts: dict[int, list[ReviewAction]] = {record: [] for record in records}
    for row in connection.execute(tables.reviews.select().where(review.record.in_(acts)).order_by(review.id)):
        acts[row.record].append(ReviewAction(row.action, row.who, row.at, row.revision, row.note))
    return acts
