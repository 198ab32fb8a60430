"""Several people on one record: conflicts, claims, taking over, and text that could not be saved."""

from __future__ import annotations

from playwright.sync_api import expect
from screen_steps import banner, field, focused_path, open_record, replace_text, stored_record, wait_until_saved

from extractor.store import Store

pytest_plugins = ["browser"]
TOTAL, WEBSITE = ("disclosure", "gazette_issues"), ("work", "meetings")
UNSURE = [".".join(path) for path in (TOTAL, WEBSITE)]


def test_conflict_of_two_people_loses_nothing(server, page, open_page, disclosure):
    record = disclosure(*UNSURE)
    open_record(page, record)
    other = open_page(record, language="en")
    for each, text in ((other, "7"), (page, "8")):
        field(each, *TOTAL).focus()
        replace_text(each, text)
    other.keyboard.press("Enter")
    wait_until_saved(other)
    page.keyboard.press("Enter")
    expect(banner(page, "conflict")).to_contain_text("6 → 7")
    # The other's value is stored, and what was typed here stays in the field.
    assert stored_record(server, record).data["disclosure"]["gazette_issues"] == 7
    expect(field(page, *TOTAL)).to_have_value("8")
    expect(page.locator(".field[data-unsaved]")).to_have_count(1)
    field(page, *TOTAL).focus()
    page.keyboard.press("Enter")
    wait_until_saved(page)
    assert stored_record(server, record).data["disclosure"]["gazette_issues"] == 8
    expect(page.locator(".field[data-unsaved]")).to_have_count(0)
    assert [c.new for c in stored_record(server, record).corrections] == [7, 8]
    # Closing a page with unsaved text asks for confirmation.
    field(other, *WEBSITE).focus()
    other.keyboard.type("1")
    dialogs = []
    other.on("dialog", lambda dialog: (dialogs.append(dialog.type), dialog.accept()))
    other.close(run_before_unload=True)
    page.wait_for_timeout(300)
    assert dialogs == ["beforeunload"]


def test_conflict_over_another_field_keeps_text_being_typed(server, page, disclosure):
    record = disclosure(*UNSURE)
    open_record(page, record)
    with Store(str(server.store)) as store:
        store.records.correct(record, WEBSITE, 5, who="li", revision=stored_record(server, record).revision)
    page.keyboard.press("Enter")
    page.keyboard.type("55")
    expect(banner(page, "conflict")).to_contain_text("li")
    expect(field(page, *WEBSITE)).to_have_value("55")
    page.keyboard.press("Escape")
    expect(field(page, *WEBSITE)).to_have_value("5")


def test_claimed_record_is_read_only_until_taken_over(server, page, disclosure):
    record = disclosure(*UNSURE)
    with Store(str(server.store)) as store:
        store.records.claim(record, who="li")
    open_record(page, record)
    expect(banner(page, "held")).to_contain_text("li")
    field(page, *TOTAL).focus()
    page.keyboard.press("Enter")
    page.keyboard.type("9")
    assert stored_record(server, record).corrections == ()
    banner(page, "held").locator("button").first.click()
    expect(banner(page, "held")).to_have_count(0)
    page.wait_for_selector(".review:not(.read-only)")
    field(page, *TOTAL).focus()
    replace_text(page, "9")
    page.keyboard.press("Enter")
    wait_until_saved(page)
    assert stored_record(server, record).data["disclosure"]["gazette_issues"] == 9
    assert stored_record(server, record).claimed_by != "li"
    assert focused_path(page) == WEBSITE


def test_leaving_a_record_saves_typed_text_and_releases_it(server, page, disclosure):
    record, next_record = disclosure(*UNSURE), disclosure(*UNSURE)
    open_record(page, record)
    replace_text(page, "11")
    open_record(page, next_record)
    assert stored_record(server, record).data["disclosure"]["gazette_issues"] == 11
    assert stored_record(server, next_record).data["disclosure"]["gazette_issues"] == 6
    page.wait_for_function(
        "async n => { const r = await (await fetch(`/api/records/${n}`)).json(); return r.claimed_by === null }",
        arg=record,
    )
