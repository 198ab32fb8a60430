"""The first thing that a request meets: is it for us, from our own page, by somebody who is logged in?

Plain ASGI, so that streams pass as they are. What it refuses never reaches a route; what it lets through says whose it
is in `request.state.user`. Every answer leaves with headers that keep a page from doing what ours never do.
"""

from __future__ import annotations

import ipaddress
import re
import shutil
import socket
from collections.abc import Callable, Iterable
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from starlette.responses import RedirectResponse, Response

from extractor.ui.responses import Refused, not_logged_in, refusal
from extractor.ui.sessions import Sessions

UI = "/ui"
"""Where Gradio is mounted."""
STRICT = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""The policy of every answer that has none of its own: data, which a browser is to show as nothing else."""
HEADERS = {
    "Content-Security-Policy": STRICT,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # with no-referrer, forms would be sent with the origin `null`
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), display-capture=(), usb=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
OPEN = ("/login", "/favicon.ico", "/static/login.css", "/static/login.js", "/static/language.js")
"""What anybody may have."""
OF_GRADIO = re.compile(
    r"/ui/(?:|config|theme\.css|assets/.*|static/.*|svelte/.*|manifest\.json"
    r"|gradio_api/(?:queue/join|queue/data|upload|upload_progress|heartbeat/\w+|startup-events|theme\.css|reset))"
)
"""What our page needs of Gradio; it has more, such as routes that serve any upload, or fetch what a URL names."""
SAFE = ("GET", "HEAD", "OPTIONS")
MOST_BYTES = 8 << 20
"""Of a request that brings no files."""
SPARE = 1 << 30
"""Bytes of the disk that uploads leave free."""


class Guard:
    """The app with everything refused that is not for us; `open_to` is who is let in without logging in."""

    def __init__(
        self,
        app: Any,
        *,
        sessions: Sessions,
        cookie: str,
        hosts: Callable[[str], bool],
        folder: Path,
        open_to: str | None,
    ) -> None:
        self.app, self._sessions, self._cookie, self._hosts = app, sessions, cookie, hosts
        self._folder, self._open_to = folder, open_to

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close"})
            return
        headers = {key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]}
        https = scope.get("scheme") == "https"
        begun, fresh = False, []

        async def told(message: Any) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                message = {**message, "headers": [*_with(message["headers"], https), *fresh]}
            await send(message)

        try:
            passed = self._pass(scope, headers)
            if isinstance(passed, Response):
                await passed(scope, receive, told)
                return
            if cookie := scope["state"].get("fresh"):
                fresh = [session_cookie(self._cookie, cookie, https)]
            await self.app(scope, self._counted(scope, headers, receive), told)
        except Refused as refused:
            if begun:
                raise
            await refusal(refused)(scope, receive, told)

    def _pass(self, scope: Any, headers: dict[str, str]) -> Response | None:
        """None for a request that may go on, else the answer to it; raises Refused."""
        path, method = scope["path"], scope["method"]
        if not self._hosts(headers.get("host", "")):
            raise Refused(400, "host", "This is not a name of this server.", "`extractor serve --name NAME` adds one.")
        page = method in SAFE and headers.get("sec-fetch-dest", "document") == "document"
        if not _same_origin(method, page, headers):
            raise Refused(403, "forbidden", "A page of another site may not do this.")
        if path.startswith(f"{UI}/") and not OF_GRADIO.fullmatch(path):
            raise Refused(404, "not_found", "There is no such page.")
        cookie = cookies(headers.get("cookie", "")).get(self._cookie, "")
        user = self._sessions.user(cookie)
        scope.setdefault("state", {}).update(user=user, cookie=cookie)
        if user is not None or path in OPEN:
            return None
        if page and path in ("/", UI, f"{UI}/") and self._open_to is not None:
            # Nobody has to log in: the page itself brings the cookie that all else is asked for with. It does so at
            # once; after a redirect that another site's link began, browsers would not send it.
            scope["state"].update(user=self._open_to, fresh=self._sessions.open(self._open_to))
            return None
        if page and "text/html" in headers.get("accept", ""):
            return RedirectResponse("/login", 303)
        raise not_logged_in()

    def _counted(self, scope: Any, headers: dict[str, str], receive: Any) -> Any:
        """`receive`, refusing what is too large."""
        upload = scope["path"] == f"{UI}/gradio_api/upload"
        most = max(0, shutil.disk_usage(self._folder).free - SPARE) if upload else MOST_BYTES
        length = headers.get("content-length", "0")
        too_large = Refused(413, "too_large", "This is more than there is room for.", "Send less at a time.")
        if not (length.isascii() and length.isdigit()) or int(length[:20]) > most:
            raise too_large
        seen = 0

        async def counted() -> Any:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > most:
                raise too_large
            return message

        return counted


def _same_origin(method: str, page: bool, headers: dict[str, str]) -> bool:
    """Whether a request is from our own page, or a link to it that somebody followed.

    Browsers say where a request comes from; programs that say nothing have no cookie that a browser sent along.
    """
    site = headers.get("sec-fetch-site", "none")
    if site not in ("same-origin", "none") and not page:
        return False
    origin = headers.get("origin")
    if method in SAFE and page:
        return True
    return origin is None or urlsplit(origin).netloc == headers.get("host", "")


def _with(headers: Iterable[tuple[bytes, bytes]], https: bool) -> Iterable[tuple[bytes, bytes]]:
    """The headers of an answer with ours; those that a route has set itself stay."""
    there = set()
    for key, value in headers:
        there.add(key.lower())
        if not key.lower().startswith(b"access-control-"):
            yield key, value
    for key, value in HEADERS.items():
        if key.lower().encode() not in there:
            yield key.lower().encode(), value.encode()
    if https:
        yield b"strict-transport-security", b"max-age=31536000"


def cookies(header: str) -> dict[str, str]:
    """The cookies of a request, by name."""
    found: SimpleCookie = SimpleCookie()
    try:
        found.load(header[:8192])
    except CookieError:
        return {}
    return {name: morsel.value for name, morsel in found.items()}


def session_cookie(name: str, value: str, https: bool) -> tuple[bytes, bytes]:
    """The header by which a browser keeps a session's cookie until it is closed; no script sees it, and no other site
    has it sent along. Without a value it is thrown away.
    """
    age = "" if value else "; Max-Age=0"
    secure = "; Secure" if https else ""
    return b"set-cookie", f"{name}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{age}".encode()


def hosts(names: Iterable[str], loopback: bool) -> Callable[[str], bool]:
    """Which `Host` headers are ours.

    A page of somebody else's whose name is made to point at this machine (DNS rebinding) sends its own name. So names
    have to be known; an address cannot be made to point elsewhere, and is fine where the server is open to others.
    """
    own = {"localhost", "127.0.0.1", "::1", *(name.lower() for name in names)}
    if not loopback:
        own |= {socket.gethostname().lower(), socket.getfqdn().lower()}

    def ours(header: str) -> bool:
        try:
            split = urlsplit(f"//{header}")
            name = (split.hostname or "").lower()
            _ = split.port
        except ValueError:
            return False
        if not name or split.path or split.query or split.fragment or "@" in header:
            return False
        return name in own or (not loopback and _is_address(name))

    return ours


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
