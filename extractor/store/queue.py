"""Jobs and their tasks: who works on which document, and how each of them ended.

A task is leased to one worker process at a time. That it is done and what came out of it are stored in one transaction,
so whatever dies when: a document is neither lost nor stored twice.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from itertools import islice
from typing import Any

import sqlalchemy as sa

from extractor.errors import InputError, UsageError
from extractor.store import tables
from extractor.store.audit import append
from extractor.store.database import Database, now
from extractor.store.models import FINISHED, Job, JobCounts, SourceFile, Task, TaskOutcome, Version, extraction_key
from extractor.store.writes import keep_extractions, keep_sources, keep_version, prepared

LEASE_SECONDS = 120
ELSEWHERE_SECONDS = 1.0
"""How long a task rests while another one with the same content is being worked on."""
_BATCH = 500
_TASK = tuple(f.name for f in fields(Task))


class Jobs:
    """The jobs of a store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # Jobs.

    def start(self, name: str, schema: str, settings: Mapping[str, Any], *, who: str) -> Job:
        """The job of that name, new or gone on with; its state is then `running`.

        Raises UsageError where the name belongs to a job with another schema or other settings.
        """
        at = now()
        row = {"name": name, "schema": schema, "settings": dict(settings), "state": "running"}
        with self._database.writing() as connection:
            same = tables.jobs.c.name == name
            if connection.execute(sa.select(tables.jobs.c.id).where(same)).one_or_none() is None:
                connection.execute(tables.jobs.insert(), row | {"created": at, "updated": at})
                append(connection, who, [("job started", f"job {name}", None, dict(settings), "")])
            job = _job(connection, name)
            if (job.schema, job.settings) != (schema, dict(settings)):
                raise UsageError(
                    f"There is a job {name} already, with other settings.",
                    f"Give this one another name; `extractor status {name}` shows what that one is.",
                )
            if job.state != "running":
                append(connection, who, [("job resumed", f"job {name}", job.state, "running", "")])
                _set_state(connection, job.id, "running")
            return _job(connection, name)

    def get(self, name: str) -> Job:
        """The job of that name; InputError where there is none."""
        with self._database.reading() as connection:
            return _job(connection, name)

    def all(self) -> list[Job]:
        """Every job, the newest first."""
        with self._database.reading() as connection:
            names = connection.execute(sa.select(tables.jobs.c.name).order_by(tables.jobs.c.id.desc())).scalars()
            return [_job(connection, name) for name in names.all()]

    def set_version(self, job: Job, version: Version) -> Job:
        """The job with what extracts for it noted; UsageError where something else has extracted for it before."""
        with self._database.writing() as connection:
            found = _job(connection, job.name)
            if found.version is not None and found.version.id != version.id:
                raise UsageError(
                    f"Job {job.name} was begun with another version of the tool, its prompts or its model.",
                    "Give the new job a name of its own; documents are then extracted anew.",
                )
            if found.version is None:
                keep_version(connection, self._database, version)
                connection.execute(
                    tables.jobs.update().where(tables.jobs.c.id == job.id).values(version=version.id, updated=now())
                )
            return _job(connection, job.name)

    def end(self, job: Job, state: str, *, who: str) -> None:
        """Note that the job is `finished` or `stopped`; one that somebody cancelled stays cancelled."""
        with self._database.writing() as connection:
            found = _job(connection, job.name)
            if found.state == "running":
                append(connection, who, [(f"job {state}", f"job {job.name}", found.state, state, "")])
                _set_state(connection, job.id, state)

    def cancel(self, name: str, *, who: str) -> JobCounts:
        """The counts of the job after its waiting tasks were cancelled; workers stop at what they are at."""
        with self._database.writing() as connection:
            job = _job(connection, name)
            task = tables.tasks.c
            mine = tables.tasks.update().where(task.job == job.id, task.state.in_(("waiting", "leased")))
            connection.execute(mine.values(state="cancelled", owner=None))
            append(connection, who, [("job cancelled", f"job {name}", job.state, "cancelled", "")])
            _set_state(connection, job.id, "cancelled")
        return self.counts(job)

    def retry(self, name: str, *, who: str, kind: str | None = None) -> int:
        """How many tasks that failed, were set aside or cancelled wait again; of one kind of failure, if given."""
        with self._database.writing() as connection:
            job = _job(connection, name)
            task = tables.tasks.c
            again = tables.tasks.update().where(
                task.job == job.id, task.state.in_(("failed", "set_aside", "cancelled"))
            )
            if kind is not None:
                again = again.where(task.kind == kind)
            number = connection.execute(
                again.values(state="waiting", kind=None, message="", tries=0, deaths=0, until=0.0, stamp="")
            ).rowcount
            append(connection, who, [("job retried", f"job {name}", None, {"tasks": number, "kind": kind}, "")])
            if job.state == "cancelled":
                _set_state(connection, job.id, "stopped")
            return number

    def counts(self, job: Job) -> JobCounts:
        """Where the documents of the job are; archives that were unpacked are not counted, their members are."""
        task = tables.tasks.c
        query = sa.select(task.state, task.kind, sa.func.count()).where(task.job == job.id)
        states: dict[str, int] = {}
        failures: dict[str, int] = {}
        with self._database.reading() as connection:
            for state, kind, number in connection.execute(query.group_by(task.state, task.kind)):
                state = state if state in FINISHED else "left"
                states[state] = states.get(state, 0) + number
                if state in ("failed", "set_aside"):
                    failures[kind] = failures.get(kind, 0) + number
        states.pop("unpacked", None)
        return JobCounts(**states, failures=dict(sorted(failures.items(), key=lambda item: -item[1])))

    def tasks(self, job: Job, *states: str, kind: str | None = None, under: str = "") -> Iterator[Task]:
        """The job's tasks in the order they were found: all, or those in some states, of one kind of failure, or whose
        names begin with `under`.
        """
        after = 0
        task = tables.tasks.c
        wanted = sa.select(*(task[key] for key in _TASK)).where(task.job == job.id)
        if states:
            wanted = wanted.where(task.state.in_(states))
        if kind is not None:
            wanted = wanted.where(task.kind == kind)
        if under:
            wanted = wanted.where(task.name.startswith(under, autoescape=True))
        while True:
            with self._database.reading() as connection:
                page = connection.execute(wanted.where(task.id > after).order_by(task.id).limit(_BATCH)).all()
            if not page:
                return
            yield from (Task(*row) for row in page)
            after = page[-1].id

    # Finding.

    def add(self, job: Job, found: Iterable[SourceFile]) -> int:
        """How many documents were new to the job or had changed since it was through with them; they now wait.

        What cannot be worked on is stored as failed at once.
        """
        number, rest = 0, iter(found)
        while batch := list(islice(rest, _BATCH)):
            with self._database.writing() as connection:
                number += _add(connection, self._database, job.id, batch)
        return number

    # Working.

    def claim(self, job: Job, owner: str, most: int) -> list[Task]:
        """Up to `most` waiting tasks, now leased to `owner` (who has to `renew`); those tried least come first."""
        moment = time.time()
        task = tables.tasks.c
        lapsed = tables.tasks.update().where(task.job == job.id, task.state == "leased", task.until < moment)
        free = (
            sa.select(task.id)
            .where(task.job == job.id, task.state == "waiting", task.until <= moment)
            .order_by(task.tries, task.id)
            .limit(most)
        )
        mine = tables.tasks.update().where(task.id.in_(free))
        mine = mine.values(state="leased", owner=owner, until=moment + LEASE_SECONDS, tries=task.tries + 1)
        with self._database.writing() as connection:
            connection.execute(lapsed.values(state="waiting", owner=None, until=0.0))
            rows = connection.execute(mine.returning(*(task[key] for key in _TASK))).all()
        return sorted((Task(*row) for row in rows), key=lambda t: (t.tries, t.id))

    def begin_tasks(self, job: Job, owner: str, documents: Mapping[int, tuple[str, str]]) -> dict[int, str]:
        """What to do for each leased task (number -> SHA-256 and stamp of its file), in one transaction.

        `extract`: it is the owner's to do. `reused`: the store has it, and the task is through. `elsewhere`: a copy of
        it is being worked on, and the task waits again. Tasks that are no longer the owner's are left out.
        """
        assert job.version is not None, "set_version comes first"
        version, moment = job.version.id, time.time()
        keys = {n: extraction_key(document, job.schema, version) for n, (document, _) in documents.items()}
        after = {
            "extract": {"state": "leased", "owner": owner, "until": moment + LEASE_SECONDS, "untried": 0},
            "reused": {"state": "reused", "owner": None, "until": 0.0, "untried": 0},
            "elsewhere": {"state": "waiting", "owner": None, "until": moment + ELSEWHERE_SECONDS, "untried": 1},
        }
        task = tables.tasks.c
        said: dict[int, str] = {}
        changes: list[dict[str, Any]] = []
        with self._database.writing() as connection:
            held = sa.select(task.id, task.name).where(task.id.in_(keys), task.owner == owner)
            names = {row.id: row.name for row in connection.execute(held)}
            stored = sa.select(tables.extractions.c.id).where(tables.extractions.c.id.in_(keys.values()))
            there = set(connection.execute(stored).scalars())
            copies = sa.select(task.extraction).where(
                task.extraction.in_(keys.values()), task.state == "leased", task.until > moment, task.id.not_in(keys)
            )
            busy = set(connection.execute(copies).scalars())
            for number in names:
                key, (document, stamp) = keys[number], documents[number]
                said[number] = "reused" if key in there else "elsewhere" if key in busy else "extract"
                busy.add(key)
                known = {"number": number, "document": document, "stamp": stamp, "extraction": key}
                changes.append(after[said[number]] | known)
            _change(connection, changes)
            reused = [(names[n], documents[n][0]) for n, verdict in said.items() if verdict == "reused"]
            keep_sources(connection, self._database, reused)
        return said

    def record_outcomes(self, job: Job, owner: str, outcomes: Sequence[TaskOutcome], *, who: str) -> None:
        """Store how tasks ended and what came out of them, all of it or, with StoreError, nothing."""
        results = [o for o in outcomes if o.result is not None]
        assert job.version is not None or not results, "set_version comes first"
        ready = prepared(self._database, [(o.result, o.size, o.document_kind) for o in results])
        kept = {o.task.id: result for o, result in zip(results, ready, strict=True)}
        with self._database.writing() as connection:
            task = tables.tasks.c
            held = sa.select(task.id).where(task.id.in_([o.task.id for o in outcomes]), task.owner == owner)
            mine = set(connection.execute(held).scalars())
            results = [o for o in results if o.task.id in mine]
            new: set[str] = set()
            if job.version is not None:
                said = [kept[o.task.id] for o in results]
                new = keep_extractions(connection, self._database, said, job.version.id, job.id, who)
                names = [(o.task.name, o.result["document"]["id"]) for o in results]
                keep_sources(connection, self._database, names)
            for outcome in outcomes:
                if outcome.members and outcome.task.id in mine:
                    _add(connection, self._database, job.id, outcome.members)
            _change(connection, [_ended(o, new) for o in outcomes if o.task.id in mine])

    def renew_leases(self, owner: str) -> None:
        """Keep the owner's leases for another while."""
        mine = tables.tasks.update().where(tables.tasks.c.owner == owner)
        with self._database.writing() as connection:
            connection.execute(mine.values(until=time.time() + LEASE_SECONDS))

    def release_leases(self, owner: str) -> None:
        """Give back what the owner holds and has not settled; it counts as not tried."""
        task = tables.tasks.c
        mine = tables.tasks.update().where(task.owner == owner)
        with self._database.writing() as connection:
            connection.execute(mine.values(state="waiting", owner=None, until=0.0, tries=task.tries - 1))

    def lease_owners(self) -> list[str]:
        """Everybody who holds a lease."""
        owner = tables.tasks.c.owner
        with self._database.reading() as connection:
            return list(connection.execute(sa.select(owner).where(owner.is_not(None)).distinct()).scalars())

    def expire_leases(self, owner: str) -> None:
        """Take the leases of an owner that is known to be dead; the tasks wait again, as tried."""
        mine = tables.tasks.update().where(tables.tasks.c.owner == owner)
        with self._database.writing() as connection:
            connection.execute(mine.values(state="waiting", owner=None, until=0.0))


