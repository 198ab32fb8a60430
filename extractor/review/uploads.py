"""Uploads: files that people hand in, extracted in the background, listed for their owners, and deleted in time."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path as FilePath
from typing import Any

from extractor import __version__
from extractor.classification import is_kind_set, kinds_in
from extractor.errors import InputError
from extractor.extraction import prompts
from extractor.files.file_names import MEMBER_SEPARATOR
from extractor.jobs import resolve_model_name
from extractor.jobs.archives import read_document_bytes
from extractor.jobs.parts import page_numbers, page_parts, split_part
from extractor.jobs.sources import UnusableFile, name_of, path_of
from extractor.readers import MAX_BYTES
from extractor.review.display_names import Schemas, display_name, kind_title
from extractor.review.errors import RefusalKind, ReviewError, unusable
from extractor.review.upload_files import UploadFiles
from extractor.review.upload_worker import ACTOR, UploadWorker
from extractor.schemas import Schema
from extractor.splitting import DocumentPart
from extractor.store import HandIn, Job, Record, RecordSummary, SourceFile, Store, Task
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
Again = dict[str, Any]
"""How many documents are extracted again (`queued`), and which are not (`refused`)."""
Progress = tuple[Mapping[int, str], Mapping[int, int]]
"""What is being done with tasks, and how many are in front of those that wait, by the numbers of the tasks."""
STATE_ORDER = ("extracting", "reading", "waiting", "failed", "cancelled", "done")
"""The states of a document; a hand-in of several has the first of them that one of its documents has."""
OPEN_STATES = STATE_ORDER[:3]
BIN_SECONDS = 86400.0
"""How long what was deleted can be restored."""
MAX_HAND_INS = 1_000_000
QUICK, SLOW = "quick", "slow"
"""What needs no model and what does: each is worked on by a thread of its own."""


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
        self._kind_probabilities: dict[tuple[int, int], float | None] = {}
        self._workers = {
            QUICK: UploadWorker(store, lambda: self._jobs_of(QUICK), self.clean),
            SLOW: UploadWorker(store, lambda: self._jobs_of(SLOW)),
        }

    def start(self) -> None:
        """Go on with what was left unfinished and clean up, in the background."""
        self._take_over_old_jobs()
        for worker in self._workers.values():
            worker.start()

    def close(self) -> None:
        """Stop within seconds; what was not done is done after the next start."""
        for worker in self._workers.values():
            worker.close()

    def add(
        self,
        files: Sequence[tuple[str, str | os.PathLike[str]]],
        *,
        schema: Schema,
        model: str | None,
        who: str,
        split: bool = False,
    ) -> dict[str, Any]:
        """Copy files, each given by its name and path, and extract them in the background, one after another.

        With `split`, files of several documents are taken apart.

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
        name = resolve_model_name(model)
        job = self._start_job(schema, name, who, split)
        given = {file.name: file for file in added}
        numbers = [self._store.hand_ins.add(who, key, display_name(key), schema.id, name).id for key in given]
        files = [replace(file, handin=n) for file, n in zip(given.values(), numbers, strict=True)]
        self._store.jobs.add(job, files)
        self._worker_of(job).wake(job.name)
        return {"added": len(added), "refused": refused, "handins": numbers}

    def extract_again(self, records: Sequence[int], *, schema: Schema | None, model: str | None, who: str) -> Again:
        """Have the documents of records extracted again; see `ReviewService.extract_again`."""
        stored = self._store.schemas()
        queued: dict[tuple[str, str], list[SourceFile]] = {}
        schemas: dict[str, Schema] = {} if schema is None else {schema.id: schema}
        refused: list[dict[str, Any]] = []
        if schema is not None:
            self._store.add_schema(schema)
        for number in dict.fromkeys(records):
            record = self._store.records.get(number)
            wanted = record.schema if schema is None else schema.id
            if wanted not in schemas:
                name, document = stored[wanted]
                loaded = load_stored_schema(document)
                if loaded is not None:
                    schemas[wanted] = replace(loaded, name=name)
            files = self._files_of(record)
            if wanted not in schemas or not files:
                kind = "gone" if wanted in schemas else "unusable"
                refused.append({"record": number, "name": display_name(next(iter(record.sources), "")), "kind": kind})
                continue
            own_model = resolve_model_name(model or self._store.records.model_of(number))
            queued.setdefault((wanted, own_model), []).extend(files)
        for (wanted, own_model), files in queued.items():
            job = self._start_job(schemas[wanted], own_model, who)
            self._store.jobs.add_again(job, files)
            self._note_change(files, wanted, own_model)
            self._worker_of(job).wake(job.name)
        return {"queued": len(set(records)) - len(refused), "refused": refused}

    def _files_of(self, record: Record) -> list[SourceFile]:
        """Return where the document of a record is, once for each hand-in that it came with; nothing if it is gone."""
        tasks = self._store.hand_ins.of_document(record.document, record.schema)
        found = [SourceFile(t.name, t.stamp, record.document, handin=t.handin, replaces=record.id) for t in tasks]
        names = [source.name for source in self._store.sources(record.document)]
        found = found or [SourceFile(name, "", record.document, replaces=record.id) for name in names]
        found = [file for file in found if os.path.exists(path_of(file.name.partition(MEMBER_SEPARATOR)[0]))]
        return found if tasks else found[:1]

    def split_again(self, number: int, starts: Sequence[int], who: str) -> None:
        """Take a stack apart on other pages than the tool did: a document begins on each of `starts`, and on page 1.

        Parts that stay the same keep their records; the records of the others go into the bin. Raises ReviewError where
        the hand-in is no stack of pages, or is still being worked on.
        """
        self.own(number, who)
        tasks = [task for task in self._store.hand_ins.tasks([number])[number] if page_numbers(task.name)]
        if not tasks:
            raise unusable("This file was not taken apart.", "Hand it in again as one of several documents.")
        if any(task.state in ("waiting", "leased") for task in tasks):
            raise unusable("The documents of this file are still being worked on.", "Wait until they are done.")
        last = max((page_numbers(task.name) or (0, 0))[1] for task in tasks)
        firsts = sorted({1, *starts})
        if firsts[0] < 1 or firsts[-1] > last:
            raise unusable(f"The file has the pages 1 to {last}.", "Choose among these.")
        whole = split_part(tasks[0].name)[0]
        try:
            _, document = read_document_bytes(whole)
        except (OSError, InputError) as error:
            raise ReviewError(RefusalKind.GONE, "The file is not there any more.", "Hand it in again.") from error
        ends = [*(first - 1 for first in firsts[1:]), last]
        parts = [DocumentPart(first, end, 1.0) for first, end in zip(firsts, ends, strict=True)]
        files = page_parts(whole, document, tasks[0].stamp, parts)
        wanted, there = {file.name for file in files}, {task.name for task in tasks}
        jobs = {job.id: job for job in self.jobs()}
        removed = [task for task in tasks if task.name not in wanted]
        records = self._records_of(removed, jobs)
        self._store.records.delete([record.id for record in records.values()], who=who)
        self._store.jobs.withdraw(removed)
        job = jobs[tasks[0].job]
        new = [replace(file, handin=number) for file in files if file.name not in there]
        self._take_out_of_bin(job, [file.document for file in new if file.document], who)
        self._store.jobs.add_again(job, new)
        self._worker_of(job).wake(job.name)

    def _take_out_of_bin(self, job: Job, documents: Sequence[str], who: str) -> None:
        """Restore the records of documents (SHA-256) that a job extracts again, such as parts that are parts again."""
        _, schema = self._store.schemas()[job.schema]
        kinds = [kind.id for kind in kinds_in(schema)] if is_kind_set(schema) else [job.schema]
        found = [self._store.records.find(document, kind) for document in documents for kind in kinds]
        self._store.records.restore([r.id for r in found if r is not None and r.deleted is not None], who=who)

    def _note_change(self, files: Sequence[SourceFile], schema: str, model: str) -> None:
        """Note the new kind and model at the hand-ins that consist of one document."""
        tasks = self._store.hand_ins.tasks([file.handin for file in files if file.handin is not None])
        for number, own in tasks.items():
            if len(own) == 1:
                self._store.hand_ins.change(number, schema=schema, model=model)

    def jobs(self) -> list[Job]:
        """Return the jobs of these uploads, the newest first."""
        return [job for job in self._store.jobs.all() if job.settings.get(JOB_SETTING) == self._key]

    def list_for(self, who: str, *, deleted: bool = False) -> dict[str, Any]:
        """Return the person's hand-ins as JSON data, the newest first, and whether something is going on.

        With `deleted`, those in the bin.
        """
        listed = self._store.hand_ins.select(who=who, deleted=deleted, limit=MAX_LISTED)
        # Another server on the same store has hand-ins of its own, in its own folder.
        rows = self._rows([each for each in listed if self._files.owns(FilePath(path_of(each.source)))])
        return {"rows": rows, "working": any(row["state"] in OPEN_STATES for row in rows)}

    def show(self, number: int, who: str) -> dict[str, Any]:
        """Return one hand-in of a person as `list_for` does; raises InputError where there is none of that number."""
        return self._rows([self.own(number, who)])[0]

    def _rows(self, handins: Sequence[HandIn]) -> list[dict[str, Any]]:
        """Return hand-ins as JSON data, each with its documents."""
        jobs = {job.id: job for job in self.jobs()}
        tasks = self._store.hand_ins.tasks([handin.id for handin in handins])
        everything = [task for own in tasks.values() for task in own]
        progress: Progress = ({}, {})
        if any(task.state in ("waiting", "leased") for task in everything):
            progress = self._progress()
        records = self._records_of(everything, jobs)
        schemas = self._store.schemas()
        failures = {job.id: self._worker_of(job).failure(job.name) for job in jobs.values()}
        rows = []
        for handin in handins:
            own = [task for task in tasks[handin.id] if task.job in jobs]
            documents = [_document_json(task, progress, records, failures.get(task.job, "")) for task in own]
            for task, document in zip(own, documents, strict=True):
                document |= self._kind_json(records.get(task.id), handin.schema, schemas)
            row = {"id": handin.id, "name": handin.name, "at": handin.at, "model": handin.model}
            row |= {"schema": schemas[handin.schema][0], "schema_title": kind_title(*schemas[handin.schema])}
            found = {document["schema"]: document["schema_title"] for document in documents if document["schema"]}
            if len(found) == 1:
                [(row["schema"], row["schema_title"])] = found.items()
            elif found:
                row["schema_title"] = ", ".join(found.values())
            sure = [each["kind_probability"] for each in documents if each["kind_probability"] is not None]
            row["kind_probability"] = min(sure, default=None)
            rows.append(row | summarise(documents) | {"documents": documents, "deleted": handin.deleted})
        return rows

    def _kind_json(self, record: RecordSummary | None, wanted: str, schemas: Schemas) -> dict[str, Any]:
        """Return the kind of a document that has a record; with its probability, where the tool found the kind out."""
        if record is None:
            return {"schema": None, "schema_title": None, "kind_probability": None}
        probability = None
        if is_kind_set(schemas[wanted][1]):
            version = (record.id, record.revision)
            if version not in self._kind_probabilities:  # the list is asked for often, the records' results are large
                run = self._store.records.get(record.id).result["run"]
                self._kind_probabilities[version] = run.get("kind", {}).get("confidence")
            probability = self._kind_probabilities[version]
        title = kind_title(*schemas[record.schema])
        return {"schema": record.schema_name, "schema_title": title, "kind_probability": probability}

    def _progress(self) -> Progress:
        """Return what is being done with which task, and the place in line of those that wait."""
        stages: dict[int, str] = {}
        places: dict[int, int] = {}
        for worker in self._workers.values():
            stages |= worker.current_stages()
            places |= self._store.jobs.waiting_before(worker.line())
        return stages, places

    def _records_of(self, tasks: Iterable[Task], jobs: Mapping[int, Job]) -> dict[int, RecordSummary]:
        """Return the records that came of tasks, by the numbers of the tasks."""
        done = [task for task in tasks if task.state in ("done", "reused") and task.document and task.job in jobs]
        by_schema: dict[str, list[str]] = {}
        for task in done:
            by_schema.setdefault(jobs[task.job].schema, []).append(task.document or "")
        numbers = {
            (schema, document): number
            for schema, documents in by_schema.items()
            for document, number in self._store.records.ids_by_document(schema, documents).items()
        }
        # Where the kind was found out, the record is not of the job's schema, which is a set of kinds.
        missing = [t.document or "" for t in done if (jobs[t.job].schema, t.document) not in numbers]
        newest = self._store.records.newest_by_document(missing)
        summaries = self._store.records.summaries([*numbers.values(), *newest.values()])
        found = {}
        for task in done:
            number = numbers.get((jobs[task.job].schema, task.document or ""), newest.get(task.document or "", 0))
            if number in summaries:
                found[task.id] = summaries[number]
        return found

    # What people do with their hand-ins.

    def own(self, number: int, who: str) -> HandIn:
        """Return the person's hand-in of that number; raises InputError where they have none."""
        handin = self._store.hand_ins.get(number)
        if handin.who != who:
            raise InputError(f"You have no hand-in {number}.", "Somebody else handed it in.")
        return handin

    def cancel(self, number: int, who: str) -> None:
        """Do nothing more for a hand-in; what is being done at the moment is finished, but not kept."""
        self.own(number, who)
        self._store.hand_ins.cancel(number, who=who)

    def retry(self, number: int, who: str) -> None:
        """Do again what failed or was cancelled of a hand-in."""
        self.own(number, who)
        self._store.hand_ins.retry(number, who=who)
        self._resume(number, who)

    def _resume(self, number: int, who: str) -> None:
        """Have the jobs of a hand-in's tasks worked on now, also those that were cancelled as a whole."""
        wanted = {task.job for task in self._store.hand_ins.tasks([number])[number]}
        for job in self.jobs():
            if job.id in wanted:
                self._store.jobs.start(job.name, job.schema, job.settings, who=who)
                self._worker_of(job).wake(job.name)

    def extract_handin_again(self, number: int, *, schema: Schema | None, model: str | None, who: str) -> Again:
        """Extract a hand-in again, as another kind or by another model, keeping what people entered."""
        handin = self.own(number, who)
        tasks = self._store.hand_ins.tasks([number])[number]
        jobs = {job.id: job for job in self.jobs()}
        records = self._records_of(tasks, jobs)
        name, document = self._store.schemas()[handin.schema]
        loaded = load_stored_schema(document) if schema is None else schema
        if loaded is None:
            raise unusable(f"The kind {name} cannot be used by this version.", "Choose another kind.")
        wanted = replace(loaded, name=name) if schema is None else loaded
        self._store.add_schema(wanted)
        own_model = resolve_model_name(model or handin.model)
        there = [t for t in tasks if os.path.exists(path_of(t.name.partition(MEMBER_SEPARATOR)[0]))]
        if not there:
            raise ReviewError(RefusalKind.GONE, "The file is not there any more.", "Hand it in again.")
        files = []
        for task in there:
            record = records.get(task.id)
            replaces = record.id if record else None
            files.append(SourceFile(task.name, task.stamp, task.document, handin=number, replaces=replaces))
        job = self._start_job(wanted, own_model, who)
        self._store.jobs.add_again(job, files)
        self._store.hand_ins.change(number, schema=wanted.id, model=own_model)
        self._worker_of(job).wake(job.name)
        return {"queued": len(files), "refused": []}

    def delete(self, number: int, who: str) -> None:
        """Put a hand-in into the bin with its records, except those that another hand-in is about as well."""
        self.own(number, who)
        self._store.hand_ins.cancel(number, who=who)
        records = self._records_for(number)
        self._store.hand_ins.delete([number], who=who)
        self._store.records.delete(records, who=who)

    def restore(self, number: int, who: str) -> None:
        """Take a hand-in out of the bin, with its records."""
        self.own(number, who)
        self._store.hand_ins.restore([number], who=who)
        self._store.records.restore(self._records_for(number), who=who)

    def _records_for(self, number: int) -> list[int]:
        """Return the records that came of a hand-in and of no other one that is not in the bin."""
        jobs = {job.id: job for job in self.jobs()}
        own = self._store.hand_ins.tasks([number])[number]
        found = self._records_of(own, jobs)
        kept = []
        for task in own:
            if task.id in found and task.document:
                others = self._store.hand_ins.of_document(task.document, jobs[task.job].schema)
                if all(self._is_gone(other.handin) for other in others if other.handin != number):
                    kept.append(found[task.id].id)
        return list(dict.fromkeys(kept))

    def _is_gone(self, number: int | None) -> bool:
        return number is None or self._store.hand_ins.get(number).deleted is not None

    def empty_bin(self, older_than: float = BIN_SECONDS) -> int:
        """Delete for good what has been in the bin for so many seconds, and return how many hand-ins that were."""
        moment = datetime.now(UTC) - timedelta(seconds=older_than)
        before = moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
        expired = [h for h in self._store.hand_ins.select(deleted=True) if (h.deleted or "") < before]
        for record in self._store.records.deleted_before(before):
            document = self._store.records.erase(record, who=ACTOR)
            if document is not None:
                self._forget(document)
        in_use = {handin.source for handin in self._store.hand_ins.select(deleted=None, limit=MAX_HAND_INS)}
        in_use -= {handin.source for handin in expired}
        for handin in expired:
            self._store.hand_ins.forget(handin.id)
            file = FilePath(path_of(handin.source))
            if handin.source not in in_use and self._files.owns(file):
                self._files.delete(file)
        return len(expired)

    def clean(self) -> int:
        """Empty the bin, delete files that are not needed any more, and return how many files those are.

        Those are the ones that belong to no task and no record, and old ones whose records are approved and exported,
        or rejected, or never came to be.
        """
        self.empty_bin()
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

    def _jobs_of(self, lane: str) -> list[Job]:
        return [job for job in self.jobs() if _lane(job) == lane]

    def _worker_of(self, job: Job) -> UploadWorker:
        return self._workers[_lane(job)]

    @property
    def _key(self) -> str:
        """What tells these uploads from those of another server on the same store."""
        return hashlib.sha256(str(self._files.folder).encode()).hexdigest()[:12]

    def _start_job(self, schema: Schema, model: str, who: str, split: bool = False) -> Job:
        settings = {"model": model, "passage_tokens": None, JOB_SETTING: self._key}
        settings |= {"split": True} if split else {}
        return self._store.jobs.start(self._job_name(schema, model, split), schema.id, settings, who=who)

    def _job_name(self, schema: Schema, model: str, split: bool) -> str:
        """Return the name of the job for a schema and a model; it changes with the version of the tool and prompts."""
        identity = [schema.id, model, self._key, __version__, prompts.prompt_id(), *(["split"] if split else [])]
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
            split = bool(job.settings.get("split"))
            if self._job_name(schema, model, split) != job.name:
                left: Iterable[Task] = self._store.jobs.tasks(job, "waiting", "leased")
                successor = self._start_job(schema, model, ACTOR, split)
                files = [SourceFile(t.name, t.stamp, t.document, handin=t.handin, replaces=t.replaces) for t in left]
                self._store.jobs.add_again(successor, files)
                self._store.jobs.cancel(job.name, who=ACTOR)


