"""The review in a browser: what keys and mouse do to a record, on a text and on pages."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from screen_steps import banner, field, focused, go_to, highlighted, left, place_of, saved, stored, type_over

pytest_plugins = ["browser"]
TOTAL, WEBSITE, RATE = ("disclosure", "total"), ("disclosure", "website"), ("interaction", "completion_rate")
UNSURE = [".".join(path) for path in (TOTAL, WEBSITE, RATE)]
FIRST, SECOND, THIRD = ("part_1", "value_1"), ("part_1", "value_5"), ("part_2", "value_4")
"""Fields of the long report that are doubted, in the form's order."""


def test_fields_are_corrected_and_the_record_approved_by_keyboard(app, page, disclosure):
    fields = [("disclosure", "gazette_issues"), RATE, ("work", "meetings")]
    record = disclosure(*(".".join(path) for path in fields))
    go_to(page, record)
    expect(page.locator(".review .toolbar .remaining")).to_contain_text("3")
    for path, text in zip(fields, ("十二期", "99.1%", "4次"), strict=True):
        assert focused(page) == path
        type_over(page, text)
        page.keyboard.press("Enter")
    saved(page)
    data = stored(app, record).data
    assert [data[group][name] for group, name in fields] == [12, 99.1, 4]
    page.keyboard.press("Control+Enter")
    left(page, record)
    assert stored(app, record).status == "approved"


def test_enter_tab_and_the_counter_follow_the_forms_order(page, disclosure):
    go_to(page, disclosure(*UNSURE))
    assert focused(page) == TOTAL
    page.keyboard.press("Enter")
    assert focused(page) == WEBSITE
    page.keyboard.press("Enter")
    assert focused(page) == RATE
    page.keyboard.press("Tab")
    assert focused(page) == ("interaction", "mailbox_letters")
    go_to(page, disclosure(*UNSURE))
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+Enter")
    assert focused(page) == RATE  # the one before, around the beginning: the first is checked by now
    expect(page.locator(".review .toolbar .remaining")).to_contain_text("2")


def test_a_failed_check_needs_a_second_ctrl_enter(app, page, disclosure):
    record = disclosure(WEBSITE[0] + "." + WEBSITE[1])
    go_to(page, record)
    type_over(page, "5135")
    page.keyboard.press("Enter")
    saved(page)
    expect(page.locator(".review .field[data-level=wrong]").first).to_be_visible()
    field(page, *TOTAL).focus()
    expect(page.locator(".field-details")).to_contain_text("主动公开总数应等于各种方式公开数之和")
    page.keyboard.press("Control+Enter")
    expect(banner(page, "note")).to_contain_text("再按一次 Ctrl+Enter")
    assert stored(app, record).status == "needs_review"
    page.keyboard.press("Control+Enter")
    left(page, record)
    assert stored(app, record).status == "approved"


def test_evidence_is_highlighted_and_a_click_on_it_leads_to_its_field(page, disclosure):
    go_to(page, disclosure(*UNSURE))
    assert highlighted(page) == "9264"
    expect(page.locator(".snippet-text mark")).to_have_text("9264")
    expect(page.locator(".field-details")).to_contain_text("40%")
    page.keyboard.press("Enter")
    assert highlighted(page) == "5130"
    page.mouse.click(*place_of(page, "99.2%"))
    assert focused(page) == RATE
    assert highlighted(page) == "99.2%"


def test_a_click_selects_a_whole_number_and_a_drag_joins_chinese_words(app, page, bill):
    record = bill()
    go_to(page, record)
    field(page, "number").click()
    page.mouse.click(*place_of(page, "647.67"))
    saved(page)
    assert stored(app, record).data["number"] == "75,647.67万元"
    assert highlighted(page) == "75,647.67万元"
    field(page, "customer").click()
    x, y = place_of(page, "𠮷田")
    end, y_end = place_of(page, "lpha Ltd")
    page.mouse.move(x - 3, y)
    page.mouse.down()
    page.mouse.move(end, y_end, steps=4)
    page.mouse.move(end + 26, y_end, steps=2)
    page.mouse.up()
    saved(page)
    assert stored(app, record).data["customer"] == "𠮷田 Trading, 𝒜lpha Ltd"
    assert highlighted(page) == "𠮷田 Trading, 𝒜lpha Ltd"
    x, y = place_of(page, "宁夏")
    page.mouse.move(x - 10, y)
    page.mouse.down()
    page.mouse.move(*place_of(page, "族自"), steps=4)
    page.mouse.move(*place_of(page, "治区"), steps=4)
    page.mouse.up()
    saved(page)
    assert stored(app, record).data["customer"].startswith("宁夏回族自治")


