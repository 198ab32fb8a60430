"""Kinds of report: the saved and the shipped ones, drafts of new ones, and the samples that they are made from."""

from __future__ import annotations

import contextlib
import secrets
from pathlib import Path as FilePath
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from extractor.ui.dependencies import Service, User
from extractor.ui.errors import RequestError
from extractor.ui.requests import (
    DraftSourceRequest,
    FieldAtRequest,
    PreviewRequest,
    SaveKindRequest,
)
from extractor.ui.responses import JsonResponse, PageImageResponse
from extractor.ui.routes.documents import RESOLUTIONS, Page

router = APIRouter(tags=["kinds"])
Sample = Annotated[str, Path(pattern="^[0-9a-f]{64}$")]
"""The SHA-256 of a sample."""
KindName = Annotated[str, Path(min_length=1, max_length=200)]


@router.get("/kinds")
def list_kinds(service: Service, user: User) -> Response:
    """Return the kinds of report that people saved, then the shipped ones."""
    return JsonResponse(service.kinds.list())


@router.get("/kinds/{name}")
def open_kind(
    name: KindName, service: Service, user: User, version: Annotated[int | None, Query(ge=1, le=10**9)] = None
) -> Response:
    """Return a kind as a draft, with its versions."""
    return JsonResponse(service.kinds.open(name, version))


@router.post("/kinds")
def save_kind(request: SaveKindRequest, service: Service, user: User) -> Response:
    """Save a draft as a new kind, or as the newest version of one."""
    saved = {"name": request.name, "base": request.base, "sample": request.sample}
    return JsonResponse(service.kinds.save(request.draft, who=user, **saved))


@router.post("/kinds/{name}/remove")
def remove_kind(name: KindName, service: Service, user: User) -> Response:
    """Offer a kind no longer."""
    return JsonResponse(service.kinds.remove(name, who=user))


@router.post("/kinds/{name}/extract-again")
def extract_again(name: KindName, service: Service, user: User) -> Response:
    """Extract the open records of earlier versions of a kind again, keeping what people entered."""
    return JsonResponse(service.extract_kind_again(name, who=user))


@router.post("/kind-drafts")
def make_draft(request: DraftSourceRequest, service: Service, user: User) -> Response:
    """Return a draft: of a sample, a list of names, the header row of a spreadsheet, or a JSON Schema."""
    match request.source:
        case "sample":
            return JsonResponse(service.kinds.propose(request.sample, request.text))
        case "header":
            return JsonResponse(service.kinds.draft_from_header(request.sample))
        case "names":
            return JsonResponse(service.kinds.draft_from_names(request.text))
    return JsonResponse(service.kinds.draft_from_schema(request.text))


@router.post("/kind-drafts/preview")
def preview_draft(request: PreviewRequest, service: Service, user: User) -> Response:
    """Return the JSON Schema of a draft, and what its sample has for each field."""
    return JsonResponse(service.kinds.preview(request.draft, request.sample))


@router.post("/kind-drafts/field")
def field_at(request: FieldAtRequest, service: Service, user: User) -> Response:
    """Return the field for a stretch of the sample that was clicked."""
    return JsonResponse(service.kinds.field_at(request.sample, request.start, request.end, exact=request.exact))


@router.post("/samples")
async def add_sample(
    request: Request, service: Service, user: User, name: Annotated[str, Query(min_length=1, max_length=300)]
) -> Response:
    """Keep the file that is the request's body as a sample, and return its SHA-256."""
    folder: FilePath = request.app.state.upload_folder
    part = folder / f"sample-{secrets.token_hex(8)}.part"
    try:
        with part.open("xb") as file:
            async for chunk in request.stream():
                await run_in_threadpool(file.write, chunk)
        if not part.stat().st_size:
            raise RequestError.unusable("The file is empty.", "Choose another file.")
        return JsonResponse(await run_in_threadpool(service.kinds.add_sample, name, part, who=user))
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


@router.get("/samples/{sample}/document")
def show_document(sample: Sample, service: Service, user: User) -> Response:
    """Return whether a sample is ready, being read, or gone, and its pages."""
    return JsonResponse(service.documents.state(sample))


@router.get("/samples/{sample}/text")
def show_text(sample: Sample, service: Service, user: User) -> Response:
    """Return a sample's text with its blocks and tables."""
    return JsonResponse(service.documents.text(sample))


@router.get("/samples/{sample}/pages/{page}.webp")
def draw_page(sample: Sample, page: Page, service: Service, user: User, dpi: Annotated[int, Query()] = 150) -> Response:
    """Return a page of a sample as a WebP picture."""
    if dpi not in RESOLUTIONS:
        raise RequestError.unusable(f"dpi has to be one of {', '.join(map(str, RESOLUTIONS))}.")
    return PageImageResponse(service.documents.page_image(sample, page, dpi))


@router.get("/samples/{sample}/pages/{page}.json")
def list_words(sample: Sample, page: Page, service: Service, user: User) -> Response:
    """Return the words of a page of a sample, with their places."""
    return JsonResponse(service.documents.words(sample, page))
