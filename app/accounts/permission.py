"""Who may change something: the person who made it, and administrators."""

from sqlalchemy.orm import Session

from app.accounts import queries
from app.accounts.principal import Principal
from app.core.errors import Forbidden


def require_owner(session: Session, principal: Principal, owner_id: str, subject: str) -> None:
    """Raise Forbidden with the names of those who may change the subject, unless the principal is one of them."""
    if principal.may_change(owner_id):
        return
    owner = queries.names(session, {owner_id}).get(owner_id, "somebody who has left")
    raise Forbidden(
        f"{subject} belongs to {owner}. Only {owner} and the administrators of {principal.team_name} may change or "
        "delete it. Ask one of them.",
        code="not-owner",
    )
