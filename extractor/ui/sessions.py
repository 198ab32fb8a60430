"""Login sessions: which cookie belongs to whom, and until when. They are kept in a file and survive a restart."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

IDLE_SECONDS = 12 * 3600.0
"""A session ends when it has not been used for this long."""
MAX_SECONDS = 7 * 86400.0
"""A session ends after this long, used or not."""
MAX_SESSIONS = 2000
"""At the same time; a new one replaces the one that has not been used for longest."""
MAX_COOKIE = 100
"""Characters of a cookie that is looked up at all."""
SAVE_SECONDS = 600.0
"""The time of a session's last use is written to the file at most this often."""


@dataclass(slots=True)
class Session:
    """A login: `mark` is the SHA-256 of what it depends on; times are in seconds since 1970."""

    user: str
    mark: str
    began: float
    used: float

    def is_alive(self, now: float) -> bool:
        """Decide whether the session has neither been idle nor lasted for too long."""
        return now - self.used < IDLE_SECONDS and now - self.began < MAX_SECONDS


class Sessions:
    """The sessions of a server, by the SHA-256 of their cookies: who reads the file cannot use what is in it.

    `mark` returns what a user's sessions depend on, such as the user's line of the password file; when it changes, or
    becomes None, the sessions are over. May be used from many threads.
    """

    def __init__(self, file: Path, mark: Callable[[str], str | None]) -> None:
        self._file, self._mark = file, mark
        self._lock = threading.Lock()
        self._sessions: dict[str, Session] = {}
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError, AttributeError):  # a damaged file: log in
            for key, stored in json.loads(file.read_text("utf-8")).items():
                session = Session(
                    str(stored["user"]), str(stored["mark"]), float(stored["began"]), float(stored["used"])
                )
                self._sessions[str(key)] = session

    def open(self, user: str) -> str:
        """Begin a session of the user and return its cookie."""
        cookie, now = secrets.token_urlsafe(32), time.time()
        with self._lock:
            self._sessions = {key: session for key, session in self._sessions.items() if session.is_alive(now)}
            while len(self._sessions) >= MAX_SESSIONS:
                del self._sessions[min(self._sessions, key=lambda key: self._sessions[key].used)]
            self._sessions[_hash(cookie)] = Session(user, _hash(self._mark(user) or ""), now, now)
            self._save()
        return cookie

    def user(self, cookie: str) -> str | None:
        """Return whose cookie it is, None for one that is unknown or whose session is over."""
        if not cookie or len(cookie) > MAX_COOKIE:
            return None
        key, now = _hash(cookie), time.time()
        with self._lock:
            session = self._sessions.get(key)
            if session is None:
                return None
            mark = self._mark(session.user)
            if mark is None or _hash(mark) != session.mark or not session.is_alive(now):
                del self._sessions[key]
                self._save()
                return None
            save = now - session.used > SAVE_SECONDS
            session.used = now
            if save:
                self._save()
            return session.user

    def close(self, cookie: str) -> None:
        """End the session of a cookie, if there is one."""
        with self._lock:
            if self._sessions.pop(_hash(cookie), None):
                self._save()

    def _save(self) -> None:
        """Write the file; where that fails, the sessions end with the server and nothing else is lost."""
        partial = self._file.with_name(f".{self._file.name}.{os.getpid()}")
        stored = {key: asdict(session) for key, session in self._sessions.items()}
        with contextlib.suppress(OSError):
            with contextlib.suppress(FileNotFoundError):
                partial.unlink()
            with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
                json.dump(stored, out)
            os.replace(partial, self._file)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
