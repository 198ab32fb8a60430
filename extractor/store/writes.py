"""Store extractions: documents, their names, the extractions themselves, and the records that show the newest ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from extractor.problems import ProblemKind
from extractor.schemas import Schema
from extractor.store import database_tables as tables
from extractor.store.audit import AuditLine, append_lines, digest
from extractor.store.corrections import load_stored_schema, review_columns
from extractor.store.database import Database, now
from extractor.store.models import Version, extraction_key
from extractor.store.review_reasons import ReviewReason
from extractor.store.review_rule import AUTOMATIC, ReviewRules

UNCHANGED_REASON = "the record stays as it is: a person has worked on it"
"""What the audit log says where a new extraction does not replace the one that a record shows."""
VERSION_COLUMNS = ("tool", "prompt", "model", "weights", "options")
"""The columns of a version, besides its id."""
_MAX_PARAMETERS = 500
"""Documents that one query names; databases limit the number of parameters."""
_MACHINE_COLUMNS = (
    *("extraction", "status", "problems", "confidence", "updated"),
    *("doubts", "to_check", "risk", "words", "approvals"),
)
"""The columns of a record that a newer extraction replaces."""


def add_version(connection: sa.Connection, database: Database, version: Version) -> None:
    """Store a version, unless it is there."""
    row = {key: getattr(version, key) for key in VERSION_COLUMNS}
    database.add_new(connection, tables.versions, [row | {"id": version.id, "options": dict(version.options)}])


def add_sources(connection: sa.Connection, database: Database, sources: Iterable[tuple[str, str]]) -> None:
    """Store the names of documents, given as pairs of name and SHA-256, and name records that have no name yet."""
    at = now()
    rows = [{"name": name, "document": document, "seen": at} for name, document in sources]
    database.add_new(connection, tables.sources, rows)
    record, source = tables.records.c, tables.sources.c
    known = sa.select(source.name).where(source.document == record.document)
    first = known.order_by(source.seen, source.name).limit(1).scalar_subquery()
    documents = list(dict.fromkeys(row["document"] for row in rows))
    for n in range(0, len(documents), _MAX_PARAMETERS):
        unnamed = record.document.in_(documents[n : n + _MAX_PARAMETERS]) & (record.name == "")
        connection.execute(tables.records.update().where(unnamed).values(name=first))


@dataclass(frozen=True, slots=True)
class PreparedResult:
    """An extraction as JSON data, its file's size in bytes, format and profile, its digest, its record's columns."""

    result: Mapping[str, Any]
    size: int
    kind: str
    profile: Mapping[str, int] | None
    digest: str
    columns: Mapping[str, Any]


def prepare_results(database: Database, results: Iterable[tuple[Mapping[str, Any], int, str]]) -> list[PreparedResult]:
    """Do for each result, with its file's size and format, what takes time, so that others may write meanwhile."""
    given = list(results)
    if not given:
        return []
    ids = {result["run"]["schema"] for result, _, _ in given}
    with database.reading() as connection:
        schemas, rules = load_schemas(connection, ids), load_rules(connection, ids)
    prepared = []
    for result, size, kind in given:
        document = dict(result["document"])
        profile = document.pop("profile", None)  # belongs to the document, whatever is extracted from it
        result = {**result, "document": document}
        key = result["run"]["schema"]
        columns = record_columns(schemas.get(key), result, rules.get(key))
        prepared.append(PreparedResult(result, size, kind, profile, digest(result), columns))
    return prepared


def record_columns(
    schema: Schema | None, result: Mapping[str, Any], rules: ReviewRules | None = None
) -> dict[str, Any]:
    """Return what the record's row says of an extraction that nobody has reviewed.

    It is approved at once where the rules of its kind say so and nothing is to be checked in it.
    """
    values = result["values"]
    asked = [v for v in values if all(p["kind"] != ProblemKind.NOT_ASKED for p in v["problems"])]
    confidences = [v["confidence"] for v in asked if v["confidence"] is not None]
    problems = sum(len(v["problems"]) for v in values) + len(result["problems"])
    review = review_columns(schema, result, rules=rules)
    status = "needs_review" if set(review["doubts"]) - {ReviewReason.SAMPLE} else "new"
    if rules is not None and rules.automatic and schema is not None and not review["doubts"]:
        status = "approved"
    columns = {"problems": problems, "confidence": min(confidences, default=None), "status": status}
    return columns | {"approvals": 0, "flagged": 0} | review


