"""Response schemas of the audit."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from app.audit.actions import Action
from app.audit.who import Credential


class SubjectOut(BaseModel):
    """The object of an action, by the name that it had then."""

    kind: str
    id: str | None
    label: str


class ActorOut(BaseModel):
    """Who acted, by the name that they had then."""

    id: str | None = Field(description="Null for the command line and for the studio itself.")
    name: str


class AuditEntryOut(BaseModel):
    """One action."""

    id: str
    at: datetime
    person: ActorOut
    credential: Credential = Field(description="What the request was made with: the page's cookie, a token, …")
    token: str | None = Field(description="Name of the token.")
    address: str = Field(description="Network address that the request came from.")
    request_id: str | None
    action: Action
    subject: SubjectOut
    details: dict[str, Any]


class AuditPage(BaseModel):
    """A page of the audit, newest first."""

    items: list[AuditEntryOut]
    next: str | None
