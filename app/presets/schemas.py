"""Request and response schemas of presets and prompt lists."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from app.contracts.limits import GENERATION_STEPS_MAX, GUIDANCE_MAX, SIDE_MAX, SIDE_MIN, SIDE_MULTIPLE
from app.contracts.schedulers import SchedulerName
from app.core.request_model import RequestModel
from app.jobs.schemas import Person
from app.presets.service import LINES_MAX

_SIDE: dict[str, Any] = {"ge": SIDE_MIN, "le": SIDE_MAX, "multiple_of": SIDE_MULTIPLE}


class PresetIn(RequestModel):
    """Fields of a request to draw. What is empty is left to the form, or to the base model."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"prompt": "{prompt}, studio light, plain background", "guidance": 5.0}]}
    )

    prompt: str = Field(
        "",
        max_length=2000,
        description="What the prompt becomes. `{prompt}` stands for what was written; without it the text follows.",
    )
    negative_prompt: str = Field("", max_length=2000, description="What is added to the negative prompt.")
    steps: int | None = Field(None, ge=1, le=GENERATION_STEPS_MAX, description="Denoising steps.")
    guidance: float | None = Field(None, ge=0, le=GUIDANCE_MAX, description="Classifier-free guidance.")
    scheduler: SchedulerName | None = Field(None, description="The scheduler.")
    width: int | None = Field(None, **_SIDE, description="Pixels.")
    height: int | None = Field(None, **_SIDE, description="Pixels.")


class PresetOut(PresetIn):
    """A preset of the team."""

    model_config = ConfigDict(
        extra="ignore",
        json_schema_extra={
            "examples": [
                {
                    "name": "Studio",
                    "prompt": "{prompt}, studio light",
                    "guidance": 5.0,
                    "changed_by": {"id": "01JZ…", "name": "Ada"},
                    "changed_at": "2026-11-24T09:00:00Z",
                }
            ]
        },
    )

    name: str = Field(description="What it is called; unique in the team.")
    changed_by: Person = Field(description="Who saved it last.")
    changed_at: datetime = Field(description="When.")


class PresetList(BaseModel):
    """The presets of the team, by name."""

    items: list[PresetOut] = Field(description="All of them.")
    next: None = Field(None, description="Always null: they fit into one page.")


class PromptListIn(RequestModel):
    """The lines of a list."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"lines": ["red", "dark {blue|green}", "pink"]}]})

    lines: list[Annotated[str, Field(max_length=500)]] = Field(
        min_length=1,
        max_length=LINES_MAX,
        description="A prompt takes one of them where it writes `__name__`. A line may have choices, `{one|two}`.",
    )


class PromptListOut(BaseModel):
    """A list of the team that prompts take lines from."""

    name: str = Field(description="Prompts write it as `__name__`.")
    lines: list[str] = Field(description="Its lines, in order.")
    changed_by: Person = Field(description="Who saved it last.")
    changed_at: datetime = Field(description="When.")


class PromptLists(BaseModel):
    """The lists of the team, by name."""

    items: list[PromptListOut] = Field(description="All of them.")
    next: None = Field(None, description="Always null: they fit into one page.")
