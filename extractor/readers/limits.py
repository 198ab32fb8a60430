"""How much the readers accept, and the errors for files that hold more."""

from __future__ import annotations

from extractor.errors import InputError

MAX_BYTES = 100 * 1024 * 1024
MAX_CHARACTERS = 10_000_000
SPLIT_FILE = "Split it into smaller files."
"""The hint of every error for a document that is too long."""


def refuse_large_file(size: int, source: str) -> None:
    """Raise InputError for a file of more than MAX_BYTES bytes."""
    if size > MAX_BYTES:
        raise InputError(
            f"{source} is {size / 1024 / 1024:,.0f} MB; the limit is {MAX_BYTES // 1024 // 1024} MB.", SPLIT_FILE
        )


def refuse_long_text(length: int, source: str) -> None:
    """Raise InputError for a document of more than MAX_CHARACTERS characters."""
    if length > MAX_CHARACTERS:
        raise InputError(f"{source} is longer than {MAX_CHARACTERS:,} characters, the limit for text.", SPLIT_FILE)


_MAX_REASON = 160


def describe_library_error(error: BaseException) -> str:
    """Return what a library says is wrong, on one line and without words that mean nothing; else the error's type."""
    told = " ".join(str(error).split("\n")[0].split()).replace("(PDFium: Success)", "").strip(" .")
    return told[:_MAX_REASON] or type(error).__name__
