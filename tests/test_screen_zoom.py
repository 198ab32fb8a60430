"""Every page at a zoom of 150 %: nothing runs over the side of the window, and every control can be reached."""

from __future__ import annotations

import pytest
from screen_steps import open_record
from test_screen_accessibility import TABS

pytest_plugins = ["browser"]
ZOOM = 1.5
ZOOMED = {"width": int(1280 / ZOOM), "height": int(720 / ZOOM)}
"""A window of 1280 by 720 has so many pixels of the page's own at that zoom."""
OUT_OF_REACH = """() => {
    const side = document.documentElement.clientWidth;
    const scrolls = (element) => {
        for (let around = element.parentElement; around; around = around.parentElement) {
            const isScrolled = ["auto", "scroll"].includes(getComputedStyle(around).overflowX);
            if (isScrolled && around.scrollWidth > around.clientWidth) return true;
        }
        return false;
    };
    const controls = [...document.querySelectorAll("button, input, select, textarea, a[href]")];
    const cut = controls
        .filter((each) => !each.closest("[aria-hidden=true]"))
        .filter((each) => each.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
        .filter((each) => each.getBoundingClientRect().right > side + 1 && !scrolls(each))
        .map((each) => each.outerHTML.slice(0, 160));
    const over = document.scrollingElement.scrollWidth - side;
    return over > 1 ? [`the page is ${over} pixels wider than the window`, ...cut] : cut;
}"""


def open_tab(page, tab: str) -> None:
    """Choose a tab, by the menu behind the others where it has no room beside them."""
    button = page.locator(f"#{tab}-button")
    if button.count():
        button.click()
        return
    behind = [other for other in TABS if not page.locator(f"#{other}-button").count()]
    page.locator(".overflow-menu > button").click()
    page.locator(".overflow-dropdown button").nth(behind.index(tab)).click()


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_every_page_fits_at_one_and_a_half_times_its_size(server, open_page, bill, language):
    record = bill()
    page = open_page(language=language, viewport=ZOOMED, device_scale_factor=ZOOM)
    found = {}
    for tab in TABS:
        open_tab(page, tab)
        page.wait_for_timeout(500)
        assert page.locator(f"#{tab}").is_visible()
        found[tab] = page.evaluate(OUT_OF_REACH)
    open_tab(page, "kinds")
    page.locator("[data-start=other] + button").click()
    page.wait_for_selector(".kind-editor[data-previews]")
    found["kind editor"] = page.evaluate(OUT_OF_REACH)
    open_record(page, record)
    found["review"] = page.evaluate(OUT_OF_REACH)
    page.keyboard.press("F1")
    found["help"] = page.evaluate(OUT_OF_REACH)
    assert {name: where for name, where in found.items() if where} == {}
