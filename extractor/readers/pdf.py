"""PDF: the text layer of a page where it is what the page shows, and OCR of the page's picture where it is not."""

from __future__ import annotations

import contextlib
import hashlib
from typing import TYPE_CHECKING

from extractor.errors import InputError
from extractor.readers.limits import SPLIT_FILE, describe_library_error, refuse_long_text
from extractor.readers.sample import FileSample
from extractor.types import Document, Problem

if TYPE_CHECKING:
    from PIL import Image

MAX_PAGES = 2000
_SIGNATURE = b"%PDF-"
_SIGNATURE_WITHIN = 1024
"""A PDF may be preceded by junk; readers of PDF look for the signature in so many bytes."""


def sniff(sample: FileSample) -> bool:
    """Accept a file with the signature of a PDF near its beginning, but not an archive that holds a PDF."""
    return not sample.is_zip and not sample.is_ole and _SIGNATURE in sample.head[:_SIGNATURE_WITHIN]


def read(data: bytes, source: str) -> Document:
    """Return the document in a PDF, with a Problem for a page that is broken, blank or hard to read.

    Once the pages have taken the time that there is for OCR, of further ones only the text of the file is read.
    Raises InputError for a file that is broken, needs a password, or has more than MAX_PAGES pages.
    """
    import pypdfium2

    from extractor.readers.missing_glyphs import MissingGlyphFinder
    from extractor.readers.page_pool import TimeBudget, map_pages
    from extractor.readers.page_writer import PageWriter
    from extractor.readers.pdf_layers import hidden_layer_names
    from extractor.readers.pdf_layout import write_pdf_page
    from extractor.readers.pdf_page import PDFIUM, load_page
    from extractor.readers.pdf_reading import read_page, read_without_ocr
    from extractor.readers.scanned import pages_without_time

    with PDFIUM:
        document = open_pdf(pypdfium2, data, source)
        with contextlib.suppress(pypdfium2.PdfiumError):  # a broken form: its page is read without it
            document.init_forms()
    glyphs = MissingGlyphFinder(data)
    try:
        with PDFIUM:
            count = len(document)
        if count > MAX_PAGES:
            raise InputError(f"{source} has {count:,} pages; the limit is {MAX_PAGES:,}.", SPLIT_FILE)
        if count == 0:
            raise InputError(f"{source} is a PDF without pages.", "Check that it was saved or downloaded in full.")
        writer = PageWriter()
        problems: list[Problem] = []
        layers = hidden_layer_names(data)
        budget, unread = TimeBudget(), []
        pages = (
            load_page(pypdfium2, document, number, glyphs, layers, with_picture=not budget.is_spent)
            for number in range(1, count + 1)
        )
        for page, reading in map_pages(pages, read_page, read_without_ocr):
            problems += write_pdf_page(writer, page, reading)
            unread += [page.number] if page.lacks_time else []
            refuse_long_text(writer.length, source)
        problems += pages_without_time(unread)
        return writer.document(hashlib.sha256(data).hexdigest(), source, problems)
    finally:
        glyphs.close()
        with PDFIUM:
            document.close()


def render_page(data: bytes, source: str, number: int, dpi: float) -> Image.Image:
    """Return page `number` before OCR turned it, at `dpi` or at what the limits leave of it; raise InputError."""
    import pypdfium2

    from extractor.readers.pdf_page import PDFIUM, flatten_form_fields, render

    with PDFIUM:
        document = open_pdf(pypdfium2, data, source)
        try:
            if not 1 <= number <= len(document):
                raise InputError(f"{source} has no page {number}.", f"It has {len(document):,} pages.")
            page = flatten_form_fields(pypdfium2.raw, document, document[number - 1], number)
            try:
                return render(page, number, dpi).picture
            finally:
                page.close()
        except (pypdfium2.PdfiumError, MemoryError, ValueError) as error:
            raise InputError(
                f"Page {number} of {source} cannot be rendered: {describe_library_error(error)}.",
                "Open it in a PDF viewer and save it again.",
            ) from None
        finally:
            document.close()


def open_pdf(pypdfium2, data: bytes, source: str):
    """Return pdfium's document; raise InputError for one that is locked or broken."""
    try:
        return pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        code = getattr(error, "err_code", None)
        if code == pypdfium2.raw.FPDF_ERR_PASSWORD or "password" in str(error).lower():
            raise InputError(
                f"{source} is protected by a password.", "Save a copy without the password, and give that file."
            ) from None
        if code == pypdfium2.raw.FPDF_ERR_SECURITY or "security" in str(error).lower():
            raise InputError(
                f"{source} is encrypted in a way that cannot be read.", "Print it to a new PDF, and give that file."
            ) from None
        raise InputError(
            f"{source} is a broken PDF: {describe_library_error(error)}.",
            "Open it in a PDF viewer and save it again, or download it again.",
        ) from None
