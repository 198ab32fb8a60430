"""Which user sent a file to Gradio, and which user a page belongs to.

Gradio stores uploads by their content and takes a path from whoever names one: another user's upload, a file of this
machine, even a URL that it would fetch. So every file that it receives is noted with the user who sent it, and an event
that names any other file never reaches it. It also streams the result of an event to whoever names the page that the
event came from, so pages are noted and checked in the same way.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Container, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from extractor.ui.errors import RequestError
from extractor.ui.gradio_app.paths import DATA, JOIN, UPLOAD

MAX_NAME = 300
"""Characters of a file name or of a page's id."""
KEEP_SECONDS = 6 * 3600.0
"""How long a file that was sent, or of which a part was, is kept for the user to say what to do with it."""
SWEEP_SECONDS = 600.0
"""How often old files are looked for."""
MAX_REMEMBERED = 200_000
"""Files, and pages, that are remembered; the oldest are forgotten and have to be sent or loaded again."""


class UploadOwnership:
    """Files and pages, and the users that they belong to. May be used from many threads.

    `folder` is where Gradio puts the files. Nobody else uses it: what an earlier server left there is deleted.
    """

    def __init__(self, folder: Path) -> None:
        self.events: Container[int] = ()
        """The numbers of the events that the page has."""
        self._folder = folder
        self._swept = 0.0
        self._lock = threading.Lock()
        self._owners: dict[str, set[str]] = {}
        self._names: dict[tuple[str, str], str] = {}
        self._pages: dict[str, str] = {}
        self.delete_old_files(0.0)

    def owns(self, user: str, path: str) -> bool:
        """Decide whether the user has sent the file."""
        with self._lock:
            return user in self._owners.get(path, ())

    def original_name(self, user: str, path: str) -> str:
        """Return what the user's file was called before Gradio changed its name to one that every system can store."""
        return self._names.get((user, path)) or Path(path).name

    def release(self, user: str, path: str) -> None:
        """Note that the user needs the file no more, and delete it where nobody else has sent the same."""
        with self._lock:
            self._names.pop((user, path), None)
            owners = self._owners.get(path, set())
            owners.discard(user)
            if owners:
                return
            self._owners.pop(path, None)
        with contextlib.suppress(OSError):
            Path(path).unlink()
            Path(path).parent.rmdir()

    def delete_old_files(self, age: float = KEEP_SECONDS, every: float = 0.0) -> None:
        """Delete files older than `age` seconds, complete or not, unless that was done less than `every` seconds ago.

        A file stays behind when its upload is broken off, or when its user leaves the page.
        """
        now = time.time()
        if now - self._swept < every:
            return
        self._swept = now
        for file in [file for file in self._folder.rglob("*") if file.is_file()]:
            with contextlib.suppress(OSError):
                if now - file.stat().st_mtime >= age:
                    file.unlink()
                    with self._lock:
                        for owner in self._owners.pop(str(file), ()):
                            self._names.pop((owner, str(file)), None)
                    if file.parent != self._folder:
                        file.parent.rmdir()

    def add_files(self, user: str, paths: list[str]) -> None:
        """Note that the user has sent the files."""
        with self._lock:
            for path in paths:
                self._owners.setdefault(path, set()).add(user)
            while len(self._owners) > MAX_REMEMBERED:
                oldest = next(iter(self._owners))
                for owner in self._owners.pop(oldest):
                    self._names.pop((owner, oldest), None)

    def check_event(self, user: str, body: bytes) -> None:
        """Raise RequestError for an event that does not exist, or names a file or a page that is not the user's.

        New pages, and names of files, are noted.
        """
        try:
            sent = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise RequestError.unusable("The request is not valid JSON.") from None
        if not isinstance(sent, dict):
            raise RequestError.unusable("The request is not a JSON object.")
        number = sent.get("fn_index")
        if not isinstance(number, int) or number not in self.events or not isinstance(sent.get("data"), list):
            raise RequestError.unusable("The page asks for something that does not exist.", "Reload the page.")
        for file in _files_in(sent.get("data")):
            path, name = file.get("path"), file.get("orig_name")
            if not isinstance(path, str) or not self.owns(user, path):
                raise RequestError(403, "forbidden", "This is not a file that you have sent.", "Choose the file again.")
            if isinstance(name, str) and 0 < len(name) < MAX_NAME:
                self._names[user, path] = name
        self.check_page(user, sent.get("session_hash"))

    def check_page(self, user: str, page: Any) -> None:
        """Note whose the page is; raises RequestError where it is another user's, or none at all."""
        if not isinstance(page, str) or not 0 < len(page) < MAX_NAME:
            raise RequestError.unusable("The request does not say which page it comes from.")
        with self._lock:
            if self._pages.setdefault(page, user) != user:
                raise RequestError(403, "forbidden", "This page belongs to somebody else.", "Reload the page.")
            while len(self._pages) > MAX_REMEMBERED:
                del self._pages[next(iter(self._pages))]


class UploadOwnershipMiddleware:
    """Notes the files that Gradio receives, and checks the events that are sent to it."""

    def __init__(self, app: ASGIApp, ownership: UploadOwnership) -> None:
        self._app, self._ownership = app, ownership

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, if the files that it names belong to its user (ASGI)."""
        if scope["type"] != "http" or scope["path"] not in (UPLOAD, JOIN, DATA):
            await self._app(scope, receive, send)
            return
        user = scope.get("state", {}).get("user")
        if user is None:
            raise RequestError.not_logged_in()
        if scope["path"] == UPLOAD:
            await run_in_threadpool(self._ownership.delete_old_files, every=SWEEP_SECONDS)
            await self._app(scope, receive, self._note_uploads(user, send))
        elif scope["path"] == DATA:
            query = parse_qs(scope["query_string"].decode("latin-1"), max_num_fields=10)
            self._ownership.check_page(user, query.get("session_hash", [None])[0])
            await self._app(scope, receive, send)
        else:
            body = await _read_body(receive)
            self._ownership.check_event(user, body)
            await self._app(scope, _replay(body, receive), send)

    def _note_uploads(self, user: str, send: Send) -> Send:
        """Return a `send` that notes the paths in Gradio's answer to an upload as the user's."""
        status, body = 0, bytearray()

        async def send_noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "http.response.body":
                body.extend(message.get("body", b""))
                if not message.get("more_body") and status == 200:
                    self._ownership.add_files(user, orjson.loads(bytes(body)))
            await send(message)

        return send_noting


def _files_in(data: Any) -> Iterator[Mapping[str, Any]]:
    """Return the files in an event's data, however deep: nothing else has a `path` or a `meta`."""
    stack = [data]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            if item.get("path") is not None or item.get("meta") is not None:
                yield item
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)


async def _read_body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return bytes(body)
        body += message.get("body", b"")
        if not message.get("more_body"):
            return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives a body that was read already, and then what comes after it."""
    replayed = False

    async def receive_again() -> Message:
        nonlocal replayed
        if replayed:
            return await receive()
        replayed = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again
