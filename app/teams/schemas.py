"""What a team looks like over the wire."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from app.accounts.principal import Role


class MemberIn(BaseModel):
    """Somebody to invite."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Ada", "role": "member"}]})

    name: str = Field(min_length=1, max_length=100)
    role: Role = "member"


class MemberOut(BaseModel):
    """Somebody in the team."""

    id: str
    name: str
    role: Role
    created_at: datetime


class InvitedOut(MemberOut):
    """A new member, with the link that signs them in once."""

    sign_in_url: str


class MemberList(BaseModel):
    """Everybody in the team."""

    items: list[MemberOut]
    next: str | None = None
