"""What the API answers, as pydantic models: they describe it in the OpenAPI document and check what goes out."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Answer(BaseModel):
    """Base of the answers; keys that a later version adds are passed through."""

    model_config = ConfigDict(extra="ignore")


class Problem(Answer):
    """Why a request is refused: a fixed word, a sentence, and what to do next."""

    error: str
    message: str
    hint: str = ""


class Kind(Answer):
    """A kind of report that documents can be read with; `schema_id` is the SHA-256 of its JSON Schema."""

    name: str
    title: str
    schema_id: str


class SubmittedDocument(Answer):
    """One document of a submission: its state, why it failed, and the record that came of it."""

    name: str
    state: str = Field(description="waiting, working, done or failed, among others that tell the stage")
    failure: str | None = None
    message: str = ""
    record: int | None = None


class Submission(Answer):
    """A file that was handed in; `documents` are those found in it."""

    id: int
    name: str
    at: str
    kind: str
    model: str
    state: str
    documents: list[SubmittedDocument]


class Submissions(Answer):
    """Submissions, the newest first."""

    submissions: list[Submission]


class RecordRow(Answer):
    """A record in a list."""

    id: int
    name: str
    kind: str
    status: str
    revision: int
    to_check: int
    created: str
    updated: str


class RecordPage(Answer):
    """A page of records, and how many there are in all."""

    records: list[RecordRow]
    total: int


class RecordAnswer(Answer):
    """A record with people's corrections in place; `to_check` counts the values that a person should check."""

    id: int
    kind: str
    schema_id: str
    status: str
    revision: int
    document: str = Field(description="SHA-256 of the document's bytes")
    names: list[str]
    to_check: int
    data: Any
    created: str
    updated: str


class Value(Answer):
    """A value and where it comes from: `evidence` has the text, its offsets, and boxes in points on pages."""

    path: list[str | int]
    value: Any
    confidence: float | None
    level: str
    needs_review: bool
    reasons: list[dict[str, Any]]
    evidence: dict[str, Any] | None
    by: str | None = Field(default=None, description="who corrected it")


class Evidence(Answer):
    """The values of a record with their evidence."""

    id: int
    revision: int
    values: list[Value]


class Change(Answer):
    """A record's new revision after a correction or a decision."""

    revision: int
    status: str


class TokenAnswer(Answer):
    """Who a token acts for, and what it may do."""

    name: str
    who: str
    scopes: list[str]


class WebhookAnswer(Answer):
    """A webhook; `secret`, with which events are signed, is shown only when it is made."""

    id: int
    url: str
    events: list[str]
    created: str
    tries: int
    failure: str
    secret: str | None = None


class WebhookList(Answer):
    """The webhooks of the store."""

    webhooks: list[WebhookAnswer]


Decision = Literal["approve", "reject", "reopen", "flag"]
