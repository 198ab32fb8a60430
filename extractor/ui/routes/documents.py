"""The document of a record: its pages as pictures, its words and text, and OCR of a region."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from extractor.ui.dependencies import RecordId, Service, User
from extractor.ui.errors import RequestError
from extractor.ui.requests import ReadRegionRequest
from extractor.ui.responses import JsonResponse, PageImageResponse

router = APIRouter(prefix="/records/{record}", tags=["documents"])
RESOLUTIONS = (110, 150, 220)
"""Dots per inch in which pages are drawn: few, because every picture is kept."""
Page = Annotated[int, Path(ge=1, le=1_000_000)]


@router.get("/document")
def show_document(record: RecordId, service: Service, user: User) -> Response:
    """Return whether the document is ready, being read, or gone, and its pages."""
    return JsonResponse(service.document(record))


@router.get("/text")
def show_text(record: RecordId, service: Service, user: User) -> Response:
    """Return the document's text with its blocks and tables."""
    return JsonResponse(service.text(record))


@router.get("/pages/{page}.webp")
def draw_page(
    record: RecordId, page: Page, service: Service, user: User, dpi: Annotated[int, Query()] = 150
) -> Response:
    """Return a page as a WebP picture."""
    if dpi not in RESOLUTIONS:
        raise RequestError.unusable(f"dpi has to be one of {', '.join(map(str, RESOLUTIONS))}.")
    return PageImageResponse(service.page_image(record, page, dpi))


@router.get("/pages/{page}.json")
def list_words(record: RecordId, page: Page, service: Service, user: User) -> Response:
    """Return the words of a page with their places."""
    return JsonResponse(service.page_words(record, page))


@router.post("/read")
def read_region(record: RecordId, request: ReadRegionRequest, service: Service, user: User) -> Response:
    """Return what OCR reads in a box of a page, and its confidence."""
    return JsonResponse(service.read(record, page=request.page, box=request.box))
