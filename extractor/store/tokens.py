"""Access tokens of other programs: who they act for and what they may do. Only the hash of a token is kept."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from extractor.errors import InputError, UsageError
from extractor.store import database_tables as tables
from extractor.store.audit import append_lines
from extractor.store.database import Database, now
from extractor.store.models import AccessToken

SCOPES = ("read", "submit", "review")
"""What a token may be made for: reading records and exports, handing documents in, correcting and deciding."""
PREFIX = "ext_"
"""Begins every token, so that one that was published by mistake can be found."""
MAX_LENGTH = 100
_SECRET_BYTES = 32
_USED_AGAIN = timedelta(minutes=10)
"""The time of a token's last use is written at most this often."""
_COLUMNS = tuple(AccessToken.__dataclass_fields__)
_BY_HASH = sa.select(*(tables.tokens.c[key] for key in _COLUMNS)).where(
    tables.tokens.c.hash == sa.bindparam("hash"), tables.tokens.c.revoked.is_(None)
)
"""Looks up the token of every request: made once, as making it takes longer than the database does."""


class Tokens:
    """The access tokens of a store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, name: str, scopes: Iterable[str], *, who: str) -> tuple[str, AccessToken]:
        """Make a token with which a program acts for a person; return it, this once, and what is known of it.

        Raises UsageError for a name that is empty or taken, and for a scope that does not exist.
        """
        chosen = [scope for scope in SCOPES if scope in (wanted := set(scopes))]
        if unknown := wanted - set(SCOPES):
            raise UsageError(f"There is no scope {', '.join(sorted(unknown))}.", f"Choose from {', '.join(SCOPES)}.")
        if not chosen:
            raise UsageError("The token would be allowed nothing.", f"Choose one or more of {', '.join(SCOPES)}.")
        name = name.strip()
        if not name or not name.isprintable() or len(name) > MAX_LENGTH:
            raise UsageError("The token needs a name.", f"Name the program, in up to {MAX_LENGTH} characters.")
        secret = PREFIX + secrets.token_urlsafe(_SECRET_BYTES)
        row = {"name": name, "hash": _hash(secret), "scopes": chosen, "who": who, "created": now()}
        column = tables.tokens.c
        with self._database.writing() as connection:
            taken = sa.select(column.id).where(column.name == name, column.revoked.is_(None))
            if connection.execute(taken).first():
                raise UsageError(f"There is a token named {name} already.", "Choose another name, or revoke that one.")
            number = connection.execute(tables.tokens.insert().returning(column.id), row).scalar_one()
            append_lines(connection, who, [("token made", f"token {number}", None, [name, *chosen], "")])
            return secret, _load(connection, number)

    def find(self, secret: str) -> AccessToken | None:
        """Return the token with that secret, None where there is none or it was revoked."""
        if not secret.startswith(PREFIX) or len(secret) > MAX_LENGTH:
            return None
        with self._database.reading() as connection:
            row = connection.execute(_BY_HASH, {"hash": _hash(secret)}).one_or_none()
        if row is None:
            return None
        token = AccessToken(*row)
        if token.used is None or datetime.fromisoformat(token.used) < datetime.now(UTC) - _USED_AGAIN:
            self._note_use(token.id)
        return token

    def all(self) -> list[AccessToken]:
        """Return every token, the newest first, revoked ones too."""
        column = tables.tokens.c
        with self._database.reading() as connection:
            query = sa.select(*(column[key] for key in _COLUMNS)).order_by(column.id.desc())
            return [AccessToken(*row) for row in connection.execute(query)]

    def revoke(self, number: int, *, who: str) -> AccessToken:
        """End a token for good; raises InputError where there is none of that number."""
        with self._database.writing() as connection:
            token = _load(connection, number)
            if token.revoked is None:
                revoked = tables.tokens.update().where(tables.tokens.c.id == number)
                connection.execute(revoked.values(revoked=now()))
                append_lines(connection, who, [("token revoked", f"token {number}", token.name, None, "")])
            return _load(connection, number)

    def _note_use(self, number: int) -> None:
        if self._database.is_read_only:
            return
        with self._database.writing() as connection:
            connection.execute(tables.tokens.update().where(tables.tokens.c.id == number).values(used=now()))


def _load(connection: sa.Connection, number: int) -> AccessToken:
    column = tables.tokens.c
    query = sa.select(*(column[key] for key in _COLUMNS)).where(column.id == number)
    row: Any = connection.execute(query).one_or_none()
    if row is None:
        raise InputError(f"There is no token {number}.", "`extractor tokens list` shows all.")
    return AccessToken(*row)


def _hash(secret: str) -> str:
    """Return what is kept of a token: it is random and long, so that a plain SHA-256 gives nothing away."""
    return hashlib.sha256(secret.encode()).hexdigest()
