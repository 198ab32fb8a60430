"""What people do on the screen, and what they see of it, for the browser tests."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Page

from eval.browsing import App
from extractor.store import Store


def open_at(page: Page, app: App, record: int | None = None) -> None:
    """Load the page, and wait until the queue or the record is there."""
    page.goto(app.url(record))
    if record is None:
        page.wait_for_selector(".queue-table tbody tr, .queue-message:not(:empty)")
    else:
        wait_for(page, record)


def wait_for(page: Page, record: int) -> None:
    """Wait until a record and its document are on screen."""
    page.wait_for_selector(f'.review[data-record="{record}"][data-paper="{record}"]')


def field(page: Page, *path: str | int) -> Any:
    """The input of a field."""
    key = json.dumps(list(path), ensure_ascii=False, separators=(",", ":"))
    return page.locator(f".review [data-key={json.dumps(key)}]")


def saved(page: Page) -> None:
    """Wait until everything is saved."""
    page.wait_for_selector('.review .saved[data-state="saved"]')


def stored(app: App, record: int) -> Any:
    """The record as it is in the store."""
    with Store(str(app.store)) as store:
        return store.records.get(record)


def focused(page: Page) -> list[str | int]:
    """The path of the field that has the focus."""
    return json.loads(page.evaluate("document.activeElement.dataset.key ?? 'null'"))
