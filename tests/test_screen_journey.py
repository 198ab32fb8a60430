"""The whole way in a browser: a report is uploaded, corrected, approved and exported, and all is found again."""

from __future__ import annotations

import openpyxl
from playwright.sync_api import expect
from screen_steps import EXAMPLE, field, focused, key_of, left, place_of, saved, stored, type_over, wait_for

pytest_plugins = ["browser"]
FIRST, SECOND, THIRD = ("disclosure", "gazette_issues"), ("interaction", "interviews"), ("work", "meetings")


def test_a_report_from_upload_to_export(app, open_page, tmp_path):
    report = tmp_path / "青山县年报.txt"
    report.write_text(EXAMPLE.read_text() + "\n（上传件）\n")
    page = open_page()
    record = upload(page, report)
    wait_for(page, record)

    # Three fields by keyboard alone: Tab from one to the next, type, Enter.
    for path, text in ((FIRST, "12期"), (SECOND, "7"), (THIRD, "4次")):
        for _ in range(steps_to(page, path)):
            page.keyboard.press("Tab")
        assert focused(page) == path
        type_over(page, text)
        page.keyboard.press("Enter")
    # One by clicking a word.
    field(page, "report", "authority").focus()
    page.mouse.click(*place_of(page, "青山县"))
    saved(page)
    page.keyboard.press("Control+Enter")
    left(page, record)
    assert stored(app, record).status == "approved"
    taken = stored(app, record).data["report"]["authority"]
    assert taken in ("青山县", "青山")

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
    assert {12, 7, 4, taken} <= set(cells)

    page.reload()
    wait_for(page, record)
    for path, value in ((FIRST, "12"), (SECOND, "7"), (THIRD, "4"), (("report", "authority"), taken)):
        expect(field(page, *path)).to_have_value(value)
    expect(page.locator(".review .about")).to_contain_text("已通过")
    page.locator("#queue-button").click()
    page.locator(".queue-filters select").first.select_option("approved")
    expect(page.locator(f"tr[data-record='{record}'] .name")).to_have_text(report.name)


def steps_to(page, path) -> int:
    """How many fields there are from the one that has the focus to another."""
    order = "[...document.querySelectorAll('.review [data-key]')].filter((e) => e.checkVisibility())"
    keys = page.evaluate(f"{order}.map((e) => e.dataset.key)")
    return keys.index(key_of(path)) - keys.index(key_of(focused(page)))


def upload(page, report) -> int:
    """Upload a report as a new user would, and open its record once it is done."""
    page.locator("#upload-button").click()
    page.locator("#upload-files input[type=file]").set_input_files(report)
    choose(page, "upload-schema", "annual-disclosure-2020")
    page.locator("#upload-start").click()
    row = page.locator(".uploads li", has_text=report.name).first
    expect(row).to_have_attribute("data-state", "done", timeout=30_000)
    link = row.locator("a")
    record = int(link.get_attribute("href").removeprefix("#record="))
    link.click()
    return record


def choose(page, dropdown: str, what: str) -> None:
    """Choose the entry with that text in it in one of Gradio's lists."""
    page.locator(f"#{dropdown} input").click()
    page.locator(f"#{dropdown} [role=option]").filter(has_text=what).first.click()
