"""The review queue: lists and counts of records from their rows alone, quick with any number of records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from extractor.store import database_tables as tables
from extractor.store.database import now
from extractor.store.models import STATUSES, RecordFilter, RecordSummary, ReviewAction, current_approvals, open_flag

_FEW = 400
"""Records that a search finds are read one by one, if they are no more; else in the order of an index."""
_OTHER_TABLES = ("schema_name", "sources", "approvals", "flag")
_ROW = tuple(key for key in RecordSummary.__dataclass_fields__ if key not in _OTHER_TABLES)
"""The columns of a record that its summary shows."""


def list_summaries(
    connection: sa.Connection, wanted: RecordFilter, who: str, sort: str, after: int, limit: int
) -> tuple[list[RecordSummary], int]:
    """Return at most `limit` summaries, from position `after` on, and the number of all records that match."""
    wanted = narrow_search(connection, wanted, who)
    query = sa.select(sa.func.count()).select_from(tables.records).where(*conditions_of(wanted, who))
    return load_page(connection, wanted, who, sort, after, limit), connection.execute(query).scalar_one()


def narrow_search(connection: sa.Connection, wanted: RecordFilter, who: str) -> RecordFilter:
    """Return a filter by the numbers of what a search finds, where that is little, so that it is done only once."""
    if not wanted.search.strip() or wanted.numbers is not None or wanted.status == "bin":
        return wanted
    record = tables.records.c
    _, *others = conditions_of(replace(wanted, status=None), who)
    # So written that no partial index fits: reading every row in an index's order takes four times as long.
    is_current = sa.func.coalesce(record.replaced_by, 0) == 0
    found = sa.select(record.id).where(is_current, *others)
    numbers = connection.execute(found.limit(_FEW + 1)).scalars().all()
    return wanted if len(numbers) > _FEW else replace(wanted, search="", numbers=tuple(numbers))


def load_page(
    connection: sa.Connection, wanted: RecordFilter, who: str, sort: str, after: int, limit: int
) -> list[RecordSummary]:
    """Return at most `limit` summaries of the records that match, from position `after` on."""
    conditions = list(conditions_of(wanted, who))
    page = _ordered(wanted, conditions, sort, after + limit).offset(after).limit(limit)
    numbers = list(connection.execute(page).scalars())  # sorting whole rows would take several times as long
    return load_summaries(connection, numbers)


def load_summaries(connection: sa.Connection, numbers: Sequence[int]) -> list[RecordSummary]:
    """Return the summaries of records in the order of their numbers given, without those that were replaced."""
    record = tables.records.c
    query = (
        sa.select(*(record[key] for key in _ROW), tables.schemas.c.name.label("schema_name"))
        .join(tables.schemas, tables.schemas.c.id == record.schema)
        .where(record.id.in_(numbers), record.replaced_by.is_(None))
    )
    found = {row.id: row for row in connection.execute(query)}
    rows = [found[number] for number in numbers if number in found]
    actions = actions_by_record(connection, numbers)
    names = sources_by_document(connection, [row.document for row in rows])
    return [
        RecordSummary(
            **{key: getattr(row, key) for key in _ROW},
            schema_name=row.schema_name,
            sources=tuple(names[row.document]),
            approvals=tuple(current_approvals(actions[row.id])),
            flag=open_flag(actions[row.id]),
        )
        for row in rows
    ]


def count_matching(counts: Mapping[str, int], status: str | None) -> int:
    """Return how many records of a status match, given what `count_by_queue` counts of all but those in the bin."""
    statuses = ("new", "needs_review") if status == "open" else STATUSES if status is None else (status,)
    return sum(counts.get(each, 0) for each in statuses)


def count_by_queue(connection: sa.Connection, wanted: RecordFilter, who: str) -> dict[str, int]:
    """Count the matching records of each status, those flagged, and those that wait for a second person's approval."""
    record = tables.records.c
    second = sa.and_(*_has_status("second", who))
    query = sa.select(
        record.status,
        sa.func.count(),
        sa.func.sum(record.flagged),
        sa.func.sum(sa.case((second, 1), else_=0)),
    ).where(*conditions_of(wanted, who))
    counts = {"flagged": 0, "second": 0}
    for status, number, flagged, seconds in connection.execute(query.group_by(record.status)):
        counts[status] = number
        counts["flagged"] += int(flagged)
        counts["second"] += int(seconds)
    return counts


