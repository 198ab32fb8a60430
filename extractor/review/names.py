"""Names that people see: of documents, and of the folder beside a store."""

from __future__ import annotations

import hashlib
from pathlib import Path as FilePath

from extractor.store.database import default_place


def beside(store: str) -> FilePath:
    """The folder for what belongs to a store and is not in it, by the store's name; a server's is the user's own."""
    if "://" not in store:
        return FilePath(f"{store}.files")
    return FilePath(default_place()).parent / f"{hashlib.sha256(store.encode()).hexdigest()[:12]}.files"


def shown(source: str) -> str:
    """The name of a document without its folders; of a file in an archive, its name in there."""
    return source.rpartition("/")[2] or source
