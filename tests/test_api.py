"""The HTTP API for other programs: tokens and scopes, documents in, records out, webhooks, and the client."""

import base64
import contextlib
import hashlib
import hmac
import http.server
import json
import os
import re
import subprocess
import threading
import time
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from schemathesis.checks import not_a_server_error
from starlette.testclient import TestClient
from web_app import ADDRESS, TEXT, client, fill, hosted, listening_app, post

from extractor.cli import main
from extractor.client import ApiError, Client
from extractor.errors import InputError, UsageError
from extractor.ui.api import webhook_sender
from extractor.ui.api.webhook_sender import WebhookSender, sign

V1 = f"{ADDRESS}/api/v1"
EXAMPLES = int(os.environ.get("API_EXAMPLES", "10"))
"""Requests that are made up for each operation of the API; the environment variable asks for more."""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The app with two records, and a client without a token."""
    with hosted(tmp_path_factory.mktemp("api"), model="none", screens=False) as (app, store):
        fill(store, {"a.txt": ("Ada", "1.50"), "b.txt": ("Bob", "7.50")})
        with TestClient(app, base_url=ADDRESS, follow_redirects=False) as browser:
            yield browser, store, app


def headers(store, *scopes, who="ann"):
    secret, _ = store.tokens.add(f"test {time.monotonic_ns()}", scopes, who=who)
    return {"Authorization": f"Bearer {secret}"}


# Tokens.


def test_a_token_is_kept_as_a_hash_and_ends_when_it_is_revoked(server):
    _, store, _ = server
    secret, token = store.tokens.add("importer", ["submit", "read"], who="ann")
    assert token.scopes == ["read", "submit"] and secret.startswith("ext_") and token.used is None
    assert store.tokens.find(secret).who == "ann" and store.tokens.find(secret + "x") is None
    assert store.tokens.all()[0].used is not None
    with contextlib.closing(store._database._engine.raw_connection()) as raw:
        rows = raw.cursor().execute("SELECT * FROM tokens").fetchall()
    assert secret not in json.dumps(rows, default=str)
    with pytest.raises(UsageError, match="named importer already"):
        store.tokens.add("importer", ["read"], who="ann")
    assert store.tokens.revoke(token.id, who="ann").revoked is not None
    assert store.tokens.find(secret) is None
    with pytest.raises(InputError):
        store.tokens.revoke(10**6, who="ann")
    for name, scopes in (("x", []), ("x", ["root"]), ("", ["read"]), ("x" * 200, ["read"])):
        with pytest.raises(UsageError):
            store.tokens.add(name, scopes, who="ann")


def test_tokens_are_made_listed_and_revoked_on_the_command_line(tmp_path, capsys):
    place = ["--store", str(tmp_path / "store.db")]
    assert main(["tokens", "new", "importer", "--scope", "read", "--scope", "submit", "--user", "ann", *place]) == 0
    secret = capsys.readouterr().out.strip()
    assert secret.startswith("ext_")
    assert main(["tokens", "list", *place]) == 0
    listed = capsys.readouterr().out
    assert "importer" in listed and "read,submit" in listed and secret not in listed
    assert main(["tokens", "revoke", "1", *place]) == 0
    assert main(["tokens", "list", *place]) == 0
    assert "revoked" in capsys.readouterr().out
    assert main(["tokens", "new", *place]) == 2 and main(["tokens", "revoke", "first", *place]) == 2


def test_people_make_and_revoke_tokens_of_their_own_on_the_screen(server):
    _, store, app = server
    with client(app, "ann") as ann, client(app, "bob") as bob:
        made = post(ann, "tokens", {"name": "scanner", "scopes": ["submit"]}).json()
        assert store.tokens.find(made["secret"]).who == "ann"
        assert "scanner" in {token["name"] for token in ann.get("/api/tokens").json()["tokens"]}
        assert made["secret"] not in ann.get("/api/tokens").text
        assert bob.get("/api/tokens").json()["tokens"] == []
        assert post(bob, f"tokens/{made['id']}/revoke").status_code == 404
        assert store.tokens.find(made["secret"]) is not None
        assert post(ann, f"tokens/{made['id']}/revoke").status_code == 200
        assert store.tokens.find(made["secret"]) is None
        for wrong in ({"name": "x", "scopes": ["root"]}, {"name": "x", "scopes": []}, {"name": "", "scopes": ["read"]}):
            assert post(ann, "tokens", wrong).status_code == 422


def test_nothing_is_answered_without_a_valid_token(server):
    browser, _, _ = server
    for sent in ({}, {"Authorization": "Bearer ext_wrong"}, {"Authorization": "Basic YTpi"}, {"Authorization": "ext_"}):
        for path in ("token", "kinds", "records", "records/1", "documents", "openapi.json", "webhooks"):
            answer = browser.get(f"/api/v1/{path}", headers=sent)
            assert answer.status_code == 401 and answer.json()["error"] == "no_token", path


def test_a_session_of_the_screen_is_no_token(server):
    _, _, app = server
    with client(app, "ann") as ann:
        assert ann.get("/api/v1/records").status_code == 401


ROUTES = [
    ("GET", "records", "read"),
    ("GET", "records/1", "read"),
    ("GET", "records/1/evidence", "read"),
    ("GET", "export?kind=letter", "read"),
    ("GET", "documents", "read"),
    ("POST", "documents", "submit"),
    ("GET", "webhooks", "submit"),
    ("POST", "records/1/corrections", "review"),
    ("POST", "records/1/approve", "review"),
]


@pytest.mark.parametrize(("method", "path", "scope"), ROUTES)
def test_a_token_without_the_scope_is_refused(server, method, path, scope):
    browser, store, _ = server
    others = {"read", "submit", "review"} - {scope}
    body = {"json": {"revision": 1, "path": ["total"], "text": "1"}} if "corrections" in path else {}
    body = {"json": {"revision": 1}} if path.endswith("approve") else body
    body = {"files": {"file": ("a.txt", b"x")}} if path == "documents" and method == "POST" else body
    refused = browser.request(method, f"/api/v1/{path}", headers=headers(store, *others), **body)
    assert refused.status_code == 403 and refused.json()["error"] == "no_scope", refused.text


def test_every_route_is_open_to_tokens_of_one_scope_alone(server):
    """Also a route that is added later: the list is that of the OpenAPI document."""
    browser, store, _ = server
    tokens = {scope: headers(store, scope) for scope in ("read", "submit", "review")}
    paths = browser.get("/api/v1/openapi.json", headers=tokens["read"]).json()["paths"]
    asked = 0
    for path, methods in paths.items():
        place = re.sub(r"\{\w+\}", "1", path.replace("{decision}", "approve"))
        for method in methods:
            answers = {
                scope: browser.request(method, f"/api/v1{place}", headers=own).status_code
                for scope, own in tokens.items()
            }
            assert sorted(answers.values()).count(403) == 2 and 401 not in answers.values(), (method, path, answers)
            asked += 1
    assert asked >= 14


# Records.


def test_records_are_listed_shown_corrected_approved_and_exported(server):
    browser, store, _ = server
    own = headers(store, "read", "review")
    page = browser.get("/api/v1/records", headers=own, params={"kind": "letter", "limit": 1}).json()
    assert page["total"] == 2 and len(page["records"]) == 1 and page["records"][0]["kind"] == "letter"
    record = browser.get("/api/v1/records/2", headers=own).json()
    assert record["data"]["total"] == 7.5 and record["names"] == ["b.txt"] and record["revision"] == 1
    values = browser.get("/api/v1/records/2/evidence", headers=own).json()["values"]
    total = next(value for value in values if value["path"] == ["total"])
    assert total["value"] == 7.5 and total["evidence"]["text"] == "7.50" and 0 <= total["confidence"] <= 1
    change = {"revision": 1, "path": ["total"], "text": "8.25"}
    changed = browser.post("/api/v1/records/2/corrections", headers=own, json=change)
    assert changed.json()["revision"] == 2
    late = browser.post("/api/v1/records/2/corrections", headers=own, json=change)
    assert late.status_code == 409 and late.json()["error"] == "conflict"
    assert browser.get("/api/v1/records/2", headers=own).json()["data"]["total"] == 8.25
    assert store.records.get(2).corrections[0].who == "ann", "a program acts for a person"
    approved = browser.post("/api/v1/records/2/approve", headers=own, json={"revision": 2, "force": True})
    assert approved.json()["status"] == "approved"
    lines = browser.get("/api/v1/export", headers=own, params={"kind": "letter"})
    assert [
        json.loads(line)["data"]["total"] if "data" in json.loads(line) else json.loads(line)["total"]
        for line in lines.text.splitlines()
    ] == [8.25]
    assert browser.get("/api/v1/export", headers=own, params={"kind": "nothing"}).status_code == 404
    assert browser.get("/api/v1/records/99", headers=own).status_code == 404


def test_the_routes_are_described(server):
    browser, store, _ = server
    described = browser.get("/api/v1/openapi.json", headers=headers(store, "read")).json()
    assert described["openapi"].startswith("3.") and described["servers"] == [{"url": "/api/v1"}]
    assert {"/documents", "/records/{record}", "/webhooks", "/export"} <= set(described["paths"])
    assert described["components"]["securitySchemes"]["HTTPBearer"]["scheme"] == "bearer"


def test_no_request_that_fits_the_description_ends_in_a_server_error(server):
    """Requests are made up from the OpenAPI document (schemathesis), with a token that may do everything."""
    _, store, app = server
    own = headers(store, "read", "submit", "review")
    described = schemathesis.openapi.from_asgi("/api/v1/openapi.json", app, headers={**own, "Host": "127.0.0.1:7999"})
    seen = set()
    for found in described.get_all_operations():
        operation = found.ok()

        @schemathesis_cases(operation)
        def check(case):
            answer = case.call(headers={**own, "Host": "127.0.0.1:7999"}, base_url=V1, timeout=600)
            seen.add((case.operation.label, answer.status_code))
            case.validate_response(answer, checks=[not_a_server_error])

        check()
    assert len({label for label, _ in seen}) >= 14
    assert {status for _, status in seen} & {200, 201, 202}, "some requests are answered"
    assert not {status for _, status in seen} & {401, 403}


def schemathesis_cases(operation):
    """Return a decorator that runs a function on a few requests of an operation, always the same ones."""
    from hypothesis import given

    quiet = hypothesis_settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    return lambda function: quiet(given(case=operation.as_strategy())(function))


# Health and figures.


def test_health_is_told_to_anybody_and_figures_to_a_token(server):
    browser, store, _ = server
    assert browser.get("/healthz").json() == {"status": "ok"}
    assert browser.get("/metrics").status_code == 401
    assert browser.get("/metrics", headers=headers(store, "submit")).status_code == 403
    figures = browser.get("/metrics", headers=headers(store, "read"))
    assert figures.headers["content-type"].startswith("text/plain")
    assert 'extractor_records{status="approved"}' in figures.text and "extractor_build_info" in figures.text


# Webhooks.


class Receiver(http.server.BaseHTTPRequestHandler):
    """Notes what it is sent; answers as `answers` says, then 204."""

    answers: list[int]
    events: list

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        status = type(self).answers.pop(0) if type(self).answers else 204
        if status == 204:
            type(self).events.append((dict(self.headers), body))
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture
def receiver():
    made = type("Own", (Receiver,), {"answers": [], "events": []})
    listening = http.server.HTTPServer(("127.0.0.1", 0), made)
    thread = threading.Thread(target=listening.serve_forever)
    thread.start()
    yield made, f"http://127.0.0.1:{listening.server_port}/hook"
    listening.shutdown()
    thread.join()
    listening.server_close()


@pytest.fixture
def reviewed(tmp_path):
    with hosted(tmp_path, model="none", screens=False) as (app, store):
        fill(store, {"a.txt": ("Ada", "1.50")})
        with TestClient(app, base_url=ADDRESS, follow_redirects=False) as browser:
            yield browser, store


def test_events_are_sent_signed_in_order_and_once(reviewed, receiver):
    browser, store = reviewed
    got, url = receiver
    own = headers(store, "submit", "review", "read")
    made = browser.post(
        "/api/v1/webhooks", headers=own, json={"url": url, "events": ["record.approved", "record.reopened"]}
    )
    assert made.status_code == 201
    secret = made.json()["secret"]
    assert "secret" not in {
        k for k, v in browser.get("/api/v1/webhooks", headers=own).json()["webhooks"][0].items() if v
    }
    browser.post("/api/v1/records/1/approve", headers=own, json={"revision": 1, "force": True})
    browser.post("/api/v1/records/1/reopen", headers=own, json={"revision": store.records.get(1).revision})
    sender = WebhookSender(store)
    assert sender.send_due() == 2 and sender.send_due() == 0
    types = [json.loads(body)["type"] for _, body in got.events]
    assert types == ["record.approved", "record.reopened"]
    sent, body = got.events[0]
    sent = {key.lower(): value for key, value in sent.items()}
    assert json.loads(body) | {"record": 1, "who": "ann"} == json.loads(body)
    signed = f"{sent['webhook-id']}.{sent['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()
    assert (
        sent["webhook-signature"]
        == f"v1,{expected}"
        == sign(secret, sent["webhook-id"], sent["webhook-timestamp"], body)
    )


def test_an_event_that_did_not_arrive_is_sent_again_before_the_next(reviewed, receiver, monkeypatch):
    browser, store = reviewed
    got, url = receiver
    hook = store.webhooks.add(url, who="ann")
    own = headers(store, "review")
    browser.post("/api/v1/records/1/approve", headers=own, json={"revision": 1, "force": True})
    got.answers += [500, 302]
    sender = WebhookSender(store)
    assert sender.send_due() == 0
    [waiting] = store.webhooks.all()
    assert waiting.tries == 1 and "500" in waiting.failure and waiting.seq == hook.seq
    assert sender.send_due() == 0, "not before it is due"
    store.webhooks.note_failure(waiting, waiting.failure, 0.0)
    assert sender.send_due() == 0, "a redirect is not followed"
    store.webhooks.note_failure(store.webhooks.all()[0], "", 0.0)
    assert sender.send_due() == 1 and len(got.events) == 1
    assert store.webhooks.all()[0].tries == 0


def test_an_event_that_never_arrives_does_not_hold_up_the_next_for_ever(reviewed, receiver, monkeypatch):
    browser, store = reviewed
    got, url = receiver
    store.webhooks.add(url, who="ann")
    own = headers(store, "review")
    browser.post("/api/v1/records/1/approve", headers=own, json={"revision": 1, "force": True})
    browser.post("/api/v1/records/1/reopen", headers=own, json={"revision": store.records.get(1).revision})
    monkeypatch.setattr(webhook_sender, "RETRY_SECONDS", (0,))
    got.answers += [500, 500]
    sender = WebhookSender(store)
    assert sender.send_due() == 0
    assert sender.send_due() == 1
    assert [json.loads(body)["type"] for _, body in got.events] == ["record.reopened"]


def test_a_webhook_is_for_an_address_and_events_that_exist(reviewed):
    browser, store = reviewed
    own = headers(store, "submit")
    for url in ("", "ftp://x/", "file:///etc/passwd", "http://", "http://a:b@host/", "https://h\nost/"):
        assert browser.post("/api/v1/webhooks", headers=own, json={"url": url}).status_code == 422, url
    wrong = {"url": "https://host/", "events": ["record.eaten"]}
    assert browser.post("/api/v1/webhooks", headers=own, json=wrong).status_code == 422
    number = browser.post("/api/v1/webhooks", headers=own, json={"url": "https://host/"}).json()["id"]
    assert browser.delete(f"/api/v1/webhooks/{number}", headers=own).status_code == 204
    assert browser.delete(f"/api/v1/webhooks/{number}", headers=own).status_code == 404


# The client, over a connection.


@pytest.fixture(scope="module")
def listening(tmp_path_factory):
    """A server that listens, and its store; documents handed in are extracted."""
    folder = tmp_path_factory.mktemp("listening")
    (folder / "schemas").mkdir()
    from web_app import SCHEMA

    (folder / "schemas" / "letter.json").write_text(json.dumps(SCHEMA))
    hosting = hosted(folder, model="none", screens=False, schema_folder=folder / "schemas")
    with hosting as (app, store), listening_app(app) as url:
        yield url, store


def test_the_client_hands_in_waits_corrects_approves_and_exports(listening, tmp_path):
    url, store = listening
    secret, _ = store.tokens.add("client", ["read", "submit", "review"], who="ann")
    api = Client(url, secret)
    assert "letter" in {kind["name"] for kind in api.kinds()}
    file = tmp_path / "letter.txt"
    file.write_text(TEXT.format(customer="Carol", total="31.00"))
    submission = api.submit(file, kind="letter", model="none")
    assert submission["name"] == "letter.txt" and submission["kind"] == "letter"
    [number] = api.wait(submission["id"])
    record = api.record(number)
    assert record["data"]["total"] == 31
    assert {"total"} <= {value["path"][0] for value in api.evidence(number)}
    changed = api.correct(number, ["total"], "32", revision=record["revision"])
    api.approve(number, revision=changed["revision"], force=True)
    assert b"32" in api.export("letter")
    assert [row["id"] for row in api.records(status="approved")] == [number]
    with pytest.raises(ApiError) as refused:
        api.correct(number, ["nothing"], "1", revision=api.record(number)["revision"])
    assert refused.value.status == 422 and refused.value.kind == "unusable" and refused.value.hint
    with pytest.raises(ApiError, match="no valid access token"):
        Client(url, "ext_wrong").kinds()


def test_a_document_whose_kind_is_found_out(listening):
    url, store = listening
    secret, _ = store.tokens.add("finder", ["read", "submit"], who="ann")
    api = Client(url, secret)
    submission = api.submit(TEXT.format(customer="Dora", total="8").encode(), name="dora.txt", model="none")
    [record] = api.wait(submission["id"])
    assert api.record(record)["kind"] == "letter"


def test_the_commands_of_the_manual_work(listening, tmp_path):
    """Every command in docs/api.md that is marked as one for a shell is run, in order, on a fresh letter."""
    url, store = listening
    secret, _ = store.tokens.add("manual", ["read", "submit", "review"], who="ann")
    (tmp_path / "letter.txt").write_text(TEXT.format(customer="Eve", total="7.50"))
    manual = (Path(__file__).resolve().parent.parent / "docs" / "api.md").read_text("utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```", manual, re.MULTILINE | re.DOTALL)
    commands = [command for block in blocks for command in re.split(r"\n(?=curl )", block.strip())]
    assert len(commands) >= 8
    number = record = 1
    answers = []
    for command in commands:
        command = command.replace("/documents/1", f"/documents/{number}").replace("/records/1", f"/records/{record}")
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "URL": url, "TOKEN": secret},
            capture_output=True,
            text=True,
            check=True,
        )
        answer = json.loads(done.stdout.splitlines()[0])
        assert "error" not in answer, (command, answer)
        answers.append(answer)
        if "-F file=" in command:
            number = answer["id"]
            [record] = Client(url, secret).wait(number)
    assert [answer["status"] for answer in answers if set(answer) == {"revision", "status"}][-1] == "approved"
    assert store.records.get(record).data["total"] == 8.25
    store.webhooks.delete(answers[-1]["id"], who="ann")
