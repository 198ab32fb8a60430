"""The cache of documents as screens need them: a private folder for each; the least recently used are deleted first."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import threading
import time
from pathlib import Path as FilePath
from typing import Any

from extractor import __version__
from extractor.review.worker_tasks import ABOUT

MAX_BYTES = 1 << 30
PRUNE_SECONDS = 60.0
"""How often the size of the cache is looked at."""
_LAYOUT = 2
"""Has to be raised when the files that are kept of a document change their meaning."""


class DocumentCache:
    """The cache in a folder; may be used by several threads and processes. Documents go by their SHA-256."""

    def __init__(self, folder: FilePath, max_bytes: int = MAX_BYTES) -> None:
        self._folder, self._max_bytes = folder, max_bytes
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.chmod(folder, 0o700)
        self._lock = threading.Lock()
        self._pruned = 0.0

    def folder_of(self, document: str) -> FilePath:
        """Return the folder of a document, which need not exist."""
        return self._folder / f"{document}-{__version__}-{_LAYOUT}"

    def description(self, document: str) -> dict[str, Any] | None:
        """Return what is known of a document that was read, None of one that was not; it counts as used now."""
        data = self.read(document, ABOUT)
        with contextlib.suppress(OSError):
            os.utime(self.folder_of(document))
        return None if data is None else json.loads(data)

    def read(self, document: str, name: str) -> bytes | None:
        """Return a file of a document, None where it is not there."""
        try:
            return (self.folder_of(document) / name).read_bytes()
        except OSError:
            return None

    def delete(self, document: str) -> None:
        """Delete everything that is kept of a document."""
        shutil.rmtree(self.folder_of(document), ignore_errors=True)

    def prune(self, now: bool = False) -> None:
        """Delete the least recently used documents until the rest fits; at most once a minute, unless `now`."""
        with self._lock:
            if not now and time.monotonic() - self._pruned < PRUNE_SECONDS:
                return
            self._pruned = time.monotonic()
            found = []
            for folder in self._folder.iterdir():
                with contextlib.suppress(OSError):
                    size = sum(file.stat().st_size for file in os.scandir(folder))
                    found.append((folder.stat().st_mtime, size, folder))
            total = sum(size for _, size, _ in found)
            for _, size, folder in sorted(found):
                if total <= self._max_bytes:
                    break
                shutil.rmtree(folder, ignore_errors=True)
                total -= size
