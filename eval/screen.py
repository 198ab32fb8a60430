"""How fast the review is in a browser, and pictures of it for the README.

    python -m eval.screen                      # figures of a report of 60 pages and 280 fields
    python -m eval.screen --pictures docs/screens

The figures are of Debian's Chromium without a graphics card; nothing leaves this machine. Milliseconds depend on the
machine, so each figure is also given as a multiple of what the same browser takes to focus an input of an empty page.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval import browsing
from eval.browsing import App
from eval.making import screen_records

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FOCUSED, OPENED, SAVED = 120, 8, 40
"""How often each thing is done."""
STRIDE = 37
"""From one field to the next that is measured: it shares no divisor with 280, so that all pages have their turn."""
LIMITS = {"focus": 60.0, "focus_95": 150.0, "next": 300.0, "save": 100.0}
"""Milliseconds: the median of each, and the 95th percentile of the focus."""


@dataclass(frozen=True)
class Figures:
    """Milliseconds each time: from the focus to the lit evidence on screen, to the next record, to a saved change."""

    focus: Sequence[float]
    next: Sequence[float]
    save: Sequence[float]
    reference: float
    """The median of focusing an input of an empty page, until that is painted."""

    @property
    def medians(self) -> dict[str, float]:
        found = {name: statistics.median(getattr(self, name)) for name in ("focus", "next", "save")}
        return found | {"focus_95": statistics.quantiles(self.focus, n=20, method="inclusive")[-1]}

    def lines(self) -> list[str]:
        names = {"focus": "focus to highlight", "next": "next record", "save": "change saved"}
        told = []
        for name, said in names.items():
            all_of_it = sorted(getattr(self, name))
            middle, most = statistics.median(all_of_it), all_of_it[-1]
            far = statistics.quantiles(all_of_it, n=20, method="inclusive")[-1]
            ratio = f"{middle / self.reference:5.1f} x reference"
            spread = f"95 % {far:5.0f} ms   max {most:5.0f} ms   n={len(all_of_it)}"
            told.append(f"{said:20} median {middle:5.0f} ms ({ratio})   {spread}")
        return told


def measure(page: Page) -> Figures:
    """The figures of a page that shows a long report, with others like it behind it in the queue."""
    focus = [page.evaluate(FOCUS, n * STRIDE) for n in range(FOCUSED)]
    page.evaluate("window.__screen.save.length = 0")
    for n in range(SAVED):
        page.locator(".review [data-key]").nth(n * 3).focus()
        page.keyboard.press("Control+a")
        page.keyboard.type(f"{n}.25")
        page.keyboard.press("Enter")
        page.wait_for_function("n => window.__screen.save.length > n", arg=n)
    save = page.evaluate("window.__screen.save")
    following = []
    for _ in range(OPENED):
        page.wait_for_timeout(1500)  # somebody works on the record, and the next is fetched meanwhile
        following.append(page.evaluate(NEXT))
    return Figures(focus, following, save, reference(page))


def reference(page: Page) -> float:
    """Return the milliseconds (median) that the page's browser takes for the smallest thing that is measured."""
    empty = page.context.new_page()
    try:
        empty.set_content("<input><input>")
        return statistics.median(empty.evaluate(REFERENCE) for _ in range(FOCUSED))
    finally:
        empty.close()


REFERENCE = """async () => {
    const painted = () => new Promise((done) => requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = done;
        port2.postMessage(null);
    }));
    document.activeElement.blur();
    await painted();
    const start = performance.now();
    document.querySelector("input").focus();
    await painted();
    return performance.now() - start;
}"""


FOCUS = """async (n) => {
    const inputs = [...document.querySelectorAll(".review [data-key]")];
    const input = inputs[n % inputs.length];
    const painted = () => new Promise((done) => requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = done;
        port2.postMessage(null);
    }));
    document.activeElement.blur();
    await painted();
    const start = performance.now();
    input.focus();
    await painted();
    const took = performance.now() - start;
    const box = document.querySelector(".box.active");
    const pane = document.querySelector(".page-pane").getBoundingClientRect();
    const place = box?.getBoundingClientRect();
    if (!place || place.top < pane.top || place.bottom > pane.bottom) throw new Error("the evidence is not in sight");
    return took;
}"""
NEXT = """async () => {
    const before = document.querySelector(".review").dataset.document;
    const start = performance.now();
    const key = { key: "j", code: "KeyJ", altKey: true, bubbles: true, cancelable: true };
    document.activeElement.dispatchEvent(new KeyboardEvent("keydown", key));
    const frame = () => new Promise(requestAnimationFrame);
    while (document.querySelector(".review").dataset.document === before) {
        await frame();
        if (performance.now() - start > 20000) throw new Error("no other record was opened");
    }
    await frame();
    return performance.now() - start;
}"""


def long_records(app: App, folder: Path, count: int) -> list[int]:
    """The numbers of so many records of 280 fields on 60 pages, in the app's store."""
    source, schema, result = screen_records.long_report(folder)
    makes = [screen_records.another(result, source, folder) for _ in range(count)]
    return [screen_records.put(app.store, each, schema) for each in makes]


def figures(browser: Browser, app: App, folder: Path) -> Figures:
    records = long_records(app, folder, OPENED + 2)
    context = browsing.context(browser)
    page = context.new_page()
    page.goto(app.url(records[0]))
    page.wait_for_selector(f".review[data-document='{records[0]}']", timeout=60_000)
    try:
        return measure(page)
    finally:
        context.close()


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m eval.screen", description=__doc__.split("\n")[0])
    parser.add_argument("--pictures", type=Path, metavar="FOLDER", help="take the README's pictures instead")
    given: Any = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as place, browsing.launched() as browser:
        folder = Path(place)
        if given.pictures:
            from eval.pictures import take

            take(browser, folder, given.pictures)
            return 0
        with browsing.served(folder, "--model", "none") as app:
            found = figures(browser, app, folder)
    print("\n".join(found.lines()))
    return int(any(found.medians[name] > limit for name, limit in LIMITS.items()))


if __name__ == "__main__":
    raise SystemExit(main())
