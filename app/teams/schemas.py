"""Request and response schemas of a team's members."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from app.accounts.schemas import NamedOut
from app.accounts.scopes import Role
from app.core.request_model import RequestModel


class MemberIn(RequestModel):
    """A person to invite."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Ada", "role": "member"}]})

    name: str = Field(min_length=1, max_length=100)
    role: Role = "member"


class MemberOut(BaseModel):
    """A member of the team."""

    id: str
    name: str
    role: Role
    created_at: datetime


class InvitedOut(MemberOut):
    """A new member, with the link that signs them in once."""

    sign_in_url: str


class MemberList(BaseModel):
    """The members of the team."""

    items: list[MemberOut]
    next: str | None = None


class MemberPatch(RequestModel):
    """A change of a member. A field that is left out stays as it is."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"role": "admin"}]})

    role: Role | None = None


class SignInLinkOut(BaseModel):
    """A link that signs a member in once. Only this answer shows it."""

    id: str
    sign_in_url: str
    expires_at: datetime


class InvitationOut(BaseModel):
    """A sign-in link that nobody has used yet, without its code."""

    id: str
    user: NamedOut
    role: Role
    created_by: NamedOut | None = Field(description="Who made it; null for the command line.")
    created_at: datetime
    expires_at: datetime


class InvitationList(BaseModel):
    """The open invitations of the team."""

    items: list[InvitationOut]
    next: str | None = None
