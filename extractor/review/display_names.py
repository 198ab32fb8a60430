"""Names that people see: of documents, and of the folder beside a store."""

from __future__ import annotations

import hashlib
from pathlib import Path as FilePath

from extractor.store.database import default_place


def folder_for(store: str, given: str | FilePath | None = None) -> FilePath:
    """The folder for what belongs to a store (by its name) and is not in it: its own one in the folder given, else
    beside the store; what belongs to a server is kept where the user's own store would be.
    """
    key = hashlib.sha256(store.encode()).hexdigest()[:12]
    if given is not None:
        return FilePath(given).expanduser().absolute() / key
    if "://" not in store:
        return FilePath(f"{store}.files")
    return FilePath(default_place()).absolute().parent / f"{key}.files"


def shown(source: str) -> str:
    """The name of a document without its folders; of a file in an archive, its name in there."""
    return source.rpartition("/")[2] or source
