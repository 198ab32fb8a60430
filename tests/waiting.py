"""Waiting for other processes and threads. How long they take is not tested: only what never ends fails a test."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

TIMEOUT = 600
"""Seconds after which a test gives up waiting; a busy machine needs many times what a quiet one does."""

Result = TypeVar("Result")


def wait_until(condition: Callable[[], Result]) -> Result:
    """Return what the condition returns as soon as that is true; fail after TIMEOUT."""
    deadline = time.monotonic() + TIMEOUT
    while not (result := condition()):
        assert time.monotonic() < deadline, f"still {result!r} after {TIMEOUT} s"
        time.sleep(0.05)
    return result
