"""The endpoints of a team's members."""

from fastapi import APIRouter, status

from app.audit import service as audit
from app.teams import queries, service
from app.teams.schemas import InvitedOut, MemberIn, MemberList, MemberOut
from app.web.dependencies import Key, Reading, ServicesOf, UnitOfWork
from app.web.sign_in import Admin, Viewer

router = APIRouter(prefix="/api/members", tags=["team"])


@router.get("")
def list_members(principal: Viewer, session: Reading) -> MemberList:
    """The members of the team."""
    members = queries.members(session, principal.team_id)
    return MemberList(
        items=[
            MemberOut(id=user.id, name=user.name, role=membership.role, created_at=membership.created_at)
            for user, membership in members
        ]
    )


@router.post("", status_code=status.HTTP_201_CREATED)
def invite_member(
    body: MemberIn, principal: Admin, session: UnitOfWork, services: ServicesOf, idempotency_key: Key = None
) -> InvitedOut:
    """Invite a person. The link in the answer signs them in once, within a week. A repeated request with the same
    `Idempotency-Key` gives the same person a new link."""
    settings, team_id = services.settings, principal.team_id
    user, membership, link = service.invite(session, settings, team_id, body.name, body.role, idempotency_key)
    audit.record(session, principal, "member.invited", user.id, user.name, role=body.role)
    return InvitedOut(id=user.id, name=user.name, role=body.role, created_at=membership.created_at, sign_in_url=link)


@router.delete("/{user_id}", status_code=status.HTTP_204_NO_CONTENT)
def remove_member(user_id: str, principal: Admin, session: UnitOfWork) -> None:
    """Remove a person from the team. Their concepts and pictures stay."""
    removed = service.remove(session, principal.team_id, user_id)
    audit.record(session, principal, "member.removed", user_id, removed)
