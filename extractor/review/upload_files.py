"""The files of uploads on disk: `of-USER/SHA-256/NAME` in a private folder, under names that are safe everywhere."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path as FilePath
from urllib.parse import quote

from extractor.files.file_names import safe_file_name
from extractor.jobs.sources import UnusableFile, fingerprint, name_of
from extractor.readers import MAX_BYTES
from extractor.store import SourceFile

MAX_TOTAL_BYTES = 20 << 30
"""Bytes that all uploads may take."""
_MEBIBYTE = 1 << 20


class UploadFiles:
    """The files in a folder, which is made for its owner alone."""

    def __init__(self, folder: FilePath, max_bytes: int = MAX_BYTES, max_total: int = MAX_TOTAL_BYTES) -> None:
        self.folder = folder
        self._max_bytes, self._max_total = max_bytes, max_total
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.chmod(folder, 0o700)

    def __iter__(self) -> Iterator[FilePath]:
        return (file for file in self.folder.glob("of-*/*/*") if file.is_file())

    def owns(self, file: FilePath) -> bool:
        """Decide whether a file is one of those in the folder."""
        return file.is_relative_to(self.folder)

    def free_bytes(self) -> int:
        """Return how many bytes more the uploads may take."""
        return self._max_total - sum(file.stat().st_size for file in self)

    def folder_of(self, who: str) -> FilePath:
        """Return the folder of a person's uploads; every name has one of its own."""
        return self.folder / f"of-{quote(who, safe='')}"

    def add(self, name: str, path: str | os.PathLike[str], who: str, free: int) -> tuple[SourceFile, int]:
        """Copy a file into the folder; returns where it is now, and by how many bytes the folder has grown.

        Raises UnusableFile where it is missing or too large, does not fit into `free` bytes, or cannot be written.
        """
        source = os.fspath(path)
        size = os.stat(source).st_size if os.path.exists(source) else 0
        if size > self._max_bytes:
            limit = self._max_bytes // _MEBIBYTE
            raise UnusableFile("too_large", f"The file has {size / _MEBIBYTE:,.0f} MB; the limit is {limit} MB.")
        if size > free:
            raise UnusableFile("full", "There is no space left for uploads.")
        sha, _ = fingerprint(source)
        target = self.folder_of(who) / sha / safe_file_name(name)
        try:
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if target.exists():
                size = 0
            else:
                _copy(source, target)
            os.utime(target)  # when it was uploaded: a file that comes again is extracted again
        except OSError as error:
            raise UnusableFile("unreadable", f"The file cannot be stored: {error.strerror}.") from error
        return SourceFile(name_of(str(target)), fingerprint(str(target))[1]), size

    def delete(self, file: FilePath) -> bool:
        """Delete a file, and its folder where nothing else is in it; returns whether the file is gone."""
        try:
            file.unlink()
        except OSError:
            return False
        with contextlib.suppress(OSError):
            file.parent.rmdir()
        return True


def _copy(source: str, target: FilePath) -> None:
    """Copy a file so that the target is there whole or not at all, readable by its owner alone."""
    partial = target.parent / f".{secrets.token_hex(8)}.part"
    try:
        shutil.copyfile(source, partial)
        os.chmod(partial, 0o600)
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)
