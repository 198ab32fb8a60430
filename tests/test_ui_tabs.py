"""The tabs made of Gradio's components, through the very requests that its page sends."""

import io
import json
import time
import zipfile

import pytest
from waiting import wait_until
from web_app import SCHEMA, TEXT, client, fill, hosted, post

from extractor.cli import main
from extractor.evaluation.reviewed_records import measure_reviewed_records, wilson_interval
from extractor.ui.export_files import KEEP_SECONDS, MAX_FILES_PER_USER, ExportFiles
from extractor.ui.gradio_app.paths import PREFIX
from extractor.ui.gradio_app.tabs.upload import EXTENSIONS, first_choice

OWN = {"type": "object", "title": "<b>Own</b>", "properties": {"who": {"type": "string", "title": "Customer"}}}


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tabs")
    schemas = folder / "schemas"
    schemas.mkdir()
    (schemas / "letter.json").write_text(json.dumps(SCHEMA), "utf-8")
    (schemas / "broken.json").write_text("{", "utf-8")
    eval_set(folder / "letters")
    run = ["eval", str(folder / "letters"), "--model", "none", "--runs", str(folder / "runs"), "--run", "first"]
    assert main(run) == 0
    with hosted(folder, schema_folder=schemas, model="none") as (made, store):
        fill(store, {"a.txt": ("Ann Lee", "125.00"), "b.txt": ("Bo Ek", "7.50"), "c.txt": ("Cy Doe", "1.00")})
        yield made


def eval_set(folder):
    folder.mkdir()
    (folder / "schema.json").write_text(json.dumps(SCHEMA), "utf-8")
    lines = []
    for n, (customer, total) in enumerate([("Ann <i>Lee</i>", "12.00"), ("Bo Ek", "8.00"), ("Cy Doe", "9.00")]):
        printed = customer if n else ""  # a name that the document lacks is missing in the record
        (folder / f"{n}.txt").write_text(TEXT.format(customer=printed, total=total), "utf-8")
        gold = {"customer": customer, "total": float(total) + (n == 1)}
        lines.append(json.dumps({"document": f"{n}.txt", "gold": gold}))
    (folder / "gold.jsonl").write_text("\n".join(lines), "utf-8")


class Page:
    """Gradio's page as a browser has it: what stands in each component, by its elem_id."""

    def __init__(self, browser, language="en", session=None):
        self.browser, self.language = browser, language
        self.session = session or f"s{time.monotonic_ns()}"
        self.config = browser.get(f"{PREFIX}/config").json()
        self.names = {c["id"]: c["props"].get("elem_id") or f"#{c['id']}" for c in self.config["components"]}

    def fire(self, name, event="click", *data):
        """What an event of the component put where, by elem_id; and the messages that it showed."""
        number = next(
            d["id"]
            for d in self.config["dependencies"]
            if any(self.names.get(target) == name and kind == event for target, kind in d["targets"])
        )
        headers = {"Cookie": f"lang={self.language}; " + "; ".join(f"{k}={v}" for k, v in self.browser.cookies.items())}
        sent = {"data": list(data), "fn_index": number, "session_hash": self.session, "event_data": None}
        joined = self.browser.post(f"{PREFIX}/gradio_api/queue/join", json=sent, headers=headers)
        assert joined.status_code == 200, joined.text
        stream = self.browser.get(f"{PREFIX}/gradio_api/queue/data", params={"session_hash": self.session}).text
        said = [json.loads(line.removeprefix("data: ")) for line in stream.splitlines() if line.startswith("data: ")]
        self.messages = [s["log"] for s in said if s["msg"] == "log"]
        (done,) = [s for s in said if s["msg"] == "process_completed"]
        assert done["success"], done
        outputs = next(d["outputs"] for d in self.config["dependencies"] if d["id"] == number)
        return dict(zip((self.names[o] for o in outputs), done["output"]["data"], strict=True))

    def load(self):
        number = next(d["id"] for d in self.config["dependencies"] if ["load"] in [t[1:] for t in d["targets"]])
        target = next(d["targets"][0][0] for d in self.config["dependencies"] if d["id"] == number)
        self.names[target] = "page"
        return self.fire("page", "load")


def sent(browser, name, text):
    (path,) = browser.post(f"{PREFIX}/gradio_api/upload", files={"files": (name, text.encode())}).json()
    return {"path": path, "orig_name": name, "size": 1, "meta": {"_type": "gradio.FileData"}}


def rows(table):
    value = table.get("value", table)
    return value["headers"], value["data"]


def finished(browser):
    """The user's uploads once nothing is left to be done."""
    wait_until(lambda: not browser.get("/api/uploads").json()["working"])
    return browser.get("/api/uploads").json()["rows"]


# Upload.


