"""The records of a store: what machines extracted, what people changed, decided and claimed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from extractor.schemas import Schema
from extractor.store import database_tables as tables
from extractor.store import listing
from extractor.store.audit import append_lines
from extractor.store.corrections import apply_corrections, review_columns
from extractor.store.database import Database, now
from extractor.store.lessons import forget_document, forget_record
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
)
from extractor.store.record_data import replace_value, searchable_text
from extractor.store.record_rows import (
    add_correction,
    add_review_action,
    advance_revision,
    confirm_revision,
    load_at_revision,
    load_record,
    load_records,
    set_claim,
)
from extractor.store.replacement import KEPT
from extractor.store.writes import (
    VERSION_COLUMNS,
    add_extractions,
    add_sources,
    add_version,
    load_rules,
    load_schemas,
    prepare_results,
)
from extractor.types import Path

CLAIM_SECONDS = 900
"""How long a claim lasts if it is not renewed."""
FIGURES = ("corrected", "accepted", "approved", "rejected", "flagged")
"""What is counted for each day and person."""
_PAGE = 100
_MAX_PARAMETERS = 500
"""Documents that one query names; databases limit the number of parameters."""


class Records:
    """The records of a store. Every change names its author, and the revision of the record that they had seen."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # Reading.

    def __iter__(self) -> Iterator[Record]:
        return self.select()

    def get(self, record: int) -> Record:
        """Return the record of that number; raise InputError if there is none."""
        with self._database.reading() as connection:
            return load_record(connection, record)

    def find(self, document: str, schema: str) -> Record | None:
        """Return the record of a document (its SHA-256) under a schema (its id), None if there is none."""
        record = tables.records.c
        query = sa.select(record.id).where(record.document == document, record.schema == schema)
        with self._database.reading() as connection:
            number = connection.execute(query).scalar_one_or_none()
            return None if number is None else load_record(connection, number)

    def select(
        self,
        *,
        schema: str | None = None,
        status: str | None = None,
        job: int | None = None,
        numbers: Sequence[int] | None = None,
        after: int = 0,
    ) -> Iterator[Record]:
        """Yield records by number, from number `after` + 1 on: all, or of a schema (id or name), a status, a job.

        `numbers` are those of the records that are wanted, at most a few hundred.

        They are fetched in pages, so that any number of them takes little memory. What is changed in the meantime is
        seen as it is when its page is fetched.
        """
        wanted = RecordFilter(status, schema, None, job, numbers=None if numbers is None else tuple(numbers))
        query = sa.select(tables.records.c.id).where(*listing.conditions_of(wanted))
        while True:
            with self._database.reading() as connection:
                page = query.where(tables.records.c.id > after).order_by(tables.records.c.id).limit(_PAGE)
                numbers = connection.execute(page).scalars().all()
                records = load_records(connection, numbers) if numbers else []
            if not records:
                return
            yield from records
            after = records[-1].id

    def count_by_status(self, *, schema: str | None = None, job: int | None = None) -> dict[str, int]:
        """Count the records of each status: of all, of a schema (id or name), or of the documents of a job."""
        record = tables.records.c
        conditions = listing.conditions_of(RecordFilter(None, schema, None, job))
        query = sa.select(record.status, sa.func.count()).where(*conditions).group_by(record.status)
        with self._database.reading() as connection:
            return {status: number for status, number in connection.execute(query)}

    def ids_by_document(self, schema: str, documents: Iterable[str]) -> dict[str, int]:
        """Return document -> record number for those documents (by SHA-256) under a schema (its id)."""
        record = tables.records.c
        query = sa.select(record.document, record.id).where(record.schema == schema)
        with self._database.reading() as connection:
            return {
                document: number
                for chunk in _chunks(documents)
                for document, number in connection.execute(query.where(record.document.in_(chunk)))
            }

    def approved_profiles(self, schemas: Iterable[str], most: int = 20) -> dict[str, list[dict[str, int]]]:
        """Return for each schema (its id) the profiles of the documents approved last, at most so many.

        For a version of a kind that people saved, also of those approved with its other versions.
        """
        record, document, kind = tables.records.c, tables.documents.c, tables.report_kinds.c
        query = sa.select(document.profile).join(tables.documents, document.id == record.document)
        query = query.where(record.status == "approved", document.profile.is_not(None))
        query = query.order_by(record.updated.desc(), record.id.desc()).limit(most)
        found = {}
        with self._database.reading() as connection:
            for schema in schemas:
                name = sa.select(kind.name).where(kind.schema == schema)
                versions = sa.select(kind.schema).where(kind.name.in_(name))
                of_kind = sa.or_(record.schema == schema, record.schema.in_(versions))
                found[schema] = list(connection.execute(query.where(of_kind)).scalars())
        return {schema: profiles for schema, profiles in found.items() if profiles}

    def newest_by_document(self, documents: Iterable[str]) -> dict[str, int]:
        """Return document -> number of its newest record, of whatever schema, for those documents (by SHA-256)."""
        record = tables.records.c
        query = sa.select(record.document, sa.func.max(record.id)).where(record.replaced_by.is_(None))
        with self._database.reading() as connection:
            return {
                document: number
                for chunk in _chunks(documents)
                for document, number in connection.execute(
                    query.where(record.document.in_(chunk)).group_by(record.document)
                )
            }

    def completed_documents(self, documents: Iterable[str]) -> dict[str, bool]:
        """Return for each document with records whether all are completed: approved and exported, or rejected."""
        record = tables.records.c
        query = sa.select(record.document, record.status, record.exported)
        completed: dict[str, bool] = {}
        with self._database.reading() as connection:
            for chunk in _chunks(documents):
                for document, status, exported in connection.execute(query.where(record.document.in_(chunk))):
                    is_completed = status == "rejected" or (status == "approved" and exported is not None)
                    completed[document] = completed.get(document, True) and is_completed
        return completed

    def extractions(self, record: int) -> list[StoredExtraction]:
        """Return all extractions of the record's document under its schema, oldest first."""
        extraction = tables.extractions
        with self._database.reading() as connection:
            found = load_record(connection, record)
            query = (
                sa.select(extraction, *(tables.versions.c[key].label(f"v_{key}") for key in VERSION_COLUMNS))
                .join(tables.versions, tables.versions.c.id == extraction.c.version)
                .where(extraction.c.document == found.document, extraction.c.schema == found.schema)
                .order_by(extraction.c.at)
            )
            return [
                StoredExtraction(
                    row.id,
                    row.document,
                    row.schema,
                    Version(**{key: getattr(row, f"v_{key}") for key in VERSION_COLUMNS}),
                    row.at,
                    row.result,
                )
                for row in connection.execute(query)
            ]

    def model_of(self, record: int) -> str | None:
        """Return the model (as its job named it) whose extraction the record shows, None where no job made it."""
        query = (
            sa.select(tables.jobs.c.settings)
            .join(tables.extractions, tables.extractions.c.job == tables.jobs.c.id)
            .join(tables.records, tables.records.c.extraction == tables.extractions.c.id)
            .where(tables.records.c.id == record)
        )
        with self._database.reading() as connection:
            settings = connection.execute(query).scalar_one_or_none()
        return None if settings is None else str(settings.get("model") or "none")

    def review_actions(self, record: int) -> list[ReviewAction]:
        """Return what people did with the record other than correcting it, oldest first."""
        with self._database.reading() as connection:
            return listing.actions_by_record(connection, [record])[record]

    # The review queue.

    def list_summaries(
        self, wanted: RecordFilter, *, who: str = "", sort: str = "risk", after: int = 0, limit: int = 100
    ) -> tuple[list[RecordSummary], int]:
        """Return a page of summaries, from position `after` on, and the number of all records that match.

        `sort` is `risk` (the most doubtful first), `new`, `old` or `name`.
        """
        with self._database.reading() as connection:
            return listing.list_summaries(connection, wanted, who, sort, after, limit)

    def load_queue(
        self, wanted: RecordFilter, *, who: str, sort: str = "risk", after: int = 0, limit: int = 100
    ) -> tuple[list[RecordSummary], int, dict[str, int]]:
        """Return what `list_summaries` does, and what `count_by_queue` counts of all statuses: each is counted once."""
        with self._database.reading() as connection:
            wanted = listing.narrow_search(connection, wanted, who)
            page = listing.load_page(connection, wanted, who, sort, after, limit)
            counts = listing.count_by_queue(connection, replace(wanted, status=None), who)
            if wanted.status != "bin":
                return page, listing.count_matching(counts, wanted.status), counts
            binned = listing.count_by_queue(connection, wanted, who)
            return page, listing.count_matching(binned, None), counts

    def summaries(self, records: Sequence[int]) -> dict[int, RecordSummary]:
        """Return the summaries of records by their numbers, also of those in the bin; replaced ones are left out."""
        found: dict[int, RecordSummary] = {}
        with self._database.reading() as connection:
            for n in range(0, len(records), _MAX_PARAMETERS):
                summaries = listing.load_summaries(connection, records[n : n + _MAX_PARAMETERS])
                found |= {summary.id: summary for summary in summaries}
        return found

    def count_by_queue(self, wanted: RecordFilter, *, who: str = "") -> dict[str, int]:
        """Count the matching records by status, the `flagged` ones, and those that wait for who's `second` approval."""
        with self._database.reading() as connection:
            return listing.count_by_queue(connection, wanted, who)

    def next_id(self, wanted: RecordFilter, *, who: str, sort: str = "risk", but: int | None = None) -> int | None:
        """Return the number of the first matching record that nobody else holds, other than `but`; None at the end."""
        with self._database.reading() as connection:
            return listing.next_id(connection, wanted, who, sort, but)

    # Changing.

    def add(self, result: Mapping[str, Any], version: Version, *, who: str, size: int = 0, kind: str = "") -> Record:
        """Store an extraction, as `extractor.extraction.serialization.as_dict` makes it, and return its record.

        The schema must have been added before (`Store.add_schema`). The same document, schema and version change
        nothing. A new version replaces what the record shows, unless a person has already worked on the record.
        """
        results = prepare_results(self._database, [(result, size, kind)])
        with self._database.writing() as connection:
            add_version(connection, self._database, version)
            add_extractions(connection, self._database, results, version.id, None, who)
            add_sources(connection, self._database, [(result["document"]["source"], result["document"]["id"])])
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
        review_columns: Mapping[str, Any] | None = None,
        known: Record | None = None,
    ) -> Record:
        """Put `new` at `path`, which is that of a field, an element, a list or an object, and return the record.

        With `how="accepted"` a person confirms the present value, whatever `new` is. What changes nothing is not
        stored, unless it accepts a value, says that there is none (`absent`), or undoes a correction. A record that was
        approved or rejected is open again. `review_columns` are the record's after the correction
        (`ReviewState.columns`); `known`, the record at that revision, saves reading it. Raises Conflict where the
        record is no longer at `revision`, InputError where the path does not fit the record.
        """
        with self._database.writing() as connection:
            if known is not None:
                found = confirm_revision(connection, known, revision)
            else:
                found = load_at_revision(connection, record, revision)
            _, old = replace_value(found.data, path, new)
            if how == "accepted":
                new = old
            elif undoes is None and how != "absent" and tables.json_text(old) == tables.json_text(new):
                return found
            made = Correction(path, old, new, how, who, now(), revision + 1, reason, evidence, undoes)
            is_decided = found.status in ("approved", "rejected")
            reopened = {"status": "needs_review"} if is_decided else {}
            columns = review_columns or {"words": searchable_text(apply_corrections(found.data, [made]))}
            advance_revision(connection, found, made.at, **columns, **reopened)
            add_correction(connection, record, made)
            if is_decided:
                forget_record(connection, record)
                self._add_action(connection, found, "reopened", who, revision + 1, "corrected")
                line = ("reopened", f"record {record}", found.status, "needs_review", "corrected")
                append_lines(connection, who, [line])
            if known is None or is_decided:
                return load_record(connection, record)
        schema = self._load_schema(found.schema) if new is None else None
        data = apply_corrections(found.data, [made], schema)
        changed = {"revision": revision + 1, "updated": made.at, "data": data}
        changed |= {key: value for key, value in (review_columns or {}).items() if key != "words"}
        return replace(found, **changed, corrections=(*found.corrections, made))

    def approve(self, record: int, *, who: str, revision: int, note: str = "", how: str = "opened") -> Record:
        """Approve the record and return it; raise Conflict if it is no longer at `revision`.

        A record that somebody has approved can be approved by others too; the same person's second approval changes
        nothing. `current_approvals` tells who approved it since it was last reopened, corrected or flagged. `how` is as
        in ReviewAction.
        """
        return self._decide(record, "approved", "approved", who, revision, note, how)

    def reject(self, record: int, *, who: str, revision: int, note: str = "") -> Record:
        """Mark the record as not to be used and return it; raises Conflict as `approve` does."""
        return self._decide(record, "rejected", "rejected", who, revision, note)

    def reopen(self, record: int, *, who: str, revision: int, note: str = "") -> Record:
        """Put the record up for review again and return it; raises Conflict as `approve` does."""
        return self._decide(record, "needs_review", "reopened", who, revision, note)

    def flag(self, record: int, *, who: str, revision: int, note: str) -> Record:
        """Note a person's doubt, put the record up for review and return it; raises Conflict as `approve` does."""
        return self._decide(record, "needs_review", "flagged", who, revision, note)

    def claim(self, record: int, *, who: str, seconds: float = CLAIM_SECONDS, take: bool = False) -> Record:
        """Reserve the record for `who`, so that two people need not do the same work; claiming again extends it.

        Raises Conflict while somebody else holds it, unless `take` is set; taking it over is noted. A claim keeps
        nobody from changing the record: `revision` guards that.
        """
        until = datetime.now(UTC) + timedelta(seconds=seconds)
        with self._database.writing() as connection:
            found = load_record(connection, record)
            is_held = found.claimed_by not in (None, who) and (found.claimed_until or "") > now()
            if is_held and not take:
                message = f"{found.claimed_by} is working on record {record}."
                raise Conflict(message, f"It is free at {found.claimed_until}.", found)
            set_claim(connection, record, who, until.isoformat(timespec="microseconds").replace("+00:00", "Z"))
            if is_held:
                self._add_action(connection, found, "taken", who, found.revision, f"from {found.claimed_by}")
            elif found.claimed_by != who:
                self._add_action(connection, found, "claimed", who, found.revision, "")
            return load_record(connection, record)

    def release(self, record: int, *, who: str) -> Record:
        """End who's claim, if they hold the record, and return the record."""
        with self._database.writing() as connection:
            found = load_record(connection, record)
            if found.claimed_by != who:
                return found
            set_claim(connection, record, None, None)
            self._add_action(connection, found, "released", who, found.revision, "")
            return load_record(connection, record)

    def assess_again(self, schema: str) -> None:
        """Decide again what is to be reviewed of the open records of a kind of document (by its name)."""
        for record in self.select(schema=schema):
            if record.status not in ("new", "needs_review"):
                continue
            with self._database.writing() as connection:
                found = load_record(connection, record.id)
                own = load_schemas(connection, [found.schema])[found.schema]
                rules = load_rules(connection, [found.schema]).get(found.schema)
                columns = review_columns(own, found.result, found.corrections, rules)
                changed = tables.records.update().where(tables.records.c.id == found.id)
                connection.execute(changed.values(**columns))

    def figures(self, days: int = 30) -> list[dict[str, Any]]:
        """Return for each day (UTC) and person what they did, the newest day first, for so many days.

        Counts the values `corrected` and `accepted`, and the records `approved`, `rejected` and `flagged`.
        """
        rows: dict[tuple[str, str], dict[str, Any]] = {}
        first = (datetime.now(UTC) - timedelta(days=days)).isoformat()[:10]
        for table, kind in ((tables.corrections, "how"), (tables.reviews, "action")):
            # Written out: PostgreSQL takes two parameters for two expressions, and would not group by the one selected.
            day = sa.func.substr(table.c.at, sa.literal_column("1"), sa.literal_column("10"))
            query = sa.select(day, table.c.who, table.c[kind], sa.func.count()).where(table.c.at >= first)
            if table is tables.corrections:
                query = query.where(table.c.how != KEPT)
            with self._database.reading() as connection:
                found = connection.execute(query.group_by(day, table.c.who, table.c[kind])).all()
            for at, who, what, number in found:
                name = what if table is tables.reviews or what == "accepted" else "corrected"
                if name in FIGURES:
                    row = rows.setdefault((at, who), {"day": at, "who": who} | dict.fromkeys(FIGURES, 0))
                    row[name] += number
        return [rows[key] for key in sorted(rows, key=lambda key: (key[0], key[1]), reverse=True)]

    def correction_counts(self, schema: str) -> list[int]:
        """Return how many fields people changed in each approved record of a schema (its id), in order of time."""
        record, correction = tables.records.c, tables.corrections.c
        changed = (correction.record == record.id) & (correction.how != KEPT)
        changed &= correction.old.is_distinct_from(correction.new)  # else it was accepted, or known to be absent
        query = (
            sa.select(sa.func.count(sa.distinct(correction.path)))
            .select_from(tables.records.outerjoin(tables.corrections, changed))
            .where(record.schema == schema, record.status == "approved", record.deleted.is_(None))
            .group_by(record.id, record.updated)
            .order_by(record.updated, record.id)
        )
        with self._database.reading() as connection:
            return list(connection.execute(query).scalars())

    # The bin.

    def delete(self, records: Iterable[int], *, who: str) -> None:
        """Put records into the bin: no list shows them, and nothing exports them, until they are restored or erased."""
        self._mark_deleted(records, now(), "deleted", who)

    def restore(self, records: Iterable[int], *, who: str) -> None:
        """Take records out of the bin."""
        self._mark_deleted(records, None, "restored", who)

    def _mark_deleted(self, records: Iterable[int], deleted: str | None, action: str, who: str) -> None:
        numbers = list(records)
        marked = tables.records.update().where(tables.records.c.id.in_(numbers))
        with self._database.writing() as connection:
            connection.execute(marked.values(deleted=deleted, claimed_by=None, claimed_until=None))
            append_lines(connection, who, [(action, f"record {number}", None, None, "") for number in numbers])

    def deleted_before(self, at: str) -> list[int]:
        """Return the records that were put into the bin before a time (ISO 8601)."""
        record = tables.records.c
        with self._database.reading() as connection:
            return list(connection.execute(sa.select(record.id).where(record.deleted < at)).scalars())

    def erase(self, record: int, *, who: str) -> str | None:
        """Delete a record for good, with those that it replaced, and all that was extracted for and entered in them.

        What stays is that it was deleted, when and by whom; the audit log keeps its lines. Returns the SHA-256 of the
        document where nothing else in the store is about it, so that it can be deleted too.
        """
        column = tables.records.c
        with self._database.writing() as connection:
            found = load_record(connection, record)
            same = (column.document == found.document) & (column.schema == found.schema)
            numbers = [record]
            while more := [
                n
                for n in connection.execute(sa.select(column.id).where(column.replaced_by.in_(numbers))).scalars()
                if n not in numbers
            ]:
                numbers += more
            query = sa.select(column.id, column.document, column.schema).where(column.id.in_(numbers) | same)
            for row in connection.execute(query).all():
                gone = {"record": row.id, "document": row.document, "schema": row.schema, "at": now(), "who": who}
                connection.execute(tables.deletions.insert(), gone)
                forget_document(connection, row.document, row.schema)
                for table in (tables.corrections, tables.reviews):
                    connection.execute(table.delete().where(table.c.record == row.id))
                connection.execute(tables.records.delete().where(column.id == row.id))
                extraction = tables.extractions.c
                about = (extraction.document == row.document) & (extraction.schema == row.schema)
                ids = connection.execute(sa.select(extraction.id).where(about)).scalars().all()
                connection.execute(tables.extractions.delete().where(about))
                gone = {"document": row.document, "extractions": list(ids)}
                append_lines(connection, who, [("erased", f"record {row.id}", None, gone, "")])
            others = sa.select(sa.func.count()).select_from(tables.extractions)
            others = others.where(tables.extractions.c.document == found.document)
            if connection.execute(others).scalar_one():
                return None
            for table, key in ((tables.sources, "document"), (tables.documents, "id")):
                connection.execute(table.delete().where(table.c[key] == found.document))
            return found.document

    def assign(self, records: Iterable[int], assignee: str | None, *, who: str) -> None:
        """Say who is to review records, None for nobody in particular."""
        with self._database.writing() as connection:
            for number in records:
                found = load_record(connection, number)
                assigned = tables.records.update().where(tables.records.c.id == number)
                connection.execute(assigned.values(assigned=assignee))
                self._add_action(connection, found, "assigned", who, found.revision, assignee or "")

    def mark_exported(
        self,
        *,
        who: str,
        schema: str | None,
        status: str | None,
        job: int | None,
        what: str,
        numbers: Sequence[int] | None = None,
    ) -> int:
        """Note that the matching records were exported to `what`, also in the audit log, and return their number."""
        at = now()
        wanted = RecordFilter(status, schema, None, job, numbers=None if numbers is None else tuple(numbers))
        exported = tables.records.update().where(*listing.conditions_of(wanted))
        with self._database.writing() as connection:
            number = connection.execute(exported.values(exported=at)).rowcount
            append_lines(connection, who, [("exported", "records", None, {"records": number, "to": what}, "")])
        return number

    def _load_schema(self, schema: str) -> Schema | None:
        with self._database.reading() as connection:
            return load_schemas(connection, [schema])[schema]

    def _decide(
        self, record: int, status: str, action: str, who: str, revision: int, note: str, how: str = "opened"
    ) -> Record:
        """Set the record's status, with the action that led to it."""
        with self._database.writing() as connection:
            found = load_at_revision(connection, record, revision)
            if action == "approved" and found.status == "approved":
                actions = listing.actions_by_record(connection, [record])[record]
                if any(approval.who == who for approval in current_approvals(actions)):
                    return found
            advance_revision(connection, found, now(), status=status)
            if action != "approved":
                forget_record(connection, record)
            self._add_action(connection, found, action, who, revision + 1, note, how)
            append_lines(connection, who, [(action, f"record {record}", found.status, status, note)])
            return load_record(connection, record)

    @staticmethod
    def _add_action(
        connection: sa.Connection, found: Record, action: str, who: str, revision: int, note: str, how: str = "opened"
    ) -> None:
        add_review_action(connection, found.id, ReviewAction(action, who, now(), revision, note, how))


def _chunks(documents: Iterable[str]) -> Iterator[list[str]]:
    """Yield the documents, without duplicates, as many at a time as one query may name."""
    unique = list(dict.fromkeys(documents))
    yield from (unique[n : n + _MAX_PARAMETERS] for n in range(0, len(unique), _MAX_PARAMETERS))
