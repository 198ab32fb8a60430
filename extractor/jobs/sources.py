"""Where documents are: names that can be kept and printed, and every file in what somebody named.

A name is the absolute path as text. What does not print or would be ambiguous is written as `\\xNN`, a byte each; a
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
from extractor.readers import MAX_BYTES
from extractor.store import SourceFile

MEMBER_SEPARATOR = "!/"
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
_ESCAPE = re.compile(r"\\x([0-9a-f]{2})")


class UnusableFile(InputError):
    """A file that cannot be worked on; `kind` is the word it is counted under."""

    def __init__(self, kind: str, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.kind = kind


def name_of(path: str) -> str:
    """The name of the file at `path`; `path_of` gives the path back."""
    text = os.fsencode(os.path.abspath(path)).decode("utf-8", "surrogateescape")
    return "".join(map(_printed, text)).replace(MEMBER_SEPARATOR, "\\x21/")


def _printed(character: str) -> str:
    if character.isprintable() and character != "\\":
        return character
    return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", "surrogateescape"))


def path_of(name: str) -> str:
    """The path that a name without a member stands for."""
    return os.fsdecode(_unprinted(name))


def _unprinted(name: str) -> bytes:
    parts = _ESCAPE.split(name)  # text, hexadecimal, text, ...
    return b"".join(bytes.fromhex(p) if n % 2 else p.encode("utf-8", "surrogateescape") for n, p in enumerate(parts))


def member_name(archive: str, member: str) -> str:
    """The name of a file in the archive of that name; `split` takes it apart again."""
    return archive + MEMBER_SEPARATOR + "".join(map(_printed, member))


def split_name(name: str) -> tuple[str, str | None]:
    """The path of the file, and the name inside it if it is an archive's member."""
    outer, mark, inner = name.partition(MEMBER_SEPARATOR)
    return path_of(outer), _unprinted(inner).decode("utf-8", "surrogateescape") if mark else None


def is_archive(name: str) -> bool:
    """Whether the file is one to be unpacked, by the end of its name; an Office document is not."""
    return name.lower().endswith(ARCHIVES)


def find_files(given: Sequence[str], leave_out: Collection[tuple[int, int]] = ()) -> Iterator[SourceFile]:
    """Every file in the files, folders and patterns given, in order of their names, each as the walk comes to it.

    Folders are walked to the bottom; hidden files in them, and those whose (device, inode) is in `leave_out`, are left
    out. What is no regular file, cannot be listed, or is a link to a folder or out of the folder comes with the kind of
    its failure; nothing is opened here, so nothing waits.
    """
    for argument in given:
        if glob.has_magic(argument) and not os.path.lexists(argument):
            paths = sorted(glob.glob(argument, recursive=True))
            if not paths:
                yield SourceFile(name_of(argument), kind="missing", message=f"No file is called {argument}.")
        else:
            paths = [argument]
        for path in paths:
            if os.path.isdir(path):
                yield from _walk(path, leave_out)
            else:
                yield from _file(path, leave_out)


def _walk(top: str, leave_out: Collection[tuple[int, int]]) -> Iterator[SourceFile]:
    root = os.path.realpath(top)
    folders = [os.path.abspath(top)]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(folder) as listed:
                entries = sorted((e for e in listed if not e.name.startswith(".")), key=lambda e: e.name)
        except OSError as error:
            yield SourceFile(
                name_of(folder), kind="unreadable", message=f"The folder cannot be listed: {error.strerror}."
            )
            continue
        for entry in entries:
            if entry.is_symlink():
                yield from _link(entry.path, root, leave_out)
            elif not entry.is_dir(follow_symlinks=False):
                yield from _file(entry.path, leave_out)
        folders += [e.path for e in reversed(entries) if e.is_dir(follow_symlinks=False)]


def _link(path: str, root: str, leave_out: Collection[tuple[int, int]]) -> Iterator[SourceFile]:
    target = os.path.realpath(path)
    if os.path.isdir(target):
        yield SourceFile(name_of(path), kind="link", message="It is a link to a folder; name that folder itself.")
    elif not PurePath(target).is_relative_to(root):
        yield SourceFile(name_of(path), kind="link", message="It is a link out of the folder; name its target itself.")
    else:
        yield from _file(path, leave_out)


def _file(path: str, leave_out: Collection[tuple[int, int]]) -> Iterator[SourceFile]:
    name = name_of(path)
    try:
        found = os.stat(path)
    except FileNotFoundError:
        yield SourceFile(name, kind="missing", message="There is no such file, or the link leads nowhere.")
    except OSError as error:
        yield SourceFile(name, kind="unreadable", message=f"It cannot be looked at: {error.strerror}.")
    else:
        if not stat.S_ISREG(found.st_mode):
            yield SourceFile(name, stamp_of(found), kind="not_a_file", message="It is a pipe, a socket or a device.")
        elif (found.st_dev, found.st_ino) not in leave_out:
            yield SourceFile(name, stamp_of(found))


def stamp_of(found: os.stat_result) -> str:
    """What changes when a file does: its size and the time it was last written."""
    return f"{found.st_size}-{found.st_mtime_ns}"


def fingerprint(path: str) -> tuple[str, str]:
    """SHA-256 and stamp of a file; UnusableFile for one that is gone, cannot be opened, is no file or is too large."""
    try:
        # without O_NONBLOCK, opening what has meanwhile become a FIFO would wait for a writer
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb", buffering=0) as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise UnusableFile("not_a_file", "It is no regular file.")
            if found.st_size > MAX_BYTES:
                raise too_large(found.st_size)
            return hashlib.file_digest(file, "sha256").hexdigest(), stamp_of(found)
    except FileNotFoundError:
        raise UnusableFile("missing", "The file is gone.") from None
    except OSError as error:
        raise UnusableFile("unreadable", f"The file cannot be read: {error.strerror}.") from error


def too_large(size: int) -> UnusableFile:
    return UnusableFile("too_large", f"It is {size / 2**20:,.0f} MB; the limit is {MAX_BYTES // 2**20} MB.")
