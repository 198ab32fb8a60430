"""Records: the queue, one record, and what people change in it and decide about it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Query, Request
from starlette.responses import Response

from extractor.store.review_rule import ReviewRules
from extractor.ui.dependencies import RecordId, Service, User
from extractor.ui.errors import RequestError
from extractor.ui.export_files import write_export
from extractor.ui.kinds import find_schema
from extractor.ui.requests import (
    ApproveRequest,
    ClaimRequest,
    DecisionRequest,
    EditRequest,
    ExportRequest,
    ParseRequest,
    QueuePageRequest,
    QueueRequest,
    RevisionRequest,
    RulesRequest,
    SelectedRequest,
    parse_path,
)
from extractor.ui.responses import JsonResponse

router = APIRouter(tags=["records"])


@router.get("/queue")
def list_queue(page: Annotated[QueuePageRequest, Query()], service: Service, user: User) -> Response:
    """Return a page of the records to review, the counts of each status, and what can be filtered by."""
    return JsonResponse(service.queue(page.query(), who=user, after=page.after, limit=page.limit))


@router.post("/records/selected")
def decide_selected(request: SelectedRequest, service: Service, user: User) -> Response:
    """Do the same with several records, and return for which it was done and which were refused."""
    if request.action == "extract_again":
        schema = find_schema(service.store, request.schema_name)
        told = service.extract_again(request.records, who=user, schema=schema, model=request.model)
        gone = {each["record"] for each in told["refused"]}
        return JsonResponse({"done": [n for n in request.records if n not in gone], "refused": told["refused"]})
    more = {"note": request.note, "assignee": request.assignee}
    return JsonResponse(service.decide_selected(request.records, request.action, who=user, **more))


@router.post("/records/export")
def export_selected(request: ExportRequest, http: Request, service: Service, user: User) -> Response:
    """Write several records of one kind into a file, and return where it can be downloaded."""
    summaries = service.store.records.summaries(request.records)
    schemas = {summary.schema for summary in summaries.values()}
    if len(schemas) != 1:
        raise RequestError.unusable("Records of several kinds do not fit into one table.", "Select those of one kind.")
    files = http.app.state.export_files
    token, folder = files.new_folder()
    try:
        options = {"schema": schemas.pop(), "status": None, "format": request.format, "numbers": request.records}
        path, count, _ = write_export(service.store, folder, who=user, evidence=False, confidence=False, **options)
    except BaseException:
        files.delete(token)
        raise
    files.add(token, user, path)
    return JsonResponse({"href": f"/exports/{token}", "name": path.name, "records": count})


@router.get("/rules/{kind}")
def show_rules(kind: str, service: Service, user: User) -> Response:
    """Return the rules for the review of a kind of document, and its fields."""
    return JsonResponse(service.review_rules(kind))


@router.post("/rules/{kind}")
def set_rules(kind: str, request: RulesRequest, service: Service, user: User) -> Response:
    """Set the rules for the review of a kind of document."""
    rules = ReviewRules(request.thresholds, request.automatic, request.sampled_one_in)
    return JsonResponse(service.set_review_rules(kind, rules, who=user))


@router.get("/figures")
def show_figures(service: Service, user: User) -> Response:
    """Return what was done on each day by each person, the newest day first."""
    return JsonResponse({"rows": service.store.records.figures()})


@router.get("/records/{record}")
def view_record(record: RecordId, service: Service, user: User) -> Response:
    """Return everything that the screen shows of a record."""
    return JsonResponse(service.view(record, who=user))


@router.get("/records/{record}/next")
def find_next(record: RecordId, queue: Annotated[QueueRequest, Query()], service: Service, user: User) -> Response:
    """Return the number of the record to review after this one."""
    return JsonResponse(service.next(record, queue.query(), who=user))


@router.get("/records/{record}/history")
def list_history(record: RecordId, service: Service, user: User, path: str | None = None) -> Response:
    """Return what happened to a record, or to the value at a path (JSON text), the newest first."""
    return JsonResponse(service.history(record, path=None if path is None else parse_path(path)))


@router.post("/records/{record}/claim")
def claim_record(record: RecordId, service: Service, user: User, request: ClaimRequest | None = None) -> Response:
    """Reserve a record for the user and return it."""
    return JsonResponse(service.claim(record, who=user, take=request is not None and request.take))


@router.post("/records/{record}/release")
def release_record(record: RecordId, service: Service, user: User) -> Response:
    """Give a reserved record back to the queue."""
    return JsonResponse(service.release(record, who=user))


@router.post("/records/{record}/edit")
def edit_record(record: RecordId, request: Annotated[EditRequest, Body()], service: Service, user: User) -> Response:
    """Change a value or the rows of a list, and return what has to change on the screen."""
    edit = {"how": request.how, "path": request.path, **request.arguments()}
    return JsonResponse(service.edit(record, who=user, revision=request.revision, **edit))


@router.post("/records/{record}/parse")
def parse_value(record: RecordId, request: ParseRequest, service: Service, user: User) -> Response:
    """Return the value that a typed text would be stored as, and its problems; nothing is changed."""
    return JsonResponse(service.parse(record, path=request.path, text=request.text))


@router.post("/records/{record}/undo")
def undo_edit(record: RecordId, request: RevisionRequest, service: Service, user: User) -> Response:
    """Take back the user's newest change."""
    return JsonResponse(service.undo(record, who=user, revision=request.revision))


@router.post("/records/{record}/redo")
def redo_edit(record: RecordId, request: RevisionRequest, service: Service, user: User) -> Response:
    """Make again what the user took back last."""
    return JsonResponse(service.redo(record, who=user, revision=request.revision))


@router.post("/records/{record}/approve")
def approve_record(record: RecordId, request: ApproveRequest, service: Service, user: User) -> Response:
    """Approve a record."""
    decision = {"revision": request.revision, "force": request.force, "note": request.note}
    return JsonResponse(service.approve(record, who=user, **decision))


@router.post("/records/{record}/reject")
def reject_record(record: RecordId, request: DecisionRequest, service: Service, user: User) -> Response:
    """Reject a record."""
    return JsonResponse(service.reject(record, who=user, revision=request.revision, note=request.note))


@router.post("/records/{record}/reopen")
def reopen_record(record: RecordId, request: DecisionRequest, service: Service, user: User) -> Response:
    """Open a decided record for review again."""
    return JsonResponse(service.reopen(record, who=user, revision=request.revision, note=request.note))


@router.post("/records/{record}/flag")
def flag_record(record: RecordId, request: DecisionRequest, service: Service, user: User) -> Response:
    """Ask somebody else to look at a record."""
    return JsonResponse(service.flag(record, who=user, revision=request.revision, note=request.note))
