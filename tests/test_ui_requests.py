"""The JSON routes: what they answer, and what they refuse."""

import json
import re
from pathlib import Path

import pytest
from web_app import client, fill, hosted, post

from extractor.store.review_reasons import ReviewReason
from extractor.ui.gradio_app.paths import PREFIX


def test_a_record_is_shown_and_changed(app, ann):
    view = ann.get("/api/records/2").json()
    assert view["fields"]['["total"]']["value"] == 7.5
    changed = post(ann, "records/2/edit", {"revision": 1, "how": "typed", "path": ["total"], "text": "8"})
    assert changed.status_code == 200 and changed.json()["revision"] == 2
    late = post(ann, "records/2/edit", {"revision": 1, "how": "typed", "path": ["total"], "text": "9"})
    assert late.status_code == 409 and late.json()["error"] == "conflict" and late.json()["record"]["revision"] == 2
    assert post(ann, "records/2/undo", {"revision": 2}).json()["revision"] == 3
    history = ann.get("/api/records/2/history", params={"path": '["total"]'}).json()
    assert {"typed", "undo"} <= {line["what"] for line in history}
    assert ann.get("/api/records/99").status_code == 404


def test_typed_text_is_parsed_without_being_stored(ann):
    parsed = post(ann, "records/1/parse", {"path": ["total"], "text": "1,234.50"})
    assert parsed.status_code == 200 and parsed.json() == {
        "value": 1234.5,
        "text": "1234.5",
        "problems": [],
        "hint": "",
    }
    refused = post(ann, "records/1/parse", {"path": ["total"], "text": "about"}).json()
    assert refused["value"] is None and refused["problems"][0]["kind"] == "not_normalised" and refused["hint"]
    assert post(ann, "records/1/parse", {"path": ["nothing"], "text": "1"}).status_code == 422
    assert ann.get("/api/records/1").json()["revision"] == 1


def test_the_words_to_filter_by_and_the_routes_are_described(ann):
    options = ann.get("/api/options").json()
    assert options["reasons"] == [reason.value for reason in ReviewReason]
    for name, parameter in (("statuses", "status"), ("reasons", "reason"), ("sorts", "sort")):
        for option in options[name]:
            assert ann.get("/api/queue", params={parameter: option}).status_code == 200, option
    described = ann.get("/openapi.json").json()["paths"]
    assert {"/api/queue", "/api/records/{record}/edit", "/api/uploads"} <= set(described)


def test_claims_belong_to_a_user(ann, bob):
    assert post(ann, "records/1/claim").json()["mine"] is True
    held = post(bob, "records/1/claim")
    assert held.status_code == 409 and held.json()["error"] == "held" and held.json()["claimed_by"] == "ann"
    assert post(bob, "records/1/claim", {"take": True}).json()["mine"] is True
    assert post(bob, "records/1/release").status_code == 200


# Malformed requests.


BROKEN = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"1",
    b'"x"',
    b"\xff\xfe",
    b"{" * 100_000,
    b"[" * 100_000,
    b'{"revision": 1e999}',
    b'{"revision": NaN}',
    b'{"a": "\\ud800"}',
]


@pytest.mark.parametrize("data", BROKEN, ids=range(len(BROKEN)))
def test_a_body_that_is_no_json_object_is_refused(ann, data):
    answer = ann.post("/api/records/1/edit", content=data, headers={"X-Extractor": "1"})
    assert answer.status_code == 422 and answer.json()["error"] == "unusable"


