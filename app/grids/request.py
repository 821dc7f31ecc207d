"""A request for a grid, as it is sent."""

from typing import Annotated

from pydantic import ConfigDict, Field

from app.contracts.limits import GENERATION_STEPS_MAX, GUIDANCE_MAX, SEED_MAX, SIDE_MAX, SIDE_MIN, SIDE_MULTIPLE
from app.contracts.schedulers import SchedulerName
from app.core.request_model import RequestModel

VALUES_MAX = 50  # on one axis


class GridRequest(RequestModel):
    """A grid: one picture for each combination of the values on its axes. The base model's defaults apply to fields
    that are not sent."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"prompts": ["a photo of <*>", "a drawing of <*>"], "concepts": ["<my-mug>"], "seeds": [1, 2, 3, 4]}
            ]
        },
    )

    title: str = Field("", max_length=100, description="What the grid is called. Empty: its first prompt.")
    prompts: list[str] = Field(
        min_length=1,
        max_length=VALUES_MAX,
        description="`<*>` stands for the concept of the cell. A prompt that names a single concept needs no `<*>`: "
        "its placeholder is replaced.",
    )
    concepts: list[Annotated[str, Field(max_length=100)]] = Field(
        [], max_length=VALUES_MAX, description="Placeholders, `<my-mug>` or `<my-mug@3>`. Empty: as the prompts say."
    )
    versions: list[Annotated[int, Field(ge=1, le=999_999)]] = Field(
        [], max_length=VALUES_MAX, description="Numbers of versions, which every concept has. Empty: the current one."
    )
    guidance: list[Annotated[float, Field(ge=0, le=GUIDANCE_MAX)]] = Field(
        [], max_length=VALUES_MAX, description="Empty: the base model's."
    )
    seeds: list[Annotated[int, Field(ge=0, le=SEED_MAX)]] = Field(
        [], max_length=VALUES_MAX, description="Empty: a random one."
    )
    negative_prompt: str = Field("", description="Of every cell. `<*>` is the concept of the cell here too.")
    base_model: str | None = Field(None, description="Empty: the base model of the grid's concepts, or the first one.")
    steps: int | None = Field(None, ge=1, le=GENERATION_STEPS_MAX, description="Denoising steps of every cell.")
    scheduler: SchedulerName | None = Field(None, description="The scheduler of every cell.")
    width: int | None = Field(
        None, ge=SIDE_MIN, le=SIDE_MAX, multiple_of=SIDE_MULTIPLE, description="Pixels of every cell."
    )
    height: int | None = Field(
        None, ge=SIDE_MIN, le=SIDE_MAX, multiple_of=SIDE_MULTIPLE, description="Pixels of every cell."
    )
