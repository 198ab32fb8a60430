"""A web app for tests: a store with a few records, two users, and the app, without a network."""

from __future__ import annotations

import contextlib
import functools
import json
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import argon2
import uvicorn
from starlette.testclient import TestClient

from extractor.extraction.pipeline import extract
from extractor.extraction.serialization import as_dict
from extractor.readers import read_bytes
from extractor.review import ReviewService
from extractor.schemas import load_schema
from extractor.store import Store, Version
from extractor.ui import ServerSettings, add_user, gradio_app
from extractor.ui import passwords as password_file
from extractor.ui.app import create_app

PORT = 7999
ADDRESS = f"http://127.0.0.1:{PORT}"
QUICK_HASHER = functools.partial(argon2.PasswordHasher, time_cost=1, memory_cost=64)
"""A hash says how costly it is; the tests check hundreds."""
PASSWORDS = {"ann": "correct horse", "bob": "battery staple"}
SCHEMA = {
    "type": "object",
    "title": "Letter",
    "properties": {
        "customer": {"type": "string", "title": "Customer", "description": "who ordered"},
        "total": {"type": "number", "title": "Total due"},
        "items": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "article": {"type": "string", "title": "Article"},
                    "count": {"type": "integer", "title": "Quantity"},
                },
            },
        },
    },
}
TEXT = "Order\n\nCustomer: {customer}\nTotal due: {total}\n\nArticle\tQuantity\nPen\t3\nPaper\t12\n"


def fill(store: Store, letters: Mapping[str, tuple[str, str]], schema: Any = SCHEMA, name: str = "letter") -> list[int]:
    """Add a record for each letter (file name -> customer and total) and return their numbers."""
    from dataclasses import replace

    kept = replace(load_schema(schema), name=name)
    store.add_schema(kept)
    numbers = []
    for source, (customer, total) in letters.items():
        document = read_bytes(TEXT.format(customer=customer, total=total).encode(), source)
        said = json.loads(json.dumps(as_dict(extract(document, kept, None))))
        numbers.append(store.records.add(said, Version("test", "none"), who="test").id)
    return numbers


@contextlib.contextmanager
def hosted(folder: Path, *, login: bool = True, screens: bool = True, **settings: Any) -> Iterator[tuple[Any, Store]]:
    """Yield the app behind its security middleware, and its store; without `screens`, Gradio is not loaded."""
    passwords = folder / "passwords"
    with contextlib.ExitStack() as stack:
        stack.enter_context(mock.patch.object(password_file, "PasswordHasher", QUICK_HASHER))
        if not screens:
            for name in ("mount", "add_middleware"):
                stack.enter_context(mock.patch.object(gradio_app, name))
        if login and not passwords.exists():
            for name, password in PASSWORDS.items():
                add_user(passwords, name, password)
        made = ServerSettings(
            owner="owner",
            password_file=passwords if login else None,
            folder=folder / "web",
            runs=folder / "runs",
            **settings,
        )
        made.folder.mkdir(exist_ok=True)
        store = stack.enter_context(Store(folder / "store.db"))
        yield create_app(made, stack.enter_context(ReviewService(store)), PORT), store


@contextlib.contextmanager
def client(app: Any, user: str | None = None) -> Iterator[TestClient]:
    """Yield a browser in which the user, or nobody, is logged in."""
    with TestClient(app, base_url=ADDRESS, follow_redirects=False) as browser:
        if user is not None:
            answer = browser.post("/login", data={"name": user, "password": PASSWORDS[user]})
            assert answer.status_code == 303, answer.text
        yield browser


def post(browser: TestClient, path: str, body: Any = None, **headers: str) -> Any:
    """Post JSON as our own page does, with the header that other sites cannot send, and return the answer."""
    return browser.post(f"/api/{path}", json=body or {}, headers={"X-Extractor": "1", "Origin": ADDRESS} | headers)


@contextlib.contextmanager
def listening_app(app: Any) -> Iterator[str]:
    """Yield the address at which the app listens, on a free port."""
    made = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    thread = threading.Thread(target=made.run)
    thread.start()
    while not made.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{made.servers[0].sockets[0].getsockname()[1]}"
    made.should_exit = True
    thread.join()
