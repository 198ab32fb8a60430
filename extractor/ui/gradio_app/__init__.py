"""Gradio's screens, and everything that works around Gradio. Nothing outside this folder imports it.

`mount` builds the screens and mounts them at `paths.PREFIX`; `add_middleware` puts what Gradio lacks around it. Read
`paths`, `mounting`, `screens`, `events`, `page`, `upload_ownership`, then the `tabs`.

What Gradio 6.31 does by default, and what is done about it:

* It reports usage and checks for new versions: `GRADIO_ANALYTICS_ENABLED` is off before the import (`mount`).
* It keeps the inputs and outputs of events in the browser's storage (`run_history`), and shows a footer, errors,
  a monitoring page and its own API description: all switched off (`mount`).
* It answers every origin with CORS headers unless the app around it has a CORS middleware; `app.py` adds one.
* It serves any file that anybody uploaded, fetches URLs for whoever asks, and more: `paths.is_closed` lets only the
  routes through that our page needs.
* It takes the path of a file from whoever names one, and sends the result of an event to whoever names the page:
  `upload_ownership` remembers whose they are and refuses others.
* Its login knows no session of ours: `auth_dependency` tells it the user, and `events` asks again in every event;
  `api_visibility="private"` only hides an event.
* Its page has scripts in it, which a strict content security policy would refuse: `page` gives each the nonce that the
  policy names. `unsafe-eval` stays, because Gradio compiles the line that loads one of our scripts (`js_on_load`).
* It takes the language from the browser only, and does not translate the window's title: `page` sets both.
* A value in `html_template` is evaluated as a template, so text of documents never passes through it: our modules
  fetch it as JSON and show it as text (`screens.module`).
* An `Error` toast always has an English title, so errors are shown as warnings with a title of ours (`events`).
* It alters file names and never deletes uploads that were used: `upload_ownership` keeps the names and deletes files.
* It prints tracebacks that quote what was submitted: `mounting` has it print the type and the place of an error.
* It answers an event that does not exist with a bare 500: `upload_ownership` refuses it before.
* A function that is slow holds up others of its kind: no event extracts anything, they hand over to the review service.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import FastAPI

    from extractor.review import ReviewService
    from extractor.ui.export_files import ExportFiles
    from extractor.ui.reports import Reports
    from extractor.ui.settings import ServerSettings


def require() -> None:
    """Raise ModuleNotFoundError where Gradio is not installed."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when Gradio is imported
    import gradio  # noqa: F401


def mount(
    app: FastAPI,
    *,
    settings: ServerSettings,
    service: ReviewService,
    export_files: ExportFiles,
    reports: Reports,
    upload_folder: Path,
) -> None:
    """Build the screens and mount them on the app; `upload_folder` is where Gradio puts what is sent to it."""
    require()
    os.environ["GRADIO_TEMP_DIR"] = str(upload_folder)
    from extractor.ui.gradio_app import mounting

    mounting.mount_screens(
        app,
        settings=settings,
        service=service,
        export_files=export_files,
        reports=reports,
        upload_folder=upload_folder,
    )


def add_middleware(app: FastAPI) -> None:
    """Put around the app what finishes Gradio's page and guards its files; call it after `mount`."""
    from extractor.ui.gradio_app.page import PageMiddleware
    from extractor.ui.gradio_app.upload_ownership import UploadOwnershipMiddleware

    app.add_middleware(PageMiddleware)
    app.add_middleware(UploadOwnershipMiddleware, ownership=app.state.upload_ownership)
