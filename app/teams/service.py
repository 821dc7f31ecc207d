"""Invites people to a team, and removes them."""

from sqlalchemy.orm import Session

from app.accounts import queries as accounts
from app.accounts.models import Membership, User
from app.accounts.principal import Role
from app.accounts.service import INVITATION_LIFETIME, sign_in_link
from app.core import idempotency
from app.core.errors import Conflict, NotFound
from app.core.settings import Settings
from app.teams import queries


def invite(
    session: Session, settings: Settings, team_id: str, name: str, role: Role, key: str | None
) -> tuple[User, Membership, str]:
    """Add a person to the team, with a link that signs them in once.

    With an `Idempotency-Key` that was used before, no person is added, and a new link replaces the first.
    """
    request_hash = idempotency.hash_request("member", name, role)
    made_id = idempotency.earlier_id(session, team_id, key, request_hash)
    existing = None if made_id is None else queries.member(session, team_id, made_id)
    if existing is None:
        user = User(name=name)
        session.add(user)
        session.flush()
        membership = Membership(team_id=team_id, user_id=user.id, role=role)
        session.add(membership)
        session.flush()
        if made_id is None:
            idempotency.remember_id(session, team_id, key, request_hash, user.id)
    else:
        user, membership = existing
        accounts.delete_sign_in_codes(session, team_id, user.id)
    link = sign_in_link(session, settings, user.id, team_id, INVITATION_LIFETIME)
    return user, membership, link


def remove(session: Session, team_id: str, user_id: str) -> str:
    """Remove a person from the team and delete their tokens, sessions and codes. Their concepts and pictures stay.

    Returns the person's name.
    """
    membership = queries.membership(session, team_id, user_id)
    if membership is None:
        raise NotFound("There is no such member. They may have been removed already.")
    if membership.role == "admin" and queries.administrators(session, team_id) == 1:
        raise Conflict("The last administrator cannot be removed. Make another person an administrator first.")
    accounts.delete_credentials(session, team_id, user_id)
    session.delete(membership)
    return accounts.names(session, {user_id})[user_id]
