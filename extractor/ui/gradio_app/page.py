"""Gradio's page with what it lacks: its language, our style sheets, and a content security policy.

Gradio chooses its language by `navigator.language` and has no switch, so a line at the top of `<head>` sets that. The
page has scripts in it: each gets the one-time token (nonce) that the policy names, so that no other script runs,
whatever text comes to stand on the page.
"""

from __future__ import annotations

import json
import re
import secrets
from html import escape
from pathlib import Path

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from extractor.ui.cookies import parse_cookies
from extractor.ui.gradio_app.paths import PAGE
from extractor.ui.language import LANGUAGES, preferred_language, word

STATIC = Path(__file__).parent.parent / "static"
TITLE = "extractor:title"
"""Stands for the window's title until the language is known."""
OTHER_STYLES = ("login.css",)
"""Style sheets that belong to another page."""
METHODS = ("GET", "HEAD", "OPTIONS")
POLICY = (
    "default-src 'self'; script-src 'self' 'nonce-{nonce}' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
"""`unsafe-eval`: Gradio compiles the line that loads one of our scripts."""
_REPLACED_HEADERS = (b"content-length", b"cache-control", b"content-security-policy")
_SET_LANGUAGE = (
    "Object.defineProperty(navigator,'language',{{get:()=>{0}}});"
    "Object.defineProperty(navigator,'languages',{{get:()=>[{0}]}})"
)


class PageMiddleware:
    """Finishes Gradio's page on its way out; everything else passes as it is."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and rewrite the answer if it is the page (ASGI)."""
        if scope["type"] != "http" or scope["path"] != PAGE or scope["method"] not in METHODS:
            await self._app(scope, receive, send)
            return
        headers = {key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]}
        uncompressed = [(key, value) for key, value in scope["headers"] if key != b"accept-encoding"]
        language = preferred_language(parse_cookies(headers.get("cookie", "")), headers.get("accept-language", ""))
        start: Message = {}
        body = bytearray()

        async def send_finished(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
            if message["type"] != "http.response.body":
                return
            body.extend(message.get("body", b""))
            if message.get("more_body"):
                return
            nonce = secrets.token_urlsafe(16)
            page = bytes(body)
            if start["status"] == 200:
                page = finish_page(page.decode("utf-8"), language, nonce).encode()
            kept = [(key, value) for key, value in start["headers"] if key.lower() not in _REPLACED_HEADERS]
            added = [
                (b"content-length", str(len(page)).encode()),
                (b"cache-control", b"no-store"),
                (b"content-language", LANGUAGES[language].encode()),
                (b"content-security-policy", POLICY.format(nonce=nonce).encode()),
            ]
            await send({**start, "headers": [*kept, *added]})
            await send({"type": "http.response.body", "body": page})

        await self._app({**scope, "headers": uncompressed}, receive, send_finished)


def finish_page(page: str, language: str, nonce: str) -> str:
    """Return Gradio's page in one of our languages, with our style sheets and with the nonce on every script."""
    tag = json.dumps(LANGUAGES[language])
    sheets = sorted(file.name for file in STATIC.glob("*.css") if file.name not in OTHER_STYLES)
    head = f"<script>{_SET_LANGUAGE.format(tag)}</script>"
    head += "".join(f'<link rel="stylesheet" href="/static/{sheet}">' for sheet in sheets)
    head += '<link rel="icon" href="/favicon.ico">'
    page = re.sub(r'(<html\s[^>]*?lang=)"[^"]*"', rf"\1{tag}", page, count=1)
    page = re.sub(r'<meta\s+(?:property="og:|name="twitter:)[^>]*>', "", page)  # previews on other sites
    page = re.sub(r'<link rel="manifest"[^>]*>', "", page)
    page = page.replace("<head>", f"<head>{head}", 1).replace(TITLE, escape(word(language, "shell.title")))
    return page.replace("<script", f'<script nonce="{nonce}"')
