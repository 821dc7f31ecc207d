"""All SQL about the members of a team."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.accounts.models import Membership, User


def members(session: Session, team_id: str) -> Sequence[tuple[User, Membership]]:
    """The members of the team, in the order of joining."""
    query = (
        select(User, Membership)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.team_id == team_id)
        .order_by(Membership.created_at, User.id)
    )
    return [(row[0], row[1]) for row in session.execute(query)]


def member(session: Session, team_id: str, user_id: str) -> tuple[User, Membership] | None:
    """One member of the team."""
    return next((found for found in members(session, team_id) if found[0].id == user_id), None)


def membership(session: Session, team_id: str, user_id: str) -> Membership | None:
    """One person's membership of the team."""
    return session.get(Membership, (team_id, user_id))


def administrators(session: Session, team_id: str) -> int:
    """The number of administrators in the team."""
    query = select(func.count()).where(Membership.team_id == team_id, Membership.role == "admin")
    return session.execute(query).scalar_one()
