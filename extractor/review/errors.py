"""What a person asked for that cannot be done as it stands, and was not done at all."""

from __future__ import annotations

from typing import Any

from extractor.errors import ExtractorError


class ReviewError(ExtractorError):
    """`kind` is a fixed word: unusable, open, held, nothing_to_undo, gone, busy; `more` is what else is to be known."""

    def __init__(self, kind: str, message: str, hint: str = "", **more: Any) -> None:
        super().__init__(message, hint)
        self.kind = kind
        self.more = more


def unusable(message: str, hint: str = "", **more: Any) -> ReviewError:
    """What was given is no value, or is for no place of the record."""
    return ReviewError("unusable", message, hint, **more)
