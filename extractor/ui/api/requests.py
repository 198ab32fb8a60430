"""What requests to the API hold: pydantic models, strict as those of the screens' own routes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field, StrictBool

from extractor.ui.requests import FieldPath, Index, Note, Text


class CorrectionRequest(BaseModel):
    """A value typed for the field at `path`, in the record as it was at a revision; an empty text says it has none."""

    revision: Index
    path: FieldPath
    text: Text


class DecisionRequest(BaseModel):
    """A decision about a record as it was at a revision; `force` approves it although values are left to check."""

    revision: Index
    note: Note = ""
    force: StrictBool = False


class WebhookRequest(BaseModel):
    """An address to be told of events; without `events`, of all."""

    url: Annotated[str, Field(max_length=2000)]
    events: Annotated[list[str], Field(max_length=20)] = []


RecordStatus = Literal["open", "new", "needs_review", "flagged", "approved", "rejected", "all"]
ExportFormat = Literal["jsonl", "csv", "xlsx", "parquet"]