def _lane(job: Job) -> str:
    return QUICK if job.settings["model"] == "none" else SLOW


def _document_json(
    task: Task, progress: Progress, records: Mapping[int, RecordSummary], failure: str
) -> dict[str, Any]:
    """Return how far a document is, and its record; `failure` says why its whole job cannot be done, empty if it can.

    What went wrong is told by its kind alone: the messages are for those who run the server.
    """
    stages, places = progress
    record = records.get(task.id)
    row: dict[str, Any] = {"name": display_name(task.name), "state": _state_of(task, stages), "kind": None}
    row["pages"] = page_numbers(task.name)
    row |= {"place": None, "record": None, "left": None, "status": None, "again": task.replaces is not None}
    if row["state"] in OPEN_STATES and failure:
        return row | {"state": "failed", "kind": "model"}
    if row["state"] == "waiting":
        row["place"] = 1 + places.get(task.id, 0)
    if row["state"] == "failed":
        row["kind"] = task.kind or "error"
    if record is not None:
        row |= {"record": record.id, "left": record.to_check, "status": record.status}
    return row


def _state_of(task: Task, stages: Mapping[int, str]) -> str:
    """Return the state that people see of a task; one that was handed to a process that is busy still waits."""
    if task.state == "leased":
        return stages.get(task.id, "waiting")
    if task.state in ("done", "reused"):
        return "done"
    return task.state if task.state in ("waiting", "cancelled") else "failed"


def summarise(documents: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the state of a hand-in, of its documents': how far the first is that is not done, else the worst."""
    states = [document["state"] for document in documents]
    state = next((name for name in STATE_ORDER if name in states), "cancelled")
    first = next((document for document in documents if document["state"] == state), {})
    places = [document["place"] for document in documents if document["place"] is not None]
    only = documents[0] if len(documents) == 1 else {}
    return {
        "state": state,
        "kind": first.get("kind"),
        "place": min(places, default=None) if state == "waiting" else None,
        "record": only.get("record"),
        "count": len(documents),
        "done": states.count("done"),
        "failed": states.count("failed"),
        "left": sum(document["left"] or 0 for document in documents),
    }
