"""What a token may do: each route depends on the scope that it needs."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.security import HTTPBearer

from extractor.store import AccessToken
from extractor.ui.errors import RequestError

bearer = HTTPBearer(auto_error=False, description="An access token, made on the screen or by `extractor tokens new`.")
"""Describes the tokens in the OpenAPI document; the security middleware has looked them up by then."""


def require_scope(scope: str) -> Any:
    """Return a dependency that gives the token of the request, and refuses one without the scope (403)."""

    async def find_token(request: Request) -> AccessToken:  # a plain function would be run in another thread
        token = getattr(request.state, "token", None)
        if token is None:
            raise RequestError(401, "no_token", "The request has no valid access token.", "Send Authorization: Bearer.")
        if scope not in token.scopes:
            hint = f"Make one with the scope {scope}: it has {', '.join(token.scopes)}."
            raise RequestError(403, "no_scope", "The token may not do this.", hint)
        return token

    return Depends(find_token)


Reader = Annotated[AccessToken, require_scope("read")]
Submitter = Annotated[AccessToken, require_scope("submit")]
Reviewer = Annotated[AccessToken, require_scope("review")]
