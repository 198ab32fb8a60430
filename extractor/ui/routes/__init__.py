"""HTTP routes, a module for each topic. They parse what comes in, call the review service, and return what it says.

In the order to read them: `records`, `documents`, `uploads`, `kinds`, `lessons` and `tokens` are the JSON routes under
`/api`; `server` describes the server, `monitoring` says how it is; `files` are files and pages; `login` is the login
page. The API for other programs is `extractor.ui.api`.
"""

from __future__ import annotations

from fastapi import APIRouter, Depends

from extractor.ui.dependencies import current_user, require_page_header
from extractor.ui.routes import documents, kinds, lessons, records, tokens, uploads

__all__ = ["api_router"]


def api_router() -> APIRouter:
    """Return the JSON routes; each asks for a login, and each POST for the header that only our page sends."""
    router = APIRouter(prefix="/api", dependencies=[Depends(current_user), Depends(require_page_header)])
    for topic in (records, documents, uploads, kinds, lessons, tokens):
        router.include_router(topic.router)
    return router