def test_shift_click_appends_to_the_value(app, page, bill):
    record = bill()
    go_to(page, record)
    field(page, "customer").click()
    page.mouse.click(
        *place_of(page, "Trading"),
    )
    page.keyboard.down("Shift")
    page.mouse.click(*place_of(page, "Ltd"))
    page.keyboard.up("Shift")
    saved(page)
    assert stored(app, record).data["customer"] == "Trading Ltd"


def test_a_click_selects_a_cell_and_ctrl_click_a_marked_one(app, page, disclosure):
    record = disclosure()
    go_to(page, record)
    field(page, "report", "authority").click()
    page.mouse.click(*place_of(page, "规范性文件"))
    saved(page)
    assert stored(app, record).data["report"]["authority"] == "规范性文件"
    page.keyboard.down("Control")
    page.mouse.click(*place_of(page, "20457"))
    page.keyboard.up("Control")
    page.wait_for_function("() => document.activeElement.value === '20457'")
    saved(page)
    assert stored(app, record).data["report"]["authority"] == "20457"


def test_words_on_a_page_are_selected_by_click_and_drag(app, page, printed):
    record = printed()
    go_to(page, record)
    page.wait_for_selector(".page.loaded[data-words=loaded][data-page='1']")
    field(page, "number").focus()
    page.mouse.move(*page_point(page, 1, 70, 704))
    page.wait_for_selector(".box.hover")
    page.mouse.click(*page_point(page, 1, 70, 704))
    saved(page)
    assert stored(app, record).data["number"] == "Beta"
    expect(page.locator(".box.active")).to_have_count(1)
    # Of a run of Chinese without blanks the number alone.
    page.mouse.click(*page_point(page, 1, 110, 564))
    saved(page)
    assert stored(app, record).data["number"] == "75,647.67万元"
    field(page, "customer").focus()
    drag(page, page_point(page, 1, 55, 655), page_point(page, 1, 111, 622))
    saved(page)
    assert stored(app, record).data["customer"] == "宁夏回族自治区"
    evidence = stored(app, record).corrections[-1].evidence
    assert len(evidence["boxes"]) == 2
    drag(page, page_point(page, 1, 50, 718), page_point(page, 1, 200, 698))
    saved(page)
    assert stored(app, record).data["customer"] == "Beta Works"


def test_words_of_pages_are_not_elements_of_their_own(page, long_report):
    """A report of 60 pages has 19,000 words; the browser would slow down."""
    go_to(page, long_report())
    assert page.locator(".review .page *").count() < 1000


def test_a_box_on_the_page_leads_to_its_field(app, page, long_report):
    go_to(page, long_report())
    assert focused(page) == FIRST
    expect(page.locator(".box.active")).to_have_count(1)
    expect(page.locator(".snippet-page")).to_be_visible()
    page.keyboard.press("Enter")
    assert focused(page) == SECOND  # on the first page, too
    saved(page)
    page.mouse.click(*middle(page.locator(".page[data-page='1'] .box.evidence").first))
    assert focused(page) == FIRST
    # With the boxes hidden, or with Ctrl, the word is taken.
    page.keyboard.press("Alt+b")
    page.mouse.click(*middle(page.locator(".page[data-page='1'] .box.active")))
    page.keyboard.press("Alt+b")
    assert focused(page) == FIRST
    saved(page)


def test_the_page_is_zoomed_and_fitted(page, printed):
    go_to(page, printed())
    field(page, "customer").focus()
    width = page.locator(".page").first.bounding_box()["width"]
    page.keyboard.press("Alt+=")
    page.keyboard.press("Alt+=")
    assert page.locator(".page").first.bounding_box()["width"] == pytest.approx(width * 1.44, rel=0.02)
    page.keyboard.press("Alt+0")
    assert page.locator(".page").first.bounding_box()["width"] == pytest.approx(width, rel=0.02)
    page.keyboard.press("Alt+0")
    sheet, pane = page.locator(".page").first.bounding_box(), page.locator(".page-pane").bounding_box()
    assert sheet["height"] <= pane["height"] * 1.02


