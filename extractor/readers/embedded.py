"""Files inside a document: pictures and attachments are read by the readers of their formats, down to a depth."""

from __future__ import annotations

import io
from contextvars import ContextVar

from extractor.errors import InputError
from extractor.problems import ProblemKind
from extractor.readers.registry import read_bytes
from extractor.types import Document, Problem

MAX_DEPTH = 3
MAX_FILES = 50
MIN_SIDE = 16
"""Pixels a side under which a picture cannot hold text that OCR could read."""

_depth: ContextVar[int] = ContextVar("depth", default=0)


class EmbeddedFiles:
    """Reads the files inside one document; one that cannot be read is a Problem, never a failure of the whole."""

    def __init__(self, problems: list[Problem]) -> None:
        self._problems = problems
        self._left = MAX_FILES
        self._pictures: set[bytes] = set()

    def read(self, data: bytes, name: str, what: str) -> Document | None:
        """Return the document in `data`; None, with a Problem, where it cannot be read.

        `what` says to people what it is ("the attachment"); its own problems name it. No more than MAX_FILES are read,
        and files inside files no deeper than MAX_DEPTH.
        """
        depth = _depth.get()
        if depth >= MAX_DEPTH:
            self.record_unread(what, name, f"files inside files are read only {MAX_DEPTH} deep; give it by itself.")
            return None
        self._left -= 1
        if self._left < 0:
            self.record_unread(what, name, f"only {MAX_FILES} files inside a document are read; give it by itself.")
            return None
        outer = _depth.set(depth + 1)
        try:
            document = read_bytes(data, name)
        except InputError as error:
            self.record_unread(what, name, error.message)
            return None
        finally:
            _depth.reset(outer)
        problems = tuple(Problem(p.path, p.kind, f"In {what} {name}: {p.message}") for p in document.problems)
        return Document(document.id, name, document.text, document.pages, document.blocks, document.tables, problems)

    def read_picture(self, data: bytes, name: str) -> Document | None:
        """Return what OCR reads in a picture; None where that is nothing or, with a Problem, where it cannot be read.

        A picture that occurs several times is read once.
        """
        if data in self._pictures:
            return None
        self._pictures.add(data)
        if _is_too_small(data):
            return None
        document = self.read(data, name, "the picture")
        return document if document is not None and document.text.strip() else None

    def record_unread(self, what: str, name: str, reason: str) -> None:
        """Record a Problem that a file inside the document was not read, and why."""
        message = f"{what[0].upper()}{what[1:]} {name} was not read: {reason}"
        self._problems.append(Problem((), ProblemKind.NOT_READ, message))


def _is_too_small(data: bytes) -> bool:
    """Decide whether a picture is too small to hold a word: a bullet, a rule, a pixel that counts visits."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data)) as picture:
            return min(picture.size) < MIN_SIDE
    except Exception:  # the reader of pictures says what is wrong with it
        return False
