"""Who is let in, from where, and what leaves: the app behind its security middleware."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from fastapi.routing import iter_route_contexts
from starlette.routing import Mount
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect
from web_app import ADDRESS, client, hosted, post

from extractor.ui.gradio_app.paths import PREFIX
from extractor.ui.hosts import host_check
from extractor.ui.security import PUBLIC_PATHS


def every_route(routes, above=""):
    """Yield the method and path of every route, those of included routers and mounted apps too."""
    for route in iter_route_contexts(routes):
        path = above + (route.path or "")
        for method in getattr(route.route, "methods", None) or ():
            yield method, re.sub(r"\{[^}]*\}", "1", path)
        if isinstance(route.route, Mount):
            yield from every_route(route.route.routes, path)
            if not route.route.routes:
                yield "GET", f"{path}/queue.js"


def test_every_route_needs_a_login(app, nobody):
    routes = sorted(set(every_route(app.app.routes)))
    assert len(routes) > 90
    assert {("GET", "/api/queue"), ("GET", "/openapi.json"), ("POST", f"{PREFIX}/gradio_api/queue/join")} <= set(routes)
    let_in = []
    for method, path in routes:
        status = nobody.request(method, path, headers={"Accept": "application/json", "X-Extractor": "1"}).status_code
        if status not in (401, 404):
            let_in.append((method, path, status))
    assert set(let_in) == {("GET", "/login", 200), ("GET", "/favicon.ico", 200), ("GET", "/healthz", 200)}


def test_our_routes_ask_for_a_login_even_without_the_middleware(app):
    with TestClient(app.app, base_url=ADDRESS, follow_redirects=False) as bare:
        for method, path in sorted(set(every_route(app.app.routes))):
            # The description of the API for programs says what routes there are, and holds no data.
            if path.startswith(("/api/", "/exports/", "/results/")) and path != "/api/v1/openapi.json":
                assert bare.request(method, path, headers={"X-Extractor": "1"}).status_code == 401, path
        for path in ("/config", "/gradio_api/queue/data?session_hash=x", "/gradio_api/upload_progress?upload_id=x"):
            assert bare.get(PREFIX + path).status_code == 401, path
        assert bare.post(f"{PREFIX}/gradio_api/queue/join", json={}).status_code == 401


def test_pages_redirect_to_the_login_and_data_answers_401(nobody):
    for path in ("/", f"{PREFIX}/", "/results/x.html"):
        answer = nobody.get(path, headers={"Accept": "text/html"})
        assert answer.status_code == 303 and answer.headers["location"] == "/login"
    assert nobody.get("/api/me").json()["error"] == "not_logged_in"


def test_without_passwords_the_page_sets_the_session_cookie(tmp_path):
    with hosted(tmp_path, login=False) as (made, _), client(made) as browser:
        assert browser.get("/api/me").status_code == 401
        page = browser.get(f"{PREFIX}/")
        assert page.status_code == 200 and "httponly" in page.headers["set-cookie"].lower()
        assert browser.get("/api/me").json() == {"user": "owner", "second_review": False, "login": False}
        assert browser.get("/login").headers["location"] == f"{PREFIX}/"


# Origins and hosts.


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
def test_posts_from_another_site_are_refused(ann, headers):
    for path in (
        "/api/records/1/reject",
        "/login",
        "/logout",
        f"{PREFIX}/gradio_api/queue/join",
        f"{PREFIX}/gradio_api/upload",
    ):
        answer = ann.post(path, headers={"X-Extractor": "1"} | headers)
        assert answer.status_code == 403 and answer.json()["error"] == "forbidden", path
    assert ann.get("/api/records/1").json()["revision"] == 1


def test_another_site_may_link_but_not_frame_or_embed(ann):
    for kind in ("iframe", "image", "script", "empty"):
        headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": kind}
        assert ann.get(f"{PREFIX}/", headers=headers).status_code == 403
        assert ann.get("/api/queue", headers=headers).status_code == 403
    linked = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document"}
    assert ann.get(f"{PREFIX}/", headers=linked).status_code == 200


def test_a_post_without_the_page_header_is_refused(ann):
    answer = ann.post("/api/records/1/release", json={})
    assert answer.status_code == 403 and "X-Extractor" in answer.json()["hint"]


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:7999", "127.0.0.1.evil.example", "x@127.0.0.1", "192.168.0.7", "", "[::1", ":"],
)
def test_an_unknown_host_header_is_refused(ann, host):
    answer = ann.get("/api/me", headers={"Host": host})
    assert answer.status_code == 400 and answer.json()["error"] == "host"


def test_host_check_accepts_own_names_and_addresses():
    here, open_to_all = host_check(["Review.example.org"], loopback=True), host_check([], loopback=False)
    assert here("127.0.0.1:1") and here("localhost") and here("[::1]:80") and here("review.example.org")
    assert not here("10.0.0.5") and open_to_all("10.0.0.5:7860") and open_to_all("[fe80::1]:7860")
    assert not open_to_all("evil.example")


def test_no_origin_gets_cors_headers(ann):
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}
    for path in ("/api/me", f"{PREFIX}/config", f"{PREFIX}/gradio_api/queue/data"):
        for answer in (ann.options(path, headers=asked), ann.get(path, headers={"Origin": "https://evil.example"})):
            assert not [name for name in answer.headers if name.startswith("access-control-")], path


def test_websockets_are_closed(app):
    with TestClient(app, base_url=ADDRESS) as browser, pytest.raises(WebSocketDisconnect) as closed:
        browser.websocket_connect(f"{PREFIX}/gradio_api/queue/join").__enter__()
    assert closed.value.code == 1000


# Answers.


def test_every_kind_of_answer_has_the_security_headers(ann, nobody):
    answers = {
        "page": ann.get(f"{PREFIX}/"),
        "data": ann.get("/api/queue"),
        "file": ann.get("/static/header.js"),
        "words": ann.get("/static/words/shell.zh.json"),
        "gradio": ann.get(f"{PREFIX}/config"),
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


def test_static_files_and_texts_are_revalidated(ann):
    first = ann.get("/static/header.js")
    again = ann.get("/static/header.js", headers={"If-None-Match": first.headers["etag"]})
    assert first.status_code == 200 and again.status_code == 304


@pytest.mark.parametrize(
    "path",
    [
        *("/static/../guard.py", "/static/%2e%2e/guard.py", "/static/..%2fguard.py", "/static/words/../../host.py"),
        *("/static//etc/passwd", "/static/%2fetc/passwd", "/exports/..%2f..%2fpasswords", "/exports/../passwords"),
        *("/results/..%2f..%2fpasswords.html", "/results/..html", "/results/.html", "/results/%00.html"),
        *(f"{PREFIX}/assets/..%2f..%2f..%2froutes.py", f"{PREFIX}/static/%2fetc%2fpasswd"),
        *("/api/records/1/pages/..%2f1.webp", "/api/records/1/pages/1.webp%2f..", "/api/records/..%2f1"),
    ],
)
def test_no_path_leads_out_of_its_folder(ann, path):
    answer = ann.get(path)
    assert answer.status_code in (400, 403, 404, 422), answer.text[:200]
    assert "argon2" not in answer.text and "root:" not in answer.text and "import" not in answer.text


def test_an_internal_error_reveals_nothing_of_the_document(app, ann, monkeypatch, capsys):
    from extractor.review import ReviewService

    def broken(*_, **__):
        raise RuntimeError("the patient's name is Ann")

    monkeypatch.setattr(ReviewService, "view", broken)
    answer = ann.get("/api/records/1")
    assert answer.status_code == 500 and answer.json()["error"] == "internal"
    assert "patient" not in answer.text and "Traceback" not in answer.text and ".py" not in answer.text
    told = capsys.readouterr().err
    assert "RuntimeError at" in told and "patient" not in told


def test_everything_on_the_login_page_is_public(nobody, ann):
    page, opened = nobody.get("/login").text, set()
    waiting = set(re.findall(r'(?:src|href)="([^"]+)"', page))
    while waiting:
        path = waiting.pop()
        answer = nobody.get(path)
        assert answer.status_code == 200, path
        opened.add(path)
        waiting |= set(re.findall(r'from "([^"]+)"', answer.text)) - opened
    assert opened == set(PUBLIC_PATHS) - {"/healthz"}
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


def test_the_server_contacts_no_other_machine(tmp_path):
    command = [sys.executable, "-c", ALONE, str(tmp_path)]
    said = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, timeout=300)
    assert said.returncode == 0, said.stderr[-2000:]
    assert said.stdout.strip() == "[]"
