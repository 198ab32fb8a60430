"""Records: what a machine said about a document, what people made of it, and who did so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from extractor.errors import InputError
from extractor.store import listing, tables
from extractor.store.audit import append
from extractor.store.corrections import apply_corrections, replace_value
from extractor.store.database import Database, now
from extractor.store.models import (
    Conflict,
    Correction,
    Record,
    RecordFilter,
    RecordSummary,
    ReviewAction,
    StoredExtraction,
    Version,
    current_approvals,
    open_flag,
)
from extractor.store.writes import VERSION, keep_extractions, keep_sources, keep_version, prepared, schemas_of
from extractor.types import Path

CLAIM_SECONDS = 900
_PAGE = 100


class Records:
    """The records of a store. Every change names who made it, and the revision that they had seen of the record."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __iter__(self) -> Iterator[Record]:
        return self.select()

    def get(self, record: int) -> Record:
        """The record of that number; InputError where there is none."""
        with self._database.reading() as connection:
            return _one(connection, record)

    def find(self, document: str, schema: str) -> Record | None:
        """The record of a document (its SHA-256) under a schema (its id), or None."""
        wanted = sa.select(tables.records.c.id).where(
            tables.records.c.document == document, tables.records.c.schema == schema
        )
        with self._database.reading() as connection:
            found = connection.execute(wanted).scalar_one_or_none()
            return None if found is None else _one(connection, found)

    def select(
        self, *, schema: str | None = None, status: str | None = None, job: int | None = None, after: int = 0
    ) -> Iterator[Record]:
        """Records by number, those after `after`: all, or of a schema (id or name), a status, the documents of a job.

        They are fetched a page at a time, so any number of them takes little memory, and what is changed meanwhile is
        seen as it is when its page is fetched.
        """
        while page := self._page(schema, status, job, after):
            yield from page
            after = page[-1].id

    def count_by_status(self, *, schema: str | None = None, job: int | None = None) -> dict[str, int]:
        """How many records have each status, of all, of a schema (id or name), or of the documents of a job."""
        record = tables.records.c
        query = sa.select(record.status, sa.func.count()).where(*_wanted(schema, None, job, 0)).group_by(record.status)
        with self._database.reading() as connection:
            return {status: number for status, number in connection.execute(query)}

    def ids_by_document(self, schema: str, documents: Iterable[str]) -> dict[str, int]:
        """The numbers of the records of those documents (by SHA-256) under a schema (its id); none is read."""
        record = tables.records.c
        query = sa.select(record.document, record.id).where(record.schema == schema)
        with self._database.reading() as connection:
            return {
                document: number
                for some in _parted(documents)
                for document, number in connection.execute(query.where(record.document.in_(some)))
            }

    def completed_documents(self, documents: Iterable[str]) -> dict[str, bool]:
        """Of those documents that have records, whether all of them are approved and were exported, or are rejected."""
        record = tables.records.c
        query = sa.select(record.document, record.status, record.exported)
        found: dict[str, bool] = {}
        with self._database.reading() as connection:
            for some in _parted(documents):
                for document, status, exported in connection.execute(query.where(record.document.in_(some))):
                    done = status == "rejected" or (status == "approved" and exported is not None)
                    found[document] = found.get(document, True) and done
        return found

    def mark_exported(self, *, who: str, schema: str | None, status: str | None, job: int | None, what: str) -> int:
        """How many records were just exported, now noted in them; `what` they were exported to stands in the audit."""
        at = now()
        mine = tables.records.update().where(*_wanted(schema, status, job, 0))
        with self._database.writing() as connection:
            number = connection.execute(mine.values(exported=at)).rowcount
            append(connection, who, [("exported", "records", None, {"records": number, "to": what}, "")])
        return number

    def extractions(self, record: int) -> list[StoredExtraction]:
        """All that machines ever said about the record's document under its schema, oldest first."""
        with self._database.reading() as connection:
            found = _one(connection, record)
            wanted = (
                sa.select(tables.extractions, *(tables.versions.c[key].label(f"v_{key}") for key in VERSION))
                .join(tables.versions, tables.versions.c.id == tables.extractions.c.version)
                .where(tables.extractions.c.document == found.document, tables.extractions.c.schema == found.schema)
                .order_by(tables.extractions.c.at)
            )
            return [
                StoredExtraction(
                    row.id,
                    row.document,
                    row.schema,
                    Version(**{key: getattr(row, f"v_{key}") for key in VERSION}),
                    row.at,
                    row.result,
                )
                for row in connection.execute(wanted)
            ]

    def review_actions(self, record: int) -> list[ReviewAction]:
        """What people did with the record besides correcting it, oldest first."""
        with self._database.reading() as connection:
            return listing.reviews_of(connection, [record])[record]

    def list_summaries(
        self, wanted: RecordFilter, *, who: str = "", sort: str = "risk", after: int = 0, limit: int = 100
    ) -> tuple[list[RecordSummary], int]:
        """The records that are asked for, from position `after` on, and how many there are; none of them is read.

        `sort` is `risk` (the most doubtful first), `new`, `old` or `name`.
        """
        with self._database.reading() as connection:
            return listing.listed(connection, wanted, who, sort, after, limit)

    def count_by_queue(self, wanted: RecordFilter, *, who: str = "") -> dict[str, int]:
        """How many of them have each status, are `flagged`, and wait for a `second` approval, which `who` may give."""
        with self._database.reading() as connection:
            return listing.counted(connection, wanted, who)

    def next_id(self, wanted: RecordFilter, *, who: str, sort: str = "risk", but: int | None = None) -> int | None:
        """The number of the first of the records asked for that nobody else holds, and that is not `but`."""
        with self._database.reading() as connection:
            return listing.next_one(connection, wanted, who, sort, but)

    def add(
        self,
        result: Mapping[str, Any],
        version: Version,
        *,
        who: str,
        size: int = 0,
        kind: str = "",
    ) -> Record:
        """The record of an extraction, as `extractor.extraction.serialization.as_dict` gives it, now stored.

        The schema must have been kept before (`Store.add_schema`). The same document, schema and version change
        nothing; a new version becomes the record's own unless a person has already worked on the record.
        """
        results = prepared(self._database, [(result, size, kind)])
        with self._database.writing() as connection:
            keep_version(connection, self._database, version)
            keep_extractions(connection, self._database, results, version.id, None, who)
            keep_sources(connection, self._database, [(result["document"]["source"], result["document"]["id"])])
        record = self.find(result["document"]["id"], result["run"]["schema"])
        assert record is not None
        return record

    def correct(
        self,
        record: int,
        path: Path,
        new: Any,
        *,
        who: str,
        revision: int,
        how: str = "typed",
        reason: str = "",
        evidence: Mapping[str, Any] | None = None,
        undoes: int | None = None,
        look: Mapping[str, Any] | None = None,
        seen: Record | None = None,
    ) -> Record:
        """The record after a person has put `new` at `path`: a field, an element, or a whole list or object.

        With `how="accepted"` they say that what stands there is right, whatever `new` is. What changes nothing is no
        correction, unless it accepts a value, says that there is none (`absent`), or takes a correction back. A record
        that was approved or rejected is open again. `look` are the columns (`corrections.columns`) of the record after
        it; `seen`, the record at that revision, saves reading it again. Raises Conflict where the record
        is no longer at `revision`, InputError where it has no such place.
        """
        with self._database.writing() as connection:
            found = _still(connection, seen, revision) if seen is not None else _at(connection, record, revision)
            _, old = replace_value(found.data, path, new)
            if how == "accepted":
                new = old
            elif undoes is None and how != "absent" and tables.json_text(old) == tables.json_text(new):
                return found
            at = now()
            decided = found.status in ("approved", "rejected")
            _step(connection, found, at, **(look or {}), **({"status": "needs_review"} if decided else {}))
            line = {"path": list(path), "old": old, "new": new, "how": how, "who": who, "at": at, "reason": reason}
            line |= {"record": record, "revision": revision + 1, "evidence": evidence, "undoes": undoes}
            connection.execute(tables.corrections.insert(), line)
            said = {"path": list(path), "value": new, "revision": revision + 1, "how": how}
            said |= {key: line[key] for key in ("evidence", "undoes") if line[key] is not None}
            before = {"path": list(path), "value": old}
            lines = [("corrected", f"record {record}", before, said, reason)]
            if decided:
                self._reviewed(connection, found, "reopened", who, revision + 1, "corrected")
                lines.append(("reopened", f"record {record}", found.status, "needs_review", "corrected"))
            append(connection, who, lines)
            if seen is None or decided:
                return _one(connection, record)
        made = Correction(path, old, new, how, who, at, revision + 1, reason, evidence, undoes)
        schema = self._schema(found.schema) if new is None else None
        data = apply_corrections(found.data, [made], schema)
        changed = {"revision": revision + 1, "updated": at, "data": data, "corrections": (*found.corrections, made)}
        return replace(found, **changed, **(look or {}))

    def approve(self, record: int, *, who: str, revision: int, note: str = "") -> Record:
        """The record, approved; raises Conflict where it is no longer at `revision`.

        A record that somebody approved can be approved by others too; the same person's second approval changes
        nothing. Who has done so since it was last reopened, corrected or flagged, is told by `current_approvals`.
        """
        return self._decide(record, "approved", "approved", who, revision, note)

    def reject(self, record: int, *, who: str, revision: int, note: str = "") -> Record:
        """The record, set aside as one that is not to be used; raises Conflict as `approve` does."""
        return self._decide(record, "rejected", "rejected", who, revision, note)

    def reopen(self, record: int, *, who: str, revision: int, note: str = "") -> Record:
        """The record, to be reviewed again; raises Conflict as `approve` does."""
        return self._decide(record, "needs_review", "reopened", who, revision, note)

    def flag(self, record: int, *, who: str, revision: int, note: str) -> Record:
        """The record with somebody's doubt noted, to be reviewed; raises Conflict as `approve` does."""
        return self._decide(record, "needs_review", "flagged", who, revision, note)

    def claim(self, record: int, *, who: str, seconds: float = CLAIM_SECONDS, take: bool = False) -> Record:
        """The record, held by `who` for a while so that two people need not do the same work; again makes it longer.

        Raises Conflict while somebody else holds it, unless it is to be taken from them, which the reviews then say. A
        claim keeps nobody from writing: `revision` guards that.
        """
        until = datetime.now(UTC) + timedelta(seconds=seconds)
        with self._database.writing() as connection:
            found = _one(connection, record)
            held = found.claimed_by not in (None, who) and (found.claimed_until or "") > now()
            if held and not take:
                raise Conflict(
                    f"{found.claimed_by} is at work on record {record}.", f"It is free at {found.claimed_until}.", found
                )
            self._hold(connection, record, who, until.isoformat(timespec="microseconds").replace("+00:00", "Z"))
            if held:
                self._reviewed(connection, found, "taken", who, found.revision, f"from {found.claimed_by}")
            elif found.claimed_by != who:
                self._reviewed(connection, found, "claimed", who, found.revision, "")
            return _one(connection, record)

    def release(self, record: int, *, who: str) -> Record:
        """The record, held by `who` no longer."""
        with self._database.writing() as connection:
            found = _one(connection, record)
            if found.claimed_by != who:
                return found
            self._hold(connection, record, None, None)
            self._reviewed(connection, found, "released", who, found.revision, "")
            return _one(connection, record)

    def next_free(self, *, who: str, schema: str | None = None, status: str = "needs_review") -> Record | None:
        """The least sure record of a status that nobody else holds, now claimed by `who`; None when there is none."""
        record = tables.records.c
        query = sa.select(record.id).where(listing.free(who), *_wanted(schema, status, None, 0))
        order = (record.confidence.asc().nulls_first(), record.problems.desc(), record.id)
        while True:
            with self._database.reading() as connection:
                found = connection.execute(query.order_by(*order).limit(1)).scalar_one_or_none()
            if found is None:
                return None
            try:
                return self.claim(found, who=who)
            except Conflict:
                continue  # somebody was faster

    def _schema(self, schema: str) -> Any:
        with self._database.reading() as connection:
            return schemas_of(connection, [schema])[schema]

    def _page(self, schema: str | None, status: str | None, job: int | None, after: int) -> list[Record]:
        wanted = sa.select(tables.records.c.id).where(*_wanted(schema, status, job, after))
        with self._database.reading() as connection:
            numbers = connection.execute(wanted.order_by(tables.records.c.id).limit(_PAGE)).scalars().all()
            return _many(connection, numbers) if numbers else []

    def _decide(self, record: int, status: str, action: str, who: str, revision: int, note: str) -> Record:
        with self._database.writing() as connection:
            found = _at(connection, record, revision)
            if action == "approved" and found.status == "approved" and who in approvers(connection, record):
                return found
            _step(connection, found, now(), status=status)
            self._reviewed(connection, found, action, who, revision + 1, note)
            append(connection, who, [(action, f"record {record}", found.status, status, note)])
            return _one(connection, record)

    @staticmethod
    def _hold(connection: sa.Connection, record: int, who: str | None, until: str | None) -> None:
        held = tables.records.update().where(tables.records.c.id == record)
        connection.execute(held.values(claimed_by=who, claimed_until=until))

    @staticmethod
    def _reviewed(connection: sa.Connection, found: Record, action: str, who: str, revision: int, note: str) -> None:
        line = {"record": found.id, "revision": revision, "action": action, "who": who, "at": now(), "note": note}
        connection.execute(tables.reviews.insert(), line)
        acts = listing.reviews_of(connection, [found.id])[found.id]
        given = current_approvals(acts)
        told = {"approvals": len(given), "approved_by": given[0].who if given else None}
        told["flagged"] = int(open_flag(acts) is not None)
        connection.execute(tables.records.update().where(tables.records.c.id == found.id).values(**told))


