"""HTTP requests to a chat completions server, with errors that say what to do next."""

from __future__ import annotations

import http.client
import ipaddress
import json
import os
import queue
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from typing import Any

from extractor.errors import ModelError

Payload = dict[str, Any]

BUSY_STATUSES = frozenset({429, 503})
RETRY_SECONDS = (0.5, 2.0, 5.0, 10.0)
"""Waits before a busy server is asked again; after the last it counts as unavailable."""
MAX_REASON_BYTES = 20_000
MAX_RESPONSE_BYTES = 32 << 20
"""An answer with the probabilities of all of its tokens has a few megabytes at most."""
_CHUNK = 1 << 16
KNOWN_CODES = frozenset(
    {
        *("authentication_error", "insufficient_quota", "invalid_api_key", "permission_error", "rate_limit_exceeded"),
        *("context_length_exceeded", "exceed_context_size_error", "string_above_max_length"),
        *("invalid_request_error", "not_supported_error", "unsupported_parameter", "unsupported_value"),
        *("model_not_found", "not_found_error", "server_error", "unavailable_error"),
    }
)
"""Codes of errors that OpenAI, llama.cpp, vLLM and Ollama give: fixed words, which quote nothing."""
_HINTS = {
    401: "Set EXTRACTOR_API_KEY to the server's key.",
    403: "The key in EXTRACTOR_API_KEY may not use this server or model.",
    404: "The address or the model's name is wrong: try the address with /v1, and the name as the server lists it.",
    429: "The server is busy; try again later.",
    503: "The server is busy or still loading its model; try again later.",
}


class Refused(Exception):
    """An HTTP error of the server; callers turn it into a `ModelError` or into another attempt.

    `reason` is what the server said, which may quote the document; `code` is empty or one of KNOWN_CODES.
    """

    def __init__(self, status: int, reason: str, code: str = "", location: str = "") -> None:
        super().__init__(status, reason)
        self.status, self.reason, self.code, self.location = status, reason, code, location

    @property
    def is_too_long(self) -> bool:
        """Decide whether the prompt was longer than the server's context."""
        return self.status == 413 or "context" in self.code or "context" in self.reason.lower()


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
        """Return the JSON of the server's response, at the latest after `timeout` seconds in all.

        Asks again while the server is busy. Raises `Refused` for an HTTP error, `ModelError` where there is no
        response in time, it is too large, or it is not JSON.
        """
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if key := os.environ.get("EXTRACTOR_API_KEY") or os.environ.get("OPENAI_API_KEY"):
            headers["Authorization"] = f"Bearer {key}"
        data = None if payload is None else json.dumps(payload, ensure_ascii=False).encode("utf-8", "replace")
        deadline = time.monotonic() + self.timeout
        for wait in (*RETRY_SECONDS, None):
            request = urllib.request.Request(url, data, headers, method=method)
            try:
                return json.loads(_run_until(deadline, lambda request=request: self._request(request, deadline)))
            except Refused as refused:
                if refused.status not in BUSY_STATUSES or wait is None or time.monotonic() + wait > deadline:
                    raise
                time.sleep(wait)
            except (ValueError, RecursionError) as error:
                raise self.protocol_error() from error
            except (TimeoutError, urllib.error.URLError, http.client.HTTPException, OSError) as error:
                raise self._connection_error(error) from error
        raise AssertionError("the last attempt returns or raises")

    def _request(self, request: urllib.request.Request, deadline: float) -> bytes:
        """Return the body of the server's response; raise `Refused` for an HTTP error."""
        try:
            with self._open(request, timeout=self.timeout) as response:
                return self._read_body(response, deadline)
        except urllib.error.HTTPError as error:
            with error:
                raise Refused(error.code, *_reason(error), error.headers.get("Location") or "") from None

    def _read_body(self, response: http.client.HTTPResponse, deadline: float) -> bytes:
        chunks: list[bytes] = []
        size = 0
        while chunk := response.read1(_CHUNK):
            chunks.append(chunk)
            size += len(chunk)
            if size > MAX_RESPONSE_BYTES:
                limit = MAX_RESPONSE_BYTES >> 20
                raise ModelError(
                    f"The server at {self.base} answered with more than {limit} MB.",
                    "An answer is a few kilobytes: check that the address is that of a chat completions server.",
                )
            if time.monotonic() > deadline:
                raise TimeoutError
        if response.length:
            raise http.client.IncompleteRead(b"", response.length)
        return b"".join(chunks)

    def _connection_error(self, error: Exception) -> ModelError:
        reason = getattr(error, "reason", error)
        if isinstance(reason, TimeoutError):
            hint = "The server is running but slow, or stuck: try a smaller model, or look at the server's log."
            return ModelError(f"The server at {self.base} gave no answer in {self.timeout:g} seconds.", hint)
        hint = f"Start the server, or correct the address; `curl {self.base}/models` should list its models."
        # An error of the protocol quotes what the server sent, which may be the document.
        told = getattr(reason, "strerror", None) or type(reason).__name__
        return ModelError(f"No server can be reached at {self.base} ({told}).", hint)

    def protocol_error(self) -> ModelError:
        """Return the error for a response that no chat completions server would give."""
        hint = "The address should be that of an OpenAI-compatible server, such as http://127.0.0.1:8080/v1."
        return ModelError(f"The server at {self.base} does not implement the chat completions protocol.", hint)

    def refusal_error(self, refused: Refused) -> ModelError:
        """Return the error for an HTTP error that ends the request.

        It holds the status and a code that is known, and nothing else that the server said: servers quote the prompt.
        What it said is in `refused`; raise the error from it, so that `--debug` shows it.
        """
        message = f"The server at {self.base} answered {refused.status}{f' ({refused.code})' if refused.code else ''}."
        if refused.location:
            parts = urllib.parse.urlsplit(refused.location)
            hint = f"It redirects requests to {parts.scheme}://{parts.netloc}; give that address if you trust it."
        elif refused.is_too_long:
            hint = "Start the server with a larger context, or give fewer passages to the prompt."
        elif refused.status in (400, 422):
            hint = "The server does not support this schema: use a newer server, or a simpler schema."
        else:
            hint = _HINTS.get(
                refused.status, "Look at the server's log, or run `extractor --debug ...` to see its answer."
            )
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


def _reason(error: urllib.error.HTTPError) -> tuple[str, str]:
    """Return what the server says is wrong, on one line, and its code where that is a known one."""
    try:
        body = error.read(MAX_REASON_BYTES).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException):
        return "", ""
    code = ""
    try:
        reason = json.loads(body)
        reason = reason.get("error", reason) if isinstance(reason, dict) else reason
        if isinstance(reason, dict):
            code = next((word for key in ("code", "type") if (word := str(reason.get(key))) in KNOWN_CODES), "")
            reason = reason.get("message", reason)
    except (ValueError, RecursionError):
        reason = body
    return " ".join(str(reason).split())[:500], code


def _run_until(deadline: float, work: Callable[[], bytes]) -> bytes:
    """Return what `work` returns or raise what it raises; raise TimeoutError when it has not ended at the deadline.

    The time-out of a socket begins again with every byte, and a server that sends one now and then never exceeds it.
    The thread of a call that is given up ends with its connection.
    """
    done: queue.SimpleQueue[tuple[bytes, BaseException | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            done.put((work(), None))
        except BaseException as error:
            done.put((b"", error))

    threading.Thread(target=run, name="chat server", daemon=True).start()
    try:
        found, error = done.get(timeout=max(0.0, deadline - time.monotonic()))
    except queue.Empty:
        raise TimeoutError from None
    if error is not None:
        raise error
    return found
