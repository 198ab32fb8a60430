"""The JSON routes: each looks at what comes in, calls the desk, and gives out what it says. Nothing is decided here."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from extractor.errors import ExtractorError, InputError, OutputError
from extractor.store import Conflict
from extractor.ui.requests import Asked, body, whole
from extractor.ui.responses import Refused, answer, not_logged_in, refusal, unusable

if TYPE_CHECKING:
    from extractor.review import ReviewService

STATUSES = ("open", "new", "needs_review", "approved", "rejected", "second", "flagged", "all")
REASONS = ("low_confidence", "failed_check", "no_evidence", "other_problem", "sample")
SORTS = ("risk", "new", "old", "name")
DPI = (110, 150, 220)
MOST_ROWS = 500

Call = Callable[["ReviewService", str, int, Asked], Any]


def routes(desk: ReviewService, login: bool) -> APIRouter:
    """All routes under `/api`."""
    router = APIRouter(prefix="/api")

    @router.get("/me")
    def me(request: Request) -> Response:
        return answer({"user": user_of(request), "second_review": desk.second_review, "login": login})

    def add(method: str, path: str, call: Call) -> None:
        async def endpoint(request: Request) -> Response:
            return await _answered(request, desk, call)

        router.add_api_route(path, endpoint, methods=[method], name=path.strip("/") or "api")

    for method, path, call in CALLS:
        add(method, path, call)

    @router.get("/records/{record}/pages/{page}.webp")
    async def picture(request: Request) -> Response:
        def drawn(desk: ReviewService, who: str, record: int, asked: Asked) -> bytes:
            dpi = asked.whole("dpi", 150)
            if dpi not in DPI:
                raise unusable(f"dpi is one of {', '.join(map(str, DPI))}.")
            return desk.page_image(record, _page(request), dpi)

        return await _answered(request, desk, drawn, _picture)

    @router.get("/records/{record}/pages/{page}.json")
    async def words(request: Request) -> Response:
        def said(desk: ReviewService, who: str, record: int, asked: Asked) -> Any:
            return desk.page_words(record, _page(request))

        return await _answered(request, desk, said)

    return router


def user_of(request: Request) -> str:
    """Who asks; Refused where nobody is logged in. The guard has seen to it: every route asks all the same."""
    user = getattr(request.state, "user", None)
    if user is None:
        raise not_logged_in()
    return user


async def _answered(
    request: Request, desk: ReviewService, call: Call, made: Callable[[Any], Response] = answer
) -> Response:
    """What the call gives, or its error, as an answer."""
    who = user_of(request)
    if request.method == "POST" and request.headers.get("x-extractor") != "1":
        raise Refused(403, "forbidden", "The request does not come from our page.", "It lacks the header X-Extractor.")
    asked = Asked(await body(request) if request.method == "POST" else dict(request.query_params))
    record = whole("record", request.path_params["record"], 1, 2**53) if "record" in request.path_params else 0
    try:
        return made(await run_in_threadpool(call, desk, who, record, asked))
    except Conflict as conflict:
        now = await run_in_threadpool(desk.view, conflict.current.id, who=who)
        return refusal(Refused(409, "conflict", conflict.message, conflict.hint, record=now))
    except ExtractorError as error:
        return refusal(refused(error))


def refused(error: ExtractorError) -> Refused:
    """An error of ours as an answer: its kind says which, where it has one."""
    kind = getattr(error, "kind", "")
    if not kind:
        kind = (
            "no_record" if isinstance(error, InputError) else "store" if isinstance(error, OutputError) else "unusable"
        )
    status = _STATUS.get(kind, 422)
    return Refused(status, kind, error.message, error.hint, **getattr(error, "more", {}))


_STATUS = {"no_record": 404, "gone": 404, "held": 409, "conflict": 409, "store": 503, "busy": 503, "forbidden": 403}


def internal(error: Exception) -> Refused:
    """What nobody foresaw: where it happened goes to the terminal, without the message, which may quote a document."""
    frames = [f"{f.filename.rpartition('/')[2]}:{f.lineno}" for f in traceback.extract_tb(error.__traceback__)[-4:]]
    print(f"extractor: an error of the tool itself: {type(error).__name__} at {' '.join(frames)}", file=sys.stderr)
    return Refused(500, "internal", "An error of the tool itself.", "The terminal where it was started says where.")


def _picture(data: bytes) -> Response:
    return Response(data, headers={"Cache-Control": "private, max-age=3600"}, media_type="image/webp")


def _page(request: Request) -> int:
    return whole("page", request.path_params["page"], 1, 1_000_000)


# The calls: desk, who, the number of the record, and what is asked.


def _filters(asked: Asked) -> dict[str, Any]:
    return {
        "status": asked.word("status", STATUSES, "open"),
        "schema": asked.text("schema", None, 200),
        "reason": asked.word("reason", REASONS, None),
        "job": asked.text("job", None, 500),
        "search": asked.text("search", None, 200),
        "sort": asked.word("sort", SORTS, "risk"),
    }


def _queue(desk: ReviewService, who: str, _: int, asked: Asked) -> Any:
    after, limit = asked.whole("after", 0), asked.whole("limit", 100, 1, MOST_ROWS)
    return desk.queue(who=who, **_filters(asked), after=after, limit=limit)


def _view(desk: ReviewService, who: str, record: int, _: Asked) -> Any:
    return desk.view(record, who=who)


def _next(desk: ReviewService, who: str, record: int, asked: Asked) -> Any:
    return desk.next(record, who=who, **_filters(asked))


def _claim(desk: ReviewService, who: str, record: int, asked: Asked) -> Any:
    return desk.claim(record, who=who, take=asked.truth("take"))


def _release(desk: ReviewService, who: str, record: int, _: Asked) -> Any:
    return desk.release(record, who=who)


HOWS: Mapping[str, Callable[[Asked], dict[str, Any]]] = {
    "typed": lambda asked: {"text": asked.text("text")},
    "word": lambda asked: {"text": asked.text("text"), "evidence": asked.evidence()},
    "words": lambda asked: {"text": asked.text("text"), "evidence": asked.evidence()},
    "region": lambda asked: {"text": asked.text("text"), "evidence": asked.evidence()},
    "accepted": lambda asked: {},
    "absent": lambda asked: {},
    "row_added": lambda asked: {"at": asked.whole("at")},
    "row_deleted": lambda asked: {"at": asked.whole("at")},
    "pasted": lambda asked: {"at": asked.whole("at"), "column": asked.whole("column"), "cells": asked.cells()},
}
"""What each way to change a record brings besides its revision and a path."""


def _edit(desk: ReviewService, who: str, record: int, asked: Asked) -> Any:
    how = asked.word("how", tuple(HOWS))
    given = HOWS[how](asked)
    return desk.edit(record, who=who, revision=asked.whole("revision"), how=how, path=asked.path(), **given)


def _undo(desk: ReviewService, who: str, record: int, asked: Asked) -> Any:
    return desk.undo(record, who=who, revision=asked.whole("revision"))


def _redo(desk: ReviewService, who: str, record: int, asked: Asked) -> Any:
    return desk.redo(record, who=who, revision=asked.whole("revision"))


def _approve(desk: ReviewService, who: str, record: int, asked: Asked) -> Any:
    revision, force = asked.whole("revision"), asked.truth("force")
    return desk.approve(record, who=who, revision=revision, force=force, note=asked.note())


def _reject(desk: ReviewService, who: str, record: int, asked: Asked) -> Any:
    return desk.reject(record, who=who, revision=asked.whole("revision"), note=asked.note())


def _reopen(desk: ReviewService, who: str, record: int, asked: Asked) -> Any:
    return desk.reopen(record, who=who, revision=asked.whole("revision"), note=asked.note())


def _flag(desk: ReviewService, who: str, record: int, asked: Asked) -> Any:
    return desk.flag(record, who=who, revision=asked.whole("revision"), note=asked.note())


def _history(desk: ReviewService, who: str, record: int, asked: Asked) -> Any:
    return desk.history(record, path=asked.path("path", None))


def _document(desk: ReviewService, who: str, record: int, _: Asked) -> Any:
    return desk.document(record)


def _text(desk: ReviewService, who: str, record: int, _: Asked) -> Any:
    return desk.text(record)


def _read(desk: ReviewService, who: str, record: int, asked: Asked) -> Any:
    return desk.read(record, page=asked.whole("page", least=1), box=asked.box())


def _uploads(desk: ReviewService, who: str, _: int, __: Asked) -> Any:
    return desk.uploads(who=who)


CALLS: tuple[tuple[str, str, Call], ...] = (
    ("GET", "/queue", _queue),
    ("GET", "/records/{record}", _view),
    ("GET", "/records/{record}/next", _next),
    ("POST", "/records/{record}/claim", _claim),
    ("POST", "/records/{record}/release", _release),
    ("POST", "/records/{record}/edit", _edit),
    ("POST", "/records/{record}/undo", _undo),
    ("POST", "/records/{record}/redo", _redo),
    ("POST", "/records/{record}/approve", _approve),
    ("POST", "/records/{record}/reject", _reject),
    ("POST", "/records/{record}/reopen", _reopen),
    ("POST", "/records/{record}/flag", _flag),
    ("GET", "/records/{record}/history", _history),
    ("GET", "/records/{record}/document", _document),
    ("GET", "/records/{record}/text", _text),
    ("POST", "/records/{record}/read", _read),
    ("GET", "/uploads", _uploads),
)