def test_the_upload_tab_offers_schemas_and_models_in_both_languages(ann):
    for language, title, none in (("en", "Field", "none: tables"), ("zh", "字段", "不使用模型")):
        found = Page(ann, language).load()
        names = [value for _, value in found["upload-schema"]["choices"]]
        assert "folder:letter" in names and "shipped:receipt" in names and "folder:broken" not in names
        models = {value: text for text, value in found["upload-model"]["choices"]}
        assert models["none"].startswith(none) and "qwen2.5-coder-1.5b" in models
        assert found["upload-model"]["value"] == "none"
        assert rows(found["upload-preview"])[0][0] == title


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [("auto", "auto"), ("letter", "folder:letter"), ("receipt", "shipped:receipt"), ("", "auto")],
)
def test_the_kind_that_the_server_was_started_with_is_offered_first(wanted, expected):
    choices = [("Find out", "auto"), ("Letter", "folder:letter"), ("Receipt", "shipped:receipt")]
    assert first_choice(choices, wanted) == expected


def test_the_fields_of_a_schema_are_shown(ann):
    page = Page(ann)
    page.load()
    found = page.fire("upload-schema", "change", "folder:letter", None)
    headers, data = rows(found["upload-preview"])
    assert headers == ["Field", "Path", "Type", "Description"]
    assert ["Customer", "customer", "text", "who ordered"] in data
    assert ["Quantity", "items[].count", "whole number", ""] in data


def test_an_own_schema_is_accepted_or_its_error_is_shown(ann):
    page = Page(ann)
    page.load()
    for text, told in (
        ('{"type": "object", "properties": {"a": {"type": "strin"}}}', "#/properties/a/type"),
        ("{", "is not JSON"),
        ("[]", "is not a JSON Schema of a record"),
        ('{"type": "object", "properties": {"a": {"$ref": "https://example.org/x"}}}', "https://example.org/x"),
    ):
        found = page.fire("upload-own", "change", sent(ann, "own.json", text))
        assert told in found["upload-wrong"]["value"] and found["upload-wrong"]["visible"] is True
    found = page.fire("upload-own", "change", sent(ann, "own.json", json.dumps(OWN)))
    assert found["upload-schema"]["value"] == "own" and found["upload-wrong"]["visible"] is False
    assert found["upload-schema"]["choices"][0] == ["Your own: <b>Own</b>", "own"]


def test_uploaded_files_become_records(ann, bob):
    page = Page(ann)
    page.load()
    files = [sent(ann, "信（一）#1.txt", TEXT.format(customer="Di Fu", total="3")), sent(ann, "bad.pdf", "%PDF-1.7")]
    found = page.fire("upload-start", "click", files, "folder:letter", None, "none", False)
    assert found["upload-files"]["value"] is None and "Files uploaded: 2" in found["upload-done"]["value"]
    kept = {row["name"]: row for row in finished(ann)}
    assert kept["信（一）#1.txt"]["state"] == "done" and kept["bad.pdf"]["state"] == "failed"
    view = ann.get(f"/api/records/{kept['信（一）#1.txt']['record']}").json()
    assert view["fields"]['["total"]']["value"] == 3 and view["name"] == "信（一）#1.txt"
    assert bob.get("/api/uploads").json()["rows"] == []
    assert Page(bob).load()["upload-schema"]["value"] == "auto", "nobody is given a wrong one"
    again = page.browser.post(
        f"{PREFIX}/gradio_api/queue/join", json={"data": [files], "fn_index": 0, "session_hash": "x"}
    )
    assert again.status_code == 403, "what was handed in is gone"


def test_the_kind_of_an_upload_is_found_out(ann):
    page = Page(ann)
    assert page.load()["upload-schema"]["value"] == "auto"
    texts = {"known.txt": TEXT.format(customer="Flo Ha", total="5"), "unknown.txt": "The river bends beneath the hill."}
    files = [sent(ann, name, text) for name, text in texts.items()]
    found = page.fire("upload-start", "click", files, "auto", None, "none", True)
    assert "Files uploaded: 2" in found["upload-done"]["value"]
    kept = {row["name"]: row for row in finished(ann)}
    assert (kept["known.txt"]["state"], kept["known.txt"]["schema"]) == ("done", "letter")
    assert (kept["unknown.txt"]["state"], kept["unknown.txt"]["kind"]) == ("failed", "unknown_kind")
    assert rows(page.fire("upload-schema", "change", "auto", None)["upload-preview"])[1] == []


