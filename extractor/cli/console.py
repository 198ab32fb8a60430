"""Output of the command line: results go to stdout, messages to stderr; errors become messages with an exit code."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys

from extractor.errors import ExtractorError, InputError, OutputError


def report_error(error: Exception) -> int:
    """Print an error on stderr and return its exit code."""
    if isinstance(error, ExtractorError):
        print_message(f"extractor: {error}")
        return error.code
    if isinstance(error, MemoryError):
        print_message("extractor: out of memory\n  Split the document, or close other programs, and try again.")
        return InputError.code
    name = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    print_message(
        f"extractor: an error of the tool itself: {name}\n  Run `extractor --debug ...` and report what it prints."
    )
    return ExtractorError.code


def report_document_error(path: str, error: Exception) -> int:
    """Print on stderr why one document failed, always with its name, and return the exit code."""
    if not (isinstance(error, ExtractorError) and path in error.message):
        print_message(f"extractor: {path} failed:")
    return report_error(error)


def print_message(text: str) -> None:
    """Print a message for the person at the terminal; a closed stderr is no error."""
    with contextlib.suppress(OSError):
        print(text, file=sys.stderr, flush=True)


def print_result(text: str) -> None:
    """Print a result; OutputError when stdout takes no more, as on a full disk."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # or Python tries again at exit
        raise OutputError(
            f"Cannot write to stdout: {error.strerror}", "Free some space, or name --output FILE."
        ) from error


def terminal_width() -> int:
    """Return the columns of the terminal; 120 where there is none."""
    return shutil.get_terminal_size((120, 40)).columns
