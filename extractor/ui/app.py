"""The web app put together: our routes and Gradio's screens behind the security middleware."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from extractor import __version__
from extractor.evaluation.runs import runs_folder
from extractor.ui import gradio_app
from extractor.ui.api import API_PREFIX, create_api
from extractor.ui.errors import ErrorMiddleware, add_error_handlers
from extractor.ui.export_files import ExportFiles
from extractor.ui.hosts import host_check
from extractor.ui.passwords import PasswordFile
from extractor.ui.reports import Reports
from extractor.ui.routes import api_router, files, login, monitoring, server
from extractor.ui.security import SecurityMiddleware
from extractor.ui.sessions import Sessions
from extractor.ui.settings import ServerSettings

if TYPE_CHECKING:
    from extractor.review import ReviewService

OWNER_MARK = "the owner"
"""What the sessions of a server without passwords depend on: only its owner has any."""


def create_app(settings: ServerSettings, service: ReviewService, port: int) -> SecurityMiddleware:
    """Return the whole app, ready to be served at the port; its `.app` is the app without its checks.

    Raises UsageError where the password file cannot be used.
    """
    passwords = PasswordFile(settings.password_file) if settings.password_file else None
    cookie = f"extractor-{port}"  # two servers on one machine share a browser's cookies
    sessions = _open_sessions(settings, passwords, port)
    app = FastAPI(title="extractor", version=__version__, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.service = service
    app.state.login_needed = passwords is not None
    app.state.people = lambda: list(passwords.hashes()) if passwords is not None else [settings.owner]
    app.state.export_files = ExportFiles(settings.folder / f"exports-{port}")
    app.state.upload_folder = create_private_folder(settings.folder / f"received-{port}")
    app.state.reports = Reports(settings.runs or runs_folder())
    add_error_handlers(app, service)
    app.include_router(login.login_routes(sessions, passwords, cookie))
    app.include_router(api_router())
    app.include_router(server.router)
    app.include_router(files.router)
    app.include_router(monitoring.router)
    app.mount(API_PREFIX, create_api(settings, service))
    files.mount_static_files(app)
    gradio_app.mount(
        app,
        settings=settings,
        service=service,
        export_files=app.state.export_files,
        reports=app.state.reports,
        upload_folder=app.state.upload_folder,
    )
    # No other origin may read our answers. Gradio lets every origin in, unless the app around it has this middleware.
    app.add_middleware(CORSMiddleware, allow_origins=[])
    gradio_app.add_middleware(app)
    app.add_middleware(ErrorMiddleware)
    return SecurityMiddleware(
        app,
        sessions=sessions,
        cookie=cookie,
        is_own_host=host_check(settings.names, settings.loopback),
        folder=settings.folder,
        passwordless_user=None if passwords else settings.owner,
        find_token=service.store.tokens.find,
        max_upload=settings.max_upload << 20,
    )


def create_private_folder(folder: Path) -> Path:
    """Return the folder, made for its owner alone where it is missing."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _open_sessions(settings: ServerSettings, passwords: PasswordFile | None, port: int) -> Sessions:
    """Return the sessions of the server: of the users in the password file, else of its owner."""

    def mark(user: str) -> str | None:
        if passwords is not None:
            return passwords.hashes().get(user)
        return OWNER_MARK if user == settings.owner else None

    return Sessions(settings.folder / f"sessions-{port}.json", mark)
