"""Invites people to a team, lets them in again, changes their roles and removes them."""

from sqlalchemy.orm import Session

from app.accounts import queries as accounts
from app.accounts.models import Membership, SignInCode, User
from app.accounts.principal import Principal
from app.accounts.scopes import Role
from app.accounts.service import INVITATION_LIFETIME, LINKS_MAX, add_code
from app.core import idempotency
from app.core.database import utc_now
from app.core.errors import Conflict, NotFound
from app.core.settings import Settings
from app.teams import queries


def invite(
    session: Session, settings: Settings, principal: Principal, name: str, role: Role, key: str | None
) -> tuple[User, Membership, str]:
    """Add a person to the team, with a link that signs them in once.

    With an `Idempotency-Key` that was used before, no person is added, and a new link replaces the first. Raises
    Conflict if the team has `members_max` people.
    """
    team_id = principal.team_id
    request_hash = idempotency.hash_request("member", name, role)
    made_id = idempotency.earlier_id(session, team_id, key, request_hash)
    existing = None if made_id is None else queries.member(session, team_id, made_id)
    if existing is None:
        user, membership = _add(session, settings, team_id, name, role)
        if made_id is None:
            idempotency.remember_id(session, team_id, key, request_hash, user.id)
    else:
        user, membership = existing
        accounts.delete_sign_in_codes(session, team_id, user.id)
    _, link = add_code(session, settings, user.id, team_id, INVITATION_LIFETIME, principal.user_id)
    return user, membership, link


def new_link(session: Session, settings: Settings, principal: Principal, user_id: str) -> tuple[SignInCode, str]:
    """Another link that signs a member in once: the same person, not a second one. Other open links stay valid.

    Raises Conflict if the person has LINKS_MAX open links.
    """
    team_id = principal.team_id
    accounts.lock_team(session, team_id)
    _membership(session, team_id, user_id)
    if len(accounts.open_codes(session, team_id, utc_now(), user_id)) >= LINKS_MAX:
        raise Conflict(
            f"This person has {LINKS_MAX} open sign-in links, the most there can be. Hand over one of them, or revoke "
            "one, then try again.",
            code="too-many-links",
        )
    return add_code(session, settings, user_id, team_id, INVITATION_LIFETIME, principal.user_id)


def revoke_invitation(session: Session, team_id: str, code_id: str) -> User:
    """Delete an open sign-in link of the team. It signs nobody in any more. Returns its person, who stays a member."""
    for code, user, _ in accounts.open_codes(session, team_id, utc_now()):
        if code.id == code_id:
            session.delete(code)
            return user
    raise NotFound("There is no such open invitation. It may have been used or revoked already, or have expired.")


def change_role(session: Session, team_id: str, user_id: str, role: Role | None) -> tuple[User, Membership, str]:
    """Give a member another role; None changes nothing. It holds from their next request on.

    Returns the member, and the role that they had before.
    """
    accounts.lock_team(session, team_id)
    found = queries.member(session, team_id, user_id)
    if found is None:
        raise _no_such_member()
    user, membership = found
    before = membership.role
    if role is not None:
        if role != "admin":
            _keep_an_administrator(session, membership)
        membership.role = role
    return user, membership, before


def remove(session: Session, team_id: str, user_id: str) -> str:
    """Remove a person from the team and delete their tokens, sessions and codes. Their concepts and pictures stay.

    Returns the person's name.
    """
    accounts.lock_team(session, team_id)
    membership = _membership(session, team_id, user_id)
    _keep_an_administrator(session, membership)
    accounts.delete_credentials(session, team_id, user_id)
    session.delete(membership)
    return accounts.names(session, {user_id})[user_id]


def _add(session: Session, settings: Settings, team_id: str, name: str, role: Role) -> tuple[User, Membership]:
    accounts.lock_team(session, team_id)
    if len(queries.members(session, team_id)) >= settings.members_max:
        raise Conflict(
            f"This team has {settings.members_max} members, the most that a team may have here. Remove somebody who "
            "has left, or ask the operator of the studio to raise ONEWORD_MEMBERS_MAX.",
            code="team-full",
        )
    user = User(name=name)
    session.add(user)
    session.flush()
    membership = Membership(team_id=team_id, user_id=user.id, role=role)
    session.add(membership)
    session.flush()
    return user, membership


def _membership(session: Session, team_id: str, user_id: str) -> Membership:
    membership = queries.membership(session, team_id, user_id)
    if membership is None:
        raise _no_such_member()
    return membership


def _no_such_member() -> NotFound:
    return NotFound("There is no such member. They may have been removed already.")


def _keep_an_administrator(session: Session, membership: Membership) -> None:
    """Raise Conflict if this membership is the team's last administrator. The caller holds the lock of the team."""
    if membership.role == "admin" and queries.administrators(session, membership.team_id) == 1:
        raise Conflict(
            "This is the last administrator of the team, who has to stay one. Make another person an administrator "
            "first.",
            code="last-administrator",
        )
