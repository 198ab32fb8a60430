"""Mail: the headers people see as labelled lines, the body, and the attachments, each by the reader for what it is.

Of a mail in plain text and in HTML the HTML is read, which has the tables. Pictures that only adorn the HTML are read
as well: an invoice may be one. What cannot be read is named in a Problem.
"""

from __future__ import annotations

import email
import email.policy
import hashlib
import re
from collections.abc import Iterator
from email.message import EmailMessage

from extractor.errors import InputError
from extractor.readers import html as page
from extractor.readers import text as plain
from extractor.readers.embedded import Enclosed
from extractor.readers.flow_writer import Paragraph, Part, flowed
from extractor.types import Document, Problem

_SHOWN = ("From", "To", "Cc", "Reply-To", "Subject", "Date")
_HEADER = re.compile(r"([!-9;-~]+):(?:[ \t].*)?")
_OF_PEOPLE = frozenset({"from", "to", "subject", "date"})
_OF_MACHINES = frozenset(
    {"message-id", "mime-version", "received", "return-path", "content-type", "delivered-to", "dkim-signature"}
)
_MAX_PARTS = 1000


def read(data: bytes, source: str) -> Document:
    """The document in a mail: its headers, its body, then every attachment under its name.

    Problems: attachments that were not read and why, and what is wrong inside those that were. Raises InputError for
    a mail that cannot be taken apart or is over the limit for text.
    """
    problems: list[Problem] = []
    try:
        message = email.message_from_bytes(data, policy=email.policy.default)
        lines = [f"{name}: {_header(message, name)}" for name in _SHOWN if message[name]]
        body = message.get_body(("html", "plain"))
        parts = list(_parts(message, body, problems))
    except InputError:
        raise
    except Exception as error:  # the parsers of headers raise whatever comes of headers they do not expect
        raise InputError(
            f"{source} cannot be taken apart as a mail ({type(error).__name__}: {error}).",
            "Save it again from the mail program, or save its text, and give that.",
        ) from None
    return flowed([Paragraph("\n".join(lines)), *parts], hashlib.sha256(data).hexdigest(), source, problems)


def is_mail(text: str, *, named: bool = False) -> bool:
    """Whether a text begins with the headers of a mail as programs send it; `named` says that its name ends so too."""
    names = set()
    for line in text.lstrip("\ufeff\n").removeprefix("From ").split("\n")[:200]:
        if not line.strip():
            break
        if line[0] in " \t":
            continue
        if match := _HEADER.fullmatch(line.rstrip("\r")):
            names.add(match[1].lower())
        elif names:
            return False
    # People copy the headers they see; what programs write for each other is in the mail itself only.
    return len(names & _OF_PEOPLE) > 1 and (named or bool(names & _OF_MACHINES))


def _header(message: EmailMessage, name: str) -> str:
    return " ".join(str(message[name]).split())


def _parts(message: EmailMessage, body: EmailMessage | None, problems: list[Problem]) -> Iterator[Part]:
    enclosed = Enclosed(problems)
    if body is not None:
        shown = _text(body)
        if not shown.text.strip() and (other := message.get_body(("plain",))) is not None:
            shown = _text(other)
        yield shown
    for number, (part, alternative) in enumerate(_leaves(message)):
        if number == _MAX_PARTS:
            problems.append(
                Problem((), "cut_off", f"The mail has more than {_MAX_PARTS:,} parts; the rest was left out.")
            )
            return
        kind = part.get_content_type()
        if part is body or kind in ("application/pkcs7-signature", "application/pgp-signature"):
            continue
        name = part.get_filename()
        if kind in ("text/plain", "text/html") and not name:
            # The other ways to say what the body says.
            if not alternative:
                yield _text(part)
            continue
        data = _bytes(part)
        if kind.startswith("image/") and not part.is_attachment():
            picture = enclosed.picture(data, name or "in the body")
            if picture is not None:
                yield picture
            continue
        name = " ".join((name or _subject(part) or kind).split())
        yield Paragraph(f"Attachment: {name}", "heading", 1)
        read = enclosed.read(data, name, "the attachment")
        if read is not None:
            yield read


def _leaves(message: EmailMessage) -> Iterator[tuple[EmailMessage, bool]]:
    """The parts that hold something, mails in the mail whole, and whether each is one way of several to say it."""
    open_ = [(message, False)]
    while open_:
        part, alternative = open_.pop()
        if part.get_content_maintype() != "multipart" or not part.is_multipart():
            yield part, alternative
            continue
        inside = alternative or part.get_content_subtype() == "alternative"
        open_ += [(inner, inside) for inner in reversed(part.get_payload())]


def _text(part: EmailMessage) -> Document:
    """The document in a part of text or HTML; a part in an unknown encoding is decoded by how it reads."""
    data = part.get_payload(decode=True) or b""
    charset = part.get_content_charset()
    try:
        data = data.decode(charset or "", "strict").encode()
        marked = b"<meta charset=utf-8>"
    except (LookupError, ValueError):
        marked = b""
    if not data.strip():
        return Document("", "", "")
    if part.get_content_type() == "text/html":
        return page.read(marked + data, "the body")
    return plain.read(data, "the body")


def _bytes(part: EmailMessage) -> bytes:
    if part.is_multipart():  # a mail in the mail
        return b"\n".join(inner.as_bytes() for inner in part.get_payload())
    return part.get_payload(decode=True) or b""


def _subject(part: EmailMessage) -> str:
    if not part.is_multipart():
        return ""
    inner = part.get_payload()[0]
    return f"{inner['Subject']}.eml" if inner["Subject"] else "message.eml"
