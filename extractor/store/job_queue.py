"""Jobs and their tasks: who works on which document, and how each of them ended.

A task is leased to one worker process at a time. That it is done and what came out of it are stored in one transaction,
so that a document is neither lost nor stored twice, whatever dies and when.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from itertools import islice
from typing import Any

import sqlalchemy as sa

from extractor.errors import InputError, UsageError
from extractor.store import database_tables as tables
from extractor.store.audit import append_lines
from extractor.store.database import Database, now
from extractor.store.models import (
    FINAL_STATES,
    Job,
    JobCounts,
    SourceFile,
    Task,
    TaskOutcome,
    Version,
    extraction_key,
)
from extractor.store.replacement import replace_extraction
from extractor.store.writes import VERSION_COLUMNS, add_extractions, add_sources, add_version, prepare_results

LEASE_SECONDS = 120
DUPLICATE_REST_SECONDS = 1.0
"""How long a task rests while another one with the same content is being worked on."""
_PAGE = 500
_TASK_COLUMNS = tuple(f.name for f in fields(Task))


class JobQueue:
    """The jobs of a store, and their tasks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # Jobs.

    def start(self, name: str, schema: str, settings: Mapping[str, Any], *, who: str) -> Job:
        """Create the job of that name, or resume it, and return it; its state is then `running`.

        Raises UsageError where the name belongs to a job with another schema or other settings.
        """
        at = now()
        row = {"name": name, "schema": schema, "settings": dict(settings), "state": "running"}
        with self._database.writing() as connection:
            query = sa.select(tables.jobs.c.id).where(tables.jobs.c.name == name)
            if connection.execute(query).one_or_none() is None:
                connection.execute(tables.jobs.insert(), row | {"created": at, "updated": at})
                append_lines(connection, who, [("job started", f"job {name}", None, dict(settings), "")])
            job = _load_job(connection, name)
            if (job.schema, job.settings) != (schema, dict(settings)):
                raise UsageError(
                    f"There is already a job {name}, with other settings.",
                    f"Give this one another name; `extractor status {name}` shows the existing one.",
                )
            if job.state != "running":
                append_lines(connection, who, [("job resumed", f"job {name}", job.state, "running", "")])
                _set_state(connection, job.id, "running")
            return _load_job(connection, name)

    def get(self, name: str) -> Job:
        """Return the job of that name; raise InputError if there is none."""
        with self._database.reading() as connection:
            return _load_job(connection, name)

    def all(self) -> list[Job]:
        """Return every job, the newest first."""
        with self._database.reading() as connection:
            return [_make_job(row) for row in connection.execute(_job_query().order_by(tables.jobs.c.id.desc()))]

    def set_version(self, job: Job, version: Version) -> Job:
        """Note the version that extracts for the job; raise UsageError if another one has extracted for it before."""
        with self._database.writing() as connection:
            found = _load_job(connection, job.name)
            if found.version is not None and found.version.id != version.id:
                raise UsageError(
                    f"Job {job.name} was begun with another version of the tool, its prompts or its model.",
                    "Give the new job another name; documents are then extracted anew.",
                )
            if found.version is None:
                add_version(connection, self._database, version)
                noted = tables.jobs.update().where(tables.jobs.c.id == job.id)
                connection.execute(noted.values(version=version.id, updated=now()))
            return _load_job(connection, job.name)

    def end(self, job: Job, state: str, *, who: str) -> None:
        """Set a running job to `finished` or `stopped`; one that somebody cancelled stays cancelled."""
        with self._database.writing() as connection:
            found = _load_job(connection, job.name)
            if found.state == "running":
                append_lines(connection, who, [(f"job {state}", f"job {job.name}", found.state, state, "")])
                _set_state(connection, job.id, state)

    def cancel(self, name: str, *, who: str) -> JobCounts:
        """Cancel the job's open tasks and return its counts; documents in progress are finished, but not stored."""
        with self._database.writing() as connection:
            job = _load_job(connection, name)
            task = tables.tasks.c
            cancelled = tables.tasks.update().where(task.job == job.id, task.state.in_(("waiting", "leased")))
            connection.execute(cancelled.values(state="cancelled", owner=None))
            append_lines(connection, who, [("job cancelled", f"job {name}", job.state, "cancelled", "")])
            _set_state(connection, job.id, "cancelled")
        return self.counts(job)

    def retry(self, name: str, *, who: str, kind: str | None = None) -> int:
        """Make failed, set aside and cancelled tasks wait again, or only those of one kind; return their number."""
        with self._database.writing() as connection:
            job = _load_job(connection, name)
            task = tables.tasks.c
            ended = task.state.in_(("failed", "set_aside", "cancelled"))
            again = tables.tasks.update().where(task.job == job.id, ended)
            if kind is not None:
                again = again.where(task.kind == kind)
            number = connection.execute(
                again.values(state="waiting", kind=None, message="", tries=0, deaths=0, until=0.0, stamp="")
            ).rowcount
            append_lines(connection, who, [("job retried", f"job {name}", None, {"tasks": number, "kind": kind}, "")])
            if job.state == "cancelled":
                _set_state(connection, job.id, "stopped")
            return number

    def counts(self, job: Job) -> JobCounts:
        """Count the job's documents by state; archives that were unpacked do not count, their members do."""
        task = tables.tasks.c
        query = sa.select(task.state, task.kind, sa.func.count()).where(task.job == job.id)
        states: dict[str, int] = {}
        failures: dict[str, int] = {}
        with self._database.reading() as connection:
            for state, kind, number in connection.execute(query.group_by(task.state, task.kind)):
                state = state if state in FINAL_STATES else "left"
                states[state] = states.get(state, 0) + number
                if state in ("failed", "set_aside"):
                    failures[kind] = failures.get(kind, 0) + number
        states.pop("unpacked", None)
        return JobCounts(**states, failures=dict(sorted(failures.items(), key=lambda item: -item[1])))

    def tasks(self, job: Job, *states: str, kind: str | None = None, under: str = "") -> Iterator[Task]:
        """Yield the job's tasks in the order in which they were found.

        Only those in one of the states, of one kind of failure, or whose names begin with `under`, where given.
        """
        after = 0
        task = tables.tasks.c
        query = sa.select(*(task[key] for key in _TASK_COLUMNS)).where(task.job == job.id)
        if states:
            query = query.where(task.state.in_(states))
        if kind is not None:
            query = query.where(task.kind == kind)
        if under:
            query = query.where(task.name.startswith(under, autoescape=True))
        while True:
            with self._database.reading() as connection:
                page = connection.execute(query.where(task.id > after).order_by(task.id).limit(_PAGE)).all()
            if not page:
                return
            yield from (Task(*row) for row in page)
            after = page[-1].id

    def add(self, job: Job, files: Iterable[SourceFile]) -> int:
        """Add tasks for the files, and return how many wait now: those that are new, or changed since they were done.

        What cannot be worked on is stored as failed at once.
        """
        number, rest = 0, iter(files)
        while batch := list(islice(rest, _PAGE)):
            with self._database.writing() as connection:
                number += _add_tasks(connection, self._database, job.id, batch)
        return number

    def add_again(self, job: Job, files: Iterable[SourceFile]) -> None:
        """Have files be worked on once more, whatever became of them before; of a hand-in, in this job alone."""
        task = tables.tasks.c
        with self._database.writing() as connection:
            for file in files:
                if file.handin is not None:
                    elsewhere = tables.tasks.update().where(
                        task.handin == file.handin, task.name == file.name, task.job != job.id
                    )
                    is_open = task.state.in_(("waiting", "leased"))
                    connection.execute(elsewhere.where(is_open).values(state="cancelled", owner=None))
                    connection.execute(elsewhere.values(handin=None, replaces=None))
                _add_tasks(connection, self._database, job.id, [file])
                again = tables.tasks.update().where(task.job == job.id, task.name == file.name)
                columns: dict[str, Any] = {"state": "waiting", "kind": None, "message": "", "owner": None}
                columns |= {"tries": 0, "deaths": 0, "until": 0.0, "handin": file.handin, "replaces": file.replaces}
                connection.execute(again.values(**columns))

    def withdraw(self, tasks: Iterable[Task]) -> None:
        """Have tasks that have ended belong to no hand-in any more, as their documents are split otherwise."""
        task = tables.tasks.c
        with self._database.writing() as connection:
            withdrawn = tables.tasks.update().where(task.id.in_([each.id for each in tasks]))
            connection.execute(withdrawn.values(state="cancelled", handin=None, replaces=None))

    def waiting_before(self, jobs: Iterable[Job]) -> dict[int, int]:
        """Return for each waiting task of the jobs, worked on in this order, how many are in front of it."""
        task = tables.tasks.c
        places: dict[int, int] = {}
        with self._database.reading() as connection:
            for job in jobs:
                query = sa.select(task.id).where(task.job == job.id, task.state == "waiting")
                for number in connection.execute(query.order_by(task.tries, task.id)).scalars():
                    places[number] = len(places)
        return places

    # Leases.

    def claim(self, job: Job, owner: str, most: int) -> list[Task]:
        """Lease up to `most` waiting tasks to `owner`, who has to renew the leases; those tried least come first."""
        task = tables.tasks.c
        with self._database.writing() as connection:
            moment = self._database.clock(connection)
            # What lasts so much longer than a lease does was noted when the clock was wrong.
            is_over = sa.or_(task.until <= moment, task.until > moment + 2 * LEASE_SECONDS)
            lapsed = tables.tasks.update().where(task.job == job.id, task.state == "leased", is_over)
            waiting = (
                sa.select(task.id)
                .where(task.job == job.id, task.state == "waiting", is_over)
                .order_by(task.tries, task.id)
                .limit(most)
            )
            leased = tables.tasks.update().where(task.id.in_(waiting))
            leased = leased.values(state="leased", owner=owner, until=moment + LEASE_SECONDS, tries=task.tries + 1)
            connection.execute(lapsed.values(state="waiting", owner=None, until=0.0))
            rows = connection.execute(leased.returning(*(task[key] for key in _TASK_COLUMNS))).all()
        return sorted((Task(*row) for row in rows), key=lambda t: (t.tries, t.id))

    def begin_tasks(self, job: Job, owner: str, documents: Mapping[int, tuple[str, str]]) -> dict[int, str]:
        """Decide what to do for leased tasks, given as number -> (SHA-256, stamp), in one transaction.

        The verdict is `extract` for the owner to do; `reused` if the store has the extraction, and the task is done;
        `elsewhere` if a copy is being worked on, and the task waits again. Tasks that are no longer the owner's are
        left out.
        """
        assert job.version is not None, "set_version comes first"
        version = job.version.id
        keys = {n: extraction_key(document, job.schema, version) for n, (document, _) in documents.items()}
        task = tables.tasks.c
        verdicts: dict[int, str] = {}
        changes: list[dict[str, Any]] = []
        with self._database.writing() as connection:
            moment = self._database.clock(connection)
            columns = {
                "extract": {"state": "leased", "owner": owner, "until": moment + LEASE_SECONDS, "untried": 0},
                "reused": {"state": "reused", "owner": None, "until": 0.0, "untried": 0},
                "elsewhere": {
                    "state": "waiting",
                    "owner": None,
                    "until": moment + DUPLICATE_REST_SECONDS,
                    "untried": 1,
                },
            }
            held = sa.select(task.id, task.name, task.replaces).where(task.id.in_(keys), task.owner == owner)
            rows = connection.execute(held).all()
            names, replaces = {row.id: row.name for row in rows}, {row.id: row.replaces for row in rows}
            query = sa.select(tables.extractions.c.id).where(tables.extractions.c.id.in_(keys.values()))
            stored = set(connection.execute(query).scalars())
            copies = sa.select(task.extraction).where(
                task.extraction.in_(keys.values()), task.state == "leased", task.until > moment, task.id.not_in(keys)
            )
            in_progress = set(connection.execute(copies).scalars())
            for number in names:
                key, (document, stamp) = keys[number], documents[number]
                verdict = "reused" if key in stored else "elsewhere" if key in in_progress else "extract"
                verdicts[number] = verdict
                in_progress.add(key)
                known = {"number": number, "document": document, "stamp": stamp, "extraction": key}
                changes.append(columns[verdict] | known)
            _update_tasks(connection, changes)
            reused = [(names[n], documents[n][0]) for n, verdict in verdicts.items() if verdict == "reused"]
            add_sources(connection, self._database, reused)
            for n in (n for n, verdict in verdicts.items() if verdict == "reused" and replaces[n] is not None):
                replace_extraction(connection, replaces[n], job.schema, keys[n])
        return verdicts

    def record_outcomes(self, job: Job, owner: str, outcomes: Sequence[TaskOutcome], *, who: str) -> None:
        """Store how tasks ended and what came out of them: all of it or, with StoreError, nothing.

        Outcomes of tasks that are no longer the owner's are dropped.
        """
        results = [o for o in outcomes if o.result is not None]
        assert job.version is not None or not results, "set_version comes first"
        ready = prepare_results(self._database, [(o.result, o.size, o.document_kind) for o in results])
        prepared = {o.task.id: result for o, result in zip(results, ready, strict=True)}
        with self._database.writing() as connection:
            task = tables.tasks.c
            held = sa.select(task.id).where(task.id.in_([o.task.id for o in outcomes]), task.owner == owner)
            own = set(connection.execute(held).scalars())
            results = [o for o in results if o.task.id in own]
            new: set[str] = set()
            if job.version is not None:
                extractions = [prepared[o.task.id] for o in results]
                new = add_extractions(connection, self._database, extractions, job.version.id, job.id, who)
                names = [(o.task.name, o.result["document"]["id"]) for o in results]
                add_sources(connection, self._database, names)
            for outcome in outcomes:
                if outcome.members and outcome.task.id in own:
                    members = [replace(member, handin=outcome.task.handin) for member in outcome.members]
                    _add_tasks(connection, self._database, job.id, members)
            _update_tasks(connection, [_outcome_columns(o, new) for o in outcomes if o.task.id in own])
            for o in results:
                if o.task.replaces is not None and job.version is not None:
                    schema = o.result["run"]["schema"]  # of a set of kinds, the one that was found
                    key = extraction_key(o.result["document"]["id"], schema, job.version.id)
                    replace_extraction(connection, o.task.replaces, schema, key)

    def renew_leases(self, owner: str) -> None:
        """Extend all leases of the owner."""
        held = tables.tasks.update().where(tables.tasks.c.owner == owner)
        with self._database.writing() as connection:
            connection.execute(held.values(until=self._database.clock(connection) + LEASE_SECONDS))

    def release_leases(self, owner: str) -> None:
        """Give back what the owner holds; the attempt does not count."""
        task = tables.tasks.c
        held = tables.tasks.update().where(task.owner == owner)
        with self._database.writing() as connection:
            connection.execute(held.values(state="waiting", owner=None, until=0.0, tries=task.tries - 1))

    def lease_owners(self) -> list[str]:
        """Return everybody who holds a lease."""
        owner = tables.tasks.c.owner
        with self._database.reading() as connection:
            return list(connection.execute(sa.select(owner).where(owner.is_not(None)).distinct()).scalars())

    def expire_leases(self, owner: str) -> None:
        """End the leases of an owner that is known to be dead; the attempts count."""
        held = tables.tasks.update().where(tables.tasks.c.owner == owner)
        with self._database.writing() as connection:
            connection.execute(held.values(state="waiting", owner=None, until=0.0))


