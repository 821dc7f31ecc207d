"""Health checks for operators: whether the process answers, and which part of the studio does not work."""

from fastapi import APIRouter, Response
from sqlalchemy.exc import SQLAlchemyError

from app.core import broker
from app.core.errors import OnewordError
from app.ops import migrate
from app.ops.queue_health import complaints
from app.services import Services
from app.web.dependencies import ServicesOf

router = APIRouter(tags=["operations"])


@router.get("/healthz")
def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz", responses={503: {"model": dict[str, str], "description": "A part of the studio is ill."}})
def readyz(services: ServicesOf, response: Response) -> dict[str, str]:
    """Which part is ill, if any; 503 then. Without broker or workers a studio still takes jobs, and keeps them."""
    parts = {
        "database": _database(services),
        "broker": "ok"
        if broker.is_reachable(services.settings)
        else "does not answer: accepted jobs wait in the database",
        "storage": _storage(services),
        "base_models": _base_models(services),
        "workers": _workers(services),
    }
    if any(state != "ok" for state in parts.values()):
        response.status_code = 503
    return parts


def _database(services: Services) -> str:
    try:
        return "ok" if migrate.is_current(services.database) else "its schema is old: run `oneword migrate`"
    except SQLAlchemyError as error:
        return f"does not answer ({type(error).__name__})"


def _storage(services: Services) -> str:
    try:
        services.storage.exists("readiness")
    except OnewordError as error:
        return error.detail
    return "ok"


def _base_models(services: Services) -> str:
    reasons = [model.not_ready_reason for model in services.catalog.models]
    return "ok" if None in reasons else next(iter(filter(None, reasons)), "none are allowed")


def _workers(services: Services) -> str:
    try:
        with services.database.reading() as session:
            return "; ".join(complaints(session)) or "ok"
    except SQLAlchemyError:
        return "unknown, since the database does not answer"
