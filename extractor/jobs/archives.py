"""Archives: which documents are in one, and the bytes of each, within limits that no bomb gets past.

Nothing is unpacked to the disk. Sizes are counted as the bytes come, whatever the archive says of itself.
"""

from __future__ import annotations

import hashlib
import os
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from typing import IO

from extractor.jobs.sources import UnusableFile, is_archive, member_name, split_name, too_large
from extractor.readers import MAX_BYTES
from extractor.store import SourceFile

MAX_MEMBERS = 1_000
MAX_TOTAL = 300 * 2**20
MAX_RATIO = 100
_SMALL = 2**20
"""Below this size a file may be packed as tightly as it likes."""
_CHUNK = 2**16
_BROKEN = (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, OSError, ValueError, NotImplementedError)


def list_members(path: str, name: str, stamp: str) -> tuple[SourceFile, ...]:
    """The documents in the archive at `path`, which goes by `name`, each with the SHA-256 of its bytes.

    A member that cannot be worked on comes with the kind of its failure. UnusableFile where the archive itself is
    broken, or unpacks to more than MAX_TOTAL bytes or MAX_MEMBERS files.
    """
    found: dict[str, SourceFile] = {}
    total = 0
    for member, packed, file in _opened(path):
        if len(found) >= MAX_MEMBERS:
            raise UnusableFile(
                "archive_limit", f"The archive holds more than {MAX_MEMBERS:,} files.", "Unpack it yourself."
            )
        inner = member_name(name, member)
        if inner in found:
            continue  # a later file of the same name can never be told apart from the first
        try:
            if file is None:
                raise UnusableFile("protected", "It is protected by a password.")
            if is_archive(member):
                raise UnusableFile("archive_in_archive", "Archives in archives are not opened.")
            sha = hashlib.sha256()
            for chunk in _chunks(file, packed):
                sha.update(chunk)
                total += len(chunk)
                if total > MAX_TOTAL:
                    message = f"The archive unpacks to more than {MAX_TOTAL // 2**20} MB."
                    raise UnusableFile("archive_limit", message, "Unpack it yourself.")
            found[inner] = SourceFile(inner, stamp, sha.hexdigest())
        except UnusableFile as error:
            if error.kind == "archive_limit":
                raise
            found[inner] = SourceFile(inner, stamp, kind=error.kind, message=error.message)
    return tuple(found.values())


def read_source(name: str) -> bytes:
    """The bytes of the document of that name, on the disk or in an archive; of a file that is too large, one too many.

    UnusableFile or OSError where they cannot be had. Nothing waits: what has become a FIFO opens at once, and is empty.
    """
    path, member = split_name(name)
    if member is not None:
        return read_member(path, member)
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        return file.read(MAX_BYTES + 1)


def read_member(path: str, member: str) -> bytes:
    """The bytes of one file in the archive at `path`; UnusableFile where it is not there, or not within the limits."""
    for name, packed, file in _opened(path):
        if name == member and file is not None:
            return b"".join(_chunks(file, packed))
    raise UnusableFile("missing", "It is no longer in the archive.")


def _opened(path: str) -> Iterator[tuple[str, int | None, IO[bytes] | None]]:
    """The regular files of an archive: name, packed size where it is known, and the file, None for a locked one."""
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                for entry in archive.infolist():
                    if entry.is_dir() or _hidden(entry.filename):
                        continue
                    if entry.flag_bits & 1:
                        yield entry.filename, entry.compress_size, None
                        continue
                    with archive.open(entry) as file:
                        yield entry.filename, entry.compress_size, file
        else:
            with tarfile.open(path, "r|*") as archive:
                for entry in archive:
                    if entry.isreg() and not _hidden(entry.name):
                        file = archive.extractfile(entry)
                        assert file is not None
                        with closing(file):
                            yield entry.name, None, file
    except _BROKEN as error:
        raise UnusableFile("broken_archive", f"The archive is broken ({type(error).__name__}).") from error


def _hidden(name: str) -> bool:
    """Whether it is a file that people do not see, such as those that macOS puts beside the real ones."""
    return any(part.startswith(".") or part == "__MACOSX" for part in name.split("/") if part not in (".", ".."))


def _chunks(file: IO[bytes], packed: int | None) -> Iterator[bytes]:
    size = 0
    while chunk := _chunk(file):
        size += len(chunk)
        if size > MAX_BYTES:
            raise too_large(size)
        if packed is not None and size > max(_SMALL, MAX_RATIO * packed):
            raise UnusableFile("too_large", f"It unpacks to more than {MAX_RATIO} times its size in the archive.")
        yield chunk


def _chunk(file: IO[bytes]) -> bytes:
    try:
        return file.read(_CHUNK)
    except _BROKEN as error:
        raise UnusableFile("broken_archive", f"It is broken in its archive ({type(error).__name__}).") from error
