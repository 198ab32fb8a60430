"""The HTTP API for other programs, under `/api/v1`: documents in, records out, corrections and decisions back.

Programs identify themselves with an access token (`Authorization: Bearer ext_...`), which the security middleware
looks up; a route says which scope it needs. docs/api.md is its manual, `/api/v1/openapi.json` its description. Read
`requests` and `answers` (what comes in and goes out), `access` (scopes), `routes`, `webhook_sender`.
"""

from extractor.ui.api.routes import API_PREFIX, create_api

__all__ = ["API_PREFIX", "create_api"]
