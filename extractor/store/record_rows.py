"""Records read from their rows, with corrections applied, and the one place where their revisions are advanced."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from extractor.errors import InputError
from extractor.store import database_tables as tables
from extractor.store import listing
from extractor.store.audit import append_lines
from extractor.store.corrections import apply_corrections
from extractor.store.models import Conflict, Correction, Record, ReviewAction, current_approvals, open_flag
from extractor.store.writes import load_schemas

_COLUMNS = tuple(key for key in Record.__dataclass_fields__ if key in tables.records.c)
"""The columns of a record's row that the record has too."""


def load_record(connection: sa.Connection, record: int) -> Record:
    """Return the record of that number; raise InputError if there is none."""
    found = load_records(connection, [record])
    if not found:
        raise InputError(f"There is no record {record}.", "`extractor status` lists the jobs and their documents.")
    return found[0]


def load_records(connection: sa.Connection, numbers: Iterable[int]) -> list[Record]:
    """Return the records of those numbers, in that order, with their corrections and the names of their documents."""
    record = tables.records.c
    query = (
        sa.select(
            tables.records,
            tables.extractions.c.result,
            tables.schemas.c.name.label("schema_name"),
        )
        .join(tables.extractions, tables.extractions.c.id == record.extraction)
        .join(tables.schemas, tables.schemas.c.id == record.schema)
        .where(record.id.in_(numbers))
        .order_by(record.id)
    )
    rows = connection.execute(query).all()
    made = _load_corrections(connection, [row.id for row in rows])
    corrections = {row.id: [c for c in made[row.id] if c.revision > row.base] for row in rows}
    names = listing.sources_by_document(connection, [row.document for row in rows])
    emptied = {row.schema for row in rows if any(c.new is None for c in corrections[row.id])}
    schemas = load_schemas(connection, emptied) if emptied else {}
    return [
        Record(
            **{key: getattr(row, key) for key in _COLUMNS},
            schema_name=row.schema_name,
            result=row.result,
            data=apply_corrections(row.result["data"], corrections[row.id], schemas.get(row.schema)),
            corrections=tuple(corrections[row.id]),
            earlier=tuple(c for c in made[row.id] if c.revision <= row.base),
            sources=tuple(names[row.document]),
        )
        for row in rows
    ]


def _load_corrections(connection: sa.Connection, records: Sequence[int]) -> dict[int, list[Correction]]:
    """Return the corrections of each record, oldest first."""
    corrections: dict[int, list[Correction]] = {record: [] for record in records}
    query = sa.select(tables.corrections).where(tables.corrections.c.record.in_(records))
    for c in connection.execute(query.order_by(tables.corrections.c.id)):
        correction = Correction(
            tuple(c.path), c.old, c.new, c.how, c.who, c.at, c.revision, c.reason, c.evidence, c.undoes
        )
        corrections[c.record].append(correction)
    return corrections


def load_at_revision(connection: sa.Connection, record: int, revision: int) -> Record:
    """Return the record if it is still at `revision`; raise Conflict if not."""
    found = load_record(connection, record)
    if found.revision != revision:
        raise Conflict(
            f"Record {record} was changed by somebody else: it is at revision {found.revision}, not {revision}.",
            "Look at it as it is now, and make the change again.",
            found,
        )
    return found


def confirm_revision(connection: sa.Connection, known: Record, revision: int) -> Record:
    """Return the known record with its current status and claim if it is still at `revision`; raise Conflict if not."""
    record = tables.records.c
    query = sa.select(record.revision, record.status, record.claimed_by, record.claimed_until)
    row = connection.execute(query.where(record.id == known.id)).one()
    if row.revision != revision or known.revision != revision:
        return load_at_revision(connection, known.id, revision)
    return replace(known, status=row.status, claimed_by=row.claimed_by, claimed_until=row.claimed_until)


def advance_revision(connection: sa.Connection, found: Record, at: str, **columns: Any) -> None:
    """Raise the record's revision by one, and change some of its columns."""
    record = tables.records.c
    advanced = tables.records.update().where(record.id == found.id, record.revision == found.revision)
    connection.execute(advanced.values(revision=found.revision + 1, updated=at, **columns))


def set_claim(connection: sa.Connection, record: int, who: str | None, until: str | None) -> None:
    """Note who holds the record, and until when."""
    claimed = tables.records.update().where(tables.records.c.id == record)
    connection.execute(claimed.values(claimed_by=who, claimed_until=until))


def add_review_action(connection: sa.Connection, record: int, action: ReviewAction) -> None:
    """Store what a person did, and bring the record's approvals and flag up to date."""
    line = {"record": record, "revision": action.revision, "action": action.action, "who": action.who}
    line |= {"at": action.at, "note": action.note, "how": action.how}
    connection.execute(tables.reviews.insert(), line)
    actions = listing.actions_by_record(connection, [record])[record]
    approvals = current_approvals(actions)
    columns = {"approvals": len(approvals), "approved_by": approvals[0].who if approvals else None}
    columns["flagged"] = int(open_flag(actions) is not None)
    connection.execute(tables.records.update().where(tables.records.c.id == record).values(**columns))


def add_correction(connection: sa.Connection, record: int, made: Correction) -> None:
    """Store a correction, and note it in the audit log."""
    line = {"record": record, "revision": made.revision, "path": list(made.path), "old": made.old, "new": made.new}
    line |= {"how": made.how, "who": made.who, "at": made.at, "reason": made.reason}
    line |= {"evidence": made.evidence, "undoes": made.undoes}
    connection.execute(tables.corrections.insert(), line)
    before = {"path": list(made.path), "value": made.old}
    after = {"path": list(made.path), "value": made.new, "revision": made.revision, "how": made.how}
    after |= {key: line[key] for key in ("evidence", "undoes") if line[key] is not None}
    append_lines(connection, made.who, [("corrected", f"record {record}", before, after, made.reason)])
