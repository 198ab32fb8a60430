"""Who is let in, from where, and what goes out: the app behind its guard, asked as no browser of ours would."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from starlette.routing import Mount
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect
from web_app import ADDRESS, client, fill, hosted, post

from extractor.ui.security import OPEN, UI, hosts

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


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    with hosted(tmp_path_factory.mktemp("host"), max_upload=1) as (made, store):
        fill(store, {"a.txt": ("Ann Lee", "125.00"), "b.txt": ("Bo Ek", "7.50")})
        yield made


@pytest.fixture(scope="module")
def nobody(app):
    with client(app) as browser:
        yield browser


def every_route(routes, above=""):
    """Method and path of every route, mounted ones and Gradio's too."""
    for route in routes:
        path = above + (getattr(route, "path", None) or "")
        inner = getattr(route, "original_router", None) or (route if isinstance(route, Mount) else None)
        if inner is not None:
            yield from every_route(inner.routes, path)
        for method in getattr(route, "methods", None) or ():
            yield method, re.sub(r"\{[^}]*\}", "1", path)
        if isinstance(route, Mount) and not route.routes:
            yield "GET", f"{path}/queue.js"


# Who is let in.


def test_every_route_needs_a_login(app, nobody):
    routes = sorted(set(every_route(app.app.routes)))
    assert len(routes) > 90 and ("GET", "/api/queue") in routes and ("POST", f"{UI}/gradio_api/queue/join") in routes
    let_in = []
    for method, path in routes:
        status = nobody.request(method, path, headers={"Accept": "application/json", "X-Extractor": "1"}).status_code
        if status not in (401, 404):
            let_in.append((method, path, status))
    assert set(let_in) == {("GET", "/login", 200), ("GET", "/favicon.ico", 200)}


def test_our_routes_look_for_themselves_even_without_the_guard(app):
    with TestClient(app.app, base_url=ADDRESS, follow_redirects=False) as bare:
        for method, path in sorted(set(every_route(app.app.routes))):
            if path.startswith(("/api/", "/exports/", "/results/")):
                assert bare.request(method, path, headers={"X-Extractor": "1"}).status_code == 401, path
        for path in ("/config", "/gradio_api/queue/data?session_hash=x", "/gradio_api/upload_progress?upload_id=x"):
            assert bare.get(UI + path).status_code == 401, path
        assert bare.post(f"{UI}/gradio_api/queue/join", json={}).status_code == 401


def test_a_page_is_sent_to_the_login_and_data_is_not(nobody):
    for path in ("/", f"{UI}/", "/results/x.html"):
        answer = nobody.get(path, headers={"Accept": "text/html"})
        assert answer.status_code == 303 and answer.headers["location"] == "/login"
    assert nobody.get("/api/me").json()["error"] == "not_logged_in"


def test_without_passwords_the_page_brings_the_cookie(tmp_path):
    with hosted(tmp_path, login=False) as (made, _), client(made) as browser:
        assert browser.get("/api/me").status_code == 401
        page = browser.get(f"{UI}/")
        assert page.status_code == 200 and "httponly" in page.headers["set-cookie"].lower()
        assert browser.get("/api/me").json() == {"user": "owner", "second_review": False, "login": False}
        assert browser.get("/login").headers["location"] == f"{UI}/"


def test_only_what_our_page_needs_of_gradio_is_there(ann):
    closed = (
        *("file=/etc/passwd", "file=https://example.org/", "file/etc/passwd", "proxy=https://x.hf.space/", "info"),
        *("openapi.json", "app_id", "user", "token", "login_check", "dev/reload", "runs", "queue/status"),
        *("custom_component/1/client/component/x.js", "stream/a/b/1/playlist.m3u8", "call/x/y", "vibe-code"),
    )
    for path in closed:
        assert ann.get(f"{UI}/gradio_api/{path}").status_code == 404, path
    for path in ("component_server", "cancel", "call/x", "run/x", "api/x", "process_recording", "vibe-edit"):
        assert ann.post(f"{UI}/gradio_api/{path}", json={}).status_code == 404, path
    for path in ("/monitoring", "/monitoring/summary", "/pwa_icon", "/docs", "/openapi.json", "/robots.txt", "/logout"):
        assert ann.get(UI + path).status_code == 404, path
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert ann.get(path).status_code == 404, path
    assert ann.get(f"{UI}/config").status_code == 200


