"""Hand-ins: files that people gave to be extracted, and what is going on with each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from extractor.errors import InputError
from extractor.store import database_tables as tables
from extractor.store.audit import append_lines
from extractor.store.database import Database, now
from extractor.store.models import HandIn, Task

_COLUMNS = tuple(HandIn.__dataclass_fields__)
_TASK_COLUMNS = tuple(Task.__dataclass_fields__)
_MAX_PARAMETERS = 500
"""Numbers that one query names; databases limit the number of parameters."""


class HandIns:
    """The hand-ins of a store. A hand-in's documents are the tasks that bear its number."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, who: str, source: str, name: str, schema: str, model: str) -> HandIn:
        """Note that a person handed in a file, and return the hand-in; the same once more is the same hand-in."""
        row = {"who": who, "at": now(), "source": source, "name": name, "schema": schema, "model": model}
        column = tables.handins.c
        same = [column[key] == row[key] for key in ("who", "source", "schema", "model")]
        with self._database.writing() as connection:
            known = connection.execute(sa.select(column.id).where(*same, column.deleted.is_(None)).limit(1)).scalar()
            if known is None:
                known = connection.execute(tables.handins.insert().returning(column.id), row).scalar_one()
            else:
                connection.execute(tables.handins.update().where(column.id == known).values(at=row["at"]))
            return HandIn(id=known, **row)

    def get(self, number: int) -> HandIn:
        """Return the hand-in of that number; raises InputError if there is none."""
        with self._database.reading() as connection:
            return _load(connection, number)

    def select(
        self, *, who: str | None = None, deleted: bool | None = False, after: int = 0, limit: int = 500
    ) -> list[HandIn]:
        """Return hand-ins, the newest first: a person's or all, those in the bin, not in the bin, or both (None)."""
        column = tables.handins.c
        query = sa.select(*(column[key] for key in _COLUMNS)).order_by(column.at.desc(), column.id.desc())
        if who is not None:
            query = query.where(column.who == who)
        if deleted is not None:
            query = query.where(column.deleted.is_not(None) if deleted else column.deleted.is_(None))
        with self._database.reading() as connection:
            return [HandIn(*row) for row in connection.execute(query.offset(after).limit(limit))]

    def tasks(self, numbers: Iterable[int]) -> dict[int, list[Task]]:
        """Return the tasks of hand-ins by the numbers of the hand-ins; archives that were unpacked are left out."""
        found: dict[int, list[Task]] = {number: [] for number in numbers}
        task = tables.tasks.c
        query = sa.select(*(task[key] for key in _TASK_COLUMNS)).where(task.state != "unpacked").order_by(task.id)
        wanted = list(found)
        with self._database.reading() as connection:
            for n in range(0, len(wanted), _MAX_PARAMETERS):
                part = query.where(task.handin.in_(wanted[n : n + _MAX_PARAMETERS]))
                for row in connection.execute(part):
                    found[row.handin].append(Task(*row))
        return found

    def of_document(self, document: str, schema: str) -> list[Task]:
        """Return the tasks of hand-ins by which a document (SHA-256) was extracted under a schema (id)."""
        task, job = tables.tasks.c, tables.jobs.c
        query = (
            sa.select(*(task[key] for key in _TASK_COLUMNS))
            .join(tables.jobs, job.id == task.job)
            .where(task.document == document, job.schema == schema, task.handin.is_not(None))
            .order_by(task.id)
        )
        with self._database.reading() as connection:
            return [Task(*row) for row in connection.execute(query)]

    def change(self, number: int, *, schema: str, model: str) -> None:
        """Note that the file of a hand-in is extracted as another kind, or by another model."""
        changed = tables.handins.update().where(tables.handins.c.id == number)
        with self._database.writing() as connection:
            connection.execute(changed.values(schema=schema, model=model))

    def cancel(self, number: int, *, who: str) -> int:
        """Cancel what has not been done of a hand-in; documents in progress are finished, but not stored."""
        task = tables.tasks.c
        is_open = task.state.in_(("waiting", "leased"))
        cancelled = tables.tasks.update().where(task.handin == number, is_open)
        return self._change_tasks(cancelled.values(state="cancelled", owner=None), number, "hand-in cancelled", who)

    def retry(self, number: int, *, who: str) -> int:
        """Have what failed or was cancelled of a hand-in done again, and return how many documents that is."""
        task = tables.tasks.c
        again = tables.tasks.update().where(task.handin == number, task.state.in_(("failed", "set_aside", "cancelled")))
        columns: dict[str, Any] = {"state": "waiting", "kind": None, "message": "", "tries": 0, "deaths": 0}
        again = again.values(**columns, until=0.0, stamp="")
        return self._change_tasks(again, number, "hand-in retried", who)

    def _change_tasks(self, change: Any, number: int, action: str, who: str) -> int:
        with self._database.writing() as connection:
            _load(connection, number)
            changed = connection.execute(change).rowcount
            append_lines(connection, who, [(action, f"hand-in {number}", None, {"documents": changed}, "")])
            return changed

    def delete(self, numbers: Sequence[int], *, who: str) -> None:
        """Put hand-ins into the bin, or with what `restore` does take them out again."""
        self._mark(numbers, now(), "hand-in deleted", who)

    def restore(self, numbers: Sequence[int], *, who: str) -> None:
        """Take hand-ins out of the bin."""
        self._mark(numbers, None, "hand-in restored", who)

    def _mark(self, numbers: Sequence[int], deleted: str | None, action: str, who: str) -> None:
        marked = tables.handins.update().where(tables.handins.c.id.in_(numbers))
        with self._database.writing() as connection:
            connection.execute(marked.values(deleted=deleted))
            append_lines(connection, who, [(action, f"hand-in {number}", None, None, "") for number in numbers])

    def forget(self, number: int) -> None:
        """Delete a hand-in for good, with its tasks; its records are deleted by `Records.erase`."""
        with self._database.writing() as connection:
            connection.execute(tables.tasks.delete().where(tables.tasks.c.handin == number))
            connection.execute(tables.handins.delete().where(tables.handins.c.id == number))


def _load(connection: sa.Connection, number: int) -> HandIn:
    query = sa.select(*(tables.handins.c[key] for key in _COLUMNS)).where(tables.handins.c.id == number)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise InputError(f"There is no hand-in {number}.", "It may have been deleted meanwhile.")
    return HandIn(*row)