def _job(connection: sa.Connection, name: str) -> Job:
    columns = [tables.versions.c[key].label(f"v_{key}") for key in ("tool", "prompt", "model", "weights", "options")]
    query = sa.select(tables.jobs, *columns).outerjoin(tables.versions, tables.versions.c.id == tables.jobs.c.version)
    row = connection.execute(query.where(tables.jobs.c.name == name)).one_or_none()
    if row is None:
        raise InputError(f"There is no job {name}.", "`extractor status` lists them.")
    version = None
    if row.version is not None:
        version = Version(row.v_tool, row.v_prompt, row.v_model, row.v_weights, row.v_options)
    return Job(row.id, row.name, row.schema, version, row.settings, row.state, row.created, row.updated)


def _set_state(connection: sa.Connection, job: int, state: str) -> None:
    connection.execute(tables.jobs.update().where(tables.jobs.c.id == job).values(state=state, updated=now()))


def _change(connection: sa.Connection, changes: Sequence[Mapping[str, Any]]) -> None:
    """Change many tasks alike: `number` is the task's, `untried` comes off its tries, `died` goes to its deaths."""
    if not changes:
        return
    task = tables.tasks.c
    columns = {key: sa.bindparam(key) for key in changes[0] if key not in ("number", "untried", "died")}
    if "untried" in changes[0]:
        columns["tries"] = task.tries - sa.bindparam("untried")
    if "died" in changes[0]:
        columns["deaths"] = task.deaths + sa.bindparam("died")
    connection.execute(tables.tasks.update().where(task.id == sa.bindparam("number")).values(**columns), changes)


