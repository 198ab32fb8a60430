"""The review service: records out of the queue, changed, approved and put back, by several people at a time."""

from __future__ import annotations

import gc
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path as FilePath
from typing import Any

from extractor.errors import InputError, OutputError
from extractor.jobs import resolve_model_name
from extractor.readers import MAX_BYTES
from extractor.review import history, queue_listing
from extractor.review.changes import FROM_PAGE, PlannedChange, plan_change
from extractor.review.display_names import files_folder
from extractor.review.documents import Documents
from extractor.review.errors import RefusalKind, ReviewError, unusable
from extractor.review.form import full_titles
from extractor.review.kind_design import KindDesign
from extractor.review.kind_samples import sample_names
from extractor.review.lesson_overview import LessonOverview
from extractor.review.queue_listing import QueueQuery
from extractor.review.record_view import RecordView, decisions_json, diff_views, names_json
from extractor.review.sample import SAMPLE_SCHEMA, SAMPLES
from extractor.review.undo import find_redoable, find_undoable
from extractor.review.upload_files import UploadFiles
from extractor.review.uploads import KEEP_DAYS, Uploads
from extractor.review.value_parsing import check_text
from extractor.review.view_cache import RecordViewCache
from extractor.schemas import Schema, load_schema
from extractor.store import Conflict, Correction, Record, Store
from extractor.store.corrections import apply_corrections, load_stored_schema
from extractor.store.database import now
from extractor.store.record_data import value_at
from extractor.store.review_rule import ReviewRules, open_required
from extractor.store.review_status import assess_record
from extractor.types import Field, Path, field_name, path_text

OPEN_QUEUE = QueueQuery()
"""The records that are still to be reviewed, the most doubtful first."""


def _values_of(schema: Schema) -> Iterator[tuple[Path, Field]]:
    """Yield the fields of a schema that hold values, each with the path of its first value."""
    for path, field in schema.all_fields():
        if field.type != "array" or not field.items:
            yield tuple(0 if step == "*" else step for step in path), field


