"""Uploads: files that people hand in, extracted in the background, listed for their owners, and deleted in time."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path as FilePath
from typing import Any

from extractor import __version__
from extractor.extraction import prompts
from extractor.jobs import resolve_model_name
from extractor.jobs.sources import MEMBER_SEPARATOR, UnusableFile, name_of, path_of
from extractor.readers import MAX_BYTES
from extractor.review.display_names import display_name
from extractor.review.errors import unusable
from extractor.review.upload_files import UploadFiles
from extractor.review.upload_worker import ACTOR, UploadWorker
from extractor.schemas import Schema
from extractor.store import Job, SourceFile, Store, Task
from extractor.store.corrections import load_stored_schema

KEEP_DAYS = 30
JOB_SETTING = "uploads"
"""The setting that marks the jobs of uploads; its value says of which folder."""
MAX_LISTED = 500
MAX_NAMED = 5
"""Refused files that an error message names."""
GRACE_SECONDS = 3600.0
"""How long a file that belongs to no task is left alone: it may just be coming in."""
_DAY_SECONDS = 86400
_STATES = {"waiting": "waiting", "leased": "working", "done": "done", "reused": "done"}
"""The state that people see of a task; `failed` for all others."""


class Uploads:
    """The uploads in a folder. Safe for many threads. `forget` is called with the SHA-256 of every deleted document."""

    def __init__(
        self,
        store: Store,
        folder: FilePath,
        *,
        keep_days: float = KEEP_DAYS,
        max_bytes: int = MAX_BYTES,
        forget: Callable[[str], None] = lambda document: None,
    ) -> None:
        self._store = store
        self._forget = forget
        self._keep_seconds = keep_days * _DAY_SECONDS
        self._files = UploadFiles(folder, max_bytes)
        self._worker = UploadWorker(store, self.jobs, self.clean)

    def start(self) -> None:
        """Go on with what was left unfinished and clean up, in the background."""
        self._take_over_old_jobs()
        self._worker.start()

    def close(self) -> None:
        """Stop within seconds; what was not done is done after the next start."""
        self._worker.close()

    def add(
        self, files: Sequence[tuple[str, str | os.PathLike[str]]], *, schema: Schema, model: str | None, who: str
    ) -> dict[str, Any]:
        """Copy files, each given by its name and path, and extract them in the background, one after another.

        Returns how many were `added`, and the `refused` ones with the reasons. Raises ReviewError (`unusable`) where
        all were refused. The files that were given may be deleted afterwards.
        """
        added: list[SourceFile] = []
        refused: list[dict[str, str]] = []
        free = self._files.free_bytes()
        for name, path in files:
            try:
                file, size = self._files.add(name, path, who, free)
                free -= size
                added.append(file)
            except UnusableFile as error:
                refused.append({"name": name, "kind": error.kind, "message": error.message})
        if refused and not added:
            reasons = "; ".join(f"{each['name']}: {each['message']}" for each in refused[:MAX_NAMED])
            raise unusable(reasons, "No file was uploaded.", refused=refused)
        self._store.add_schema(schema)
        job = self._start_job(schema, resolve_model_name(model), who)
        self._store.jobs.add(job, added)
        self._worker.wake(job.name)
        return {"added": len(added), "refused": refused}

    def jobs(self) -> list[Job]:
        """Return the jobs of these uploads, the newest first."""
        return [job for job in self._store.jobs.all() if job.settings.get(JOB_SETTING) == self._key]

    def list_for(self, who: str) -> dict[str, Any]:
        """Return the person's uploads as JSON data, the newest first, and whether something is going on."""
        under = name_of(str(self._files.folder_of(who))) + "/"
        schemas = self._store.schemas()
        rows: list[dict[str, Any]] = []
        for job in self.jobs():
            failure = self._worker.failure(job.name)
            tasks = [task for task in self._store.jobs.tasks(job, under=under) if task.state != "unpacked"]
            done = [task.document for task in tasks if _STATES.get(task.state) == "done" and task.document]
            records = self._store.records.ids_by_document(job.schema, done)
            schema = schemas[job.schema][0]
            for task in tasks:
                record = records.get(task.document or "")
                row = _task_json(task, failure)
                rows.append(row | {"record": record, "schema": schema, "at": _uploaded_at(task, job)})
        rows.sort(key=lambda row: (row["at"], row["name"]), reverse=True)
        working = any(row["state"] in ("waiting", "working") for row in rows)
        return {"rows": rows[:MAX_LISTED], "working": working}

    def clean(self) -> int:
        """Delete files that are not needed any more, and return how many.

        Those are the ones that belong to no task and no record, and old ones whose records are approved and exported,
        or rejected, or never came to be.
        """
        tasks = {task.name: task for job in self.jobs() for task in self._store.jobs.tasks(job)}
        documents_in: dict[str, list[str]] = {}
        for source in self._store.sources():
            documents_in.setdefault(source.name.partition(MEMBER_SEPARATOR)[0], []).append(source.document)
        all_documents = {document for found in documents_in.values() for document in found}
        completed = self._store.records.completed_documents(all_documents)
        now, deleted = time.time(), 0
        for file in list(self._files):
            name, age = name_of(str(file)), now - file.stat().st_mtime
            documents = documents_in.get(name, [])
            if name not in tasks and not documents:
                expired = age > GRACE_SECONDS
            else:
                unfinished = name in tasks and tasks[name].state in ("waiting", "leased")
                finished = not unfinished and all(completed.get(document, True) for document in documents)
                expired = finished and age > self._keep_seconds
            if expired and self._files.delete(file):
                deleted += 1
                for document in {file.parent.name, *documents}:
                    self._forget(document)
        return deleted

    @property
    def _key(self) -> str:
        """What tells these uploads from those of another server on the same store."""
        return hashlib.sha256(str(self._files.folder).encode()).hexdigest()[:12]

    def _start_job(self, schema: Schema, model: str, who: str) -> Job:
        settings = {"model": model, "passage_tokens": None, JOB_SETTING: self._key}
        return self._store.jobs.start(self._job_name(schema, model), schema.id, settings, who=who)

    def _job_name(self, schema: Schema, model: str) -> str:
        """Return the name of the job for a schema and a model; it changes with the version of the tool and prompts."""
        identity = [schema.id, model, self._key, __version__, prompts.prompt_id()]
        return f"upload-{schema.name}-{hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:8]}"

    def _take_over_old_jobs(self) -> None:
        """Move what is left of jobs that another version of the tool began to jobs of this one."""
        schemas = self._store.schemas()
        for job in self.jobs():
            if job.state == "cancelled" or not self._store.jobs.counts(job).left:
                continue
            name, document = schemas[job.schema]
            schema = load_stored_schema(document)
            if schema is None:
                continue
            schema = replace(schema, name=name)
            model = str(job.settings["model"])
            if self._job_name(schema, model) != job.name:
                left: Iterable[Task] = self._store.jobs.tasks(job, "waiting", "leased")
                successor = self._start_job(schema, model, ACTOR)
                self._store.jobs.add(successor, [SourceFile(task.name, task.stamp, task.document) for task in left])
                self._store.jobs.cancel(job.name, who=ACTOR)


def _task_json(task: Task, failure: str) -> dict[str, Any]:
    """Return how far a file is; `failure` says why its whole job cannot be done, empty where it can."""
    state = _STATES.get(task.state, "failed")
    row = {"name": display_name(task.name), "state": state, "kind": task.kind, "message": task.message}
    if failure and state in ("waiting", "working"):
        row |= {"state": "failed", "kind": "model", "message": failure}
    return row


def _uploaded_at(task: Task, job: Job) -> str:
    """Return when the file was uploaded, in ISO 8601; for a deleted one, when its job began."""
    try:
        seconds = os.stat(path_of(task.name.partition(MEMBER_SEPARATOR)[0])).st_mtime
    except OSError:
        return job.created
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
