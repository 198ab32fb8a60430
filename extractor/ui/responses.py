"""What goes back to the browser."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import orjson
from starlette.responses import Response


class JsonResponse(Response):
    """Data as JSON that neither the browser nor a proxy may keep."""

    media_type = "application/json"

    def __init__(self, content: Any, status_code: int = 200) -> None:
        super().__init__(content, status_code, {"Cache-Control": "no-store"})

    def render(self, content: Any) -> bytes:
        """Return the data as JSON text in UTF-8."""
        try:
            return orjson.dumps(content)
        except (TypeError, ValueError):  # a lone surrogate in a text, or an integer beyond 64 bits
            return json.dumps(content, ensure_ascii=True).encode()


class PageImageResponse(Response):
    """A picture of a page, which the browser may keep for an hour."""

    media_type = "image/webp"

    def __init__(self, content: bytes) -> None:
        super().__init__(content, headers={"Cache-Control": "private, max-age=3600"})


class TextsResponse(Response):
    """Texts of the screen, which the browser keeps but asks for each time: without a body where it has them (304)."""

    media_type = "application/json"

    def __init__(self, texts: Mapping[str, str], known_tag: str | None) -> None:
        body = orjson.dumps(dict(texts))
        tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        known = known_tag == tag
        super().__init__(b"" if known else body, 304 if known else 200, {"Cache-Control": "no-cache", "ETag": tag})
