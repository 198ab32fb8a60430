"""Watch a folder: report the files in it as soon as they have stopped growing."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterator

import watchfiles

from extractor.jobs.sources import find_files
from extractor.store import SourceFile

_TICK_SECONDS = 1.0


def watch_folder(
    folder: str, settle: float, stop: threading.Event, exclude: Collection[tuple[int, int]] = ()
) -> Iterator[list[SourceFile]]:
    """Yield lists of files that have not changed for `settle` seconds, until `stop` is set; existing files come first.

    A file that changes later comes again. One that can never be worked on comes once, with the kind of its failure.
    Lists may be empty: there is one at least every second, so that the caller can attend to other things. `exclude` is
    as in `find_files`.
    """
    growing: dict[str, tuple[SourceFile, float]] = {}
    reported: dict[str, SourceFile] = {}
    # set up before the folder is listed for the first time, so that no change between the two is missed
    changes = watchfiles.watch(
        folder, stop_event=stop, rust_timeout=int(_TICK_SECONDS * 1000), yield_on_timeout=True, raise_interrupt=False
    )
    changed = True
    while not stop.is_set():
        ready: list[SourceFile] = []
        if changed or growing:
            moment, before, growing = time.monotonic(), growing, {}
            for file in find_files([folder], exclude):
                previous, since = before.get(file.name, (None, moment))
                if reported.get(file.name) == file:
                    continue
                if file == previous and moment - since >= settle:
                    reported[file.name] = file
                    ready.append(file)
                else:
                    growing[file.name] = (file, since if file == previous else moment)
        yield ready
        changed = bool(next(changes, ()))
