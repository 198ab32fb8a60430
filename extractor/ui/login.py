"""The login: a page of its own, without Gradio, and what its form is answered with."""

from __future__ import annotations

from html import escape
from typing import Any
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response

from extractor.ui.language import LANGUAGES, wanted, word
from extractor.ui.passwords import Passwords
from extractor.ui.responses import Refused
from extractor.ui.security import UI, session_cookie
from extractor.ui.sessions import Attempts, Sessions

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
MOST_BYTES = 8 << 10
TRIES, ADDRESS_TRIES, SECONDS = 8, 30, 900.0
"""Wrong passwords in a quarter of an hour, for one name from one address, and for all names from one address."""
NAME_TRIES = 100
"""For one name, from wherever: many, or anybody could lock anybody out."""


def routes(sessions: Sessions, passwords: Passwords | None, cookie: str) -> APIRouter:
    """`/login` and `/logout`; without a password file the page says that nobody has to."""
    router = APIRouter()
    pairs, addresses, names = (Attempts(most, SECONDS) for most in (TRIES, ADDRESS_TRIES, NAME_TRIES))

    @router.get("/login")
    def login_page(request: Request) -> Response:
        if passwords is None or request.state.user is not None:
            return RedirectResponse(f"{UI}/", 303)
        return _page(request)

    @router.post("/login")
    async def login(request: Request) -> Response:
        if passwords is None:
            return RedirectResponse(f"{UI}/", 303)
        name, password = await _given(request)
        address = request.client.host if request.client else ""
        wait = max(pairs.wait(f"{address} {name}"), addresses.wait(address), names.wait(name))
        if wait:
            answer = _page(request, 429, "login.wait", minutes=int(wait // 60) + 1)
            answer.headers["Retry-After"] = str(int(wait) + 1)
            return answer
        # Noted before it is looked at, so that tries side by side count as well.
        pairs.failed(f"{address} {name}")
        addresses.failed(address)
        names.failed(name)
        if not await run_in_threadpool(passwords.check, name, password):
            return _page(request, 401, "login.wrong")
        pairs.forget(f"{address} {name}")
        addresses.forget(address)
        names.forget(name)
        sessions.close(request.state.cookie)
        answer = RedirectResponse(f"{UI}/", 303)
        answer.raw_headers.append(session_cookie(cookie, sessions.open(name), request.url.scheme == "https"))
        return answer

    @router.post("/logout")
    def logout(request: Request) -> Response:
        sessions.close(request.state.cookie)
        answer = RedirectResponse("/login" if passwords else "/", 303)
        answer.raw_headers.append(session_cookie(cookie, "", request.url.scheme == "https"))
        return answer

    return router


async def _given(request: Request) -> tuple[str, str]:
    """Name and password out of the form."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise Refused(413, "too_large", "This is too long for a name and a password.")
    try:
        form = parse_qs(body.decode("ascii"), max_num_fields=10)
    except ValueError:
        form = {}
    return form.get("name", [""])[0][:200], form.get("password", [""])[0]


def _page(request: Request, status: int = 200, key: str = "", **given: Any) -> Response:
    language = wanted(request.cookies, request.headers.get("accept-language", ""))

    def say(key: str, **given: Any) -> str:
        return escape(word(language, key, **given))

    told = f'<p role="alert">{say(key, **given)}</p>' if key else ""
    other = next(name for name in LANGUAGES if name != language)
    linked = " data-linked" if request.headers.get("sec-fetch-site") == "cross-site" else ""
    shown = escape(word(other, "shell.language"))
    html = f"""<!doctype html>
<html lang="{LANGUAGES[language]}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{say("login.title")}</title>
<link rel="icon" href="/favicon.ico"><link rel="stylesheet" href="/static/login.css">
<script type="module" src="/static/login.js"></script></head>
<body{linked}><main>
<h1>{say("login.title")}</h1>
{told}
<form method="post" action="/login">
<label>{say("login.name")}<input name="name" autocomplete="username" autocapitalize="none" required autofocus></label>
<label>{say("login.password")}<input name="password" type="password" autocomplete="current-password" required></label>
<button>{say("login.submit")}</button>
</form>
<a id="language" href="/login" data-language="{other}" lang="{LANGUAGES[other]}">{shown}</a>
</main></body></html>
"""
    return HTMLResponse(html, status, {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"})
