"""Output files that are either written completely or left as they were."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from extractor.errors import OutputError

PRIVATE = 0o600
"""The mode of files that hold records: for their owner alone, as the store is."""
WRITE_HINT = "Name a file in a folder that you may write to, on a disk with free space."


def check_writable(path: str | os.PathLike[str]) -> None:
    """Raise `OutputError` where it is already clear that `path` cannot be written; write nothing."""
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise OutputError(f"{path} is a folder.", "Name a file in it.")
    if not target.parent.is_dir():
        raise OutputError(f"There is no folder {target.parent} to write {target.name} in.", "Make the folder first.")
    if not os.access(target if _is_device(target) else target.parent, os.W_OK):
        raise OutputError(f"Cannot write {path}: permission denied", WRITE_HINT)


def write_text_atomically(path: str | os.PathLike[str], text: str) -> None:
    """Write `text` to `path` as UTF-8, with the guarantees of `open_atomically`."""
    with open_atomically(path) as file:
        file.write(text.encode("utf-8", "backslashreplace"))


@contextlib.contextmanager
def open_atomically(path: str | os.PathLike[str], mode: int = 0o666) -> Iterator[BinaryIO]:
    """Open a binary file that replaces `path` when the block ends without an exception.

    A program that reads `path` meanwhile sees the old content or the new, never a part: the new content is written
    to a temporary file in the same folder, which is then renamed. A symbolic link is followed, and the permissions of
    an existing file are kept; a new one gets those of `mode` that the umask leaves. A device or a pipe is written to
    directly. Raises `OutputError` where writing fails.
    """
    target = Path(os.path.realpath(path))
    partial = target if _is_device(target) else target.with_name(f".{os.getpid()}-{secrets.token_hex(4)}.part")
    try:
        if partial is not target:
            descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        else:
            descriptor = os.open(partial, os.O_WRONLY)
        with open(descriptor, "wb") as file:
            yield file
            file.flush()
            if partial is not target:
                os.fsync(file.fileno())
        if partial is not target:
            with contextlib.suppress(FileNotFoundError):
                os.chmod(partial, stat.S_IMODE(os.stat(target).st_mode))
            os.replace(partial, target)
    except BaseException as error:  # KeyboardInterrupt included: no temporary file is left behind
        if partial is not target:
            with contextlib.suppress(OSError):
                os.unlink(partial)
        if isinstance(error, OSError):
            raise OutputError(f"Cannot write {path}: {error.strerror or error}", WRITE_HINT) from error
        raise


def _is_device(target: Path) -> bool:
    """Decide whether `target` is a device or a pipe, such as /dev/null, which a file must not replace."""
    return target.exists() and not target.is_file()
