"""What the readers are shown of a file so that each can say whether the file is in its format."""

from __future__ import annotations

import os
from functools import cached_property

from extractor.readers import encoding
from extractor.readers.signatures import find_unsupported_format

HEAD_BYTES = 65536

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class FileSample:
    """A file that is to be recognised, and what is looked up of it only once however many readers ask."""

    def __init__(self, data: bytes, source: str) -> None:
        self.data = data
        self.source = source
        self.head = data[:HEAD_BYTES]
        self.extension = os.path.splitext(source)[1].lower()
        """The end of the file's name, in lower case, with its dot. It decides only what the content leaves open."""

    @property
    def is_zip(self) -> bool:
        """Whether the file is a ZIP archive, as the newer office formats are."""
        return self.head.startswith(_ZIP)

    @property
    def is_ole(self) -> bool:
        """Whether the file is an OLE compound file, as the older office formats are."""
        return self.head.startswith(_OLE)

    @cached_property
    def content_types(self) -> bytes:
        """The content types that a ZIP package declares, in lower case; empty for any other file.

        Raises InputError for an archive that is broken, locked or too large to be unpacked.
        """
        if not self.is_zip:
            return b""
        from extractor.readers import package

        return package.content_types(self.data, self.source)

    @cached_property
    def text(self) -> str | None:
        """The beginning of the file as text, up to its last whole line; None for a file that is not plain text.

        None also for a format that is text to look at but is known to be another one, such as RTF.
        """
        if self.is_zip or self.is_ole or find_unsupported_format(self.head) is not None:
            return None
        cut = len(self.data) > len(self.head)
        try:
            start, _ = encoding.decode(self.head, cut=cut)
        except ValueError:
            return None
        return (start.rpartition("\n")[0] or start) if cut else start