def add_extractions(
    connection: sa.Connection,
    database: Database,
    results: Iterable[PreparedResult],
    version: str,
    job: int | None,
    who: str,
) -> set[str]:
    """Store the extractions that are new, and return the SHA-256 of their documents.

    Their records then show the new extraction, unless a person has worked on the record.
    """
    at = now()
    given = {extraction_key(r.result["document"]["id"], r.result["run"]["schema"], version): r for r in results}
    query = sa.select(tables.extractions.c.id).where(tables.extractions.c.id.in_(given))
    known = set(connection.execute(query).scalars())
    documents, profiles, extractions, records = [], [], [], []
    for key, prepared in given.items():
        if key in known:
            continue
        document, schema = prepared.result["document"]["id"], prepared.result["run"]["schema"]
        documents.append({"id": document, "size": prepared.size, "kind": prepared.kind, "seen": at})
        if prepared.profile is not None:
            profiles.append({"document": document, "words": prepared.profile})
        row = {"id": key, "document": document, "schema": schema, "version": version, "job": job, "at": at}
        extractions.append(row | {"result": dict(prepared.result), "digest": prepared.digest})
        record = {"document": document, "schema": schema, "extraction": key, **prepared.columns}
        records.append(record | {"revision": 1, "created": at, "updated": at})
    database.add_new(connection, tables.documents, documents)
    if profiles:
        column = tables.documents.c
        known_by = tables.documents.update().where(column.id == sa.bindparam("document"), column.profile.is_(None))
        connection.execute(known_by.values(profile=sa.bindparam("words")), profiles)
    database.add_new(connection, tables.extractions, extractions)
    before = _update_records(connection, records)
    database.add_new(connection, tables.records, records)
    lines = _approve_automatically(connection, records, before)
    for row in extractions:
        old, reason = before.get((row["document"], row["schema"]), (None, ""))
        new = {"extraction": row["id"], "digest": row["digest"]}
        lines.append(("extracted", f"document {row['document']}", old, new, reason))
    append_lines(connection, who, lines)
    return {row["document"] for row in extractions}


def _approve_automatically(
    connection: sa.Connection, rows: Iterable[Mapping[str, Any]], before: Mapping[tuple[str, str], tuple[str, str]]
) -> list[AuditLine]:
    """Note the approval of records that nobody has to review, and return the lines of the audit log about them."""
    lines: list[AuditLine] = []
    record = tables.records.c
    for row in rows:
        _, kept = before.get((row["document"], row["schema"]), (None, ""))
        if row["status"] != "approved" or kept:
            continue
        query = sa.select(record.id, record.revision).where(record.document == row["document"])
        found = connection.execute(query.where(record.schema == row["schema"])).one()
        action = {"record": found.id, "revision": found.revision, "action": "approved", "who": AUTOMATIC, "at": now()}
        connection.execute(tables.reviews.insert(), action | {"note": "", "how": AUTOMATIC})
        approved = tables.records.update().where(record.id == found.id)
        connection.execute(approved.values(approvals=1, approved_by=AUTOMATIC))
        lines.append(("approved", f"record {found.id}", None, "approved", "nothing was to be checked"))
    return lines


def _update_records(
    connection: sa.Connection, rows: Iterable[Mapping[str, Any]]
) -> dict[tuple[str, str], tuple[str, str]]:
    """Make existing records show newer extractions, except those that a person has corrected or decided.

    Returns for (document, schema) the extraction that the record showed before, and why it still does, if so.
    """
    newer = {(row["document"], row["schema"]): row for row in rows}
    record = tables.records.c
    is_decision = tables.reviews.c.action.not_in(("claimed", "taken", "released", "assigned"))
    is_decision &= tables.reviews.c.how != AUTOMATIC
    is_touched = sa.exists().where(
        tables.corrections.c.record == record.id, tables.corrections.c.revision > record.base
    )
    is_touched |= sa.exists().where(tables.reviews.c.record == record.id, is_decision)
    query = sa.select(
        *(record.id, record.document, record.schema, record.extraction, record.revision, record.status),
        is_touched.label("is_touched"),
    )
    before = {}
    for old in connection.execute(query.where(record.document.in_({document for document, _ in newer}))).all():
        row = newer.get((old.document, old.schema))
        if row is None:
            continue
        before[old.document, old.schema] = (old.extraction, UNCHANGED_REASON if old.is_touched else "")
        if not old.is_touched:
            columns = {key: row[key] for key in _MACHINE_COLUMNS}
            updated = tables.records.update().where(record.id == old.id)
            connection.execute(updated.values(**columns, revision=old.revision + 1))
            if old.status == "approved":  # automatically, and on the strength of the former extraction
                action = {"record": old.id, "revision": old.revision + 1, "action": "reopened", "who": AUTOMATIC}
                connection.execute(tables.reviews.insert(), action | {"at": now(), "note": "", "how": AUTOMATIC})
    return before


def load_rules(connection: sa.Connection, ids: Iterable[str]) -> dict[str, ReviewRules]:
    """Return the rules for the review of the kinds that the schemas (ids) belong to, by the ids of the schemas.

    Schemas of the same name are versions of one kind.
    """
    rules, schema = tables.review_rules.c, tables.schemas.c
    query = (
        sa.select(schema.id, rules.rules)
        .join(tables.review_rules, rules.schema == schema.name)
        .where(schema.id.in_(set(ids)))
        .order_by(rules.id)
    )
    return {row.id: ReviewRules.from_json(row.rules) for row in connection.execute(query)}


def load_schemas(connection: sa.Connection, ids: Iterable[str]) -> dict[str, Schema | None]:
    """Return id -> schema, None for those that this version of the tool cannot use any more."""
    query = sa.select(tables.schemas.c.id, tables.schemas.c.document).where(tables.schemas.c.id.in_(set(ids)))
    return {row.id: load_stored_schema(row.document) for row in connection.execute(query)}
