"""A web app of our own and a browser to open it in: for the browser tests and for `python -m eval.screen`."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

START_SECONDS = 300
"""How long the web app may take to start on a machine that is busy with other things."""
STOP_SECONDS = 60
DEFAULT_TIMEOUT = 60_000
"""Milliseconds that a page may take for anything that is waited for; a busy machine needs many times more."""
VIEWPORT = {"width": 1280, "height": 720}
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


class ChromiumNotFound(RuntimeError):
    """There is no Chromium on this machine."""

    def __init__(self) -> None:
        super().__init__(
            "No Chromium was found. Install it with `apt-get install chromium fonts-noto-cjk`, "
            "or set the environment variable CHROMIUM to its path."
        )


def find_chromium() -> str:
    """Return the path of Chromium; raises ChromiumNotFound."""
    candidates = [os.environ.get("CHROMIUM"), shutil.which("chromium"), shutil.which("chromium-browser")]
    for path in candidates:
        if path and Path(path).exists():
            return path
    raise ChromiumNotFound


@contextlib.contextmanager
def launch_browser() -> Iterator[Browser]:
    """Run Chromium without a window and without access to other machines; raises ChromiumNotFound."""
    from playwright.sync_api import sync_playwright

    path = find_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


def new_context(browser: Browser, language: str = "zh-CN", **options: Any) -> BrowserContext:
    """Return a context with cookies and a cache of its own, as of another person's browser."""
    context = browser.new_context(**{"viewport": VIEWPORT, "locale": language, **options})
    context.set_default_timeout(DEFAULT_TIMEOUT)
    return context


@dataclass
class WebApp:
    """A running web app: its address, its store, the folder with all of its files, and its log."""

    address: str
    store: Path
    folder: Path
    log: Path

    def url(self, record: int | None = None) -> str:
        """Return the address of the queue, or of a record in the review."""
        return f"{self.address}/ui/" + ("" if record is None else f"#record={record}")


@contextlib.contextmanager
def serve_app(folder: Path, *options: str) -> Iterator[WebApp]:
    """Run `extractor serve` on a free port, with a store in the folder; raises RuntimeError where it does not start."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    app = WebApp(f"http://127.0.0.1:{port}", folder / "store.db", folder, folder / "serve.log")
    environment = {**os.environ, "XDG_DATA_HOME": str(folder / "data"), "GRADIO_TEMP_DIR": str(folder / "gradio")}
    command = [sys.executable, "-m", "extractor.cli", "serve", "--store", str(app.store), "--port", str(port), *options]
    with app.log.open("w") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            _wait_until_ready(app, process)
            yield app
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_ready(app: WebApp, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"The web app did not start:\n{app.log.read_text()}")
        try:
            urllib.request.urlopen(f"{app.address}/login", timeout=1).close()
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"The web app did not answer within {START_SECONDS} s:\n{app.log.read_text()}")


@dataclass
class PageMonitor:
    """What pages did that they must not do: errors in their scripts, requests to other machines."""

    address: str
    errors: list[str] = field(default_factory=list)
    external_requests: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        """Note from now on what a page does."""
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self._check_request(request.url))

    def reset(self) -> None:
        """Forget what was noted."""
        self.errors.clear()
        self.external_requests.clear()

    def _check_request(self, url: str) -> None:
        if not url.startswith((f"{self.address}/", "data:", "blob:", "about:")):
            self.external_requests.append(url)
