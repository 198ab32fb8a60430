"""How often somebody may try a password: a sliding window over the attempts that failed.

The library `limits` does not fit: an attempt has to be counted before the password is checked, or attempts side by side
would all get through, and has to be taken back when it turns out right. `limits` cannot take back a single hit of a
moving window (`clear` forgets all of a key, so that anybody with an account could reset the count of their address),
and its fixed window lets twice the number through around its edge.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

MAX_KEYS = 10_000
"""Keys that are remembered before those are dropped whose attempts are all out of the window."""


class AttemptLimiter:
    """At most `limit` failed attempts within `seconds` for each key. May be used from many threads."""

    def __init__(self, limit: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.limit, self.seconds, self._clock = limit, seconds, clock
        self._lock = threading.Lock()
        self._failures: dict[str, deque[float]] = {}

    def wait_seconds(self, key: str) -> float:
        """Return the seconds until one more attempt is allowed: 0 for now."""
        with self._lock:
            failures = self._failures.get(key, ())
            if len(failures) < self.limit:
                return 0.0
            return max(0.0, failures[-self.limit] + self.seconds - self._clock())

    def add(self, key: str) -> None:
        """Count an attempt as failed."""
        now = self._clock()
        with self._lock:
            if len(self._failures) > MAX_KEYS:
                self._failures = {k: times for k, times in self._failures.items() if now - times[-1] < self.seconds}
            self._failures.setdefault(key, deque(maxlen=self.limit)).append(now)

    def take_back(self, key: str) -> None:
        """Take back the newest attempt: it has not failed after all."""
        with self._lock:
            failures = self._failures.get(key)
            if failures:
                failures.pop()
            if not failures:
                self._failures.pop(key, None)