# From where.


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": f"http://127.0.0.1.evil.example:{ADDRESS[-4:]}"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document"},
    ],
)
def test_what_another_site_sends_is_refused(ann, headers):
    for path in (
        "/api/records/1/reject",
        "/login",
        "/logout",
        f"{UI}/gradio_api/queue/join",
        f"{UI}/gradio_api/upload",
    ):
        answer = ann.post(path, headers={"X-Extractor": "1"} | headers)
        assert answer.status_code == 403 and answer.json()["error"] == "forbidden", path
    assert ann.get("/api/records/1").json()["revision"] == 1


def test_another_site_cannot_frame_or_embed_but_may_link(ann):
    for kind in ("iframe", "image", "script", "empty"):
        headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": kind}
        assert ann.get(f"{UI}/", headers=headers).status_code == 403
        assert ann.get("/api/queue", headers=headers).status_code == 403
    linked = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document"}
    assert ann.get(f"{UI}/", headers=linked).status_code == 200


def test_a_post_without_our_header_is_refused(ann):
    answer = ann.post("/api/records/1/release", json={})
    assert answer.status_code == 403 and "X-Extractor" in answer.json()["hint"]


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:7999", "127.0.0.1.evil.example", "x@127.0.0.1", "192.168.0.7", "", "[::1", ":"],
)
def test_a_host_that_is_not_ours_is_refused(ann, host):
    answer = ann.get("/api/me", headers={"Host": host})
    assert answer.status_code == 400 and answer.json()["error"] == "host"


def test_which_hosts_are_ours():
    here, open_to_all = hosts(["Review.example.org"], loopback=True), hosts([], loopback=False)
    assert here("127.0.0.1:1") and here("localhost") and here("[::1]:80") and here("review.example.org")
    assert not here("10.0.0.5") and open_to_all("10.0.0.5:7860") and open_to_all("[fe80::1]:7860")
    assert not open_to_all("evil.example")


def test_no_origin_is_let_in_by_cors(ann):
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}
    for path in ("/api/me", f"{UI}/config", f"{UI}/gradio_api/queue/data"):
        for answer in (ann.options(path, headers=asked), ann.get(path, headers={"Origin": "https://evil.example"})):
            assert not [name for name in answer.headers if name.startswith("access-control-")], path


def test_there_are_no_websockets(app):
    with TestClient(app, base_url=ADDRESS) as browser, pytest.raises(WebSocketDisconnect) as closed:
        browser.websocket_connect(f"{UI}/gradio_api/queue/join").__enter__()
    assert closed.value.code == 1000


# What goes out.


def test_every_kind_of_answer_has_the_headers(ann, nobody):
    answers = {
        "page": ann.get(f"{UI}/"),
        "data": ann.get("/api/queue"),
        "file": ann.get("/static/header.js"),
        "words": ann.get("/static/words/shell.zh.json"),
        "gradio": ann.get(f"{UI}/config"),
        "moved": ann.get("/"),
        "login": nobody.get("/login"),
        "refused": nobody.get("/api/me"),
        "missing": ann.get("/nothing"),
        "host": ann.get("/", headers={"Host": "evil.example"}),
        "origin": ann.post("/api/x", headers={"Origin": "https://evil.example"}),
        "wrong": post(ann, "records/1/edit", {"how": "?"}),
        "icon": nobody.get("/favicon.ico"),
    }
    for kind, answer in answers.items():
        policy = answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy, kind
        assert answer.headers["x-content-type-options"] == "nosniff", kind
        assert answer.headers["x-frame-options"] == "DENY", kind
        assert answer.headers["referrer-policy"] == "same-origin", kind
        assert "camera=()" in answer.headers["permissions-policy"], kind
        assert answer.headers["cross-origin-opener-policy"] == "same-origin", kind
        if kind not in ("page", "login"):
            assert policy.startswith("default-src 'none'"), kind
    assert "no-store" in answers["data"].headers["cache-control"]
    assert answers["file"].headers["cache-control"] == "no-cache" and answers["file"].headers["etag"]


def test_the_page_runs_only_its_own_scripts(ann):
    page = ann.get(f"{UI}/")
    policy = page.headers["content-security-policy"]
    script = re.search(r"script-src ([^;]*)", policy)[1]
    nonce = re.search(r"'nonce-([\w-]+)'", script)[1]
    assert "unsafe-inline" not in script and "http" not in policy
    tags = re.findall(r"<script[^>]*>", page.text)
    assert len(tags) >= 5 and all(f'nonce="{nonce}"' in tag for tag in tags)
    assert ann.get(f"{UI}/").headers["content-security-policy"] != policy
    assert not re.findall(r'(?:src|href)="https?:', page.text)


