"""A request to draw, as it is sent and as it is submitted. Not yet checked against the library and the base models."""

from pydantic import ConfigDict, Field

from app.contracts.generation import PictureRef
from app.contracts.limits import GENERATION_STEPS_MAX, GUIDANCE_MAX, SEED_MAX, SIDE_MAX, SIDE_MIN, SIDE_MULTIPLE
from app.contracts.schedulers import LABELS, STEPS_MAX, SchedulerName
from app.core.request_model import RequestModel


class GenerationRequest(RequestModel):
    """A request to draw pictures. The base model's defaults apply to fields that are not sent."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"prompt": "a photo of <my-mug> on the beach", "count": 4, "seed": 7}]},
    )

    prompt: str = Field(description="Concepts are written as `<my-mug>`, or pinned as `<my-mug@3>`.")
    negative_prompt: str = ""
    base_model: str | None = Field(
        None, description="Empty: the base model of the prompt's concepts, or the first one."
    )
    count: int = Field(4, ge=1)
    seed: int | None = Field(None, ge=0, le=SEED_MAX, description="Picture i has seed + i. Empty: a random one.")
    steps: int | None = Field(None, ge=1, le=GENERATION_STEPS_MAX)
    guidance: float | None = Field(None, ge=0, le=GUIDANCE_MAX)
    scheduler: SchedulerName | None = Field(
        None, json_schema_extra={"x-labels": dict(LABELS), "x-steps-max": dict(STEPS_MAX)}
    )
    width: int | None = Field(None, ge=SIDE_MIN, le=SIDE_MAX, multiple_of=SIDE_MULTIPLE)
    height: int | None = Field(None, ge=SIDE_MIN, le=SIDE_MAX, multiple_of=SIDE_MULTIPLE)
    init_image: PictureRef | None = Field(
        None, description="Initial picture: a stored one, or a file in a form. Its centre is used."
    )
    mask: PictureRef | None = Field(
        None, description="Of the picture's size. White is redrawn; black keeps its exact pixels. Best sent as a file."
    )
    mask_padding: int | None = Field(
        None,
        ge=0,
        le=SIDE_MAX,
        description="Draw the masked area alone, with so many pixels around it, enlarged to width × height, and put it "
        "back into the picture. Empty: the whole picture is drawn.",
    )
    strength: float | None = Field(
        None,
        ge=0,
        le=1,
        description="How much of the picture changes. Empty: 0.75, or 1 inside a mask.",
    )
