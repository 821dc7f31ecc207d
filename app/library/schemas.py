"""Request and response schemas of the library as a whole."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from app.concepts.schemas import ConceptOut, Tag
from app.core.request_model import RequestModel

AT_ONCE_MAX = 200  # concepts that one request names
ConceptId = Annotated[str, Field(max_length=26)]


class ConceptPage(BaseModel):
    """A page of the library."""

    items: list[ConceptOut]
    next: str | None


class TagOut(BaseModel):
    """A tag of the team's library."""

    tag: str
    concepts: int = Field(description="How many concepts have it.")


class TagList(BaseModel):
    """The team's tags, the most used first; 200 at most."""

    items: list[TagOut]
    next: None = Field(None, description="There is one page.")


class ConceptSelection(RequestModel):
    """Some concepts."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"ids": ["01k91c0ncept00000000000001"]}]})

    ids: list[ConceptId] = Field(min_length=1, max_length=AT_ONCE_MAX, description="Ids of concepts.")


class TagChange(ConceptSelection):
    """Some concepts, and the tags to put on them and to take off."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"ids": ["01k91c0ncept00000000000001"], "add": ["kitchen"], "remove": []}]}
    )

    add: Annotated[list[Tag], Field(max_length=30)] = Field([], description="Tags that each of them gets.")
    remove: Annotated[list[Tag], Field(max_length=30)] = Field([], description="Tags that each of them loses.")


class ChangedConcepts(BaseModel):
    """The concepts that a request changed or put into the bin."""

    ids: list[str] = Field(description="Their ids. `POST /api/bin/restore` takes those of deleted concepts.")
