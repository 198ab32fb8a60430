"""The desk: records out of the queue, changed, approved and put back, by people who may be several at a time."""

from __future__ import annotations

import gc
import os
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path as FilePath
from typing import Any

from extractor.errors import OutputError
from extractor.readers import MAX_BYTES
from extractor.review import display_names, history
from extractor.review.changes import POINTED, Change, change
from extractor.review.documents import Documents
from extractor.review.errors import ReviewError
from extractor.review.record_view import Sight, changes
from extractor.review.undo import to_redo, to_undo
from extractor.review.uploads import KEEP_DAYS, Uploads
from extractor.schemas import Schema
from extractor.store import (
    Conflict,
    Correction,
    Record,
    RecordFilter,
    Store,
    StoreError,
    current_approvals,
    open_flag,
)
from extractor.store.corrections import apply_corrections, columns, load_stored_schema
from extractor.store.database import now
from extractor.store.review_status import assess_record, value_at
from extractor.types import Path

SEEN = 64
"""Records that are kept as they were looked at, so that a change tells what it changed without looking again."""
_REASONS = {"sample": 0, "failed_check": 1, "no_evidence": 2, "low_confidence": 3, "other_problem": 4}


class ReviewService:
    """The work of people on the records of a store; every method says who asks, and gives back JSON data.

    May be called from many threads. `folder` is where uploads and pages are kept, beside the store where none is given;
    `second_review` asks for two people's approval of each record; `model` extracts what is handed in without another;
    `keep_days` and `max_bytes` are for uploads. Raises ReviewError for what cannot be done as it stands, Conflict
    where somebody else was faster, InputError where there is no such record.
    """

    def __init__(
        self,
        store: Store,
        *,
        folder: str | FilePath | None = None,
        second_review: bool = False,
        model: str | None = None,
        keep_days: float = KEEP_DAYS,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self.store, self.second_review, self.model = store, second_review, model
        self.folder = display_names.folder_for(store.name, folder)
        self._lock = threading.Lock()
        self._seen: OrderedDict[tuple[int, int, str], Sight] = OrderedDict()
        self._schemas: dict[str, Schema] = {}
        self._document_of: dict[int, str] = {}
        self._ahead = False
        try:
            self.documents = Documents(store, self.folder / "pages")
            self._uploads = Uploads(
                store,
                self.folder / "uploads",
                keep_days=keep_days,
                max_bytes=max_bytes,
                forget=self.documents.forget,
            )
        except OSError as error:
            message = f"Cannot keep uploads in {self.folder}: {error.strerror or error}"
            raise OutputError(message, "Name a folder that you may write to.") from error

    def __enter__(self) -> ReviewService:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Go on with uploads that were left, clean up, and read documents ahead: all in the background.

        Without it, all of this begins when it is first needed.
        """
        self._ahead = True
        gc.collect()
        gc.freeze()  # what is loaded by now stays: to search it for garbage again and again would make saves wait
        self.documents.warm()
        self._uploads.start()

    def close(self) -> None:
        """End what goes on in the background, within seconds."""
        self._uploads.close()
        self.documents.close()

    # The queue.

    def queue(
        self,
        *,
        who: str,
        status: str = "open",
        schema: str | None = None,
        reason: str | None = None,
        job: str | None = None,
        search: str | None = None,
        sort: str = "risk",
        after: int = 0,
        limit: int = 100,
    ) -> dict[str, Any]:
        """The records that are to be looked at, the most doubtful first, and how many there are of each status."""
        wanted = self._wanted(status, schema, reason, job, search)
        rows, total = self.store.records.list_summaries(wanted, who=who, sort=sort, after=after, limit=limit)
        if rows and self._ahead:
            self.documents.prefetch(rows[0].document)
        found = self.store.records.count_by_queue(replace(wanted, status=None), who=who)
        kept = self.store.schemas()
        jobs = self.store.jobs.all()
        return {
            "rows": [self._row(row, who, kept) for row in rows],
            "total": total,
            "counts": {
                key: found.get(key, 0) for key in ("new", "needs_review", "approved", "rejected", "second", "flagged")
            },
            "schemas": [{"name": name, "title": _title(name, document)} for name, document in _latest(kept)],
            "jobs": [{"name": j.name, "state": j.state} for j in jobs],
        }

    def next(
        self,
        record: int,
        *,
        who: str,
        status: str = "open",
        schema: str | None = None,
        reason: str | None = None,
        job: str | None = None,
        search: str | None = None,
        sort: str = "risk",
    ) -> dict[str, Any]:
        """The number of the record to be looked at after this one, which nobody else holds; None at the end."""
        wanted = self._wanted(status, schema, reason, job, search)
        found = self.store.records.next_id(wanted, who=who, sort=sort, but=record)
        if found is not None and self._ahead:
            self.documents.prefetch(self._document(found))
        return {"id": found}

    def _wanted(
        self, status: str, schema: str | None, reason: str | None, job: str | None, search: str | None
    ) -> RecordFilter:
        number = None if job is None else self.store.jobs.get(job).id
        return RecordFilter(None if status == "all" else status, schema, reason, number, search or "")

    def _row(self, row: Any, who: str, kept: Mapping[str, tuple[str, Mapping[str, Any]]]) -> dict[str, Any]:
        return {
            "id": row.id,
            **self._named(row.sources),
            "schema": row.schema_name,
            "schema_title": _title(*kept[row.schema]),
            "status": row.status,
            "revision": row.revision,
            "reasons": [
                {"kind": kind, "count": row.doubts[kind]}
                for kind in sorted(row.doubts, key=lambda kind: _REASONS.get(kind, 9))
            ],
            "left": row.to_check,
            "confidence": row.confidence,
            "problems": row.problems,
            **_held(row, who),
            "approvals": [act.who for act in row.approvals],
            "flag": {"who": row.flag.who, "note": row.flag.note} if row.flag else None,
            "created": row.created,
            "updated": row.updated,
        }

    def _named(self, sources: Sequence[str]) -> dict[str, Any]:
        told = [display_names.shown(source) for source in sources]
        return {"name": told[0] if told else "", "names": list(dict.fromkeys(told))}

    # One record.

    def view(self, record: int, *, who: str) -> dict[str, Any]:
        """All that a screen shows of the record."""
        sight = self._sight(record)
        found, schema = sight.record, sight.schema
        reviews = self.store.records.review_actions(record)
        flag = open_flag(reviews)
        return {
            "id": found.id,
            "revision": found.revision,
            "status": found.status,
            **self._named(found.sources),
            "schema": {"id": found.schema, "name": found.schema_name, "title": schema.title or found.schema_name},
            "document": found.document,
            **_held(found, who),
            "approvals": [{"who": act.who, "at": act.at} for act in current_approvals(reviews)],
            "flag": {"who": flag.who, "note": flag.note} if flag else None,
            "calibrated": sight.calibrated,
            "form": sight.form,
            "fields": sight.fields,
            "problems": sight.problems(),
            "left": sight.look.to_check,
            "total": sight.total,
            "second_review": self.second_review,
        }

    def claim(self, record: int, *, who: str, take: bool = False) -> dict[str, Any]:
        """Claim the record and return its view; ReviewError (`held`) while somebody else has it, unless it is taken."""
        try:
            self.store.records.claim(record, who=who, take=take)
        except Conflict as held:
            holder = {"claimed_by": held.current.claimed_by, "claimed_until": held.current.claimed_until}
            raise ReviewError("held", held.message, held.hint, **holder) from held
        return self.view(record, who=who)

    def release(self, record: int, *, who: str) -> dict[str, Any]:
        """The record is free again, if it was `who` that held it."""
        self.store.records.release(record, who=who)
        return {}

    def edit(self, record: int, *, who: str, revision: int, how: str, path: Path, **given: Any) -> dict[str, Any]:
        """What changed on the screen after `who` did this to the value at the path, or to the rows of the list there.

        `how` is typed, word, words or region (with `text`, and `evidence` where it was pointed at), accepted, absent,
        row_added or row_deleted (`at`), or pasted (`at`, `column`, `cells`). ReviewError (`unusable`) where that makes
        no value, and nothing is changed then.
        """
        sight = self._sight(record, revision)
        context = self._around(sight.record, given.get("evidence")) if how in POINTED else ""
        made = change(sight.look, sight.record.data, how, tuple(path), given, context)
        return self._made(sight, made, who)

    def undo(self, record: int, *, who: str, revision: int) -> dict[str, Any]:
        """What changed after the newest step of `who` that stands was taken back; ReviewError where there is none."""
        sight = self._sight(record, revision)
        step = to_undo(sight.record.corrections, who)
        return self._made(sight, Change(step.path, step.old, "undo", focus=step.path), who, step.revision)

    def redo(self, record: int, *, who: str, revision: int) -> dict[str, Any]:
        """What changed after the step that `who` took back last was made again; ReviewError where there is none."""
        sight = self._sight(record, revision)
        undone, step = to_redo(sight.record.corrections, who)
        return self._made(sight, Change(step.path, step.new, "redo", focus=step.path), who, undone.revision)

    def _made(self, before: Sight, made: Change, who: str, undoes: int | None = None) -> dict[str, Any]:
        """What changed after the correction, which is in the store when this returns."""
        found = before.record
        old = value_at(found.data, made.path)
        new = old if made.how == "accepted" else made.new
        more = {"evidence": made.evidence, "undoes": undoes}
        to_be = Correction(made.path, old, new, made.how, who, now(), found.revision + 1, **more)
        corrections = (*found.corrections, to_be)
        data = apply_corrections(found.result["data"], corrections, before.schema)
        looked = assess_record(before.schema, found.result, data, corrections, before.look)
        after = self.store.records.correct(
            found.id,
            made.path,
            made.new,
            who=who,
            revision=found.revision,
            how=made.how,
            look=columns(looked),
            seen=found,
            **more,
        )
        if after.revision == found.revision:
            return changes(before, before)  # nothing was changed
        sight = self._keep(Sight(after, before.schema, looked))
        return changes(before, sight, list(made.focus) if made.focus is not None else None)

    def _around(self, record: Record, evidence: Mapping[str, Any] | None) -> str:
        """The text around what was pointed at, where the document is at hand: a unit may stand beside a number."""
        start, end = (evidence or {}).get("start"), (evidence or {}).get("end")
        if not isinstance(start, int) or not isinstance(end, int):
            return ""
        return self.documents.around(record.document, start, end)

    # Decisions.

    def approve(self, record: int, *, who: str, revision: int, force: bool = False, note: str = "") -> dict[str, Any]:
        """The record is right, says `who`; ReviewError (`open`) while something is left to look at, unless by force."""
        sight = self._sight(record, revision)
        failed = len(sight.look.violations)
        if (sight.look.to_check or failed) and not force and sight.record.status != "approved":
            message = f"{sight.look.to_check} values are still to be looked at, and {failed} checks fail."
            more = {"left": sight.look.to_check, "failed": failed, "first": sight.first()}
            raise ReviewError("open", message, "Look at them, or approve all the same.", **more)
        return self._decided(self.store.records.approve(record, who=who, revision=revision, note=note))

    def reject(self, record: int, *, who: str, revision: int, note: str = "") -> dict[str, Any]:
        """The record is not to be used."""
        return self._decided(self.store.records.reject(record, who=who, revision=revision, note=note))

    def reopen(self, record: int, *, who: str, revision: int, note: str = "") -> dict[str, Any]:
        """The record is to be reviewed again."""
        return self._decided(self.store.records.reopen(record, who=who, revision=revision, note=note))

    def flag(self, record: int, *, who: str, revision: int, note: str = "") -> dict[str, Any]:
        """Somebody else should look at the record."""
        return self._decided(self.store.records.flag(record, who=who, revision=revision, note=note))

    def _decided(self, record: Record) -> dict[str, Any]:
        reviews = self.store.records.review_actions(record.id)
        given = [{"who": act.who, "at": act.at} for act in current_approvals(reviews)]
        flag = open_flag(reviews)
        told = {"who": flag.who, "note": flag.note} if flag else None
        return {"status": record.status, "revision": record.revision, "approvals": given, "flag": told}

    def history(self, record: int, path: Path | None = None) -> list[dict[str, Any]]:
        """What happened to the record, or to the value at the path, the newest first."""
        found = self.store.records.get(record)
        extractions = self.store.records.extractions(record)
        if path is not None:
            return history.of_value(found, extractions, tuple(path))
        return history.of_record(found, extractions, self.store.records.review_actions(record))

    # Documents.

    def document(self, record: int) -> dict[str, Any]:
        """Whether the record's document is ready to be shown, being read, or gone, and its pages."""
        return self.documents.state(self._document(record))

    def page_image(self, record: int, page: int, dpi: int) -> bytes:
        """A page of its document as a WebP picture."""
        return self.documents.picture(self._document(record), page, dpi)

    def page_words(self, record: int, page: int) -> dict[str, Any]:
        """The words of a page, with their places."""
        return self.documents.words(self._document(record), page)

    def text(self, record: int) -> dict[str, Any]:
        """The text of its document, with its blocks and tables."""
        return self.documents.text(self._document(record))

    def read(self, record: int, *, page: int, box: tuple[float, float, float, float]) -> dict[str, Any]:
        """What OCR reads in a box of a page, and how sure it is."""
        return self.documents.read_again(self._document(record), page, box)

    def _document(self, record: int) -> str:
        if record not in self._document_of:
            self._document_of[record] = self.store.records.get(record).document
        return self._document_of[record]

    # Uploads.

    def upload(
        self, *, who: str, files: Sequence[tuple[str, str | os.PathLike[str]]], schema: Schema, model: str | None = None
    ) -> dict[str, Any]:
        """How many files, each with its name, were taken to be extracted in the background, and those that were not."""
        return self._uploads.add(files, schema=schema, model=model or self.model, who=who)

    def uploads(self, *, who: str) -> dict[str, Any]:
        """What `who` has handed in, the newest first, and how far each is."""
        return self._uploads.rows(who)

    # Records that were looked at.

    def _sight(self, record: int, revision: int | None = None) -> Sight:
        """The record, looked at: as it was at a revision, where that is remembered. Changes ask if it still is."""
        with self._lock:
            if revision is not None:
                for key, sight in self._seen.items():
                    if key[:2] == (record, revision):
                        self._seen.move_to_end(key)
                        return sight
        found = self.store.records.get(record)
        if revision is not None and found.revision != revision:
            raise Conflict(
                f"Record {record} was changed by somebody else: it is at revision {found.revision}, not {revision}.",
                "Look at it as it is now, and make the change again.",
                found,
            )
        with self._lock:
            sight = self._seen.get((record, found.revision, found.extraction))
        if sight is not None:
            sight.record = replace(found, data=sight.record.data, result=sight.record.result)
            return sight
        return self._keep(Sight(found, self._schema(found)))

    def _keep(self, sight: Sight) -> Sight:
        found = sight.record
        with self._lock:
            self._seen[found.id, found.revision, found.extraction] = sight
            while len(self._seen) > SEEN:
                self._seen.popitem(last=False)
        return sight

    def _schema(self, record: Record) -> Schema:
        if record.schema not in self._schemas:
            schema = load_stored_schema(self.store.schemas()[record.schema][1])
            if schema is None:
                raise StoreError(
                    f"The schema {record.schema_name} of record {record.id} cannot be used by this version.",
                    "`extractor export --format jsonl` still gives the record.",
                )
            self._schemas[record.schema] = replace(schema, name=record.schema_name)
        return self._schemas[record.schema]


def _held(row: Any, who: str) -> dict[str, Any]:
    """Who is at work on it, as long as that has not lapsed."""
    live = row.claimed_by is not None and (row.claimed_until or "") > now()
    return {
        "claimed_by": row.claimed_by if live else None,
        "claimed_until": row.claimed_until if live else None,
        "mine": live and row.claimed_by == who,
    }


def _title(name: str, document: Mapping[str, Any]) -> str:
    title = document.get("title")
    return title if isinstance(title, str) and title.strip() else name


def _latest(kept: Mapping[str, tuple[str, Mapping[str, Any]]]) -> list[tuple[str, Mapping[str, Any]]]:
    """The schemas by their names, the newest of each name."""
    return sorted({name: document for name, document in kept.values()}.items())
