"""Names that people see: of documents, of kinds of report, and of the folder beside a store."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any

from extractor.store.database import default_place

Schemas = Mapping[str, tuple[str, Mapping[str, Any]]]
"""Name and JSON document of every stored schema by its id."""


def files_folder(store: str, folder: str | FilePath | None = None) -> FilePath:
    """Return the folder for files that belong to a store but are not in it; `store` is its name.

    That is a folder of its own inside the one given, else beside the store. What belongs to a database server is kept
    where the user's own store would be.
    """
    key = hashlib.sha256(store.encode()).hexdigest()[:12]
    if folder is not None:
        return FilePath(folder).expanduser().absolute() / key
    if "://" not in store:
        return FilePath(f"{store}.files")
    return FilePath(default_place()).absolute().parent / f"{key}.files"


def display_name(source: str) -> str:
    """Return the name of a document without its folders; of a file in an archive, its name in there."""
    return source.rpartition("/")[2] or source


def kind_title(name: str, document: Mapping[str, Any]) -> str:
    """Return what people call a kind of report: the title of its schema, else its name."""
    title = document.get("title")
    return title if isinstance(title, str) and title.strip() else name
