"""The endpoint of a team's usage and quotas."""

from fastapi import APIRouter

from app.usage import views
from app.usage.schemas import UsageOut
from app.web.dependencies import Reading, ServicesOf
from app.web.sign_in import Viewer

router = APIRouter(prefix="/api/usage", tags=["team"])


@router.get("")
def get_usage(principal: Viewer, session: Reading, services: ServicesOf) -> UsageOut:
    """The team's usage and its limits: waiting jobs, GPU seconds of 30 days, bytes of pictures."""
    return views.describe(session, principal.team_id, services.settings)
