"""What routes depend on: who is asking, the review service, and the language of the browser.

All are coroutines: plain functions would each be run in another thread, and a busy server hands over slowly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Path, Request

from extractor.ui.errors import RequestError
from extractor.ui.language import preferred_language
from extractor.ui.requests import MAX_INTEGER

if TYPE_CHECKING:
    from extractor.review import ReviewService

PAGE_HEADER = "X-Extractor"
"""The header that our own page sends along; a form on another site cannot."""


async def current_user(request: Request) -> str:
    """Return who is logged in; raises RequestError (401) for nobody.

    The security middleware refuses such requests already. Every route asks again, so that one mistake is not enough.
    """
    user = getattr(request.state, "user", None)
    if user is None:
        raise RequestError.not_logged_in()
    return user


async def require_page_header(request: Request) -> None:
    """Raise RequestError (403) for a POST that does not come from our own page."""
    if request.method == "POST" and request.headers.get(PAGE_HEADER) != "1":
        hint = f"Send the header {PAGE_HEADER}: 1."
        raise RequestError(403, "forbidden", "The request does not come from the app's own page.", hint)


async def review_service(request: Request) -> ReviewService:
    """Return the review service that the app was made with."""
    return request.app.state.service


async def browser_language(request: Request) -> str:
    """Return the language to answer in: en or zh."""
    return preferred_language(request.cookies, request.headers.get("accept-language", ""))


User = Annotated[str, Depends(current_user)]
Service = Annotated[Any, Depends(review_service)]
Language = Annotated[str, Depends(browser_language)]
RecordId = Annotated[int, Path(ge=1, le=MAX_INTEGER)]