def _load_job(connection: sa.Connection, name: str) -> Job:
    row = connection.execute(_job_query().where(tables.jobs.c.name == name)).one_or_none()
    if row is None:
        raise InputError(f"There is no job {name}.", "`extractor status` lists all jobs.")
    return _make_job(row)


def _job_query() -> sa.Select[Any]:
    """Return the query for jobs, each with its version."""
    columns = [tables.versions.c[key].label(f"v_{key}") for key in VERSION_COLUMNS]
    return sa.select(tables.jobs, *columns).outerjoin(tables.versions, tables.versions.c.id == tables.jobs.c.version)


def _make_job(row: sa.Row[Any]) -> Job:
    version = None
    if row.version is not None:
        version = Version(**{key: getattr(row, f"v_{key}") for key in VERSION_COLUMNS})
    return Job(row.id, row.name, row.schema, version, row.settings, row.state, row.created, row.updated)


def _set_state(connection: sa.Connection, job: int, state: str) -> None:
    connection.execute(tables.jobs.update().where(tables.jobs.c.id == job).values(state=state, updated=now()))


def _update_tasks(connection: sa.Connection, changes: Sequence[Mapping[str, Any]]) -> None:
    """Change the same columns of many tasks.

    `number` is the task's; `untried` is subtracted from its tries, `died` added to its deaths.
    """
    if not changes:
        return
    task = tables.tasks.c
    columns = {key: sa.bindparam(key) for key in changes[0] if key not in ("number", "untried", "died")}
    if "untried" in changes[0]:
        columns["tries"] = task.tries - sa.bindparam("untried")
    if "died" in changes[0]:
        columns["deaths"] = task.deaths + sa.bindparam("died")
    connection.execute(tables.tasks.update().where(task.id == sa.bindparam("number")).values(**columns), changes)


