"""Kinds of report made on the screen: fields proposed from a sample, what it has for them, and saved versions."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from extractor.errors import ExtractorError, InputError, SchemaError
from extractor.review import kind_tasks
from extractor.review.documents import Documents
from extractor.review.errors import ReviewError, unusable
from extractor.review.kind_samples import add_sample, delete_old_samples
from extractor.review.upload_files import UploadFiles
from extractor.schema_design import (
    DraftError,
    FieldDraft,
    SchemaDraft,
    draft_from_names,
    draft_from_schema,
    draft_to_schema,
    with_keys,
)
from extractor.schemas import Schema, load_schema, shipped_schemas
from extractor.store import ReportKind, Store
from extractor.store.report_kinds import NAME_KEY, VERSION_KEY, name_from_title
from extractor.validation import compile_checks


class KindDesign:
    """The kinds of report of a store, the shipped ones, and drafts of new ones. Drafts live with whoever edits them.

    Its methods take and return JSON data; they raise ReviewError (`unusable`) for drafts and sources that make none,
    ReportKindChanged where somebody else was faster, InputError for a kind that is not there.
    """

    def __init__(self, store: Store, documents: Documents, samples: UploadFiles) -> None:
        self._store, self._documents, self._samples = store, documents, samples

    # What there is.

    def list(self) -> dict[str, Any]:
        """Return the kinds that people saved, by title, then the shipped ones."""
        saved = [_kind_json(kind) for kind in self._store.report_kinds.all()]
        shipped = [{"name": name, "title": title or name, "shipped": True} for name, title in shipped_schemas()]
        return {"kinds": [*sorted(saved, key=lambda kind: kind["title"].casefold()), *shipped]}

    def open(self, name: str, version: int | None = None) -> dict[str, Any]:
        """Return a kind with its draft: a saved one, with its versions, or a shipped one, as a start of a new one."""
        if name in {shipped for shipped, _ in shipped_schemas()}:
            schema = load_schema(name)
            return {"name": "", "version": 0, "sample": "", "draft": draft_from_schema(schema.document).to_json()}
        versions = self._store.report_kinds.versions(name)
        found = self._store.report_kinds.get(name, version)
        content = {key: value for key, value in found.document.items() if key not in (NAME_KEY, VERSION_KEY)}
        history = [{"version": kind.version, "who": kind.who, "at": kind.at} for kind in reversed(versions)]
        return {
            "name": name,
            "version": versions[-1].version,
            "sample": found.sample,
            "draft": draft_from_schema(content).to_json(),
            "versions": history,
            "outdated": len(self._store.report_kinds.outdated_records(name)),
        }

    def schema(self, name: str) -> Schema:
        """Return the newest version of a saved kind as a schema of its name; raises InputError where there is none."""
        return replace(load_schema(self._store.report_kinds.get(name).document), name=name)

    def schemas(self) -> list[Schema]:
        """Return the newest version of every saved kind as a schema of its name; broken ones are left out."""
        found = []
        for kind in self._store.report_kinds.all():
            try:
                found.append(replace(load_schema(kind.document), name=kind.name))
            except SchemaError:
                continue  # made by another version of the tool
        return found

    # Drafts.

    def add_sample(self, name: str, path: str | os.PathLike[str], *, who: str) -> dict[str, Any]:
        """Keep a file as a sample, and return its SHA-256."""
        kept = {kind.sample for kind in self._store.report_kinds.all()}
        delete_old_samples(self._samples, kept)
        return {"sample": add_sample(self._samples, name, path, who=who)}

    def propose(self, sample: str, names: str = "") -> dict[str, Any]:
        """Return the draft that a sample suggests; with `names`, a pasted list, of those fields alone."""
        return {"draft": self._run(sample, kind_tasks.propose, names)}

    def draft_from_header(self, sample: str) -> dict[str, Any]:
        """Return the draft of the header row of a spreadsheet that was sent as a sample."""
        return {"draft": self._run(sample, kind_tasks.read_header)}

    def draft_from_names(self, names: str) -> dict[str, Any]:
        """Return the draft of a pasted list of names."""
        try:
            return {"draft": draft_from_names(names).to_json()}
        except InputError as error:
            raise unusable(error.message, error.hint) from None

    def draft_from_schema(self, text: str) -> dict[str, Any]:
        """Return the draft of the text of a JSON Schema file."""
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            raise unusable("The file is not JSON.", "Choose a JSON Schema file.") from None
        if not isinstance(document, dict):
            raise unusable("The file is no JSON Schema of a record.", "Choose a JSON Schema file.")
        _check_usable(document)
        return {"draft": draft_from_schema(document).to_json()}

    def field_at(self, sample: str, start: int, end: int, *, exact: bool) -> dict[str, Any]:
        """Return the field for a stretch of the sample's text, named by the label beside or above it.

        Unless the stretch is `exact`, the value is all that the stretch is a word of.
        """
        return {"field": self._run(sample, kind_tasks.field_at, start, end, exact)}

    def preview(self, data: Mapping[str, Any], sample: str = "") -> dict[str, Any]:
        """Return the JSON Schema of a draft and what the sample has for its fields, or the `error` that it has.

        `values` are by the places of fields in the draft: `3.1` is the second column of the fourth field.
        """
        draft = _read_draft(data)
        found: dict[str, Any] = {"schema": None, "error": None, "values": {}, "failed": []}
        try:
            found["schema"] = _write(draft)
        except ReviewError as error:
            return found | {"error": {"message": error.message, "hint": error.hint, **error.details}}
        if sample:
            places = {path: (f.sample.start, f.sample.end) for _, path, f in _places(draft.fields) if f.sample}
            read = self._run(sample, kind_tasks.find_values, json.dumps(found["schema"]), json.dumps(places))
            values = read["values"]
            found["values"] = {place: values[path] for place, path, _ in _places(draft.fields) if path in values}
            found["failed"] = read["failed"]
        return found

    def save(self, data: Mapping[str, Any], *, name: str, base: int, sample: str, who: str) -> dict[str, Any]:
        """Save a draft as the newest version of the kind `name`, or, where that is empty, as one named by its title.

        `base` is the version that was changed, 0 for a new kind. Returns the kind, and how many open records are of an
        earlier version.
        """
        document = _write(_read_draft(data))
        title = str(document.get("title") or "")
        if not title.strip():
            raise unusable("The kind of report has no name.", "Write what it is called.", reason="no_title")
        try:
            kind = self._store.report_kinds.save(
                name or name_from_title(title), document, who=who, base=base, sample=sample
            )
        except SchemaError as error:
            raise unusable(error.message, error.hint, reason="title") from None
        return _kind_json(kind) | {"outdated": len(self._store.report_kinds.outdated_records(kind.name))}

    def remove(self, name: str, *, who: str) -> dict[str, Any]:
        """Offer a kind no longer; its records stay."""
        self._store.report_kinds.remove(name, who=who)
        return {}

    def _run(self, sample: str, task: Any, *arguments: Any) -> dict[str, Any]:
        found = self._documents.run(sample, task, *arguments)
        if "refused" in found:
            raise unusable(found["refused"], found["hint"])
        return found


def _kind_json(kind: ReportKind) -> dict[str, Any]:
    number = len(kind.document.get("properties", ()))
    shown = {"name": kind.name, "title": kind.title, "version": kind.version, "fields": number}
    return shown | {"who": kind.who, "at": kind.at, "sample": kind.sample, "shipped": False}


def _read_draft(data: Mapping[str, Any]) -> SchemaDraft:
    """Return the draft that a screen sent, with a property name for every field; raises ReviewError.

    Its checks name fields by their places (`#3.1`), because a new field has no property name yet.
    """
    try:
        draft = SchemaDraft.from_json(data)
        draft = replace(draft, fields=with_keys(draft.fields))
        paths = {f"#{place}": path for place, path, _ in _places(draft.fields)}
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        raise unusable("This is no draft of a kind of report.", "Reload the page.") from None
    checks = []
    for check in draft.checks:
        parts = tuple(paths.get(part, part) for part in check.parts)
        checks.append(replace(check, parts=parts, target=paths.get(check.target, check.target)))
    return replace(draft, checks=tuple(checks))


def _places(fields: Sequence[FieldDraft], place: str = "", path: str = "") -> Iterator[tuple[str, str, FieldDraft]]:
    """Yield every field with its place in the draft and its path of property names."""
    for number, field in enumerate(fields):
        yield f"{place}{number}", f"{path}{field.key}", field
        yield from _places(field.columns, f"{place}{number}.", f"{path}{field.key}.")


def _write(draft: SchemaDraft) -> dict[str, Any]:
    """Return the JSON Schema of a draft, which can be used; raises ReviewError."""
    try:
        document = draft_to_schema(draft)
    except DraftError as error:
        raise unusable(error.message, error.hint, reason=error.reason, field=error.field) from None
    _check_usable(document)
    return document


def _check_usable(document: Mapping[str, Any]) -> None:
    try:
        compile_checks(load_schema(document))
    except ExtractorError as error:
        raise unusable(error.message, error.hint) from None
