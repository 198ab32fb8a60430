"""Measures how fast the review is in a browser, and takes the README's pictures of it.

    python -m eval.screen                      # on a report of 60 pages and 280 fields
    python -m eval.screen --pictures docs/screens

The browser is Chromium without a graphics card, and nothing leaves this machine. Milliseconds depend on the machine, so
each median is also given as a multiple of what the same browser takes to focus an input of an empty page.
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
from eval.browsing import WebApp
from eval.making import screen_records

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FOCUS_COUNT, NEXT_COUNT, SAVE_COUNT = 120, 8, 40
"""How often each action is measured."""
FIELD_STEP = 37
"""From one measured field to the next; coprime to the 280 fields, so that fields of all pages are measured."""
PREFETCH_WAIT = 1500
"""Milliseconds on a record once the next document has been read: a person works longer on a record than that takes."""
LOAD_TIMEOUT = 60_000
LIMITS = {"focus": 60.0, "focus_95": 150.0, "next": 300.0, "save": 100.0}
"""Milliseconds: the median of each action, and the 95th percentile of the focus."""
LABELS = {"focus": "focus to highlight", "next": "next record", "save": "change saved"}


@dataclass(frozen=True)
class ScreenTimings:
    """Milliseconds of each measurement."""

    focus: Sequence[float]
    """From the focus of a field to its highlighted evidence on screen."""
    next: Sequence[float]
    """From the shortcut to the next record with its document on screen."""
    save: Sequence[float]
    """From a change to the server's answer."""
    reference: float
    """The median of focusing an input of an empty page, until that is painted."""

    @property
    def summary(self) -> dict[str, float]:
        """The figures that `LIMITS` has limits for."""
        medians = {name: statistics.median(getattr(self, name)) for name in LABELS}
        return medians | {"focus_95": _percentile_95(self.focus)}

    def report_lines(self) -> list[str]:
        """Return a line with the median, the 95th percentile and the maximum of each action."""
        lines = []
        for name, label in LABELS.items():
            values = getattr(self, name)
            median = statistics.median(values)
            ratio = f"{median / self.reference:5.1f} x reference"
            spread = f"95 % {_percentile_95(values):5.0f} ms   max {max(values):5.0f} ms   n={len(values)}"
            lines.append(f"{label:20} median {median:5.0f} ms ({ratio})   {spread}")
        return lines


def _percentile_95(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=20, method="inclusive")[-1]


def measure_page(page: Page) -> ScreenTimings:
    """Measure a page that shows a long report, with others like it behind it in the queue."""
    focus = [page.evaluate(MEASURE_FOCUS, n * FIELD_STEP) for n in range(FOCUS_COUNT)]
    page.evaluate("window.__screen.save.length = 0")
    for n in range(SAVE_COUNT):
        page.locator(".review [data-key]").nth(n * 3).focus()
        page.keyboard.press("Control+a")
        page.keyboard.type(f"{n}.25")
        page.keyboard.press("Enter")
        page.wait_for_function("n => window.__screen.save.length > n", arg=n)
    save = page.evaluate("window.__screen.save")
    following = []
    for _ in range(NEXT_COUNT):
        page.evaluate(WAIT_FOR_NEXT_DOCUMENT)
        page.wait_for_timeout(PREFETCH_WAIT)
        following.append(page.evaluate(MEASURE_NEXT))
    return ScreenTimings(focus, following, save, measure_reference(page))


def measure_reference(page: Page) -> float:
    """Return the milliseconds (median) that the page's browser takes to focus an input of an empty page."""
    empty = page.context.new_page()
    try:
        empty.set_content("<input><input>")
        return statistics.median(empty.evaluate(MEASURE_REFERENCE) for _ in range(FOCUS_COUNT))
    finally:
        empty.close()


AFTER_PAINT = """const afterPaint = () => new Promise((resolve) => requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = resolve;
        port2.postMessage(null);
    }));"""
MEASURE_REFERENCE = f"""async () => {{
    {AFTER_PAINT}
    document.activeElement.blur();
    await afterPaint();
    const start = performance.now();
    document.querySelector("input").focus();
    await afterPaint();
    return performance.now() - start;
}}"""
MEASURE_FOCUS = f"""async (n) => {{
    {AFTER_PAINT}
    const inputs = [...document.querySelectorAll(".review [data-key]")];
    document.activeElement.blur();
    await afterPaint();
    const start = performance.now();
    inputs[n % inputs.length].focus();
    await afterPaint();
    const duration = performance.now() - start;
    const pane = document.querySelector(".page-pane").getBoundingClientRect();
    const box = document.querySelector(".box.active")?.getBoundingClientRect();
    if (!box || box.top < pane.top || box.bottom > pane.bottom) throw new Error("the evidence is not in view");
    return duration;
}}"""
WAIT_FOR_NEXT_DOCUMENT = """async () => {
    const get = async (path) => (await fetch(`/api/records/${path}`)).json();
    const { id } = await get(`${document.querySelector(".review").dataset.record}/next`);
    while ((await get(`${id}/document`)).state === "reading") await new Promise((resolve) => setTimeout(resolve, 200));
}"""
MEASURE_NEXT = """async () => {
    const record = document.querySelector(".review").dataset.document;
    const start = performance.now();
    const key = { key: "j", code: "KeyJ", altKey: true, bubbles: true, cancelable: true };
    document.activeElement.dispatchEvent(new KeyboardEvent("keydown", key));
    const frame = () => new Promise(requestAnimationFrame);
    while (document.querySelector(".review").dataset.document === record) {
        await frame();
        if (performance.now() - start > 20000) throw new Error("no other record was opened");
    }
    await frame();
    return performance.now() - start;
}"""


def add_long_records(app: WebApp, folder: Path, count: int) -> list[int]:
    """Add records of 280 fields on 60 pages to the app's store; returns their numbers."""
    source, schema, result = screen_records.make_long_report(folder)
    copies = [screen_records.copy_report(result, source, folder) for _ in range(count)]
    return [screen_records.add_result(app.store, copy, schema) for copy in copies]


def measure_app(browser: Browser, app: WebApp, folder: Path) -> ScreenTimings:
    """Measure the review of long records in a running web app."""
    records = add_long_records(app, folder, NEXT_COUNT + 2)
    context = browsing.new_context(browser)
    page = context.new_page()
    page.goto(app.url(records[0]))
    page.wait_for_selector(f".review[data-document='{records[0]}']", timeout=LOAD_TIMEOUT)
    try:
        return measure_page(page)
    finally:
        context.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, or take the pictures; returns 1 where a figure is above its limit."""
    parser = argparse.ArgumentParser(prog="python -m eval.screen", description=__doc__.split("\n")[0])
    parser.add_argument("--pictures", type=Path, metavar="FOLDER", help="take the README's pictures instead")
    options: Any = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary, browsing.launch_browser() as browser:
        folder = Path(temporary)
        if options.pictures:
            from eval.pictures import take_pictures

            take_pictures(browser, folder, options.pictures)
            return 0
        with browsing.serve_app(folder, "--model", "none") as app:
            timings = measure_app(browser, app, folder)
    print("\n".join(timings.report_lines()))
    return int(any(timings.summary[name] > limit for name, limit in LIMITS.items()))


if __name__ == "__main__":
    raise SystemExit(main())
