"""Lists in a browser: their columns, cells, rows and sums; and required fields that are empty."""

from __future__ import annotations

import hashlib
import itertools

import pytest
from playwright.sync_api import expect
from screen_steps import (
    banner,
    field,
    focused_path,
    highlighted_text,
    open_record,
    stored_record,
    wait_until_closed,
    wait_until_saved,
)

from eval.making import screen_records

pytest_plugins = ["browser"]
TEXT = {"type": ["string", "null"]}
ORDER = {
    "type": "object",
    "title": "Order",
    "required": ["number"],
    "properties": {
        "number": TEXT | {"title": "Number"},
        "items": {
            "type": "array",
            "title": "Items",
            "items": {
                "type": "object",
                "properties": {
                    "article": TEXT | {"title": "Article"},
                    "colour": TEXT | {"title": "Colour"},
                    "pieces": {"type": ["integer", "null"], "title": "Pieces"},
                    "unit_price": {"type": ["number", "null"], "title": "Unit price"},
                    "amount": {"type": ["number", "null"], "title": "Amount"},
                },
            },
        },
    },
}
LINES = [("Pen", 3, 1.2, 3.6), ("Drawing paper, extra heavy", 12, 4.5, 54.0)]
COLUMNS = ("article", "pieces", "unit_price", "amount")


@pytest.fixture(scope="module")
def order(server, tmp_path_factory):
    """Return `order(number)`, which adds an order of two lines; the second is in doubt, its number may be missing."""
    folder = tmp_path_factory.mktemp("orders")
    schema = screen_records.named_schema(ORDER, "order")
    copies = itertools.count(1)

    def add(number: str | None = "O-1") -> int:
        source = folder / f"order-{next(copies)}.txt"
        heading = f"Number: {number}" if number else "Order"
        text = "\n".join([heading, source.stem, "", *("\t".join(map(str, line)) for line in LINES)])
        source.write_text(text)
        place = {"text": number, "start": len("Number: "), "end": len(heading), "boxes": None} if number else None
        values = [_value(["number"], number, 0.97, place)]
        for n, line in enumerate(LINES):
            for name, value in zip(COLUMNS, line, strict=True):
                at = text.index(str(value), text.index(line[0]))
                place = {"text": str(value), "start": at, "end": at + len(str(value)), "boxes": None}
                values.append(_value(["items", n, name], value, 0.3 if n else 0.97, place))
        rows = [dict(zip(COLUMNS, line, strict=True)) | {"colour": None} for line in LINES]
        result = {
            "document": {"id": hashlib.sha256(text.encode()).hexdigest(), "source": str(source), "pages": None},
            "data": {"number": number, "items": rows},
            "values": values,
            "problems": [],
            "run": {"schema": schema.id, "confidence": "uncalibrated"},
        }
        return screen_records.add_result(server.store, result, schema)

    return add


def _value(path, value, confidence, place):
    about = {"path": path, "value": value, "evidence": place, "confidence": confidence, "method": "model"}
    return about | {"problems": []}


def test_columns_fit_their_content_and_a_row_is_checked_at_once(server, page, order):
    record = order()
    open_record(page, record)
    widths = [field(page, "items", 0, name).evaluate("e => e.offsetWidth") for name in COLUMNS]
    assert widths[0] > 2 * widths[1]  # the text is long, the number is not
    expect(field(page, "items", 0, "colour")).to_be_hidden()
    page.locator(".fold-columns").click()
    expect(field(page, "items", 0, "colour")).to_be_visible()
    page.locator(".fold-columns").click()
    assert field(page, "items", 1, "amount").evaluate("e => getComputedStyle(e).textAlign") == "right"
    key = page.locator(".grid td.key-column").first
    assert key.evaluate("e => getComputedStyle(e).position") == "sticky"
    sums = [text for text in page.locator(".grid .sum").all_inner_texts() if text.strip()]
    assert sums == ["15", "57.6"]  # not of the unit prices
    # A row's number leads to its place in the document.
    page.locator(".grid .show-row").nth(0).click()
    assert highlighted_text(page).startswith("Pen") and focused_path(page) == ("items", 0, "article")
    # A click selects a cell, and typing replaces it.
    field(page, "items", 0, "pieces").click()
    page.keyboard.type("4")
    page.keyboard.press("Tab")
    wait_until_saved(page)
    assert stored_record(server, record).data["items"][0]["pieces"] == 4
    # One press settles what is left to check in a row.
    check = page.locator(".grid .check-row").nth(1)
    expect(check).to_have_text("● 4")
    check.click()
    wait_until_saved(page)
    expect(check).to_have_text("✓")
    assert stored_record(server, record).to_check == 0


def test_enter_on_an_empty_required_field_asks_and_approval_names_it(server, page, order):
    record = order(None)
    open_record(page, record)
    assert focused_path(page) == ("number",)
    expect(page.locator(".review .remaining")).to_have_attribute("data-state", "required")
    page.keyboard.press("Enter")
    expect(banner(page, "note")).to_contain_text("Alt+N")
    assert focused_path(page) == ("number",) and stored_record(server, record).corrections == ()
    page.locator(".grid .check-row").nth(1).click()
    wait_until_saved(page)
    page.keyboard.press("Control+Enter")
    dialog = page.locator("dialog[role=alertdialog]")
    expect(dialog.locator("li")).to_have_text(["Number"])
    page.keyboard.press("Enter")  # rather fill it in
    expect(dialog).to_have_count(0)
    assert focused_path(page) == ("number",) and stored_record(server, record).status == "needs_review"
    page.keyboard.press("Alt+n")
    wait_until_saved(page)
    expect(page.locator(".review .remaining")).to_have_attribute("data-state", "ready")
    page.keyboard.press("Control+Enter")
    wait_until_closed(page, record)
    assert stored_record(server, record).status == "approved"


def test_several_records_are_selected_in_the_queue_and_flagged(server, page, order):
    records = [order(), order()]
    page.locator("#queue-button").click()
    for record in records:
        page.locator(f"tr[data-record='{record}'] td.select input").check()
    expect(page.locator(".queue-selection .count")).to_contain_text("2")
    page.locator(".queue-selection [data-do=approve]").click()  # they still have something to check
    expect(page.locator(".queue-selection .told")).to_contain_text("order-")
    assert {stored_record(server, record).status for record in records} == {"needs_review"}
    page.locator(".queue-selection [data-do=delete]").click()
    expect(page.locator(f"tr[data-record='{records[0]}']")).to_have_count(0)
    assert all(stored_record(server, record).deleted for record in records)
    page.locator(".queue-filters select").first.select_option("bin")
    page.locator(f"tr[data-record='{records[0]}'] td.select input").check()
    page.locator(".queue-selection [data-do=restore]").click()
    expect(page.locator(f"tr[data-record='{records[0]}']")).to_have_count(0)
    assert stored_record(server, records[0]).deleted is None
    page.locator(".queue-filters select").first.select_option("open")