def next_id(connection: sa.Connection, wanted: RecordFilter, who: str, sort: str, but: int | None) -> int | None:
    """Return the number of the first matching record that nobody else holds or is to review, other than `but`."""
    record = tables.records.c
    wanted = narrow_search(connection, wanted, who)
    is_free = sa.or_(record.claimed_by.is_(None), record.claimed_by == who, record.claimed_until <= now())
    is_own = sa.or_(record.assigned.is_(None), record.assigned == who)
    conditions = [*conditions_of(wanted, who), is_free, is_own]
    if but is not None:
        conditions.append(record.id != but)
    query = _ordered(wanted, conditions, sort, 1).limit(1)
    return connection.execute(query).scalar_one_or_none()


def conditions_of(wanted: RecordFilter, who: str = "") -> Iterator[sa.ColumnElement[bool]]:
    """Yield the conditions by which a record matches the filter; `who` is the person who asks."""
    record = tables.records.c
    yield record.replaced_by.is_(None)
    yield record.deleted.is_not(None) if wanted.status == "bin" else record.deleted.is_(None)
    if wanted.numbers is not None:
        yield record.id.in_(wanted.numbers)
    if wanted.assigned is not None:
        yield record.assigned == wanted.assigned if wanted.assigned else record.assigned.is_(None)
    if wanted.schema is not None:
        is_schema = sa.or_(tables.schemas.c.id == wanted.schema, tables.schemas.c.name == wanted.schema)
        yield record.schema.in_(sa.select(tables.schemas.c.id).where(is_schema))
    if wanted.status not in (None, "bin"):
        yield from _has_status(wanted.status, who)
    if wanted.reason is not None:
        yield record.doubts.cast(sa.Text).contains(f'"{wanted.reason}":', autoescape=True)
    if wanted.job is not None:
        task = tables.tasks.c
        yield (record.schema == sa.select(tables.jobs.c.schema).where(tables.jobs.c.id == wanted.job).scalar_subquery())
        done = sa.select(task.document).where(task.job == wanted.job, task.state.in_(("done", "reused")))
        yield record.document.in_(done)
    if wanted.search.strip():
        name = sa.func.lower(tables.sources.c.name)
        matches = name.contains(wanted.search.strip().lower(), autoescape=True)
        is_named = record.document.in_(sa.select(tables.sources.c.document).where(matches))
        yield is_named | record.words.contains(wanted.search.strip().casefold(), autoescape=True)


def _has_status(status: str, who: str) -> Iterator[sa.ColumnElement[bool]]:
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


def _ordered(
    wanted: RecordFilter, conditions: Sequence[sa.ColumnElement[bool]], sort: str, most: int
) -> sa.Select[tuple[int]]:
    """Return the query for the numbers of the records that meet the conditions, in order; `most` of them are read.

    Of several statuses, the first records of each are put in order: an index has them in order for one status alone.
    """
    record = tables.records.c
    statuses = ("new", "needs_review") if wanted.status == "open" else STATUSES if wanted.status is None else ()
    if not statuses:
        return sa.select(record.id).where(*conditions).order_by(*_order(sort))
    columns = record.id, record.risk, record.created, record.name
    of_status = [
        sa.select(*columns).where(*conditions, record.status == status).order_by(*_order(sort)).limit(most).subquery()
        for status in statuses
    ]
    first = sa.union_all(*(sa.select(part) for part in of_status)).subquery()
    return sa.select(first.c.id).order_by(*_order(sort, first.c))


def _order(sort: str, record: Any = tables.records.c) -> Sequence[Any]:
    """Return what to order by for `risk`, `new`, `old` or `name`, given the columns of records."""
    if sort == "new":
        return record.created.desc(), record.id.desc()
    if sort == "old":
        return record.created, record.id
    if sort == "name":
        return record.name, record.id
    return record.risk.desc(), record.id


def sources_by_document(connection: sa.Connection, documents: Iterable[str]) -> dict[str, list[str]]:
    """Return the names under which each document was found, the oldest first."""
    names: dict[str, list[str]] = {document: [] for document in documents}
    query = sa.select(tables.sources.c.name, tables.sources.c.document).where(tables.sources.c.document.in_(names))
    for name, document in connection.execute(query.order_by(tables.sources.c.seen, tables.sources.c.name)):
        names[document].append(name)
    return names


def actions_by_record(connection: sa.Connection, records: Iterable[int]) -> dict[int, list[ReviewAction]]:
    """Return what people did with each record other than correcting it, oldest first."""
    review = tables.reviews.c
    actions: dict[int, list[ReviewAction]] = {record: [] for record in records}
    for row in connection.execute(tables.reviews.select().where(review.record.in_(actions)).order_by(review.id)):
        actions[row.record].append(ReviewAction(row.action, row.who, row.at, row.revision, row.note, row.how))
    return actions
