"""What people do on the screen, and what they see of it, for the browser tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from eval.browsing import App
from extractor.store import Store

READ_TIMEOUT = 60_000
"""Milliseconds in which a busy machine has read a document that nobody has opened before."""
EXAMPLE = Path(__file__).parent.parent / "examples" / "qingshan-2020.txt"


def open_at(page: Page, app: App, record: int | None = None) -> None:
    """Load the page, and wait until the queue or the record is there."""
    page.goto(app.url(record))
    if record is None:
        page.wait_for_selector(".queue-table tbody tr, .queue-message:not(:empty)")
    else:
        wait_for(page, record)


def go_to(page: Page, record: int) -> None:
    """Open a record on a page that is there, as a link to it does."""
    tab = page.locator("#review-button")
    if tab.get_attribute("aria-selected") != "true":
        tab.click()
    page.evaluate("record => { location.hash = `#record=${record}` }", record)
    wait_for(page, record)


def wait_for(page: Page, record: int) -> None:
    """Wait until a record and its document are on screen."""
    shown = f'.review[data-record="{record}"][data-document="{record}"]'
    page.wait_for_selector(shown, timeout=READ_TIMEOUT)


def field(page: Page, *path: str | int) -> Any:
    """Return the input of a field."""
    return page.locator(f".review [data-key={json.dumps(key_of(path))}]")


def key_of(path: Any) -> str:
    return json.dumps(list(path), ensure_ascii=False, separators=(",", ":"))


def type_over(page: Page, text: str) -> None:
    """Replace the text of the focused field."""
    page.keyboard.press("Control+a")
    page.keyboard.type(text) if len(text) < 12 else page.keyboard.insert_text(text)


def saved(page: Page) -> None:
    """Wait until everything is saved."""
    page.wait_for_selector('.review .save-state[data-state="saved"]')


def left(page: Page, record: int) -> None:
    """Wait until the next record is shown, or this one as decided where there is no other."""
    gone = "record => !document.querySelector(`.review[data-record='${record}']:not(.read-only)`)"
    page.wait_for_function(gone, arg=record)


def stored(app: App, record: int) -> Any:
    """Return the record as it is in the store."""
    with Store(str(app.store)) as store:
        return store.records.get(record)


def focused(page: Page) -> tuple[str | int, ...]:
    """Return the path of the focused field."""
    return tuple(json.loads(page.evaluate("document.activeElement.dataset.key ?? '[]'")))


def place_of(page: Page, text: str, nth: int = 0) -> tuple[float, float]:
    """Scroll a stretch of the document's text into view and return the middle of it on screen."""
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
                        const place = range.getBoundingClientRect();
                        return [place.x + place.width / 2, place.y + place.height / 2];
                    }
                }
                throw new Error(`no “${text}” in the document`);
            }""",
            [text, nth],
        )
    )


def highlighted(page: Page) -> str:
    """Return the text that is highlighted as evidence, in a document without pages."""
    return page.evaluate(
        """() => ["sure", "unsure", "doubtful", "wrong", "done"]
            .flatMap((level) => [...(CSS.highlights.get(`evidence-${level}`) ?? [])])
            .map((range) => range.toString()).join("")"""
    )


def banner(page: Page, kind: str) -> Any:
    return page.locator(f'.review .banner[data-kind="{kind}"]')
