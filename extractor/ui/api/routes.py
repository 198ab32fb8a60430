"""The routes of the API: they say which scope they need, call the review service and the store, and shape answers."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, File, Form, Query, Request, UploadFile
from fastapi import Path as PathParameter
from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response

from extractor import __version__
from extractor.classification import AUTO, make_kind_set
from extractor.review import QueueQuery
from extractor.schemas import Schema
from extractor.store import Webhook
from extractor.ui.api import answers
from extractor.ui.api.access import Reader, Reviewer, Submitter, bearer
from extractor.ui.api.requests import (
    CorrectionRequest,
    DecisionRequest,
    ExportFormat,
    RecordStatus,
    WebhookRequest,
)
from extractor.ui.dependencies import RecordId, Service
from extractor.ui.errors import RequestError, add_error_handlers
from extractor.ui.export_files import write_export
from extractor.ui.offered_kinds import offered_kind, offered_kinds
from extractor.ui.requests import MAX_INTEGER
from extractor.ui.responses import PageImageResponse
from extractor.validation import compile_checks

API_PREFIX = "/api/v1"
RESOLUTIONS = (110, 150, 220)
MAX_ROWS = 500
MAX_NAME = 500
"""Characters of names and words to search for."""
REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": answers.Problem} for status in (401, 403, 404, 409, 413, 422, 503)
}
Number = Annotated[int, PathParameter(ge=1, le=MAX_INTEGER)]
router = APIRouter(dependencies=[Depends(bearer)], responses=REFUSALS)


def create_api(settings: Any, service: Any) -> FastAPI:
    """Return the API as an app of its own, to be mounted at API_PREFIX behind the security middleware."""
    api = FastAPI(
        title="extractor",
        version=__version__,
        description="Documents in, records out. See docs/api.md.",
        docs_url=None,
        redoc_url=None,
        servers=[{"url": API_PREFIX}],
        root_path_in_servers=False,
    )
    api.state.service, api.state.settings = service, settings
    add_error_handlers(api, service)
    api.include_router(router)
    return api


@router.get("/token", tags=["server"])
def show_token(token: Reader) -> answers.TokenAnswer:
    """Return who the token acts for, and what it may do."""
    return answers.TokenAnswer(name=token.name, who=token.who, scopes=list(token.scopes))


@router.get("/kinds", tags=["server"])
def list_kinds(token: Reader, request: Request) -> list[answers.Kind]:
    """Return the kinds of report that documents can be read with."""
    found = offered_kinds(request.app.state.settings, request.app.state.service.store)
    return [answers.Kind(name=name, title=kind.title or name, schema_id=kind.id) for name, kind in found.items()]


# Documents in.


@router.post("/documents", status_code=202, tags=["documents"])
def submit_document(
    token: Submitter,
    request: Request,
    service: Service,
    file: Annotated[UploadFile, File(description="PDF, picture, Word, Excel, mail, HTML, XML, JSON or text")],
    kind: Annotated[str, Form(max_length=MAX_NAME, description="a kind's name, or auto to have it found out")] = AUTO,
    model: Annotated[str | None, Form(max_length=MAX_NAME, description="none, or one of the server's models")] = None,
    split: Annotated[bool, Form(description="take a file of several documents apart")] = False,
) -> answers.Submission:
    """Hand a document in; it is extracted in the background. Returns its number and state."""
    schema = _kind(request, kind)
    if model is not None and model not in {*service.models(), service.model, "none"}:
        raise RequestError.unusable("The server does not offer this model.", "Leave it out to use the server's own.")
    with _received(file) as path:
        added = service.upload(
            who=token.who, files=[(file.filename or "document", path)], schema=schema, model=model, split=split
        )
    return _submission(service.hand_in(added["handins"][0], who=token.who))


@router.get("/documents", tags=["documents"])
def list_documents(token: Reader, service: Service) -> answers.Submissions:
    """Return the newest submissions of the person that the token acts for."""
    rows = service.uploads(who=token.who)["rows"]
    return answers.Submissions(submissions=[_submission(row) for row in rows])


@router.get("/documents/{number}", tags=["documents"])
def show_document(number: Number, token: Reader, service: Service) -> answers.Submission:
    """Return how far a submission is, and the records that came of it."""
    return _submission(service.hand_in(number, who=token.who))


# Records out.


@router.get("/records", tags=["records"])
def list_records(
    token: Reader,
    service: Service,
    status: RecordStatus = "all",
    kind: Annotated[str | None, Query(max_length=MAX_NAME)] = None,
    search: Annotated[str, Query(max_length=MAX_NAME)] = "",
    after: Annotated[int, Query(ge=0, le=MAX_INTEGER)] = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_ROWS)] = 100,
) -> answers.RecordPage:
    """Return records, the newest first; `after` leaves out the first so many."""
    _check_characters(kind or "", search)
    query = QueueQuery(status, kind, None, None, search, "new")
    rows, total = service.list_rows(query, who=token.who, after=after, limit=limit)
    records = [answers.RecordRow(**row, kind=row["schema"], to_check=row["left"]) for row in rows]
    return answers.RecordPage(records=records, total=total)


@router.get("/records/{record}", tags=["records"])
def show_record(record: RecordId, token: Reader, service: Service) -> answers.RecordAnswer:
    """Return a record, with people's corrections in place."""
    found = service.store.records.get(record)
    names = service.view(record, who=token.who)["names"]
    return answers.RecordAnswer(
        id=found.id,
        kind=found.schema_name,
        schema_id=found.schema,
        status=found.status,
        revision=found.revision,
        document=found.document,
        names=names,
        to_check=found.to_check,
        data=found.data,
        created=found.created,
        updated=found.updated,
    )


