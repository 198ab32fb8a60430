"""The cache of documents as screens need them: a folder for each, for nobody but its owner, the longest unused go."""

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

LIMIT = 1 << 30
_PRUNED_EVERY = 60.0
_FORM = 1
"""Goes up when what is kept of a document comes to mean something else."""


class Shelf:
    """The cache in a folder; may be used by several threads and processes."""

    def __init__(self, folder: FilePath, limit: int = LIMIT) -> None:
        self._folder, self._limit = folder, limit
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.chmod(folder, 0o700)
        self._lock = threading.Lock()
        self._pruned = 0.0

    def place(self, document: str) -> FilePath:
        """The folder of a document (its SHA-256), which need not be there."""
        return self._folder / f"{document}-{__version__}-{_FORM}"

    def about(self, document: str) -> dict[str, Any] | None:
        """What is known of a document that was read, None of one that was not; it counts as used now."""
        data = self.get(document, ABOUT)
        with contextlib.suppress(OSError):
            os.utime(self.place(document))
        return None if data is None else json.loads(data)

    def get(self, document: str, name: str) -> bytes | None:
        """A file of a document, None where it is not there."""
        try:
            return (self.place(document) / name).read_bytes()
        except OSError:
            return None

    def drop(self, document: str) -> None:
        """Forget a document."""
        shutil.rmtree(self.place(document), ignore_errors=True)

    def prune(self, now: bool = False) -> None:
        """Delete documents, those longest unused first, until the rest fits; at most once a minute."""
        with self._lock:
            if not now and time.monotonic() - self._pruned < _PRUNED_EVERY:
                return
            self._pruned = time.monotonic()
            kept = []
            for place in self._folder.iterdir():
                with contextlib.suppress(OSError):
                    size = sum(file.stat().st_size for file in os.scandir(place))
                    kept.append((place.stat().st_mtime, size, place))
            total = sum(size for _, size, _ in kept)
            for _, size, place in sorted(kept):
                if total <= self._limit:
                    break
                shutil.rmtree(place, ignore_errors=True)
                total -= size
