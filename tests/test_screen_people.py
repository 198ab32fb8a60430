"""Several people on one record: conflicts, claims, taking over, and text that waits for a second try."""

from __future__ import annotations

from playwright.sync_api import expect
from screen_steps import banner, field, focused, go_to, saved, stored, type_over

from extractor.store import Store

pytest_plugins = ["browser"]
TOTAL, WEBSITE = ("disclosure", "gazette_issues"), ("work", "meetings")
UNSURE = [".".join(path) for path in (TOTAL, WEBSITE)]


def test_two_people_on_one_record_get_a_conflict_and_lose_nothing(app, page, open_page, disclosure):
    record = disclosure(*UNSURE)
    go_to(page, record)
    other = open_page(record, language="en")
    for each, text in ((other, "7"), (page, "8")):
        field(each, *TOTAL).focus()
        type_over(each, text)
    other.keyboard.press("Enter")
    saved(other)
    page.keyboard.press("Enter")
    expect(banner(page, "conflict")).to_contain_text("6 → 7")
    # What the other saved stands, and what was typed here waits in the field.
    assert stored(app, record).data["disclosure"]["gazette_issues"] == 7
    expect(field(page, *TOTAL)).to_have_value("8")
    expect(page.locator(".field[data-unsaved]")).to_have_count(1)
    field(page, *TOTAL).focus()
    page.keyboard.press("Enter")
    saved(page)
    assert stored(app, record).data["disclosure"]["gazette_issues"] == 8
    expect(page.locator(".field[data-unsaved]")).to_have_count(0)
    assert [c.new for c in stored(app, record).corrections] == [7, 8]
    # Whoever leaves with something unsaved is asked.
    field(other, *WEBSITE).focus()
    other.keyboard.type("1")
    asked = []
    other.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    other.close(run_before_unload=True)
    page.wait_for_timeout(300)
    assert asked == ["beforeunload"]


def test_a_conflict_over_another_field_keeps_what_is_being_typed(app, page, disclosure):
    record = disclosure(*UNSURE)
    go_to(page, record)
    with Store(str(app.store)) as store:
        store.records.correct(record, WEBSITE, 5, who="li", revision=stored(app, record).revision)
    page.keyboard.press("Enter")
    page.keyboard.type("55")
    expect(banner(page, "conflict")).to_contain_text("li")
    expect(field(page, *WEBSITE)).to_have_value("55")
    page.keyboard.press("Escape")
    expect(field(page, *WEBSITE)).to_have_value("5")


def test_a_record_that_somebody_has_is_shown_and_can_be_taken_over(app, page, disclosure):
    record = disclosure(*UNSURE)
    with Store(str(app.store)) as store:
        store.records.claim(record, who="li")
    go_to(page, record)
    expect(banner(page, "held")).to_contain_text("li")
    field(page, *TOTAL).focus()
    page.keyboard.press("Enter")
    page.keyboard.type("9")
    assert stored(app, record).corrections == ()
    banner(page, "held").locator("button").first.click()
    expect(banner(page, "held")).to_have_count(0)
    page.wait_for_selector(".review:not(.read-only)")
    field(page, *TOTAL).focus()
    type_over(page, "9")
    page.keyboard.press("Enter")
    saved(page)
    assert stored(app, record).data["disclosure"]["gazette_issues"] == 9
    assert stored(app, record).claimed_by != "li"
    assert focused(page) == WEBSITE


def test_leaving_a_record_saves_what_is_typed_and_lets_it_go(app, page, disclosure):
    record, next_record = disclosure(*UNSURE), disclosure(*UNSURE)
    go_to(page, record)
    type_over(page, "11")
    go_to(page, next_record)
    assert stored(app, record).data["disclosure"]["gazette_issues"] == 11
    assert stored(app, next_record).data["disclosure"]["gazette_issues"] == 6
    page.wait_for_function(
        "async n => { const r = await (await fetch(`/api/records/${n}`)).json(); return r.claimed_by === null }",
        arg=record,
    )
