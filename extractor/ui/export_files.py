"""Exported files, waiting to be downloaded: each belongs to one user, has an unguessable name, and is soon deleted."""

from __future__ import annotations

import re
import secrets
import shutil
import threading
import time
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from extractor.store import Store

KEEP_SECONDS = 900.0
"""How long a file can be downloaded."""
MAX_FILES_PER_USER = 20
"""Files of one user at the same time; a newer one replaces the oldest."""


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A file that a user has asked for; `created` is in seconds since 1970."""

    user: str
    path: Path
    created: float


class ExportFiles:
    """The exported files in a folder, by their tokens. May be used from many threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._files: dict[str, ExportFile] = {}
        shutil.rmtree(folder, ignore_errors=True)  # what an earlier server left
        folder.mkdir(mode=0o700, parents=True)

    def new_folder(self) -> tuple[str, Path]:
        """Return the token of a new export, and an empty folder for its file."""
        self.delete_expired()
        token = secrets.token_urlsafe(24)
        folder = self._folder / token
        folder.mkdir(mode=0o700)
        return token, folder

    def add(self, token: str, user: str, path: Path) -> None:
        """Have the file at the path be downloaded by the user."""
        with self._lock:
            self._files[token] = ExportFile(user, path, time.time())
            tokens = [other for other, file in self._files.items() if file.user == user]
        for old in tokens[:-MAX_FILES_PER_USER]:
            self.delete(old)

    def find(self, token: str, user: str) -> Path | None:
        """Return the user's file of that token, None where there is none, or none any more."""
        self.delete_expired()
        file = self._files.get(token)
        return file.path if file is not None and file.user == user else None

    def delete_expired(self) -> None:
        """Delete the files that have been there long enough."""
        now = time.time()
        with self._lock:
            expired = [token for token, file in self._files.items() if now - file.created > KEEP_SECONDS]
        for token in expired:
            self.delete(token)

    def delete(self, token: str) -> None:
        """Delete the file of a token with its folder."""
        with self._lock:
            self._files.pop(token, None)
        shutil.rmtree(self._folder / token, ignore_errors=True)


def write_export(
    store: Store,
    folder: Path,
    *,
    who: str,
    schema: str,
    status: str | None,
    format: str,
    evidence: bool,
    confidence: bool,
    numbers: Sequence[int] | None = None,
) -> tuple[Path, int, list[str]]:
    """Write the records into the folder as one file, several in a ZIP archive.

    `numbers` are those of single records. Returns the file, how many records it holds, and a sentence about each thing
    that the format could not hold.
    """
    from extractor.exports import GOLD, export

    name = re.sub(r"[^\w.-]+", "-", store.schemas()[schema][0]).strip("-.") or "records"
    target = folder / "files"
    target.mkdir()
    warnings = export(
        store,
        str(target / (name if format == GOLD else f"{name}.{format}")),
        format=format,
        schema=schema,
        status=status,
        evidence=evidence,
        confidence=confidence,
        bom=True,
        numbers=numbers,
        who=who,
    )
    files = sorted(path for path in target.rglob("*") if path.is_file())
    if len(files) == 1:
        return files[0], warnings.records, list(warnings)
    archive = folder / f"{name}.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in files:
            packed.write(file, file.relative_to(target))
    return archive, warnings.records, list(warnings)
