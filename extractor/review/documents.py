"""Documents for the screen: pages, words and text, read and drawn in separate processes, and cached."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from pathlib import Path as FilePath
from typing import Any

from extractor.lessons import ApprovedValue
from extractor.review import worker_tasks
from extractor.review.document_cache import MAX_BYTES, DocumentCache
from extractor.review.errors import RefusalKind, ReviewError
from extractor.review.worker_pool import WorkerPool
from extractor.review.worker_tasks import ABOUT, TEXT, image_name, words_name
from extractor.store import Store

READ_SECONDS, DRAW_SECONDS = 300.0, 60.0
"""How long a document may take to be read, and a page to be drawn."""
MEMORY_MB = 4096
PROCESSES = 2
DEFAULT_DPI = 150
"""The resolution in which a first page is drawn before it is asked for."""
WAIT_SECONDS = 0.3
"""How long a document is waited for before the answer is that it is being read."""
RETRY_SECONDS = 30.0
"""After which a document that could not be read is tried again."""
CONTEXT_BEFORE, CONTEXT_AFTER = 80, 40
"""Characters around a stretch of text in which a unit or a currency may stand."""


class Documents:
    """The documents of a store, by their SHA-256. Safe for many threads; no document is parsed in them.

    Its methods raise ReviewError: `gone` where a document cannot be shown, `busy` while it is being read. `other_names`
    returns where a document may be that has no record.
    """

    def __init__(
        self,
        store: Store,
        folder: FilePath,
        *,
        max_bytes: int = MAX_BYTES,
        memory_mb: int = MEMORY_MB,
        other_names: Callable[[str], tuple[str, ...]] = lambda document: (),
    ) -> None:
        self._store = store
        self._other_names = other_names
        self._cache = DocumentCache(folder, max_bytes)
        self._memory_mb = memory_mb
        self._pool: WorkerPool | None = None
        self._lock = threading.Lock()
        self._running: dict[tuple[Any, ...], Future[Any]] = {}
        self._failures: dict[str, tuple[str, float]] = {}
        self._prefetched: str | None = None

    def close(self) -> None:
        """End the processes."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.close()

    def start_process(self) -> None:
        """Have a process ready before it is needed."""
        self._submit_once(("start",), worker_tasks.start_process, seconds=DRAW_SECONDS)

    def state(self, document: str, wait: float = WAIT_SECONDS) -> dict[str, Any]:
        """Return `ready` with the pages, `reading` while it is read in the background, or `gone` with the reason."""
        description = self._cache.description(document)
        if description is None:
            if message := self._recent_failure(document):
                return {"state": "gone", "message": message}
            reading = self._submit_reading(document)
            try:
                description = reading.result(wait)
            except FutureTimeoutError:
                return {"state": "reading"}
            except ReviewError as error:
                description = worker_tasks.failure(error.message)
        if "error" in description:
            self._note_failure(document, description["error"])
            return {"state": "gone", "message": description["error"]}
        pages = [{key: page[key] for key in ("n", "width", "height")} for page in description["pages"]]
        return {"state": "ready", "kind": description["kind"], "pages": pages, "unread": description["unread"]}

    def prefetch(self, document: str) -> None:
        """Read a document and draw its first page before they are asked for; one document at a time."""
        with self._lock:
            current = self._prefetched
            reading = any(key[:2] == ("read", current) for key in self._running)
            if current is not None and current != document and reading:
                return
            self._prefetched = document
        if self._cache.description(document) is not None:
            self._prefetch_first_page(document)
        elif not self._recent_failure(document):
            self._submit_reading(document).add_done_callback(lambda done: self._after_prefetch(document, done))

    def _after_prefetch(self, document: str, done: Future[Any]) -> None:
        error = done.exception()
        if error is not None or "error" in done.result():
            self._note_failure(document, str(error) if error is not None else done.result()["error"])
        else:
            self._prefetch_first_page(document)

    def _prefetch_first_page(self, document: str) -> None:
        description = self._cache.description(document)
        if description and description["pages"]:
            page = description["pages"][0]["n"]
            if self._cache.read(document, image_name(page, DEFAULT_DPI)) is None:
                with contextlib.suppress(ReviewError):
                    self._submit_drawing(document, page, DEFAULT_DPI)

    def page_image(self, document: str, page: int, dpi: int) -> bytes:
        """Return a page as a WebP picture."""
        data = self._cache.read(document, image_name(page, dpi))
        if data is None:
            self._require_ready(document)
            _result(self._submit_drawing(document, page, dpi))
            data = self._cache.read(document, image_name(page, dpi))
            self._cache.prune()
        if data is None:
            raise ReviewError(RefusalKind.GONE, f"Page {page} cannot be shown.")
        return data

    def words(self, document: str, page: int) -> dict[str, Any]:
        """Return the words of a page, each as text, x0, top, x1, bottom (in points), start and end (in the text).

        With them come its `values`: the start and end of what one click selects (`selectable_values`).
        """
        data = self._cache.read(document, words_name(page))
        if data is None:
            self._require_ready(document)
            data = self._cache.read(document, words_name(page))
        if data is None:
            raise ReviewError(RefusalKind.GONE, f"There is no page {page}.")
        return json.loads(data)

    def text(self, document: str) -> dict[str, Any]:
        """Return the text of a document, its blocks, tables, cells and selectable values, as offsets into the text."""
        self._require_ready(document)
        data = self._cache.read(document, TEXT)
        if data is None:
            raise ReviewError(RefusalKind.GONE, "The text of the document cannot be shown.")
        return json.loads(data)

    def read_region(self, document: str, page: int, box: tuple[float, float, float, float]) -> dict[str, Any]:
        """Return what OCR reads in a box (x0, top, x1, bottom, in points) of a page, and its confidence."""
        self._require_ready(document)
        key = ("region", document, page, *box)
        place = self._place(document)
        return _result(self._submit_once(key, worker_tasks.read_region, *place, page, tuple(box), seconds=DRAW_SECONDS))

    def context(self, document: str, start: int, end: int) -> str:
        """Return the text around a stretch of the document; empty where the document has not been read."""
        data = self._cache.read(document, TEXT)
        return json.loads(data)["text"][max(0, start - CONTEXT_BEFORE) : end + CONTEXT_AFTER] if data else ""

    def make_lesson(
        self, document: str, schema: Mapping[str, Any], approved: Sequence[ApprovedValue], at: str
    ) -> Future[Any]:
        """Return the future of what approved values of a document teach (`worker_tasks.make_lesson`)."""
        names, sha, _ = self._place(document)
        key = ("learn", document, at)
        arguments = (names, sha, schema, approved, at)
        return self._submit_once(key, worker_tasks.make_lesson, *arguments, seconds=READ_SECONDS)

    def run(self, document: str, task: Callable[..., dict[str, Any]], *arguments: Any) -> dict[str, Any]:
        """Return what a task makes of a document in one of the processes.

        The task gets the document's names, its SHA-256 and the `arguments`, which can be hashed; it returns plain data.
        """
        names, sha, _ = self._place(document)
        key = (task.__name__, document, *arguments)
        return _result(self._submit_once(key, task, names, sha, *arguments, seconds=READ_SECONDS))

    def forget(self, document: str) -> None:
        """Delete what is cached of a document whose file was deleted."""
        self._cache.delete(document)

    def _require_ready(self, document: str) -> None:
        """Return once it is known that the document was read; raises ReviewError where it was not, or cannot be."""
        known = self._cache.read(document, ABOUT) is not None
        found = {"state": "ready"} if known else self.state(document)
        if found["state"] == "reading":
            raise ReviewError(RefusalKind.BUSY, "The document is still being read.", "Try again in a moment.")
        if found["state"] == "gone":
            raise ReviewError(RefusalKind.GONE, found["message"])

    def _recent_failure(self, document: str) -> str:
        """Return why the document could not be read recently; empty where it could, or is to be tried again."""
        with self._lock:
            message, until = self._failures.get(document, ("", 0.0))
        return message if time.monotonic() < until else ""

    def _note_failure(self, document: str, message: str) -> None:
        with self._lock:
            self._failures[document] = (message, time.monotonic() + RETRY_SECONDS)

    def _place(self, document: str) -> tuple[tuple[str, ...], str, str]:
        """Return what a task has to know of a document: its names, its SHA-256, and its folder of the cache."""
        names = (*(source.name for source in self._store.sources(document)), *self._other_names(document))
        return tuple(dict.fromkeys(names)), document, str(self._cache.folder_of(document))

    def _submit_reading(self, document: str) -> Future[Any]:
        key = ("read", document)
        return self._submit_once(key, worker_tasks.read_document, *self._place(document), seconds=READ_SECONDS)

    def _submit_drawing(self, document: str, page: int, dpi: int) -> Future[Any]:
        key = ("draw", document, page, dpi)
        return self._submit_once(key, worker_tasks.draw_page, *self._place(document), page, dpi, seconds=DRAW_SECONDS)

    def _submit_once(
        self, key: tuple[Any, ...], function: Callable[..., Any], *arguments: Any, seconds: float
    ) -> Future[Any]:
        """Return the future of a call that is made once, however many ask for it while it is running."""
        with self._lock:
            if key in self._running:
                return self._running[key]
            if self._pool is None:
                self._pool = WorkerPool(PROCESSES, self._memory_mb)
            future = self._running[key] = self._pool.submit(function, *arguments, seconds=seconds)

        def remove(_: Future[Any]) -> None:
            with self._lock:
                self._running.pop(key, None)

        future.add_done_callback(remove)
        return future


def _result(future: Future[Any]) -> dict[str, Any]:
    """Return the result of a task; raises ReviewError where it failed or takes too long."""
    try:
        found = future.result(READ_SECONDS)
    except FutureTimeoutError:
        raise ReviewError(RefusalKind.BUSY, "This takes very long to show.", "Try again later.") from None
    if "error" in found:
        raise ReviewError(RefusalKind.GONE, found["error"])
    return found
