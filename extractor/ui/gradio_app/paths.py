"""Where Gradio is mounted, and which of its routes our page needs; the security middleware reads it too."""

from __future__ import annotations

import re

PREFIX = "/ui"
PAGE = f"{PREFIX}/"
UPLOAD, JOIN, DATA = (f"{PREFIX}/gradio_api/{path}" for path in ("upload", "queue/join", "queue/data"))
"""Where files are sent, where an event is sent, and where its result is streamed from."""
_NEEDED = re.compile(
    rf"{PREFIX}/(?:|config|theme\.css|assets/.*|static/.*|svelte/.*|manifest\.json"
    r"|gradio_api/(?:queue/join|queue/data|upload|upload_progress|heartbeat/\w+|startup-events|theme\.css|reset))"
)


def is_closed(path: str) -> bool:
    """Decide whether a path is one of Gradio's that our page does not need.

    Gradio has many more routes, such as one that serves any user's upload and one that fetches whatever a URL names.
    """
    return path.startswith(PAGE) and not _NEEDED.fullmatch(path)
