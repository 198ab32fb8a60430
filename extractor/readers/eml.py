"""Mail: the headers that people see as labelled lines, the body, and the attachments by the readers of their formats.

Of a mail in plain text and in HTML the HTML is read, which has the tables. Pictures in the HTML are read as well: an
invoice may be one. What cannot be read is named in a Problem.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from extractor.errors import InputError
from extractor.readers import html, text
from extractor.readers.embedded import EmbeddedFiles
from extractor.readers.flow_writer import FlowElement, FlowParagraph, write_flow
from extractor.readers.limits import describe_library_error
from extractor.readers.sample import FileSample
from extractor.types import Document, Problem

if TYPE_CHECKING:
    from email.message import EmailMessage

_SHOWN_HEADERS = ("From", "To", "Cc", "Reply-To", "Subject", "Date")
_HEADER = re.compile(r"([!-9;-~]+):(?:[ \t].*)?")
_HEADERS_FOR_PEOPLE = frozenset({"from", "to", "subject", "date"})
_HEADERS_FOR_PROGRAMS = frozenset(
    {"message-id", "mime-version", "received", "return-path", "content-type", "delivered-to", "dkim-signature"}
)
_SIGNATURES = ("application/pkcs7-signature", "application/pgp-signature")
_MAX_HEADER_LINES = 200


def sniff(sample: FileSample) -> bool:
    """Accept a text that begins with the headers of a mail as programs send it.

    Headers that people see may have been copied into any text; those that programs write for each other, or the name
    of the file, make it a mail.
    """
    if sample.text is None:
        return False
    names = set()
    for line in sample.text.lstrip("\ufeff\n").removeprefix("From ").split("\n")[:_MAX_HEADER_LINES]:
        if not line.strip():
            break
        if line[0] in " \t":
            continue
        if match := _HEADER.fullmatch(line.rstrip("\r")):
            names.add(match[1].lower())
        elif names:
            return False
    for_programs = sample.extension == ".eml" or bool(names & _HEADERS_FOR_PROGRAMS)
    return len(names & _HEADERS_FOR_PEOPLE) > 1 and for_programs


def read(data: bytes, source: str) -> Document:
    """Return the document in a mail: its headers, its body, then every attachment under its name.

    Problems: attachments that were not read and why, and what is wrong inside those that were. Raises InputError for
    a mail that cannot be parsed or is over the limit for text.
    """

    from extractor.readers.eml_parsing import parse_mail

    problems: list[Problem] = []
    try:
        message = parse_mail(data, problems)
        lines = [f"{name}: {' '.join(str(message[name]).split())}" for name in _SHOWN_HEADERS if message[name]]
        body = message.get_body(("html", "plain"))
        elements = list(_read_parts(message, body, problems))
    except InputError:
        raise
    except Exception as error:  # the parsers of headers raise various exceptions on headers they do not expect
        raise InputError(
            f"{source} cannot be parsed as a mail ({type(error).__name__}: {describe_library_error(error)}).",
            "Save it again from the mail program, or save its text, and give that file.",
        ) from None
    elements.insert(0, FlowParagraph("\n".join(lines)))
    return write_flow(elements, hashlib.sha256(data).hexdigest(), source, problems)


def _read_parts(message: EmailMessage, body: EmailMessage | None, problems: list[Problem]) -> Iterator[FlowElement]:
    embedded = EmbeddedFiles(problems)
    if body is not None:
        document = _read_text_part(body)
        if not document.text.strip() and (plain_body := message.get_body(("plain",))) is not None:
            document = _read_text_part(plain_body)
        yield document
    for part, is_alternative in _iterate_leaves(message):
        kind = part.get_content_type()
        if part is body or kind in _SIGNATURES:
            continue
        name = part.get_filename()
        if kind in ("text/plain", "text/html") and not name:
            # An alternative says what the body says.
            if not is_alternative:
                yield _read_text_part(part)
            continue
        data = _part_bytes(part)
        if kind.startswith("image/") and not part.is_attachment():
            picture = embedded.read_picture(data, name or "in the body")
            if picture is not None:
                yield picture
            continue
        name = " ".join((name or _subject_as_name(part) or kind).split())
        yield FlowParagraph(f"Attachment: {name}", "heading", 1)
        attachment = embedded.read(data, name, "the attachment")
        if attachment is not None:
            yield attachment


def attached_files(message: EmailMessage) -> list[tuple[str, bytes]]:
    """Return the name and the bytes of every attachment, in order; pictures of the body and signatures are none."""
    body = message.get_body(("html", "plain"))
    files = []
    for part, is_alternative in _iterate_leaves(message):
        kind = part.get_content_type()
        name = part.get_filename()
        is_text = kind in ("text/plain", "text/html") and not name
        is_shown = kind.startswith("image/") and not part.is_attachment()
        if part is body or is_alternative or is_text or is_shown or kind in _SIGNATURES:
            continue
        files.append((" ".join((name or _subject_as_name(part) or kind).split()), _part_bytes(part)))
    return files


def _iterate_leaves(message: EmailMessage) -> Iterator[tuple[EmailMessage, bool]]:
    """Yield the parts that hold content, each mail inside the mail as a whole, and whether each is an alternative."""
    waiting = [(message, False)]
    while waiting:
        part, is_alternative = waiting.pop()
        if part.get_content_maintype() != "multipart" or not part.is_multipart():
            yield part, is_alternative
            continue
        inside_alternative = is_alternative or part.get_content_subtype() == "alternative"
        waiting += [(inner, inside_alternative) for inner in reversed(part.get_payload())]


def _read_text_part(part: EmailMessage) -> Document:
    """Return the document in a part of text or HTML; the encoding is detected where its name is unknown or wrong."""
    data = part.get_payload(decode=True) or b""
    charset = part.get_content_charset()
    try:
        data = data.decode(charset or "", "strict").encode()
        declaration = b"<meta charset=utf-8>"
    except (LookupError, ValueError):
        declaration = b""
    if not data.strip():
        return Document("", "", "")
    if part.get_content_type() == "text/html":
        return html.read(declaration + data, "the body")
    return text.read(data, "the body")


def _part_bytes(part: EmailMessage) -> bytes:
    if part.is_multipart():  # a mail inside the mail
        return b"\n".join(inner.as_bytes() for inner in part.get_payload())
    return part.get_payload(decode=True) or b""


def _subject_as_name(part: EmailMessage) -> str:
    """Return a file name for a mail inside the mail; empty for any other part."""
    if not part.is_multipart():
        return ""
    inner = part.get_payload()[0]
    return f"{inner['Subject']}.eml" if inner["Subject"] else "message.eml"
