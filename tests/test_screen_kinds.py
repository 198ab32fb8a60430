"""Kinds of report in a browser: one made from a sample by clicks alone, used by an upload, changed, extracted again."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect
from screen_steps import READ_TIMEOUT, field, wait_for_record
from test_screen_journey import choose

from eval import browsing
from eval.browsing import PageMonitor
from extractor.store import Store

pytest_plugins = ["browser"]
TABLE = (("Part", "Quantity", "Amount"), ("Oil filter", "2", "25.00"), ("Gasket", "4", "4.80"))


def draw_visit(file, number, date, customer, pressure):
    """Write a PDF of a service visit, with labelled lines and a table."""
    from browser import draw_page

    lines = [(60, 780, "Crane service visit")]
    labelled = ("Visit no.", number), ("Date", date), ("Customer", customer), ("Oil pressure", pressure)
    lines += [(60, 740 - 16 * n, f"{label}: {value}") for n, (label, value) in enumerate(labelled)]
    lines += [(x, 640 - 18 * n, row[c]) for n, row in enumerate(TABLE) for c, x in enumerate((60, 230, 330))]
    draw_page(file, [*lines, (60, 560, "Total: 29.80 EUR"), (60, 520, "Engineer"), (60, 506, "J. Smith")])


@pytest.fixture
def page(chromium, tmp_path):
    """Yield a page of a web app with an empty store, in English."""
    folder = tmp_path / "web"
    folder.mkdir()
    with browsing.serve_app(folder, "--model", "none") as app:
        monitor = PageMonitor(app.address)
        context = browsing.new_context(chromium, "en")
        page = context.new_page()
        page.set_default_timeout(READ_TIMEOUT)
        monitor.watch(page)
        page.on("dialog", lambda dialog: dialog.accept())
        page.goto(app.url())
        page.app = app
        yield page
        context.close()
        assert monitor.errors == [] and monitor.external_requests == []


def row(page, name):
    """Return the row of the field with that name."""
    return page.locator(".field-table tr", has=page.get_by_label(f"Name: {name}", exact=True))


def test_a_kind_is_made_from_a_sample_by_clicks_and_reads_another_report(page, tmp_path):
    draw_visit(tmp_path / "first.pdf", "V-2041/7", "14 March 2024", "Alpha Works", "4.2 bar")
    draw_visit(tmp_path / "second.pdf", "V-2055/1", "2 June 2024", "Beta Mills", "3.9 bar")

    # A sample proposes fields, with what it has for them.
    page.locator("#kinds-button").click()
    page.locator("[data-file=sample]").set_input_files(tmp_path / "first.pdf")
    expect(row(page, "Customer").locator(".found-text")).to_have_text("Alpha Works", timeout=READ_TIMEOUT)
    expect(row(page, "Oil pressure").get_by_label("Unit: Oil pressure")).to_have_value("bar")
    expect(row(page, "Date").locator("select")).to_have_value("date")
    expect(row(page, "Items").locator(".found-text")).to_have_text("2 rows")

    # A click on the page adds a field, named by what stands above it.
    page.wait_for_selector(".kinds .page[data-words=loaded]", timeout=READ_TIMEOUT)
    box = page.locator(".kinds .page").first.bounding_box()
    scale = box["width"] / 595
    page.mouse.click(box["x"] + 66 * scale, box["y"] + (842 - 510) * scale)
    expect(row(page, "Engineer").locator(".found-text")).to_have_text("J. Smith", timeout=READ_TIMEOUT)

    # One field is renamed, required and kept under its printed name, one is removed; a check is chosen.
    name = page.get_by_label("Name: Visit no.", exact=True)
    name.fill("Visit")
    expect(page.get_by_label("Also printed as: Visit", exact=True)).to_have_value("Visit no.")
    page.get_by_label("Required: Visit", exact=True).check()
    page.get_by_label("Remove: Total", exact=True).click()
    page.get_by_role("button", name="Put it back").click()
    page.get_by_role("button", name="+ adds up to").click()
    page.locator("[data-control='0-0']").select_option(label="Items › Amount")
    page.locator("[data-control='0-target']").select_option(label="Total")
    page.get_by_text("As JSON Schema").click()
    expect(page.locator(".schema-panel pre")).to_contain_text('"x-checks"', timeout=READ_TIMEOUT)
    schema = json.loads(page.locator(".schema-panel pre").text_content())
    assert schema["required"] == ["visit_no"] and schema["properties"]["visit_no"]["x-labels"] == ["Visit no."]
    assert schema["x-checks"][0]["expr"].endswith("== this.total")
    assert list(schema["properties"])[-1] == "engineer"
    page.locator(".kinds .save").click()
    expect(page.locator(".editor-message")).to_contain_text("version 1", timeout=READ_TIMEOUT)

    # It is chosen on the Upload tab, and reads another report without a model.
    record = upload(page, tmp_path / "second.pdf", "Crane service visit")
    wait_for_record(page, record)
    read = {"visit_no": "V-2055/1", "date": "2024-06-02", "customer": "Beta Mills", "total": "29.8"}
    for path, value in read.items():
        expect(field(page, path)).to_have_value(value)
    expect(field(page, "oil_pressure")).to_have_value("3.9")
    expect(field(page, "items", 1, "part")).to_have_value("Gasket")

    # A person corrects a value; the kind gets another field, and the record is extracted again with it.
    field(page, "customer").fill("Beta Mills Ltd")
    page.keyboard.press("Enter")
    page.wait_for_selector('.review .save-state[data-state="saved"]')
    page.locator("#kinds-button").click()
    page.get_by_role("button", name="+ field").click()
    page.get_by_label("Name: without a name", exact=True).fill("Remarks")
    page.locator(".kinds .save").click()
    expect(page.locator(".editor-message")).to_contain_text("version 2", timeout=READ_TIMEOUT)
    expect(page.locator(".editor-message")).to_contain_text("earlier versions: 1")
    page.get_by_role("button", name="Extract them again").click()
    expect(page.locator(".editor-message")).to_contain_text("again: 1", timeout=READ_TIMEOUT)
    wait_for_newer_record(page, record)


def wait_for_newer_record(page, record):
    """Wait until a record of the second version has what was entered in the first."""
    for _ in range(600):
        with Store(str(page.app.store)) as store:
            newest = store.report_kinds.get("crane-service-visit").schema
            found = [each for each in store.records if each.schema == newest]
        if found:
            assert found[0].data["customer"] == "Beta Mills Ltd" and "remarks" in found[0].data
            return
        page.wait_for_timeout(200)
    raise AssertionError("the record was not extracted again")


def upload(page, report, kind) -> int:
    """Upload a report as a kind, and open its record once it is processed."""
    page.locator("#upload-button").click()
    page.locator("#upload-files input[type=file]").set_input_files(report)
    choose(page, "upload-schema", kind)
    page.locator("#upload-start").click()
    item = page.locator(".uploads tbody tr", has_text=report.name).first
    expect(item).to_have_attribute("data-state", "done", timeout=READ_TIMEOUT)
    link = item.locator("a").first
    number = re.search(r"record=(\d+)", link.get_attribute("href"))
    link.click()
    return int(number[1])
