"""The library's parser of mails, within limits: it is slow with thousands of parts or recipients."""

from __future__ import annotations

from email.feedparser import BytesFeedParser
from email.message import EmailMessage
from email.policy import EmailPolicy
from typing import Any, cast

from extractor.problems import ProblemKind
from extractor.types import Problem

MAX_PARTS = 1000
MAX_HEADER = 20_000
"""Characters of a header: some 700 recipients."""
_CHUNK = 1 << 16
"""Bytes after which the parts are counted while a mail is parsed."""


def parse_mail(data: bytes, problems: list[Problem]) -> EmailMessage:
    """Return the mail in `data`, with a Problem for parts, and for ends of headers, that are left out."""
    parts = 0

    def make_part(policy: Any = None) -> EmailMessage:
        nonlocal parts
        parts += 1
        return EmailMessage(policy)

    parser = BytesFeedParser(policy=_BoundedPolicy(refold_source="none", message_factory=make_part))
    for start in range(0, len(data), _CHUNK):
        parser.feed(data[start : start + _CHUNK])
        if parts > MAX_PARTS:
            break
    message = cast(EmailMessage, parser.close())
    if parts > MAX_PARTS:
        _record(problems, f"The mail has more than {MAX_PARTS:,} parts; the rest was left out.")
    for name, value in message.raw_items():
        if len(value) > MAX_HEADER:
            _record(problems, f"The header {name} is longer than {MAX_HEADER:,} characters; its end was left out.")
    return message


def _record(problems: list[Problem], message: str) -> None:
    problems.append(Problem((), ProblemKind.CUT_OFF, message))


class _BoundedPolicy(EmailPolicy):
    """The library's policy, but no header is taken apart beyond MAX_HEADER characters.

    With `refold_source="none"` headers are not taken apart when a mail inside the mail is written out, either.
    """

    def header_fetch_parse(self, name: str, value: str) -> Any:
        """Return the header of that name, cut off behind an entry where it is too long."""
        if len(value) > MAX_HEADER:
            value = value[:MAX_HEADER].rpartition(",")[0] or value[:MAX_HEADER]
        return super().header_fetch_parse(name, value)
