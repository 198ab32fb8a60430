"""Takes the README's pictures of the web app: the queue, the review of a table in a Chinese report, the results."""

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
QUEUED = (
    (
        "annual-disclosure-2020",
        "annual-disclosure-2020",
        ("report-2020-01.txt", "report-2020-02.txt", "corrected.html"),
    ),
    ("annual-disclosure-2021", "annual-disclosure-2021", ("report-2021-01.txt", "report-2021-02.txt")),
    ("laboratory-and-inspection", "laboratory-report", ("blood-01.pdf", "blood-02.txt", "bilingual.html")),
    ("receipts-and-invoices", "receipt", ("bistro-02.html", "dinner-01.txt")),
)
"""Evaluation set, shipped schema, and the documents of the set that are put into the queue."""
EVALUATED_SET = "annual-disclosure-2020"
"""The set whose results are shown; they are of extraction by structure alone."""
FOCUSED_FIELD = '["proactive","article_20_5","licences","change"]'
VIEWPORT = {"width": 1360, "height": 800}


def take_pictures(browser: Browser, folder: Path, out: Path) -> None:
    """Write queue.png, review-zh.png and results.png into a folder."""
    out.mkdir(parents=True, exist_ok=True)
    store = folder / "store.db"
    record = fill_store(store, folder)
    runs = folder / "runs"
    command = [
        sys.executable,
        "-m",
        "extractor.cli",
        "eval",
        str(SETS / EVALUATED_SET),
        "--model",
        "none",
        "--runs",
        str(runs),
    ]
    subprocess.run(command, check=True, capture_output=True)
    with browsing.serve_app(folder, "--model", "none", "--runs", str(runs)) as app:
        english = _open_page(browser, app.url(), "en-US")
        english.wait_for_selector(".queue-table tbody tr")
        english.wait_for_timeout(700)
        english.screenshot(path=out / "queue.png")
        chinese = _open_page(browser, app.url(record), "zh-CN")
        chinese.wait_for_selector(f".review[data-document='{record}']")
        chinese.locator(f".review [data-key='{FOCUSED_FIELD}']").focus()
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


def fill_store(store: Path, folder: Path) -> int:
    """Add records of several types, some claimed, flagged or approved; returns the number of the one for the review."""
    generator = random.Random(7)
    numbers = []
    for evaluation_set, name, files in QUEUED:
        schema = load_schema(name)
        for file in files:
            source = folder / file
            shutil.copy(SETS / evaluation_set / "documents" / file, source)
            numbers.append(screen_records.add_extraction(store, source, schema, _lower_some_confidences(generator)))
    with Store(str(store)) as opened:
        records = opened.records
        records.claim(numbers[1], who="li.na")
        records.flag(numbers[3], who="li.na", revision=records.get(numbers[3]).revision, note="page 2 is hard to read")
        for number in numbers[-2:]:
            records.approve(number, who="wang.wei", revision=records.get(number).revision)
    source = folder / "青山县2020年度报告.txt"
    shutil.copy(ROOT / "examples" / "qingshan-2020.txt", source)
    return screen_records.add_extraction(store, source, load_schema("annual-disclosure-2020"), _add_doubts)


def _lower_some_confidences(generator: random.Random) -> Callable[[dict[str, Any]], None]:
    def modify(result: dict[str, Any]) -> None:
        found = [value for value in result["values"] if value["value"] is not None]
        for value in generator.sample(found, min(len(found), generator.randint(0, 9))):
            value["confidence"] = round(generator.uniform(0.35, 0.75), 2)

    return modify


DOUBTED_FIELDS = (
    "proactive.article_20_1.normative_documents.published_total",
    "proactive.article_20_5.licences.change",
    "proactive.article_20_6.penalties.decisions",
)


def _add_doubts(result: dict[str, Any]) -> None:
    """Lower the confidence of a few cells, and misread a number, so that a check fails."""
    screen_records.lower_confidence(*DOUBTED_FIELDS, confidence=0.62)(result)
    misread = next(value for value in result["values"] if value["path"] == ["disclosure", "other"])
    misread["value"] = result["data"]["disclosure"]["other"] = 992


def _open_page(browser: Browser, url: str, language: str) -> Page:
    page = browsing.new_context(browser, language, viewport=VIEWPORT, color_scheme="light").new_page()
    page.goto(url)
    return page
