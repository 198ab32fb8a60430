"""What works around Gradio: its routes, its page, and the files that it receives."""

import json
import os
import re
import time

import pytest
from web_app import PORT, hosted

from extractor.ui.gradio_app import upload_ownership
from extractor.ui.gradio_app.paths import PREFIX
from extractor.ui.gradio_app.upload_ownership import UploadOwnership


def test_only_the_gradio_routes_that_the_page_needs_are_open(ann):
    closed = (
        *("file=/etc/passwd", "file=https://example.org/", "file/etc/passwd", "proxy=https://x.hf.space/", "info"),
        *("openapi.json", "app_id", "user", "token", "login_check", "dev/reload", "runs", "queue/status"),
        *("custom_component/1/client/component/x.js", "stream/a/b/1/playlist.m3u8", "call/x/y", "vibe-code"),
    )
    for path in closed:
        assert ann.get(f"{PREFIX}/gradio_api/{path}").status_code == 404, path
    for path in ("component_server", "cancel", "call/x", "run/x", "api/x", "process_recording", "vibe-edit"):
        assert ann.post(f"{PREFIX}/gradio_api/{path}", json={}).status_code == 404, path
    for path in ("/monitoring", "/monitoring/summary", "/pwa_icon", "/docs", "/openapi.json", "/robots.txt", "/logout"):
        assert ann.get(PREFIX + path).status_code == 404, path
    for path in ("/docs", "/redoc"):
        assert ann.get(path).status_code == 404, path
    assert ann.get(f"{PREFIX}/config").status_code == 200


def test_the_page_runs_only_scripts_with_its_nonce(ann):
    page = ann.get(f"{PREFIX}/")
    policy = page.headers["content-security-policy"]
    script = re.search(r"script-src ([^;]*)", policy)[1]
    nonce = re.search(r"'nonce-([\w-]+)'", script)[1]
    assert "unsafe-inline" not in script and "http" not in policy
    tags = re.findall(r"<script[^>]*>", page.text)
    assert len(tags) >= 5 and all(f'nonce="{nonce}"' in tag for tag in tags)
    assert ann.get(f"{PREFIX}/").headers["content-security-policy"] != policy
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
def test_the_page_is_in_the_browsers_language(ann, nobody, accepted, cookie, language, title):
    for browser, path in ((ann, f"{PREFIX}/"), (nobody, "/login")):
        sent = "; ".join(f"{k}={v}" for k, v in [*browser.cookies.items(), ("lang", cookie)] if v)
        page = browser.get(path, headers={"Accept-Language": accepted, "Cookie": sent})
        assert f'lang="{language}"' in page.text and title in page.text
    assert (
        f"get:()=>{json.dumps(language)}"
        in ann.get(
            f"{PREFIX}/", headers={"Accept-Language": accepted, "Cookie": "; ".join([*_cookies(ann), f"lang={cookie}"])}
        ).text
    )


def _cookies(browser):
    return [f"{name}={value}" for name, value in browser.cookies.items()]


# Files and events.


def test_an_event_can_name_only_files_that_its_user_sent(app, ann, bob):
    sent = ann.post(f"{PREFIX}/gradio_api/upload", files={"files": ("secret.txt", b"of ann")})
    (path,) = sent.json()
    event = {"session_hash": "s1", "fn_index": 0}
    file = {"path": path, "meta": {"_type": "gradio.FileData"}, "orig_name": "secret.txt"}
    for data in ([[file]], [file], [{"x": [file]}], [{"path": path}]):
        refused = bob.post(f"{PREFIX}/gradio_api/queue/join", json={**event, "data": data})
        assert refused.status_code == 403 and refused.json()["error"] == "forbidden"
    for other in ("/etc/passwd", "https://example.org/x", "../passwords", path + "/../x", 5, None, [path]):
        refused = ann.post(f"{PREFIX}/gradio_api/queue/join", json={**event, "data": [{**file, "path": other}]})
        assert refused.status_code == 403, other
    assert ann.post(f"{PREFIX}/gradio_api/queue/join", json={**event, "data": [[file]]}).status_code != 403
    for who in (ann, bob):
        assert who.get(f"{PREFIX}/gradio_api/file={path}").status_code == 404
    for broken in (b"{", b"[]", b"1"):
        assert ann.post(f"{PREFIX}/gradio_api/queue/join", content=broken).status_code == 422


def test_results_of_an_event_go_only_to_its_user(ann, bob):
    event = {"session_hash": "page-of-ann", "fn_index": 0, "data": []}
    assert ann.post(f"{PREFIX}/gradio_api/queue/join", json=event).status_code == 200
    assert bob.post(f"{PREFIX}/gradio_api/queue/join", json=event).status_code == 403
    assert bob.get(f"{PREFIX}/gradio_api/queue/data?session_hash=page-of-ann").status_code == 403
    for page in (None, "", 5, "x" * 1000):
        assert ann.post(f"{PREFIX}/gradio_api/queue/join", json={**event, "session_hash": page}).status_code == 422
    assert ann.get(f"{PREFIX}/gradio_api/queue/data").status_code == 422


def test_files_of_uploads_that_were_broken_off_are_deleted_in_time(tmp_path):
    ownership = UploadOwnership(tmp_path)
    partial, whole = tmp_path / "tmpabc", tmp_path / ("a" * 64) / "report.txt"
    whole.parent.mkdir()
    partial.write_text("half an upl")
    whole.write_text("never used")
    ownership.add_files("ann", [str(whole)])
    ownership.delete_old_files()
    assert partial.exists() and ownership.owns("ann", str(whole))
    old = time.time() - upload_ownership.KEEP_SECONDS - 1
    for file in (partial, whole):
        os.utime(file, (old, old))
    ownership.delete_old_files(every=3600)  # not looked for again so soon
    assert partial.exists()
    ownership.delete_old_files()
    assert list(tmp_path.iterdir()) == [] and not ownership.owns("ann", str(whole))


def test_files_that_an_earlier_server_received_are_deleted_at_start(tmp_path):
    left = tmp_path / "web" / f"received-{PORT}"
    left.mkdir(parents=True)
    (left / "tmpabc").write_text("half an upl")
    with hosted(tmp_path):
        assert list(left.iterdir()) == []


@pytest.mark.parametrize(
    "event", [{"fn_index": 9999}, {"fn_index": "0"}, {"fn_index": None}, {}, {"fn_index": 0, "data": "no list"}]
)
def test_event_that_does_not_exist_is_refused_in_the_shape_of_every_error(ann, event, capsys):
    refused = ann.post(f"{PREFIX}/gradio_api/queue/join", json={"session_hash": "s", "data": ["secret"], **event})
    assert refused.status_code == 422 and refused.json()["error"] == "unusable"
    assert "Reload" in refused.json()["hint"] and "Traceback" not in capsys.readouterr().err


def test_gradio_prints_no_submitted_values(ann, capsys):
    import gradio.queueing

    try:
        raise ValueError("secret")
    except ValueError:
        gradio.queueing.traceback.print_exc()
    told = capsys.readouterr().err
    assert "ValueError at test_ui_gradio.py" in told and "secret" not in told
