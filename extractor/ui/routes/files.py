"""Files to open or download: the screen's scripts, styles and texts, exported records, and evaluation reports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from extractor.ui.dependencies import User
from extractor.ui.errors import RequestError
from extractor.ui.gradio_app.paths import PAGE
from extractor.ui.language import LANGUAGES, words
from extractor.ui.reports import POLICY as REPORT_POLICY
from extractor.ui.responses import TextsResponse

STATIC = Path(__file__).parent.parent / "static"
PARTS = ("screen", "shell", "kinds", "lessons")
"""The parts of the screen that have files with texts."""
router = APIRouter(include_in_schema=False)


@router.get("/")
def start() -> Response:
    """Lead to the screens."""
    return RedirectResponse(PAGE, 303)


@router.get("/favicon.ico")
def show_icon() -> Response:
    """Return the icon of the browser's tab."""
    return FileResponse(STATIC / "icon.svg", media_type="image/svg+xml")


@router.get("/static/words/{file}.{language}.json")
def list_words(file: str, language: str, request: Request) -> Response:
    """Return the texts of a part of the screen (one of `PARTS`); 304 where the browser has them."""
    texts = words(language, file) if language in LANGUAGES and file in PARTS else None
    if texts is None:
        raise RequestError(404, "not_found", "There is no such file.")
    return TextsResponse(texts, request.headers.get("if-none-match"))


@router.get("/exports/{token}")
def download_export(token: str, request: Request, user: User) -> Response:
    """Return an exported file to the user who asked for it."""
    file = request.app.state.export_files.find(token, user)
    if file is None:
        raise RequestError(404, "gone", "This file is no longer there.", "Export the records again.")
    return FileResponse(file, filename=file.name, headers={"Cache-Control": "no-store"})


@router.get("/results/{name}.html")
def show_report(name: str, request: Request, user: User) -> Response:
    """Return the report of a kept evaluation run, as a page that may do nothing."""
    page = request.app.state.reports.page(name)
    return HTMLResponse(page, headers={"Content-Security-Policy": REPORT_POLICY, "Cache-Control": "no-store"})


def mount_static_files(app: FastAPI) -> None:
    """Serve the scripts and style sheets; the browser asks each time whether they have changed."""
    app.mount("/static", _RevalidatedFiles(directory=STATIC), name="static")


class _RevalidatedFiles(StaticFiles):
    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response
