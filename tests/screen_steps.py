"""Steps of the browser tests: what a person does on the screens, and what is shown or stored then."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from eval.browsing import WebApp
from extractor.store import Store

READ_TIMEOUT = 120_000
"""Milliseconds that a document may take to be read when it is opened for the first time."""
EXAMPLE = Path(__file__).parent.parent / "examples" / "qingshan-2020.txt"


def load_page(page: Page, app: WebApp, record: int | None = None) -> None:
    """Load the web app, and wait until the queue or the record is shown."""
    page.goto(app.url(record))
    if record is None:
        page.wait_for_selector(".queue-table tbody tr, .queue-message:not(:empty), .start-page:not([hidden])")
    else:
        wait_for_record(page, record)


def open_record(page: Page, record: int) -> None:
    """Open a record in a loaded page, as a link to it does."""
    tab = page.locator("#review-button")
    if tab.get_attribute("aria-selected") != "true":
        tab.click()
    page.evaluate("record => { location.hash = `#record=${record}` }", record)
    wait_for_record(page, record)


def wait_for_record(page: Page, record: int) -> None:
    """Wait until a record and its document are shown."""
    shown = f'.review[data-record="{record}"][data-document="{record}"]'
    page.wait_for_selector(shown, timeout=READ_TIMEOUT)


def field(page: Page, *path: str | int) -> Any:
    """Return the input of a field."""
    return page.locator(f".review [data-key={json.dumps(path_key(path))}]")


def path_key(path: Any) -> str:
    """Return a path as the scripts write it into `data-key`."""
    return json.dumps(list(path), ensure_ascii=False, separators=(",", ":"))


def replace_text(page: Page, text: str) -> None:
    """Replace the text of the focused field."""
    page.keyboard.press("Control+a")
    page.keyboard.type(text) if len(text) < 12 else page.keyboard.insert_text(text)


def wait_until_saved(page: Page) -> None:
    """Wait until everything is saved."""
    page.wait_for_selector('.review .save-state[data-state="saved"]')


def wait_until_closed(page: Page, record: int) -> None:
    """Wait until the next record is shown, or this one read-only where there is no other."""
    gone = "record => !document.querySelector(`.review[data-record='${record}']:not(.read-only)`)"
    page.wait_for_function(gone, arg=record)


def stored_record(app: WebApp, record: int) -> Any:
    """Return the record in the store."""
    with Store(str(app.store)) as store:
        return store.records.get(record)


def focused_path(page: Page) -> tuple[str | int, ...]:
    """Return the path of the focused field."""
    return tuple(json.loads(page.evaluate("document.activeElement.dataset.key ?? '[]'")))


def text_position(page: Page, text: str, nth: int = 0) -> tuple[float, float]:
    """Scroll a piece of the document's text into view and return its centre on screen."""
    return tuple(
        page.evaluate(
            """([text, nth]) => {
                const walker = document.createTreeWalker(document.querySelector(".text-pane"), NodeFilter.SHOW_TEXT);
                for (let node; (node = walker.nextNode()); ) {
                    for (let at = node.data.indexOf(text); at >= 0; at = node.data.indexOf(text, at + 1)) {
                        if (nth-- > 0) continue;
                        const range = new Range();
                        range.setStart(node, at);
                        range.setEnd(node, at + text.length);
                        node.parentElement.scrollIntoView({ block: "center" });
                        const area = range.getBoundingClientRect();
                        return [area.x + area.width / 2, area.y + area.height / 2];
                    }
                }
                throw new Error(`no “${text}” in the document`);
            }""",
            [text, nth],
        )
    )


def highlighted_text(page: Page) -> str:
    """Return the text that is highlighted as evidence, in a document without pages."""
    return page.evaluate(
        """() => ["sure", "unsure", "doubtful", "wrong", "done"]
            .flatMap((level) => [...(CSS.highlights.get(`evidence-${level}`) ?? [])])
            .map((range) => range.toString()).join("")"""
    )


def banner(page: Page, kind: str) -> Any:
    """Return the banner of a kind."""
    return page.locator(f'.review .banner[data-kind="{kind}"]')
