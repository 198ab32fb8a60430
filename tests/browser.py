"""Fixtures of the browser tests: one web app and one Chromium for all of them, a context of its own for each."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from screen_steps import open_at

from eval import browsing
from eval.browsing import App, NoChromium, Watched
from eval.making import screen_records
from extractor.schemas import load_schema

EXAMPLE = Path(__file__).parent.parent / "examples" / "qingshan-2020.txt"
Looking = Callable[..., Page]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    try:
        browsing.chromium()
    except NoChromium as missing:
        pytest.fail(str(missing), pytrace=False)
    with browsing.launched() as browser:
        yield browser


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with browsing.served(tmp_path_factory.mktemp("web"), "--model", "none") as app:
        yield app


@pytest.fixture
def looking(chromium: Browser, app: App, request: pytest.FixtureRequest) -> Iterator[Looking]:
    """`looking(record)`: a page of somebody who looks at it; at the end nothing has gone wrong on any of them."""
    watched = Watched(app.address)
    contexts: list[Any] = []

    def look(record: int | None = None, **options: Any) -> Page:
        context = browsing.context(chromium, **options)
        contexts.append(context)
        page = context.new_page()
        watched.watch(page)
        open_at(page, app, record)
        return page

    yield look
    for context in contexts:
        context.close()
    assert watched.errors == []
    assert watched.outside == []


@pytest.fixture(scope="session")
def disclosure(app: App, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., int]:
    """`disclosure(*fields)`: a new record of the Chinese sample in which the machine is unsure of these fields."""
    folder = tmp_path_factory.mktemp("reports")
    schema = load_schema("annual-disclosure-2020")
    numbers = itertools.count(1)

    def made(*fields: str, text: str = "") -> int:
        source = folder / f"青山-{next(numbers)}.txt"
        source.write_text(f"{text or EXAMPLE.read_text()}\n第{source.stem}份。\n")
        return screen_records.keep(app.store, source, schema, screen_records.doubted(*fields))

    return made
