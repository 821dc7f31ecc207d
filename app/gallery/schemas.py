"""Request and response schemas of the gallery."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from app.core.request_model import RequestModel
from app.gallery.models import NAME_MAX
from app.generation.schemas import ImageOut
from app.jobs.schemas import Person

AT_ONCE_MAX = 200  # pictures that one request names
ImageId = Annotated[str, Field(max_length=26)]


class GalleryImage(ImageOut):
    """A drawn picture, with what is known of it without its generation."""

    generation_id: str = Field(description="Id of the generation that it belongs to.")
    prompt: str = Field(description="The generation's prompt.")
    created_by: Person = Field(description="The person who asked for it.")
    may_change: bool = Field(
        description="Whether the caller may delete it: the person who asked for it may, and administrators."
    )
    board_ids: list[str] = Field(description="Ids of the boards that it is on.")


class GalleryPage(BaseModel):
    """A page of drawn pictures, newest generation first, and each generation's in the order of its seeds."""

    items: list[GalleryImage]
    next: str | None


class ImageSelection(RequestModel):
    """Some drawn pictures."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"ids": ["01k91mage000000000000000a1"]}]})

    ids: list[ImageId] = Field(min_length=1, max_length=AT_ONCE_MAX, description="Ids of drawn pictures.")


class DeletedImages(BaseModel):
    """What is in the bin now."""

    item_ids: list[str] = Field(
        description="Ids for `POST /api/bin/restore`: of pictures, and of generations that have no other picture."
    )


class BoardIn(RequestModel):
    """The name of a board."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Autumn campaign"}]})

    name: str = Field(min_length=1, max_length=NAME_MAX, description="What people call it. Two may have the same name.")


class BoardChange(RequestModel):
    """Pictures to put on a board, and pictures to take off it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"add": ["01k91mage000000000000000a1"]}]})

    add: list[ImageId] = Field(
        default_factory=list, max_length=AT_ONCE_MAX, description="Ids of pictures to put on it."
    )
    remove: list[ImageId] = Field(
        default_factory=list, max_length=AT_ONCE_MAX, description="Ids of pictures to take off it."
    )


class BoardOut(BaseModel):
    """A board: a named collection of the team's drawn pictures."""

    id: str
    name: str
    pictures: int = Field(description="How many pictures are on it.")
    cover: list[str] = Field(description="Addresses of the pictures that were put on it last, four at most.")
    created_by: Person = Field(description="The person who made it.")
    may_change: bool = Field(
        description="Whether the caller may rename and delete it: the person who made it may, and administrators. "
        "Everybody who draws may put pictures on it and take them off."
    )
    created_at: datetime


class BoardPage(BaseModel):
    """A page of the team's boards, newest first."""

    items: list[BoardOut]
    next: str | None
