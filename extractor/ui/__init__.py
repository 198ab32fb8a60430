"""The web app: a FastAPI app of our own with its checks and JSON routes, and Gradio's screens mounted in it.

It decides nothing: what the screens show and do is `extractor.review`, what a job does is `extractor.jobs`. docs/web.md
is its manual. In the order to read them:

    settings, server           what a server is started with; starting and stopping
    app                        everything put together
    security, hosts, cookies   the outermost middleware
    sessions, passwords, login_attempts
    routes/                    the JSON routes, files and the login page; requests, responses, errors, dependencies
    gradio_app/                the screens made of Gradio's components; the only place that imports Gradio
    language, words/           the texts on the screen
    static/                    the scripts and style sheets of our own screens: a script for each screen, its modules in
                               the folder of the same name, what they share in common/
    export_files, reports      files to download, reports of evaluation runs
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

from extractor.errors import UsageError
from extractor.ui.settings import ServerSettings

__all__ = ["ServerSettings", "add_user", "serve"]


@contextlib.contextmanager
def _explain_missing_library() -> Iterator[None]:
    """Turn the import error of a library that is not installed into one that says how to get it."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("extractor"):
            raise
        raise UsageError(f"The web app needs {error.name}.", "Run `pip install 'extractor[ui]'`.") from error


def serve(
    settings: ServerSettings,
    tell: Callable[[str], None],
    ready: Callable[[str], object] = lambda address: None,
) -> None:
    """Serve until Ctrl-C or SIGTERM.

    `tell` is called with what the person at the terminal should know, `ready` with the address once the server answers.
    Raises UsageError where other machines could reach the server without a password, a library is missing, or the port
    is taken.
    """
    with _explain_missing_library():
        from extractor.ui import gradio_app, server

        gradio_app.require()
    server.serve(settings, tell, ready)


def add_user(file: Path, name: str, password: str) -> None:
    """Add a user to the password file, or change their password.

    Raises UsageError for an invalid name or password, OutputError where the file cannot be written.
    """
    with _explain_missing_library():
        from extractor.ui import passwords
    passwords.add_user(file, name, password)
