"""What lasts: documents, what machines said about them, what people made of it, and the jobs that do the work.

`Store` opens one. `store.records` are for whoever reads, reviews and exports, `store.jobs` for whoever works through
many documents, `store.audit` says who changed what. docs/jobs.md tells of all of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from extractor.store.models import (
    STATUSES,
    AuditEntry,
    Conflict,
    Correction,
    Job,
    JobCounts,
    Record,
    RecordFilter,
    RecordSummary,
    ReviewAction,
    Run,
    Source,
    SourceFile,
    StoredExtraction,
    StoreError,
    Task,
    TaskOutcome,
    Version,
    current_approvals,
    extraction_key,
    open_flag,
)

if TYPE_CHECKING:
    from extractor.schemas import Schema

__all__ = [
    "STATUSES",
    "AuditEntry",
    "Conflict",
    "Correction",
    "Job",
    "JobCounts",
    "Record",
    "RecordFilter",
    "RecordSummary",
    "ReviewAction",
    "Run",
    "Source",
    "SourceFile",
    "Store",
    "StoreError",
    "StoredExtraction",
    "Task",
    "TaskOutcome",
    "Version",
    "current_approvals",
    "extraction_key",
    "open_flag",
]


class Store:
    """A store in a SQLite file or at a PostgreSQL URL, made where it is missing; use it with `with`.

    Without a place, the file that `EXTRACTOR_STORE` names, else the user's own. May be used from several threads and by
    several processes. Raises StoreError where it cannot be opened, or its libraries are not installed.
    """

    def __init__(self, place: str | Path | None = None) -> None:
        try:
            from extractor.store import database
            from extractor.store.audit import Audit
            from extractor.store.queue import Jobs
            from extractor.store.records import Records
        except ModuleNotFoundError as error:
            raise StoreError(f"The store needs {error.name}.", "Run `pip install 'extractor[jobs]'`.") from error
        self._database = database.Database(str(place or database.default_place()))
        self.name = self._database.name
        self.records = Records(self._database)
        self.jobs = Jobs(self._database)
        self.audit = Audit(self._database)

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._database.close()

    def add_schema(self, schema: Schema) -> None:
        """Keep a schema, so that its records can be read years later."""
        from extractor.store import database, tables

        row = {"id": schema.id, "name": schema.name, "document": dict(schema.document), "seen": database.now()}
        with self._database.writing() as connection:
            self._database.add_new(connection, tables.schemas, [row])

    def schemas(self) -> dict[str, tuple[str, Mapping[str, Any]]]:
        """The schemas that are kept: id -> name and JSON Schema, the newest last."""
        from extractor.store import tables

        with self._database.reading() as connection:
            rows = connection.execute(tables.schemas.select().order_by(tables.schemas.c.seen))
            return {row.id: (row.name, row.document) for row in rows}

    def sources(self, document: str | None = None) -> list[Source]:
        """The names that documents were found under: of one document (its SHA-256), or of all."""
        from extractor.store import tables

        query = tables.sources.select().order_by(tables.sources.c.name, tables.sources.c.seen)
        if document is not None:
            query = query.where(tables.sources.c.document == document)
        with self._database.reading() as connection:
            return [Source(row.name, row.document, row.seen) for row in connection.execute(query)]

    def keep_run(self, name: str, settings: Mapping[str, Any], figures: Mapping[str, Any]) -> None:
        """Keep a measurement."""
        from extractor.store import database, tables

        row = {"name": name, "at": database.now(), "settings": dict(settings), "figures": dict(figures)}
        with self._database.writing() as connection:
            connection.execute(tables.runs.insert(), row)

    def runs(self, name: str | None = None) -> list[Run]:
        """The measurements, oldest first: all, or those of one name."""
        from extractor.store import tables

        run = tables.runs.c
        query = tables.runs.select().with_only_columns(run.id, run.name, run.at, run.settings, run.figures)
        query = query.order_by(run.id) if name is None else query.where(run.name == name).order_by(run.id)
        with self._database.reading() as connection:
            return [Run(*row) for row in connection.execute(query)]

    def files(self) -> list[tuple[int, int]]:
        """Device and inode of every file the store is kept in; none for a server."""
        return self._database.files()

    def backup(self, target: str | Path) -> None:
        """Copy a SQLite store to a new file while others go on writing; StoreError where that cannot be done."""
        self._database.backup(Path(target))
