"""Hand-ins in a browser: the sample of the start page, deleted, restored and extracted again by clicks alone."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from screen_steps import READ_TIMEOUT

from eval import browsing

pytest_plugins = ["browser"]


@pytest.fixture
def empty_server(tmp_path):
    """Yield a running web app whose store is empty."""
    with browsing.serve_app(tmp_path, "--model", "none") as server:
        yield server


def test_the_sample_is_tried_deleted_restored_and_extracted_again(empty_server, chromium):
    context = browsing.new_context(chromium)
    page = context.new_page()
    page.goto(empty_server.url())
    expect(page.locator(".start-page li")).to_have_count(3)
    page.locator(".start-sample").click()
    page.wait_for_selector('.review[data-record="1"]', timeout=READ_TIMEOUT)
    page.locator("#upload-button").click()
    row = page.locator(".uploads tbody tr")
    expect(row).to_have_attribute("data-state", "done")
    row.locator("[data-action=delete]").click()
    expect(row).to_have_count(0)
    page.locator(".uploads-head button").click()
    row.locator("[data-action=restore]").click()
    expect(row).to_have_count(0)
    page.locator(".uploads-head button").click()
    row.locator("[data-action=extract_again]").click()
    page.locator("dialog select").first.select_option("receipt")
    page.locator("dialog button[type=submit]").click()
    expect(row.locator(".kind")).to_have_text("Shop receipt", timeout=READ_TIMEOUT)
    expect(row).to_have_attribute("data-state", "done", timeout=READ_TIMEOUT)
    page.locator("#queue-button").click()
    expect(page.locator(".queue-table tbody tr")).to_have_count(1)  # the record as another kind has given way
    context.close()


def test_what_failed_is_tried_again_and_what_waits_is_cancelled(empty_server, chromium, tmp_path):
    (tmp_path / "poem.txt").write_text("The river bends beneath the hill,\nAnd evening makes the willows still.\n")
    context = browsing.new_context(chromium, "en")
    page = context.new_page()
    page.set_default_timeout(READ_TIMEOUT)
    page.goto(empty_server.url())
    page.locator("#upload-button").click()
    page.locator("#upload-files input[type=file]").set_input_files(tmp_path / "poem.txt")
    expect(page.locator("#upload-schema input")).to_have_value("Find out the kind of each document")
    page.locator("#upload-start").click()
    row = page.locator(".uploads tbody tr")
    expect(row).to_have_attribute("data-state", "failed", timeout=READ_TIMEOUT)
    expect(row).to_contain_text("choose its kind")
    expect(row.locator("[data-action=cancel]")).to_be_hidden()
    with page.expect_response("**/retry") as answer:
        row.locator("[data-action=retry]").click()
    assert answer.value.ok
    expect(row).to_have_attribute("data-state", "failed", timeout=READ_TIMEOUT)

    # As it is while others are before it in line.
    def wait_in_line(route):
        listed = route.fetch().json()
        for each in listed["rows"]:
            each.update(state="waiting", place=3)
        route.fulfill(json=listed | {"working": True})

    page.route("**/api/uploads", wait_in_line)
    page.locator("#queue-button").click()
    page.locator("#upload-button").click()
    expect(row).to_have_attribute("data-state", "waiting")
    expect(row).to_contain_text("2 in front of it")
    expect(row.locator("[data-action=retry]")).to_be_hidden()
    with page.expect_request("**/cancel"):
        row.locator("[data-action=cancel]").click()
    page.unroute_all(behavior="ignoreErrors")
    context.close()
