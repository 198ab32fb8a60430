"""The store: documents, what machines extracted from them, what people made of it, and the jobs that do the work.

`Store` opens one. `store.records` is for reading, reviewing and exporting, `store.jobs` for working through many
documents, `store.hand_ins` for files that people gave in, `store.report_kinds` for the schemas that people saved,
`store.lessons` are what approved documents taught, `store.audit` says who changed what. docs/jobs.md describes all of
it.

Read `models` (what is stored, as dataclasses), `record_data` (the nested data of a record), `value_origins`,
`review_reasons`, `review_rule` (the one rule of what has to be looked at), `review_status` (what people should review),
`corrections`, `database_tables`, `migrations`, `database`, `audit`, `writes` (storing extractions), `lessons`,
`listing`, `record_rows`, `replacement` (documents extracted again), `records`, `report_kinds`, `job_queue` (jobs and
tasks) and `hand_ins`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from extractor.store.models import (
    FINAL_STATES,
    STATUSES,
    AccessToken,
    AuditEntry,
    Conflict,
    Correction,
    HandIn,
    Job,
    JobCounts,
    Record,
    RecordFilter,
    RecordSummary,
    ReportKind,
    ReportKindChanged,
    ReviewAction,
    Source,
    SourceFile,
    StoredExtraction,
    StoreError,
    Task,
    TaskOutcome,
    Version,
    Webhook,
    current_approvals,
    extraction_key,
    open_flag,
)

if TYPE_CHECKING:
    from extractor.schemas import Schema
    from extractor.store.review_rule import ReviewRules

__all__ = [
    "FINAL_STATES",
    "STATUSES",
    "AccessToken",
    "AuditEntry",
    "Conflict",
    "Correction",
    "HandIn",
    "Job",
    "JobCounts",
    "Record",
    "RecordFilter",
    "RecordSummary",
    "ReportKind",
    "ReportKindChanged",
    "ReviewAction",
    "Source",
    "SourceFile",
    "Store",
    "StoreError",
    "StoredExtraction",
    "Task",
    "TaskOutcome",
    "Version",
    "Webhook",
    "current_approvals",
    "extraction_key",
    "open_flag",
]


class Store:
    """A store in a SQLite file or at a PostgreSQL URL, created where it is missing; use it with `with`.

    `place` defaults to the file that `EXTRACTOR_STORE` names, else to the user's own. A store may be used from several
    threads and by several processes. Raises StoreError where it cannot be opened, or its libraries are not installed.
    """

    def __init__(self, place: str | Path | None = None) -> None:
        try:
            from extractor.store import database
            from extractor.store.audit import AuditLog
            from extractor.store.hand_ins import HandIns
            from extractor.store.job_queue import JobQueue
            from extractor.store.lessons import Lessons
            from extractor.store.records import Records
            from extractor.store.report_kinds import ReportKinds
            from extractor.store.tokens import Tokens
            from extractor.store.webhooks import Webhooks
        except ModuleNotFoundError as error:
            raise StoreError(f"The store needs {error.name}.", "Run `pip install 'extractor[jobs]'`.") from error
        self.place = str(place or database.default_place())
        self._database = database.Database(self.place)
        self.name = self._database.name
        self.records = Records(self._database)
        self.jobs = JobQueue(self._database)
        self.report_kinds = ReportKinds(self._database)
        self.hand_ins = HandIns(self._database)
        self.audit = AuditLog(self._database)
        self.lessons = Lessons(self._database)
        self.tokens = Tokens(self._database)
        self.webhooks = Webhooks(self._database)

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the store's connections."""
        self._database.close()

    def add_schema(self, schema: Schema) -> None:
        """Store a schema, so that its records can still be read years later; of a set of kinds, each of these too."""
        from extractor.classification import is_kind_set, kinds_in
        from extractor.store import database
        from extractor.store import database_tables as tables

        schemas = [schema, *(kinds_in(schema.document) if is_kind_set(schema.document) else ())]
        at = database.now()
        rows = [{"id": s.id, "name": s.name, "document": dict(s.document), "seen": at} for s in schemas]
        with self._database.writing() as connection:
            self._database.add_new(connection, tables.schemas, rows)

    def schemas(self) -> dict[str, tuple[str, Mapping[str, Any]]]:
        """Return id -> (name, JSON Schema) of the stored schemas, the newest last."""
        from extractor.store import database_tables as tables

        with self._database.reading() as connection:
            rows = connection.execute(tables.schemas.select().order_by(tables.schemas.c.seen))
            return {row.id: (row.name, row.document) for row in rows}

    def review_rules(self, schema: str) -> ReviewRules:
        """Return the rules for the review of the kind of document of that name."""
        import sqlalchemy as sa

        from extractor.store import database_tables as tables
        from extractor.store.review_rule import ReviewRules

        rules = tables.review_rules.c
        query = sa.select(rules.rules).where(rules.schema == schema).order_by(rules.id.desc()).limit(1)
        with self._database.reading() as connection:
            found = connection.execute(query).scalar_one_or_none()
        return ReviewRules() if found is None else ReviewRules.from_json(found)

    def set_review_rules(self, schema: str, rules: ReviewRules, *, who: str) -> None:
        """Set the rules for the review of a kind of document (by its name), and assess its open records by them.

        Records that nobody has to review any more are not approved by it: only new ones are.
        """
        from extractor.store import database
        from extractor.store import database_tables as tables
        from extractor.store.audit import append_lines

        row = {"schema": schema, "rules": rules.to_json(), "at": database.now(), "who": who}
        before = self.review_rules(schema)
        with self._database.writing() as connection:
            connection.execute(tables.review_rules.insert(), row)
            line = ("review rules set", f"kind {schema}", before.to_json(), rules.to_json(), "")
            append_lines(connection, who, [line])
        if before.thresholds != rules.thresholds or before.automatic != rules.automatic:
            self.records.assess_again(schema)

    def sources(self, document: str | None = None) -> list[Source]:
        """Return the names under which documents were found: one document (by SHA-256), or all."""
        from extractor.store import database_tables as tables

        query = tables.sources.select().order_by(tables.sources.c.name, tables.sources.c.seen)
        if document is not None:
            query = query.where(tables.sources.c.document == document)
        with self._database.reading() as connection:
            return [Source(row.name, row.document, row.seen) for row in connection.execute(query)]

    def files(self) -> list[tuple[int, int]]:
        """Return device and inode of every file that holds the store; nothing for a server."""
        return self._database.files()

    @property
    def is_read_only(self) -> bool:
        """Decide whether the store can only be read, because its file or disk is write-protected."""
        return self._database.is_read_only

    def find_damage(self) -> list[str]:
        """Return what SQLite's integrity check finds wrong with the file; nothing for a server."""
        return self._database.find_damage()

    def backup(self, target: str | Path) -> None:
        """Copy a SQLite store to a new file while others go on writing; raise StoreError where that is impossible."""
        self._database.backup(Path(target))

    @staticmethod
    def restore(place: str | Path | None, backup: str | Path) -> tuple[Path, Path | None]:
        """Put a copy of a backup in the place of a SQLite store that nothing uses meanwhile.

        Returns the store's file, and where the file that was there before is now. Raises StoreError where the backup
        cannot be used; then nothing was changed.
        """
        from extractor.store import database

        return database.restore(str(place or database.default_place()), Path(backup))
