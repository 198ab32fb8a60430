"""The kinds of report that the server offers: saved ones, those of the schema folder, and the shipped ones."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from extractor.errors import SchemaError
from extractor.schemas import Schema, load_schema, shipped_schemas

if TYPE_CHECKING:
    from extractor.store import Store
    from extractor.ui.settings import ServerSettings


def offered_kinds(settings: ServerSettings, store: Store) -> dict[str, Schema]:
    """Return name -> schema; a saved kind hides one of the folder of its name, and that a shipped one."""
    kinds: dict[str, Schema] = {}
    for kind in store.report_kinds.all():
        kinds[kind.name] = replace(load_schema(kind.document), name=kind.name)
    if settings.schema_folder is not None:
        for file in sorted(settings.schema_folder.glob("*.json")):
            try:
                kinds.setdefault(file.stem, load_schema(file))
            except SchemaError:
                continue  # the server reported it when it was started
    for name, _ in shipped_schemas():
        if name not in kinds:
            kinds[name] = load_schema(name)
    return kinds
