"""The one page that Gradio makes, with what it lacks: its language, our style sheets, and a policy for its scripts.

Gradio chooses its words by `navigator.language` and knows no switch, so a line at the top of `<head>` says what that
is. And it has scripts within the page: each gets the one-time word (nonce) that the page's policy names, so that no
other script runs, whatever text comes to stand on the page.
"""

from __future__ import annotations

import json
import re
import secrets
from html import escape
from pathlib import Path
from typing import Any

from extractor.ui.language import LANGUAGES, wanted, word
from extractor.ui.security import SAFE, UI, cookies

STATIC = Path(__file__).parent / "static"
TITLE = "extractor:title"
"""What stands for the window's title until the language is known."""
APART = ("login.css",)
"""Style sheets that belong to another page."""
POLICY = (
    "default-src 'self'; script-src 'self' 'nonce-{nonce}' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
"""`unsafe-eval`: Gradio makes a function of the line that loads our module."""


class Page:
    """The app with Gradio's page finished; everything else passes as it is."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"] != f"{UI}/" or scope["method"] not in SAFE:
            await self._app(scope, receive, send)
            return
        headers = {key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]}
        plain = [(key, value) for key, value in scope["headers"] if key != b"accept-encoding"]
        language = wanted(cookies(headers.get("cookie", "")), headers.get("accept-language", ""))
        start: Any = None
        body = bytearray()

        async def held(message: Any) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
            if message["type"] != "http.response.body":
                return
            body.extend(message.get("body", b""))
            if message.get("more_body"):
                return
            nonce = secrets.token_urlsafe(16)
            page = finished(body.decode("utf-8"), language, nonce).encode() if start["status"] == 200 else bytes(body)
            kept = [(key, value) for key, value in start["headers"] if key.lower() not in _REPLACED]
            kept += [
                (b"content-length", str(len(page)).encode()),
                (b"cache-control", b"no-store"),
                (b"content-language", LANGUAGES[language].encode()),
                (b"content-security-policy", POLICY.format(nonce=nonce).encode()),
            ]
            await send({**start, "headers": kept})
            await send({"type": "http.response.body", "body": page})

        await self._app({**scope, "headers": plain}, receive, held)


_REPLACED = (b"content-length", b"cache-control", b"content-security-policy")
_SWITCH = (
    "Object.defineProperty(navigator,'language',{{get:()=>{0}}});"
    "Object.defineProperty(navigator,'languages',{{get:()=>[{0}]}})"
)


def finished(page: str, language: str, nonce: str) -> str:
    """Gradio's page in a language of ours."""
    name = json.dumps(LANGUAGES[language])
    sheets = sorted(file.name for file in STATIC.glob("*.css") if file.name not in APART)
    top = f"<script>{_SWITCH.format(name)}</script>"
    top += "".join(f'<link rel="stylesheet" href="/static/{sheet}">' for sheet in sheets)
    top += '<link rel="icon" href="/favicon.ico">'
    page = re.sub(r'(<html\s[^>]*?lang=)"[^"]*"', rf"\1{name}", page, count=1)
    page = re.sub(r'<meta\s+(?:property="og:|name="twitter:)[^>]*>', "", page)  # previews for sites we never meet
    page = re.sub(r'<link rel="manifest"[^>]*>', "", page)
    page = page.replace("<head>", f"<head>{top}", 1).replace(TITLE, escape(word(language, "shell.title")))
    return page.replace("<script", f'<script nonce="{nonce}"')