def _outcome_columns(outcome: TaskOutcome, new: set[str]) -> dict[str, Any]:
    """Return what changes of a task at its end; `new` are the documents whose extraction was not stored before."""
    state = outcome.state
    if outcome.result is not None:
        state = "done" if outcome.result["document"]["id"] in new else "reused"
    return {
        "number": outcome.task.id,
        "state": state,
        "kind": outcome.kind,
        "message": outcome.message.replace("\0", ""),
        "owner": None,
        "until": 0.0,
        "died": int(outcome.died),
        "seconds": round(outcome.seconds, 3),
    }


def _add_tasks(connection: sa.Connection, database: Database, job: int, files: Sequence[SourceFile]) -> int:
    """Add tasks for the files, and return how many are new or wait again because their file changed."""
    rows = [
        {
            "job": job,
            "name": file.name,
            "stamp": file.stamp,
            "state": "failed" if file.kind else "waiting",
            "document": file.document,
            "kind": file.kind,
            "message": file.message,
            "tries": 0,
            "deaths": 0,
            "until": 0.0,
            "handin": file.handin,
            "replaces": file.replaces,
        }
        for file in files
    ]
    task = tables.tasks.c
    query = sa.select(task.name, task.stamp, task.state).where(task.job == job)
    query = query.where(task.name.in_([row["name"] for row in rows]))
    known = {name: (stamp, state) for name, stamp, state in connection.execute(query)}
    new = {row["name"]: row for row in rows if row["name"] not in known}
    database.add_new(connection, tables.tasks, list(new.values()))
    changed = [row for row in rows if row["name"] in known and _has_changed(row, *known[row["name"]])]
    for row in changed:
        again = tables.tasks.update().where(task.job == job, task.name == row["name"])
        connection.execute(again.values(**row, extraction=None, seconds=None))
    return len(new) + len(changed)


def _has_changed(row: Mapping[str, Any], stamp: str, state: str) -> bool:
    """Decide whether a file is a different one from that of a task that has ended."""
    return state in FINAL_STATES and stamp not in ("", row["stamp"])