def test_an_own_schema_is_used(ann):
    page = Page(ann)
    page.load()
    own = sent(ann, "own.json", json.dumps(OWN))
    page.fire("upload-own", "change", own)
    file = sent(ann, "e.txt", TEXT.format(customer="Ed Go", total="3"))
    found = page.fire("upload-start", "click", [file], "own", own, "none", False)
    assert "Files uploaded: 1" in found["upload-done"]["value"]
    assert ann.get("/api/uploads").json()["rows"][0]["schema"] == "own"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_is_missing_is_named_in_both_languages(ann, language):
    page = Page(ann, language)
    page.load()
    file = sent(ann, "x.txt", "x")
    for data, told in (
        ((None, "folder:letter", None, "none"), {"en": "Choose files first.", "zh": "请先选择文件。"}),
        (([file], None, None, "none"), {"en": "Choose a kind of report first.", "zh": "请先选择报告种类。"}),
        (([file], "folder:letter", None, None), {"en": "Choose a model first.", "zh": "请先选择模型。"}),
    ):
        page.fire("upload-start", "click", *data, False)
        assert told[language] in page.messages[0]
    assert not [row for row in ann.get("/api/uploads").json()["rows"] if row["name"] == "x.txt"]


def test_a_choice_that_was_not_offered_is_refused(ann):
    page = Page(ann)
    page.load()
    file = sent(ann, "x.txt", "x")
    for schema, model in (("../../etc/passwd", "none"), ("folder:letter", "openai:http://192.0.2.1/")):
        with pytest.raises(AssertionError, match="success"):
            page.fire("upload-start", "click", [file], schema, None, model, False)


def test_file_extensions_cover_the_readers():
    from extractor.readers import READERS

    assert len(EXTENSIONS) == len(set(EXTENSIONS))
    assert all(extension == extension.lower() and extension.startswith(".") for extension in EXTENSIONS)
    assert {".pdf", ".docx", ".xlsx", ".ods", ".eml", ".html", ".md", ".csv", ".txt"} <= set(EXTENSIONS)
    assert {".xml", ".json"} <= set(EXTENSIONS)
    assert len(READERS) == 13, "a new format has an ending to be chosen by"


# Export.


@pytest.fixture(scope="module")
def approved(ann):
    """A page of Ann's, who has uploaded a letter and approved its record."""
    letter = sent(ann, "g.txt", TEXT.format(customer="Gus", total="4"))
    page = Page(ann)
    page.load()
    page.fire("upload-start", "click", [letter], "folder:letter", None, "none", False)
    record = next(row for row in finished(ann) if row["name"] == "g.txt")["record"]
    body = {"revision": revision(ann, record), "force": True}
    assert post(ann, f"records/{record}/approve", body).status_code == 200
    return page


@pytest.mark.parametrize(
    ("form", "end"),
    [("xlsx", ".xlsx"), ("csv", ".zip"), ("jsonl", ".jsonl"), ("parquet", ".parquet"), ("gold", ".zip")],
)
def test_an_export_can_be_downloaded_by_its_user_only(approved, ann, bob, form, end):
    page = approved
    there = page.fire("export", "select")
    letter = next(value for text, value in there["export-schema"]["choices"] if "letter" in text)
    found = page.fire("export-make", "click", letter, "approved", form, True, True)
    link = found["export-fetch"]["link"]
    assert found["export-fetch"]["visible"] is True and "1" in found["export-said"]["value"]
    answer = ann.get(link)
    assert answer.status_code == 200 and answer.headers["content-disposition"].startswith("attachment")
    assert end in answer.headers["content-disposition"] and len(answer.content) > 100
    if end == ".zip":
        names = zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
        assert any(name.endswith("gold.jsonl") for name in names) if form == "gold" else len(names) == 2
    assert bob.get(link).status_code == 404 and ann.get("/exports/other").status_code == 404


def revision(browser, record):
    return browser.get(f"/api/records/{record}").json()["revision"]


def test_an_export_without_records_says_so(ann):
    page = Page(ann, "zh")
    there = page.fire("export", "select")
    letter = there["export-schema"]["choices"][0][1]
    page.fire("export-make", "click", letter, "rejected", "xlsx", False, False)
    assert "还没有这样的记录" in page.messages[0]


def test_exported_files_are_deleted_after_a_while(tmp_path, monkeypatch):
    exports = ExportFiles(tmp_path / "exports")
    tokens = []
    for n in range(MAX_FILES_PER_USER + 2):
        token, folder = exports.new_folder()
        (folder / "x").write_text(str(n))
        exports.add(token, "ann", folder / "x")
        tokens.append(token)
    assert [exports.find(token, "ann") is None for token in tokens[:3]] == [True, True, False]
    assert exports.find(tokens[-1], "ann") and exports.find(tokens[-1], "bob") is None
    later = time.time() + KEEP_SECONDS + 1
    monkeypatch.setattr("extractor.ui.export_files.time.time", lambda: later)
    assert exports.find(tokens[-1], "ann") is None and not list((tmp_path / "exports").iterdir())
    exports.new_folder()
    assert not list(ExportFiles(tmp_path / "exports")._folder.iterdir()), "an earlier server's files go at the start"


# Results.


