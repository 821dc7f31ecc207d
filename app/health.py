"""For operators: is the process there, can it work, and its figures."""

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from app import migrate
from app.db import utc_now
from app.dependencies import Reading, ServicesOf
from app.errors import OnewordError
from app.jobs.models import Job
from app.jobs.states import ACTIVE

router = APIRouter(tags=["operations"])


@router.get("/healthz")
def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz")
def readyz(services: ServicesOf, response: Response) -> dict[str, str]:
    """Which part is ill, if any; 503 then."""
    parts = {"database": _database(services), "storage": _storage(services)}
    models = [model.not_ready_reason for model in services.catalog.models]
    parts["base_models"] = "ok" if None in models else next(iter(filter(None, models)), "none are allowed")
    if any(state != "ok" for state in parts.values()):
        response.status_code = 503
    return parts


@router.get("/metrics", response_class=PlainTextResponse)
def metrics(session: Reading) -> Response:
    """Figures for Prometheus."""
    registry = CollectorRegistry()
    jobs = Gauge("oneword_jobs", "Jobs that wait or run.", ["kind", "state"], registry=registry)
    oldest = Gauge("oneword_queue_age_seconds", "Age of the oldest waiting job.", ["kind"], registry=registry)
    counted = select(Job.kind, Job.state, func.count(), func.min(Job.created_at)).where(Job.state.in_(ACTIVE))
    for kind, state, count, since in session.execute(counted.group_by(Job.kind, Job.state)):
        jobs.labels(kind, state).set(count)
        if state == "queued":
            oldest.labels(kind).set((utc_now() - since).total_seconds())
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


def _database(services: ServicesOf) -> str:
    try:
        return "ok" if migrate.is_current(services.database) else "its schema is old: run `oneword migrate`"
    except SQLAlchemyError as error:
        return f"does not answer ({type(error).__name__})"


def _storage(services: ServicesOf) -> str:
    try:
        services.storage.exists("readiness")
    except OnewordError as error:
        return error.detail
    return "ok"
