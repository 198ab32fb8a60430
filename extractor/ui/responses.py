"""What goes back to the browser: JSON, and errors as `{error, message, hint}` with nothing of a traceback."""

from __future__ import annotations

import json
from typing import Any

import orjson
from starlette.responses import Response


class Refused(Exception):
    """A request that is not granted: `kind` is a fixed word, `more` what else the answer holds."""

    def __init__(self, status: int, kind: str, message: str, hint: str = "", **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.said = {"error": kind, "message": message, "hint": hint, **more}


def answer(data: Any, status: int = 200) -> Response:
    """The data as JSON; nobody but this browser may keep it."""
    try:
        body = orjson.dumps(data)
    except (TypeError, ValueError):  # half a surrogate pair in a text, a whole number beyond 64 bits
        body = json.dumps(data, ensure_ascii=True).encode()
    return Response(body, status, {"Cache-Control": "no-store"}, media_type="application/json")


def refusal(refused: Refused) -> Response:
    return answer(refused.said, refused.status)


def not_logged_in() -> Refused:
    return Refused(401, "not_logged_in", "You are not logged in.", "Load the page anew.")


def unusable(message: str, hint: str = "") -> Refused:
    """What came in is not what was asked for."""
    return Refused(422, "unusable", message, hint)
