"""Request and response schemas of a team's members."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from app.accounts.principal import Role
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