@pytest.mark.parametrize(
    ("accepted", "cookie", "language", "title"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.5", "", "zh-CN", "报告提取"),
        ("en-GB,en;q=0.9,zh;q=0.8", "", "en", "extractor"),
        ("fr,zh-TW;q=0.3", "", "zh-CN", "报告提取"),
        ("fr", "", "en", "extractor"),
        ("zh-CN", "en", "en", "extractor"),
        ("en", "zh", "zh-CN", "报告提取"),
        ("en", "xx", "en", "extractor"),
    ],
)
def test_the_page_is_in_the_language_of_its_reader(ann, nobody, accepted, cookie, language, title):
    for browser, path in ((ann, f"{UI}/"), (nobody, "/login")):
        sent = "; ".join(f"{k}={v}" for k, v in [*browser.cookies.items(), ("lang", cookie)] if v)
        page = browser.get(path, headers={"Accept-Language": accepted, "Cookie": sent})
        assert f'lang="{language}"' in page.text and title in page.text
    assert (
        f"get:()=>{json.dumps(language)}"
        in ann.get(
            f"{UI}/", headers={"Accept-Language": accepted, "Cookie": "; ".join([*_cookies(ann), f"lang={cookie}"])}
        ).text
    )


def _cookies(browser):
    return [f"{name}={value}" for name, value in browser.cookies.items()]


def test_our_files_are_sent_again_only_when_they_changed(ann):
    first = ann.get("/static/header.js")
    again = ann.get("/static/header.js", headers={"If-None-Match": first.headers["etag"]})
    assert first.status_code == 200 and again.status_code == 304


@pytest.mark.parametrize(
    "path",
    [
        *("/static/../guard.py", "/static/%2e%2e/guard.py", "/static/..%2fguard.py", "/static/words/../../host.py"),
        *("/static//etc/passwd", "/static/%2fetc/passwd", "/exports/..%2f..%2fpasswords", "/exports/../passwords"),
        *("/results/..%2f..%2fpasswords.html", "/results/..html", "/results/.html", "/results/%00.html"),
        *(f"{UI}/assets/..%2f..%2f..%2froutes.py", f"{UI}/static/%2fetc%2fpasswd"),
        *("/api/records/1/pages/..%2f1.webp", "/api/records/1/pages/1.webp%2f..", "/api/records/..%2f1"),
    ],
)
def test_no_path_leads_out(ann, path):
    answer = ann.get(path)
    assert answer.status_code in (400, 403, 404, 422), answer.text[:200]
    assert "argon2" not in answer.text and "root:" not in answer.text and "import" not in answer.text


# What comes in.


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


def test_claims_are_by_user(ann, bob):
    assert post(ann, "records/1/claim").json()["mine"] is True
    held = post(bob, "records/1/claim")
    assert held.status_code == 409 and held.json()["error"] == "held" and held.json()["claimed_by"] == "ann"
    assert post(bob, "records/1/claim", {"take": True}).json()["mine"] is True
    assert post(bob, "records/1/release").status_code == 200


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
def test_json_that_is_none_is_refused(ann, data):
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
def test_an_edit_that_is_none_is_refused(ann, body):
    answer = post(ann, "records/1/edit", body)
    assert answer.status_code == 422, answer.text[:300]
    assert set(answer.json()) >= {"error", "message", "hint"}
    assert ann.get("/api/records/1").json()["revision"] == 1


