"""Kinds of report that people saved: schemas under a name, with versions that are never changed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from extractor.errors import InputError, SchemaError
from extractor.schemas import load_schema, shipped_schemas
from extractor.store import database_tables as tables
from extractor.store import listing
from extractor.store.audit import append_lines
from extractor.store.database import Database, now
from extractor.store.models import RecordFilter, ReportKind, ReportKindChanged

MAX_NAME = 80
"""Characters of a name."""
NAME_KEY, VERSION_KEY = "x-name", "x-version"
"""What a saved schema says of itself, so that two kinds, or two versions of one, are never the same schema."""
_TAKEN_NAMES = frozenset({"auto", "new", "none", "own"})
"""Names that mean something else on the command line and on the screen."""


class ReportKinds:
    """The kinds of report of a store. A record keeps the version that it was extracted with."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[ReportKind]:
        """Return the newest version of every kind that was not removed, by name."""
        newest: dict[str, Any] = {}
        with self._database.reading() as connection:
            for row in connection.execute(_query().order_by(tables.report_kinds.c.version)):
                newest[row.name] = row
        return [_kind(newest[name]) for name in sorted(newest) if newest[name].state == "current"]

    def versions(self, name: str) -> list[ReportKind]:
        """Return all versions of a kind, the oldest first; none where there is no such kind."""
        kind = tables.report_kinds.c
        query = _query().where(kind.name == name, kind.state == "current").order_by(kind.version)
        with self._database.reading() as connection:
            return [_kind(row) for row in connection.execute(query)]

    def get(self, name: str, version: int | None = None) -> ReportKind:
        """Return a version of a kind, the newest where none is named; raises InputError where there is none."""
        if version is None:
            found = [kind for kind in self.all() if kind.name == name]
        else:
            found = [kind for kind in self.versions(name) if kind.version == version]
        if not found:
            raise InputError(f"There is no kind of report named {name!r}.", "It may have been removed or renamed.")
        return found[-1]

    def save(
        self, name: str, document: Mapping[str, Any], *, who: str, base: int = 0, sample: str | None = None
    ) -> ReportKind:
        """Save a schema as the newest version of the kind `name`, and return it; the same schema again adds none.

        `base` is the version that was changed, 0 for a new kind; `sample` replaces the kind's sample. Raises
        ReportKindChanged where there is another version by now, SchemaError for a schema or a name that cannot be used.
        """
        check_name(name)
        content = {key: value for key, value in document.items() if key not in (NAME_KEY, VERSION_KEY)}
        load_schema(content)
        kind = tables.report_kinds.c
        with self._database.writing() as connection:
            query = _query().where(kind.name == name).order_by(kind.version.desc()).limit(1)
            row = connection.execute(query).one_or_none()
            found = _kind(row) if row is not None else None
            is_current = found is not None and row.state == "current"
            if found is not None and (base != found.version if is_current else base != 0):
                raise ReportKindChanged(*_changed(name, base, found.who))
            if found is None and base:
                raise ReportKindChanged(f"There is no kind of report named {name!r} any more.", "Save it as a new one.")
            new_sample = (found.sample if found else "") if sample is None else sample
            if found is not None and is_current and _is_same(found.document, content) and new_sample == found.sample:
                return found
            version = found.version + 1 if found is not None else 1
            schema = load_schema({**content, NAME_KEY: name, VERSION_KEY: version})
            at = now()
            row = {"id": schema.id, "name": name, "document": dict(schema.document), "seen": at}
            self._database.add_new(connection, tables.schemas, [row])
            self._add(connection, name, version, schema.id, "current", new_sample, who, at)
            return ReportKind(name, version, schema.title, schema.id, schema.document, who, at, new_sample)

    def remove(self, name: str, *, who: str) -> None:
        """Offer the kind no longer; its records stay as they are. Raises InputError where there is none."""
        found = self.get(name)
        with self._database.writing() as connection:
            self._add(connection, name, found.version + 1, found.schema, "removed", found.sample, who, now())

    def outdated_records(self, name: str) -> list[int]:
        """Return the numbers of the open records that were extracted with an earlier version of the kind."""
        *earlier, _ = self.versions(name) or [None]
        ids = {kind.schema for kind in earlier if kind is not None}
        found: set[int] = set()
        with self._database.reading() as connection:
            for schema in ids:
                conditions = listing.conditions_of(RecordFilter("open", schema))
                found |= set(connection.execute(sa.select(tables.records.c.id).where(*conditions)).scalars())
        return sorted(found)

    @staticmethod
    def _add(
        connection: sa.Connection, name: str, version: int, schema: str, state: str, sample: str, who: str, at: str
    ) -> None:
        row = {"name": name, "version": version, "schema": schema, "state": state, "sample": sample}
        connection.execute(tables.report_kinds.insert(), row | {"who": who, "at": at})
        action = "kind saved" if state == "current" else "kind removed"
        append_lines(connection, who, [(action, f"kind {name}", None, {"version": version, "schema": schema}, "")])


def check_name(name: str) -> None:
    """Raise SchemaError for a name that files, commands or shipped schemas leave no room for."""
    if not name or len(name) > MAX_NAME or re.search(r"[\s/\\:\"\x00-\x1f]", name) or name.startswith((".", "-")):
        raise SchemaError(f"A kind of report cannot be named {name!r}.", "Use letters, digits and hyphens.")
    if name in _TAKEN_NAMES or name in {shipped for shipped, _ in shipped_schemas()}:
        raise SchemaError(f"The name {name!r} is taken.", "Give the kind of report another name.")


def name_from_title(title: str) -> str:
    """Return the name for a title: lower case, words joined by hyphens, letters of every script kept."""
    return re.sub(r"[^\w]+|_+", "-", title.casefold()).strip("-")[:MAX_NAME].strip("-")


def _changed(name: str, base: int, who: str) -> tuple[str, str]:
    if not base:
        return f"There is a kind of report named {name!r} already.", "Give this one another name, or open that one."
    return f"{who} has changed the kind of report {name!r} meanwhile.", "Open it again to see the change."


def _is_same(stored: Mapping[str, Any], content: Mapping[str, Any]) -> bool:
    """Decide whether two schemas are the same, in the same order, but for what a saved one says of itself."""
    kept = {key: value for key, value in stored.items() if key not in (NAME_KEY, VERSION_KEY)}
    return json.dumps(kept) == json.dumps(content)


def _query() -> sa.Select[Any]:
    kinds, schemas = tables.report_kinds, tables.schemas
    return sa.select(kinds, schemas.c.document).join(schemas, schemas.c.id == kinds.c.schema)


def _kind(row: Any) -> ReportKind:
    title = str(row.document.get("title") or row.name)
    return ReportKind(row.name, row.version, title, row.schema, row.document, row.who, row.at, row.sample)