@router.get("/records/{record}/evidence", tags=["records"])
def show_evidence(record: RecordId, token: Reader, service: Service) -> answers.Evidence:
    """Return every value of a record with its evidence, its confidence, and why a person should check it."""
    view = service.view(record, who=token.who)
    values = [answers.Value(**field, needs_review=field["needs"]) for field in view["fields"].values()]
    return answers.Evidence(id=view["id"], revision=view["revision"], values=values)


@router.get("/records/{record}/pages/{page}.webp", tags=["records"], response_class=Response)
def draw_page(
    record: RecordId,
    page: Annotated[int, PathParameter(ge=1, le=1_000_000)],
    token: Reader,
    service: Service,
    dpi: Annotated[int, Query(ge=1, le=1000)] = 110,
) -> Response:
    """Return a page of a record's document as a picture (WebP), in 110, 150 or 220 dots per inch.

    While the document is being read, the answer is 503 `busy`: ask again in a moment.
    """
    if dpi not in RESOLUTIONS:
        raise RequestError.unusable(f"dpi has to be one of {', '.join(map(str, RESOLUTIONS))}.")
    return PageImageResponse(service.page_image(record, page, dpi))


@router.get("/export", tags=["records"], response_class=Response)
def export_records(
    token: Reader,
    service: Service,
    request: Request,
    kind: Annotated[str, Query(max_length=MAX_NAME)],
    format: ExportFormat = "jsonl",
    status: Annotated[RecordStatus, Query(description="approved records, unless another status is named")] = "approved",
    evidence: bool = False,
) -> Response:
    """Return the records of a kind as one file; several files (the lists of a CSV) as a ZIP archive."""
    store = service.store
    _check_characters(kind)
    schema = next((key for key, (name, _) in reversed(store.schemas().items()) if kind in (key, name)), None)
    if schema is None:
        raise RequestError(404, "not_found", "There are no records of this kind.", "GET /records lists them.")
    folder = Path(tempfile.mkdtemp(prefix="export-", dir=request.app.state.settings.folder))
    try:
        file, _, _ = write_export(
            store,
            folder,
            who=token.who,
            schema=schema,
            status=None if status == "all" else status,
            format=format,
            evidence=evidence,
            confidence=evidence,
        )
    except Exception:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    delete = BackgroundTask(shutil.rmtree, folder, ignore_errors=True)
    return FileResponse(file, filename=file.name, headers={"Cache-Control": "no-store"}, background=delete)


