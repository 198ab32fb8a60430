"""The outermost middleware: it checks that a request is for this server, from its own page, and by a known user.

It is plain ASGI, so that streams pass through unbuffered. A request that it refuses never reaches a route; one that it
lets through carries its user in `request.state.user`. Every answer leaves with headers that forbid what our pages never
do.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from urllib.parse import urlsplit

from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from extractor.store import AccessToken
from extractor.ui.cookies import parse_cookies, session_cookie_header
from extractor.ui.errors import RequestError
from extractor.ui.gradio_app import paths
from extractor.ui.sessions import Sessions

STRICT_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""The content security policy of every answer that sets none of its own: data, to be shown as nothing else."""
HEADERS = {
    "Content-Security-Policy": STRICT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # with no-referrer, browsers send forms with the origin `null`
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), display-capture=(), usb=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
PUBLIC_PATHS = (
    "/healthz",
    "/login",
    "/favicon.ico",
    "/static/login.css",
    "/static/login.js",
    "/static/common/language.js",
)
"""What is answered without a login."""
API_PATHS = ("/api/v1/", "/metrics")
"""What is answered to programs, which bring an access token instead of a cookie."""
API_DOCUMENTS = "/api/v1/documents"
MAX_FORM_BYTES = 1 << 20
"""Of a form around a file that a program hands in."""
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
MAX_BODY_BYTES = 8 << 20
"""Of a request that brings no files."""
SAMPLES = "/api/samples"
"""Where a sample document is sent."""
MAX_API_BODY_BYTES = 2 << 20
"""Of a request to the JSON routes; a pasted block of cells is the largest."""
MAX_LOGIN_BODY_BYTES = 8 << 10
FREE_DISK_BYTES = 1 << 30
"""What uploads leave free on the disk."""


class SecurityMiddleware:
    """The app behind its checks. `passwordless_user` is who is let in without logging in, None where all have to."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        sessions: Sessions,
        cookie: str,
        is_own_host: Callable[[str], bool],
        folder: Path,
        passwordless_user: str | None,
        find_token: Callable[[str], AccessToken | None] = lambda secret: None,
        max_upload: int = 0,
    ) -> None:
        self.app, self._sessions, self._cookie, self._is_own_host = app, sessions, cookie, is_own_host
        self._folder, self._passwordless_user = folder, passwordless_user
        self._find_token, self._max_upload = find_token, max_upload

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a request, or pass it on with its user (ASGI)."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close"})
            return
        headers = {key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]}
        https = scope.get("scheme") == "https"
        started, new_cookie = False, []

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message = {**message, "headers": [*_add_headers(message["headers"], https), *new_cookie]}
            await send(message)

        try:
            response = self._check(scope, headers)
            if response is not None:
                await response(scope, receive, send_with_headers)
                return
            if cookie := scope["state"].get("new_cookie"):
                new_cookie = [session_cookie_header(self._cookie, cookie, https)]
            await self.app(scope, self._limit_body(scope["path"], headers, receive), send_with_headers)
        except RequestError as error:
            if started:
                raise
            await error.response()(scope, receive, send_with_headers)

    def _check(self, scope: Scope, headers: dict[str, str]) -> Response | None:
        """Return None for a request that may go on, else the answer to it; raises RequestError for a refusal."""
        path, method = scope["path"], scope["method"]
        if not self._is_own_host(headers.get("host", "")):
            hint = "Start the server with `--name NAME` to allow the name."
            raise RequestError(400, "host", "The server does not go by this host name.", hint)
        navigation = method in SAFE_METHODS and headers.get("sec-fetch-dest", "document") == "document"
        if not _is_same_origin(method, navigation, headers):
            raise RequestError(403, "forbidden", "Another site may not do this.")
        if paths.is_closed(path):
            raise RequestError(404, "not_found", "There is no such page.")
        if path.startswith(API_PATHS):
            self._check_token(scope, headers)
            return None
        cookie = parse_cookies(headers.get("cookie", "")).get(self._cookie, "")
        user = self._sessions.user(cookie)
        scope.setdefault("state", {}).update(user=user, cookie=cookie)
        if user is not None or path in PUBLIC_PATHS:
            return None
        if navigation and path in ("/", paths.PREFIX, paths.PAGE) and self._passwordless_user is not None:
            # The page itself brings the cookie that everything else is asked for with. It has to do so at once: after
            # a redirect that a link on another site began, browsers would not send a SameSite=Strict cookie.
            new_cookie = self._sessions.open(self._passwordless_user)
            scope["state"].update(user=self._passwordless_user, new_cookie=new_cookie)
            return None
        if navigation and "text/html" in headers.get("accept", ""):
            return RedirectResponse("/login", 303)
        raise RequestError.not_logged_in()

    def _check_token(self, scope: Scope, headers: dict[str, str]) -> None:
        """Note whose access token a request brings; raises RequestError (401) where it brings none that is valid."""
        kind, _, secret = headers.get("authorization", "").partition(" ")
        token = self._find_token(secret.strip()) if kind.lower() == "bearer" else None
        if token is None:
            hint = "Make one with `extractor tokens new`, and send it as Authorization: Bearer TOKEN."
            raise RequestError(401, "no_token", "The request has no valid access token.", hint)
        scope.setdefault("state", {}).update(user=token.who, token=token, cookie="")

    def _limit_body(self, path: str, headers: dict[str, str], receive: Receive) -> Receive:
        """Return a `receive` that raises RequestError (413) once a request's body is too large."""
        limit = self._body_limit(path)
        too_large = RequestError(413, "too_large", "This is more than the server accepts at once.", "Send less.")
        length = headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit()) or int(length[:20]) > limit:
            raise too_large
        received = 0

        async def receive_limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise too_large
            return message

        return receive_limited

    def _body_limit(self, path: str) -> int:
        """Return how many bytes a request to the path may bring; for files it is what the disk has room for."""
        if path in (paths.UPLOAD, SAMPLES):
            return max(0, shutil.disk_usage(self._folder).free - FREE_DISK_BYTES)
        if path == API_DOCUMENTS:
            return self._max_upload + MAX_FORM_BYTES
        if path.startswith("/api/"):
            return MAX_API_BODY_BYTES
        return MAX_LOGIN_BODY_BYTES if path == "/login" else MAX_BODY_BYTES


def _is_same_origin(method: str, navigation: bool, headers: dict[str, str]) -> bool:
    """Decide whether a request comes from our own page, or is a link to it that somebody followed.

    Browsers say where a request comes from (`Sec-Fetch-Site`, `Origin`). A program that says nothing is let through:
    it has no cookie that a browser would have sent along.
    """
    site = headers.get("sec-fetch-site", "none")
    if site not in ("same-origin", "none") and not navigation:
        return False
    origin = headers.get("origin")
    if method in SAFE_METHODS and navigation:
        return True
    return origin is None or urlsplit(origin).netloc == headers.get("host", "")


def _add_headers(headers: Iterable[tuple[bytes, bytes]], https: bool) -> Iterable[tuple[bytes, bytes]]:
    """Return an answer's headers with ours; those that a route has set itself stay, CORS headers go."""
    present = set()
    for key, value in headers:
        present.add(key.lower())
        if not key.lower().startswith(b"access-control-"):
            yield key, value
    for key, value in HEADERS.items():
        if key.lower().encode() not in present:
            yield key.lower().encode(), value.encode()
    if https:
        yield b"strict-transport-security", b"max-age=31536000"
