"""Fixtures of the browser tests: one web app and one Chromium for all of them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from screen_steps import EXAMPLE, open_at

from eval import browsing
from eval.browsing import App, NoChromium, Watched
from eval.making import fonts, screen_records
from extractor.schemas import load_schema

OpenPage = Callable[..., Page]


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


@pytest.fixture(scope="session")
def shared_page(chromium: Browser, app: App) -> Iterator[tuple[Page, Watched]]:
    """Yield a page that many tests use one after the other, as somebody does who works through a queue."""
    context = browsing.context(chromium)
    page, watched = context.new_page(), Watched(app.address)
    watched.watch(page)
    page.on("dialog", lambda dialog: dialog.accept())
    open_at(page, app)
    yield page, watched
    context.close()


@pytest.fixture
def page(shared_page: tuple[Page, Watched]) -> Iterator[Page]:
    """Yield the shared page; the test fails where a script failed on it or asked another machine."""
    page, watched = shared_page
    watched.forget()
    yield page
    page.unroute_all(behavior="ignoreErrors")
    assert watched.errors == []
    assert watched.outside == []


@pytest.fixture
def open_page(chromium: Browser, app: App) -> Iterator[OpenPage]:
    """`open_page(record)`: a page of its own, as of another person; the test fails where a script failed on any."""
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

    def made(*fields: str, more: str = "") -> int:
        source = folder / f"青山-{next(numbers)}.txt"
        source.write_text(f"{EXAMPLE.read_text()}\n第{source.stem}份。{more}\n")
        return screen_records.keep(app.store, source, schema, screen_records.doubted(*fields))

    return made


@pytest.fixture(scope="session")
def long_report(app: App, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], int]:
    """`long_report()`: a new record of 280 fields on 60 pages."""
    folder = tmp_path_factory.mktemp("long")
    source, schema, result = screen_records.long_report(folder)
    return lambda: screen_records.put(app.store, screen_records.another(result, source, folder), schema)


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
def bill(app: App, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., int]:
    """`bill()`: a new record of a bill of two items, whose text has characters that take two units in a browser."""
    folder = tmp_path_factory.mktemp("bills")
    schema = screen_records.named(BILL, "bill")
    numbers = itertools.count(1)

    def made(bend: screen_records.Bend = lambda result: None) -> int:
        source = folder / f"bill-{next(numbers)}.txt"
        source.write_text(f"{LETTER}\nCopy {source.stem}\n")
        return screen_records.keep(app.store, source, schema, bend)

    return made


@pytest.fixture(scope="session")
def printed(app: App, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], int]:
    """`printed()`: a new record of a bill on a page, of which the machine found the customer."""
    folder = tmp_path_factory.mktemp("printed")
    schema = screen_records.named(BILL, "bill")
    numbers = itertools.count(1)

    def made() -> int:
        source = folder / f"printed-{next(numbers)}.pdf"
        draw(source, [*PRINTED, (60, 300, source.stem)])
        return screen_records.keep(app.store, source, schema)

    return made


PRINTED = (
    (60, 760, "Customer: Alpha"),
    (60, 700, "Beta Works"),
    (60, 640, "宁夏回族"),
    (60, 620, "自治区"),
    (60, 560, "采购75,647.67万元。"),
)
"""Where on a page of 595 by 842 points, from the bottom left, what is printed."""


def draw(source: Path, lines: Iterable[tuple[int, int, str]]) -> None:
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
