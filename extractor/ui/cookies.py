"""Cookies: reading those of a request, and the header that sets the one of a session."""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie

MAX_HEADER = 8192
"""Characters of a Cookie header that are read."""


def parse_cookies(header: str) -> dict[str, str]:
    """Return the cookies of a Cookie header by name; none for a header that is malformed."""
    found: SimpleCookie = SimpleCookie()
    try:
        found.load(header[:MAX_HEADER])
    except CookieError:
        return {}
    return {name: morsel.value for name, morsel in found.items()}


def session_cookie_header(name: str, value: str, https: bool) -> tuple[bytes, bytes]:
    """Return the header that sets a session's cookie, or deletes it where the value is empty.

    The browser keeps it until it is closed, shows it to no script (HttpOnly) and sends it along with no request that
    another site began (SameSite=Strict).
    """
    age = "" if value else "; Max-Age=0"
    secure = "; Secure" if https else ""
    return b"set-cookie", f"{name}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{age}".encode()
