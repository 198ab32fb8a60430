"""Passwords, sessions and the login."""

import contextlib
import os
import stat

import pytest
from starlette.testclient import TestClient
from web_app import ADDRESS, PASSWORDS, PORT, client, hosted

from extractor.errors import UsageError
from extractor.ui import add_user
from extractor.ui.login_attempts import AttemptLimiter
from extractor.ui.passwords import PasswordFile
from extractor.ui.routes import login
from extractor.ui.sessions import IDLE_SECONDS, MAX_SECONDS, Sessions


@pytest.fixture
def app(tmp_path):
    with hosted(tmp_path, screens=False) as (made, _):
        yield made


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """An app that is not blocked however many passwords are wrong."""
    with contextlib.ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:
            for limit in ("PAIR_ATTEMPTS", "ADDRESS_ATTEMPTS", "NAME_ATTEMPTS"):
                patch.setattr(login, limit, 1000)
            made, _ = stack.enter_context(hosted(tmp_path_factory.mktemp("login"), screens=False))
        yield made


def attempt(browser, name, password):
    return browser.post("/login", data={"name": name, "password": password})


# The login.


def test_the_right_password_opens_a_session_and_logout_ends_it(app):
    with client(app) as browser:
        answer = attempt(browser, "ann", PASSWORDS["ann"])
        assert answer.status_code == 303 and answer.headers["location"] == "/ui/"
        assert browser.get("/api/me").json()["user"] == "ann"
        assert browser.get("/login").status_code == 303
        cookie = browser.cookies[f"extractor-{PORT}"]
        assert browser.post("/logout").headers["location"] == "/login"
        assert browser.get("/api/me").status_code == 401
        browser.cookies.set(f"extractor-{PORT}", cookie)
        assert browser.get("/api/me").status_code == 401


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("ann", "wrong"),
        ("ann", ""),
        ("", ""),
        ("ann", PASSWORDS["bob"]),
        ("nobody", PASSWORDS["ann"]),
        ("ANN", PASSWORDS["ann"]),
        ("ann", PASSWORDS["ann"] + " "),
        ("ann", "x" * 5000),
        ("安", "密码密码密码"),
    ],
)
def test_a_wrong_password_opens_nothing(shared, name, password):
    with client(shared) as browser:
        answer = attempt(browser, name, password)
        assert answer.status_code == 401 and not browser.cookies
        assert 'role="alert"' in answer.text and "The name or the password is wrong." in answer.text
        assert browser.get("/api/me").status_code == 401


def test_a_login_without_a_form_opens_nothing(shared):
    with client(shared) as browser:
        for body in (b"", b"\xff\xfe", b"&&&", b"name=ann", b"name=ann&password", b"a=1&" * 50):
            answer = browser.post("/login", content=body)
            assert answer.status_code == 401


def test_an_unknown_name_costs_a_hash_as_well(tmp_path, monkeypatch):
    """Otherwise the time of an answer would tell which names there are."""
    add_user(tmp_path / "passwords", "ann", "correct horse")
    passwords, checked = PasswordFile(tmp_path / "passwords"), []
    verify = passwords._hasher.verify

    class Hasher:
        def verify(self, hashed, password):
            checked.append(hashed)
            return verify(hashed, password)

    monkeypatch.setattr(passwords, "_hasher", Hasher())
    assert not passwords.check("ann", "wrong") and not passwords.check("nobody", "wrong")
    assert len(checked) == 2 and all(hashed.startswith("$argon2id$") for hashed in checked)


def test_many_wrong_passwords_block_the_name_and_the_address(app, monkeypatch):
    with client(app) as browser:
        for _ in range(login.PAIR_ATTEMPTS):
            assert attempt(browser, "ann", "wrong").status_code == 401
        blocked = attempt(browser, "ann", PASSWORDS["ann"])
        assert blocked.status_code == 429 and int(blocked.headers["retry-after"]) > 600
        assert "Too many wrong passwords" in blocked.text and not browser.cookies
        assert attempt(browser, "bob", PASSWORDS["bob"]).status_code == 303
        tries = [attempt(browser, f"guess{n}", "wrong").status_code for n in range(login.ADDRESS_ATTEMPTS)]
        assert tries[-1] == 429


def test_failed_attempts_count_within_a_sliding_window():
    now = [0.0]
    limiter = AttemptLimiter(3, 60, lambda: now[0])
    for now[0] in (0, 10, 20):
        assert limiter.wait_seconds("ann") == 0
        limiter.add("ann")
    assert limiter.wait_seconds("ann") == 40 and limiter.wait_seconds("bob") == 0
    now[0] = 61
    assert limiter.wait_seconds("ann") == 0
    limiter.add("ann")
    assert limiter.wait_seconds("ann") == 9
    limiter.take_back("ann")
    assert limiter.wait_seconds("ann") == 0


def test_the_cookie_is_sent_by_our_pages_only(shared):
    for scheme in ("http", "https"):
        with TestClient(shared, base_url=ADDRESS.replace("http", scheme), follow_redirects=False) as browser:
            answer = attempt(browser, "ann", PASSWORDS["ann"])
            cookie = answer.headers["set-cookie"]
            assert cookie.startswith(f"extractor-{PORT}=")
            assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
            assert ("Secure" in cookie) == (scheme == "https") and "Max-Age" not in cookie and "Domain" not in cookie
            assert ("strict-transport-security" in answer.headers) == (scheme == "https")


