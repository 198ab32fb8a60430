"""The audit log: who changed what, when and why, in lines that are only ever added.

Each line holds the hash of the line before it (a hash chain: Haber and Stornetta, "How to time-stamp a digital
document", 1991), so that no line can be edited, deleted, inserted or moved unnoticed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import Any

import rfc8785
import sqlalchemy as sa

from extractor.store import database_tables as tables
from extractor.store.database import Database, now
from extractor.store.models import AuditEntry

START = "0" * 64
"""The hash that the first line has before it."""
_PAGE = 1000
_NEWEST = sa.select(tables.audit.c.seq, tables.audit.c.hash).order_by(tables.audit.c.seq.desc()).limit(1)

AuditLine = tuple[str, str, Any, Any, str]
"""Action, subject, old, new, reason."""


def digest(value: Any) -> str:
    """Return the SHA-256 of a value's JSON text with sorted keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, allow_nan=False).encode()).hexdigest()


def append_lines(connection: sa.Connection, who: str, lines: Iterable[AuditLine]) -> None:
    """Add lines in the transaction that makes the changes, so that neither is there without the other."""
    seq, previous = connection.execute(_NEWEST).one_or_none() or (0, START)
    rows = []
    for action, subject, old, new, reason in lines:
        seq += 1
        row = {"seq": seq, "at": now(), "who": who, "action": action, "subject": subject}
        row["old"], row["new"] = (None if value is None else tables.json_text(value) for value in (old, new))
        row |= {"reason": reason, "previous": previous}
        previous = _hash(row)
        rows.append(row | {"hash": previous})
    if rows:
        connection.execute(tables.audit.insert(), rows)


def _hash(row: dict[str, Any]) -> str:
    """Return the SHA-256 of the line's canonical JSON (RFC 8785)."""
    return hashlib.sha256(rfc8785.dumps(row)).hexdigest()


class AuditLog:
    """The lines of the audit, oldest first, and whether they are as they were written."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def entries(self, subject: str | None = None) -> Iterator[AuditEntry]:
        """Yield every line, or those about one subject, such as `record 7`."""
        for row in self._rows(subject):
            old, new = (None if row[key] is None else json.loads(row[key]) for key in ("old", "new"))
            yield AuditEntry(**(row | {"old": old, "new": new}))

    def head(self) -> tuple[int, str]:
        """Return number and hash of the newest line: kept elsewhere, they show later that no lines were cut off."""
        with self._database.reading() as connection:
            row = connection.execute(_NEWEST).one_or_none()
        return (row.seq, row.hash) if row else (0, START)

    def verify(self, head: tuple[int, str] | None = None) -> list[str]:
        """Return a sentence for each thing that is wrong, nothing if all is as it was written.

        Any single line that was edited, deleted, inserted or moved is found. If there is none, extractions and
        corrections are compared with what the audit says of them. That the newest lines were cut off is found only with
        a `head` that was taken before. Who may write the database can also write the whole chain anew: the audit shows
        tampering, it does not prevent it.
        """
        wrong, expected, previous = [], 1, START
        extractions: dict[str, str] = {}
        corrections: dict[str, str] = {}
        for row in self._rows(None):
            if row["seq"] != expected:
                wrong.append(f"line {expected} is missing")
            elif row["previous"] != previous:
                wrong.append(f"line {row['seq']} does not follow the line before it")
            if _hash({key: value for key, value in row.items() if key != "hash"}) != row["hash"]:
                wrong.append(f"line {row['seq']} was changed")
            if head is not None and row["seq"] == head[0] and row["hash"] != head[1]:
                wrong.append(f"line {row['seq']} is not the one that was the newest")
            is_compared = row["action"] in ("extracted", "corrected", "erased") and not wrong
            new = json.loads(row["new"]) if is_compared else None
            if new and row["action"] == "extracted":
                extractions[new["extraction"]] = new["digest"]
            elif new and row["action"] == "erased":
                for key in new["extractions"]:
                    extractions.pop(key, None)
                gone = f"{row['subject']} "
                corrections = {key: value for key, value in corrections.items() if not key.startswith(gone)}
            elif new:
                corrections[f"{row['subject']} {new['revision']}"] = digest(
                    [new["path"], new["value"], new["how"], new.get("evidence"), new.get("undoes")]
                )
            expected, previous = row["seq"] + 1, row["hash"]
        if head is not None and expected <= head[0]:
            wrong.append(f"the newest lines, up to {head[0]}, are missing")
        return wrong or self._compare(extractions, corrections)

    def _compare(self, extractions: dict[str, str], corrections: dict[str, str]) -> list[str]:
        """Return what is not as the audit says, of the extractions and corrections that are stored."""
        wrong = []
        query = sa.select(tables.extractions.c.id, tables.extractions.c.result)
        with self._database.reading() as connection:
            for row in connection.execution_options(yield_per=100).execute(query):
                if extractions.pop(row.id, None) != digest(row.result):
                    wrong.append(f"extraction {row.id} is not the one that was stored")
            for row in connection.execution_options(yield_per=100).execute(sa.select(tables.corrections)):
                made = digest([row.path, row.new, row.how, row.evidence, row.undoes])
                if corrections.pop(f"record {row.record} {row.revision}", None) != made:
                    wrong.append(f"correction {row.id} of record {row.record} is not the one that was made")
        wrong += [f"extraction {key} is missing" for key in extractions]
        return wrong + [f"a correction of {key.rpartition(' ')[0]} is missing" for key in corrections]

    def _rows(self, subject: str | None) -> Iterator[dict[str, Any]]:
        query = sa.select(tables.audit).order_by(tables.audit.c.seq).execution_options(yield_per=_PAGE)
        if subject is not None:
            query = query.where(tables.audit.c.subject == subject)
        with self._database.reading() as connection:
            for row in connection.execute(query):
                yield dict(row._mapping)
