"""Documents for the screen: pages, words and text, read and drawn in processes beside this one, and remembered."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from pathlib import Path as FilePath
from typing import Any

from extractor.review import worker_tasks
from extractor.review.document_cache import LIMIT, Shelf
from extractor.review.errors import ReviewError
from extractor.review.pool import Pool
from extractor.review.worker_tasks import ABOUT, TEXT, picture_name, words_name
from extractor.store import Store

READ_SECONDS, DRAW_SECONDS = 300.0, 60.0
MEMORY = 4096
"""MB for a process that reads or draws."""
PROCESSES = 2
FIRST_DPI = 150
_SOON = 0.3
"""Seconds that are waited for a document before it is said that it is being read."""
_TRIED_AGAIN = 30.0
"""Seconds after which a document that could not be read is tried again."""


class Documents:
    """The documents of a store, by their SHA-256. May be called from many threads; no document is parsed in them.

    Raises ReviewError: `gone` where a document cannot be shown, `busy` while it is being read.
    """

    def __init__(self, store: Store, folder: FilePath, *, limit: int = LIMIT, memory: int = MEMORY) -> None:
        self._store = store
        self._shelf = Shelf(folder, limit)
        self._memory = memory
        self._pool: Pool | None = None
        self._lock = threading.Lock()
        self._at: dict[tuple[Any, ...], Future[Any]] = {}
        self._failed: dict[str, tuple[str, float]] = {}
        self._ahead: str | None = None

    def close(self) -> None:
        """End the processes."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.close()

    def warm(self) -> None:
        """Have a process ready before it is needed."""
        self._once(("warm",), worker_tasks.begin_again, seconds=DRAW_SECONDS)

    def state(self, document: str, wait: float = _SOON) -> dict[str, Any]:
        """`ready` with the pages, `reading` while it is read in the background, or `gone` with the reason."""
        about = self._shelf.about(document)
        if about is None:
            if message := self._failure(document):
                return {"state": "gone", "message": message}
            reading = self._read(document)
            try:
                about = reading.result(wait)
            except NotYet:
                return {"state": "reading"}
            except ReviewError as error:
                about = worker_tasks.gone(error.message)
        if "error" in about:
            self._note(document, about["error"])
            return {"state": "gone", "message": about["error"]}
        pages = [{key: page[key] for key in ("n", "width", "height")} for page in about["pages"]]
        return {"state": "ready", "kind": about["kind"], "pages": pages, "unread": about["unread"]}

    def prefetch(self, document: str) -> None:
        """Read a document, and draw its first page, before it is asked for; one at a time."""
        with self._lock:
            ahead = self._ahead
            if ahead is not None and ahead != document and any(key[:2] == ("read", ahead) for key in self._at):
                return
            self._ahead = document
        if self._shelf.about(document) is not None:
            self._first_page(document)
        elif not self._failure(document):
            self._read(document).add_done_callback(lambda done: self._read_ahead(document, done))

    def _read_ahead(self, document: str, done: Future[Any]) -> None:
        error = done.exception()
        if error is not None or "error" in done.result():
            self._note(document, str(error) if error is not None else done.result()["error"])
        else:
            self._first_page(document)

    def _first_page(self, document: str) -> None:
        about = self._shelf.about(document)
        if about and about["pages"]:
            number = about["pages"][0]["n"]
            if self._shelf.get(document, picture_name(number, FIRST_DPI)) is None:
                with contextlib.suppress(ReviewError):
                    self._drawn(document, number, FIRST_DPI)

    def _failure(self, document: str) -> str:
        """Why the document could not be read lately; empty where it could, or is to be tried again."""
        with self._lock:
            message, until = self._failed.get(document, ("", 0.0))
        return message if time.monotonic() < until else ""

    def _note(self, document: str, message: str) -> None:
        with self._lock:
            self._failed[document] = (message, time.monotonic() + _TRIED_AGAIN)

    def picture(self, document: str, page: int, dpi: int) -> bytes:
        """A page as a WebP picture."""
        data = self._shelf.get(document, picture_name(page, dpi))
        if data is None:
            self._ready(document)
            _told(self._drawn(document, page, dpi))
            data = self._shelf.get(document, picture_name(page, dpi))
            self._shelf.prune()
        if data is None:
            raise ReviewError("gone", f"Page {page} cannot be shown.")
        return data

    def words(self, document: str, page: int) -> dict[str, Any]:
        """The words of a page, each as text, x0, top, x1, bottom (points), start and end (in the text)."""
        data = self._shelf.get(document, words_name(page))
        if data is None:
            self._ready(document)
            raise ReviewError("gone", f"There is no page {page}.")
        return json.loads(data)

    def text(self, document: str) -> dict[str, Any]:
        """The text of the document, its blocks, and its tables with their cells, as offsets into the text."""
        self._ready(document)
        data = self._shelf.get(document, TEXT)
        if data is None:
            raise ReviewError("gone", "The text is not at hand.")
        return json.loads(data)

    def read_again(self, document: str, page: int, box: tuple[float, float, float, float]) -> dict[str, Any]:
        """What OCR makes of a box of a page, and how sure it is."""
        self._ready(document)
        place = str(self._shelf.place(document))
        names = self._names(document)
        key = ("again", document, page, *box)
        return _told(
            self._once(key, worker_tasks.read_again, names, document, place, page, tuple(box), seconds=DRAW_SECONDS)
        )

    def around(self, document: str, start: int, end: int, before: int = 80, after: int = 40) -> str:
        """The text around a stretch of the document; empty where the document is not at hand."""
        data = self._shelf.get(document, TEXT)
        return json.loads(data)["text"][max(0, start - before) : end + after] if data else ""

    def forget(self, document: str) -> None:
        """Delete what is remembered of a document, whose file was deleted."""
        self._shelf.drop(document)

    def _ready(self, document: str) -> None:
        """Return when the document was read; ReviewError where it is not yet, or cannot be."""
        found = self.state(document) if self._shelf.get(document, ABOUT) is None else {"state": "ready"}
        if found["state"] == "reading":
            raise ReviewError("busy", "The document is still being read.", "Ask again in a moment.")
        if found["state"] == "gone":
            raise ReviewError("gone", found["message"])

    def _names(self, document: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(source.name for source in self._store.sources(document)))

    def _read(self, document: str) -> Future[Any]:
        place = str(self._shelf.place(document))
        names = self._names(document)
        return self._once(("read", document), worker_tasks.read, names, document, place, seconds=READ_SECONDS)

    def _drawn(self, document: str, page: int, dpi: int) -> Future[Any]:
        place = str(self._shelf.place(document))
        names = self._names(document)
        key = ("draw", document, page, dpi)
        return self._once(key, worker_tasks.draw, names, document, place, page, dpi, seconds=DRAW_SECONDS)

    def _once(self, key: tuple[Any, ...], function: Callable[..., Any], *given: Any, seconds: float) -> Future[Any]:
        """The call, which is made once however many ask for it while it goes on."""
        with self._lock:
            if key in self._at:
                return self._at[key]
            if self._pool is None:
                self._pool = Pool(PROCESSES, self._memory)
            future = self._at[key] = self._pool.submit(function, *given, seconds=seconds)

        def ended(_: Future[Any]) -> None:
            with self._lock:
                self._at.pop(key, None)

        future.add_done_callback(ended)
        return future


def _told(future: Future[Any]) -> dict[str, Any]:
    """What a call came to; ReviewError where it came to nothing."""
    try:
        found = future.result(READ_SECONDS)
    except NotYet:
        raise ReviewError("busy", "It takes very long to be shown.", "Ask again later.") from None
    if "error" in found:
        raise ReviewError("gone", found["error"])
    return found