def test_absent_undo_redo_history_and_esc(app, page, disclosure):
    record = disclosure(*UNSURE)
    go_to(page, record)
    page.keyboard.press("Alt+n")
    saved(page)
    assert stored(app, record).data["disclosure"]["total"] is None
    assert focused(page) == WEBSITE
    page.keyboard.press("Control+z")
    expect(field(page, *TOTAL)).to_have_value("9264")
    assert focused(page) == TOTAL
    page.keyboard.press("Control+Shift+z")
    expect(field(page, *TOTAL)).to_have_value("")
    page.keyboard.press("Control+z")
    expect(field(page, *TOTAL)).to_have_value("9264")
    saved(page)
    page.keyboard.press("Alt+h")
    expect(page.locator(".history-panel .history-entry")).to_have_count(5)
    page.keyboard.press("Escape")
    expect(page.locator(".history-panel")).to_be_hidden()
    page.keyboard.type("77")
    page.keyboard.press("Escape")
    expect(field(page, *TOTAL)).to_have_value("9264")
    assert stored(app, record).data["disclosure"]["total"] == 9264


def test_flag_reject_and_reopen_ask_for_a_note(app, page, disclosure):
    record = disclosure(*UNSURE)
    go_to(page, record)
    page.keyboard.press("Alt+f")
    page.keyboard.press("Tab")
    page.keyboard.type("看不清")
    page.keyboard.press("Enter")
    expect(page.locator(".review .about")).to_contain_text("看不清")
    assert focused(page) == TOTAL
    page.keyboard.press("Alt+r")
    page.locator("dialog select").select_option(index=1)
    page.locator("dialog button[type=submit]").click()
    left(page, record)
    assert stored(app, record).status == "rejected"
    go_to(page, record)
    expect(page.locator(".review")).to_have_class("screen review read-only")
    page.keyboard.press("Alt+o")
    page.keyboard.press("Enter")
    page.wait_for_selector(".review:not(.read-only)")
    assert stored(app, record).status == "needs_review"


def test_rows_are_added_deleted_pasted_and_moved_through_by_arrows(app, page, bill):
    record = bill(with_items)
    go_to(page, record)
    field(page, "items", 0, "article").click()
    page.keyboard.press("ArrowDown")
    assert focused(page) == ("items", 1, "article")
    page.keyboard.press("Alt+a")
    expect(field(page, "items", 2, "article")).to_have_count(1)
    field(page, "items", 2, "article").click()
    page.evaluate(PASTE, "Ink\t2\t7.25\nGlue\t5\t3.10\n")
    expect(field(page, "items", 3, "count")).to_have_value("5")
    saved(page)
    items = stored(app, record).data["items"]
    assert [item["article"] for item in items] == ["Pen", "Paper", "Ink", "Glue"]
    assert items[3]["price"] == 3.1
    expect(page.locator(".grid .sum").nth(1)).to_have_text("22")
    # A row goes while text is typed in the next: the text stays with its row.
    field(page, "items", 0, "article").click()
    page.keyboard.press("Alt+Delete")
    expect(page.locator(".grid tbody tr")).to_have_count(3)
    saved(page)
    assert [item["article"] for item in stored(app, record).data["items"]] == ["Paper", "Ink", "Glue"]
    page.keyboard.press("Control+z")
    expect(page.locator(".grid tbody tr")).to_have_count(4)
    expect(field(page, "items", 0, "article")).to_have_value("Pen")


def test_choices_are_saved_at_once(app, page, bill):
    record = bill()
    go_to(page, record)
    field(page, "kind").select_option("invoice")
    field(page, "paid").select_option("true")
    saved(page)
    data = stored(app, record).data
    assert (data["kind"], data["paid"]) == ("invoice", True)


def test_typed_text_is_shown_as_it_was_parsed(app, page, bill):
    record = bill(with_items)
    go_to(page, record)
    for text in ("12 pieces", "十二"):  # the second time nothing changes in the record
        field(page, "items", 0, "count").click()
        type_over(page, text)
        page.keyboard.press("Enter")
        saved(page)
        expect(field(page, "items", 0, "count")).to_have_value("12")
    field(page, "items", 0, "count").click()
    type_over(page, "many")
    page.keyboard.press("Enter")
    expect(banner(page, "error")).to_be_visible()
    expect(field(page, "items", 0, "count")).to_have_value("many")
    expect(page.locator("td[data-unsaved]")).to_have_count(1)
    field(page, "items", 0, "count").click()
    page.keyboard.press("Escape")
    expect(field(page, "items", 0, "count")).to_have_value("12")
    assert stored(app, record).data["items"][0]["count"] == 12


