"""The README's pictures of the web app: the queue, the review of a Chinese report at one of its tables, the results."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval import browsing
from eval.making import screen_records
from extractor.schemas import load_schema
from extractor.store import Store

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parent.parent
SETS = ROOT / "eval" / "sets"
SHOWN = (
    (
        "annual-disclosure-2020",
        "annual-disclosure-2020",
        ("report-2020-01.txt", "report-2020-02.txt", "corrected.html"),
    ),
    ("annual-disclosure-2021", "annual-disclosure-2021", ("report-2021-01.txt", "report-2021-02.txt")),
    ("laboratory-and-inspection", "laboratory-report", ("blood-01.pdf", "blood-02.txt", "bilingual.html")),
    ("receipts-and-invoices", "receipt", ("bistro-02.html", "dinner-01.txt")),
)
"""Set, shipped schema, and the documents of it that are put into the queue."""
MEASURED = "annual-disclosure-2020"
"""The set that the results are of, with structure alone."""
FIELD = '["proactive","article_20_5","licences","change"]'
SIZE = {"width": 1360, "height": 800}


def take(browser: Browser, folder: Path, out: Path) -> None:
    """Write queue.png, review-zh.png and results.png into a folder."""
    out.mkdir(parents=True, exist_ok=True)
    store = folder / "store.db"
    record = fill(store, folder)
    runs = folder / "runs"
    measured = [
        sys.executable,
        "-m",
        "extractor.cli",
        "eval",
        str(SETS / MEASURED),
        "--model",
        "none",
        "--runs",
        str(runs),
    ]
    subprocess.run(measured, check=True, capture_output=True)
    with browsing.served(folder, "--model", "none", "--runs", str(runs)) as app:
        english = _page(browser, app.url(), "en-US")
        english.wait_for_selector(".queue-table tbody tr")
        english.wait_for_timeout(700)
        english.screenshot(path=out / "queue.png")
        chinese = _page(browser, app.url(record), "zh-CN")
        chinese.wait_for_selector(f".review[data-document='{record}']")
        chinese.locator(f".review [data-key='{FIELD}']").focus()
        chinese.wait_for_timeout(700)
        chinese.screenshot(path=out / "review-zh.png")
        english.locator("#results-button").click()
        english.locator("#results-choose input").click()
        english.locator("#results-choose [role=option]").first.click()
        english.locator("#results-curves svg").first.wait_for()
        english.wait_for_timeout(1000)
        english.locator("#results-choose").evaluate("e => e.scrollIntoView()")
        english.wait_for_timeout(500)
        english.screenshot(path=out / "results.png")


def fill(store: Path, folder: Path) -> int:
    """Records of several kinds, some claimed, flagged or approved; the number of the one that the review shows."""
    chance = random.Random(7)
    numbers = []
    for place, name, files in SHOWN:
        schema = load_schema(name)
        for file in files:
            source = folder / file
            shutil.copy(SETS / place / "documents" / file, source)
            numbers.append(screen_records.keep(store, source, schema, _unsure_of_some(chance)))
    with Store(str(store)) as opened:
        records = opened.records
        records.claim(numbers[1], who="li.na")
        records.flag(numbers[3], who="li.na", revision=records.get(numbers[3]).revision, note="page 2 is hard to read")
        for number in numbers[-2:]:
            records.approve(number, who="wang.wei", revision=records.get(number).revision)
    source = folder / "青山县2020年度报告.txt"
    shutil.copy(ROOT / "examples" / "qingshan-2020.txt", source)
    return screen_records.keep(store, source, load_schema("annual-disclosure-2020"), _doubts)


def _unsure_of_some(chance: random.Random) -> Callable[[dict[str, Any]], None]:
    def bend(result: dict[str, Any]) -> None:
        found = [value for value in result["values"] if value["value"] is not None]
        for value in chance.sample(found, min(len(found), chance.randint(0, 9))):
            value["confidence"] = round(chance.uniform(0.35, 0.75), 2)

    return bend


DOUBTED = (
    "proactive.article_20_1.normative_documents.published_total",
    "proactive.article_20_5.licences.change",
    "proactive.article_20_6.penalties.decisions",
)


def _doubts(result: dict[str, Any]) -> None:
    """The machine is unsure of a few cells, and misread a number, so that a check fails."""
    screen_records.doubted(*DOUBTED, confidence=0.62)(result)
    misread = next(value for value in result["values"] if value["path"] == ["disclosure", "other"])
    misread["value"] = result["data"]["disclosure"]["other"] = 992


def _page(browser: Browser, url: str, language: str) -> Page:
    page = browsing.context(browser, language, viewport=SIZE, color_scheme="light").new_page()
    page.goto(url)
    return page
