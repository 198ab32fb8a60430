"""What approved records taught: shown, deleted, switched off, and learnt anew."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from extractor.ui.dependencies import RecordId, Service, User
from extractor.ui.requests import EnableLessonsRequest, LessonsRequest, RuleRequest
from extractor.ui.responses import JsonResponse

router = APIRouter(tags=["lessons"])
SchemaId = Annotated[str, Path(min_length=1, max_length=200)]


@router.get("/records/{record}/lesson")
def show_lesson(record: RecordId, service: Service, user: User) -> Response:
    """Return what a record taught, or that it is still being learnt from."""
    return JsonResponse(service.lessons.of_record(record))


@router.get("/lessons")
def list_schemas(service: Service, user: User) -> Response:
    """Return the schemas that something was learnt of, or has approved records."""
    return JsonResponse(service.lessons.schemas())


@router.get("/lessons/{schema}")
def show_schema(schema: SchemaId, service: Service, user: User) -> Response:
    """Return what was learnt of a schema."""
    return JsonResponse(service.lessons.show(schema))


@router.post("/lessons/{schema}/delete")
def delete_lessons(schema: SchemaId, request: LessonsRequest, service: Service, user: User) -> Response:
    """Delete what was learnt of a schema, or a part of it."""
    return JsonResponse(service.lessons.delete(schema, who=user, layout=request.layout, lesson=request.lesson))


@router.post("/lessons/{schema}/enable")
def enable_lessons(schema: SchemaId, request: EnableLessonsRequest, service: Service, user: User) -> Response:
    """Let what was learnt of a schema, or a part of it, count or not."""
    chosen = {"layout": request.layout, "lesson": request.lesson}
    return JsonResponse(service.lessons.enable(schema, request.enabled, who=user, **chosen))


@router.post("/lessons/{schema}/learn")
def learn_again(schema: SchemaId, service: Service, user: User) -> Response:
    """Learn anew from the approved records of a schema."""
    return JsonResponse(service.lessons.learn_again(schema, who=user))


@router.post("/lessons/{schema}/rule")
def switch_rule(schema: SchemaId, request: RuleRequest, service: Service, user: User) -> Response:
    """Apply a rule to the values of its field from now on, or no longer."""
    return JsonResponse(service.lessons.switch_rule(schema, request.key, request.enabled, who=user))