EDITS = [
    {"how": "typed", "path": ["total"], "text": "1"},
    {"revision": "x", "how": "typed", "path": ["total"], "text": "1"},
    {"revision": True, "how": "typed", "path": ["total"], "text": "1"},
    {"revision": -1, "how": "typed", "path": ["total"], "text": "1"},
    {"revision": 2**70, "how": "typed", "path": ["total"], "text": "1"},
    {"revision": 1.5, "how": "typed", "path": ["total"], "text": "1"},
    {"revision": 1, "how": "eval", "path": ["total"], "text": "1"},
    {"revision": 1, "how": ["typed"], "path": ["total"], "text": "1"},
    {"revision": 1, "how": "typed", "path": "total", "text": "1"},
    {"revision": 1, "how": "typed", "path": {"a": 1}, "text": "1"},
    {"revision": 1, "how": "typed", "path": [None], "text": "1"},
    {"revision": 1, "how": "typed", "path": [1.5], "text": "1"},
    {"revision": 1, "how": "typed", "path": ["nothing"], "text": "1"},
    {"revision": 1, "how": "typed", "path": ["a"] * 1000, "text": "1"},
    {"revision": 1, "how": "typed", "path": [], "text": "1"},
    {"revision": 1, "how": "typed", "path": ["total"]},
    {"revision": 1, "how": "typed", "path": ["total"], "text": 5},
    {"revision": 1, "how": "typed", "path": ["total"], "text": "x" * 200_000},
    {"revision": 1, "how": "typed", "path": ["total"], "text": "a\0b"},
    {"revision": 1, "how": "typed", "path": ["total"], "text": "no number"},
    {"revision": 1, "how": "word", "path": ["total"], "text": "1", "evidence": "here"},
    {"revision": 1, "how": "word", "path": ["total"], "text": "1", "evidence": {"start": 5, "end": 2}},
    {"revision": 1, "how": "word", "path": ["total"], "text": "1", "evidence": {"start": 5}},
    {"revision": 1, "how": "word", "path": ["total"], "text": "1", "evidence": {"boxes": [{"page": 0}]}},
    {"revision": 1, "how": "word", "path": ["total"], "text": "1", "evidence": {"boxes": [1]}},
    {"revision": 1, "how": "row_added", "path": ["items"], "at": "first"},
    {"revision": 1, "how": "row_added", "path": ["items"], "at": 10**9},
    {"revision": 1, "how": "row_deleted", "path": ["items"], "at": 99},
    {"revision": 1, "how": "row_deleted", "path": ["total"], "at": 0},
    {"revision": 1, "how": "pasted", "path": ["items"], "at": 0, "column": 0, "cells": "a"},
    {"revision": 1, "how": "pasted", "path": ["items"], "at": 0, "column": 0, "cells": [[1]]},
    {"revision": 1, "how": "pasted", "path": ["items"], "at": 0, "column": 99, "cells": [["a"]]},
    {"revision": 1, "how": "pasted", "path": ["items"], "at": 0, "column": 0, "cells": [["a"] * 100] * 1000},
]


@pytest.mark.parametrize("body", EDITS, ids=range(len(EDITS)))
def test_a_malformed_edit_is_refused_and_changes_nothing(ann, body):
    answer = post(ann, "records/1/edit", body)
    assert answer.status_code == 422, answer.text[:300]
    assert set(answer.json()) >= {"error", "message", "hint"}
    assert ann.get("/api/records/1").json()["revision"] == 1


def test_other_malformed_requests_are_refused(ann):
    for path, body in (
        ("records/1/read", {"page": 1, "box": [1, 2, 3]}),
        ("records/1/read", {"page": 1, "box": [5, 0, 1, 1]}),
        ("records/1/read", {"page": 0, "box": [0, 0, 1, 1]}),
        ("records/1/read", {"page": 1, "box": [0, 0, 1e300, 1]}),
        ("records/1/claim", {"take": "yes"}),
        ("records/1/parse", {"path": ["total"]}),
        ("records/1/parse", {"path": ["total"], "text": "x" * 200_000}),
        ("records/1/approve", {"revision": 1, "force": 1}),
        ("records/1/approve", {}),
        ("records/1/flag", {"revision": 1, "note": "x" * 5000}),
        ("records/1/flag", {"revision": 1, "note": ["x"]}),
        ("records/x/claim", {}),
        ("records/-1/claim", {}),
        ("records/0/claim", {}),
        ("records/99999999999999999999/claim", {}),
    ):
        assert post(ann, path, body).status_code == 422, (path, body)
    for query in (
        "status=x",
        "sort=x",
        "reason=x",
        "limit=0",
        "limit=100000",
        "after=-1",
        "after=x",
        "search=" + "x" * 300,
    ):
        assert ann.get(f"/api/queue?{query}").status_code == 422, query
    for path in (
        "pages/0.webp",
        "pages/x.json",
        "pages/1.webp?dpi=9999",
        "history?path=x",
        "history?path=%5B%5B%5D%5D",
    ):
        assert ann.get(f"/api/records/1/{path}").status_code in (404, 422), path


