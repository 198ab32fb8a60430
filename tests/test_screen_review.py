"""The review in a browser: what keys and mouse do to a record, on a text and on pages."""

from __future__ import annotations

from screen_steps import focused, saved, stored

pytest_plugins = ["browser"]
TOTAL, WEBSITE, RATE = ("disclosure", "total"), ("disclosure", "website"), ("interaction", "completion_rate")
UNSURE = [".".join(path) for path in (TOTAL, WEBSITE, RATE)]


def test_three_fields_are_corrected_by_keyboard_alone_and_the_record_approved(app, looking, disclosure):
    record = disclosure(*UNSURE)
    page = looking(record)
    assert tuple(focused(page)) == TOTAL
    assert "3" in page.locator(".review .head .left").inner_text()
    for text in ("9,265", "5131", "98.5%"):
        page.keyboard.press("Control+a")
        page.keyboard.type(text)
        page.keyboard.press("Enter")
    saved(page)
    data = stored(app, record).data
    assert (data["disclosure"]["total"], data["disclosure"]["website"]) == (9265, 5131)
    assert data["interaction"]["completion_rate"] == 98.5
    page.keyboard.press("Control+Enter")
    page.wait_for_function("n => !document.querySelector(`.review[data-record='${n}']:not(.read-only)`)", arg=record)
    assert stored(app, record).status == "approved"
