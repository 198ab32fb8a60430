"""Readers: a file goes in, a Document comes out; one module per format, told apart by what the bytes are."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

from extractor.errors import ExtractorError, InputError
from extractor.types import Document

if TYPE_CHECKING:
    from PIL import Image

Reader = Callable[[bytes, str], Document]

MAX_BYTES = 100 * 1024 * 1024
MAX_CHARACTERS = 10_000_000


def _reader(name: str) -> Reader:
    # The modules are imported on first use: pdfium and lexbor are not needed to read a text file.
    def read_with(data: bytes, source: str) -> Document:
        return import_module(f"extractor.readers.{name}").read(data, source)

    return read_with


READERS: dict[str, Reader] = {
    name: _reader(name) for name in ("pdf", "image", "docx", "xlsx", "ods", "eml", "html", "markdown", "csv", "text")
}
"""What reads each kind of file; a new format is a module in this folder and a line here."""

# What a file of another kind starts with, what people call it, and what to do about it.
_SAVE = "Save or export it as PDF, HTML or plain text, and give that file."
_SCAN = "Save or export it as JPEG, PNG or PDF, and give that file."
_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
_FOREIGN: tuple[tuple[bytes, str, str], ...] = (
    (b"RIFF", "a sound or video file", "Give its text, if it has any."),
    (b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 picture", _SCAN),
    (b"8BPS", "a Photoshop picture", _SCAN),
    (b"{\\rtf", "an RTF document", _SAVE),
    (b"\x1f\x8b", "a gzip archive", "Unpack it, and give the document inside."),
    (b"BZh", "a bzip2 archive", "Unpack it, and give the document inside."),
    (b"\xfd7zXZ", "an xz archive", "Unpack it, and give the document inside."),
    (b"7z\xbc\xaf", "a 7z archive", "Unpack it, and give the document inside."),
    (b"Rar!", "a RAR archive", "Unpack it, and give the document inside."),
    (b"%!PS", "a PostScript file", _SAVE),
    (b"\x7fELF", "a program", _SAVE),
    (b"MZ", "a program", _SAVE),
)


def read(path: str | os.PathLike[str]) -> Document:
    """The document in the file at `path`; its kind is told by its content, whatever its name ends with.

    Raises InputError for a file that is missing, empty, a folder, not a regular file, too large, protected, broken,
    or of a kind that no reader knows.
    """
    return read_bytes(bytes_of(path), os.fspath(path))


def bytes_of(path: str | os.PathLike[str]) -> bytes:
    """What is in the file at `path`; raises InputError where it is missing, no regular file, or too large."""
    source = os.fspath(path)
    try:
        # Looked at before it is opened: opening a FIFO waits for a writer, and a device may never end.
        found = os.stat(source)
    except FileNotFoundError:
        raise InputError(f"No such file: {source}", "Check the path; names are told apart by capitals.") from None
    except (OSError, ValueError) as error:
        raise InputError(f"Cannot read {source}: {error}", "Check the path and who may read it.") from None
    if stat.S_ISDIR(found.st_mode):
        raise InputError(
            f"{source} is a folder.", "Give the files in it one by one, or a pattern such as folder/*.pdf."
        )
    if not stat.S_ISREG(found.st_mode):
        raise InputError(f"{source} is not a regular file.", "Save what it yields in a file, and give that.")
    _refuse_large(found.st_size, source)
    try:
        with open(source, "rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"Cannot read {source}: {error}", "Check the path and who may read it.") from None


def read_bytes(data: bytes, source: str) -> Document:
    """The document in `data`; `source` is the name it goes by in messages. Raises InputError as `read` does."""
    _refuse_large(len(data), source)
    if not data.strip(b"\x00 \t\r\n\x0b\x0c"):
        raise InputError(f"{source} is empty.", "Check that it was saved or downloaded in full.")
    try:
        return READERS[detect(data, source)](data, source)
    except ExtractorError:
        raise
    except (MemoryError, RecursionError) as error:
        raise InputError(
            f"{source} is too large or too deeply nested to be read ({type(error).__name__}).",
            "Split it into smaller files.",
        ) from error


def page_image(data: bytes, source: str, document: Document, number: int, dpi: float = 110.0) -> Image.Image:
    """Page `number` of the document read from `data`, as a person is shown it, to which the boxes of its words refer.

    A point of a box is `dpi / 72` pixels of the picture: a PDF's page is drawn, a scanned page is straightened as OCR
    did. Raises InputError for a format without pages, a page that is not there or broken, and a `dpi` at which the
    picture would be larger than the limits for pictures.
    """
    from extractor.readers import image

    kind = detect(data, source)
    if kind not in ("pdf", "image"):
        raise InputError(f"{source} has no pages to be shown as pictures.", "Show its text; only PDFs and pictures do.")
    page = next((page for page in document.pages if page.number == number), None)
    if page is None or not page.width or not page.height:
        raise InputError(f"{source} has no page {number} that can be shown.", "Ask for a page that was read.")
    size = max(1, round(page.width * dpi / 72)), max(1, round(page.height * dpi / 72))
    image.refuse_large(size, f"Page {number} of {source} at {dpi:g} dots per inch")
    picture = import_module(f"extractor.readers.{kind}").picture(data, source, number, dpi)
    if page.turn:
        from extractor.ocr import straighten

        picture = straighten(picture, page.turn)
    return picture if picture.size == size else picture.resize(size)


def detect(data: bytes, source: str = "the file") -> str:
    """The key in READERS for `data`: by its first bytes, then by how it reads; InputError for what none can read.

    The name's ending counts only where the content leaves it open: what Markdown and delimited text look like, other
    texts do as well.
    """
    head = data[:65536]
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")):
        return import_module("extractor.readers.package").office_kind(data, source)
    # A PDF may be preceded by junk; readers of PDF look for the mark in the first 1024 bytes.
    if b"%PDF-" in head[:1024]:
        return "pdf"
    if any(_begins(head, magic) for magic in _PICTURES) or (head.startswith(b"RIFF") and head[8:12] == b"WEBP"):
        return "image"
    if head[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypavif"):
        raise InputError(f"{source} is a HEIC or AVIF picture, which cannot be read here.", _SCAN)
    for magic, what, hint in _FOREIGN:
        if _begins(head, magic):
            raise InputError(f"{source} is {what}, which cannot be read here.", hint)

    from extractor.readers import text

    try:
        start, _ = text.decode(head, cut=len(data) > len(head))
    except ValueError:
        raise InputError(f"{source} is a binary file of an unknown kind.", _SAVE) from None
    if len(data) > len(head):
        start = start.rpartition("\n")[0] or start
    return _kind_of_text(start, os.path.splitext(source)[1].lower())


def _kind_of_text(start: str, ending: str) -> str:
    """The kind of a text that begins so; how its name ends decides between kinds that a text alone leaves open."""
    from extractor.readers import csv, eml, markdown, text

    if eml.is_mail(start, named=ending == ".eml"):
        return "eml"
    marked = ending in (".md", ".markdown") or (markdown.has_pipe_table(start) and not start.lstrip().startswith("<"))
    if marked and not text.looks_like_page(start):
        return "markdown"
    if text.looks_like_html(start):
        return "html"
    if (ending in (".csv", ".tsv") and csv.dialect_of(start)) or csv.is_delimited(start):
        return "csv"
    return "text"


def _begins(head: bytes, magic: bytes) -> bool:
    # Two letters are too little to go by unless bytes that no text has follow soon.
    return head.startswith(magic) and (len(magic) > 2 or b"\x00" in head[:64] or not 0x20 <= magic[0] < 0x80)


def _refuse_large(size: int, source: str) -> None:
    if size > MAX_BYTES:
        raise InputError(
            f"{source} is {size / 1024 / 1024:,.0f} MB; the limit is {MAX_BYTES // 1024 // 1024} MB.",
            "Split it into smaller files.",
        )