# Reading.


def _parted(documents: Iterable[str]) -> Iterator[list[str]]:
    """The documents, as many at a time as a question to the database may name."""
    rest = list(dict.fromkeys(documents))
    yield from (rest[n : n + 500] for n in range(0, len(rest), 500))


def _wanted(schema: str | None, status: str | None, job: int | None, after: int) -> Iterator[sa.ColumnElement[bool]]:
    yield tables.records.c.id > after
    yield from listing.conditions_of(RecordFilter(status, schema, None, job))


def approvers(connection: sa.Connection, record: int) -> list[str]:
    """Who approved of the record as it now is."""
    return [act.who for act in current_approvals(listing.reviews_of(connection, [record])[record])]


def _one(connection: sa.Connection, record: int) -> Record:
    found = _many(connection, [record])
    if not found:
        raise InputError(f"There is no record {record}.", "`extractor status` shows what there is.")
    return found[0]


def _many(connection: sa.Connection, numbers: Iterable[int]) -> list[Record]:
    """The records of those numbers, by number, with their corrections and the names of their documents."""
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
    corrections: dict[int, list[Correction]] = {row.id: [] for row in rows}
    made = sa.select(tables.corrections).where(tables.corrections.c.record.in_(corrections))
    for c in connection.execute(made.order_by(tables.corrections.c.id)):
        line = (tuple(c.path), c.old, c.new, c.how, c.who, c.at, c.revision, c.reason, c.evidence, c.undoes)
        corrections[c.record].append(Correction(*line))
    names = listing.sources_of(connection, [row.document for row in rows])
    emptied = {row.schema for row in rows if any(c.new is None for c in corrections[row.id])}
    schemas = schemas_of(connection, emptied) if emptied else {}
    return [
        Record(
            **{key: getattr(row, key) for key in record.keys()},  # noqa: SIM118 - a collection of columns is no mapping
            schema_name=row.schema_name,
            result=row.result,
            data=apply_corrections(row.result["data"], corrections[row.id], schemas.get(row.schema)),
            corrections=tuple(corrections[row.id]),
            sources=tuple(names[row.document]),
        )
        for row in rows
    ]


def _at(connection: sa.Connection, record: int, revision: int) -> Record:
    """The record, if it is still at `revision`; else Conflict."""
    found = _one(connection, record)
    if found.revision != revision:
        raise Conflict(
            f"Record {record} was changed by somebody else: it is at revision {found.revision}, not {revision}.",
            "Look at it as it is now, and make the change again.",
            found,
        )
    return found


def _still(connection: sa.Connection, seen: Record, revision: int) -> Record:
    """The record as it was seen, if it is still at `revision`; else Conflict."""
    record = tables.records.c
    query = sa.select(record.revision, record.status, record.claimed_by, record.claimed_until)
    row = connection.execute(query.where(record.id == seen.id)).one()
    if row.revision != revision or seen.revision != revision:
        return _at(connection, seen.id, revision)
    return replace(seen, status=row.status, claimed_by=row.claimed_by, claimed_until=row.claimed_until)


def _step(connection: sa.Connection, found: Record, at: str, **changed: Any) -> None:
    record = tables.records.c
    stepped = tables.records.update().where(record.id == found.id, record.revision == found.revision)
    connection.execute(stepped.values(revision=found.revision + 1, updated=at, **changed))
