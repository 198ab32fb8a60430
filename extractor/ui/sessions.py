"""Sessions: who holds which cookie, until when; kept in a file so that a restart of the server ends none."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path

IDLE = 12 * 3600.0
"""A session that was not used for so many seconds is over."""
LONGEST = 7 * 86400.0
"""So is any after so many, whoever uses it."""
MOST = 2000
"""Sessions at the same time; the one that was used longest ago makes room."""
_SAVE = 600.0
"""The last use of a session is written down no more often than that: seconds."""


class Sessions:
    """Cookies and whose they are. Only their SHA-256 is kept, so that who reads the file cannot use them.

    `mark` gives what a user's session hangs on (the line of the password file); when that changes, or is None, the
    session is over.
    """

    def __init__(self, file: Path, mark: Callable[[str], str | None]) -> None:
        self._file, self._mark = file, mark
        self._lock = threading.Lock()
        self._kept: dict[str, dict] = {}
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
            for key, found in json.loads(file.read_text("utf-8")).items():
                self._kept[str(key)] = {
                    "user": str(found["user"]),
                    "mark": str(found["mark"]),
                    "began": float(found["began"]),
                    "used": float(found["used"]),
                }

    def open(self, user: str) -> str:
        """A new cookie for the user."""
        cookie, now = secrets.token_urlsafe(32), time.time()
        with self._lock:
            self._kept = {key: found for key, found in self._kept.items() if _alive(found, now)}
            while len(self._kept) >= MOST:
                del self._kept[min(self._kept, key=lambda key: self._kept[key]["used"])]
            self._kept[_key(cookie)] = {"user": user, "mark": _digest(self._mark(user)), "began": now, "used": now}
            self._save()
        return cookie

    def user(self, cookie: str) -> str | None:
        """Whose cookie that is; None for one that is unknown or over."""
        if not cookie or len(cookie) > 100:
            return None
        now = time.time()
        with self._lock:
            found = self._kept.get(_key(cookie))
            if found is None:
                return None
            mark = self._mark(found["user"])
            if mark is None or _digest(mark) != found["mark"] or not _alive(found, now):
                del self._kept[_key(cookie)]
                self._save()
                return None
            late = now - found["used"] > _SAVE
            found["used"] = now
            if late:
                self._save()
            return found["user"]

    def close(self, cookie: str) -> None:
        """The cookie is nobody's any more."""
        with self._lock:
            if self._kept.pop(_key(cookie), None):
                self._save()

    def _save(self) -> None:
        """Write them down; where that cannot be done, a restart ends them and that is all."""
        partial = self._file.with_name(f".{self._file.name}.{os.getpid()}")
        with contextlib.suppress(OSError):
            with contextlib.suppress(FileNotFoundError):
                partial.unlink()
            with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
                json.dump(self._kept, out)
            os.replace(partial, self._file)


def _alive(found: Mapping, now: float) -> bool:
    return now - found["used"] < IDLE and now - found["began"] < LONGEST


def _key(cookie: str) -> str:
    return hashlib.sha256(cookie.encode("utf-8", "surrogateescape")).hexdigest()


def _digest(mark: str | None) -> str:
    return hashlib.sha256((mark or "").encode()).hexdigest()


_MOST_NAMES = 10_000


class Attempts:
    """How often somebody may try: `most` times within `seconds`, counted by whatever names them."""

    def __init__(self, most: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.most, self.seconds, self._clock = most, seconds, clock
        self._lock = threading.Lock()
        self._failed: dict[str, deque[float]] = {}

    def wait(self, *names: str) -> float:
        """Seconds until one more try is allowed: 0 now."""
        now = self._clock()
        with self._lock:
            left = [self._failed[n][-self.most] + self.seconds - now for n in names if self._full(n, now)]
        return max(left, default=0.0)

    def failed(self, *names: str) -> None:
        """Note a try that failed."""
        now = self._clock()
        with self._lock:
            if len(self._failed) > _MOST_NAMES:
                self._failed = {n: t for n, t in self._failed.items() if now - t[-1] < self.seconds}
            for name in names:
                self._failed.setdefault(name, deque(maxlen=self.most)).append(now)

    def forget(self, *names: str) -> None:
        """The last try did not fail after all."""
        with self._lock:
            for name in names:
                if self._failed.get(name):
                    self._failed[name].pop()
                if not self._failed.get(name):
                    self._failed.pop(name, None)

    def _full(self, name: str, now: float) -> bool:
        tries = self._failed.get(name)
        return tries is not None and len(tries) >= self.most and now - tries[-self.most] < self.seconds
