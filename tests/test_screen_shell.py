"""The shell in a browser: the login, the switch of languages, and the tabs of Gradio's components."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect

from eval import browsing
from eval.browsing import PageMonitor
from extractor.cli import main
from extractor.ui import add_user
from extractor.ui.language import words

pytest_plugins = ["browser"]
PAYLOAD = "<img src=x onerror=window.__ran=1>"
OTHERS = ("${window.__ran=1}", "{{window.__ran=1}}", "<svg onload=window.__ran=1>", "<script>window.__ran=1</script>")
SCHEMA = {
    "type": "object",
    "title": f"Letter {PAYLOAD}",
    "properties": {"total": {"type": "number", "title": "合计"}}
    | {f"p{n}": {"type": "string", "title": text, "description": text} for n, text in enumerate((PAYLOAD, *OTHERS))},
}
TABS = ("queue", "review", "upload", "kinds", "export", "results", "installed")
TIMEOUT = 60_000
"""Milliseconds that a busy machine may take."""
NAMES = re.compile(
    r"[A-Z]{2,}|micro-F1|F1|ANLS\*|Excel|CSV|JSON|Parquet|English|Letter|[\w.-]*\d[\w.-]*|[\W\d_]+|extractor.*"
)
"""Texts that are the same in every language: names, figures, signs."""


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """Yield a web app with passwords, and with scripts in its schemas, evaluation runs and names."""
    folder = tmp_path_factory.mktemp("office")
    add_user(folder / "passwords", "ann", "correct horse")
    schemas, letters = folder / "schemas", folder / "letters"
    schemas.mkdir()
    letters.mkdir()
    (schemas / "letter.json").write_text(json.dumps(SCHEMA), "utf-8")
    (letters / "schema.json").write_text(json.dumps(SCHEMA), "utf-8")
    (letters / f"{PAYLOAD}.txt").write_text(f"合计：12.00\np0: {PAYLOAD}\n", "utf-8")
    line = {"document": f"{PAYLOAD}.txt", "gold": {"total": 12, "p0": PAYLOAD, "p1": OTHERS[0]}}
    (letters / "gold.jsonl").write_text(json.dumps(line), "utf-8")
    kept = ["--model", "none", "--runs", str(folder / "runs"), "--run", "letters"]
    assert main(["eval", str(letters), *kept]) == 0
    own = ("--password-file", folder / "passwords", "--schema-folder", schemas, "--runs", folder / "runs")
    with browsing.serve_app(folder, "--model", "none", *map(str, own)) as app:
        yield app


@pytest.fixture
def visiting(chromium, office):
    """Return `visiting(language)`, which opens a page without a login."""
    monitor, contexts = PageMonitor(office.address), []

    def visit(language="zh-CN", path="/"):
        contexts.append(browsing.new_context(chromium, language))
        page = contexts[-1].new_page()
        page.set_default_timeout(TIMEOUT)
        monitor.watch(page)
        page.goto(f"{office.address}{path}")
        return page

    yield visit
    for context in contexts:
        for page in context.pages:
            assert not page.evaluate("window.__ran"), "an injected script has run"
        context.close()
    assert monitor.errors == [] and monitor.external_requests == []


def log_in(page, password="correct horse"):
    page.fill("[name=name]", "ann")
    page.fill("[name=password]", password)
    page.keyboard.press("Enter")
    if password == "correct horse":
        page.wait_for_selector("#header button")


def open_tab(page, name):
    page.locator(f"#{name}-button").click()
    page.wait_for_selector(f"#{name}", state="visible")


def test_login_keeps_the_address_and_logout_ends_the_session(visiting):
    page = visiting(path="/#record=1")
    page.wait_for_url("**/login#record=1")
    log_in(page, "wrong password")
    expect(page.get_by_role("alert")).to_have_text(words("zh")["login.wrong"], timeout=TIMEOUT)
    page.click("#language")
    expect(page.get_by_role("button")).to_have_text(words("en")["login.submit"], timeout=TIMEOUT)
    log_in(page)
    assert page.url.endswith("/ui/#record=1")
    expect(page.locator("#header")).to_contain_text("ann", timeout=TIMEOUT)
    page.get_by_role("button", name=words("en")["shell.logout"]).click()
    page.wait_for_url("**/login*")
    page.go_back()
    page.wait_for_url("**/login*")


def test_language_is_switched_by_one_click(visiting):
    page = visiting()
    log_in(page)
    for language, tag in (("zh", "zh-CN"), ("en", "en"), ("zh", "zh-CN")):
        page.wait_for_selector(f"html[lang={tag}]")
        expect(page.locator("#upload-button")).to_have_text(words(language)["shell.upload"], timeout=TIMEOUT)
        assert page.title() == words(language)["shell.title"]
        open_tab(page, "upload")
        expect(page.locator("#upload-start")).to_have_text(words(language)["upload.start"], timeout=TIMEOUT)
        with page.expect_navigation():
            page.click("#header [id=language]")


def test_all_texts_are_in_chinese(visiting):
    page = visiting()
    log_in(page)
    for name in TABS:
        open_tab(page, name)
        page.wait_for_timeout(1200)
        if name == "results":
            page.click("#results-choose input")
            page.get_by_role("option").first.click()
            page.wait_for_selector(".curves svg")
        seen = page.locator("[role=tab], label > span, button, th, h3, p, svg text, [data-testid=block-info]")
        texts = [text.strip(" \n⋮") for text in seen.locator("visible=true").all_text_contents()]
        foreign = [text for text in texts if not re.search(r"[\u4e00-\u9fff]", text) and not NAMES.fullmatch(text)]
        own = {"", "ann", "letters", "none"}
        assert not [text for text in foreign if text not in own and PAYLOAD not in text and text not in OTHERS], name


def test_scripts_in_titles_are_shown_as_text(visiting):
    page = visiting("en-US")
    log_in(page)
    open_tab(page, "upload")
    page.click("#upload-schema input")
    page.get_by_role("option", name=PAYLOAD).click()
    expect(page.locator("#upload-preview")).to_contain_text(OTHERS[-1], timeout=TIMEOUT)
    bad = json.dumps({"type": "object", "properties": {"a": {"type": PAYLOAD}}})
    page.get_by_text(words("en")["upload.own"]).click()
    file = {"name": f"{PAYLOAD}.json", "mimeType": "application/json", "buffer": bad.encode()}
    page.set_input_files("#upload-own input[type=file]", [file])
    expect(page.locator("#upload-wrong textarea")).to_have_value(re.compile(re.escape(PAYLOAD)), timeout=TIMEOUT)
    open_tab(page, "installed")
    page.click("#installed-schema input")
    page.get_by_role("option", name=PAYLOAD).click()
    expect(page.locator("#installed-fields")).to_contain_text(OTHERS[0], timeout=TIMEOUT)
    open_tab(page, "results")
    page.click("#results-choose input")
    page.get_by_role("option", name="letters").click()
    expect(page.locator("#results")).to_contain_text(f"{PAYLOAD}.txt", timeout=TIMEOUT)
    with page.context.expect_page() as opened:
        page.click("#results-whole")
    report = opened.value
    report.wait_for_load_state()
    expect(report.locator("body")).to_contain_text(PAYLOAD, timeout=TIMEOUT)
    assert report.evaluate("window.origin") == "null", "the report has none of the rights of the page that links to it"
    report.close()
    page.wait_for_timeout(300)


def test_refused_uploads_are_explained_in_the_language_of_the_page(visiting):
    page = visiting()
    log_in(page)
    open_tab(page, "upload")
    page.set_input_files("#upload-files input[type=file]", [{"name": "x.exe", "mimeType": "", "buffer": b"x"}])
    expect(page.get_by_test_id("toast-text")).to_contain_text("无法读取这种文件：x.exe", timeout=TIMEOUT)
    page.click("#upload-start")
    expect(page.get_by_test_id("toast-text").last).to_contain_text(words("zh")["upload.no_files"], timeout=TIMEOUT)
