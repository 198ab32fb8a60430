"""Word documents: the text as Word shows it, list numbers included, tables with their spans, hidden text set apart.

Insertions, text boxes, content controls, the results of fields, and the headers and footers that are printed are
shown. Footnotes follow the text, without their marks in it, which would run into the figures before them. Hidden are
deletions, comments, text that is formatted as hidden, white on white, or one point high, and the placeholders of
content controls that nobody filled in. Pages are not known: only layout makes them.
"""

from __future__ import annotations

import hashlib

from extractor.errors import InputError
from extractor.readers.sample import FileSample
from extractor.types import Document, Problem

_MAIN_TYPES = (
    b"wordprocessingml.document.main",
    b"wordprocessingml.template.main",
    b"ms-word.document.macroenabled",
    b"ms-word.template.macroenabled",
)


def sniff(sample: FileSample) -> bool:
    """Accept a package that declares a Word document or template as its main part."""
    return any(main_type in sample.content_types for main_type in _MAIN_TYPES)


def read(data: bytes, source: str) -> Document:
    """Return the document in a Word file: headings, paragraphs, list items and tables in order, pictures read by OCR.

    Problems: pictures and drawings that were not read. Raises InputError for a file that is broken or locked.
    """
    from extractor.readers.docx_story import StoryReader
    from extractor.readers.flow_writer import write_flow
    from extractor.readers.package import Package

    package = Package(data, source)
    main = next((r.target for r in package.relations().values() if r.kind == "officeDocument" and r.target), None)
    if main is None:
        raise InputError(f"{source} is broken: it has no main part.", "Open it in Word, save it again, and give that.")
    problems: list[Problem] = []
    elements = list(StoryReader(package, main, problems).read_all())
    return write_flow(elements, hashlib.sha256(data).hexdigest(), source, problems)
