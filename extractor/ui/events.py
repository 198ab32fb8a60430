"""What Gradio's events share: who asks, in which language, and errors that a person can read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr

from extractor.errors import ExtractorError
from extractor.ui.api import internal
from extractor.ui.language import wanted, word

EVENT: dict[str, Any] = {"api_visibility": "private", "show_progress": "minimal"}
"""How every event is told of. `private` only keeps it out of a list: who asks is looked at each time."""


class Asking:
    """Who an event comes from, and what they read."""

    def __init__(self, request: gr.Request) -> None:
        if not request.username:
            raise gr.Error("not logged in", print_exception=False)
        self.user: str = request.username
        headers = request.headers
        self.language = wanted(dict(request.cookies), str(headers.get("accept-language", "")))

    def word(self, key: str, **given: Any) -> str:
        return word(self.language, key, **given)

    def headers(self, *keys: str) -> list[str]:
        """The heads of a table's columns."""
        return [self.word(key) for key in keys]


def told(event: Callable[..., Any]) -> Callable[..., Any]:
    """The event for Gradio: its last argument becomes an Asking, and its errors become messages."""

    def telling(request: gr.Request, *given: Any) -> Any:
        asking = Asking(request)
        try:
            return event(*given, asking)
        except ExtractorError as error:
            text = f"{error.message} {error.hint}"
        except Exception as error:
            internal(error)
            text = asking.word("shell.internal")
        gr.Warning(_plain(text), 30, title=asking.word("shell.error"))  # an Error's title is always in English
        return gr.skip()

    return telling


def _plain(text: str) -> str:
    """The text with nothing in it that a message would take for markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