def test_a_login_ends_the_session_before_it(shared):
    with client(shared, "ann") as browser:
        before = browser.cookies[f"extractor-{PORT}"]
        assert attempt(browser, "bob", PASSWORDS["bob"]).status_code == 303
        browser.cookies.clear()
        browser.cookies.set(f"extractor-{PORT}", before)
        assert browser.get("/api/me").status_code == 401


@pytest.mark.parametrize("cookie", ["", "x", "x" * 5000, "é", '"', "a=b; c", "../../x"])
def test_an_invented_cookie_opens_nothing(shared, cookie):
    with client(shared) as browser:
        sent = f"extractor-{PORT}={cookie}".encode()
        assert browser.get("/api/me", headers={"Cookie": sent}).status_code == 401


# Sessions.


def test_sessions_survive_a_restart_but_not_a_new_password(tmp_path):
    with hosted(tmp_path, screens=False) as (app, _), client(app, "ann") as browser:
        cookie = browser.cookies[f"extractor-{PORT}"]
    with hosted(tmp_path, screens=False) as (app, _), client(app) as browser:
        browser.cookies.set(f"extractor-{PORT}", cookie)
        assert browser.get("/api/me").json()["user"] == "ann"
        add_user(tmp_path / "passwords", "bob", "another battery")
        assert browser.get("/api/me").status_code == 200
        add_user(tmp_path / "passwords", "ann", "another horse")
        assert browser.get("/api/me").status_code == 401
    kept = (tmp_path / "web" / f"sessions-{PORT}.json").read_text("utf-8")
    assert cookie not in kept
    assert stat.S_IMODE((tmp_path / "web" / f"sessions-{PORT}.json").stat().st_mode) == 0o600


def test_a_deleted_user_is_logged_out(tmp_path):
    with hosted(tmp_path, screens=False) as (app, _), client(app, "bob") as browser:
        file = tmp_path / "passwords"
        lines = [line for line in file.read_text().splitlines() if not line.startswith("bob:")]
        file.write_text("\n".join(lines))
        assert browser.get("/api/me").status_code == 401
        os.chmod(file, 0o644)  # nobody is let in by a file that anybody may have written
        assert attempt(browser, "ann", PASSWORDS["ann"]).status_code == 401


def test_sessions_end_unused_and_after_a_week(tmp_path, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr("extractor.ui.sessions.time.time", lambda: now[0])
    sessions = Sessions(tmp_path / "s.json", lambda user: "mark")
    cookie = sessions.open("ann")
    now[0] += IDLE_SECONDS - 1
    assert sessions.user(cookie) == "ann"
    now[0] += IDLE_SECONDS - 1
    assert sessions.user(cookie) == "ann"
    now[0] += IDLE_SECONDS + 1
    assert sessions.user(cookie) is None
    cookie, began = sessions.open("ann"), now[0]
    while now[0] - began < MAX_SECONDS:
        assert sessions.user(cookie) == "ann"
        now[0] += IDLE_SECONDS - 1
    assert sessions.user(cookie) is None


def test_a_damaged_session_file_counts_as_empty(tmp_path):
    for text in ("", "{", "[]", '{"a": 1}', '{"a": {"user": "ann"}}', "null"):
        (tmp_path / "s.json").write_text(text)
        assert Sessions(tmp_path / "s.json", lambda user: "mark").user("a") is None


def test_the_oldest_session_makes_room_for_a_new_one(tmp_path, monkeypatch):
    monkeypatch.setattr("extractor.ui.sessions.MAX_SESSIONS", 3)
    sessions = Sessions(tmp_path / "s.json", lambda user: "mark")
    cookies = [sessions.open("ann") for _ in range(5)]
    assert [sessions.user(cookie) for cookie in cookies] == [None, None, "ann", "ann", "ann"]


# The password file.


def test_the_password_file_is_private_and_holds_no_password(tmp_path):
    file = tmp_path / "passwords"
    add_user(file, "安娜", "correct horse")
    add_user(file, "bob", "battery staple")
    add_user(file, "bob", "another staple")
    text = file.read_text("utf-8")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and text.count("\n") == 2
    assert "staple" not in text and text.count("$argon2id$") == 2
    passwords = PasswordFile(file)
    assert passwords.check("bob", "another staple") and passwords.check("安娜", "correct horse")
    assert not passwords.check("bob", "battery staple")


@pytest.mark.parametrize("name", ["", "a b", "a:b", "a/b", "x" * 65, "a\nb", "a\0b"])
def test_an_invalid_user_name_is_refused(tmp_path, name):
    with pytest.raises(UsageError):
        add_user(tmp_path / "passwords", name, "correct horse")
    assert not (tmp_path / "passwords").exists()


def test_a_short_password_is_refused(tmp_path):
    with pytest.raises(UsageError, match="at least 8"):
        add_user(tmp_path / "passwords", "ann", "short")


def test_an_unusable_password_file_is_reported_with_what_to_do(tmp_path):
    file = tmp_path / "passwords"
    with pytest.raises(UsageError) as told:
        PasswordFile(file)
    assert "--add-user" in told.value.hint
    for text in ("ann:secret\n", "ann\n", ":$argon2id$x\n", "a b:$argon2id$x\n"):
        file.write_text(text)
        file.chmod(0o600)
        with pytest.raises(UsageError, match="Line 1"):
            PasswordFile(file)
    file.write_text("# nobody\n\n")
    with pytest.raises(UsageError, match="no users"):
        PasswordFile(file)
    add_user(file, "ann", "correct horse")
    file.chmod(0o640)
    with pytest.raises(UsageError) as told:
        PasswordFile(file)
    assert "chmod 600" in told.value.hint
