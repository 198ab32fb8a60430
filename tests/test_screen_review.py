"""The review in a browser: editing a record by keyboard and mouse, on a text and on pages."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from screen_steps import (
    banner,
    field,
    focused_path,
    highlighted_text,
    open_record,
    replace_text,
    stored_record,
    text_position,
    wait_until_closed,
    wait_until_saved,
)

pytest_plugins = ["browser"]
TOTAL, WEBSITE, RATE = ("disclosure", "total"), ("disclosure", "website"), ("interaction", "completion_rate")
UNSURE = [".".join(path) for path in (TOTAL, WEBSITE, RATE)]
FIRST, SECOND, THIRD = ("part_1", "value_1"), ("part_1", "value_5"), ("part_2", "value_4")
"""Fields of the long report with low confidence, in the order of the form."""


def test_fields_are_corrected_and_the_record_approved_by_keyboard(server, page, disclosure):
    fields = [("disclosure", "gazette_issues"), RATE, ("work", "meetings")]
    record = disclosure(*(".".join(path) for path in fields))
    open_record(page, record)
    expect(page.locator(".review .toolbar .remaining")).to_contain_text("3")
    for path, text in zip(fields, ("十二期", "99.1%", "4次"), strict=True):
        assert focused_path(page) == path
        replace_text(page, text)
        page.keyboard.press("Enter")
    wait_until_saved(page)
    data = stored_record(server, record).data
    assert [data[group][name] for group, name in fields] == [12, 99.1, 4]
    page.keyboard.press("Control+Enter")
    wait_until_closed(page, record)
    assert stored_record(server, record).status == "approved"


def test_enter_tab_and_the_counter_follow_the_order_of_the_form(page, disclosure):
    open_record(page, disclosure(*UNSURE))
    assert focused_path(page) == TOTAL
    page.keyboard.press("Enter")
    assert focused_path(page) == WEBSITE
    page.keyboard.press("Enter")
    assert focused_path(page) == RATE
    page.keyboard.press("Tab")
    assert focused_path(page) == ("interaction", "mailbox_letters")
    open_record(page, disclosure(*UNSURE))
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+Enter")
    assert focused_path(page) == RATE  # the previous one, starting over at the end: the first is checked by now
    expect(page.locator(".review .toolbar .remaining")).to_contain_text("2")


def test_a_failed_check_needs_a_second_ctrl_enter(server, page, disclosure):
    record = disclosure(WEBSITE[0] + "." + WEBSITE[1])
    open_record(page, record)
    replace_text(page, "5135")
    page.keyboard.press("Enter")
    wait_until_saved(page)
    expect(page.locator(".review .field[data-level=wrong]").first).to_be_visible()
    field(page, *TOTAL).focus()
    expect(page.locator(".field-details")).to_contain_text("主动公开总数应等于各种方式公开数之和")
    page.keyboard.press("Control+Enter")
    expect(banner(page, "note")).to_contain_text("再按一次 Ctrl+Enter")
    assert stored_record(server, record).status == "needs_review"
    page.keyboard.press("Control+Enter")
    wait_until_closed(page, record)
    assert stored_record(server, record).status == "approved"


def test_evidence_is_highlighted_and_a_click_on_it_opens_its_field(page, disclosure):
    open_record(page, disclosure(*UNSURE))
    assert highlighted_text(page) == "9264"
    expect(page.locator(".snippet-text mark")).to_have_text("9264")
    expect(page.locator(".field-details")).to_contain_text("40%")
    page.keyboard.press("Enter")
    assert highlighted_text(page) == "5130"
    page.mouse.click(*text_position(page, "99.2%"))
    assert focused_path(page) == RATE
    assert highlighted_text(page) == "99.2%"


def test_click_selects_a_whole_number_and_drag_joins_chinese_words(server, page, bill):
    record = bill()
    open_record(page, record)
    field(page, "number").click()
    page.mouse.click(*text_position(page, "647.67"))
    wait_until_saved(page)
    assert stored_record(server, record).data["number"] == "75,647.67万元"
    assert highlighted_text(page) == "75,647.67万元"
    field(page, "customer").click()
    x, y = text_position(page, "𠮷田")
    end, y_end = text_position(page, "lpha Ltd")
    page.mouse.move(x - 3, y)
    page.mouse.down()
    page.mouse.move(end, y_end, steps=4)
    page.mouse.move(end + 26, y_end, steps=2)
    page.mouse.up()
    wait_until_saved(page)
    assert stored_record(server, record).data["customer"] == "𠮷田 Trading, 𝒜lpha Ltd"
    assert highlighted_text(page) == "𠮷田 Trading, 𝒜lpha Ltd"
    x, y = text_position(page, "宁夏")
    page.mouse.move(x - 10, y)
    page.mouse.down()
    page.mouse.move(*text_position(page, "族自"), steps=4)
    page.mouse.move(*text_position(page, "治区"), steps=4)
    page.mouse.up()
    wait_until_saved(page)
    assert stored_record(server, record).data["customer"].startswith("宁夏回族自治")


def test_shift_click_appends_to_the_value(server, page, bill):
    record = bill()
    open_record(page, record)
    field(page, "customer").click()
    page.mouse.click(*text_position(page, "Trading"))
    page.keyboard.down("Shift")
    page.mouse.click(*text_position(page, "Ltd"))
    page.keyboard.up("Shift")
    wait_until_saved(page)
    assert stored_record(server, record).data["customer"] == "Trading Ltd"


def test_click_selects_a_cell_and_ctrl_click_one_with_evidence(server, page, disclosure):
    record = disclosure()
    open_record(page, record)
    field(page, "report", "authority").click()
    page.mouse.click(*text_position(page, "规范性文件"))
    wait_until_saved(page)
    assert stored_record(server, record).data["report"]["authority"] == "规范性文件"
    page.keyboard.down("Control")
    page.mouse.click(*text_position(page, "20457"))
    page.keyboard.up("Control")
    page.wait_for_function("() => document.activeElement.value === '20457'")
    wait_until_saved(page)
    assert stored_record(server, record).data["report"]["authority"] == "20457"


def test_words_on_a_page_are_selected_by_click_and_drag(server, page, printed):
    record = printed()
    open_record(page, record)
    page.wait_for_selector(".page.loaded[data-words=loaded][data-page='1']")
    field(page, "number").focus()
    page.mouse.move(*page_point(page, 1, 70, 704))
    page.wait_for_selector(".box.hover")
    page.mouse.click(*page_point(page, 1, 70, 704))
    wait_until_saved(page)
    assert stored_record(server, record).data["number"] == "Beta"
    expect(page.locator(".box.active")).to_have_count(1)
    # In a run of Chinese text, the number alone.
    page.mouse.click(*page_point(page, 1, 110, 564))
    wait_until_saved(page)
    assert stored_record(server, record).data["number"] == "75,647.67万元"
    field(page, "customer").focus()
    drag(page, page_point(page, 1, 55, 655), page_point(page, 1, 111, 622))
    wait_until_saved(page)
    assert stored_record(server, record).data["customer"] == "宁夏回族自治区"
    evidence = stored_record(server, record).corrections[-1].evidence
    assert len(evidence["boxes"]) == 2
    drag(page, page_point(page, 1, 50, 718), page_point(page, 1, 200, 698))
    wait_until_saved(page)
    assert stored_record(server, record).data["customer"] == "Beta Works"


def test_words_of_pages_are_not_elements(page, long_report):
    """A report of a dozen pages has 7,000 words, and as many elements would slow the browser down."""
    open_record(page, long_report())
    assert page.locator(".review .page *").count() < 1000


def test_click_on_evidence_on_a_page_opens_its_field(server, page, long_report):
    open_record(page, long_report())
    assert focused_path(page) == FIRST
    expect(page.locator(".box.active")).to_have_count(1)
    expect(page.locator(".snippet-page")).to_be_visible()
    page.keyboard.press("Enter")
    assert focused_path(page) == SECOND  # on the first page as well
    wait_until_saved(page)
    page.mouse.click(*middle(page.locator(".page[data-page='1'] .box.evidence").first))
    assert focused_path(page) == FIRST
    # While the boxes are hidden, a click selects the word.
    page.keyboard.press("Alt+b")
    page.mouse.click(*middle(page.locator(".page[data-page='1'] .box.active")))
    page.keyboard.press("Alt+b")
    assert focused_path(page) == FIRST
    wait_until_saved(page)


def test_page_is_zoomed_and_fitted(page, printed):
    open_record(page, printed())
    field(page, "customer").focus()
    width = page.locator(".page").first.bounding_box()["width"]
    page.keyboard.press("Alt+=")
    page.keyboard.press("Alt+=")
    assert page.locator(".page").first.bounding_box()["width"] == pytest.approx(width * 1.44, rel=0.02)
    page.keyboard.press("Alt+0")
    assert page.locator(".page").first.bounding_box()["width"] == pytest.approx(width, rel=0.02)
    page.keyboard.press("Alt+0")
    page_box, pane = page.locator(".page").first.bounding_box(), page.locator(".page-pane").bounding_box()
    assert page_box["height"] <= pane["height"] * 1.02


def test_absent_undo_redo_history_and_escape(server, page, disclosure):
    record = disclosure(*UNSURE)
    open_record(page, record)
    page.keyboard.press("Alt+n")
    wait_until_saved(page)
    assert stored_record(server, record).data["disclosure"]["total"] is None
    assert focused_path(page) == WEBSITE
    page.keyboard.press("Control+z")
    expect(field(page, *TOTAL)).to_have_value("9264")
    assert focused_path(page) == TOTAL
    page.keyboard.press("Control+Shift+z")
    expect(field(page, *TOTAL)).to_have_value("")
    page.keyboard.press("Control+z")
    expect(field(page, *TOTAL)).to_have_value("9264")
    wait_until_saved(page)
    page.keyboard.press("Alt+h")
    expect(page.locator(".history-panel .history-entry")).to_have_count(5)
    page.keyboard.press("Escape")
    expect(page.locator(".history-panel")).to_be_hidden()
    page.keyboard.type("77")
    page.keyboard.press("Escape")
    expect(field(page, *TOTAL)).to_have_value("9264")
    assert stored_record(server, record).data["disclosure"]["total"] == 9264


def test_flag_reject_and_reopen_ask_for_a_note(server, page, disclosure):
    record = disclosure(*UNSURE)
    open_record(page, record)
    page.keyboard.press("Alt+f")
    page.keyboard.press("Tab")
    page.keyboard.type("看不清")
    page.keyboard.press("Enter")
    expect(page.locator(".review .remaining")).to_contain_text("看不清")
    assert focused_path(page) == TOTAL
    page.keyboard.press("Alt+r")
    page.locator("dialog select").select_option(index=1)
    page.locator("dialog button[type=submit]").click()
    wait_until_closed(page, record)
    assert stored_record(server, record).status == "rejected"
    open_record(page, record)
    expect(page.locator(".review")).to_have_class("screen review read-only")
    page.keyboard.press("Alt+o")
    page.keyboard.press("Enter")
    page.wait_for_selector(".review:not(.read-only)")
    assert stored_record(server, record).status == "needs_review"


def test_rows_are_added_deleted_pasted_and_moved_through_by_arrows(server, page, bill):
    record = bill(with_items)
    open_record(page, record)
    field(page, "items", 0, "article").click()
    page.keyboard.press("ArrowDown")
    assert focused_path(page) == ("items", 1, "article")
    page.keyboard.press("Alt+a")
    expect(field(page, "items", 2, "article")).to_have_count(1)
    field(page, "items", 2, "article").click()
    page.evaluate(PASTE, "Ink\t2\t7.25\nGlue\t5\t3.10\n")
    expect(field(page, "items", 3, "count")).to_have_value("5")
    wait_until_saved(page)
    items = stored_record(server, record).data["items"]
    assert [item["article"] for item in items] == ["Pen", "Paper", "Ink", "Glue"]
    assert items[3]["price"] == 3.1
    expect(page.locator(".grid .sum").nth(1)).to_have_text("22")
    # Deleting a row keeps the values of the next.
    field(page, "items", 0, "article").click()
    page.keyboard.press("Alt+Delete")
    expect(page.locator(".grid tbody tr")).to_have_count(3)
    wait_until_saved(page)
    assert [item["article"] for item in stored_record(server, record).data["items"]] == ["Paper", "Ink", "Glue"]
    page.keyboard.press("Control+z")
    expect(page.locator(".grid tbody tr")).to_have_count(4)
    expect(field(page, "items", 0, "article")).to_have_value("Pen")


def test_choices_are_saved_at_once(server, page, bill):
    record = bill()
    open_record(page, record)
    field(page, "kind").select_option("invoice")
    field(page, "paid").select_option("true")
    wait_until_saved(page)
    data = stored_record(server, record).data
    assert (data["kind"], data["paid"]) == ("invoice", True)


def test_typed_text_is_shown_as_it_was_parsed(server, page, bill):
    record = bill(with_items)
    open_record(page, record)
    for text in ("12 pieces", "十二"):  # the second time, the stored value does not change
        field(page, "items", 0, "count").click()
        replace_text(page, text)
        page.keyboard.press("Enter")
        wait_until_saved(page)
        expect(field(page, "items", 0, "count")).to_have_value("12")
    field(page, "items", 0, "count").click()
    replace_text(page, "many")
    page.keyboard.press("Enter")
    expect(banner(page, "error")).to_be_visible()
    expect(field(page, "items", 0, "count")).to_have_value("many")
    expect(page.locator("td[data-unsaved]")).to_have_count(1)
    field(page, "items", 0, "count").click()
    page.keyboard.press("Escape")
    expect(field(page, "items", 0, "count")).to_have_value("12")
    assert stored_record(server, record).data["items"][0]["count"] == 12


def test_enter_of_an_input_method_accepts_no_field(server, page, disclosure):
    record = disclosure("report.authority", "report.title")
    open_record(page, record)
    field(page, "report", "authority").focus()
    session = page.context.new_cdp_session(page)
    session.send("Input.imeSetComposition", {"text": "qing'shan", "selectionStart": 9, "selectionEnd": 9})
    # Enter picks a candidate of the input method; it does not accept the field.
    session.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", "key": "Enter", "windowsVirtualKeyCode": 229})
    assert focused_path(page) == ("report", "authority")
    session.send("Input.insertText", {"text": "青山县人民政府"})
    session.send("Input.dispatchKeyEvent", {"type": "keyUp", "key": "Enter", "windowsVirtualKeyCode": 229})
    assert focused_path(page) == ("report", "authority")
    assert stored_record(server, record).data["report"]["authority"] is None
    page.keyboard.press("Enter")
    wait_until_saved(page)
    assert stored_record(server, record).data["report"]["authority"] == "青山县人民政府"


def test_text_being_typed_is_kept_when_an_answer_arrives(server, page, disclosure):
    record = disclosure(*UNSURE)
    open_record(page, record)
    page.route("**/edit", lambda route: (page.wait_for_timeout(300), route.continue_()))
    replace_text(page, "9,265")
    page.keyboard.press("Enter")
    field(page, *TOTAL).focus()
    replace_text(page, "1234")
    wait_until_saved(page)
    expect(field(page, *TOTAL)).to_have_value("1234")
    assert stored_record(server, record).data["disclosure"]["total"] == 9265
    page.keyboard.press("Enter")
    wait_until_saved(page)
    page.wait_for_timeout(50)
    wait_until_saved(page)
    assert stored_record(server, record).data["disclosure"]["total"] == 1234


def test_changes_made_offline_are_saved_later(server, page, disclosure):
    record = disclosure(*UNSURE)
    open_record(page, record)
    page.route("**/edit", lambda route: route.abort())
    replace_text(page, "9265")
    page.keyboard.press("Enter")
    page.wait_for_selector('.review .save-state[data-state="offline"]')
    replace_text(page, "5131")
    page.keyboard.press("Enter")
    page.unroute("**/edit")
    wait_until_saved(page)
    data = stored_record(server, record).data["disclosure"]
    assert (data["total"], data["website"]) == (9265, 5131)


def test_prefetched_document_is_awaited_while_the_server_reads_it(page, disclosure):
    first, second = disclosure(*UNSURE), disclosure(*UNSURE)
    answers = []

    def read_slowly(route):
        answers.append(route)
        if len(answers) < 4:
            route.fulfill(json={"state": "reading"})
        else:
            route.continue_()

    page.route(f"**/records/{second}/document", read_slowly)
    page.route(f"**/records/{first}/next**", lambda route: route.fulfill(json={"id": second}))
    with page.expect_request(f"**/records/{second}/document"):
        open_record(page, first)
    open_record(page, second)
    expect(page.locator(".text-pane")).to_be_visible()


def test_region_is_read_by_ocr(server, page, long_report):
    record = long_report()
    open_record(page, record)
    requests = []

    def read(route):
        requests.append(route.request.post_data_json)
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
    wait_until_saved(page)
    assert stored_record(server, record).data["part_1"]["value_1"] == 42.5
    assert requests[0]["page"] == 1
    assert requests[0]["box"][0] == pytest.approx(60, abs=2)
    assert stored_record(server, record).corrections[-1].how == "region"


def test_all_shortcuts_are_listed(page, disclosure):
    open_record(page, disclosure(*UNSURE))
    assert page.locator(".shortcut-line kbd").count() >= 7
    page.keyboard.press("F1")
    expect(page.locator(".shortcut-help")).to_be_visible()
    assert page.locator(".shortcut-help dt").count() > 25
    page.keyboard.press("F1")
    expect(page.locator(".shortcut-help")).to_be_hidden()


def with_items(result):
    """Add the bill's two items to an extraction."""
    for row, (article, count, price) in enumerate([("Pen", 3, 1.2), ("Paper", 12, 4.5)]):
        item = {"article": article, "count": count, "price": price}
        for name, value in item.items():
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
        result["data"]["items"] = [*(result["data"]["items"] or [])[:row], item]


PASTE = """text => {
    const data = new DataTransfer();
    data.setData("text/plain", text);
    const pasted = { clipboardData: data, bubbles: true, cancelable: true };
    document.activeElement.dispatchEvent(new ClipboardEvent("paste", pasted));
}"""


def page_point(page, number: int, x: float, y_from_bottom: float) -> tuple[float, float]:
    """Return where a point of a page is on screen; `y_from_bottom` is counted as reportlab does."""
    area = page.locator(f".page[data-page='{number}']").bounding_box()
    return area["x"] + x / 595 * area["width"], area["y"] + (842 - y_from_bottom) / 842 * area["height"]


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
