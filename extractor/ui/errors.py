"""Errors as answers: every one is JSON `{"error": KIND, "message": ..., "hint": ...}` without a traceback."""

from __future__ import annotations

import sys
import traceback
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from extractor.errors import ExtractorError, InputError, OutputError
from extractor.store import Conflict
from extractor.ui.responses import JsonResponse

if TYPE_CHECKING:
    from extractor.review import ReviewService

STATUS_BY_KIND = {
    "no_record": 404,
    "gone": 404,
    "held": 409,
    "conflict": 409,
    "kind_changed": 409,
    "store": 503,
    "busy": 503,
    "forbidden": 403,
}
"""The HTTP status of each kind of error; 422 for all others."""
TRACEBACK_FRAMES = 4


class RequestError(HTTPException):
    """A request that is refused before it reaches the review service.

    `kind` is a fixed word that the browser looks up; `details` are further keys of the answer. It derives from
    Starlette's HTTPException because FastAPI lets no other error through while it reads a request's body.
    """

    def __init__(self, status: int, kind: str, message: str, hint: str = "", **details: Any) -> None:
        super().__init__(status, message)
        self.content = {"error": kind, "message": message, "hint": hint, **details}

    @classmethod
    def unusable(cls, message: str, hint: str = "") -> RequestError:
        """Return the error for a request that does not hold what was asked for."""
        return cls(422, "unusable", message, hint)

    @classmethod
    def not_logged_in(cls) -> RequestError:
        """Return the error for a request without a valid session."""
        return cls(401, "not_logged_in", "You are not logged in.", "Reload the page.")

    def response(self) -> JsonResponse:
        """Return the error as an answer."""
        return JsonResponse(self.content, self.status_code)


def add_error_handlers(app: FastAPI, service: ReviewService) -> None:
    """Have the app answer every expected error in the shape that the browser knows."""

    def conflict(request: Request, error: Any) -> Response:
        """Answer with the record as it now is, so that the screen can show it."""
        record = service.view(error.current.id, who=request.state.user)
        return RequestError(409, "conflict", error.message, error.hint, record=record).response()

    app.add_exception_handler(Conflict, conflict)
    app.add_exception_handler(ExtractorError, lambda request, error: request_error(error).response())
    app.add_exception_handler(RequestValidationError, lambda request, error: _invalid(error).response())
    app.add_exception_handler(RequestError, lambda request, error: error.response())
    app.add_exception_handler(HTTPException, lambda request, error: _http_error(error).response())


def request_error(error: ExtractorError) -> RequestError:
    """Return an error of the tool as an error of the request, with the status that its kind has."""
    kind = getattr(error, "kind", "")
    if not kind and isinstance(error, InputError):
        kind = "no_record"
    elif not kind:
        kind = "store" if isinstance(error, OutputError) else "unusable"
    details = getattr(error, "details", {})
    return RequestError(STATUS_BY_KIND.get(kind, 422), kind, error.message, error.hint, **details)


def _invalid(error: RequestValidationError) -> RequestError:
    """Say which part of a request is wrong, without repeating what it held."""
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"][1:])
    if first["type"] == "json_invalid":
        return RequestError.unusable("The request is not valid JSON.")
    return RequestError.unusable(f"{place or 'request'}: {first['msg'].removeprefix('Value error, ')}.")


def _http_error(error: HTTPException) -> RequestError:
    """Return an error that the framework itself raised."""
    if error.status_code in (404, 405):
        return RequestError(error.status_code, "not_found", "There is no such page.")
    if error.status_code == 400:  # raised by FastAPI alone, for a body that it cannot decode
        return RequestError.unusable("The body of the request cannot be read.")
    return RequestError(error.status_code, "unusable", "The request cannot be answered.")


def internal_error(error: Exception) -> RequestError:
    """Report an unforeseen error on the terminal and return the answer to it.

    Only its type and where it happened are printed: its message may quote a document.
    """
    frames = traceback.extract_tb(error.__traceback__)[-TRACEBACK_FRAMES:]
    places = " ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in frames)
    print(f"extractor: internal error: {type(error).__name__} at {places}", file=sys.stderr)
    return RequestError(500, "internal", "Internal error.", "See the terminal where the server was started.")


class ErrorMiddleware:
    """Answers unforeseen errors of the app inside it, Gradio's routes and middleware included.

    An exception handler for `Exception` would not do: Starlette raises the error again after calling it, and the
    server would print its message.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or one error in its place (ASGI)."""
        started = False

        async def send_noting_start(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, send_noting_start)
        except Exception as error:
            if scope["type"] != "http" or started:
                raise
            answer = error if isinstance(error, RequestError) else internal_error(error)
            await answer.response()(scope, receive, send)
