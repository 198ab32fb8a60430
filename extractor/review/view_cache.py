"""Records as they were last shown: a change has to say what it changed without assessing the record twice."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import replace

from extractor.review.record_view import RecordView
from extractor.schemas import Schema
from extractor.store import Conflict, Record, Store, StoreError
from extractor.store.corrections import load_stored_schema

MAX_VIEWS = 64


class RecordViewCache:
    """The most recently used views of a store's records, by record, revision and extraction. Safe for many threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._views: OrderedDict[tuple[int, int, str], RecordView] = OrderedDict()
        self._schemas: dict[str, Schema] = {}
        self._documents: dict[int, str] = {}

    def get(self, record: int) -> RecordView:
        """Return the record as it now is; raises InputError where there is none."""
        return self._view(self._store.records.get(record))

    def get_at(self, record: int, revision: int) -> RecordView:
        """Return the record at a revision: remembered, or as it now is where that is the revision.

        Raises Conflict where it has been changed since. A remembered one may be outdated too: whoever changes it asks
        the store, which decides.
        """
        with self._lock:
            for key, view in self._views.items():
                if key[:2] == (record, revision):
                    self._views.move_to_end(key)
                    return view
        found = self._store.records.get(record)
        if found.revision != revision:
            raise Conflict(
                f"Record {record} was changed by somebody else: it is at revision {found.revision}, not {revision}.",
                "Look at it as it is now, and make the change again.",
                found,
            )
        return self._view(found)

    def add(self, view: RecordView) -> RecordView:
        """Remember a view, forget those that were not used for longest, and return it."""
        record = view.record
        with self._lock:
            self._views[record.id, record.revision, record.extraction] = view
            while len(self._views) > MAX_VIEWS:
                self._views.popitem(last=False)
        return view

    def document(self, record: int) -> str:
        """Return the SHA-256 of the record's document; raises InputError where there is no such record."""
        if record not in self._documents:
            self._documents[record] = self._store.records.get(record).document
        return self._documents[record]

    def _view(self, record: Record) -> RecordView:
        with self._lock:
            view = self._views.get((record.id, record.revision, record.extraction))
        rules = self._store.review_rules(record.schema_name)
        if view is None:
            return self.add(RecordView(record, self._schema(record), rules=rules))
        if rules != view.rules:
            return self.add(RecordView(record, view.schema, rules=rules))
        # Claims and decisions change a record without a new revision; its values stay those that were assessed.
        view.record = replace(record, data=view.record.data, result=view.record.result)
        return view

    def _schema(self, record: Record) -> Schema:
        if record.schema not in self._schemas:
            schema = load_stored_schema(self._store.schemas()[record.schema][1])
            if schema is None:
                raise StoreError(
                    f"The schema {record.schema_name} of record {record.id} cannot be used by this version.",
                    "`extractor export --format jsonl` still exports the record.",
                )
            self._schemas[record.schema] = replace(schema, name=record.schema_name)
        return self._schemas[record.schema]
