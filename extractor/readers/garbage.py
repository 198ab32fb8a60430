"""Seldom looks for garbage while documents are read: they are made of millions of small objects, and nearly all stay.

Python counts references, and looks besides for objects that only refer to each other. Whenever the objects that stay
have grown by a quarter it looks at all of them, a sixth of the time that a PDF of hundreds of pages takes.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from extractor.settings import Settings, threshold

_lock = threading.Lock()
_usual: list[tuple[int, int, int]] = []
"""The thresholds of this process, one entry for each reading that is under way."""


@dataclass(frozen=True)
class CollectionSettings(Settings):
    """How seldom garbage is looked for; the numbers are those of `gc.set_threshold`."""

    youngest: int = threshold(5000, unit="objects", meaning="among new objects after so many of them", others=())
    middle: int = threshold(10, unit="times", meaning="among those that stayed, after so many of these", others=())
    oldest: int = threshold(100, unit="times", meaning="among all objects, after so many of those", others=())


@contextmanager
def collecting_seldom() -> Iterator[None]:
    """Look for garbage less often until the block ends; several threads may be inside at a time."""
    settings = CollectionSettings.current()
    with _lock:
        _usual.append(_usual[0] if _usual else gc.get_threshold())
        gc.set_threshold(settings.youngest, settings.middle, settings.oldest)
    try:
        yield
    finally:
        with _lock:
            usual = _usual.pop()
            if not _usual:
                gc.set_threshold(*usual)