def _ended(outcome: TaskOutcome, new: set[str]) -> dict[str, Any]:
    """What changes of a task at its end; `new` are the documents whose extraction was not in the store before."""
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


def _add(connection: sa.Connection, database: Database, job: int, found: Sequence[SourceFile]) -> int:
    """How many tasks are new or wait again because their file changed."""
    rows = [
        {
            "job": job,
            "name": f.name,
            "stamp": f.stamp,
            "state": "failed" if f.kind else "waiting",
            "document": f.document,
            "kind": f.kind,
            "message": f.message,
            "tries": 0,
            "deaths": 0,
            "until": 0.0,
        }
        for f in found
    ]
    task = tables.tasks.c
    known = sa.select(task.name, task.stamp, task.state).where(task.job == job)
    known = known.where(task.name.in_([row["name"] for row in rows]))
    there = {name: (stamp, state) for name, stamp, state in connection.execute(known)}
    new = {row["name"]: row for row in rows if row["name"] not in there}
    database.add_new(connection, tables.tasks, list(new.values()))
    changed = [row for row in rows if row["name"] in there and _changed(row, *there[row["name"]])]
    for row in changed:
        again = tables.tasks.update().where(task.job == job, task.name == row["name"])
        connection.execute(again.values(**row, extraction=None, seconds=None))
    return len(new) + len(changed)


def _changed(row: Mapping[str, Any], stamp: str, state: str) -> bool:
    """Whether a file is another one than the one that a task, now through, was about."""
    return state in FINISHED and stamp not in ("", row["stamp"])
