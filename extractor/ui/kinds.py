"""The kinds of document that a name stands for: those in the store, and the shipped ones."""

from __future__ import annotations

from dataclasses import replace

from extractor.classification import is_kind_set
from extractor.errors import InputError
from extractor.schemas import Schema, load_schema, shipped_schemas
from extractor.store import Store
from extractor.store.corrections import load_stored_schema


def find_schema(store: Store, name: str | None) -> Schema | None:
    """Return the newest schema of that name (or id) in the store, else the shipped one; None for no name.

    Raises InputError where there is none that this version can use.
    """
    if not name:
        return None
    for schema_id, (own, document) in reversed(store.schemas().items()):
        if name in (own, schema_id):
            loaded = load_stored_schema(document)
            if loaded is not None:
                return replace(loaded, name=own)
    if name in {shipped for shipped, _ in shipped_schemas()}:
        return load_schema(name)
    raise InputError("There is no such kind of document.", "Choose one from the list.")


def list_kinds(store: Store) -> list[dict[str, str]]:
    """Return name and title of every kind that can be chosen: those in the store first, then the shipped ones."""
    kinds: dict[str, str] = {}
    for name, document in store.schemas().values():
        if is_kind_set(document):
            continue
        kinds[name] = str(document.get("title") or name)
    for name, title in shipped_schemas():
        kinds.setdefault(name, str(title or name))
    return [{"name": name, "title": title} for name, title in kinds.items()]
