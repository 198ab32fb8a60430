"""What Gradio's events share: who is asking, in which language, and errors as messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import gradio as gr

from extractor.errors import ExtractorError
from extractor.ui.errors import internal_error
from extractor.ui.language import preferred_language, word

EVENT_OPTIONS: dict[str, Any] = {"api_visibility": "private", "show_progress": "minimal"}
"""Options of every event. `private` only keeps it out of a list: who is asking is looked up each time."""
MESSAGE_SECONDS = 30


class EventContext:
    """Who an event comes from, and which language they read. Raises `gr.Error` where nobody is logged in."""

    def __init__(self, request: gr.Request) -> None:
        if not request.username:
            raise gr.Error("You are not logged in.", print_exception=False)
        self.user: str = request.username
        accepted = str(request.headers.get("accept-language", ""))
        self.language = preferred_language(dict(request.cookies), accepted)

    def word(self, key: str, **values: Any) -> str:
        """Return a text in the user's language."""
        return word(self.language, key, **values)

    def words(self, *keys: str) -> list[str]:
        """Return several texts, such as the headers of a table's columns."""
        return [self.word(key) for key in keys]


class TabContents(NamedTuple):
    """How a tab is filled when it is opened: what `fill` returns goes into the components, in their order."""

    fill: Callable[[EventContext], list[Any]]
    components: list[Any]


def event(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function as Gradio calls it: its last argument is an EventContext, and its errors become messages."""

    def handle(request: gr.Request, *arguments: Any) -> Any:
        context = EventContext(request)
        try:
            return function(*arguments, context)
        except ExtractorError as error:
            text = f"{error.message} {error.hint}"
        except Exception as error:
            internal_error(error)
            text = context.word("shell.internal")
        gr.Warning(_escape(text), MESSAGE_SECONDS, title=context.word("shell.error"))  # the title of Error is English
        return gr.skip()

    return handle


def _escape(text: str) -> str:
    """Return the text without anything that Gradio's messages would take for markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
