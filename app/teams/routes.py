"""The endpoints of a team's members and of the links that sign them in."""

from fastapi import APIRouter, status

from app.accounts import queries as accounts
from app.accounts.models import Membership, User
from app.accounts.schemas import NamedOut
from app.audit import service as audit
from app.core.database import utc_now
from app.teams import queries, service
from app.teams.schemas import (
    InvitationList,
    InvitationOut,
    InvitedOut,
    MemberIn,
    MemberList,
    MemberOut,
    MemberPatch,
    SignInLinkOut,
)
from app.web.bounded_bodies import BoundedRoute
from app.web.dependencies import Key, Reading, ServicesOf, UnitOfWork
from app.web.sign_in import Admin, MakesLinks, Viewer

router = APIRouter(prefix="/api", tags=["team"], route_class=BoundedRoute)


@router.get("/members")
def list_members(principal: Viewer, session: Reading) -> MemberList:
    """The members of the team."""
    return MemberList(items=[_member(*each) for each in queries.members(session, principal.team_id)])


@router.post("/members", status_code=status.HTTP_201_CREATED)
def invite_member(
    body: MemberIn, principal: MakesLinks, session: UnitOfWork, services: ServicesOf, idempotency_key: Key = None
) -> InvitedOut:
    """Invite a person. The link in the answer signs them in once, within a week. A repeated request with the same
    `Idempotency-Key` gives the same person a new link."""
    user, membership, link = service.invite(
        session, services.settings, principal, body.name, body.role, idempotency_key
    )
    audit.record(session, principal, "member.invited", user.id, user.name, role=body.role)
    return InvitedOut(id=user.id, name=user.name, role=body.role, created_at=membership.created_at, sign_in_url=link)


@router.patch("/members/{user_id}")
def change_member(user_id: str, body: MemberPatch, principal: Admin, session: UnitOfWork) -> MemberOut:
    """Change a member's role. The last administrator stays one."""
    user, membership, before = service.change_role(session, principal.team_id, user_id, body.role)
    if membership.role != before:
        audit.record(session, principal, "member.role-changed", user.id, user.name, role=membership.role, before=before)
    return _member(user, membership)


@router.delete("/members/{user_id}", status_code=status.HTTP_204_NO_CONTENT)
def remove_member(user_id: str, principal: Admin, session: UnitOfWork) -> None:
    """Remove a person from the team. Their concepts and pictures stay."""
    removed = service.remove(session, principal.team_id, user_id)
    audit.record(session, principal, "member.removed", user_id, removed)


@router.post("/members/{user_id}/sign-in-link", status_code=status.HTTP_201_CREATED)
def create_sign_in_link(
    user_id: str, principal: MakesLinks, session: UnitOfWork, services: ServicesOf
) -> SignInLinkOut:
    """Let a member in again, by a new link that signs them in once, within a week. Nobody is added."""
    code, link = service.new_link(session, services.settings, principal, user_id)
    audit.record(session, principal, "member.link-made", user_id, accounts.names(session, {user_id})[user_id])
    return SignInLinkOut(id=code.id, sign_in_url=link, expires_at=code.expires_at)


@router.get("/invitations")
def list_invitations(principal: Admin, session: Reading) -> InvitationList:
    """The sign-in links of the team that nobody has used yet and that have not expired."""
    found = accounts.open_codes(session, principal.team_id, utc_now())
    names = accounts.names(session, {code.created_by_id for code, _, _ in found if code.created_by_id})
    return InvitationList(
        items=[
            InvitationOut(
                id=code.id,
                user=NamedOut(id=user.id, name=user.name),
                role=role,
                created_by=(
                    NamedOut(id=code.created_by_id, name=names[code.created_by_id]) if code.created_by_id else None
                ),
                created_at=code.created_at,
                expires_at=code.expires_at,
            )
            for code, user, role in found
        ]
    )


@router.delete("/invitations/{invitation_id}", status_code=status.HTTP_204_NO_CONTENT)
def revoke_invitation(invitation_id: str, principal: Admin, session: UnitOfWork) -> None:
    """Revoke an open sign-in link. Its person stays a member."""
    revoked = service.revoke_invitation(session, principal.team_id, invitation_id)
    audit.record(session, principal, "member.link-revoked", revoked.id, revoked.name)


def _member(user: User, membership: Membership) -> MemberOut:
    return MemberOut(id=user.id, name=user.name, role=membership.role, created_at=membership.created_at)
