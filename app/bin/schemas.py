"""Request and response schemas of the bin."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from app.core.request_model import RequestModel
from app.jobs.schemas import Person

BinKind = Literal["concept", "generation"]


class BinItem(BaseModel):
    """A deleted concept or generation that can still be restored."""

    kind: BinKind
    id: str
    label: str = Field(description="A concept's placeholder, or the beginning of a generation's prompt.")
    owner: Person = Field(description="The person who made it.")
    may_change: bool = Field(
        description="Whether the caller may restore and remove it: its owner may, and administrators."
    )
    created_at: datetime
    deleted_at: datetime
    deleted_by: Person
    expires_at: datetime = Field(description="From this time on, the next sweep removes it for good.")


class BinPage(BaseModel):
    """A page of the bin, last deleted first."""

    items: list[BinItem]
    next: str | None
    days: float = Field(description="Days that things stay in the bin; 0: deleting removes for good.")


class Restoration(RequestModel):
    """How to restore a concept."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"placeholder": "<my-mug-2>"}]})

    placeholder: str | None = Field(
        None, max_length=64, description="A new placeholder, for a concept whose own is taken meanwhile."
    )


class Restored(BaseModel):
    """What was restored."""

    kind: BinKind
    id: str
    label: str