def test_an_input_methods_enter_accepts_no_field(app, page, disclosure):
    record = disclosure("report.authority", "report.title")
    go_to(page, record)
    field(page, "report", "authority").focus()
    method = page.context.new_cdp_session(page)
    method.send("Input.imeSetComposition", {"text": "qing'shan", "selectionStart": 9, "selectionEnd": 9})
    # The key that picks a word belongs to the input method: nothing is accepted by it.
    method.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", "key": "Enter", "windowsVirtualKeyCode": 229})
    assert focused(page) == ("report", "authority")
    method.send("Input.insertText", {"text": "青山县人民政府"})
    method.send("Input.dispatchKeyEvent", {"type": "keyUp", "key": "Enter", "windowsVirtualKeyCode": 229})
    assert focused(page) == ("report", "authority")
    assert stored(app, record).data["report"]["authority"] is None
    page.keyboard.press("Enter")
    saved(page)
    assert stored(app, record).data["report"]["authority"] == "青山县人民政府"


def test_text_being_typed_survives_an_answer(app, page, disclosure):
    record = disclosure(*UNSURE)
    go_to(page, record)
    page.route("**/edit", lambda route: (page.wait_for_timeout(300), route.continue_()))
    type_over(page, "9,265")
    page.keyboard.press("Enter")
    field(page, *TOTAL).focus()
    type_over(page, "1234")
    saved(page)
    expect(field(page, *TOTAL)).to_have_value("1234")
    assert stored(app, record).data["disclosure"]["total"] == 9265
    page.keyboard.press("Enter")
    saved(page)
    page.wait_for_timeout(50)
    saved(page)
    assert stored(app, record).data["disclosure"]["total"] == 1234


def test_changes_made_offline_are_saved_later(app, page, disclosure):
    record = disclosure(*UNSURE)
    go_to(page, record)
    page.route("**/edit", lambda route: route.abort())
    type_over(page, "9265")
    page.keyboard.press("Enter")
    page.wait_for_selector('.review .save-state[data-state="offline"]')
    type_over(page, "5131")
    page.keyboard.press("Enter")
    page.unroute("**/edit")
    saved(page)
    data = stored(app, record).data["disclosure"]
    assert (data["total"], data["website"]) == (9265, 5131)


def test_a_region_is_read_again(app, page, long_report):
    record = long_report()
    go_to(page, record)
    asked = []

    def read(route):
        asked.append(route.request.post_data_json)
        route.fulfill(json={"text": "42.5", "confidence": 0.9})

    page.route("**/read", read)
    x, y = page_point(page, 1, 60, 700)
    page.keyboard.down("Alt")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 80, y + 20, steps=3)
    page.mouse.up()
    page.keyboard.up("Alt")
    expect(field(page, *FIRST)).to_have_value("42.5")
    saved(page)
    assert stored(app, record).data["part_1"]["value_1"] == 42.5
    assert asked[0]["page"] == 1
    assert asked[0]["box"][0] == pytest.approx(60, abs=2)
    assert stored(app, record).corrections[-1].how == "region"


def test_all_shortcuts_are_listed(page, disclosure):
    go_to(page, disclosure(*UNSURE))
    assert page.locator(".shortcut-line kbd").count() >= 7
    page.keyboard.press("F1")
    expect(page.locator(".shortcut-help")).to_be_visible()
    assert page.locator(".shortcut-help dt").count() > 25
    page.keyboard.press("F1")
    expect(page.locator(".shortcut-help")).to_be_hidden()


def with_items(result):
    """The bill's two items, as a machine would have found them."""
    for row, (article, count, price) in enumerate([("Pen", 3, 1.2), ("Paper", 12, 4.5)]):
        found = {"article": article, "count": count, "price": price}
        for name, value in found.items():
            result["values"].append(
                {
                    "path": ["items", row, name],
                    "value": value,
                    "evidence": None,
                    "confidence": 0.95,
                    "score": 0.95,
                    "method": "structure",
                    "problems": [],
                }
            )
        result["data"].setdefault("items", [])
        result["data"]["items"] = [*(result["data"]["items"] or [])[:row], found]


PASTE = """text => {
    const data = new DataTransfer();
    data.setData("text/plain", text);
    const pasted = { clipboardData: data, bubbles: true, cancelable: true };
    document.activeElement.dispatchEvent(new ClipboardEvent("paste", pasted));
}"""


def page_point(page, number: int, x: float, y_from_bottom: float) -> tuple[float, float]:
    """Where a point of a page is on screen; reportlab counts from the bottom."""
    sheet = page.locator(f".page[data-page='{number}']").bounding_box()
    return sheet["x"] + x / 595 * sheet["width"], sheet["y"] + (842 - y_from_bottom) / 842 * sheet["height"]


def drag(page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=5)
    page.mouse.up()


def middle(locator) -> tuple[float, float]:
    locator.scroll_into_view_if_needed()
    box = locator.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
