"""Parts of a file as files of their own: some pages of a PDF, the attachments of a mail."""

from __future__ import annotations

import io

from extractor.errors import InputError
from extractor.types import Problem

MAX_ATTACHMENTS = 200


def cut_pages(data: bytes, source: str, first: int, last: int) -> bytes:
    """Return a PDF of the pages `first` to `last` of a PDF, counted from 1; raises InputError where it has them not."""
    import pypdfium2

    from extractor.readers.pdf import open_pdf
    from extractor.readers.pdf_page import PDFIUM

    with PDFIUM:
        document = open_pdf(pypdfium2, data, source)
        try:
            if not 1 <= first <= last <= len(document):
                raise InputError(f"{source} has no pages {first} to {last}.", f"It has {len(document):,} pages.")
            part = pypdfium2.PdfDocument.new()
            try:
                part.import_pages(document, list(range(first - 1, last)))
                written = io.BytesIO()
                part.save(written)
                return written.getvalue()
            finally:
                part.close()
        except pypdfium2.PdfiumError as error:
            raise InputError(
                f"Pages of {source} cannot be taken out of it: {error}.", "Split the file yourself."
            ) from None
        finally:
            document.close()


def read_attachments(data: bytes) -> list[tuple[str, bytes]]:
    """Return the name and the bytes of every file attached to a mail, mails inside the mail included."""
    from extractor.readers.eml import attached_files
    from extractor.readers.eml_parsing import parse_mail

    problems: list[Problem] = []
    return attached_files(parse_mail(data, problems))[:MAX_ATTACHMENTS]
