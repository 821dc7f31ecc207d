"""Request and response schemas of the bin."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.core.request_model import RequestModel
from app.jobs.schemas import Person

BinKind = Literal["concept", "generation", "image", "board"]


class BinItem(BaseModel):
    """A deleted concept, generation, picture or board that can still be restored."""

    kind: BinKind
    id: str
    label: str = Field(description="A concept's placeholder, the beginning of a drawing's prompt, or a board's name.")
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


class ItemSelection(RequestModel):
    """Some things in the bin."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"ids": ["01k91mage000000000000000a1"]}]})

    ids: list[Annotated[str, Field(max_length=26)]] = Field(
        min_length=1, max_length=200, description="Ids of things in the bin."
    )


class RestoredItems(BaseModel):
    """What was restored."""

    items: list[Restored]
