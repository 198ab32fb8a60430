"""Fixtures of the browser tests: one web app and one Chromium for all of them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from screen_steps import EXAMPLE, load_page

from eval import browsing
from eval.browsing import ChromiumNotFound, PageMonitor, WebApp
from eval.making import fonts, screen_records
from extractor.schemas import load_schema

OpenPage = Callable[..., Page]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Yield a browser; without Chromium the tests fail, with a message that says how to install it."""
    try:
        browsing.find_chromium()
    except ChromiumNotFound as error:
        pytest.fail(str(error), pytrace=False)
    expect.set_options(timeout=browsing.DEFAULT_TIMEOUT)
    with browsing.launch_browser() as browser:
        yield browser


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebApp]:
    """Yield a running web app without a model and without passwords."""
    with browsing.serve_app(tmp_path_factory.mktemp("web"), "--model", "none") as server:
        yield server


@pytest.fixture(scope="session")
def shared_page(chromium: Browser, server: WebApp) -> Iterator[tuple[Page, PageMonitor]]:
    """Yield a page that tests use one after the other, as a reviewer does who works through a queue."""
    context = browsing.new_context(chromium)
    page, monitor = context.new_page(), PageMonitor(server.address)
    monitor.watch(page)
    page.on("dialog", lambda dialog: dialog.accept())
    load_page(page, server)
    yield page, monitor
    context.close()


@pytest.fixture
def page(shared_page: tuple[Page, PageMonitor]) -> Iterator[Page]:
    """Yield the shared page; the test fails where a script raises an error or sends a request to another machine."""
    page, monitor = shared_page
    monitor.reset()
    yield page
    page.unroute_all(behavior="ignoreErrors")
    assert monitor.errors == []
    assert monitor.external_requests == []


@pytest.fixture
def open_page(chromium: Browser, server: WebApp) -> Iterator[OpenPage]:
    """Return `open_page(record)`, which opens a page as another person; the test fails where its scripts fail."""
    monitor = PageMonitor(server.address)
    contexts: list[Any] = []

    def load(record: int | None = None, **options: Any) -> Page:
        context = browsing.new_context(chromium, **options)
        contexts.append(context)
        page = context.new_page()
        monitor.watch(page)
        load_page(page, server, record)
        return page

    yield load
    for context in contexts:
        context.close()
    assert monitor.errors == []
    assert monitor.external_requests == []


@pytest.fixture(scope="session")
def disclosure(server: WebApp, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., int]:
    """Return `disclosure(*fields)`, which adds a record of the Chinese sample with low confidence in these fields."""
    folder = tmp_path_factory.mktemp("reports")
    schema = load_schema("annual-disclosure-2020")
    source = folder / "青山.txt"
    source.write_text(EXAMPLE.read_text())
    result = screen_records.extract_as_data(source, schema)

    def add(*fields: str) -> int:
        copy = screen_records.copy_report(result, source, folder)
        screen_records.as_if_asked(screen_records.lower_confidence(*fields))(copy)
        return screen_records.add_result(server.store, copy, schema)

    return add


@pytest.fixture(scope="session")
def long_report(server: WebApp, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], int]:
    """Return `long_report()`, which adds a record of 280 fields on a dozen pages."""
    folder = tmp_path_factory.mktemp("long")
    source, schema, result = screen_records.make_long_report(folder, pages=12)
    return lambda: screen_records.add_result(server.store, screen_records.copy_report(result, source, folder), schema)


BILL = {
    "type": "object",
    "title": "Bill",
    "properties": {
        "number": {"type": ["string", "null"], "title": "Number"},
        "kind": {"type": ["string", "null"], "title": "Kind", "enum": ["order", "invoice", None]},
        "paid": {"type": ["boolean", "null"], "title": "Paid"},
        "customer": {"type": ["string", "null"], "title": "Customer"},
        "items": {
            "type": "array",
            "title": "Items",
            "items": {
                "type": "object",
                "properties": {
                    "article": {"type": ["string", "null"], "title": "Article"},
                    "count": {"type": ["integer", "null"], "title": "Quantity"},
                    "price": {"type": ["number", "null"], "title": "Price"},
                },
            },
        },
    },
}
LETTER = """Bill

Number: B-2041/7
Customer: 𠮷田 Trading, 𝒜lpha Ltd
Total sales 75,647.67万元 in the year.
宁夏
回族自治区

Article\tQuantity\tPrice
Pen\t3\t1.20
Paper\t12\t4.50
"""


@pytest.fixture(scope="session")
def bill(server: WebApp, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., int]:
    """Return `bill()`, which adds a record of a bill of two items.

    Its text has characters outside the Basic Multilingual Plane, which take two UTF-16 units in a browser.
    """
    folder = tmp_path_factory.mktemp("bills")
    schema = screen_records.named_schema(BILL, "bill")
    numbers = itertools.count(1)

    def add(modify: screen_records.Modify = lambda result: None) -> int:
        source = folder / f"bill-{next(numbers)}.txt"
        source.write_text(f"{LETTER}\nCopy {source.stem}\n")
        return screen_records.add_extraction(server.store, source, schema, screen_records.as_if_asked(modify))

    return add


@pytest.fixture(scope="session")
def printed(server: WebApp, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], int]:
    """Return `printed()`, which adds a record of a bill in a PDF; only its customer is extracted."""
    folder = tmp_path_factory.mktemp("printed")
    schema = screen_records.named_schema(BILL, "bill")
    numbers = itertools.count(1)

    def add() -> int:
        source = folder / f"printed-{next(numbers)}.pdf"
        draw_page(source, [*PRINTED_LINES, (60, 300, source.stem)])
        return screen_records.add_extraction(server.store, source, schema, screen_records.as_if_asked())

    return add


PRINTED_LINES = (
    (60, 760, "Customer: Alpha"),
    (60, 700, "Beta Works"),
    (60, 640, "宁夏回族"),
    (60, 620, "自治区"),
    (60, 560, "采购75,647.67万元。"),
)
"""x, y and text of each line on a page of 595 by 842 points, from the bottom left."""


def draw_page(source: Path, lines: Iterable[tuple[int, int, str]]) -> None:
    """Write a PDF of one page with lines of text, in fonts that have their characters."""
    from reportlab.pdfbase.pdfmetrics import stringWidth
    from reportlab.pdfgen import canvas

    fonts.register()
    drawing = canvas.Canvas(str(source), pagesize=(595, 842))
    for x, y, text in lines:
        at = float(x)
        for font, run in fonts.runs(text, "DejaVuSans"):
            drawing.setFont(font, 12)
            drawing.drawString(at, y, run)
            at += stringWidth(run, font, 12)
    drawing.save()