def test_other_requests_that_are_none_are_refused(ann):
    for path, body in (
        ("records/1/read", {"page": 1, "box": [1, 2, 3]}),
        ("records/1/read", {"page": 1, "box": [5, 0, 1, 1]}),
        ("records/1/read", {"page": 0, "box": [0, 0, 1, 1]}),
        ("records/1/read", {"page": 1, "box": [0, 0, 1e300, 1]}),
        ("records/1/claim", {"take": "yes"}),
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


def test_what_is_too_large_is_refused(ann):
    large = b'{"revision": 1, "text": "' + b"x" * (3 << 20) + b'"}'
    assert ann.post("/api/records/1/edit", content=large, headers={"X-Extractor": "1"}).status_code == 413
    parts = (large for _ in range(4))
    assert ann.post("/api/records/1/edit", content=parts, headers={"X-Extractor": "1"}).status_code == 413
    assert ann.post(f"{UI}/gradio_api/queue/join", content=b"x" * (9 << 20)).status_code == 413
    assert ann.post(f"{UI}/gradio_api/upload", files={"files": ("x.txt", b"x" * (2 << 20))}).status_code == 413
    assert ann.post("/login", content=b"name=" + b"x" * 100_000).status_code == 413
    for length in ("-1", "x", "9" * 30):
        assert ann.post("/login", content=b"", headers={"Content-Length": length}).status_code in (400, 413)


def test_nothing_of_an_error_nobody_foresaw_goes_out(app, ann, monkeypatch, capsys):
    from extractor.review import ReviewService

    def broken(*_, **__):
        raise RuntimeError("the patient's name is Ann")

    monkeypatch.setattr(ReviewService, "view", broken)
    answer = ann.get("/api/records/1")
    assert answer.status_code == 500 and answer.json()["error"] == "internal"
    assert "patient" not in answer.text and "Traceback" not in answer.text and ".py" not in answer.text
    told = capsys.readouterr().err
    assert "RuntimeError at" in told and "patient" not in told


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
            page = browser.get(f"{UI}/").text + browser.get(f"{UI}/config").text
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


# Files that were sent.


def test_what_one_has_sent_is_nobody_elses(app, ann, bob):
    sent = ann.post(f"{UI}/gradio_api/upload", files={"files": ("secret.txt", b"of ann")})
    (path,) = sent.json()
    event = {"session_hash": "s1", "fn_index": 0}
    file = {"path": path, "meta": {"_type": "gradio.FileData"}, "orig_name": "secret.txt"}
    for data in ([[file]], [file], [{"x": [file]}], [{"path": path}]):
        refused = bob.post(f"{UI}/gradio_api/queue/join", json={**event, "data": data})
        assert refused.status_code == 403 and refused.json()["error"] == "forbidden"
    for other in ("/etc/passwd", "https://example.org/x", "../passwords", path + "/../x", 5, None, [path]):
        refused = ann.post(f"{UI}/gradio_api/queue/join", json={**event, "data": [{**file, "path": other}]})
        assert refused.status_code == 403, other
    assert ann.post(f"{UI}/gradio_api/queue/join", json={**event, "data": [[file]]}).status_code != 403
    for who in (ann, bob):
        assert who.get(f"{UI}/gradio_api/file={path}").status_code == 404
    for broken in (b"{", b"[]", b"1"):
        assert ann.post(f"{UI}/gradio_api/queue/join", content=broken).status_code == 422


def test_what_an_event_says_is_for_the_page_it_came_from(ann, bob):
    event = {"session_hash": "page-of-ann", "fn_index": 0, "data": []}
    assert ann.post(f"{UI}/gradio_api/queue/join", json=event).status_code == 200
    assert bob.post(f"{UI}/gradio_api/queue/join", json=event).status_code == 403
    assert bob.get(f"{UI}/gradio_api/queue/data?session_hash=page-of-ann").status_code == 403
    for page in (None, "", 5, "x" * 1000):
        assert ann.post(f"{UI}/gradio_api/queue/join", json={**event, "session_hash": page}).status_code == 422
    assert ann.get(f"{UI}/gradio_api/queue/data").status_code == 422


def test_the_login_page_has_all_it_asks_for(nobody, ann):
    page, opened = nobody.get("/login").text, set()
    waiting = set(re.findall(r'(?:src|href)="([^"]+)"', page))
    while waiting:
        path = waiting.pop()
        answer = nobody.get(path)
        assert answer.status_code == 200, path
        opened.add(path)
        waiting |= set(re.findall(r'from "([^"]+)"', answer.text)) - opened
    assert opened == set(OPEN)
    assert "data-linked" not in page and "Sec-Fetch" not in page
    linked = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document"}
    assert "data-linked" in nobody.get("/login", headers=linked).text


ALONE = """
import pathlib, sys
asked = []
def hook(event, arguments):
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        asked.append(arguments[1])
    elif event == "socket.getaddrinfo":
        asked.append(arguments[:2])
sys.addaudithook(hook)
from web_app import client, hosted
with hosted(pathlib.Path(sys.argv[1]), login=False) as (app, store), client(app) as browser:
    for path in ("/ui/", "/ui/config", "/api/queue", "/ui/gradio_api/startup-events", "/ui/theme.css"):
        assert browser.get(path).status_code == 200, path
    browser.post("/ui/gradio_api/upload", files={"files": ("x.txt", b"x")})
print(asked)
"""


def test_the_server_asks_nothing_of_other_machines(tmp_path):
    command = [sys.executable, "-c", ALONE, str(tmp_path)]
    said = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, timeout=300)
    assert said.returncode == 0, said.stderr[-2000:]
    assert said.stdout.strip() == "[]"
