"""What the team uses, over REST."""

from fastapi import APIRouter

from app.accounts.principal import Viewer
from app.usage.schemas import UsageOut
from app.usage.service import usage
from app.web.dependencies import Reading, ServicesOf

router = APIRouter(prefix="/api/usage", tags=["team"])


@router.get("")
def get_usage(principal: Viewer, session: Reading, services: ServicesOf) -> UsageOut:
    """What the team uses, beside what it may: jobs that wait, GPU seconds of 30 days, bytes of pictures."""
    return usage(session, principal.team_id, services.settings)
