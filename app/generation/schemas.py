"""Response schemas of generations."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field
from pydantic.config import JsonDict

from app.contracts.jobs import State
from app.generation.request import GenerationRequest
from app.jobs.schemas import JobOut, Person

FILE: JsonDict = {"type": "string", "format": "binary", "contentMediaType": "image/*"}


class GenerationForm(GenerationRequest):
    """The same as a form (multipart/form-data), where the picture and its mask may be files."""

    init_image: bytes | None = Field(None, json_schema_extra=FILE)  # type: ignore[assignment]
    mask: bytes | None = Field(None, json_schema_extra=FILE)  # type: ignore[assignment]


class RecoveredRequest(BaseModel):
    """What to send to `POST /api/generations` to draw a picture again."""

    order: GenerationRequest
    read_from: Literal["oneword", "automatic1111"]
    notes: list[str] = Field(description="What could not be taken over, or has changed since, each a sentence.")


class ImageOut(BaseModel):
    """A drawn picture and all that is needed to draw it again."""

    id: str
    url: str
    index: int
    seed: int
    width: int
    height: int
    recipe: dict[str, Any]
    kept: bool = Field(description="Whether somebody wants it kept when old pictures are removed.")
    created_at: datetime


class GenerationOut(BaseModel):
    """One request to draw, and what came of it so far."""

    id: str
    state: State
    prompt: str
    recipe: dict[str, Any]
    count: int
    images: list[ImageOut]
    job_id: str
    created_by: Person
    created_at: datetime


class GenerationPage(BaseModel):
    """A page of generations, newest first."""

    items: list[GenerationOut]
    next: str | None


class Drawn(BaseModel):
    """A generation and the job that draws it."""

    job: JobOut
    generation: GenerationOut
