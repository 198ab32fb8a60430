"""What a person asked for that cannot be done as things stand, and was not done at all."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from extractor.errors import ExtractorError


class RefusalKind(StrEnum):
    """Why something is refused. Members are plain strings, as the web app's routes send them."""

    UNUSABLE = "unusable"
    """What was given is no value of the field, or is for no place of the record."""
    NEEDS_VALUE = "needs_value"
    """The field has to have a value; that the document has none has to be said."""
    OPEN = "open"
    """The record cannot be approved: something is left to check."""
    HELD = "held"
    """Somebody else has claimed the record."""
    NOTHING_TO_UNDO = "nothing_to_undo"
    GONE = "gone"
    """The document, or a part of it, cannot be shown."""
    BUSY = "busy"
    """Not yet: ask again in a moment."""


class ReviewError(ExtractorError):
    """A refusal. `details` holds what a screen needs beside the message, such as who holds a record."""

    def __init__(self, kind: RefusalKind, message: str, hint: str = "", **details: Any) -> None:
        super().__init__(message, hint)
        self.kind = kind
        self.details = details


def unusable(message: str, hint: str = "", **details: Any) -> ReviewError:
    """Return the refusal of something that is no value, or is for no place of the record."""
    return ReviewError(RefusalKind.UNUSABLE, message, hint, **details)
