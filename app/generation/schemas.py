"""Response schemas of generations."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from app.accounts.signed_addresses import VALID_FOR, VALID_FOR_MAX, VALID_FOR_MIN
from app.contracts.grids import AxisName
from app.contracts.jobs import State
from app.core.request_model import RequestModel
from app.generation.request import GenerationRequest
from app.jobs.schemas import JobOut, Person

FILE: JsonDict = {"type": "string", "format": "binary", "contentMediaType": "image/*"}


class GenerationForm(GenerationRequest):
    """A generation request as a form (multipart/form-data), in which the initial picture and its mask may be files."""

    init_image: bytes | None = Field(None, json_schema_extra=FILE)  # type: ignore[assignment]
    mask: bytes | None = Field(None, json_schema_extra=FILE)  # type: ignore[assignment]


class LinkRequest(RequestModel):
    """How long a signed address of a picture is to be valid."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"valid_for": 3600}]})

    valid_for: int = Field(
        int(VALID_FOR.total_seconds()),
        ge=int(VALID_FOR_MIN.total_seconds()),
        le=int(VALID_FOR_MAX.total_seconds()),
        description="Seconds until it ends.",
    )


class PictureLink(BaseModel):
    """An address of a picture that opens without signing in."""

    url: str = Field(description="The whole address. `&format=jpeg` and `&download=1` may be added to it.")
    expires_at: datetime = Field(description="When it ends at the latest.")


class RecoveredRequest(BaseModel):
    """The body of `POST /api/generations` that draws a picture again."""

    order: GenerationRequest
    read_from: Literal["oneword", "automatic1111"]
    notes: list[str] = Field(description="A sentence for each setting that was left out or has changed since.")


class ImageOut(BaseModel):
    """A drawn picture and its recipe, which has all that is needed to draw it again."""

    id: str
    url: str
    index: int
    seed: int
    width: int
    height: int
    recipe: dict[str, Any]
    kept: bool = Field(description="Whether it is kept when old pictures are removed.")
    created_at: datetime


class GridAxis(BaseModel):
    """One axis of a grid."""

    name: AxisName = Field(description="What differs along it.")
    values: list[str | int | float] = Field(description="Its values, in order.")


class GridOut(BaseModel):
    """The axes of a grid. Its cells are the pictures of the generation, the last axis fastest: with 3 prompts and 4
    seeds, picture 5 has the second prompt and the second seed."""

    title: str = Field(description="What the grid is called; empty without a title.")
    axes: list[GridAxis] = Field(description="The axes that were asked for; one with a single value counts too.")


class GenerationOut(BaseModel):
    """One generation and the pictures drawn so far."""

    id: str
    state: State
    prompt: str
    recipe: dict[str, Any]
    count: int
    images: list[ImageOut] = Field(description="By index. In a list, those of a grid are its first 8.")
    grid: GridOut | None = Field(None, description="Of a grid: its axes. Null for other generations.")
    job_id: str
    created_by: Person
    may_change: bool = Field(
        description="Whether the caller may delete it: the person who asked for it may, and administrators."
    )
    created_at: datetime


class GenerationPage(BaseModel):
    """A page of generations, newest first."""

    items: list[GenerationOut]
    next: str | None


class Drawn(BaseModel):
    """A generation and the job that draws it."""

    job: JobOut
    generation: GenerationOut
