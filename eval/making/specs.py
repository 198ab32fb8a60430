"""The specification of one document (its kind, layout and traps), and rendering it to bytes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from eval.making import as_html, as_office, as_pdf, as_picture, as_text
from eval.making.as_html import HtmlLayout
from eval.making.as_office import OfficeLayout
from eval.making.as_pdf import PdfLayout
from eval.making.as_picture import ScanEffects
from eval.making.as_text import TextLayout
from eval.making.blocks import GeneratedDocument


@dataclass(frozen=True)
class Scan:
    """A layout of a document that was printed and scanned.

    A JPEG, or a PDF of pictures where it may have several pages.
    """

    pdf: PdfLayout = field(default_factory=PdfLayout)
    scan: ScanEffects = field(default_factory=ScanEffects)
    as_pdf: bool = False


Layout = TextLayout | HtmlLayout | OfficeLayout | PdfLayout | Scan


@dataclass(frozen=True)
class DocumentSpec:
    """One document to generate; `name` is also the seed of its numbers and words."""

    name: str
    kind: Callable[[Random, frozenset[str]], GeneratedDocument]
    layout: Layout
    traits: frozenset[str] = frozenset()

    @property
    def file(self) -> str:
        """Return the name of the file."""
        return self.name + suffix(self.layout)

    def generate(self) -> GeneratedDocument:
        """Return the document's blocks and gold, the same on each call."""
        return self.kind(Random(self.name), self.traits)


def spec(
    name: str, kind: Callable[[Random, frozenset[str]], GeneratedDocument], layout: Layout, *traits: str
) -> DocumentSpec:
    """Return a specification, with the traits as separate arguments."""
    return DocumentSpec(name, kind, layout, frozenset(traits))


def suffix(layout: Layout) -> str:
    """Return the suffix of the file name."""
    if isinstance(layout, Scan):
        return ".pdf" if layout.as_pdf else ".jpg"
    if isinstance(layout, OfficeLayout):
        return "." + layout.form
    return {TextLayout: ".txt", HtmlLayout: ".html", PdfLayout: ".pdf"}[type(layout)]


def file_form(layout: Layout) -> str:
    """Return the file form in a word: text, html, office, pdf or picture."""
    forms = {TextLayout: "text", HtmlLayout: "html", OfficeLayout: "office", PdfLayout: "pdf", Scan: "picture"}
    return forms[type(layout)]


def render(document: GeneratedDocument, layout: Layout) -> bytes:
    """Return the bytes of the document in the given layout."""
    match layout:
        case TextLayout():
            return as_text.write(document.blocks, layout)
        case HtmlLayout():
            return as_html.write(document.blocks, layout)
        case OfficeLayout():
            return as_office.write(document.blocks, layout)
        case PdfLayout():
            return as_pdf.write(document.blocks, layout)
        case Scan(pdf=pdf, scan=scan, as_pdf=several):
            printed = as_pdf.write(document.blocks, pdf)
            if several:
                return as_picture.as_pdf(printed, scan)
            (page,) = as_picture.pages(printed, scan)
            return page
