"""What a monitor asks for: whether the server is well, and figures for Prometheus."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from starlette.responses import Response

from extractor import __version__
from extractor.errors import ExtractorError
from extractor.store import STATUSES, Store
from extractor.ui.api.access import Reader
from extractor.ui.dependencies import Service
from extractor.ui.responses import JsonResponse

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
def check_health(request: Request) -> Response:
    """Return 200 where the server and its store answer, else 503; without a login, and without saying more."""
    try:
        request.app.state.service.store.audit.head()
    except ExtractorError:
        return JsonResponse({"status": "store"}, 503)
    return JsonResponse({"status": "ok"})


@router.get("/metrics")
def show_metrics(token: Reader, service: Service) -> Response:
    """Return the figures in the format of Prometheus, for a token with the scope read."""
    figures = generate_latest(collect_figures(service.store))
    return Response(figures, media_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})


def collect_figures(store: Store) -> Any:
    """Return a registry with the figures of a store: records, documents of jobs, and webhooks that are behind."""
    registry = CollectorRegistry()
    Gauge("extractor_build_info", "The version of the tool.", ["version"], registry=registry).labels(__version__).set(1)
    records = Gauge("extractor_records", "Records by status.", ["status"], registry=registry)
    by_status = store.records.count_by_status()
    for status in STATUSES:
        records.labels(status).set(by_status.get(status, 0))
    documents = Gauge("extractor_job_documents", "Documents of all jobs by state.", ["state"], registry=registry)
    failures = Gauge("extractor_job_failures", "Failed documents of all jobs by kind.", ["kind"], registry=registry)
    states = ("done", "reused", "failed", "set_aside", "cancelled", "left")
    totals = dict.fromkeys(states, 0)
    by_kind: dict[str, int] = {}
    for job in store.jobs.all():
        counts = store.jobs.counts(job)
        for state in states:
            totals[state] += getattr(counts, state)
        for kind, number in counts.failures.items():
            by_kind[kind] = by_kind.get(kind, 0) + number
    for state, number in totals.items():
        documents.labels(state).set(number)
    for kind, number in by_kind.items():
        failures.labels(kind).set(number)
    hooks = store.webhooks.all()
    behind = Gauge("extractor_webhooks_failing", "Webhooks whose last event did not arrive.", registry=registry)
    behind.set(sum(hook.tries > 0 for hook in hooks))
    head = Gauge("extractor_audit_lines", "Lines of the audit log.", registry=registry)
    head.set(store.audit.head()[0])
    return registry
