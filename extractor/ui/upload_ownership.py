"""Whose the files are that Gradio has received, and whose the pages that it answers.

Gradio keeps uploads by their content and takes a path from whoever names one: another user's, one of this machine's,
even a URL that it would fetch. So what it received is noted with the user who sent it, and an event that names any
other file never reaches it. It also tells what came of an event to whoever names the page that it came from.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import orjson

from extractor.ui.responses import Refused, not_logged_in, unusable
from extractor.ui.security import UI

UPLOAD, JOIN, DATA = (f"{UI}/gradio_api/{path}" for path in ("upload", "queue/join", "queue/data"))
LONGEST_NAME = 300
MOST = 200_000
"""Files that are remembered; the oldest are forgotten, and would have to be sent again."""


class Received:
    """Files and who sent them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owners: dict[str, set[str]] = {}
        self._names: dict[tuple[str, str], str] = {}
        self._pages: dict[str, str] = {}

    def beside(self, app: Any) -> Any:
        """The app, with every file that comes in noted and every file that an event names looked at."""

        async def looking(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] != "http" or scope["path"] not in (UPLOAD, JOIN, DATA):
                await app(scope, receive, send)
                return
            user = scope.get("state", {}).get("user")
            if user is None:
                raise not_logged_in()
            if scope["path"] == UPLOAD:
                await app(scope, receive, self._noted(user, send))
                return
            if scope["path"] == DATA:
                query = parse_qs(scope["query_string"].decode("latin-1"), max_num_fields=10)
                self._look_at_page(user, query.get("session_hash", [None])[0])
                await app(scope, receive, send)
                return
            body = await _whole(receive)
            self._look(user, body)
            await app(scope, _again(body, receive), send)

        return looking

    def is_of(self, user: str, path: str) -> bool:
        """Whether the user has sent that file."""
        with self._lock:
            return user in self._owners.get(path, ())

    def name(self, user: str, path: str) -> str:
        """What the user's file was called before Gradio took out of its name what a file system may not like."""
        return self._names.get((user, path)) or Path(path).name

    def done(self, user: str, path: str) -> None:
        """The user needs the file no more; it goes when nobody else has sent the same."""
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

    def _noted(self, user: str, send: Any) -> Any:
        status, body = 0, bytearray()

        async def told(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "http.response.body":
                body.extend(message.get("body", b""))
                if not message.get("more_body") and status == 200:
                    self._note(user, orjson.loads(bytes(body)))
            await send(message)

        return told

    def _note(self, user: str, paths: list[str]) -> None:
        with self._lock:
            for path in paths:
                self._owners.setdefault(path, set()).add(user)
            while len(self._owners) > MOST:
                oldest = next(iter(self._owners))
                for owner in self._owners.pop(oldest):
                    self._names.pop((owner, oldest), None)

    def _look(self, user: str, body: bytes) -> None:
        try:
            given = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise unusable("The request is not JSON.") from None
        if not isinstance(given, dict):
            raise unusable("The request is not a JSON object.")
        for file in _files(given.get("data")):
            path, name = file.get("path"), file.get("orig_name")
            if not isinstance(path, str) or not self.is_of(user, path):
                raise Refused(403, "forbidden", "This is not a file that you have sent.", "Choose the file again.")
            if isinstance(name, str) and 0 < len(name) < LONGEST_NAME:
                self._names[user, path] = name
        self._look_at_page(user, given.get("session_hash"))

    def _look_at_page(self, user: str, page: Any) -> None:
        """Note whose the page is; Refused where it is somebody else's."""
        if not isinstance(page, str) or not 0 < len(page) < LONGEST_NAME:
            raise unusable("The request does not say which page it is from.")
        with self._lock:
            if self._pages.setdefault(page, user) != user:
                raise Refused(403, "forbidden", "This is somebody else's page.")
            while len(self._pages) > MOST:
                del self._pages[next(iter(self._pages))]


def _files(data: Any) -> Iterator[Mapping[str, Any]]:
    """The files in an event's data, however deep: nothing else has a `path` or a `meta`."""
    waiting = [data]
    while waiting:
        here = waiting.pop()
        if isinstance(here, dict):
            if here.get("path") is not None or here.get("meta") is not None:
                yield here
            waiting.extend(here.values())
        elif isinstance(here, list):
            waiting.extend(here)


async def _whole(receive: Any) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return bytes(body)
        body += message.get("body", b"")
        if not message.get("more_body"):
            return bytes(body)


def _again(body: bytes, receive: Any) -> Any:
    """A `receive` that gives the body once more, and then what comes after it."""
    given = False

    async def again() -> Any:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
