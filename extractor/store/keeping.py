"""Keeping what a machine said: documents, their names, extractions, and records that speak of the newest of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from extractor.schemas import Schema
from extractor.show import NOT_ASKED
from extractor.store import tables
from extractor.store.audit import append, digest
from extractor.store.corrected import doubted, schema_of
from extractor.store.database import Database, now
from extractor.store.nouns import Version, content_key

STAYS = "the record stays as it is: a person has worked on it"
VERSION = ("tool", "prompt", "model", "weights", "options")
"""The columns of a version, besides its id."""


def keep_version(connection: sa.Connection, database: Database, version: Version) -> None:
    row = {key: getattr(version, key) for key in VERSION} | {"id": version.id, "options": dict(version.options)}
    database.add_new(connection, tables.versions, [row])


def keep_sources(connection: sa.Connection, database: Database, found: Iterable[tuple[str, str]]) -> None:
    """Keep the names of documents, given as pairs of name and SHA-256."""
    at = now()
    rows = [{"name": name, "document": document, "seen": at} for name, document in found]
    database.add_new(connection, tables.sources, rows)


def keep_extractions(
    connection: sa.Connection,
    database: Database,
    results: Iterable[tuple[Mapping[str, Any], int, str]],
    version: str,
    job: int | None,
    who: str,
) -> set[str]:
    """The documents whose extraction was new; `results` come with the size and the kind of their files.

    Their records then speak of the new extraction, unless a person has worked on the record.
    """
    at = now()
    given = {
        content_key(r["document"]["id"], r["run"]["schema"], version): (r, size, kind) for r, size, kind in results
    }
    stored = sa.select(tables.extractions.c.id).where(tables.extractions.c.id.in_(given))
    there = set(connection.execute(stored).scalars())
    documents, extractions, records = [], [], []
    schemas = schemas_of(connection, {r["run"]["schema"] for r, _, _ in given.values()})
    for key, (result, size, kind) in given.items():
        if key in there:
            continue
        document, schema = result["document"]["id"], result["run"]["schema"]
        documents.append({"id": document, "size": size, "kind": kind, "seen": at})
        row = {"id": key, "document": document, "schema": schema, "version": version, "job": job, "at": at}
        extractions.append(row | {"result": dict(result), "digest": digest(result)})
        problems, confidence = _said(result)
        look = doubted(schemas[schema], result)
        record = {"document": document, "schema": schema, "extraction": key, "problems": problems}
        record |= {"confidence": confidence, "status": "needs_review" if set(look["doubts"]) - {"sample"} else "new"}
        record |= look | {"approvals": 0, "flagged": 0}
        records.append(record | {"revision": 1, "created": at, "updated": at})
    database.add_new(connection, tables.documents, documents)
    database.add_new(connection, tables.extractions, extractions)
    before = _renew(connection, records)
    database.add_new(connection, tables.records, records)
    lines = []
    for row in extractions:
        old, reason = before.get((row["document"], row["schema"]), (None, ""))
        said = {"extraction": row["id"], "digest": row["digest"]}
        lines.append(("extracted", f"document {row['document']}", old, said, reason))
    append(connection, who, lines)
    return {row["document"] for row in extractions}


def _renew(connection: sa.Connection, rows: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], tuple[str, str]]:
    """Let the records that exist speak of newer extractions; what each spoke of before, and why it still does.

    The records are found by document and schema. One that a person has corrected or judged stays as it is.
    """
    wanted = {(row["document"], row["schema"]): row for row in rows}
    record = tables.records.c
    judged = tables.reviews.c.action.not_in(("claimed", "taken", "released"))
    touched = sa.exists().where(tables.corrections.c.record == record.id)
    touched |= sa.exists().where(tables.reviews.c.record == record.id, judged)
    there = sa.select(
        record.id, record.document, record.schema, record.extraction, record.revision, touched.label("own")
    )
    before = {}
    for old in connection.execute(there.where(record.document.in_({document for document, _ in wanted}))).all():
        row = wanted.get((old.document, old.schema))
        if row is None:
            continue
        before[old.document, old.schema] = (old.extraction, STAYS if old.own else "")
        if not old.own:
            newer = {key: row[key] for key in _OF_THE_MACHINE}
            renewed = tables.records.update().where(record.id == old.id)
            connection.execute(renewed.values(**newer, revision=old.revision + 1))
    return before


_OF_THE_MACHINE = ("extraction", "status", "problems", "confidence", "updated", "doubts", "to_check", "risk")


def _said(result: Mapping[str, Any]) -> tuple[int, float | None]:
    """How many problems an extraction names, and the confidence of the least sure value that was asked for."""
    values = result["values"]
    asked = [v for v in values if all(p["kind"] != NOT_ASKED for p in v["problems"])]
    sure = [v["confidence"] for v in asked if v["confidence"] is not None]
    return sum(len(v["problems"]) for v in values) + len(result["problems"]), min(sure, default=None)


def schemas_of(connection: sa.Connection, wanted: Iterable[str]) -> dict[str, Schema | None]:
    """The schemas of those ids, ready for use."""
    query = sa.select(tables.schemas.c.id, tables.schemas.c.document).where(tables.schemas.c.id.in_(set(wanted)))
    return {row.id: schema_of(row.document) for row in connection.execute(query)}
