"""The app: our routes and Gradio's screens behind one guard."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # gradio asks while it is imported

import gradio as gr
from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from extractor.errors import ExtractorError
from extractor.evaluation.runs import runs_folder
from extractor.ui import api, login
from extractor.ui.gradio_app import shell
from extractor.ui.gradio_app.tabs.export import Exports
from extractor.ui.language import FOLDER as WORDS
from extractor.ui.page import STATIC, Page
from extractor.ui.passwords import Passwords
from extractor.ui.reports import POLICY as REPORT_POLICY
from extractor.ui.reports import Reports
from extractor.ui.responses import Refused, refusal
from extractor.ui.security import UI, Guard, hosts
from extractor.ui.sessions import Sessions
from extractor.ui.settings import ServerSettings
from extractor.ui.upload_ownership import Received

if TYPE_CHECKING:
    from extractor.review import ReviewService

_NOBODY_ELSE = "the owner"


def build(settings: ServerSettings, desk: ReviewService, port: int) -> Guard:
    """The whole app, ready to be served at that port; `.app` is the one behind the guard."""
    uploads = private(settings.folder / "received")
    os.environ["GRADIO_TEMP_DIR"] = str(uploads)
    passwords = Passwords(settings.password_file) if settings.password_file else None
    cookie = f"extractor-{port}"  # two servers on one machine share a browser's cookies
    sessions = Sessions(
        settings.folder / f"sessions-{port}.json",
        (lambda user: passwords.lines().get(user))
        if passwords
        else (lambda user: _NOBODY_ELSE if user == settings.owner else None),
    )
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.add_exception_handler(Refused, lambda request, error: refusal(error))
    app.add_exception_handler(HTTPException, _http)
    app.include_router(login.routes(sessions, passwords, cookie))
    app.include_router(api.routes(desk, passwords is not None))

    @app.get("/")
    def start() -> Response:
        return RedirectResponse(f"{UI}/", 303)

    @app.get("/favicon.ico")
    def icon() -> Response:
        return FileResponse(STATIC / "icon.svg", media_type="image/svg+xml")

    exports = Exports(settings.folder / f"exports-{port}")
    reports = Reports(settings.runs or runs_folder())

    @app.get("/exports/{word}")
    def exported(word: str, request: Request) -> Response:
        found = exports.find(word, api.user_of(request))
        if found is None:
            raise Refused(404, "gone", "This file is no longer there.", "Have it made again, on the Export page.")
        return FileResponse(found, filename=found.name, headers={"Cache-Control": "no-store"})

    @app.get("/results/{name}.html")
    def result(name: str, request: Request) -> Response:
        api.user_of(request)
        try:
            page = reports.page(name)
        except ExtractorError as error:
            raise api.refused(error) from None
        return HTMLResponse(page, headers={"Content-Security-Policy": REPORT_POLICY, "Cache-Control": "no-store"})

    app.mount("/static/words", Files(directory=WORDS), name="words")
    app.mount("/static", Files(directory=STATIC), name="static")
    received = Received()
    gr.mount_gradio_app(
        app,
        shell.blocks(settings, desk, received, exports, reports),
        path=UI,
        auth_dependency=lambda request: getattr(request.state, "user", None),
        i18n=shell.I18N,
        theme=shell.theme(),
        run_history=False,
        footer_links=[],
        ssr_mode=False,
        show_error=False,
        enable_monitoring=False,
        mcp_server=False,
        pwa=False,
        max_file_size=settings.max_upload << 20,
        app_kwargs={"docs_url": None, "redoc_url": None, "openapi_url": None},
    )
    # Where the app around it has this, Gradio does not let every origin in, as it else does.
    app.add_middleware(CORSMiddleware, allow_origins=[])
    app.add_middleware(Page)
    app.add_middleware(received.beside)
    app.add_middleware(Caught)
    return Guard(
        app,
        sessions=sessions,
        cookie=cookie,
        hosts=hosts(settings.names, settings.loopback),
        folder=settings.folder,
        open_to=None if passwords else settings.owner,
    )


def private(folder: Path) -> Path:
    """The folder, made for its owner alone where it is missing."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


class Files(StaticFiles):
    """Files of ours, asked for anew each time and sent when they have changed."""

    def file_response(self, *args: Any, **keywords: Any) -> Response:
        found = super().file_response(*args, **keywords)
        found.headers["Cache-Control"] = "no-cache"
        return found


class Caught:
    """The app with every error that nobody foresaw made an answer, whatever route it comes from."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        begun = False

        async def told(message: Any) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, told)
        except Exception as error:
            if scope["type"] != "http" or begun:
                raise
            await refusal(error if isinstance(error, Refused) else api.internal(error))(scope, receive, send)


def _http(request: Request, error: Any) -> Response:
    kinds = {404: "not_found", 405: "not_found", 401: "not_logged_in"}
    kind = kinds.get(error.status_code, "unusable")
    return refusal(Refused(error.status_code, kind, "There is no such page." if kind == "not_found" else "Not so."))
