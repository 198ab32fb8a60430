"""Keeping what a machine said: documents, their names, extractions, and records that speak of the newest of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from extractor.problems import ProblemKind
from extractor.schemas import Schema
from extractor.store import tables
from extractor.store.audit import append, digest
from extractor.store.corrections import load_stored_schema, review_columns
from extractor.store.database import Database, now
from extractor.store.models import Version, extraction_key

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


@dataclass(frozen=True, slots=True)
class Result:
    """An extraction as JSON data, the size and the kind of its file, and what its record's row says of it."""

    result: Mapping[str, Any]
    size: int
    kind: str
    digest: str
    row: Mapping[str, Any]


def prepared(database: Database, results: Iterable[tuple[Mapping[str, Any], int, str]]) -> list[Result]:
    """The results, each with the size and the kind of its file, ready to be kept: what takes time is done here, while
    others may write.
    """
    given = list(results)
    if not given:
        return []
    with database.reading() as connection:
        schemas = schemas_of(connection, {result["run"]["schema"] for result, _, _ in given})
    return [
        Result(result, size, kind, digest(result), _row(schemas.get(result["run"]["schema"]), result))
        for result, size, kind in given
    ]


def _row(schema: Schema | None, result: Mapping[str, Any]) -> dict[str, Any]:
    problems, confidence = _said(result)
    look = review_columns(schema, result)
    status = "needs_review" if set(look["doubts"]) - {"sample"} else "new"
    return {"problems": problems, "confidence": confidence, "status": status, "approvals": 0, "flagged": 0} | look


def keep_extractions(
    connection: sa.Connection, database: Database, results: Iterable[Result], version: str, job: int | None, who: str
) -> set[str]:
    """The documents whose extraction was new.

    Their records then speak of the new extraction, unless a person has worked on the record.
    """
    at = now()
    given = {extraction_key(r.result["document"]["id"], r.result["run"]["schema"], version): r for r in results}
    stored = sa.select(tables.extractions.c.id).where(tables.extractions.c.id.in_(given))
    there = set(connection.execute(stored).scalars())
    documents, extractions, records = [], [], []
    for key, kept in given.items():
        if key in there:
            continue
        document, schema = kept.result["document"]["id"], kept.result["run"]["schema"]
        documents.append({"id": document, "size": kept.size, "kind": kept.kind, "seen": at})
        row = {"id": key, "document": document, "schema": schema, "version": version, "job": job, "at": at}
        extractions.append(row | {"result": dict(kept.result), "digest": kept.digest})
        record = {"document": document, "schema": schema, "extraction": key, **kept.row}
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
    asked = [v for v in values if all(p["kind"] != ProblemKind.NOT_ASKED for p in v["problems"])]
    sure = [v["confidence"] for v in asked if v["confidence"] is not None]
    return sum(len(v["problems"]) for v in values) + len(result["problems"]), min(sure, default=None)


def schemas_of(connection: sa.Connection, wanted: Iterable[str]) -> dict[str, Schema | None]:
    """The schemas of those ids, ready for use."""
    query = sa.select(tables.schemas.c.id, tables.schemas.c.document).where(tables.schemas.c.id.in_(set(wanted)))
    return {row.id: load_stored_schema(row.document) for row in connection.execute(query)}
