"""What the team uses, over REST."""

from fastapi import APIRouter

from app.usage import views
from app.usage.schemas import UsageOut
from app.web.dependencies import Reading, ServicesOf
from app.web.sign_in import Viewer

router = APIRouter(prefix="/api/usage", tags=["team"])


@router.get("")
def get_usage(principal: Viewer, session: Reading, services: ServicesOf) -> UsageOut:
    """What the team uses, beside what it may: jobs that wait, GPU seconds of 30 days, bytes of pictures."""
    return views.describe(session, principal.team_id, services.settings)
