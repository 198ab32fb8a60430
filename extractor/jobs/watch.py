"""Watching a folder: files that come into it, as soon as they have stopped growing."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterator

import watchfiles

from extractor.jobs.sources import find_files
from extractor.store import SourceFile

_TICK = 1.0


def watch_folder(
    folder: str, settle: float, stop: threading.Event, leave_out: Collection[tuple[int, int]] = ()
) -> Iterator[list[SourceFile]]:
    """Lists of files, those there first, that have not changed for `settle` seconds; until `stop` is set.

    A file that changes later comes again, one that can never be worked on comes once, with the kind of its failure.
    Lists may be empty: one comes at least every second, so that the caller can look to other things.
    """
    growing: dict[str, tuple[SourceFile, float]] = {}
    told: dict[str, SourceFile] = {}
    # set up before the first look, so that nothing falls between the two
    changes = watchfiles.watch(
        folder, stop_event=stop, rust_timeout=int(_TICK * 1000), yield_on_timeout=True, raise_interrupt=False
    )
    changed = True
    while not stop.is_set():
        ready: list[SourceFile] = []
        if changed or growing:
            moment, before, growing = time.monotonic(), growing, {}
            for found in find_files([folder], leave_out):
                seen, since = before.get(found.name, (None, moment))
                if told.get(found.name) == found:
                    continue
                if found == seen and moment - since >= settle:
                    told[found.name] = found
                    ready.append(found)
                else:
                    growing[found.name] = (found, since if found == seen else moment)
        yield ready
        changed = bool(next(changes, ()))
