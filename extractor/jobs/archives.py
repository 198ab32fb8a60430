"""Archives: list the documents in one and read each of them, within limits that no decompression bomb gets past.

Nothing is unpacked to the disk. Sizes are counted while unpacking, whatever the archive claims.
"""

from __future__ import annotations

import hashlib
import os
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import IO

from extractor.jobs.parts import read_part, split_part
from extractor.jobs.sources import UnusableFile, is_archive, is_junk, member_name, split_name, too_large
from extractor.readers import MAX_BYTES
from extractor.readers.encoding import decode
from extractor.store import SourceFile

MAX_MEMBERS = 1_000
MAX_TOTAL = 300 * 2**20
"""Bytes that an archive may unpack to."""
MAX_RATIO = 100
"""How many times its packed size a member may unpack to."""
_SMALL = 2**20
"""Below this size, in bytes, the ratio does not matter."""
_CHUNK = 2**16
_UTF_8 = 0x800
"""The flag of an entry of a zip whose name is UTF-8."""
_ARCHIVE_ERRORS = (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, OSError, ValueError, NotImplementedError)


def list_members(path: str, name: str, stamp: str) -> tuple[SourceFile, ...]:
    """Return the documents in the archive at `path`, whose name is `name`, each with the SHA-256 of its bytes.

    A member that cannot be worked on comes with the kind of its failure. Raises UnusableFile where the archive itself
    is broken, or unpacks to more than MAX_TOTAL bytes or MAX_MEMBERS files.
    """
    members: dict[str, SourceFile] = {}
    total = 0
    for member, packed_size, file in _open_members(path):
        if len(members) >= MAX_MEMBERS:
            message = f"The archive holds more than {MAX_MEMBERS:,} files."
            raise UnusableFile("archive_limit", message, "Unpack it yourself.")
        inner = member_name(name, member)
        if inner in members:
            continue  # a later file of the same name could never be told apart from the first
        try:
            if file is None:
                raise UnusableFile("protected", "It is protected by a password.")
            if is_archive(member):
                raise UnusableFile("archive_in_archive", "Archives in archives are not opened.")
            sha = hashlib.sha256()
            for chunk in _unpack(file, packed_size):
                sha.update(chunk)
                total += len(chunk)
                if total > MAX_TOTAL:
                    message = f"The archive unpacks to more than {MAX_TOTAL // 2**20} MB."
                    raise UnusableFile("archive_limit", message, "Unpack it yourself.")
            members[inner] = SourceFile(inner, stamp, sha.hexdigest())
        except UnusableFile as error:
            if error.kind == "archive_limit":
                raise
            members[inner] = SourceFile(inner, stamp, kind=error.kind, message=error.message)
    return tuple(members.values())


def count_junk(paths: Sequence[str]) -> int:
    """Return how many files in the given folders and zip archives are left out because they are no documents."""
    count = 0
    for path in paths:
        files = [os.path.join(folder, name) for folder, _, names in os.walk(path) for name in names] or [path]
        for file in files:
            if is_junk(os.path.relpath(file, path)):
                count += 1
            elif is_archive(file) and os.path.isfile(file) and zipfile.is_zipfile(file):
                with zipfile.ZipFile(file) as archive:
                    count += sum(is_junk(entry.filename) and not entry.is_dir() for entry in archive.infolist())
    return count


def read_source(name: str) -> bytes:
    """Return the bytes of the document of that name, on the disk or in an archive.

    Of a file that is too large, one byte more than MAX_BYTES is read. Raises UnusableFile or OSError where it cannot be
    read. A file that has become a FIFO is not waited for; it reads as empty.
    """
    path, member = split_name(name)
    if member is not None:
        return read_member(path, member)
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        return file.read(MAX_BYTES + 1)


def read_document_bytes(name: str) -> tuple[bytes, str]:
    """Return the bytes of the document of that name, and its SHA-256: of a file, in an archive, or part of a file.

    Raises UnusableFile, InputError or OSError where it cannot be read.
    """
    whole, part = split_part(name)
    data = read_source(whole)
    return read_part(data, whole, part) if part else (data, hashlib.sha256(data).hexdigest())


def read_member(path: str, member: str) -> bytes:
    """Return the bytes of a file in the archive at `path`; raise UnusableFile if it is missing or too large."""
    for name, packed_size, file in _open_members(path):
        if name == member and file is not None:
            return b"".join(_unpack(file, packed_size))
    raise UnusableFile("missing", "It is no longer in the archive.")


def _open_members(path: str) -> Iterator[tuple[str, int | None, IO[bytes] | None]]:
    """Yield the regular files of an archive: name, packed size if known, and the open file, None if it is encrypted."""
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                entries = archive.infolist()
                for entry, name in zip(entries, _entry_names(entries), strict=True):
                    if entry.is_dir() or is_junk(name):
                        continue
                    if entry.flag_bits & 1:
                        yield name, entry.compress_size, None
                        continue
                    with archive.open(entry) as file:
                        yield name, entry.compress_size, file
        else:
            with tarfile.open(path, "r|*") as archive:
                for entry in archive:
                    if entry.isreg() and not is_junk(entry.name):
                        file = archive.extractfile(entry)
                        assert file is not None
                        with closing(file):
                            yield entry.name, None, file
    except _ARCHIVE_ERRORS as error:
        raise UnusableFile("broken_archive", f"The archive is broken ({type(error).__name__}).") from error


def _entry_names(entries: Sequence[zipfile.ZipInfo]) -> list[str]:
    """Return the names of the files in a zip, those that are not marked as UTF-8 by the encoding they are all valid in.

    Windows writes them in its own encoding, in China GBK, while the format says IBM 437.
    """
    unmarked = [entry for entry in entries if not entry.flag_bits & _UTF_8 and not entry.filename.isascii()]
    if not unmarked:
        return [entry.filename for entry in entries]
    raw = {id(entry): entry.filename.encode("cp437", "surrogateescape") for entry in unmarked}
    try:
        _, encoding = decode(b"\n".join(raw.values()) + b"\n")
    except (ValueError, LookupError):
        return [entry.filename for entry in entries]
    return [raw[id(e)].decode(encoding, "replace") if id(e) in raw else e.filename for e in entries]


def _unpack(file: IO[bytes], packed_size: int | None) -> Iterator[bytes]:
    """Yield the file's bytes in chunks; raise UnusableFile where there are too many of them."""
    size = 0
    while chunk := _read_chunk(file):
        size += len(chunk)
        if size > MAX_BYTES:
            raise too_large(size)
        if packed_size is not None and size > max(_SMALL, MAX_RATIO * packed_size):
            raise UnusableFile("too_large", f"It unpacks to more than {MAX_RATIO} times its size in the archive.")
        yield chunk


def _read_chunk(file: IO[bytes]) -> bytes:
    try:
        return file.read(_CHUNK)
    except _ARCHIVE_ERRORS as error:
        raise UnusableFile("broken_archive", f"It is broken in its archive ({type(error).__name__}).") from error
