"""Requests to the HTTP API of a server, one method each, and its refusals as exceptions."""

from __future__ import annotations

import json
import os
import secrets
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from extractor.errors import ExtractorError

_PAGE = 200


class ApiError(ExtractorError):
    """The server refused a request: `status` is that of HTTP, `kind` its fixed word, `answer` all that it said."""

    def __init__(self, status: int, answer: Mapping[str, Any]) -> None:
        super().__init__(str(answer.get("message") or f"The server answered {status}."), str(answer.get("hint") or ""))
        self.status, self.kind, self.answer = status, str(answer.get("error") or ""), dict(answer)


class Client:
    """The API of the server at `url`, with an access token. Its methods raise ApiError, or OSError without a server."""

    def __init__(self, url: str, token: str, *, timeout: float = 60.0) -> None:
        self._base, self._token, self._timeout = f"{url.rstrip('/')}/api/v1", token, timeout

    def kinds(self) -> list[dict[str, Any]]:
        """Return the kinds of report that the server offers."""
        return self._json("GET", "/kinds")

    def submit(
        self,
        document: str | os.PathLike[str] | bytes,
        *,
        name: str = "",
        kind: str = "auto",
        model: str | None = None,
        split: bool = False,
    ) -> dict[str, Any]:
        """Hand in a file, or its bytes under a name, and return the submission with its number (`id`)."""
        if isinstance(document, bytes):
            data = document
        else:
            name = name or os.path.basename(os.fspath(document))
            with open(document, "rb") as file:
                data = file.read()
        fields = {"kind": kind, "split": "true" if split else "false"} | ({"model": model} if model else {})
        body, content_type = _form(fields, name or "document", data)
        return json.loads(self._send("POST", "/documents", body, content_type))

    def submission(self, number: int) -> dict[str, Any]:
        """Return how far a submission is, and the records that came of it."""
        return self._json("GET", f"/documents/{number}")

    def wait(self, number: int, *, seconds: float = 600.0, pause: float = 0.5) -> list[int]:
        """Return the records of a submission once nothing of it is going on; raises TimeoutError after `seconds`."""
        end = time.monotonic() + seconds
        while True:
            documents = self.submission(number)["documents"]
            if documents and all(each["state"] in ("done", "failed", "cancelled") for each in documents):
                return [each["record"] for each in documents if each["record"] is not None]
            if time.monotonic() > end:
                raise TimeoutError(f"Submission {number} is not done after {seconds:g} s.")
            time.sleep(pause)

    def records(self, *, status: str = "all", kind: str | None = None, search: str = "") -> Iterator[dict[str, Any]]:
        """Yield the records that fit, the newest first."""
        after = 0
        while True:
            wanted = {"status": status, "search": search, "after": after, "limit": _PAGE} | (
                {"kind": kind} if kind else {}
            )
            page = self._json("GET", f"/records?{urllib.parse.urlencode(wanted)}")
            yield from page["records"]
            after += len(page["records"])
            if not page["records"] or after >= page["total"]:
                return

    def record(self, number: int) -> dict[str, Any]:
        """Return a record, with people's corrections in place."""
        return self._json("GET", f"/records/{number}")

    def evidence(self, number: int) -> list[dict[str, Any]]:
        """Return the values of a record with their evidence and confidence."""
        return self._json("GET", f"/records/{number}/evidence")["values"]

    def page(self, number: int, page: int, *, dpi: int = 110, seconds: float = 120.0) -> bytes:
        """Return a page of a record's document as a WebP picture; waits while the document is being read."""
        end = time.monotonic() + seconds
        while True:
            try:
                return self._send("GET", f"/records/{number}/pages/{page}.webp?dpi={dpi}")
            except ApiError as error:
                if error.kind != "busy" or time.monotonic() > end:
                    raise
                time.sleep(0.5)

    def correct(self, number: int, path: Sequence[str | int], text: str, *, revision: int) -> dict[str, Any]:
        """Put a value in the place of another; an empty text says that the document has none."""
        body = {"path": list(path), "text": text, "revision": revision}
        return self._json("POST", f"/records/{number}/corrections", body)

    def approve(self, number: int, *, revision: int, force: bool = False, note: str = "") -> dict[str, Any]:
        """Approve a record; with `force` although values are left to check."""
        return self._json("POST", f"/records/{number}/approve", {"revision": revision, "force": force, "note": note})

    def reject(self, number: int, *, revision: int, note: str = "") -> dict[str, Any]:
        """Reject a record."""
        return self._json("POST", f"/records/{number}/reject", {"revision": revision, "note": note})

    def export(self, kind: str, *, format: str = "jsonl", status: str = "approved", evidence: bool = False) -> bytes:
        """Return the records of a kind as a file."""
        wanted = {"kind": kind, "format": format, "status": status, "evidence": "true" if evidence else "false"}
        return self._send("GET", f"/export?{urllib.parse.urlencode(wanted)}")

    def _json(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        return json.loads(self._send(method, path, data, "application/json"))

    def _send(self, method: str, path: str, body: bytes | None = None, content_type: str = "") -> bytes:
        headers = {"Authorization": f"Bearer {self._token}"}
        if body is not None:
            headers["Content-Type"] = content_type
        request = urllib.request.Request(self._base + path, body, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=self._timeout) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            with error:
                text = error.read()
            try:
                said = json.loads(text)
            except ValueError:
                said = {}
            raise ApiError(error.code, said if isinstance(said, dict) else {}) from None


def _form(fields: Mapping[str, str], name: str, data: bytes) -> tuple[bytes, str]:
    """Return a form with a file (multipart/form-data, RFC 7578), and its content type."""
    boundary = secrets.token_hex(16)
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
        for key, value in fields.items()
    ]
    quoted = name.replace("\r", " ").replace("\n", " ").replace('"', "%22")
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{quoted}"\r\n'
    parts.append(f"{head}Content-Type: application/octet-stream\r\n\r\n".encode())
    return b"".join([*parts, data, f"\r\n--{boundary}--\r\n".encode()]), f"multipart/form-data; boundary={boundary}"
