"""The kinds of report that the server offers: saved ones, those of the schema folder, and the shipped ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from extractor.errors import SchemaError
from extractor.schemas import Schema, load_schema, shipped_schemas

if TYPE_CHECKING:
    from extractor.store import Store
    from extractor.ui.settings import ServerSettings


def offered_kinds(settings: ServerSettings, store: Store) -> dict[str, Schema]:
    """Return name -> schema; a saved kind hides one of the folder of its name, and that a shipped one."""
    kinds: dict[str, Schema] = {}
    for name, source in _sources(settings, store):
        if name not in kinds and (schema := _load(name, source)) is not None:
            kinds[name] = schema
    return kinds


def offered_kind(settings: ServerSettings, store: Store, wanted: str) -> Schema | None:
    """Return the kind of that name as `offered_kinds` does, without loading the others; None where there is none."""
    found = (_load(name, source) for name, source in _sources(settings, store) if name == wanted)
    return next(filter(None, found), None)


def _sources(settings: ServerSettings, store: Store) -> Iterator[tuple[str, str | Path | Mapping[str, Any]]]:
    """Yield the name of each kind and what it is loaded from; what hides others comes first."""
    for kind in store.report_kinds.all():
        yield kind.name, kind.document
    if settings.schema_folder is not None:
        for file in sorted(settings.schema_folder.glob("*.json")):
            yield file.stem, file
    for name, _ in shipped_schemas():
        yield name, name


def _load(name: str, source: str | Path | Mapping[str, Any]) -> Schema | None:
    """Return the schema of that name, None for a file that cannot be used."""
    try:
        return replace(load_schema(source), name=name)
    except SchemaError:
        if isinstance(source, Path):
            return None  # the server reported it when it was started
        raise