# What people decide, by a program that asks them elsewhere.


@router.post("/records/{record}/corrections", tags=["review"])
def correct_record(
    record: RecordId, correction: CorrectionRequest, token: Reviewer, service: Service
) -> answers.Change:
    """Put a value in the place of another; it is understood as one typed on the screen."""
    how: dict[str, Any] = {"how": "typed", "text": correction.text}
    if not correction.text:
        how = {"how": "absent"}
    changed = service.edit(record, who=token.who, revision=correction.revision, path=correction.path, **how)
    return answers.Change(**changed)


@router.post("/records/{record}/{decision}", tags=["review"])
def decide_record(
    record: RecordId, decision: answers.Decision, given: DecisionRequest, token: Reviewer, service: Service
) -> answers.Change:
    """Approve a record, reject it, open it again, or flag it for somebody else."""
    arguments: dict[str, Any] = {"who": token.who, "revision": given.revision, "note": given.note}
    if decision == "approve":
        arguments["force"] = given.force
    return answers.Change(**getattr(service, decision)(record, **arguments))


# Webhooks.


@router.get("/webhooks", tags=["webhooks"])
def list_webhooks(token: Submitter, service: Service) -> answers.WebhookList:
    """Return the webhooks, without their secrets."""
    return answers.WebhookList(webhooks=[_webhook(hook) for hook in service.store.webhooks.all()])


@router.post("/webhooks", status_code=201, tags=["webhooks"])
def add_webhook(wanted: WebhookRequest, token: Submitter, service: Service) -> answers.WebhookAnswer:
    """Have an address be told of events from now on; the answer holds the secret that they are signed with."""
    hook = service.store.webhooks.add(wanted.url, wanted.events, who=token.who)
    return _webhook(hook, hook.secret)


@router.delete("/webhooks/{number}", status_code=204, tags=["webhooks"])
def delete_webhook(number: Number, token: Submitter, service: Service) -> None:
    """Tell an address no more."""
    service.store.webhooks.delete(number, who=token.who)


def _kind(request: Request, name: str) -> Schema:
    """Return the kind of that name, or the set of all for `auto`; raises RequestError (422)."""
    settings, store = request.app.state.settings, request.app.state.service.store
    if name == AUTO:
        return make_kind_set(list(offered_kinds(settings, store).values()))
    kind = offered_kind(settings, store, name)
    if kind is None:
        raise RequestError.unusable("There is no kind of report of this name.", f"Choose {AUTO}, or of GET /kinds.")
    compile_checks(kind)
    return kind


@contextlib.contextmanager
def _received(file: UploadFile) -> Iterator[Path]:
    """Yield the path of a copy of a file that came in, which is deleted afterwards."""
    with tempfile.TemporaryDirectory(prefix="received-") as folder:
        path = Path(folder) / "document"
        with open(path, "wb") as out:
            shutil.copyfileobj(file.file, out)
        yield path


def _check_characters(*texts: str) -> None:
    """Raise RequestError (422) for characters that no database keeps."""
    for text in texts:
        if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
            raise RequestError.unusable("The text contains characters that are not valid.")


def _submission(row: dict[str, Any]) -> answers.Submission:
    documents = [
        answers.SubmittedDocument(
            name=each["name"],
            state=each["state"],
            failure=each.get("kind"),
            message=each.get("message") or "",
            record=each.get("record"),
        )
        for each in row["documents"]
    ]
    keys = ("id", "name", "at", "model", "state")
    return answers.Submission(**{key: row[key] for key in keys}, kind=row["schema"], documents=documents)


def _webhook(hook: Webhook, secret: str | None = None) -> answers.WebhookAnswer:
    keys = ("id", "url", "created", "tries", "failure")
    shown = {key: getattr(hook, key) for key in keys}
    return answers.WebhookAnswer(**shown, events=list(hook.events), secret=secret)
