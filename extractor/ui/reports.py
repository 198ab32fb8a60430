"""Reports of kept runs as pages: made in a process of their own, for they draw pages of documents."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from pathlib import Path

from extractor.errors import InputError, OutputError
from extractor.evaluation.runs import HEADER, LINES, kept_headers
from extractor.jobs.worker_tasks import begin_reading
from extractor.jobs.workers import Call, Died, Workers, wait_for

POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; sandbox; frame-ancestors 'none'"
)
SECONDS, MEMORY = 300.0, 4096
KEPT = 4
"""So many pages are kept for the next who asks."""


class Reports:
    """The pages of the runs in a folder."""

    def __init__(self, runs: Path) -> None:
        self.runs = runs
        self._turn = threading.Lock()
        self._pages: OrderedDict[tuple, str] = OrderedDict()

    def page(self, name: str) -> str:
        """The report of the run of that name, as one HTML file. InputError where there is none."""
        folder = self.folder(name)
        stamp = tuple((folder / part).stat().st_mtime_ns for part in (HEADER, LINES) if (folder / part).exists())
        with self._turn:  # one at a time: each takes a process
            if (name, stamp) not in self._pages:
                self._pages[name, stamp] = _made(folder)
            self._pages.move_to_end((name, stamp))
            while len(self._pages) > KEPT:
                self._pages.popitem(last=False)
            return self._pages[name, stamp]

    def folder(self, name: str) -> Path:
        """Where the run of that name is kept; only the names of runs that are there stand for a folder."""
        if name not in (kept for kept, _ in kept_headers(self.runs)):
            raise InputError(f"There is no run {name}.", "The Results page lists those that there are.")
        return self.runs / name


def _made(folder: Path) -> str:
    workers = Workers(1, begin_reading, (MEMORY, os.getpid()))
    try:
        workers.give(Call(None, report_page, (str(folder),), SECONDS))
        while True:
            wait_for([workers], 0.2)
            for _, result, _ in workers.results():
                if isinstance(result, Died):
                    raise OutputError("The report could not be made.", f"Try `extractor eval --output` of {folder}.")
                return result
    finally:
        workers.stop()


def report_page(folder: str) -> str:
    """The page of a kept run."""
    from extractor.evaluation.html_report import page
    from extractor.evaluation.report import report
    from extractor.evaluation.runs import load_run
    from extractor.schemas import load_schema

    run = load_run(Path(folder))
    schema = load_schema(run.header["schema"]["document"])
    return page(report(run, list(run.judged.values()), schema))
