"""The whole way of a new user in a browser: an empty store, a kind of report, a mixed pile with a stack, an export."""

from __future__ import annotations

import re

import openpyxl
import pypdfium2
from playwright.sync_api import expect
from screen_steps import READ_TIMEOUT, banner, field, focused_path, wait_for_record, wait_until_closed
from test_screen_journey import choose
from test_screen_kinds import draw_visit, page, row  # noqa: F401

from extractor.review.sample import SAMPLES
from extractor.store import Store

pytest_plugins = ["browser"]
STACK = (
    ("V-2060/2", "3 June 2024", "Gamma Foundry", "4.0 bar"),
    ("V-2061/9", "4 June 2024", "Delta Docks", "4.4 bar"),
    ("V-2062/3", "5 June 2024", "Epsilon Quarry", "3.1 bar"),
)
PATIENCE = 3 * READ_TIMEOUT
JSON = re.compile(r'[{}]|"\w+"\s*:|items\[\]')


def test_from_an_empty_store_to_an_export_by_clicks_and_keys_alone(page, tmp_path):  # noqa: F811
    draw_visit(tmp_path / "sample.pdf", "V-2041/7", "14 March 2024", "Alpha Works", "4.2 bar")
    draw_visit(tmp_path / "visit.pdf", "V-2055/1", "2 June 2024", "Beta Mills", "3.9 bar")
    stack = pypdfium2.PdfDocument.new()
    for number, visit in enumerate(STACK):
        draw_visit(tmp_path / f"{number}.pdf", *visit)
        stack.import_pages(pypdfium2.PdfDocument(tmp_path / f"{number}.pdf"))
    stack.save(tmp_path / "stack.pdf")
    (tmp_path / "order.txt").write_text(SAMPLES["en"][1], "utf-8")

    # The start page says what to do; nothing is there to be filtered yet.
    expect(page.locator(".start-page li")).to_have_count(3)
    expect(page.locator(".queue-filters")).to_be_hidden()

    # A kind of report from a sample, with one field that a click on the page adds.
    page.locator("#kinds-button").click()
    page.locator("[data-file=sample]").set_input_files(tmp_path / "sample.pdf")
    expect(row(page, "Customer").locator(".found-text")).to_have_text("Alpha Works", timeout=READ_TIMEOUT)
    page.wait_for_selector(".kinds .page[data-words=loaded]")
    box = page.locator(".kinds .page").first.bounding_box()
    scale = box["width"] / 595
    page.mouse.click(box["x"] + 66 * scale, box["y"] + (842 - 510) * scale)
    expect(row(page, "Engineer").locator(".found-text")).to_have_text("J. Smith", timeout=READ_TIMEOUT)
    page.locator(".kinds .save").click()
    expect(page.locator(".editor-message")).to_contain_text("version 1", timeout=READ_TIMEOUT)
    assert not JSON.search(page.locator("body").inner_text())

    # A mixed pile: what each document is, and where those of the stack begin, the tool finds out.
    page.get_by_role("button", name="Upload reports").click()
    files = [tmp_path / name for name in ("visit.pdf", "order.txt", "stack.pdf")]
    page.locator("#upload-files input[type=file]").set_input_files(files)
    expect(page.locator("#upload-schema input")).to_have_value("Find out the kind of each document")
    page.get_by_label("Files may hold several documents").check()
    page.locator("#upload-start").click()
    handed_in = page.locator(".uploads tbody tr")
    expect(handed_in.and_(page.locator("[data-state=done], [data-state=failed]"))).to_have_count(3, timeout=PATIENCE)
    for name in ("visit", "stack"):
        kind = handed_in.filter(has_text=f"{name}.pdf").locator(".kind").first
        expect(kind).to_contain_text("Crane service visit")

    # Of what kind the order is, the tool is not sure enough to say: the person chooses.
    order = handed_in.filter(has_text="order.txt")
    expect(order).to_contain_text("choose its kind")
    order.locator("[data-action=extract_again]").click()
    page.locator("dialog select").first.select_option("order-or-invoice")
    page.locator("dialog button[type=submit]").click()
    expect(order).to_have_attribute("data-state", "done", timeout=PATIENCE)
    parts = handed_in.filter(has_text="stack.pdf").locator(".documents a")
    expect(parts).to_have_text([f"stack.pdf, page {number}" for number in (1, 2, 3)])
    page.get_by_role("button", name="Correct where documents begin").click()
    dialog = page.get_by_role("dialog", name="Correct where documents begin")
    expect(dialog.locator("img.loaded")).to_have_count(3, timeout=READ_TIMEOUT)
    expect(dialog.locator("[aria-pressed=true]")).to_have_count(3)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert not JSON.search(page.locator("body").inner_text())

    # Every record is checked by keyboard: what has to be typed is typed, Ctrl+Enter opens the next.
    parts.first.click()
    for _ in range(5):
        page.wait_for_selector(".review:not(.read-only)[data-document]")
        record = int(page.locator(".review").get_attribute("data-record"))
        wait_for_record(page, record)
        assert not JSON.search(page.locator("body").inner_text())
        if field(page, "engineer").count():
            assert focused_path(page) == ("engineer",)
            page.keyboard.type("J. Smith")
            page.keyboard.press("Enter")
            page.wait_for_selector('.review .save-state[data-state="saved"]')
        page.keyboard.press("Control+Enter")
        if not field(page, "engineer").count():  # without a model, nobody has looked for some fields of the order
            expect(banner(page, "note")).to_be_visible()
            page.keyboard.press("Control+Enter")
        wait_until_closed(page, record)
    with Store(str(page.app.store)) as store:
        assert {each.status for each in store.records} == {"approved"}

    # The visits as a spreadsheet.
    page.locator("#export-button").click()
    choose(page, "export-schema", "Crane service visit")
    page.locator("#export-make").click()
    with page.expect_download() as download:
        page.locator("#export-fetch").click()
    download.value.save_as(tmp_path / "export.xlsx")
    sheets = openpyxl.load_workbook(tmp_path / "export.xlsx")
    cells = [cell for sheet in sheets for line in sheet.iter_rows(values_only=True) for cell in line]
    assert {"Beta Mills", *(customer for _, _, customer, _ in STACK)} <= set(cells)
    assert cells.count("J. Smith") == 4
    assert not JSON.search(page.locator("body").inner_text())
