"""The queue in a browser: its pages, search, filters, keys and refreshes."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from eval.making import screen_records
from extractor.store import Store

pytest_plugins = ["browser"]
RECORDS = 250


@pytest.fixture
def queue(server, page, notes):
    """Yield the shared page at the queue, filtered to the notes."""
    page.locator("#queue-button").click()
    page.locator(".queue-filters input").fill("")
    kind = page.locator(".queue-filters select").nth(1)
    kind.locator("option[value=note]").wait_for(state="attached")
    kind.select_option("note")
    expect(page.locator(".pages-of")).to_contain_text(str(RECORDS))
    yield page
    page.locator("#queue-button").click()
    page.locator(".queue-filters input").fill("")
    kind.select_option("")


@pytest.fixture(scope="module")
def notes(server):
    """Add hundreds of records of one field; every tenth has low confidence."""
    schema = screen_records.named_schema(
        {"type": "object", "title": "Note", "properties": {"n": {"type": "integer"}}}, "note"
    )
    with Store(str(server.store)) as store:
        store.add_schema(schema)
        for n in range(RECORDS):
            store.records.add(_result(n, schema), screen_records.record_version(), who="machine")


def _result(n, schema):
    confidence = 0.3 if n % 10 == 0 else 0.99
    value = {"path": ["n"], "value": n, "evidence": None, "confidence": confidence, "method": "model", "problems": []}
    return {
        "document": {"id": f"{n:064x}", "source": f"/in/note {n:03}.txt", "pages": None},
        "data": {"n": n},
        "values": [value],
        "problems": [],
        "run": {"schema": schema.id, "confidence": "uncalibrated"},
    }


def rows(page):
    return page.locator(".queue-table tbody tr")


def test_records_are_listed_in_pages_with_the_highest_risk_first(queue):
    page = queue
    assert rows(page).count() == 100
    expect(page.locator(".pages-of")).to_contain_text(str(RECORDS))
    expect(rows(page).first.locator(".left")).to_have_text("1")
    page.locator(".queue-foot button").last.click()
    expect(page.locator(".pages-of")).to_contain_text("101")
    page.locator(".queue-foot button").first.click()
    expect(page.locator(".pages-of")).to_contain_text("1–100")


def test_records_are_found_filtered_and_opened_by_keyboard(queue):
    page = queue
    page.locator("body").press("/")
    page.keyboard.type("note 21")
    expect(rows(page)).to_have_count(10)
    page.keyboard.press("ArrowDown")
    first = page.evaluate("document.activeElement.dataset.record")
    page.keyboard.press("ArrowDown")
    second = page.evaluate("document.activeElement.dataset.record")
    assert first != second
    # A refresh leaves the focus on its row.
    with page.expect_response("**/api/queue**"):
        pass
    assert page.evaluate("document.activeElement.dataset.record") == second
    page.keyboard.press("Enter")
    page.wait_for_selector(f".review[data-record='{second}']")
    page.locator("#queue-button").click()
    page.locator(".queue-filters input").fill("")
    page.locator(".queue-filters select").nth(2).select_option("low_confidence")
    expect(page.locator(".pages-of")).to_contain_text(str(RECORDS // 10))
    page.locator(".queue-filters select").nth(2).select_option("")


def test_claims_of_others_appear_without_reloading(server, queue):
    page = queue
    page.locator(".queue-filters input").fill("note 000")
    expect(rows(page)).to_have_count(1)
    with Store(str(server.store)) as store:
        record = json.loads(rows(page).first.get_attribute("data-record"))
        store.records.claim(record, who="li")
    expect(rows(page).first.locator(".who span")).to_have_text("li")
    rows(page).first.locator("button").click()
    page.wait_for_selector(f".review[data-record='{record}']:not(.read-only)")
    with Store(str(server.store)) as store:
        assert store.records.get(record).claimed_by != "li"
