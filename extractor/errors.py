"""Errors that a person can act on: each has an exit status and says what to do next.

ExtractorError            1   any other error of this tool
  UsageError              2   the command line or the call is wrong (argparse uses 2 as well)
  InputError              3   a document cannot be used: missing, empty, a folder, of an unknown format, too large
  SchemaError             4   a schema cannot be used
  ModelError              5   a model cannot be used: unknown name, no weights, unsafe format, server not reachable
  CheckFailed             6   `extractor check`: a record breaks its schema or its checks; `eval`: below the threshold
  OutputError             7   a result cannot be written
"""

from __future__ import annotations


class ExtractorError(Exception):
    """The base class: `message` says what is wrong, `hint` what to do next, `code` is the exit status."""

    code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  {self.hint}" if self.hint else self.message


class UsageError(ExtractorError):
    """The command line or the call is wrong; argparse exits with 2 as well."""

    code = 2


class InputError(ExtractorError):
    """A document cannot be used."""

    code = 3


class SchemaError(ExtractorError):
    """A schema cannot be used."""

    code = 4


class ModelError(ExtractorError):
    """A model cannot be loaded or reached, or answers nonsense."""

    code = 5


class CheckFailed(ExtractorError):
    """A record breaks its schema or its rules, or accuracy is below the mark."""

    code = 6


class OutputError(ExtractorError):
    """The result cannot be written."""

    code = 7
