"""The tables after the newest migration. `migrations.py` creates them; a test compares the two."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Column, Float, Integer, MetaData, Table, Text, TypeDecorator


class JsonText(TypeDecorator):
    """JSON stored as text, so that every string of a document survives in any database.

    JSON itself escapes NUL; if there is half a surrogate pair, everything beyond ASCII is escaped as well.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> str | None:
        """Return the value as it is stored."""
        return None if value is None else json_text(value)

    def process_result_value(self, value: str | None, dialect: Any) -> Any:
        """Return the stored text as a value."""
        return None if value is None else json.loads(value)


def json_text(value: Any) -> str:
    """Return the value as compact JSON that can be encoded in UTF-8."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text if text.isascii() or _is_encodable(text) else json.dumps(value, allow_nan=False, separators=(",", ":"))


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


metadata = MetaData()


def _table(table: str, /, **columns: Any) -> Table:
    keys = _KEYS.get(table, ("id",))
    return Table(table, metadata, *(Column(key, kind, primary_key=key in keys) for key, kind in columns.items()))


_KEYS = {"sources": ("name", "document"), "audit": ("seq",), "lesson_hashes": ("schema", "hash", "lesson")}
"""The columns of the primary key where it is not `id`."""

documents = _table("documents", id=Text, size=Integer, kind=Text, seen=Text, profile=JsonText)
sources = _table("sources", name=Text, document=Text, seen=Text)
schemas = _table("schemas", id=Text, name=Text, document=JsonText, seen=Text)
report_kinds = _table(
    "report_kinds", id=Integer, name=Text, version=Integer, schema=Text, state=Text, sample=Text, who=Text, at=Text
)
"""Versions of the kinds of report that people saved; `state` is `current`, or `removed` for the end of one."""
versions = _table("versions", id=Text, tool=Text, prompt=Text, model=Text, weights=Text, options=JsonText)
extractions = _table(
    "extractions", id=Text, document=Text, schema=Text, version=Text, job=Integer, at=Text, result=JsonText, digest=Text
)
records = _table(
    "records",
    id=Integer,
    document=Text,
    schema=Text,
    extraction=Text,
    status=Text,
    revision=Integer,
    problems=Integer,
    confidence=Float,
    claimed_by=Text,
    claimed_until=Text,
    created=Text,
    updated=Text,
    doubts=JsonText,
    to_check=Integer,
    risk=Float,
    approvals=Integer,
    approved_by=Text,
    flagged=Integer,
    exported=Text,
    base=Integer,
    replaced_by=Integer,
    deleted=Text,
    assigned=Text,
    words=Text,
    name=Text,
)
"""Records; `name` is the first name of the document, by which lists are sorted, `words` the text of all values."""
corrections = _table(
    "corrections",
    id=Integer,
    record=Integer,
    revision=Integer,
    path=JsonText,
    old=JsonText,
    new=JsonText,
    how=Text,
    who=Text,
    at=Text,
    reason=Text,
    evidence=JsonText,
    undoes=Integer,
)
reviews = _table(
    "reviews", id=Integer, record=Integer, revision=Integer, action=Text, who=Text, at=Text, note=Text, how=Text
)
handins = _table(
    "handins",
    id=Integer,
    who=Text,
    at=Text,
    source=Text,
    name=Text,
    schema=Text,
    model=Text,
    deleted=Text,
)
"""Files that people handed in; `deleted` is when one was put into the bin."""
deletions = _table("deletions", id=Integer, record=Integer, document=Text, schema=Text, at=Text, who=Text)
"""Records that were deleted for good: of these alone, rows of other tables may be deleted."""
review_rules = _table("review_rules", id=Integer, schema=Text, rules=JsonText, at=Text, who=Text)
"""What people decided about the review of a kind of document (by its name); the newest row is in force."""
jobs = _table(
    "jobs", id=Integer, name=Text, schema=Text, version=Text, settings=JsonText, state=Text, created=Text, updated=Text
)
tasks = _table(
    "tasks",
    id=Integer,
    job=Integer,
    name=Text,
    stamp=Text,
    state=Text,
    document=Text,
    extraction=Text,
    kind=Text,
    message=Text,
    tries=Integer,
    deaths=Integer,
    owner=Text,
    until=Float,
    seconds=Float,
    handin=Integer,
    replaces=Integer,
)
layouts = _table("layouts", id=Integer, schema=Text, name=Text, at=Text)
lessons = _table(
    "lessons",
    id=Integer,
    document=Text,
    schema=Text,
    layout=Integer,
    record=Integer,
    enabled=Integer,
    at=Text,
    lesson=JsonText,
)
lesson_hashes = _table("lesson_hashes", schema=Text, hash=Integer, lesson=Integer, layout=Integer)
"""The hashes of fingerprints by which layouts are found, of the newest lessons of each layout alone."""
value_rules = _table("value_rules", id=Integer, schema=Text, key=Text, rule=JsonText, at=Text)
"""The rules for the values of fields that people switched on."""
tokens = _table(
    "tokens", id=Integer, name=Text, hash=Text, scopes=JsonText, who=Text, created=Text, used=Text, revoked=Text
)
webhooks = _table(
    "webhooks",
    id=Integer,
    url=Text,
    secret=Text,
    events=JsonText,
    who=Text,
    created=Text,
    seq=Integer,
    tries=Integer,
    due=Float,
    failure=Text,
)
runs = _table("runs", id=Integer, name=Text, at=Text, settings=JsonText, figures=JsonText)
"""Measurements of earlier versions; no longer written."""
audit = _table(
    "audit",
    seq=Integer,
    at=Text,
    who=Text,
    action=Text,
    subject=Text,
    old=Text,
    new=Text,
    reason=Text,
    previous=Text,
    hash=Text,
)
