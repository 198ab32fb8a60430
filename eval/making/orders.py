"""An order for one document: what kind, in what form, with which traps; and what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from eval.making import as_html, as_office, as_pdf, as_picture, as_text
from eval.making.as_html import HtmlLook
from eval.making.as_office import OfficeLook
from eval.making.as_pdf import PdfLook
from eval.making.as_picture import ScanLook
from eval.making.as_text import TextLook
from eval.making.sheet import Sheet


@dataclass(frozen=True)
class Scan:
    """A document that was printed and scanned: a JPEG, or a PDF of pictures where it may have several pages."""

    pdf: PdfLook = field(default_factory=PdfLook)
    scan: ScanLook = field(default_factory=ScanLook)
    as_pdf: bool = False


Look = TextLook | HtmlLook | OfficeLook | PdfLook | Scan


@dataclass(frozen=True)
class Order:
    """One document to be made; `name` is also the seed of its numbers and words."""

    name: str
    kind: Callable[[Random, frozenset[str]], Sheet]
    look: Look
    traits: frozenset[str] = frozenset()

    @property
    def file(self) -> str:
        """The name of the file."""
        return self.name + suffix(self.look)

    def sheet(self) -> Sheet:
        """The blocks and their truth, the same each time."""
        return self.kind(Random(self.name), self.traits)


def order(name: str, kind: Callable[[Random, frozenset[str]], Sheet], look: Look, *traits: str) -> Order:
    """The order, its traits given one by one."""
    return Order(name, kind, look, frozenset(traits))


def suffix(look: Look) -> str:
    """What the file's name ends on."""
    if isinstance(look, Scan):
        return ".pdf" if look.as_pdf else ".jpg"
    if isinstance(look, OfficeLook):
        return "." + look.form
    return {TextLook: ".txt", HtmlLook: ".html", PdfLook: ".pdf"}[type(look)]


def form(look: Look) -> str:
    """The form in a word: text, html, office, pdf or picture."""
    forms = {TextLook: "text", HtmlLook: "html", OfficeLook: "office", PdfLook: "pdf", Scan: "picture"}
    return forms[type(look)]


def written(sheet: Sheet, look: Look) -> bytes:
    """The bytes of the document in the form that `look` asks for."""
    match look:
        case TextLook():
            return as_text.write(sheet.blocks, look)
        case HtmlLook():
            return as_html.write(sheet.blocks, look)
        case OfficeLook():
            return as_office.write(sheet.blocks, look)
        case PdfLook():
            return as_pdf.write(sheet.blocks, look)
        case Scan(pdf=pdf, scan=scan, as_pdf=several):
            printed = as_pdf.write(sheet.blocks, pdf)
            if several:
                return as_picture.as_pdf(printed, scan)
            (page,) = as_picture.pages(printed, scan)
            return page
