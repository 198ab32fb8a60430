"""Starting and stopping: `extractor serve` and `python app.py`."""

import contextlib
import io
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path

import pytest
from waiting import TIMEOUT

import extractor.ui
from extractor.cli import main
from extractor.errors import OutputError, UsageError
from extractor.store import Store
from extractor.ui import ServerSettings, server

ROOT = Path(__file__).resolve().parent.parent


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


@contextlib.contextmanager
def running(tmp_path, *options):
    """Yield a server in a separate process, and its address, once it answers."""
    port = free_port()
    command = [sys.executable, ROOT / "app.py", "--store", tmp_path / "store.db", "--port", str(port), *options]
    environment = os.environ | {"XDG_DATA_HOME": str(tmp_path / "data"), "EXTRACTOR_STORE": ""}
    process = subprocess.Popen([*map(str, command)], cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        for line in process.stderr:
            if "http://" in line:
                yield process, f"http://127.0.0.1:{port}"
                return
        pytest.fail(f"the server did not start: {process.wait()}")
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_server_starts_answers_and_stops_with_a_stream_open(tmp_path, number):
    with running(tmp_path) as (process, address):
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        page = browser.open(f"{address}/").read().decode()
        assert "<gradio-app" in page and b'"user":' in browser.open(f"{address}/api/me").read()
        assert b"export async function mount" in browser.open(f"{address}/static/header.js").read()
        stream = browser.open(f"{address}/ui/gradio_api/heartbeat/abc", timeout=TIMEOUT)
        reader = threading.Thread(target=lambda: contextlib.suppress(Exception) and stream.read(), daemon=True)
        reader.start()
        process.send_signal(number)
        assert process.wait(TIMEOUT) == 0
        assert "has stopped" in process.stderr.read()
    data = tmp_path / "data" / "extractor" / "web"
    assert stat.S_IMODE(data.stat().st_mode) == 0o700


def test_a_server_open_to_other_machines_needs_passwords(capsys):
    for host in ("0.0.0.0", "::", "192.0.2.1", "example.org"):
        assert main(["serve", "--host", host]) == 2
        told = capsys.readouterr().err
        assert "without a password" in told and "--add-user" in told
    for host in ("127.0.0.1", "::1", "localhost", "127.0.0.5"):
        server.refuse_open_server(ServerSettings("owner", host=host))
    server.refuse_open_server(ServerSettings("owner", host="0.0.0.0", password_file=Path("x")))


def test_the_next_free_port_is_used(monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setattr(server, "DEFAULT_PORT", port)
        with server.open_socket(ServerSettings("owner")) as sock:
            found = sock.getsockname()[1]
        assert port < found < port + server.PORTS_TRIED
        with pytest.raises(UsageError, match=f"Port {port}"):
            server.open_socket(ServerSettings("owner", port=port))
        monkeypatch.setattr(server, "PORTS_TRIED", 1)
        with pytest.raises(OutputError, match="are taken"):
            server.open_socket(ServerSettings("owner"))
    for host in ("192.0.2.1", "no.such.host.invalid"):
        with pytest.raises(UsageError):
            server.open_socket(ServerSettings("owner", host=host, port=free_port()))


def test_the_announcement_warns_of_unencrypted_passwords():
    here, others = ServerSettings("owner"), ServerSettings("owner", host="0.0.0.0", password_file=Path("x"))
    assert "unencrypted" not in server.announcement(here, "http://127.0.0.1:7860/", "s.db")
    assert "unencrypted" in server.announcement(others, "http://box:7860/", "s.db")


def test_a_missing_library_is_reported_with_how_to_install_it(monkeypatch, capsys):
    for name in [name for name in sys.modules if name.startswith("extractor.ui.")]:
        if name != "extractor.ui.settings":
            monkeypatch.delitem(sys.modules, name)
            monkeypatch.delattr(extractor.ui, name.rpartition(".")[2], raising=False)
    monkeypatch.setitem(sys.modules, "argon2", None)
    monkeypatch.setitem(sys.modules, "gradio", None)
    for command in (["serve"], ["serve", "--password-file", "x", "--add-user", "ann"]):
        monkeypatch.setattr("sys.stdin", io.StringIO("correct horse\n"))
        assert main(command) == 2
        assert "pip install 'extractor[ui]'" in capsys.readouterr().err


def test_a_user_is_added_with_a_password_from_a_pipe(tmp_path, monkeypatch, capsys):
    file = tmp_path / "passwords"
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse\n"))
    assert main(["serve", "--password-file", str(file), "--add-user", "ann"]) == 0
    assert file.read_text().startswith("ann:$argon2id$") and "ann may log in" in capsys.readouterr().err
    assert main(["serve", "--add-user", "ann"]) == 2
    assert "--password-file" in capsys.readouterr().err


def test_a_password_is_asked_for_twice(tmp_path, monkeypatch, capsys):
    file = tmp_path / "passwords"
    answers = iter(["correct horse", "correct house", "battery staple", "battery staple"])
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("getpass.getpass", lambda prompt: next(answers))
    assert main(["serve", "--password-file", str(file), "--add-user", "ann"]) == 2
    assert not file.exists() and "not the same" in capsys.readouterr().err
    assert main(["serve", "--password-file", str(file), "--add-user", "ann"]) == 0


def test_an_unusable_password_file_or_store_is_reported(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    port = ["--port", str(free_port())]
    missing = ["serve", "--store", str(tmp_path / "s.db"), "--password-file", str(tmp_path / "no"), *port]
    assert main(missing) == 2 and "--add-user" in capsys.readouterr().err
    (tmp_path / "x.db").write_text("no store")
    assert main(["serve", "--store", str(tmp_path / "x.db"), *port]) == 7
    assert main(["serve", "--port", "99999"]) == 2


def test_the_kind_to_be_offered_first_has_to_be_offered(tmp_path):
    (tmp_path / "letter.json").write_text('{"type": "object", "properties": {"total": {"type": "number"}}}', "utf-8")
    with Store(tmp_path / "store.db") as store:
        for kind in ("auto", "letter", "receipt"):
            server.refuse_unknown_kind(ServerSettings("owner", schema=kind, schema_folder=tmp_path), store)
        with pytest.raises(UsageError, match="no kind of report named leter"):
            server.refuse_unknown_kind(ServerSettings("owner", schema="leter", schema_folder=tmp_path), store)


def test_unusable_schemas_and_models_are_reported_at_the_start(tmp_path, capsys):
    with pytest.raises(UsageError, match="no folder"):
        server.check_settings(ServerSettings("owner", schema_folder=tmp_path / "no"))
    (tmp_path / "good.json").write_text('{"type": "object", "properties": {"a": {"type": "string"}}}')
    (tmp_path / "bad.json").write_text("{")
    (tmp_path / "rule.json").write_text('{"type": "object", "x-checks": [{"expr": "((", "message": "x"}]}')
    told = server.check_settings(ServerSettings("owner", schema_folder=tmp_path))
    assert len(told) == 2 and told[0].startswith("bad.json is left out") and told[1].startswith("rule.json")
    assert server.check_settings(ServerSettings("owner", model="none")) == []
    for model in ("qwen9", "/no/such/folder"):
        assert main(["serve", "--model", model]) == 5
    assert "Known models" in capsys.readouterr().err
    assert main(["serve", "--max-upload", "5000"]) == 2
