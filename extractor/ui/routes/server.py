"""The server itself: who is logged in, what can be chosen from, and the description of the JSON routes."""

from __future__ import annotations

from typing import get_args

from fastapi import APIRouter, Request
from starlette.responses import Response

from extractor.store.review_reasons import ReviewReason
from extractor.ui.dependencies import Service, User
from extractor.ui.kinds import list_kinds
from extractor.ui.requests import QueueRequest
from extractor.ui.responses import JsonResponse

router = APIRouter(tags=["server"])


@router.get("/api/me")
def show_user(request: Request, service: Service, user: User) -> Response:
    """Return who is logged in, whether a login is needed, and whether records are reviewed twice."""
    return JsonResponse({"user": user, "second_review": service.second_review, "login": request.app.state.login_needed})


@router.get("/api/options")
def list_options(request: Request, service: Service, user: User) -> Response:
    """Return what can be chosen from: what the queue is filtered and sorted by, kinds, models and people."""
    fields = QueueRequest.model_fields
    return JsonResponse(
        {
            "statuses": get_args(fields["status"].annotation),
            "reasons": list(ReviewReason),
            "sorts": get_args(fields["sort"].annotation),
            "kinds": list_kinds(service.store),
            "models": service.models(),
            "people": sorted({user, *request.app.state.people()}),
        }
    )


@router.get("/openapi.json", include_in_schema=False)
def describe_routes(request: Request, user: User) -> Response:
    """Return the OpenAPI description of the JSON routes.

    A page that shows it (Swagger UI) is not offered: FastAPI's own would fetch its scripts from another machine.
    """
    return JsonResponse(request.app.openapi())