class ReviewService:
    """The work of people on the records of a store. Every method says who is asking and returns JSON data.

    `folder` is where uploads and pictures of pages are kept, None for beside the store; `second_review` asks for two
    people's approval of each record; `model` extracts uploads that name none; `keep_days` and `max_bytes` are for
    uploads. Safe for many threads. Its methods raise ReviewError for what cannot be done as things stand, Conflict
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
        self.folder = files_folder(store.name, folder)
        self._views = RecordViewCache(store)
        self._prefetching = False
        try:
            samples = UploadFiles(self.folder / "samples", max_bytes)
            self.documents = Documents(
                store, self.folder / "pages", other_names=lambda document: sample_names(samples, document)
            )
            self.lessons = LessonOverview(store, self.documents)
            self.kinds = KindDesign(store, self.documents, samples)
            self._uploads = Uploads(
                store,
                self.folder / "uploads",
                keep_days=keep_days,
                max_bytes=max_bytes,
                forget=self.documents.forget,
            )
        except OSError as error:
            message = f"Cannot keep uploads in {self.folder}: {error.strerror or error}."
            raise OutputError(message, "Name a folder that you may write to.") from error

    def __enter__(self) -> ReviewService:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Go on with unfinished uploads, clean up, and read documents ahead, all in the background.

        Without it, each begins when it is first needed.
        """
        self._prefetching = True
        gc.collect()
        gc.freeze()  # what is loaded by now stays; searching it for garbage again and again would delay every save
        self.documents.start_process()
        self._uploads.start()

    def close(self) -> None:
        """Stop what is going on in the background, within seconds."""
        self.lessons.stop()
        self._uploads.close()
        self.documents.close()

    # The queue.

    def queue(self, query: QueueQuery = OPEN_QUEUE, *, who: str, after: int = 0, limit: int = 100) -> dict[str, Any]:
        """Return the records to review, and how many there are of each status."""
        page, first = queue_listing.list_queue(self.store, query, who=who, after=after, limit=limit)
        if first is not None and self._prefetching:
            self.documents.prefetch(first)
        return page

    def list_rows(
        self, query: QueueQuery = OPEN_QUEUE, *, who: str, after: int = 0, limit: int = 100
    ) -> tuple[list[dict[str, Any]], int]:
        """Return the rows that `queue` does, and how many records match: for programs, which open none of them next."""
        return queue_listing.list_rows(self.store, query, who=who, after=after, limit=limit)

    def next(self, record: int, query: QueueQuery = OPEN_QUEUE, *, who: str) -> dict[str, Any]:
        """Return the number of the record to review after this one that nobody else has claimed; None at the end."""
        wanted = query.record_filter(self.store)
        found = self.store.records.next_id(wanted, who=who, sort=query.sort, but=record)
        if found is not None and self._prefetching:
            self.documents.prefetch(self._views.document(found))
        return {"id": found}

    # One record.

    def view(self, record: int, *, who: str) -> dict[str, Any]:
        """Return everything that a screen shows of the record."""
        view = self._views.get(record)
        return view.to_json(who, self.store.records.review_actions(record), self.second_review)

    def claim(self, record: int, *, who: str, take: bool = False) -> dict[str, Any]:
        """Claim the record and return its view.

        Raises ReviewError (`held`) while somebody else has claimed it, unless `take` says to take it over.
        """
        try:
            self.store.records.claim(record, who=who, take=take)
        except Conflict as held:
            holder = {"claimed_by": held.current.claimed_by, "claimed_until": held.current.claimed_until}
            raise ReviewError(RefusalKind.HELD, held.message, held.hint, **holder) from held
        return self.view(record, who=who)

    def release(self, record: int, *, who: str) -> dict[str, Any]:
        """Give the record back to the queue, if it was `who` that had claimed it."""
        self.store.records.release(record, who=who)
        return {}

    def edit(self, record: int, *, who: str, revision: int, how: str, path: Path, **arguments: Any) -> dict[str, Any]:
        """Change the value at the path, or the rows of the list there, and return what has to change on the screen.

        `how` is typed, word, words or region (with `text`, and `evidence` for what was pointed at), accepted, absent,
        row_added or row_deleted (with `at`), or pasted (with `at`, `column`, `cells`). Raises ReviewError (`unusable`)
        where that makes no value, and (`needs_value`) where it would leave a field empty that has to have one; nothing
        is changed then.
        """
        view = self._views.get_at(record, revision)
        context = self._context(view.record, arguments.get("evidence")) if how in FROM_PAGE else ""
        change = plan_change(view.review, view.record.data, how, tuple(path), arguments, context)
        return self._apply(view, change, who)

    def parse(self, record: int, *, path: Path, text: str) -> dict[str, Any]:
        """Return what a typed text would be stored as in the field at the path, and its problems; changes nothing."""
        state = self._views.get(record).review.fields.get(tuple(path))
        if state is None:
            raise unusable(f"The record has no field {path_text(tuple(path))}.", "Reload it: rows may be gone.")
        return check_text(state.field, text)

    def undo(self, record: int, *, who: str, revision: int) -> dict[str, Any]:
        """Take back the person's newest change; raises ReviewError (`nothing_to_undo`) where there is none."""
        view = self._views.get_at(record, revision)
        undone = find_undoable(view.record.corrections, who)
        change = PlannedChange(undone.path, undone.old, "undo", focus=undone.path)
        return self._apply(view, change, who, undone.revision)

    def redo(self, record: int, *, who: str, revision: int) -> dict[str, Any]:
        """Make again the change that the person took back last; raises ReviewError where there is none."""
        view = self._views.get_at(record, revision)
        undo, undone = find_redoable(view.record.corrections, who)
        change = PlannedChange(undone.path, undone.new, "redo", focus=undone.path)
        return self._apply(view, change, who, undo.revision)

    def _apply(self, before: RecordView, change: PlannedChange, who: str, undoes: int | None = None) -> dict[str, Any]:
        """Store the change and return what has to change on the screen."""
        record = before.record
        old = value_at(record.data, change.path)
        new = old if change.how == "accepted" else change.new
        more = {"evidence": change.evidence, "undoes": undoes}
        correction = Correction(change.path, old, new, change.how, who, now(), record.revision + 1, **more)
        corrections = (*record.corrections, correction)
        data = apply_corrections(record.result["data"], corrections, before.schema)
        review = assess_record(before.schema, record.result, data, corrections, before.review, before.rules)
        after = self.store.records.correct(
            record.id,
            change.path,
            change.new,
            who=who,
            revision=record.revision,
            how=change.how,
            review_columns=review.columns(),
            known=record,
            **more,
        )
        actions = self.store.records.review_actions(record.id)
        if after.revision == record.revision:  # the store found that nothing changes
            return diff_views(before, before, state=before.state(actions, self.second_review))
        view = self._views.add(RecordView(after, before.schema, review, before.rules))
        return diff_views(before, view, change.focus, view.state(actions, self.second_review))

    def _context(self, record: Record, evidence: Mapping[str, Any] | None) -> str:
        """Return the text around what was pointed at: the unit of a number may stand beside it."""
        start, end = (evidence or {}).get("start"), (evidence or {}).get("end")
        if not isinstance(start, int) or not isinstance(end, int):
            return ""
        return self.documents.context(record.document, start, end)

    # Decisions.

    def approve(
        self, record: int, *, who: str, revision: int, force: bool = False, note: str = "", how: str = "opened"
    ) -> dict[str, Any]:
        """Approve the record; raises ReviewError (`open`) while something is left to check, unless by `force`.

        The refusal says how many fields are `left`, which of them have to have a value (`required`, their paths), how
        many checks have `failed`, and which field is the `first`. What nobody has seen does not count as right, whoever
        approves the record. `how` is `opened` where the person had the record before them, else `selected`.
        """
        view = self._views.get_at(record, revision)
        left, failed = view.review.to_check, len(view.review.violations)
        if (left or failed) and not force and view.record.status != "approved":
            required = [state.path for state in open_required(view.review)]
            names = ", ".join(path_text(path) for path in required)
            message = f"{left} values are still to be checked, and {failed} checks fail."
            message += f" These have to have a value: {names}." if required else ""
            details = {"left": left, "failed": failed, "first": view.first_to_check()}
            details["required"] = [list(path) for path in required]
            raise ReviewError(RefusalKind.OPEN, message, "Check them, or approve the record anyway.", **details)
        approved = self.store.records.approve(record, who=who, revision=revision, note=note, how=how)
        return self._decision(approved) | {"learnt": self.lessons.learn(approved, who=who)}

    def reject(self, record: int, *, who: str, revision: int, note: str = "") -> dict[str, Any]:
        """Reject the record: it is not to be used."""
        return self._decision(self.store.records.reject(record, who=who, revision=revision, note=note))

    def reopen(self, record: int, *, who: str, revision: int, note: str = "") -> dict[str, Any]:
        """Open a decided record for review again."""
        return self._decision(self.store.records.reopen(record, who=who, revision=revision, note=note))

    def flag(self, record: int, *, who: str, revision: int, note: str = "") -> dict[str, Any]:
        """Ask somebody else to look at the record."""
        return self._decision(self.store.records.flag(record, who=who, revision=revision, note=note))

    def _decision(self, record: Record) -> dict[str, Any]:
        actions = self.store.records.review_actions(record.id)
        state = self._views.get(record.id).state(actions, self.second_review)
        return {"status": record.status, "revision": record.revision, "state": state, **decisions_json(actions)}

    def history(self, record: int, path: Path | None = None) -> list[dict[str, Any]]:
        """Return what happened to the record, or to the value at the path, the newest first."""
        found = self.store.records.get(record)
        extractions = self.store.records.extractions(record)
        if path is not None:
            return history.value_history(found, extractions, tuple(path))
        return history.record_history(found, extractions, self.store.records.review_actions(record))

    # Documents.

    def document(self, record: int) -> dict[str, Any]:
        """Return whether the record's document is ready, being read, or gone, and its pages."""
        return self.documents.state(self._views.document(record))

    def page_image(self, record: int, page: int, dpi: int) -> bytes:
        """Return a page of the record's document as a WebP picture."""
        return self.documents.page_image(self._views.document(record), page, dpi)

    def page_words(self, record: int, page: int) -> dict[str, Any]:
        """Return the words of a page, with their places."""
        return self.documents.words(self._views.document(record), page)

    def text(self, record: int) -> dict[str, Any]:
        """Return the text of the record's document, with its blocks and tables."""
        return self.documents.text(self._views.document(record))

    def read(self, record: int, *, page: int, box: tuple[float, float, float, float]) -> dict[str, Any]:
        """Return what OCR reads in a box of a page, and its confidence."""
        return self.documents.read_region(self._views.document(record), page, box)

    # Uploads.

    def upload(
        self,
        *,
        who: str,
        files: Sequence[tuple[str, str | os.PathLike[str]]],
        schema: Schema,
        model: str | None = None,
        split: bool = False,
    ) -> dict[str, Any]:
        """Have files, each given by its name and path, extracted in the background; see `Uploads.add`."""
        return self._uploads.add(files, schema=schema, model=model or self.model, who=who, split=split)

    def split_again(self, number: int, starts: Sequence[int], *, who: str) -> dict[str, Any]:
        """Take a stack that was handed in apart on other pages; see `Uploads.split_again`."""
        self._uploads.split_again(number, starts, who)
        return {}

    def hand_in(self, number: int, *, who: str) -> dict[str, Any]:
        """Return one of the person's hand-ins, and how far it is; raises InputError where there is none."""
        return self._uploads.show(number, who)

    def hand_in_sample(self, language: str, *, who: str) -> dict[str, Any]:
        """Hand in a made-up order for somebody who wants to try the tool; it is extracted without a model, at once."""
        name, text = SAMPLES.get(language, SAMPLES["en"])
        with tempfile.TemporaryDirectory() as folder:
            file = FilePath(folder) / "sample"
            file.write_text(text, "utf-8")
            schema = load_schema(SAMPLE_SCHEMA)
            return self.upload(who=who, files=[(name, file)], schema=schema, model="none")

    def extract_again(
        self, records: int | Sequence[int], *, who: str, schema: Schema | None = None, model: str | None = None
    ) -> dict[str, Any]:
        """Have the documents of records extracted again in the background, keeping what people entered.

        `schema` is another kind of document, None for the record's own; `model` another model, None for the one that
        was used last. With another schema, the record of that schema takes the place of the former, with the entries
        whose fields it has too. Returns how many are `queued`, and the `refused` ones with the reason (`gone`: the
        document is not there any more; `unusable`: nor is the schema).
        """
        numbers = [records] if isinstance(records, int) else records
        return self._uploads.extract_again(numbers, schema=schema, model=model, who=who)

    def extract_kind_again(self, kind: str, *, who: str) -> dict[str, Any]:
        """Have the open records of a saved kind's earlier versions extracted with its newest; as `extract_again`."""
        outdated = self.store.report_kinds.outdated_records(kind)
        return self.extract_again(outdated, who=who, schema=self.kinds.schema(kind))

    def uploads(self, *, who: str, deleted: bool = False) -> dict[str, Any]:
        """Return the person's hand-ins, the newest first, and how far each is; with `deleted`, those in the bin."""
        return self._uploads.list_for(who, deleted=deleted)

    def models(self) -> list[str]:
        """Return the models that hand-ins can be extracted with again: the server's, those used before, and none."""
        used = [str(job.settings["model"]) for job in self._uploads.jobs()]
        return list(dict.fromkeys([resolve_model_name(self.model), *used, "none"]))

    def cancel(self, handin: int, *, who: str) -> dict[str, Any]:
        """Cancel what has not been done of a hand-in."""
        self._uploads.cancel(handin, who)
        return {}

    def retry(self, handin: int, *, who: str) -> dict[str, Any]:
        """Do again what failed or was cancelled of a hand-in."""
        self._uploads.retry(handin, who)
        return {}

    def delete_handin(self, handin: int, *, who: str) -> dict[str, Any]:
        """Put a hand-in and its records into the bin; a day later they are deleted for good, with the file."""
        self._uploads.delete(handin, who)
        return {}

    def restore_handin(self, handin: int, *, who: str) -> dict[str, Any]:
        """Take a hand-in and its records out of the bin."""
        self._uploads.restore(handin, who)
        return {}

    def extract_handin_again(
        self, handin: int, *, who: str, schema: Schema | None = None, model: str | None = None
    ) -> dict[str, Any]:
        """Have all documents of a hand-in extracted again, as `extract_again` does, also where none was extracted."""
        return self._uploads.extract_handin_again(handin, schema=schema, model=model, who=who)

    # Rules of a kind of document.

    def review_rules(self, kind: str) -> dict[str, Any]:
        """Return the rules for the review of a kind (a schema's name), and the names and titles of its fields."""
        schema = self._kind(kind)
        titles = full_titles(schema)
        names = {field_name(path): titles[tuple("*" if s == 0 else s for s in path)] for path, _ in _values_of(schema)}
        fields = [{"name": name, "title": title} for name, title in names.items()]
        return self.store.review_rules(kind).to_json() | {"kind": kind, "title": schema.title or kind, "fields": fields}

    def set_review_rules(self, kind: str, rules: ReviewRules, *, who: str) -> dict[str, Any]:
        """Set the rules for the review of a kind; open records are assessed by them at once."""
        names = {field_name(path) for path, _ in _values_of(self._kind(kind))}
        if unknown := sorted(set(rules.thresholds) - names):
            raise unusable(f"The kind has no field {unknown[0]}.", "Reload the page: the kind may have been changed.")
        self.store.set_review_rules(kind, rules, who=who)
        return self.review_rules(kind)

    def _kind(self, kind: str) -> Schema:
        """Return the newest schema of a name; raises InputError where there is none."""
        documents = [document for name, document in self.store.schemas().values() if name == kind]
        schema = load_stored_schema(documents[-1]) if documents else None
        if schema is None:
            raise InputError(f"There is no kind of document {kind}.", "Hand in a document of that kind first.")
        return schema

    # Several records at a time.

    def decide_selected(
        self, records: Sequence[int], action: str, *, who: str, note: str = "", assignee: str = ""
    ) -> dict[str, Any]:
        """Do the same with several records: `approve`, `flag`, `reject`, `assign`, `delete` or `restore`.

        Returns the numbers of those for which it was `done`, and the `refused` ones, each with its name, the kind of
        refusal and the paths of the fields that have to have a value. An approval from a list is no look at the
        document: values that nobody settled do not count as right.
        """
        done: list[int] = []
        refused: list[dict[str, Any]] = []
        for number in dict.fromkeys(records):
            try:
                self._decide_selected(number, action, who, note, assignee)
                done.append(number)
            except (ReviewError, Conflict) as error:
                name = names_json(self.store.records.get(number).sources)["name"]
                details = getattr(error, "details", {})
                kind = getattr(error, "kind", "conflict")
                refusal = {"record": number, "name": name, "kind": kind, "message": error.message}
                refused.append(refusal | {"required": details.get("required", []), "left": details.get("left", 0)})
        return {"done": done, "refused": refused}

    def _decide_selected(self, number: int, action: str, who: str, note: str, assignee: str) -> None:
        if action in ("delete", "restore"):
            act = self.store.records.delete if action == "delete" else self.store.records.restore
            act([number], who=who)
            return
        if action == "assign":
            self.store.records.assign([number], assignee or None, who=who)
            return
        record = self._views.get(number).record
        if record.claimed_by not in (None, who) and (record.claimed_until or "") > now():
            message = f"{record.claimed_by} is working on {names_json(record.sources)['name']}."
            raise ReviewError(RefusalKind.HELD, message, "Ask them, or wait.")
        act_on = {"approve": self.approve, "flag": self.flag, "reject": self.reject}[action]
        how = {"how": "selected"} if action == "approve" else {}
        act_on(number, who=who, revision=record.revision, note=note, **how)
