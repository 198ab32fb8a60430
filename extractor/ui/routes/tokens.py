"""The user's access tokens for other programs: made, listed and revoked on the screen."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from extractor.ui.dependencies import Service, User
from extractor.ui.errors import RequestError
from extractor.ui.requests import MAX_INTEGER, TokenRequest
from extractor.ui.responses import JsonResponse

router = APIRouter(prefix="/tokens", tags=["tokens"])


@router.get("")
def list_tokens(service: Service, user: User) -> Response:
    """Return the user's tokens that are not revoked, the newest first."""
    tokens = [token for token in service.store.tokens.all() if token.who == user and token.revoked is None]
    keys = ("id", "name", "scopes", "created", "used")
    return JsonResponse({"tokens": [{key: getattr(token, key) for key in keys} for token in tokens]})


@router.post("")
def make_token(request: TokenRequest, service: Service, user: User) -> Response:
    """Make a token that acts for the user; the answer is the only place where its secret is shown."""
    secret, token = service.store.tokens.add(request.name, request.scopes, who=user)
    return JsonResponse({"id": token.id, "secret": secret})


@router.post("/{number}/revoke")
def revoke_token(number: Annotated[int, Path(ge=1, le=MAX_INTEGER)], service: Service, user: User) -> Response:
    """End one of the user's tokens."""
    if number not in {token.id for token in service.store.tokens.all() if token.who == user}:
        raise RequestError(404, "not_found", "You have no such token.", "Reload the list.")
    service.store.tokens.revoke(number, who=user)
    return JsonResponse({})
