"""Documents inside one file: the pages of a stack that belong together, and the attachments of a mail.

Their names say where they are, `stack.pdf!/pages 3-5 of stack.pdf` and `mail.eml!/attachment 2, invoice.pdf`, so that
they are found again as files in an archive are.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from extractor.files.file_names import MEMBER_SEPARATOR
from extractor.jobs.sources import UnusableFile, member_name
from extractor.readers import detect_format
from extractor.readers.parts import cut_pages, read_attachments
from extractor.splitting import DocumentPart
from extractor.store import SourceFile

_PART = re.compile(r"pages (\d+)-(\d+) of [^/]*|attachment (\d+), .*", re.DOTALL)
_MAX_NAME = 100
"""Characters of an attachment's name that are kept in the name of the part."""


def split_part(name: str) -> tuple[str, str]:
    """Return the name of the file, and what names a part of it; empty for a name that is not one of a part."""
    whole, separator, part = name.rpartition(MEMBER_SEPARATOR)
    return (whole, part) if separator and _PART.fullmatch(part) else (name, "")


def page_numbers(name: str) -> tuple[int, int] | None:
    """Return the first and the last page of a part of a stack, None for any other name."""
    found = _PART.fullmatch(split_part(name)[1])
    return (int(found[1]), int(found[2])) if found and found[1] else None


def page_parts(name: str, document: str, stamp: str, parts: Sequence[DocumentPart]) -> tuple[SourceFile, ...]:
    """Return the documents in a stack of pages, whose own SHA-256 is `document`."""
    short = name.rpartition("/")[2]
    files = []
    for part in parts:
        inner = f"pages {part.first}-{part.last} of {short}"
        files.append(SourceFile(member_name(name, inner), stamp, _part_id(document, inner)))
    return tuple(files)


def attachment_parts(name: str, data: bytes, stamp: str) -> tuple[SourceFile, ...]:
    """Return the attachments of a mail that a reader can read; nothing where there are none."""
    files = []
    for number, (attached, content) in enumerate(read_attachments(data), 1):
        try:
            detect_format(content, attached)
        except Exception:  # no document: a signature, a calendar entry, a contact
            continue
        inner = f"attachment {number}, {attached.replace('/', '_').replace(MEMBER_SEPARATOR, '_')[-_MAX_NAME:]}"
        files.append(SourceFile(member_name(name, inner), stamp, hashlib.sha256(content).hexdigest()))
    return tuple(files)


def read_part(data: bytes, name: str, part: str) -> tuple[bytes, str]:
    """Return the bytes of a part of the file in `data`, and the SHA-256 by which the part is known.

    Pages that are taken out of a PDF get other bytes from every version of the library, so they are known by the file
    and their numbers. Raises UnusableFile where the file has no such part.
    """
    found = _PART.fullmatch(part)
    if found is None:
        raise UnusableFile("missing", "There is no such part of the file.")
    if found[1]:
        cut = cut_pages(data, name, int(found[1]), int(found[2]))
        return cut, _part_id(hashlib.sha256(data).hexdigest(), part)
    attachments = read_attachments(data)
    number = int(found[3])
    if not 1 <= number <= len(attachments):
        raise UnusableFile("missing", "The mail has no such attachment.")
    content = attachments[number - 1][1]
    return content, hashlib.sha256(content).hexdigest()


def _part_id(document: str, part: str) -> str:
    pages = part.partition(" of ")[0]  # the same pages are the same document, whatever the file is called
    return hashlib.sha256(f"{document} {pages}".encode()).hexdigest()
