"""Files inside a document, pictures and attachments, read by the reader for what they are, to a depth."""

from __future__ import annotations

import io
from contextvars import ContextVar

from extractor import readers
from extractor.errors import InputError
from extractor.types import Document, Problem

MAX_DEPTH = 3
MAX_FILES = 50
MIN_SIDE = 16
"""Pixels a side under which a picture cannot hold text that OCR could read."""

_depth: ContextVar[int] = ContextVar("depth", default=0)


class Enclosed:
    """Reads the files inside one document; what cannot be read is a Problem, never a failure of the whole."""

    def __init__(self, problems: list[Problem]) -> None:
        self._problems = problems
        self._left = MAX_FILES
        self._seen: set[bytes] = set()

    def read(self, data: bytes, name: str, what: str) -> Document | None:
        """The document in `data`, `what` for people ("the attachment"); None, and a Problem, where there is none.

        Its own problems name it. No more than MAX_FILES are read, and files in files no deeper than MAX_DEPTH.
        """
        depth = _depth.get()
        if depth >= MAX_DEPTH:
            self.left_out(what, name, f"it is in a file in a file, {MAX_DEPTH} deep")
            return None
        self._left -= 1
        if self._left < 0:
            self.left_out(what, name, f"no more than {MAX_FILES} files inside a document are")
            return None
        mark = _depth.set(depth + 1)
        try:
            document = readers.read_bytes(data, name)
        except InputError as error:
            self.left_out(what, name, error.message)
            return None
        finally:
            _depth.reset(mark)
        problems = tuple(Problem(p.path, p.kind, f"In {what} {name}: {p.message}") for p in document.problems)
        return Document(document.id, name, document.text, document.pages, document.blocks, document.tables, problems)

    def picture(self, data: bytes, name: str) -> Document | None:
        """What OCR finds in a picture; None where that is nothing, or, with a Problem, where it cannot be read."""
        if data in self._seen:
            return None
        self._seen.add(data)
        if _is_ornament(data):
            return None
        found = self.read(data, name, "the picture")
        return found if found is not None and found.text.strip() else None

    def left_out(self, what: str, name: str, why: str) -> None:
        """Records that a file inside the document was not read, and why."""
        self._problems.append(Problem((), "not_read", f"{what[0].upper()}{what[1:]} {name} was not read: {why}"))


def _is_ornament(data: bytes) -> bool:
    """Whether a picture is too small to hold a word: a bullet, a rule, a pixel that counts visits."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data)) as picture:
            return min(picture.size) < MIN_SIDE
    except Exception:  # what it is and why it cannot be opened is for its reader to say
        return False
