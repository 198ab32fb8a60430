"""Hand-ins: the user's files and how far they are, and what the user does with them.

Files themselves are sent through Gradio's upload component.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from extractor.ui.dependencies import Language, Service, User
from extractor.ui.kinds import find_schema
from extractor.ui.requests import MAX_INTEGER, AgainRequest, SplitRequest
from extractor.ui.responses import JsonResponse

router = APIRouter(tags=["uploads"])
HandInId = Annotated[int, Path(ge=1, le=MAX_INTEGER)]


@router.get("/uploads")
def list_uploads(service: Service, user: User, deleted: bool = False) -> Response:
    """Return the user's hand-ins, the newest first; with `deleted`, those in the bin."""
    return JsonResponse(service.uploads(who=user, deleted=deleted))


@router.post("/sample")
def hand_in_sample(service: Service, user: User, language: Language) -> Response:
    """Hand in a made-up order, to try the tool with."""
    return JsonResponse(service.hand_in_sample(language, who=user))


@router.post("/uploads/{handin}/cancel")
def cancel_upload(handin: HandInId, service: Service, user: User) -> Response:
    """Do nothing more for a hand-in."""
    return JsonResponse(service.cancel(handin, who=user))


@router.post("/uploads/{handin}/retry")
def retry_upload(handin: HandInId, service: Service, user: User) -> Response:
    """Do again what failed or was cancelled of a hand-in."""
    return JsonResponse(service.retry(handin, who=user))


@router.post("/uploads/{handin}/delete")
def delete_upload(handin: HandInId, service: Service, user: User) -> Response:
    """Put a hand-in and its records into the bin."""
    return JsonResponse(service.delete_handin(handin, who=user))


@router.post("/uploads/{handin}/restore")
def restore_upload(handin: HandInId, service: Service, user: User) -> Response:
    """Take a hand-in and its records out of the bin."""
    return JsonResponse(service.restore_handin(handin, who=user))


@router.post("/uploads/{handin}/split")
def split_upload(handin: HandInId, request: SplitRequest, service: Service, user: User) -> Response:
    """Take a stack apart on other pages than the tool did."""
    return JsonResponse(service.split_again(handin, request.starts, who=user))


@router.post("/uploads/{handin}/extract-again")
def extract_upload_again(handin: HandInId, request: AgainRequest, service: Service, user: User) -> Response:
    """Extract a hand-in again, keeping what people entered."""
    schema = find_schema(service.store, request.schema_name)
    return JsonResponse(service.extract_handin_again(handin, who=user, schema=schema, model=request.model))