def test_kept_runs_are_shown_with_their_figures_and_mistakes(ann):
    page = Page(ann)
    found = page.fire("results", "select")
    headers, data = rows(found["results-runs"])
    assert headers[0] == "Run" and data[0][0] == "first" and data[0][2:5] == ["letters", "none", "3"]
    assert "(" in data[0][5] and found["results-choose"]["choices"] == [["first", "first"]]
    shown = page.fire("results-choose", "change", "first")
    assert shown["results-whole"]["link"] == "/results/first.html"
    assert "letters: 3 documents" in shown["results-title"]["value"]
    assert "<svg" in shown["results-curves"] and "Reliability" in shown["results-curves"]
    fields = next(rows(v) for v in shown.values() if isinstance(v, dict) and "F1 (95 % interval)" in rows_or(v))
    assert ["total", "3", "2", "1"] in [row[:4] for row in fields[1]]
    mistakes = next(rows(v) for v in shown.values() if isinstance(v, dict) and "Outcome" in rows_or(v))
    assert ["1.txt", "total", "wrong", "9.0", "8"] in [row[:5] for row in mistakes[1]]
    assert ["0.txt", "customer", "missing", "Ann <i>Lee</i>", "—"] in [row[:5] for row in mistakes[1]]


def rows_or(update):
    value = update.get("value")
    return value.get("headers", []) if isinstance(value, dict) else []


def test_results_are_in_chinese(ann):
    page = Page(ann, "zh")
    assert rows(page.fire("results", "select")["results-runs"])[0][0] == "评测"
    assert "可靠性" in page.fire("results-choose", "change", "first")["results-curves"]


def test_the_full_report_is_a_page_that_may_do_nothing(ann, bob):
    for browser in (ann, bob):
        answer = browser.get("/results/first.html")
        assert answer.status_code == 200 and "Mistakes" in answer.text
        policy = answer.headers["content-security-policy"]
        assert "sandbox" in policy and "default-src 'none'" in policy and "script" not in policy
    assert ann.get("/results/nothing.html").status_code == 404


def test_approved_records_show_how_often_the_machine_was_right(tmp_path):
    with hosted(tmp_path) as (made, store), client(made, "ann") as browser:
        first, second, _ = fill(store, {"a.txt": ("Ann", "1.00"), "b.txt": ("Bo", "2.00"), "c.txt": ("Cy", "3.00")})
        assert Page(browser).fire("results", "select")["results-records"] == "No record has been approved yet."
        edit = {"how": "typed", "path": ["total"], "text": "5"}
        assert (
            post(browser, f"records/{second}/edit", {"revision": revision(browser, second), **edit}).status_code == 200
        )
        gone = {"how": "row_deleted", "path": ["items"], "at": 0}
        assert (
            post(browser, f"records/{second}/edit", {"revision": revision(browser, second), **gone}).status_code == 200
        )
        for record in (first, second):
            body = {"revision": revision(browser, record), "force": True}
            assert post(browser, f"records/{record}/approve", body).status_code == 200
        found = measure_reviewed_records(store)
        every = found.bands[0]
        assert found.records == 2 and every.values == 12 and every.right == 9, "one total, and one row of two cells"
        assert sum(band.values for band in found.bands[1:]) <= every.values
        assert 0 < every.accuracy_low < every.accuracy < every.accuracy_high < 1
        table = rows(Page(browser, "zh").fire("results", "select")["results-reviewed"])
        assert table[0][0] == "置信度" and table[1][0][:3] == ["全部", "12", "9"]


def test_the_interval_of_wilson_interval():
    assert wilson_interval(0, 0) == (0.0, 1.0)
    low, high = wilson_interval(10, 10)
    assert low == pytest.approx(0.7225, abs=1e-3) and high == 1.0
    low, high = wilson_interval(81, 100)
    assert (low, high) == (pytest.approx(0.7222, abs=1e-3), pytest.approx(0.8749, abs=1e-3))


# Installed.


def test_what_is_installed_is_shown(ann):
    page = Page(ann)
    found = page.fire("installed", "select")
    headers, data = rows(found["installed-models"])
    assert headers[0] == "Name" and any("qwen2.5-coder-1.5b (default)" in row[0] for row in data)
    shown = page.fire("installed-schema", "change", "shipped:receipt")
    assert shown["installed-about"] and len(rows(shown["installed-fields"])[1]) > 5


def test_every_event_asks_for_its_user(app):
    from extractor.ui.gradio_app import events

    config = app.app
    page = next(route.app for route in config.routes if getattr(route, "path", "") == PREFIX)
    functions = [f for f in page.blocks.fns.values() if f.fn is not None]
    assert len(functions) >= 9
    for f in functions:
        assert f.fn.__code__ is events.event(print).__code__, f.name
        assert f.api_visibility == "private"
