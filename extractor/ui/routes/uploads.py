"""The user's uploads and how far they are. Files themselves are sent through Gradio's upload component."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from extractor.ui.dependencies import Service, User
from extractor.ui.responses import JsonResponse

router = APIRouter(tags=["uploads"])


@router.get("/uploads")
def list_uploads(service: Service, user: User) -> Response:
    """Return the user's uploads, the newest first."""
    return JsonResponse(service.uploads(who=user))
