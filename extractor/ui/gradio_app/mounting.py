"""Gradio's app made from the screens and mounted in ours, with everything switched off that we do not need."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
import gradio.queueing
import gradio.route_utils
import gradio.routes
import gradio.utils
from fastapi import FastAPI, Request

from extractor.ui.errors import internal_error
from extractor.ui.gradio_app import paths, screens
from extractor.ui.gradio_app.upload_ownership import UploadOwnership

if TYPE_CHECKING:
    from extractor.review import ReviewService
    from extractor.ui.export_files import ExportFiles
    from extractor.ui.reports import Reports
    from extractor.ui.settings import ServerSettings


def mount_screens(
    app: FastAPI,
    *,
    settings: ServerSettings,
    service: ReviewService,
    export_files: ExportFiles,
    reports: Reports,
    upload_folder: Path,
) -> None:
    """Mount the screens on the app, and leave in `app.state.upload_ownership` whose the uploaded files are."""
    ownership = app.state.upload_ownership = UploadOwnership(upload_folder)
    blocks = screens.build_screens(settings, service, ownership, export_files, reports)
    ownership.events = frozenset(blocks.fns)
    for module in (gradio.queueing, gradio.route_utils, gradio.routes, gradio.utils):
        module.traceback = _TypeAndPlace()
    gr.mount_gradio_app(
        app,
        blocks,
        path=paths.PREFIX,
        auth_dependency=_logged_in_user,
        i18n=screens.TRANSLATIONS,
        theme=screens.make_theme(),
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


class _TypeAndPlace:
    """Stands for the module `traceback` in Gradio, which prints tracebacks that quote what was submitted."""

    def __getattr__(self, name: str) -> Any:
        return getattr(traceback, name)

    @staticmethod
    def print_exc(*_: Any, **__: Any) -> None:
        """Print the type of the error that is being handled, and where it happened."""
        error = sys.exc_info()[1]
        if isinstance(error, Exception):
            internal_error(error)


def _logged_in_user(request: Request) -> str | None:
    """Return who is logged in, as the security middleware found; Gradio answers 401 where it is None."""
    return getattr(request.state, "user", None)
