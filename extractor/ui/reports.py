"""Reports of kept evaluation runs as HTML pages, made in a separate process because they draw pages of documents."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from pathlib import Path

from extractor.errors import InputError, OutputError
from extractor.evaluation.runs import DOCUMENTS_FILE, HEADER_FILE, list_runs
from extractor.jobs.worker_tasks import init_reader
from extractor.jobs.workers import Call, ProcessPool, WorkerDied, wait_for_results

POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; sandbox; frame-ancestors 'none'"
)
"""A report may show pictures and styles that are part of it, and nothing else: it holds text of documents."""
MAX_SECONDS = 300.0
MEMORY_MB = 4096
POLL_SECONDS = 0.2
MAX_CACHED = 4


class Reports:
    """The reports of the runs in a folder. May be used from many threads."""

    def __init__(self, runs: Path) -> None:
        self.runs = runs
        self._lock = threading.Lock()
        self._pages: OrderedDict[tuple[str, tuple[int, ...]], str] = OrderedDict()

    def page(self, name: str) -> str:
        """Return the report of a run as one HTML file.

        Raises InputError where there is no such run, OutputError where the report cannot be made.
        """
        folder = self.folder(name)
        stamp = tuple(
            (folder / part).stat().st_mtime_ns for part in (DOCUMENTS_FILE, HEADER_FILE) if (folder / part).exists()
        )
        with self._lock:  # one at a time: each takes a process
            if (name, stamp) not in self._pages:
                self._pages[name, stamp] = _make_page(folder)
            self._pages.move_to_end((name, stamp))
            while len(self._pages) > MAX_CACHED:
                self._pages.popitem(last=False)
            return self._pages[name, stamp]

    def folder(self, name: str) -> Path:
        """Return the folder of a run; raises InputError for any name that is not one of the runs' (such as `..`)."""
        if name not in (kept for kept, _ in list_runs(self.runs)):
            raise InputError(f"There is no run {name}.", "The Results page lists the runs.")
        return self.runs / name


def _make_page(folder: Path) -> str:
    workers = ProcessPool(1, init_reader, (MEMORY_MB, os.getpid()))
    try:
        workers.submit(Call(None, render_report, (str(folder),), MAX_SECONDS))
        while True:
            wait_for_results([workers], POLL_SECONDS)
            for _, result, _ in workers.results():
                if isinstance(result, WorkerDied):
                    hint = f"Try `extractor eval --output` of {folder}."
                    raise OutputError("The report cannot be made: its process ran out of time or memory.", hint)
                return result
    finally:
        workers.stop()


def render_report(folder: str) -> str:
    """Return the report of a kept run as HTML; runs in the separate process."""
    from extractor.evaluation.html_report import render_html
    from extractor.evaluation.report import build_report
    from extractor.evaluation.runs import load_run
    from extractor.schemas import load_schema

    run = load_run(Path(folder))
    schema = load_schema(run.header["schema"]["document"])
    return render_html(build_report(run, list(run.results.values()), schema))