def test_bodies_that_are_too_large_are_refused(ann):
    large = b'{"revision": 1, "text": "' + b"x" * (3 << 20) + b'"}'
    assert ann.post("/api/records/1/edit", content=large, headers={"X-Extractor": "1"}).status_code == 413
    parts = (large for _ in range(4))
    assert ann.post("/api/records/1/edit", content=parts, headers={"X-Extractor": "1"}).status_code == 413
    assert ann.post(f"{PREFIX}/gradio_api/queue/join", content=b"x" * (9 << 20)).status_code == 413
    assert ann.post(f"{PREFIX}/gradio_api/upload", files={"files": ("x.txt", b"x" * (2 << 20))}).status_code == 413
    assert ann.post("/login", content=b"name=" + b"x" * 100_000).status_code == 413
    for length in ("-1", "x", "9" * 30):
        assert ann.post("/login", content=b"", headers={"Content-Length": length}).status_code in (400, 413)


# Text of others.


XSS = [
    before + payload + after
    for before, after in (("", ""), ('">', ""), ("'", "//"), ("a ", ".pdf"), ("</script>", "<!--"))
    for payload in (
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<svg onload=alert(1)>",
        "<svg><script>alert(1)</script></svg>",
        "<iframe srcdoc='<script>alert(1)</script>'>",
        "<a href=javascript:alert(1)>x</a>",
        "<body onload=alert(1)>",
        "<details open ontoggle=alert(1)>",
        "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
        "${alert(1)}",
        "{{constructor.constructor('alert(1)')()}}",
        "javascript:alert(1)",
        "<input autofocus onfocus=alert(1)>",
        "<object data=data:text/html,<script>alert(1)</script>>",
        "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
        "<style>@import'javascript:alert(1)';</style>",
        "[x](javascript:alert(1))",
        "![x](http://192.0.2.1/x)",
        "\u202e<script>alert(1)</script>",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
    )
]


def test_names_and_titles_are_never_markup(tmp_path):
    schema = {
        "type": "object",
        "title": XSS[0],
        "properties": {f"f{n}": {"type": "string", "title": text, "description": text} for n, text in enumerate(XSS)},
    }
    assert len(XSS) == 100
    folder = tmp_path / "schemas"
    folder.mkdir()
    (folder / "x.json").write_text(json.dumps(schema), "utf-8")
    with hosted(tmp_path, schema_folder=folder) as (made, store):
        names = [re.sub(r"[/\0]", "_", text) for text in XSS]
        fill(store, {name: (text, "1") for name, text in zip(names, XSS, strict=True)}, schema, XSS[1])
        with client(made, "ann") as browser:
            answers = [browser.get("/api/queue", params={"status": "all", "limit": 200}), browser.get("/api/records/1")]
            for text in XSS:
                answers.append(browser.get("/api/queue", params={"search": text, "status": "all"}))
                answers.append(browser.get("/api/queue", params={"schema": text}))
                answers.append(browser.get("/api/queue", params={"job": text}))
                answers.append(browser.get("/api/queue", params={"sort": text}))
                answers.append(
                    post(browser, "records/1/edit", {"revision": 1, "how": text, "path": [text], "text": text})
                )
                answers.append(browser.get("/exports/x", params={"word": text}))
            page = browser.get(f"{PREFIX}/").text + browser.get(f"{PREFIX}/config").text
        for answer in answers:
            assert answer.headers["content-type"] == "application/json"
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert {row["name"] for row in answers[0].json()["rows"]} >= {Path(name).name for name in names[:10]}
        for text in XSS:
            assert "<" not in text or text not in page
        with client(made) as browser:
            for text in XSS[:7]:
                assert text not in browser.post("/login", data={"name": text, "password": text}).text
