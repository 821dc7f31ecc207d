"""The endpoints of the audit, for administrators."""

from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse
from pydantic import AfterValidator, AwareDatetime

from app.audit import queries, service, views
from app.audit.actions import Action
from app.audit.queries import Matching
from app.audit.schemas import AuditPage
from app.web import file_responses
from app.web.dependencies import Cursor, Reading, ServicesOf
from app.web.sign_in import Admin

router = APIRouter(prefix="/api", tags=["team"])

_FIRST: Final = datetime(2000, 1, 1, tzinfo=UTC)
_LAST: Final = datetime(2200, 1, 1, tzinfo=UTC)

Moment = Annotated[AwareDatetime, AfterValidator(lambda moment: max(_FIRST, min(moment, _LAST)))]


def _matching(
    person: Annotated[str | None, Query(max_length=26, description="Id of a person.")] = None,
    action: Action | None = None,
    subject: Annotated[
        str | None, Query(max_length=200, description="Id or name of an object, such as a placeholder.")
    ] = None,
    since: Annotated[Moment | None, Query(description="Only actions at this time or later.")] = None,
    until: Annotated[Moment | None, Query(description="Only actions before this time.")] = None,
) -> Matching:
    return Matching(person, action, subject, since, until)


Filters = Annotated[Matching, Depends(_matching)]


@router.get("/audit")
def list_audit(
    principal: Admin,
    session: Reading,
    filters: Filters,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> AuditPage:
    """Who did what to what, from where, newest first."""
    return views.page(queries.page(session, principal.team_id, filters, before=cursor, limit=limit + 1), limit)


@router.get("/audit.csv", response_class=file_responses.Csv)
def download_audit(principal: Admin, services: ServicesOf, filters: Filters) -> StreamingResponse:
    """The same as a CSV file, with every entry that matches."""
    with services.database.transaction() as session:
        service.record(session, principal, "audit.exported", **_shown(filters))
    rows = views.as_csv(service.every(services.database, principal.team_id, filters))
    return file_responses.csv(rows, "oneword-audit.csv")


def _shown(filters: Matching) -> dict[str, str]:
    """The filters that were given, for the entry about the download."""
    return {name: str(value) for name, value in vars(filters).items() if value is not None}
