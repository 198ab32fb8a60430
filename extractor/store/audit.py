"""Who changed what, when and why: lines that are only ever added, each holding the hash of the one before it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import Any

import rfc8785
import sqlalchemy as sa

from extractor.store import tables
from extractor.store.database import Database, now
from extractor.store.models import AuditEntry

START = "0" * 64
"""What stands for the hash before the first line."""
_PAGE = 1000
_NEWEST = sa.select(tables.audit.c.seq, tables.audit.c.hash).order_by(tables.audit.c.seq.desc()).limit(1)


def digest(value: Any) -> str:
    """SHA-256 of a value's JSON text with sorted keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, allow_nan=False).encode()).hexdigest()


Change = tuple[str, str, Any, Any, str]
"""Action, subject, old, new, reason."""


def append(connection: sa.Connection, who: str, changes: Iterable[Change]) -> None:
    """Add a line for each change, in a writing transaction: the lines stand when the changes stand."""
    seq, previous = connection.execute(_NEWEST).one_or_none() or (0, START)
    lines = []
    for action, subject, old, new, reason in changes:
        seq += 1
        line = {"seq": seq, "at": now(), "who": who, "action": action, "subject": subject}
        line["old"], line["new"] = (None if value is None else tables.json_text(value) for value in (old, new))
        line |= {"reason": reason, "previous": previous}
        previous = _hash(line)
        lines.append(line | {"hash": previous})
    if lines:
        connection.execute(tables.audit.insert(), lines)


def _hash(line: dict[str, Any]) -> str:
    """SHA-256 over the line in the one form that RFC 8785 gives to JSON."""
    return hashlib.sha256(rfc8785.dumps(line)).hexdigest()


class Audit:
    """The lines, oldest first, and whether they are as they were written."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def entries(self, subject: str | None = None) -> Iterator[AuditEntry]:
        """Every line, or those about one subject, such as `record 7`."""
        for row in self._rows(subject):
            old, new = (None if row[key] is None else json.loads(row[key]) for key in ("old", "new"))
            yield AuditEntry(**(row | {"old": old, "new": new}))

    def head(self) -> tuple[int, str]:
        """Number and hash of the newest line: kept elsewhere, they show later that nothing was cut off the end."""
        with self._database.reading() as connection:
            row = connection.execute(_NEWEST).one_or_none()
        return (row.seq, row.hash) if row else (0, START)

    def verify(self, head: tuple[int, str] | None = None) -> list[str]:
        """What is wrong, a sentence each; nothing when all is as it was written.

        Any single line that was edited, deleted, inserted or moved is found; where there is none, so is an extraction
        or a correction that is not what the audit says. That the newest lines were cut off is found only with a `head`
        taken before, and who may write the file can write the whole chain anew: tampering shows, it is not stopped.
        """
        wrong, expected, previous = [], 1, START
        extracted: dict[str, str] = {}
        corrected: dict[str, str] = {}
        for row in self._rows(None):
            line = {key: value for key, value in row.items() if key != "hash"}
            if row["seq"] != expected:
                wrong.append(f"line {expected} is missing")
            elif row["previous"] != previous:
                wrong.append(f"line {row['seq']} does not follow the line before it")
            if _hash(line) != row["hash"]:
                wrong.append(f"line {row['seq']} was changed")
            if head is not None and row["seq"] == head[0] and row["hash"] != head[1]:
                wrong.append(f"line {row['seq']} is not the one that was the newest")
            said = json.loads(row["new"]) if row["action"] in ("extracted", "corrected") and not wrong else None
            if said and row["action"] == "extracted":
                extracted[said["extraction"]] = said["digest"]
            elif said:
                corrected[f"{row['subject']} {said['revision']}"] = digest(
                    [said["path"], said["value"], said["how"], said.get("evidence"), said.get("undoes")]
                )
            expected, previous = row["seq"] + 1, row["hash"]
        if head is not None and expected <= head[0]:
            wrong.append(f"the newest lines, up to {head[0]}, are missing")
        return wrong or self._against(extracted, corrected)

    def _against(self, extracted: dict[str, str], corrected: dict[str, str]) -> list[str]:
        """What is not as the audit says, of the extractions and the corrections."""
        wrong = []
        stored = sa.select(tables.extractions.c.id, tables.extractions.c.result)
        with self._database.reading() as connection:
            for row in connection.execution_options(yield_per=100).execute(stored):
                if extracted.pop(row.id, None) != digest(row.result):
                    wrong.append(f"extraction {row.id} is not the one that was stored")
            for row in connection.execution_options(yield_per=100).execute(sa.select(tables.corrections)):
                made = digest([row.path, row.new, row.how, row.evidence, row.undoes])
                if corrected.pop(f"record {row.record} {row.revision}", None) != made:
                    wrong.append(f"correction {row.id} of record {row.record} is not the one that was made")
        wrong += [f"extraction {key} is missing" for key in extracted]
        return wrong + [f"a correction of {key.rpartition(' ')[0]} is missing" for key in corrected]

    def _rows(self, subject: str | None) -> Iterator[dict[str, Any]]:
        query = sa.select(tables.audit).order_by(tables.audit.c.seq).execution_options(yield_per=_PAGE)
        if subject is not None:
            query = query.where(tables.audit.c.subject == subject)
        with self._database.reading() as connection:
            for row in connection.execute(query):
                yield dict(row._mapping)
