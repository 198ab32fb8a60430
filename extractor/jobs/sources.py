"""Where documents are: names that can be stored and printed, and the files behind what somebody named.

A name is the absolute path as text. Bytes that do not print, and what would be ambiguous, are written as `\\xNN`; a
file in an archive is `archive.zip!/name`.
"""

from __future__ import annotations

import glob
import hashlib
import os
import re
import stat
from collections.abc import Collection, Iterator, Sequence
from pathlib import PurePath

from extractor.errors import InputError
from extractor.files.file_names import MEMBER_SEPARATOR
from extractor.readers import MAX_BYTES
from extractor.store import SourceFile

ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
_ESCAPE = re.compile(r"\\x([0-9a-f]{2})")


class UnusableFile(InputError):
    """A file that cannot be worked on; such files are counted by `kind`."""

    def __init__(self, kind: str, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.kind = kind


# Names.


def name_of(path: str) -> str:
    """Return the name of the file at `path`; `path_of` reverses it."""
    text = os.fsencode(os.path.abspath(path)).decode("utf-8", "surrogateescape")
    return "".join(map(_escape, text)).replace(MEMBER_SEPARATOR, "\\x21/")


def path_of(name: str) -> str:
    """Return the path of a name that is not one of an archive's member."""
    return os.fsdecode(_unescape(name))


def member_name(archive: str, member: str) -> str:
    """Return the name of the file `member` in the archive of that name; `split_name` takes it apart again."""
    return archive + MEMBER_SEPARATOR + "".join(map(_escape, member))


def split_name(name: str) -> tuple[str, str | None]:
    """Return the path of the file, and the name inside it if the file is an archive."""
    outer, separator, inner = name.partition(MEMBER_SEPARATOR)
    return path_of(outer), _unescape(inner).decode("utf-8", "surrogateescape") if separator else None


def is_archive(name: str) -> bool:
    """Decide by the file's extension whether to unpack it; Office documents are not unpacked."""
    return name.lower().endswith(ARCHIVES)


_JUNK = frozenset({"thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx"})


def is_junk(name: str) -> bool:
    """Decide whether a file is no document but kept by a system: hidden ones, `Thumbs.db`, Office's lock files `~$`."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in (".", "..")]
    return any(part.startswith((".", "~$")) or part.lower() in _JUNK for part in parts)


def _escape(character: str) -> str:
    if character.isprintable() and character != "\\":
        return character
    return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", "surrogateescape"))


def _unescape(name: str) -> bytes:
    parts = _ESCAPE.split(name)  # text, hexadecimal, text, ...
    return b"".join(bytes.fromhex(p) if n % 2 else p.encode("utf-8", "surrogateescape") for n, p in enumerate(parts))


# Files.


def find_files(paths: Sequence[str], exclude: Collection[tuple[int, int]] = ()) -> Iterator[SourceFile]:
    """Yield every file of the given files, folders and patterns, sorted by name in each folder, as the walk finds it.

    Folders are walked recursively. What is no document in them (`is_junk`), and files whose (device, inode) is in
    `exclude`, are left out.
    What is no regular file, cannot be listed, or is a link to a folder or out of the folder comes with the kind of its
    failure. Nothing is opened, so a pipe is never waited for.
    """
    for given in paths:
        if glob.has_magic(given) and not os.path.lexists(given):
            matches = sorted(glob.glob(given, recursive=True))
            if not matches:
                yield SourceFile(name_of(given), kind="missing", message=f"No file matches {given}.")
        else:
            matches = [given]
        for path in matches:
            if os.path.isdir(path):
                yield from _walk(path, exclude)
            else:
                yield from _check_file(path, exclude)


def _walk(top: str, exclude: Collection[tuple[int, int]]) -> Iterator[SourceFile]:
    root = os.path.realpath(top)
    folders = [os.path.abspath(top)]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(folder) as listed:
                entries = sorted((e for e in listed if not is_junk(e.name)), key=lambda e: e.name)
        except OSError as error:
            message = f"The folder cannot be listed: {error.strerror}."
            yield SourceFile(name_of(folder), kind="unreadable", message=message)
            continue
        for entry in entries:
            if entry.is_symlink():
                yield from _check_link(entry.path, root, exclude)
            elif not entry.is_dir(follow_symlinks=False):
                yield from _check_file(entry.path, exclude)
        folders += [e.path for e in reversed(entries) if e.is_dir(follow_symlinks=False)]


def _check_link(path: str, root: str, exclude: Collection[tuple[int, int]]) -> Iterator[SourceFile]:
    """Yield the file that a link leads to, or why it is not followed."""
    target = os.path.realpath(path)
    if os.path.isdir(target):
        yield SourceFile(name_of(path), kind="link", message="It is a link to a folder; name that folder itself.")
    elif not PurePath(target).is_relative_to(root):
        yield SourceFile(name_of(path), kind="link", message="It is a link out of the folder; name its target itself.")
    else:
        yield from _check_file(path, exclude)


def _check_file(path: str, exclude: Collection[tuple[int, int]]) -> Iterator[SourceFile]:
    """Yield the file with its stamp or the kind of its failure; nothing for an excluded one."""
    name = name_of(path)
    try:
        status = os.stat(path)
    except FileNotFoundError:
        yield SourceFile(name, kind="missing", message="There is no such file, or the link is broken.")
    except OSError as error:
        yield SourceFile(name, kind="unreadable", message=f"Its status cannot be read: {error.strerror}.")
    else:
        if not stat.S_ISREG(status.st_mode):
            yield SourceFile(name, stamp_of(status), kind="not_a_file", message="It is a pipe, a socket or a device.")
        elif (status.st_dev, status.st_ino) not in exclude:
            yield SourceFile(name, stamp_of(status))


def stamp_of(status: os.stat_result) -> str:
    """Return what changes when a file does: its size in bytes and its modification time in nanoseconds."""
    return f"{status.st_size}-{status.st_mtime_ns}"


def fingerprint(path: str) -> tuple[str, str]:
    """Return SHA-256 and stamp of a file; raise UnusableFile if it is gone, unreadable, not regular or too large."""
    try:
        # without O_NONBLOCK, opening what has become a FIFO in the meantime would wait for a writer
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb", buffering=0) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise UnusableFile("not_a_file", "It is no regular file.")
            if status.st_size > MAX_BYTES:
                raise too_large(status.st_size)
            return hashlib.file_digest(file, "sha256").hexdigest(), stamp_of(status)
    except FileNotFoundError:
        raise UnusableFile("missing", "The file is gone.") from None
    except OSError as error:
        raise UnusableFile("unreadable", f"The file cannot be read: {error.strerror}.") from error


def too_large(size: int) -> UnusableFile:
    """Return the error for a file of `size` bytes."""
    return UnusableFile("too_large", f"It is {size / 2**20:,.0f} MB; the limit is {MAX_BYTES // 2**20} MB.")
