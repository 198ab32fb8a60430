"""The web app and a browser to look at it with: for the browser tests and for `python -m eval.screen`."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

START_SECONDS = 60
WIDTH, HEIGHT = 1280, 720
ARGUMENTS = [
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


class NoChromium(RuntimeError):
    """There is no browser on this machine."""

    def __init__(self) -> None:
        super().__init__("No Chromium was found: `apt-get install chromium fonts-noto-cjk` (or name one in CHROMIUM).")


def chromium() -> str:
    """Where the browser is; raises NoChromium."""
    named = [os.environ.get("CHROMIUM"), shutil.which("chromium"), shutil.which("chromium-browser")]
    for place in named:
        if place and Path(place).exists():
            return place
    raise NoChromium


@contextlib.contextmanager
def launched() -> Iterator[Browser]:
    """The browser, with no window and no way off this machine."""
    from playwright.sync_api import sync_playwright

    place = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=place, args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class App:
    """A web app in a process of its own: where it is reached, its store, and the folder of all that it keeps."""

    address: str
    store: Path
    folder: Path
    log: Path

    def url(self, record: int | None = None) -> str:
        return f"{self.address}/ui/" + ("" if record is None else f"#record={record}")


@contextlib.contextmanager
def served(folder: Path, *options: str) -> Iterator[App]:
    """`extractor serve` on a free port, with a store in that folder; it has ended when this is left."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    app = App(f"http://127.0.0.1:{port}", folder / "store.db", folder, folder / "serve.log")
    environment = {**os.environ, "XDG_DATA_HOME": str(folder / "data"), "GRADIO_TEMP_DIR": str(folder / "gradio")}
    command = [sys.executable, "-m", "extractor.cli", "serve", "--store", str(app.store), "--port", str(port), *options]
    with app.log.open("w") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            _wait(app, process)
            yield app
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(app: App, process: subprocess.Popen[bytes]) -> None:
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
class Watched:
    """What a page did that it must not do: errors in its scripts, requests to other machines."""

    address: str
    errors: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self._asked(request.url))

    def forget(self) -> None:
        """Begin anew."""
        self.errors.clear()
        self.outside.clear()

    def _asked(self, url: str) -> None:
        if not url.startswith((f"{self.address}/", "data:", "blob:", "about:")):
            self.outside.append(url)


def context(browser: Browser, language: str = "zh-CN", **options: Any) -> Any:
    """A browser's context of its own, as another person at another machine would have it."""
    size = {"width": WIDTH, "height": HEIGHT}
    made = browser.new_context(**{"viewport": size, "locale": language, **options})
    made.set_default_timeout(10_000)
    return made
