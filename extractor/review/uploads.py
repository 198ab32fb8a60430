"""Files that people hand in: kept by whose they are and what they hold, extracted in the background, cleaned up."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path as FilePath
from typing import Any
from urllib.parse import quote

from extractor import __version__
from extractor.extraction import prompts
from extractor.jobs import resolve_model_name
from extractor.jobs.sources import MEMBER_SEPARATOR, UnusableFile, fingerprint, name_of, path_of
from extractor.readers import MAX_BYTES
from extractor.review.display_names import shown
from extractor.review.errors import ReviewError
from extractor.review.upload_worker import Engine
from extractor.schemas import Schema
from extractor.store import Job, SourceFile, Store, Task
from extractor.store.corrections import load_stored_schema

TOTAL = 20 << 30
"""Bytes that all uploads may take."""
KEEP_DAYS = 30
MARK = "uploads"
"""The setting by which the jobs of uploads are known."""
MOST_ROWS = 500
_GRACE = 3600.0
"""Seconds for which a file that belongs to nothing is left alone: it may just be coming in."""
_LONGEST_NAME = 120
_STATES = {"waiting": "waiting", "leased": "working", "done": "done", "reused": "done"}


class Uploads:
    """The uploads in a folder: `OWNER/SHA-256/NAME`. May be called from many threads."""

    def __init__(
        self,
        store: Store,
        folder: FilePath,
        *,
        keep_days: float = KEEP_DAYS,
        max_bytes: int = MAX_BYTES,
        total: int = TOTAL,
        forget: Callable[[str], None] = lambda document: None,
    ) -> None:
        """`forget` is told the SHA-256 of every document whose file is deleted."""
        self._store, self._folder = store, folder
        self._forget = forget
        self._keep_seconds, self._max_bytes, self._total = keep_days * 86400, max_bytes, total
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.chmod(folder, 0o700)
        self._engine = Engine(store, self.jobs, self.clean)

    def start(self) -> None:
        """Go on with what was left, and clean up, in the background."""
        self._move_on()
        self._engine.start()

    def close(self) -> None:
        """Stop within seconds; what was not done is done after the next start."""
        self._engine.close()

    # Handing in.

    def add(
        self, files: Sequence[tuple[str, str | os.PathLike[str]]], *, schema: Schema, model: str | None, who: str
    ) -> dict[str, Any]:
        """How many files were taken, and those that were not, with the reason; ReviewError where none was.

        The files, each with the name it goes by, are copied, and may then be deleted. They are extracted in the
        background, one after another.
        """
        found: list[SourceFile] = []
        refused: list[dict[str, str]] = []
        room = self._total - self._taken()
        for name, path in files:
            try:
                kept, size = self._kept(name, path, who, room)
                room -= size
                found.append(kept)
            except UnusableFile as error:
                refused.append({"name": name, "kind": error.kind, "message": error.message})
        if refused and not found:
            told = "; ".join(f"{each['name']}: {each['message']}" for each in refused[:5])
            raise ReviewError("unusable", told, "Nothing was taken.", refused=refused)
        self._store.add_schema(schema)
        job = self._job(schema, resolve_model_name(model), who)
        self._store.jobs.add(job, found)
        self._engine.go(job.name)
        return {"added": len(found), "refused": refused}

    def _kept(self, name: str, path: str | os.PathLike[str], who: str, room: int) -> tuple[SourceFile, int]:
        """The file as it is found in the folder, where it now is, and by how much that has grown."""
        source = os.fspath(path)
        size = os.stat(source).st_size if os.path.exists(source) else 0
        if size > self._max_bytes:
            limit = self._max_bytes // 2**20
            raise UnusableFile("too_large", f"It is {size / 2**20:,.0f} MB; the limit is {limit} MB.")
        if size > room:
            raise UnusableFile("full", "There is no room left for uploads.")
        sha, _ = fingerprint(source)
        place = self._of(who) / sha
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        target = place / safe_name(name)
        if not target.exists():
            partial = place / f".{secrets.token_hex(8)}.part"
            try:
                shutil.copyfile(source, partial)
                os.chmod(partial, 0o600)
                os.replace(partial, target)
            except OSError as error:
                raise UnusableFile("unreadable", f"It cannot be kept: {error.strerror}.") from error
            finally:
                partial.unlink(missing_ok=True)
        else:
            size = 0
        os.utime(target)  # when it was handed in; one that comes again is looked at again
        return SourceFile(name_of(str(target)), fingerprint(str(target))[1]), size

    def _job(self, schema: Schema, model: str, who: str) -> Job:
        settings = {"model": model, "passage_tokens": None, MARK: self._key}
        return self._store.jobs.start(self._job_name(schema, model), schema.id, settings, who=who)

    @property
    def _key(self) -> str:
        """What tells these uploads from those of another server on the same store."""
        return hashlib.sha256(str(self._folder).encode()).hexdigest()[:12]

    def _job_name(self, schema: Schema, model: str) -> str:
        same = [schema.id, model, self._key, __version__, prompts.prompt_id()]
        return f"upload-{schema.name}-{hashlib.sha256(json.dumps(same).encode()).hexdigest()[:8]}"

    def _of(self, who: str) -> FilePath:
        """The folder of a person's uploads; any name makes one of its own."""
        return self._folder / f"of-{quote(who, safe='')}"

    def _taken(self) -> int:
        return sum(file.stat().st_size for file in self._files())

    # Looking.

    def jobs(self) -> list[Job]:
        """The jobs of these uploads, the newest first."""
        return [job for job in self._store.jobs.all() if job.settings.get(MARK) == self._key]

    def rows(self, who: str) -> dict[str, Any]:
        """The person's uploads, the newest first, each with how far it is; and whether something is going on."""
        under = name_of(str(self._of(who))) + "/"
        schemas = self._store.schemas()
        rows: list[dict[str, Any]] = []
        for job in self.jobs():
            trouble = self._engine.trouble(job.name)
            tasks = [task for task in self._store.jobs.tasks(job, under=under) if task.state != "unpacked"]
            done = [task.document for task in tasks if _STATES.get(task.state) == "done" and task.document]
            numbers = self._store.records.ids_by_document(job.schema, done)
            schema = schemas[job.schema][0]
            for task in tasks:
                record = numbers.get(task.document or "")
                rows.append(_row(task, trouble) | {"record": record, "schema": schema, "at": _at(task, job)})
        rows.sort(key=lambda row: (row["at"], row["name"]), reverse=True)
        working = any(row["state"] in ("waiting", "working") for row in rows)
        return {"rows": rows[:MOST_ROWS], "working": working}

    # Cleaning up.

    def clean(self) -> int:
        """How many files were deleted: those that belong to no task and no record, and those that were handed in long
        ago and whose records are approved and exported, or rejected, or never came to be.
        """
        known = {task.name: task for job in self.jobs() for task in self._store.jobs.tasks(job)}
        inside: dict[str, list[str]] = {}
        for source in self._store.sources():
            inside.setdefault(source.name.partition(MEMBER_SEPARATOR)[0], []).append(source.document)
        decided = self._store.records.completed_documents({document for found in inside.values() for document in found})
        moment, deleted = time.time(), 0
        for file in list(self._files()):
            name, age = name_of(str(file)), moment - file.stat().st_mtime
            documents = inside.get(name, [])
            left = name in known and known[name].state in ("waiting", "leased")
            if name not in known and not documents:
                goes = age > _GRACE
            else:
                goes = age > self._keep_seconds and not left and all(decided.get(each, True) for each in documents)
            if goes:
                with contextlib.suppress(OSError):
                    file.unlink()
                    deleted += 1
                    for document in {file.parent.name, *documents}:
                        self._forget(document)
                    file.parent.rmdir()
        return deleted

    def _files(self) -> Iterator[FilePath]:
        return (file for file in self._folder.glob("of-*/*/*") if file.is_file())

    def _move_on(self) -> None:
        """Hand over to a job of its own what is left of one that another version of the tool began."""
        kept = self._store.schemas()
        for job in self.jobs():
            if job.state == "cancelled" or not self._store.jobs.counts(job).left:
                continue
            name, document = kept[job.schema]
            schema = load_stored_schema(document)
            if schema is None:
                continue
            model = str(job.settings["model"])
            mine = self._job_name(_named(schema, name), model)
            if mine != job.name:
                left: Iterable[Task] = self._store.jobs.tasks(job, "waiting", "leased")
                again = self._job(_named(schema, name), model, "upload")
                self._store.jobs.add(again, [SourceFile(task.name, task.stamp, task.document) for task in left])
                self._store.jobs.cancel(job.name, who="upload")


