"""Every page with axe-core, the accessibility checker: nothing that it calls serious or critical."""

from __future__ import annotations

from pathlib import Path

import pytest
from screen_steps import READ_TIMEOUT, load_page, open_record, wait_until_saved

pytest_plugins = ["browser"]
AXE = Path(__file__).parent / "axe" / "node_modules" / "axe-core" / "axe.min.js"
TABS = ("queue", "upload", "kinds", "lessons", "export", "results", "installed")
LOOKS = (("en", "light"), ("en", "dark"), ("zh-CN", "dark"))
GRAVE = ("serious", "critical")
OPENED = "dialog[open], .history-panel:not([hidden]), .shortcut-help:not([hidden])"


@pytest.fixture(scope="module")
def axe() -> str:
    """Return the script of axe-core; without it the tests fail, with a message that says how to get it."""
    if not AXE.exists():
        pytest.fail("axe-core is missing: run `npm install --prefix tests/axe`.", pytrace=False)
    return AXE.read_text("utf-8")


def grave_violations(page, axe: str) -> list[str]:
    """Return what axe-core finds serious on the page: the rule, and where it is broken."""
    page.evaluate(axe)  # the page's own policy lets no script in, the browser's tools do
    result = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{violation['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for violation in result["violations"]
        if violation["impact"] in GRAVE
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize(("language", "scheme"), LOOKS)
def test_nothing_serious_on_any_page(server, open_page, bill, axe, language, scheme):
    record = bill()
    page = open_page(language=language, color_scheme=scheme)
    found = {}
    for tab in TABS:
        page.locator(f"#{tab}-button").click()
        page.wait_for_timeout(500)
        found[tab] = grave_violations(page, axe)
    page.locator("#kinds-button").click()
    page.locator("[data-start=other] + button").click()
    page.wait_for_selector(".kind-editor[data-previews]")
    found["kind editor"] = grave_violations(page, axe)
    open_record(page, record)
    found["review"] = grave_violations(page, axe)
    page.keyboard.press("F1")
    found["help"] = grave_violations(page, axe)
    assert {name: violations for name, violations in found.items() if violations} == {}


@pytest.mark.parametrize(("language", "scheme"), LOOKS)
def test_nothing_serious_in_dialogs_and_panels(server, open_page, bill, axe, language, scheme):
    record = bill()
    page = open_page(language=language, color_scheme=scheme)
    page.set_default_timeout(READ_TIMEOUT)
    found = {}
    page.locator("#queue-button").click()
    page.locator(".queue-filters > button").click()
    page.wait_for_selector("dialog .rules-fields")
    found["review rules"] = grave_violations(page, axe)
    page.keyboard.press("Escape")
    page.locator(f"tr[data-record='{record}'] input").check()
    found["selection"] = grave_violations(page, axe)
    for action in ("flag", "extract_again"):
        page.locator(f".queue-selection [data-do={action}]").click()
        page.wait_for_selector("dialog[open]")
        found[f"dialog to {action}"] = grave_violations(page, axe)
        page.keyboard.press("Escape")
    open_record(page, record)
    for key, name in (("Alt+h", "history"), ("Alt+f", "flag"), ("Alt+r", "reject"), ("F1", "help")):
        page.keyboard.press(key)
        page.wait_for_selector(OPENED)
        found[name] = grave_violations(page, axe)
        page.keyboard.press("Escape")
    assert {name: violations for name, violations in found.items() if violations} == {}


@pytest.mark.parametrize(("language", "scheme"), LOOKS)
def test_nothing_serious_on_a_narrow_page(server, open_page, bill, axe, language, scheme):
    page = open_page(bill(), language=language, color_scheme=scheme, viewport={"width": 800, "height": 900})
    assert grave_violations(page, axe) == []
    page.keyboard.press("Enter")
    wait_until_saved(page)
    load_page(page, server)
    assert grave_violations(page, axe) == []
