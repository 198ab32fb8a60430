"""The password file: a line `name:hash` for each user, hashed by argon2id."""

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

MIN_LENGTH = 8
"""Characters of a new password."""
MAX_LENGTH = 1024
"""Characters of a password that is checked at all: hashing takes time."""
CONCURRENT_CHECKS = 2
"""Passwords checked at the same time: each check takes 64 MB of memory."""
_NAME = re.compile(r"[^\s:/\x00-\x1f\x7f]{1,64}")
_HINT = "Make one with `extractor serve --password-file FILE --add-user NAME`."


class PasswordFile:
    """Who may log in. The file is read again when it changes: a user who is deleted from it is out at once.

    Raises UsageError where the file is missing, can be read by others, has no user in it, or has a malformed line.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._hasher = PasswordHasher()
        self._hash_of_nobody = self._hasher.hash(os.urandom(16).hex())
        self._checks = threading.BoundedSemaphore(CONCURRENT_CHECKS)
        self._stamp: tuple[int, ...] | None = None
        self._hashes: dict[str, str] = {}
        if not self.hashes():
            hint = f"Run `extractor serve --password-file {file} --add-user NAME`."
            raise UsageError(f"There are no users in {file}.", hint)

    def check(self, name: str, password: str) -> bool:
        """Decide whether the password is the user's; for an unknown name a hash is checked too, which takes as long."""
        known = self.hashes().get(name)
        with self._checks:
            try:
                right = self._hasher.verify(known or self._hash_of_nobody, password[: MAX_LENGTH + 1])
            except (VerificationError, InvalidHashError, ValueError):
                right = False
        return right and known is not None and len(password) <= MAX_LENGTH

    def hashes(self) -> dict[str, str]:
        """Return each user's hash as the file now has it; nobody's where the file has become unusable."""
        try:
            found = self._file.stat()
            stamp = (found.st_mtime_ns, found.st_size, found.st_mode)
            if self._stamp != stamp:
                self._hashes, self._stamp = _read(self._file), stamp
            return self._hashes
        except OSError as error:
            if self._stamp is None:
                raise UsageError(f"Cannot read {self._file}: {error.strerror}.", _HINT) from error
        except UsageError:
            if self._stamp is None:
                raise
        return {}


def add_user(file: Path, name: str, password: str) -> None:
    """Add the user to the file, or change their password; only the file's owner may read it.

    Raises UsageError for an invalid name or password, OutputError where the file cannot be written.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} is not a valid user name.", "Use up to 64 characters, without spaces, `:` and `/`.")
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise UsageError(f"A password has at least {MIN_LENGTH} characters.", "Several words make a good one.")
    try:
        hashes = _read(file) if file.exists() else {}
        hashes[name] = PasswordHasher().hash(password)
        file.parent.mkdir(parents=True, exist_ok=True)
        partial = file.with_name(f".{file.name}.{os.getpid()}")
        with contextlib.suppress(FileNotFoundError):
            partial.unlink()
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
            out.writelines(f"{user}:{hashed}\n" for user, hashed in hashes.items())
            out.flush()
            os.fsync(out.fileno())
        os.replace(partial, file)
    except OSError as error:
        raise OutputError(f"Cannot write {file}: {error.strerror}.", "Name another file for the passwords.") from error


def _read(file: Path) -> dict[str, str]:
    """Return the hashes in the file by user; raises UsageError for one that others can read, or a malformed line."""
    if os.name == "posix" and stat.S_IMODE(file.stat().st_mode) & 0o077:
        raise UsageError(f"{file} can be read or written by other users.", f"Run `chmod 600 {file}`.")
    hashes = {}
    for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, _, hashed = line.strip().partition(":")
        if not _NAME.fullmatch(name) or not hashed.startswith("$argon2"):
            raise UsageError(f"Line {number} of {file} is not a name, a colon and an argon2 hash.", _HINT)
        hashes[name] = hashed
    return hashes