def _named(schema: Schema, name: str) -> Schema:
    return replace(schema, name=name)


def _row(task: Task, trouble: str) -> dict[str, Any]:
    state = _STATES.get(task.state, "failed")
    row = {"name": shown(task.name), "state": state, "kind": task.kind, "message": task.message}
    if trouble and state in ("waiting", "working"):
        row |= {"state": "failed", "kind": "model", "message": trouble}
    return row


def _at(task: Task, job: Job) -> str:
    """When the file was handed in; of one that is gone, when its job was begun."""
    try:
        seconds = os.stat(path_of(task.name.partition(MEMBER_SEPARATOR)[0])).st_mtime
    except OSError:
        return job.created
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def safe_name(name: str) -> str:
    """The name without folders and without what a file system or a terminal stumbles over; its ending stays."""
    name = name.replace("\\", "/").rpartition("/")[2]
    name = "".join(c if c.isprintable() and c not in '<>:"|?*' else "_" for c in name).strip()
    name = name.replace(MEMBER_SEPARATOR[0], "_") if MEMBER_SEPARATOR in name else name
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending) > 10:
        stem, dot, ending = name, "", ""
    while len(f"{stem}{dot}{ending}".encode("utf-8", "replace")) > _LONGEST_NAME:
        stem = stem[:-1]
    name = f"{stem}{dot}{ending}".lstrip(".")
    return name or "document"
