"""Webhooks: which programs are told what happens to documents and records, and how far each has been told.

What happens is read from the audit log, so that it does not matter which process did it. A webhook keeps the number of
the last line it was told of.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa

from extractor.errors import InputError, UsageError
from extractor.store import database_tables as tables
from extractor.store.audit import append_lines
from extractor.store.database import Database, now
from extractor.store.models import Webhook

EVENTS = {
    "extracted": "document.extracted",
    "corrected": "record.corrected",
    "approved": "record.approved",
    "rejected": "record.rejected",
    "reopened": "record.reopened",
    "flagged": "record.flagged",
}
"""The actions of the audit log that webhooks are told of, and the names of their events."""
MAX_URL = 2000
_COLUMNS = tuple(Webhook.__dataclass_fields__)


class Webhooks:
    """The webhooks of a store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, url: str, events: Iterable[str] = (), *, who: str) -> Webhook:
        """Have a program be told of what happens from now on: of the given events, or of all.

        Raises UsageError for an address that is not http or https, and for an event that does not exist.
        """
        parts = urlsplit(url if len(url) <= MAX_URL and url.isprintable() and url.isascii() else "")
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
            raise UsageError("This is not an address that can be told.", "Give one such as https://host/path.")
        if unknown := set(events := list(events)) - set(EVENTS.values()):
            raise UsageError(f"There is no event {sorted(unknown)[0]}.", f"Choose from {', '.join(EVENTS.values())}.")
        row = {"url": url, "secret": f"whsec_{secrets.token_urlsafe(24)}", "events": events or list(EVENTS.values())}
        row |= {"who": who, "created": now(), "tries": 0, "due": 0.0, "failure": ""}
        audit, column = tables.audit.c, tables.webhooks.c
        with self._database.writing() as connection:
            row["seq"] = connection.execute(sa.select(sa.func.max(audit.seq))).scalar() or 0
            number = connection.execute(tables.webhooks.insert().returning(column.id), row).scalar_one()
            append_lines(connection, who, [("webhook made", f"webhook {number}", None, url, "")])
            return _load(connection, number)

    def all(self) -> list[Webhook]:
        """Return every webhook, the oldest first."""
        column = tables.webhooks.c
        with self._database.reading() as connection:
            query = sa.select(*(column[key] for key in _COLUMNS)).order_by(column.id)
            return [Webhook(*row) for row in connection.execute(query)]

    def delete(self, number: int, *, who: str) -> None:
        """Tell a program no more; raises InputError where there is no such webhook."""
        with self._database.writing() as connection:
            found = _load(connection, number)
            connection.execute(tables.webhooks.delete().where(tables.webhooks.c.id == number))
            append_lines(connection, who, [("webhook deleted", f"webhook {number}", found.url, None, "")])

    def next_event(self, webhook: Webhook) -> dict[str, Any] | None:
        """Return the next event that a webhook is to be told of, None where it has been told of all.

        It has the audit line's `seq`, and `type`, `at`, `who`, and the number of the `record` that it is about.
        """
        audit = tables.audit.c
        wanted = [action for action, event in EVENTS.items() if event in webhook.events]
        query = sa.select(audit.seq, audit.at, audit.who, audit.action, audit.subject, audit.new)
        query = query.where(audit.seq > webhook.seq, audit.action.in_(wanted)).order_by(audit.seq).limit(1)
        with self._database.reading() as connection:
            row = connection.execute(query).one_or_none()
            if row is None:
                return None
            event = {"seq": row.seq, "type": EVENTS[row.action], "at": row.at, "who": row.who}
            kind, _, subject = row.subject.partition(" ")
            if kind == "record":
                return event | {"record": int(subject)}
            records = sa.select(tables.records.c.id).where(tables.records.c.document == subject)
            newest = connection.execute(records.order_by(tables.records.c.updated.desc()).limit(1)).scalar()
            return event | {"document": subject, "record": newest}

    def note_delivery(self, webhook: Webhook, seq: int) -> None:
        """Note that a webhook has been told of everything up to a line of the audit log."""
        self._change(webhook, seq=seq, tries=0, due=0.0, failure="")

    def note_failure(self, webhook: Webhook, failure: str, due: float) -> None:
        """Note why a webhook could not be told, and when (in seconds since 1970) it is tried again."""
        self._change(webhook, tries=webhook.tries + 1, due=due, failure=failure)

    def _change(self, webhook: Webhook, **columns: Any) -> None:
        with self._database.writing() as connection:
            changed = tables.webhooks.update().where(tables.webhooks.c.id == webhook.id)
            connection.execute(changed.values(**columns))


def _load(connection: sa.Connection, number: int) -> Webhook:
    column = tables.webhooks.c
    row: Any = connection.execute(
        sa.select(*(column[key] for key in _COLUMNS)).where(column.id == number)
    ).one_or_none()
    if row is None:
        raise InputError(f"There is no webhook {number}.", "List them to see their numbers.")
    return Webhook(*row)
