"""The password file: a line `name:hash` for each user, the hash made by argon2."""

from __future__ import annotations

import contextlib
import os
import re
import stat
import threading
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from extractor.errors import OutputError, UsageError

LEAST = 8
"""Characters that a new password has at least."""
MOST = 1024
"""Characters of a password that are looked at: hashing takes time."""
_NAME = re.compile(r"[^\s:/\x00-\x1f\x7f]{1,64}")
_AT_ONCE = 2
"""Passwords checked side by side: each takes 64 MB of memory while it is."""


class Passwords:
    """Who may log in. The file is read anew when it changes: a user that is taken out of it is out at once.

    Raises UsageError where the file is missing, may be read by others, has nobody in it, or a line that is none.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._hasher = PasswordHasher()
        self._nobody = self._hasher.hash(os.urandom(16).hex())
        self._turns = threading.BoundedSemaphore(_AT_ONCE)
        self._stamp: tuple[int, ...] | None = None
        self._lines: dict[str, str] = {}
        if not self.lines():
            raise UsageError(
                f"There is nobody in {file}.", f"Run `extractor serve --password-file {file} --add-user NAME`."
            )

    def check(self, name: str, password: str) -> bool:
        """Whether that is the user's password; takes as long for a name that nobody has."""
        known = self.lines().get(name)
        with self._turns:
            try:
                right = self._hasher.verify(known or self._nobody, password[: MOST + 1])
            except (VerificationError, InvalidHashError, ValueError):
                right = False
        return right and known is not None and len(password) <= MOST

    def lines(self) -> dict[str, str]:
        """Hash by name, as the file has them now; nobody where it has become one that will not do."""
        try:
            found = self._file.stat()
            stamp = (found.st_mtime_ns, found.st_size, found.st_mode)
            if self._stamp != stamp:
                self._lines, self._stamp = _read(self._file), stamp
            return self._lines
        except OSError as error:
            if self._stamp is None:
                raise UsageError(f"Cannot read {self._file}: {error.strerror}.", _HOW) from error
        except UsageError:
            if self._stamp is None:
                raise
        return {}


_HOW = "Make one with `extractor serve --password-file FILE --add-user NAME`."


def add_user(file: Path, name: str, password: str) -> None:
    """Put the user into the file, in the place of an older line of that name; the file is for its owner alone.

    Raises UsageError for a name or a password that will not do, OutputError where the file cannot be written.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no name for a user.", "Up to 64 letters and digits, without spaces, : and /.")
    if not LEAST <= len(password) <= MOST:
        raise UsageError(f"A password has at least {LEAST} characters.", "Several words are a good one.")
    try:
        lines = _read(file) if file.exists() else {}
        lines[name] = PasswordHasher().hash(password)
        file.parent.mkdir(parents=True, exist_ok=True)
        partial = file.with_name(f".{file.name}.{os.getpid()}")
        with contextlib.suppress(FileNotFoundError):
            partial.unlink()
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
            out.writelines(f"{user}:{line}\n" for user, line in lines.items())
            out.flush()
            os.fsync(out.fileno())
        os.replace(partial, file)
    except OSError as error:
        raise OutputError(f"Cannot write {file}: {error.strerror}.", "Name another place for the passwords.") from error


def _read(file: Path) -> dict[str, str]:
    if os.name == "posix" and stat.S_IMODE(file.stat().st_mode) & 0o077:
        raise UsageError(f"Others than its owner may read or write {file}.", f"Run `chmod 600 {file}`.")
    found = {}
    for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, _, hashed = line.strip().partition(":")
        if not _NAME.fullmatch(name) or not hashed.startswith("$argon2"):
            raise UsageError(f"Line {number} of {file} is not a name, a colon and an argon2 hash.", _HOW)
        found[name] = hashed
    return found
