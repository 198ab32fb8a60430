"""HTTP requests to a chat completions server, with errors that say what to do next."""

from __future__ import annotations

import http.client
import ipaddress
import json
import os
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from extractor.errors import ModelError

Payload = dict[str, Any]

BUSY_STATUSES = frozenset({429, 503})
RETRY_SECONDS = (0.5, 2.0, 5.0, 10.0)
"""Waits before a busy server is asked again; after the last it counts as unavailable."""
MAX_REASON_BYTES = 20_000
_HINTS = {
    401: "Set EXTRACTOR_API_KEY to the server's key.",
    403: "The key in EXTRACTOR_API_KEY may not use this server or model.",
    404: "The address or the model's name is wrong: try the address with /v1, and the name as the server lists it.",
    429: "The server is busy; try again later.",
    503: "The server is busy or still loading its model; try again later.",
}


class Refused(Exception):
    """An HTTP error of the server; callers turn it into a `ModelError` or into another attempt."""

    def __init__(self, status: int, reason: str, location: str = "") -> None:
        super().__init__(status, reason)
        self.status, self.reason, self.location = status, reason, location

    @property
    def is_too_long(self) -> bool:
        """Decide whether the prompt was longer than the server's context."""
        return self.status == 413 or "context" in self.reason.lower()


class ChatServer:
    """A server's address and how to ask it.

    The key is read from EXTRACTOR_API_KEY, then OPENAI_API_KEY. Redirects are not followed, so that documents go to the
    host that the user named and nowhere else. `base` is the address with `/v1`, `root` without it.
    """

    def __init__(self, parts: urllib.parse.SplitResult, timeout: float) -> None:
        path = parts.path.rstrip("/").removesuffix("/chat/completions")
        self.base = f"{parts.scheme}://{parts.netloc}{path or '/v1'}"
        self.root = self.base.removesuffix("/v1")
        self.timeout = timeout
        self._open = _make_opener(parts.hostname or "").open

    def call(self, method: str, url: str, payload: Payload | None = None) -> Any:
        """Return the JSON of the server's response.

        Asks again while the server is busy. Raises `Refused` for an HTTP error, `ModelError` where there is no
        response, or it is not JSON.
        """
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if key := os.environ.get("EXTRACTOR_API_KEY") or os.environ.get("OPENAI_API_KEY"):
            headers["Authorization"] = f"Bearer {key}"
        data = None if payload is None else json.dumps(payload, ensure_ascii=False).encode()
        for wait in (*RETRY_SECONDS, None):
            request = urllib.request.Request(url, data, headers, method=method)
            try:
                with self._open(request, timeout=self.timeout) as response:
                    return json.loads(response.read())
            except urllib.error.HTTPError as error:
                with error:
                    refused = Refused(error.code, _reason(error), error.headers.get("Location") or "")
                if error.code not in BUSY_STATUSES or wait is None:
                    raise refused from None
                time.sleep(wait)
            except ValueError:
                raise self.protocol_error() from None
            except (TimeoutError, urllib.error.URLError, http.client.HTTPException, OSError) as error:
                raise self._connection_error(error) from None
        raise AssertionError("the last attempt returns or raises")

    def _connection_error(self, error: Exception) -> ModelError:
        reason = getattr(error, "reason", error)
        if isinstance(reason, TimeoutError):
            hint = "The server is running but slow, or stuck: try a smaller model, or look at the server's log."
            return ModelError(f"The server at {self.base} gave no answer in {self.timeout:g} seconds.", hint)
        hint = f"Start the server, or correct the address; `curl {self.base}/models` should list its models."
        return ModelError(f"No server can be reached at {self.base} ({reason}).", hint)

    def protocol_error(self) -> ModelError:
        """Return the error for a response that no chat completions server would give."""
        hint = "The address should be that of an OpenAI-compatible server, such as http://127.0.0.1:8080/v1."
        return ModelError(f"The server at {self.base} does not implement the chat completions protocol.", hint)

    def refusal_error(self, refused: Refused) -> ModelError:
        """Return the error for an HTTP error that ends the request."""
        message = f"The server at {self.base} answered {refused.status}: {refused.reason or 'no reason given'}"
        if refused.location:
            hint = f"It redirects requests to {refused.location}; give that address if you trust it."
        elif refused.is_too_long:
            hint = "Start the server with a larger context, or give fewer passages to the prompt."
        elif refused.status in (400, 422):
            hint = "The server does not support this schema: use a newer server, or a simpler schema."
        else:
            hint = _HINTS.get(refused.status, "Look at the server's log.")
        return ModelError(message, hint)


def parse_address(url: str) -> urllib.parse.SplitResult:
    """Return the parts of a server's address; raise `ModelError` for one that cannot be used."""
    try:
        parts = urllib.parse.urlsplit(url)
        is_usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable:
        example = "Write it as openai:http://127.0.0.1:8080/v1, with #NAME where the server has several models."
        raise ModelError(f"{url or 'An empty text'} is not the address of a server.", example)
    if "@" in parts.netloc:
        raise ModelError("The server's address contains a user name or a password.", "Set EXTRACTOR_API_KEY instead.")
    return parts


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def _make_opener(host: str) -> urllib.request.OpenerDirector:
    """Return an opener that follows no redirect, and uses no proxy for a server on this machine."""
    proxies = [urllib.request.ProxyHandler({})] if _is_loopback(host) else []
    return urllib.request.build_opener(_NoRedirect, *proxies)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _reason(error: urllib.error.HTTPError) -> str:
    """Return what the server says is wrong, on one line."""
    body = error.read(MAX_REASON_BYTES).decode("utf-8", "replace")
    try:
        reason = json.loads(body)
        reason = reason.get("error", reason) if isinstance(reason, dict) else reason
        reason = reason.get("message", reason) if isinstance(reason, dict) else reason
    except ValueError:
        reason = body
    return " ".join(str(reason).split())[:500]
