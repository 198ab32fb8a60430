"""`/login` and `/logout`: a page without Gradio, and what its form is answered with."""

from __future__ import annotations

from html import escape
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from extractor.ui.cookies import session_cookie_header
from extractor.ui.dependencies import Language
from extractor.ui.gradio_app.paths import PAGE
from extractor.ui.language import LANGUAGES, word
from extractor.ui.login_attempts import AttemptLimiter
from extractor.ui.passwords import PasswordFile
from extractor.ui.sessions import Sessions

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
WINDOW_SECONDS = 900.0
PAIR_ATTEMPTS = 8
"""Wrong passwords within the window for one name from one address."""
ADDRESS_ATTEMPTS = 30
"""For all names from one address."""
NAME_ATTEMPTS = 100
"""For one name from all addresses: many, or anybody could lock anybody else out."""
MAX_NAME = 200


def login_routes(sessions: Sessions, passwords: PasswordFile | None, cookie: str) -> APIRouter:
    """Return the routes; without a password file the login page leads straight to the app."""
    router = APIRouter(include_in_schema=False)
    pairs = AttemptLimiter(PAIR_ATTEMPTS, WINDOW_SECONDS)
    addresses = AttemptLimiter(ADDRESS_ATTEMPTS, WINDOW_SECONDS)
    names = AttemptLimiter(NAME_ATTEMPTS, WINDOW_SECONDS)

    @router.get("/login")
    def show_login(request: Request, language: Language) -> Response:
        if passwords is None or request.state.user is not None:
            return RedirectResponse(PAGE, 303)
        return _login_page(request, language)

    @router.post("/login")
    def log_in(
        request: Request,
        language: Language,
        name: Annotated[str, Form()] = "",
        password: Annotated[str, Form()] = "",
    ) -> Response:
        if passwords is None:
            return RedirectResponse(PAGE, 303)
        name = name[:MAX_NAME]
        address = request.client.host if request.client else ""
        limits = ((pairs, f"{address} {name}"), (addresses, address), (names, name))
        wait = max(limiter.wait_seconds(key) for limiter, key in limits)
        if wait:
            answer = _login_page(request, language, 429, "login.wait", minutes=int(wait // 60) + 1)
            answer.headers["Retry-After"] = str(int(wait) + 1)
            return answer
        for limiter, key in limits:
            limiter.add(key)  # before the password is checked, so that attempts side by side count as well
        if not passwords.check(name, password):
            return _login_page(request, language, 401, "login.wrong")
        for limiter, key in limits:
            limiter.take_back(key)
        sessions.close(request.state.cookie)
        return _redirect(request, PAGE, sessions.open(name))

    @router.post("/logout")
    def log_out(request: Request) -> Response:
        sessions.close(request.state.cookie)
        return _redirect(request, "/login" if passwords else "/", "")

    def _redirect(request: Request, path: str, value: str) -> Response:
        answer = RedirectResponse(path, 303)
        answer.raw_headers.append(session_cookie_header(cookie, value, request.url.scheme == "https"))
        return answer

    return router


def _login_page(request: Request, language: str, status: int = 200, message: str = "", **values: Any) -> Response:
    """Return the login page, with a message where there is one (the key of a text)."""

    def text(key: str, **values: Any) -> str:
        return escape(word(language, key, **values))

    alert = f'<p role="alert">{text(message, **values)}</p>' if message else ""
    other = next(name for name in LANGUAGES if name != language)
    # Reached by a link on another site, the page was asked for without the cookie; its script asks once more.
    linked = " data-linked" if request.headers.get("sec-fetch-site") == "cross-site" else ""
    other_name = escape(word(other, "shell.language"))
    html = f"""<!doctype html>
<html lang="{LANGUAGES[language]}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{text("login.title")}</title>
<link rel="icon" href="/favicon.ico"><link rel="stylesheet" href="/static/login.css">
<script type="module" src="/static/login.js"></script></head>
<body{linked}><main>
<h1>{text("login.title")}</h1>
{alert}
<form method="post" action="/login">
<label>{text("login.name")}<input name="name" autocomplete="username" autocapitalize="none" required autofocus></label>
<label>{text("login.password")}<input name="password" type="password" autocomplete="current-password" required></label>
<button>{text("login.submit")}</button>
</form>
<a id="language" href="/login" data-language="{other}" lang="{LANGUAGES[other]}">{other_name}</a>
</main></body></html>
"""
    return HTMLResponse(html, status, {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"})
