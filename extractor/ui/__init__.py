"""The web app: a host of our own (FastAPI) with its checks and JSON routes, and Gradio's screens mounted in it.

It decides nothing: what the screens show and do is `extractor.review`, what a job does is `extractor.jobs`. `serve`
starts it. docs/web.md is its manual.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

from extractor.errors import UsageError
from extractor.ui.settings import ServerSettings

__all__ = ["ServerSettings", "add_user", "serve"]


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """A library that is missing is an error that says how to get it."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("extractor"):
            raise
        raise UsageError(f"The web app needs {error.name}.", "Run `pip install 'extractor[ui]'`.") from error


def serve(
    settings: ServerSettings, tell: Callable[[str], None], ready: Callable[[str], object] = lambda address: None
) -> None:
    """Serve until Ctrl-C or SIGTERM. `tell` is given what the person at the terminal should know, `ready` the address
    once it answers.

    Raises UsageError where the server would be open to other machines without a password, a library is missing, or
    the port is taken.
    """
    with _told():
        from extractor.ui import server
    server.serve(settings, tell, ready)


def add_user(file: Path, name: str, password: str) -> None:
    """Put the user into the password file, in the place of an older line of that name.

    Raises UsageError for a name or a password that will not do, OutputError where the file cannot be written.
    """
    with _told():
        from extractor.ui import passwords
    passwords.add_user(file, name, password)
