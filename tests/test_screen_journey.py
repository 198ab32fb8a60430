"""From upload to export in a browser: a report is uploaded, corrected, approved, exported and opened again."""

from __future__ import annotations

import openpyxl
from playwright.sync_api import expect
from screen_steps import (
    EXAMPLE,
    READ_TIMEOUT,
    banner,
    field,
    focused_path,
    path_key,
    replace_text,
    stored_record,
    text_position,
    wait_for_record,
    wait_until_closed,
    wait_until_saved,
)

pytest_plugins = ["browser"]
FIRST, SECOND, THIRD = ("disclosure", "gazette_issues"), ("interaction", "interviews"), ("work", "meetings")


def test_report_is_uploaded_corrected_approved_and_exported(server, open_page, tmp_path):
    report = tmp_path / "青山县年报.txt"
    report.write_text(EXAMPLE.read_text() + "\n（上传件）\n")
    page = open_page()
    record = upload(page, report)
    wait_for_record(page, record)

    # Three fields by keyboard alone: Tab from one to the next, type, Enter.
    for path, text in ((FIRST, "12期"), (SECOND, "7"), (THIRD, "4次")):
        between = tabs_between(page, path)
        for _ in range(abs(between)):
            page.keyboard.press("Tab" if between > 0 else "Shift+Tab")
        assert focused_path(page) == path
        replace_text(page, text)
        page.keyboard.press("Enter")
    # One by clicking a word.
    field(page, "report", "authority").focus()
    page.mouse.click(*text_position(page, "青山县"))
    wait_until_saved(page)
    page.keyboard.press("Control+Enter")  # without a model, nobody has looked for some fields
    expect(banner(page, "note")).to_contain_text("不会计为正确")
    page.keyboard.press("Control+Enter")
    wait_until_closed(page, record)
    assert stored_record(server, record).status == "approved"
    selected = stored_record(server, record).data["report"]["authority"]
    assert selected in ("青山县", "青山")

    page.locator("#export-button").click()
    choose(page, "export-schema", "annual-disclosure-2020")
    page.locator("#export-make").click()
    with page.expect_download() as download:
        page.locator("#export-fetch").click()
    file = tmp_path / "export.xlsx"
    download.value.save_as(file)
    cells = [
        cell for sheet in openpyxl.load_workbook(file) for row in sheet.iter_rows(values_only=True) for cell in row
    ]
    assert {12, 7, 4, selected} <= set(cells)

    page.goto(server.url(record))  # approving it has opened the next one, where there is another
    page.reload()
    wait_for_record(page, record)
    for path, value in ((FIRST, "12"), (SECOND, "7"), (THIRD, "4"), (("report", "authority"), selected)):
        expect(field(page, *path)).to_have_value(value)
    expect(page.locator(".review .remaining")).to_contain_text("无人核对")
    page.locator("#queue-button").click()
    page.locator(".queue-filters select").first.select_option("approved")
    expect(page.locator(f"tr[data-record='{record}'] .name")).to_have_text(report.name)


def tabs_between(page, path) -> int:
    """Return how many times Tab moves the focus from the current field to another; negative for one before it."""
    order = "[...document.querySelectorAll('.review [data-key]')].filter((e) => e.checkVisibility())"
    keys = page.evaluate(f"{order}.map((e) => e.dataset.key)")
    return keys.index(path_key(path)) - keys.index(path_key(focused_path(page)))


def upload(page, report) -> int:
    """Upload a report, and open its record once it is processed."""
    page.locator("#upload-button").click()
    page.locator("#upload-files input[type=file]").set_input_files(report)
    choose(page, "upload-schema", "annual-disclosure-2020")
    page.locator("#upload-start").click()
    row = page.locator(".uploads tbody tr", has_text=report.name).first
    expect(row).to_have_attribute("data-state", "done", timeout=READ_TIMEOUT)
    link = row.locator("a")
    record = int(link.get_attribute("href").removeprefix("#record="))
    link.click()
    return record


def choose(page, dropdown: str, text: str) -> None:
    """Choose the option that contains a text in one of Gradio's dropdowns."""
    page.locator(f"#{dropdown} input").click()
    page.locator(f"#{dropdown} [role=option]").filter(has_text=text).first.click()
