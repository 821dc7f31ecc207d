"""Request and response schemas for OpenAI clients.

OpenAI's own fields are declared, whether or not Oneword needs them: the clients send them. A value that would change
the picture and that Oneword cannot honour is refused, and so is every other field.
"""

from typing import Literal

from fastapi import UploadFile
from pydantic import BaseModel, Field

from app.contracts.limits import GENERATION_STEPS_MAX, GUIDANCE_MAX
from app.contracts.schedulers import SchedulerName
from app.core.request_model import RequestModel


class ImagesIn(RequestModel):
    """A request for pictures. The fields after `user` are Oneword's own; clients send them as extra fields."""

    prompt: str = Field(description="Concepts are written as `<my-mug>`.")
    model: str | None = Field(None, description="A base model's id. Empty: that of the concepts, or the first.")
    n: int = Field(1, ge=1)
    size: str | None = Field(None, description="`512x512`; empty or `auto`: the base model's own.")
    response_format: Literal["b64_json", "url"] | None = Field(None, description="Empty: both.")
    output_format: Literal["png"] | None = None
    output_compression: int | None = Field(None, description="Not used: PNG loses nothing.")
    background: Literal["auto", "opaque"] | None = Field(None, description="Pictures have no transparent parts.")
    quality: str | None = Field(None, description="Not used; `steps` is Oneword's.")
    style: str | None = Field(None, description="Not used.")
    moderation: str | None = Field(None, description="Not used.")
    partial_images: Literal[0] | None = None
    stream: Literal[False] | None = None
    safety_identifier: str | None = Field(None, description="Not used.")
    user: str | None = Field(None, description="Not used.")
    negative_prompt: str = ""
    seed: int | None = Field(None, ge=0, le=2**31 - 1)
    steps: int | None = Field(None, ge=1, le=GENERATION_STEPS_MAX)
    guidance: float | None = Field(None, ge=0, le=GUIDANCE_MAX)
    scheduler: SchedulerName | None = None


class EditIn(ImagesIn):
    """A request to draw from a picture. `image[]` is how some clients spell `image`."""

    image: list[UploadFile] = Field([], description="JPEG, PNG or WebP.")
    images: list[UploadFile] = Field([], alias="image[]")
    input_fidelity: str | None = Field(None, description="Not used; `strength` is Oneword's.")
    mask: UploadFile | None = Field(None, description="A PNG of the picture's size: what shows through is drawn anew.")
    strength: float | None = Field(
        None, ge=0, le=1, description="How much of the picture is given up. Empty: 0.75, or 1 inside a mask."
    )


class ImageData(BaseModel):
    """One picture."""

    b64_json: str | None = Field(None, description="The PNG.")
    url: str | None = Field(None, description="Where it is: signed, so that it opens for an hour without a token.")


class ImagesOut(BaseModel):
    """The pictures of a request."""

    created: int = Field(description="Seconds since 1970.")
    data: list[ImageData]


class ModelOut(BaseModel):
    """A base model."""

    id: str
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: str = "oneword"


class ModelList(BaseModel):
    """The base models that are ready."""

    object: Literal["list"] = "list"
    data: list[ModelOut]
