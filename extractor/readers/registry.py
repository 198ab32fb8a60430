"""Which reader reads a file, and the functions that the rest of the program reads files through."""

from __future__ import annotations

import os
import stat
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from extractor.errors import ExtractorError, InputError
from extractor.readers.garbage import collecting_seldom
from extractor.readers.limits import MAX_BYTES, SPLIT_FILE, refuse_large_file
from extractor.readers.sample import FileSample
from extractor.readers.signatures import AS_DOCUMENT, find_unsupported_format
from extractor.types import Document

if TYPE_CHECKING:
    from PIL import Image

READERS = (
    "docx",
    "xlsx",
    "xls",
    "ods",
    "pdf",
    "image",
    "eml",
    "markdown",
    "xml",
    "html",
    "json",
    "csv",
    "text",
)
"""The formats, each a module of this package. The first whose `sniff` accepts a file reads it; plain text is last."""


class Reader(Protocol):
    """What the module of a format has. A format with pages also has `render_page` (see `PageRenderer`)."""

    def sniff(self, sample: FileSample) -> bool:
        """Decide whether the file is in this format; raise InputError for one that is, but cannot be opened."""

    def read(self, data: bytes, source: str) -> Document:
        """Return the document in `data`; raise InputError where there is none."""


class PageRenderer(Protocol):
    """What the module of a format with pages has besides."""

    def render_page(self, data: bytes, source: str, number: int, dpi: float) -> Image.Image:
        """Return page `number` before OCR turned it, at `dpi` or in its own resolution; raise InputError."""


def find_reader(name: str) -> Reader:
    """Return the reader of a format; its module is imported on first use, and what it reads with when it reads."""
    return cast(Reader, import_module(f"extractor.readers.{name}"))


def detect_format(data: bytes, source: str = "the file") -> str:
    """Return the format in READERS that `data` is in; raise InputError for a file that no reader recognises.

    The content decides. The end of the name counts only where the content leaves the format open, as between plain
    text and Markdown.
    """
    sample = FileSample(data, source)
    for name in READERS:
        if find_reader(name).sniff(sample):
            return name
    raise _unsupported_error(sample)


def _unsupported_error(sample: FileSample) -> InputError:
    """Return the error for a file that no reader recognises; it names the format where that is known."""
    from extractor.readers import package

    if sample.is_ole:
        found: tuple[str, str] | None = package.describe_unsupported_ole(sample.data)
    elif sample.is_zip:
        found = package.describe_unsupported_zip(sample.data, sample.source, sample.content_types)
    else:
        found = find_unsupported_format(sample.head)
    if found is None:
        return InputError(f"{sample.source} is a binary file of an unknown kind.", AS_DOCUMENT)
    what, hint = found
    return InputError(f"{sample.source} is {what}, which cannot be read here.", hint)


def read(path: str | os.PathLike[str]) -> Document:
    """Return the document in the file at `path`; its content tells its format, whatever its name ends with.

    Raises InputError for a file that is missing, empty, a folder, not a regular file, too large, protected, broken,
    or in a format that no reader knows.
    """
    return read_bytes(read_file_bytes(path), os.fspath(path))


def read_file_bytes(path: str | os.PathLike[str]) -> bytes:
    """Return the bytes of the file at `path`; raise InputError if it is missing, not a regular file, or too large."""
    source = os.fspath(path)
    unreadable = "Check the path and your permission to read it."
    try:
        # Its kind is checked before it is opened: opening a FIFO waits for a writer, and a device may never end.
        found = os.stat(source)
    except FileNotFoundError:
        raise InputError(f"No such file: {source}", "Check the path, and upper and lower case in it.") from None
    except (OSError, ValueError) as error:
        raise InputError(f"Cannot read {source}: {error}", unreadable) from None
    if stat.S_ISDIR(found.st_mode):
        raise InputError(f"{source} is a folder.", "Give the files in it, or a pattern such as folder/*.pdf.")
    if not stat.S_ISREG(found.st_mode):
        raise InputError(f"{source} is not a regular file.", "Save its content to a file, and give that file.")
    refuse_large_file(found.st_size, source)
    try:
        with open(source, "rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"Cannot read {source}: {error}", unreadable) from None


def read_bytes(data: bytes, source: str) -> Document:
    """Return the document in `data`; `source` is its name in messages. Raises InputError as `read` does."""
    refuse_large_file(len(data), source)
    if not data.strip(b"\x00 \t\r\n\x0b\x0c"):
        raise InputError(f"{source} is empty.", "Check that it was saved or downloaded in full.")
    with naming_failures(source), collecting_seldom():
        return find_reader(detect_format(data, source)).read(data, source)


@contextmanager
def naming_failures(source: str) -> Iterator[None]:
    """Turn whatever a parser raises inside the block into an InputError that names the document.

    Parsers raise anything on bytes that no program would write. The error names the type and the place in the code; the
    message of the original may quote the document, and is kept only as the cause.
    """
    try:
        yield
    except ExtractorError:
        raise
    except (MemoryError, RecursionError) as error:
        raise InputError(
            f"{source} is too large or too deeply nested to be read ({type(error).__name__}).", SPLIT_FILE
        ) from error
    except Exception as error:
        raise InputError(
            f"{source} is broken, or made in a way that its reader does not know ({describe_failure(error)}).",
            "Open it in the program it was made with, save it again, and give that file.",
        ) from error


def describe_failure(error: BaseException) -> str:
    """Return the type of an unforeseen error and the place in this package where it arose; nothing of its message."""
    package = f"{os.sep}extractor{os.sep}"
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{f.filename.rpartition(package)[2]}:{f.lineno}" for f in frames if package in f.filename]
    return f"{type(error).__name__} at {places[-1] if places else '?'}"


def page_image(data: bytes, source: str, document: Document, number: int, dpi: float = 110.0) -> Image.Image:
    """Return the picture of page `number` of a document read from `data`; the boxes of its words refer to it.

    A point of a box is `dpi / 72` pixels of the picture: a PDF's page is rendered, a scanned page is straightened as
    OCR did. Raises InputError for a format without pages, a page that does not exist or is broken, and a `dpi` at
    which the picture would exceed the limits for pictures.
    """
    from extractor.readers import image

    reader = find_reader(detect_format(data, source))
    if not hasattr(reader, "render_page"):
        raise InputError(f"{source} has no pages to be shown as pictures.", "Show its text; only PDFs and pictures do.")
    page = next((page for page in document.pages if page.number == number), None)
    if page is None or not page.width or not page.height:
        raise InputError(f"{source} has no page {number} that can be shown.", "Ask for a page that was read.")
    size = max(1, round(page.width * dpi / 72)), max(1, round(page.height * dpi / 72))
    image.refuse_large_picture(size, f"Page {number} of {source} at {dpi:g} dots per inch")
    with naming_failures(source):
        picture = cast(PageRenderer, reader).render_page(data, source, number, dpi)
    if page.turn:
        from extractor.ocr import straighten

        picture = straighten(picture, page.turn)
    return picture if picture.size == size else picture.resize(size)
